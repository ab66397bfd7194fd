//! Patients: list, search, detail, editing, notes, consent, duplicates.

use crate::page::{Count, Cursor, Page};
use chrono::{DateTime, NaiveDate, Utc};
use domain::consent::{Channel, Decision, Purpose};
use domain::difference::Changes;
use domain::id::{HouseholdId, NoteId, PatientId};
use domain::patient::{Address, Alert, AlertLevel, Allergy, Contact, Name, NoteKind, Tag, Tier};
use serde::{Deserialize, Serialize};

/// The state of a record as it was loaded into a form. Opaque; goes back with what the form saves,
/// so that an edit is based on what its author saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Versions(pub String);

/// A patient as a list, a search result or a reference shows one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientRow {
    pub id: PatientId,
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: Option<NaiveDate>,
    /// The primary phone, E.164; empty if there is none.
    pub phone: String,
    /// The primary e-mail address; empty if there is none.
    pub email: String,
    pub tier: Tier,
    pub tags: Vec<String>,
    /// The gravest alert.
    pub alert: Option<AlertLevel>,
    pub archived: bool,
    pub created_at: DateTime<Utc>,
}

/// Which patients a list holds. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientFilter {
    /// The archived ones instead of the current ones.
    pub archived: bool,
    pub tag: Option<String>,
    pub tier: Option<Tier>,
    /// Only those with an alert.
    pub alert: bool,
}

/// Order of a list. The id breaks ties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatientSort {
    #[default]
    Name,
    NameDescending,
    BirthDate,
    BirthDateDescending,
    /// Newest first.
    Added,
}

/// A page of patients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientListRequest {
    pub filter: PatientFilter,
    pub sort: PatientSort,
    /// Continue after this.
    pub after: Option<Cursor>,
    /// Rows to pass over from there, for a jump by the scroll bar; at most 100,000. They are
    /// passed over inside the index, without being read.
    pub skip: u32,
    /// 1 to 200; 0 stands for 100.
    pub limit: u32,
}

/// A page of patients and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientListResponse {
    #[serde(flatten)]
    pub page: Page<PatientRow>,
    pub count: Count,
}

/// A value to filter by, and how many current patients have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    pub value: String,
    pub count: u64,
}

/// What the patients can be filtered by. At most 200 tags, the commonest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientFacets {
    pub tags: Vec<Facet>,
    pub tiers: Vec<Facet>,
    pub current: u64,
    pub archived: u64,
}

/// Search while typing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientSearchRequest {
    pub text: String,
    /// 1 to 50; 0 stands for 20.
    #[serde(default)]
    pub limit: u32,
}

/// Why a search result is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    Name,
    Nickname,
    Spelling,
    Sound,
    Phone,
    Email,
    BirthDate,
    ChartNumber,
}

/// A search result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientHit {
    #[serde(flatten)]
    pub patient: PatientRow,
    pub matched_by: MatchedBy,
}

/// Search results, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientSearchResponse {
    pub hits: Vec<PatientHit>,
}

/// Asks for one patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientLoadRequest {
    pub id: PatientId,
}

/// A patient's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientDetail {
    pub id: PatientId,
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: Option<NaiveDate>,
    pub address: Address,
    pub tier: Tier,
    pub source: String,
    /// The number in the clinic's files or in the system the patient was imported from.
    pub external_id: String,
    pub archived_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub contacts: Vec<Contact>,
    pub allergies: Vec<Allergy>,
    pub alerts: Vec<Alert>,
    pub tags: Vec<Tag>,
    pub consent: Vec<ConsentLine>,
    /// The first page of notes, pinned ones first.
    pub notes: Page<Note>,
    pub household: Option<Household>,
    /// Who pays, if somebody else does.
    pub guarantor: Option<PatientRow>,
    /// Something of this, apart from notes, was saved here and is not acknowledged by the server yet.
    pub is_unsent: bool,
    pub versions: Versions,
}

/// The people one lives with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    pub id: HouseholdId,
    /// The other members; at most 20.
    pub members: Vec<PatientRow>,
}

/// What holds for one channel and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentLine {
    pub channel: Channel,
    pub purpose: Purpose,
    pub decision: Decision,
    /// When it was decided last.
    pub decided_at: Option<DateTime<Utc>>,
}

/// A patient's fields as a form has them: text as typed, judged by the desk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientDraft {
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    /// As typed; empty if not known.
    pub birth_date: String,
    pub address: Address,
    pub tier: Tier,
    pub source: String,
    pub external_id: String,
    /// Joins the household of this patient.
    pub household_with: Option<PatientId>,
    pub guarantor: Option<PatientId>,
    pub contacts: Vec<Contact>,
    pub allergies: Vec<Allergy>,
    pub alerts: Vec<Alert>,
    pub tags: Vec<Tag>,
    /// Records that were shown as likely duplicates and are somebody else.
    pub not_the_same_as: Vec<PatientId>,
}

/// The new record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientCreated {
    pub id: PatientId,
}

/// What a form changed. An absent field is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientPatch {
    pub name: Option<Name>,
    pub preferred_name: Option<String>,
    pub pronouns: Option<String>,
    /// As typed; empty forgets it.
    pub birth_date: Option<String>,
    pub address: Option<Address>,
    pub tier: Option<Tier>,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub household: Option<HouseholdChange>,
    pub guarantor: Option<GuarantorChange>,
    pub contacts: Changes<Contact>,
    pub allergies: Changes<Allergy>,
    pub alerts: Changes<Alert>,
    pub tags: Changes<Tag>,
}

/// Joining or leaving a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HouseholdChange {
    Leave,
    /// The household of this patient, which is made if there is none.
    Join(PatientId),
}

/// Another person pays, or nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuarantorChange {
    Nobody,
    Person(PatientId),
}

/// Saves what a form changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientUpdateRequest {
    pub id: PatientId,
    /// What the form was loaded with.
    pub versions: Versions,
    pub patch: PatientPatch,
    /// The person has seen that others changed the same fields and wants these values all the same.
    #[serde(default)]
    pub overwrite: bool,
}

/// Archives or restores patients; at most 1,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientArchiveRequest {
    pub ids: Vec<PatientId>,
    pub archived: bool,
}

/// How many records an action changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    pub count: u64,
}

/// Who might be the person being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DuplicateRequest {
    /// The record being edited, which is not its own duplicate.
    pub id: Option<PatientId>,
    pub name: Name,
    pub preferred_name: String,
    pub birth_date: String,
    pub contacts: Vec<Contact>,
    pub address: Address,
    /// Already judged to be somebody else in this form.
    pub not_the_same_as: Vec<PatientId>,
}

/// A record that may be the same person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikelyDuplicate {
    #[serde(flatten)]
    pub patient: PatientRow,
    /// 0 to 100.
    pub score: u8,
    /// Why, the strongest first: names of `domain::duplicate::Reason`.
    pub reasons: Vec<String>,
}

/// Likely duplicates, the likeliest first; at most 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateResponse {
    pub likely: Vec<LikelyDuplicate>,
}

/// States that two records are not the same person, or takes that back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistinctRequest {
    pub a: PatientId,
    pub b: PatientId,
    pub distinct: bool,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub id: NoteId,
    pub kind: NoteKind,
    pub body: String,
    pub pinned: bool,
    pub created_at: DateTime<Utc>,
    /// Who wrote it.
    pub author: String,
    /// It was saved here and is not acknowledged by the server yet.
    pub is_unsent: bool,
    pub versions: Versions,
}

/// A page of a patient's notes: pinned ones first, then the newest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteListRequest {
    pub patient: PatientId,
    #[serde(default)]
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 20.
    #[serde(default)]
    pub limit: u32,
}

/// A new note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteCreateRequest {
    pub patient: PatientId,
    pub kind: NoteKind,
    pub body: String,
    #[serde(default)]
    pub pinned: bool,
}

/// The new note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteCreated {
    pub id: NoteId,
}

/// What was changed of a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteUpdateRequest {
    pub id: NoteId,
    pub versions: Versions,
    #[serde(default)]
    pub content: Option<NoteContent>,
    #[serde(default)]
    pub pinned: Option<bool>,
    #[serde(default)]
    pub overwrite: bool,
}

/// What a note says; changes as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteContent {
    pub kind: NoteKind,
    pub body: String,
}

/// Deletes a note, or brings it back as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteDeleteRequest {
    pub id: NoteId,
    pub versions: Versions,
    pub deleted: bool,
}

/// Records a decision about being written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecordRequest {
    pub patient: PatientId,
    pub channel: Channel,
    pub purpose: Purpose,
    pub decision: Decision,
    /// How it was given: "at the desk", "by phone".
    #[serde(default)]
    pub source: String,
}

/// A page of a patient's consent history, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentHistoryRequest {
    pub patient: PatientId,
    #[serde(default)]
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 20.
    #[serde(default)]
    pub limit: u32,
}

/// One event of the consent history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentEntry {
    pub channel: Channel,
    pub purpose: Purpose,
    pub decision: Decision,
    pub source: String,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
}
