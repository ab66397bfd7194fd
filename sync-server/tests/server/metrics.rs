//! What Prometheus is told.

use crate::desk::{Desk, new_id};
use crate::live::connect;
use crate::site::{SERVER, Site};
use reqwest::{Method, StatusCode};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use sync_protocol::{Dot, Guard, Replica};
use sync_server::serve::{Settings, start};

async fn get(url: &str) -> (StatusCode, String) {
    let http = crate::desk::http();
    let answer = http.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// Each sample by its name with labels.
async fn samples(url: &str) -> BTreeMap<String, f64> {
    let (status, text) = get(url).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, n)| (name.to_owned(), n.parse().unwrap()))
        .collect()
}

fn guarded(desk: &Desk) -> sync_protocol::Op {
    let mut op = desk.insert(new_id(), "issued");
    let at = Dot { replica: Replica(0), seq: 1 };
    op.guards =
        vec![Guard { collection: "patient".to_owned(), record: new_id(), register: String::new(), at }];
    op
}

#[tokio::test]
async fn prometheus_is_told_what_the_server_does_and_nothing_of_whom() {
    let site = Site::open().await;
    let metrics = Some("127.0.0.1:0".parse().unwrap());
    let server = start(Settings { metrics, ..site.settings(SERVER) }).await.unwrap();
    let url = server.metrics_url().unwrap();
    let clinic = site.clinic().await;
    let (mut a, mut b) = (site.desk(clinic).await, site.desk(clinic).await);
    (a.address, b.address) = (server.url(), server.url());
    let patient = new_id();
    a.push(vec![a.transaction(vec![a.insert(patient, "Ada"), a.insert(new_id(), "Bea")])]).await;
    b.push(vec![b.transaction(vec![b.insert(patient, "Eve")])]).await;
    b.push(vec![b.transaction(vec![guarded(&b)])]).await;
    let channel = connect(&a).await;
    assert_eq!(
        a.request(Method::GET, &format!("/v1/{patient}")).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    let path = format!("/v1/devices/{}", new_id());
    assert_eq!(a.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let made_up = Method::from_bytes(b"ADA").unwrap();
    a.request(made_up, "/v1/push").send().await.unwrap();
    let told = samples(&url).await;
    let expect = |name: &str, value: f64| assert_eq!(told.get(name), Some(&value), "{name} in {told:#?}");
    expect("frontdesk_requests_total{method=\"POST\",route=\"/v1/push\",status=\"200\"}", 3.0);
    expect("frontdesk_requests_total{method=\"GET\",route=\"other\",status=\"404\"}", 1.0);
    expect("frontdesk_requests_total{method=\"DELETE\",route=\"/v1/devices/{device}\",status=\"404\"}", 1.0);
    expect("frontdesk_requests_total{method=\"other\",route=\"/v1/push\",status=\"405\"}", 1.0);
    expect("frontdesk_request_duration_seconds_count{route=\"/v1/push\"}", 4.0);
    expect("frontdesk_request_duration_seconds_bucket{le=\"+Inf\",route=\"/v1/push\"}", 4.0);
    expect("frontdesk_rows_merged_total", 3.0);
    expect("frontdesk_conflicts_total", 1.0);
    expect("frontdesk_rejections_total", 1.0);
    expect("frontdesk_live_channels", 1.0);
    assert!(told["frontdesk_database_connections"] >= 1.0);
    assert!(told["frontdesk_database_connections_in_use"] <= told["frontdesk_database_connections"]);
    assert!(told["process_resident_memory_bytes"] > 1e6);
    let (_, text) = get(&url).await;
    for secret in ["Ada", "ADA", &clinic.to_string(), &patient.to_string(), &a.id.device.to_string()] {
        assert!(!text.contains(secret), "{secret}");
    }
    drop(channel);
    let gone = Instant::now();
    while samples(&url).await["frontdesk_live_channels"] != 0.0 {
        assert!(gone.elapsed() < Duration::from_secs(5), "a device that is gone counts as connected");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Devices do not reach it, and Prometheus reaches nothing else.
    assert_eq!(get(&format!("{}/metrics", server.url())).await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&url.replace("/metrics", "/v1/epoch")).await.0, StatusCode::NOT_FOUND);
    server.stop().await.unwrap();
    let (again, _) = site.another_server().await;
    assert_eq!(again.metrics_url(), None, "off unless it is told");
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_retry_counts_as_a_request_and_not_as_rows() {
    let site = Site::open().await;
    let metrics = Some("127.0.0.1:0".parse().unwrap());
    let server = start(Settings { metrics, ..site.settings(SERVER) }).await.unwrap();
    let mut desk = site.desk(site.clinic().await).await;
    desk.address = server.url();
    let transaction = desk.transaction(vec![desk.insert(new_id(), "Ada")]);
    for _ in 0..3 {
        desk.push(vec![transaction.clone()]).await;
    }
    let told = samples(&server.metrics_url().unwrap()).await;
    assert_eq!(told["frontdesk_rows_merged_total"], 1.0);
    assert_eq!(told["frontdesk_requests_total{method=\"POST\",route=\"/v1/push\",status=\"200\"}"], 3.0);
    server.stop().await.unwrap();
}
