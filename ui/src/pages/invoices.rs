use contract::{InvoiceCreate, InvoiceCreateRequest};
use domain::id::{InvoiceId, PatientId};
use domain::invoice::Discount;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::not_found::NotFound;
use crate::browser;
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::picker::PatientPicker;
use crate::components::placeholder::Skeleton;
use crate::features::frame::TopBar;
use crate::features::invoices::{InvoiceSheet, InvoicesList};
use crate::state::use_desk;
use crate::view_model::form::Person;
use crate::{api, t};

#[component]
fn Bar() -> impl IntoView {
    let navigate = use_navigate();
    view! {
        <TopBar title=t!(invoice.title)>
            <Button
                label=t!(invoice.new).to_owned()
                glyph=Glyph::Add
                weight=Weight::Primary
                key="n"
                on_press=move |_| navigate("/invoices/new", Default::default())
            />
        </TopBar>
    }
}

/// On these pages `n` makes an invoice, and not a patient.
fn add_keys() {
    let navigate = use_navigate();
    use_desk().shortcuts.add("n", t!(invoice.new), move || navigate("/invoices/new", Default::default()));
}

/// All of them.
#[component]
pub fn Invoices() -> impl IntoView {
    add_keys();
    view! {
        <Bar />
        <InvoicesList />
    }
}

/// One of them; another one gets a view of its own.
#[component]
pub fn Invoice() -> impl IntoView {
    add_keys();
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id").and_then(|id| id.parse::<InvoiceId>().ok()))
    });
    view! {
        <Bar />
        <div class="page-body">
            <div class="page-column is-wide">
                {move || match id.get() {
                    Some(id) => view! { <InvoiceSheet id /> }.into_any(),
                    None => view! { <NotFound /> }.into_any(),
                }}
            </div>
        </div>
    }
}

/// A new one: for the patient of the URL, or for whom one chooses.
#[component]
pub fn New() -> impl IntoView {
    super::announce_ready();
    let desk = use_desk();
    let query = use_query_map();
    let navigate = use_navigate();
    let make = move |patient: PatientId| {
        let navigate = navigate.clone();
        let request = InvoiceCreateRequest { patient, lines: Vec::new(), discount: Discount::None };
        spawn_local(async move {
            match api::call::<InvoiceCreate>(request).await {
                // Going back leads to where one was, not to another new invoice.
                Ok(made) => {
                    let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
                    navigate(&format!("/invoices/{}", made.id), options);
                }
                Err(error) => desk.toasts.failed(&error),
            }
        });
    };
    let make = StoredValue::new_local(make);
    let asked =
        query.with_untracked(|query| query.get("patient").and_then(|id| id.parse::<PatientId>().ok()));
    if let Some(patient) = asked {
        make.with_value(|make| make(patient));
    }
    view! {
        <Bar />
        <div class="page-body">
            <div class="page-column">
                {match asked {
                    Some(_) => view! { <Skeleton lines=4 /> }.into_any(),
                    None => view! { <Whom on_choose=move |patient| make.with_value(|make| make(patient)) /> }.into_any(),
                }}
            </div>
        </div>
    }
}

#[component]
fn Whom(on_choose: impl Fn(PatientId) + Copy + Send + Sync + 'static) -> impl IntoView {
    let navigate = use_navigate();
    use_desk().shortcuts.add("Esc", t!(invoice.back), move || navigate("/invoices", Default::default()));
    let chosen = RwSignal::new(None::<Person>);
    let choose = move |person: Option<Person>| {
        if let Some(person) = &person {
            on_choose(person.id);
        }
        chosen.set(person);
    };
    browser::focus_soon("#invoice-patient");
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(invoice.new)}</h2></div>
            <div class="max-w-md">
                <PatientPicker id="invoice-patient" label=t!(invoice.whom) value=chosen on_choose=choose />
                <p class="field-hint mt-1">{t!(invoice.whom_text)}</p>
            </div>
        </section>
    }
}
