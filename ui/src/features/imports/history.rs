use contract::{ImportList, ImportListRequest, ImportListResponse, ImportProgress};
use leptos::prelude::*;
use leptos_router::components::A;

use super::outcome::phase_mark;
use crate::components::button::{Button, Weight};
use crate::components::mark::Mark;
use crate::components::placeholder::Failure;
use crate::features::words;
use crate::i18n::number;
use crate::state::{Remote, use_desk};
use crate::t;

/// What was taken over before, or is still to be.
#[component]
pub fn History() -> impl IntoView {
    let desk = use_desk();
    let remote = Remote::<ImportListResponse>::new();
    let earlier = RwSignal::new(Vec::<ImportProgress>::new());
    let load = move |after| remote.load::<ImportList>(ImportListRequest { after, limit: 0 });
    Effect::new(move |_| {
        desk.changes.follow(&["import_job"]);
        earlier.set(Vec::new());
        load(None);
    });
    let more = move |_| {
        let Some(page) = remote.value.get_untracked() else { return };
        earlier.update(|earlier| earlier.extend(page.rows.iter().cloned()));
        load(page.next.clone());
    };
    let rows = move || {
        let page = remote.value.get().map(|page| page.rows.clone()).unwrap_or_default();
        let mut rows = earlier.get();
        if rows.last() != page.last() {
            rows.extend(page);
        }
        rows
    };
    let any = Memo::new(move |_| !rows().is_empty());
    let next = move || remote.value.with(|page| page.as_ref().is_some_and(|page| page.next.is_some()));
    view! {
        {move || remote.error.get().map(|error| view! { <Failure error retry=move || load(None) /> })}
        <Show when=move || any.get()>
            <section class="section">
                <div class="section-head"><h2>{t!(import.earlier)}</h2></div>
                <table class="data-table">
                    <thead>
                        <tr>
                            <th scope="col">{t!(import.file)}</th>
                            <th scope="col">{t!(import.state)}</th>
                            <th scope="col" class="is-number">{t!(import.rows)}</th>
                            <th scope="col" class="is-number">{t!(import.added)}</th>
                            <th scope="col" class="is-number">{t!(import.wrong)}</th>
                            <th scope="col">{t!(import.begun)}</th>
                        </tr>
                    </thead>
                    <tbody>{move || rows().into_iter().map(|progress| view! { <Line progress /> }).collect_view()}</tbody>
                </table>
                <Show when=next>
                    <div class="mt-2"><Button label=t!(action.more).to_owned() weight=Weight::Quiet on_press=more /></div>
                </Show>
            </section>
        </Show>
    }
}

#[component]
fn Line(progress: ImportProgress) -> impl IntoView {
    let desk = use_desk();
    let id = progress.id;
    let phase = move || desk.imports.of(id).unwrap_or_else(|| progress.clone());
    let now = Signal::derive(phase);
    let mark = move || {
        let (tone, label) = phase_mark(now.get().phase);
        view! { <Mark tone label /> }
    };
    let file = now.get_untracked().file_name;
    let at = now.get_untracked().created_at;
    view! {
        <tr>
            <td><A href=format!("/import/{id}") attr:class="link">{file}</A></td>
            <td>{mark}</td>
            <td class="is-number">{move || number(now.get().rows)}</td>
            <td class="is-number">{move || number(now.get().added)}</td>
            <td class="is-number">{move || number(now.get().wrong)}</td>
            <td class="tabular" title=words::exact(at)>{words::moment(at)}</td>
        </tr>
    }
}
