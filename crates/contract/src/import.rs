//! Taking over another system's files, and giving ours.
//!
//! A file is sent in parts and kept, encrypted, until its import ends: an import that was
//! interrupted goes on without the file. Open → feed… → (adjust the mapping) → check → run.

use crate::page::{Cursor, Page};
use chrono::{DateTime, Utc};
use domain::field::Problem;
use domain::id::ImportId;
use serde::{Deserialize, Serialize};

/// The most bytes of a file that one `import_feed` takes, before base64.
pub const IMPORT_PART_MAX_BYTES: usize = 1 << 20;
/// The largest file, in bytes.
pub const IMPORT_FILE_MAX_BYTES: u64 = 512 << 20;

/// Announces a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOpenRequest {
    pub file_name: String,
    /// Size in bytes.
    pub size: u64,
}

/// Names an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRef {
    pub id: ImportId,
}

/// A part of the file.
#[derive(Clone, Serialize, Deserialize)]
pub struct ImportFeedRequest {
    pub id: ImportId,
    /// Where the part begins; must be where the last one ended.
    pub offset: u64,
    /// The bytes, in base64.
    pub part: String,
}

/// How much of the file has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFed {
    pub received: u64,
    /// Rows read so far, without the header.
    pub rows: u64,
}

/// What the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    Patients,
    /// Refers to patients of an earlier import by their number there.
    Allergies,
}

/// How each column is understood. Targets are the words of `domain::mapping::Target`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportMapping {
    pub kind: ImportKind,
    /// One per column; absent: not imported.
    pub columns: Vec<Option<String>>,
    /// Whether 3/4/1985 is the third of April.
    pub day_first: bool,
}

/// What is known of a file before anything is taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPreview {
    pub id: ImportId,
    pub file_name: String,
    /// `UTF-8`, `UTF-16LE`, `windows-1252`, …
    pub encoding: String,
    pub delimiter: String,
    pub headers: Vec<String>,
    /// The first rows, at most 8.
    pub sample: Vec<Vec<String>>,
    pub rows: u64,
    /// As guessed, or as adjusted last.
    pub mapping: ImportMapping,
    /// Every target a column may have, for each kind.
    pub targets: Vec<ImportTarget>,
}

/// A field that a column can go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTarget {
    pub kind: ImportKind,
    pub target: String,
}

/// Adjusts the mapping. What an earlier check found is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportMapRequest {
    pub id: ImportId,
    pub mapping: ImportMapping,
}

/// A dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCheckRequest {
    pub id: ImportId,
    /// Checked imports that are thought of as taken over before this one.
    #[serde(default)]
    pub after: Vec<ImportId>,
}

/// Takes a checked import over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRunRequest {
    pub id: ImportId,
    /// Rows that look like a patient who is already there are left out, unless this is set.
    #[serde(default)]
    pub add_likely_duplicates: bool,
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportPhase {
    /// Parts of the file are missing.
    Receiving,
    /// All of the file is there.
    Received,
    Checking,
    /// Checked: ready to be taken over.
    Checked,
    Running,
    /// Stopped on request or by a restart; goes on by `import_run`.
    Paused,
    Done,
    Undoing,
    Undone,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProgress {
    pub id: ImportId,
    pub file_name: String,
    pub kind: ImportKind,
    pub phase: ImportPhase,
    /// Rows in the file.
    pub rows: u64,
    /// Rows dealt with in this phase.
    pub rows_done: u64,
    /// To be added, or added.
    pub added: u64,
    /// Look like a patient who is already there.
    pub likely_duplicates: u64,
    /// Were taken over before by an import of the same clinic's numbers: nothing to do.
    pub already_there: u64,
    pub wrong: u64,
    /// Of an undone import: records that were changed since and stay.
    pub kept: u64,
    pub created_at: DateTime<Utc>,
}

/// A page of the rows that are wrong or look like a duplicate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblemsRequest {
    pub id: ImportId,
    #[serde(default)]
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 50.
    #[serde(default)]
    pub limit: u32,
}

/// A row that is not taken over as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Line in the file, from 1.
    pub line: u64,
    /// Column, from 1; absent if it concerns the whole row.
    pub column: Option<u32>,
    /// The column's header.
    pub header: String,
    pub reason: ImportReason,
    /// The cell as it stands in the file, or the name of the likely duplicate.
    pub value: String,
}

/// Why a row is not taken over as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "problem")]
pub enum ImportReason {
    Wrong(Problem),
    LikelyDuplicate,
}

/// Imports, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportListRequest {
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 20.
    pub limit: u32,
}

/// A page of imports.
pub type ImportListResponse = Page<ImportProgress>;
