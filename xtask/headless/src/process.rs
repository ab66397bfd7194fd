use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::group::{children, is_running, members};

/// How long a program gets to put its things in order after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// A running child and whatever it started itself, ended on drop, also when a test panics.
///
/// It gets a process group of its own, so that a Ctrl-C in the terminal reaches the starter alone,
/// which then ends its children in order, and so that grandchildren can be ended by the same id.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` without standard input.
    pub fn start(mut command: Command) -> io::Result<Self> {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::null());
        Ok(Self { child: command.spawn()? })
    }

    /// As the system numbers it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child's output, once, if it was asked to be piped.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, or nothing while it runs.
    pub fn poll(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Asks all of its group to end and waits; what is left after a grace period is killed.
    pub fn stop(&mut self) -> io::Result<ExitStatus> {
        self.stop_by(Signal::TERM)
    }

    /// As [`Process::stop`], without waiting for anything that is under way: some programs give SIGQUIT this meaning.
    pub fn abort(&mut self) -> io::Result<ExitStatus> {
        self.stop_by(Signal::QUIT)
    }

    fn stop_by(&mut self, signal: Signal) -> io::Result<ExitStatus> {
        self.signal_group(signal);
        if wait_until(|| members(self.group()).is_empty()) { self.child.wait() } else { self.kill() }
    }

    /// Whether the program called `name` runs in its group.
    pub fn has_member(&self, name: &str) -> bool {
        members(self.group()).iter().any(|member| member.name == name)
    }

    /// Asks the program called `name` in its group to end and waits until it has. False: it did
    /// not within the grace period.
    pub fn stop_member(&self, name: &str) -> bool {
        for member in members(self.group()).into_iter().filter(|member| member.name == name) {
            signal(member.id, Signal::TERM);
        }
        wait_until(|| !self.has_member(name))
    }

    /// Memory of those programs of its group that count, each shared page divided among the processes
    /// that share it (PSS), in kB.
    pub fn memory_kb(&self, counts: impl Fn(&str) -> bool) -> io::Result<u64> {
        let counted = members(self.group()).into_iter().filter(|member| counts(&member.name));
        counted.map(|member| Ok(proportional_kb(&fs::read_to_string(rollup(member.id))?))).sum()
    }

    /// Ends all of its group at once, as a crash or a power cut would. It returns when the last of
    /// them has let go of its files, locks and names on the bus.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.signal_group(Signal::KILL);
        wait_until(|| members(self.group()).is_empty());
        self.child.wait()
    }

    /// As [`Process::kill`], with those of its children that made groups of their own.
    pub fn kill_with_children(&mut self) -> io::Result<ExitStatus> {
        let children = children(self.group());
        let ended = self.kill();
        for child in &children {
            signal(child.id, Signal::KILL);
        }
        wait_until(|| !children.iter().any(|child| is_running(child.id)));
        ended
    }

    /// The group has the id of the child that leads it.
    fn group(&self) -> i32 {
        self.child.id().cast_signed()
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.group()) {
            // Gone already is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing useful can be done about a failure while being dropped.
        let _ = self.stop();
    }
}

fn rollup(id: i32) -> String {
    format!("/proc/{id}/smaps_rollup")
}

/// The line `Pss:  1234 kB` of a process's memory map.
fn proportional_kb(rollup: &str) -> u64 {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn signal(id: i32, signal: Signal) {
    if let Some(id) = Pid::from_raw(id) {
        // Gone already is what was wanted.
        let _ = kill_process(id, signal);
    }
}

fn wait_until(reached: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + GRACE;
    while !reached() {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start(command).expect("sh starts")
    }

    #[test]
    fn stopping_ends_the_grandchildren_too() {
        let mut process = shell("sleep 600 & sleep 600");
        let started = Instant::now();
        process.stop().expect("it can be stopped");
        assert!(members(process.group()).is_empty());
        assert!(started.elapsed() < GRACE);
    }

    #[test]
    fn a_member_is_ended_by_its_name_and_the_others_go_on() {
        let process = shell("sleep 600 & wait; wait; exec tail -f /dev/null");
        assert!(wait_until(|| process.has_member("sleep")));
        assert!(process.stop_member("sleep"));
        assert!(!members(process.group()).is_empty());
    }

    #[test]
    fn memory_is_that_of_the_group() {
        let process = shell("sleep 600 & sleep 600");
        assert!(wait_until(|| members(process.group()).len() == 3));
        let all = process.memory_kb(|_| true).expect("it can be read");
        let sleeping = process.memory_kb(|name| name == "sleep").expect("it can be read");
        assert!(0 < sleeping && sleeping < all, "{sleeping} of {all} kB");
    }

    #[test]
    fn killing_reaches_children_that_went_their_own_way() {
        let mut process = shell("setsid sleep 600 & wait");
        assert!(wait_until(|| children(process.group()).iter().any(|child| child.name == "sleep")));
        let grown_up = children(process.group());
        process.kill_with_children().expect("it can be killed");
        assert!(!grown_up.iter().any(|child| is_running(child.id)));
    }

    #[test]
    fn a_program_that_ended_by_itself_reports_how() {
        let mut process = shell("exit 3");
        while process.poll().expect("it can be asked").is_none() {
            thread::sleep(POLL);
        }
        assert_eq!(process.stop().expect("it ended").code(), Some(3));
    }
}
