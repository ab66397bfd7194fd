use chrono::DateTime;
use leptos::prelude::*;

use super::store::EditStore;
use crate::components::icon::{Glyph, Icon};
use crate::features::words;
use crate::t;
use crate::{browser, view_model::draft::Draft};

/// A draft from earlier: go on with it, or not.
#[component]
pub fn DraftBar(store: EditStore) -> impl IntoView {
    let go_on = move |_| {
        if let Some(Draft { form, base, .. }) = store.found.get_untracked() {
            // Together with what it was typed onto, so that saving notices what others changed since.
            if base.is_some() {
                store.base.set(base);
            }
            store.found.set(None);
            store.form.set(form);
            browser::focus_soon("#name-given");
        }
    };
    let discard = move |_| {
        store.found.set(None);
        store.forget_draft();
        store.reopen();
        browser::focus_soon("#name-given");
    };
    move || {
        store.found.get().map(|draft| {
            let at = DateTime::from_timestamp_millis(draft.at_ms).unwrap_or_default();
            view! {
                <div class="draft-bar" role="alert">
                    <Icon glyph=Glyph::Note />
                    <span title=words::exact(at)>{t!(edit.draft_found, time = words::moment(at))}</span>
                    <button id="draft-continue" type="button" class="button is-primary" on:click=go_on>
                        {t!(edit.draft_continue)}
                    </button>
                    <button type="button" class="button" on:click=discard>{t!(edit.draft_discard)}</button>
                </div>
            }
        })
    }
}
