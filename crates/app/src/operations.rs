//! Starting, drafts, preferences, diagnostics.

use crate::call::Call;
use crate::error::AppError;
use contract::{
    AppStatus, AppUnlock, Diagnostics, DoctorCheck, DoctorReport, DraftSave, KeyRequest, KeyResponse,
    Nothing, PreferenceSet,
};
use store::{doctor as checks, local};
use zeroize::Zeroizing;

/// Longest draft of a form, in bytes.
const DRAFT_MAX_BYTES: usize = 256 << 10;
/// Longest key of a draft or a preference, in bytes.
const KEY_MAX_BYTES: usize = 200;

/// How far the app has started.
pub async fn app_status(call: &Call, _: Nothing) -> Result<AppStatus, AppError> {
    Ok(call.desk.status())
}

/// Opens the database with a passphrase, or makes it.
pub async fn app_unlock(call: &Call, request: AppUnlock) -> Result<AppStatus, AppError> {
    call.desk.unlock(Zeroizing::new(request.passphrase)).await?;
    Ok(call.desk.status())
}

fn checked_key(key: &str) -> Result<&str, AppError> {
    if key.len() > KEY_MAX_BYTES {
        Err(AppError::TooLarge { what: "the key", limit: KEY_MAX_BYTES as u64 })
    } else {
        Ok(key)
    }
}

/// A value as text, unless it is larger than a draft may be.
fn checked_text(value: &serde_json::Value) -> Result<String, AppError> {
    let text = value.to_string();
    if text.len() > DRAFT_MAX_BYTES {
        return Err(AppError::TooLarge { what: "the form", limit: DRAFT_MAX_BYTES as u64 });
    }
    Ok(text)
}

/// Keeps a form that is not saved yet.
pub async fn draft_save(call: &Call, request: DraftSave) -> Result<Nothing, AppError> {
    let value = request.value.as_ref().map(checked_text).transpose()?;
    let mut write = call.write().await?;
    local::save_draft(&mut write, checked_key(&request.key)?, value.as_deref(), call.at).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// The form that was not saved.
pub async fn draft_load(call: &Call, request: KeyRequest) -> Result<KeyResponse, AppError> {
    let mut read = call.read().await?;
    let value = local::find_draft(&mut read, &request.key).await?;
    read.end().await?;
    response(value)
}

/// Sets a preference of this device.
pub async fn preference_set(call: &Call, request: PreferenceSet) -> Result<Nothing, AppError> {
    let value = checked_text(&request.value)?;
    let mut write = call.write().await?;
    local::set_preference(&mut write, checked_key(&request.key)?, &value).await?;
    write.commit().await?;
    Ok(Nothing {})
}

/// A preference of this device.
pub async fn preference_load(call: &Call, request: KeyRequest) -> Result<KeyResponse, AppError> {
    let mut read = call.read().await?;
    let value = local::find_preference(&mut read, &request.key).await?;
    read.end().await?;
    response(value)
}

fn response(value: Option<String>) -> Result<KeyResponse, AppError> {
    let value = value.map(|text| serde_json::from_str(&text)).transpose();
    Ok(KeyResponse { value: value.map_err(|source| AppError::Request { source })? })
}

/// What runs, how fast.
pub async fn diagnostics(call: &Call, _: Nothing) -> Result<Diagnostics, AppError> {
    let store = call.store()?;
    let mut read = call.read().await?;
    let (sqlite_version, cipher_version) = checks::versions_of(&mut read).await?;
    let schema_version = checks::schema_version(&mut read).await?;
    read.end().await?;
    let (readers, in_use) = store.readers_in_use();
    let wal = store.path().with_extension("db-wal");
    Ok(Diagnostics {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sqlite_version,
        cipher_version,
        schema_version,
        database_bytes: size(store.path()),
        wal_bytes: size(&wal),
        readers: readers.into(),
        readers_in_use: in_use.into(),
        uptime_s: call.desk.0.started.elapsed().as_secs(),
        commands: call.desk.0.monitor.commands(),
        alerts: call.desk.0.monitor.alerts(),
    })
}

/// Zero for a file that is not there: no log is no bytes.
fn size(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Checks the database and recomputes what is derived.
pub async fn doctor(call: &Call, _: Nothing) -> Result<DoctorReport, AppError> {
    let found = call.store()?.doctor().await?;
    let checks: Vec<_> = found
        .into_iter()
        .map(|check| DoctorCheck { name: check.name.to_owned(), ok: check.ok, detail: check.detail })
        .collect();
    Ok(DoctorReport { ok: checks.iter().all(|check| check.ok), checks })
}
