//! Patients: lists, search, detail, creating, importing, starting.

use crate::clinic::{failed, open, timed};
use crate::line::{Line, Samples};
use crate::{startup, window};
use anyhow::Result;
use app::{Desk, generate, seed_clinic, wait_for_import};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use domain::id::ImportId;
use domain::patient::ContactKind;
use e2e::{DataFolder, Programs};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Instant;

const SUITE: &str = "patients";
/// Seed of the clinic, of the file that is imported, and of the choice of what to ask for.
const CLINIC_SEED: u64 = 1;
const FILE_SEED: u64 = 2;
const CHOICE_SEED: u64 = 3;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Patients in the clinic and rows in the imported file.
    #[arg(long, default_value_t = 50_000)]
    rows: u32,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn run(options: &Options) -> Result<()> {
    let folder = DataFolder::new()?;
    let desk = open(&folder.data_dir()).await?;
    eprintln!("generating {} patients", options.rows);
    seed_clinic(&desk, options.rows, CLINIC_SEED, &mut |_, _| {}).await.map_err(failed)?;
    let bench = Bench { desk, rows: options.rows.into(), json: options.json };
    bench.searches().await?;
    bench.lists().await?;
    bench.details().await?;
    bench.creations().await?;
    bench.desk.close().await;
    drop(bench);
    import(options, &folder.path().join("import")).await?;
    let Some(programs) = Programs::find() else { return Ok(()) };
    startup::measure(&programs.app, &folder, SUITE, options.rows.into())?.print(options.json);
    window::measure(folder, SUITE, options.rows.into(), options.json).await
}

struct Bench {
    desk: Desk,
    rows: u64,
    json: bool,
}

impl Bench {
    async fn scenario(&self, name: &'static str, command: &str, requests: Vec<Value>) -> Result<()> {
        // The first calls prepare statements and fill the page cache, as the first minutes of a day do.
        for request in requests.iter().take(20) {
            timed(&self.desk, command, request.clone()).await?;
        }
        let mut samples = Samples::default();
        for request in requests {
            let (_, took, statements, vm_steps) = timed(&self.desk, command, request).await?;
            samples.add(took, statements, vm_steps);
        }
        self.print(&samples.line(SUITE, name, self.rows));
        Ok(())
    }

    fn print(&self, line: &Line) {
        line.print(self.json);
    }

    async fn searches(&self) -> Result<()> {
        let mut random = ChaCha8Rng::seed_from_u64(CHOICE_SEED);
        let (mut prefixes, mut typos, mut phones) = (Vec::new(), Vec::new(), Vec::new());
        for patient in generate::patients(u32::try_from(self.rows)?, CLINIC_SEED)
            .step_by(usize::try_from(self.rows / 200)?.max(1))
        {
            let name = &patient.name;
            let whole = format!("{} {}", name.given, name.family);
            prefixes.push(search(&start_of(&mut random, &whole)));
            typos.push(search(&slip(&mut random, &name.family)));
            let phone = patient.contacts.iter().find(|contact| contact.kind == ContactKind::Phone);
            phones.extend(phone.map(|phone| search(&fragment(&mut random, &phone.value))));
        }
        self.scenario("search_prefix", "patient_search", prefixes).await?;
        self.scenario("search_typo", "patient_search", typos).await?;
        self.scenario("search_phone", "patient_search", phones).await
    }

    async fn lists(&self) -> Result<()> {
        self.scenario("list_page_first", "patient_list", vec![json!({"limit": 100}); 300]).await?;
        let mut requests = Vec::new();
        let mut after = Value::Null;
        loop {
            let (page, ..) = timed(&self.desk, "patient_list", json!({"limit": 100, "after": after})).await?;
            after = page["next"].clone();
            if after.is_null() {
                break;
            }
            requests.push(json!({"limit": 100, "after": after}));
        }
        let deep = requests.split_off(requests.len() / 2);
        self.scenario("list_page_deep", "patient_list", deep).await
    }

    async fn details(&self) -> Result<()> {
        let mut requests = Vec::new();
        for skip in (0..self.rows).step_by(usize::try_from(self.rows / 300)?.max(1)) {
            let request = json!({"limit": 1, "skip": skip.min(100_000)});
            let (page, ..) = timed(&self.desk, "patient_list", request).await?;
            requests
                .extend(page["rows"].as_array().into_iter().flatten().map(|row| json!({"id": row["id"]})));
        }
        self.scenario("patient_detail", "patient_load", requests).await
    }

    /// Each creation beside a bare commit of the same database: what waits for the disk is judged
    /// against the disk.
    async fn creations(&self) -> Result<()> {
        let (mut samples, mut commits) = (Samples::default(), Samples::default());
        for (i, patient) in generate::patients(220, FILE_SEED).enumerate() {
            let request = json!({
                "name": patient.name, "birth_date": patient.birth_date.to_string(), "address": patient.address,
                "contacts": patient.contacts, "allergies": patient.allergies, "tags": patient.tags,
            });
            let (_, took, statements, vm_steps) = timed(&self.desk, "patient_create", request).await?;
            let bare = json!({"key": "bench", "value": i});
            let (_, bare_took, bare_statements, bare_steps) =
                timed(&self.desk, "preference_set", bare).await?;
            if i >= 20 {
                samples.add(took, statements, vm_steps);
                commits.add(bare_took, bare_statements, bare_steps);
            }
        }
        let line = samples.line(SUITE, "patient_create", self.rows);
        self.print(
            &line
                .with("commit_ms", commits.percentile_ms(50))
                .with("commit_p95_ms", commits.percentile_ms(95)),
        );
        Ok(())
    }
}

fn search(text: &str) -> Value {
    json!({"text": text, "limit": 20})
}

/// What has been typed of a name so far: from one letter to all of it.
fn start_of(random: &mut impl Rng, name: &str) -> String {
    let letters = name.chars().count();
    name.chars().take(random.random_range(1..=letters)).collect()
}

/// The name with two letters in the wrong order.
fn slip(random: &mut impl Rng, name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() > 3 {
        let at = random.random_range(1..letters.len() - 1);
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

/// Four to eight digits of a phone number.
fn fragment(random: &mut impl Rng, phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let length = random.random_range(4..=8.min(digits.len()));
    let start = random.random_range(0..=digits.len() - length);
    digits[start..start + length].iter().collect()
}

/// Takes a file over from its first byte to its last row.
async fn import(options: &Options, dir: &std::path::Path) -> Result<()> {
    let file = csv(options.rows);
    let desk = open(dir).await?;
    let started = Instant::now();
    let opened = json!({"file_name": "clinic.csv", "size": file.len()});
    let opened = desk.call("import_open", opened).await.map_err(failed)?;
    let id: ImportId = serde_json::from_value(opened["id"].clone())?;
    for (i, part) in file.as_bytes().chunks(contract::IMPORT_PART_MAX_BYTES).enumerate() {
        let offset = i * contract::IMPORT_PART_MAX_BYTES;
        let request = json!({"id": id, "offset": offset, "part": BASE64.encode(part)});
        desk.call("import_feed", request).await.map_err(failed)?;
    }
    desk.call("import_run", json!({"id": id, "add_likely_duplicates": false})).await.map_err(failed)?;
    wait_for_import(&desk, id).await.map_err(failed)?;
    let took = started.elapsed();
    let done = desk.call("import_progress", json!({"id": id})).await.map_err(failed)?;
    let diagnostics = desk.call("diagnostics", json!({})).await.map_err(failed)?;
    let lines = diagnostics["commands"].as_array().into_iter().flatten();
    let chunk = lines.into_iter().find(|line| line["name"] == "import_chunk").cloned().unwrap_or_default();
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let mut samples = Samples::default();
    // Of one chunk of rows; the time is that of the whole.
    samples.add(took, number(&chunk["statements"]), number(&chunk["vm_steps"]));
    samples
        .line(SUITE, "import_csv_50k", options.rows.into())
        .with("rows_per_s", (f64::from(options.rows) / took.as_secs_f64()).round())
        .with("added", done["added"].clone())
        .with("wrong", done["wrong"].clone())
        .with("likely_duplicates", done["likely_duplicates"].clone())
        .print(options.json);
    desk.close().await;
    Ok(())
}

fn csv(rows: u32) -> String {
    let mut file = String::from("Id,First,Middle,Last,Birth date,Mobile,Email,Address,City,State,Zip,Tags\n");
    for patient in generate::patients(rows, FILE_SEED) {
        let of = |kind| patient.contacts.iter().find(|c| c.kind == kind).map_or("", |c| c.value.as_str());
        let tags: Vec<_> = patient.tags.iter().map(|tag| tag.label.as_str()).collect();
        let (name, address) = (&patient.name, &patient.address);
        // Writing to a string cannot fail.
        let _ = writeln!(
            file,
            "{},{},{},{},{},{},{},\"{}\",{},{},{},{}",
            patient.external_id,
            name.given,
            name.middle,
            name.family,
            patient.birth_date,
            of(ContactKind::Phone),
            of(ContactKind::Email),
            address.line1,
            address.city,
            address.region,
            address.postcode,
            tags.join(";"),
        );
    }
    file
}
