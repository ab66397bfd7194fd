//! Conflicts as records: synced like any other, so that every desk sees what there is to judge and that it was judged.

use crate::record::{Conflict, Side};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_protocol::{Key, Kind, RecordState, RegisterState, Values, Version};
use uuid::Uuid;

/// The collection of conflicts.
pub const CONFLICTS: &str = "conflict";
/// The register that says what the conflict is about.
pub const PAIR: &str = "pair";

/// The record of a conflict. Its id comes from the two sides, so that it is one record however often and by whomever
/// it is found.
pub fn conflict_record(key: &Key, conflict: &Conflict) -> (Key, RecordState) {
    let rank = |side: &Side| side.stamp.rank(side.by);
    let latest =
        if rank(&conflict.winner) > rank(&conflict.loser) { &conflict.winner } else { &conflict.loser };
    let version = Version::first(latest.by);
    let stamp = latest.stamp;
    let pair = RegisterState {
        version: version.clone(),
        stamp,
        value: vec![
            json!(key.collection),
            json!(key.record.simple().to_string()),
            json!(conflict.register),
            side(&conflict.winner),
            side(&conflict.loser),
        ],
    };
    let state = RecordState {
        kind: Kind::Mutable,
        life: RegisterState { version, stamp, value: true },
        registers: BTreeMap::from([(PAIR.to_owned(), pair)]),
    };
    (Key { collection: CONFLICTS.to_owned(), record: conflict_id(key, conflict) }, state)
}

fn conflict_id(key: &Key, conflict: &Conflict) -> Uuid {
    let mut sides = [identity(&conflict.winner), identity(&conflict.loser)];
    sides.sort();
    let name = json!([key.collection, conflict.register, sides]);
    Uuid::new_v5(&key.record, name.to_string().as_bytes())
}

/// What a side is known by on every device: replicas have other numbers elsewhere, and times are the server's.
fn identity(side: &Side) -> String {
    json!([side.stamp.author.device, side.stamp.author.incarnation, side.by.seq, side.values]).to_string()
}

/// One value, as text: a column holds it, and nobody merges its parts.
fn side(side: &Side) -> Value {
    let told = json!({
        "seq": side.by.seq,
        "author": format!("{}.{}", side.stamp.author.device.simple(), side.stamp.author.incarnation.simple()),
        "actor": side.stamp.actor.0.simple().to_string(),
        "at_ms": side.stamp.at_ms,
        "values": side.values,
    });
    Value::String(told.to_string())
}

/// What lost, as the record of a conflict tells it: the register and its values, none for a delete.
pub fn loser_of(conflict: &RecordState) -> Option<(String, Option<Values>)> {
    let pair = &conflict.registers.get(PAIR)?.value;
    let register = pair.get(2)?.as_str()?.to_owned();
    let loser: Value = serde_json::from_str(pair.get(4)?.as_str()?).ok()?;
    let values = loser.get("values")?.as_array().cloned();
    Some((register, values))
}
