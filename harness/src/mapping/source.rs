//! What a stream is to its mapping, whoever keeps it: shards that are read with iterators, and records in order.
//! [`super::dynamodb`] and [`super::kinesis`] are the two kinds of stream.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::filter::DataField;
use crate::stack::StartingPosition;
use crate::trace::EventId;

/// A stream that a mapping reads.
pub trait StreamSource {
    /// What people call it: `the stream of table Orders`.
    fn name(&self) -> String;

    /// What a delivery comes from: `DynamoDB Orders`.
    fn origin(&self) -> String;

    /// The stream's ARN as the backend gives it, once it is open.
    fn arn(&self) -> String;

    /// How long it keeps its records.
    fn retention(&self) -> Duration;

    /// What Lambda calls a batch of its records when it has given them up.
    fn batch_info(&self) -> &'static str;

    /// The field of a record that filters look into.
    fn data_field(&self) -> DataField;

    /// A record as filters see it and pipes hand it on, from what a function gets.
    fn flat(&self, payload: &Value) -> Value;

    /// The call that a record follows from, where it is known.
    fn writer(&self, record: &Record) -> Option<EventId>;

    /// Finds the stream. To be awaited before all that follows.
    fn open(&self) -> LocalBoxFuture<'_, Result<(), String>>;

    /// The shards there are.
    fn shards(&self) -> LocalBoxFuture<'_, Result<Vec<Shard>, String>>;

    /// An iterator at a place of a shard.
    fn iterator<'a>(&'a self, shard: &'a str, place: &'a Place) -> LocalBoxFuture<'a, Result<String, String>>;

    /// Reads so many records at the most, from an iterator on.
    fn read<'a>(&'a self, shard: &'a str, iterator: &'a str, most: usize) -> LocalBoxFuture<'a, Result<Page, Unread>>;
}

/// A shard of a stream.
pub struct Shard {
    pub id: String,
    /// The shards that are to be read to their end before it.
    pub parents: Vec<String>,
}

/// Where in a shard to read.
#[derive(Clone, Debug)]
pub enum Place {
    Start(StartingPosition),
    /// Behind the record with this sequence number.
    After(String),
}

/// Records that were read together.
pub struct Page {
    pub records: Vec<Record>,
    /// Where to go on; none when the shard is closed and read to its end.
    pub next: Option<String>,
}

/// Why records could not be read.
pub enum Unread {
    /// The iterator is too old: another one is needed.
    Expired,
    Failed(String),
}

impl Unread {
    /// In words.
    pub fn message(self) -> String {
        match self {
            Self::Expired => "the iterator has expired".to_owned(),
            Self::Failed(message) => message,
        }
    }
}

/// One record of a shard.
#[derive(Clone, Debug)]
pub struct Record {
    /// As a function gets it.
    pub payload: Value,
    pub event_id: String,
    pub sequence: String,
    /// Records with the same key are delivered in their order.
    pub key: String,
    pub arrival: Timestamp,
    /// How many bytes the payload is long.
    pub size: usize,
}

impl Record {
    /// A record of a payload, whose `eventID` names it.
    pub fn new(payload: Value, sequence: &str, key: String, arrival: Timestamp) -> Self {
        let event_id = payload["eventID"].as_str().unwrap_or_default().to_owned();
        let size = payload.to_string().len();
        Self { payload, event_id, sequence: sequence.to_owned(), key, arrival, size }
    }
}
