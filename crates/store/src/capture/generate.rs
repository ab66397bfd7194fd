//! Generates the capture triggers.

use crate::manifest::{Collection, Column, Kind, Register, Type};

/// The `CREATE TRIGGER` statements of every collection.
pub fn trigger_statements(collections: &[&Collection]) -> Vec<String> {
    let mut statements = Vec::new();
    for collection in collections {
        statements.push(insert_trigger(collection));
        match collection.kind {
            Kind::Ledger => statements.extend(frozen_triggers(collection)),
            Kind::Mutable => {
                statements.extend(collection.registers.iter().map(|r| set_trigger(collection, r)));
                statements.push(delete_trigger(collection));
                statements.push(rename_trigger(collection));
            }
        }
    }
    statements
}

const VERSION: &str = "replica || ':' || seq || coalesce(';' || others, '')";

fn insert_trigger(collection: &Collection) -> String {
    let Collection { name, number, .. } = collection;
    let values = json_array("NEW", collection.columns());
    format!(
        "CREATE TRIGGER capture_{name}_insert AFTER INSERT ON {name} WHEN capturing()\n\
         BEGIN\n  \
           SELECT capture_insert({number}, (SELECT {VERSION} FROM record_version WHERE record = NEW.id AND register = 0));\n  \
           INSERT INTO outbox (seq, replica, collection, record, register, base, value)\n    \
             SELECT captured_seq(), captured_replica(), {number}, NEW.id, 0, captured_base(), capture_value({values}) WHERE paired();\n  \
           {}\n\
         END",
        write_version("NEW.id", "0", *number),
    )
}

fn set_trigger(collection: &Collection, register: &Register) -> String {
    let Collection { name, number, .. } = collection;
    let names: Vec<_> = register.columns.iter().map(|column| column.name).collect();
    let changed: Vec<_> = names.iter().map(|column| format!("OLD.{column} IS NOT NEW.{column}")).collect();
    let values = json_array("NEW", register.columns.iter().copied());
    let register_number = register.number;
    format!(
        "CREATE TRIGGER capture_{name}_set_{register} AFTER UPDATE OF {columns} ON {name}\n\
         WHEN ({changed}) AND capturing()\n\
         BEGIN\n  \
           SELECT capture_set({number}, NEW.id, {register_number}, (SELECT {VERSION} FROM record_version\n    \
             WHERE record = NEW.id AND register IN (0, {register_number}) ORDER BY register DESC LIMIT 1));\n  \
           INSERT INTO outbox (seq, replica, collection, record, register, base, value)\n    \
             SELECT captured_seq(), captured_replica(), {number}, NEW.id, {register_number}, captured_base(), capture_value({values}) WHERE paired();\n  \
           {write_version}\n\
         END",
        register = register.name,
        columns = names.join(", "),
        changed = changed.join(" OR "),
        write_version = write_version("NEW.id", &register_number.to_string(), *number),
    )
}

/// The base of a delete is the whole record. What is left is its version: the tombstone.
fn delete_trigger(collection: &Collection) -> String {
    let Collection { name, number, .. } = collection;
    format!(
        "CREATE TRIGGER capture_{name}_delete AFTER DELETE ON {name} WHEN capturing()\n\
         BEGIN\n  \
           SELECT capture_delete({number}, OLD.id, (SELECT json_group_object(register, {VERSION}) FROM record_version WHERE record = OLD.id));\n  \
           INSERT INTO outbox (seq, replica, collection, record, register, base)\n    \
             SELECT captured_seq(), captured_replica(), {number}, OLD.id, -1, captured_base() WHERE paired();\n  \
           DELETE FROM record_version WHERE record = OLD.id AND register <> 0;\n  \
           {}\n\
         END",
        write_version("OLD.id", "0", *number),
    )
}

/// Another id is another record: no register says so.
fn rename_trigger(collection: &Collection) -> String {
    let name = collection.name;
    format!(
        "CREATE TRIGGER capture_{name}_no_rename BEFORE UPDATE OF id ON {name} WHEN OLD.id IS NOT NEW.id\n\
         BEGIN\n  SELECT RAISE(ABORT, 'frontdesk: a record keeps its id');\nEND"
    )
}

fn frozen_triggers(collection: &Collection) -> [String; 2] {
    let name = collection.name;
    ["UPDATE", "DELETE"].map(|action| {
        format!(
            "CREATE TRIGGER capture_{name}_no_{lower} BEFORE {action} ON {name} WHEN capturing()\n\
             BEGIN\n  SELECT RAISE(ABORT, 'frontdesk: a ledger row is never changed');\nEND",
            lower = action.to_lowercase(),
        )
    })
}

fn write_version(record: &str, register: &str, collection: i64) -> String {
    format!(
        "INSERT INTO record_version (record, register, collection, replica, seq, others)\n    \
           VALUES ({record}, {register}, {collection}, captured_replica(), captured_seq(), captured_others())\n    \
           ON CONFLICT (record, register) DO UPDATE SET replica = excluded.replica, seq = excluded.seq, others = excluded.others;"
    )
}

/// A row's values as capture writes them.
pub(crate) fn json_array(row: &str, columns: impl Iterator<Item = Column>) -> String {
    let values: Vec<_> = columns
        .map(|Column { name, ty }| match ty {
            Type::Integer => format!("{row}.{name}"),
            // What SQLite's JSON functions made would otherwise go in as JSON, not as the text that it is.
            Type::Text => format!("{row}.{name} || ''"),
            // JSON holds no BLOBs.
            Type::Uuid => format!("iif({row}.{name} IS NULL, NULL, lower(hex({row}.{name})))"),
        })
        .collect();
    format!("json_array({})", values.join(", "))
}
