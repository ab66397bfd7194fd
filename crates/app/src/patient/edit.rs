//! Creating, editing, archiving.

use super::detail::load;
use super::validate;
use crate::call::Call;
use crate::error::AppError;
use contract::{
    Affected, GuarantorChange, HouseholdChange, PatientArchiveRequest, PatientCreated, PatientDetail,
    PatientDraft, PatientPatch, PatientUpdateRequest,
};
use domain::field::{FieldError, Problem};
use domain::id::{HouseholdId, PatientId};
use store::manifest::{PATIENT, PATIENT_ALERT, PATIENT_ALLERGY, PATIENT_CONTACT};
use store::patient as patients;
use store::{Connection, Versions, Write, load_versions};
use uuid::Uuid;

/// Patients that one call archives.
const ARCHIVE_MAX: usize = 1_000;

/// A new patient.
pub async fn patient_create(call: &Call, request: PatientDraft) -> Result<PatientCreated, AppError> {
    let mut patient = validate::draft(call, &request)?;
    let id = PatientId(patient.id);
    let mut write = call.write().await?;
    write.declare_current();
    if let Some(guarantor) = request.guarantor {
        require(&mut write, guarantor, "guarantor").await?;
    }
    if let Some(other) = request.household_with {
        patient.household = Some(join_household(call, &mut write, other).await?);
    }
    patients::insert_patients(&mut write, &[patient], call.at).await?;
    let pairs: Vec<_> = request.not_the_same_as.iter().map(|other| (id, *other)).collect();
    patients::mark_distinct(&mut write, &pairs).await?;
    write.commit().await?;
    Ok(PatientCreated { id })
}

/// Fails unless the patient is there.
async fn require(
    connection: &mut Connection,
    id: PatientId,
    field: &str,
) -> Result<patients::PatientRecord, AppError> {
    let found = patients::find_patient(connection, id).await?;
    found.ok_or_else(|| AppError::Invalid(vec![FieldError::new(field, Problem::NoSuchRecord)]))
}

fn not_oneself(field: &str) -> AppError {
    AppError::Invalid(vec![FieldError::new(field, Problem::NotAChoice)])
}

/// The household of `other`, which is made if there is none.
async fn join_household(call: &Call, write: &mut Write, other: PatientId) -> Result<HouseholdId, AppError> {
    let other = require(write, other, "household").await?;
    if let Some(household) = other.household {
        return Ok(household);
    }
    let household = HouseholdId(call.next_id());
    let versions = load_versions(write, &[other.id.0]).await?;
    write.declare(versions.0);
    let patch =
        patients::PatientPatch { household: Some(Some(household)), ..patients::PatientPatch::default() };
    patients::update_patient(write, other.id, &patch).await?;
    Ok(household)
}

/// Saves what a form changed.
pub async fn patient_update(call: &Call, request: PatientUpdateRequest) -> Result<PatientDetail, AppError> {
    let checked = validate::patch(call, &request.patch)?;
    let seen = Versions::decode(&request.versions.0)?;
    let mut write = call.write().await?;
    if patients::find_patient(&mut write, request.id).await?.is_none() {
        return Err(AppError::NotFound { what: "patient" });
    }
    declare(&mut write, &request, &seen).await?;
    let mut own = checked.own;
    own.household = match request.patch.household {
        None => None,
        Some(HouseholdChange::Leave) => Some(None),
        Some(HouseholdChange::Join(other)) if other == request.id => return Err(not_oneself("household")),
        Some(HouseholdChange::Join(other)) => Some(Some(join_household(call, &mut write, other).await?)),
    };
    own.guarantor = match request.patch.guarantor {
        None => None,
        Some(GuarantorChange::Nobody) => Some(None),
        Some(GuarantorChange::Person(other)) if other == request.id => return Err(not_oneself("guarantor")),
        Some(GuarantorChange::Person(other)) => Some(Some(require(&mut write, other, "guarantor").await?.id)),
    };
    patients::update_patient(&mut write, request.id, &own).await?;
    patients::change_contacts(&mut write, request.id, &checked.contacts).await?;
    patients::change_allergies(&mut write, request.id, &checked.allergies, call.at).await?;
    patients::change_alerts(&mut write, request.id, &checked.alerts, call.at).await?;
    patients::change_tags(&mut write, request.id, &checked.tags).await?;
    let detail = load(&mut write, request.id).await?;
    validate::changed_contacts(&checked.contacts, &detail.contacts)?;
    write.commit().await?;
    Ok(detail)
}

/// Says what the form had seen; refuses to overwrite what it had not, unless that is wanted.
async fn declare(write: &mut Write, request: &PatientUpdateRequest, seen: &Versions) -> Result<(), AppError> {
    let touched = touched(request);
    let records: Vec<_> = touched.iter().map(|touch| touch.record).collect();
    let current = load_versions(write, &records).await?;
    if request.overwrite {
        // They have seen both, so the present one is what their choice is based on.
        write.declare(current.0);
        return Ok(());
    }
    let stale: Vec<_> = touched
        .iter()
        .filter(|touch| match touch.register {
            Some(register) => current.differs(seen, touch.record, register),
            None => current.of(touch.record) != seen.of(touch.record),
        })
        .map(|touch| FieldError::new(touch.field.clone(), Problem::ChangedMeanwhile))
        .collect();
    if !stale.is_empty() {
        return Err(AppError::Stale { fields: stale });
    }
    write.declare(seen.0.clone());
    Ok(())
}

/// A register that a form writes.
struct Touch {
    record: Uuid,
    /// All of them, where the record is removed.
    register: Option<i64>,
    field: String,
}

fn touched(request: &PatientUpdateRequest) -> Vec<Touch> {
    let PatientPatch {
        name,
        preferred_name,
        pronouns,
        birth_date,
        address,
        tier,
        source,
        external_id,
        household,
        guarantor,
        contacts,
        allergies,
        alerts,
        tags,
    } = &request.patch;
    let own = [
        ("name", name.is_some()),
        ("preferred_name", preferred_name.is_some()),
        ("pronouns", pronouns.is_some()),
        ("birth_date", birth_date.is_some()),
        ("address", address.is_some()),
        ("tier", tier.is_some()),
        ("source", source.is_some()),
        ("external_id", external_id.is_some()),
        ("household", household.is_some()),
        ("guarantor", guarantor.is_some()),
    ];
    let own = own.into_iter().filter(|(_, touched)| *touched).filter_map(|(field, _)| {
        let register = PATIENT.register(field)?.number;
        Some(Touch { record: request.id.0, register: Some(register), field: field.to_owned() })
    });
    let item = |record: Option<Uuid>, register: Option<i64>, list: &str| {
        Some(Touch { record: record?, register: Some(register?), field: list.to_owned() })
    };
    let (value, primary) = (PATIENT_CONTACT.register("value"), PATIENT_CONTACT.register("primary"));
    let (value, primary) = (value.map(|r| r.number), primary.map(|r| r.number));
    let allergy = PATIENT_ALLERGY.register("allergy").map(|r| r.number);
    let alert = PATIENT_ALERT.register("alert").map(|r| r.number);
    let contacts_changed = contacts.changed.iter().flat_map(|c| {
        [value, primary]
            .into_iter()
            .filter_map(|register| item(c.id.map(|id| id.0), register, "contacts"))
            .collect::<Vec<_>>()
    });
    let allergies_changed =
        allergies.changed.iter().filter_map(|a| item(a.id.map(|id| id.0), allergy, "allergies"));
    let alerts_changed = alerts.changed.iter().filter_map(|a| item(a.id.map(|id| id.0), alert, "alerts"));
    let lists = [
        ("contacts", &contacts.removed),
        ("allergies", &allergies.removed),
        ("alerts", &alerts.removed),
        ("tags", &tags.removed),
    ];
    let removed = lists.into_iter().flat_map(|(list, ids)| {
        ids.iter().map(move |id| Touch { record: *id, register: None, field: list.to_owned() })
    });
    let mut touched: Vec<_> = own.collect();
    touched.extend(contacts_changed);
    touched.extend(allergies_changed);
    touched.extend(alerts_changed);
    touched.extend(removed);
    touched
}

/// Archives or restores patients.
pub async fn patient_archive(call: &Call, request: PatientArchiveRequest) -> Result<Affected, AppError> {
    if request.ids.len() > ARCHIVE_MAX {
        return Err(AppError::TooLarge { what: "the selection", limit: ARCHIVE_MAX as u64 });
    }
    let mut write = call.write().await?;
    // A button, not a form: it is about the patient as it is now.
    write.declare_current();
    let count =
        patients::archive_patients(&mut write, &request.ids, request.archived.then_some(call.at)).await?;
    write.commit().await?;
    Ok(Affected { count })
}
