//! An invoice by keyboard alone: made, paid, refunded.

use anyhow::Result;
use e2e::Desk;
use serde_json::json;

use crate::front_desk::{call, go_to, shown, text_of_page};

/// A clinic that sells two things, and one patient.
async fn prepare(desk: &Desk) -> Result<String> {
    shown(desk).await?;
    let clinic = json!({"name": "Clínica Sol", "address": {"line1": "12 Elm St", "city": "Boston"}, "phone": "", "email": "",
        "website": "", "tax_id": "12-3456789", "footer": "", "currency": "USD", "versions": ""});
    call(desk, "clinic_save", clinic).await?;
    let rate = call(desk, "tax_rate_save", json!({"name": "Sales tax", "category": "standard", "rate": 825}))
        .await?;
    for (name, code, price, tax) in [
        ("Botulinum toxin, per unit", "BTX", 1_400, json!(null)),
        ("Retinol serum", "RET", 7_425, rate["id"].clone()),
    ] {
        call(
            desk,
            "catalogue_item_save",
            json!({"name": name, "code": code, "price": price, "tax_rate": tax}),
        )
        .await?;
    }
    let patient = json!({"name": {"given": "Ana", "family": "Ruiz"}});
    Ok(call(desk, "patient_create", patient).await?["id"].as_str().unwrap_or_default().to_owned())
}

async fn until_text(desk: &Desk, text: &str) -> Result<()> {
    desk.wait_until(text, async || Ok(text_of_page(desk).await?.contains(text))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_made_paid_and_refunded_without_a_mouse() -> Result<()> {
    let Some(desk) = Desk::open().await? else { return Ok(()) };
    prepare(&desk).await?;
    desk.press("Alt+2").await?;
    until_text(&desk, "No invoices yet").await?;
    desk.screenshot("invoices-empty").await?;
    desk.press("n").await?;
    desk.find("#invoice-patient").await?;
    desk.type_text("rui").await?;
    desk.find(".picker-option").await?;
    desk.press("Enter").await?;
    desk.find("#line-new").await?;
    desk.type_text("20 botu").await?;
    until_text(&desk, "Botulinum toxin, per unit").await?;
    desk.screenshot("invoice-add-line").await?;
    desk.press("Enter").await?;
    until_text(&desk, "280.00").await?;
    desk.type_text("ret").await?;
    until_text(&desk, "Retinol serum").await?;
    desk.press("Enter").await?;
    // 280.00 and 74.25 with 8.25 % on it.
    until_text(&desk, "360.38").await?;
    desk.wait_until("both lines in their fields", async || {
        let count = "return document.querySelectorAll('.invoice-lines tbody tr').length";
        Ok(desk.run(count, vec![]).await? == json!(2))
    })
    .await?;
    desk.screenshot("invoice-draft").await?;
    desk.press("Control+Enter").await?;
    desk.find("#pay-amount-0").await?;
    until_text(&desk, "Take 360.38").await?;
    desk.screenshot("invoice-payment").await?;
    desk.press("Enter").await?;
    until_text(&desk, "-000001").await?;
    until_text(&desk, "Paid").await?;
    desk.screenshot("invoice-paid").await?;
    let faults = desk.axe().await?;
    assert!(faults.is_empty(), "the page of a paid invoice: {faults:?}");
    refund(&desk).await?;
    let list = call(&desk, "invoice_list", json!({})).await?;
    assert_eq!(list["count"]["n"], 2, "the invoice and its credit note: {list}");
    go_to(&desk, "/invoices").await?;
    until_text(&desk, "Credit note").await?;
    desk.screenshot("invoices").await?;
    let faults = desk.axe().await?;
    assert!(faults.is_empty(), "the list: {faults:?}");
    let sound = call(&desk, "doctor", json!({})).await?;
    assert_eq!(sound["ok"], true, "{sound}");
    Ok(())
}

async fn refund(desk: &Desk) -> Result<()> {
    desk.find_by_role("button", "Refund").await?.click().await?;
    desk.find("#refund-reason").await?;
    desk.type_text("Serum returned").await?;
    desk.screenshot("invoice-refund").await?;
    desk.find("[data-testid=refund-run]").await?.click().await?;
    until_text(desk, "Credit notes and duplicates").await?;
    until_text(desk, "\u{2212}360.38").await
}
