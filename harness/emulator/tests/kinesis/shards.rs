//! Shards: split, merged, listed.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_kinesis::types::{ScalingType, ShardFilter, ShardFilterType, ShardIteratorType};
use rstest::rstest;
use tokio::time::advance;

use crate::{FIRST, HOUR, data, iterator, put, read, shards, stream};

async fn shard_ids(kinesis: &aws_sdk_kinesis::Client, filter: ShardFilterType) -> Vec<String> {
    let filter = ShardFilter::builder().r#type(filter).build().expect("complete");
    let listed = kinesis.list_shards().stream_name("clicks").shard_filter(filter).send().await;
    let listed = listed.expect("the filter is valid").shards.unwrap_or_default();
    listed.into_iter().map(|shard| shard.shard_id.trim_start_matches("shardId-0000000000").to_owned()).collect()
}

/// <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>
#[tokio::test(start_paused = true)]
async fn a_split_closes_the_parent_and_its_end_names_the_children() {
    let kinesis = stream(1).await;
    put(&kinesis, "a", "before").await;
    let split = kinesis.split_shard().stream_name("clicks").shard_to_split(FIRST);
    split.new_starting_hash_key("170141183460469231731687303715884105728").send().await.expect("it is inside");
    assert_eq!(put(&kinesis, "a", "low").await.0, "shardId-000000000001");
    assert_eq!(put(&kinesis, "b", "high").await.0, "shardId-000000000002");
    let start = iterator(&kinesis, FIRST, ShardIteratorType::TrimHorizon, None).await;
    let page = read(&kinesis, &start).await;
    let children: Vec<&str> = page.child_shards().iter().map(|child| child.shard_id()).collect();
    assert_eq!((data(&page), page.next_shard_iterator()), (vec!["before".to_owned()], None));
    assert_eq!(children, ["shardId-000000000001", "shardId-000000000002"]);
    let all = shards(&kinesis).await;
    assert!(all[0].sequence_number_range().and_then(|range| range.ending_sequence_number()).is_some());
    assert_eq!(all[1].parent_shard_id(), Some(FIRST));
}

#[tokio::test(start_paused = true)]
async fn a_merge_has_two_parents_and_takes_their_hash_keys() {
    let kinesis = stream(2).await;
    let merge = kinesis.merge_shards().stream_name("clicks").shard_to_merge(FIRST);
    merge.adjacent_shard_to_merge("shardId-000000000001").send().await.expect("they are neighbours");
    let merged = &shards(&kinesis).await[2];
    assert_eq!(merged.parent_shard_id(), Some(FIRST));
    assert_eq!(merged.adjacent_parent_shard_id(), Some("shardId-000000000001"));
    let range = merged.hash_key_range().expect("it has one");
    assert_eq!((range.starting_hash_key(), range.ending_hash_key()), ("0", "340282366920938463463374607431768211455"));
}

#[rstest]
#[case::double(2, 4)]
#[case::half(4, 2)]
#[case::not_even(5, 3)]
#[case::more_not_even(2, 3)]
#[tokio::test(start_paused = true)]
async fn a_stream_is_scaled_uniformly(#[case] from: i32, #[case] to: i32) {
    let kinesis = stream(from).await;
    let update = kinesis.update_shard_count().stream_name("clicks").scaling_type(ScalingType::UniformScaling);
    update.target_shard_count(to).send().await.expect("it is within the bounds");
    let ranges: BTreeSet<(u128, u128)> = shards(&kinesis)
        .await
        .iter()
        .filter(|shard| shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_none()))
        .filter_map(|shard| {
            let range = shard.hash_key_range()?;
            Some((range.starting_hash_key().parse().ok()?, range.ending_hash_key().parse().ok()?))
        })
        .collect();
    let ranges: Vec<(u128, u128)> = ranges.into_iter().collect();
    assert_eq!(ranges.len(), usize::try_from(to).expect("it is small"));
    assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{ranges:?}");
    let widths: Vec<u128> = ranges.iter().map(|(first, last)| (last - first) >> 16).collect();
    assert!(widths.iter().max().unwrap_or(&0) - widths.iter().min().unwrap_or(&0) < 8, "{widths:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_not_scaled_beyond_double_or_half() {
    let kinesis = stream(2).await;
    for count in [5, 0] {
        let update = kinesis.update_shard_count().stream_name("clicks").scaling_type(ScalingType::UniformScaling);
        update.target_shard_count(count).send().await.expect_err("it is out of bounds");
    }
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html>
#[tokio::test(start_paused = true)]
async fn shards_are_listed_as_a_filter_says() {
    let kinesis = stream(1).await;
    advance(HOUR).await;
    let split = kinesis.split_shard().stream_name("clicks").shard_to_split(FIRST);
    split.new_starting_hash_key("1000").send().await.expect("it is inside");
    assert_eq!(shard_ids(&kinesis, ShardFilterType::AtTrimHorizon).await, ["00"]);
    assert_eq!(shard_ids(&kinesis, ShardFilterType::FromTrimHorizon).await, ["00", "01", "02"]);
    assert_eq!(shard_ids(&kinesis, ShardFilterType::AtLatest).await, ["01", "02"]);
    advance(25 * HOUR).await;
    assert_eq!(shard_ids(&kinesis, ShardFilterType::FromTrimHorizon).await, ["01", "02"], "a closed shard expires");
}

#[tokio::test(start_paused = true)]
async fn shards_are_listed_in_pages_whose_tokens_expire() {
    let kinesis = stream(5).await;
    let first = kinesis.list_shards().stream_name("clicks").max_results(3).send().await.expect("valid");
    let token = first.next_token().expect("there are more").to_owned();
    let second = kinesis.list_shards().next_token(&token).send().await.expect("the token is valid");
    assert_eq!((first.shards().len(), second.shards().len(), second.next_token()), (3, 2, None));
    advance(Duration::from_secs(301)).await;
    let error = kinesis.list_shards().next_token(&token).send().await.expect_err("it is too old");
    assert!(error.as_service_error().expect("AWS refuses it").is_expired_next_token_exception());
}
