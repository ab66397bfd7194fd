//! What a message may hold: whatever passes can be stored on both sides.

use crate::message::{Bucket, Offer, Push, Refusal, Upload};
use crate::op::{Change, Op, Transaction, Values};
use crate::record::{Key, RecordState};
use crate::version::{Dot, Version};

/// The most rows that one transaction may change.
pub const TRANSACTION_MAX_ROWS: u64 = 25_000;
/// The most bytes of values that one transaction may carry.
pub const TRANSACTION_MAX_BYTES: u64 = 16 << 20;
/// The longest name of a collection or a register.
const NAME_MAX_BYTES: usize = 64;

type Checked = Result<(), Refusal>;

fn expect(holds: bool, why: &str) -> Checked {
    if holds { Ok(()) } else { Err(Refusal::Malformed { why: why.to_owned() }) }
}

impl Push {
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Checked {
        self.transactions.iter().try_for_each(|sent| check_transaction(&sent.transaction))
    }
}

impl Upload {
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Checked {
        self.records.iter().try_for_each(|(key, record)| check_record(key, record))?;
        self.rejections.iter().try_for_each(|remembered| {
            check_transaction(&remembered.transaction)?;
            remembered.rejection.ops.iter().try_for_each(|op| check_dot(*op))
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

fn check_transaction(transaction: &Transaction) -> Checked {
    let rows = u64::try_from(transaction.ops.len()).unwrap_or(u64::MAX);
    expect((1..=TRANSACTION_MAX_ROWS).contains(&rows), "a transaction has from 1 to 25,000 operations")?;
    let bytes = transaction.ops.iter().map(text_bytes).fold(0, u64::saturating_add);
    expect(bytes <= TRANSACTION_MAX_BYTES, "a transaction carries at most 16 MiB of values")?;
    transaction.ops.iter().try_for_each(check_op)
}

/// Bytes of the texts that an op writes. A device counts the rest of its values as well, so it never sends more.
fn text_bytes(op: &Op) -> u64 {
    let of = |values: &Values| values.iter().filter_map(|value| Some(value.as_str()?.len())).sum::<usize>();
    let bytes = match &op.change {
        Change::Insert { registers } => registers.iter().map(|(_, values)| of(values)).sum(),
        Change::Set { values, .. } => of(values),
        Change::Delete { .. } => 0,
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn check_op(op: &Op) -> Checked {
    check_dot(op.id)?;
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
