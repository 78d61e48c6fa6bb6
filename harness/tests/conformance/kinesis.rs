//! Kinesis: streams, shards, records and iterators.
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html>

use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::client::Waiters;
use aws_sdk_kinesis::operation::get_shard_iterator::builders::GetShardIteratorFluentBuilder;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType};
use serde_json::{Value, json};

use crate::kit::{Aws, Case, case, cases, error, error_as, refused, refused_as, seen};

cases![
    a_stream_is_described,
    a_stream_is_created_once,
    a_stream_that_is_not_there_is_told,
    the_records_of_a_key_keep_their_order,
    an_iterator_is_at_the_horizon_at_the_end_or_after_a_record,
    records_are_put_together_and_answered_one_by_one,
    keys_are_spread_over_shards_by_their_hash,
    a_shard_that_is_split_has_children,
    an_iterator_that_makes_no_sense_is_refused,
    a_retention_period_is_within_its_bounds,
];

const FIRST: &str = "shardId-000000000000";

/// A stream of so many shards, once it is active.
async fn stream(aws: &Aws, shards: i32) -> (Client, String) {
    let (kinesis, name) = (aws.kinesis(), aws.name("clicks"));
    kinesis.create_stream().stream_name(&name).shard_count(shards).send().await.expect("the stream is valid");
    active(&kinesis, &name).await;
    (kinesis, name)
}

async fn active(kinesis: &Client, name: &str) {
    let exists = kinesis.wait_until_stream_exists().stream_name(name).wait(Duration::from_secs(60)).await;
    exists.expect("the stream becomes active");
}

async fn put(kinesis: &Client, stream: &str, key: &str, data: &str) -> (String, String) {
    let put = kinesis.put_record().stream_name(stream).partition_key(key).data(Blob::new(data)).send().await;
    let put = put.expect("the record is valid");
    (put.shard_id, put.sequence_number)
}

/// The data that an iterator leads to, as much as one call gives.
async fn read(kinesis: &Client, iterator: GetShardIteratorFluentBuilder) -> Value {
    let iterator = iterator.send().await.expect("the place is there").shard_iterator.expect("an iterator");
    seen(kinesis.get_records().shard_iterator(iterator).send().await, |page| {
        let data = page.records().iter().map(|record| String::from_utf8_lossy(record.data().as_ref()).into_owned());
        data.collect::<Vec<_>>().into()
    })
}

fn iterator(kinesis: &Client, stream: &str, kind: ShardIteratorType) -> GetShardIteratorFluentBuilder {
    kinesis.get_shard_iterator().stream_name(stream).shard_id(FIRST).shard_iterator_type(kind)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html>
fn a_stream_is_described() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 2).await;
        let described = kinesis.describe_stream_summary().stream_name(&name).send().await;
        seen(described, |described| {
            let summary = described.stream_description_summary.expect("it is described");
            json!({
                "name": summary.stream_name(),
                "arn": summary.stream_arn(),
                "status": summary.stream_status().as_str(),
                "hours": summary.retention_period_hours(),
                "shards": summary.open_shard_count(),
            })
        })
    })
    .gives(json!({
        "name": "clicks",
        "arn": "arn:aws:kinesis:us-east-1:ACCOUNT:stream/clicks",
        "status": "ACTIVE",
        "hours": 24,
        "shards": 2,
    }))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html>
fn a_stream_is_created_once() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 1).await;
        refused(kinesis.create_stream().stream_name(&name).shard_count(1).send().await)
    })
    .gives(error(400, "ResourceInUseException", "Stream clicks under account ACCOUNT already exists."))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html>
fn a_stream_that_is_not_there_is_told() -> Case {
    case(async |aws| {
        let put = aws.kinesis().put_record().stream_name(aws.name("absent")).partition_key("a").data(Blob::new("x"));
        refused(put.send().await)
    })
    .gives(error(400, "ResourceNotFoundException", "Stream absent under account ACCOUNT not found."))
}

/// <https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html>
fn the_records_of_a_key_keep_their_order() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 1).await;
        let mut numbers = Vec::new();
        for data in ["one", "two", "three"] {
            numbers.push(put(&kinesis, &name, "a", data).await.1);
        }
        let read = read(&kinesis, iterator(&kinesis, &name, ShardIteratorType::TrimHorizon)).await;
        json!([read, numbers.is_sorted()])
    })
    .gives(json!([["one", "two", "three"], true]))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html>
fn an_iterator_is_at_the_horizon_at_the_end_or_after_a_record() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 1).await;
        let first = put(&kinesis, &name, "a", "one").await.1;
        put(&kinesis, &name, "a", "two").await;
        let at = |kind| iterator(&kinesis, &name, kind);
        json!({
            "horizon": read(&kinesis, at(ShardIteratorType::TrimHorizon)).await,
            "latest": read(&kinesis, at(ShardIteratorType::Latest)).await,
            "at": read(&kinesis, at(ShardIteratorType::AtSequenceNumber).starting_sequence_number(&first)).await,
            "after": read(&kinesis, at(ShardIteratorType::AfterSequenceNumber).starting_sequence_number(&first)).await,
        })
    })
    .gives(json!({ "horizon": ["one", "two"], "latest": [], "at": ["one", "two"], "after": ["two"] }))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
fn records_are_put_together_and_answered_one_by_one() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 1).await;
        let entry = |data: &str| {
            PutRecordsRequestEntry::builder().partition_key("a").data(Blob::new(data)).build().expect("complete")
        };
        let put = kinesis.put_records().stream_name(&name).records(entry("one")).records(entry("two")).send().await;
        let put = seen(put, |put| {
            let shards: Vec<_> = put.records().iter().map(|record| record.shard_id()).collect();
            json!([put.failed_record_count(), shards])
        });
        json!([put, read(&kinesis, iterator(&kinesis, &name, ShardIteratorType::TrimHorizon)).await])
    })
    .gives(json!([[0, [FIRST, FIRST]], ["one", "two"]]))
}

/// <https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html>
fn keys_are_spread_over_shards_by_their_hash() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 2).await;
        let mut shards = Vec::new();
        for key in ["a", "b", "c", "d"] {
            shards.push(put(&kinesis, &name, key, "x").await.0);
        }
        shards.into()
    })
    // The MD5 of `a` begins with 0c, of `b` with 92, of `c` with 4a, of `d` with 82.
    .gives(json!([
        "shardId-000000000000",
        "shardId-000000000001",
        "shardId-000000000000",
        "shardId-000000000001",
    ]))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html>
fn a_shard_that_is_split_has_children() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 1).await;
        let half = (u128::MAX / 2 + 1).to_string();
        let split = kinesis.split_shard().stream_name(&name).shard_to_split(FIRST).new_starting_hash_key(half);
        split.send().await.expect("it can be split");
        active(&kinesis, &name).await;
        let listed = kinesis.list_shards().stream_name(&name).send().await;
        seen(listed, |listed| {
            let told = |shard: &aws_sdk_kinesis::types::Shard| {
                let ends = shard.sequence_number_range().and_then(|range| range.ending_sequence_number()).is_some();
                json!([shard.shard_id(), shard.parent_shard_id(), ends])
            };
            listed.shards().iter().map(told).collect()
        })
    })
    .gives(json!([
        [FIRST, null, true],
        ["shardId-000000000001", FIRST, false],
        ["shardId-000000000002", FIRST, false]
    ]))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html>
fn an_iterator_that_makes_no_sense_is_refused() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 1).await;
        let without = iterator(&kinesis, &name, ShardIteratorType::AfterSequenceNumber).send().await;
        let absent = kinesis.get_shard_iterator().stream_name(&name).shard_id("shardId-000000000009");
        let absent = absent.shard_iterator_type(ShardIteratorType::Latest).send().await;
        json!([
            refused_as(without),
            refused_as(absent),
            refused_as(kinesis.get_records().shard_iterator("x").send().await)
        ])
    })
    .gives(json!([
        error_as(400, "InvalidArgumentException"),
        error_as(400, "ResourceNotFoundException"),
        error_as(400, "InvalidArgumentException"),
    ]))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html>
fn a_retention_period_is_within_its_bounds() -> Case {
    case(async |aws| {
        let (kinesis, name) = stream(&aws, 1).await;
        let increase =
            |hours| kinesis.increase_stream_retention_period().stream_name(&name).retention_period_hours(hours);
        let decrease = kinesis.decrease_stream_retention_period().stream_name(&name).retention_period_hours(23);
        let longest = refused_as(increase(8_760).send().await);
        active(&kinesis, &name).await;
        json!([longest, refused_as(increase(8_761).send().await), refused_as(decrease.send().await)])
    })
    .gives(json!([
        "accepted",
        error_as(400, "InvalidArgumentException"),
        error_as(400, "InvalidArgumentException"),
    ]))
}
