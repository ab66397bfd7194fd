use contract::{ImportCancel, ImportPhase};
use leptos::prelude::*;

use super::outcome::phase_mark;
use super::store::ImportStore;
use crate::components::button::Button;
use crate::components::progress::Progress;
use crate::t;
use crate::view_model::parts::percent;

/// How far it is, and a way to stop.
#[component]
pub fn Working(store: ImportStore, phase: ImportPhase) -> impl IntoView {
    let rows = move || store.progress().map_or((0, 0), |progress| (progress.rows_done, progress.rows));
    let (_, title) = phase_mark(phase);
    let label = move || t!(import.rows_done, done = rows().0, rows = rows().1);
    let stop = if phase == ImportPhase::Running { t!(import.pause) } else { t!(action.cancel) };
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{title}</h2>
                <Button label=stop.to_owned() on_press={move |_| store.start::<ImportCancel>(store.reference())} />
            </div>
            <Progress percent=Signal::derive(move || percent(rows().0, rows().1)) label=Signal::derive(label) />
            <p class="caption mt-2 tabular" role="status">{label}</p>
        </section>
    }
}
