//! A patient's page.

use super::list::row;
use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use contract::{
    ConsentLine, Household, Note, Page, PatientDetail, PatientLoadRequest, PatientRow,
    Versions as VersionsText,
};
use domain::consent::{Channel, ConsentEvent, Decision, Purpose, resolve};
use domain::id::PatientId;
use domain::patient::Word;
use std::collections::{BTreeSet, HashMap};
use store::Connection;
use store::consent::ConsentRow;
use store::note::NoteRow;
use store::patient::{Children, PatientRecord};
use store::sync::unsent_of;
use store::{Versions, load_versions};
use uuid::Uuid;

/// Notes on a patient's page before more are asked for.
pub(crate) const NOTES_FIRST: u32 = 20;

/// A patient's page.
pub async fn patient_load(call: &Call, request: PatientLoadRequest) -> Result<PatientDetail, AppError> {
    let mut read = call.read().await?;
    let detail = load(&mut read, request.id).await?;
    read.end().await?;
    Ok(detail)
}

/// Eight statements at the most.
pub(crate) async fn load(connection: &mut Connection, id: PatientId) -> Result<PatientDetail, AppError> {
    let patient =
        store::patient::find_patient(connection, id).await?.ok_or(AppError::NotFound { what: "patient" })?;
    let children = store::patient::list_children(connection, id).await?;
    let consent = store::consent::list_standing(connection, id).await?;
    let (notes, after) = store::note::list_notes(connection, id, None, NOTES_FIRST).await?;
    let household = household(connection, &patient).await?;
    let guarantor = guarantor(connection, &patient).await?;
    let versions = load_versions(connection, &records(id, &children, &notes)).await?;
    let unsent = unsent_of(connection, &versions).await?;
    let notes = Page { rows: note_lines(notes, &versions, &unsent)?, next: cursor::encode(after)? };
    let is_unsent = unsent.iter().any(|record| belongs(*record, id, &children));
    let own =
        Versions(versions.0.into_iter().filter(|(record, _)| belongs(*record, id, &children)).collect());
    Ok(PatientDetail {
        id,
        name: patient.name,
        preferred_name: patient.preferred_name,
        pronouns: patient.pronouns,
        birth_date: patient.birth_date,
        address: patient.address,
        tier: patient.tier,
        source: patient.source,
        external_id: patient.external_id,
        archived_at: patient.archived_at,
        created_at: patient.created_at,
        contacts: children.contacts,
        allergies: children.allergies,
        alerts: children.alerts,
        tags: children.tags,
        consent: consent_lines(&consent),
        notes,
        household,
        guarantor,
        is_unsent,
        versions: VersionsText(own.encode()?),
    })
}

async fn household(
    connection: &mut Connection,
    patient: &PatientRecord,
) -> Result<Option<Household>, AppError> {
    let Some(id) = patient.household else { return Ok(None) };
    let members = store::patient::list_household(connection, id).await?;
    let members = members.into_iter().filter(|member| member.id != patient.id).map(row).collect();
    Ok(Some(Household { id, members }))
}

async fn guarantor(
    connection: &mut Connection,
    patient: &PatientRecord,
) -> Result<Option<PatientRow>, AppError> {
    let Some(id) = patient.guarantor else { return Ok(None) };
    let found = store::listing::find_listings(connection, &[id.0]).await?;
    Ok(found.into_iter().next().map(row))
}

fn child_ids(children: &Children) -> impl Iterator<Item = Uuid> + '_ {
    let contacts = children.contacts.iter().filter_map(|item| Some(item.id?.0));
    let allergies = children.allergies.iter().filter_map(|item| Some(item.id?.0));
    let alerts = children.alerts.iter().filter_map(|item| Some(item.id?.0));
    let tags = children.tags.iter().filter_map(|item| Some(item.id?.0));
    contacts.chain(allergies).chain(alerts).chain(tags)
}

fn records(id: PatientId, children: &Children, notes: &[NoteRow]) -> Vec<Uuid> {
    std::iter::once(id.0).chain(child_ids(children)).chain(notes.iter().map(|note| note.id.0)).collect()
}

fn belongs(record: Uuid, id: PatientId, children: &Children) -> bool {
    record == id.0 || child_ids(children).any(|child| child == record)
}

/// Notes as the page knows them, each with its own versions.
pub(crate) fn note_lines(
    notes: Vec<NoteRow>,
    versions: &Versions,
    unsent: &BTreeSet<Uuid>,
) -> Result<Vec<Note>, AppError> {
    notes
        .into_iter()
        .map(|note| {
            Ok(Note {
                id: note.id,
                kind: note.kind,
                body: note.body,
                pinned: note.pinned,
                created_at: note.created_at,
                author: String::new(),
                is_unsent: unsent.contains(&note.id.0),
                versions: VersionsText(versions.of(note.id.0).encode()?),
            })
        })
        .collect()
}

/// Every channel and purpose, with what holds for it.
fn consent_lines(standing: &[ConsentRow]) -> Vec<ConsentLine> {
    // What stands has been superseded by nothing, so only the rule among concurrent ones is left.
    let events: Vec<_> = standing
        .iter()
        .map(|row| ConsentEvent {
            id: row.id,
            channel: row.channel,
            purpose: row.purpose,
            decision: row.decision,
            supersedes: Vec::new(),
        })
        .collect();
    let mut decided: HashMap<(Channel, Purpose, Decision), _> = HashMap::new();
    for row in standing {
        decided.entry((row.channel, row.purpose, row.decision)).or_insert(row.recorded_at);
    }
    let pairs = Channel::WORDS
        .iter()
        .flat_map(|(channel, _)| Purpose::WORDS.iter().map(move |(purpose, _)| (*channel, *purpose)));
    pairs
        .map(|(channel, purpose)| {
            let decision = resolve(&events, channel, purpose);
            ConsentLine {
                channel,
                purpose,
                decision,
                decided_at: decided.get(&(channel, purpose, decision)).copied(),
            }
        })
        .collect()
}
