use contract::{ImportCheck, ImportCheckRequest, ImportDiscard, ImportKind, ImportPhase, ImportPreview};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::store::ImportStore;
use crate::components::button::{Button, Weight};
use crate::components::placeholder::{Failure, Skeleton};
use crate::components::segmented::Segmented;
use crate::features::words;
use crate::i18n::number;
use crate::t;

/// Sample values that are shown of each column.
const SAMPLES: usize = 3;

/// How the file is understood; each column can be sent somewhere else.
#[component]
pub fn Columns(store: ImportStore) -> impl IntoView {
    store.load_preview();
    // Drawn anew only for another file or kind, so that a choice keeps its focus.
    let shape = Memo::new(move |_| {
        store.preview.value.with(|preview| preview.as_ref().map(|preview| preview.mapping.kind))
    });
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{t!(import.columns)}</h2>
                <Actions store />
            </div>
            {move || match (shape.get(), store.preview.error.get()) {
                (_, Some(error)) => view! { <Failure error retry=move || store.load_preview() /> }.into_any(),
                (None, None) => view! { <Skeleton lines=6 /> }.into_any(),
                (Some(_), None) => store
                    .preview
                    .value
                    .get_untracked()
                    .map(|preview| view! { <Preview store preview=(*preview).clone() /> })
                    .into_any(),
            }}
        </section>
    }
}

#[component]
fn Actions(store: ImportStore) -> impl IntoView {
    let navigate = use_navigate();
    let discard = move |_| {
        store.start::<ImportDiscard>(store.reference());
        navigate("/import", Default::default());
    };
    let checked = move || store.progress().is_some_and(|progress| progress.phase == ImportPhase::Checked);
    let weight = if untrack(checked) { Weight::Plain } else { Weight::Primary };
    view! {
        <div class="flex gap-2">
            <Button label=t!(import.discard).to_owned() weight=Weight::Quiet on_press=discard />
            <Button
                label=t!(import.check).to_owned()
                weight
                test_id="import-check"
                on_press={move |_| store.start::<ImportCheck>(ImportCheckRequest { id: store.id, after: Vec::new() })}
            />
        </div>
    }
}

#[component]
fn Preview(store: ImportStore, preview: ImportPreview) -> impl IntoView {
    let mapping = move || store.preview.value.get().map(|preview| preview.mapping.clone());
    let kind = move || mapping().map_or(ImportKind::Patients, |mapping| mapping.kind);
    let day_first = move || mapping().is_some_and(|mapping| mapping.day_first);
    let kinds = vec![
        (ImportKind::Patients, t!(import.patients).to_owned()),
        (ImportKind::Allergies, t!(import.allergies).to_owned()),
    ];
    let orders = vec![(false, t!(import.month_first).to_owned()), (true, t!(import.day_first).to_owned())];
    let facts = t!(
        import.facts,
        rows = number(preview.rows),
        encoding = preview.encoding.as_str(),
        delimiter = delimiter(&preview.delimiter)
    );
    let columns =
        (0..preview.headers.len()).map(|column| view! { <Column store preview=preview.clone() column /> });
    view! {
        <p class="caption mb-3">{facts}</p>
        <div class="flex flex-wrap gap-x-6 gap-y-3 mb-4">
            <Choice label=t!(import.kind)>
                <Segmented
                    name="import-kind"
                    label=t!(import.kind)
                    choices=kinds
                    value=Signal::derive(kind)
                    on_choose=move |kind| store.map(|mapping| mapping.kind = kind)
                />
            </Choice>
            <Choice label=t!(import.dates)>
                <Segmented
                    name="import-dates"
                    label=t!(import.dates)
                    choices=orders
                    value=Signal::derive(day_first)
                    on_choose=move |day_first| store.map(|mapping| mapping.day_first = day_first)
                />
            </Choice>
        </div>
        <table class="data-table import-columns">
            <thead>
                <tr>
                    <th scope="col">{t!(import.column)}</th>
                    <th scope="col">{t!(import.samples)}</th>
                    <th scope="col" class="w-56">{t!(import.goes_to)}</th>
                </tr>
            </thead>
            <tbody>{columns.collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Choice(label: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="field">
            <span class="field-label">{label}</span>
            {children()}
        </div>
    }
}

/// A separator that cannot be seen is named.
fn delimiter(sign: &str) -> String {
    match sign {
        "\t" => t!(import.tab).to_owned(),
        other => other.to_owned(),
    }
}

#[component]
fn Column(store: ImportStore, preview: ImportPreview, column: usize) -> impl IntoView {
    let header = preview.headers.get(column).cloned().unwrap_or_default();
    let samples = preview
        .sample
        .iter()
        .filter_map(|row| row.get(column))
        .filter(|value| !value.trim().is_empty())
        .take(SAMPLES)
        .cloned()
        .collect::<Vec<_>>()
        .join("  ·  ");
    let kind = preview.mapping.kind;
    let chosen = move || {
        store.preview.value.with(|preview| preview.as_ref()?.mapping.columns.get(column).cloned().flatten())
    };
    let option = move |target: &contract::ImportTarget| {
        let word = target.target.clone();
        let name = words::named("target", &word);
        let value = word.clone();
        view! { <option value=value prop:selected=move || chosen().as_ref() == Some(&word)>{name}</option> }
    };
    let options = preview.targets.iter().filter(|target| target.kind == kind).map(option).collect_view();
    let choose = move |event| {
        let target = Some(event_target_value(&event)).filter(|word| !word.is_empty());
        store.map(|mapping| {
            if let Some(slot) = mapping.columns.get_mut(column) {
                *slot = target;
            }
        });
    };
    view! {
        <tr>
            <th scope="row" class="import-header">{header.clone()}</th>
            <td class="import-samples" title=samples.clone()>{samples.clone()}</td>
            <td>
                <select class="select" aria-label=t!(import.goes_to_for, column = header) on:change=choose>
                    <option value="" prop:selected=move || chosen().is_none()>{t!(import.not_imported)}</option>
                    {options}
                </select>
            </td>
        </tr>
    }
}
