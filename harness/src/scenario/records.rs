//! `expect.streams`: what Kinesis streams must hold.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::capture::substitute_in;
use super::listed::{Entry, Listed};
use super::matcher::{self, Matcher};

/// What a stream must hold.
pub type StreamExpect = Listed<RecordExpect>;

/// One record; what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordExpect {
    /// The partition key.
    #[serde(default, deserialize_with = "matcher::leaf")]
    pub key: Option<Matcher>,
    /// The data as text.
    #[serde(default, deserialize_with = "matcher::leaf")]
    pub data: Option<Matcher>,
    /// A pattern for data that is JSON.
    pub json: Option<Matcher>,
}

substitute_in!(RecordExpect: key, data, json);

impl Entry for RecordExpect {
    const EXPECTING: &'static str = "`empty`, a count or a list of records";
    const SCHEMA: &'static str = "StreamExpect";
    const DESCRIPTION: &'static str =
        "What a stream must hold: nothing, so many records, or exactly these, in their order where it has one shard";

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}
