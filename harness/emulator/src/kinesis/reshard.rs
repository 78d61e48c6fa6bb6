//! Shards that are split and merged.

use serde_json::{Value, json};

use super::input::Input;
use super::stream::Stream;
use super::{Answer, Operation, State, invalid, operation};
use crate::protocol::AwsError;
use crate::world::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("SplitShard", &["StreamName", "StreamARN", "ShardToSplit", "NewStartingHashKey"], split),
    operation("MergeShards", &["StreamName", "StreamARN", "ShardToMerge", "AdjacentShardToMerge"], merge),
    operation("UpdateShardCount", &["StreamName", "StreamARN", "TargetShardCount", "ScalingType"], update_count),
];

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html>
fn split(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let (id, at) = (input.required("ShardToSplit")?, input.required("NewStartingHashKey")?);
    let now = call.clock.now();
    let ends = state.next_sequence_number(now);
    let stream = state.stream(call, input)?;
    let (first, last) = open(stream, id, call)?;
    let inside = at.parse().ok().filter(|key: &u128| *key > first.saturating_add(1) && *key < last);
    let Some(key) = inside else {
        return Err(invalid(format!(
            "NewStartingHashKey {at} used in SplitShard() on shard {id} in stream {} under account {} is not both \
             greater than one plus the shard's StartingHashKey {first} and less than the shard's EndingHashKey {last}.",
            stream.name, call.identity.account
        )));
    };
    stream.split(id, key, &ends, now);
    Ok(Value::Null)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MergeShards.html>
fn merge(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let (id, other) = (input.required("ShardToMerge")?, input.required("AdjacentShardToMerge")?);
    let now = call.clock.now();
    let ends = state.next_sequence_number(now);
    let stream = state.stream(call, input)?;
    let (one, two) = (open(stream, id, call)?, open(stream, other, call)?);
    if one.1.checked_add(1) != Some(two.0) && two.1.checked_add(1) != Some(one.0) {
        return Err(invalid(format!(
            "Shards {id} and {other} in stream {} under account {} are not an adjacent pair of shards eligible for merging",
            stream.name, call.identity.account
        )));
    }
    stream.merge(id, other, &ends, now);
    Ok(Value::Null)
}

/// The hash keys of a shard that is open.
fn open(stream: &Stream, id: &str, call: &Call<'_>) -> Result<(u128, u128), AwsError> {
    let (name, account) = (&stream.name, &call.identity.account);
    match stream.shard(id) {
        None => {
            let message = format!("Could not find shard {id} in stream {name} under account {account}.");
            Err(AwsError::client("ResourceNotFoundException", message))
        }
        Some(shard) if !shard.is_open() => Err(invalid(format!(
            "Shard {id} in stream {name} under account {account} has already been merged or split, and thus is not eligible for merging or splitting."
        ))),
        Some(shard) => Ok(shard.range),
    }
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html>
fn update_count(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let target = input.required_number("TargetShardCount", 1..=100_000)?;
    if input.required("ScalingType")? != "UNIFORM_SCALING" {
        return Err(invalid("The only ScalingType is UNIFORM_SCALING."));
    }
    let now = call.clock.now();
    let name = input.stream_name(call)?;
    let current = state.named(call, &name)?.open_shards().count() as u64;
    if target > current * 2 || target * 2 < current {
        let message = format!(
            "UpdateShardCount cannot scale stream {name} from {current} to {target} shards: more than double or less \
             than half of the current count."
        );
        return Err(AwsError::client("LimitExceededException", message));
    }
    // As many numbers as splits and merges can take.
    let mut numbers: Vec<String> = (0..2 * (current + target)).map(|_| state.next_sequence_number(now)).collect();
    numbers.reverse();
    let stream = state.named(call, &name)?;
    stream.resize(target, || numbers.pop().expect("there are no more splits and merges than shards"), now);
    let arn = stream.arn.clone();
    Ok(json!({ "StreamName": name, "StreamARN": arn, "CurrentShardCount": current, "TargetShardCount": target }))
}
