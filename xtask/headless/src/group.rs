//! Who is in a process group, as the system tells it.

use std::fs;

/// One running process of a group. What has ended but was not waited for by its parent is left out:
/// the parent may be an init that takes seconds for it, or never does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: i32,
    /// The program's name, cut off after 15 characters by the system.
    pub name: String,
}

/// The running processes of the group `group`.
pub fn members(group: i32) -> Vec<Member> {
    running(|found| found.group == group)
}

/// The running children of the process `parent`, whatever group they are in.
pub fn children(parent: i32) -> Vec<Member> {
    running(|found| found.parent == parent)
}

/// Whether the process runs.
pub fn is_running(id: i32) -> bool {
    !running(|found| found.member.id == id).is_empty()
}

fn running(wanted: impl Fn(&Found) -> bool) -> Vec<Member> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(|first: char| first.is_ascii_digit()))
        // A process may end while the list is read.
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter_map(|stat| read(&stat))
        .filter(|found| wanted(found))
        .map(|found| found.member)
        .collect()
}

/// A running process and where it belongs.
struct Found {
    member: Member,
    parent: i32,
    group: i32,
}

/// Reads a line like `4711 (name) S 1 4700 …`: id, name, state, parent, group, and as its twentieth
/// the number of threads. The name may have spaces and parentheses in it.
///
/// A process with several threads is a zombie as soon as its first one has ended. The others may
/// still hold its files and connections.
fn read(stat: &str) -> Option<Found> {
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let threads: u32 = fields.nth(14)?.parse().ok()?;
    let ended = matches!(state, "Z" | "X") && threads < 2;
    let member = Member { id: id.parse().ok()?, name: name.to_owned() };
    (!ended).then_some(Found { member, parent, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running_in(stat: &str, group: i32) -> Option<Member> {
        read(stat).filter(|found| found.group == group).map(|found| found.member)
    }

    fn line(name: &str, state: &str, group: i32, threads: u32) -> String {
        format!("42 ({name}) {state} 1 {group} 40 0 -1 4194304 2 0 0 0 5 6 0 0 20 0 {threads} 0 9")
    }

    #[test]
    fn a_name_with_parentheses_is_read_whole() {
        let member = Member { id: 42, name: "a (b) c".to_owned() };
        assert_eq!(running_in(&line("a (b) c", "S", 40, 1), 40), Some(member));
    }

    #[test]
    fn other_groups_and_the_dead_are_left_out() {
        assert_eq!(running_in(&line("sh", "S", 40, 1), 41), None);
        assert_eq!(running_in(&line("sh", "Z", 40, 1), 40), None);
    }

    #[test]
    fn a_process_lives_until_its_last_thread_has_ended() {
        assert!(running_in(&line("sh", "Z", 40, 2), 40).is_some());
    }

    #[test]
    fn children_are_told_by_their_parent() {
        let parent = read(&line("sh", "S", 40, 1)).map(|found| found.parent);
        assert_eq!(parent, Some(1));
    }

    #[test]
    fn the_system_tells_of_this_process() {
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        assert!(members(group).iter().any(|member| member.id == std::process::id().cast_signed()));
    }
}
