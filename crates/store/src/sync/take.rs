//! Taking over pages that reach the head.

use super::answers::clear;
use super::numbers::{self, Numbers};
use super::position::State;
use super::shadow::{self, Shadow, show_again};
use super::{attention, journal};
use crate::batch::Batch;
use crate::error::StoreError;
use crate::transaction::Write;
use sqlx::{AssertSqlSafe, Column, FromRow, Row};
use std::collections::BTreeSet;
use sync_protocol::{Epoch, Key, Place, RecordState};
use uuid::Uuid;

/// What taking a page in has to know of the database, read at once.
pub(super) struct Known {
    pub state: State,
    pub shadow: Shadow,
    pub has: Has,
    /// What the records of the page count so far in the sums.
    digests: Vec<(String, Uuid, i64)>,
}

/// Which device this is, and what there is besides the records.
#[derive(FromRow)]
pub(super) struct Has {
    device: Uuid,
    answered: bool,
    outbox: bool,
    attention: bool,
    pub staged: bool,
}

impl Known {
    pub(super) async fn load(
        write: &mut Write,
        records: impl Iterator<Item = &(Key, RecordState)>,
    ) -> Result<Self, StoreError> {
        let sql = format!(
            "SELECT * FROM sync_state;
             SELECT device, EXISTS (SELECT 1 FROM sent_transaction WHERE answered_in IS NOT NULL) AS answered,
               EXISTS (SELECT 1 FROM outbox) AS outbox, EXISTS (SELECT 1 FROM attention) AS attention,
               EXISTS (SELECT 1 FROM staged_page) AS staged FROM device;
             {};
             {}",
            numbers::ALL,
            shadow::DIGESTS,
        );
        let keys = shadow::keys_json(records.map(|(key, _)| key))?;
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(keys).fetch_all(&mut **write).await?;
        let (mut state, mut has) = (None, None);
        let (mut replicas, mut digests) = (Vec::new(), Vec::new());
        for row in &rows {
            match row.columns().first().map(Column::name) {
                Some("no") => replicas.push(FromRow::from_row(row)?),
                Some("collection") => digests.push(FromRow::from_row(row)?),
                Some("device") => has = Some(Has::from_row(row)?),
                _ => state = Some(State::from_row(row)?),
            }
        }
        let state = state.ok_or(sqlx::Error::RowNotFound)?;
        let has = has.ok_or(sqlx::Error::RowNotFound)?;
        Ok(Self { state, shadow: Shadow::new(Numbers::of(replicas)), has, digests })
    }

    /// Keeps pages until the head is reached, which end at `next`.
    pub(super) async fn stage(
        &mut self,
        write: &mut Write,
        epoch: Epoch,
        pages: Vec<Vec<(Key, RecordState)>>,
        next: &Place,
    ) -> Result<(), StoreError> {
        if self.has.staged && !self.state.has_staged(epoch) {
            sqlx::raw_sql("DELETE FROM staged_page").execute(&mut **write).await?;
        }
        for page in pages {
            let told = self.shadow.told(write, page).await?;
            self.shadow.stage(write, &told).await?;
        }
        self.state.set_staged(epoch, next);
        self.state.save(write).await
    }
}

/// A page before the one that reaches the head.
enum Before {
    Staged(i64),
    Held(Vec<(Key, RecordState)>),
}

/// Takes over what was staged, then what was held, and `records`, which reach the head. What a server of a new epoch does
/// not have although it was told stays: absence never means deletion, and the sums differ then.
pub(super) async fn take(
    write: &mut Write,
    known: Known,
    epoch: Epoch,
    head: u64,
    held: Vec<Vec<(Key, RecordState)>>,
    records: Vec<(Key, RecordState)>,
) -> Result<(), StoreError> {
    let Known { mut state, mut shadow, has, digests } = known;
    // A first copy is no news.
    let is_news = state.epoch() == Some(epoch);
    let has_staged = state.has_staged(epoch);
    state.reach(epoch, head)?;
    let mut batch = Batch::default();
    state.save_with(&mut batch);
    let mut changed = if has.answered { clear(write, &state).await? } else { BTreeSet::new() };
    let derives_later = has_staged && !is_news && is_mostly_new(write).await?;
    if derives_later {
        write.derive_later();
    }
    let staged: Vec<i64> = match has_staged {
        true => sqlx::query_scalar("SELECT no FROM staged_page ORDER BY no").fetch_all(&mut **write).await?,
        false => Vec::new(),
    };
    // A record may be in several pages, and its digest is then another than when they came.
    let has_others = has_staged || !held.is_empty();
    let pages = staged.into_iter().map(Before::Staged).chain(held.into_iter().map(Before::Held));
    for page in pages {
        let page = match page {
            Before::Staged(no) => shadow.staged(write, no).await?,
            Before::Held(records) => shadow.told(write, records).await?,
        };
        let page = shadow.news_of(write, page).await?;
        if is_news {
            journal::note_arrivals(write, &mut batch, &page, has.device)?;
        }
        shadow.put(write, &mut batch, &page, has.outbox, &mut changed).await?;
        batch.run(write).await?;
    }
    let records = shadow.told(write, records).await?;
    let records = match has_others {
        true => shadow.news_of(write, records).await?,
        false => shadow.news(digests, records),
    };
    if is_news {
        journal::note_arrivals(write, &mut batch, &records, has.device)?;
    }
    if has.staged {
        batch.add("DELETE FROM staged_page");
    }
    shadow.put(write, &mut batch, &records, has.outbox, &mut changed).await?;
    batch.run(write).await?;
    show_again(write, changed).await?;
    if derives_later {
        write.derive_anew().await?;
    }
    if has.attention { attention::settle(write, &shadow).await } else { Ok(()) }
}

/// Whether a first copy brings far more than there is: deriving everything anew is quicker then than row by row.
async fn is_mostly_new(write: &mut Write) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT count(*) < 100 FROM (SELECT 1 FROM patient LIMIT 100)")
        .fetch_one(&mut **write)
        .await?)
}
