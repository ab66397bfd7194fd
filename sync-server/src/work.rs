//! One transaction that changes a clinic: it locks the clinic, loads what a request concerns, and writes what the
//! engine made of it. The number of statements does not grow with the request.

use crate::database::{Database, Turn};
use crate::error::ServerError;
use crate::replicas::Replicas;
use sqlx::{FromRow, PgConnection};
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::{Answered, Clinic, Reads, Sums, Writes, bucket_of, digest};
use sync_protocol::{Dot, Epoch, Key, Outcome, RecordState, Replica, ReplicaId};
use uuid::Uuid;

/// A clinic that nobody else changes meanwhile, and what a request concerns of it.
pub struct Work {
    turn: Turn,
    id: Uuid,
    pub replicas: Replicas,
    pub clinic: Clinic,
    /// What the records count in the sums as they are.
    before: BTreeMap<Key, u64>,
}

/// What a change of a clinic made of it.
pub struct Change {
    pub epoch: Epoch,
    pub head: u64,
    pub records: Vec<(Key, RecordState)>,
    pub replicas: Replicas,
    pub conflicts: usize,
    /// Transactions that were rejected, in whole or in part.
    pub rejections: usize,
}

impl Work {
    /// Waits for the clinic's turn and loads what a request concerns. `reads` speaks of replicas by their places in `ids`.
    pub async fn begin(
        database: &Database,
        clinic: Uuid,
        ids: &[ReplicaId],
        reads: &Reads,
    ) -> Result<Self, ServerError> {
        let mut turn = database.turn(clinic).await?;
        let mut loaded = load(turn.connection()?, clinic, ids, reads).await?;
        let records = &loaded.clinic.records;
        let before = records.iter().map(|(key, record)| (key.clone(), digest(key, record))).collect();
        if loaded.any_never_made {
            // A record that is there was made.
            let is_there = |key: &&Key| records.get(*key).is_some_and(|record| record.life.value);
            let absent = reads.records.iter().filter(|key| !is_there(key)).collect();
            loaded.clinic.never_made = load_never_made(turn.connection()?, clinic, &absent).await?;
        }
        Ok(Self { turn, id: clinic, replicas: loaded.replicas, clinic: loaded.clinic, before })
    }

    /// Gives numbers to the replicas that a message names.
    pub async fn keep_replicas(&mut self, ids: &[ReplicaId]) -> Result<(), ServerError> {
        self.replicas.keep(self.turn.connection()?, self.id, ids).await?;
        self.clinic.replicas.clone_from(&self.replicas.by_number);
        Ok(())
    }

    /// Leaves the clinic as it was.
    pub async fn give_up(self) -> Result<(), ServerError> {
        Ok(self.turn.roll_back().await?)
    }

    /// Writes what became of the clinic, and commits.
    pub async fn save(self) -> Result<Change, ServerError> {
        let Self { mut turn, id, replicas, mut clinic, before } = self;
        let seq = clinic.next_seq();
        let mut writes = std::mem::take(&mut clinic.writes);
        // What the request itself says of a conflict counts, not that it was found as well.
        writes.conflicts.retain(|key, _| !writes.touched.contains(key));
        let mut changed: Vec<_> =
            writes.touched.iter().filter_map(|key| clinic.records.remove_entry(key)).collect();
        let connection = turn.connection()?;
        put_never_made(connection, id, &writes, &clinic.never_made).await?;
        let conflicts = add_conflicts(connection, id, seq, &writes.conflicts).await?;
        let new = writes.answered.iter().filter_map(|key| Some((key, clinic.answered.get(key)?)));
        let answers: Vec<_> = new.collect();
        let rejections = answers.iter().filter(|(_, answered)| answered.outcome.rejected.is_some()).count();
        let kept = changed.len();
        let added =
            conflicts.iter().filter_map(|key| Some((key.clone(), writes.conflicts.get(key)?.clone())));
        changed.extend(added);
        let mut sums = Sums::default();
        for (key, after) in &changed {
            sums.flip(key, before.get(key).unwrap_or(&0) ^ digest(key, after));
        }
        let head = if changed.is_empty() { clinic.head } else { seq };
        if head == seq || !answers.is_empty() {
            put(connection, id, head, &changed[..kept], &answers, &sums).await?;
        }
        turn.commit().await?;
        let epoch = clinic.epoch;
        Ok(Change { epoch, head, records: changed, replicas, conflicts: conflicts.len(), rejections })
    }
}

#[derive(FromRow)]
struct LoadedRow {
    part: i32,
    collection: Option<String>,
    id: Option<Uuid>,
    other: Option<Uuid>,
    replica: Option<i32>,
    number: Option<i64>,
    seq: Option<i64>,
    text: Option<String>,
    digest: Option<Vec<u8>>,
    flag: Option<bool>,
}

struct Loaded {
    clinic: Clinic,
    replicas: Replicas,
    /// Whether there are records at all that were never made.
    any_never_made: bool,
}

/// All that a push has to know, at once: the clinic, its replicas, the records, and what was answered before. The server's
/// clock is that of the database: one for all of its servers.
///
/// `LATERAL … LIMIT 1` here and below: one look into the primary key for each key that is wanted, whatever Postgres
/// knows of the tables. As a plain join it is planned by statistics, which a new server does not have: it then read all
/// of the clinic, once or once for each key.
const LOAD: &str = "
    SELECT 0 AS part, NULL::text AS collection, epoch AS id, NULL::uuid AS other, NULL::integer AS replica,
           head AS number, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS seq, NULL::text AS text,
           NULL::bytea AS digest, EXISTS (SELECT 1 FROM never_made WHERE clinic_id = $1) AS flag
    FROM clinic WHERE clinic_id = $1
    UNION ALL
    SELECT 1, NULL, device, incarnation, no, NULL, NULL, NULL, NULL, NULL FROM replica WHERE clinic_id = $1
    UNION ALL
    SELECT 2, wanted.collection, wanted.record_id, NULL, NULL, NULL, NULL, there.state, NULL, NULL
    FROM unnest($2::text[], $3::smallint[], $4::uuid[]) AS wanted (collection, bucket, record_id)
    CROSS JOIN LATERAL (
      SELECT state FROM record r
      WHERE r.clinic_id = $1 AND r.collection = wanted.collection AND r.bucket = wanted.bucket
        AND r.record_id = wanted.record_id
      LIMIT 1
    ) AS there
    UNION ALL
    SELECT 3, NULL, NULL, NULL, given.replica, given.op, given.seq, given.rejected, given.digest, given.in_earlier_epoch
    FROM unnest($5::uuid[], $6::uuid[], $7::bigint[]) AS wanted (device, incarnation, op)
    CROSS JOIN LATERAL (
      SELECT no FROM replica r
      WHERE r.clinic_id = $1 AND r.device = wanted.device AND r.incarnation = wanted.incarnation
      LIMIT 1
    ) AS author
    CROSS JOIN LATERAL (
      SELECT replica, op, digest, seq, rejected, in_earlier_epoch FROM answer a
      WHERE a.clinic_id = $1 AND a.replica = author.no AND a.op = wanted.op
      LIMIT 1
    ) AS given";

async fn load(
    connection: &mut PgConnection,
    clinic: Uuid,
    ids: &[ReplicaId],
    reads: &Reads,
) -> Result<Loaded, ServerError> {
    let (collections, records) = columns(&reads.records);
    let (mut devices, mut incarnations, mut ops) = (Vec::new(), Vec::new(), Vec::new());
    for dot in &reads.transactions {
        // One of a replica that the message does not name is refused when the message is opened.
        if let Some(id) = usize::try_from(dot.replica.0).ok().and_then(|place| ids.get(place)) {
            devices.push(id.device);
            incarnations.push(id.incarnation);
            ops.push(i64::try_from(dot.seq)?);
        }
    }
    let rows: Vec<LoadedRow> = sqlx::query_as(LOAD)
        .bind(clinic)
        .bind(collections)
        .bind(buckets(&reads.records))
        .bind(records)
        .bind(devices)
        .bind(incarnations)
        .bind(ops)
        .fetch_all(connection)
        .await?;
    let mut clinic = None;
    let mut replicas = Replicas::default();
    let (mut records, mut answered) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        match row.part {
            0 => clinic = Some(row),
            1 => replicas.insert(
                Replica(u32::try_from(row.replica.unwrap_or_default())?),
                ReplicaId { device: row.id.unwrap_or_default(), incarnation: row.other.unwrap_or_default() },
            ),
            2 => {
                let state = serde_json::from_str(row.text.as_deref().unwrap_or_default())?;
                let (collection, record) = (row.collection.unwrap_or_default(), row.id.unwrap_or_default());
                records.insert(Key { collection, record }, state);
            }
            _ => {
                let key = dot(row.replica.unwrap_or_default(), row.number.unwrap_or_default())?;
                let rejected = row.text.as_deref().map(serde_json::from_str).transpose()?;
                let outcome = Outcome { seq: u64::try_from(row.seq.unwrap_or_default())?, rejected };
                // One of another length equals no digest, as it should.
                let digest = row.digest.unwrap_or_default().try_into().unwrap_or_default();
                let in_earlier_epoch = row.flag.unwrap_or_default();
                answered.insert(key, Answered { digest, outcome, in_earlier_epoch });
            }
        }
    }
    let row = clinic.ok_or(sqlx::Error::RowNotFound)?;
    let clinic = Clinic {
        epoch: Epoch(row.id.unwrap_or_default()),
        head: u64::try_from(row.number.unwrap_or_default())?,
        now_ms: row.seq.unwrap_or_default(),
        replicas: replicas.by_number.clone(),
        records,
        answered,
        never_made: BTreeMap::new(),
        writes: Writes::default(),
    };
    Ok(Loaded { clinic, replicas, any_never_made: row.flag.unwrap_or_default() })
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

/// The sums that the records are part of.
fn buckets(keys: &BTreeSet<Key>) -> Vec<i16> {
    keys.iter().map(|key| i16::from(bucket_of(key).number)).collect()
}

/// Those of the records that are there.
pub async fn load_records(
    connection: &mut PgConnection,
    clinic: Uuid,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, RecordState>, ServerError> {
    let (collections, ids) = columns(keys);
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
    .bind(buckets(keys))
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(collection, record, state)| Ok((Key { collection, record }, serde_json::from_str(&state)?)))
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

/// Those of the conflicts that were not there are added and returned: one that was judged already stays judged.
async fn add_conflicts(
    connection: &mut PgConnection,
    clinic: Uuid,
    seq: u64,
    conflicts: &BTreeMap<Key, RecordState>,
) -> Result<Vec<Key>, ServerError> {
    if conflicts.is_empty() {
        return Ok(Vec::new());
    }
    let (collections, ids) = columns(conflicts.keys());
    let added: Vec<(String, Uuid)> = sqlx::query_as(
        "INSERT INTO record (clinic_id, collection, record_id, seq, state)
         SELECT $1, collection, record_id, $2, state
         FROM unnest($3::text[], $4::uuid[], $5::text[]) AS put (collection, record_id, state)
         ON CONFLICT (clinic_id, collection, bucket, record_id) DO NOTHING RETURNING collection, record_id",
    )
    .bind(clinic)
    .bind(i64::try_from(seq)?)
    .bind(collections)
    .bind(ids)
    .bind(texts(conflicts.values())?)
    .fetch_all(connection)
    .await?;
    Ok(added.into_iter().map(|(collection, record)| Key { collection, record }).collect())
}

fn texts<'a>(states: impl Iterator<Item = &'a RecordState>) -> Result<Vec<String>, ServerError> {
    Ok(states.map(serde_json::to_string).collect::<Result<_, _>>()?)
}

/// Writes records, which are the clinic's change `head` if there are any, the sums that they change, and answers.
async fn put(
    connection: &mut PgConnection,
    clinic: Uuid,
    head: u64,
    records: &[(Key, RecordState)],
    answers: &[(&Dot, &Answered)],
    sums: &Sums,
) -> Result<(), ServerError> {
    let (collections, ids) = columns(records.iter().map(|(key, _)| key));
    let (replicas, ops) = dots(answers.iter().map(|(key, _)| *key))?;
    let digests: Vec<&[u8]> = answers.iter().map(|(_, answered)| answered.digest.as_slice()).collect();
    let seqs: Vec<i64> =
        answers.iter().map(|(_, answered)| i64::try_from(answered.outcome.seq)).collect::<Result<_, _>>()?;
    let rejected = answers.iter().map(|(_, answered)| answered.outcome.rejected.as_ref());
    let rejected: Vec<Option<String>> =
        rejected.map(|rejected| rejected.map(serde_json::to_string).transpose()).collect::<Result<_, _>>()?;
    let earlier: Vec<bool> = answers.iter().map(|(_, answered)| answered.in_earlier_epoch).collect();
    let (mut summed, mut numbers, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for (collection, sums) in sums.by_collection() {
        for (number, sum) in sums.iter().enumerate().filter(|(_, sum)| **sum != 0) {
            summed.push(collection.as_str());
            numbers.push(i16::try_from(number)?);
            changes.push(sum.cast_signed());
        }
    }
    sqlx::query(
        "WITH kept AS (
           INSERT INTO record (clinic_id, collection, record_id, seq, state)
           SELECT $1, collection, record_id, $2, state
           FROM unnest($3::text[], $4::uuid[], $5::text[]) AS put (collection, record_id, state)
           ON CONFLICT (clinic_id, collection, bucket, record_id) DO UPDATE SET seq = excluded.seq, state = excluded.state
         ), answered AS (
           INSERT INTO answer (clinic_id, replica, op, digest, seq, rejected, in_earlier_epoch)
           SELECT $1, * FROM unnest($6::integer[], $7::bigint[], $8::bytea[], $9::bigint[], $10::text[], $11::boolean[])
           ON CONFLICT (clinic_id, replica, op) DO UPDATE
             SET digest = excluded.digest, seq = excluded.seq, rejected = excluded.rejected,
                 in_earlier_epoch = excluded.in_earlier_epoch
         ), summed AS (
           INSERT INTO bucket AS b (clinic_id, collection, number, sum)
           SELECT $1, * FROM unnest($12::text[], $13::smallint[], $14::bigint[])
           ON CONFLICT (clinic_id, collection, number) DO UPDATE SET sum = b.sum # excluded.sum
         )
         UPDATE clinic SET head = $2 WHERE clinic_id = $1",
    )
    .bind(clinic)
    .bind(i64::try_from(head)?)
    .bind(collections)
    .bind(ids)
    .bind(texts(records.iter().map(|(_, record)| record))?)
    .bind(replicas)
    .bind(ops)
    .bind(digests)
    .bind(seqs)
    .bind(rejected)
    .bind(earlier)
    .bind(summed)
    .bind(numbers)
    .bind(changes)
    .execute(connection)
    .await?;
    Ok(())
}

async fn put_never_made(
    connection: &mut PgConnection,
    clinic: Uuid,
    writes: &Writes,
    dots_of: &BTreeMap<Key, Dot>,
) -> Result<(), ServerError> {
    let Writes { never_made, made, .. } = writes;
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
    let new = never_made.iter().filter_map(|key| Some((key, dots_of.get(key)?)));
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
