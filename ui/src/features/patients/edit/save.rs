use contract::{ErrorBody, ErrorCode, PatientCreate, PatientUpdate, PatientUpdateRequest};
use domain::id::PatientId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::store::EditStore;
use crate::features::errors::sentence;
use crate::features::patients::list::use_open;
use crate::features::words;
use crate::view_model::form::Form;
use crate::{api, browser, t};

/// Saves the form and shows the patient.
pub fn use_save(store: EditStore) -> impl Fn() + Clone + Send + Sync + 'static {
    let open = use_open();
    move || {
        if store.saving.get_untracked() || store.found.with_untracked(Option::is_some) {
            return;
        }
        let open = open.clone();
        spawn_local(async move {
            if let Some(id) = save(store, false).await {
                open(&format!("/patients/{id}"));
            }
        });
    }
}

/// Saves the form although others changed the same fields.
pub fn use_overwrite(store: EditStore) -> impl Fn() + Clone + Send + Sync + 'static {
    let open = use_open();
    move || {
        let open = open.clone();
        spawn_local(async move {
            if let Some(id) = save(store, true).await {
                open(&format!("/patients/{id}"));
            }
        });
    }
}

async fn save(store: EditStore, overwrite: bool) -> Option<PatientId> {
    store.saving.set(true);
    store.failure.set(None);
    let form = store.form.get_untracked();
    let answer = send(store, &form, overwrite).await;
    store.saving.try_set(false);
    match answer {
        Ok(id) => {
            store.forget_draft();
            let name = words::or_nameless(form.name.display(&form.preferred_name));
            let text = match store.patient {
                None => t!(edit.added, name = name),
                Some(_) => t!(edit.saved, name = name),
            };
            store.desk.toasts.done(text);
            Some(id)
        }
        Err(error) => {
            refused(store, &form, error);
            None
        }
    }
}

async fn send(store: EditStore, form: &Form, overwrite: bool) -> Result<PatientId, ErrorBody> {
    let base = store.base.get_untracked();
    let (Some(id), Some(base)) = (store.patient, base) else {
        return api::call::<PatientCreate>(form.draft()).await.map(|created| created.id);
    };
    let patch = form.patch(&base.form);
    let request = PatientUpdateRequest { id, versions: base.versions, patch, overwrite };
    api::call::<PatientUpdate>(request).await.map(|detail| detail.id)
}

/// Puts each problem beside its field and the focus into the first.
fn refused(store: EditStore, form: &Form, error: ErrorBody) {
    match error.code {
        ErrorCode::Stale => {
            store.stale.try_set(Some(error));
        }
        ErrorCode::Invalid if !error.fields.is_empty() => {
            let places = form.places(&store.before());
            store.problems.try_set(
                error.fields.iter().map(|field| (places.in_form(&field.field), field.problem)).collect(),
            );
            browser::focus_soon(".sheet [aria-invalid=true]");
        }
        _ => {
            store.failure.try_set(Some(sentence(&error)));
        }
    }
}
