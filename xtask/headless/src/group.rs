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
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(|first: char| first.is_ascii_digit()))
        // A process may end while the list is read.
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter_map(|stat| running_in(&stat, group))
        .collect()
}

/// Reads a line like `4711 (name) S 1 4700 …`: id, name, state, parent, group. The name may have
/// spaces and parentheses in it.
fn running_in(stat: &str, group: i32) -> Option<Member> {
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let its_group: i32 = fields.nth(1)?.parse().ok()?;
    let running = its_group == group && !matches!(state, "Z" | "X");
    running.then_some(Member { id: id.parse().ok()?, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_read_whole() {
        let member = Member { id: 42, name: "a (b) c".to_owned() };
        assert_eq!(running_in("42 (a (b) c) S 1 40 40 0", 40), Some(member));
    }

    #[test]
    fn other_groups_and_the_dead_are_left_out() {
        assert_eq!(running_in("42 (sh) S 1 40 40 0", 41), None);
        assert_eq!(running_in("42 (sh) Z 1 40 40 0", 40), None);
    }
}
