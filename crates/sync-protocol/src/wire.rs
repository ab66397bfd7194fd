//! Messages on their way: the replicas that a message speaks of are listed beside it, and in it each is its place in
//! that list. The numbers that either side has for them mean nothing to the other.

use crate::message::{Content, Offer, Outcome, Page, Push, Pushed, Refusal, Upload};
use crate::op::{Change, Op, Transaction};
use crate::record::RecordState;
use crate::version::{Dot, Replica, ReplicaId, Version};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The most replicas that one message may speak of.
pub const REPLICAS_MAX: usize = 4_096;

/// A message and the replicas that it speaks of.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope<M> {
    pub replicas: Vec<ReplicaId>,
    pub message: M,
}

/// A message speaks of a replica that is not in the table beside it, or the table is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the message speaks of a replica that it does not name")]
pub struct UnknownReplica;

/// What speaks of replicas by numbers.
pub trait Speaks {
    /// Shows every number, which may be changed. Equal ones are given equal numbers, others others.
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica));
}

impl<M: Speaks> Envelope<M> {
    /// Puts a message in terms of one side into its envelope.
    ///
    /// # Errors
    /// It speaks of a replica that `id_of` does not know.
    pub fn seal(
        mut message: M,
        id_of: impl Fn(Replica) -> Option<ReplicaId>,
    ) -> Result<Self, UnknownReplica> {
        let mut places = BTreeMap::new();
        let mut replicas = Vec::new();
        let mut all_known = true;
        message.each_replica(&mut |replica| {
            let place = *places.entry(*replica).or_insert_with(|| {
                match id_of(*replica) {
                    Some(id) => replicas.push(id),
                    None => all_known = false,
                }
                Replica(u32::try_from(replicas.len().saturating_sub(1)).unwrap_or(u32::MAX))
            });
            *replica = place;
        });
        if all_known { Ok(Self { replicas, message }) } else { Err(UnknownReplica) }
    }

    /// Takes the message out, in terms of the side that has `numbers`.
    ///
    /// # Errors
    /// The table names a replica twice, or not one that the message speaks of; or `numbers` lacks one.
    pub fn open(mut self, numbers: &BTreeMap<ReplicaId, Replica>) -> Result<M, UnknownReplica> {
        let distinct: BTreeSet<_> = self.replicas.iter().collect();
        if distinct.len() != self.replicas.len() {
            return Err(UnknownReplica);
        }
        let mut all_known = true;
        let replicas = &self.replicas;
        self.message.each_replica(&mut |replica| {
            let id = usize::try_from(replica.0).ok().and_then(|place| replicas.get(place));
            match id.and_then(|id| numbers.get(id)) {
                Some(number) => *replica = *number,
                None => all_known = false,
            }
        });
        if all_known { Ok(self.message) } else { Err(UnknownReplica) }
    }
}

impl Speaks for Dot {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        visit(&mut self.replica);
    }
}

impl Speaks for Version {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.renumber(visit);
    }
}

impl Speaks for Op {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.id.each_replica(visit);
        self.base.iter_mut().for_each(|base| base.each_replica(visit));
        self.guards.iter_mut().for_each(|guard| guard.at.each_replica(visit));
        if let Change::Delete { base } = &mut self.change {
            base.iter_mut().for_each(|(_, version)| version.each_replica(visit));
        }
    }
}

impl Speaks for Transaction {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.ops.iter_mut().for_each(|op| op.each_replica(visit));
    }
}

impl Speaks for RecordState {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.life.version.each_replica(visit);
        self.registers.values_mut().for_each(|state| state.version.each_replica(visit));
    }
}

impl Speaks for Outcome {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        let ops = self.rejected.iter_mut().flat_map(|rejection| &mut rejection.ops);
        ops.for_each(|op| op.each_replica(visit));
    }
}

impl Speaks for Push {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.transactions.iter_mut().for_each(|sent| sent.transaction.each_replica(visit));
    }
}

impl Speaks for Pushed {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.results.iter_mut().for_each(|outcome| outcome.each_replica(visit));
    }
}

impl Speaks for Page {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.records.iter_mut().for_each(|(_, record)| record.each_replica(visit));
    }
}

impl Speaks for Content {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.records.iter_mut().for_each(|(_, record)| record.each_replica(visit));
    }
}

impl Speaks for Offer {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        let versions = self.records.iter_mut().flat_map(|(_, versions)| versions);
        versions.for_each(|(_, version)| version.each_replica(visit));
    }
}

impl Speaks for Upload {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        self.records.iter_mut().for_each(|(_, record)| record.each_replica(visit));
        for remembered in &mut self.rejections {
            remembered.transaction.each_replica(visit);
            remembered.rejection.ops.iter_mut().for_each(|op| op.each_replica(visit));
        }
        self.never_made.iter_mut().for_each(|(_, insert)| insert.each_replica(visit));
    }
}

impl Speaks for Refusal {
    fn each_replica(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        if let Self::Copied { key } = self {
            key.each_replica(visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, Epoch, Guard, Kind};
    use domain::id::ActorId;
    use uuid::Uuid;

    fn id(number: u128) -> ReplicaId {
        ReplicaId { device: Uuid::from_u128(number), incarnation: Uuid::from_u128(number << 64) }
    }

    fn dot(replica: u32, seq: u64) -> Dot {
        Dot { replica: Replica(replica), seq }
    }

    fn push() -> Push {
        let base = Version::after(&Version::first(dot(7, 3)), dot(9, 5));
        let op = Op {
            id: dot(9, 12),
            collection: "patient".to_owned(),
            record: Uuid::from_u128(5),
            kind: Kind::Mutable,
            base: Some(base.clone()),
            guards: vec![Guard {
                collection: "invoice".to_owned(),
                record: Uuid::from_u128(6),
                register: "status".to_owned(),
                at: dot(4, 2),
            }],
            change: Change::Delete { base: vec![("name".to_owned(), base)] },
        };
        let clock = Clock { wall_ms: 1, boot_ms: 2, boot: None };
        let transaction =
            Transaction { id: Uuid::from_u128(1), actor: ActorId(Uuid::from_u128(2)), clock, ops: vec![op] };
        Push { epoch: Epoch(Uuid::from_u128(8)), clock, transactions: vec![transaction.into()] }
    }

    #[test]
    fn a_message_arrives_in_the_numbers_of_the_other_side() {
        let envelope = Envelope::seal(push(), |replica| Some(id(replica.0.into()))).unwrap();
        assert_eq!(envelope.replicas, [id(9), id(7), id(4)]);
        // The other side has each of them under ten times its number.
        let numbers = [4, 7, 9].map(|n| (id(n.into()), Replica(10 * n))).into();
        let arrived = envelope.open(&numbers).unwrap();
        let mut expected = push();
        expected.each_replica(&mut |replica| replica.0 *= 10);
        assert_eq!(arrived, expected);
        let op = &arrived.transactions[0].transaction.ops[0];
        assert_eq!(op.base.as_ref().unwrap().to_string(), "90:5;70:3");
        assert_eq!(op.guards[0].at, dot(40, 2));
    }

    #[test]
    fn a_message_that_does_not_name_its_replicas_is_refused() {
        assert_eq!(Envelope::seal(push(), |_| None), Err(UnknownReplica));
        let numbers = [4, 7, 9].map(|n| (id(n.into()), Replica(n))).into();
        let sealed = || Envelope::seal(push(), |replica| Some(id(replica.0.into()))).unwrap();
        let mut short = sealed();
        short.replicas.pop();
        assert_eq!(short.open(&numbers), Err(UnknownReplica));
        // Two numbers for one replica would let a version know it twice.
        let mut doubled = sealed();
        doubled.replicas[1] = doubled.replicas[0];
        assert_eq!(doubled.open(&numbers), Err(UnknownReplica));
    }
}
