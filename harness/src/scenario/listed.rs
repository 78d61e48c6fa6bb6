//! Expectations of what something holds: nothing, so many, or exactly these in any order.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::capture::{Captured, Substitute, UnknownCapture};
use super::expect::{Count, CountVisitor, empty};

/// What something must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Listed<T> {
    Empty,
    Count(Count),
    /// Exactly these, in any order; messages of a FIFO queue in the order in which they came.
    Exactly(Vec<T>),
}

/// What may stand in the list.
pub trait Entry: Sized {
    /// What is expected in the file, for messages.
    const EXPECTING: &'static str;
    /// The schema's name.
    const SCHEMA: &'static str;
    /// The schema's description.
    const DESCRIPTION: &'static str;

    /// The schema of one entry.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

impl<T: Substitute> Substitute for Listed<T> {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        match self {
            Self::Exactly(entries) => entries.substitute(captured),
            Self::Empty | Self::Count(_) => Ok(()),
        }
    }
}

impl<'de, T: Entry + Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListedVisitor(PhantomData))
    }
}

struct ListedVisitor<T>(PhantomData<T>);

impl<'de, T: Entry + Deserialize<'de>> Visitor<'de> for ListedVisitor<T> {
    type Value = Listed<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTING)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Listed<T>, E> {
        empty(text).map(|()| Listed::Empty)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Listed<T>, E> {
        Ok(Listed::Count(Count::exactly(number)))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Listed<T>, A::Error> {
        CountVisitor.visit_map(entries).map(Listed::Count)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Listed<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = members.next_element()? {
            entries.push(entry);
        }
        Ok(Listed::Exactly(entries))
    }
}

impl<T: Entry> JsonSchema for Listed<T> {
    fn schema_name() -> Cow<'static, str> {
        T::SCHEMA.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let count = generator.subschema_for::<Count>();
        let entry = T::schema(generator);
        schemars::json_schema!({
            "description": T::DESCRIPTION,
            "anyOf": [{ "const": "empty" }, count, { "type": "array", "items": entry }],
        })
    }
}
