//! More, or other, than a server takes in one message.

use crate::failures::impostor;
use crate::proxy::{Proxy, Weather};
use crate::support::*;
use app::{Machine, World};
use serde_json::{Value, json};
use store::note::{NoteRow, insert_notes};
use store::{Context, StoreError, Usage};

async fn write_note(desk: &TestDesk, patient: &str, body: &str) -> String {
    let request = json!({"patient": patient, "kind": "general", "body": body});
    desk.call("note_create", request).await["id"].as_str().unwrap().to_owned()
}

/// The texts of a patient's notes, page by page.
async fn notes(desk: &TestDesk, patient: &str) -> Vec<String> {
    let (mut bodies, mut after) = (Vec::new(), Value::Null);
    loop {
        let request = json!({"patient": patient, "after": after, "limit": 200});
        let page = desk.call("note_list", request).await;
        let body = |row: &Value| row["body"].as_str().unwrap().to_owned();
        bodies.extend(page["rows"].as_array().unwrap().iter().map(body));
        after = page["next"].clone();
        if after.is_null() {
            bodies.sort();
            return bodies;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_with_more_notes_than_one_message_holds_joins_and_tells_a_restored_server_of_them() {
    let Some(mut site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let [first, alone] = [TestDesk::quiet().await, TestDesk::quiet().await];
    first.pair(&site, &clinic.code, "Front").await;
    first.exchange().await;
    let ann = alone.create("Ann", "Ash").await;
    // As JSON 36 MB, all within what is offered at once.
    let long = "ж".repeat(19_990);
    for n in 0..900 {
        write_note(&alone, &ann, &format!("{n} {long}")).await;
    }
    alone.pair(&site, &site.invite(&clinic.id).unwrap(), "Back").await;
    let backup = site.back_up().unwrap();
    alone.exchange().await;
    first.exchange().await;
    let written = notes(&alone, &ann).await;
    assert_eq!(written.len(), 900);
    assert!(notes(&first, &ann).await == written);
    // The server forgets all of it, and is told again.
    site.restore(&backup).unwrap();
    site.administer(&["new-epoch"]).unwrap();
    site.start_server().unwrap();
    for desk in [&first, &alone] {
        desk.exchange().await;
        assert!(notes(desk, &ann).await == written);
        desk.is_sound().await;
    }
}

/// Writes so many notes in one transaction, as no use case does: the same text in each.
async fn write_at_once(desk: &TestDesk, patient: &str, text: &str, count: usize) -> Result<(), StoreError> {
    let (machine, store) = (Machine::here(), desk.desk.store().unwrap());
    let author = store.owner();
    let note = |_| NoteRow {
        id: serde_json::from_value(json!(machine.next_id())).unwrap(),
        patient: serde_json::from_value(json!(patient)).unwrap(),
        kind: serde_json::from_value(json!("general")).unwrap(),
        body: text.to_owned(),
        pinned: false,
        created_at: machine.now(),
        author,
    };
    let notes: Vec<_> = (0..count).map(note).collect();
    let context = Context {
        transaction: machine.next_id(),
        actor: author,
        at: machine.now(),
        boot_ms: machine.boot_ms(),
        boot: machine.boot(),
        command: "note_create",
    };
    let mut write = store.write(&Usage::default(), context).await?;
    insert_notes(&mut write, &notes).await?;
    write.commit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_just_within_the_limit_is_pulled_by_another_desk_as_it_was() {
    let Some(site) = site() else { return };
    let desks = TestDesk::two_quiet(&site).await;
    let ann = desks[0].create("Ann", "Ash").await;
    desks[0].exchange().await;
    // Twelve bytes as JSON, of four: 80,000 a note, and some 150 for what else a note has.
    let text = "\n\"\\\u{1}".repeat(6_666);
    let refused = write_at_once(&desks[0], &ann, &text, 210).await;
    assert!(matches!(refused, Err(StoreError::TransactionTooLarge { .. })), "{refused:?}");
    // 15.9 MiB.
    write_at_once(&desks[0], &ann, &text, 208).await.unwrap();
    assert_eq!(desks[0].status().await.unsent, 1);
    for desk in &desks {
        desk.exchange().await;
    }
    let status = desks[0].status().await;
    assert_eq!((status.unsent, status.attention), (0, 0), "{status:?}");
    let arrived = notes(&desks[1], &ann).await;
    assert!(arrived.len() == 208 && arrived.iter().all(|body| *body == text));
    desks[1].is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_cannot_take_needs_attention_and_does_not_stop_what_is_behind_it() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let [desk, other] = [TestDesk::quiet().await, TestDesk::quiet().await];
    let proxy = Proxy::start(&site.address()).await;
    desk.pair_at(&proxy.address(), &clinic.code, "Front").await;
    other.pair(&site, &site.invite(&clinic.id).unwrap(), "Back").await;
    let ann = desk.create("Ann", "Ash").await;
    desk.exchange().await;
    // As if a fault of the app had made it: the name is none.
    proxy.set(Weather::Garbled("\"patient_note\"", "\"Patient_note\""));
    write_note(&desk, &ann, "Likes tea").await;
    desk.rename(&ann, "Anna", "Ash").await;
    desk.exchange().await;
    other.exchange().await;
    assert_eq!(other.given(&ann).await, "Anna");
    let status = desk.status().await;
    assert_eq!((status.unsent, status.attention), (0, 1), "{status:?}");
    let attention = desk.call("attention_list", json!({"limit": 50})).await;
    let item = &attention["rows"][0];
    assert_eq!(
        (&item["reason"], &item["parts"][0]["subject"]["collection"]),
        (&json!("malformed"), &json!("patient_note"))
    );
    assert!(item["parts"][0]["values"].to_string().contains("Likes tea"), "{item}");
    for desk in [&desk, &other] {
        assert_eq!(notes(desk, &ann).await, [] as [String; 0]);
        desk.is_sound().await;
    }
    proxy.set(Weather::Fair);
    write_note(&desk, &ann, "Likes coffee").await;
    desk.exchange().await;
    other.exchange().await;
    assert_eq!(notes(&other, &ann).await, ["Likes coffee"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_is_told_as_that_and_not_as_another_version() {
    if e2e::Programs::find().is_none() {
        return;
    }
    let desk = TestDesk::quiet().await;
    let answer = "HTTP/1.1 413 Payload Too Large\r\nContent-Type: application/problem+json\r\nContent-Length: 60\r\n\r\n\
                  {\"code\":\"too_large\",\"title\":\"too large a body\",\"status\":413}";
    let request = json!({"address": impostor(answer).await, "code": "AAAAA-BBBBB", "device_name": "Front"});
    let error = desk.fails("sync_pair", request).await;
    assert!(error.message.contains("larger than the server takes"), "{error:?}");
}
