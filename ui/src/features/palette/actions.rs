use std::sync::Arc;

use contract::SyncState;
use leptos::prelude::*;

use super::entries::{Entry, Open};
use crate::components::icon::Glyph;
use crate::features::frame::open_window;
use crate::features::imports::export_patients;
use crate::features::sync::sync_now;
use crate::state::{Action, Desk, Theme};
use crate::t;

/// Everything that can be done from anywhere.
pub fn actions(desk: Desk, open: Open) -> Vec<Entry> {
    let go = |glyph, label: &str, key, path: &'static str| {
        let open = open.clone();
        entry(glyph, label, key, Arc::new(move || open(path.to_owned())))
    };
    let theme = |label: &str, theme: Theme| {
        entry(Glyph::Theme, label, "", Arc::new(move || desk.preferences.set_theme(theme)))
    };
    // A desk without a server has nothing to try: it is shown the way to one.
    let connect = open.clone();
    let try_now = move || match untrack(|| desk.sync_state()) {
        Some(SyncState::Alone) => connect("/sync".to_owned()),
        _ => sync_now(desk),
    };
    vec![
        go(Glyph::PersonAdd, t!(patients.new), "n", "/patients/new"),
        go(Glyph::Patients, t!(frame.go_patients), "Alt+1", "/patients"),
        go(Glyph::Warning, t!(palette.with_alert), "", "/patients?alert=1"),
        go(Glyph::Archive, t!(palette.archived), "", "/patients?archived=1"),
        go(Glyph::Invoice, t!(invoice.new), "", "/invoices/new"),
        go(Glyph::Invoice, t!(invoice.go), "Alt+2", "/invoices"),
        go(Glyph::Import, t!(frame.go_import), "Alt+6", "/import"),
        entry(Glyph::Export, t!(import.export), "", Arc::new(move || export_patients(desk))),
        go(Glyph::Tag, t!(billing.title), "", "/settings/billing"),
        go(Glyph::Settings, t!(frame.go_settings), "Alt+3", "/settings"),
        go(Glyph::Diagnostics, t!(frame.go_diagnostics), "Alt+4", "/diagnostics"),
        go(Glyph::Sync, t!(frame.go_sync), "Alt+5", "/sync"),
        go(Glyph::Conflict, t!(palette.conflicts), "", "/sync/conflicts"),
        entry(Glyph::Retry, t!(palette.sync_now), "", Arc::new(try_now)),
        theme(t!(palette.light), Theme::Light),
        theme(t!(palette.dark), Theme::Dark),
        theme(t!(palette.system), Theme::System),
        entry(Glyph::Rail, t!(frame.toggle_rail), "[", Arc::new(move || desk.preferences.toggle_rail())),
        entry(Glyph::Window, t!(frame.new_window), "Ctrl+Shift+N", Arc::new(move || open_window(desk))),
        entry(Glyph::Keyboard, t!(keys.title), "?", Arc::new(move || desk.key_map.set(true))),
    ]
}

fn entry(glyph: Glyph, label: &str, key: &'static str, run: Action) -> Entry {
    Entry {
        group: t!(palette.actions),
        glyph,
        label: label.to_owned(),
        detail: String::new(),
        why: None,
        key,
        alert: None,
        run,
    }
}
