//! Reading patients for an export.

use crate::error::StoreError;
use domain::id::PatientId;
use domain::patient::{Address, Name, Tier, Word};
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

/// A patient with everything an export has of one. Lists are separated by semicolons.
#[derive(Clone, Debug)]
pub struct ExportRow {
    pub id: PatientId,
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: Option<String>,
    pub address: Address,
    pub tier: Tier,
    pub source: String,
    pub external_id: String,
    pub archived_at: Option<i64>,
    pub created_at: i64,
    pub phones: String,
    pub emails: String,
    pub tags: String,
    pub alerts: String,
    pub allergies: String,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    prefix: String,
    given: String,
    middle: String,
    family: String,
    suffix: String,
    preferred_name: String,
    pronouns: String,
    birth_date: Option<String>,
    line1: String,
    line2: String,
    city: String,
    region: String,
    postcode: String,
    country: String,
    tier: String,
    source: String,
    external_id: String,
    archived_at: Option<i64>,
    created_at: i64,
    phones: String,
    emails: String,
    tags: String,
    alerts: String,
    allergies: String,
}

const SQL: &str = "
SELECT p.*,
  coalesce((SELECT group_concat(value, '; ' ORDER BY is_primary DESC, position, id) FROM patient_contact
            WHERE patient_id = p.id AND kind = 'phone'), '') AS phones,
  coalesce((SELECT group_concat(value, '; ' ORDER BY is_primary DESC, position, id) FROM patient_contact
            WHERE patient_id = p.id AND kind = 'email'), '') AS emails,
  coalesce((SELECT group_concat(label, '; ' ORDER BY label) FROM patient_tag WHERE patient_id = p.id), '') AS tags,
  coalesce((SELECT group_concat(text, '; ' ORDER BY created_at, id) FROM patient_alert WHERE patient_id = p.id), '') AS alerts,
  coalesce((SELECT group_concat(substance || iif(reaction = '', '', ' (' || reaction || ')'), '; ' ORDER BY created_at, id)
            FROM patient_allergy WHERE patient_id = p.id), '') AS allergies
FROM patient p WHERE p.id > ? ORDER BY p.id LIMIT ?";

/// The next patients after `after`, in order of id.
pub async fn list_for_export(
    connection: &mut SqliteConnection,
    after: Option<PatientId>,
    limit: u32,
) -> Result<Vec<ExportRow>, StoreError> {
    let after = after.map_or(Vec::new(), |id| id.0.as_bytes().to_vec());
    let rows: Vec<Raw> = sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(connection).await?;
    Ok(rows.into_iter().map(row).collect())
}

fn row(raw: Raw) -> ExportRow {
    ExportRow {
        id: PatientId(raw.id),
        name: Name {
            prefix: raw.prefix,
            given: raw.given,
            middle: raw.middle,
            family: raw.family,
            suffix: raw.suffix,
        },
        preferred_name: raw.preferred_name,
        pronouns: raw.pronouns,
        birth_date: raw.birth_date,
        address: Address {
            line1: raw.line1,
            line2: raw.line2,
            city: raw.city,
            region: raw.region,
            postcode: raw.postcode,
            country: raw.country,
        },
        tier: Tier::from_word(&raw.tier).unwrap_or_default(),
        source: raw.source,
        external_id: raw.external_id,
        archived_at: raw.archived_at,
        created_at: raw.created_at,
        phones: raw.phones,
        emails: raw.emails,
        tags: raw.tags,
        alerts: raw.alerts,
        allergies: raw.allergies,
    }
}

#[cfg(test)]
mod tests;
