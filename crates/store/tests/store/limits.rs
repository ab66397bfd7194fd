//! What a desk sends is what a server takes: the same bytes are counted at the commit and there.

use crate::server::Memory;
use crate::support::*;
use crate::sync::{paired, replica, server, sync};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use store::manifest::{COLLECTIONS, Collection};
use store::sync::join;
use store::{StoreError, Usage};
use sync_engine::Replica as _;
use sync_protocol::{
    Change, Dot, Fault, Key, Kind, MESSAGE_MAX_BYTES, OP_FRAME_BYTES, Op, PARCEL_BYTES, Reason, Replica,
    TRANSACTION_MAX_BYTES, Version, json_bytes,
};

const MIB: usize = 1 << 20;

/// Notes with these texts, one transaction.
async fn write_notes(desk: &Desk, first: usize, texts: &[String]) -> Result<(), StoreError> {
    let rows: Vec<_> = texts.iter().enumerate().map(|(n, text)| json!([first + n, text])).collect();
    let rows = Value::from(rows).to_string().replace('\'', "''");
    let sql = format!(
        "INSERT INTO patient_note (id, body)
         SELECT unhex(printf('%032x', value ->> 0)), value ->> 1 FROM json_each('{rows}')"
    );
    desk.run(&sql).await
}

fn as_json(part: &str, bytes: usize) -> String {
    part.repeat(bytes / (json_bytes(part) - 2))
}

#[tokio::test]
async fn a_commit_counts_what_the_values_take_as_json() {
    let desk = Desk::paired().await;
    let largest = usize::try_from(TRANSACTION_MAX_BYTES).unwrap();
    for (n, part) in ["x", "\n\"\\", "\u{1}\u{1f}", "[{,", "ж"].into_iter().enumerate() {
        let above = write_notes(&desk, 100, &[as_json(part, largest)]).await;
        assert!(matches!(above, Err(StoreError::TransactionTooLarge { .. })), "{part:?}: {above:?}");
        write_notes(&desk, n, &[as_json(part, largest * 159 / 160)]).await.unwrap();
    }
    // Each is sent by itself, and the server finds nothing wrong with it.
    for transaction in desk.transactions().await {
        assert!(json_bytes(&transaction) > largest * 158 / 160);
        assert_eq!(transaction.fault(), None);
    }
}

#[tokio::test]
async fn a_commit_counts_what_its_author_had_seen_and_with_longer_numbers_than_here() {
    let desk = Desk::paired().await;
    desk.insert(&[patient(1, "Ann")]).await;
    let others: Vec<_> = (2..20_000).map(|replica| format!("{replica}:1")).collect();
    let seen: Version = format!("1:1;{}", others.join(";")).parse().unwrap();
    let bytes = seen.to_string().len();
    let write = async |times: usize| {
        desk.write(async |write| {
            write.declare(HashMap::from([(id(1), BTreeMap::from([(0, seen.clone())]))]));
            for n in 0..times {
                execute(write, &format!("UPDATE patient SET family = 'Ann {n}'")).await?;
            }
            Ok(())
        })
        .await
    };
    let most = usize::try_from(TRANSACTION_MAX_BYTES).unwrap() / (2 * bytes);
    let above = write(most + 1).await;
    assert!(matches!(above, Err(StoreError::TransactionTooLarge { .. })), "{above:?}");
    write(most - 1).await.unwrap();
}

/// With the longest numbers that a message has.
fn framed(collection: &Collection, change: Change) -> u64 {
    let op = Op {
        id: Dot { replica: Replica(4_095), seq: i64::MAX.unsigned_abs() },
        collection: collection.name.to_owned(),
        record: id(1),
        kind: collection.kind,
        base: None,
        guards: Vec::new(),
        change,
    };
    json_bytes(&op) as u64
}

#[test]
fn no_op_takes_more_than_was_reckoned_with_beside_its_values_and_base() {
    for collection in COLLECTIONS {
        let registers = collection.registers.iter();
        let insert = registers.clone().map(|register| (register.name.to_owned(), Vec::new())).collect();
        let version: Version = "1:1".parse().unwrap();
        let base = registers.clone().map(|register| (register.name.to_owned(), version.clone()));
        let delete = Change::Delete { base: base.chain([(String::new(), version.clone())]).collect() };
        let mut changes = vec![Change::Insert { registers: insert }, delete];
        changes.extend(
            registers.map(|register| Change::Set { register: register.name.to_owned(), values: vec![] }),
        );
        for change in changes {
            let bytes = framed(collection, change.clone());
            assert!(bytes <= OP_FRAME_BYTES, "{bytes} bytes of {}: {change:?}", collection.name);
        }
    }
}

#[tokio::test]
async fn what_was_saved_without_a_network_goes_in_messages_that_the_server_takes() {
    let (server, desk) = (server(), paired(2).await);
    sync(&desk, &server).await;
    // As JSON they are twice as long. The third is more than one message has, and not the last.
    for (n, mib) in [1, 1, 3, 1, 1].into_iter().enumerate() {
        write_notes(&desk, n, &["\n".repeat(mib * MIB)]).await.unwrap();
    }
    let mut port = replica(&desk);
    let epoch = server.borrow().clinic.epoch;
    let first = port.outgoing(epoch).await.unwrap().unwrap();
    assert_eq!(first.transactions.len(), 1);
    sync(&desk, &server).await;
    assert_eq!(desk.value::<i64>("SELECT count(*) FROM outbox").await, 0, "all of it in one round");
    let largest = server.borrow().largest;
    assert!(largest > 6 * MIB && largest < 7 * MIB, "{largest}");
}

async fn desk_with_long_notes() -> Desk {
    let desk = Desk::as_device(2).await;
    for part in 0..5 {
        let texts: Vec<_> = (0..180).map(|n| format!("{part} {n} {}", "ж".repeat(20_000))).collect();
        write_notes(&desk, part * 1_000, &texts).await.unwrap();
    }
    desk
}

#[tokio::test]
async fn a_desk_joins_and_a_server_is_restored_in_messages_that_the_server_takes() {
    let (server, desk) = (server(), desk_with_long_notes().await);
    join(&desk.store, &Usage::default(), desk.context(), &pairing(2)).await.unwrap();
    let empty = server.borrow().restored(2);
    sync(&desk, &server).await;
    let notes = |server: &Rc<RefCell<Memory>>| {
        let server = server.borrow();
        server.clinic.records.keys().filter(|key| key.collection == "patient_note").count()
    };
    assert_eq!(notes(&server), 900);
    *server.borrow_mut() = empty;
    sync(&desk, &server).await;
    assert_eq!(notes(&server), 900);
    let largest = server.borrow().largest;
    assert!(largest > PARCEL_BYTES / 2 && largest < PARCEL_BYTES + PARCEL_BYTES / 8, "{largest}");
    assert!(largest < MESSAGE_MAX_BYTES);
}

#[tokio::test]
async fn what_no_server_takes_needs_attention_and_holds_up_nothing() {
    let server = server();
    let desks = [paired(2).await, paired(3).await];
    desks[0].insert(&[patient(1, "Ann")]).await;
    let consent = async |event: u128, decision: &str, supersedes: &str| {
        let (event, patient) = (blob(id(event)), blob(id(1)));
        let sql = format!(
            "INSERT INTO consent_event (id, patient_id, channel, decision, recorded_by, supersedes)
             VALUES ({event}, {patient}, 'sms', '{decision}', {patient}, '[\"{supersedes}\"]')"
        );
        desks[0].run(&sql).await.unwrap();
    };
    consent(7, "granted", "").await;
    for desk in &desks {
        sync(desk, &server).await;
    }
    let backup = server.borrow().restored(2);
    let rename = async |name: &str| {
        let sql = format!("UPDATE patient SET family = '{name}'");
        desks[0]
            .write(async |write| {
                write.declare_current();
                execute(write, &sql).await
            })
            .await
            .unwrap();
    };
    rename("Anna").await;
    consent(8, "withdrawn", &id(7).simple().to_string()).await;
    // A fault of the app: both are based on an op with a number that none has.
    desks[0].run("UPDATE outbox SET base = '1:0'").await.unwrap();
    desks[0].insert(&[patient(2, "Bea")]).await;
    for _ in 0..2 {
        for desk in &desks {
            sync(desk, &server).await;
        }
    }
    for desk in &desks {
        // What was behind it, and what the server has.
        assert_eq!(desk.rows("SELECT family FROM patient ORDER BY family").await, ["Ann", "Bea"]);
        let standing = "SELECT decision FROM consent_standing JOIN consent_event ON id = event_id";
        assert_eq!(desk.rows(standing).await, ["granted"]);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM consent_event").await, 1);
        assert_eq!(desk.value::<i64>("SELECT count(*) FROM outbox").await, 0);
        assert_eq!(desk.faults().await, []);
    }
    let attention = |entries: &[sync_protocol::Remembered]| {
        let of = |entry: &sync_protocol::Remembered| {
            let [op] = &entry.transaction.ops[..] else { panic!("one op") };
            assert!(entry.rejection.concerns(op) && entry.rejection.reason == Reason::Guard);
            (entry.rejection.fault, op.kind, serde_json::to_string(op).unwrap().contains("withdrawn"))
        };
        entries.iter().map(of).collect::<Vec<_>>()
    };
    let told = replica(&desks[0]).rejections().await.unwrap();
    let fault = Some(Fault::Malformed);
    let expected = [(fault, Kind::Mutable, false), (fault, Kind::Ledger, true)];
    assert_eq!(attention(&told), expected, "the fact is not lost");
    // A restored server is told of nothing that it could not take.
    *server.borrow_mut() = backup;
    for desk in desks.iter().chain(&desks) {
        sync(desk, &server).await;
    }
    let never_made = server.borrow().clinic.never_made.clone();
    let fact = Key { collection: "consent_event".to_owned(), record: told[1].transaction.ops[0].record };
    assert_eq!(never_made.get(&fact).map(|insert| insert.seq), Some(told[1].transaction.ops[0].id.seq));
    assert_eq!(attention(&replica(&desks[0]).rejections().await.unwrap()), expected);
}
