//! Desks behind a network that fails in every way, and then heals.

use crate::proxy::{Proxy, Weather};
use crate::support::*;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::time::{Duration, Instant};

/// Converged within this time after the network has healed.
const HEALED: Duration = Duration::from_secs(10);

/// How many schedules are tried, from which seed: more with `cargo xtask soak net`.
fn schedules() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let from = number("FRONTDESK_FROM").unwrap_or(0);
    from..from + number("FRONTDESK_SCHEDULES").unwrap_or(6)
}

const WEATHERS: [Weather; 9] = [
    Weather::Fair,
    Weather::Delay(40),
    Weather::Cut,
    Weather::HalfOpen,
    Weather::DownLost,
    Weather::UpLost,
    Weather::Doubled,
    Weather::Torn(300),
    Weather::Torn(2_000),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_network_does_desks_converge_within_ten_seconds_of_its_healing() {
    let Some(site) = site() else { return };
    // One clinic for all schedules: the server lets an address try few codes a minute.
    let clinic = site.create_clinic("Clinic").unwrap();
    let (mut desks, mut proxies) = (Vec::new(), Vec::new());
    for n in 0..2 {
        let proxy = Proxy::start(&site.address()).await;
        let desk = TestDesk::open().await;
        let code = site.invite(&clinic.id).unwrap();
        desk.pair_at(&proxy.address(), &code, &format!("Desk {n}")).await;
        proxies.push(proxy);
        desks.push(desk);
    }
    let mut made = Vec::new();
    for seed in schedules() {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut weathers = Vec::new();
        let name = format!("{seed}-shared");
        let shared = desks[0].create("Ann", &name).await;
        made.push(name.clone());
        desks[1].until("the patient", async |desk| desk.has(&shared).await).await;
        for step in 0..6 {
            for (n, (desk, proxy)) in desks.iter().zip(&proxies).enumerate() {
                let weather = *WEATHERS.choose(&mut random).unwrap();
                proxy.set(weather);
                weathers.push((n, weather));
                let family = format!("{seed}-{n}-{step}");
                desk.create("New", &family).await;
                made.push(family);
                if random.random_bool(0.3) {
                    desk.rename(&shared, &format!("By {n} in {step}"), &name).await;
                }
                desk.call("sync_now", json!({})).await;
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(20..400))).await;
        }
        made.sort();
        for proxy in &proxies {
            proxy.set(Weather::Fair);
        }
        let healed = Instant::now();
        loop {
            let mut done = desks[0].given(&shared).await == desks[1].given(&shared).await;
            for desk in &desks {
                done &= desk.status().await.unsent == 0;
            }
            if done {
                done = desks[0].families().await == made && desks[1].families().await == made;
            }
            if done {
                break;
            }
            if healed.elapsed() > HEALED {
                let mut told = Vec::new();
                for desk in &desks {
                    let has = desk.families().await;
                    let lacking: Vec<_> = made.iter().filter(|name| !has.contains(name)).cloned().collect();
                    told.push((
                        lacking,
                        desk.status().await,
                        desk.call("sync_log", json!({"limit": 5})).await,
                    ));
                }
                panic!("schedule {seed} of {weathers:?}, what each desk lacks, and how it stands: {told:#?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        eprintln!("schedule {seed}: equal {:?} after the network healed", healed.elapsed());
    }
    for desk in &desks {
        desk.is_sound().await;
        desk.desk.close().await;
    }
}
