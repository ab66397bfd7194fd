use crate::support::*;
use contract::SyncState;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_desk_writes_the_other_shows_at_once() {
    let Some(site) = site() else { return };
    let (_, desks) = clinic_of(&site, 2).await;
    for desk in &desks {
        desk.until_up_to_date().await;
    }
    let ann = desks[0].create("Ann", "Ash").await;
    desks[1].until("the patient", async |desk| desk.families().await == ["Ash"]).await;
    desks[1].rename(&ann, "Anna", "Ash").await;
    desks[0].until("the new name", async |desk| desk.given(&ann).await == "Anna").await;
    desks[0].until_up_to_date().await;
    let arrived = desks[0].call("sync_arrivals", json!({"limit": 10})).await;
    assert_eq!(arrived["rows"][0]["subject"]["patient_name"], "Anna Ash", "{arrived}");
    assert_eq!(arrived["rows"][0]["device"], "Desk 1", "{arrived}");
    for desk in &desks {
        assert_eq!(desk.status().await.unsent, 0);
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_without_a_network_says_so_and_catches_up_when_it_has_one() {
    let Some(mut site) = site() else { return };
    let (_, desks) = clinic_of(&site, 2).await;
    for desk in &desks {
        desk.until_up_to_date().await;
    }
    site.kill_server();
    let ann = desks[0].create("Ann", "Ash").await;
    desks[0].create("Bea", "Birch").await;
    desks[1].create("Cleo", "Cedar").await;
    let is_unsent = async || desks[0].call("patient_load", json!({"id": ann})).await["is_unsent"] == true;
    assert!(is_unsent().await);
    for (desk, unsent) in desks.iter().zip([2, 1]) {
        desk.call("sync_now", json!({})).await;
        desk.until("offline", async |desk| desk.status().await.state == SyncState::Offline).await;
        let status = desk.status().await;
        assert_eq!(status.unsent, unsent);
        assert!(status.unsent_since.is_some() && status.last_contact.is_some(), "{status:?}");
    }
    site.start_server().unwrap();
    for desk in &desks {
        desk.call("sync_now", json!({})).await;
        desk.until("everything", async |desk| desk.families().await == ["Ash", "Birch", "Cedar"]).await;
        desk.until_up_to_date().await;
        assert_eq!(desk.conflicts().await, [] as [Value; 0]);
    }
    assert!(!is_unsent().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_field_edited_on_two_desks_is_one_conflict_and_gone_everywhere_when_it_is_judged() {
    let Some(site) = site() else { return };
    let desks = TestDesk::two_quiet(&site).await;
    let ann = desks[0].create("Ann", "Ash").await;
    for desk in &desks {
        desk.exchange().await;
    }
    desks[0].rename(&ann, "Anna", "Ash").await;
    desks[1].rename(&ann, "Anne", "Ash").await;
    for desk in desks.iter().chain(&desks) {
        desk.exchange().await;
    }
    // Both wrote within a moment: which of them was later is for the clocks to say.
    let conflict = desks[0].conflicts().await.remove(0);
    let [won, lost] = [&conflict["winner"], &conflict["loser"]].map(given_of);
    for desk in &desks {
        assert_eq!(desk.given(&ann).await, won);
        let [conflict] = &desk.conflicts().await[..] else { panic!("one conflict") };
        assert_eq!(conflict["register"], "name");
        assert_eq!(conflict["subject"]["patient_name"], format!("{won} Ash"));
        for (side, given) in [("winner", won), ("loser", lost)] {
            assert_eq!(given_of(&conflict[side]), given);
            assert_eq!(conflict[side]["device"], if given == "Anna" { "Front" } else { "Back" });
        }
        assert_eq!(conflict["changed_since"], false);
        assert_eq!(desk.status().await.conflicts, 1);
    }
    let id = desks[0].conflicts().await[0]["id"].clone();
    desks[0].call("conflict_resolve", json!({"id": id, "keep": "loser"})).await;
    assert_eq!(desks[0].given(&ann).await, lost);
    // Taken back, and judged again.
    desks[0].call("conflict_reopen", json!({"id": id})).await;
    assert_eq!((desks[0].given(&ann).await.as_str(), desks[0].conflicts().await.len()), (won, 1));
    desks[0].call("conflict_resolve", json!({"id": id, "keep": "loser"})).await;
    for desk in &desks {
        desk.exchange().await;
    }
    for desk in &desks {
        assert_eq!((desk.given(&ann).await.as_str(), desk.conflicts().await.len()), (lost, 0));
        desk.is_sound().await;
    }
}

/// The given name in one version of a name.
fn given_of(side: &Value) -> &str {
    let given = &side["values"][1];
    assert_eq!(given["column"], "given");
    given["value"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_conflict_judged_differently_on_two_desks_is_asked_again() {
    let Some(site) = site() else { return };
    let desks = TestDesk::two_quiet(&site).await;
    let ann = desks[0].create("Ann", "Ash").await;
    for desk in &desks {
        desk.exchange().await;
    }
    desks[0].rename(&ann, "Anna", "Ash").await;
    desks[1].rename(&ann, "Anne", "Ash").await;
    for desk in desks.iter().chain(&desks) {
        desk.exchange().await;
    }
    let conflict = desks[0].conflicts().await.remove(0);
    let id = conflict["id"].clone();
    desks[0].call("conflict_resolve", json!({"id": id, "keep": "loser"})).await;
    desks[1].call("conflict_resolve", json!({"id": id, "keep": "winner"})).await;
    for desk in desks.iter().chain(&desks) {
        desk.exchange().await;
    }
    // What both show is one of the two, and the other judgement is there to be looked at.
    assert_eq!(desks[0].given(&ann).await, desks[1].given(&ann).await);
    let [again] = &desks[1].conflicts().await[..] else { panic!("one conflict") };
    assert_eq!(
        (&again["subject"]["collection"], &again["register"]),
        (&json!("conflict"), &json!("judgement"))
    );
    // As above: the clocks say which of the judgements was later.
    let kept = again["winner"]["values"][0]["value"].as_str().unwrap();
    let given = given_of(&conflict[kept]);
    desks[1].call("conflict_resolve", json!({"id": again["id"], "keep": "winner"})).await;
    for desk in desks.iter().rev() {
        desk.exchange().await;
    }
    for desk in &desks {
        assert_eq!((desk.given(&ann).await.as_str(), desk.conflicts().await.len()), (given, 0));
    }
}
