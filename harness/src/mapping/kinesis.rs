//! A Kinesis stream as the source of a mapping.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use std::rc::Rc;
use std::time::Duration;

use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{self, ShardIteratorType};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::describe;
use super::filter::DataField;
use super::source::{Page, Place, Record, Shard, StreamSource, Unread};
use crate::event;
use crate::shared::Shared;
use crate::stack::{KinesisStream, StartingPosition};
use crate::trace::EventId;

/// What `GetRecords` gives at the most.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html>
const GET_RECORDS_LIMIT: usize = 10_000;

/// A stream of Kinesis.
pub struct DataStream {
    stream: KinesisStream,
    /// Who reads it, as its records tell: the ARN of a role.
    role: String,
    shared: Rc<Shared>,
    client: aws_sdk_kinesis::Client,
}

impl DataStream {
    /// A stream that is read for what has this name.
    pub fn new(stream: KinesisStream, reader: &str, shared: Rc<Shared>) -> Self {
        let client = aws_sdk_kinesis::Client::new(&shared.service_config());
        let account = stream.arn.split(':').nth(4).unwrap_or_default();
        let role = format!("arn:aws:iam::{account}:role/{reader}Role");
        Self { stream, role, shared, client }
    }

    async fn list(&self) -> Result<Vec<Shard>, String> {
        let (mut shards, mut token) = (Vec::new(), None);
        loop {
            // A page is asked for by its token alone.
            let list = match token {
                None => self.client.list_shards().stream_name(&self.stream.name),
                Some(token) => self.client.list_shards().next_token(token),
            };
            let listed = list.send().await.map_err(|error| describe(&error))?;
            shards.extend(listed.shards().iter().map(|shard| {
                Shard {
                    id: shard.shard_id().to_owned(),
                    parents: [shard.parent_shard_id(), shard.adjacent_parent_shard_id()]
                        .into_iter()
                        .flatten()
                        .map(str::to_owned)
                        .collect(),
                }
            }));
            token = listed.next_token;
            if token.is_none() {
                return Ok(shards);
            }
        }
    }

    async fn iterator_at(&self, shard: &str, place: &Place) -> Result<String, String> {
        let get = self.client.get_shard_iterator().stream_name(&self.stream.name).shard_id(shard);
        let get = match place {
            Place::After(last) => {
                get.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).starting_sequence_number(last)
            }
            Place::Start(StartingPosition::TrimHorizon) => get.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Place::Start(StartingPosition::Latest) => get.shard_iterator_type(ShardIteratorType::Latest),
            Place::Start(StartingPosition::AtTimestamp(time)) => get
                .shard_iterator_type(ShardIteratorType::AtTimestamp)
                .timestamp(DateTime::from_millis(time.as_millisecond())),
        };
        let got = get.send().await.map_err(|error| describe(&error))?;
        got.shard_iterator().map(str::to_owned).ok_or_else(|| format!("shard {shard} has no iterator"))
    }

    async fn page(&self, shard: &str, iterator: &str, most: usize) -> Result<Page, Unread> {
        let limit = i32::try_from(most.min(GET_RECORDS_LIMIT)).unwrap_or(i32::MAX);
        match self.client.get_records().shard_iterator(iterator).limit(limit).send().await {
            Ok(got) => Ok(Page {
                records: got.records().iter().map(|record| self.record(record, shard)).collect(),
                next: got.next_shard_iterator,
            }),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_expired_iterator_exception()) => {
                Err(Unread::Expired)
            }
            Err(error) => Err(Unread::Failed(describe(&error))),
        }
    }

    fn record(&self, record: &types::Record, shard: &str) -> Record {
        let payload = event::kinesis::record(record, shard, &self.stream.arn, &self.role);
        let arrived = record.approximate_arrival_timestamp().and_then(|time| time.to_millis().ok());
        let arrived = arrived.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let arrival = arrived.unwrap_or_else(|| self.shared.backend.clock().now());
        Record::new(payload, record.sequence_number(), record.partition_key().unwrap_or_default().to_owned(), arrival)
    }
}

impl StreamSource for DataStream {
    fn name(&self) -> String {
        format!("the stream {}", self.stream.logical_id)
    }

    fn origin(&self) -> String {
        format!("Kinesis {}", self.stream.logical_id)
    }

    fn arn(&self) -> String {
        self.stream.arn.clone()
    }

    fn retention(&self) -> Duration {
        self.stream.retention()
    }

    fn batch_info(&self) -> &'static str {
        "KinesisBatchInfo"
    }

    fn data_field(&self) -> DataField {
        DataField::Base64("data")
    }

    fn flat(&self, payload: &Value) -> Value {
        event::kinesis::flat(payload)
    }

    /// The call that put it.
    fn writer(&self, record: &Record) -> Option<EventId> {
        self.shared.recorder.producer(&record.event_id)
    }

    fn open(&self) -> LocalBoxFuture<'_, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn shards(&self) -> LocalBoxFuture<'_, Result<Vec<Shard>, String>> {
        Box::pin(self.list())
    }

    fn iterator<'a>(&'a self, shard: &'a str, place: &'a Place) -> LocalBoxFuture<'a, Result<String, String>> {
        Box::pin(self.iterator_at(shard, place))
    }

    fn read<'a>(&'a self, shard: &'a str, iterator: &'a str, most: usize) -> LocalBoxFuture<'a, Result<Page, Unread>> {
        Box::pin(self.page(shard, iterator, most))
    }
}
