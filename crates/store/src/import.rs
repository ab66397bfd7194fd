//! Imports: the file's rows until they are taken over, and what was taken over.

use crate::error::StoreError;
use crate::json::{hex_list, rows};
use crate::manifest::{PATIENT, PATIENT_ALLERGY};
use domain::id::{ImportId, PatientId};
use serde_json::Value;
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

/// An import.
#[derive(Clone, Debug, FromRow)]
pub struct JobRow {
    #[sqlx(try_from = "Uuid")]
    pub id: ImportId,
    pub file_name: String,
    pub size: i64,
    pub received: i64,
    pub phase: String,
    /// JSON.
    pub format: Option<String>,
    /// JSON.
    pub mapping: Option<String>,
    pub rows: i64,
    pub rows_done: i64,
    pub added: i64,
    pub likely_duplicates: i64,
    pub already_there: i64,
    pub wrong: i64,
    pub kept: i64,
    pub add_duplicates: bool,
    pub created_at: i64,
}

/// Announces an import.
pub async fn insert_job(
    connection: &mut SqliteConnection,
    id: ImportId,
    file_name: &str,
    size: i64,
    at_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO import_job (id, file_name, size, created_at) VALUES (?, ?, ?, ?)")
        .bind(id.0)
        .bind(file_name)
        .bind(size)
        .bind(at_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// The import with this id.
pub async fn find_job(connection: &mut SqliteConnection, id: ImportId) -> Result<Option<JobRow>, StoreError> {
    Ok(sqlx::query_as("SELECT * FROM import_job WHERE id = ?").bind(id.0).fetch_optional(connection).await?)
}

/// Imports, the newest first.
pub async fn list_jobs(
    connection: &mut SqliteConnection,
    before_ms: i64,
    limit: u32,
) -> Result<Vec<JobRow>, StoreError> {
    Ok(sqlx::query_as("SELECT * FROM import_job WHERE created_at < ? ORDER BY created_at DESC LIMIT ?")
        .bind(before_ms)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// A row of the file.
#[derive(Clone, Debug)]
pub struct FileRow {
    /// From 1, without the header.
    pub no: i64,
    /// Line in the file.
    pub line: i64,
    /// The cells, or why they cannot be read as JSON.
    pub cells: Result<Vec<String>, String>,
}

/// Keeps rows of the file, and how much of it has arrived; whether the import is still wanted. Two
/// statements.
pub async fn append_rows(
    connection: &mut SqliteConnection,
    id: ImportId,
    file_rows: &[FileRow],
    received: i64,
    total: i64,
) -> Result<bool, StoreError> {
    let set = file_rows.iter().map(|row| {
        let (cells, fault) = match &row.cells {
            Ok(cells) => (Value::from(cells.as_slice()), Value::Null),
            Err(fault) => (Value::Null, Value::from(fault.as_str())),
        };
        vec![Value::from(row.no), Value::from(row.line), cells, fault]
    });
    sqlx::query(
        "INSERT INTO import_row (job, no, line, cells, fault)
         SELECT ?1, v.value ->> 0, v.value ->> 1, v.value ->> 2, v.value ->> 3 FROM json_each(?2) AS v",
    )
    .bind(id.0)
    .bind(rows(set)?)
    .execute(&mut *connection)
    .await?;
    let done = sqlx::query("UPDATE import_job SET received = ?, rows = ? WHERE id = ?")
        .bind(received)
        .bind(total)
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The next rows of the file.
pub async fn list_rows(
    connection: &mut SqliteConnection,
    id: ImportId,
    after: i64,
    limit: u32,
) -> Result<Vec<FileRow>, StoreError> {
    let found: Vec<(i64, i64, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT no, line, cells, fault FROM import_row WHERE job = ? AND no > ? ORDER BY no LIMIT ?",
    )
    .bind(id.0)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    found
        .into_iter()
        .map(|(no, line, cells, fault)| {
            let cells = match cells {
                Some(cells) => Ok(serde_json::from_str(&cells)?),
                None => Err(fault.unwrap_or_default()),
            };
            Ok(FileRow { no, line, cells })
        })
        .collect()
}

/// Sets what the file is and how its columns are understood.
pub async fn set_format(
    connection: &mut SqliteConnection,
    id: ImportId,
    format: &str,
    mapping: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE import_job SET format = ?, mapping = ? WHERE id = ?")
        .bind(format)
        .bind(mapping)
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets the phase and nothing else.
pub async fn set_phase(
    connection: &mut SqliteConnection,
    id: ImportId,
    phase: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE import_job SET phase = ? WHERE id = ?")
        .bind(phase)
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets the phase of whatever was running when the app stopped. The first part of a file is of no
/// use without the rest of it.
pub async fn pause_running(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE import_job SET phase = CASE phase WHEN 'running' THEN 'paused' WHEN 'checking' THEN 'received'
                                                   WHEN 'undoing' THEN 'done' ELSE phase END
         WHERE phase IN ('running', 'checking', 'undoing')",
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM import_row WHERE job IN (SELECT id FROM import_job WHERE phase = 'receiving')")
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM import_job WHERE phase = 'receiving'").execute(connection).await?;
    Ok(())
}

/// Begins to check or to take over from the first row: what was counted before is forgotten.
pub async fn restart(
    connection: &mut SqliteConnection,
    id: ImportId,
    phase: &str,
    add_duplicates: bool,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM import_problem WHERE job = ?").bind(id.0).execute(&mut *connection).await?;
    sqlx::query(
        "UPDATE import_job SET phase = ?, add_duplicates = ?, rows_done = 0, added = 0, likely_duplicates = 0, already_there = 0, wrong = 0
         WHERE id = ?",
    )
    .bind(phase)
    .bind(add_duplicates)
    .bind(id.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// What a chunk came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub rows: i64,
    pub added: i64,
    pub likely_duplicates: i64,
    pub already_there: i64,
    pub wrong: i64,
}

/// Books a chunk.
pub async fn book(connection: &mut SqliteConnection, id: ImportId, tally: Tally) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE import_job SET rows_done = rows_done + ?, added = added + ?, likely_duplicates = likely_duplicates + ?,
                already_there = already_there + ?, wrong = wrong + ? WHERE id = ?",
    )
    .bind(tally.rows)
    .bind(tally.added)
    .bind(tally.likely_duplicates)
    .bind(tally.already_there)
    .bind(tally.wrong)
    .bind(id.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// A row that is not taken over as it is.
#[derive(Clone, Debug, FromRow)]
pub struct ProblemRow {
    pub no: i64,
    pub line: i64,
    pub column: Option<i64>,
    pub reason: String,
    pub value: String,
}

/// Keeps problems; their number is line and place in it. One statement, none if there are none.
pub async fn insert_problems(
    connection: &mut SqliteConnection,
    id: ImportId,
    problems: &[ProblemRow],
) -> Result<(), StoreError> {
    if problems.is_empty() {
        return Ok(());
    }
    let set = problems.iter().map(|problem| {
        vec![
            Value::from(problem.no),
            Value::from(problem.line),
            Value::from(problem.column),
            Value::from(problem.reason.as_str()),
            Value::from(problem.value.as_str()),
        ]
    });
    sqlx::query(
        "INSERT INTO import_problem (job, no, line, \"column\", reason, value)
         SELECT ?1, v.value ->> 0, v.value ->> 1, v.value ->> 2, v.value ->> 3, v.value ->> 4 FROM json_each(?2) AS v",
    )
    .bind(id.0)
    .bind(rows(set)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// A page of problems, in the file's order.
pub async fn list_problems(
    connection: &mut SqliteConnection,
    id: ImportId,
    after: i64,
    limit: u32,
) -> Result<Vec<ProblemRow>, StoreError> {
    Ok(sqlx::query_as("SELECT no, line, \"column\", reason, value FROM import_problem WHERE job = ? AND no > ? ORDER BY no LIMIT ?")
        .bind(id.0)
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// What an import adds: patients, or allergies of patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    Patients,
    Allergies,
}

impl Imported {
    fn collection(self) -> i64 {
        match self {
            Self::Patients => PATIENT.number,
            Self::Allergies => PATIENT_ALLERGY.number,
        }
    }
}

/// Notes what an import added, for its undo.
pub async fn insert_records(
    connection: &mut SqliteConnection,
    id: ImportId,
    what: Imported,
    ids: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO import_record (job, collection, record) SELECT ?, ?, unhex(value) FROM json_each(?)",
    )
    .bind(id.0)
    .bind(what.collection())
    .bind(hex_list(ids)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these substances these patients have already: (patient, folded substance).
pub async fn list_substances(
    connection: &mut SqliteConnection,
    patients: &[PatientId],
) -> Result<Vec<(PatientId, String)>, StoreError> {
    let ids: Vec<_> = patients.iter().map(|id| id.0).collect();
    let found: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT a.patient_id, fold(a.substance) FROM json_each(?) AS wanted
         CROSS JOIN patient_allergy a ON a.patient_id = unhex(wanted.value)",
    )
    .bind(hex_list(&ids)?)
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(|(id, substance)| (PatientId(id), substance)).collect())
}

/// What one step of an undo did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    pub deleted: i64,
    /// Records that somebody has worked on since; they stay.
    pub kept: i64,
}

/// A version that was written by anything but an import on this device.
const TOUCHED: &str = "
  SELECT 1 FROM record_version v WHERE v.record = t.record AND NOT (
    v.replica = (SELECT no FROM replica r JOIN device d ON r.device = d.device AND r.incarnation = d.incarnation WHERE d.one = 1)
    AND 'import_run' = (SELECT command FROM transaction_log l WHERE l.last_seq >= v.seq ORDER BY l.last_seq LIMIT 1))";

/// Takes back up to `limit` records of an import. Eleven statements at the most, however many
/// records there are. Whoever named one of them as the one who pays keeps a reference to nobody.
pub async fn undo_step(
    connection: &mut SqliteConnection,
    id: ImportId,
    limit: u32,
) -> Result<Undone, StoreError> {
    let records: Vec<(i64, Uuid)> =
        sqlx::query_as("SELECT collection, record FROM import_record WHERE job = ? LIMIT ?")
            .bind(id.0)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
    let all: Vec<Uuid> = records.iter().map(|(_, record)| *record).collect();
    let kept = touched_records(connection, id, &all).await?;
    let untouched = |number: i64| -> Vec<Uuid> {
        records
            .iter()
            .filter(|(collection, record)| *collection == number && !kept.contains(record))
            .map(|(_, r)| *r)
            .collect()
    };
    let (patients, allergies) = (untouched(PATIENT.number), untouched(PATIENT_ALLERGY.number));
    if !patients.is_empty() {
        // The patient first: its listing is gone before its lists go, and is not derived anew.
        delete(
            connection,
            "DELETE FROM patient WHERE id IN (SELECT unhex(value) FROM json_each(?))",
            &patients,
        )
        .await?;
        for sql in [
            "DELETE FROM patient_contact WHERE patient_id IN (SELECT unhex(value) FROM json_each(?))",
            "DELETE FROM patient_allergy WHERE patient_id IN (SELECT unhex(value) FROM json_each(?))",
            "DELETE FROM patient_alert WHERE patient_id IN (SELECT unhex(value) FROM json_each(?))",
            "DELETE FROM patient_tag WHERE patient_id IN (SELECT unhex(value) FROM json_each(?))",
            "DELETE FROM patient_note WHERE patient_id IN (SELECT unhex(value) FROM json_each(?))",
        ] {
            delete(connection, sql, &patients).await?;
        }
    }
    if !allergies.is_empty() {
        delete(
            connection,
            "DELETE FROM patient_allergy WHERE id IN (SELECT unhex(value) FROM json_each(?))",
            &allergies,
        )
        .await?;
    }
    sqlx::query(
        "DELETE FROM import_record WHERE job = ? AND record IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(id.0)
    .bind(hex_list(&all)?)
    .execute(&mut *connection)
    .await?;
    let undone = Undone { deleted: count(patients.len() + allergies.len()), kept: count(kept.len()) };
    sqlx::query("UPDATE import_job SET rows_done = rows_done + ?, kept = kept + ? WHERE id = ?")
        .bind(count(all.len()))
        .bind(undone.kept)
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(undone)
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

async fn delete(
    connection: &mut SqliteConnection,
    sql: &'static str,
    ids: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query(sql).bind(hex_list(ids)?).execute(connection).await?;
    Ok(())
}

/// Those of `records` that somebody has worked on since: the record itself, or anything that
/// belongs to the patient, was written by something else than an import, or by another import.
async fn touched_records(
    connection: &mut SqliteConnection,
    id: ImportId,
    records: &[Uuid],
) -> Result<Vec<Uuid>, StoreError> {
    let belonging = ["patient_contact", "patient_allergy", "patient_alert", "patient_tag", "patient_note", "consent_event"]
        .map(|table| format!("SELECT w.record AS owner, c.id AS record FROM wanted w CROSS JOIN {table} c ON c.patient_id = w.record"));
    let sql = format!(
        "WITH wanted(record) AS (SELECT unhex(value) FROM json_each(?1)),
              t(owner, record) AS (SELECT record, record FROM wanted UNION ALL {})
         SELECT DISTINCT t.owner FROM t
         WHERE EXISTS ({TOUCHED})
            OR EXISTS (SELECT 1 FROM import_record i WHERE i.collection = {allergy} AND i.record = t.record AND i.job <> ?2
                       AND t.record <> t.owner)",
        belonging.join(" UNION ALL "),
        allergy = PATIENT_ALLERGY.number,
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(hex_list(records)?)
        .bind(id.0)
        .fetch_all(connection)
        .await?)
}

/// Begins an undo: counts from nothing to what the import added.
pub async fn begin_undo(connection: &mut SqliteConnection, id: ImportId) -> Result<(), StoreError> {
    sqlx::query("UPDATE import_job SET phase = 'undoing', rows_done = 0, kept = 0 WHERE id = ?")
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the rows of the file: it is not needed any more.
pub async fn delete_rows(connection: &mut SqliteConnection, id: ImportId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM import_row WHERE job = ?").bind(id.0).execute(connection).await?;
    Ok(())
}

/// Forgets an import altogether.
pub async fn delete_job(connection: &mut SqliteConnection, id: ImportId) -> Result<(), StoreError> {
    delete_rows(connection, id).await?;
    sqlx::query("DELETE FROM import_problem WHERE job = ?").bind(id.0).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM import_job WHERE id = ?").bind(id.0).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
