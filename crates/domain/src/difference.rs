//! Lists are edited by difference: what was added, changed and removed, never delete-all-and-recreate.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// An item of a list that is saved under an id.
pub trait Item: Clone + PartialEq {
    /// Its id, absent while it is not saved.
    fn id(&self) -> Option<Uuid>;
}

/// What a person did to a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes<T> {
    #[serde(default = "Vec::new")]
    pub added: Vec<T>,
    #[serde(default = "Vec::new")]
    pub changed: Vec<T>,
    #[serde(default)]
    pub removed: Vec<Uuid>,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self { added: Vec::new(), changed: Vec::new(), removed: Vec::new() }
    }
}

impl<T> Changes<T> {
    /// Whether nothing was done.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl<T: Item> Changes<T> {
    /// What turns `before` into `after`. An item whose id is not in `before` counts as added.
    pub fn between(before: &[T], after: &[T]) -> Self {
        let mut changes = Self::default();
        for item in after {
            match before.iter().find(|old| old.id().is_some() && old.id() == item.id()) {
                None => changes.added.push(item.clone()),
                Some(old) if old != item => changes.changed.push(item.clone()),
                Some(_) => {}
            }
        }
        changes.removed = before
            .iter()
            .filter_map(Item::id)
            .filter(|id| !after.iter().any(|item| item.id() == Some(*id)))
            .collect();
        changes
    }
}

macro_rules! items {
    ($($name:ty),+) => {$(
        impl Item for $name {
            fn id(&self) -> Option<Uuid> {
                self.id.map(|id| id.0)
            }
        }
    )+};
}

items!(crate::patient::Contact, crate::patient::Allergy, crate::patient::Alert, crate::patient::Tag);
