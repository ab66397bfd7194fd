//! Filling a database with a made-up clinic, for trying out, tests and benchmarks.

mod invoices;

use crate::call::Call;
use crate::desk::Desk;
use crate::error::AppError;
use crate::generate::{GeneratedPatient, patients};
use contract::ErrorBody;
use domain::id::{AlertId, AllergyId, ConsentEventId, ContactId, NoteId, PatientId};
use domain::patient::{Alert, Allergy, Contact};
use store::consent::NewConsent;
use store::note::NoteRow;
use store::patient::NewPatient;

pub use invoices::seed_invoices;

/// Patients of one transaction.
const CHUNK: usize = 500;

/// How far it is: patients written, of how many.
pub type SeedProgress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// Adds the first `count` patients of the made-up clinic `seed`.
///
/// # Errors
/// A database that is not open or cannot be written. Whole chunks stay.
pub async fn seed_clinic(
    desk: &Desk,
    count: u32,
    seed: u64,
    progress: SeedProgress<'_>,
) -> Result<(), ErrorBody> {
    let mut left = patients(count, seed).peekable();
    let mut done = 0;
    while left.peek().is_some() {
        let chunk: Vec<_> = left.by_ref().take(CHUNK).collect();
        write_chunk(desk, &chunk).await.map_err(ErrorBody::from)?;
        done += chunk.len() as u64;
        progress(done, count.into());
    }
    Ok(())
}

async fn write_chunk(desk: &Desk, chunk: &[GeneratedPatient]) -> Result<(), AppError> {
    let call = Call::new(desk, "generate");
    let author = call.actor()?;
    let mut new = Vec::with_capacity(chunk.len());
    let mut notes = Vec::new();
    let mut consents = Vec::new();
    for generated in chunk {
        let patient = PatientId(call.next_id());
        new.push(new_patient(&call, patient, generated));
        notes.extend(generated.notes.iter().map(|note| NoteRow {
            id: NoteId(call.next_id()),
            patient,
            kind: note.kind,
            body: note.body.clone(),
            pinned: note.pinned,
            created_at: call.at,
            author,
        }));
        consents.extend(generated.consent.iter().map(|(channel, purpose, decision)| NewConsent {
            id: ConsentEventId(call.next_id()),
            patient,
            channel: *channel,
            purpose: *purpose,
            decision: *decision,
            source: String::new(),
            recorded_by: author,
            recorded_at: call.at,
        }));
    }
    let mut write = call.write().await?;
    store::note::insert_notes(&mut write, &notes).await?;
    store::consent::insert_consents(&mut write, &consents).await?;
    store::patient::insert_patients(&mut write, &new, call.at).await?;
    write.commit().await?;
    Ok(())
}

fn new_patient(call: &Call, id: PatientId, generated: &GeneratedPatient) -> NewPatient {
    let contacts = generated.contacts.iter().cloned();
    let allergies = generated.allergies.iter().cloned();
    let alerts = generated.alerts.iter().cloned();
    NewPatient {
        id: id.0,
        name: generated.name.clone(),
        preferred_name: generated.preferred_name.clone(),
        pronouns: generated.pronouns.clone(),
        birth_date: Some(generated.birth_date),
        address: generated.address.clone(),
        tier: generated.tier,
        source: generated.source.clone(),
        external_id: generated.external_id.clone(),
        archived_at: generated.archived.then_some(call.at),
        contacts: contacts.map(|item| Contact { id: Some(ContactId(call.next_id())), ..item }).collect(),
        allergies: allergies.map(|item| Allergy { id: Some(AllergyId(call.next_id())), ..item }).collect(),
        alerts: alerts.map(|item| Alert { id: Some(AlertId(call.next_id())), ..item }).collect(),
        tags: generated.tags.clone(),
        ..NewPatient::default()
    }
}
