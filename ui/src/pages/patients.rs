use domain::id::PatientId;
use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::{use_location, use_navigate, use_params_map};

use super::not_found::NotFound;
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::features::frame::TopBar;
use crate::features::patients::detail::PatientPage;
use crate::features::patients::edit::PatientForm;
use crate::features::patients::list::PatientsList;
use crate::t;

/// The list, and beside it (or over it, where there is little room) one of them.
#[component]
pub fn Patients() -> impl IntoView {
    let navigate = use_navigate();
    let path = use_location().pathname;
    let beside = Memo::new(move |_| path.with(|path| path.trim_end_matches('/') != "/patients"));
    view! {
        <TopBar title=t!(patients.title)>
            <Button
                label=t!(patients.new).to_owned()
                glyph=Glyph::Add
                weight=Weight::Primary
                key="n"
                on_press=move |_| navigate("/patients/new", Default::default())
            />
        </TopBar>
        <div class="patients" class:has-detail=move || beside.get()>
            <PatientsList />
            <aside class="patients-detail" aria-label=t!(patients.detail)>
                <Outlet />
            </aside>
        </div>
    }
}

/// A new patient.
#[component]
pub fn New() -> impl IntoView {
    view! { <PatientForm patient=None /> }
}

/// One patient.
#[component]
pub fn Detail() -> impl IntoView {
    with_id(|id| view! { <PatientPage id /> }.into_any())
}

/// One patient's fields.
#[component]
pub fn Edit() -> impl IntoView {
    with_id(|id| view! { <PatientForm patient=Some(id) /> }.into_any())
}

/// The patient of the URL; another one gets a view of its own.
fn with_id(show: impl Fn(PatientId) -> AnyView + Send + 'static) -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id").and_then(|id| id.parse::<PatientId>().ok()))
    });
    move || match id.get() {
        Some(id) => show(id),
        None => view! { <NotFound /> }.into_any(),
    }
}
