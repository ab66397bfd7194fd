//! The use cases of sync.

use super::error::SyncError;
use super::http::Http;
use super::pair::pair;
use super::round::connection;
use super::status::status;
use super::worker::Worker;
use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use chrono::{DateTime, Utc};
use contract::*;
use domain::field::{FieldError, Problem};
use domain::id::PatientId;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use store::manifest;
use store::sync::{self as shared, Judged, Subject};
use sync_protocol::{Change, Fault, Key, Op, Reason, Rejection};
use uuid::Uuid;

/// Whether the other desks have what this one has.
pub async fn sync_status(call: &Call, _: Nothing) -> Result<SyncStatus, AppError> {
    let mut read = call.read().await?;
    let server = shared::server(&mut read).await?;
    let overview = shared::overview(&mut read).await?;
    read.end().await?;
    Ok(status(call.desk.0.sync.report.get(), server, overview, call.at))
}

/// Connects this desk to a server.
pub async fn sync_pair(call: &Call, request: SyncPair) -> Result<Nothing, AppError> {
    if request.device_name.trim().is_empty() {
        return Err(AppError::Invalid(vec![FieldError::new("device_name", Problem::Required)]));
    }
    pair(&call.desk, &request).await?;
    if call.desk.0.options.sync {
        Worker::start(&call.desk).await;
    }
    let _ = call.desk.0.events.send(Event::Status);
    Ok(Nothing {})
}

/// Tries now instead of waiting for the next time.
pub async fn sync_now(call: &Call, _: Nothing) -> Result<Nothing, AppError> {
    call.desk.0.sync.wake();
    Ok(Nothing {})
}

async fn http(call: &Call) -> Result<(Http, Uuid), AppError> {
    let connection = connection(&call.store()?).await?;
    Ok((connection.http, connection.own))
}

/// A device as the server tells it.
#[derive(Deserialize)]
struct Told {
    id: Uuid,
    name: String,
    paired_at: DateTime<Utc>,
    last_contact: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

/// The clinic's devices, from the server.
pub async fn sync_devices(call: &Call, _: Nothing) -> Result<SyncDeviceList, AppError> {
    let (http, own) = http(call).await?;
    let told: Vec<Told> = http.get("/v1/devices").await.map_err(SyncError::from)?;
    let device = |told: Told| SyncDevice {
        is_this: told.id == own,
        id: told.id,
        name: told.name,
        paired_at: told.paired_at,
        last_contact: told.last_contact,
        revoked_at: told.revoked_at,
    };
    Ok(SyncDeviceList { devices: told.into_iter().map(device).collect() })
}

/// A code as the server tells it.
#[derive(Deserialize)]
struct Code {
    code: String,
    minutes: u32,
}

/// A code for one more device, from the server.
pub async fn sync_invite(call: &Call, _: Nothing) -> Result<SyncInvite, AppError> {
    let (http, _) = http(call).await?;
    let Code { code, minutes } = http.post("/v1/invites", &Nothing {}).await.map_err(SyncError::from)?;
    let address = http.server.as_str().trim_end_matches('/').to_owned();
    Ok(SyncInvite { code, minutes, address })
}

/// Shuts a device out.
pub async fn sync_revoke(call: &Call, request: SyncDeviceRef) -> Result<Nothing, AppError> {
    let (http, _) = http(call).await?;
    http.delete(&format!("/v1/devices/{}", request.device)).await.map_err(SyncError::from)?;
    Ok(Nothing {})
}

/// Where a page of these lists ends.
type Before = i64;

/// Rows of a page whose request does not say how many.
const USUAL_LIMIT: u32 = 50;

/// What a request asks for: behind which entry, and how many.
fn asked(request: &SyncListRequest) -> Result<(Option<Before>, u32), AppError> {
    Ok((cursor::decode(request.after.as_ref())?, cursor::limit(request.limit, USUAL_LIMIT)))
}

fn page<T>(rows: Vec<(Before, T)>, limit: u32) -> Result<Page<T>, AppError> {
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|(no, _)| *no);
    Ok(Page { next: cursor::encode(next)?, rows: rows.into_iter().map(|(_, row)| row).collect() })
}

/// What happened with sync, the newest first.
pub async fn sync_log(call: &Call, request: SyncListRequest) -> Result<Page<SyncLogItem>, AppError> {
    let (before, limit) = asked(&request)?;
    let mut read = call.read().await?;
    let entries = shared::list_log(&mut read, before, limit).await?;
    read.end().await?;
    let item = |entry: shared::LogEntry| {
        (entry.no, SyncLogItem { at: entry.at, event: entry.event, count: entry.count, detail: entry.detail })
    };
    page(entries.into_iter().map(item).collect(), limit)
}

fn subject(key: &Key, subjects: &BTreeMap<Key, Subject>) -> SyncSubject {
    let known = subjects.get(key);
    SyncSubject {
        collection: key.collection.clone(),
        record: key.record,
        patient: known.map(|known| PatientId(known.patient)),
        patient_name: known.map(|known| known.name.clone()),
    }
}

/// What the server has not acknowledged, the newest first.
pub async fn unsent_list(call: &Call, request: SyncListRequest) -> Result<Page<UnsentItem>, AppError> {
    let (before, limit) = asked(&request)?;
    let mut read = call.read().await?;
    let (unsent, next) = shared::list_unsent(&mut read, before, limit).await?;
    let keys: Vec<_> = unsent.iter().map(|unsent| unsent.key.clone()).collect();
    let subjects = shared::subjects(&mut read, &keys).await?;
    read.end().await?;
    let item = |unsent: shared::UnsentRecord| UnsentItem {
        subject: subject(&unsent.key, &subjects),
        saved_at: unsent.at,
        is_new: unsent.is_new,
        is_delete: unsent.is_delete,
    };
    Ok(Page { rows: unsent.into_iter().map(item).collect(), next: cursor::encode(next)? })
}

/// What other desks changed, the newest first.
pub async fn sync_arrivals(call: &Call, request: SyncListRequest) -> Result<Page<ArrivalItem>, AppError> {
    let (before, limit) = asked(&request)?;
    let mut read = call.read().await?;
    let arrivals = shared::list_arrivals(&mut read, before, limit).await?;
    let keys: Vec<_> = arrivals.iter().map(|arrival| arrival.key.clone()).collect();
    let subjects = shared::subjects(&mut read, &keys).await?;
    read.end().await?;
    let item = |arrival: shared::Arrival| {
        let item = ArrivalItem {
            subject: subject(&arrival.key, &subjects),
            device: arrival.device.unwrap_or_default(),
            arrived_at: arrival.at,
            is_delete: arrival.deleted,
        };
        (arrival.no, item)
    };
    page(arrivals.into_iter().map(item).collect(), limit)
}

/// The values of a register with the columns that they are in. What this version does not know has numbers instead.
fn named(collection: &str, register: &str, values: Vec<Value>) -> Vec<SyncValue> {
    let columns = manifest::collection_named(collection)
        .and_then(|collection| collection.register(register))
        .map_or(&[][..], |register| register.columns);
    let value = |(at, value): (usize, Value)| {
        let column = columns.get(at).map_or_else(|| (at + 1).to_string(), |column| column.name.to_owned());
        SyncValue { column, value }
    };
    values.into_iter().enumerate().map(value).collect()
}

/// What two desks wrote at the same time, the newest first.
pub async fn conflict_list(call: &Call, request: SyncListRequest) -> Result<Page<ConflictItem>, AppError> {
    let (before, limit) = asked(&request)?;
    let mut read = call.read().await?;
    let own = shared::own(&mut read).await?.device;
    let conflicts = shared::list_conflicts(&mut read, before, limit).await?;
    let keys: Vec<_> = conflicts.iter().map(|conflict| conflict.key.clone()).collect();
    let subjects = shared::subjects(&mut read, &keys).await?;
    let names = shared::device_names(&mut read).await?;
    read.end().await?;
    let item = |conflict: shared::OpenConflict| {
        let side = |side: shared::Side| ConflictSide {
            values: side.values.map(|values| named(&conflict.key.collection, &conflict.register, values)),
            device: names.get(&side.author.device).cloned().unwrap_or_default(),
            is_this_device: side.author.device == own,
            person: String::new(),
            at: side.at,
        };
        let item = ConflictItem {
            id: conflict.id,
            subject: subject(&conflict.key, &subjects),
            register: conflict.register.clone(),
            winner: side(conflict.winner),
            loser: side(conflict.loser),
            changed_since: conflict.changed_since,
        };
        (conflict.no, item)
    };
    page(conflicts.into_iter().map(item).collect(), limit)
}

fn judged(judged: Judged) -> Result<(), AppError> {
    match judged {
        Judged::Done => Ok(()),
        Judged::Unknown => Err(AppError::NotFound { what: "conflict" }),
        Judged::Gone => Err(AppError::NotFound { what: "record" }),
    }
}

/// Keeps one version of a conflict.
pub async fn conflict_resolve(call: &Call, request: ConflictResolve) -> Result<Nothing, AppError> {
    let keep = match request.keep {
        Keep::Winner => shared::Keep::Winner,
        Keep::Loser => shared::Keep::Loser,
    };
    let mut write = call.write().await?;
    judged(shared::judge(&mut write, request.id, keep).await?)?;
    write.commit().await?;
    Ok(Nothing {})
}

/// Takes a judgement back: the version that was shown before is shown again.
pub async fn conflict_reopen(call: &Call, request: ConflictRef) -> Result<Nothing, AppError> {
    let mut write = call.write().await?;
    judged(shared::reopen(&mut write, request.id).await?)?;
    write.commit().await?;
    Ok(Nothing {})
}

fn part(op: &Op, subjects: &BTreeMap<Key, Subject>) -> AttentionPart {
    let values = match &op.change {
        Change::Insert { registers } => registers
            .iter()
            .flat_map(|(register, values)| named(&op.collection, register, values.clone()))
            .collect(),
        Change::Set { register, values } => named(&op.collection, register, values.clone()),
        Change::Delete { .. } => Vec::new(),
    };
    AttentionPart {
        subject: subject(&op.key(), subjects),
        values,
        is_delete: matches!(op.change, Change::Delete { .. }),
    }
}

fn reason(rejection: &Rejection) -> AttentionReason {
    match (rejection.fault, rejection.reason) {
        (Some(Fault::TooLarge), _) => AttentionReason::TooLarge,
        (Some(Fault::Malformed), _) => AttentionReason::Malformed,
        (None, Reason::Guard) => AttentionReason::Guard,
        (None, Reason::NeverMade) => AttentionReason::NeverMade,
        (None, Reason::Fact) => AttentionReason::Fact,
    }
}

/// What the server refused, the newest first.
pub async fn attention_list(call: &Call, request: SyncListRequest) -> Result<Page<AttentionItem>, AppError> {
    let (before, limit) = asked(&request)?;
    let mut read = call.read().await?;
    let entries = shared::list_attention(&mut read, before, limit).await?;
    let keys: Vec<_> = entries.iter().flat_map(|entry| entry.rejected().map(Op::key)).collect();
    let subjects = shared::subjects(&mut read, &keys).await?;
    read.end().await?;
    let item = |attention: shared::Attention| {
        let made_at = DateTime::from_timestamp_millis(attention.entry.transaction.clock.wall_ms);
        let item = AttentionItem {
            no: attention.no,
            reason: reason(&attention.entry.rejection),
            filed_at: attention.filed_at,
            made_at: made_at.unwrap_or(attention.filed_at),
            parts: attention.rejected().map(|op| part(op, &subjects)).collect(),
        };
        (attention.no, item)
    };
    page(entries.into_iter().map(item).collect(), limit)
}

/// A refused change was seen to, or not after all.
pub async fn attention_seen(call: &Call, request: AttentionRef) -> Result<Nothing, AppError> {
    let mut write = call.write().await?;
    if !shared::set_seen(&mut write, request.no, request.seen).await? {
        return Err(AppError::NotFound { what: "entry" });
    }
    write.commit().await?;
    Ok(Nothing {})
}

/// Records that this version cannot show.
pub async fn parked_list(call: &Call, request: SyncListRequest) -> Result<Page<ParkedItem>, AppError> {
    let (before, limit) = asked(&request)?;
    let mut read = call.read().await?;
    let parked = shared::list_parked(&mut read, before, limit).await?;
    read.end().await?;
    let item = |parked: shared::Parked| {
        let item = ParkedItem {
            collection: parked.key.collection,
            record: parked.key.record,
            reason: parked.reason,
            parked_at: parked.at,
        };
        (parked.no, item)
    };
    page(parked.into_iter().map(item).collect(), limit)
}
