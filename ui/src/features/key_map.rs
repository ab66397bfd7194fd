//! The map of the page's keys.

use leptos::prelude::*;

use crate::components::dialog::{Dialog, DialogHead};
use crate::state::{Shortcut, use_desk};
use crate::t;

/// Every key that works on the page as it stands.
#[component]
pub fn KeyMap() -> impl IntoView {
    let desk = use_desk();
    let line = |shortcut: Shortcut| {
        let keys = shortcut.chord.split('+').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
        view! {
            <div class="key-line">
                <dt>{shortcut.label}</dt>
                <dd class="flex gap-1">{keys}</dd>
            </div>
        }
    };
    view! {
        <Dialog open=desk.key_map label=t!(keys.title).to_owned() class="key-map-dialog">
            <DialogHead title=t!(keys.title).to_owned() open=desk.key_map />
            <dl class="dialog-body key-map">
                {move || desk.shortcuts.all().into_iter().map(line).collect_view()}
            </dl>
        </Dialog>
    }
}
