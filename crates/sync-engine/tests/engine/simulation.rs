//! Many seeds.

use crate::world::World;
use std::panic::catch_unwind;
use std::sync::Mutex;
use sync_engine::{CONFLICTS, PAIR};

const SEEDS: u64 = 2_000;

/// The first `most`, or those that the environment names: `FRONTDESK_SEEDS=from..to`; one of them: `FRONTDESK_SEED=n`.
pub fn seeds(most: u64) -> std::ops::Range<u64> {
    let number = |text: &str| text.parse().ok();
    if let Some(seed) = std::env::var("FRONTDESK_SEED").ok().as_deref().and_then(number) {
        return seed..seed + 1;
    }
    let range = std::env::var("FRONTDESK_SEEDS").ok();
    let range = range.as_deref().and_then(|range| range.split_once(".."));
    range.and_then(|(from, to)| Some(number(from)?..number(to)?)).unwrap_or(0..most)
}

/// Calls `work` with each of `items`, on all processors.
pub fn on_all_processors<T: Send>(items: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let items = Mutex::new(items);
    let next = || items.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
}

/// What happened over all seeds.
#[derive(Default)]
struct Tally {
    failed: Vec<u64>,
    values: usize,
    deletes: usize,
    told: usize,
}

/// Rules 1 to 8, 11 to 13 and 17.
#[test]
fn all_desks_end_equal_to_the_server_and_nothing_is_lost_doubled_or_silently_overwritten() {
    let seeds = seeds(SEEDS);
    let tally = Mutex::new(Tally::default());
    on_all_processors(seeds.clone(), |seed| {
        let end = catch_unwind(|| {
            let world = World::run(seed);
            let conflicts = world.store.records.iter().filter(|(key, _)| key.collection == CONFLICTS);
            let of_delete = conflicts.map(|(_, (_, record))| record.registers[PAIR].value[2] == "");
            (of_delete.collect::<Vec<_>>(), world.log.told())
        });
        let mut tally = tally.lock().unwrap();
        match end {
            Ok((of_delete, told)) => {
                let deletes = of_delete.iter().filter(|of_delete| **of_delete).count();
                tally.deletes += deletes;
                tally.values += of_delete.len() - deletes;
                tally.told += told;
            }
            Err(_) => tally.failed.push(seed),
        }
    });
    let Tally { failed, values, deletes, told } = tally.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {seeds:?} fail; one of them again: FRONTDESK_SEED={failed:?}",
        failed.len()
    );
    if seeds.end - seeds.start >= SEEDS {
        // A simulation in which nothing collides proves nothing.
        let enough = values > 1_000 && deletes > 1_000 && told > 1_000;
        assert!(enough, "{values} values and {deletes} deletes in conflict, {told} ops rejected");
    }
}
