//! Reading a patient.

use crate::error::StoreError;
use crate::json::{self, hex_list};
use crate::listing::{ListingRow, ROW, RawRow, date, time};
use crate::manifest::PATIENT;
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{AlertId, AllergyId, ContactId, HouseholdId, ImportId, PatientId, TagId};
use domain::patient::{
    Address, Alert, AlertLevel, Allergy, Contact, ContactKind, Name, Severity, Tag, Tier, Word,
};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};
use uuid::Uuid;

/// A patient's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientRecord {
    pub id: PatientId,
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: Option<NaiveDate>,
    pub address: Address,
    pub tier: Tier,
    pub source: String,
    pub external_id: String,
    pub household: Option<HouseholdId>,
    pub guarantor: Option<PatientId>,
    pub archived_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct RawPatient {
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
    household_id: Option<Uuid>,
    guarantor_id: Option<Uuid>,
    archived_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<RawPatient> for PatientRecord {
    type Error = StoreError;

    fn try_from(raw: RawPatient) -> Result<Self, StoreError> {
        Ok(Self {
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
            birth_date: date(raw.birth_date.as_deref())?,
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
            household: raw.household_id.map(HouseholdId),
            guarantor: raw.guarantor_id.map(PatientId),
            archived_at: raw.archived_at.map(time).transpose()?,
            created_at: time(raw.created_at)?,
        })
    }
}

/// The patient with this id.
pub async fn find_patient(
    connection: &mut SqliteConnection,
    id: PatientId,
) -> Result<Option<PatientRecord>, StoreError> {
    let row: Option<RawPatient> = sqlx::query_as(
        "SELECT id, prefix, given, middle, family, suffix, preferred_name, pronouns, birth_date, line1, line2, city, region,
                postcode, country, tier, source, external_id, household_id, guarantor_id, archived_at, created_at
         FROM patient WHERE id = ?",
    )
    .bind(id.0)
    .fetch_optional(connection)
    .await?;
    row.map(PatientRecord::try_from).transpose()
}

/// The lists of a patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Children {
    pub contacts: Vec<Contact>,
    pub allergies: Vec<Allergy>,
    pub alerts: Vec<Alert>,
    pub tags: Vec<Tag>,
}

/// Most items of a patient's lists that are read. A form takes fewer; this bounds what a faulty
/// import may have brought.
const CHILDREN_MAX: u32 = 500;

/// The lists of a patient, in the order they are shown. One statement.
pub async fn list_children(
    connection: &mut SqliteConnection,
    patient: PatientId,
) -> Result<Children, StoreError> {
    let rows: Vec<(String, Uuid, String, String, String, i64)> = sqlx::query_as(
        "SELECT * FROM (SELECT 'contact', id, kind, value, label, is_primary FROM patient_contact WHERE patient_id = ?1
                        ORDER BY kind DESC, is_primary DESC, position, id LIMIT ?2)
         UNION ALL
         SELECT * FROM (SELECT 'allergy', id, substance, reaction, severity, 0 FROM patient_allergy WHERE patient_id = ?1
                        ORDER BY created_at, id LIMIT ?2)
         UNION ALL
         SELECT * FROM (SELECT 'alert', id, level, text, '', 0 FROM patient_alert WHERE patient_id = ?1
                        ORDER BY level DESC, created_at, id LIMIT ?2)
         UNION ALL
         SELECT * FROM (SELECT 'tag', id, label, '', '', 0 FROM patient_tag WHERE patient_id = ?1 ORDER BY label LIMIT ?2)",
    )
    .bind(patient.0)
    .bind(CHILDREN_MAX)
    .fetch_all(connection)
    .await?;
    let mut children = Children::default();
    for (kind, id, a, b, c, flag) in rows {
        match kind.as_str() {
            "contact" => children.contacts.extend(ContactKind::from_word(&a).map(|kind| Contact {
                id: Some(ContactId(id)),
                kind,
                value: b,
                label: c,
                primary: flag != 0,
            })),
            "allergy" => children.allergies.push(Allergy {
                id: Some(AllergyId(id)),
                substance: a,
                reaction: b,
                severity: Severity::from_word(&c).unwrap_or_default(),
            }),
            "alert" => children.alerts.push(Alert {
                id: Some(AlertId(id)),
                // Unknown is treated as the gravest.
                level: AlertLevel::from_word(&a).unwrap_or(AlertLevel::DoNotBook),
                text: b,
            }),
            _ => children.tags.push(Tag { id: Some(TagId(id)), label: a }),
        }
    }
    Ok(children)
}

/// The members of a household; at most 20.
pub async fn list_household(
    connection: &mut SqliteConnection,
    household: HouseholdId,
) -> Result<Vec<ListingRow>, StoreError> {
    let sql = format!(
        "SELECT json_group_array({ROW}) FROM (SELECT id FROM patient WHERE household_id = ? LIMIT 20) AS member
         CROSS JOIN patient_listing l ON l.patient_id = member.id"
    );
    let members = sqlx::query_scalar(AssertSqlSafe(sql)).bind(household.0);
    let rows: Vec<RawRow> = json::fetch(connection, members).await?;
    Ok(rows.into_iter().map(ListingRow::from).collect())
}

/// The patients with these chart numbers: (number, patient).
pub async fn find_by_external_ids(
    connection: &mut SqliteConnection,
    numbers: &[&str],
) -> Result<Vec<(String, PatientId)>, StoreError> {
    let rows: Vec<(String, Uuid)> = sqlx::query_as(
        "SELECT p.external_id, p.id FROM json_each(?) AS wanted
         CROSS JOIN patient p ON p.external_id = wanted.value AND p.external_id <> ''",
    )
    .bind(serde_json::to_string(numbers)?)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(number, id)| (number, PatientId(id))).collect())
}

/// A patient as the duplicate rule compares one.
#[derive(Clone, Debug)]
pub struct PersonRow {
    pub listing: ListingRow,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    pub line1: String,
    pub postcode: String,
}

#[derive(Deserialize)]
struct RawPerson {
    row: RawRow,
    line1: String,
    postcode: String,
    values: Vec<String>,
}

/// What to look up those by who might be one of several people.
#[derive(Clone, Copy, Debug)]
pub struct LikelyQuery<'a> {
    pub birth_dates: &'a [NaiveDate],
    /// E.164, or addresses in lower case.
    pub contacts: &'a [String],
    /// As `domain::text::search_sounds` has them.
    pub family_sounds: &'a [String],
    /// Not these.
    pub except: &'a [Uuid],
    /// Nor those of whom somebody said that they are not this one.
    pub told_apart_from: Option<Uuid>,
    /// Nor those whom this import has added.
    pub not_of_import: Option<ImportId>,
}

pub(crate) fn likely_sql(by_sound: bool) -> String {
    let by_sound = if by_sound {
        "UNION SELECT * FROM (SELECT rowid FROM patient_search WHERE patient_search MATCH ?6 LIMIT 300)"
    } else {
        ""
    };
    format!(
        "SELECT json_group_array(json_array({ROW}, p.line1, p.postcode,
                (SELECT json_group_array(value) FROM patient_contact c WHERE c.patient_id = p.id)))
         FROM (
           SELECT * FROM (SELECT no FROM patient_listing WHERE archived IN (0, 1) AND birth_key IN (SELECT value FROM json_each(?1)) LIMIT 20000)
           UNION SELECT * FROM (SELECT l.no FROM json_each(?2) AS wanted CROSS JOIN patient_contact c ON lower(c.value) = wanted.value
                                CROSS JOIN patient_listing l ON l.patient_id = c.patient_id LIMIT 20000)
           {by_sound}
         ) AS found
         CROSS JOIN patient_listing l ON l.no = found.no
         CROSS JOIN patient p ON p.id = l.patient_id
         WHERE p.id NOT IN (SELECT unhex(value) FROM json_each(?3))
           AND NOT EXISTS (SELECT 1 FROM patient_distinct d WHERE d.first_id = ?4 AND d.second_id = p.id)
           AND NOT EXISTS (SELECT 1 FROM patient_distinct d WHERE d.second_id = ?4 AND d.first_id = p.id)
           AND NOT EXISTS (SELECT 1 FROM import_record i WHERE i.job = ?5 AND i.collection = {patients} AND i.record = p.id)",
        patients = PATIENT.number,
    )
}

/// Whoever shares a date of birth, a phone or e-mail address, or the sound of the family name. One
/// statement.
pub async fn find_likely(
    connection: &mut SqliteConnection,
    query: &LikelyQuery<'_>,
) -> Result<Vec<PersonRow>, StoreError> {
    let sounds =
        query.family_sounds.iter().map(|code| format!("\"{code}\"")).collect::<Vec<_>>().join(" OR ");
    let likely = sqlx::query_scalar(AssertSqlSafe(likely_sql(!query.family_sounds.is_empty())))
        .bind(serde_json::to_string(query.birth_dates)?)
        .bind(serde_json::to_string(query.contacts)?)
        .bind(hex_list(query.except)?)
        .bind(query.told_apart_from)
        .bind(query.not_of_import.map(|id| id.0))
        .bind(format!("sounds : ({sounds})"));
    let rows: Vec<RawPerson> = json::fetch(connection, likely).await?;
    Ok(rows.into_iter().map(person).collect())
}

fn person(raw: RawPerson) -> PersonRow {
    let (emails, phones) = raw.values.into_iter().partition(|value| value.contains('@'));
    PersonRow { listing: raw.row.into(), phones, emails, line1: raw.line1, postcode: raw.postcode }
}
