//! Giving out what a clinic has.

use crate::call::Call;
use crate::cursor;
use crate::desk::Desk;
use crate::error::AppError;
use crate::files;
use contract::{ErrorBody, Permission, Role};
use domain::patient::Word;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use store::export::{ExportRow, list_for_export};

/// Patients that are read at once.
const PAGE_ROWS: u32 = 500;

const HEADERS: &[&str] = &[
    "id",
    "external_id",
    "prefix",
    "given",
    "middle",
    "family",
    "suffix",
    "preferred_name",
    "pronouns",
    "birth_date",
    "phones",
    "emails",
    "address_line1",
    "address_line2",
    "city",
    "region",
    "postcode",
    "country",
    "tier",
    "tags",
    "source",
    "alerts",
    "allergies",
    "archived_at",
    "created_at",
];

/// Writes every patient, archived ones too, to a CSV file that a spreadsheet opens safely: no cell
/// is a formula. Returns how many there were.
///
/// The file is written aside and renamed: there is never half an export under the name.
///
/// # Errors
/// A database that is not open, a file that cannot be written.
pub async fn export_patients(desk: &Desk, path: &Path) -> Result<u64, ErrorBody> {
    let call = Call::new(desk, "patient_export");
    export(&call, path).await.map_err(ErrorBody::from)
}

async fn export(call: &Call, path: &Path) -> Result<u64, AppError> {
    if !Role::Owner.may(Permission::Export) {
        return Err(AppError::Denied { permission: Permission::Export });
    }
    // The file that a link leads to.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    check_target(&call.desk.0.options.data_dir, path)?;
    let aside = aside(path);
    let written = write_all(call, &aside).await;
    match written {
        Ok(count) => {
            fs::rename(&aside, path).map_err(AppError::File)?;
            Ok(count)
        }
        Err(error) => {
            // It may never have been made.
            let _ = fs::remove_file(&aside);
            Err(error)
        }
    }
}

/// An export never goes over the database, its key or a device.
fn check_target(data_dir: &Path, path: &Path) -> Result<(), AppError> {
    let own = |name: &str| data_dir.join(name).canonicalize().is_ok_and(|own| own == path);
    let no_file = fs::metadata(path).is_ok_and(|target| !target.is_file());
    if no_file || files::ALL.iter().any(|name| own(name)) { Err(AppError::ExportTarget) } else { Ok(()) }
}

fn aside(path: &Path) -> std::path::PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

async fn write_all(call: &Call, path: &Path) -> Result<u64, AppError> {
    let mut file = create_private(path).map_err(AppError::File)?;
    // Excel takes a file for UTF-8 only by this mark.
    file.write_all("\u{feff}".as_bytes()).map_err(AppError::File)?;
    let mut writer = csv::Writer::from_writer(file);
    let failed = |error: csv::Error| AppError::File(std::io::Error::other(error));
    writer.write_record(HEADERS).map_err(failed)?;
    let mut after = None;
    let mut count = 0;
    // One view of the database for all pages: an edit meanwhile is in all of it or in none.
    let mut read = call.read().await?;
    loop {
        let rows = list_for_export(&mut read, after, cursor::limit(0, PAGE_ROWS)).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in &rows {
            writer.write_record(cells(row).iter().map(|cell| harmless(cell))).map_err(failed)?;
        }
        count += rows.len() as u64;
    }
    read.end().await?;
    let file = writer.into_inner().map_err(|error| AppError::File(error.into_error()))?;
    file.sync_all().map_err(AppError::File)?;
    Ok(count)
}

/// A new file that nobody else on the machine can read.
fn create_private(path: &Path) -> std::io::Result<File> {
    // What a broken export left there.
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn cells(row: &ExportRow) -> Vec<String> {
    let time =
        |ms: i64| chrono::DateTime::from_timestamp_millis(ms).map(|at| at.to_rfc3339()).unwrap_or_default();
    let (name, address) = (&row.name, &row.address);
    vec![
        row.id.to_string(),
        row.external_id.clone(),
        name.prefix.clone(),
        name.given.clone(),
        name.middle.clone(),
        name.family.clone(),
        name.suffix.clone(),
        row.preferred_name.clone(),
        row.pronouns.clone(),
        row.birth_date.clone().unwrap_or_default(),
        row.phones.clone(),
        row.emails.clone(),
        address.line1.clone(),
        address.line2.clone(),
        address.city.clone(),
        address.region.clone(),
        address.postcode.clone(),
        address.country.clone(),
        row.tier.word().to_owned(),
        row.tags.clone(),
        row.source.clone(),
        row.alerts.clone(),
        row.allergies.clone(),
        row.archived_at.map(time).unwrap_or_default(),
        time(row.created_at),
    ]
}

/// A cell that no spreadsheet takes for a formula (OWASP, CSV injection): what begins like one gets
/// an apostrophe, except phone numbers, which are numbers to a spreadsheet.
fn harmless(cell: &str) -> String {
    let is_number = cell.strip_prefix('+').is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ' ' | '+'))
    });
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula && !is_number { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for harmless_cell in ["O'Brien", "+15550102020", "+15550102020; +15550102021", "", "1-2"] {
            assert_eq!(harmless(harmless_cell), harmless_cell);
        }
    }
}
