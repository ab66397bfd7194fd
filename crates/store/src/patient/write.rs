//! Writing patients: sets, never loops.

use crate::error::StoreError;
use crate::json::{hex, hex_list, hex_or_null, rows};
use chrono::{DateTime, NaiveDate, Utc};
use domain::difference::Changes;
use domain::id::{HouseholdId, PatientId, distinct_id, tag_id};
use domain::patient::{Address, Alert, Allergy, Contact, Name, Tag, Tier, Word};
use domain::text::fold;
use serde_json::Value;
use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

/// A patient to be inserted. The items of its lists have ids.
#[derive(Clone, Debug, Default)]
pub struct NewPatient {
    pub id: Uuid,
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
    pub contacts: Vec<Contact>,
    pub allergies: Vec<Allergy>,
    pub alerts: Vec<Alert>,
    pub tags: Vec<Tag>,
}

/// Inserts patients with their lists: one statement per table, however many there are.
///
/// The lists go first: a patient's listing is then derived once, complete, and not again for each
/// item.
pub async fn insert_patients(
    connection: &mut SqliteConnection,
    patients: &[NewPatient],
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let contacts =
        patients.iter().flat_map(|p| p.contacts.iter().enumerate().map(|(i, c)| contact_row(p.id, c, i)));
    insert_contact_rows(connection, contacts.collect()).await?;
    let allergies: Vec<_> =
        patients.iter().flat_map(|p| p.allergies.iter().map(|item| (p.id, item))).collect();
    insert_allergies(connection, &allergies, at).await?;
    let alerts = patients.iter().flat_map(|p| p.alerts.iter().map(|item| alert_row(p.id, item, at)));
    insert_alert_rows(connection, alerts.collect()).await?;
    let tags = patients.iter().flat_map(|p| p.tags.iter().map(|item| tag_row(p.id, item)));
    insert_tag_rows(connection, tags.collect()).await?;
    sqlx::query(
        "INSERT INTO patient (id, prefix, given, middle, family, suffix, preferred_name, pronouns, birth_date, line1, line2, city,
                              region, postcode, country, tier, source, external_id, household_id, guarantor_id, archived_at, created_at)
         SELECT unhex(v.value ->> 0), v.value ->> 1, v.value ->> 2, v.value ->> 3, v.value ->> 4, v.value ->> 5, v.value ->> 6,
                v.value ->> 7, v.value ->> 8, v.value ->> 9, v.value ->> 10, v.value ->> 11, v.value ->> 12, v.value ->> 13,
                v.value ->> 14, v.value ->> 15, v.value ->> 16, v.value ->> 17, unhex(v.value ->> 18), unhex(v.value ->> 19),
                v.value ->> 20, v.value ->> 21
         FROM json_each(?) AS v",
    )
    .bind(rows(patients.iter().map(|patient| patient_row(patient, at)))?)
    .execute(connection)
    .await?;
    Ok(())
}

fn patient_row(patient: &NewPatient, at: DateTime<Utc>) -> Vec<Value> {
    let NewPatient { name, address, .. } = patient;
    let text = |text: &String| Value::from(text.as_str());
    vec![
        hex(patient.id),
        text(&name.prefix),
        text(&name.given),
        text(&name.middle),
        text(&name.family),
        text(&name.suffix),
        text(&patient.preferred_name),
        text(&patient.pronouns),
        Value::from(patient.birth_date.map(|date| date.to_string())),
        text(&address.line1),
        text(&address.line2),
        text(&address.city),
        text(&address.region),
        text(&address.postcode),
        text(&address.country),
        Value::from(patient.tier.word()),
        text(&patient.source),
        text(&patient.external_id),
        hex_or_null(patient.household.map(|id| id.0)),
        hex_or_null(patient.guarantor.map(|id| id.0)),
        Value::from(patient.archived_at.map(|at| at.timestamp_millis())),
        Value::from(at.timestamp_millis()),
    ]
}

fn id_of(id: Option<Uuid>) -> Value {
    hex(id.unwrap_or_default())
}

fn contact_row(patient: Uuid, contact: &Contact, position: usize) -> Vec<Value> {
    vec![
        id_of(contact.id.map(|id| id.0)),
        hex(patient),
        Value::from(contact.kind.word()),
        Value::from(contact.value.as_str()),
        Value::from(contact.label.as_str()),
        Value::from(i64::from(contact.primary)),
        Value::from(position),
    ]
}

async fn insert_contact_rows(
    connection: &mut SqliteConnection,
    contacts: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    run_set(
        connection,
        "INSERT INTO patient_contact (id, patient_id, kind, value, label, is_primary, position)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), v.value ->> 2, v.value ->> 3, v.value ->> 4, v.value ->> 5, v.value ->> 6
         FROM json_each(?) AS v",
        contacts,
    )
    .await
}

/// Inserts allergies of patients. One statement, none if there are none.
pub async fn insert_allergies(
    connection: &mut SqliteConnection,
    allergies: &[(Uuid, &Allergy)],
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let allergies = allergies.iter().map(|(patient, allergy)| {
        vec![
            id_of(allergy.id.map(|id| id.0)),
            hex(*patient),
            Value::from(allergy.substance.as_str()),
            Value::from(allergy.reaction.as_str()),
            Value::from(allergy.severity.word()),
            Value::from(at.timestamp_millis()),
        ]
    });
    let allergies = allergies.collect();
    run_set(
        connection,
        "INSERT INTO patient_allergy (id, patient_id, substance, reaction, severity, created_at)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), v.value ->> 2, v.value ->> 3, v.value ->> 4, v.value ->> 5
         FROM json_each(?) AS v",
        allergies,
    )
    .await
}

fn alert_row(patient: Uuid, alert: &Alert, at: DateTime<Utc>) -> Vec<Value> {
    vec![
        id_of(alert.id.map(|id| id.0)),
        hex(patient),
        Value::from(alert.level.word()),
        Value::from(alert.text.as_str()),
        Value::from(at.timestamp_millis()),
    ]
}

async fn insert_alert_rows(
    connection: &mut SqliteConnection,
    alerts: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    run_set(
        connection,
        "INSERT INTO patient_alert (id, patient_id, level, text, created_at)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), v.value ->> 2, v.value ->> 3, v.value ->> 4 FROM json_each(?) AS v",
        alerts,
    )
    .await
}

fn tag_row(patient: Uuid, tag: &Tag) -> Vec<Value> {
    vec![hex(tag_id(PatientId(patient), &fold(&tag.label)).0), hex(patient), Value::from(tag.label.as_str())]
}

/// The same tag twice is one: its id is that of patient and label.
async fn insert_tag_rows(connection: &mut SqliteConnection, tags: Vec<Vec<Value>>) -> Result<(), StoreError> {
    run_set(
        connection,
        "INSERT INTO patient_tag (id, patient_id, label)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), v.value ->> 2 FROM json_each(?) AS v WHERE true
         ON CONFLICT (id) DO NOTHING",
        tags,
    )
    .await
}

async fn run_set(
    connection: &mut SqliteConnection,
    sql: &'static str,
    set: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    if !set.is_empty() {
        sqlx::query(sql).bind(rows(set)?).execute(connection).await?;
    }
    Ok(())
}

/// Deletes items of one patient's list; an id of another patient's is left alone.
async fn delete_items(
    connection: &mut SqliteConnection,
    table: &'static str,
    patient: PatientId,
    ids: &[Uuid],
) -> Result<(), StoreError> {
    if !ids.is_empty() {
        let sql = format!(
            "DELETE FROM {table} WHERE patient_id = ? AND id IN (SELECT unhex(value) FROM json_each(?))"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(patient.0).bind(hex_list(ids)?).execute(connection).await?;
    }
    Ok(())
}

async fn delete_set(
    connection: &mut SqliteConnection,
    table: &'static str,
    ids: &[Uuid],
) -> Result<(), StoreError> {
    if !ids.is_empty() {
        let sql = format!("DELETE FROM {table} WHERE id IN (SELECT unhex(value) FROM json_each(?))");
        sqlx::query(AssertSqlSafe(sql)).bind(hex_list(ids)?).execute(connection).await?;
    }
    Ok(())
}

/// What changes of a patient's own row: whole registers.
#[derive(Clone, Debug, Default)]
pub struct PatientPatch {
    pub name: Option<Name>,
    pub preferred_name: Option<String>,
    pub pronouns: Option<String>,
    pub birth_date: Option<Option<NaiveDate>>,
    pub address: Option<Address>,
    pub tier: Option<Tier>,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub household: Option<Option<HouseholdId>>,
    pub guarantor: Option<Option<PatientId>>,
}

impl PatientPatch {
    fn columns(&self) -> Vec<(&'static str, Value)> {
        let text = |text: &String| Value::from(text.as_str());
        let mut columns = Vec::new();
        if let Some(name) = &self.name {
            let parts = [&name.prefix, &name.given, &name.middle, &name.family, &name.suffix];
            columns
                .extend(["prefix", "given", "middle", "family", "suffix"].into_iter().zip(parts.map(text)));
        }
        if let Some(Address { line1, line2, city, region, postcode, country }) = &self.address {
            let parts = [line1, line2, city, region, postcode, country];
            let names = ["line1", "line2", "city", "region", "postcode", "country"];
            columns.extend(names.into_iter().zip(parts.map(text)));
        }
        let single = [
            ("preferred_name", self.preferred_name.as_ref().map(text)),
            ("pronouns", self.pronouns.as_ref().map(text)),
            ("birth_date", self.birth_date.map(|date| Value::from(date.map(|date| date.to_string())))),
            ("tier", self.tier.map(|tier| Value::from(tier.word()))),
            ("source", self.source.as_ref().map(text)),
            ("external_id", self.external_id.as_ref().map(text)),
            ("household_id", self.household.map(|id| hex_or_null(id.map(|id| id.0)))),
            ("guarantor_id", self.guarantor.map(|id| hex_or_null(id.map(|id| id.0)))),
        ];
        columns.extend(single.into_iter().filter_map(|(column, value)| Some((column, value?))));
        columns
    }
}

/// Changes a patient's own row; no statement if nothing changes.
pub async fn update_patient(
    connection: &mut SqliteConnection,
    id: PatientId,
    patch: &PatientPatch,
) -> Result<(), StoreError> {
    let columns = patch.columns();
    if columns.is_empty() {
        return Ok(());
    }
    let assignments: Vec<_> = columns
        .iter()
        .map(|(column, _)| {
            if column.ends_with("_id") && *column != "external_id" {
                format!("{column} = unhex(?)")
            } else {
                format!("{column} = ?")
            }
        })
        .collect();
    let sql = format!("UPDATE patient SET {} WHERE id = ?", assignments.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (_, value) in &columns {
        query = query.bind(value.as_str().map(str::to_owned));
    }
    query.bind(id.0).execute(connection).await?;
    Ok(())
}

/// Archives or restores; how many that changed. Those that are as wanted are left alone.
pub async fn archive_patients(
    connection: &mut SqliteConnection,
    ids: &[PatientId],
    archived_at: Option<DateTime<Utc>>,
) -> Result<u64, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let done = sqlx::query(
        "UPDATE patient SET archived_at = ?1
         WHERE id IN (SELECT unhex(value) FROM json_each(?2)) AND (archived_at IS NULL) IS NOT (?1 IS NULL)",
    )
    .bind(archived_at.map(|at| at.timestamp_millis()))
    .bind(hex_list(&ids)?)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Changes a patient's phones and e-mail addresses by difference: at most three statements.
pub async fn change_contacts(
    connection: &mut SqliteConnection,
    patient: PatientId,
    changes: &Changes<Contact>,
) -> Result<(), StoreError> {
    delete_items(connection, "patient_contact", patient, &changes.removed).await?;
    let changed = changes.changed.iter().map(|contact| contact_row(patient.0, contact, 0)).collect();
    run_set(
        connection,
        "UPDATE patient_contact SET kind = v.value ->> 2, value = v.value ->> 3, label = v.value ->> 4, is_primary = v.value ->> 5
         FROM json_each(?) AS v WHERE patient_contact.id = unhex(v.value ->> 0) AND patient_contact.patient_id = unhex(v.value ->> 1)",
        changed,
    )
    .await?;
    // Behind those that are there.
    let added = changes
        .added
        .iter()
        .enumerate()
        .map(|(i, contact)| contact_row(patient.0, contact, 100 + i))
        .collect();
    insert_contact_rows(connection, added).await
}

/// Changes a patient's allergies by difference: at most three statements.
pub async fn change_allergies(
    connection: &mut SqliteConnection,
    patient: PatientId,
    changes: &Changes<Allergy>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    delete_items(connection, "patient_allergy", patient, &changes.removed).await?;
    let changed = changes.changed.iter().map(|allergy| {
        let texts = [allergy.substance.as_str(), allergy.reaction.as_str(), allergy.severity.word()];
        [id_of(allergy.id.map(|id| id.0)), hex(patient.0)].into_iter().chain(texts.map(Value::from)).collect()
    });
    run_set(
        connection,
        "UPDATE patient_allergy SET substance = v.value ->> 2, reaction = v.value ->> 3, severity = v.value ->> 4
         FROM json_each(?) AS v WHERE patient_allergy.id = unhex(v.value ->> 0) AND patient_allergy.patient_id = unhex(v.value ->> 1)",
        changed.collect(),
    )
    .await?;
    let added: Vec<_> = changes.added.iter().map(|allergy| (patient.0, allergy)).collect();
    insert_allergies(connection, &added, at).await
}

/// Changes a patient's alerts by difference: at most three statements.
pub async fn change_alerts(
    connection: &mut SqliteConnection,
    patient: PatientId,
    changes: &Changes<Alert>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    delete_items(connection, "patient_alert", patient, &changes.removed).await?;
    run_set(
        connection,
        "UPDATE patient_alert SET level = v.value ->> 2, text = v.value ->> 3
         FROM json_each(?) AS v WHERE patient_alert.id = unhex(v.value ->> 0) AND patient_alert.patient_id = unhex(v.value ->> 1)",
        changes.changed.iter().map(|alert| alert_row(patient.0, alert, at)).collect(),
    )
    .await?;
    insert_alert_rows(connection, changes.added.iter().map(|alert| alert_row(patient.0, alert, at)).collect())
        .await
}

/// Changes a patient's tags by difference: at most two statements. A tag is never changed, it is
/// another tag.
pub async fn change_tags(
    connection: &mut SqliteConnection,
    patient: PatientId,
    changes: &Changes<Tag>,
) -> Result<(), StoreError> {
    let removed: Vec<_> = changes
        .removed
        .iter()
        .copied()
        .chain(changes.changed.iter().filter_map(|tag| Some(tag.id?.0)))
        .collect();
    delete_items(connection, "patient_tag", patient, &removed).await?;
    let added = changes.added.iter().chain(&changes.changed).map(|tag| tag_row(patient.0, tag)).collect();
    insert_tag_rows(connection, added).await
}

/// Notes that pairs of records are different people. One statement.
pub async fn mark_distinct(
    connection: &mut SqliteConnection,
    pairs: &[(PatientId, PatientId)],
) -> Result<(), StoreError> {
    let pairs = pairs.iter().map(|(a, b)| vec![hex(distinct_id(*a, *b)), hex(a.0), hex(b.0)]).collect();
    run_set(
        connection,
        "INSERT INTO patient_distinct (id, first_id, second_id)
         SELECT unhex(v.value ->> 0), unhex(v.value ->> 1), unhex(v.value ->> 2) FROM json_each(?) AS v WHERE true
         ON CONFLICT (id) DO NOTHING",
        pairs,
    )
    .await
}

/// Takes [`mark_distinct`] of one pair back.
pub async fn unmark_distinct(
    connection: &mut SqliteConnection,
    a: PatientId,
    b: PatientId,
) -> Result<(), StoreError> {
    delete_set(connection, "patient_distinct", &[distinct_id(a, b)]).await
}
