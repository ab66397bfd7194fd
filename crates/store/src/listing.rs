//! Lists of patients, from the derived listing.

use crate::error::StoreError;
use crate::json;
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::PatientId;
use domain::patient::{AlertLevel, Name, Tier, Word};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

/// A patient as a list shows one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingRow {
    pub id: PatientId,
    pub name: Name,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: Option<NaiveDate>,
    pub phone: String,
    pub email: String,
    pub tier: Tier,
    pub tags: Vec<String>,
    pub alert: Option<AlertLevel>,
    pub archived: bool,
    pub created_at: DateTime<Utc>,
}

/// A [`RawRow`] as a JSON list, from `patient_listing l`.
pub(crate) const ROW: &str = "json_array(l.no, hex(l.patient_id), json(l.shown), l.tier, json(l.tags), l.alert, l.archived, l.created_at, l.sort_name, l.birth_key)";

/// The fields in the order of [`ROW`].
#[derive(Deserialize)]
pub(crate) struct RawRow {
    pub no: i64,
    pub patient_id: Uuid,
    pub shown: Shown,
    pub tier: String,
    pub tags: Vec<String>,
    pub alert: i64,
    pub archived: i64,
    pub created_at: i64,
    pub sort_name: String,
    pub birth_key: String,
}

/// The fields in the order of the listing's `shown`.
#[derive(Deserialize)]
pub(crate) struct Shown {
    pub prefix: String,
    pub given: String,
    pub middle: String,
    pub family: String,
    pub suffix: String,
    pub preferred_name: String,
    pub pronouns: String,
    pub birth_date: Option<String>,
    pub phone: String,
    pub email: String,
}

impl From<RawRow> for ListingRow {
    fn from(raw: RawRow) -> Self {
        let shown = raw.shown;
        Self {
            id: PatientId(raw.patient_id),
            name: Name {
                prefix: shown.prefix,
                given: shown.given,
                middle: shown.middle,
                family: shown.family,
                suffix: shown.suffix,
            },
            preferred_name: shown.preferred_name,
            pronouns: shown.pronouns,
            // A newer app may know more than this one; a list is no place to fail over one row.
            birth_date: shown.birth_date.and_then(|date| date.parse().ok()),
            phone: shown.phone,
            email: shown.email,
            tier: Tier::from_word(&raw.tier).unwrap_or_default(),
            tags: raw.tags,
            alert: match raw.alert {
                0 => None,
                1 => Some(AlertLevel::AlertOnly),
                _ => Some(AlertLevel::DoNotBook),
            },
            archived: raw.archived != 0,
            created_at: time(raw.created_at).unwrap_or_default(),
        }
    }
}

pub(crate) fn date(text: Option<&str>) -> Result<Option<NaiveDate>, StoreError> {
    text.map(|text| text.parse().map_err(|_| StoreError::StoredValue { column: "birth_date" })).transpose()
}

pub(crate) fn time(ms: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(ms).ok_or(StoreError::StoredValue { column: "a time" })
}

/// Order of a list; the listing's number breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    Name,
    NameDescending,
    BirthDate,
    BirthDateDescending,
    Added,
}

impl Sort {
    fn column(self) -> &'static str {
        match self {
            Self::Name | Self::NameDescending => "sort_name",
            Self::BirthDate | Self::BirthDateDescending => "birth_key",
            Self::Added => "created_at",
        }
    }

    fn is_descending(self) -> bool {
        matches!(self, Self::NameDescending | Self::BirthDateDescending | Self::Added)
    }
}

/// Which patients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub archived: bool,
    /// Folded.
    pub tag: Option<String>,
    pub tier: Option<Tier>,
    pub alert: bool,
}

/// The last row of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingCursor {
    sort: Sort,
    key: Key,
    no: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
}

/// One page of a list, and how long the list is.
#[derive(Clone, Debug)]
pub struct ListingPage {
    pub rows: Vec<ListingRow>,
    pub next: Option<ListingCursor>,
    /// Exact, or [`COUNT_BOUND`] where there are more.
    pub count: i64,
    pub more_than_counted: bool,
}

/// What a page is to hold.
#[derive(Clone, Debug)]
pub struct ListingRequest {
    pub filter: Filter,
    pub sort: Sort,
    pub after: Option<ListingCursor>,
    pub skip: u32,
    pub limit: u32,
}

/// The statement of a page: the keys come from one index in its order, whatever is skipped is
/// skipped there; then each row is looked up.
pub(crate) fn page_sql(request: &ListingRequest) -> String {
    let Filter { tag, tier, alert, .. } = &request.filter;
    let column = request.sort.column();
    let (direction, compare) = if request.sort.is_descending() { ("DESC", "<") } else { ("ASC", ">") };
    let source = match tag {
        Some(_) => "patient_listing_tag k",
        None => "patient_listing k",
    };
    let mut conditions = vec!["k.archived = ?1".to_owned()];
    if tag.is_some() {
        conditions.push("k.tag = ?2".to_owned());
        if tier.is_some() || *alert {
            let tier = if tier.is_some() { " AND f.tier = ?3" } else { "" };
            let alert = if *alert { " AND f.alert > 0" } else { "" };
            conditions
                .push(format!("EXISTS (SELECT 1 FROM patient_listing f WHERE f.no = k.no{tier}{alert})"));
        }
    } else {
        conditions.extend(tier.map(|_| "k.tier = ?3".to_owned()));
        conditions.extend(alert.then(|| "k.alert > 0".to_owned()));
    }
    if request.after.is_some() {
        conditions.push(format!("(k.{column}, k.no) {compare} (?4, ?5)"));
    }
    format!(
        "SELECT json_array((SELECT json_group_array({ROW}) FROM (
           SELECT k.no AS no FROM {source} WHERE {conditions} ORDER BY k.{column} {direction}, k.no {direction} LIMIT ?6 OFFSET ?7
         ) AS wanted
         CROSS JOIN patient_listing l ON l.no = wanted.no), ({count}))",
        conditions = conditions.join(" AND "),
        count = count_sql(&request.filter),
    )
}

/// One page of a list, in one statement.
///
/// # Errors
/// A cursor of another order.
pub async fn list_patients(
    connection: &mut SqliteConnection,
    request: &ListingRequest,
) -> Result<ListingPage, StoreError> {
    if request.after.as_ref().is_some_and(|after| after.sort != request.sort) {
        return Err(StoreError::Cursor);
    }
    let mut query = sqlx::query_scalar(AssertSqlSafe(page_sql(request)))
        .bind(request.filter.archived)
        .bind(request.filter.tag.as_deref())
        .bind(request.filter.tier.map(Word::word));
    query = match request.after.as_ref().map(|after| (&after.key, after.no)) {
        None => query.bind(None::<i64>).bind(None::<i64>),
        Some((Key::Number(key), no)) => query.bind(*key).bind(no),
        Some((Key::Text(key), no)) => query.bind(key.as_str()).bind(no),
    };
    let counter = counter(&request.filter);
    let (facet, value) = counter.unwrap_or_default();
    let query = query.bind(request.limit).bind(request.skip).bind(facet).bind(value).bind(COUNT_BOUND + 1);
    let (rows, count): (Vec<RawRow>, i64) = json::fetch(connection, query).await?;
    let full = rows.len() == request.limit as usize;
    let next = rows.last().filter(|_| full).map(|last| ListingCursor {
        sort: request.sort,
        key: match request.sort.column() {
            "sort_name" => Key::Text(last.sort_name.clone()),
            "birth_key" => Key::Text(last.birth_key.clone()),
            _ => Key::Number(last.created_at),
        },
        no: last.no,
    });
    let bounded = counter.is_none();
    Ok(ListingPage {
        rows: rows.into_iter().map(ListingRow::from).collect(),
        next,
        count: if bounded { count.min(COUNT_BOUND) } else { count },
        more_than_counted: bounded && count > COUNT_BOUND,
    })
}

/// Counts up to this are told exactly where no counter is kept.
pub const COUNT_BOUND: i64 = 1_000;

/// The counter that is kept for a filter of one condition; several are counted up to [`COUNT_BOUND`].
fn counter(filter: &Filter) -> Option<(&'static str, &str)> {
    match (&filter.tag, filter.tier, filter.alert) {
        (None, None, false) => Some(("all", "")),
        (None, None, true) => Some(("alert", "")),
        (Some(tag), None, false) => Some(("tag", tag.as_str())),
        (None, Some(tier), false) => Some(("tier", tier.word())),
        _ => None,
    }
}

/// How many patients a filter lets through.
fn count_sql(filter: &Filter) -> String {
    if counter(filter).is_some() {
        return "coalesce((SELECT n FROM patient_count WHERE facet = ?8 AND value = ?9 AND archived = ?1), 0)"
            .to_owned();
    }
    let tier = if filter.tier.is_some() { " AND l.tier = ?3" } else { "" };
    let alert = if filter.alert { " AND l.alert > 0" } else { "" };
    let source = match filter.tag {
        Some(_) => {
            "patient_listing_tag t CROSS JOIN patient_listing l ON l.no = t.no WHERE t.tag = ?2 AND t.archived = ?1"
        }
        None => "patient_listing l WHERE l.archived = ?1",
    };
    format!("SELECT count(*) FROM (SELECT 1 FROM {source}{tier}{alert} LIMIT ?10)")
}

/// A counter: facet (`all`, `tier`, `tag`), value, archived, count.
pub type CountRow = (String, String, bool, i64);

/// Every counter that a filter offers; of the tags the 200 commonest.
pub async fn list_counts(connection: &mut SqliteConnection) -> Result<Vec<CountRow>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT facet, value, archived, n FROM patient_count WHERE n > 0 AND facet IN ('all', 'tier')
         UNION ALL
         SELECT * FROM (SELECT facet, value, archived, n FROM patient_count
                        WHERE n > 0 AND facet = 'tag' AND archived = 0 ORDER BY n DESC, value LIMIT 200)",
    )
    .fetch_all(connection)
    .await?)
}

/// The listing rows of some patients, in no particular order.
pub async fn find_listings(
    connection: &mut SqliteConnection,
    ids: &[Uuid],
) -> Result<Vec<ListingRow>, StoreError> {
    let sql = format!(
        "SELECT json_group_array({ROW}) FROM json_each(?) AS wanted
         CROSS JOIN patient_listing l ON l.patient_id = unhex(wanted.value)"
    );
    let wanted = sqlx::query_scalar(AssertSqlSafe(sql)).bind(json::hex_list(ids)?);
    let rows: Vec<RawRow> = json::fetch(connection, wanted).await?;
    Ok(rows.into_iter().map(ListingRow::from).collect())
}

#[cfg(test)]
mod tests;
