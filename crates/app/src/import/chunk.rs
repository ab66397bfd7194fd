//! Judging a chunk of rows, and writing what is good of it. The number of statements does not
//! depend on the number of rows.

use super::receive::Columns;
use crate::call::Call;
use crate::error::AppError;
use crate::patient::{checked_contact, duplicates};
use contract::{Budget, CRITICAL_MS, CommandInfo, ImportKind, ImportReason, Permission};
use domain::field::Problem;
use domain::id::{AlertId, AllergyId, ContactId, ImportId, NoteId, PatientId};
use domain::mapping::{
    ImportedAllergy, ImportedContact, ImportedPatient, RowError, build_allergy, build_patient,
};
use domain::patient::{Alert, AlertLevel, Allergy, Contact, ContactKind, Name, NoteKind, Tag};
use domain::text::fold;
use std::collections::{HashMap, HashSet};
use store::Write;
use store::import::{FileRow, Imported, ProblemRow, Tally};
use store::note::NoteRow;
use store::patient::NewPatient;
use uuid::Uuid;

/// Rows of one transaction: some tenths of a second, so that the desk can go on meanwhile.
pub const CHUNK_ROWS: u32 = 500;
/// A chunk in the accounting. It is no command: nobody calls it.
pub const CHUNK: CommandInfo = CommandInfo {
    name: "import_chunk",
    permission: Permission::Import,
    budget: Budget { statements: 16, vm_steps: 100_000_000 },
    // Nobody waits for it.
    slow_ms: CRITICAL_MS,
};
/// Places for the problems of one row in their numbering.
const PROBLEMS_PER_ROW: i64 = 64;
/// A cell is shown up to here with its problem, in characters.
const SHOWN_CHARS: usize = 120;

/// What is known of the file so far, over all its chunks.
#[derive(Debug, Default)]
pub struct Seen {
    numbers: HashSet<String>,
    /// Who has no chart number, by everything that tells people apart.
    people: HashSet<String>,
    /// Chart numbers of the patients that a dry run would have added, those of earlier dry runs that it
    /// builds on among them.
    pub would_add: HashSet<String>,
}

/// How a chunk is to be dealt with.
pub struct Task<'a> {
    pub call: &'a Call,
    pub job: ImportId,
    pub columns: &'a Columns,
    pub add_likely_duplicates: bool,
    /// Whether it is written, or only judged.
    pub dry_run: bool,
}

/// A chunk that was judged.
#[derive(Default)]
struct Judged {
    tally: Tally,
    problems: Vec<ProblemRow>,
}

impl Judged {
    fn problem(
        &mut self,
        row: &FileRow,
        place: usize,
        column: Option<usize>,
        reason: &ImportReason,
        value: &str,
    ) {
        let place = i64::try_from(place).unwrap_or(0).min(PROBLEMS_PER_ROW - 1);
        self.problems.push(ProblemRow {
            no: row.no * PROBLEMS_PER_ROW + place,
            line: row.line,
            column: column.and_then(|column| i64::try_from(column + 1).ok()),
            // A reason is one or two words: it always has a JSON form.
            reason: serde_json::to_string(reason).unwrap_or_default(),
            value: value.chars().take(SHOWN_CHARS).collect(),
        });
    }

    fn wrong(&mut self, row: &FileRow, errors: &[RowError]) {
        self.tally.wrong += 1;
        for (place, error) in errors.iter().enumerate().take(PROBLEMS_PER_ROW as usize) {
            let cells = row.cells.as_deref().unwrap_or_default();
            let value = error.column.and_then(|column| cells.get(column)).map_or("", String::as_str);
            self.problem(row, place, error.column, &ImportReason::Wrong(error.problem), value);
        }
    }
}

/// Judges `rows` and writes what is good of them; books the tally.
pub async fn process(
    task: &Task<'_>,
    write: &mut Write,
    seen: &mut Seen,
    rows: &[FileRow],
) -> Result<(), AppError> {
    let mut judged = match task.columns.kind {
        ImportKind::Patients => patients(task, write, seen, rows).await?,
        ImportKind::Allergies => allergies(task, write, seen, rows).await?,
    };
    judged.tally.rows = i64::try_from(rows.len()).unwrap_or(0);
    store::import::insert_problems(write, task.job, &judged.problems).await?;
    store::import::book(write, task.job, judged.tally).await?;
    Ok(())
}

fn unreadable(fault: &str) -> Vec<RowError> {
    serde_json::from_str(fault)
        .map_or_else(|_| vec![RowError { column: None, problem: Problem::TooManyCells }], |e| vec![e])
}

/// A row of patients that is sound in itself.
struct Candidate<'a> {
    row: &'a FileRow,
    imported: ImportedPatient,
    patient: NewPatient,
}

async fn patients(
    task: &Task<'_>,
    write: &mut Write,
    seen: &mut Seen,
    rows: &[FileRow],
) -> Result<Judged, AppError> {
    let mut judged = Judged::default();
    let mut candidates = Vec::new();
    for row in rows {
        match read_patient(task, seen, row) {
            Ok(candidate) => candidates.push(candidate),
            Err(errors) => judged.wrong(row, &errors),
        }
    }
    let numbers: Vec<_> =
        candidates.iter().map(|c| c.patient.external_id.as_str()).filter(|n| !n.is_empty()).collect();
    let known = store::patient::find_by_external_ids(write, &numbers).await?;
    let known: HashSet<_> = known.into_iter().map(|(number, _)| number).collect();
    if !task.add_likely_duplicates || task.dry_run {
        leave_out_repeats(seen, &mut candidates, &mut judged);
    }
    let before = candidates.len();
    candidates.retain(|candidate| !known.contains(&candidate.patient.external_id));
    judged.tally.already_there += i64::try_from(before - candidates.len()).unwrap_or(0);
    if !task.add_likely_duplicates || task.dry_run {
        leave_out_duplicates(task, write, &mut candidates, &mut judged).await?;
    }
    judged.tally.added += i64::try_from(candidates.len()).unwrap_or(0);
    if task.dry_run {
        seen.would_add.extend(candidates.iter().map(|candidate| candidate.patient.external_id.clone()));
    } else if !candidates.is_empty() {
        insert(task, write, candidates).await?;
    }
    Ok(judged)
}

fn read_patient<'a>(
    task: &Task<'_>,
    seen: &mut Seen,
    row: &'a FileRow,
) -> Result<Candidate<'a>, Vec<RowError>> {
    let cells = row.cells.as_ref().map_err(|fault| unreadable(fault))?;
    let Columns { targets, date_order, .. } = task.columns;
    let imported = build_patient(cells, targets, *date_order, task.call.today())?;
    let mut errors = Vec::new();
    let phones = contacts(task.call, ContactKind::Phone, &imported.phones, &mut errors);
    let emails = contacts(task.call, ContactKind::Email, &imported.emails, &mut errors);
    if !imported.external_id.is_empty() && !seen.numbers.insert(imported.external_id.clone()) {
        let column = targets.iter().position(|target| *target == Some(domain::mapping::Target::ExternalId));
        errors.push(RowError { column, problem: Problem::Repeated });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let call = task.call;
    let patient = NewPatient {
        id: call.next_id(),
        name: imported.name.clone(),
        preferred_name: imported.preferred_name.clone(),
        pronouns: imported.pronouns.clone(),
        birth_date: imported.birth_date,
        address: imported.address.clone(),
        tier: imported.tier,
        source: imported.source.clone(),
        external_id: imported.external_id.clone(),
        contacts: phones.into_iter().chain(emails).collect(),
        alerts: imported.alerts.iter().map(|text| alert(call, text)).collect(),
        tags: imported.tags.iter().map(|label| Tag { id: None, label: label.clone() }).collect(),
        ..NewPatient::default()
    };
    Ok(Candidate { row, imported, patient })
}

fn alert(call: &Call, text: &str) -> Alert {
    Alert { id: Some(AlertId(call.next_id())), level: AlertLevel::AlertOnly, text: text.to_owned() }
}

/// Contacts as they are kept, the first of the kind as the one to use. The same number in two
/// columns is one contact.
fn contacts(
    call: &Call,
    kind: ContactKind,
    imported: &[ImportedContact],
    errors: &mut Vec<RowError>,
) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    for contact in imported {
        let typed = Contact {
            id: None,
            kind,
            value: contact.value.clone(),
            label: contact.label.to_owned(),
            primary: false,
        };
        match checked_contact(&typed) {
            Err(problem) => errors.push(RowError { column: Some(contact.column), problem }),
            Ok(checked) if contacts.iter().any(|known| known.value == checked.value) => {}
            Ok(checked) => contacts.push(Contact {
                id: Some(ContactId(call.next_id())),
                primary: contacts.is_empty(),
                ..checked
            }),
        }
    }
    contacts
}

/// Takes those out that an earlier row of the file has already, word for word.
fn leave_out_repeats(seen: &mut Seen, candidates: &mut Vec<Candidate<'_>>, judged: &mut Judged) {
    candidates.retain(|candidate| {
        let patient = &candidate.patient;
        // A number tells people apart; a name alone does not say that two are the same.
        if !patient.external_id.is_empty() || patient.birth_date.is_none() && patient.contacts.is_empty() {
            return true;
        }
        let Name { given, middle, family, suffix, .. } = &patient.name;
        let names = [given, middle, family, suffix].map(|part| fold(part)).join("/");
        let contacts: Vec<_> = patient.contacts.iter().map(|contact| contact.value.as_str()).collect();
        let key = format!("{names}/{:?}/{}", patient.birth_date, contacts.join("/"));
        if seen.people.insert(key) {
            return true;
        }
        judged.tally.likely_duplicates += 1;
        let name = patient.name.display(&patient.preferred_name);
        judged.problem(candidate.row, 0, None, &ImportReason::LikelyDuplicate, &name);
        false
    });
}

/// Takes those out that look like a patient who is already there.
async fn leave_out_duplicates(
    task: &Task<'_>,
    write: &mut Write,
    candidates: &mut Vec<Candidate<'_>>,
    judged: &mut Judged,
) -> Result<(), AppError> {
    let people: Vec<_> = candidates.iter().map(|candidate| &candidate.patient).collect();
    let likely = duplicates::likely_among(write, task.job, &people).await?;
    let mut kept = Vec::with_capacity(candidates.len());
    for (candidate, likely) in candidates.drain(..).zip(likely) {
        match likely {
            Some(name) => {
                judged.tally.likely_duplicates += 1;
                judged.problem(candidate.row, 0, None, &ImportReason::LikelyDuplicate, &name);
            }
            None => kept.push(candidate),
        }
    }
    *candidates = kept;
    Ok(())
}

async fn insert(task: &Task<'_>, write: &mut Write, candidates: Vec<Candidate<'_>>) -> Result<(), AppError> {
    let call = task.call;
    let ids: Vec<Uuid> = candidates.iter().map(|candidate| candidate.patient.id).collect();
    let mut notes = Vec::new();
    for candidate in &candidates {
        for body in &candidate.imported.notes {
            notes.push(NoteRow {
                id: NoteId(call.next_id()),
                patient: PatientId(candidate.patient.id),
                kind: NoteKind::General,
                body: body.clone(),
                pinned: false,
                created_at: call.at,
                author: call.actor()?,
            });
        }
    }
    let patients: Vec<_> = candidates.into_iter().map(|candidate| candidate.patient).collect();
    if !notes.is_empty() {
        store::note::insert_notes(write, &notes).await?;
    }
    store::patient::insert_patients(write, &patients, call.at).await?;
    store::import::insert_records(write, task.job, Imported::Patients, &ids).await?;
    Ok(())
}

async fn allergies(
    task: &Task<'_>,
    write: &mut Write,
    seen: &mut Seen,
    rows: &[FileRow],
) -> Result<Judged, AppError> {
    let mut judged = Judged::default();
    let mut read: Vec<(&FileRow, ImportedAllergy)> = Vec::new();
    for row in rows {
        let cells = row.cells.as_ref().map_err(|fault| unreadable(fault));
        match cells.and_then(|cells| build_allergy(cells, &task.columns.targets)) {
            Ok(allergy) => read.push((row, allergy)),
            Err(errors) => judged.wrong(row, &errors),
        }
    }
    let numbers: Vec<_> = read.iter().map(|(_, allergy)| allergy.patient_external_id.as_str()).collect();
    let patients: HashMap<_, _> =
        store::patient::find_by_external_ids(write, &numbers).await?.into_iter().collect();
    let ids: HashSet<_> = patients.values().copied().collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut present: HashSet<_> = store::import::list_substances(write, &ids).await?.into_iter().collect();
    let mut added = Vec::new();
    for (row, imported) in read {
        let column =
            task.columns.targets.iter().position(|t| *t == Some(domain::mapping::Target::PatientExternalId));
        let number = &imported.patient_external_id;
        let patient = patients.get(number).copied();
        if patient.is_none() && !seen.would_add.contains(number) {
            judged.wrong(row, &[RowError { column, problem: Problem::NoSuchRecord }]);
            continue;
        }
        let substance = fold(&imported.substance);
        // What an earlier chunk would have written, a dry run has not.
        let is_new = seen.numbers.insert(format!("{number} {substance}"));
        if !is_new || patient.is_some_and(|patient| !present.insert((patient, substance))) {
            judged.tally.already_there += 1;
            continue;
        }
        judged.tally.added += 1;
        added.extend(patient.map(|patient| (patient.0, allergy(task.call, imported))));
    }
    if !task.dry_run && !added.is_empty() {
        let at = task.call.at;
        let rows: Vec<_> = added.iter().map(|(patient, allergy)| (*patient, allergy)).collect();
        store::patient::insert_allergies(write, &rows, at).await?;
        let ids: Vec<_> = added.iter().filter_map(|(_, allergy)| Some(allergy.id?.0)).collect();
        store::import::insert_records(write, task.job, Imported::Allergies, &ids).await?;
    }
    Ok(judged)
}

fn allergy(call: &Call, imported: ImportedAllergy) -> Allergy {
    Allergy {
        id: Some(AllergyId(call.next_id())),
        substance: imported.substance,
        reaction: imported.reaction,
        severity: imported.severity,
    }
}
