use super::*;
use crate::id::{AllergyId, TagId};
use crate::patient::{Allergy, Severity, Tag};
use proptest::prelude::*;

fn tag(number: Option<u128>, label: &str) -> Tag {
    Tag { id: number.map(|number| TagId(Uuid::from_u128(number))), label: label.into() }
}

#[test]
fn what_was_added_changed_and_removed_is_told_apart() {
    let before = [tag(Some(1), "a"), tag(Some(2), "b"), tag(Some(3), "c")];
    let after = [tag(Some(1), "a"), tag(Some(2), "B"), tag(None, "d")];
    let changes = Changes::between(&before, &after);
    assert_eq!(changes.added, [tag(None, "d")]);
    assert_eq!(changes.changed, [tag(Some(2), "B")]);
    assert_eq!(changes.removed, [Uuid::from_u128(3)]);
    assert!(Changes::between(&before, &before).is_empty());
}

#[test]
fn an_item_that_is_not_known_is_added_never_changed() {
    let changes = Changes::between(&[], &[tag(Some(9), "x")]);
    assert_eq!((changes.added.len(), changes.changed.len()), (1, 0));
    let unsaved = [tag(None, "x")];
    assert_eq!(Changes::between(&unsaved, &unsaved).added.len(), 1);
}

#[test]
fn an_allergy_changes_with_any_of_its_fields() {
    let id = Some(AllergyId(Uuid::from_u128(1)));
    let before = Allergy { id, substance: "Latex".into(), reaction: "Rash".into(), severity: Severity::Mild };
    let after = Allergy { severity: Severity::Severe, ..before.clone() };
    assert_eq!(Changes::between(&[before], std::slice::from_ref(&after)).changed, [after]);
}

proptest! {
    #[test]
    fn the_changes_turn_one_list_into_the_other(
        before in prop::collection::btree_map(0u128..8, "[ab]", 0..6),
        after in prop::collection::btree_map(0u128..8, "[ab]", 0..6),
    ) {
        let list = |map: &std::collections::BTreeMap<u128, String>| -> Vec<Tag> {
            map.iter().map(|(number, label)| tag(Some(*number), label)).collect()
        };
        let (before, after) = (list(&before), list(&after));
        let changes = Changes::between(&before, &after);
        let mut result: Vec<Tag> = before
            .iter()
            .filter(|item| !changes.removed.iter().any(|id| item.id() == Some(*id)))
            .map(|item| changes.changed.iter().find(|new| new.id == item.id).unwrap_or(item).clone())
            .chain(changes.added.clone())
            .collect();
        result.sort_by_key(|item| item.id);
        prop_assert_eq!(result, after);
    }
}
