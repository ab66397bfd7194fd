//! What devices ask for, clinic by clinic: each request is one transaction.

use crate::database::Database;
use crate::error::ServerError;
use crate::replicas::Replicas;
use crate::work::{Change, Work, load_records};
use sqlx::{PgConnection, PgTransaction};
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::{expect_epoch, lacking, reads_of_push, reads_of_upload};
use sync_protocol::{
    Bucket, Content, Digests, Envelope, Epoch, Key, Offer, Page, Place, Pull, Push, Pushed, RecordState,
    Speaks, Upload,
};
use uuid::Uuid;

/// Records of a page at most, whatever the device asks for.
const PAGE_RECORDS: u32 = 2_000;
/// Bytes of a page's records, but for its first one.
const PAGE_BYTES: i64 = 4 << 20;

/// Which device of which clinic asks: told by its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    pub clinic: Uuid,
    pub device: Uuid,
}

/// A moment of a clinic's data.
struct View {
    transaction: PgTransaction<'static>,
    clinic: Uuid,
    epoch: Epoch,
    head: u64,
}

impl View {
    async fn begin(database: &Database, clinic: Uuid) -> Result<Self, ServerError> {
        let mut transaction = database.read(clinic).await?;
        let (epoch, head): (Uuid, i64) =
            sqlx::query_as("SELECT epoch, head FROM clinic WHERE clinic_id = $1")
                .bind(clinic)
                .fetch_one(&mut *transaction)
                .await?;
        Ok(Self { transaction, clinic, epoch: Epoch(epoch), head: u64::try_from(head)? })
    }

    /// Puts an answer into its envelope.
    async fn seal<M: Speaks>(mut self, message: M) -> Result<Envelope<M>, ServerError> {
        let replicas = Replicas::load(&mut self.transaction, self.clinic).await?;
        Ok(seal(message, &replicas)?)
    }
}

pub(crate) fn seal<M: Speaks>(
    message: M,
    replicas: &Replicas,
) -> Result<Envelope<M>, sync_protocol::UnknownReplica> {
    Envelope::seal(message, |replica| replicas.by_number.get(&replica).copied())
}

/// The clinic's epoch.
pub async fn epoch(database: &Database, caller: Caller) -> Result<Epoch, ServerError> {
    Ok(View::begin(database, caller.clinic).await?.epoch)
}

/// Merges what a device sends. What it changed goes with the answer.
pub async fn push(
    database: &Database,
    caller: Caller,
    envelope: Envelope<Push>,
) -> Result<(Envelope<Pushed>, Change), ServerError> {
    envelope.message.check()?;
    let reads = reads_of_push(&envelope.message);
    let mut work = Work::begin(database, caller.clinic, &envelope.replicas, &reads).await?;
    match merge(&mut work, caller, envelope).await {
        Ok(answer) => Ok((answer, work.save().await?)),
        Err(error) => {
            work.give_up().await?;
            Err(error)
        }
    }
}

async fn merge(
    work: &mut Work,
    caller: Caller,
    envelope: Envelope<Push>,
) -> Result<Envelope<Pushed>, ServerError> {
    work.keep_replicas(&envelope.replicas).await?;
    let push = envelope.open(&work.replicas.by_id)?;
    let foreign = push.transactions.iter().flat_map(|sent| &sent.transaction.ops).find(|op| {
        work.replicas.by_number.get(&op.id.replica).is_none_or(|author| author.device != caller.device)
    });
    if let Some(op) = foreign {
        return Err(ServerError::ForeignAuthor(op.id));
    }
    match work.clinic.push(&push) {
        Ok(pushed) => Ok(seal(pushed, &work.replicas)?),
        Err(refusal) => Err(ServerError::Refused(seal(refusal, &work.replicas)?)),
    }
}

/// Merges state that the clinic lacks.
pub async fn upload(
    database: &Database,
    caller: Caller,
    envelope: Envelope<Upload>,
) -> Result<Change, ServerError> {
    envelope.message.check()?;
    let reads = reads_of_upload(&envelope.message);
    let mut work = Work::begin(database, caller.clinic, &envelope.replicas, &reads).await?;
    match merge_state(&mut work, envelope).await {
        Ok(()) => work.save().await,
        Err(error) => {
            work.give_up().await?;
            Err(error)
        }
    }
}

async fn merge_state(work: &mut Work, envelope: Envelope<Upload>) -> Result<(), ServerError> {
    work.keep_replicas(&envelope.replicas).await?;
    let upload = envelope.open(&work.replicas.by_id)?;
    Ok(work.clinic.upload(&upload)?)
}

/// The offered records that have something the clinic lacks.
pub async fn offer(
    database: &Database,
    caller: Caller,
    envelope: Envelope<Offer>,
) -> Result<Vec<Key>, ServerError> {
    envelope.message.check()?;
    let mut view = View::begin(database, caller.clinic).await?;
    let mut replicas = Replicas::load(&mut view.transaction, caller.clinic).await?;
    // Whoever never wrote here gets a number for this request only.
    replicas.learn(&envelope.replicas);
    let offer = envelope.open(&replicas.by_id)?;
    expect_epoch(view.epoch, offer.epoch)?;
    let keys: BTreeSet<_> = offer.records.iter().map(|(key, _)| key.clone()).collect();
    let records = load_records(&mut view.transaction, caller.clinic, &keys).await?;
    Ok(lacking(&records, &offer.records))
}

/// The next records in the order of their last change.
pub async fn pull(database: &Database, caller: Caller, pull: &Pull) -> Result<Envelope<Page>, ServerError> {
    pull.after.key.iter().try_for_each(Key::check)?;
    let mut view = View::begin(database, caller.clinic).await?;
    expect_epoch(view.epoch, pull.epoch)?;
    let limit = pull.limit.clamp(1, PAGE_RECORDS);
    let rows = changes(&mut view.transaction, caller.clinic, &pull.after, limit).await?;
    let last = rows.last().map(|row| (row.seq, row.key()));
    let next = match &last {
        Some((seq, key)) => Place { seq: u64::try_from(*seq)?, key: Some(key.clone()) },
        None => pull.after.clone(),
    };
    let is_whole = rows.first().is_none_or(|row| row.is_last_page);
    let records = rows.into_iter().map(Row::record).collect::<Result<_, _>>()?;
    let newest = view.head;
    let head = is_whole.then_some(newest);
    view.seal(Page { records, next, head, newest }).await
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    collection: String,
    record_id: Uuid,
    state: String,
    /// There is nothing behind the page that this row is in.
    is_last_page: bool,
}

impl Row {
    fn key(&self) -> Key {
        Key { collection: self.collection.clone(), record: self.record_id }
    }

    fn record(self) -> Result<(Key, RecordState), ServerError> {
        Ok((self.key(), serde_json::from_str(&self.state)?))
    }
}

/// A page by count and by bytes.
async fn changes(
    connection: &mut PgConnection,
    clinic: Uuid,
    after: &Place,
    limit: u32,
) -> Result<Vec<Row>, ServerError> {
    // A place without a key is behind all of its change: where the next one begins.
    let seq = i64::try_from(after.seq)?;
    let (seq, collection, record) = match &after.key {
        Some(key) => (seq, key.collection.as_str(), key.record),
        None => (seq.saturating_add(1), "", Uuid::nil()),
    };
    Ok(sqlx::query_as(CHANGES)
        .bind(clinic)
        .bind(seq)
        .bind(collection)
        .bind(record)
        .bind(i64::from(limit))
        .bind(PAGE_BYTES)
        .fetch_all(connection)
        .await?)
}

/// One record more than the page is read, to know whether it is the last.
const CHANGES: &str = "
    WITH page AS (
      SELECT seq, collection, record_id, state FROM record
      WHERE clinic_id = $1 AND (seq, collection, record_id) > ($2, $3, $4)
      ORDER BY seq, collection, record_id LIMIT $5 + 1
    ), counted AS (
      SELECT *, row_number() OVER places AS place, sum(octet_length(state)) OVER places AS bytes, count(*) OVER () AS all
      FROM page WINDOW places AS (ORDER BY seq, collection, record_id)
    ), fitting AS (
      SELECT * FROM counted WHERE place <= $5 AND (place = 1 OR bytes <= $6)
    )
    SELECT seq, collection, record_id, state, count(*) OVER () = \"all\" AS is_last_page
    FROM fitting ORDER BY seq, collection, record_id";

/// The sums over the clinic's records.
pub async fn digests(database: &Database, caller: Caller, epoch: Epoch) -> Result<Digests, ServerError> {
    let mut view = View::begin(database, caller.clinic).await?;
    expect_epoch(view.epoch, epoch)?;
    let rows: Vec<(String, i16, i64)> =
        sqlx::query_as("SELECT collection, number, sum FROM bucket WHERE clinic_id = $1")
            .bind(caller.clinic)
            .fetch_all(&mut *view.transaction)
            .await?;
    let mut collections = BTreeMap::<String, Vec<u64>>::new();
    for (collection, number, sum) in rows {
        let sums = collections.entry(collection).or_insert_with(|| vec![0; 256]);
        if let Some(place) = sums.get_mut(usize::try_from(number)?) {
            *place = sum.cast_unsigned();
        }
    }
    Ok(Digests { head: view.head, collections })
}

/// All records of a bucket.
pub async fn bucket(
    database: &Database,
    caller: Caller,
    epoch: Epoch,
    bucket: &Bucket,
) -> Result<Envelope<Content>, ServerError> {
    bucket.check()?;
    let mut view = View::begin(database, caller.clinic).await?;
    expect_epoch(view.epoch, epoch)?;
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT record_id, state FROM record WHERE clinic_id = $1 AND collection = $2 AND bucket = $3",
    )
    .bind(caller.clinic)
    .bind(&bucket.collection)
    .bind(i16::from(bucket.number))
    .fetch_all(&mut *view.transaction)
    .await?;
    let records = rows
        .into_iter()
        .map(|(record, state)| {
            let key = Key { collection: bucket.collection.clone(), record };
            Ok((key, serde_json::from_str(&state)?))
        })
        .collect::<Result<_, ServerError>>()?;
    let head = view.head;
    view.seal(Content { head, records }).await
}
