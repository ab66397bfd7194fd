use domain::invoice::{InvoiceKind, InvoiceStatus, TaxTotal};
use domain::money::Currency;
use leptos::prelude::*;

use super::store::Sheet;
use crate::features::errors;
use crate::t;
use crate::view_model::invoice;

/// What it adds up to.
#[component]
pub fn TotalsBox(sheet: Sheet) -> impl IntoView {
    let totals = Memo::new(move |_| sheet.totals());
    let row = sheet.piece(|detail| {
        (detail.row.status, detail.row.kind, detail.row.paid, detail.row.credited, detail.row.balance)
    });
    let content = move || {
        let (status, kind, paid, credited, balance) = row.get()?;
        let (totals, currency) = (totals.get(), sheet.currency());
        let is_draft = status == InvoiceStatus::Draft;
        let discount = (is_draft || totals.discount != 0).then(|| {
            let amount = invoice::money(currency, totals.discount.saturating_neg());
            view! { <dt>{t!(invoice.sum_discount)} <DiscountField sheet is_draft /></dt> <dd>{amount}</dd> }
        });
        let taxes = totals.taxes.iter().map(|row| tax_line(currency, *row)).collect_view();
        let settled =
            (!is_draft && kind == InvoiceKind::Invoice).then(|| settled(currency, paid, credited, balance));
        Some(view! {
            <dt>{t!(invoice.sum_lines)}</dt>
            <dd>{invoice::money(currency, totals.lines)}</dd>
            {discount}
            <dt>{t!(invoice.sum_net)}</dt>
            <dd>{invoice::money(currency, totals.net)}</dd>
            {taxes}
            <dt class="is-total">{t!(invoice.sum_total)} <span class="caption">{currency.code()}</span></dt>
            <dd class="is-total" data-testid="invoice-total">{invoice::money(currency, totals.gross)}</dd>
            {settled}
        })
    };
    view! { <dl class="invoice-totals tabular" aria-live="polite">{content}</dl> }
}

fn tax_line(currency: Currency, row: TaxTotal) -> impl IntoView {
    let word = match row.tax.rate {
        0 => t!(invoice.sum_exempt).to_owned(),
        rate => t!(invoice.sum_tax, rate = invoice::percent(rate)),
    };
    view! {
        <dt>{word} <span class="caption">{invoice::money(currency, row.taxable)}</span></dt>
        <dd>{invoice::money(currency, row.amount)}</dd>
    }
}

fn settled(currency: Currency, paid: i64, credited: i64, balance: i64) -> impl IntoView {
    let line = move |word: &'static str, amount: i64| {
        view! { <dt>{word}</dt> <dd>{invoice::money(currency, amount)}</dd> }
    };
    let (word, amount) = match balance {
        balance if balance < 0 => (t!(invoice.sum_over), balance.saturating_neg()),
        balance => (t!(invoice.sum_due), balance),
    };
    view! {
        {(credited != 0).then(|| line(t!(invoice.sum_credited), credited.saturating_neg()))}
        {line(t!(invoice.sum_paid), paid.saturating_neg())}
        <dt class="is-total">{word}</dt>
        <dd class="is-total" class:invoices-due=balance.is_positive() data-testid="invoice-due">{invoice::money(currency, amount)}</dd>
    }
}

/// `10%` or an amount, kept when the field is left.
#[component]
fn DiscountField(sheet: Sheet, is_draft: bool) -> impl IntoView {
    let typed = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<&'static str>);
    let shown =
        move || typed.get().unwrap_or_else(|| invoice::discount(sheet.currency(), sheet.discount.get()));
    let keep = move || {
        let Some(text) = typed.get_untracked() else { return };
        match invoice::parse_discount(sheet.currency(), &text) {
            Ok(discount) => {
                problem.set(None);
                typed.set(None);
                if discount != sheet.discount.get_untracked() {
                    sheet.set_discount(discount);
                }
            }
            Err(wrong) => problem.set(Some(errors::problem(wrong))),
        }
    };
    is_draft.then(|| {
        view! {
            <input
                class="input invoice-cell is-number invoice-discount"
                aria-label=t!(invoice.sum_discount)
                placeholder="10%"
                autocomplete="off"
                prop:value=shown
                aria-invalid=move || problem.get().map(|_| "true")
                on:input=move |event| typed.set(Some(event_target_value(&event)))
                on:blur=move |_| keep()
                on:keydown=move |event| if event.key() == "Enter" { keep() }
            />
            {move || problem.get().map(|text| view! { <span class="field-problem" role="alert">{text}</span> })}
        }
    })
}
