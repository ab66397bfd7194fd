//! The database's key: random, 32 bytes, in the system's keyring, or wrapped by a passphrase.
//!
//! `key.json` beside the database says where it is. It never holds the key itself.

use crate::error::io_code;
use crate::files;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use contract::ErrorCode;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::Path;
use store::DatabaseKey;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error("this passphrase does not open the database; try again, or restore the key from its backup")]
    WrongPassphrase,
    #[error("a passphrase needs at least {PASSPHRASE_MIN_CHARS} characters")]
    PassphraseTooShort,
    #[error("key.json is missing, but there is a database; put key.json back from a backup")]
    Missing,
    #[error("the database is gone, only its key is left; put frontdesk.db back from a backup")]
    DatabaseMissing,
    #[error("key.json cannot be read; put it back from a backup")]
    Unreadable,
    #[error(
        "the system's keyring does not have the key of this database; unlock the keyring and start again"
    )]
    Keyring,
    #[error("key.json cannot be read or written: {0}")]
    File(#[source] std::io::Error),
    #[error("the machine gives no random numbers")]
    Randomness,
    #[error("the passphrase cannot be processed")]
    Derivation,
}

impl KeyError {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::WrongPassphrase => ErrorCode::WrongPassphrase,
            Self::PassphraseTooShort => ErrorCode::Invalid,
            Self::Missing | Self::DatabaseMissing | Self::Unreadable => ErrorCode::Corrupt,
            Self::File(error) => io_code(error),
            Self::Keyring => ErrorCode::Locked,
            Self::Randomness | Self::Derivation => ErrorCode::Internal,
        }
    }
}

/// Shortest passphrase, in characters.
pub const PASSPHRASE_MIN_CHARS: usize = 12;

/// Argon2id as OWASP recommends it for 2024 on, with more memory: it is asked once a start.
const MEMORY_KIB: u32 = 64 * 1024;
const ITERATIONS: u32 = 3;
const LANES: u32 = 1;

/// Where the key of a data folder is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KeyFile {
    /// In the system's keyring, under this name.
    Keyring { entry: String },
    /// Here, wrapped by a key that Argon2id makes of a passphrase.
    Passphrase { memory_kib: u32, iterations: u32, lanes: u32, salt: String, nonce: String, wrapped: String },
}

const SERVICE: &str = "frontdesk";

impl KeyFile {
    /// What `dir` has, if anything.
    pub fn find(dir: &Path) -> Result<Option<Self>, KeyError> {
        match fs::read(dir.join(files::KEY)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| KeyError::Unreadable),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KeyError::File(error)),
        }
    }

    /// Makes a key and keeps it in the keyring, if there is one.
    pub fn create_in_keyring(dir: &Path, entry: String) -> Result<Option<DatabaseKey>, KeyError> {
        if !keyring::connect() {
            return Ok(None);
        }
        let key = random_key()?;
        let saved = keyring_core::Entry::new(SERVICE, &entry).and_then(|item| item.set_secret(&key.0[..]));
        if saved.is_err() {
            return Ok(None);
        }
        Self::Keyring { entry }.save(dir)?;
        Ok(Some(key))
    }

    /// Makes a key and wraps it by `passphrase`.
    pub fn create_with_passphrase(dir: &Path, passphrase: &str) -> Result<DatabaseKey, KeyError> {
        if passphrase.chars().count() < PASSPHRASE_MIN_CHARS {
            return Err(KeyError::PassphraseTooShort);
        }
        let key = random_key()?;
        let salt: [u8; 16] = random()?;
        let nonce: [u8; 24] = random()?;
        let wrapping = derive(passphrase, &salt, MEMORY_KIB, ITERATIONS, LANES)?;
        let wrapped =
            cipher(&wrapping).encrypt(&XNonce::from(nonce), &key.0[..]).map_err(|_| KeyError::Derivation)?;
        let file = Self::Passphrase {
            memory_kib: MEMORY_KIB,
            iterations: ITERATIONS,
            lanes: LANES,
            salt: BASE64.encode(salt),
            nonce: BASE64.encode(nonce),
            wrapped: BASE64.encode(wrapped),
        };
        file.save(dir)?;
        Ok(key)
    }

    /// The key from the keyring.
    pub fn from_keyring(entry: &str) -> Result<DatabaseKey, KeyError> {
        if !keyring::connect() {
            return Err(KeyError::Keyring);
        }
        let secret = keyring_core::Entry::new(SERVICE, entry)
            .and_then(|item| item.get_secret())
            .map_err(|_| KeyError::Keyring)?;
        key_of(Zeroizing::new(secret))
    }

    /// Unwraps the key. Takes some tenths of a second on purpose.
    pub fn unwrap_with(&self, passphrase: &str) -> Result<DatabaseKey, KeyError> {
        let Self::Passphrase { memory_kib, iterations, lanes, salt, nonce, wrapped } = self else {
            return Err(KeyError::WrongPassphrase);
        };
        let bytes = |text: &str| BASE64.decode(text).map_err(|_| KeyError::Unreadable);
        let nonce: [u8; 24] = bytes(nonce)?.try_into().map_err(|_| KeyError::Unreadable)?;
        let wrapping = derive(passphrase, &bytes(salt)?, *memory_kib, *iterations, *lanes)?;
        let key = cipher(&wrapping)
            .decrypt(&XNonce::from(nonce), bytes(wrapped)?.as_slice())
            .map_err(|_| KeyError::WrongPassphrase)?;
        key_of(Zeroizing::new(key))
    }

    fn save(&self, dir: &Path) -> Result<(), KeyError> {
        write(dir, &serde_json::to_value(self).map_err(|_| KeyError::Unreadable)?)
    }
}

/// Whether a database was made with the key of `dir`: its absence then is a loss and no first start.
pub fn is_in_use(dir: &Path) -> Result<bool, KeyError> {
    Ok(read(dir)?[IN_USE] == true)
}

/// Remembers that there is a database.
pub fn mark_in_use(dir: &Path) -> Result<(), KeyError> {
    let mut file = read(dir)?;
    if file[IN_USE] == true {
        return Ok(());
    }
    file[IN_USE] = true.into();
    write(dir, &file)
}

const IN_USE: &str = "in_use";

fn read(dir: &Path) -> Result<serde_json::Value, KeyError> {
    let bytes = fs::read(dir.join(files::KEY)).map_err(KeyError::File)?;
    let file: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| KeyError::Unreadable)?;
    if file.is_object() { Ok(file) } else { Err(KeyError::Unreadable) }
}

/// Written aside and renamed, so that half a file is never taken for a key.
fn write(dir: &Path, content: &serde_json::Value) -> Result<(), KeyError> {
    let text = serde_json::to_vec_pretty(content).map_err(|_| KeyError::Unreadable)?;
    let aside = dir.join(format!("{}.new", files::KEY));
    let write = || {
        let mut file = fs::File::create(&aside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&aside, dir.join(files::KEY))
    };
    write().map_err(KeyError::File)
}

fn key_of(bytes: Zeroizing<Vec<u8>>) -> Result<DatabaseKey, KeyError> {
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Unreadable)?;
    Ok(DatabaseKey(Zeroizing::new(key)))
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::Randomness)?;
    Ok(bytes)
}

fn random_key() -> Result<DatabaseKey, KeyError> {
    Ok(DatabaseKey(Zeroizing::new(random()?)))
}

fn derive(
    passphrase: &str,
    salt: &[u8],
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let params = Params::new(memory_kib, iterations, lanes, Some(32)).map_err(|_| KeyError::Unreadable)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut key[..])
        .map_err(|_| KeyError::Derivation)?;
    Ok(key)
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// The keyring of the operating system.
mod keyring {
    use std::sync::OnceLock;

    /// Whether there is one.
    pub fn connect() -> bool {
        static CONNECTED: OnceLock<bool> = OnceLock::new();
        *CONNECTED.get_or_init(|| match platform_store() {
            Some(store) => {
                keyring_core::set_default_store(store);
                true
            }
            None => false,
        })
    }

    #[cfg(target_os = "linux")]
    fn platform_store() -> Option<std::sync::Arc<keyring_core::CredentialStore>> {
        Some(zbus_secret_service_keyring_store::Store::new().ok()?)
    }

    #[cfg(target_os = "macos")]
    fn platform_store() -> Option<std::sync::Arc<keyring_core::CredentialStore>> {
        Some(apple_native_keyring_store::keychain::Store::new().ok()?)
    }

    #[cfg(target_os = "windows")]
    fn platform_store() -> Option<std::sync::Arc<keyring_core::CredentialStore>> {
        Some(windows_native_keyring_store::Store::new().ok()?)
    }
}

#[cfg(test)]
mod tests;
