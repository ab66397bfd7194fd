use contract::{DocumentRef, InvoiceLine, Payment};
use domain::invoice::InvoiceKind;
use domain::money::Currency;
use leptos::prelude::*;
use leptos_router::components::A;

use super::store::Sheet;
use crate::components::mark::{Mark, Tone};
use crate::features::words;
use crate::t;
use crate::view_model::invoice;

/// The lines as they were issued.
#[component]
pub fn IssuedLines(sheet: Sheet) -> impl IntoView {
    let rows = move || {
        let currency = sheet.currency();
        sheet.lines.get().into_iter().map(|line| issued_line(currency, line)).collect_view()
    };
    view! {
        <table class="data-table invoice-lines">
            <thead>
                <tr>
                    <th scope="col">{t!(invoice.description)}</th>
                    <th scope="col" class="is-number">{t!(invoice.quantity)}</th>
                    <th scope="col" class="is-number">{t!(invoice.price)}</th>
                    <th scope="col" class="is-number">{t!(invoice.discount)}</th>
                    <th scope="col" class="is-number">{t!(invoice.tax)}</th>
                    <th scope="col" class="is-number">{t!(invoice.net)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn issued_line(currency: Currency, line: InvoiceLine) -> impl IntoView {
    let InvoiceLine { content, net, .. } = line;
    let tax = match content.tax.rate {
        0 => t!(invoice.no_tax).to_owned(),
        rate => invoice::percent(rate),
    };
    view! {
        <tr>
            <td>{content.description}</td>
            <td class="is-number">{invoice::quantity(content.quantity)}</td>
            <td class="is-number">{invoice::money(currency, content.price)}</td>
            <td class="is-number">{invoice::discount(currency, content.discount)}</td>
            <td class="is-number">{tax}</td>
            <td class="is-number">{net.map(|net| invoice::money(currency, net))}</td>
        </tr>
    }
}

/// What was taken, and given back.
#[component]
pub fn Payments(sheet: Sheet) -> impl IntoView {
    let payments = sheet.piece(|detail| detail.payments.clone());
    let content = move || {
        let payments = payments.get().unwrap_or_default();
        if payments.is_empty() {
            return view! { <p class="text-muted">{t!(invoice.no_payments)}</p> }.into_any();
        }
        let currency = sheet.currency();
        let rows = payments.into_iter().map(|payment| payment_line(currency, payment)).collect_view();
        view! { <table class="data-table"><tbody>{rows}</tbody></table> }.into_any()
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(invoice.payments)}</h2></div>
            {content}
        </section>
    }
}

fn payment_line(currency: Currency, payment: Payment) -> impl IntoView {
    view! {
        <tr>
            <td class="tabular" title=words::exact(payment.taken_at)>{words::moment(payment.taken_at)}</td>
            <td>{invoice::method(payment.method)}</td>
            <td class="text-muted">{payment.reference}</td>
            <td class="is-number">{invoice::money(currency, payment.amount)}</td>
        </tr>
    }
}

/// Credit notes, and what another desk issued of the same draft.
#[component]
pub fn Documents(sheet: Sheet) -> impl IntoView {
    let documents = sheet.piece(|detail| (detail.row.number.clone(), detail.documents.clone()));
    move || {
        let (number, documents) = documents.get().filter(|(_, documents)| !documents.is_empty())?;
        let currency = sheet.currency();
        let rows =
            documents.into_iter().map(|document| document_line(currency, &number, document)).collect_view();
        Some(view! {
            <section class="section">
                <div class="section-head"><h2>{t!(invoice.documents)}</h2></div>
                <table class="data-table"><tbody>{rows}</tbody></table>
            </section>
        })
    }
}

fn document_line(currency: Currency, stands: &str, document: DocumentRef) -> impl IntoView + use<> {
    let DocumentRef { invoice: of, number, kind, issued_at, gross, is_duplicate, .. } = document;
    let (what, amount) = match (is_duplicate, kind) {
        (true, _) => {
            let word = t!(invoice.duplicate, number = stands);
            (view! { <Mark tone=Tone::Danger label=word /> }.into_any(), gross)
        }
        (false, InvoiceKind::CreditNote) => (
            view! { <A href=format!("/invoices/{of}") attr:class="link">{t!(invoice.credit_note)}</A> }
                .into_any(),
            gross.saturating_neg(),
        ),
        (false, InvoiceKind::Invoice) => (().into_any(), gross),
    };
    view! {
        <tr>
            <td class="tabular">{number}</td>
            <td>{what}</td>
            <td class="tabular" title=words::exact(issued_at)>{words::day(issued_at)}</td>
            <td class="is-number">{invoice::money(currency, amount)}</td>
        </tr>
    }
}
