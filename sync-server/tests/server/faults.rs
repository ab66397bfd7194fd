//! What one transaction may be: what is more or other is rejected by itself, and what is just within comes through.

use crate::desk::{CLOCK, Desk, OWN, new_id};
use crate::site::Site;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sync_protocol::{
    Change, Dot, Envelope, Fault, Guard, Key, Kind, Op, Outcome, Place, Push, Pushed, Reason, Rejection,
    Remembered, TRANSACTION_MAX_BYTES, TRANSACTION_MAX_ROWS, Upload, Version, json_bytes,
};
use uuid::Uuid;

fn note(desk: &Desk, register: &str, text: &str) -> Op {
    let registers = vec![(register.to_owned(), vec![json!(text)])];
    desk.op(new_id(), None, Change::Insert { registers })
}

fn fault(outcome: &Outcome) -> Option<Fault> {
    outcome.rejected.as_ref()?.fault
}

/// As a device does: compressed.
async fn push(desk: &Desk, message: &Envelope<Push>) -> Vec<Outcome> {
    let body = zstd::encode_all(serde_json::to_vec(message).unwrap().as_slice(), 1).unwrap();
    let request = desk.request(Method::POST, "/v1/push").header("content-type", "application/json");
    let answer = request.header("content-encoding", "zstd").body(body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    answer.json::<Envelope<Pushed>>().await.unwrap().message.results
}

async fn upload(desk: &Desk, rejections: Vec<Remembered>, never_made: Vec<(Key, Dot)>) -> StatusCode {
    let (epoch, records) = (desk.epoch().await, Vec::new());
    let upload = Upload { epoch, clock: CLOCK, in_device_time: false, records, rejections, never_made };
    desk.post("/v1/upload", &desk.seal(upload)).await.status()
}

#[tokio::test]
async fn what_no_server_takes_is_rejected_and_holds_up_nothing_behind_it() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let [before, line, cash, after] = [new_id(), new_id(), new_id(), new_id()];
    let mut bad = desk.op(line, None, Change::Insert { registers: vec![("No name".to_owned(), vec![])] });
    bad.collection = "invoice_line".to_owned();
    let mut payment = desk.insert(cash, "100.00 cash");
    payment.kind = Kind::Ledger;
    let mut edit = desk.rename(line, &bad, "two fillers");
    edit.collection = "invoice_line".to_owned();
    let transactions = vec![
        desk.transaction(vec![desk.insert(before, "Ada")]),
        desk.transaction(vec![bad.clone(), payment]),
        desk.transaction(vec![edit.clone()]),
        desk.transaction(vec![desk.insert(after, "Bea")]),
    ];
    let results = desk.push(transactions.clone()).await;
    let [sound, faulty, edited, behind] = &results[..] else { panic!("{results:?}") };
    assert!(sound.rejected.is_none() && behind.rejected.is_none());
    let rejection = faulty.rejected.as_ref().unwrap();
    assert_eq!((rejection.fault, &rejection.ops), (Some(Fault::Malformed), &vec![bad.id]));
    let rejection = edited.rejected.as_ref().unwrap();
    assert_eq!((rejection.reason, &rejection.ops), (Reason::NeverMade, &vec![edit.id]));
    // Cash that was taken stays taken.
    let names = other.names().await;
    assert_eq!(names.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [before, cash, after]);
    // A retry gets the same answer; an app of before there were faults reads it as one that it knows.
    assert_eq!(desk.push(transactions.clone()).await, results);
    let answer = desk.post("/v1/push", &desk.message(transactions).await).await;
    let told: Value = answer.json().await.unwrap();
    let rejected = &told["message"]["results"][1]["rejected"];
    assert_eq!((&rejected["reason"], &rejected["fault"]), (&json!("guard"), &json!("malformed")));
}

#[tokio::test]
async fn whatever_cannot_be_stored_of_an_op_is_rejected_with_its_transaction_only() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let never: Version = "0:0".parse().unwrap();
    let far: Version = "0:9223372036854775808".parse().unwrap();
    let guarded = |collection: &str, register: &str, seq: u64| {
        let at = Dot { replica: OWN, seq };
        let (collection, register) = (collection.to_owned(), register.to_owned());
        let guards = vec![Guard { collection, record: new_id(), register, at }];
        Op { guards, ..desk.insert(new_id(), "x") }
    };
    let of = |collection: String| Op { collection, ..desk.insert(new_id(), "x") };
    let set = |register: &str| {
        desk.op(new_id(), Some(never.clone()), Change::Set { register: register.to_owned(), values: vec![] })
    };
    let faulty = [
        of(String::new()),
        of("pat\u{0}ient".to_owned()),
        of("p".repeat(1_000)),
        of("Patient".to_owned()),
        note(&desk, "na\u{0}me", "x"),
        note(&desk, "", "x"),
        set("name"),
        set("a b"),
        desk.op(new_id(), None, Change::Delete { base: vec![("name".to_owned(), far)] }),
        guarded("\u{0}", "name", 1),
        guarded("patient", "\u{0}", 1),
        guarded("patient", "name", u64::MAX),
    ];
    let count = faulty.len();
    let mut transactions: Vec<_> = faulty.into_iter().map(|op| desk.transaction(vec![op])).collect();
    transactions.push(desk.transaction(vec![desk.insert(new_id(), "Ada")]));
    let results = desk.push(transactions.clone()).await;
    for (transaction, outcome) in transactions.iter().zip(&results[..count]) {
        assert_eq!(fault(outcome), Some(Fault::Malformed), "{:?}", transaction.ops);
    }
    assert_eq!(results[count].rejected, None);
    assert_eq!(desk.push(transactions).await, results);
    assert_eq!(desk.pull_all(100).await.0.len(), 1);
}

#[tokio::test]
async fn a_transaction_is_rejected_for_its_size_and_one_just_within_is_pulled_as_it_was() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let epoch = desk.epoch().await;
    let largest = usize::try_from(TRANSACTION_MAX_BYTES).unwrap();
    let mut after = Place { seq: 0, key: None };
    // Each of these takes another number of bytes as JSON than it has: twice as many, six times, or what separates values.
    for part in ["\n\"\\", "\u{1}\u{1f}", "[{,"] {
        let text = part.repeat(largest * 159 / 160 / (json_bytes(part) - 2));
        let within = desk.transaction(vec![note(&desk, "name", &text)]);
        assert_eq!(push(&desk, &desk.message_in(epoch, vec![within])).await[0].rejected, None, "{part:?}");
        let page = other.page_in(epoch, after, 10).await.unwrap();
        let [(_, record)] = &page.records[..] else { panic!("one record") };
        assert!(record.registers["name"].value == [json!(text)], "{part:?}");
        after = page.next;
    }
    let above = desk.transaction(vec![note(&desk, "name", &"x".repeat(largest))]);
    let row = |_| desk.insert(new_id(), "x");
    let more = desk.transaction((0..=TRANSACTION_MAX_ROWS).map(row).collect());
    let behind = desk.transaction(vec![desk.insert(new_id(), "Ada")]);
    let results = push(&desk, &desk.message_in(epoch, vec![above, more, behind])).await;
    let faults: Vec<_> = results.iter().map(fault).collect();
    assert_eq!(faults, [Some(Fault::TooLarge), Some(Fault::TooLarge), None]);
    assert_eq!(results[2].rejected, None);
}

#[tokio::test]
async fn a_restored_server_is_told_what_was_never_made_by_apps_of_either_kind() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let [first, second] = [(); 2].map(|()| note(&desk, "No name", "x"));
    // An app of before there were faults sends the whole of what was rejected, for a reason that it knows.
    let old = Rejection { reason: Reason::Guard, fault: None, ops: vec![first.id] };
    let remembered = Remembered { transaction: desk.transaction(vec![first.clone()]), rejection: old };
    assert_eq!(upload(&desk, vec![remembered], Vec::new()).await, StatusCode::NO_CONTENT);
    let never_made = vec![(second.key(), second.id)];
    assert_eq!(upload(&desk, Vec::new(), never_made).await, StatusCode::NO_CONTENT);
    let edits = [&first, &second].map(|insert| desk.rename(insert.record, insert, "y"));
    let results = desk.push(edits.map(|edit| desk.transaction(vec![edit])).into()).await;
    for outcome in &results {
        assert_eq!(outcome.rejected.as_ref().unwrap().reason, Reason::NeverMade);
    }
    // Whoever claims that nothing of it was rejected changes nothing either.
    let third = note(&desk, "No name", "x");
    let none = Rejection { reason: Reason::Guard, fault: None, ops: Vec::new() };
    let remembered = Remembered { transaction: desk.transaction(vec![third]), rejection: none };
    assert_eq!(upload(&desk, vec![remembered], Vec::new()).await, StatusCode::NO_CONTENT);
    let nowhere = Key { collection: "\u{0}".to_owned(), record: Uuid::nil() };
    let bad = vec![(nowhere, Dot { replica: OWN, seq: 1 })];
    assert_eq!(upload(&desk, Vec::new(), bad).await, StatusCode::BAD_REQUEST);
    assert!(desk.names().await.is_empty());
}
