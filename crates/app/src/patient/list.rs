//! Lists, filters and search.

use crate::call::Call;
use crate::cursor;
use crate::error::AppError;
use contract::{
    Count, Facet, MatchedBy, Nothing, Page, PatientFacets, PatientFilter, PatientHit, PatientListRequest,
    PatientListResponse, PatientRow, PatientSearchRequest, PatientSearchResponse, PatientSort,
};
use domain::search::{Match, Query};
use domain::text::fold;
use store::listing::{self, Filter, ListingRequest, ListingRow, Sort};

/// Rows that one jump may pass over.
const SKIP_MAX: u32 = 100_000;
/// Longest text that is searched for, in characters; more is not typed, but pasted.
const SEARCH_MAX_CHARS: usize = 200;

/// A page of patients.
pub async fn patient_list(call: &Call, request: PatientListRequest) -> Result<PatientListResponse, AppError> {
    let wanted = ListingRequest {
        filter: filter(&request.filter),
        sort: sort(request.sort),
        after: cursor::decode(request.after.as_ref())?,
        skip: request.skip.min(SKIP_MAX),
        limit: cursor::limit(request.limit, 100),
    };
    let mut read = call.read().await?;
    let page = listing::list_patients(&mut read, &wanted).await?;
    read.end().await?;
    let count = Count { n: u64::try_from(page.count).unwrap_or(0), or_more: page.more_than_counted };
    let rows = page.rows.into_iter().map(row).collect();
    Ok(PatientListResponse { page: Page { rows, next: cursor::encode(page.next)? }, count })
}

fn filter(filter: &PatientFilter) -> Filter {
    Filter {
        archived: filter.archived,
        tag: filter.tag.as_deref().map(fold),
        tier: filter.tier,
        alert: filter.alert,
    }
}

fn sort(sort: PatientSort) -> Sort {
    match sort {
        PatientSort::Name => Sort::Name,
        PatientSort::NameDescending => Sort::NameDescending,
        PatientSort::BirthDate => Sort::BirthDate,
        PatientSort::BirthDateDescending => Sort::BirthDateDescending,
        PatientSort::Added => Sort::Added,
    }
}

/// A listing row as the page knows it.
pub(crate) fn row(row: ListingRow) -> PatientRow {
    let ListingRow {
        id,
        name,
        preferred_name,
        pronouns,
        birth_date,
        phone,
        email,
        tier,
        tags,
        alert,
        archived,
        created_at,
    } = row;
    PatientRow {
        id,
        name,
        preferred_name,
        pronouns,
        birth_date,
        phone,
        email,
        tier,
        tags,
        alert,
        archived,
        created_at,
    }
}

/// What patients can be filtered by.
pub async fn patient_facets(call: &Call, _: Nothing) -> Result<PatientFacets, AppError> {
    let mut read = call.read().await?;
    let counts = listing::list_counts(&mut read).await?;
    read.end().await?;
    let mut facets = PatientFacets { tags: Vec::new(), tiers: Vec::new(), current: 0, archived: 0 };
    for (facet, value, archived, n) in counts {
        let count = u64::try_from(n).unwrap_or(0);
        match (facet.as_str(), archived) {
            ("all", false) => facets.current = count,
            ("all", true) => facets.archived = count,
            ("tier", false) => facets.tiers.push(Facet { value, count }),
            ("tag", false) => facets.tags.push(Facet { value, count }),
            _ => {}
        }
    }
    Ok(facets)
}

/// Search while typing.
pub async fn patient_search(
    call: &Call,
    request: PatientSearchRequest,
) -> Result<PatientSearchResponse, AppError> {
    let text: String = request.text.chars().take(SEARCH_MAX_CHARS).collect();
    let query = Query::parse(&text, call.today());
    let limit = cursor::limit(request.limit, 20).min(50) as usize;
    let mut read = call.read().await?;
    let hits = store::search::search_patients(&mut read, &query, limit).await?;
    read.end().await?;
    let hits = hits
        .into_iter()
        .map(|hit| PatientHit { patient: row(hit.row), matched_by: matched_by(hit.matched_by) });
    Ok(PatientSearchResponse { hits: hits.collect() })
}

fn matched_by(found: Match) -> MatchedBy {
    match found {
        Match::ExactName | Match::Prefix => MatchedBy::Name,
        Match::Nickname => MatchedBy::Nickname,
        Match::Typo => MatchedBy::Spelling,
        Match::Sound => MatchedBy::Sound,
        Match::Phone => MatchedBy::Phone,
        Match::Email => MatchedBy::Email,
        Match::BirthDate => MatchedBy::BirthDate,
        Match::Chart => MatchedBy::ChartNumber,
    }
}
