//! A desk for a test.

use app::{Desk, DeskOptions, seed_clinic, wait_for_import};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::{ErrorBody, ImportProgress, ImportRef};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use zeroize::Zeroizing;

pub const PASSPHRASE: &str = "correct horse battery staple";

/// A desk on a folder that goes when the test ends.
pub struct TestDesk {
    pub desk: Desk,
    pub dir: TempDir,
}

/// Starts a desk on `dir`.
pub async fn start(dir: &Path, passphrase: Option<&str>) -> Desk {
    let mut options = DeskOptions::new(dir.to_owned());
    options.passphrase = passphrase.map(|text| Zeroizing::new(text.to_owned()));
    options.strict_budgets = true;
    Desk::start(options).await
}

impl TestDesk {
    /// An empty clinic.
    pub async fn empty() -> Self {
        let dir = TempDir::new().expect("a folder");
        let desk = start(dir.path(), Some(PASSPHRASE)).await;
        desk.store().expect("an open database");
        Self { desk, dir }
    }

    /// A made-up clinic.
    pub async fn with_patients(count: u32) -> Self {
        let test = Self::empty().await;
        seed_clinic(&test.desk, count, 7, &mut |_, _| {}).await.expect("a clinic");
        test
    }

    /// Closes the desk and gives back its folder.
    pub async fn close(self) -> TempDir {
        self.desk.close().await;
        self.dir
    }

    /// Closes the desk and opens it again.
    pub async fn restart(self) -> Self {
        let dir = self.close().await;
        let desk = start(dir.path(), Some(PASSPHRASE)).await;
        Self { desk, dir }
    }

    pub async fn call(&self, name: &str, request: Value) -> Value {
        self.desk.call(name, request).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    pub async fn fails(&self, name: &str, request: Value) -> ErrorBody {
        match self.desk.call(name, request).await {
            Ok(response) => panic!("{name} worked: {response}"),
            Err(error) => error,
        }
    }

    /// A patient with this name; returns the id.
    pub async fn create(&self, given: &str, family: &str) -> String {
        let created = self.call("patient_create", json!({"name": {"given": given, "family": family}})).await;
        created["id"].as_str().expect("an id").to_owned()
    }

    pub async fn load(&self, id: &str) -> Value {
        self.call("patient_load", json!({"id": id})).await
    }

    /// Given names found for `text`.
    pub async fn search(&self, text: &str) -> Vec<String> {
        let found = self.call("patient_search", json!({"text": text})).await;
        let hits = found["hits"].as_array().expect("hits").iter();
        hits.map(|hit| format!("{} {}", text_of(&hit["name"]["given"]), text_of(&hit["name"]["family"])))
            .collect()
    }

    pub async fn count(&self) -> u64 {
        self.call("patient_list", json!({"limit": 1})).await["count"]["n"].as_u64().expect("a count")
    }

    pub async fn is_sound(&self) -> bool {
        let report = self.call("doctor", json!({})).await;
        report["ok"].as_bool().expect("an answer")
    }

    /// Sends a file in parts of `part` bytes.
    pub async fn send(&self, bytes: &[u8], part: usize) -> Result<ImportRef, ErrorBody> {
        let opened =
            self.desk.call("import_open", json!({"file_name": "clinic.csv", "size": bytes.len()})).await?;
        for (i, chunk) in bytes.chunks(part).enumerate() {
            let request = json!({"id": opened["id"], "offset": i * part, "part": BASE64.encode(chunk)});
            self.desk.call("import_feed", request).await?;
        }
        Ok(serde_json::from_value(opened).expect("an import"))
    }

    /// Does `command` with an import and waits for its end.
    pub async fn work(&self, command: &str, import: ImportRef) -> ImportProgress {
        self.call(command, json!({"id": import.id})).await;
        wait_for_import(&self.desk, import.id).await.expect("work that ends well");
        self.progress(import).await
    }

    pub async fn progress(&self, import: ImportRef) -> ImportProgress {
        serde_json::from_value(self.call("import_progress", json!({"id": import.id})).await)
            .expect("progress")
    }
}

/// An id that no other action has.
pub fn action() -> String {
    app::World::next_id(&*app::Machine::here()).to_string()
}

pub fn text_of(value: &Value) -> &str {
    value.as_str().expect("text")
}
