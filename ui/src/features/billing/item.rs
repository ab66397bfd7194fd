use contract::{
    CatalogueItem, CatalogueItemSave, CatalogueItemSaveCall, ErrorBody, Nothing, TaxRateList, TaxRates,
};
use domain::field::{FieldError, Problem};
use domain::id::{CatalogueItemId, TaxRateId};
use domain::invoice::ItemKind;
use domain::money::Currency;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::KeyboardEvent;

use super::catalogue::kind as word_of;
use crate::components::button::{Button, Weight};
use crate::components::dialog::{Dialog, DialogHead};
use crate::components::field::{Field, TextField};
use crate::components::segmented::Segmented;
use crate::features::errors::{self, sentence};
use crate::state::Remote;
use crate::view_model::invoice;
use crate::{api, browser, t};

/// An item as it is typed; cheap to copy.
#[derive(Clone, Copy)]
struct Form {
    open: RwSignal<bool>,
    id: RwSignal<Option<CatalogueItemId>>,
    name: RwSignal<String>,
    code: RwSignal<String>,
    kind: RwSignal<ItemKind>,
    price: RwSignal<String>,
    tax: RwSignal<Option<TaxRateId>>,
    archived: RwSignal<bool>,
    error: RwSignal<Option<ErrorBody>>,
}

impl Form {
    fn begin(self, item: Option<CatalogueItem>, currency: Option<Currency>) {
        self.id.set(item.as_ref().map(|item| item.id));
        self.name.set(item.as_ref().map(|item| item.name.clone()).unwrap_or_default());
        self.code.set(item.as_ref().map(|item| item.code.clone()).unwrap_or_default());
        self.kind.set(item.as_ref().map(|item| item.kind).unwrap_or_default());
        let price = item.as_ref().zip(currency).map(|(item, currency)| currency.plain(item.price));
        self.price.set(price.unwrap_or_default());
        self.tax.set(item.as_ref().and_then(|item| item.tax_rate));
        self.archived.set(item.is_some_and(|item| item.archived));
        self.error.set(None);
        browser::focus_soon("#item-name");
    }

    fn problem(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error.with(|error| {
                let found = error.as_ref()?.fields.iter().find(|wrong| wrong.field == field)?;
                Some(errors::problem(found.problem).to_owned())
            })
        })
    }

    fn wrong(self, field: &str, problem: Problem) {
        self.error.set(Some(ErrorBody::invalid(vec![FieldError::new(field, problem)])));
    }

    fn save(self, currency: Option<Currency>) {
        let Some(currency) = currency else { return };
        let price = match currency.parse(&self.price.get_untracked()) {
            Ok(price) if price >= 0 => price,
            Ok(_) => return self.wrong("price", Problem::NotAnAmount),
            Err(problem) => return self.wrong("price", problem),
        };
        let request = CatalogueItemSave {
            id: self.id.get_untracked(),
            name: self.name.get_untracked(),
            code: self.code.get_untracked(),
            kind: self.kind.get_untracked(),
            price,
            tax_rate: self.tax.get_untracked(),
            service: None,
            sessions: 0,
            archived: self.archived.get_untracked(),
        };
        spawn_local(async move {
            match api::call::<CatalogueItemSaveCall>(request).await {
                Ok(_) => drop(self.open.try_set(false)),
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }
}

/// Adds or changes what is sold.
#[component]
pub fn ItemDialog(
    edited: RwSignal<Option<CatalogueItem>>,
    open: RwSignal<bool>,
    currency: Signal<Option<Currency>>,
) -> impl IntoView {
    let form = Form {
        open,
        id: RwSignal::new(None),
        name: RwSignal::new(String::new()),
        code: RwSignal::new(String::new()),
        kind: RwSignal::new(ItemKind::Service),
        price: RwSignal::new(String::new()),
        tax: RwSignal::new(None),
        archived: RwSignal::new(false),
        error: RwSignal::new(None),
    };
    let rates = Remote::<TaxRateList>::new();
    Effect::new(move |_| {
        if open.get() {
            rates.load::<TaxRates>(Nothing {});
            untrack(|| form.begin(edited.get(), currency.get()));
        }
    });
    let title = Signal::derive(move || {
        if form.id.get().is_some() { t!(billing.item_edit) } else { t!(billing.item_new) }.to_owned()
    });
    // Packages come with what is left of them.
    let kinds = StoredValue::new(
        [ItemKind::Service, ItemKind::Product].map(|kind| (kind, word_of(kind).to_owned())).to_vec(),
    );
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.default_prevented() {
            event.prevent_default();
            form.save(currency.get_untracked());
        }
    };
    let told = move || {
        form.error.get().filter(|error| error.fields.is_empty()).map(|error| {
            view! { <p class="field-problem" role="alert">{sentence(&error)}</p> }
        })
    };
    view! {
        <Dialog open label=title class="pay-dialog">
            <DialogHead title open />
            <div class="dialog-body pay" on:keydown=keys>
                <TextField
                    id="item-name"
                    label=t!(billing.name).to_owned()
                    value=form.name
                    problem=form.problem("name")
                    on_input=move |text| form.name.set(text)
                />
                <TextField
                    id="item-code"
                    label=t!(billing.code).to_owned()
                    value=form.code
                    problem=form.problem("code")
                    hint=Signal::stored(Some(t!(billing.code_text).to_owned()))
                    on_input=move |text| form.code.set(text)
                />
                <Segmented
                    name="item-kind"
                    label=t!(billing.kind)
                    choices=kinds.get_value()
                    value=form.kind
                    on_choose=move |kind| form.kind.set(kind)
                />
                <TextField
                    id="item-price"
                    label=t!(billing.price).to_owned()
                    value=form.price
                    problem=form.problem("price")
                    on_input=move |text| form.price.set(text)
                />
                <TaxSelect form rates />
                {told}
                <div class="pay-actions">
                    <span class="grow"></span>
                    <Button
                        label=t!(action.save).to_owned()
                        weight=Weight::Primary
                        key="Enter"
                        test_id="item-save"
                        on_press=move |_| form.save(currency.get_untracked())
                    />
                </div>
            </div>
        </Dialog>
    }
}

#[component]
fn TaxSelect(form: Form, rates: Remote<TaxRateList>) -> impl IntoView {
    let options = move || {
        let present = form.tax.get();
        let rates = rates.value.get();
        let shown = rates.iter().flat_map(|rates| rates.rates.clone());
        let shown = shown.filter(move |rate| !rate.archived || Some(rate.id) == present);
        shown
            .map(|rate| {
                let word = format!("{} {}", rate.name, invoice::percent(rate.tax.rate));
                view! { <option value=rate.id.to_string() selected=Some(rate.id) == present>{word}</option> }
            })
            .collect_view()
    };
    view! {
        <Field id="item-tax" label=t!(invoice.tax).to_owned() problem=form.problem("tax_rate")>
            <select
                id="item-tax"
                class="select"
                on:change=move |event| form.tax.set(event_target_value(&event).parse().ok())
            >
                <option value="" selected=move || form.tax.get().is_none()>{t!(invoice.no_tax)}</option>
                {options}
            </select>
        </Field>
    }
}
