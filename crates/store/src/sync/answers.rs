//! What the server made of transactions: pending ends, what was rejected needs attention.

use super::position::State;
use super::renew::become_another;
use super::shadow::show_again;
use crate::error::StoreError;
use crate::outbox::{key, list_outbox};
use crate::transaction::Write;
use std::collections::BTreeSet;
use sync_protocol::{Dot, Epoch, Key, Op, Outcome, Rejection, Remembered, Transaction};
use uuid::Uuid;

/// Keeps what the server made of transactions.
pub(super) async fn keep_answers(
    write: &mut Write,
    epoch: Epoch,
    answers: Vec<(Dot, Outcome)>,
) -> Result<(), StoreError> {
    let state = State::load(write).await?;
    if state.target()? != Some(epoch) {
        return Ok(());
    }
    let seqs: Vec<_> =
        answers.iter().map(|(key, outcome)| vec![key.seq.into(), outcome.seq.into()]).collect();
    sqlx::query(
        "INSERT INTO sent_transaction (first_seq, last_seq, sent_in, answered_in, seq)
         SELECT a.value ->> 0,
           (SELECT last_seq FROM transaction_log WHERE last_seq >= a.value ->> 0 ORDER BY last_seq LIMIT 1),
           ?2, ?2, a.value ->> 1
         FROM json_each(?1) a WHERE true
         ON CONFLICT (first_seq) DO UPDATE SET answered_in = excluded.answered_in, seq = excluded.seq",
    )
    .bind(crate::json::rows(seqs)?)
    .bind(epoch.0)
    .execute(&mut **write)
    .await?;
    let mut changed = BTreeSet::new();
    // What is made from now on does not know what was rejected.
    if answers.iter().any(|(_, outcome)| outcome.rejected.is_some()) {
        let number = become_another(write).await?;
        write.become_replica(number);
    }
    for (key, outcome) in answers {
        if let Some(rejection) = outcome.rejected {
            changed.extend(file_rejection(write, key, rejection).await?);
        }
    }
    changed.extend(clear(write, &state).await?);
    show_again(write, changed).await
}

/// Pending ends when what the server made of it is here; tells which records it was about.
pub(super) async fn clear(write: &mut Write, state: &State) -> Result<BTreeSet<Key>, StoreError> {
    let Some(epoch) = state.epoch() else { return Ok(BTreeSet::new()) };
    let ended: Vec<(i64, i64)> = sqlx::query_as(
        "DELETE FROM sent_transaction WHERE answered_in = ? AND seq <= ? RETURNING first_seq, last_seq",
    )
    .bind(epoch.0)
    .bind(i64::try_from(state.cursor()?).unwrap_or(i64::MAX))
    .fetch_all(&mut **write)
    .await?;
    let mut keys = BTreeSet::new();
    let spans = ended.iter().map(|(first, last)| vec![(*first).into(), (*last).into()]);
    let spans = crate::json::rows(spans)?;
    if !ended.is_empty() {
        let cleared: Vec<(i64, Uuid)> = sqlx::query_as(
            "DELETE FROM outbox WHERE seq IN (
               SELECT o.seq FROM json_each(?) e JOIN outbox o ON o.seq BETWEEN e.value ->> 0 AND e.value ->> 1)
             RETURNING collection, record",
        )
        .bind(spans)
        .fetch_all(&mut **write)
        .await?;
        keys.extend(cleared.into_iter().filter_map(|(collection, record)| key(collection, record).ok()));
    }
    Ok(keys)
}

/// What was rejected leaves the outbox and needs attention; tells which records it was about.
async fn file_rejection(write: &mut Write, key: Dot, rejection: Rejection) -> Result<Vec<Key>, StoreError> {
    let first = i64::try_from(key.seq).unwrap_or(i64::MAX);
    let transactions = list_outbox(write, first - 1, 1).await?;
    let of = |transaction: &Transaction| transaction.key() == Some(key);
    let Some(transaction) = transactions.into_iter().find(of) else { return Ok(Vec::new()) };
    let seqs: BTreeSet<_> = rejection.ops.iter().map(|op| op.seq).collect();
    let (rejected, standing): (Vec<_>, Vec<_>) =
        transaction.ops.iter().partition(|op| seqs.contains(&op.id.seq));
    let (keys, stands) = (rejected.into_iter().map(Op::key).collect(), !standing.is_empty());
    let at = write.context().at.timestamp_millis();
    let entry = serde_json::to_string(&Remembered { transaction, rejection })?;
    sqlx::query("INSERT INTO attention (replica, first_seq, entry, filed_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(key.replica.0)
        .bind(first)
        .bind(entry)
        .bind(at)
        .execute(&mut **write)
        .await?;
    write.touch("attention");
    sqlx::query("UPDATE outbox SET rejected = 1 WHERE seq IN (SELECT value FROM json_each(?))")
        .bind(serde_json::to_string(&seqs)?)
        .execute(&mut **write)
        .await?;
    if !stands {
        forget(write, first).await?;
    }
    Ok(keys)
}

/// A transaction of which nothing stands is not sent again.
async fn forget(write: &mut Write, first: i64) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM outbox WHERE seq BETWEEN ?1 AND (SELECT last_seq FROM sent_transaction WHERE first_seq = ?1)",
    )
    .bind(first)
    .execute(&mut **write)
    .await?;
    sqlx::query("DELETE FROM sent_transaction WHERE first_seq = ?").bind(first).execute(&mut **write).await?;
    Ok(())
}
