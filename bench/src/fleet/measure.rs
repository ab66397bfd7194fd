//! A fleet at work for a while.

use super::WARM_UP;
use super::device::{Device, Heard};
use crate::line::Samples;
use anyhow::Result;
use futures_util::StreamExt;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use sync_protocol::Place;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// How often a device pushes.
const EVERY: Duration = Duration::from_secs(1);
/// How long what was pushed last may be on its way when a run ends.
const AFTER: Duration = Duration::from_secs(2);

/// What the devices do besides pushing.
#[derive(Clone, Copy)]
pub struct Load {
    pub seconds: u64,
    /// They hear hints.
    pub listening: bool,
    /// They take what hints tell, and pull what they do not.
    pub pulling: bool,
}

/// What came of it, of the time that was measured.
#[derive(Default)]
pub struct Run {
    pub rows: u64,
    /// From a push's beginning to its answer.
    pub pushes: Samples,
    /// From a push's beginning to when another device of the clinic had it.
    pub seen: Samples,
    pub pulls: u64,
    pub hints: u64,
    pub errors: Vec<String>,
}

struct Fleet {
    began: Instant,
    from: Instant,
    until: Instant,
    load: Load,
    run: Mutex<Run>,
}

impl Fleet {
    fn note(&self, at: Instant, note: impl FnOnce(&mut Run)) {
        if (self.from..self.until).contains(&at) {
            note(&mut self.run.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Whatever fails counts, also before and after.
    fn fail(&self, error: &anyhow::Error) {
        self.run.lock().unwrap_or_else(PoisonError::into_inner).errors.push(format!("{error:#}"));
    }

    /// Pushes once a second; a push that takes longer delays the next, which then follows at once.
    async fn push(&self, device: &Device, first: Instant) {
        let mut due = first;
        while due < self.until {
            tokio::time::sleep_until(due.into()).await;
            let started = Instant::now();
            let us = u64::try_from((started - self.began).as_micros()).unwrap_or(0);
            match device.push(us).await {
                Ok(rows) => self.note(started, |run| {
                    run.rows += rows as u64;
                    run.pushes.add(started.elapsed(), 0, 0);
                }),
                Err(error) => self.fail(&error),
            }
            due += EVERY;
        }
    }

    /// Hears hints and passes them on.
    async fn listen(&self, device: &Device, hints: &mpsc::UnboundedSender<Heard>) {
        let mut channel = match device.listen().await {
            Ok(channel) => channel,
            Err(error) => return self.fail(&error),
        };
        while let Some(message) = channel.next().await {
            match message {
                Ok(message) => {
                    if !message.is_text() {
                        continue;
                    }
                    self.note(Instant::now(), |run| run.hints += 1);
                    if let (true, Some(hint)) = (self.load.pulling, Heard::read(&message)) {
                        // Nobody listens any more when a run has ended.
                        let _ = hints.send(hint);
                    }
                }
                Err(error) => return self.fail(&error.into()),
            }
        }
        self.fail(&anyhow::anyhow!("a live channel was closed"));
    }

    /// Takes what hints tell, and pulls what they do not.
    async fn pull(&self, device: &Device, mut hints: mpsc::UnboundedReceiver<Heard>, mut cursor: Place) {
        let mut seen = BTreeSet::new();
        while let Some(hint) = hints.recv().await {
            let head = hint.head;
            let told = hint.take(&mut cursor, self.began);
            self.see(device, told, &mut seen);
            while cursor.seq < head {
                let arrived = match device.pull(cursor.clone(), self.began).await {
                    Ok(arrived) => arrived,
                    Err(error) => {
                        self.fail(&error);
                        break;
                    }
                };
                self.note(Instant::now(), |run| run.pulls += 1);
                self.see(device, arrived.pushes, &mut seen);
                cursor = arrived.next;
                if arrived.is_whole {
                    // Behind all of its change.
                    cursor.key = None;
                }
            }
        }
    }
}

impl Fleet {
    /// Notes what other devices pushed and this one sees for the first time.
    fn see(&self, device: &Device, pushes: Vec<(Uuid, Instant)>, seen: &mut BTreeSet<(Uuid, Instant)>) {
        let now = Instant::now();
        for push in pushes {
            if push.0 != device.id() && seen.insert(push) {
                self.note(push.1, |run| run.seen.add(now.duration_since(push.1), 0, 0));
            }
        }
    }
}

/// Lets the devices work, and measures after a while.
pub async fn run(devices: &[Arc<Device>], load: Load) -> Result<Run> {
    let mut cursors = Vec::new();
    for device in devices {
        let seq = if load.pulling { device.head().await? } else { 0 };
        cursors.push(Place { seq, key: None });
    }
    let began = Instant::now();
    let from = began + WARM_UP;
    let until = from + Duration::from_secs(load.seconds);
    let fleet = Arc::new(Fleet { began, from, until, load, run: Mutex::default() });
    let (mut pushing, mut others) = (JoinSet::new(), JoinSet::new());
    for (number, (device, cursor)) in devices.iter().zip(cursors).enumerate() {
        let (hints, news) = mpsc::unbounded_channel();
        if fleet.load.listening {
            let (fleet, device) = (Arc::clone(&fleet), Arc::clone(device));
            others.spawn(async move { fleet.listen(&device, &hints).await });
        }
        if fleet.load.pulling {
            let (fleet, device) = (Arc::clone(&fleet), Arc::clone(device));
            others.spawn(async move { fleet.pull(&device, news, cursor).await });
        }
        // Spread over the second, as people are.
        let share = u32::try_from(number * 7_919 % devices.len())?;
        let first = began + EVERY * share / u32::try_from(devices.len())?;
        let (fleet, device) = (Arc::clone(&fleet), Arc::clone(device));
        pushing.spawn(async move { fleet.push(&device, first).await });
    }
    while pushing.join_next().await.is_some() {}
    tokio::time::sleep(AFTER).await;
    others.shutdown().await;
    let mut run = fleet.run.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *run))
}
