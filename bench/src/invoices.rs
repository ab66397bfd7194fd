//! Invoices: lines, issuing, payments, lists.

use crate::clinic::{failed, open};
use crate::line::{Line, Samples, round};
use anyhow::{Context as _, Result};
use app::{Desk, seed_clinic, seed_invoices};
use clap::Args;
use e2e::DataFolder;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

const SUITE: &str = "invoices";
const SEED: u64 = 1;
/// Calls before those that are counted: they prepare statements and fill the page cache.
const FIRST: u64 = 20;
/// Sizes of the invoices that a line is added to.
const SIZES: [u64; 3] = [50, 500, 5_000];
/// Lines that one command takes.
const LINES_MAX: u64 = 500;
/// Invoices of the patient with many, and of one page of them.
const OF_ONE_PATIENT: u64 = 1_000;
const PAGE: u64 = 20;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Patients in the clinic.
    #[arg(long, default_value_t = 50_000)]
    patients: u32,
    /// Their invoices.
    #[arg(long, default_value_t = 200_000)]
    rows: u32,
    /// Calls of each scenario.
    #[arg(long, default_value_t = 200)]
    calls: u64,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn run(options: &Options) -> Result<()> {
    let folder = DataFolder::new()?;
    let desk = open(&folder.data_dir()).await?;
    eprintln!("generating {} patients and {} invoices", options.patients, options.rows);
    seed_clinic(&desk, options.patients, SEED, &mut |_, _| {}).await.map_err(failed)?;
    seed_invoices(&desk, options.rows, SEED, &mut |done, of| {
        if done % 20_000 == 0 {
            eprintln!("{done} of {of} invoices");
        }
    })
    .await
    .map_err(failed)?;
    let mut bench = Bench {
        desk,
        patient: Value::Null,
        rows: options.rows.into(),
        calls: options.calls,
        json: options.json,
        actions: 0,
    };
    bench.patient = bench.new_patient().await?;
    bench.lines().await?;
    bench.creations().await?;
    bench.issues_and_payments().await?;
    bench.pages().await?;
    bench.desk.close().await;
    Ok(())
}

struct Bench {
    desk: Desk,
    /// Who is billed here.
    patient: Value,
    rows: u64,
    calls: u64,
    json: bool,
    actions: u64,
}

/// Durations with the commit and without.
#[derive(Default)]
struct Timed {
    whole: Samples,
    work: Samples,
}

impl Bench {
    async fn call(&self, command: &str, request: Value) -> Result<Value> {
        self.desk.call(command, request).await.map_err(failed)
    }

    /// One call: how long it took until its answer was ready to go to a page.
    async fn timed(&self, into: &mut Timed, command: &str, request: Value) -> Result<Value> {
        let started = Instant::now();
        let (answer, cost) = self.desk.answer(command, request).await;
        let took = started.elapsed();
        let answer = serde_json::from_str(&answer.map_err(failed)?)?;
        into.whole.add(took, cost.statements, cost.vm_steps);
        let work = took.saturating_sub(Duration::from_micros(cost.commit_us));
        into.work.add(work, cost.statements, cost.vm_steps);
        Ok(answer)
    }

    fn line(&self, name: &'static str, timed: &Timed) -> Line {
        timed.whole.line(SUITE, name, self.rows).with("work_ms", timed.work.percentile_ms(50))
    }

    fn print(&self, name: &'static str, timed: &Timed) {
        self.line(name, timed).print(self.json);
    }

    /// An id that no other action has.
    fn action(&mut self) -> Value {
        self.actions += 1;
        json!(Uuid::from_u128(u128::from(self.actions)))
    }

    async fn new_patient(&self) -> Result<Value> {
        let request = json!({"name": {"given": "Ana", "family": "Ortiz"}});
        Ok(self.call("patient_create", request).await?["id"].clone())
    }

    async fn draft(&self, lines: u64) -> Result<Value> {
        let first = json!({"patient": self.patient, "lines": some_lines(lines.min(LINES_MAX))});
        let id = self.call("invoice_create", first).await?["id"].clone();
        let mut left = lines.saturating_sub(LINES_MAX);
        while left > 0 {
            let lines = some_lines(left.min(LINES_MAX));
            self.call("line_add", json!({"invoice": id, "lines": lines})).await?;
            left = left.saturating_sub(LINES_MAX);
        }
        Ok(id)
    }

    /// A line added and one changed, on each size in turn: what disturbs the machine disturbs all of them.
    async fn lines(&self) -> Result<()> {
        let mut drafts = Vec::new();
        for size in SIZES {
            drafts.push(self.draft(size).await?);
        }
        let mut adds: [Timed; 3] = Default::default();
        let mut changes: [Timed; 3] = Default::default();
        for n in 0..self.calls + FIRST {
            for (at, draft) in drafts.iter().enumerate() {
                let (add, change) = if n < FIRST {
                    (&mut Timed::default(), &mut Timed::default())
                } else {
                    (&mut adds[at], &mut changes[at])
                };
                let added =
                    self.timed(add, "line_add", json!({"invoice": draft, "lines": some_lines(1)})).await?;
                let id = &added["ids"][0];
                let mut content = some_lines(1).remove(0);
                content["quantity"] = json!(2_000 + n);
                let request = json!({"id": id, "content": content, "versions": "", "overwrite": true});
                self.timed(change, "line_update", request).await?;
                self.call("line_remove", json!({"invoice": draft, "ids": [id]})).await?;
            }
        }
        for (names, timed) in [
            (["add_line_50", "add_line_500", "add_line_5000"], &adds),
            (["change_line_50", "change_line_500", "change_line_5000"], &changes),
        ] {
            let work = |at: usize| timed[at].work.percentile_ms(50);
            for (at, name) in names.into_iter().enumerate() {
                let ratio = round(work(at) / work(0));
                self.line(name, &timed[at]).with("work_ratio", ratio).print(self.json);
            }
        }
        Ok(())
    }

    async fn creations(&self) -> Result<()> {
        let mut timed = Timed::default();
        for n in 0..self.calls + FIRST {
            let request = json!({"patient": self.patient, "lines": some_lines(50)});
            let into = if n < FIRST { &mut Timed::default() } else { &mut timed };
            self.timed(into, "invoice_create", request).await?;
        }
        self.print("create_with_50_lines", &timed);
        Ok(())
    }

    /// Invoices of four lines, the last 1,000 of which are one patient's.
    async fn issues_and_payments(&mut self) -> Result<()> {
        let (mut issues, mut payments) = (Timed::default(), Timed::default());
        let count = OF_ONE_PATIENT.max(self.calls + FIRST);
        self.patient = self.new_patient().await?;
        for n in 0..count {
            let draft = self.draft(4).await?;
            let is_counted = (FIRST..FIRST + self.calls).contains(&n);
            let gross = self.call("invoice_load", json!({"id": draft})).await?["gross"].clone();
            let request = json!({"id": draft, "action": self.action(), "gross": gross});
            let into = if is_counted { &mut issues } else { &mut Timed::default() };
            self.timed(into, "invoice_issue", request).await?;
            let request = json!({
                "action": self.action(), "patient": self.patient, "invoice": draft,
                "tenders": [{"method": "card", "amount": gross}],
            });
            let into = if is_counted { &mut payments } else { &mut Timed::default() };
            self.timed(into, "payment_take", request).await?;
        }
        self.print("issue", &issues);
        self.print("take_payment", &payments);
        Ok(())
    }

    async fn pages(&self) -> Result<()> {
        let mut last = Value::Null;
        for _ in 1..OF_ONE_PATIENT / PAGE {
            let request = json!({"patient": self.patient, "limit": PAGE, "after": last});
            last = self.call("invoice_list", request).await?["next"].clone();
        }
        for (name, after) in [("patient_invoices_page", Value::Null), ("patient_invoices_page_50", last)] {
            let mut timed = Timed::default();
            for n in 0..self.calls + FIRST {
                let request = json!({"patient": self.patient, "limit": PAGE, "after": after});
                let into = if n < FIRST { &mut Timed::default() } else { &mut timed };
                let page = self.timed(into, "invoice_list", request).await?;
                let rows = page["rows"].as_array().context("a page has rows")?.len();
                anyhow::ensure!(rows as u64 == PAGE, "{name} has {rows} rows");
            }
            self.print(name, &timed);
        }
        Ok(())
    }
}

fn some_lines(count: u64) -> Vec<Value> {
    let line = |n| {
        json!({
            "description": format!("Treatment {n}"), "quantity": 1_000 + n % 7 * 500, "price": 1_000 + n % 97 * 25,
            "tax": {"category": "standard", "rate": if n % 3 == 0 { 700 } else { 1_900 }},
        })
    };
    (0..count).map(line).collect()
}
