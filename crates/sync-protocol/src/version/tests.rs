use super::*;

fn dot(replica: u32, seq: u64) -> Dot {
    Dot { replica: Replica(replica), seq }
}

#[test]
fn a_version_reads_back_as_it_was_written() {
    let version = Version::after(&Version::after(&Version::first(dot(2, 9)), dot(3, 4)), dot(1, 17));
    assert_eq!(version.to_string(), "1:17;2:9;3:4");
    assert_eq!("1:17;2:9;3:4".parse(), Ok(version));
}

#[test]
fn a_version_knows_what_its_base_knew() {
    let version = Version::after(&Version::first(dot(2, 9)), dot(1, 17));
    assert!(version.knows(dot(2, 8)) && version.knows(dot(2, 9)) && version.knows(dot(1, 17)));
    assert!(!version.knows(dot(2, 10)) && !version.knows(dot(3, 1)));
}

#[test]
fn text_that_is_no_version_is_refused() {
    for text in ["", "1", "1:", ":1", "1:2;", "1:2;1:3", "1:2;2:3;2:4", "1:-2", "x:1"] {
        assert_eq!(text.parse::<Version>(), Err(VersionError), "{text}");
    }
}
