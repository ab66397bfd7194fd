use std::io;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

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
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::null());
        Ok(Self { child: command.spawn()? })
    }

    /// The process id.
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

    /// Asks it to end and waits; what is left after a grace period is killed.
    pub fn stop(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()?
            && !self.group_is_alive()
        {
            return Ok(status);
        }
        self.signal(Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            // Reaped first: a child that ended but was not waited for still counts as alive.
            let ended = self.child.try_wait()?;
            if let Some(status) = ended
                && !self.group_is_alive()
            {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
        self.kill()
    }

    /// Ends it at once, as a crash or a power cut would.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        self.child.wait()
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    fn group_is_alive(&self) -> bool {
        self.group().is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group() {
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
        assert!(!process.group_is_alive());
        assert!(started.elapsed() < GRACE);
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
