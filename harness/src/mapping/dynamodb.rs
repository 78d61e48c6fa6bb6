//! The stream of a table as the source of a mapping.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_dynamodbstreams::error::SdkError;
use aws_sdk_dynamodbstreams::operation::get_shard_iterator::GetShardIteratorError;
use aws_sdk_dynamodbstreams::types::{self, ShardIteratorType};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::describe;
use super::filter::DataField;
use super::source::{Page, Place, Record, Shard, StreamSource, Unread};
use crate::event;
use crate::shared::Shared;
use crate::stack::{StartingPosition, Table};
use crate::trace::EventId;

/// What `GetRecords` gives at the most.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html>
const GET_RECORDS_LIMIT: usize = 1_000;
/// How long a stream keeps its records.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// A table's stream.
pub struct TableStream {
    table: Table,
    shared: Rc<Shared>,
    client: aws_sdk_dynamodbstreams::Client,
    /// The stream's ARN as the backend gives it.
    arn: RefCell<String>,
}

impl TableStream {
    /// The stream of a table, read by a client.
    pub fn new(table: Table, shared: Rc<Shared>, client: aws_sdk_dynamodbstreams::Client) -> Self {
        Self { table, shared, client, arn: RefCell::default() }
    }

    async fn find(&self) -> Result<(), String> {
        self.shared.recorder.follow_writes(&self.table.name, self.table.key_names());
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.shared.service_config());
        let table = dynamodb.describe_table().table_name(&self.table.name).send().await;
        let table = table.map_err(|error| describe(&error))?;
        let arn = table.table().and_then(|table| table.latest_stream_arn()).ok_or("there is none")?;
        arn.clone_into(&mut self.arn.borrow_mut());
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Shard>, String> {
        let (mut shards, mut after) = (Vec::new(), None);
        loop {
            let stream = self.client.describe_stream().stream_arn(self.arn());
            let stream = stream.set_exclusive_start_shard_id(after).send().await.map_err(|error| describe(&error))?;
            let Some(stream) = stream.stream_description() else { return Ok(shards) };
            shards.extend(stream.shards().iter().map(|shard| Shard {
                id: shard.shard_id().unwrap_or_default().to_owned(),
                parents: shard.parent_shard_id().map(str::to_owned).into_iter().collect(),
            }));
            after = stream.last_evaluated_shard_id().map(str::to_owned);
            if after.is_none() {
                return Ok(shards);
            }
        }
    }

    async fn iterator_at(&self, shard: &str, place: &Place) -> Result<String, String> {
        let (kind, last) = match place {
            Place::After(last) => (ShardIteratorType::AfterSequenceNumber, Some(last.clone())),
            Place::Start(StartingPosition::Latest) => (ShardIteratorType::Latest, None),
            Place::Start(_) => (ShardIteratorType::TrimHorizon, None),
        };
        let get = self.client.get_shard_iterator().stream_arn(self.arn()).shard_id(shard);
        let got = get.clone().shard_iterator_type(kind).set_sequence_number(last).send().await;
        let is_trimmed = |error: &SdkError<GetShardIteratorError, _>| {
            error.as_service_error().is_some_and(GetShardIteratorError::is_trimmed_data_access_exception)
        };
        // The last record that was read is not there any more: the oldest that is follows it.
        let got = match got {
            Err(error) if is_trimmed(&error) => get.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await,
            got => got,
        };
        let got = got.map_err(|error| describe(&error))?;
        got.shard_iterator().map(str::to_owned).ok_or_else(|| format!("shard {shard} has no iterator"))
    }

    async fn page(&self, iterator: &str, most: usize) -> Result<Page, Unread> {
        let limit = i32::try_from(most.min(GET_RECORDS_LIMIT)).unwrap_or(i32::MAX);
        match self.client.get_records().shard_iterator(iterator).limit(limit).send().await {
            Ok(got) => Ok(Page {
                records: got.records().iter().map(|record| self.record(record)).collect(),
                next: got.next_shard_iterator,
            }),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_expired_iterator_exception()) => {
                Err(Unread::Expired)
            }
            Err(error) => Err(Unread::Failed(describe(&error))),
        }
    }

    fn record(&self, record: &types::Record) -> Record {
        let payload = event::dynamodb::record(record, &self.arn.borrow());
        let change = record.dynamodb();
        let created = change.and_then(|change| change.approximate_creation_date_time());
        let created = created.and_then(|time| Timestamp::from_second(time.secs()).ok());
        let arrival = created.unwrap_or_else(|| self.shared.backend.clock().now());
        let key = payload["dynamodb"]["Keys"].to_string();
        Record::new(payload, change.and_then(|change| change.sequence_number()).unwrap_or_default(), key, arrival)
    }
}

impl StreamSource for TableStream {
    fn name(&self) -> String {
        format!("the stream of table {}", self.table.logical_id)
    }

    fn origin(&self) -> String {
        format!("DynamoDB {}", self.table.logical_id)
    }

    fn arn(&self) -> String {
        self.arn.borrow().clone()
    }

    fn retention(&self) -> Duration {
        RETENTION
    }

    fn batch_info(&self) -> &'static str {
        "DDBStreamBatchInfo"
    }

    fn data_field(&self) -> DataField {
        DataField::None
    }

    fn flat(&self, payload: &Value) -> Value {
        payload.clone()
    }

    /// The call that last wrote the item.
    fn writer(&self, record: &Record) -> Option<EventId> {
        self.shared.recorder.writer(&self.table.name, &record.payload["dynamodb"]["Keys"])
    }

    fn open(&self) -> LocalBoxFuture<'_, Result<(), String>> {
        Box::pin(self.find())
    }

    fn shards(&self) -> LocalBoxFuture<'_, Result<Vec<Shard>, String>> {
        Box::pin(self.list())
    }

    fn iterator<'a>(&'a self, shard: &'a str, place: &'a Place) -> LocalBoxFuture<'a, Result<String, String>> {
        Box::pin(self.iterator_at(shard, place))
    }

    fn read<'a>(&'a self, _: &'a str, iterator: &'a str, most: usize) -> LocalBoxFuture<'a, Result<Page, Unread>> {
        Box::pin(self.page(iterator, most))
    }
}
