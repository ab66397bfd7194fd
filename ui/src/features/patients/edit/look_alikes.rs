use leptos::prelude::*;

use super::store::EditStore;
use crate::features::patients::duplicates::Candidate;
use crate::features::patients::list::use_open;
use crate::t;

/// Records that may be the person being typed, while there is still time.
#[component]
pub fn LookAlikes(store: EditStore) -> impl IntoView {
    let open = use_open();
    move || {
        let likely = store.likely.value.get().map(|answer| answer.likely.clone()).unwrap_or_default();
        (!likely.is_empty()).then(|| {
            let lines = likely.into_iter().map(|likely| {
                let id = likely.patient.id;
                let open = open.clone();
                view! {
                    <Candidate
                        likely
                        on_open=move || open(&format!("/patients/{id}"))
                        on_distinct=move || store.change("not_the_same_as", |form| form.not_the_same_as.push(id))
                    />
                }
            });
            let lines = lines.collect_view();
            view! {
                <section class="look-alikes appear" aria-label=t!(duplicate.while_typing) role="status">
                    <h3>{t!(duplicate.while_typing)}</h3>
                    <ul class="candidates">{lines}</ul>
                </section>
            }
        })
    }
}
