use std::collections::HashMap;

use contract::{ImportPhase, ImportProgress};
use domain::id::ImportId;
use leptos::prelude::*;

/// How far each import is, as far as this window was told.
#[derive(Clone, Copy)]
pub struct Imports {
    progress: RwSignal<HashMap<ImportId, ImportProgress>>,
}

impl Imports {
    pub fn new() -> Self {
        Self { progress: RwSignal::new(HashMap::new()) }
    }

    pub fn take(&self, progress: ImportProgress) {
        self.progress.update(|known| {
            known.insert(progress.id, progress);
        });
    }

    /// Where it stood when this window was last told.
    pub fn phase(&self, id: ImportId) -> Option<ImportPhase> {
        self.progress.with_untracked(|known| known.get(&id).map(|progress| progress.phase))
    }

    pub fn of(&self, id: ImportId) -> Option<ImportProgress> {
        self.progress.with(|known| known.get(&id).cloned())
    }
}
