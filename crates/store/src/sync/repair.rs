//! Mending a bucket that differs from the server's (rule 11 of the sync design).

use super::position::State;
use super::shadow::Shadow;
use crate::batch::Batch;
use crate::error::StoreError;
use crate::transaction::Write;
use std::collections::{BTreeMap, BTreeSet};
use sync_engine::{Conflict, PAIR, Phase, Side, conflict_record, digest};
use sync_protocol::{Bucket, Key, RecordState, RegisterState, Values};

/// What the server has in the bucket is right; own values that differ are for a person to judge. What the server lacks
/// altogether it is told.
pub(super) async fn repair(
    write: &mut Write,
    mut state: State,
    bucket: &Bucket,
    records: Vec<(Key, RecordState)>,
) -> Result<(), StoreError> {
    let mut shadow = Shadow::load(write).await?;
    let ours: BTreeMap<_, _> =
        shadow.bucket(write, &bucket.collection, bucket.number).await?.into_iter().collect();
    let theirs: BTreeSet<_> = records.iter().map(|(key, _)| key).collect();
    let lacking: Vec<_> = ours.iter().filter(|(key, _)| !theirs.contains(key)).collect();
    let sum = records.iter().map(|(key, record)| digest(key, record));
    let sum = sum
        .chain(lacking.iter().map(|(key, record)| digest(key, record)))
        .fold(0, |sum, digest| sum ^ digest);
    if let (false, Some(target)) = (lacking.is_empty(), state.epoch()) {
        state.set_phase(&Phase::Uploading { target, after: None });
        state.save(write).await?;
    }
    let differing: Vec<_> = records
        .into_iter()
        .filter(|(key, theirs)| ours.get(key).is_none_or(|ours| digest(key, ours) != digest(key, theirs)))
        .collect();
    let conflicts = differing.iter().filter_map(|(key, theirs)| Some((key, ours.get(key)?, theirs)));
    let conflicts: Vec<_> =
        conflicts.flat_map(|(key, ours, theirs)| conflicts_of(key, ours, theirs)).collect();
    let told = shadow.told(write, differing).await?;
    let mut batch = Batch::default();
    // Somebody may have saved since the sums were compared.
    shadow.put(write, &mut batch, &told, true, &mut BTreeSet::new()).await?;
    batch.run(write).await?;
    shadow.set_sum(write, bucket, sum).await?;
    file(write, &conflicts).await
}

fn conflicts_of(key: &Key, ours: &RecordState, theirs: &RecordState) -> Vec<(Key, RecordState)> {
    let side = |state: &RegisterState<Values>| Side {
        by: state.version.dot(),
        stamp: state.stamp,
        values: Some(state.value.clone()),
    };
    let conflict = |(register, state): (&String, &RegisterState<Values>)| {
        let other = theirs.registers.get(register).filter(|other| other.value != state.value)?;
        let conflict = Conflict { register: register.clone(), winner: side(other), loser: side(state) };
        Some(conflict_record(key, &conflict))
    };
    ours.registers.iter().filter_map(conflict).collect()
}

/// Conflicts that this device found are its own doing: they go to the outbox.
async fn file(write: &mut Write, conflicts: &[(Key, RecordState)]) -> Result<(), StoreError> {
    write.stop_applying();
    for (key, record) in conflicts {
        let Some(pair) = record.registers.get(PAIR) else { continue };
        sqlx::query(
            "INSERT INTO conflict (id, collection, record, register, winner, loser)
             SELECT ?1, value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4
             FROM (SELECT ?2 AS value) WHERE true ON CONFLICT (id) DO NOTHING",
        )
        .bind(key.record)
        .bind(serde_json::to_string(&pair.value)?)
        .execute(&mut **write)
        .await?;
    }
    Ok(())
}
