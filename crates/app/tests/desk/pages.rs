use super::support::{TestDesk, text_of};
use contract::PAGE_LIMIT_MAX;
use serde_json::{Value, json};
use std::fmt::Write;

const ROWS: usize = PAGE_LIMIT_MAX as usize + 5;

/// What `command` answers to whoever asks for far more than a page holds.
async fn greedy(test: &TestDesk, command: &str, mut request: Value) -> Value {
    request["limit"] = json!(1_000_000);
    test.call(command, request).await
}

/// A full page, and the rest behind its cursor.
async fn assert_bounded(test: &TestDesk, command: &str, mut request: Value) {
    let rows = |page: &Value| page["rows"].as_array().map(Vec::len);
    let page = greedy(test, command, request.clone()).await;
    assert_eq!(rows(&page), Some(ROWS - 5), "{command}");
    request["after"] = page["next"].clone();
    let rest = greedy(test, command, request).await;
    assert_eq!((rows(&rest), rest["next"].is_null()), (Some(5), true), "{command}");
}

#[tokio::test]
async fn no_page_has_more_than_200_rows_however_many_are_asked_for() {
    let test = TestDesk::empty().await;
    let ana = test.create("Ana", "Ruiz").await;
    for number in 0..ROWS {
        let note = json!({"patient": ana, "kind": "general", "body": format!("Called {number} times")});
        test.call("note_create", note).await;
        let decision = if number % 2 == 0 { "granted" } else { "denied" };
        let consent = json!({"patient": ana, "channel": "sms", "purpose": "marketing", "decision": decision});
        test.call("consent_record", consent).await;
    }
    for command in ["note_list", "consent_history"] {
        assert_bounded(&test, command, json!({"patient": ana})).await;
    }
    // What the page about her reads does not grow with what happened: her command's budget holds.
    test.load(&ana).await;
    // As many imports, one of them with as many rows, all without a name, as patients but for Ana.
    let mut wrong = "Id,First,Last\n".to_owned();
    let mut people = wrong.clone();
    for number in 0..ROWS {
        writeln!(wrong, "{number},,").expect("text");
        if number > 0 {
            writeln!(people, "{number},Given{number},Lee").expect("text");
        }
    }
    let import = test.send(wrong.as_bytes(), 1 << 20).await.expect("a file");
    test.work("import_check", import).await;
    assert_bounded(&test, "import_problems", json!({"id": import.id})).await;
    let import = test.send(people.as_bytes(), 1 << 20).await.expect("a file");
    test.work("import_run", import).await;
    assert_bounded(&test, "patient_list", json!({})).await;
    for _ in 2..ROWS {
        test.send(b"First,Last\nAna,Ruiz\n", 1 << 20).await.expect("a file");
    }
    assert_bounded(&test, "import_list", json!({})).await;
    let found = greedy(&test, "patient_search", json!({"text": "lee"})).await;
    let hits = found["hits"].as_array().expect("hits");
    assert_eq!(hits.len(), 50);
    assert!(hits.iter().all(|hit| text_of(&hit["name"]["family"]) == "Lee"));
}
