//! Archiving and restoring, each with a way back.

use std::sync::Arc;

use contract::{PatientArchive, PatientArchiveRequest};
use domain::id::PatientId;
use leptos::task::spawn_local;

use crate::state::{Action, Desk};
use crate::{api, t};

/// Archives or restores `ids`; what `after` does once that is done is the caller's.
pub fn set_archived(desk: Desk, ids: Vec<PatientId>, archived: bool, after: Action) {
    spawn_local(async move {
        let request = PatientArchiveRequest { ids: ids.clone(), archived };
        match api::call::<PatientArchive>(request).await {
            Ok(affected) => {
                let text = match archived {
                    true => t!(patients.archived_done, count = affected.count),
                    false => t!(patients.restored_done, count = affected.count),
                };
                let nothing_more: Action = Arc::new(|| {});
                desk.toasts
                    .undoable(text, move || set_archived(desk, ids.clone(), !archived, nothing_more.clone()));
                after();
            }
            Err(error) => desk.toasts.failed(&error),
        }
    });
}
