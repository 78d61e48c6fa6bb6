//! Reading a stream: what the engine does not know of it. A stream keeps its records for 24 hours, and an iterator is
//! good for 15 minutes; the engine knows neither. Of a write that leaves its item as it was the engine makes a record,
//! and AWS makes none, so it is left out where the record shows it: in a stream with both images.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dynoxide::DynoxideError;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::protocol::AwsError;

type Answer = Result<Option<Value>, DynoxideError>;

/// How long a stream keeps its records.
const RETENTION: SignedDuration = SignedDuration::from_hours(24);
/// How long an iterator is good for.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html>
const VALIDITY: SignedDuration = SignedDuration::from_mins(15);

/// Refuses an iterator that is too old, and a place in a stream that is not kept any more.
pub(super) fn check(operation: &str, body: &str, now: Timestamp) -> Result<(), AwsError> {
    let input = || serde_json::from_str::<Value>(body).unwrap_or_default();
    match operation {
        "GetRecords" => {
            let made = input()["ShardIterator"].as_str().and_then(opened).map(|(_, made)| made);
            if made.is_some_and(|made| now.duration_since(made) > VALIDITY) {
                let message = "The shard iterator has expired and can no longer be used to retrieve stream records.";
                return Err(AwsError::client("ExpiredIteratorException", message));
            }
        }
        "GetShardIterator" => {
            let written = input()["SequenceNumber"].as_str().and_then(written);
            if written.is_some_and(|written| is_trimmed(written, now)) {
                let message = "The operation attempted to read past the oldest stream record in a shard.";
                return Err(AwsError::client("TrimmedDataAccessException", message));
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_trimmed(written: Timestamp, now: Timestamp) -> bool {
    now.duration_since(written) > RETENTION
}

/// When a record was written, about: the engine counts sequence numbers up from the time in microseconds.
fn written(sequence_number: &str) -> Option<Timestamp> {
    let number: u128 = sequence_number.parse().ok()?;
    let micros = number.checked_sub(100_000_000_000_000_000_000)?;
    Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok()
}

/// The next page of records. A page of which nothing is left is passed over, for an empty one says that there
/// are no more for now.
pub(super) fn get(body: &str, now: Timestamp, ask: impl Fn(&str) -> Answer) -> Answer {
    // A body that is no JSON goes to the engine as it is, to be refused there.
    let Ok(mut input) = serde_json::from_str::<Value>(body) else { return ask(body) };
    if let Some((iterator, _)) = input["ShardIterator"].as_str().and_then(opened) {
        input["ShardIterator"] = iterator.into();
    }
    loop {
        let mut answer = ask(&input.to_string())?;
        let Some(Value::Array(records)) = answer.as_mut().and_then(|answer| answer.get_mut("Records")) else {
            return Ok(answer);
        };
        let there_were = records.len();
        records.retain(|record| !changes_nothing(record) && !is_old(record, now));
        if !records.is_empty() || there_were == 0 {
            answer.iter_mut().for_each(|answer| stamp(answer, "NextShardIterator", now));
            return Ok(answer);
        }
        let Some(answer) = &answer else { return Ok(answer) };
        input["ShardIterator"] = answer["NextShardIterator"].clone();
    }
}

fn changes_nothing(record: &Value) -> bool {
    let images = &record["dynamodb"];
    images.get("NewImage").is_some_and(|new| images.get("OldImage") == Some(new))
}

fn is_old(record: &Value, now: Timestamp) -> bool {
    let seconds = record["dynamodb"]["ApproximateCreationDateTime"].as_f64();
    let written = seconds.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    written.is_some_and(|written| is_trimmed(written, now))
}

/// Puts the time into an iterator of the engine's, in an answer's member.
pub(super) fn stamp(answer: &mut Value, member: &str, now: Timestamp) {
    if let Some(iterator) = answer[member].as_str() {
        answer[member] = STANDARD.encode(json!([iterator, now.as_millisecond()]).to_string()).into();
    }
}

/// The engine's iterator in one of ours, and when it was made.
fn opened(iterator: &str) -> Option<(String, Timestamp)> {
    let (iterator, made): (String, i64) = serde_json::from_slice(&STANDARD.decode(iterator).ok()?).ok()?;
    Some((iterator, Timestamp::from_millisecond(made).ok()?))
}
