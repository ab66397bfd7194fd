//! Whether inputs changed since a step last ran.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A number for the names, sizes and times of all files under `inputs`; absent ones count as such.
pub fn of(inputs: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for input in inputs {
        add(input, &mut hasher);
    }
    hasher.finish()
}

fn add(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let Ok(metadata) = fs::metadata(path) else { return };
    if metadata.is_dir() {
        let mut children: Vec<PathBuf> =
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        children.sort();
        children.iter().for_each(|child| add(child, hasher));
    } else {
        metadata.len().hash(hasher);
        metadata.modified().ok().hash(hasher);
    }
}

/// Remembers in one small file what a step last read and wrote.
pub struct Stamp {
    file: PathBuf,
    read: String,
}

impl Stamp {
    /// `variant` tells apart what is made differently from the same inputs.
    pub fn new(file: PathBuf, variant: &str, inputs: &[PathBuf]) -> Self {
        Self { file, read: format!("{variant} {:016x}", of(inputs)) }
    }

    /// Does `work` unless it was done with these inputs already, and its outputs are as it left them.
    pub fn unless_fresh(self, outputs: &[PathBuf], work: impl FnOnce() -> Result<()>) -> Result<bool> {
        let stamp = || format!("{} {:016x}", self.read, of(outputs));
        if fs::read_to_string(&self.file).is_ok_and(|seen| seen == stamp()) {
            return Ok(false);
        }
        work()?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        fs::write(&self.file, stamp())
            .with_context(|| format!("{} cannot be written", self.file.display()))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_again_only_for_other_inputs_or_a_lost_output() {
        let dir = tempfile::tempdir().expect("a folder");
        let (input, output) = (dir.path().join("in"), dir.path().join("out"));
        let mut runs = 0;
        let mut pass = |variant: &str| {
            let stamp = Stamp::new(dir.path().join("stamp"), variant, std::slice::from_ref(&input));
            stamp
                .unless_fresh(std::slice::from_ref(&output), || {
                    runs += 1;
                    Ok(fs::write(&output, "made")?)
                })
                .expect("it works")
        };

        fs::write(&input, "a").expect("written");
        assert!(pass("debug"));
        assert!(!pass("debug"));
        assert!(pass("release"));
        fs::write(&input, "ab").expect("written");
        assert!(pass("release"));
        fs::remove_file(&output).expect("removed");
        assert!(pass("release"));
        fs::write(&output, "of another").expect("written");
        assert!(pass("release"));
        assert!(!pass("release"));
        assert_eq!(runs, 5);
    }
}
