use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::grid::View;

/// Rows that Page Up and Page Down pass.
const PAGE: usize = 15;

/// What a key does in the list: arrows move, Space and Shift pick, Enter opens.
pub fn on_key(event: &KeyboardEvent, view: View, open: &impl Fn(&str)) {
    let store = view.store;
    let length = untrack(|| store.length());
    if length == 0 || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let last = length - 1;
    let at = store.active.get_untracked().min(last);
    let to = match event.key().as_str() {
        "ArrowDown" | "j" => (at + 1).min(last),
        "ArrowUp" | "k" => at.saturating_sub(1),
        "PageDown" => (at + PAGE).min(last),
        "PageUp" => at.saturating_sub(PAGE),
        "Home" => 0,
        "End" => last,
        "Enter" => {
            event.prevent_default();
            if let Some(id) = store.id_at(at) {
                open(&format!("/patients/{id}"));
            }
            return;
        }
        "e" => {
            event.prevent_default();
            if let Some(id) = store.id_at(at) {
                open(&format!("/patients/{id}/edit"));
            }
            return;
        }
        " " => {
            event.prevent_default();
            if let Some(id) = store.id_at(at) {
                store.selection.update(|selection| selection.toggle(at, id));
            }
            return;
        }
        "Escape" if !store.selection.with_untracked(|selection| selection.is_empty()) => {
            event.prevent_default();
            store.selection.update(|selection| selection.clear());
            return;
        }
        _ => return,
    };
    event.prevent_default();
    store.active.set(to);
    if event.shift_key() {
        store.selection.update(|selection| selection.extend(at, to, |index| store.id_at(index)));
    }
    view.reveal(to);
}
