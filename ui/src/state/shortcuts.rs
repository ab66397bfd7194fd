use std::sync::Arc;

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::toasts::Action;
use crate::browser;
use crate::view_model::keys::{Chord, Stroke, works_in_fields};

/// A key that does something on the page as it stands.
#[derive(Clone)]
pub struct Shortcut {
    id: u64,
    pub chord: Chord,
    pub label: String,
    /// Absent for a key that something else on the page deals with.
    run: Option<Action>,
}

/// The keys of everything that is on the screen.
#[derive(Clone, Copy)]
pub struct Shortcuts {
    list: RwSignal<Vec<Shortcut>>,
    next: StoredValue<u64>,
}

impl Shortcuts {
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Adds a key for as long as the view that calls this is there. The one added last wins.
    pub fn add(self, chord: Chord, label: impl Into<String>, run: impl Fn() + Send + Sync + 'static) {
        self.push(chord, label.into(), Some(Arc::new(run)));
    }

    /// Tells of a key that a part of the page deals with itself.
    pub fn tell(self, chord: Chord, label: impl Into<String>) {
        self.push(chord, label.into(), None);
    }

    fn push(self, chord: Chord, label: String, run: Option<Action>) {
        let id = self.next.try_update_value(|next| {
            *next += 1;
            *next
        });
        let Some(id) = id else { return };
        let shortcut = Shortcut { id, chord, label, run };
        self.list.update(|list| list.push(shortcut));
        on_cleanup(move || {
            self.list.try_update(|list| list.retain(|known| known.id != id));
        });
    }

    /// All, for the map of the page; of two with one key, the one that works.
    pub fn all(self) -> Vec<Shortcut> {
        let list = self.list.get();
        let shadowed = |at: usize| list[at + 1..].iter().any(|later| later.chord == list[at].chord);
        (0..list.len()).filter(|at| !shadowed(*at)).map(|at| list[at].clone()).collect()
    }

    /// Runs what `event` stands for.
    pub fn handle(self, event: &KeyboardEvent) {
        if event.default_prevented() || event.is_composing() || browser::find("dialog[open]").is_some() {
            return;
        }
        let typing = browser::focused().is_some_and(|element| browser::takes_text(&element));
        let pressed = stroke(event);
        let found = self.list.with_untracked(|list| {
            let fits = |shortcut: &&Shortcut| {
                pressed.is(shortcut.chord) && (!typing || works_in_fields(shortcut.chord))
            };
            list.iter().rev().filter(|shortcut| shortcut.run.is_some()).find(fits)?.run.clone()
        });
        if let Some(run) = found {
            event.prevent_default();
            run();
        }
    }
}

/// What was pressed.
pub fn stroke(event: &KeyboardEvent) -> Stroke {
    Stroke {
        key: event.key(),
        control: event.ctrl_key() || event.meta_key(),
        shift: event.shift_key(),
        alt: event.alt_key(),
    }
}
