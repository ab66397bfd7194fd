//! Versions: which op wrote a register, and which ops it knows of. Time plays no part.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use uuid::Uuid;

/// A device in one incarnation. On a device and on the wire this is a number from a table beside
/// the data, since the two random ids behind it would outweigh most values.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Replica(pub u32);

/// What a [`Replica`] stands for, everywhere the same.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaId {
    pub device: Uuid,
    /// Drawn anew when the device's database turns out to be a copy.
    pub incarnation: Uuid,
}

/// The op that wrote a register: the replica it was made on and its number there.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    pub replica: Replica,
    pub seq: u64,
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.replica.0, self.seq)
    }
}

/// A text that is not a version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a version of a register")]
pub struct VersionError;

impl FromStr for Dot {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let (replica, seq) = text.split_once(':').ok_or(VersionError)?;
        Ok(Self {
            replica: Replica(replica.parse().map_err(|_| VersionError)?),
            seq: seq.parse().map_err(|_| VersionError)?,
        })
    }
}

/// The version of a register: the op that wrote it, and per other replica the highest op that was
/// merged into it.
///
/// Its text is `replica:seq`, followed by `;replica:seq` for each other replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    dot: Dot,
    /// Without the dot's own replica.
    others: BTreeMap<Replica, u64>,
}

impl Version {
    /// The first version of a register.
    pub fn first(dot: Dot) -> Self {
        Self { dot, others: BTreeMap::new() }
    }

    /// The version that `dot` writes over `base`.
    pub fn after(base: &Self, dot: Dot) -> Self {
        Self::after_all([base], dot)
    }

    /// The version that `dot` writes over several, as a delete does over the registers of a record.
    /// `dot` is newer than whatever they know of its replica.
    pub fn after_all<'a>(bases: impl IntoIterator<Item = &'a Self>, dot: Dot) -> Self {
        bases.into_iter().fold(Self::first(dot), Self::joined)
    }

    /// This version, which also knows whatever `other` knows. Neither may know the other already:
    /// of the own replica the dot says all.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        for known in other.vector() {
            if known.replica != self.dot.replica {
                let highest = self.others.entry(known.replica).or_default();
                *highest = (*highest).max(known.seq);
            }
        }
        self
    }

    /// The op that wrote the register.
    pub fn dot(&self) -> Dot {
        self.dot
    }

    /// Per replica the highest op merged into this version, its own included.
    pub fn vector(&self) -> impl Iterator<Item = Dot> {
        let others = self.others.iter().map(|(replica, seq)| Dot { replica: *replica, seq: *seq });
        std::iter::once(self.dot).chain(others)
    }

    /// Whether the op `dot` is this version or was merged into it.
    pub fn knows(&self, dot: Dot) -> bool {
        self.vector().any(|known| known.replica == dot.replica && known.seq >= dot.seq)
    }

    /// This version, with other names for its ops.
    #[must_use]
    pub fn renamed(self, name: impl Fn(Dot) -> Dot) -> Self {
        let others = self.others.into_iter().map(|(replica, seq)| name(Dot { replica, seq }));
        Self { dot: name(self.dot), others: others.map(|dot| (dot.replica, dot.seq)).collect() }
    }

    /// Shows the number of every replica in it, to be changed.
    pub(crate) fn renumber(&mut self, visit: &mut dyn FnMut(&mut Replica)) {
        visit(&mut self.dot.replica);
        let others = std::mem::take(&mut self.others).into_iter().map(|(mut replica, seq)| {
            visit(&mut replica);
            (replica, seq)
        });
        self.others = others.collect();
    }

    /// The part of the text behind the dot, if there is any: how a database keeps it.
    pub fn others_text(&self) -> Option<String> {
        if self.others.is_empty() {
            return None;
        }
        let others = self.others.iter().map(|(replica, seq)| format!("{}:{seq}", replica.0));
        Some(others.collect::<Vec<_>>().join(";"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dot.fmt(f)?;
        match self.others_text() {
            Some(others) => write!(f, ";{others}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let mut dots = text.split(';').map(str::parse::<Dot>);
        let dot = dots.next().ok_or(VersionError)??;
        let mut others = BTreeMap::new();
        for other in dots {
            let other = other?;
            if other.replica == dot.replica || others.insert(other.replica, other.seq).is_some() {
                return Err(VersionError);
            }
        }
        Ok(Self { dot, others })
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

/// Its text.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Version {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9]{1,10}:[0-9]{1,19}(;[0-9]{1,10}:[0-9]{1,19})*$"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Version {}

#[cfg(test)]
mod tests;
