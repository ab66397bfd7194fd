use leptos::prelude::*;
use uuid::Uuid;
use web_sys::KeyboardEvent;

use crate::browser;
use crate::state::use_desk;
use crate::t;
use crate::view_model::inbox::{neighbour, successor};

/// A list of entries that are dealt with one after the other; one of them has the focus.
#[derive(Clone, Copy)]
pub struct Inbox<K: Copy + PartialEq + Send + Sync + 'static> {
    entries: Signal<Vec<K>>,
    chosen: RwSignal<Option<K>>,
    element: fn(K) -> String,
}

/// The element that shows the conflict.
pub fn conflict_element(id: Uuid) -> String {
    format!("conflict-{}", id.simple())
}

/// The element that shows the refused change.
pub fn attention_element(no: i64) -> String {
    format!("attention-{no}")
}

impl<K: Copy + PartialEq + Send + Sync + 'static> Inbox<K> {
    /// Adds the keys that move in it; `element` is the id of an entry's element.
    pub fn new(entries: Signal<Vec<K>>, element: fn(K) -> String) -> Self {
        let inbox = Self { entries, chosen: RwSignal::new(None), element };
        let keys = use_desk().shortcuts;
        keys.tell("↑↓", t!(keys.move_in_list));
        keys.add("j", t!(sync.key_next), move || inbox.step(1));
        keys.add("k", t!(sync.key_previous), move || inbox.step(-1));
        inbox
    }

    /// The entry that keys are about: the first, until somebody moves.
    pub fn active(self) -> Option<K> {
        self.entries.with(|entries| neighbour(entries, self.chosen.get().as_ref(), 0).copied())
    }

    pub fn is_active(self, entry: K) -> bool {
        self.active() == Some(entry)
    }

    /// The focus came to an entry by itself.
    pub fn choose(self, entry: K) {
        if self.chosen.get_untracked() != Some(entry) {
            self.chosen.set(Some(entry));
        }
    }

    pub fn step(self, by: isize) {
        let active = untrack(|| self.active());
        // Whoever has not begun yet gets to the first by either key.
        let begun = self.chosen.get_untracked().is_some();
        let to = self.entries.with_untracked(|entries| {
            neighbour(entries, active.as_ref(), if begun { by } else { 0 }).copied()
        });
        self.go(to);
    }

    /// `gone` is about to be taken out: the focus goes on to the next.
    pub fn leave(self, gone: K) {
        let to = self.entries.with_untracked(|entries| successor(entries, &gone).copied());
        self.go(to);
    }

    fn go(self, to: Option<K>) {
        self.chosen.set(to);
        match to {
            Some(to) => browser::focus_soon(format!("#{}", (self.element)(to))),
            None => browser::focus_if_lost("#content"),
        }
    }

    /// Arrows, while the focus is in the list.
    pub fn on_key(self, event: &KeyboardEvent) {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        if !(event.ctrl_key() || event.alt_key() || event.meta_key()) {
            event.prevent_default();
            self.step(step);
        }
    }
}
