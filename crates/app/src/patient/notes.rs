//! Notes on a patient.

use super::detail::{NOTES_FIRST, note_lines};
use super::validate::Form;
use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use crate::versions;
use contract::{
    Note, NoteCreateRequest, NoteCreated, NoteDeleteRequest, NoteListRequest, NoteUpdateRequest, Nothing,
    Page, Versions as VersionsText,
};
use domain::field::{FieldError, Problem};
use domain::id::{NoteId, PatientId};
use domain::patient::NOTE_MAX_CHARS;
use store::manifest::PATIENT_NOTE;
use store::note::{self, NotePatch, NoteRow};
use store::sync::unsent_of;
use store::{Write, load_versions};

/// A page of a patient's notes.
pub async fn note_list(call: &Call, request: NoteListRequest) -> Result<Page<Note>, AppError> {
    let after = cursor::decode(request.after.as_ref())?;
    let mut read = call.read().await?;
    let limit = cursor::limit(request.limit, NOTES_FIRST);
    let (notes, next) = note::list_notes(&mut read, request.patient, after, limit).await?;
    let ids: Vec<_> = notes.iter().map(|note| note.id.0).collect();
    let versions = load_versions(&mut read, &ids).await?;
    let unsent = unsent_of(&mut read, &versions).await?;
    read.end().await?;
    Ok(Page { rows: note_lines(notes, &versions, &unsent)?, next: cursor::encode(next)? })
}

/// A note's text: anything that can be shown, on as many lines as it takes.
fn body(text: &str) -> Result<String, AppError> {
    let text = text.trim();
    let problem = if text.is_empty() {
        Some(Problem::Required)
    } else if text.chars().count() > NOTE_MAX_CHARS {
        Some(Problem::TooLong)
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        Some(Problem::ControlCharacter)
    } else {
        None
    };
    match problem {
        Some(problem) => Err(AppError::Invalid(vec![FieldError::new("body", problem)])),
        None => Ok(text.to_owned()),
    }
}

/// A new note.
pub async fn note_create(call: &Call, request: NoteCreateRequest) -> Result<NoteCreated, AppError> {
    let id = NoteId(call.next_id());
    let note = NoteRow {
        id,
        patient: request.patient,
        kind: request.kind,
        body: body(&request.body)?,
        pinned: request.pinned,
        created_at: call.at,
        author: call.actor()?,
    };
    let mut write = call.write().await?;
    require_patient(&mut write, request.patient).await?;
    note::insert_notes(&mut write, &[note]).await?;
    write.commit().await?;
    Ok(NoteCreated { id })
}

/// Fails unless the patient is there.
pub(crate) async fn require_patient(
    connection: &mut store::Connection,
    id: PatientId,
) -> Result<(), AppError> {
    match store::patient::find_patient(connection, id).await? {
        Some(_) => Ok(()),
        None => Err(AppError::NotFound { what: "patient" }),
    }
}

/// Saves what was changed of a note.
pub async fn note_update(call: &Call, request: NoteUpdateRequest) -> Result<Nothing, AppError> {
    let content = request
        .content
        .as_ref()
        .map(|content| Ok::<_, AppError>((content.kind, body(&content.body)?)))
        .transpose()?;
    let mut registers = Vec::new();
    registers.extend(content.is_some().then_some("content"));
    registers.extend(request.pinned.is_some().then_some("pinned"));
    let mut write = call.write().await?;
    declare(&mut write, request.id, &request.versions, &registers, request.overwrite).await?;
    let patch = NotePatch {
        content: content.as_ref().map(|(kind, body)| (*kind, body.as_str())),
        pinned: request.pinned,
        removed: None,
    };
    finish(write, request.id, &patch).await
}

/// Deletes a note, or brings it back. It stays in the database: what was written about a patient
/// is part of the record.
pub async fn note_delete(call: &Call, request: NoteDeleteRequest) -> Result<Nothing, AppError> {
    let mut write = call.write().await?;
    // Whatever the note says by now, it is this note that goes or comes back.
    declare(&mut write, request.id, &request.versions, &[], true).await?;
    let removed = Some(request.deleted.then_some(call.at));
    finish(write, request.id, &NotePatch { removed, ..NotePatch::default() }).await
}

async fn declare(
    write: &mut Write,
    id: NoteId,
    seen: &VersionsText,
    registers: &[&str],
    overwrite: bool,
) -> Result<(), AppError> {
    let current = load_versions(write, &[id.0]).await?;
    versions::declare(write, (PATIENT_NOTE, id.0), (seen, &current), registers, overwrite)
}

async fn finish(mut write: Write, id: NoteId, patch: &NotePatch<'_>) -> Result<Nothing, AppError> {
    if !note::update_note(&mut write, id, patch).await? {
        return Err(AppError::NotFound { what: "note" });
    }
    write.commit().await?;
    Ok(Nothing {})
}

/// A reason or other line that comes with an action.
pub(super) fn line(field: &str, value: &str) -> Result<String, AppError> {
    let mut form = Form::default();
    let line = form.line(field, value);
    form.finish(line)
}
