use contract::{Diagnostics, POOL_WARNING_PERCENT};
use leptos::prelude::*;

use crate::components::mark::{Mark, Tone};
use crate::state::Remote;
use crate::t;
use crate::view_model::format;
use crate::view_model::parts::percent;

/// Versions, sizes, how long it has run.
#[component]
pub fn Facts(remote: Remote<Diagnostics>) -> impl IntoView {
    let facts = move || {
        let all = remote.value.get()?;
        let facts = [
            (t!(diagnostics.version), all.version.clone()),
            (t!(diagnostics.sqlite), all.sqlite_version.clone()),
            (t!(diagnostics.cipher), all.cipher_version.clone()),
            (t!(diagnostics.schema), all.schema_version.to_string()),
            (t!(diagnostics.database), format::bytes(all.database_bytes)),
            (t!(diagnostics.wal), format::bytes(all.wal_bytes)),
            (t!(diagnostics.uptime), format::seconds(all.uptime_s)),
        ];
        let lines = facts
            .map(|(label, value)| view! { <div><dt>{label}</dt> <dd class="tabular">{value}</dd></div> })
            .collect_view();
        Some(
            view! { {lines} <div><dt>{t!(diagnostics.pool)}</dt> <dd><Pool all=(*all).clone() /></dd></div> },
        )
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(diagnostics.state)}</h2></div>
            <dl class="diagnostics-facts">{facts}</dl>
        </section>
    }
}

#[component]
fn Pool(all: Diagnostics) -> impl IntoView {
    let used = percent(all.readers_in_use, all.readers);
    let tone = match used {
        100 => Tone::Danger,
        used if used > POOL_WARNING_PERCENT => Tone::Waiting,
        _ => Tone::Done,
    };
    view! { <Mark tone label=t!(diagnostics.readers, used = all.readers_in_use, all = all.readers) /> }
}
