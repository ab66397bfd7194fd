//! What the clinic sells, and how it is taxed.

use crate::error::StoreError;
use crate::json;
use domain::id::{CatalogueItemId, TaxRateId};
use domain::invoice::{ItemKind, Tax, TaxCategory};
use domain::patient::Word;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use uuid::Uuid;

/// A tax of the clinic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxRateRow {
    pub id: TaxRateId,
    pub name: String,
    pub tax: Tax,
    pub archived: bool,
}

/// Most taxes that are read: nobody has as many.
const TAX_RATES_MAX: u32 = 200;

/// A tax as it is stored; one that cannot be is taken for one at nothing.
fn tax(category: &str, rate: i64) -> Tax {
    let category = TaxCategory::from_word(category).unwrap_or_default();
    let tax = Tax { category, rate: u32::try_from(rate).unwrap_or_default() };
    if tax.is_possible() { tax } else { Tax { rate: 0, ..tax } }
}

/// The clinic's taxes, those in use first.
///
/// # Errors
/// A damaged file.
pub async fn list_tax_rates(connection: &mut SqliteConnection) -> Result<Vec<TaxRateRow>, StoreError> {
    let rows: Vec<(Uuid, String, String, i64, bool)> = sqlx::query_as(
        "SELECT id, name, category, rate, archived_at IS NOT NULL FROM tax_rate
         ORDER BY archived_at IS NOT NULL, name, id LIMIT ?",
    )
    .bind(TAX_RATES_MAX)
    .fetch_all(connection)
    .await?;
    let row = |(id, name, category, rate, archived): (_, _, String, _, _)| TaxRateRow {
        id: TaxRateId(id),
        name,
        tax: tax(&category, rate),
        archived,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Adds or changes a tax.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn save_tax_rate(
    connection: &mut SqliteConnection,
    row: &TaxRateRow,
    at_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tax_rate (id, name, category, rate, archived_at, created_at) VALUES (?1, ?2, ?3, ?4, iif(?5, ?6, NULL), ?6)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, category = excluded.category, rate = excluded.rate,
           archived_at = iif(?5, coalesce(archived_at, ?6), NULL)",
    )
    .bind(row.id.0)
    .bind(&row.name)
    .bind(row.tax.category.word())
    .bind(row.tax.rate)
    .bind(row.archived)
    .bind(at_ms)
    .execute(connection)
    .await?;
    Ok(())
}

/// Something that the clinic sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    pub id: CatalogueItemId,
    pub name: String,
    pub code: String,
    pub kind: ItemKind,
    pub price: i64,
    pub tax_rate: Option<TaxRateId>,
    /// As the rate is by now.
    pub tax: Tax,
    pub service: Option<CatalogueItemId>,
    pub sessions: u32,
    pub archived: bool,
}

#[derive(Deserialize)]
struct RawItem {
    id: Uuid,
    name: String,
    code: String,
    kind: String,
    price: i64,
    tax_rate: Option<Uuid>,
    category: String,
    rate: i64,
    service: Option<Uuid>,
    sessions: i64,
    archived: i64,
    rank: i64,
    folded: String,
}

impl From<RawItem> for ItemRow {
    fn from(raw: RawItem) -> Self {
        Self {
            id: CatalogueItemId(raw.id),
            name: raw.name,
            code: raw.code,
            kind: ItemKind::from_word(&raw.kind).unwrap_or_default(),
            price: raw.price,
            tax_rate: raw.tax_rate.map(TaxRateId),
            tax: tax(&raw.category, raw.rate),
            service: raw.service.map(CatalogueItemId),
            sessions: u32::try_from(raw.sessions).unwrap_or(0),
            archived: raw.archived != 0,
        }
    }
}

/// Where a page of the catalogue ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCursor {
    rank: i64,
    folded: String,
    id: Uuid,
}

/// A page of the catalogue by name, in one statement. `text` is folded: what is called so, by code or name, comes first,
/// then what begins with it, then what has a word that does. A catalogue is short: all of it is looked at.
///
/// # Errors
/// A damaged file.
pub async fn list_items(
    connection: &mut SqliteConnection,
    text: &str,
    archived: bool,
    after: Option<&ItemCursor>,
    limit: u32,
) -> Result<(Vec<ItemRow>, Option<ItemCursor>), StoreError> {
    let page = sqlx::query_scalar(
        "SELECT json_group_array(json_array(hex(id), name, code, kind, price, nullif(hex(tax_rate_id), ''), category, rate,
                  nullif(hex(service_id), ''), sessions, archived, rank, folded))
         FROM (
           SELECT c.*, coalesce(t.category, 'exempt') AS category, coalesce(t.rate, 0) AS rate FROM (
             SELECT *, archived_at IS NOT NULL AS archived, CASE
                 WHEN ?1 = '' THEN 0
                 WHEN folded = ?1 OR folded_code = ?1 THEN 1
                 WHEN substr(folded, 1, length(?1)) = ?1 THEN 2
                 WHEN substr(folded_code, 1, length(?1)) = ?1 OR instr(' ' || folded, ' ' || ?1) > 0 THEN 3
               END AS rank
             FROM (SELECT *, fold(name) AS folded, fold(code) AS folded_code FROM catalogue_item)
           ) c LEFT JOIN tax_rate t ON t.id = c.tax_rate_id
           WHERE archived = ?2 AND rank IS NOT NULL AND (rank, folded, c.id) > (?3, ?4, ?5)
           ORDER BY rank, folded, c.id LIMIT ?6)",
    )
    .bind(text)
    .bind(archived)
    .bind(after.map_or(-1, |after| after.rank))
    .bind(after.map_or("", |after| after.folded.as_str()))
    .bind(after.map_or(Uuid::nil(), |after| after.id))
    .bind(limit);
    let rows: Vec<RawItem> = json::fetch(connection, page).await?;
    let full = rows.len() == limit as usize;
    let next = rows.last().filter(|_| full);
    let next = next.map(|last| ItemCursor { rank: last.rank, folded: last.folded.clone(), id: last.id });
    Ok((rows.into_iter().map(ItemRow::from).collect(), next))
}

/// Adds or changes something that is sold; whether the tax and the service that it refers to are there.
///
/// # Errors
/// A full disk, a damaged file.
pub async fn save_item(
    connection: &mut SqliteConnection,
    row: &ItemRow,
    at_ms: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO catalogue_item (id, name, code, kind, price, tax_rate_id, service_id, sessions, archived_at, created_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?9, ?10, NULL), ?10
         WHERE (?6 IS NULL OR EXISTS (SELECT 1 FROM tax_rate WHERE id = ?6))
           AND (?7 IS NULL OR EXISTS (SELECT 1 FROM catalogue_item WHERE id = ?7))
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, code = excluded.code, kind = excluded.kind,
           price = excluded.price, tax_rate_id = excluded.tax_rate_id, service_id = excluded.service_id,
           sessions = excluded.sessions, archived_at = iif(?9, coalesce(archived_at, ?10), NULL)",
    )
    .bind(row.id.0)
    .bind(&row.name)
    .bind(&row.code)
    .bind(row.kind.word())
    .bind(row.price)
    .bind(row.tax_rate.map(|id| id.0))
    .bind(row.service.map(|id| id.0))
    .bind(row.sessions)
    .bind(row.archived)
    .bind(at_ms)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
