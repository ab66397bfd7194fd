//! What surrounds every page: the rail, the top bar, the status line.

mod rail;
mod status_line;
mod status_panel;
mod top_bar;

pub use rail::Rail;
pub use top_bar::TopBar;

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use crate::api::{self, ShellAction};
use crate::features::key_map::KeyMap;
use crate::features::palette::Palette;
use crate::state::{Desk, use_desk};
use crate::t;

/// The rail at the left, the page beside it.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let desk = use_desk();
    add_keys(desk);
    view! {
        <a class="skip" href="#content">{t!(frame.skip)}</a>
        <div class="frame" class:is-narrow=move || desk.preferences.narrow_rail.get()>
            <Rail />
            <main class="content" id="content" tabindex="-1">{children()}</main>
        </div>
        <Palette />
        <KeyMap />
    }
}

/// The keys that work everywhere.
fn add_keys(desk: Desk) {
    let navigate = use_navigate();
    let go = move |to: &'static str| {
        let navigate = navigate.clone();
        move || navigate(to, Default::default())
    };
    let keys = desk.shortcuts;
    keys.add("Ctrl+K", t!(palette.open), move || desk.palette.set(true));
    keys.add("?", t!(keys.title), move || desk.key_map.set(true));
    keys.add("Ctrl+Z", t!(action.undo_last), move || desk.toasts.undo_last());
    keys.add("Ctrl+Shift+N", t!(frame.new_window), move || open_window(desk));
    keys.add("[", t!(frame.toggle_rail), move || desk.preferences.toggle_rail());
    keys.add("Alt+1", t!(frame.go_patients), go("/patients"));
    keys.add("Alt+2", t!(invoice.go), go("/invoices"));
    keys.add("Alt+6", t!(frame.go_import), go("/import"));
    keys.add("Alt+3", t!(frame.go_settings), go("/settings"));
    keys.add("Alt+4", t!(frame.go_diagnostics), go("/diagnostics"));
    keys.add("Alt+5", t!(frame.go_sync), go("/sync"));
    keys.add("n", t!(patients.new), go("/patients/new"));
}

/// Opens another window of the same desk.
pub fn open_window(desk: Desk) {
    leptos::task::spawn_local(async move {
        if let Err(error) = api::shell(ShellAction::WindowNew).await {
            desk.toasts.failed(&error);
        }
    });
}
