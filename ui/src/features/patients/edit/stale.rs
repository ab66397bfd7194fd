use contract::{ErrorBody, PatientLoad, PatientLoadRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::save::use_overwrite;
use super::store::EditStore;
use crate::components::button::{Button, Weight};
use crate::components::dialog::{Dialog, DialogHead};
use crate::features::words;
use crate::view_model::draft::Base;
use crate::view_model::form::Form;
use crate::{api, t};

/// Somebody else changed the same fields: whose values are to hold?
#[component]
pub fn StaleDialog(store: EditStore) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(store.stale.with(Option::is_some)));
    // However it is closed, the question is answered or put off.
    Effect::new(move |was_open: Option<bool>| {
        let is_open = open.get();
        if was_open == Some(true) && !is_open {
            store.stale.set(None);
        }
        is_open
    });
    let overwrite = use_overwrite(store);
    let names = move || {
        let fields =
            store.stale.with(|error| error.as_ref().map(|error| error.fields.clone())).unwrap_or_default();
        let mut names: Vec<String> = fields
            .iter()
            .map(|field| words::named("field", field.field.split('.').next().unwrap_or_default()))
            .collect();
        names.dedup();
        names.join(", ")
    };
    view! {
        <Dialog open label=t!(edit.stale_title).to_owned()>
            <DialogHead title=t!(edit.stale_title).to_owned() open />
            <div class="dialog-body">
                <p>{move || t!(edit.stale_text, fields = names())}</p>
            </div>
            <footer class="dialog-foot">
                <Button
                    label=t!(edit.take_theirs).to_owned()
                    on_press=move |_| {
                        take_theirs(store);
                        open.set(false);
                    }
                />
                <Button
                    label=t!(edit.keep_mine).to_owned()
                    weight=Weight::Danger
                    on_press={
                        let overwrite = overwrite.clone();
                        move |_| {
                            overwrite();
                            open.set(false);
                        }
                    }
                />
            </footer>
        </Dialog>
    }
}

/// Loads what they saved; the fields in question become theirs, the others stay as typed.
fn take_theirs(store: EditStore) {
    let (Some(id), Some(ErrorBody { fields, .. })) = (store.patient, store.stale.get_untracked()) else {
        return;
    };
    spawn_local(async move {
        match api::call::<PatientLoad>(PatientLoadRequest { id }).await {
            Ok(detail) => {
                let theirs = Form::of(&detail);
                let before = store.before();
                store.form.try_update(|form| {
                    form.rebase(&before, &theirs);
                    fields.iter().for_each(|field| form.take_theirs(field, &theirs));
                });
                store.base.try_set(Some(Base { form: theirs, versions: detail.versions }));
            }
            Err(error) => store.desk.toasts.failed(&error),
        }
    });
}
