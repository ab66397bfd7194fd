use contract::{
    InvoiceList, InvoiceListRequest, InvoiceListResponse, InvoiceRow, PatientAccount, PatientAccountLoad,
    PatientRef,
};
use domain::id::PatientId;
use domain::money::Currency;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::mark::Mark;
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::t;
use crate::view_model::invoice;

/// Invoices on a patient's page.
const SHOWN: u32 = 10;

/// What a patient was billed, the newest first, and how the patient stands.
#[component]
pub fn OfPatient(id: PatientId) -> impl IntoView {
    let desk = use_desk();
    let navigate = use_navigate();
    let list = Remote::<InvoiceListResponse>::new();
    let account = Remote::<PatientAccount>::new();
    Effect::new(move |_| {
        desk.changes.follow(&["invoice", "invoice_line", "invoice_document", "payment"]);
        let request = InvoiceListRequest { patient: Some(id), limit: SHOWN, ..InvoiceListRequest::default() };
        list.load::<InvoiceList>(request);
        account.load::<PatientAccountLoad>(PatientRef { id });
    });
    let rows = move || {
        list.value.get().map(|list| {
            let currency = list.currency;
            list.page.rows.iter().map(|row| line(currency, row)).collect_view()
        })
    };
    let any = Memo::new(move |_| {
        list.value.with(|list| list.as_ref().is_some_and(|list| !list.page.rows.is_empty()))
    });
    view! {
        <section class="section" data-testid="patient-invoices">
            <div class="section-head">
                <h2>{t!(invoice.title)}</h2>
                <Standing account />
                <Button
                    label=t!(invoice.new).to_owned()
                    glyph=Glyph::Add
                    weight=Weight::Quiet
                    on_press=move |_| navigate(&format!("/invoices/new?patient={id}"), Default::default())
                />
            </div>
            <Show when=move || any.get()>
                <table class="data-table"><tbody>{rows}</tbody></table>
            </Show>
        </section>
    }
}

/// What is owed, or in credit; nothing where it is even.
#[component]
fn Standing(account: Remote<PatientAccount>) -> impl IntoView {
    move || {
        let account = account.value.get()?;
        let money = |amount| invoice::money(account.currency, amount);
        let owed = (account.owed != 0).then(|| {
            view! { <span class="invoices-due tabular">{t!(invoice.account_owed, amount = money(account.owed))}</span> }
        });
        let credit = (account.credit != 0).then(|| {
            view! { <span class="caption tabular">{t!(invoice.account_credit, amount = money(account.credit))}</span> }
        });
        Some(view! { {owed} {credit} })
    }
}

fn line(currency: Currency, row: &InvoiceRow) -> impl IntoView + use<> {
    let (tone, word) = invoice::status(row);
    let number = if row.number.is_empty() { t!(invoice.draft).to_owned() } else { row.number.clone() };
    view! {
        <tr>
            <td class="tabular">
                <A href=format!("/invoices/{}", row.id) attr:class="link">{number}</A>
            </td>
            <td class="tabular" title=words::exact(row.at)>{words::day(row.at)}</td>
            <td><Mark tone label=word /></td>
            <td class="is-number">{invoice::money(currency, invoice::charged(row))}</td>
        </tr>
    }
}
