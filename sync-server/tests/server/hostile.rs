//! A device that means harm, with a credential: what it sends is refused, the server's memory stays within bounds, and
//! everybody else is served meanwhile.

use crate::desk::{Desk, new_id};
use crate::process::Server;
use crate::site::{SERVER, Site};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const MB: usize = 1 << 20;

fn packed(text: &str, times: usize) -> Vec<u8> {
    let part = text.repeat(MB / text.len());
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..times {
        std::io::Write::write_all(&mut packed, part.as_bytes()).unwrap();
    }
    packed.finish().unwrap()
}

/// The answer's status; nothing if the server hung up while it was still being sent to.
async fn send(desk: &Desk, path: &str, body: Vec<u8>, is_packed: bool) -> Option<StatusCode> {
    let mut request = desk.request(Method::POST, path).header("content-type", "application/json").body(body);
    if is_packed {
        request = request.header("content-encoding", "zstd");
    }
    request.send().await.ok().map(|answer| answer.status())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bombs_and_floods_leave_the_memory_flat_and_others_served() {
    let site = Site::open().await;
    let server = Server::start(&site.url(SERVER));
    let (hostile, honest) = (site.clinic().await, site.clinic().await);
    let mut desks = Vec::new();
    for clinic in [hostile, hostile, hostile, hostile, hostile, honest] {
        let mut desk = site.desk(clinic).await;
        desk.address = server.address.clone();
        desks.push(desk);
    }
    let honest = Arc::new(desks.pop().unwrap());
    for _ in 0..20 {
        honest.push(vec![honest.transaction(vec![honest.insert(new_id(), "Ada")])]).await;
    }
    let memory = || server.process.memory_kb(|_| true).unwrap() / 1024;
    let before = memory();
    // Each is 40 MB and more once it is inflated; none of them is more than a few kB on its way.
    let bombs = [packed(" ", 1024), packed("[", 64), packed("{\"a\":", 64), packed("[0,0,0,0],", 64)];
    // Within what a body may be inflated to, and sound, but with a value for every two bytes.
    let sound = desks[0].message(vec![desks[0].transaction(vec![desks[0].insert(new_id(), "Ada")])]).await;
    let zeros = format!("{}0", "0,".repeat(14 * MB));
    let values = serde_json::to_string(&sound).unwrap().replace("\"Ada\"", &zeros);
    let values = zstd::encode_all(values.as_bytes(), 1).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let slowest = Arc::new(AtomicU64::new(0));
    let served = tokio::spawn({
        let (honest, done, slowest) = (Arc::clone(&honest), Arc::clone(&done), Arc::clone(&slowest));
        async move {
            let mut pushes = 0;
            while !done.load(Ordering::Relaxed) {
                let started = Instant::now();
                honest.push(vec![honest.transaction(vec![honest.insert(new_id(), "Ada")])]).await;
                slowest.fetch_max(started.elapsed().as_millis().try_into().unwrap(), Ordering::Relaxed);
                pushes += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            pushes
        }
    });
    let attack = async {
        for path in ["/v1/push", "/v1/upload", "/v1/offer", "/v1/pull", "/v1/bucket"] {
            for bomb in bombs.iter().chain([&values]) {
                let sent = desks.iter().map(|desk| send(desk, path, bomb.clone(), true));
                for status in join_all(sent).await.into_iter().flatten() {
                    assert!(
                        [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::BAD_REQUEST].contains(&status),
                        "{status}"
                    );
                }
            }
        }
        assert_eq!(send(&desks[0], "/v1/push", values, true).await, Some(StatusCode::PAYLOAD_TOO_LARGE));
        // In plain text, and several of one device at once.
        let large = vec![b' '; 100 * MB];
        let sent = (0..4).map(|_| send(&desks[0], "/v1/push", large.clone(), false));
        for status in join_all(sent).await.into_iter().flatten() {
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        }
        let allowed = vec![b' '; 15 * MB];
        let sent = (0..6).map(|_| send(&desks[1], "/v1/push", allowed.clone(), false));
        let statuses = join_all(sent).await;
        assert!(statuses.contains(&Some(StatusCode::TOO_MANY_REQUESTS)), "one at a time: {statuses:?}");
    };
    let highest = AtomicU64::new(0);
    let watch = async {
        while !done.load(Ordering::Relaxed) {
            highest.fetch_max(memory(), Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let attack = async {
        attack.await;
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(attack, watch);
    assert!(served.await.unwrap() >= 5);
    let (after, highest) = (memory(), highest.into_inner());
    let slowest = slowest.load(Ordering::Relaxed);
    let told =
        format!("{before} MB before, {highest} MB at most, {after} MB after; slowest push {slowest} ms");
    println!("{told}");
    assert!(highest < before + 200 && after < before + 100, "{told}");
    assert!(slowest < 5_000, "{told}");
    assert!(honest.names().await.len() >= 25);
}

#[tokio::test]
async fn numbers_that_no_clock_or_cursor_reaches_stop_nobody() {
    let site = Site::open().await;
    let clinic = site.clinic().await;
    let (desk, other) = (site.desk(clinic).await, site.desk(clinic).await);
    let epoch = desk.epoch().await;
    for far in [i64::MIN, -9_000_000_000_000_000_000, 9_000_000_000_000_000_000, i64::MAX] {
        let mut message = desk.message_in(epoch, vec![desk.transaction(vec![desk.insert(new_id(), "Ada")])]);
        message.message.clock.wall_ms = far;
        message.message.clock.boot_ms = far;
        message.message.transactions[0].transaction.clock.wall_ms = far.wrapping_neg();
        message.message.transactions[0].transaction.clock.boot_ms = far;
        assert_eq!(desk.post("/v1/push", &message).await.status(), StatusCode::OK, "{far}");
    }
    // None of them is in the future: whoever writes next wins.
    let (records, _, _) = other.pull_all(100).await;
    let times: Vec<_> = records.iter().map(|(_, record)| record.life.stamp.at_ms).collect();
    assert!(times.iter().all(|at| *at < 4_000_000_000_000), "{times:?}");
    for seq in [0_u64, 9_000_000_000_000_000_000, i64::MAX.unsigned_abs(), u64::MAX] {
        let pull = json!({"epoch": epoch, "after": {"seq": seq, "key": null}, "limit": u32::MAX});
        let status = other.post("/v1/pull", &pull).await.status();
        let expected = if i64::try_from(seq).is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        assert_eq!(status, expected, "{seq}");
    }
    assert_eq!(other.names().await.len(), 4);
}
