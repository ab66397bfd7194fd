//! A server, and desks.

use app::{Desk, DeskOptions};
use contract::{ErrorBody, ErrorCode, SyncState, SyncStatus};
use scratch_postgres::{Certificate, NewClinic, Site};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// What desks that share are given to do so: a poll is 30 seconds.
pub const SOON: Duration = Duration::from_secs(10);

/// A server of its own; nothing, with a notice, if the tests were not started by `cargo xtask test`.
pub fn site() -> Option<Site> {
    let programs = e2e::Programs::find()?;
    let server = programs.app.with_file_name("sync-server");
    // Whatever is committed may be lost with the machine.
    Some(Site::start(&server, &["fsync=off"]).unwrap())
}

/// One behind a certificate.
pub fn site_behind(certificate: Certificate) -> Option<Site> {
    let programs = e2e::Programs::find()?;
    let server = programs.app.with_file_name("sync-server");
    Some(Site::start_behind(&server, &["fsync=off"], Some(certificate)).unwrap())
}

/// A desk without its window.
pub struct TestDesk {
    pub desk: Desk,
    pub dir: TempDir,
}

pub async fn start(dir: PathBuf, in_background: bool) -> Desk {
    start_in(app::Machine::here(), dir, in_background).await
}

pub async fn start_in(world: Arc<dyn app::World>, dir: PathBuf, in_background: bool) -> Desk {
    let mut options = DeskOptions::new(dir);
    options.world = world;
    options.passphrase = Some(Zeroizing::new(e2e::PASSPHRASE.to_owned()));
    options.strict_budgets = true;
    options.sync = in_background;
    let desk = Desk::start(options).await;
    desk.store().unwrap();
    desk
}

impl TestDesk {
    /// One that goes on syncing as a window does.
    pub async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        Self { desk: start(dir.path().to_owned(), true).await, dir }
    }

    /// One that exchanges when it is told to.
    pub async fn quiet() -> Self {
        let dir = TempDir::new().unwrap();
        Self { desk: start(dir.path().to_owned(), false).await, dir }
    }

    /// Two of one clinic, that exchange when they are told to.
    pub async fn two_quiet(site: &Site) -> [Self; 2] {
        let clinic = site.create_clinic("Clinic").unwrap();
        let desks = [Self::quiet().await, Self::quiet().await];
        desks[0].pair(site, &clinic.code, "Front").await;
        desks[1].pair(site, &site.invite(&clinic.id).unwrap(), "Back").await;
        desks
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

    pub async fn pair(&self, site: &Site, code: &str, name: &str) {
        self.pair_at(&site.address(), code, name).await;
    }

    pub async fn pair_at(&self, address: &str, code: &str, name: &str) {
        let request = json!({"address": address, "code": code, "device_name": name});
        self.call("sync_pair", request).await;
    }

    pub async fn exchange(&self) {
        app::sync_once(&self.desk).await.unwrap();
    }

    pub async fn create(&self, given: &str, family: &str) -> String {
        let request = json!({"name": {"given": given, "family": family}});
        self.call("patient_create", request).await["id"].as_str().unwrap().to_owned()
    }

    pub async fn patient(&self, id: &str) -> Value {
        self.call("patient_load", json!({"id": id})).await
    }

    /// Changes a patient as a person does with a form: from what it was loaded with, and once more from what has come
    /// since.
    pub async fn rename(&self, id: &str, given: &str, family: &str) {
        loop {
            let seen = self.patient(id).await;
            let patch = json!({"name": {"given": given, "family": family}});
            let request = json!({"id": id, "versions": seen["versions"], "patch": patch});
            match self.desk.call("patient_update", request).await {
                Ok(_) => return,
                Err(error) if error.code == ErrorCode::Stale => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    pub async fn given(&self, id: &str) -> String {
        self.patient(id).await["name"]["given"].as_str().unwrap().to_owned()
    }

    /// Whether the patient is here.
    pub async fn has(&self, id: &str) -> bool {
        self.desk.call("patient_load", json!({"id": id})).await.is_ok()
    }

    /// Every patient's name, page by page.
    pub async fn names(&self) -> Vec<(String, String)> {
        let (mut names, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.call("patient_list", json!({"after": after, "limit": 200})).await;
            let part = |row: &Value, part: &str| row["name"][part].as_str().unwrap().to_owned();
            names.extend(
                page["rows"].as_array().unwrap().iter().map(|row| (part(row, "family"), part(row, "given"))),
            );
            after = page["next"].clone();
            if after.is_null() {
                names.sort();
                return names;
            }
        }
    }

    /// The family names of all patients.
    pub async fn families(&self) -> Vec<String> {
        self.names().await.into_iter().map(|(family, _)| family).collect()
    }

    pub async fn status(&self) -> SyncStatus {
        serde_json::from_value(self.call("sync_status", json!({})).await).unwrap()
    }

    pub async fn conflicts(&self) -> Vec<Value> {
        self.call("conflict_list", json!({"limit": 50})).await["rows"].as_array().unwrap().clone()
    }

    /// Waits until the desk says so.
    pub async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let deadline = Instant::now() + SOON;
        while !is_so(self).await {
            assert!(Instant::now() < deadline, "{what} within {SOON:?}: {:?}", self.status().await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_up_to_date(&self) {
        self.until("up to date", async |desk| desk.status().await.state == SyncState::UpToDate).await;
    }

    pub async fn is_sound(&self) {
        let report = self.call("doctor", json!({})).await;
        assert_eq!(report["ok"], true, "{report}");
    }
}

/// A clinic with as many desks that go on by themselves.
pub async fn clinic_of(site: &Site, desks: usize) -> (NewClinic, Vec<TestDesk>) {
    let clinic = site.create_clinic("Clinic").unwrap();
    let mut all = Vec::new();
    for n in 0..desks {
        let desk = TestDesk::open().await;
        desk.pair(site, &site.invite(&clinic.id).unwrap(), &format!("Desk {n}")).await;
        all.push(desk);
    }
    (clinic, all)
}
