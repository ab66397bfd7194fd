use std::sync::Arc;

use leptos::prelude::*;

use super::store::ListStore;
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::features::patients::archive::set_archived;
use crate::t;

/// What can be done with all that are picked.
#[component]
pub fn BulkBar(store: ListStore) -> impl IntoView {
    let selection = store.selection;
    let any = Memo::new(move |_| selection.with(|selection| !selection.is_empty()));
    let archived = move || store.query.with(|query| query.filter.archived);
    let act = move || {
        let ids = selection.with_untracked(|selection| selection.ids().to_vec());
        let to = !untrack(archived);
        let clear = move || {
            selection.try_update(|selection| selection.clear());
        };
        set_archived(store.desk, ids, to, Arc::new(clear));
    };
    let label = move || if archived() { t!(action.restore) } else { t!(action.archive) }.to_owned();
    view! {
        <Show when=move || any.get()>
            <div class="patients-bulk appear" role="toolbar" aria-label=t!(patients.bulk)>
                <span class="font-medium tabular" role="status">
                    {move || t!(patients.picked, count = selection.with(|selection| selection.len()))}
                </span>
                <Button label=Signal::derive(label) glyph=Glyph::Archive on_press=move |_| act() />
                <Button
                    label=t!(action.clear).to_owned()
                    weight=Weight::Quiet
                    key="Esc"
                    on_press=move |_| selection.update(|selection| selection.clear())
                />
            </div>
        </Show>
    }
}
