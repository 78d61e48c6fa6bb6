//! The tags of streams, by the operations of streams and by those of all resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::input::{Input, stream_of};
use super::{Answer, Operation, State, operation};
use crate::protocol::AwsError;
use crate::world::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("AddTagsToStream", &["StreamName", "StreamARN", "Tags"], add),
    operation("RemoveTagsFromStream", &["StreamName", "StreamARN", "TagKeys"], remove),
    operation("ListTagsForStream", &["StreamName", "StreamARN", "ExclusiveStartTagKey", "Limit"], list),
    operation("TagResource", &["ResourceARN", "Tags"], add),
    operation("UntagResource", &["ResourceARN", "TagKeys"], remove),
    operation("ListTagsForResource", &["ResourceARN"], list),
];

fn tags<'s>(
    state: &'s mut State,
    call: &Call<'_>,
    input: &Input,
) -> Result<&'s mut BTreeMap<String, String>, AwsError> {
    let name = match input.text("ResourceARN") {
        Some(arn) => stream_of(call, arn)?,
        None => input.stream_name(call)?,
    };
    Ok(&mut state.named(call, &name)?.tags)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_AddTagsToStream.html>
fn add(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let given = input.value("Tags").and_then(Value::as_object).into_iter().flatten();
    let given = given.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()));
    tags(state, call, input)?.extend(given);
    Ok(Value::Null)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RemoveTagsFromStream.html>
fn remove(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let tags = tags(state, call, input)?;
    for key in input.value("TagKeys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        tags.remove(key);
    }
    Ok(Value::Null)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForStream.html>
fn list(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let limit = input.number("Limit", 1..=50)?.map_or(usize::MAX, |limit| limit as usize);
    let after = input.text("ExclusiveStartTagKey").unwrap_or_default();
    let tags = tags(state, call, input)?;
    let following = || tags.iter().filter(|(key, _)| key.as_str() > after);
    let listed: Vec<Value> =
        following().take(limit).map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    let mut answer = json!({ "Tags": listed });
    if input.text("ResourceARN").is_none() {
        answer["HasMoreTags"] = (following().count() > limit).into();
    }
    Ok(answer)
}
