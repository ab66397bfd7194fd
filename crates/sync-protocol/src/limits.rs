//! What a message may hold: whatever passes can be stored on both sides, and what is too much for one message goes in
//! several.

use crate::message::{Bucket, Fault, Offer, Push, Reason, Refusal, Rejection, Upload};
use crate::op::{Change, Op, Transaction};
use crate::record::{Key, RecordState};
use crate::version::{Dot, Version};
use crate::wire::REPLICAS_MAX;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io;

/// The most rows that one transaction may change.
pub const TRANSACTION_MAX_ROWS: u64 = 25_000;
/// The most bytes of values, as JSON, that one transaction may carry. A device counts with them twice its bases, whose
/// replicas may have longer numbers in a message than they have there.
pub const TRANSACTION_MAX_BYTES: u64 = 16 << 20;
/// The most that an op of a device takes as JSON beside its values and its base: ids, names, what holds them together.
pub const OP_FRAME_BYTES: u64 = 512;
/// The largest message, as JSON, which every server takes: it has room for the largest transaction.
pub const MESSAGE_MAX_BYTES: usize = 32 << 20;
/// What a device puts into one message where it has the choice.
pub const PARCEL_BYTES: usize = 4 << 20;
/// The longest name of a collection or a register.
const NAME_MAX_BYTES: usize = 64;

/// The largest transaction, each of whose ops a remembered rejection names once more, with all replicas.
const LARGEST_BYTES: u64 = {
    let (dot, replica) = (64, 128);
    TRANSACTION_MAX_BYTES + TRANSACTION_MAX_ROWS * (OP_FRAME_BYTES + dot) + REPLICAS_MAX as u64 * replica
};
const _: () = assert!(LARGEST_BYTES + (1 << 20) <= MESSAGE_MAX_BYTES as u64, "every transaction has to fit");

type Checked = Result<(), Refusal>;

fn expect(holds: bool, why: &str) -> Checked {
    if holds { Ok(()) } else { Err(Refusal::Malformed { why: why.to_owned() }) }
}

/// Bytes that something takes as JSON.
pub fn json_bytes(value: &(impl Serialize + ?Sized)) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Everything here has a JSON form, and counting cannot fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

/// Cuts what is to be sent into as many messages as it takes, in its order. Each holds one item at the least, since no
/// item is cut.
pub fn parcels<T: Serialize>(items: Vec<T>) -> Vec<Vec<T>> {
    let mut parcels = Vec::<Vec<T>>::new();
    let mut bytes = 0;
    for item in items {
        let size = json_bytes(&item);
        match parcels.last_mut().filter(|_| bytes + size <= PARCEL_BYTES) {
            Some(parcel) => {
                bytes += size;
                parcel.push(item);
            }
            None => {
                bytes = size;
                parcels.push(vec![item]);
            }
        }
    }
    parcels
}

impl Push {
    /// What is wrong with one transaction is told of that one ([`Transaction::fault`]). Here is what leaves nothing to
    /// tell it of.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Checked {
        self.transactions.iter().try_for_each(|sent| check_names(&sent.transaction))
    }
}

impl Upload {
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Checked {
        self.records.iter().try_for_each(|(key, record)| check_record(key, record))?;
        self.rejections.iter().try_for_each(|remembered| {
            check_names(&remembered.transaction)?;
            remembered.rejection.ops.iter().try_for_each(|op| check_dot(*op))
        })?;
        self.never_made.iter().try_for_each(|(key, insert)| {
            key.check()?;
            check_dot(*insert)
        })
    }
}

impl Offer {
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Checked {
        self.records.iter().try_for_each(|(key, versions)| {
            check_name(&key.collection)?;
            versions.iter().try_for_each(|(register, version)| check_part(register, version))
        })
    }
}

impl Bucket {
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Checked {
        check_name(&self.collection)
    }
}

impl Key {
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Checked {
        check_name(&self.collection)
    }
}

impl Transaction {
    /// What no server takes of it, whatever the clinic has, if there is anything: then none of its changes. Facts stand
    /// as far as they can be taken by themselves.
    pub fn fault(&self) -> Option<Rejection> {
        let fault = if is_too_large(self.ops.iter()) {
            Fault::TooLarge
        } else if self.ops.iter().any(|op| check_op(op).is_err()) {
            Fault::Malformed
        } else {
            return None;
        };
        let facts = || self.ops.iter().filter(|op| op.is_fact() && check_op(op).is_ok());
        let standing: BTreeSet<_> =
            if is_too_large(facts()) { BTreeSet::new() } else { facts().map(|op| op.id).collect() };
        let ops = self.ops.iter().map(|op| op.id).filter(|op| !standing.contains(op)).collect();
        Some(Rejection { reason: Reason::Guard, fault: Some(fault), ops })
    }
}

fn is_too_large<'a>(ops: impl Iterator<Item = &'a Op>) -> bool {
    let (mut rows, mut bytes) = (0, 0);
    for op in ops {
        rows += 1;
        bytes += value_bytes(op);
    }
    rows > TRANSACTION_MAX_ROWS || bytes > TRANSACTION_MAX_BYTES
}

/// Bytes of the values that an op writes, as JSON and without what holds them together, which is less than a device
/// counts: it never sends more.
fn value_bytes(op: &Op) -> u64 {
    let of = |values: &[serde_json::Value]| values.iter().map(json_bytes).sum::<usize>();
    let bytes = match &op.change {
        Change::Insert { registers } => registers.iter().map(|(_, values)| of(values)).sum(),
        Change::Set { values, .. } => of(values),
        Change::Delete { .. } => 0,
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// What a transaction is known by, and what of it was rejected.
fn check_names(transaction: &Transaction) -> Checked {
    expect(!transaction.ops.is_empty(), "a transaction has an operation")?;
    transaction.ops.iter().try_for_each(|op| check_dot(op.id))
}

fn check_op(op: &Op) -> Checked {
    check_name(&op.collection)?;
    op.base.iter().try_for_each(check_version)?;
    for guard in &op.guards {
        check_name(&guard.collection)?;
        check_dot(guard.at)?;
        check_register(&guard.register)?;
    }
    match &op.change {
        Change::Insert { registers } => registers.iter().try_for_each(|(name, _)| check_name(name)),
        Change::Set { register, .. } => check_name(register),
        Change::Delete { base } => {
            base.iter().try_for_each(|(register, version)| check_part(register, version))
        }
    }
}

fn check_record(key: &Key, record: &RecordState) -> Checked {
    check_name(&key.collection)?;
    record.registers.keys().try_for_each(|name| check_name(name))?;
    record.versions().try_for_each(|(_, version)| check_version(version))
}

/// The part of a record that a version is of, the empty name for the record itself.
fn check_part(register: &str, version: &Version) -> Checked {
    check_register(register)?;
    check_version(version)
}

fn check_register(name: &str) -> Checked {
    if name.is_empty() { Ok(()) } else { check_name(name) }
}

fn check_name(name: &str) -> Checked {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let holds = (1..=NAME_MAX_BYTES).contains(&name.len()) && name.bytes().all(plain);
    expect(holds, "a name has from 1 to 64 of the letters a to z, digits and underscores")
}

fn check_version(version: &Version) -> Checked {
    version.vector().try_for_each(check_dot)
}

/// Databases count in signed numbers.
fn check_dot(dot: Dot) -> Checked {
    expect(
        (1..=i64::MAX.unsigned_abs()).contains(&dot.seq),
        "the number of an operation is from 1 to 2^63 - 1",
    )
}

#[cfg(test)]
mod tests;
