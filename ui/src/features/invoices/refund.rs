use contract::{ErrorBody, InvoiceLine, InvoiceRefund, InvoiceRefundRequest, RefundLine};
use domain::id::{ActionId, LineId};
use domain::invoice::payment::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::BTreeMap;

use super::pay::new_action;
use super::store::Sheet;
use crate::components::button::{Button, Weight};
use crate::components::dialog::{Dialog, DialogHead};
use crate::components::field::TextField;
use crate::components::segmented::Segmented;
use crate::features::errors::{self, sentence};
use crate::view_model::invoice;
use crate::{api, browser, t};

/// A refund as it is filled in; cheap to copy.
#[derive(Clone, Copy)]
struct Refund {
    sheet: Sheet,
    open: RwSignal<bool>,
    action: StoredValue<ActionId>,
    reason: RwSignal<String>,
    method: RwSignal<Method>,
    /// Everything that is left, or these quantities as they are typed.
    all: RwSignal<bool>,
    quantities: RwSignal<BTreeMap<LineId, String>>,
    running: RwSignal<bool>,
    error: RwSignal<Option<ErrorBody>>,
}

impl Refund {
    fn new(sheet: Sheet, open: RwSignal<bool>) -> Self {
        let refund = Self {
            sheet,
            open,
            action: StoredValue::new(new_action()),
            reason: RwSignal::new(String::new()),
            method: RwSignal::new(Method::Card),
            all: RwSignal::new(true),
            quantities: RwSignal::new(BTreeMap::new()),
            running: RwSignal::new(false),
            error: RwSignal::new(None),
        };
        Effect::new(move |_| {
            if open.get() {
                untrack(|| refund.begin());
            }
        });
        refund
    }

    fn begin(self) {
        self.action.set_value(new_action());
        let paid_by =
            self.sheet.detail().and_then(|detail| detail.payments.last().map(|payment| payment.method));
        self.method.set(paid_by.filter(|method| *method != Method::GiftCard).unwrap_or(Method::Card));
        self.reason.set(String::new());
        self.all.set(true);
        self.quantities.set(BTreeMap::new());
        self.error.set(None);
        browser::focus_soon("#refund-reason");
    }

    /// The lines that were chosen; none if one of them cannot be read.
    fn lines(self) -> Option<Vec<RefundLine>> {
        if self.all.get() {
            return Some(Vec::new());
        }
        let chosen = self.quantities.get();
        let chosen = chosen.iter().filter(|(_, text)| !text.trim().is_empty());
        let lines: Option<Vec<_>> = chosen
            .map(|(line, text)| {
                Some(RefundLine { line: *line, quantity: invoice::parse_quantity(text).ok()? })
            })
            .collect();
        lines.filter(|lines| !lines.is_empty())
    }

    fn is_ready(self) -> bool {
        !self.running.get() && self.reason.with(|reason| !reason.trim().is_empty()) && self.lines().is_some()
    }

    fn run(self) {
        if !untrack(|| self.is_ready()) {
            return;
        }
        let Some(lines) = untrack(|| self.lines()) else { return };
        self.running.set(true);
        let request = InvoiceRefundRequest {
            action: self.action.get_value(),
            invoice: self.sheet.id,
            lines,
            reason: self.reason.get_untracked(),
            method: self.method.get_untracked(),
        };
        spawn_local(async move {
            let answer = api::call::<InvoiceRefund>(request).await;
            self.running.try_set(false);
            match answer {
                Ok(done) => {
                    self.open.try_set(false);
                    let money = |amount| invoice::money(self.sheet.currency(), amount);
                    let (amount, back) = (money(done.credited), money(done.refunded));
                    self.sheet.desk.toasts.done(t!(
                        invoice.was_refunded,
                        number = done.number,
                        amount = amount,
                        back = back
                    ));
                }
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }
}

/// Credits lines or all that is left, and gives the money back.
#[component]
pub fn RefundDialog(sheet: Sheet, open: RwSignal<bool>) -> impl IntoView {
    let refund = Refund::new(sheet, open);
    let methods = [Method::Card, Method::Cash, Method::Transfer, Method::Credit];
    let methods =
        StoredValue::new(methods.map(|method| (method, invoice::method(method).to_owned())).to_vec());
    let scopes = StoredValue::new(vec![
        (true, t!(invoice.refund_all).to_owned()),
        (false, t!(invoice.refund_lines).to_owned()),
    ]);
    let told = move || {
        refund.error.get().map(|error| {
            let text = match error.fields.first() {
                Some(field) => errors::problem(field.problem).to_owned(),
                None => sentence(&error),
            };
            view! { <p class="field-problem" role="alert">{text}</p> }
        })
    };
    view! {
        <Dialog open label=t!(invoice.refund).to_owned() class="pay-dialog">
            <DialogHead title=t!(invoice.refund).to_owned() open />
            <div class="dialog-body pay">
                <TextField
                    id="refund-reason"
                    label=t!(invoice.refund_why).to_owned()
                    value=refund.reason
                    on_input=move |text| refund.reason.set(text)
                />
                <Segmented
                    name="refund-scope"
                    label=t!(invoice.refund_lines)
                    choices=scopes.get_value()
                    value=refund.all
                    on_choose=move |all| refund.all.set(all)
                />
                <Show when=move || !refund.all.get()><Lines refund /></Show>
                <div class="field">
                    <span class="field-label">{t!(invoice.refund_how)}</span>
                    <Segmented
                        name="refund-method"
                        label=t!(invoice.refund_how)
                        choices=methods.get_value()
                        value=refund.method
                        on_choose=move |method| refund.method.set(method)
                    />
                </div>
                {told}
                <div class="pay-actions">
                    <span class="grow"></span>
                    <Button
                        label=t!(invoice.refund).to_owned()
                        weight=Weight::Danger
                        test_id="refund-run"
                        disabled=Signal::derive(move || !refund.is_ready())
                        on_press=move |_| refund.run()
                    />
                </div>
            </div>
        </Dialog>
    }
}

#[component]
fn Lines(refund: Refund) -> impl IntoView {
    let line = move |line: InvoiceLine| {
        let id = line.id;
        let (description, whole) = (line.content.description.clone(), line.content.quantity);
        let label = description.clone();
        view! {
            <li class="refund-line">
                <span class="clip">{description}</span>
                <input
                    class="input invoice-cell is-number is-short"
                    aria-label=label
                    inputmode="decimal"
                    autocomplete="off"
                    prop:value=move || refund.quantities.with(|typed| typed.get(&id).cloned().unwrap_or_default())
                    on:input=move |event| {
                        refund.quantities.update(|typed| drop(typed.insert(id, event_target_value(&event))));
                    }
                />
                <span class="caption tabular">{t!(invoice.refund_of, quantity = invoice::quantity(whole))}</span>
            </li>
        }
    };
    view! {
        <ul class="refund-lines">
            {move || refund.sheet.lines.get().into_iter().map(line).collect_view()}
        </ul>
    }
}
