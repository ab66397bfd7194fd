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

/// Remembers with which inputs a step last succeeded, in one small file.
pub struct Stamp {
    file: PathBuf,
    value: String,
}

impl Stamp {
    /// `variant` tells apart what is made differently from the same inputs.
    pub fn new(file: PathBuf, variant: &str, inputs: &[PathBuf]) -> Self {
        Self { file, value: format!("{variant} {:016x}", of(inputs)) }
    }

    /// Does `work` unless it was done with these inputs already and `output` is still there.
    pub fn unless_fresh(self, output: &Path, work: impl FnOnce() -> Result<()>) -> Result<bool> {
        let fresh = output.exists() && fs::read_to_string(&self.file).is_ok_and(|seen| seen == self.value);
        if fresh {
            return Ok(false);
        }
        work()?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        fs::write(&self.file, &self.value)
            .with_context(|| format!("{} cannot be written", self.file.display()))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_once_for_the_same_inputs_and_again_for_others() {
        let dir = tempfile::tempdir().expect("a folder");
        let (input, output) = (dir.path().join("in"), dir.path().join("out"));
        let mut runs = 0;
        let mut pass = |variant: &str| {
            let stamp = Stamp::new(dir.path().join("stamp"), variant, std::slice::from_ref(&input));
            stamp
                .unless_fresh(&output, || {
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
        assert_eq!(runs, 4);
    }
}
