//! A desk's data, for as long as a test needs it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use tempfile::TempDir;

/// Opens every desk that is driven. It protects nothing.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A folder for one desk's data, with the passphrase that opens it, removed on drop. It outlives
/// the window, so that a test can open the same desk again.
#[derive(Debug)]
pub struct DataFolder {
    folder: TempDir,
}

impl DataFolder {
    /// An empty one: the desk's first start.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("passphrase"), PASSPHRASE)?;
        Ok(Self { folder })
    }

    /// What the app gets as `--data-dir`.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the app gets as `FRONTDESK_PASSPHRASE_FILE`.
    pub fn passphrase_file(&self) -> PathBuf {
        self.folder.path().join("passphrase")
    }

    /// Room for files that a test brings along, beside the data.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
