//! More, or other, than a server takes in one message.

use crate::failures::impostor;
use crate::proxy::{Proxy, Weather};
use crate::support::*;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::fmt::Write;

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

/// Takes a file over in one transaction: it has fewer rows than a chunk.
async fn import(desk: &TestDesk, file: &str) -> Value {
    let size = file.len();
    let opened = desk.call("import_open", json!({"file_name": "clinic.csv", "size": size})).await;
    for (at, part) in file.as_bytes().chunks(1 << 20).enumerate() {
        let part = BASE64_STANDARD.encode(part);
        desk.call("import_feed", json!({"id": opened["id"], "offset": at << 20, "part": part})).await;
    }
    desk.call("import_run", json!({"id": opened["id"]})).await;
    app::wait_for_import(&desk.desk, serde_json::from_value(opened["id"].clone()).unwrap()).await.unwrap();
    desk.call("import_progress", json!({"id": opened["id"]})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_just_within_the_limit_is_pulled_by_another_desk_as_it_was() {
    let Some(site) = site() else { return };
    let desks = TestDesk::two_quiet(&site).await;
    // As JSON each of these letters takes two bytes, and the whole 15.9 MiB.
    let note = format!("a{}b", "\n\"\\".repeat(6_666));
    let mut file = "First,Last,Note\n".to_owned();
    for n in 0..412 {
        writeln!(file, "Ann,Ash{n},\"{}\"", note.replace('"', "\"\"")).unwrap();
    }
    let done = import(&desks[0], &file).await;
    assert_eq!((&done["added"], &done["wrong"]), (&json!(412), &json!(0)), "{done}");
    for desk in &desks {
        desk.exchange().await;
    }
    assert_eq!(desks[0].status().await.attention, 0);
    assert_eq!(desks[1].families().await, desks[0].families().await);
    let list = desks[1].call("patient_list", json!({"limit": 200})).await;
    for row in list["rows"].as_array().unwrap() {
        assert!(notes(&desks[1], row["id"].as_str().unwrap()).await == [note.clone()]);
    }
    desks[1].is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_cannot_take_needs_attention_and_does_not_stop_what_is_behind_it() {
    let Some(site) = site() else { return };
    let clinic = site.create_clinic("Clinic").unwrap();
    let [desk, other] = [TestDesk::quiet().await, TestDesk::quiet().await];
    let proxy = Proxy::start(site.address().trim_start_matches("http://").parse().unwrap()).await;
    let address = format!("http://{}", proxy.address);
    let request = json!({"address": address, "code": clinic.code, "device_name": "Front"});
    desk.call("sync_pair", request).await;
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
