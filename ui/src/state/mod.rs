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

use contract::{AppState, AppStatus, Event};
use leptos::prelude::*;

use crate::browser;

/// Everything of it; cheap to copy.
#[derive(Clone, Copy)]
pub struct Desk {
    pub status: Remote<AppStatus>,
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
    /// Whether list and detail fit beside each other.
    pub wide: ReadSignal<bool>,
}

impl Desk {
    /// Makes it and lets everything below find it.
    pub fn provide() -> Self {
        let desk = Self {
            status: Remote::new(),
            changes: Changes::new(),
            toasts: Toasts::new(),
            preferences: Preferences::new(),
            shortcuts: Shortcuts::new(),
            recent: Recent::new(),
            imports: Imports::new(),
            palette: RwSignal::new(false),
            key_map: RwSignal::new(false),
            wide: browser::media("(min-width: 1280px)"),
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

    /// Takes in what the desk tells of itself.
    pub fn hear(&self, event: Event) {
        match event {
            Event::Changed { collections } => self.changes.announce(&collections),
            Event::Import { progress } => self.imports.take(progress),
            Event::Alert { .. } => self.changes.announce(&["alert".to_owned()]),
            Event::Status => self.status.load::<contract::AppStatusLoad>(contract::Nothing {}),
        }
    }
}

/// The state of the page.
pub fn use_desk() -> Desk {
    expect_context()
}
