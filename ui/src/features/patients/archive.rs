//! Archiving and restoring, each with a way back.

use contract::{PatientArchive, PatientArchiveRequest};
use domain::id::PatientId;
use leptos::task::spawn_local;

use crate::state::Desk;
use crate::{api, t};

/// Archives or restores `ids`; what `after` does once that is done is the caller's.
pub fn set_archived(
    desk: Desk,
    ids: Vec<PatientId>,
    archived: bool,
    after: impl Fn() + Send + Sync + 'static,
) {
    spawn_local(async move {
        let request = PatientArchiveRequest { ids: ids.clone(), archived };
        match api::call::<PatientArchive>(request).await {
            Ok(affected) => {
                let text = match archived {
                    true => t!(patients.archived_done, count = affected.count),
                    false => t!(patients.restored_done, count = affected.count),
                };
                desk.toasts.undoable(text, move || set_archived(desk, ids.clone(), !archived, || {}));
                after();
            }
            Err(error) => desk.toasts.failed(&error),
        }
    });
}
