//! What the clinic is, what it sells, and how that is taxed.

use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use crate::patient::Form;
use crate::versions;
use contract::{
    CatalogueItem, CatalogueItemSave, CatalogueItemSaved, CatalogueListRequest, ClinicProfile, Nothing, Page,
    TaxRate, TaxRateList, TaxRateSave, TaxRateSaved, Versions as VersionsText,
};
use domain::field::{FieldError, Problem};
use domain::id::{CatalogueItemId, TaxRateId, clinic_profile_id};
use domain::invoice::document::Letterhead;
use domain::invoice::{ItemKind, Tax};
use domain::money::AMOUNT_MAX;
use domain::patient::NOTE_MAX_CHARS;
use domain::text::fold;
use store::catalogue::{self, ItemRow, TaxRateRow};
use store::clinic;
use store::load_versions;
use store::manifest::CLINIC_PROFILE;

/// Most sessions of a package.
const SESSIONS_MAX: u32 = 10_000;

/// Who the clinic is to those it bills.
pub async fn clinic_load(call: &Call, _: Nothing) -> Result<ClinicProfile, AppError> {
    let mut read = call.read().await?;
    let clinic = clinic::load_clinic(&mut read).await?;
    let versions = load_versions(&mut read, &[clinic_profile_id()]).await?;
    read.end().await?;
    Ok(ClinicProfile {
        letterhead: clinic.letterhead,
        currency: clinic.currency,
        has_issued: clinic.has_issued,
        versions: VersionsText(versions.encode()?),
    })
}

/// Changes who the clinic is.
pub async fn clinic_save(call: &Call, request: ClinicProfile) -> Result<Nothing, AppError> {
    let mut form = Form::default();
    let typed = &request.letterhead;
    let letterhead = Letterhead {
        name: form.line("name", &typed.name),
        address: form.address(&typed.address),
        phone: form.line("phone", &typed.phone),
        email: form.line("email", &typed.email),
        website: form.line("website", &typed.website),
        tax_id: form.line("tax_id", &typed.tax_id),
        footer: footer(&mut form, &typed.footer),
    };
    let letterhead = form.finish(letterhead)?;
    let mut write = call.write().await?;
    let present = clinic::load_clinic(&mut write).await?;
    if present.has_issued && present.currency != request.currency {
        // What was issued is in the old one.
        return Err(AppError::Invalid(vec![FieldError::new("currency", Problem::NotAChoice)]));
    }
    let current = load_versions(&mut write, &[clinic_profile_id()]).await?;
    let registers = changed_registers(&present.letterhead, &letterhead, present.currency != request.currency);
    versions::declare(
        &write,
        (CLINIC_PROFILE, clinic_profile_id()),
        (&request.versions, &current),
        &registers,
        false,
    )?;
    clinic::save_clinic(&mut write, &letterhead, request.currency).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// Several lines, as they stand at the foot of a page.
fn footer(form: &mut Form, text: &str) -> String {
    let text = text.trim();
    if text.chars().count() > NOTE_MAX_CHARS / 10 {
        form.add("footer", Problem::TooLong);
    }
    if text.chars().any(|char| char.is_control() && char != '\n') {
        form.add("footer", Problem::ControlCharacter);
    }
    text.to_owned()
}

fn changed_registers(old: &Letterhead, new: &Letterhead, currency: bool) -> Vec<&'static str> {
    let contact = |of: &Letterhead| (of.phone.clone(), of.email.clone(), of.website.clone());
    [
        ("name", old.name != new.name),
        ("address", old.address != new.address),
        ("contact", contact(old) != contact(new)),
        ("tax_id", old.tax_id != new.tax_id),
        ("footer", old.footer != new.footer),
        ("currency", currency),
    ]
    .into_iter()
    .filter_map(|(register, changed)| changed.then_some(register))
    .collect()
}

/// The clinic's taxes.
pub async fn tax_rate_list(call: &Call, _: Nothing) -> Result<TaxRateList, AppError> {
    let mut read = call.read().await?;
    let rates = catalogue::list_tax_rates(&mut read).await?;
    read.end().await?;
    let rate = |TaxRateRow { id, name, tax, archived }| TaxRate { id, name, tax, archived };
    Ok(TaxRateList { rates: rates.into_iter().map(rate).collect() })
}

/// Adds or changes a tax.
pub async fn tax_rate_save(call: &Call, request: TaxRateSave) -> Result<TaxRateSaved, AppError> {
    let mut form = Form::default();
    let id = request.id.unwrap_or_else(|| TaxRateId(call.next_id()));
    let row = TaxRateRow {
        id,
        name: form.required_line("name", &request.name),
        tax: tax(&mut form, request.tax),
        archived: request.archived,
    };
    let row = form.finish(row)?;
    let mut write = call.write().await?;
    // A short form, saved as a whole: it is about the tax as it is now.
    write.declare_current();
    catalogue::save_tax_rate(&mut write, &row, call.at.timestamp_millis()).await?;
    write.commit().await?;
    Ok(TaxRateSaved { id })
}

fn tax(form: &mut Form, tax: Tax) -> Tax {
    if !tax.is_possible() {
        form.add("rate", Problem::NotAChoice);
    }
    tax
}

/// A page of what is sold.
pub async fn catalogue_list(
    call: &Call,
    request: CatalogueListRequest,
) -> Result<Page<CatalogueItem>, AppError> {
    let after = cursor::decode(request.after.as_ref())?;
    let limit = cursor::limit(request.limit, 50);
    let text = fold(&request.text.chars().take(domain::patient::LINE_MAX_CHARS).collect::<String>());
    let mut read = call.read().await?;
    let (items, next) =
        catalogue::list_items(&mut read, &text, request.archived, after.as_ref(), limit).await?;
    read.end().await?;
    Ok(Page { rows: items.into_iter().map(item).collect(), next: cursor::encode(next)? })
}

fn item(row: ItemRow) -> CatalogueItem {
    let ItemRow { id, name, code, kind, price, tax_rate, tax, service, sessions, archived } = row;
    CatalogueItem { id, name, code, kind, price, tax_rate, tax, service, sessions, archived }
}

/// Adds or changes what is sold.
pub async fn catalogue_item_save(
    call: &Call,
    request: CatalogueItemSave,
) -> Result<CatalogueItemSaved, AppError> {
    let mut form = Form::default();
    let id = request.id.unwrap_or_else(|| CatalogueItemId(call.next_id()));
    if !(0..=AMOUNT_MAX).contains(&request.price) {
        form.add("price", Problem::TooLarge);
    }
    let is_package = request.kind == ItemKind::Package;
    if is_package && !(1..=SESSIONS_MAX).contains(&request.sessions) {
        form.add("sessions", if request.sessions == 0 { Problem::Required } else { Problem::TooLarge });
    }
    if is_package && request.service.is_none() {
        form.add("service", Problem::Required);
    }
    let row = ItemRow {
        id,
        name: form.required_line("name", &request.name),
        code: form.line("code", &request.code),
        kind: request.kind,
        price: request.price,
        tax_rate: request.tax_rate,
        tax: Tax::default(),
        service: request.service.filter(|_| is_package),
        sessions: if is_package { request.sessions } else { 0 },
        archived: request.archived,
    };
    let row = form.finish(row)?;
    let mut write = call.write().await?;
    write.declare_current();
    if !catalogue::save_item(&mut write, &row, call.at.timestamp_millis()).await? {
        return Err(AppError::Invalid(vec![FieldError::new("tax_rate", Problem::NoSuchRecord)]));
    }
    write.commit().await?;
    Ok(CatalogueItemSaved { id })
}
