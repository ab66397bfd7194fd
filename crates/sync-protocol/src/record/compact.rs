//! Records as text, for the wire and the server's database: who wrote what and when stands once for all registers that
//! were written together. Most records were written at once, and five ids a register would outweigh their values.

use super::{RecordState, RegisterState, Stamp};
use crate::op::{Kind, Values};
use crate::version::{ReplicaId, Version};
use domain::id::ActorId;
use serde::de::Error;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who wrote something, and when.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Writing {
    version: Version,
    /// Milliseconds since 1970, by the server's reckoning.
    at_ms: i64,
    device: Uuid,
    incarnation: Uuid,
    actor: Uuid,
}

/// A register's values, and the place of its writing in the list of them.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Deserialize)]
struct Written {
    by: usize,
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<super::Anything>))]
    values: Values,
}

/// A record.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = RecordState))]
#[derive(Deserialize)]
struct Compact {
    kind: Kind,
    /// Whether the record is there. If it is not, this is the tombstone.
    alive: bool,
    /// The first is that of the record itself.
    writings: Vec<Writing>,
    /// Kept under a tombstone, for an edit whose author had not seen it.
    registers: BTreeMap<String, Written>,
}

fn writing(version: &Version, stamp: &Stamp) -> Writing {
    let ReplicaId { device, incarnation } = stamp.author;
    Writing { version: version.clone(), at_ms: stamp.at_ms, device, incarnation, actor: stamp.actor.0 }
}

impl Serialize for RecordState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Borrowed<'a> {
            by: usize,
            values: &'a [Value],
        }
        let mut writings = vec![writing(&self.life.version, &self.life.stamp)];
        let mut registers = BTreeMap::new();
        for (name, state) in &self.registers {
            let writing = writing(&state.version, &state.stamp);
            let by = writings.iter().position(|known| *known == writing).unwrap_or_else(|| {
                writings.push(writing);
                writings.len() - 1
            });
            registers.insert(name, Borrowed { by, values: &state.value });
        }
        let mut record = serializer.serialize_struct("RecordState", 4)?;
        record.serialize_field("kind", &self.kind)?;
        record.serialize_field("alive", &self.life.value)?;
        record.serialize_field("writings", &writings)?;
        record.serialize_field("registers", &registers)?;
        record.end()
    }
}

impl<'de> Deserialize<'de> for RecordState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Compact { kind, alive, writings, registers } = Compact::deserialize(deserializer)?;
        let state = |by: usize| {
            let writing = writings.get(by).ok_or_else(|| D::Error::custom("there is no such writing"))?;
            let author = ReplicaId { device: writing.device, incarnation: writing.incarnation };
            let stamp = Stamp { at_ms: writing.at_ms, author, actor: ActorId(writing.actor) };
            Ok::<_, D::Error>((writing.version.clone(), stamp))
        };
        let (version, stamp) = state(0)?;
        let life = RegisterState { version, stamp, value: alive };
        let registers = registers.into_iter().map(|(name, written)| {
            let (version, stamp) = state(written.by)?;
            Ok((name, RegisterState { version, stamp, value: written.values }))
        });
        Ok(Self { kind, life, registers: registers.collect::<Result<_, D::Error>>()? })
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for RecordState {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <Compact as utoipa::PartialSchema>::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for RecordState {
    fn name() -> std::borrow::Cow<'static, str> {
        <Compact as utoipa::ToSchema>::name()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        <Compact as utoipa::ToSchema>::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Dot, Replica};
    use serde_json::json;

    fn stamp(at_ms: i64) -> Stamp {
        let author = ReplicaId { device: Uuid::from_u128(1), incarnation: Uuid::from_u128(2) };
        Stamp { at_ms, author, actor: ActorId(Uuid::from_u128(3)) }
    }

    fn record() -> RecordState {
        let first = Version::first(Dot { replica: Replica(4), seq: 5 });
        let later = Version::after(&first, Dot { replica: Replica(6), seq: 7 });
        let register = |version: &Version, at_ms, value: Value| RegisterState {
            version: version.clone(),
            stamp: stamp(at_ms),
            value: vec![value],
        };
        let registers = [
            ("name", register(&first, 8, json!("Ann"))),
            ("note", register(&later, 9, json!(null))),
            ("tier", register(&first, 8, json!(3))),
        ];
        RecordState {
            kind: Kind::Mutable,
            life: RegisterState { version: first, stamp: stamp(8), value: true },
            registers: registers.map(|(name, state)| (name.to_owned(), state)).into(),
        }
    }

    #[test]
    fn a_record_reads_back_as_it_was_and_says_once_who_wrote_what_together() {
        let text = serde_json::to_string(&record()).unwrap();
        assert_eq!(serde_json::from_str::<RecordState>(&text).unwrap(), record());
        assert_eq!(text.matches("at_ms").count(), 2, "{text}");
    }

    #[test]
    fn a_register_of_a_writing_that_is_not_there_is_refused() {
        let mut text = serde_json::to_value(record()).unwrap();
        text["registers"]["name"]["by"] = json!(2);
        assert!(serde_json::from_value::<RecordState>(text.clone()).is_err());
        text["writings"] = json!([]);
        assert!(serde_json::from_value::<RecordState>(text).is_err());
    }
}
