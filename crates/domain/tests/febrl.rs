//! The duplicate rule on FEBRL's first data set: 500 people, each with a corrupted copy.
//!
//! The data is not part of the project. It is looked for in the folder that
//! `FRONTDESK_SHARED_DATA` names, else in `../shared/data` beside the workspace; without it the
//! test says so and passes.

#![allow(clippy::unwrap_used)]

use chrono::NaiveDate;
use domain::duplicate::{BlockingKeys, LIKELY, Person, blocking_keys, score};
use domain::patient::Name;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Measured: 1.000, with a margin.
const PRECISION_MIN: f64 = 0.98;
/// Measured: 0.900, with a margin.
const RECALL_MIN: f64 = 0.89;

struct Row {
    who: String,
    person: Person,
    keys: BlockingKeys,
}

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("FRONTDESK_SHARED_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    Some(folder.join("febrl/dataset1.csv")).filter(|file| file.exists())
}

fn rows(file: PathBuf) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).unwrap();
    reader.records().map(|record| row(&record.unwrap())).collect()
}

fn row(cells: &csv::StringRecord) -> Row {
    let name = Name { given: cells[1].into(), family: cells[2].into(), ..Name::default() };
    let born = NaiveDate::parse_from_str(&cells[9], "%Y%m%d").ok();
    let line = format!("{} {}", &cells[3], &cells[4]);
    let person = Person::new(&name, "").born(born).living_at(line.trim(), &cells[7]);
    let keys = blocking_keys(&name, &person);
    Row { who: cells[0].split('-').nth(1).unwrap().to_owned(), person, keys }
}

/// The pairs that share a date of birth or a sound of the family name.
fn pairs(rows: &[Row]) -> HashSet<(usize, usize)> {
    let mut blocks = HashMap::<String, Vec<usize>>::new();
    for (at, row) in rows.iter().enumerate() {
        let dates = row.keys.birth_dates.iter().map(NaiveDate::to_string);
        dates.chain(row.keys.family_sounds.clone()).for_each(|key| blocks.entry(key).or_default().push(at));
    }
    let ordered = |block: &Vec<usize>| {
        let block = block.clone();
        let all = block.clone().into_iter().flat_map(move |a| block.clone().into_iter().map(move |b| (a, b)));
        all.filter(|(a, b)| a < b).collect::<Vec<_>>()
    };
    blocks.values().flat_map(ordered).collect()
}

#[test]
fn corrupted_copies_are_found_and_hardly_anybody_else() {
    let Some(file) = data() else {
        println!("skipped: no febrl/dataset1.csv; set FRONTDESK_SHARED_DATA to the folder of shared data");
        return;
    };
    let rows = rows(file);
    let (mut same, mut found, mut right) = (0, 0, 0);
    for (a, b) in pairs(&rows) {
        let (a, b) = (&rows[a], &rows[b]);
        let likeness = score(&a.person, &b.person);
        same += u32::from(a.who == b.who);
        found += u32::from(likeness.score >= LIKELY);
        right += u32::from(likeness.score >= LIKELY && a.who == b.who);
    }
    let (precision, recall) = (f64::from(right) / f64::from(found), f64::from(right) / f64::from(same));
    println!(
        "{same} pairs share a key; precision {precision:.3}, recall {recall:.3} of these, {:.3} of all 500",
        f64::from(right) / 500.0
    );
    assert!(precision >= PRECISION_MIN && recall >= RECALL_MIN);
}
