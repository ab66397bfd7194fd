use contract::{ImportProblem, ImportProblems, ImportProblemsRequest, ImportReason, Page};
use leptos::prelude::*;

use super::store::ImportStore;
use crate::components::button::{Button, Weight};
use crate::components::mark::{Mark, Tone};
use crate::features::errors;
use crate::state::Remote;
use crate::t;

/// The rows that are not taken over as they are: where, why, what stands there.
#[component]
pub fn Problems(store: ImportStore) -> impl IntoView {
    let remote = Remote::<Page<ImportProblem>>::new();
    let earlier = RwSignal::new(Vec::<ImportProblem>::new());
    let load = move |after| {
        remote.load::<ImportProblems>(ImportProblemsRequest { id: store.id, after, limit: 0 });
    };
    load(None);
    let more = move |_| {
        let Some(page) = remote.value.get_untracked() else { return };
        earlier.update(|earlier| earlier.extend(page.rows.iter().cloned()));
        load(page.next.clone());
    };
    let rows = move || {
        let page = remote.value.get().map(|page| page.rows.clone()).unwrap_or_default();
        let mut rows = earlier.get();
        // While a further page is on its way the last one is still there.
        if rows.last() != page.last() {
            rows.extend(page);
        }
        rows
    };
    let any = Memo::new(move |_| !rows().is_empty());
    let next = move || remote.value.with(|page| page.as_ref().is_some_and(|page| page.next.is_some()));
    view! {
        {move || remote.error.get().map(|error| view! { <p class="field-problem">{errors::sentence(&error)}</p> })}
        <Show when=move || any.get()>
            <section class="section">
                <div class="section-head"><h2>{t!(import.problems)}</h2></div>
                <table class="data-table">
                    <thead>
                        <tr>
                            <th scope="col" class="is-number">{t!(import.line)}</th>
                            <th scope="col">{t!(import.column)}</th>
                            <th scope="col">{t!(import.value)}</th>
                            <th scope="col">{t!(import.reason)}</th>
                        </tr>
                    </thead>
                    <tbody>{move || rows().into_iter().map(|row| view! { <Line row /> }).collect_view()}</tbody>
                </table>
                <Show when=next>
                    <div class="mt-2"><Button label=t!(action.more).to_owned() weight=Weight::Quiet on_press=more /></div>
                </Show>
            </section>
        </Show>
    }
}

#[component]
fn Line(row: ImportProblem) -> impl IntoView {
    let (tone, label, sentence) = match row.reason {
        ImportReason::Wrong(problem) => (Tone::Danger, t!(import.wrong_row), errors::problem(problem)),
        ImportReason::LikelyDuplicate => {
            (Tone::Waiting, t!(import.duplicate_row), t!(import.duplicate_sentence))
        }
    };
    view! {
        <tr>
            <td class="is-number">{crate::i18n::number(row.line)}</td>
            <td>{row.header}</td>
            <td class="import-value">{row.value}</td>
            <td><Mark tone label />" "<span class="text-muted">{sentence}</span></td>
        </tr>
    }
}
