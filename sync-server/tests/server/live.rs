//! The live channel: hints, to whom they belong.

use crate::desk::{Desk, new_id};
use crate::site::Site;
use std::time::{Duration, Instant};
use sync_protocol::{Hint, Place};
use sync_server::devices::admin;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub type Channel = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub async fn connect(desk: &Desk) -> Channel {
    let address = desk.address.replace("http://", "ws://");
    let mut request = format!("{address}/v1/live").into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", desk.token).parse().unwrap());
    connect_async(request).await.unwrap().0
}

/// The next thing that is not about whether somebody is there; nothing within two seconds.
pub async fn next(channel: &mut Channel) -> Option<Message> {
    use futures_util::StreamExt;
    loop {
        match tokio::time::timeout(Duration::from_secs(2), channel.next()).await {
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Ok(message))) => return Some(message),
            Ok(_) | Err(_) => return None,
        }
    }
}

/// The next hint.
pub async fn hint(channel: &mut Channel) -> Option<Hint> {
    let text = next(channel).await?.into_text().unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// The hint that tells of change `head`. What came before may be told late, as word of another server.
pub async fn hint_of(channel: &mut Channel, head: u64) -> Hint {
    loop {
        let hint = hint(channel).await.unwrap();
        if hint.head == head {
            return hint;
        }
    }
}

#[tokio::test]
async fn a_push_is_hinted_to_the_clinics_devices_at_every_server_and_to_nobody_else() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, near, mut far) = (site.desk(clinic).await, site.desk(clinic).await, site.desk(clinic).await);
    let stranger = site.desk(site.clinic().await).await;
    let (second, address) = site.another_server().await;
    far.address = address;
    let mut channels = [connect(&near).await, connect(&far).await];
    let mut strange = connect(&stranger).await;
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    for channel in &mut channels {
        assert_eq!(hint(channel).await.unwrap().head, 1);
    }
    assert_eq!(next(&mut strange).await, None);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn many_pushes_are_few_hints_and_the_last_one_is_among_them() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let mut channel = connect(&other).await;
    let started = Instant::now();
    for n in 0..60 {
        desk.push(vec![desk.transaction(vec![desk.insert(new_id(), &n.to_string())])]).await;
    }
    let mut hints = Vec::new();
    while let Some(message) = next(&mut channel).await {
        let hint: Hint = serde_json::from_str(&message.into_text().unwrap()).unwrap();
        hints.push(hint.head);
    }
    assert_eq!(*hints.last().unwrap(), 60);
    let most = 2 + started.elapsed().as_millis() / 200;
    assert!(hints.len() as u128 <= most, "{hints:?}");
}

#[tokio::test]
async fn hints_carry_small_changes_without_a_gap_as_a_pull_would_bring_them() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let mut channel = connect(&other).await;
    let mut head = 0;
    for names in [&["Ada"][..], &["Bob", "Cy"], &["Di"]] {
        let ops = names.iter().map(|name| desk.insert(new_id(), name)).collect();
        desk.push(vec![desk.transaction(ops)]).await;
    }
    while head < 3 {
        let Hint { head: now, changes } = hint(&mut channel).await.unwrap();
        assert_eq!(changes.len() as u64, now - head, "each change since the last hint");
        for told in changes {
            assert_eq!((told.epoch, told.after), (other.epoch().await, head));
            let pulled = other.page(Place { seq: head, key: None }, 100).await;
            let told = told.page.message;
            assert_eq!(told.records[..], pulled.records[..told.records.len()]);
            head += 1;
            assert_eq!((told.head, told.next), (Some(head), Place { seq: head, key: None }));
        }
    }
}

#[tokio::test]
async fn a_hint_brings_the_conflict_that_a_push_made() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (a, b) = (site.desk(clinic).await, site.desk(clinic).await);
    let patient = new_id();
    a.push(vec![a.transaction(vec![a.insert(patient, "Ada")])]).await;
    let mut channel = connect(&a).await;
    b.push(vec![b.transaction(vec![b.insert(patient, "Bea")])]).await;
    let told = hint_of(&mut channel, 2).await.changes.pop().unwrap().page.message;
    let pulled = a.page(Place { seq: 1, key: None }, 100).await;
    let sorted = |page: &sync_protocol::Page| {
        let mut keys: Vec<_> = page.records.iter().map(|(key, _)| key.clone()).collect();
        keys.sort();
        keys
    };
    assert_eq!((sorted(&told).len(), sorted(&told)), (2, sorted(&pulled)));
    assert_eq!(told.head, pulled.head);
}

#[tokio::test]
async fn a_large_change_is_hinted_without_its_records() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let mut channel = connect(&other).await;
    let many = (0..101).map(|_| desk.insert(new_id(), "Ada")).collect();
    desk.push(vec![desk.transaction(many)]).await;
    assert_eq!(hint(&mut channel).await, Some(Hint { head: 1, changes: Vec::new() }));
    let long = "x".repeat(65 << 10);
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), &long)])]).await;
    assert_eq!(hint(&mut channel).await, Some(Hint { head: 2, changes: Vec::new() }));
    desk.push(vec![desk.transaction(vec![desk.insert(new_id(), "Bob")])]).await;
    assert_eq!(hint(&mut channel).await.unwrap().changes.len(), 1);
}

#[tokio::test]
async fn a_device_that_is_shut_out_is_told_on_its_open_channel_within_five_seconds() {
    let site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let mut channel = connect(&desk).await;
    admin::revoke(&site.owner, desk.clinic, desk.id.device).await.unwrap();
    let revoked = Instant::now();
    let closed = loop {
        if let Some(message) = next(&mut channel).await {
            break message;
        }
        assert!(revoked.elapsed() < Duration::from_secs(5));
    };
    let Message::Close(Some(frame)) = closed else { panic!("{closed:?}") };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "revoked"));
    assert!(revoked.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_server_that_ends_says_so_and_answers_what_is_under_way() {
    let mut site = Site::open().await;
    let desk = site.desk(site.clinic().await).await;
    let mut channel = connect(&desk).await;
    let message = desk.message(vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]).await;
    // Somebody else has the clinic, so that the push cannot end before the server is asked to.
    let holder = site.hold().await;
    let push = desk.post("/v1/push", &message);
    let end = async {
        site.until_somebody_waits().await;
        let told = async {
            let closed = next(&mut channel).await;
            assert!(matches!(closed, Some(Message::Close(Some(_)))), "{closed:?}");
            holder.rollback().await.unwrap();
        };
        tokio::join!(site.stop_server(), told)
    };
    let (answer, _) = tokio::join!(push, end);
    assert_eq!(answer.status(), reqwest::StatusCode::OK);
}
