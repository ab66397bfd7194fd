use contract::{
    ErrorBody, InvoiceIssue, InvoiceIssueRequest, PaymentPart, PaymentTake, PaymentTakeRequest, PaymentTaken,
};
use domain::id::ActionId;
use domain::invoice::InvoiceStatus;
use domain::invoice::payment::{Excess, Method};
use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;
use web_sys::KeyboardEvent;

use super::store::Sheet;
use crate::components::button::{Button, IconButton, Weight};
use crate::components::dialog::{Dialog, DialogHead};
use crate::components::icon::Glyph;
use crate::components::segmented::Segmented;
use crate::features::errors::{self, sentence};
use crate::view_model::invoice::{self, Judged, TenderText};
use crate::{api, browser, t};

/// Another one each time that a dialog opens: whatever is sent twice with it is done once.
#[expect(clippy::disallowed_methods, reason = "an action begins where its key is pressed")]
pub fn new_action() -> ActionId {
    ActionId(Uuid::new_v4())
}

/// A payment as it is typed; cheap to copy.
#[derive(Clone, Copy)]
struct Payment {
    sheet: Sheet,
    open: RwSignal<bool>,
    action: StoredValue<ActionId>,
    due: RwSignal<i64>,
    tenders: RwSignal<Vec<TenderText>>,
    excess: RwSignal<Excess>,
    running: RwSignal<bool>,
    error: RwSignal<Option<ErrorBody>>,
}

impl Payment {
    fn new(sheet: Sheet, open: RwSignal<bool>) -> Self {
        let payment = Self {
            sheet,
            open,
            action: StoredValue::new(new_action()),
            due: RwSignal::new(0),
            tenders: RwSignal::new(Vec::new()),
            excess: RwSignal::new(Excess::Refuse),
            running: RwSignal::new(false),
            error: RwSignal::new(None),
        };
        Effect::new(move |_| {
            if open.get() {
                untrack(|| payment.begin());
            }
        });
        payment
    }

    fn begin(self) {
        let due = match self.sheet.is_draft() {
            true => self.sheet.totals().gross,
            false => self.sheet.detail().map_or(0, |detail| detail.row.balance),
        };
        self.action.set_value(new_action());
        self.due.set(due);
        self.tenders.set(vec![tender(Method::Card, self.sheet.currency().plain(due))]);
        self.excess.set(Excess::Refuse);
        self.error.set(None);
        browser::focus_soon("#pay-amount-0");
    }

    fn judged(self) -> Judged {
        let tenders = self.tenders.get();
        invoice::judge(self.sheet.currency(), self.due.get(), &tenders, self.excess.get())
    }

    /// One more method, for what is left.
    fn another(self) {
        let left = match untrack(|| self.judged()) {
            Judged::Ready { left, .. } => left,
            _ => 0,
        };
        let amount = if left > 0 { self.sheet.currency().plain(left) } else { String::new() };
        let at = self.tenders.with_untracked(Vec::len);
        self.tenders.update(|tenders| tenders.push(tender(Method::Cash, amount)));
        browser::focus_soon(format!("#pay-amount-{at}"));
    }

    fn edit(self, at: usize, edit: impl FnOnce(&mut TenderText)) {
        self.tenders.update(|tenders| {
            if let Some(tender) = tenders.get_mut(at) {
                edit(tender);
            }
        });
        // What was to be done with too much was said of another amount.
        self.excess.set(Excess::Refuse);
    }

    fn take(self) {
        let Judged::Ready { tenders, .. } = untrack(|| self.judged()) else { return };
        if self.running.get_untracked() {
            return;
        }
        self.running.set(true);
        let part = PaymentPart { tenders, excess: self.excess.get_untracked() };
        let (sheet, action) = (self.sheet, self.action.get_value());
        spawn_local(async move {
            let answer = match sheet.is_draft() {
                true => issue(sheet, action, self.due.get_untracked(), part).await,
                false => pay(sheet, action, part).await,
            };
            self.running.try_set(false);
            match answer {
                Ok(taken) => self.done(taken),
                Err(error) => {
                    self.error.try_set(Some(error));
                    sheet.load();
                }
            }
        });
    }

    fn done(self, taken: PaymentTaken) {
        self.open.try_set(false);
        let money = |amount| invoice::money(self.sheet.currency(), amount);
        let text = match taken.change {
            0 => t!(invoice.saved_taken, amount = money(taken.paid + taken.credit)),
            change => t!(invoice.given_back, amount = money(change)),
        };
        self.sheet.desk.toasts.done(text);
    }
}

fn tender(method: Method, amount: String) -> TenderText {
    TenderText { method, amount, reference: String::new() }
}

async fn issue(
    sheet: Sheet,
    action: ActionId,
    gross: i64,
    part: PaymentPart,
) -> Result<PaymentTaken, ErrorBody> {
    let request = InvoiceIssueRequest { id: sheet.id, action, gross, payment: Some(part) };
    let issued = api::call::<InvoiceIssue>(request).await?;
    Ok(issued.taken.unwrap_or(PaymentTaken { paid: 0, credit: 0, change: 0 }))
}

async fn pay(sheet: Sheet, action: ActionId, payment: PaymentPart) -> Result<PaymentTaken, ErrorBody> {
    let patient = sheet.detail().map(|detail| detail.row.patient).unwrap_or_else(|| Uuid::nil().into());
    let request = PaymentTakeRequest { action, patient, invoice: Some(sheet.id), payment };
    api::call::<PaymentTake>(request).await
}

/// Takes a payment, and issues a draft with it.
#[component]
pub fn PayDialog(sheet: Sheet, open: RwSignal<bool>) -> impl IntoView {
    let payment = Payment::new(sheet, open);
    let draft = sheet.piece(|detail| detail.row.status == InvoiceStatus::Draft);
    let title = Signal::derive(move || {
        if draft.get() == Some(true) { t!(pay.title_issue) } else { t!(pay.title) }.to_owned()
    });
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.default_prevented() {
            event.prevent_default();
            payment.take();
        }
    };
    view! {
        <Dialog open label=title class="pay-dialog">
            <DialogHead title open />
            <div class="dialog-body pay" on:keydown=keys>
                <dl class="pay-due tabular">
                    <dt>{t!(pay.due)}</dt>
                    <dd>{move || invoice::money(sheet.currency(), payment.due.get())}</dd>
                </dl>
                <Tenders payment />
                <Outcome payment />
                {move || payment.error.get().map(|error| view! { <p class="field-problem" role="alert">{told(&error)}</p> })}
                <div class="pay-actions">
                    <Button
                        label=t!(pay.another).to_owned()
                        glyph=Glyph::Add
                        weight=Weight::Quiet
                        on_press=move |_| payment.another()
                    />
                    <span class="grow"></span>
                    <TakeButton payment />
                </div>
            </div>
        </Dialog>
    }
}

/// What went wrong, by its field where it has one.
fn told(error: &ErrorBody) -> String {
    error.fields.first().map_or_else(|| sentence(error), |field| errors::problem(field.problem).to_owned())
}

#[component]
fn TakeButton(payment: Payment) -> impl IntoView {
    let label = move || {
        let amount = match payment.judged() {
            Judged::Ready { tenders, .. } => tenders.iter().map(|tender| tender.amount).sum(),
            _ => payment.due.get(),
        };
        t!(pay.take, amount = invoice::money(payment.sheet.currency(), amount))
    };
    let disabled = move || payment.running.get() || !matches!(payment.judged(), Judged::Ready { .. });
    view! {
        <Button
            label=Signal::derive(label)
            weight=Weight::Primary
            key="Enter"
            test_id="pay-take"
            disabled=Signal::derive(disabled)
            on_press=move |_| payment.take()
        />
    }
}

#[component]
fn Tenders(payment: Payment) -> impl IntoView {
    let count = Memo::new(move |_| payment.tenders.with(Vec::len));
    view! {
        {move || (0..count.get()).map(|at| view! { <TenderLine payment at only=count.get() == 1 /> }).collect_view()}
    }
}

#[component]
fn TenderLine(payment: Payment, at: usize, only: bool) -> impl IntoView {
    const NAMES: [&str; 10] = [
        "pay-method-0",
        "pay-method-1",
        "pay-method-2",
        "pay-method-3",
        "pay-method-4",
        "pay-method-5",
        "pay-method-6",
        "pay-method-7",
        "pay-method-8",
        "pay-method-9",
    ];
    let of = move |read: fn(&TenderText) -> String| {
        payment.tenders.with(|tenders| tenders.get(at).map(read).unwrap_or_default())
    };
    let method = Signal::derive(move || {
        payment.tenders.with(|tenders| tenders.get(at).map_or(Method::Cash, |tender| tender.method))
    });
    let credit = payment.sheet.detail().map_or(0, |detail| detail.credit);
    let methods = [Method::Card, Method::Cash, Method::Transfer, Method::Credit].into_iter();
    let methods = methods.filter(|method| *method != Method::Credit || credit > 0);
    let methods: Vec<_> = methods.map(|method| (method, invoice::method(method).to_owned())).collect();
    let problem = move || match payment.judged() {
        Judged::Wrong(place, problem) if place == at => Some(errors::problem(problem)),
        _ => None,
    };
    view! {
        <div class="pay-tender">
            <Segmented
                name=NAMES[at.min(NAMES.len() - 1)]
                label=t!(pay.method)
                choices=methods
                value=method
                on_choose=move |method| payment.edit(at, |tender| tender.method = method)
            />
            <input
                id=format!("pay-amount-{at}")
                class="input is-number tabular"
                aria-label=t!(pay.amount)
                inputmode="decimal"
                autocomplete="off"
                prop:value=move || of(|tender| tender.amount.clone())
                aria-invalid=move || problem().map(|_| "true")
                on:input=move |event| payment.edit(at, |tender| tender.amount = event_target_value(&event))
                on:focus=browser::select_all
            />
            <input
                class="input"
                aria-label=t!(pay.reference)
                placeholder=t!(pay.reference)
                autocomplete="off"
                prop:value=move || of(|tender| tender.reference.clone())
                on:input=move |event| payment.edit(at, |tender| tender.reference = event_target_value(&event))
            />
            {(!only)
                .then(|| {
                    view! {
                        <IconButton
                            label=t!(pay.remove).to_owned()
                            glyph=Glyph::Close
                            on_press=move |_| payment.tenders.update(|tenders| drop(tenders.remove(at)))
                        />
                    }
                })}
            {move || problem().map(|text| view! { <span class="field-problem">{text}</span> })}
        </div>
    }
}

/// What would come of it: what is left, what is given back, or the question what to do with too much.
#[component]
fn Outcome(payment: Payment) -> impl IntoView {
    let money = move |amount: i64| invoice::money(payment.sheet.currency(), amount);
    let choose = move |excess: Excess| {
        payment.excess.set(excess);
        browser::focus_soon("[data-testid='pay-take']");
    };
    let line = move |word: &'static str, amount: i64| {
        view! { <p class="pay-outcome tabular"><span>{word}</span> <strong>{money(amount)}</strong></p> }
    };
    move || {
        match payment.judged() {
        Judged::Wrong(..) => ().into_any(),
        Judged::Excess { over, may_change } => view! {
            <div class="pay-excess" role="alert">
                <p>{t!(pay.over, amount = money(over))}</p>
                {may_change
                    .then(|| view! { <Button label=t!(pay.give_change).to_owned() on_press=move |_| choose(Excess::Change) /> })}
                <Button label=t!(pay.keep_credit).to_owned() on_press=move |_| choose(Excess::Credit) />
            </div>
        }
        .into_any(),
        Judged::Ready { shares, left, .. } => {
            let change: i64 = shares.iter().map(|share| share.change).sum();
            let credit: i64 = shares.iter().map(|share| share.credit).sum();
            view! {
                {(left > 0).then(|| line(t!(pay.left), left))}
                {(change > 0).then(|| line(t!(pay.change), change))}
                {(credit > 0).then(|| line(t!(pay.kept), credit))}
            }
            .into_any()
        }
    }
    }
}
