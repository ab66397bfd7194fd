//! What the server has not acknowledged, for whoever has to enter it elsewhere: a device that was shut out keeps it.

use crate::call::Call;
use crate::desk::{Desk, blocking};
use crate::error::AppError;
use contract::ErrorBody;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;
use store::list_whole_outbox;
use sync_protocol::Transaction;

/// Writes every unacknowledged save into a file, one JSON object a line. Returns how many there are.
///
/// # Errors
/// A database that is not open; a file that cannot be written, or is there already and is not to be replaced.
pub async fn export_unsent(desk: &Desk, file: &Path, replace: bool) -> Result<u64, ErrorBody> {
    let call = Call::new(desk, "sync_export");
    let (unsent, file) = (load(&call).await?, file.to_owned());
    let count = unsent.len() as u64;
    blocking(move || write(&unsent, &file, replace)).await?;
    Ok(count)
}

async fn load(call: &Call) -> Result<Vec<Transaction>, AppError> {
    let mut read = call.read().await?;
    let unsent = list_whole_outbox(&mut read).await?;
    read.end().await?;
    Ok(unsent)
}

fn write(unsent: &[Transaction], file: &Path, replace: bool) -> Result<(), AppError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!replace);
    let file = options.open(file).map_err(AppError::File)?;
    let mut file = BufWriter::new(file);
    for transaction in unsent {
        let line = serde_json::to_string(transaction).map_err(|source| AppError::Request { source })?;
        writeln!(file, "{line}").map_err(AppError::File)?;
    }
    file.flush().map_err(AppError::File)
}
