use super::*;

#[test]
fn a_wrapped_key_comes_back_by_its_passphrase_only() {
    let dir = tempfile::TempDir::new().expect("a folder");
    let key = KeyFile::create_with_passphrase(dir.path(), "correct horse battery").expect("a key");
    let file = KeyFile::find(dir.path()).expect("readable").expect("a file");
    assert_eq!(*file.unwrap_with("correct horse battery").expect("unwrapped").0, *key.0);
    assert!(matches!(file.unwrap_with("correct horse batterz"), Err(KeyError::WrongPassphrase)));
}

#[test]
fn the_key_itself_is_not_in_its_file() {
    let dir = tempfile::TempDir::new().expect("a folder");
    let key = KeyFile::create_with_passphrase(dir.path(), "correct horse battery").expect("a key");
    let text = fs::read_to_string(dir.path().join(files::KEY)).expect("read");
    assert!(!text.contains(&BASE64.encode(&key.0[..])));
}

#[test]
fn a_damaged_key_file_is_told_and_not_overwritten() {
    let dir = tempfile::TempDir::new().expect("a folder");
    fs::write(dir.path().join(files::KEY), "{").expect("written");
    assert!(matches!(KeyFile::find(dir.path()), Err(KeyError::Unreadable)));
}
