//! Sums over records, for finding out that a device does not have what the server has (rule 11).

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use sync_protocol::{Bucket, Key, RecordState};

/// Buckets of a collection.
const BUCKETS: usize = 256;

/// The bucket of a record. The end of an id is random, its beginning may be a time.
pub fn bucket_of(key: &Key) -> Bucket {
    Bucket { collection: key.collection.clone(), number: key.record.as_bytes()[15] }
}

/// What a record adds to the sum of its bucket. Without versions: replicas have other numbers elsewhere.
pub fn digest(key: &Key, record: &RecordState) -> u64 {
    let mut hash = Sha256::new();
    // Every part is of a fixed length, or says how long it is.
    text(&mut hash, &key.collection);
    hash.update(key.record);
    hash.update([u8::from(record.life.value)]);
    hash.update(record.life.version.dot().seq.to_be_bytes());
    for (name, state) in &record.registers {
        text(&mut hash, name);
        hash.update(state.version.dot().seq.to_be_bytes());
        hash.update(state.stamp.author.device);
        hash.update(state.stamp.author.incarnation);
        hash.update((state.value.len() as u64).to_be_bytes());
        for value in &state.value {
            match value {
                Value::String(value) => {
                    hash.update([0]);
                    text(&mut hash, value);
                }
                other => {
                    hash.update([1]);
                    text(&mut hash, &other.to_string());
                }
            }
        }
    }
    hash.finalize().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

/// Sums of a set of records, kept as they change. Sums without a carry, which every database can add to in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, Vec<u64>>);

impl Sums {
    /// The sums of all `records`.
    pub fn of<'a>(records: impl IntoIterator<Item = (&'a Key, &'a RecordState)>) -> Self {
        let mut sums = Self::default();
        for (key, record) in records {
            sums.change(key, None, Some(record));
        }
        sums
    }

    /// A record was `before` and is `after`.
    pub fn change(&mut self, key: &Key, before: Option<&RecordState>, after: Option<&RecordState>) {
        for record in [before, after].into_iter().flatten() {
            self.flip(key, digest(key, record));
        }
    }

    /// A record of that digest came or went.
    pub fn flip(&mut self, key: &Key, digest: u64) {
        let sums = self.0.entry(key.collection.clone()).or_insert_with(|| vec![0; BUCKETS]);
        sums[usize::from(bucket_of(key).number)] ^= digest;
    }

    pub fn by_collection(&self) -> &BTreeMap<String, Vec<u64>> {
        &self.0
    }
}

/// The buckets in which two sides differ.
pub fn differing(ours: &BTreeMap<String, Vec<u64>>, theirs: &BTreeMap<String, Vec<u64>>) -> Vec<Bucket> {
    let of = |side: &BTreeMap<String, Vec<u64>>, bucket: &Bucket| {
        let sums = side.get(&bucket.collection);
        sums.and_then(|sums| sums.get(usize::from(bucket.number)).copied()).unwrap_or(0)
    };
    let collections: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let buckets = collections
        .into_iter()
        .flat_map(|collection| (0..=u8::MAX).map(|number| Bucket { collection: collection.clone(), number }));
    buckets.filter(|bucket| of(ours, bucket) != of(theirs, bucket)).collect()
}
