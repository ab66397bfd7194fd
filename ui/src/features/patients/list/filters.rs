use contract::{Facet, PatientFacets, PatientFilter};
use domain::patient::{Tier, Word};
use leptos::prelude::*;

use super::store::ListStore;
use super::use_set_query;
use crate::components::icon::{Glyph, Icon};
use crate::components::menu::{Menu, MenuItem};
use crate::features::words;
use crate::i18n::number;
use crate::t;
use crate::view_model::query::ListQuery;

/// What the list can be narrowed to, each with how many there are.
#[component]
pub fn Filters(store: ListStore) -> impl IntoView {
    let set = use_set_query();
    let apply = move |change: &Change| {
        let mut query = store.query.get_untracked();
        change(&mut query.filter);
        set(query);
    };
    let facets = move || store.facets.value.get_untracked();
    let filter = move || store.query.get_untracked().filter;
    let (by_tag, by_tier, by_state) = (apply.clone(), apply.clone(), apply);
    let tags = move || tag_items(facets().as_deref(), &filter(), &by_tag);
    let tiers = move || tier_items(facets().as_deref(), &filter(), &by_tier);
    let states = move || state_items(facets().as_deref(), &filter(), &by_state);
    view! {
        <div class="patients-filters">
            <Menu label=t!(patients.tag) glyph=Glyph::Tag items=tags />
            <Menu label=t!(patients.tier) items=tiers />
            <Menu label=t!(patients.more_filters) glyph=Glyph::Filter items=states />
        </div>
    }
}

type Change = dyn Fn(&mut PatientFilter);

fn item(
    label: String,
    aside: String,
    checked: bool,
    apply: &(impl Fn(&Change) + Clone + Send + Sync + 'static),
    change: impl Fn(&mut PatientFilter) + Send + Sync + 'static,
) -> MenuItem {
    let apply = apply.clone();
    MenuItem { label, aside, checked, run: std::sync::Arc::new(move || apply(&change)) }
}

fn tag_items(
    facets: Option<&PatientFacets>,
    filter: &PatientFilter,
    apply: &(impl Fn(&Change) + Clone + Send + Sync + 'static),
) -> Vec<MenuItem> {
    let tags: &[Facet] = facets.map_or(&[], |facets| &facets.tags);
    tags.iter()
        .map(|Facet { value, count }| {
            let checked = filter.tag.as_ref() == Some(value);
            let next = (!checked).then(|| value.clone());
            item(value.clone(), number(*count), checked, apply, move |filter| filter.tag = next.clone())
        })
        .collect()
}

fn tier_items(
    facets: Option<&PatientFacets>,
    filter: &PatientFilter,
    apply: &(impl Fn(&Change) + Clone + Send + Sync + 'static),
) -> Vec<MenuItem> {
    let count = |tier: Tier| {
        let facet = facets.and_then(|facets| facets.tiers.iter().find(|facet| facet.value == tier.word()));
        number(facet.map_or(0, |facet| facet.count))
    };
    Tier::WORDS
        .iter()
        .map(|(tier, _)| {
            let tier = *tier;
            let checked = filter.tier == Some(tier);
            let next = (!checked).then_some(tier);
            item(words::tier(tier).to_owned(), count(tier), checked, apply, move |filter| filter.tier = next)
        })
        .collect()
}

fn state_items(
    facets: Option<&PatientFacets>,
    filter: &PatientFilter,
    apply: &(impl Fn(&Change) + Clone + Send + Sync + 'static),
) -> Vec<MenuItem> {
    let archived = facets.map(|facets| number(facets.archived)).unwrap_or_default();
    let (alert, shelved) = (filter.alert, filter.archived);
    vec![
        item(t!(patients.with_alert).to_owned(), String::new(), alert, apply, move |filter| {
            filter.alert = !alert
        }),
        item(t!(patients.archived).to_owned(), archived, shelved, apply, move |filter| {
            filter.archived = !shelved
        }),
    ]
}

/// The filters that are set, each with a button that takes it away.
#[component]
pub fn Chips(store: ListStore) -> impl IntoView {
    let set = use_set_query();
    let chips = move || {
        let query = store.query.get();
        let mut chips: Vec<(String, ListQuery)> = Vec::new();
        let without = |change: &Change| {
            let mut query = query.clone();
            change(&mut query.filter);
            query
        };
        if let Some(tag) = &query.filter.tag {
            chips.push((t!(patients.chip_tag, tag = tag.as_str()), without(&|filter| filter.tag = None)));
        }
        if let Some(tier) = query.filter.tier {
            chips.push((
                t!(patients.chip_tier, tier = words::tier(tier)),
                without(&|filter| filter.tier = None),
            ));
        }
        if query.filter.alert {
            chips.push((t!(patients.with_alert).to_owned(), without(&|filter| filter.alert = false)));
        }
        if query.filter.archived {
            chips.push((t!(patients.archived).to_owned(), without(&|filter| filter.archived = false)));
        }
        chips
    };
    let chip = move |(label, without): (String, ListQuery)| {
        let set = set.clone();
        let name = t!(patients.remove_filter, filter = label.as_str());
        view! {
            <button
                type="button"
                class="chip"
                aria-label=name
                on:click=move |_| set(without.clone())
            >
                {label}
                <Icon glyph=Glyph::Close />
            </button>
        }
    };
    move || {
        let chips = chips();
        (!chips.is_empty()).then(|| {
            view! { <div class="patients-chips">{chips.into_iter().map(&chip).collect_view()}</div> }
        })
    }
}
