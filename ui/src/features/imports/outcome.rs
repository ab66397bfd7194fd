use contract::{
    ImportDiscard, ImportKind, ImportPhase, ImportProgress, ImportRun, ImportRunRequest, ImportUndo,
};
use leptos::prelude::*;
use leptos_router::components::A;

use super::store::ImportStore;
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::i18n::number;
use crate::t;

/// What the dry run found, and the button that takes the file over.
#[component]
pub fn Report(store: ImportStore) -> impl IntoView {
    let add_duplicates = RwSignal::new(false);
    let run = move |_| {
        let add_likely_duplicates = add_duplicates.get_untracked();
        store.start::<ImportRun>(ImportRunRequest { id: store.id, add_likely_duplicates });
    };
    let figures = move || store.progress();
    let duplicates = move || figures().is_some_and(|progress| progress.likely_duplicates > 0);
    let to_add = move || {
        let extra =
            |progress: &ImportProgress| if add_duplicates.get() { progress.likely_duplicates } else { 0 };
        figures().map_or(0, |progress| progress.added + extra(&progress))
    };
    let label = move || t!(import.run, count = to_add());
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{t!(import.report)}</h2>
                <Button
                    label=Signal::derive(label)
                    weight=Weight::Primary
                    test_id="import-run"
                    disabled=Signal::derive(move || to_add() == 0)
                    on_press=run
                />
            </div>
            {move || figures().map(|progress| view! { <Figures progress checked=true /> })}
            <Show when=duplicates>
                <label class="check mt-3">
                    <input
                        type="checkbox"
                        prop:checked=move || add_duplicates.get()
                        on:change=move |event| add_duplicates.set(event_target_checked(&event))
                    />
                    {t!(import.add_duplicates)}
                </label>
            </Show>
        </section>
    }
}

/// The numbers of an import.
#[component]
pub fn Figures(progress: ImportProgress, checked: bool) -> impl IntoView {
    let added = match (checked, progress.kind) {
        (true, ImportKind::Patients) => t!(import.to_add_patients),
        (true, ImportKind::Allergies) => t!(import.to_add_allergies),
        (false, ImportKind::Patients) => t!(import.added_patients),
        (false, ImportKind::Allergies) => t!(import.added_allergies),
    };
    let figures = [
        (added, progress.added, Tone::Done),
        (t!(import.likely_duplicates), progress.likely_duplicates, Tone::Waiting),
        (t!(import.already_there), progress.already_there, Tone::Neutral),
        (t!(import.wrong), progress.wrong, Tone::Danger),
    ];
    let figure = |(label, n, tone): (&'static str, u64, Tone)| {
        let tone = if n == 0 { Tone::Neutral } else { tone };
        view! {
            <div class="figure">
                <dd class="figure-number tabular">{number(n)}</dd>
                <dt><Mark tone label /></dt>
            </div>
        }
    };
    view! { <dl class="figures">{figures.map(figure).collect_view()}</dl> }
}

/// What became of an import, and what can be done about it.
#[component]
pub fn Outcome(store: ImportStore, phase: ImportPhase) -> impl IntoView {
    let (tone, label) = phase_mark(phase);
    let kept = move || store.progress().map_or(0, |progress| progress.kept);
    view! {
        <section class="section">
            <div class="section-head">
                <Mark tone label />
                <div class="flex gap-2"><OutcomeActions store phase /></div>
            </div>
            {move || store.progress().map(|progress| view! { <Figures progress checked=false /> })}
            <Show when=move || { kept() > 0 }>
                <p class="caption mt-3">{move || t!(import.kept, count = kept())}</p>
            </Show>
            {(phase == ImportPhase::Done).then(|| {
                view! {
                    <p class="mt-4"><A href="/patients" attr:class="button is-primary">{t!(frame.go_patients)}</A></p>
                }
            })}
        </section>
    }
}

#[component]
fn OutcomeActions(store: ImportStore, phase: ImportPhase) -> impl IntoView {
    let undo = move || {
        view! {
            <Button
                label=t!(import.undo).to_owned()
                glyph=Glyph::Undo
                on_press={move |_| store.start::<ImportUndo>(store.reference())}
            />
        }
    };
    match phase {
        ImportPhase::Paused => view! {
            {undo()}
            <Button
                label=t!(import.resume).to_owned()
                weight=Weight::Primary
                on_press=move |_| resume(store)
            />
        }
        .into_any(),
        ImportPhase::Done => undo().into_any(),
        _ => view! {
            <Button
                label=t!(import.forget).to_owned()
                weight=Weight::Quiet
                on_press={move |_| store.start::<ImportDiscard>(store.reference())}
            />
        }
        .into_any(),
    }
}

fn resume(store: ImportStore) {
    // What was decided about likely duplicates when it began still holds for the rows dealt with.
    store.start::<ImportRun>(ImportRunRequest { id: store.id, add_likely_duplicates: false });
}

/// Where an import stands, as a dot and a word.
pub fn phase_mark(phase: ImportPhase) -> (Tone, &'static str) {
    match phase {
        ImportPhase::Receiving => (Tone::Waiting, t!(import.phase_receiving)),
        ImportPhase::Received => (Tone::Waiting, t!(import.phase_received)),
        ImportPhase::Checking => (Tone::Accent, t!(import.phase_checking)),
        ImportPhase::Checked => (Tone::Waiting, t!(import.phase_checked)),
        ImportPhase::Running => (Tone::Accent, t!(import.phase_running)),
        ImportPhase::Paused => (Tone::Waiting, t!(import.phase_paused)),
        ImportPhase::Done => (Tone::Done, t!(import.phase_done)),
        ImportPhase::Undoing => (Tone::Accent, t!(import.phase_undoing)),
        ImportPhase::Undone => (Tone::Neutral, t!(import.phase_undone)),
    }
}
