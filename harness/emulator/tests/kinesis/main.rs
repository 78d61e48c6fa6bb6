//! Kinesis through the AWS SDK: streams, shards, records and iterators, in virtual time.

#[path = "../common/mod.rs"]
mod common;
mod shards;

use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::primitives::{Blob, DateTime};
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, Shard, ShardIteratorType, StreamMode, StreamModeDetails};
use common::{config, emulator};
use rstest::rstest;
use tokio::time::advance;

const HOUR: Duration = Duration::from_secs(3_600);

async fn stream(shards: i32) -> Client {
    let kinesis = Client::new(&config(&emulator()));
    kinesis.create_stream().stream_name("clicks").shard_count(shards).send().await.expect("the stream is valid");
    kinesis
}

async fn put(kinesis: &Client, key: &str, data: &str) -> (String, String) {
    let put = kinesis.put_record().stream_name("clicks").partition_key(key).data(Blob::new(data));
    let put = put.send().await.expect("the record is valid");
    (put.shard_id, put.sequence_number)
}

async fn iterator(kinesis: &Client, shard: &str, kind: ShardIteratorType, sequence: Option<&str>) -> String {
    let get = kinesis.get_shard_iterator().stream_name("clicks").shard_id(shard).shard_iterator_type(kind);
    let got = get.set_starting_sequence_number(sequence.map(str::to_owned)).send().await.expect("it is there");
    got.shard_iterator.expect("an iterator")
}

async fn read(kinesis: &Client, iterator: &str) -> GetRecordsOutput {
    kinesis.get_records().shard_iterator(iterator).send().await.expect("the iterator is valid")
}

fn data(read: &GetRecordsOutput) -> Vec<String> {
    read.records().iter().map(|record| String::from_utf8_lossy(record.data().as_ref()).into_owned()).collect()
}

async fn all(kinesis: &Client, shard: &str) -> Vec<String> {
    data(&read(kinesis, &iterator(kinesis, shard, ShardIteratorType::TrimHorizon, None).await).await)
}

async fn shards(kinesis: &Client) -> Vec<Shard> {
    let listed = kinesis.list_shards().stream_name("clicks").send().await.expect("the stream is there");
    listed.shards.unwrap_or_default()
}

const FIRST: &str = "shardId-000000000000";

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html>
#[tokio::test(start_paused = true)]
async fn records_of_a_key_are_read_in_their_order_with_growing_sequence_numbers() {
    let kinesis = stream(3).await;
    let mut places = Vec::new();
    for number in 0..5 {
        places.push(put(&kinesis, "ann", &number.to_string()).await);
    }
    assert!(places.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1), "{places:?}");
    assert_eq!(all(&kinesis, &places[0].0).await, ["0", "1", "2", "3", "4"]);
}

/// The MD5 of `a` is `0cc1…`, of `b` `92eb…`: the first and the second half of all hash keys.
#[tokio::test(start_paused = true)]
async fn a_key_finds_its_shard_by_its_md5_and_an_explicit_hash_key_goes_before() {
    let kinesis = stream(2).await;
    assert_eq!(put(&kinesis, "a", "1").await.0, FIRST);
    assert_eq!(put(&kinesis, "b", "2").await.0, "shardId-000000000001");
    let put = kinesis.put_record().stream_name("clicks").partition_key("b").data(Blob::new("3"));
    assert_eq!(put.explicit_hash_key("0").send().await.expect("valid").shard_id, FIRST);
    assert_eq!(all(&kinesis, FIRST).await, ["1", "3"]);
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html>
#[rstest]
#[case::trim_horizon(ShardIteratorType::TrimHorizon, false, &["a", "b", "c", "d"])]
#[case::latest(ShardIteratorType::Latest, false, &["d"])]
#[case::at(ShardIteratorType::AtSequenceNumber, true, &["b", "c", "d"])]
#[case::after(ShardIteratorType::AfterSequenceNumber, true, &["c", "d"])]
#[tokio::test(start_paused = true)]
async fn an_iterator_starts_where_its_type_says(
    #[case] kind: ShardIteratorType,
    #[case] at_b: bool,
    #[case] expected: &[&str],
) {
    let kinesis = stream(1).await;
    put(&kinesis, "k", "a").await;
    let (_, b) = put(&kinesis, "k", "b").await;
    put(&kinesis, "k", "c").await;
    let iterator = iterator(&kinesis, FIRST, kind, at_b.then_some(b.as_str())).await;
    put(&kinesis, "k", "d").await;
    assert_eq!(data(&read(&kinesis, &iterator).await), expected);
}

#[tokio::test(start_paused = true)]
async fn an_iterator_at_a_timestamp_starts_with_the_first_record_that_arrived_then_or_later() {
    let kinesis = stream(1).await;
    for record in ["a", "b", "c"] {
        put(&kinesis, "k", record).await;
        advance(Duration::from_secs(10)).await;
    }
    for (after, expected) in [(0, &["a", "b", "c"][..]), (10, &["b", "c"]), (11, &["c"]), (3_600, &[])] {
        let time = DateTime::from_secs(1_767_225_600 + after);
        let get = kinesis.get_shard_iterator().stream_name("clicks").shard_id(FIRST).timestamp(time);
        let got = get.shard_iterator_type(ShardIteratorType::AtTimestamp).send().await.expect("valid");
        assert_eq!(data(&read(&kinesis, got.shard_iterator().unwrap_or_default()).await), expected, "{after}");
    }
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html>
#[tokio::test(start_paused = true)]
async fn a_page_tells_how_far_it_is_behind_and_the_next_iterator_goes_on() {
    let kinesis = stream(1).await;
    for record in ["a", "b", "c"] {
        put(&kinesis, "k", record).await;
        advance(Duration::from_secs(1)).await;
    }
    let start = iterator(&kinesis, FIRST, ShardIteratorType::TrimHorizon, None).await;
    let page = kinesis.get_records().shard_iterator(start).limit(2).send().await.expect("valid");
    assert_eq!((data(&page), page.millis_behind_latest()), (vec!["a".to_owned(), "b".to_owned()], Some(1_000)));
    let page = read(&kinesis, page.next_shard_iterator().expect("the shard is open")).await;
    assert_eq!((data(&page), page.millis_behind_latest()), (vec!["c".to_owned()], Some(0)));
    let page = read(&kinesis, page.next_shard_iterator().expect("the shard is open")).await;
    assert_eq!((data(&page), page.next_shard_iterator().is_some()), (vec![], true));
}

#[tokio::test(start_paused = true)]
async fn an_iterator_expires_after_five_minutes() {
    let kinesis = stream(1).await;
    let iterator = iterator(&kinesis, FIRST, ShardIteratorType::TrimHorizon, None).await;
    advance(Duration::from_secs(300)).await;
    read(&kinesis, &iterator).await;
    advance(Duration::from_secs(1)).await;
    let error = kinesis.get_records().shard_iterator(iterator).send().await.expect_err("it is too old");
    assert!(error.as_service_error().expect("AWS refuses it").is_expired_iterator_exception());
    assert_eq!(
        error.message(),
        Some(
            "Iterator expired. The iterator was created at time Thu Jan 01 00:00:00 UTC 2026 while right now it is Thu \
             Jan 01 00:05:01 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds."
        )
    );
}

/// <https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html>
#[tokio::test(start_paused = true)]
async fn records_are_kept_for_the_retention_period() {
    let kinesis = stream(1).await;
    put(&kinesis, "k", "a").await;
    advance(12 * HOUR).await;
    put(&kinesis, "k", "b").await;
    advance(12 * HOUR + Duration::from_secs(1)).await;
    assert_eq!(all(&kinesis, FIRST).await, ["b"]);
    let longer = kinesis.increase_stream_retention_period().stream_name("clicks").retention_period_hours(48);
    longer.send().await.expect("it is longer");
    advance(24 * HOUR).await;
    assert_eq!(all(&kinesis, FIRST).await, ["b"]);
    advance(24 * HOUR).await;
    assert_eq!(all(&kinesis, FIRST).await, [""; 0]);
}

#[rstest]
#[case::shorter(
    true,
    24,
    "Requested retention period (24 hours) for stream clicks can not be shorter than existing retention period (48 hours). Use DecreaseRetentionPeriod API."
)]
#[case::longer(
    false,
    72,
    "Requested retention period (72 hours) for stream clicks can not be longer than existing retention period (48 hours). Use IncreaseRetentionPeriod API."
)]
#[case::too_long(
    true,
    8_761,
    "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long."
)]
#[case::too_short(
    false,
    23,
    "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."
)]
#[tokio::test(start_paused = true)]
async fn a_retention_period_is_within_its_bounds(#[case] up: bool, #[case] hours: i32, #[case] message: &str) {
    let kinesis = stream(1).await;
    let increase =
        |hours| kinesis.increase_stream_retention_period().stream_name("clicks").retention_period_hours(hours);
    increase(48).send().await.expect("it is longer");
    let error = if up {
        increase(hours).send().await.expect_err("it is wrong").into_service_error().to_string()
    } else {
        let decrease = kinesis.decrease_stream_retention_period().stream_name("clicks").retention_period_hours(hours);
        decrease.send().await.expect_err("it is wrong").into_service_error().to_string()
    };
    assert_eq!(error, format!("InvalidArgumentException: {message}"));
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
#[tokio::test(start_paused = true)]
async fn put_records_takes_500_and_answers_for_each() {
    let kinesis = stream(2).await;
    let entry = |number: usize| {
        let entry = PutRecordsRequestEntry::builder().partition_key(format!("k{number}")).data(Blob::new("x"));
        entry.build().expect("complete")
    };
    let put = kinesis.put_records().stream_name("clicks");
    let put = put.set_records(Some((0..500).map(entry).collect())).send().await.expect("500 are allowed");
    assert_eq!((put.records().len(), put.failed_record_count()), (500, Some(0)));
    assert!(put.records().iter().all(|record| record.sequence_number().is_some() && record.error_code().is_none()));
    let put = kinesis.put_records().stream_name("clicks").set_records(Some((0..501).map(entry).collect()));
    let error = put.send().await.expect_err("501 are too many");
    assert_eq!(error.code(), Some("ValidationException"));
}

#[tokio::test(start_paused = true)]
async fn a_record_is_as_large_as_the_stream_allows() {
    let kinesis = stream(1).await;
    let put = |size: usize| {
        let put = kinesis.put_record().stream_name("clicks").partition_key("k");
        put.data(Blob::new(vec![0; size])).send()
    };
    put((1 << 20) - 1).await.expect("with its key it is 1 MiB");
    assert_eq!(put(1 << 20).await.expect_err("it is too large").code(), Some("ValidationException"));
    let arn = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks";
    let update = kinesis.update_max_record_size().stream_arn(arn).max_record_size_in_kib(2_048);
    update.send().await.expect("it is within the bounds");
    put(1 << 20).await.expect("the stream takes 2 MiB now");
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_named_by_its_arn_as_well() {
    let kinesis = stream(1).await;
    let arn = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks";
    let summary = kinesis.describe_stream_summary().stream_arn(arn).send().await.expect("it is there");
    let summary = summary.stream_description_summary().expect("described");
    assert_eq!((summary.stream_name(), summary.stream_arn()), ("clicks", arn));
    assert_eq!((summary.open_shard_count(), summary.retention_period_hours()), (1, 24));
}

#[tokio::test(start_paused = true)]
async fn an_on_demand_stream_has_four_shards_at_first() {
    let kinesis = Client::new(&config(&emulator()));
    let mode = StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().expect("complete");
    kinesis.create_stream().stream_name("clicks").stream_mode_details(mode).send().await.expect("valid");
    assert_eq!(shards(&kinesis).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn streams_are_listed_tagged_and_deleted() {
    let kinesis = stream(1).await;
    for name in ["a", "b"] {
        kinesis.create_stream().stream_name(name).shard_count(1).tags("team", name).send().await.expect("valid");
    }
    let first = kinesis.list_streams().limit(2).send().await.expect("valid");
    assert_eq!((first.stream_names(), first.has_more_streams()), (&["a".to_owned(), "b".to_owned()][..], true));
    let rest = kinesis.list_streams().set_next_token(first.next_token).send().await.expect("valid");
    assert_eq!(rest.stream_names(), ["clicks"]);
    let tags = kinesis.list_tags_for_stream().stream_name("b").send().await.expect("it is there");
    assert_eq!(tags.tags()[0].value(), Some("b"));
    kinesis.delete_stream().stream_name("b").send().await.expect("it is there");
    let error = kinesis.describe_stream().stream_name("b").send().await.expect_err("it is gone");
    assert_eq!(error.message(), Some("Stream b under account 123456789012 not found."));
    assert!(error.as_service_error().expect("AWS says so").is_resource_not_found_exception());
}

/// <https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html>
#[tokio::test(start_paused = true)]
async fn consumers_are_registered_but_a_subscription_is_refused_by_name() {
    let kinesis = stream(1).await;
    let arn = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks";
    let consumer = kinesis.register_stream_consumer().stream_arn(arn).consumer_name("app").send().await;
    let consumer = consumer.expect("it is new").consumer.expect("it is described");
    assert_eq!(consumer.consumer_arn(), format!("{arn}/consumer/app:1767225600"));
    let subscribe = kinesis.subscribe_to_shard().consumer_arn(consumer.consumer_arn()).shard_id(FIRST);
    let position = aws_sdk_kinesis::types::StartingPosition::builder().r#type(ShardIteratorType::Latest).build();
    let error = subscribe.starting_position(position.expect("complete")).send().await.expect_err("it is not simulated");
    let text = format!("{error:?}");
    assert!(text.contains("Kinesis's operation SubscribeToShard is not simulated"), "{text}");
}

#[rstest]
#[case::no_sequence(
    ShardIteratorType::AtSequenceNumber,
    None,
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber."
)]
#[case::sequence_with_latest(
    ShardIteratorType::Latest,
    Some("49"),
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified LATEST and also a StartingSequenceNumber."
)]
#[case::foreign(
    ShardIteratorType::AtSequenceNumber,
    Some("49"),
    "StartingSequenceNumber 49 used in GetShardIterator on shard shardId-000000000000 in stream clicks under account 123456789012 is invalid."
)]
#[tokio::test(start_paused = true)]
async fn an_iterator_that_makes_no_sense_is_refused(
    #[case] kind: ShardIteratorType,
    #[case] sequence: Option<&str>,
    #[case] message: &str,
) {
    let kinesis = stream(1).await;
    let get = kinesis.get_shard_iterator().stream_name("clicks").shard_id(FIRST).shard_iterator_type(kind);
    let error = get.set_starting_sequence_number(sequence.map(str::to_owned)).send().await.expect_err("it is wrong");
    assert_eq!((error.code(), error.message()), (Some("InvalidArgumentException"), Some(message)));
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_is_not_simulated_is_named() {
    let kinesis = Client::new(&config(&emulator()));
    let create = kinesis.create_stream().stream_name("s").shard_count(1).warm_throughput_mibps(10);
    let text = format!("{:?}", create.send().await.expect_err("it is not simulated"));
    assert!(text.contains("WarmThroughputMiBps of Kinesis's CreateStream is not simulated"), "{text}");
}
