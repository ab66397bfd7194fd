//! The only merger, in memory.

use std::collections::BTreeMap;
use sync_engine::{Conflict, RecordState, Stamp};
use sync_protocol::Op;
use uuid::Uuid;

pub type Key = (String, Uuid);

/// A record and when it last changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub seq: u64,
    pub state: RecordState,
}

#[derive(Clone, Debug, Default)]
pub struct Authority {
    pub records: BTreeMap<Key, Stored>,
    pub conflicts: Vec<(Key, Conflict)>,
    pub seq: u64,
}

impl Authority {
    /// Merges ops in their order; each touched record gets the new number once.
    pub fn push(&mut self, ops: &[Op]) -> u64 {
        self.seq += 1;
        for op in ops {
            let key = (op.collection.clone(), op.record);
            let stamp = Stamp { at_ms: op.wall_ms, device: Uuid::from_u128(op.id.replica.0.into()) };
            let before = self.records.get(&key).map(|stored| stored.state.clone());
            let (state, conflicts) = RecordState::merged(before, op, stamp);
            self.conflicts.extend(conflicts.into_iter().map(|conflict| (key.clone(), conflict)));
            self.records.insert(key, Stored { seq: self.seq, state });
        }
        self.seq
    }

    /// The records that changed after `cursor`, in the order of their change.
    pub fn changed_since(&self, cursor: u64) -> Vec<(Key, Stored)> {
        let mut changed: Vec<_> = self.records.iter().filter(|(_, stored)| stored.seq > cursor).collect();
        changed.sort_by_key(|(key, stored)| (stored.seq, key.1));
        changed.into_iter().map(|(key, stored)| (key.clone(), stored.clone())).collect()
    }
}
