use contract::{InvoiceDiscard, InvoiceDiscardRequest, InvoiceIssue, InvoiceIssueRequest};
use domain::id::InvoiceId;
use domain::invoice::{InvoiceKind, InvoiceStatus};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

use super::add_line::AddLine;
use super::draft_lines::DraftLines;
use super::issued::{Documents, IssuedLines, Payments};
use super::pay::PayDialog;
use super::refund::RefundDialog;
use super::store::Sheet;
use super::totals::TotalsBox;
use super::void::{VoidDialog, reinstate};
use crate::components::button::{Button, IconButton, Weight};
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::components::placeholder::{Failure, Skeleton};
use crate::features::words;
use crate::state::use_desk;
use crate::view_model::invoice;
use crate::{api, t};

/// Which of the dialogs is open.
#[derive(Clone, Copy)]
pub struct Dialogs {
    pub pay: RwSignal<bool>,
    pub refund: RwSignal<bool>,
    pub void: RwSignal<bool>,
}

/// One invoice: a draft to be filled, or what was issued.
#[component]
pub fn InvoiceSheet(id: InvoiceId) -> impl IntoView {
    let desk = use_desk();
    let sheet = Sheet::new(desk, id);
    let there = Memo::new(move |_| sheet.remote.value.with(Option::is_some));
    let dialogs =
        Dialogs { pay: RwSignal::new(false), refund: RwSignal::new(false), void: RwSignal::new(false) };
    add_keys(sheet, dialogs);
    crate::pages::announce_ready();
    view! {
        {move || match (there.get(), sheet.remote.error.get()) {
            (_, Some(error)) => view! { <Failure error retry=move || sheet.load() /> }.into_any(),
            (false, None) => view! { <Skeleton lines=8 /> }.into_any(),
            (true, None) => view! { <Content sheet dialogs /> }.into_any(),
        }}
    }
}

fn add_keys(sheet: Sheet, dialogs: Dialogs) {
    let keys = sheet.desk.shortcuts;
    let navigate = use_navigate();
    keys.add("Esc", t!(invoice.back), move || navigate("/invoices", Default::default()));
    keys.add("i", t!(invoice.issue), move || issue(sheet));
    keys.add("p", t!(invoice.take_payment), move || open_payment(sheet, dialogs));
    keys.add("l", t!(invoice.line_add), || crate::browser::focus("#line-new"));
}

/// Only where something can be due.
pub fn open_payment(sheet: Sheet, dialogs: Dialogs) {
    let due = sheet.detail().is_some_and(|detail| match detail.row.status {
        InvoiceStatus::Draft => {
            detail.line_count > 0 || sheet.lines.with_untracked(|lines| !lines.is_empty())
        }
        InvoiceStatus::Void => false,
        _ => detail.row.balance > 0,
    });
    if due {
        dialogs.pay.set(true);
    }
}

/// Issues the draft for what the screen says that it comes to.
fn issue(sheet: Sheet) {
    if !sheet.is_draft() {
        return;
    }
    let gross = untrack(|| sheet.totals().gross);
    let request =
        InvoiceIssueRequest { id: sheet.id, action: super::pay::new_action(), gross, payment: None };
    spawn_local(async move {
        match api::call::<InvoiceIssue>(request).await {
            Ok(issued) => sheet.desk.toasts.done(t!(invoice.was_issued, number = issued.number)),
            Err(error) => {
                sheet.desk.toasts.failed(&error);
                sheet.load();
            }
        }
    });
}

fn discard(sheet: Sheet, discarded: bool) {
    spawn_local(async move {
        let request = InvoiceDiscardRequest { id: sheet.id, discarded };
        match api::call::<InvoiceDiscard>(request).await {
            Ok(_) if discarded => {
                sheet.desk.toasts.undoable(t!(invoice.discarded), move || discard(sheet, false));
            }
            Ok(_) => {}
            Err(error) => sheet.desk.toasts.failed(&error),
        }
    });
}

#[component]
fn Content(sheet: Sheet, dialogs: Dialogs) -> impl IntoView {
    let draft = sheet.piece(|detail| detail.row.status == InvoiceStatus::Draft);
    let is_draft = move || draft.get() == Some(true);
    view! {
        <article class="invoice" tabindex="-1" aria-labelledby="invoice-name">
            <Head sheet dialogs />
            <Warnings sheet />
            <Show when=is_draft><AddLine sheet dialogs /></Show>
            <section class="section" aria-label=t!(invoice.lines)>
                {move || match is_draft() {
                    true => view! { <DraftLines sheet /> }.into_any(),
                    false => view! { <IssuedLines sheet /> }.into_any(),
                }}
                <Show when=move || sheet.next.with(Option::is_some)>
                    <Button
                        label=t!(invoice.load_more).to_owned()
                        weight=Weight::Quiet
                        on_press=move |_| sheet.more()
                    />
                </Show>
                <TotalsBox sheet />
            </section>
            <Show when=move || !is_draft()>
                <Payments sheet />
                <Documents sheet />
            </Show>
            <PayDialog sheet open=dialogs.pay />
            <RefundDialog sheet open=dialogs.refund />
            <VoidDialog sheet open=dialogs.void />
        </article>
    }
}

#[component]
fn Head(sheet: Sheet, dialogs: Dialogs) -> impl IntoView {
    let navigate = use_navigate();
    let row = sheet.piece(|detail| detail.row.clone());
    let who = move || {
        row.get().map(|row| {
            let (tone, word) = invoice::status(&row);
            let number =
                if row.number.is_empty() { t!(invoice.draft).to_owned() } else { row.number.clone() };
            view! {
                <h2 class="title tabular" id="invoice-name">{number}</h2>
                // A draft's title says it already.
                {(row.status != InvoiceStatus::Draft).then(|| view! { <Mark tone label=word /> })}
                <A href=format!("/patients/{}", row.patient) attr:class="link">
                    {words::or_nameless(row.patient_name)}
                </A>
                <span class="caption tabular" title=words::exact(row.at)>{words::day(row.at)}</span>
            }
        })
    };
    view! {
        <header class="invoice-head">
            <IconButton
                label=t!(invoice.back).to_owned()
                glyph=Glyph::Left
                key="Esc"
                on_press=move |_| navigate("/invoices", Default::default())
            />
            <div class="invoice-who">{who}</div>
            <div class="flex gap-2"><Actions sheet dialogs /></div>
        </header>
    }
}

#[component]
fn Actions(sheet: Sheet, dialogs: Dialogs) -> impl IntoView {
    let state = sheet.piece(|detail| {
        (detail.row.status, detail.row.kind, detail.row.balance > 0, detail.row.paid, detail.can_reinstate)
    });
    let pay = move || {
        view! {
            <Button
                label=t!(invoice.take_payment).to_owned()
                weight=Weight::Primary
                key="p"
                on_press=move |_| open_payment(sheet, dialogs)
            />
        }
    };
    move || {
        let (status, kind, is_due, paid, can_reinstate) = state.get()?;
        Some(match status {
            InvoiceStatus::Draft => view! {
                <IconButton
                    label=t!(invoice.discard).to_owned()
                    glyph=Glyph::Delete
                    on_press=move |_| discard(sheet, true)
                />
                <Button label=t!(invoice.issue).to_owned() key="i" on_press=move |_| issue(sheet) />
                {pay()}
            }
            .into_any(),
            InvoiceStatus::Void => can_reinstate
                .then(|| {
                    view! { <Button label=t!(invoice.reinstate).to_owned() glyph=Glyph::Undo on_press=move |_| reinstate(sheet) /> }
                })
                .into_any(),
            _ if kind == InvoiceKind::CreditNote => ().into_any(),
            _ => view! {
                {(paid == 0)
                    .then(|| {
                        view! {
                            <Button
                                label=t!(invoice.make_void).to_owned()
                                weight=Weight::Quiet
                                on_press=move |_| dialogs.void.set(true)
                            />
                        }
                    })}
                <Button
                    label=t!(invoice.refund).to_owned()
                    glyph=Glyph::Undo
                    on_press=move |_| dialogs.refund.set(true)
                />
                {is_due.then(pay)}
            }
            .into_any(),
        })
    }
}

/// What somebody has to know before anything else.
#[component]
fn Warnings(sheet: Sheet) -> impl IntoView {
    let left_over = sheet.piece(|detail| detail.left_over);
    let faulty = sheet.piece(|detail| detail.row.is_faulty);
    let reason = sheet.piece(|detail| detail.reason.clone());
    let unsent = sheet.piece(|detail| detail.is_unsent);
    view! {
        {move || {
            left_over.get().filter(|lines| *lines > 0).map(|lines| {
                view! { <p class="invoice-warning" role="alert">{t!(invoice.left_over, count = lines)}</p> }
            })
        }}
        {move || {
            faulty.get().filter(|faulty| *faulty).map(|_| {
                view! { <p class="invoice-warning" role="alert">{t!(invoice.faulty_text)}</p> }
            })
        }}
        {move || {
            reason.get().filter(|reason| !reason.is_empty()).map(|reason| {
                view! { <p class="invoice-note">{t!(invoice.void_because, reason = reason)}</p> }
            })
        }}
        {move || {
            unsent.get().filter(|unsent| *unsent).map(|_| {
                view! { <p class="invoice-note"><Mark tone=Tone::Waiting label=t!(invoice.unsent) /></p> }
            })
        }}
    }
}
