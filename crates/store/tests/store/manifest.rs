//! What the sync design asks of every synced table.

use crate::support::*;
use std::collections::BTreeSet;
use store::Usage;
use store::manifest::{COLLECTIONS, Type};

#[derive(sqlx::FromRow)]
struct TableColumn {
    name: String,
    r#type: String,
    notnull: bool,
    dflt_value: Option<String>,
    pk: bool,
}

#[tokio::test]
async fn every_column_but_the_id_is_in_exactly_one_register_and_has_a_default() {
    let desk = Desk::new().await;
    let mut read = desk.store.read(&Usage::default()).await.unwrap();
    for collection in COLLECTIONS {
        let columns: Vec<TableColumn> = sqlx::query_as("SELECT * FROM pragma_table_info(?)")
            .bind(collection.name)
            .fetch_all(&mut *read)
            .await
            .unwrap();
        let (ids, columns): (Vec<_>, Vec<_>) = columns.into_iter().partition(|column| column.pk);
        assert!(ids.len() == 1 && ids[0].name == "id" && ids[0].r#type == "BLOB", "{}", collection.name);
        let mut in_table: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        let mut in_registers: Vec<_> = collection.columns().map(|column| column.name).collect();
        in_table.sort_unstable();
        in_registers.sort_unstable();
        assert_eq!(in_table, in_registers, "{}", collection.name);
        for column in &columns {
            let place = format!("{}.{}", collection.name, column.name);
            assert!(!column.notnull || column.dflt_value.is_some(), "{place} has no default");
            let ty = collection.columns().find(|known| known.name == column.name).unwrap().ty;
            let expected = match ty {
                Type::Text => "TEXT",
                Type::Integer => "INTEGER",
                Type::Uuid => "BLOB",
            };
            assert_eq!(column.r#type, expected, "{place}");
        }
    }
}

#[tokio::test]
async fn synced_tables_refer_to_nothing_and_demand_nothing() {
    let desk = Desk::new().await;
    for collection in COLLECTIONS {
        let name = collection.name;
        let foreign: i64 =
            desk.value(&format!("SELECT count(*) FROM pragma_foreign_key_list('{name}')")).await;
        let unique: i64 = desk
            .value(&format!(
                "SELECT count(*) FROM pragma_index_list('{name}') WHERE \"unique\" AND origin <> 'pk'"
            ))
            .await;
        let sql: String = desk.value(&format!("SELECT sql FROM sqlite_schema WHERE name = '{name}'")).await;
        assert_eq!((foreign, unique), (0, 0), "{name}");
        assert!(sql.contains("STRICT") && !sql.contains("CHECK"), "{name}");
    }
}

#[test]
fn numbers_and_names_are_given_once() {
    let numbers: BTreeSet<_> = COLLECTIONS.iter().map(|collection| collection.number).collect();
    let names: BTreeSet<_> = COLLECTIONS.iter().map(|collection| collection.name).collect();
    assert_eq!((numbers.len(), names.len()), (COLLECTIONS.len(), COLLECTIONS.len()));
    for collection in COLLECTIONS {
        let numbers: Vec<_> = collection.registers.iter().map(|register| register.number).collect();
        assert!(numbers.iter().copied().eq((1..).take(numbers.len())), "{}", collection.name);
        let names: BTreeSet<_> = collection.registers.iter().map(|register| register.name).collect();
        assert!(names.len() == numbers.len() && !names.contains(""), "{}", collection.name);
    }
}
