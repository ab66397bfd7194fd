//! The simulation finds mistakes: each of those that can be planted.

use crate::simulation::on_all_processors;
use crate::world::World;
use std::panic::catch_unwind;
use std::sync::Mutex;
use sync_engine::planted::{self, Bug};

const SEEDS: u64 = 1_000;

/// Among them memrynote#2282, sync_gateway#3721, sqlite-data#506, actuali#188 and cht-core#8093.
#[test]
fn every_planted_bug_is_found() {
    let missed = Mutex::new(Vec::new());
    on_all_processors(Bug::ALL.into_iter(), |bug| {
        planted::plant(Some(bug));
        match (0..SEEDS).find(|seed| catch_unwind(|| World::run(*seed)).is_err()) {
            Some(seed) => eprintln!("{bug:?}: seed {seed}"),
            None => missed.lock().unwrap().push(bug),
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "not found within {SEEDS} seeds: {missed:?}");
}
