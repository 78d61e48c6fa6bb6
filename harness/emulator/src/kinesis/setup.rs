//! Streams: made, changed and deleted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::input::{Input, constraint};
use super::stream::Stream;
use super::{Answer, Operation, State, invalid, operation};
use crate::protocol::AwsError;
use crate::world::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateStream",
        reads: &["StreamName", "ShardCount", "StreamModeDetails", "Tags", "MaxRecordSizeInKiB"],
        refuses: &["WarmThroughputMiBps", "RecordDistributionStrategy"],
        run: create,
    },
    operation("DeleteStream", &["StreamName", "StreamARN", "EnforceConsumerDeletion"], delete),
    operation(
        "IncreaseStreamRetentionPeriod",
        &["StreamName", "StreamARN", "RetentionPeriodHours"],
        increase_retention,
    ),
    operation(
        "DecreaseStreamRetentionPeriod",
        &["StreamName", "StreamARN", "RetentionPeriodHours"],
        decrease_retention,
    ),
    Operation {
        name: "UpdateStreamMode",
        reads: &["StreamARN", "StreamModeDetails"],
        refuses: &["StreamId", "WarmThroughputMiBps"],
        run: update_mode,
    },
    operation("UpdateMaxRecordSize", &["StreamARN", "MaxRecordSizeInKiB"], update_record_size),
];

/// How many shards a new stream in on-demand mode has.
/// <https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html>
const ON_DEMAND_SHARDS: u64 = 4;
/// In KiB: a record's size at first, and what it can be raised to.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html>
const RECORD_SIZE: (u64, u64) = (1024, 10_240);

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html>
fn create(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let name = input.required("StreamName")?.to_owned();
    check_name(&name)?;
    let mode = mode(input)?.unwrap_or("PROVISIONED").to_owned();
    let shards = match (input.number("ShardCount", 1..=100_000)?, mode.as_str()) {
        (None, "ON_DEMAND") => ON_DEMAND_SHARDS,
        (Some(count), "PROVISIONED") => count,
        (None, _) => return Err(invalid("ShardCount must be provided for a stream in PROVISIONED mode.")),
        (Some(_), _) => return Err(invalid("ShardCount cannot be provided for a stream in ON_DEMAND mode.")),
    };
    let max_record_kib = input.number("MaxRecordSizeInKiB", RECORD_SIZE.0..=RECORD_SIZE.1)?.unwrap_or(RECORD_SIZE.0);
    if state.streams.contains_key(&name) {
        let message = format!("Stream {name} under account {} already exists.", call.identity.account);
        return Err(AwsError::client("ResourceInUseException", message));
    }
    let now = call.clock.now();
    let (region, account) = (&call.identity.region, &call.identity.account);
    let mut stream = Stream {
        arn: format!("arn:aws:kinesis:{region}:{account}:stream/{name}"),
        name: name.clone(),
        created: now,
        mode,
        retention_hours: 24,
        max_record_kib,
        shards: Vec::new(),
        opened: 0,
        tags: tags(input),
        consumers: BTreeMap::new(),
    };
    stream.open_evenly(shards, &state.next_sequence_number(now));
    state.streams.insert(name, stream);
    Ok(Value::Null)
}

pub(crate) fn check_name(name: &str) -> Result<(), AwsError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(constraint("streamName", name, "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"));
    }
    match name.len() {
        ..=128 => Ok(()),
        _ => Err(constraint("streamName", name, "have length less than or equal to 128")),
    }
}

fn mode(input: &Input) -> Result<Option<&str>, AwsError> {
    let Some(details) = input.value("StreamModeDetails") else { return Ok(None) };
    match details["StreamMode"].as_str().unwrap_or_default() {
        mode @ ("PROVISIONED" | "ON_DEMAND") => Ok(Some(mode)),
        other => {
            Err(constraint("streamModeDetails.streamMode", other, "satisfy enum value set: [PROVISIONED, ON_DEMAND]"))
        }
    }
}

fn tags(input: &Input) -> BTreeMap<String, String> {
    let given = input.value("Tags").and_then(Value::as_object).into_iter().flatten();
    given.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html>
fn delete(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let stream = state.stream(call, input)?;
    let enforced = input.value("EnforceConsumerDeletion") == Some(&Value::Bool(true));
    if !stream.consumers.is_empty() && !enforced {
        let message = format!(
            "Stream {} under account {} has consumers. Deregister them, or set EnforceConsumerDeletion.",
            stream.name, call.identity.account
        );
        return Err(AwsError::client("ResourceInUseException", message));
    }
    let name = stream.name.clone();
    state.streams.remove(&name);
    Ok(Value::Null)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html>
fn increase_retention(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    set_retention(state, call, input, true)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DecreaseStreamRetentionPeriod.html>
fn decrease_retention(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    set_retention(state, call, input, false)
}

fn set_retention(state: &mut State, call: &Call<'_>, input: &Input, up: bool) -> Answer {
    const SHORTEST: u64 = 24;
    const LONGEST: u64 = 8_760;
    let hours = input.required_number("RetentionPeriodHours", 0..=u64::from(u32::MAX))?;
    let stream = state.stream(call, input)?;
    let (now, name) = (stream.retention_hours, &stream.name);
    let problem = match hours {
        ..SHORTEST => format!(
            "Minimum allowed retention period is 24 hours. Requested retention period ({hours} hours) is too short."
        ),
        _ if hours > LONGEST => format!(
            "Maximum allowed retention period is 8760 hours. Requested retention period ({hours} hours) is too long."
        ),
        _ if up && hours < now => format!(
            "Requested retention period ({hours} hours) for stream {name} can not be shorter than existing retention period ({now} hours). Use DecreaseRetentionPeriod API."
        ),
        _ if !up && hours > now => format!(
            "Requested retention period ({hours} hours) for stream {name} can not be longer than existing retention period ({now} hours). Use IncreaseRetentionPeriod API."
        ),
        _ => {
            stream.retention_hours = hours;
            return Ok(Value::Null);
        }
    };
    Err(invalid(problem))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html>
fn update_mode(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    input.required("StreamARN")?;
    let mode = mode(input)?.ok_or_else(|| constraint("streamModeDetails", "null", "not be null"))?.to_owned();
    state.stream(call, input)?.mode = mode;
    Ok(Value::Null)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html>
fn update_record_size(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    input.required("StreamARN")?;
    let size = input.required_number("MaxRecordSizeInKiB", RECORD_SIZE.0..=RECORD_SIZE.1)?;
    state.stream(call, input)?.max_record_kib = size;
    Ok(Value::Null)
}
