use contract::{Nothing, TaxRate, TaxRateList, TaxRateSave, TaxRateSaveCall, TaxRates};
use domain::field::Problem;
use domain::invoice::{Tax, TaxCategory};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::KeyboardEvent;

use crate::components::button::{Button, IconButton, Weight};
use crate::components::icon::Glyph;
use crate::components::placeholder::{Failure, Skeleton};
use crate::features::errors;
use crate::state::{Desk, Remote, use_desk};
use crate::view_model::invoice;
use crate::{api, t};

fn save(desk: Desk, request: TaxRateSave) {
    spawn_local(async move {
        if let Err(error) = api::call::<TaxRateSaveCall>(request).await {
            desk.toasts.failed(&error);
        }
    });
}

fn set_archived(desk: Desk, rate: TaxRate, archived: bool) {
    let request = TaxRateSave { id: Some(rate.id), name: rate.name.clone(), tax: rate.tax, archived };
    save(desk, request);
    if archived {
        let name = rate.name.clone();
        desk.toasts
            .undoable(t!(billing.archived, name = name), move || set_archived(desk, rate.clone(), false));
    }
}

/// The clinic's taxes, and a line for another one.
#[component]
pub fn Taxes() -> impl IntoView {
    let desk = use_desk();
    let remote = Remote::<TaxRateList>::new();
    let load = move || remote.load::<TaxRates>(Nothing {});
    Effect::new(move |_| {
        desk.changes.follow(&["tax_rate"]);
        load();
    });
    let rows = move || {
        remote
            .value
            .get()
            .map(|list| list.rates.iter().cloned().map(|rate| view! { <Line rate /> }).collect_view())
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(billing.taxes)}</h2></div>
            <p class="text-muted max-w-2xl mb-3">{t!(billing.taxes_text)}</p>
            {move || match (remote.value.with(Option::is_some), remote.error.get()) {
                (false, Some(error)) => view! { <Failure error retry=load /> }.into_any(),
                (false, None) => view! { <Skeleton lines=2 /> }.into_any(),
                (true, _) => ().into_any(),
            }}
            <table class="data-table billing-taxes"><tbody>{rows}</tbody></table>
            <NewTax />
        </section>
    }
}

#[component]
fn Line(rate: TaxRate) -> impl IntoView {
    let desk = use_desk();
    let archived = rate.archived;
    let (label, glyph) = match archived {
        true => (t!(action.restore), Glyph::Restore),
        false => (t!(action.archive), Glyph::Archive),
    };
    let (name, percent) = (rate.name.clone(), invoice::percent(rate.tax.rate));
    view! {
        <tr class:text-muted=archived>
            <td class="font-medium">{name}</td>
            <td class="is-number">{percent}</td>
            <td class="billing-line-actions">
                <IconButton
                    label=label.to_owned()
                    glyph
                    on_press=move |_| set_archived(desk, rate.clone(), !archived)
                />
            </td>
        </tr>
    }
}

/// A name and a rate in per cent; Enter adds it.
#[component]
fn NewTax() -> impl IntoView {
    let desk = use_desk();
    let name = RwSignal::new(String::new());
    let rate = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<Problem>);
    let add = move || {
        let parsed = invoice::parse_percent(&rate.get_untracked());
        let named = name.get_untracked().trim().to_owned();
        match parsed {
            _ if named.is_empty() => problem.set(Some(Problem::Required)),
            Err(wrong) => problem.set(Some(wrong)),
            Ok(basis_points) => {
                problem.set(None);
                let category = if basis_points == 0 { TaxCategory::Exempt } else { TaxCategory::Standard };
                let tax = Tax { category, rate: basis_points };
                save(desk, TaxRateSave { id: None, name: named, tax, archived: false });
                name.set(String::new());
                rate.set(String::new());
            }
        }
    };
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            add();
        }
    };
    view! {
        <div class="billing-new" on:keydown=keys>
            <input
                class="input"
                aria-label=t!(billing.tax_name)
                placeholder=t!(billing.tax_name)
                autocomplete="off"
                prop:value=move || name.get()
                on:input=move |event| name.set(event_target_value(&event))
            />
            <input
                class="input is-number"
                aria-label=t!(billing.tax_rate)
                placeholder="8.25 %"
                autocomplete="off"
                prop:value=move || rate.get()
                on:input=move |event| rate.set(event_target_value(&event))
            />
            <Button label=t!(billing.tax_add).to_owned() glyph=Glyph::Add weight=Weight::Plain on_press=move |_| add() />
            {move || problem.get().map(|wrong| view! { <span class="field-problem" role="alert">{errors::problem(wrong)}</span> })}
        </div>
    }
}
