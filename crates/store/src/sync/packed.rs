//! How the server's state of a record is kept: who wrote what is written once for all registers that share it.

use super::numbers::Numbers;
use crate::error::StoreError;
use domain::id::ActorId;
use serde::{Deserialize, Serialize};
use sync_protocol::{Kind, RecordState, RegisterState, Replica, Stamp, Values, Version};
use uuid::Uuid;

/// `[is ledger, is alive, writings, number of the life's writing, [[register, number of its writing, values]]]`
#[derive(Serialize, Deserialize)]
struct Packed(bool, bool, Vec<Writing>, usize, Vec<(String, usize, Values)>);

/// Version, time, person, and the author where it is not the replica of the version.
#[derive(PartialEq, Serialize, Deserialize)]
struct Writing(Version, i64, Uuid, Option<u32>);

/// The text of a record.
///
/// # Errors
/// It speaks of a replica without a number.
pub(super) fn pack(record: &RecordState, numbers: &Numbers) -> Result<String, StoreError> {
    let mut writings = Vec::new();
    let mut number = |version: &Version, stamp: &Stamp| {
        let author = numbers.number(stamp.author)?;
        let other = (author != version.dot().replica).then_some(author.0);
        let writing = Writing(version.clone(), stamp.at_ms, stamp.actor.0, other);
        Ok::<_, StoreError>(writings.iter().position(|known| *known == writing).unwrap_or_else(|| {
            writings.push(writing);
            writings.len() - 1
        }))
    };
    let life = number(&record.life.version, &record.life.stamp)?;
    let mut registers = Vec::with_capacity(record.registers.len());
    for (name, state) in &record.registers {
        registers.push((name.clone(), number(&state.version, &state.stamp)?, state.value.clone()));
    }
    let packed = Packed(record.kind == Kind::Ledger, record.life.value, writings, life, registers);
    Ok(serde_json::to_string(&packed)?)
}

/// Reads what [`pack`] wrote.
///
/// # Errors
/// Any other text.
pub(super) fn unpack(text: &str, numbers: &Numbers) -> Result<RecordState, StoreError> {
    let Packed(is_ledger, is_alive, writings, life, registers) = serde_json::from_str(text)?;
    let writing = |number: usize| {
        let Writing(version, at_ms, actor, author) =
            writings.get(number).ok_or(StoreError::StoredValue { column: "state" })?;
        let author = numbers.id(author.map_or(version.dot().replica, Replica))?;
        Ok::<_, StoreError>((version.clone(), Stamp { at_ms: *at_ms, author, actor: ActorId(*actor) }))
    };
    let (version, stamp) = writing(life)?;
    let registers = registers.into_iter().map(|(name, number, value)| {
        let (version, stamp) = writing(number)?;
        Ok((name, RegisterState { version, stamp, value }))
    });
    Ok(RecordState {
        kind: if is_ledger { Kind::Ledger } else { Kind::Mutable },
        life: RegisterState { version, stamp, value: is_alive },
        registers: registers.collect::<Result<_, StoreError>>()?,
    })
}
