//! What must hold once a scenario has settled. Whatever is named here keeps the place of its name.

use std::fmt;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::capture::{Captured, Substitute, UnknownCapture};
use super::listed::{Entry, Listed};
use super::mail::MailboxExpect;
use super::matcher::{Fields, Matcher};
use super::records::StreamExpect;
use super::s3::ObjectsExpect;
use super::stubs::{RequestsExpect, Stub};
use crate::yaml::Located;

/// Something about a resource, with the resource's logical id and where that stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T> {
    pub name: Located<String>,
    pub value: T,
}

/// What is there before the first step.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct Given {
    /// The items of tables: files that hold a JSON array of plain items, relative to the scenario.
    #[schemars(with = "BTreeMap<String, PathBuf>")]
    pub tables: Vec<Named<Located<PathBuf>>>,
    /// Other systems, by the address of their host, such as `https://partner.example`: what they answer to HTTP
    /// requests. A request gets the first answer that is for it and has not been given as often as it says.
    #[schemars(with = "BTreeMap<String, Vec<Stub>>")]
    pub stubs: Vec<Named<Vec<Stub>>>,
}

/// What must hold at the end; what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct Expect {
    /// How often functions are invoked, attempts that fail included.
    #[schemars(with = "BTreeMap<String, Count>")]
    pub invocations: Vec<Named<Count>>,
    /// The messages that queues hold.
    #[schemars(with = "BTreeMap<String, QueueExpect>")]
    pub queues: Vec<Named<QueueExpect>>,
    /// The records that Kinesis streams hold.
    #[schemars(with = "BTreeMap<String, StreamExpect>")]
    pub streams: Vec<Named<StreamExpect>>,
    /// The HTTP requests that the hosts of `given.stubs` are sent.
    #[schemars(with = "BTreeMap<String, RequestsExpect>")]
    pub requests: Vec<Named<RequestsExpect>>,
    /// The mail that arrives, by address.
    #[schemars(with = "BTreeMap<String, MailboxExpect>")]
    pub mail: Vec<Named<MailboxExpect>>,
    /// The objects that buckets hold.
    #[schemars(with = "BTreeMap<String, ObjectsExpect>")]
    pub objects: Vec<Named<ObjectsExpect>>,
    /// The items that tables hold. Where no table is named, all are compared with the committed snapshot.
    #[schemars(with = "BTreeMap<String, TableExpect>")]
    pub tables: Vec<Named<TableExpect>>,
}

impl Expect {
    /// Whether a table's items matter: those of the tables that are named, or of all where none is.
    pub fn is_about_table(&self, logical_id: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|table| table.name.value == logical_id)
    }

    /// Whether a table's items must be looked at, and not only be counted: for a snapshot, for patterns, or to be shown
    /// because their `count` is not as expected.
    pub fn needs_items_of_table(&self, logical_id: &str, count: u64) -> bool {
        let needs = |table: &Named<TableExpect>| match &table.value {
            TableExpect::Empty => count != 0,
            TableExpect::Holds(holds) => {
                let is_wrong = holds.count.is_some_and(|expected| !expected.contains(count));
                holds.snapshot || !holds.items.is_empty() || is_wrong
            }
        };
        self.tables.is_empty() || self.tables.iter().any(|table| table.name.value == logical_id && needs(table))
    }

    /// Whether tables are compared with a snapshot.
    pub fn has_snapshot(&self) -> bool {
        let is_wanted =
            |table: &Named<TableExpect>| matches!(&table.value, TableExpect::Holds(holds) if holds.snapshot);
        self.tables.is_empty() || self.tables.iter().any(is_wanted)
    }

    /// The expectations with the captured values put into their text.
    ///
    /// # Errors
    /// The first name that has not been captured.
    pub fn substituted(&self, captured: &Captured) -> Result<Self, UnknownCapture> {
        let mut expect = self.clone();
        for queue in &mut expect.queues {
            queue.value.substitute(captured)?;
        }
        for stream in &mut expect.streams {
            stream.value.substitute(captured)?;
        }
        for host in &mut expect.requests {
            host.value.substitute(captured)?;
        }
        for mailbox in &mut expect.mail {
            mailbox.value.substitute(captured)?;
        }
        for bucket in &mut expect.objects {
            bucket.value.substitute(captured)?;
        }
        for table in &mut expect.tables {
            if let TableExpect::Holds(holds) = &mut table.value {
                holds.items.substitute(captured)?;
            }
        }
        Ok(expect)
    }
}

/// A number, or a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub min: u64,
    /// Inclusive; no limit where it is `None`.
    pub max: Option<u64>,
}

impl Count {
    pub fn exactly(number: u64) -> Self {
        Self { min: number, max: Some(number) }
    }

    pub fn contains(self, number: u64) -> bool {
        self.min <= number && self.max.is_none_or(|max| number <= max)
    }
}

/// As people say it: `3`, `1 to 3`, `at least 1`, `at most 3`.
impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, Some(max)) if min == max => write!(formatter, "{min}"),
            (0, Some(max)) => write!(formatter, "at most {max}"),
            (min, Some(max)) => write!(formatter, "{min} to {max}"),
            (min, None) => write!(formatter, "at least {min}"),
        }
    }
}

/// What a queue must hold, hidden and delayed messages included.
pub type QueueExpect = Listed<MessageExpect>;

/// One message's body.
#[derive(Clone, Debug, PartialEq)]
pub enum MessageExpect {
    /// Exactly this text.
    Text(String),
    /// JSON that matches.
    Json(Matcher),
}

/// What a table must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum TableExpect {
    Empty,
    Holds(TableHolds),
}

/// What a table must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableHolds {
    /// Whether the items are compared with the committed snapshot.
    #[serde(default)]
    pub snapshot: bool,
    /// Attributes whose values the snapshot leaves out.
    #[serde(default)]
    pub redact: Vec<String>,
    /// How many items there are.
    pub count: Option<Count>,
    /// Patterns over items as plain JSON; each must match exactly one item.
    #[serde(default, deserialize_with = "items")]
    pub items: Vec<Matcher>,
}

impl Substitute for MessageExpect {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        match self {
            Self::Text(text) => text.substitute(captured),
            Self::Json(matcher) => matcher.substitute(captured),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

pub(super) struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a count such as `3` or `{min: 1, max: 3}`")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
        Ok(Count::exactly(number))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Count, A::Error> {
        let range = CountRange::deserialize(MapAccessDeserializer::new(entries))?;
        let min = range.min.unwrap_or(0);
        match range.max {
            Some(max) if max < min => Err(A::Error::custom(format!("no number is at least {min} and at most {max}"))),
            None if range.min.is_none() => Err(A::Error::custom("a range needs `min`, `max` or both")),
            max => Ok(Count { min, max }),
        }
    }
}

/// A range of numbers; both ends belong to it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CountRange {
    min: Option<u64>,
    max: Option<u64>,
}

impl<'de> Deserialize<'de> for MessageExpect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MessageVisitor)
    }
}

struct MessageVisitor;

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = MessageExpect;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a message's text or a pattern for its JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MessageExpect, E> {
        Ok(MessageExpect::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<MessageExpect, A::Error> {
        Matcher::deserialize(MapAccessDeserializer::new(entries)).map(MessageExpect::Json)
    }
}

impl<'de> Deserialize<'de> for TableExpect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = TableExpect;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`empty` or a mapping such as `{snapshot: true}`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TableExpect, E> {
        empty(text).map(|()| TableExpect::Empty)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<TableExpect, A::Error> {
        TableHolds::deserialize(MapAccessDeserializer::new(entries)).map(TableExpect::Holds)
    }
}

pub(super) fn empty<E: Error>(text: &str) -> Result<(), E> {
    if text == "empty" { Ok(()) } else { Err(E::unknown_variant(text, &["empty"])) }
}

/// For serde: patterns for items, which are objects.
fn items<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Matcher>, D::Error> {
    let fields = Vec::<Fields>::deserialize(deserializer)?;
    Ok(fields.into_iter().map(|Fields(matcher)| matcher).collect())
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let range = generator.subschema_for::<CountRange>();
        schemars::json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, range] })
    }
}

impl Entry for MessageExpect {
    const EXPECTING: &'static str = "`empty`, a count or a list of messages";
    const SCHEMA: &'static str = "QueueExpect";
    const DESCRIPTION: &'static str =
        "What a queue must hold: nothing, so many messages, or exactly these in any order";

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["string", "object"] })
    }
}

impl JsonSchema for TableExpect {
    fn schema_name() -> Cow<'static, str> {
        "TableExpect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let holds = generator.subschema_for::<TableHolds>();
        schemars::json_schema!({ "anyOf": [{ "const": "empty" }, holds] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_contains_its_bounds_and_says_itself() {
        for (count, inside, outside, text) in [
            (Count::exactly(3), vec![3], vec![2, 4], "3"),
            (Count { min: 1, max: Some(3) }, vec![1, 3], vec![0, 4], "1 to 3"),
            (Count { min: 1, max: None }, vec![1, 1000], vec![0], "at least 1"),
            (Count { min: 0, max: Some(3) }, vec![0, 3], vec![4], "at most 3"),
        ] {
            assert_eq!(count.to_string(), text);
            assert!(inside.into_iter().all(|number| count.contains(number)), "{text}");
            assert!(!outside.into_iter().any(|number| count.contains(number)), "{text}");
        }
    }
}
