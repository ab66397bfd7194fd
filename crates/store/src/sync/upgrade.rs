//! After an upgrade of the app: what an earlier version kept and could not show (rule 17 of the sync design).

use super::shadow::{CHUNK, Outbox, Shadow};
use super::show::{Shown, show};
use crate::batch::Batch;
use crate::capture::Context;
use crate::error::StoreError;
use crate::manifest::COLLECTIONS;
use crate::meter::Usage;
use crate::open::Store;
use std::collections::BTreeSet;
use sync_protocol::Key;
use uuid::Uuid;

/// The registers that this version knows, with their collections.
fn known() -> BTreeSet<(String, String)> {
    let registers = COLLECTIONS.iter().flat_map(|collection| {
        collection.registers.iter().map(|register| (collection.name.to_owned(), register.name.to_owned()))
    });
    registers.collect()
}

/// Shows what the server told of collections and registers that no earlier version knew, and tries once more what could
/// not be shown. Nothing is done if this version has shown everything already.
///
/// # Errors
/// A full disk, a damaged file. The next start tries again.
pub async fn show_what_is_new(store: &Store, usage: &Usage, context: Context) -> Result<(), StoreError> {
    let known = known();
    let mut read = store.read(usage).await?;
    let shown: String = sqlx::query_scalar("SELECT shown FROM sync_state").fetch_one(&mut *read).await?;
    read.end().await?;
    let shown: BTreeSet<(String, String)> = serde_json::from_str(&shown)?;
    if shown == known {
        return Ok(());
    }
    let new: BTreeSet<_> = known.difference(&shown).map(|(collection, _)| collection.as_str()).collect();
    let mut write = store.apply(usage, context).await?;
    let mut batch = Batch::default();
    let shadow = Shadow::load(&mut write).await?;
    let parked: Vec<(String, Uuid)> =
        sqlx::query_as("SELECT collection, record FROM parked_record").fetch_all(&mut *write).await?;
    let parked: Vec<_> = parked.into_iter().map(|(collection, record)| Key { collection, record }).collect();
    for keys in parked.chunks(CHUNK) {
        let states = shadow.of(&mut write, keys).await?;
        let outbox = Outbox::over(&mut write, keys.iter()).await?;
        let shown = keys.iter().map(|key| (key.clone(), Shown::new(states.get(key), outbox.of(key))));
        show(&mut write, &mut batch, &shown.collect::<Vec<_>>()).await?;
    }
    for collection in new {
        let mut after = Key { collection: collection.to_owned(), record: Uuid::nil() };
        loop {
            let limit = u32::try_from(CHUNK).unwrap_or(u32::MAX);
            let mut states = shadow.behind(&mut write, Some(&after), limit).await?;
            states.retain(|(key, _)| key.collection == collection);
            let Some((last, _)) = states.last() else { break };
            after = last.clone();
            let outbox = Outbox::over(&mut write, states.iter().map(|(key, _)| key)).await?;
            let shown =
                states.iter().map(|(key, state)| (key.clone(), Shown::new(Some(state), outbox.of(key))));
            show(&mut write, &mut batch, &shown.collect::<Vec<_>>()).await?;
        }
    }
    batch.run(&mut write).await?;
    sqlx::query("UPDATE sync_state SET shown = ?")
        .bind(serde_json::to_string(&known)?)
        .execute(&mut *write)
        .await?;
    write.commit().await
}
