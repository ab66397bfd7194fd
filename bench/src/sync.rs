//! Sync: a real server in a process of its own, a real Postgres that waits for the disk, desks on encrypted databases.

use crate::clinic::failed;
use crate::line::{Line, Samples, round};
use anyhow::{Context as _, Result, bail};
use app::{Desk, DeskOptions, Tally, seed_clinic, sync_once};
use clap::{Args, ValueEnum};
use domain::id::{AllergyId, NoteId, PatientId};
use domain::patient::{Allergy, NoteKind, Severity};
use e2e::DataFolder;
use scratch_postgres::{NewClinic, Site};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::note::{NotePatch, NoteRow};
use store::{Context, Usage};
use uuid::Uuid;
use zeroize::Zeroizing;

const SUITE: &str = "sync";
/// Rows that are pushed and pulled: a busy day of a large clinic.
const ROWS: u32 = 10_000;
/// Patients of the clinic that a fresh desk copies, and records that they are at the least.
const CLINIC: (u32, u64) = (10_600, 100_000);
/// Hints go out twice a second at most. With the commits between them edits are further apart than that and do not wait
/// for each other.
const BETWEEN_EDITS: Duration = Duration::from_millis(300);
const EDITS: usize = 40;
/// Rows that one save changes.
const SAVE: usize = 1_000;
const CAPTURE_ROUNDS: u32 = 15;
const SOON: Duration = Duration::from_secs(20);

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// How often pushes and pulls are repeated.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Only this part.
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Capture,
    PushesAndPulls,
    Edits,
    Bootstrap,
}

pub async fn run(options: &Options) -> Result<()> {
    // Built beside this program by `cargo xtask bench sync`.
    let server =
        std::env::current_exe()?.with_file_name(format!("sync-server{}", std::env::consts::EXE_SUFFIX));
    let site = Site::start(&server, &[])?;
    let bench = Bench { site, json: options.json };
    let includes = |part| options.only.is_none_or(|only| only == part);
    if includes(Part::Capture) {
        bench.capture().await?;
    }
    if includes(Part::PushesAndPulls) {
        bench.pushes_and_pulls(options.rounds).await?;
    }
    if includes(Part::Edits) {
        bench.edits().await?;
    }
    if includes(Part::Bootstrap) {
        bench.bootstrap().await?;
    }
    Ok(())
}

/// Each part has a clinic of its own, and with it records of its own alone.
struct Bench {
    site: Site,
    json: bool,
}

struct TestDesk {
    desk: Desk,
    _folder: DataFolder,
}

impl Bench {
    fn print(&self, line: &Line) {
        line.print(self.json);
    }

    /// A desk of the clinic that was never connected.
    async fn desk(&self, in_background: bool) -> Result<TestDesk> {
        let folder = DataFolder::new()?;
        let mut options = DeskOptions::new(folder.data_dir());
        options.passphrase = Some(Zeroizing::new(e2e::PASSPHRASE.to_owned()));
        options.sync = in_background;
        let desk = Desk::start(options).await;
        desk.store().map_err(failed)?;
        Ok(TestDesk { desk, _folder: folder })
    }

    fn clinic(&self) -> Result<NewClinic> {
        Ok(self.site.create_clinic("Bench")?)
    }

    async fn connected(&self, clinic: &NewClinic, in_background: bool) -> Result<TestDesk> {
        let desk = self.desk(in_background).await?;
        let code = self.site.invite(&clinic.id)?;
        let request = json!({"address": self.site.address(), "code": code, "device_name": "Bench"});
        desk.desk.call("sync_pair", request).await.map_err(failed)?;
        Ok(desk)
    }

    /// What a captured row costs more than the same row taken in from elsewhere, which is not captured.
    async fn capture(&self) -> Result<()> {
        let desk = self.connected(&self.clinic()?, false).await?;
        let mut least = [Duration::MAX; 2];
        for round in 0..CAPTURE_ROUNDS {
            for (captured, least) in [true, false].into_iter().zip(&mut least) {
                let (store, context) = context(&desk.desk)?;
                let allergies = allergies(u128::from(round) << 1 | u128::from(captured));
                let rows: Vec<_> = allergies.iter().map(|allergy| (Uuid::from_u128(1), allergy)).collect();
                let at = context.at;
                let mut write = match captured {
                    true => store.write(&Usage::default(), context).await?,
                    false => store.apply(&Usage::default(), context).await?,
                };
                let started = Instant::now();
                store::patient::insert_allergies(&mut write, &rows, at).await?;
                // The round that other work on the machine disturbed least.
                *least = (*least).min(started.elapsed());
                write.commit().await?;
            }
        }
        let us = |took: Duration| round(took.as_secs_f64() * 1e6 / f64::from(ROWS));
        let [captured, plain] = least.map(us);
        let line = Samples::default().line(SUITE, "capture_overhead", u64::from(ROWS));
        self.print(&line.with("us_per_row", round(captured - plain)).with("uncaptured_us", plain));
        Ok(())
    }

    /// 10,000 rows of the size of an appointment, new and then changed; and one column of 10,000 patients, whose records are
    /// the largest.
    async fn pushes_and_pulls(&self, rounds: u32) -> Result<()> {
        let clinic = self.clinic()?;
        let [one, other] = [self.connected(&clinic, false).await?, self.connected(&clinic, false).await?];
        for desk in [&one, &other] {
            sync_once(&desk.desk).await?;
        }
        seed_clinic(&one.desk, ROWS, 1, &mut |_, _| {}).await.map_err(failed)?;
        for desk in [&one, &other] {
            sync_once(&desk.desk).await?;
        }
        let patients = patients(&one.desk).await?;
        let mut samples =
            ["push_10k", "pull_10k", "push_10k_changes", "pull_10k_changes", "push_10k_patients"]
                .map(|scenario| (scenario, Samples::default()));
        let mut bytes = Vec::new();
        for round in 0..rounds {
            let ids = notes(&one.desk, round).await?;
            let mut took = Vec::from(push_and_pull(&one.desk, &other.desk).await?);
            change_notes(&one.desk, &ids).await?;
            took.extend(push_and_pull(&one.desk, &other.desk).await?);
            for patients in patients.chunks(SAVE) {
                let request = json!({"ids": patients, "archived": round % 2 == 0});
                one.desk.call("patient_archive", request).await.map_err(failed)?;
            }
            let (tally, pushed) = exchange(&one.desk).await?;
            took.push(pushed);
            for ((_, samples), took) in samples.iter_mut().zip(took) {
                samples.add(took, 0, 0);
            }
            #[expect(clippy::cast_precision_loss, reason = "some hundred thousand bytes")]
            bytes.push(tally.sent_bytes as f64 / patients.len() as f64);
            sync_once(&other.desk).await?;
        }
        bytes.sort_by(f64::total_cmp);
        let rows = u64::from(ROWS);
        for (scenario, samples) in &samples {
            self.print(&samples.line(SUITE, scenario, rows));
        }
        let median = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
        self.print(
            &Samples::default().line(SUITE, "bytes_per_update", rows).with("median_bytes", round(median)),
        );
        Ok(())
    }

    /// From the click on one desk to the row in the database of another, beside what cannot be spared: two FULL commits
    /// of SQLite and one of Postgres.
    async fn edits(&self) -> Result<()> {
        let clinic = self.clinic()?;
        let [one, other] = [self.connected(&clinic, true).await?, self.connected(&clinic, true).await?];
        for desk in [&one, &other] {
            until_up_to_date(&desk.desk).await?;
        }
        let created =
            one.desk.call("patient_create", json!({"name": {"given": "Ann", "family": "Ash"}})).await;
        let patient = created.map_err(failed)?["id"].clone();
        let note = json!({"patient": patient, "kind": "general", "body": "First"});
        let note = one.desk.call("note_create", note).await.map_err(failed)?["id"].clone();
        let (mut samples, mut saves) = <(Samples, Samples)>::default();
        let mut commits = [Samples::default(), Samples::default()];
        for n in 0..EDITS {
            // Beside each edit, and as rested as it finds the machine.
            for (desk, commits) in [&one, &other].into_iter().zip(&mut commits) {
                tokio::time::sleep(BETWEEN_EDITS).await;
                commits.add(commit(&desk.desk, n).await?, 0, 0);
            }
            tokio::time::sleep(BETWEEN_EDITS).await;
            let seen = body_and_versions(&one.desk, &patient).await?;
            let body = format!("Edit {n}");
            let content = json!({"kind": "general", "body": body});
            let request = json!({"id": note, "versions": seen.1, "content": content});
            let mut changes = other.desk.store().map_err(failed)?.subscribe();
            let started = Instant::now();
            one.desk.call("note_update", request).await.map_err(failed)?;
            saves.add(started.elapsed(), 0, 0);
            loop {
                // The other desk's database tells that something new is committed.
                let changed =
                    tokio::time::timeout(SOON, changes.recv()).await.context("no edit arrived")??;
                let took = started.elapsed();
                let is_it = changed.collections.contains(&"patient_note");
                if is_it && body_and_versions(&other.desk, &patient).await?.0 == body {
                    samples.add(took, 0, 0);
                    break;
                }
            }
        }
        let postgres = self.site.postgres_commit_ms(u32::try_from(EDITS)?, BETWEEN_EDITS)?;
        let floor = postgres + commits.iter().map(|commits| commits.percentile_ms(50)).sum::<f64>();
        let line = samples.line(SUITE, "edit_to_visible", 1);
        let ratio = samples.percentile_ms(50) / floor;
        let line = line.with("floor_ms", round(floor)).with("ratio", round(ratio));
        self.print(&line.with("save_ms", saves.percentile_ms(50)).with("postgres_ms", postgres));
        for desk in [one, other] {
            desk.desk.close().await;
        }
        Ok(())
    }

    /// A fresh desk, until it has the clinic and finds patients.
    async fn bootstrap(&self) -> Result<()> {
        let clinic = self.clinic()?;
        let first = self.connected(&clinic, false).await?;
        sync_once(&first.desk).await?;
        let (patients, records) = CLINIC;
        eprintln!("generating {patients} patients");
        seed_clinic(&first.desk, patients, 1, &mut |_, _| {}).await.map_err(failed)?;
        let (tally, took) = exchange(&first.desk).await?;
        eprintln!("{} saves sent in {took:?}", tally.sent);
        let fresh = self.connected(&clinic, false).await?;
        let started = Instant::now();
        let tally = sync_once(&fresh.desk).await?;
        let found = fresh.desk.call("patient_search", json!({"text": "smith"})).await.map_err(failed)?;
        let took = started.elapsed();
        if found["hits"].as_array().is_none_or(Vec::is_empty) {
            bail!("search finds nobody after the first copy");
        }
        if tally.received < records {
            bail!("only {} records arrived", tally.received);
        }
        let mut samples = Samples::default();
        samples.add(took, 0, 0);
        self.print(&samples.line(SUITE, "bootstrap_100k", tally.received));
        Ok(())
    }
}

async fn exchange(desk: &Desk) -> Result<(Tally, Duration)> {
    let started = Instant::now();
    let tally = sync_once(desk).await?;
    Ok((tally, started.elapsed()))
}

/// How long one desk takes to send what it has, and the other to take it in.
async fn push_and_pull(one: &Desk, other: &Desk) -> Result<[Duration; 2]> {
    let (_, pushed) = exchange(one).await?;
    let (tally, pulled) = exchange(other).await?;
    if tally.received < u64::from(ROWS) {
        bail!("only {} rows arrived", tally.received);
    }
    Ok([pushed, pulled])
}

/// A FULL commit of one row, with nothing around it.
async fn commit(desk: &Desk, n: usize) -> Result<Duration> {
    let (store, context) = context(desk)?;
    let started = Instant::now();
    let mut write = store.write(&Usage::default(), context).await?;
    store::local::set_preference(&mut write, "bench", &n.to_string()).await?;
    write.commit().await?;
    Ok(started.elapsed())
}

async fn until_up_to_date(desk: &Desk) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        let status = desk.call("sync_status", json!({})).await.map_err(failed)?;
        if status["state"] == "up_to_date" {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("not up to date: {status}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Of the patient's only note.
async fn body_and_versions(desk: &Desk, patient: &Value) -> Result<(String, Value)> {
    let page = desk.call("note_list", json!({"patient": patient})).await.map_err(failed)?;
    let note = &page["rows"][0];
    Ok((note["body"].as_str().unwrap_or_default().to_owned(), note["versions"].clone()))
}

fn context(desk: &Desk) -> Result<(store::Store, Context)> {
    let store = desk.store().map_err(failed)?;
    let world = app::Machine::here();
    let context = Context {
        transaction: app::World::next_id(&*world),
        actor: store.owner(),
        at: app::World::now(&*world),
        boot_ms: app::World::boot_ms(&*world),
        boot: app::World::boot(&*world),
        command: "bench",
    };
    Ok((store, context))
}

fn allergies(batch: u128) -> Vec<Allergy> {
    // Ids in the order of time, as the app makes them.
    let id =
        |n: u32| Uuid::from_u128(batch << 96 | u128::from(n) << 64 | u128::from(n.wrapping_mul(0x9E37_79B9)));
    let allergy = |n| Allergy {
        id: Some(AllergyId(id(n))),
        substance: "Penicillin V".into(),
        reaction: "Rash".into(),
        severity: Severity::Moderate,
    };
    (0..ROWS).map(allergy).collect()
}

/// Changes one column of each, in several saves.
async fn change_notes(desk: &Desk, ids: &[NoteId]) -> Result<()> {
    let pinned = NotePatch { pinned: Some(true), ..NotePatch::default() };
    for ids in ids.chunks(SAVE) {
        let (store, context) = context(desk)?;
        let mut write = store.write(&Usage::default(), context).await?;
        write.declare_current();
        for id in ids {
            store::note::update_note(&mut write, *id, &pinned).await?;
        }
        write.commit().await?;
    }
    Ok(())
}

/// Notes of about the size of an appointment, in one save.
async fn notes(desk: &Desk, round: u32) -> Result<Vec<NoteId>> {
    let (store, context) = context(desk)?;
    let (at, author) = (context.at, context.actor);
    let mut write = store.write(&Usage::default(), context).await?;
    let patient = PatientId(Uuid::from_u128(u128::from(round)));
    let world = app::Machine::here();
    let note = |n: u32| NoteRow {
        id: NoteId(app::World::next_id(&*world)),
        patient,
        kind: NoteKind::Scheduling,
        body: format!("Follow-up {n}: 30 minutes, room 2, confirmed by phone"),
        pinned: false,
        created_at: at,
        author,
    };
    let notes: Vec<_> = (0..ROWS).map(note).collect();
    store::note::insert_notes(&mut write, &notes).await?;
    write.commit().await?;
    Ok(notes.iter().map(|note| note.id).collect())
}

/// The ids of all patients that are not archived.
async fn patients(desk: &Desk) -> Result<Vec<Value>> {
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = desk.call("patient_list", json!({"after": after, "limit": 200})).await.map_err(failed)?;
        ids.extend(page["rows"].as_array().into_iter().flatten().map(|row| row["id"].clone()));
        after = page["next"].clone();
        if after.is_null() {
            return Ok(ids);
        }
    }
}
