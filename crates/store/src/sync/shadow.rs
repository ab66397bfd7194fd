//! The shadow: what the server told, and the outbox that is laid over it.

use super::numbers::{Numbers, authors};
use super::packed::{pack, unpack};
use super::show::{Shown, show};
use crate::batch::Batch;
use crate::error::StoreError;
use crate::json::{hex, rows};
use crate::outbox::list_ops_on;
use crate::transaction::Write;
use serde_json::{Value, json};
use sqlx::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::{bucket_of, digest};
use sync_protocol::{Bucket, Digests, Key, Op, PARCEL_BYTES, RecordState};
use uuid::Uuid;

/// Records that one statement takes.
pub(super) const CHUNK: usize = 2_000;
/// Sums of a collection.
const BUCKETS: usize = 256;

/// What is pending over some records: ops that the server has not answered, or whose page has not come, and that it did
/// not reject.
#[derive(Debug, Default)]
pub(super) struct Outbox(BTreeMap<Key, Vec<Op>>);

impl Outbox {
    pub(super) async fn over(
        connection: &mut SqliteConnection,
        keys: impl Iterator<Item = &Key>,
    ) -> Result<Self, StoreError> {
        let mut by_key = BTreeMap::<Key, Vec<Op>>::new();
        for op in list_ops_on(connection, keys).await? {
            by_key.entry(op.key()).or_default().push(op);
        }
        Ok(Self(by_key))
    }

    pub(super) fn of(&self, key: &Key) -> &[Op] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }
}

/// A record as the server told it, and as it is kept.
#[derive(Debug)]
pub(super) struct Told {
    pub key: Key,
    pub record: RecordState,
    packed: String,
    digest: u64,
}

/// Reads and writes `server_record`.
#[derive(Debug)]
pub(super) struct Shadow {
    numbers: Numbers,
    /// By how much the sums change.
    sums: BTreeMap<(String, u8), u64>,
}

impl Shadow {
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        Ok(Self::new(Numbers::load(connection).await?))
    }

    pub(super) fn new(numbers: Numbers) -> Self {
        Self { numbers, sums: BTreeMap::new() }
    }

    /// The next records in the order of their keys: so many, or as many as have [`PARCEL_BYTES`], but one at the least.
    pub(super) async fn behind(
        &self,
        connection: &mut SqliteConnection,
        after: Option<&Key>,
        limit: u32,
    ) -> Result<Vec<(Key, RecordState)>, StoreError> {
        let rows: Vec<(String, Uuid, String)> = sqlx::query_as(
            "SELECT collection, record, state FROM (
               SELECT *, row_number() OVER places AS place, sum(octet_length(state)) OVER places AS bytes
               FROM (SELECT collection, record, state FROM server_record WHERE (collection, record) > (?, ?)
                     ORDER BY collection, record LIMIT ?)
               WINDOW places AS (ORDER BY collection, record))
             WHERE place = 1 OR bytes <= ? ORDER BY collection, record",
        )
        .bind(after.map_or("", |key| &key.collection))
        .bind(after.map_or(Uuid::nil(), |key| key.record))
        .bind(limit)
        .bind(i64::try_from(PARCEL_BYTES).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
        self.unpacked(rows)
    }

    /// These records, as far as the server told them.
    pub(super) async fn of(
        &self,
        connection: &mut SqliteConnection,
        keys: &[Key],
    ) -> Result<BTreeMap<Key, RecordState>, StoreError> {
        let rows: Vec<(String, Uuid, String)> = sqlx::query_as(
            "SELECT s.collection, s.record, s.state FROM json_each(?) w
             JOIN server_record s ON s.collection = w.value ->> 0 AND s.record = unhex(w.value ->> 1)",
        )
        .bind(keys_json(keys.iter())?)
        .fetch_all(connection)
        .await?;
        Ok(self.unpacked(rows)?.into_iter().collect())
    }

    /// All records of a bucket.
    pub(super) async fn bucket(
        &self,
        connection: &mut SqliteConnection,
        collection: &str,
        number: u8,
    ) -> Result<Vec<(Key, RecordState)>, StoreError> {
        let rows: Vec<(String, Uuid, String)> = sqlx::query_as(
            "SELECT collection, record, state FROM server_record WHERE collection = ? AND substr(record, 16, 1) = ?",
        )
        .bind(collection)
        .bind(vec![number])
        .fetch_all(connection)
        .await?;
        self.unpacked(rows)
    }

    fn unpacked(&self, rows: Vec<(String, Uuid, String)>) -> Result<Vec<(Key, RecordState)>, StoreError> {
        let unpacked = |(collection, record, state): (String, Uuid, String)| {
            Ok((Key { collection, record }, unpack(&state, &self.numbers)?))
        };
        rows.into_iter().map(unpacked).collect()
    }

    /// What the server told, as it is to be kept.
    pub(super) async fn told(
        &mut self,
        write: &mut Write,
        records: Vec<(Key, RecordState)>,
    ) -> Result<Vec<Told>, StoreError> {
        let ids: BTreeSet<_> = records.iter().flat_map(|(_, record)| authors(record)).collect();
        self.numbers.include(write, ids).await?;
        let told = |(key, record): (Key, RecordState)| {
            let (packed, digest) = (pack(&record, &self.numbers)?, digest(&key, &record));
            Ok(Told { key, record, packed, digest })
        };
        records.into_iter().map(told).collect()
    }

    /// Keeps a page until the head is reached.
    pub(super) async fn stage(&self, write: &mut Write, records: &[Told]) -> Result<(), StoreError> {
        let rows =
            records.iter().map(|told| (&told.key.collection, told.key.record, &told.packed, told.digest));
        sqlx::query("INSERT INTO staged_page (records) VALUES (?)")
            .bind(serde_json::to_string(&rows.collect::<Vec<_>>())?)
            .execute(&mut **write)
            .await?;
        Ok(())
    }

    /// A page that was kept.
    pub(super) async fn staged(
        &self,
        connection: &mut SqliteConnection,
        page: i64,
    ) -> Result<Vec<Told>, StoreError> {
        let text: String = sqlx::query_scalar("SELECT records FROM staged_page WHERE no = ?")
            .bind(page)
            .fetch_one(connection)
            .await?;
        let rows: Vec<(String, Uuid, String, u64)> = serde_json::from_str(&text)?;
        let told = |(collection, record, packed, digest): (String, Uuid, String, u64)| {
            let key = Key { collection, record };
            Ok(Told { key, record: unpack(&packed, &self.numbers)?, packed, digest })
        };
        rows.into_iter().map(told).collect()
    }

    /// Takes these records for what the server has, and shows them with the outbox over them, if there `is_pending`
    /// anything. What is shown is taken out of `changed`.
    ///
    /// Whoever calls has seen to the digests that they have so far, and runs what is left in `batch` in the end.
    pub(super) async fn put(
        &mut self,
        write: &mut Write,
        batch: &mut Batch,
        records: &[Told],
        is_pending: bool,
        changed: &mut BTreeSet<Key>,
    ) -> Result<(), StoreError> {
        for chunk in records.chunks(CHUNK) {
            self.keep(batch, chunk)?;
            self.save_sums(batch)?;
            let outbox = match is_pending {
                true => Outbox::over(write, chunk.iter().map(|told| &told.key)).await?,
                false => Outbox::default(),
            };
            let shown: Vec<_> = chunk
                .iter()
                .map(|told| (told.key.clone(), Shown::new(Some(&told.record), outbox.of(&told.key))))
                .collect();
            show(write, batch, &shown).await?;
            for told in chunk {
                changed.remove(&told.key);
            }
        }
        Ok(())
    }

    /// Those of `records` that are told differently from what is here, whose digests so far count no more. A new epoch
    /// tells everything again, and most of it is here.
    pub(super) async fn news_of(
        &mut self,
        write: &mut Write,
        records: Vec<Told>,
    ) -> Result<Vec<Told>, StoreError> {
        let known = sqlx::query_as(DIGESTS)
            .bind(keys_json(records.iter().map(|told| &told.key))?)
            .fetch_all(&mut **write)
            .await?;
        Ok(self.news(known, records))
    }

    /// The same, with what [`DIGESTS`] told of them.
    pub(super) fn news(&mut self, known: Vec<(String, Uuid, i64)>, mut records: Vec<Told>) -> Vec<Told> {
        let known =
            known.into_iter().map(|(collection, record, digest)| (Key { collection, record }, digest));
        let known: BTreeMap<_, _> = known.collect();
        records.retain(|told| match known.get(&told.key).map(|digest| digest.cast_unsigned()) {
            Some(digest) if digest == told.digest => false,
            Some(digest) => {
                self.add(&told.key, digest);
                true
            }
            None => true,
        });
        records
    }

    /// Keeps these records. Whoever calls has seen to the digests that they have so far.
    pub(super) fn keep(&mut self, batch: &mut Batch, records: &[Told]) -> Result<(), StoreError> {
        let mut kept = Vec::with_capacity(records.len());
        for Told { key, packed, digest, .. } in records {
            self.add(key, *digest);
            kept.push(vec![
                json!(key.collection),
                hex(key.record),
                json!(packed),
                json!(digest.cast_signed()),
            ]);
        }
        batch
            .add(
                "INSERT INTO server_record (collection, record, state, digest)
                 SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3 FROM json_each(?) WHERE true
                 ON CONFLICT (collection, record) DO UPDATE SET state = excluded.state, digest = excluded.digest",
            )
            .bind(rows(kept)?);
        Ok(())
    }

    fn add(&mut self, key: &Key, digest: u64) {
        *self.sums.entry((key.collection.clone(), bucket_of(key).number)).or_default() ^= digest;
    }

    /// Adds to the kept sums what they have changed by.
    pub(super) fn save_sums(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        let sums = std::mem::take(&mut self.sums).into_iter();
        let sums = sums.map(|((collection, bucket), sum)| {
            vec![json!(collection), json!(bucket), json!(sum.cast_signed())]
        });
        // SQLite has no exclusive or.
        batch
            .add(
                "INSERT INTO server_sum (collection, bucket, sum)
                 SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
                 ON CONFLICT (collection, bucket) DO UPDATE SET sum = (sum | excluded.sum) - (sum & excluded.sum)",
            )
            .bind(rows(sums)?);
        Ok(())
    }
}

impl Shadow {
    /// Sets the sum of a bucket, whatever it was taken for.
    pub(super) async fn set_sum(
        &mut self,
        write: &mut Write,
        bucket: &Bucket,
        sum: u64,
    ) -> Result<(), StoreError> {
        self.sums.clear();
        sqlx::query(
            "INSERT INTO server_sum (collection, bucket, sum) VALUES (?, ?, ?)
             ON CONFLICT (collection, bucket) DO UPDATE SET sum = excluded.sum",
        )
        .bind(&bucket.collection)
        .bind(bucket.number)
        .bind(sum.cast_signed())
        .execute(&mut **write)
        .await?;
        Ok(())
    }
}

/// Shows these records as they are now.
pub(super) async fn show_again(write: &mut Write, keys: BTreeSet<Key>) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let shadow = Shadow::load(write).await?;
    let keys: Vec<_> = keys.into_iter().collect();
    for keys in keys.chunks(CHUNK) {
        let outbox = Outbox::over(write, keys.iter()).await?;
        let states = shadow.of(write, keys).await?;
        let shown: Vec<_> =
            keys.iter().map(|key| (key.clone(), Shown::new(states.get(key), outbox.of(key)))).collect();
        let mut batch = Batch::default();
        show(write, &mut batch, &shown).await?;
    }
    Ok(())
}

/// What records count in the sums, of a list of keys.
pub(super) const DIGESTS: &str = "SELECT s.collection, s.record, s.digest FROM json_each(?) w
    JOIN server_record s ON s.collection = w.value ->> 0 AND s.record = unhex(w.value ->> 1)";

pub(super) fn keys_json<'a>(keys: impl Iterator<Item = &'a Key>) -> Result<String, StoreError> {
    rows(keys.map(|key| vec![Value::from(key.collection.as_str()), hex(key.record)]))
}

/// The sums of all that the server told.
pub(super) async fn digests(connection: &mut SqliteConnection, head: u64) -> Result<Digests, StoreError> {
    let rows: Vec<(String, u8, i64)> =
        sqlx::query_as("SELECT collection, bucket, sum FROM server_sum").fetch_all(connection).await?;
    let mut collections = BTreeMap::<String, Vec<u64>>::new();
    for (collection, bucket, sum) in rows {
        collections.entry(collection).or_insert_with(|| vec![0; BUCKETS])[usize::from(bucket)] =
            sum.cast_unsigned();
    }
    Ok(Digests { head, collections })
}
