//! Push and pull against a real Postgres.

use crate::desk::{CLOCK, Desk, OWN, new_id};
use crate::site::Site;
use domain::id::ActorId;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sync_engine::{CONFLICTS, Conflict, PAIR, Side, conflict_record};
use sync_protocol::{
    Change, Digests, Dot, Epoch, Guard, Key, Kind, Place, Pull, Push, Reason, RecordState, Sent, Stamp,
    Upload,
};
use uuid::Uuid;

#[tokio::test]
async fn what_one_desk_pushes_the_other_pulls() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (a, b) = (site.desk(clinic).await, site.desk(clinic).await);
    let patient = new_id();
    let insert = a.insert(patient, "Ada");
    let edit = a.rename(patient, &insert, "Ada L.");
    let results = a.push(vec![a.transaction(vec![insert]), a.transaction(vec![edit])]).await;
    assert!(results.iter().all(|outcome| outcome.seq == 1 && outcome.rejected.is_none()));
    assert_eq!(b.names().await, [(patient, "Ada L.".to_owned())]);
}

#[tokio::test]
async fn a_retry_gets_the_answer_of_the_first_time_and_changes_nothing() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let transaction = desk.transaction(vec![desk.insert(new_id(), "Ada")]);
    let first = desk.push(vec![transaction.clone()]).await;
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Bea")])]).await;
    assert_eq!(desk.push(vec![transaction.clone()]).await, first);
    assert_eq!(desk.pull_all(100).await.1, 2, "the retry made no change");
    // The same key with something else in it is the last sign of a copied database.
    let mut other = transaction;
    other.ops = vec![sync_protocol::Op { record: new_id(), ..other.ops[0].clone() }];
    let answer = desk.post("/v1/push", &desk.message(vec![other]).await).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "copied");
    assert_eq!(problem["refusal"]["replicas"][0]["device"], json!(desk.id.device));
    assert_eq!(problem["refusal"]["message"]["key"], json!({"replica": 0, "seq": 1}));
}

#[tokio::test]
async fn values_written_unseen_are_a_conflict_that_is_there_once() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (a, b) = (site.desk(clinic).await, site.desk(clinic).await);
    let patient = new_id();
    a.push(vec![a.transaction(vec![a.insert(patient, "Ada")])]).await;
    b.push(vec![b.transaction(vec![b.insert(patient, "Bea")])]).await;
    let (records, head, _) = a.pull_all(100).await;
    let conflicts = || records.iter().filter(|(key, _)| key.collection == CONFLICTS);
    assert_eq!((conflicts().count(), head), (1, 2));
    assert_eq!(a.names().await, b.names().await);
}

#[tokio::test]
async fn a_guard_that_does_not_hold_rejects_what_it_guards_and_what_would_edit_it() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (a, b) = (site.desk(clinic).await, site.desk(clinic).await);
    let (invoice, line) = (new_id(), new_id());
    let made = a.insert(invoice, "draft");
    a.push(vec![a.transaction(vec![made.clone()])]).await;
    let issued = a.rename(invoice, &made, "issued");
    a.push(vec![a.transaction(vec![issued])]).await;
    // B adds a line to the draft that it knows. It speaks of A's op, so its message names A's replica.
    let mut add = b.insert(line, "line");
    let guard = Guard {
        collection: "patient".to_owned(),
        record: invoice,
        register: "name".to_owned(),
        at: Dot { replica: sync_protocol::Replica(1), seq: made.id.seq },
    };
    add.guards = vec![guard];
    let edit = b.rename(line, &add, "longer line");
    let transactions = vec![b.transaction(vec![add.clone()]), b.transaction(vec![edit.clone()])];
    let push = Push {
        epoch: b.epoch().await,
        clock: CLOCK,
        transactions: transactions.into_iter().map(Sent::from).collect(),
    };
    let ids = [b.id, a.id];
    let envelope =
        sync_protocol::Envelope::seal(push, |replica| ids.get(replica.0 as usize).copied()).unwrap();
    let answer = b.post("/v1/push", &envelope).await;
    let pushed: sync_protocol::Envelope<sync_protocol::Pushed> = answer.json().await.unwrap();
    let rejected: Vec<_> =
        pushed.message.results.iter().map(|outcome| outcome.rejected.clone().unwrap()).collect();
    assert_eq!(rejected[0].reason, Reason::Guard);
    assert_eq!(rejected[0].ops, [add.id]);
    assert_eq!(rejected[1].reason, Reason::NeverMade);
    assert_eq!(rejected[1].ops, [edit.id]);
    assert_eq!(a.names().await.len(), 1);
    // Nobody but B knows of it, and a retry in another process hears the same.
    let again = b.post("/v1/push", &envelope).await.json::<Value>().await.unwrap();
    assert_eq!(again, serde_json::to_value(&pushed).unwrap());
}

#[tokio::test]
async fn pages_are_cut_inside_a_change_and_by_bytes_and_nothing_is_skipped() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let mut expected: Vec<_> = (0..25).map(|n| (new_id(), format!("Patient {n}"))).collect();
    // All in one change, so that pages are cut by id alone.
    let ops = expected.iter().map(|(id, name)| desk.insert(*id, name)).collect();
    desk.push(vec![desk.transaction(ops)]).await;
    expected.sort();
    for limit in [1, 7, 24, 25, 26] {
        let (records, head, pages) = desk.pull_all(limit).await;
        let ids: Vec<_> = records.iter().map(|(key, _)| key.record).collect();
        assert_eq!(ids, expected.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        assert_eq!((head, pages), (1, 25_u32.div_ceil(limit)), "limit {limit}");
    }
    // Three records of 3 MB: one to a page of 4 MiB.
    for _ in 0..3 {
        desk.push(vec![desk.transaction(vec![desk.insert(new_id(), &"x".repeat(3_000_000))])]).await;
    }
    let (records, head, pages) = desk.pull_all(1_000).await;
    assert_eq!((records.len(), head, pages), (28, 4, 3));
}

/// The conflict that two desks' first values of a patient's name make.
fn conflict_of(patient: Uuid, sides: [(&Desk, u64, &str); 2]) -> (Key, RecordState) {
    let [winner, loser] = sides.map(|(desk, seq, name)| {
        let stamp = Stamp { at_ms: 0, author: desk.id, actor: ActorId(Uuid::nil()) };
        Side { by: Dot { replica: OWN, seq }, stamp, values: Some(vec![json!(name)]) }
    });
    let key = Key { collection: "patient".to_owned(), record: patient };
    conflict_record(&key, &Conflict { register: "name".to_owned(), winner, loser })
}

#[tokio::test]
async fn a_conflict_that_a_push_brings_and_makes_counts_once() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (a, b) = (site.desk(clinic).await, site.desk(clinic).await);
    let patient = new_id();
    a.push(vec![a.transaction(vec![a.insert(patient, "Ada")])]).await;
    let (key, record) = conflict_of(patient, [(&a, 1, "Ada"), (&b, 1, "Bea")]);
    let clashing = b.insert(patient, "Bea");
    let pair = record.registers[PAIR].value.clone();
    let mut brought = b.op(key.record, None, Change::Insert { registers: vec![(PAIR.to_owned(), pair)] });
    brought.collection = key.collection;
    b.push(vec![b.transaction(vec![clashing, brought])]).await;
    let (records, head, _) = a.pull_all(100).await;
    assert_eq!(records.iter().filter(|(key, _)| key.collection == CONFLICTS).count(), 1);
    let ask = json!({"epoch": a.epoch().await});
    let digests: Digests = a.post("/v1/digests", &ask).await.json().await.unwrap();
    let sums = sync_engine::Sums::of(records.iter().map(|(key, record)| (key, record)));
    assert_eq!(digests, Digests { head, collections: sums.by_collection().clone() });
}

#[tokio::test]
async fn sums_are_those_of_the_records() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (a, b) = (site.desk(clinic).await, site.desk(clinic).await);
    let ids: Vec<Uuid> = (0..40).map(|_| new_id()).collect();
    let made: Vec<_> = ids.iter().map(|id| a.insert(*id, "x")).collect();
    a.push(vec![a.transaction(made.clone())]).await;
    a.push(vec![a.transaction(made.iter().take(9).map(|op| a.rename(op.record, op, "y")).collect())]).await;
    b.push(vec![b.transaction(vec![b.insert(ids[0], "z")])]).await;
    let epoch = a.epoch().await;
    let digests: Digests = a.post("/v1/digests", &json!({"epoch": epoch})).await.json().await.unwrap();
    let (records, head, _) = a.pull_all(100).await;
    let sums = sync_engine::Sums::of(records.iter().map(|(key, record)| (key, record)));
    assert_eq!(digests, Digests { head, collections: sums.by_collection().clone() });
    // A bucket has its records and no others.
    let (key, _) = &records[0];
    let bucket = sync_engine::bucket_of(key);
    let content: sync_protocol::Envelope<sync_protocol::Content> =
        a.post("/v1/bucket", &json!({"epoch": epoch, "bucket": bucket})).await.json().await.unwrap();
    let mut of: Vec<_> = records.iter().filter(|(key, _)| sync_engine::bucket_of(key) == bucket).collect();
    of.sort_by_key(|(key, _)| key.clone());
    let mut found: Vec<_> = content.message.records.iter().collect();
    found.sort_by_key(|(key, _)| key.clone());
    assert_eq!(
        found.iter().map(|(key, _)| key).collect::<Vec<_>>(),
        of.iter().map(|(key, _)| key).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn state_is_taken_from_a_desk_that_joins_and_offered_only_once() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let other = site.desk(desk.clinic).await;
    let epoch = desk.epoch().await;
    // What another clinic's server knew, as a desk that joins brings it along.
    let elsewhere = site.desk(site.clinic().await).await;
    elsewhere.push(vec![elsewhere.transaction(vec![elsewhere.insert(new_id(), "Ada")])]).await;
    let (records, _, _) = elsewhere.pull_all(10).await;
    let versions = |record: &RecordState| {
        record.versions().map(|(name, version)| (name.to_owned(), version.clone())).collect::<Vec<_>>()
    };
    let offered: Vec<_> = records.iter().map(|(key, record)| (key.clone(), versions(record))).collect();
    let offer = elsewhere.seal(sync_protocol::Offer { epoch, records: offered });
    let lacking: Vec<Key> = desk.post("/v1/offer", &offer).await.json().await.unwrap();
    assert_eq!(lacking, [records[0].0.clone()]);
    let upload = Upload {
        epoch,
        clock: CLOCK,
        in_device_time: true,
        records: records.clone(),
        rejections: Vec::new(),
        never_made: Vec::new(),
    };
    assert_eq!(desk.post("/v1/upload", &elsewhere.seal(upload)).await.status(), StatusCode::NO_CONTENT);
    let lacking: Vec<Key> = desk.post("/v1/offer", &offer).await.json().await.unwrap();
    assert!(lacking.is_empty());
    assert_eq!(other.names().await.len(), 1);
}

#[tokio::test]
async fn another_epoch_is_refused_whole() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let message = desk.message(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    let before = desk.epoch().await;
    assert_eq!(sync_server::devices::admin::new_epoch(&site.owner).await.unwrap(), 1);
    let after = desk.epoch().await;
    assert_ne!(before, after);
    let answer = desk.post("/v1/push", &message).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["refusal"]["message"], json!({"code": "epoch", "current": after}));
    let pull = Pull { epoch: Epoch(new_id()), after: Place { seq: 0, key: None }, limit: 10 };
    assert_eq!(desk.post("/v1/pull", &pull).await.status(), StatusCode::CONFLICT);
    assert!(desk.names().await.is_empty());
}

/// Rules 5 and 12: what the backup knows to be rejected was rejected in an earlier epoch.
#[tokio::test]
async fn what_was_rejected_before_a_restore_stays_so_unless_an_epoch_said_that_it_was_merged() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let (invoice, line) = (new_id(), new_id());
    let made = desk.insert(invoice, "draft");
    desk.push(vec![desk.transaction(vec![made.clone()])]).await;
    desk.push(vec![desk.transaction(vec![desk.rename(invoice, &made, "issued")])]).await;
    let mut add = desk.insert(line, "line");
    add.guards = vec![Guard {
        collection: "patient".to_owned(),
        record: invoice,
        register: "name".to_owned(),
        at: made.id,
    }];
    let transaction = desk.transaction(vec![add]);
    let first = desk.push(vec![transaction.clone()]).await.remove(0);
    assert!(first.rejected.is_some());
    sync_server::devices::admin::new_epoch(&site.owner).await.unwrap();
    let epoch = desk.epoch().await;
    let again = async |merged_in_earlier_epoch| {
        let sent = Sent { transaction: transaction.clone(), in_earlier_epoch: true, merged_in_earlier_epoch };
        let push = desk.seal(Push { epoch, clock: CLOCK, transactions: vec![sent] });
        let answer = desk.post("/v1/push", &push).await;
        answer
            .json::<sync_protocol::Envelope<sync_protocol::Pushed>>()
            .await
            .unwrap()
            .message
            .results
            .remove(0)
    };
    assert_eq!(again(false).await, first);
    assert_eq!(desk.names().await.len(), 1);
    assert_eq!(again(true).await.rejected, None);
    assert_eq!(desk.names().await.len(), 2);
}

#[tokio::test]
async fn a_device_speaks_for_itself_only() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (a, b) = (site.desk(clinic).await, site.desk(clinic).await);
    let mut message = a.message(vec![a.transaction(vec![a.insert(new_id(), "Ada")])]).await;
    message.replicas = vec![b.id];
    assert_eq!(a.post("/v1/push", &message).await.status(), StatusCode::FORBIDDEN);
    message.replicas = Vec::new();
    assert_eq!(a.post("/v1/push", &message).await.status(), StatusCode::BAD_REQUEST);
    message.replicas = vec![a.id, a.id];
    assert_eq!(a.post("/v1/push", &message).await.status(), StatusCode::BAD_REQUEST);
    assert!(b.names().await.is_empty());
}

#[tokio::test]
async fn facts_stay_when_what_came_with_them_is_rejected() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let mut payment = desk.insert(new_id(), "100.00 cash");
    payment.kind = Kind::Ledger;
    let mut issue = desk.insert(new_id(), "issued");
    issue.guards = vec![Guard {
        collection: "patient".to_owned(),
        record: new_id(),
        register: String::new(),
        at: Dot { replica: OWN, seq: 1 },
    }];
    let outcome = desk.push(vec![desk.transaction(vec![issue.clone(), payment])]).await;
    assert_eq!(outcome[0].rejected.as_ref().unwrap().ops, [issue.id]);
    assert_eq!(desk.names().await.len(), 1, "cash that was taken stays taken");
}
