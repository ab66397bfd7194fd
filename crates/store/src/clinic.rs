//! The clinic's own particulars, and the codes of its number series.

use crate::error::StoreError;
use crate::transaction::Write;
use domain::id::{clinic_profile_id, made_by};
use domain::invoice::document::{Letterhead, series_code};
use domain::money::Currency;
use domain::patient::Address;
use sqlx::{FromRow, SqliteConnection};

/// Who the clinic is, and in what it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClinicRow {
    pub letterhead: Letterhead,
    pub currency: Currency,
    /// Something was issued already.
    pub has_issued: bool,
}

#[derive(FromRow)]
struct RawClinic {
    name: String,
    line1: String,
    line2: String,
    city: String,
    region: String,
    postcode: String,
    country: String,
    phone: String,
    email: String,
    website: String,
    tax_id: String,
    footer: String,
    currency: String,
    has_issued: bool,
}

/// The currency that goes by `code`; a newer app may know more of them.
pub(crate) fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap_or(Currency::USUAL)
}

/// Selects the code of the clinic's currency, empty if it has not told; see [`currency`].
pub(crate) fn currency_sql() -> String {
    let id = clinic_profile_id().simple();
    format!("coalesce((SELECT currency FROM clinic_profile WHERE id = x'{id}'), '')")
}

/// The clinic, as far as it has told about itself.
///
/// # Errors
/// A damaged file.
pub async fn load_clinic(connection: &mut SqliteConnection) -> Result<ClinicRow, StoreError> {
    let raw: RawClinic = sqlx::query_as(
        "SELECT coalesce(name, '') AS name, coalesce(line1, '') AS line1, coalesce(line2, '') AS line2, coalesce(city, '') AS city,
           coalesce(region, '') AS region, coalesce(postcode, '') AS postcode, coalesce(country, '') AS country,
           coalesce(phone, '') AS phone, coalesce(email, '') AS email, coalesce(website, '') AS website,
           coalesce(tax_id, '') AS tax_id, coalesce(footer, '') AS footer, coalesce(currency, 'USD') AS currency,
           EXISTS (SELECT 1 FROM invoice_document) AS has_issued
         FROM (SELECT 1) LEFT JOIN clinic_profile c ON c.id = ?",
    )
    .bind(clinic_profile_id())
    .fetch_one(connection)
    .await?;
    Ok(ClinicRow {
        letterhead: Letterhead {
            name: raw.name,
            address: Address {
                line1: raw.line1,
                line2: raw.line2,
                city: raw.city,
                region: raw.region,
                postcode: raw.postcode,
                country: raw.country,
            },
            phone: raw.phone,
            email: raw.email,
            website: raw.website,
            tax_id: raw.tax_id,
            footer: raw.footer,
        },
        currency: currency(&raw.currency),
        has_issued: raw.has_issued,
    })
}

/// Writes who the clinic is.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn save_clinic(
    connection: &mut SqliteConnection,
    letterhead: &Letterhead,
    currency: Currency,
) -> Result<(), StoreError> {
    let Letterhead { name, address, phone, email, website, tax_id, footer } = letterhead;
    let Address { line1, line2, city, region, postcode, country } = address;
    let mut insert = sqlx::query(
        "INSERT INTO clinic_profile (id, name, line1, line2, city, region, postcode, country, phone, email, website, tax_id,
           footer, currency)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, line1 = excluded.line1, line2 = excluded.line2,
           city = excluded.city, region = excluded.region, postcode = excluded.postcode, country = excluded.country,
           phone = excluded.phone, email = excluded.email, website = excluded.website, tax_id = excluded.tax_id,
           footer = excluded.footer, currency = excluded.currency",
    )
    .bind(clinic_profile_id());
    for value in [name, line1, line2, city, region, postcode, country, phone, email, website, tax_id, footer]
    {
        insert = insert.bind(value);
    }
    insert.bind(currency.code()).execute(connection).await?;
    Ok(())
}

/// What the next document of this device is called: the code of its series, and a number.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct NextNumber {
    pub series: String,
    pub number: i64,
}

/// The next number of this device's series, whose code is drawn if it has none, or if another one drew the same.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn take_number(write: &mut Write) -> Result<NextNumber, StoreError> {
    let present = sqlx::query_as(
        "SELECT s.code AS series, (SELECT coalesce(max(number), 0) + 1 FROM invoice_document WHERE series = s.code) AS number
         FROM device v JOIN number_series s ON s.incarnation = v.incarnation
         WHERE NOT EXISTS (SELECT 1 FROM number_series o WHERE o.code = s.code AND o.incarnation <> s.incarnation)
         ORDER BY s.drawn_at DESC, s.id LIMIT 1",
    )
    .fetch_optional(&mut **write)
    .await?;
    match present {
        Some(next) => Ok(next),
        None => Ok(NextNumber { series: draw_series(write).await?, number: 1 }),
    }
}

/// Codes to choose from. That all of them are taken has a chance of nothing in a clinic of fewer than 10,000 devices.
const CANDIDATES: usize = 50;

async fn draw_series(write: &mut Write) -> Result<String, StoreError> {
    let (random, at) = (write.context().transaction, write.context().at.timestamp_millis());
    let candidate = |n| series_code(made_by(random.into(), "series", n));
    let candidates: Vec<_> = (0..CANDIDATES).map(candidate).collect();
    Ok(sqlx::query_scalar(
        "INSERT INTO number_series (id, incarnation, code, drawn_at)
         SELECT ?1, v.incarnation, c.value, ?2 FROM device v, json_each(?3) c
         WHERE c.value NOT IN (SELECT code FROM number_series)
           AND NOT EXISTS (SELECT 1 FROM invoice_document WHERE series = c.value)
         ORDER BY c.key LIMIT 1 RETURNING code",
    )
    .bind(made_by(random.into(), "series", CANDIDATES))
    .bind(at)
    .bind(serde_json::to_string(&candidates)?)
    .fetch_one(&mut **write)
    .await?)
}
