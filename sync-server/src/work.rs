//! One transaction that changes a clinic: it locks the clinic, loads what a request concerns, and writes what the
//! engine made of it. The number of statements does not grow with the request.

use crate::database::Database;
use crate::error::ServerError;
use crate::metrics::Merged;
use crate::replicas::Replicas;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgTransaction};
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::{Answered, Clinic, Reads, Sums, Writes, bucket_of};
use sync_protocol::{Dot, Epoch, Key, Outcome, RecordState, Replica, ReplicaId};
use uuid::Uuid;

/// A clinic that nobody else changes meanwhile.
pub struct Work {
    transaction: PgTransaction<'static>,
    clinic: Uuid,
    epoch: Epoch,
    head: u64,
    now_ms: i64,
    pub replicas: Replicas,
}

/// What a request concerns, as it is.
pub struct Loaded {
    pub clinic: Clinic,
    before: BTreeMap<Key, RecordState>,
}

impl Work {
    /// Waits for the clinic's turn. Its row comes first, before anything is read.
    pub async fn begin(database: &Database, clinic: Uuid) -> Result<Self, ServerError> {
        let mut transaction = database.write(clinic).await?;
        // One clock for all servers of a database.
        let (epoch, head, now_ms): (Uuid, i64, i64) = sqlx::query_as(
            "SELECT epoch, head, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
             FROM clinic WHERE clinic_id = $1 FOR UPDATE",
        )
        .bind(clinic)
        .fetch_one(&mut *transaction)
        .await?;
        let replicas = Replicas::load(&mut transaction, clinic).await?;
        Ok(Self { transaction, clinic, epoch: Epoch(epoch), head: u64::try_from(head)?, now_ms, replicas })
    }

    /// Gives numbers to the replicas that a message names.
    pub async fn keep_replicas(&mut self, ids: &[ReplicaId]) -> Result<(), ServerError> {
        self.replicas.keep(&mut self.transaction, self.clinic, ids).await
    }

    /// Loads what a request concerns.
    pub async fn load(&mut self, reads: &Reads) -> Result<Loaded, ServerError> {
        let before = load_records(&mut self.transaction, self.clinic, &reads.records).await?;
        // A record that is there was made.
        let is_there = |key: &&Key| before.get(*key).is_some_and(|record| record.life.value);
        let absent = reads.records.iter().filter(|key| !is_there(key)).collect();
        let clinic = Clinic {
            epoch: self.epoch,
            head: self.head,
            now_ms: self.now_ms,
            replicas: self.replicas.by_number.clone(),
            records: before.clone(),
            answered: load_answers(&mut self.transaction, self.clinic, &reads.transactions).await?,
            never_made: load_never_made(&mut self.transaction, self.clinic, &absent).await?,
            writes: Writes::default(),
        };
        Ok(Loaded { clinic, before })
    }

    /// Writes what became of it, and commits.
    pub async fn save(mut self, loaded: Loaded) -> Result<Merged, ServerError> {
        let Loaded { clinic, before } = loaded;
        let seq = clinic.next_seq();
        let writes = &clinic.writes;
        let mut changed: Vec<_> =
            writes.touched.iter().filter_map(|key| clinic.records.get_key_value(key)).collect();
        put_records(&mut self.transaction, self.clinic, seq, &changed).await?;
        let conflicts = add_conflicts(&mut self.transaction, self.clinic, seq, &writes.conflicts).await?;
        put_answers(&mut self.transaction, self.clinic, &clinic).await?;
        put_never_made(&mut self.transaction, self.clinic, &clinic).await?;
        let rejected =
            writes.answered.iter().filter_map(|key| clinic.answered.get(key)?.outcome.rejected.as_ref());
        let merged = Merged {
            head: seq,
            rows: u64::try_from(changed.len())?,
            conflicts: u64::try_from(conflicts.len())?,
            rejections: u64::try_from(rejected.count())?,
        };
        changed.extend(conflicts.iter().filter_map(|key| writes.conflicts.get_key_value(key)));
        if changed.is_empty() {
            self.transaction.commit().await?;
            return Ok(Merged { head: self.head, ..merged });
        }
        let mut sums = Sums::default();
        for (key, after) in changed {
            sums.change(key, before.get(key), Some(after));
        }
        reach(&mut self.transaction, self.clinic, seq, &sums).await?;
        self.transaction.commit().await?;
        Ok(merged)
    }
}

/// Columns of keys, as arrays.
fn columns<'a>(keys: impl IntoIterator<Item = &'a Key>) -> (Vec<&'a str>, Vec<Uuid>) {
    keys.into_iter().map(|key| (key.collection.as_str(), key.record)).unzip()
}

fn dot(replica: i32, op: i64) -> Result<Dot, ServerError> {
    Ok(Dot { replica: Replica(u32::try_from(replica)?), seq: u64::try_from(op)? })
}

/// Columns of ops, as arrays.
fn dots<'a>(dots: impl IntoIterator<Item = &'a Dot>) -> Result<(Vec<i32>, Vec<i64>), ServerError> {
    let pairs = dots.into_iter().map(|dot| Ok((i32::try_from(dot.replica.0)?, i64::try_from(dot.seq)?)));
    Ok(pairs.collect::<Result<Vec<_>, ServerError>>()?.into_iter().unzip())
}

/// Those of the records that are there.
///
/// `LATERAL … LIMIT 1` here and below: one look into the primary key for each key that is wanted, whatever Postgres
/// knows of the tables. As a plain join it is planned by statistics, which a new server does not have: it then read all
/// of the clinic, once or once for each key.
pub async fn load_records(
    connection: &mut PgConnection,
    clinic: Uuid,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, RecordState>, ServerError> {
    let (collections, ids) = columns(keys);
    let buckets: Vec<i16> = keys.iter().map(|key| i16::from(bucket_of(key).number)).collect();
    let rows: Vec<(String, Uuid, String)> = sqlx::query_as(
        "SELECT wanted.collection, wanted.record_id, there.state
         FROM unnest($2::text[], $3::smallint[], $4::uuid[]) AS wanted (collection, bucket, record_id)
         CROSS JOIN LATERAL (
           SELECT state FROM record r
           WHERE r.clinic_id = $1 AND r.collection = wanted.collection AND r.bucket = wanted.bucket
             AND r.record_id = wanted.record_id
           LIMIT 1
         ) AS there",
    )
    .bind(clinic)
    .bind(collections)
    .bind(buckets)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(collection, record, state)| Ok((Key { collection, record }, serde_json::from_str(&state)?)))
        .collect()
}

#[derive(FromRow)]
struct AnswerRow {
    replica: i32,
    op: i64,
    digest: Vec<u8>,
    seq: i64,
    rejected: Option<String>,
    in_earlier_epoch: bool,
}

async fn load_answers(
    connection: &mut PgConnection,
    clinic: Uuid,
    keys: &BTreeSet<Dot>,
) -> Result<BTreeMap<Dot, Answered>, ServerError> {
    let (replicas, ops) = dots(keys)?;
    let rows: Vec<AnswerRow> = sqlx::query_as(
        "SELECT given.*
         FROM unnest($2::integer[], $3::bigint[]) AS wanted (replica, op)
         CROSS JOIN LATERAL (
           SELECT replica, op, digest, seq, rejected, in_earlier_epoch FROM answer a
           WHERE a.clinic_id = $1 AND a.replica = wanted.replica AND a.op = wanted.op
           LIMIT 1
         ) AS given",
    )
    .bind(clinic)
    .bind(replicas)
    .bind(ops)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let rejected = row.rejected.as_deref().map(serde_json::from_str).transpose()?;
            let outcome = Outcome { seq: u64::try_from(row.seq)?, rejected };
            // One of another length equals no digest, as it should.
            let digest = row.digest.try_into().unwrap_or_default();
            let answered = Answered { digest, outcome, in_earlier_epoch: row.in_earlier_epoch };
            Ok((dot(row.replica, row.op)?, answered))
        })
        .collect()
}

async fn load_never_made(
    connection: &mut PgConnection,
    clinic: Uuid,
    keys: &BTreeSet<&Key>,
) -> Result<BTreeMap<Key, Dot>, ServerError> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (collections, ids) = columns(keys.iter().copied());
    let rows: Vec<(String, Uuid, i32, i64)> = sqlx::query_as(
        "SELECT noted.*
         FROM unnest($2::text[], $3::uuid[]) AS wanted (collection, record_id)
         CROSS JOIN LATERAL (
           SELECT collection, record_id, replica, op FROM never_made n
           WHERE n.clinic_id = $1 AND n.collection = wanted.collection AND n.record_id = wanted.record_id
           LIMIT 1
         ) AS noted",
    )
    .bind(clinic)
    .bind(collections)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(collection, record, replica, op)| Ok((Key { collection, record }, dot(replica, op)?)))
        .collect()
}

/// Writes records; `conflict` says what becomes of one that is there, and whether the keys of the rows are returned.
async fn insert_records(
    connection: &mut PgConnection,
    clinic: Uuid,
    seq: u64,
    records: &[(&Key, &RecordState)],
    conflict: &'static str,
) -> Result<Vec<(String, Uuid)>, ServerError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let states: Vec<String> =
        records.iter().map(|(_, state)| serde_json::to_string(state)).collect::<Result<_, _>>()?;
    let (collections, ids) = columns(records.iter().map(|(key, _)| *key));
    let sql = format!(
        "INSERT INTO record (clinic_id, collection, record_id, seq, state)
         SELECT $1, collection, record_id, $2, state
         FROM unnest($3::text[], $4::uuid[], $5::text[]) AS put (collection, record_id, state)
         ON CONFLICT (clinic_id, collection, bucket, record_id) {conflict}"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(clinic)
        .bind(i64::try_from(seq)?)
        .bind(collections)
        .bind(ids)
        .bind(states)
        .fetch_all(connection)
        .await?)
}

async fn put_records(
    connection: &mut PgConnection,
    clinic: Uuid,
    seq: u64,
    records: &[(&Key, &RecordState)],
) -> Result<(), ServerError> {
    let replace = "DO UPDATE SET seq = excluded.seq, state = excluded.state";
    insert_records(connection, clinic, seq, records, replace).await?;
    Ok(())
}

/// Those of the conflicts that were not there are added and returned: one that was judged already stays judged.
async fn add_conflicts(
    connection: &mut PgConnection,
    clinic: Uuid,
    seq: u64,
    conflicts: &BTreeMap<Key, RecordState>,
) -> Result<Vec<Key>, ServerError> {
    let conflicts: Vec<_> = conflicts.iter().collect();
    let leave = "DO NOTHING RETURNING collection, record_id";
    let added = insert_records(connection, clinic, seq, &conflicts, leave).await?;
    Ok(added.into_iter().map(|(collection, record)| Key { collection, record }).collect())
}

async fn put_answers(
    connection: &mut PgConnection,
    clinic: Uuid,
    loaded: &Clinic,
) -> Result<(), ServerError> {
    let new = loaded.writes.answered.iter().filter_map(|key| Some((key, loaded.answered.get(key)?)));
    let new: Vec<_> = new.collect();
    if new.is_empty() {
        return Ok(());
    }
    let (replicas, ops) = dots(new.iter().map(|(key, _)| *key))?;
    let digests: Vec<&[u8]> = new.iter().map(|(_, answered)| answered.digest.as_slice()).collect();
    let seqs: Vec<i64> =
        new.iter().map(|(_, answered)| i64::try_from(answered.outcome.seq)).collect::<Result<_, _>>()?;
    let rejected: Vec<Option<String>> = new
        .iter()
        .map(|(_, answered)| answered.outcome.rejected.as_ref().map(serde_json::to_string).transpose())
        .collect::<Result<_, _>>()?;
    let earlier: Vec<bool> = new.iter().map(|(_, answered)| answered.in_earlier_epoch).collect();
    sqlx::query(
        "INSERT INTO answer (clinic_id, replica, op, digest, seq, rejected, in_earlier_epoch)
         SELECT $1, * FROM unnest($2::integer[], $3::bigint[], $4::bytea[], $5::bigint[], $6::text[], $7::boolean[])
         ON CONFLICT (clinic_id, replica, op) DO UPDATE
           SET digest = excluded.digest, seq = excluded.seq, rejected = excluded.rejected,
               in_earlier_epoch = excluded.in_earlier_epoch",
    )
    .bind(clinic)
    .bind(replicas)
    .bind(ops)
    .bind(digests)
    .bind(seqs)
    .bind(rejected)
    .bind(earlier)
    .execute(connection)
    .await?;
    Ok(())
}

async fn put_never_made(
    connection: &mut PgConnection,
    clinic: Uuid,
    loaded: &Clinic,
) -> Result<(), ServerError> {
    let Writes { never_made, made, .. } = &loaded.writes;
    if !made.is_empty() {
        let (collections, ids) = columns(made);
        sqlx::query(
            "DELETE FROM never_made WHERE clinic_id = $1 AND ctid = ANY (ARRAY(
               SELECT noted.ctid
               FROM unnest($2::text[], $3::uuid[]) AS made (collection, record_id)
               CROSS JOIN LATERAL (
                 SELECT ctid FROM never_made n
                 WHERE n.clinic_id = $1 AND n.collection = made.collection AND n.record_id = made.record_id
                 LIMIT 1
               ) AS noted
             ))",
        )
        .bind(clinic)
        .bind(collections)
        .bind(ids)
        .execute(&mut *connection)
        .await?;
    }
    let new = never_made.iter().filter_map(|key| Some((key, loaded.never_made.get(key)?)));
    let (keys, inserts): (Vec<_>, Vec<_>) = new.unzip();
    if keys.is_empty() {
        return Ok(());
    }
    let (collections, ids) = columns(keys);
    let (replicas, ops) = dots(inserts)?;
    sqlx::query(
        "INSERT INTO never_made (clinic_id, collection, record_id, replica, op)
         SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::integer[], $5::bigint[])
         ON CONFLICT (clinic_id, collection, record_id) DO UPDATE SET replica = excluded.replica, op = excluded.op",
    )
    .bind(clinic)
    .bind(collections)
    .bind(ids)
    .bind(replicas)
    .bind(ops)
    .execute(connection)
    .await?;
    Ok(())
}

/// The clinic's newest change is `seq`, by which its sums change so.
async fn reach(
    connection: &mut PgConnection,
    clinic: Uuid,
    seq: u64,
    sums: &Sums,
) -> Result<(), ServerError> {
    let (mut collections, mut numbers, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for (collection, sums) in sums.by_collection() {
        for (number, sum) in sums.iter().enumerate().filter(|(_, sum)| **sum != 0) {
            collections.push(collection.as_str());
            numbers.push(i16::try_from(number)?);
            changes.push(sum.cast_signed());
        }
    }
    sqlx::query(
        "WITH summed AS (
           INSERT INTO bucket AS b (clinic_id, collection, number, sum)
           SELECT $1, * FROM unnest($2::text[], $3::smallint[], $4::bigint[])
           ON CONFLICT (clinic_id, collection, number) DO UPDATE SET sum = b.sum # excluded.sum)
         UPDATE clinic SET head = $5 WHERE clinic_id = $1",
    )
    .bind(clinic)
    .bind(collections)
    .bind(numbers)
    .bind(changes)
    .bind(i64::try_from(seq)?)
    .execute(connection)
    .await?;
    Ok(())
}
