use contract::{
    DistinctRequest, DuplicateRequest, DuplicateResponse, PatientDetail, PatientDistinct, PatientDuplicates,
};
use domain::id::PatientId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::facts::Part;
use crate::features::patients::duplicates::Candidate;
use crate::features::patients::list::use_open;
use crate::state::{Desk, Remote, use_desk};
use crate::{api, t};

/// Records that may be the same person; nothing at all if there are none.
#[component]
pub fn LookAlikes(remote: Remote<PatientDetail>, id: PatientId) -> impl IntoView {
    let desk = use_desk();
    let open = use_open();
    let found = Remote::<DuplicateResponse>::new();
    let asked = Memo::new(move |_| remote.value.with(|detail| detail.as_deref().map(question)));
    Effect::new(move |_| {
        desk.changes.follow(&["patient_distinct"]);
        if let Some(question) = asked.get() {
            found.load::<PatientDuplicates>(question);
        }
    });
    move || {
        let likely = found.value.get().map(|answer| answer.likely.clone()).unwrap_or_default();
        (!likely.is_empty()).then(|| {
            let lines = likely.into_iter().map(|likely| {
                let other = likely.patient.id;
                let open = open.clone();
                view! {
                    <Candidate
                        likely
                        on_open=move || open(&format!("/patients/{other}"))
                        on_distinct=move || set_distinct(desk, id, other, true)
                    />
                }
            });
            let lines = lines.collect_view();
            view! { <Part title=t!(duplicate.title)><ul class="candidates">{lines}</ul></Part> }
        })
    }
}

fn question(detail: &PatientDetail) -> DuplicateRequest {
    DuplicateRequest {
        id: Some(detail.id),
        name: detail.name.clone(),
        preferred_name: detail.preferred_name.clone(),
        birth_date: detail.birth_date.map(|date| date.to_string()).unwrap_or_default(),
        contacts: detail.contacts.clone(),
        address: detail.address.clone(),
        not_the_same_as: Vec::new(),
    }
}

fn set_distinct(desk: Desk, a: PatientId, b: PatientId, distinct: bool) {
    spawn_local(async move {
        match api::call::<PatientDistinct>(DistinctRequest { a, b, distinct }).await {
            Ok(_) if distinct => {
                desk.toasts.undoable(t!(duplicate.remembered), move || set_distinct(desk, a, b, false));
            }
            Ok(_) => {}
            Err(error) => desk.toasts.failed(&error),
        }
    });
}
