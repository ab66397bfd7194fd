//! What more than one part of the page knows, in small pieces that are told of changes.

mod changes;
mod imports;
mod preferences;
mod recent;
mod remote;
mod shortcuts;
mod toasts;

pub use changes::Changes;
pub use imports::Imports;
pub use preferences::{Density, Preferences, Theme};
pub use recent::Recent;
pub use remote::Remote;
pub use shortcuts::{Shortcut, Shortcuts};
pub use toasts::{Action, Toast, ToastKind, Toasts};

use contract::{
    AppState, AppStatus, Event, ImportPhase, ImportProgress, ImportRef, ImportUndo, Nothing, SyncState,
    SyncStatus, SyncStatusLoad,
};
use domain::id::ImportId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::{api, t};

/// Everything of it; cheap to copy.
#[derive(Clone, Copy)]
pub struct Desk {
    pub status: Remote<AppStatus>,
    /// Whether the other desks have what this one has.
    pub sync: Remote<SyncStatus>,
    pub changes: Changes,
    pub toasts: Toasts,
    pub preferences: Preferences,
    pub shortcuts: Shortcuts,
    pub recent: Recent,
    pub imports: Imports,
    /// Whether the palette is open.
    pub palette: RwSignal<bool>,
    /// Whether the map of the page's keys is open.
    pub key_map: RwSignal<bool>,
}

impl Desk {
    /// Makes it and lets everything below find it.
    pub fn provide() -> Self {
        let desk = Self {
            status: Remote::new(),
            sync: Remote::new(),
            changes: Changes::new(),
            toasts: Toasts::new(),
            preferences: Preferences::new(),
            shortcuts: Shortcuts::new(),
            recent: Recent::new(),
            imports: Imports::new(),
            palette: RwSignal::new(false),
            key_map: RwSignal::new(false),
        };
        provide_context(desk);
        desk
    }

    /// Whether the database is open.
    pub fn ready(&self) -> bool {
        self.status
            .value
            .with(|status| matches!(status.as_deref(), Some(AppStatus { state: AppState::Ready, .. })))
    }

    /// How many saves the server has not acknowledged.
    pub fn unsent(self) -> Memo<u64> {
        Memo::new(move |_| self.sync.value.with(|status| status.as_ref().map_or(0, |status| status.unsent)))
    }

    /// Asks how sync is doing; for nothing as long as the database is closed.
    pub fn load_sync(&self) {
        if untrack(|| self.ready()) {
            self.sync.load::<SyncStatusLoad>(Nothing {});
        }
    }

    /// What sync is doing, once that is known.
    pub fn sync_state(&self) -> Option<SyncState> {
        self.sync.value.with(|status| status.as_ref().map(|status| status.state))
    }

    fn hear_import(self, progress: ImportProgress) {
        let was_running = self.imports.phase(progress.id) == Some(ImportPhase::Running);
        let (id, finished, added) = (progress.id, progress.phase == ImportPhase::Done, progress.added);
        self.imports.take(progress);
        if was_running && finished {
            self.toasts.undoable(t!(import.finished, count = added), move || self.undo_import(id));
        }
    }

    fn undo_import(self, id: ImportId) {
        spawn_local(async move {
            if let Err(error) = api::call::<ImportUndo>(ImportRef { id }).await {
                self.toasts.failed(&error);
            }
        });
    }

    /// Takes in what the desk tells of itself.
    pub fn hear(&self, event: Event) {
        match event {
            Event::Changed { collections } => self.changes.announce(&collections),
            Event::Import { progress } => self.hear_import(progress),
            Event::Alert { .. } => self.changes.announce(&["alert".to_owned()]),
            // Also what the desk says to a window that missed something: everything is asked for again.
            Event::Status => {
                self.status.load::<contract::AppStatusLoad>(Nothing {});
                self.load_sync();
                self.changes.announce_all();
            }
            Event::Sync => self.load_sync(),
        }
    }
}

/// The state of the page.
pub fn use_desk() -> Desk {
    expect_context()
}
