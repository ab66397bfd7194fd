//! What a desk derives from its rows as they come: a total for each collection, as a trigger would keep it.

use serde_json::Value;
use std::collections::BTreeMap;
use sync_protocol::{Key, RecordState};

/// What is shown of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    pub shown: i64,
    /// Otherwise it is more than can be shown.
    pub is_exact: bool,
}

/// Totals over all values of all records that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals(BTreeMap<String, i128>);

impl Totals {
    pub fn of<'a>(records: impl IntoIterator<Item = (&'a Key, &'a RecordState)>) -> Self {
        let mut totals = Self::default();
        for (key, record) in records {
            totals.change(key, None, Some(record));
        }
        totals
    }

    /// A record was `before` and is `after`.
    pub fn change(&mut self, key: &Key, before: Option<&RecordState>, after: Option<&RecordState>) {
        let total = self.0.entry(key.collection.clone()).or_default();
        *total += after.map_or(0, sum) - before.map_or(0, sum);
    }

    pub fn get(&self, collection: &str) -> Total {
        let total = self.0.get(collection).copied().unwrap_or(0);
        let shown = i64::try_from(total).unwrap_or(if total < 0 { i64::MIN } else { i64::MAX });
        Total { shown, is_exact: i128::from(shown) == total }
    }
}

fn sum(record: &RecordState) -> i128 {
    let values = record.registers.values().flat_map(|register| &register.value);
    if record.life.value { values.map(amount).sum() } else { 0 }
}

/// A number as far as a column holds it; of a text, something that no other is likely to have.
fn amount(value: &Value) -> i128 {
    match value {
        Value::Number(number) => {
            let whole = number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX));
            whole.unwrap_or_else(|| saturated(number.as_f64().unwrap_or(0.0))).into()
        }
        Value::String(text) => text.bytes().fold(0, |sum, byte| (sum * 31 + i128::from(byte)) % 1_000_003),
        _ => 0,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
fn saturated(float: f64) -> i64 {
    float as i64
}
