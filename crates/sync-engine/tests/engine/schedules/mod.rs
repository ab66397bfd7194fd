//! Schedules that broke an earlier draft of the rules, and failures that other systems have: each by its name in the
//! design of sync.

mod drafts;
mod forgotten;
mod limits;
mod others;
mod readings;
mod stuck;

use crate::database::Database;
use crate::desk::{Desk, key};
use crate::server::{Answer, Message};
use crate::world::World;
use serde_json::{Value, json};
use sync_engine::{CONFLICTS, loser_of};
use sync_protocol::{Key, Kind, Reason};

const A: usize = 0;
const B: usize = 1;

/// Two desks that have the same patient and the same draft of an invoice.
fn two_desks() -> World {
    let mut world = World::quiet(2);
    world.sync(A);
    world.sync(B);
    world.desks[A].make(&patient(), Kind::Mutable, &[("name", json!("Ann")), ("phone", json!("1"))]);
    world.desks[A].make(&invoice(), Kind::Mutable, &[("status", json!("draft")), ("note", json!(""))]);
    later(&world, 1_000);
    converge(&mut world);
    world
}

fn patient() -> Key {
    key("patient", 1)
}

fn invoice() -> Key {
    key("invoice", 1)
}

fn later(world: &World, ms: i64) {
    world.now.set(world.now.get() + ms);
}

fn converge(world: &mut World) {
    world.settle();
    let shown = world.desks[A].show();
    assert!(world.desks.iter().all(|desk| desk.show() == shown), "the desks show different things");
}

fn value(desk: &Desk, key: &Key, register: &str) -> Value {
    desk.show()[key].registers[register].1[0].clone()
}

fn edit(world: &mut World, at: usize, key: &Key, register: &str, to: Value) {
    let form = world.desks[at].open(key, register);
    world.desks[at].save(form, to);
    later(world, 1_000);
}

/// What lost, by register.
fn losers(world: &World) -> Vec<(String, Option<Value>)> {
    let conflicts = world.store.records.iter().filter(|(key, _)| key.collection == CONFLICTS);
    let losers = conflicts.filter_map(|(_, (_, record))| loser_of(record));
    losers.map(|(register, values)| (register, values.and_then(|values| values.first().cloned()))).collect()
}

fn reasons(desk: &Desk) -> Vec<Reason> {
    desk.db.borrow().attention.iter().map(|entry| entry.rejection.reason).collect()
}

/// What the desk has not been answered about.
fn unsent(desk: &Desk) -> usize {
    desk.db.borrow().outbox.len()
}

/// The desk goes on to its next call, and the newest message under way arrives.
fn step(world: &mut World, at: usize) {
    world.desks[at].poll();
    let message = world.network.borrow_mut().under_way.pop();
    if let Some(message) = message {
        world.receive(message);
    }
}

/// Sends what the desk has to send up to its first answer, which is lost.
fn push_and_lose_the_answer(world: &mut World, at: usize) {
    loop {
        world.desks[at].poll();
        let message = world.network.borrow_mut().under_way.pop();
        match message {
            Some(Message::Answer { answer: Ok(Answer::Pushed(_)), .. }) => break,
            Some(message) => world.receive(message),
            None => {}
        }
    }
    world.desks[at].crash();
}

fn copy_of(world: &World, at: usize) -> Database {
    world.desks[at].db.borrow().clone()
}
