//! The list's filters and order, as the URL has them. Never what was searched for: that is patient data.

use contract::{Facet, PatientFacets, PatientFilter, PatientSort};
use domain::patient::{Tier, Word};

/// Which patients, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    pub filter: PatientFilter,
    pub sort: PatientSort,
}

const SORTS: [(PatientSort, &str); 5] = [
    (PatientSort::Name, "name"),
    (PatientSort::NameDescending, "-name"),
    (PatientSort::BirthDate, "birth"),
    (PatientSort::BirthDateDescending, "-birth"),
    (PatientSort::Added, "-added"),
];

impl ListQuery {
    /// Reads the parameters; what is not understood is left out.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| get(name).is_some_and(|value| value == "1");
        let sort = get("sort")
            .and_then(|word| SORTS.iter().find(|(_, known)| *known == word).map(|(sort, _)| *sort));
        Self {
            filter: PatientFilter {
                archived: set("archived"),
                tag: get("tag").filter(|tag| !tag.is_empty()),
                tier: get("tier").and_then(|word| Tier::from_word(&word)),
                alert: set("alert"),
            },
            sort: sort.unwrap_or_default(),
        }
    }

    /// The parameters, with a question mark; empty for the plain list.
    pub fn write(&self) -> String {
        let mut parts = Vec::new();
        let Self { filter, sort } = self;
        if let Some(tag) = &filter.tag {
            parts.push(format!("tag={}", percent_encode(tag)));
        }
        if let Some(tier) = filter.tier {
            parts.push(format!("tier={}", tier.word()));
        }
        if filter.alert {
            parts.push("alert=1".to_owned());
        }
        if filter.archived {
            parts.push("archived=1".to_owned());
        }
        if let Some((_, word)) =
            SORTS.iter().find(|(known, _)| known == sort && *sort != PatientSort::default())
        {
            parts.push(format!("sort={word}"));
        }
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// How many rows the list has, where the counted facets tell.
    pub fn known_length(&self, facets: &PatientFacets) -> Option<u64> {
        let PatientFilter { archived, tag, tier, alert } = &self.filter;
        let of = |facets: &[Facet], value: &str| {
            facets.iter().find(|facet| facet.value == value).map(|facet| facet.count)
        };
        match (archived, tag, tier, alert) {
            (true, None, None, false) => Some(facets.archived),
            (false, None, None, false) => Some(facets.current),
            (false, Some(tag), None, false) => of(&facets.tags, tag),
            (false, None, Some(tier), false) => of(&facets.tiers, tier.word()),
            _ => None,
        }
    }

    /// Whether any filter is set.
    pub fn is_filtered(&self) -> bool {
        self.filter != PatientFilter::default()
    }
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(url: &str) -> ListQuery {
        let pairs: Vec<(String, String)> = url
            .trim_start_matches('?')
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%20", " ").replace("%26", "&")))
            .collect();
        ListQuery::read(|name| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    #[test]
    fn the_url_holds_filters_and_order() {
        let query = ListQuery {
            filter: PatientFilter {
                archived: true,
                tag: Some("spa & more".into()),
                tier: Some(Tier::Gold),
                alert: true,
            },
            sort: PatientSort::BirthDateDescending,
        };
        assert_eq!(query.write(), "?tag=spa%20%26%20more&tier=gold&alert=1&archived=1&sort=-birth");
        assert_eq!(read_back(&query.write()), query);
    }

    #[test]
    fn the_plain_list_has_no_parameters() {
        assert_eq!(ListQuery::default().write(), "");
        assert_eq!(read_back("?sort=sideways&tier=brass&tag="), ListQuery::default());
    }

    #[test]
    fn one_facet_tells_the_length_but_two_do_not() {
        let facets = PatientFacets {
            tags: vec![Facet { value: "spa".into(), count: 7 }],
            tiers: vec![Facet { value: "gold".into(), count: 5 }],
            current: 90,
            archived: 3,
        };
        let mut query = ListQuery::default();
        assert_eq!(query.known_length(&facets), Some(90));
        query.filter.tag = Some("spa".into());
        assert_eq!(query.known_length(&facets), Some(7));
        query.filter.tier = Some(Tier::Gold);
        assert_eq!(query.known_length(&facets), None);
    }
}
