//! The mark beside the database, by which a copied or restored one is found when it is opened, before anything is
//! written (rule 12 of the sync design).
//!
//! It says which file it belongs to and how far that was when something was last sent. A copy is another file; one that
//! was restored is behind what it had sent.

use super::round::context;
use crate::desk::{Desk, blocking};
use crate::error::AppError;
use crate::files;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use store::sync::{Standing, go_on_as_another, standing};
use store::{Store, Usage};
use uuid::Uuid;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    device: Uuid,
    incarnation: Uuid,
    /// The newest op when it was written.
    seq: u64,
    /// What the system knows the database file by.
    file: String,
}

/// Why a database is not the one that the mark was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strange {
    /// It was copied from another folder, or put back from a backup.
    Copied,
    /// It is older than what it has sent.
    Restored,
}

/// The mark of an open database.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
    device: Uuid,
    incarnation: Uuid,
    file: String,
    written: AtomicU64,
}

/// Compares a database with its mark.
///
/// # Errors
/// The mark or the database file cannot be looked at.
pub fn strange(dir: &Path, standing: &Standing) -> Result<Option<Strange>, AppError> {
    let path = dir.join(files::MARK);
    let text = match fs::read(&path) {
        Ok(text) => text,
        // A first start; or somebody put the database alone into this folder.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok((standing.seq > 0).then_some(Strange::Copied));
        }
        Err(error) => return Err(AppError::File(error)),
    };
    // Half a mark, after a power cut, is as none.
    let Ok(mark) = serde_json::from_slice::<Content>(&text) else { return Ok(Some(Strange::Copied)) };
    let is_same = mark.device == standing.device && mark.incarnation == standing.incarnation;
    if !is_same || mark.file != identity(&dir.join(files::DATABASE))? {
        return Ok(Some(Strange::Copied));
    }
    Ok((mark.seq > standing.seq).then_some(Strange::Restored))
}

impl Mark {
    /// Marks the database in `dir`.
    ///
    /// # Errors
    /// The mark cannot be written.
    pub fn make(dir: &Path, standing: &Standing) -> Result<Self, AppError> {
        let mark = Self {
            path: dir.join(files::MARK),
            device: standing.device,
            incarnation: standing.incarnation,
            file: identity(&dir.join(files::DATABASE))?,
            written: AtomicU64::new(u64::MAX),
        };
        mark.reach(standing.seq)?;
        Ok(mark)
    }

    /// Ops up to `seq` are about to be sent.
    ///
    /// # Errors
    /// The mark cannot be written.
    pub fn reach(&self, seq: u64) -> Result<(), AppError> {
        let written = self.written.load(Ordering::Relaxed);
        if written != u64::MAX && written >= seq {
            return Ok(());
        }
        let Self { device, incarnation, file, .. } = self;
        let content = Content { device: *device, incarnation: *incarnation, seq, file: file.clone() };
        let text = serde_json::to_vec(&content).map_err(|source| AppError::Request { source })?;
        let aside = self.path.with_extension("mark.new");
        fs::write(&aside, text).and_then(|()| fs::rename(&aside, &self.path)).map_err(AppError::File)?;
        self.written.store(seq, Ordering::Relaxed);
        Ok(())
    }
}

/// Marks the database of a desk that is being opened. One that is not what its mark says goes on as another incarnation.
///
/// # Errors
/// The mark cannot be read or written; a full disk, a damaged database.
pub(crate) async fn look_after(desk: &Desk, store: &Store) -> Result<Mark, AppError> {
    let dir = desk.0.options.data_dir.clone();
    let mut standing = standing_of(store).await?;
    let found = {
        let dir = dir.clone();
        blocking(move || strange(&dir, &standing)).await?
    };
    if let Some(strange) = found {
        tracing::info!(?strange, "this database goes on as another incarnation");
        let device = desk.0.options.world.next_id();
        go_on_as_another(store, &Usage::default(), context(desk, store), device).await?;
        standing = standing_of(store).await?;
    }
    blocking(move || Mark::make(&dir, &standing)).await
}

async fn standing_of(store: &Store) -> Result<Standing, AppError> {
    let mut read = store.read(&Usage::default()).await?;
    let standing = standing(&mut read).await?;
    read.end().await?;
    Ok(standing)
}

/// What the system knows a file by: a copy has another.
fn identity(file: &Path) -> Result<String, AppError> {
    let metadata = fs::metadata(file).map_err(AppError::File)?;
    // Not every file system keeps when a file was made.
    let made = metadata.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    let made = made.map_or(0, |made| made.as_nanos());
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Ok(format!("{number}:{made}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(files::DATABASE), "database").unwrap();
        dir
    }

    fn standing(seq: u64) -> Standing {
        Standing { device: Uuid::from_u128(1), incarnation: Uuid::from_u128(2), seq }
    }

    #[test]
    fn a_database_is_known_by_its_mark_and_a_new_one_needs_none() {
        let dir = folder();
        assert_eq!(strange(dir.path(), &standing(0)).unwrap(), None);
        let mark = Mark::make(dir.path(), &standing(3)).unwrap();
        mark.reach(7).unwrap();
        assert_eq!(strange(dir.path(), &standing(7)).unwrap(), None);
        assert_eq!(strange(dir.path(), &standing(9)).unwrap(), None);
    }

    #[test]
    fn one_that_is_behind_what_it_sent_was_restored() {
        let dir = folder();
        Mark::make(dir.path(), &standing(3)).unwrap().reach(7).unwrap();
        assert_eq!(strange(dir.path(), &standing(6)).unwrap(), Some(Strange::Restored));
    }

    #[test]
    fn one_in_another_file_or_of_another_incarnation_or_without_its_mark_was_copied() {
        let dir = folder();
        Mark::make(dir.path(), &standing(3)).unwrap();
        let other = Standing { incarnation: Uuid::from_u128(9), ..standing(3) };
        assert_eq!(strange(dir.path(), &other).unwrap(), Some(Strange::Copied));
        let copy = tempfile::tempdir().unwrap();
        for name in [files::DATABASE, files::MARK] {
            fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
        }
        assert_eq!(strange(copy.path(), &standing(3)).unwrap(), Some(Strange::Copied));
        fs::remove_file(dir.path().join(files::MARK)).unwrap();
        assert_eq!(strange(dir.path(), &standing(3)).unwrap(), Some(Strange::Copied));
    }
}
