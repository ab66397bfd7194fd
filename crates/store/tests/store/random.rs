//! Random edits of every synced table, generated from the manifest.

use crate::support::*;
use proptest::prelude::*;
use sqlx::AssertSqlSafe;
use store::manifest::{COLLECTIONS, Collection, Column, Kind, Type};
use store::{StoreError, Write, load_versions};

#[derive(Clone, Debug)]
pub enum Edit {
    /// Also of a record that is there (then nothing happens) or was deleted.
    Insert {
        collection: usize,
        record: u8,
        salt: u32,
    },
    /// Writes the registers whose bit is set, some with the value that they have.
    Set {
        collection: usize,
        record: u8,
        registers: u16,
        salt: u32,
    },
    Delete {
        collection: usize,
        record: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Commit,
    RollBack,
}

/// One transaction; whether it comes from a form.
#[derive(Clone, Debug)]
pub struct Action {
    pub edits: Vec<Edit>,
    pub declared: bool,
    pub end: End,
}

const RECORDS: u8 = 4;

fn edits() -> impl Strategy<Value = Edit> {
    let place = || (0..COLLECTIONS.len(), 0..RECORDS);
    prop_oneof![
        4 => (place(), any::<u32>()).prop_map(|((collection, record), salt)| Edit::Insert { collection, record, salt }),
        4 => (place(), any::<u16>(), any::<u32>())
            .prop_map(|((collection, record), registers, salt)| Edit::Set { collection, record, registers, salt }),
        1 => place().prop_map(|(collection, record)| Edit::Delete { collection, record }),
    ]
}

pub fn actions(max: usize) -> impl Strategy<Value = Vec<Action>> {
    let end = prop_oneof![4 => Just(End::Commit), 1 => Just(End::RollBack)];
    let action = (prop::collection::vec(edits(), 1..12), any::<bool>(), end)
        .prop_map(|(edits, declared, end)| Action { edits, declared, end });
    prop::collection::vec(action, 1..max)
}

/// Does all of it.
pub async fn perform(desk: &Desk, actions: &[Action]) {
    for action in actions {
        let mut write = desk.begin().await;
        for edit in &action.edits {
            run(&mut write, edit, action.declared).await.unwrap();
        }
        match action.end {
            End::Commit => write.commit().await.unwrap(),
            End::RollBack => drop(write),
        }
    }
}

async fn run(write: &mut Write, edit: &Edit, declared: bool) -> Result<(), StoreError> {
    let (collection, record) = match edit {
        Edit::Insert { collection, record, .. }
        | Edit::Set { collection, record, .. }
        | Edit::Delete { collection, record } => (COLLECTIONS[*collection], record_id(*collection, *record)),
    };
    if declared {
        let versions = load_versions(write, &[record]).await?;
        write.declare(versions.0);
    } else {
        write.declare_current();
    }
    let name = collection.name;
    let id = match edit {
        // A fact has an id of its own, whoever records it.
        Edit::Insert { salt, .. } if collection.kind == Kind::Ledger => {
            blob(id(record.as_u128() | u128::from(*salt) << 64))
        }
        _ => blob(record),
    };
    let sql = match edit {
        Edit::Insert { salt, .. } => {
            let columns: Vec<_> = collection.columns().collect();
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            let values: Vec<_> = columns.iter().map(|column| value(*column, *salt)).collect();
            format!(
                "INSERT INTO {name} (id, {}) VALUES ({id}, {}) ON CONFLICT (id) DO NOTHING",
                names.join(", "),
                values.join(", ")
            )
        }
        Edit::Set { registers, salt, .. } => {
            let chosen =
                collection.registers.iter().filter(|register| registers >> (register.number - 1) & 1 == 1);
            let sets: Vec<_> = chosen
                .flat_map(|register| register.columns)
                // Every fourth column keeps its value.
                .map(|column| match (salt.wrapping_add(hash(column.name))) % 4 {
                    0 => format!("{0} = {0}", column.name),
                    _ => format!("{} = {}", column.name, value(*column, *salt)),
                })
                .collect();
            if sets.is_empty() || collection.kind == Kind::Ledger {
                return Ok(());
            }
            format!("UPDATE {name} SET {} WHERE id = {id}", sets.join(", "))
        }
        Edit::Delete { .. } if collection.kind == Kind::Ledger => return Ok(()),
        Edit::Delete { .. } => format!("DELETE FROM {name} WHERE id = {id}"),
    };
    sqlx::query(AssertSqlSafe(sql)).execute(&mut **write).await?;
    Ok(())
}

pub fn record_id(collection: usize, record: u8) -> uuid::Uuid {
    id((u128::try_from(collection).unwrap() + 1) << 8 | u128::from(record))
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(17, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
}

const TEXTS: &[&str] = &[
    "",
    "Ann",
    "O''Brien",
    "José",
    "a \"quoted\" one",
    "Łukasz Ærø",
    "名前",
    "🎉 party",
    "line\nbreak",
    "x;'' DROP",
    "100%",
    "+1 555 010 2020",
    "ann@example.com",
    "smith-jones",
];

/// A literal for the column.
fn value(column: Column, salt: u32) -> String {
    let salt = salt.wrapping_mul(2_654_435_761).wrapping_add(hash(column.name)) >> 7;
    let pick = |options: &[&str]| format!("'{}'", options[salt as usize % options.len()]);
    match (column.name, column.ty) {
        ("birth_date", _) => ["NULL", "'1985-03-14'", "'2001-12-31'"][salt as usize % 3].to_owned(),
        ("archived_at" | "removed_at", _) => ["NULL", "1700000000000"][salt as usize % 2].to_owned(),
        ("household_id" | "guarantor_id", _) => match salt % 3 {
            0 => "NULL".into(),
            n => blob(id(n.into())),
        },
        // One more than there are: some parents never come.
        ("patient_id" | "first_id" | "second_id", _) => {
            blob(record_id(0, u8::try_from(salt % (u32::from(RECORDS) + 1)).unwrap()))
        }
        ("invoice_id" | "corrects_id", _) => one_of("invoice", salt),
        ("document_id", _) => one_of("invoice_document", salt),
        ("status", _) => pick(&["draft", "issued", "issued", "void", "discarded", "unheard_of"]),
        ("method", _) => pick(&["cash", "credit", "barter"]),
        ("discount_kind", _) => pick(&["none", "amount", "share"]),
        ("tax_category", _) => pick(&["standard", "exempt"]),
        ("amount" | "gross" | "price", _) => [700, 1_000, -300, i64::MIN][salt as usize % 4].to_string(),
        ("kind", _) => pick(&["phone", "email", "fax", "general", "invoice", "credit_note"]),
        ("tier", _) => pick(&["standard", "gold", "diamond"]),
        ("level", _) => pick(&["alert_only", "do_not_book", "unheard_of"]),
        ("label", _) => pick(&["VIP", "vip", "Allergic", "été", ""]),
        ("supersedes", _) => match salt % 3 {
            0 => "'[]'".into(),
            1 => "'not json'".into(),
            // One that is there, if there is any.
            _ => format!(
                "coalesce((SELECT json_array(lower(hex(id)), 'zz') FROM consent_event ORDER BY id LIMIT 1 OFFSET {}), '[]')",
                salt % 5
            ),
        },
        ("pinned" | "is_primary", _) => (salt % 2).to_string(),
        (_, Type::Integer) => [0, 1, -5, 1_700_000_000_000_i64, i64::MAX][salt as usize % 5].to_string(),
        (_, Type::Uuid) => blob(id(salt.into())),
        (_, Type::Text) if salt.is_multiple_of(50) => "char(97, 0, 98)".into(),
        (_, Type::Text) => pick(TEXTS),
    }
}

/// A record of a collection, or one that never comes.
fn one_of(collection: &str, salt: u32) -> String {
    let place = COLLECTIONS.iter().position(|known| known.name == collection).unwrap();
    blob(record_id(place, u8::try_from(salt % (u32::from(RECORDS) + 1)).unwrap()))
}

/// The registers of a collection, for naming one in a test.
pub fn register_numbers(collection: &Collection) -> Vec<i64> {
    collection.registers.iter().map(|register| register.number).collect()
}
