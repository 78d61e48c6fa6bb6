//! DynamoDB Streams and times to live through the AWS SDK, in virtual time.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>

mod common;

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use aws_sdk_dynamodbstreams::operation::get_records::GetRecordsOutput;
use aws_sdk_dynamodbstreams::types::{OperationType, ShardIteratorType, StreamRecord};
use common::{config, emulator};
use rehearsal_emulator::Emulator;
use tokio::time::advance;

const HOUR: Duration = Duration::from_secs(3_600);

struct Table {
    emulator: Emulator,
    db: aws_sdk_dynamodb::Client,
    streams: aws_sdk_dynamodbstreams::Client,
    arn: String,
    shard: String,
}

impl Table {
    async fn new() -> Self {
        let emulator = emulator();
        let config = config(&emulator);
        let (db, streams) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_dynamodbstreams::Client::new(&config));
        let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build();
        let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build();
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::KeysOnly);
        let create = db.create_table().table_name("sessions").billing_mode(BillingMode::PayPerRequest);
        let create = create.attribute_definitions(id.expect("complete")).key_schema(key.expect("complete"));
        let created = create.stream_specification(stream.build().expect("complete")).send().await.expect("valid");
        let arn = created.table_description.and_then(|table| table.latest_stream_arn).expect("the stream is on");
        let described = streams.describe_stream().stream_arn(&arn).send().await.expect("it is there");
        let shards = described.stream_description.and_then(|stream| stream.shards).unwrap_or_default();
        let shard = shards[0].shard_id().expect("a shard has an id").to_owned();
        Self { emulator, db, streams, arn, shard }
    }

    async fn put(&self, id: &str, expires: i64) {
        let put = self.db.put_item().table_name("sessions").item("id", AttributeValue::S(id.to_owned()));
        put.item("expires", AttributeValue::N(expires.to_string())).send().await.expect("the item is valid");
    }

    async fn iterator(&self, kind: ShardIteratorType) -> String {
        let get = self.streams.get_shard_iterator().stream_arn(&self.arn).shard_id(&self.shard);
        let got = get.shard_iterator_type(kind).send().await.expect("it is there");
        got.shard_iterator.expect("an iterator")
    }

    async fn read(&self, iterator: &str) -> GetRecordsOutput {
        self.streams.get_records().shard_iterator(iterator).send().await.expect("the iterator is valid")
    }

    async fn ids(&self) -> Vec<String> {
        let read = self.read(&self.iterator(ShardIteratorType::TrimHorizon).await).await;
        let id = |change: &StreamRecord| change.keys()?.get("id")?.as_s().ok().cloned();
        read.records().iter().filter_map(|record| id(record.dynamodb()?)).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_records_for_24_hours() {
    let table = Table::new().await;
    table.put("a", 0).await;
    advance(12 * HOUR).await;
    table.put("b", 0).await;
    assert_eq!(table.ids().await, ["a", "b"]);
    advance(12 * HOUR + Duration::from_secs(1)).await;
    assert_eq!(table.ids().await, ["b"]);
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html>
#[tokio::test(start_paused = true)]
async fn a_place_that_is_not_kept_any_more_is_refused() {
    let table = Table::new().await;
    table.put("a", 0).await;
    let read = table.read(&table.iterator(ShardIteratorType::TrimHorizon).await).await;
    let number = read.records()[0].dynamodb().and_then(|change| change.sequence_number()).unwrap_or_default();
    let get = table.streams.get_shard_iterator().stream_arn(&table.arn).shard_id(&table.shard);
    let get = get.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).sequence_number(number);
    get.clone().send().await.expect("it is kept");
    advance(25 * HOUR).await;
    let error = get.send().await.expect_err("it is trimmed");
    assert!(error.as_service_error().expect("AWS refuses it").is_trimmed_data_access_exception());
}

#[tokio::test(start_paused = true)]
async fn a_streams_iterator_expires_after_15_minutes() {
    let table = Table::new().await;
    let iterator = table.iterator(ShardIteratorType::Latest).await;
    table.put("a", 0).await;
    advance(Duration::from_secs(15 * 60)).await;
    let read = table.read(&iterator).await;
    assert_eq!(read.records().len(), 1);
    advance(Duration::from_secs(1)).await;
    let error = table.streams.get_records().shard_iterator(iterator).send().await.expect_err("it is too old");
    assert!(error.as_service_error().expect("AWS refuses it").is_expired_iterator_exception());
    table.read(read.next_shard_iterator().expect("the shard is open")).await;
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>
#[tokio::test(start_paused = true)]
async fn an_expired_item_is_removed_within_days_by_dynamodb_itself() {
    let table = Table::new().await;
    let driving = tokio::spawn({
        let emulator = table.emulator.clone();
        async move { emulator.drive().await }
    });
    let specification = TimeToLiveSpecification::builder().attribute_name("expires").enabled(true).build();
    let update = table.db.update_time_to_live().table_name("sessions");
    update.time_to_live_specification(specification.expect("complete")).send().await.expect("valid");
    table.put("expired", 1_767_225_600 + 60).await;
    table.put("living", 1_767_225_600 + 30 * 24 * 3_600).await;
    let count = || async { table.db.scan().table_name("sessions").send().await.expect("it is there").count() };
    tokio::time::sleep(24 * HOUR).await;
    assert_eq!(count().await, 2, "an expired item may be there for days");
    tokio::time::sleep(25 * HOUR).await;
    assert_eq!(count().await, 1);
    let read = table.read(&table.iterator(ShardIteratorType::TrimHorizon).await).await;
    let [removal] = read.records() else { panic!("{:?}", read.records()) };
    assert_eq!(removal.event_name(), Some(&OperationType::Remove));
    let identity = removal.user_identity().expect("it tells who did it");
    assert_eq!((identity.principal_id(), identity.r#type()), (Some("dynamodb.amazonaws.com"), Some("Service")));
    driving.abort();
}
