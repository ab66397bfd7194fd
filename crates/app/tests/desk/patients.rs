use super::support::{TestDesk, text_of};
use contract::{ErrorCode, Event};
use domain::field::Problem;
use domain::patient::LIST_MAX_ITEMS;
use serde_json::{Value, json};

#[tokio::test]
async fn a_patient_is_kept_with_everything_over_a_restart() {
    let test = TestDesk::empty().await;
    let draft = json!({
        "name": {"prefix": "Dr", "given": "José", "family": "O'Brien", "suffix": "Jr"},
        "preferred_name": "Pepe", "pronouns": "he/him", "birth_date": "3/14/1985",
        "address": {"line1": "1 Main St", "city": "Salem", "postcode": "01970"},
        "tier": "gold", "source": "Walk-in", "external_id": "A-17",
        "contacts": [
            {"kind": "phone", "value": "(978) 555-0102", "label": "Mobile"},
            {"kind": "phone", "value": "978-555-0103", "primary": true},
            {"kind": "email", "value": "jose@example.com"},
        ],
        "allergies": [{"substance": "Latex", "reaction": "Itching", "severity": "moderate"}],
        "alerts": [{"level": "do_not_book", "text": "Owes for three no-shows"}],
        "tags": [{"label": "Botox"}, {"label": "VIP list"}],
    });
    let created = test.call("patient_create", draft).await;
    let test = test.restart().await;
    let detail = test.load(text_of(&created["id"])).await;
    assert_eq!(detail["name"]["given"], "José");
    assert_eq!(detail["birth_date"], "1985-03-14");
    assert_eq!(detail["contacts"][0]["value"], "+19785550103");
    assert_eq!(detail["contacts"][1]["value"], "+19785550102");
    assert_eq!(detail["contacts"][1]["primary"], false);
    assert_eq!(detail["allergies"][0]["severity"], "moderate");
    assert_eq!(detail["alerts"][0]["level"], "do_not_book");
    assert_eq!(detail["tags"].as_array().expect("tags").len(), 2);
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once_and_nothing_is_saved() {
    let test = TestDesk::empty().await;
    let draft = json!({
        "birth_date": "2999-01-01",
        "contacts": [{"kind": "phone", "value": "call me"}, {"kind": "email", "value": "nobody"}],
        "allergies": [{"substance": " "}],
    });
    let error = test.fails("patient_create", draft).await;
    assert_eq!(error.code, ErrorCode::Invalid);
    let found: Vec<_> = error.fields.iter().map(|field| (field.field.as_str(), field.problem)).collect();
    for expected in [
        ("name.family", Problem::Required),
        ("birth_date", Problem::InTheFuture),
        ("contacts.0.value", Problem::NotAPhone),
        ("contacts.1.value", Problem::NotAnEmail),
        ("allergies.0.substance", Problem::Required),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not among {found:?}");
    }
    assert_eq!(test.count().await, 0);
}

#[tokio::test]
async fn a_mistyped_field_of_a_request_is_told_and_nothing_is_saved() {
    let test = TestDesk::empty().await;
    let draft = json!({"name": {"given": "Ana", "familly": "Ruiz"}});
    let error = test.fails("patient_create", draft).await;
    assert_eq!(error.code, ErrorCode::BadRequest);
    assert!(error.message.contains("name.familly"), "{}", error.message);
    assert_eq!(test.count().await, 0);
}

#[tokio::test]
async fn a_change_of_what_only_the_list_shows_is_in_the_list() {
    let test = TestDesk::empty().await;
    let id = test.create("Ana", "Ruiz").await;
    let versions = test.load(&id).await["versions"].clone();
    let patch = json!({"pronouns": "she/her", "name": {"given": "Ana", "family": "Ruiz", "suffix": "Jr."}});
    test.call("patient_update", json!({"id": id, "versions": versions, "patch": patch})).await;
    let page = test.call("patient_list", json!({"limit": 1})).await;
    let row = &page["rows"][0];
    assert_eq!((text_of(&row["pronouns"]), text_of(&row["name"]["suffix"])), ("she/her", "Jr."));
}

#[tokio::test]
async fn people_are_found_as_they_are_asked_for() {
    let test = TestDesk::with_patients(300).await;
    for (given, family) in
        [("Sean", "O'Brien"), ("José", "Núñez"), ("Elizabeth", "Quaresma"), ("John", "Zylberstein")]
    {
        test.create(given, family).await;
    }
    for (text, found) in [
        ("obrien sean", "Sean O'Brien"),
        ("o'brien sean", "Sean O'Brien"),
        ("jose nunez", "José Núñez"),
        ("liz quaresma", "Elizabeth Quaresma"),
        ("jonh zyl", "John Zylberstein"),
        ("zylberstien", "John Zylberstein"),
    ] {
        assert_eq!(test.search(text).await.first().map(String::as_str), Some(found), "{text}");
    }
}

#[tokio::test]
async fn a_phone_an_email_and_a_birth_date_find_their_owner() {
    let test = TestDesk::with_patients(300).await;
    let contacts = json!([{"kind": "phone", "value": "+1 617 555 7788"}, {"kind": "email", "value": "zoe.q@clinic.example"}]);
    let draft = json!({"name": {"given": "Zoe", "family": "Quill"}, "birth_date": "1901-02-03", "contacts": contacts});
    test.call("patient_create", draft).await;
    for text in [
        "5557788",
        "617 555 7788",
        "(617) 555-77",
        "zoe.q@",
        "clinic.exam",
        "2/3/1901",
        "1901-02-03",
        "feb 3 1901",
    ] {
        assert!(test.search(text).await.contains(&"Zoe Quill".to_owned()), "{text}");
    }
}

#[tokio::test]
async fn hostile_search_text_finds_nothing_and_breaks_nothing() {
    let test = TestDesk::with_patients(50).await;
    for text in [
        "\"",
        "*",
        "NEAR(",
        "a OR",
        "'; DROP TABLE patient; --",
        "\0",
        "😀",
        "^",
        "names:",
        "-",
        "( ) AND",
        "%",
    ] {
        test.call("patient_search", json!({"text": text})).await;
    }
    test.call("patient_search", json!({"text": "x".repeat(10_000)})).await;
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn a_script_in_a_name_stays_text() {
    let test = TestDesk::empty().await;
    let id = test.create("<script>alert(1)</script>", "Tables'); DROP").await;
    assert_eq!(test.load(&id).await["name"]["given"], "<script>alert(1)</script>");
}

#[tokio::test]
async fn lists_are_edited_by_difference() {
    let test = TestDesk::empty().await;
    let draft = json!({"name": {"family": "Kim"}, "allergies": [{"substance": "Latex"}, {"substance": "Nickel"}, {"substance": "Dust"}]});
    let id = text_of(&test.call("patient_create", draft).await["id"]).to_owned();
    let before = test.load(&id).await;
    let (kept, changed, removed) =
        (&before["allergies"][0], &before["allergies"][1], &before["allergies"][2]);
    let mut severe = changed.clone();
    severe["severity"] = json!("severe");
    let patch = json!({"allergies": {"added": [{"id": null, "substance": "Pollen"}], "changed": [severe], "removed": [removed["id"]]}});
    let after =
        test.call("patient_update", json!({"id": id, "versions": before["versions"], "patch": patch})).await;
    let allergies = after["allergies"].as_array().expect("allergies");
    assert_eq!(allergies.len(), 3);
    assert!(allergies.contains(kept));
    let again = allergies.iter().find(|allergy| allergy["id"] == changed["id"]).expect("the changed one");
    assert_eq!(again["severity"], "severe");
    assert!(!allergies.iter().any(|allergy| allergy["id"] == removed["id"]));
}

#[tokio::test]
async fn a_patient_has_each_number_once_and_one_of_them_to_use() {
    let test = TestDesk::empty().await;
    let phones =
        json!([{"kind": "phone", "value": "978-555-0101"}, {"kind": "phone", "value": "978-555-0102"}]);
    let draft = json!({"name": {"family": "Ruiz"}, "contacts": phones});
    let id = test.call("patient_create", draft).await["id"].clone();
    let before = test.load(text_of(&id)).await;
    let second = &before["contacts"][1]["id"];
    let cases = [
        (json!({"added": [{"kind": "phone", "value": "(978) 555-0102"}]}), "contacts.added.0.value"),
        (
            json!({"changed": [{"id": second, "kind": "phone", "value": "978 555 0101"}]}),
            "contacts.changed.0.value",
        ),
        (
            json!({"changed": [{"id": second, "kind": "phone", "value": "978-555-0102", "primary": true}]}),
            "contacts.changed.0.primary",
        ),
        (json!({"added": vec![json!({"kind": "phone", "value": "978-555-0103"}); 101]}), "contacts.added"),
    ];
    for (contacts, field) in cases {
        let patch = json!({"id": id, "versions": before["versions"], "patch": {"contacts": contacts}});
        let error = test.fails("patient_update", patch).await;
        assert_eq!(error.fields.first().map(|error| error.field.as_str()), Some(field));
    }
    assert_eq!(test.load(text_of(&id)).await["contacts"], before["contacts"]);
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_not_overwritten_unseen() {
    let test = TestDesk::empty().await;
    let id = test.create("Ana", "Ruiz").await;
    let (mine, theirs) = (test.load(&id).await, test.load(&id).await);
    let rename = |versions: &Value, given: &str| json!({"id": id, "versions": versions, "patch": {"name": {"given": given, "family": "Ruiz"}}});
    test.call("patient_update", rename(&theirs["versions"], "Anna")).await;
    let error = test.fails("patient_update", rename(&mine["versions"], "Hannah")).await;
    assert_eq!(error.code, ErrorCode::Stale);
    assert_eq!(error.fields[0].field, "name");
    assert_eq!(test.load(&id).await["name"]["given"], "Anna");
    // Another field is nobody's business.
    let tier = json!({"id": id, "versions": mine["versions"], "patch": {"tier": "gold"}});
    test.call("patient_update", tier).await;
    let mut insisting = rename(&mine["versions"], "Hannah");
    insisting["overwrite"] = json!(true);
    let after = test.call("patient_update", insisting).await;
    assert_eq!((text_of(&after["name"]["given"]), text_of(&after["tier"])), ("Hannah", "gold"));
}

#[tokio::test]
async fn a_form_that_fails_half_way_changes_nothing() {
    let test = TestDesk::empty().await;
    let id = test.create("Ana", "Ruiz").await;
    let before = test.load(&id).await;
    let nobody = "01890000-0000-7000-8000-000000000000";
    let patch = json!({"preferred_name": "Annie", "guarantor": {"person": nobody}});
    let request = json!({"id": id, "versions": before["versions"], "patch": patch});
    let (answer, cost) = test.desk.answer("patient_update", request).await;
    assert_eq!(answer.expect_err("a guarantor who is not there").fields[0].problem, Problem::NoSuchRecord);
    assert!(cost.statements > 2, "what failed is booked too: {cost:?}");
    assert_eq!(test.load(&id).await["preferred_name"], "");
}

#[tokio::test]
async fn a_household_and_a_guarantor_are_shown_on_both_pages() {
    let test = TestDesk::empty().await;
    let parent = test.create("Ana", "Ruiz").await;
    let child =
        json!({"name": {"given": "Leo", "family": "Ruiz"}, "household_with": parent, "guarantor": parent});
    let child = text_of(&test.call("patient_create", child).await["id"]).to_owned();
    assert_eq!(test.load(&parent).await["household"]["members"][0]["id"], json!(child));
    let page = test.load(&child).await;
    assert_eq!(page["household"]["members"][0]["id"], json!(parent));
    assert_eq!(page["guarantor"]["id"], json!(parent));
}

#[tokio::test]
async fn an_archived_patient_leaves_the_list_and_comes_back_by_undo() {
    let test = TestDesk::with_patients(0).await;
    let id = test.create("Ana", "Ruiz").await;
    assert_eq!(test.call("patient_archive", json!({"ids": [id], "archived": true})).await["count"], 1);
    assert_eq!(test.count().await, 0);
    let archived = test.call("patient_list", json!({"filter": {"archived": true}})).await;
    assert_eq!(archived["count"]["n"], 1);
    assert_eq!(test.call("patient_archive", json!({"ids": [id], "archived": false})).await["count"], 1);
    assert_eq!(test.count().await, 1);
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn notes_come_pinned_first_in_pages_and_a_deleted_one_comes_back() {
    let test = TestDesk::empty().await;
    let id = test.create("Ana", "Ruiz").await;
    for i in 0..25 {
        let note = json!({"patient": id, "kind": "general", "body": format!("Note {i}"), "pinned": i == 3});
        test.call("note_create", note).await;
    }
    let first = test.call("note_list", json!({"patient": id, "limit": 10})).await;
    assert_eq!(first["rows"][0]["body"], "Note 3");
    assert_eq!(first["rows"][1]["body"], "Note 24");
    let mut seen = first["rows"].as_array().expect("rows").len();
    let mut next = first["next"].clone();
    while !next.is_null() {
        let page = test.call("note_list", json!({"patient": id, "limit": 10, "after": next})).await;
        seen += page["rows"].as_array().expect("rows").len();
        next = page["next"].clone();
    }
    assert_eq!(seen, 25);
    let note = &first["rows"][1];
    let delete = |deleted: bool| json!({"id": note["id"], "versions": note["versions"], "deleted": deleted});
    test.call("note_delete", delete(true)).await;
    let gone = test.call("note_list", json!({"patient": id, "limit": 10})).await;
    assert_eq!(gone["rows"][1]["body"], "Note 23");
    test.call("note_delete", delete(false)).await;
    let back = test.call("note_list", json!({"patient": id, "limit": 10})).await;
    assert_eq!(back["rows"][1]["body"], "Note 24");
}

#[tokio::test]
async fn a_note_is_edited_and_pinned_and_an_edit_of_an_older_one_is_refused() {
    let test = TestDesk::empty().await;
    let id = test.create("Ana", "Ruiz").await;
    for body in ["First", "Second"] {
        test.call("note_create", json!({"patient": id, "kind": "general", "body": body, "pinned": false}))
            .await;
    }
    let list = async || test.call("note_list", json!({"patient": id, "limit": 10})).await["rows"].clone();
    let first = list().await[1].clone();
    let edit = |body: &str| json!({"id": first["id"], "versions": first["versions"], "content": {"kind": "clinical", "body": body}});
    test.call("note_update", edit("First, corrected")).await;
    // Pinning is another register: it does not matter that the text has changed meanwhile.
    test.call("note_update", json!({"id": first["id"], "versions": first["versions"], "pinned": true})).await;
    let pinned = list().await[0].clone();
    assert_eq!(
        (text_of(&pinned["body"]), text_of(&pinned["kind"]), pinned["pinned"] == true),
        ("First, corrected", "clinical", true)
    );
    let error = test.fails("note_update", edit("First, by somebody else")).await;
    assert_eq!(error.code, ErrorCode::Stale);
    assert_eq!(text_of(&list().await[0]["body"]), "First, corrected");
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn no_list_of_a_request_is_longer_than_a_patient_may_have() {
    let test = TestDesk::empty().await;
    let id = test.create("Ana", "Ruiz").await;
    let versions = test.load(&id).await["versions"].clone();
    let ids: Vec<_> = (0..=LIST_MAX_ITEMS).map(|n| uuid::Uuid::from_u128(n as u128 + 1)).collect();
    let tags: Vec<_> = (0..=LIST_MAX_ITEMS).map(|i| json!({"label": format!("Tag {i}")})).collect();
    for (field, changes) in
        [("tags.removed", json!({"removed": ids})), ("tags.added", json!({"added": tags}))]
    {
        let request = json!({"id": id, "versions": versions, "patch": {"tags": changes}});
        let error = test.fails("patient_update", request).await;
        let told: Vec<_> = error.fields.iter().map(|told| (told.field.as_str(), told.problem)).collect();
        assert_eq!(told, [(field, Problem::TooMany)]);
    }
}

#[tokio::test]
async fn an_alert_is_changed_in_its_place() {
    let test = TestDesk::empty().await;
    let draft = json!({"name": {"family": "Ruiz"}, "alerts": [{"level": "alert_only", "text": "Faints"}, {"level": "alert_only", "text": "Deaf"}]});
    let id = text_of(&test.call("patient_create", draft).await["id"]).to_owned();
    let before = test.load(&id).await;
    let faints = before["alerts"].as_array().expect("alerts").iter().find(|alert| alert["text"] == "Faints");
    let faints = faints.expect("the alert")["id"].clone();
    let change =
        json!({"alerts": {"changed": [{"id": faints, "level": "do_not_book", "text": "Faints often"}]}});
    test.call("patient_update", json!({"id": id, "versions": before["versions"], "patch": change})).await;
    let after = test.load(&id).await;
    let alerts = after["alerts"].as_array().expect("alerts");
    assert_eq!(alerts.len(), 2);
    let changed = alerts.iter().find(|alert| alert["id"] == faints).expect("the same alert");
    assert_eq!((text_of(&changed["level"]), text_of(&changed["text"])), ("do_not_book", "Faints often"));
    let page = test.call("patient_list", json!({"limit": 1})).await;
    assert_eq!(page["rows"][0]["alert"], "do_not_book");
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn consent_is_what_was_decided_last_and_its_history_stays() {
    let test = TestDesk::empty().await;
    let id = test.create("Ana", "Ruiz").await;
    for decision in ["granted", "denied", "granted"] {
        let request = json!({"patient": id, "channel": "sms", "purpose": "marketing", "decision": decision, "source": "at the desk"});
        test.call("consent_record", request).await;
    }
    let page = test.load(&id).await;
    let line = |channel: &str, purpose: &str| {
        let lines = page["consent"].as_array().expect("consent");
        lines
            .iter()
            .find(|line| line["channel"] == channel && line["purpose"] == purpose)
            .expect("a line")
            .clone()
    };
    assert_eq!(line("sms", "marketing")["decision"], "granted");
    assert_eq!(line("sms", "appointments")["decision"], "unknown");
    let history = test.call("consent_history", json!({"patient": id})).await;
    assert_eq!(history["rows"].as_array().expect("rows").len(), 3);
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn a_likely_duplicate_is_shown_with_reasons_and_not_the_same_is_remembered() {
    let test = TestDesk::with_patients(200).await;
    let draft = json!({"name": {"given": "Katherine", "family": "Schmidt"}, "birth_date": "1980-05-06"});
    let known = text_of(&test.call("patient_create", draft).await["id"]).to_owned();
    let typed = json!({"name": {"given": "Catherine", "family": "Schmitt"}, "birth_date": "5/6/1980"});
    let found = test.call("patient_duplicates", typed.clone()).await;
    assert_eq!(found["likely"][0]["id"], json!(known));
    assert!(!found["likely"][0]["reasons"].as_array().expect("reasons").is_empty());
    let mut draft = typed.clone();
    draft["not_the_same_as"] = json!([known]);
    let other = text_of(&test.call("patient_create", draft).await["id"]).to_owned();
    let mut asked = typed;
    asked["id"] = json!(other);
    let again = test.call("patient_duplicates", asked.clone()).await;
    assert_eq!(again["likely"].as_array().map(Vec::len), Some(0));
    test.call("patient_distinct", json!({"a": known, "b": other, "distinct": false})).await;
    let undone = test.call("patient_duplicates", asked).await;
    assert_eq!(undone["likely"][0]["id"], json!(known));
}

#[tokio::test]
async fn pages_hold_every_patient_once_whatever_the_filter_and_order() {
    let test = TestDesk::with_patients(450).await;
    let facets = test.call("patient_facets", json!({})).await;
    let tag = facets["tags"][0]["value"].clone();
    for filter in [
        json!({}),
        json!({"tier": "gold"}),
        json!({"tag": tag}),
        json!({"alert": true}),
        json!({"archived": true}),
        json!({"tag": tag, "tier": "silver"}),
    ] {
        for sort in ["name", "name_descending", "birth_date", "birth_date_descending", "added"] {
            let mut seen = std::collections::HashSet::new();
            let mut after = Value::Null;
            let mut count = Value::Null;
            loop {
                let request = json!({"filter": filter, "sort": sort, "after": after, "limit": 37});
                let page = test.call("patient_list", request).await;
                for row in page["rows"].as_array().expect("rows") {
                    assert!(seen.insert(text_of(&row["id"]).to_owned()), "twice in {filter} by {sort}");
                }
                count = page["count"]["n"].clone().max_of(count);
                after = page["next"].clone();
                if after.is_null() {
                    break;
                }
            }
            assert_eq!(json!(seen.len()), count, "{filter} by {sort}");
        }
    }
}

trait MaxOf {
    fn max_of(self, other: Value) -> Value;
}

impl MaxOf for Value {
    fn max_of(self, other: Value) -> Value {
        if self.as_u64() >= other.as_u64() { self } else { other }
    }
}

#[tokio::test]
async fn every_window_hears_of_a_change() {
    let test = TestDesk::empty().await;
    let mut events = test.desk.subscribe();
    test.create("Ana", "Ruiz").await;
    loop {
        if let Event::Changed { collections } = events.recv().await.expect("an event") {
            assert!(collections.contains(&"patient".to_owned()), "{collections:?}");
            break;
        }
    }
}

#[tokio::test]
async fn an_export_never_replaces_the_database_or_a_device() {
    let test = TestDesk::with_patients(3).await;
    let own = test.dir.path();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let link = elsewhere.path().join("link.csv");
    std::os::unix::fs::symlink(own.join("key.json"), &link).expect("a link");
    for target in [own.join("frontdesk.db"), own.join("key.json"), link, "/dev/null".into()] {
        let refused = app::export_patients(&test.desk, &target).await.expect_err("refused");
        assert_eq!(refused.code, ErrorCode::BadFile, "{}", target.display());
    }
    assert!(test.is_sound().await);
}

#[tokio::test]
async fn an_export_holds_every_patient_and_no_formula() {
    let test = TestDesk::with_patients(120).await;
    test.create("=cmd()", "@SUM(A1)").await;
    let file = test.dir.path().join("out.csv");
    let written = app::export_patients(&test.desk, &file).await.expect("an export");
    assert_eq!(written, 121);
    let text = std::fs::read_to_string(&file).expect("read");
    assert!(text.contains("'=cmd()") && text.contains("'@SUM(A1)"));
    assert_eq!(csv::Reader::from_reader(text.as_bytes()).records().count(), 121);
}
