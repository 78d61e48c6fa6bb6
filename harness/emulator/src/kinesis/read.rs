//! Reading a shard: an iterator at a place, and the records from there on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::Input;
use super::shard::{Record, Shard};
use super::{Answer, Operation, State, invalid, operation};
use crate::protocol::AwsError;
use crate::world::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation(
        "GetShardIterator",
        &["StreamName", "StreamARN", "ShardId", "ShardIteratorType", "StartingSequenceNumber", "Timestamp"],
        get_iterator,
    ),
    operation("GetRecords", &["ShardIterator", "Limit", "StreamARN"], get_records),
];

/// How long an iterator is good for.
const VALIDITY: SignedDuration = SignedDuration::from_mins(5);
/// What `GetRecords` gives at the most: so many records, and so many bytes.
const PAGE: (u64, usize) = (10_000, 10 * 1024 * 1024);

/// An iterator, as it is handed out in base64.
#[derive(Serialize, Deserialize)]
struct Iterator {
    stream: String,
    shard: String,
    place: Place,
    /// In milliseconds.
    made: i64,
}

/// Where reading goes on.
#[derive(Clone, Serialize, Deserialize)]
enum Place {
    /// With the record that has this sequence number or a greater one.
    At(String),
    After(String),
    /// With the first record that arrived then (in milliseconds) or later.
    Since(i64),
}

impl Place {
    fn is_before(&self, record: &Record) -> bool {
        match self {
            Self::At(sequence) => record.sequence >= *sequence,
            Self::After(sequence) => record.sequence > *sequence,
            Self::Since(time) => record.arrival.as_millisecond() >= *time,
        }
    }
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html>
fn get_iterator(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let (id, kind) = (input.required("ShardId")?.to_owned(), input.required("ShardIteratorType")?);
    let now = call.clock.now();
    let latest = state.next_sequence_number(now);
    let stream = state.stream(call, input)?;
    let name = stream.name.clone();
    let Some(shard) = stream.shard(&id) else { return Err(no_shard(call, &name, &id)) };
    let sequence = input.text("StartingSequenceNumber");
    let place = match (kind, sequence, input.time("Timestamp")) {
        ("TRIM_HORIZON", None, _) => Place::At(String::new()),
        ("LATEST", None, _) => Place::After(latest),
        ("AT_SEQUENCE_NUMBER", Some(sequence), _) => Place::At(in_shard(call, &name, shard, sequence)?),
        ("AFTER_SEQUENCE_NUMBER", Some(sequence), _) => Place::After(in_shard(call, &name, shard, sequence)?),
        ("AT_TIMESTAMP", None, Some(time)) => Place::Since(time.as_millisecond()),
        ("AT_TIMESTAMP", None, None) => {
            return Err(invalid("Must specify Timestamp parameter for iterator of type AT_TIMESTAMP."));
        }
        (kind, sequence, _) => return Err(mismatched(kind, sequence.is_some())),
    };
    let iterator = Iterator { stream: name, shard: id, place, made: now.as_millisecond() };
    Ok(json!({ "ShardIterator": iterator.written() }))
}

/// A sequence number that is one of a shard's.
fn in_shard(call: &Call<'_>, stream: &str, shard: &Shard, sequence: &str) -> Result<String, AwsError> {
    let is_number = sequence.len() == shard.starts.len() && sequence.bytes().all(|digit| digit.is_ascii_digit());
    let is_within =
        sequence >= shard.starts.as_str() && shard.closed.as_ref().is_none_or(|(ends, _)| sequence <= ends.as_str());
    if is_number && is_within {
        return Ok(sequence.to_owned());
    }
    Err(invalid(format!(
        "StartingSequenceNumber {sequence} used in GetShardIterator on shard {} in stream {stream} under account {} is invalid.",
        shard.id, call.identity.account
    )))
}

fn mismatched(kind: &str, has_sequence: bool) -> AwsError {
    let and = if has_sequence { "also a StartingSequenceNumber" } else { "no StartingSequenceNumber" };
    invalid(format!(
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or \
         (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {and}."
    ))
}

fn no_shard(call: &Call<'_>, stream: &str, shard: &str) -> AwsError {
    let account = &call.identity.account;
    let message = format!("Shard {shard} in stream {stream} under account {account} does not exist");
    AwsError::client("ResourceNotFoundException", message)
}

impl Iterator {
    fn written(&self) -> String {
        STANDARD.encode(serde_json::to_string(self).expect("an iterator is plain data"))
    }

    fn read(text: &str, now: Timestamp) -> Result<Self, AwsError> {
        let bytes = STANDARD.decode(text).unwrap_or_default();
        let iterator: Self = serde_json::from_slice(&bytes).map_err(|_| invalid("Invalid ShardIterator."))?;
        let made = Timestamp::from_millisecond(iterator.made).unwrap_or_default();
        if now.duration_since(made) <= VALIDITY {
            return Ok(iterator);
        }
        let [made, now] = [made, now].map(|time| time.strftime("%a %b %d %H:%M:%S UTC %Y").to_string());
        let message = format!(
            "Iterator expired. The iterator was created at time {made} while right now it is {now} which is further \
             in the future than the tolerated delay of {} milliseconds.",
            VALIDITY.as_millis()
        );
        Err(AwsError::client("ExpiredIteratorException", message))
    }
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html>
fn get_records(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let limit = input.number("Limit", 1..=PAGE.0)?.unwrap_or(PAGE.0) as usize;
    let now = call.clock.now();
    let iterator = Iterator::read(input.required("ShardIterator")?, now)?;
    let stream = state.named(call, &iterator.stream)?;
    let Some(shard) = stream.shard(&iterator.shard) else {
        return Err(no_shard(call, &iterator.stream, &iterator.shard));
    };
    let ahead: Vec<&Record> = shard.records.iter().filter(|record| iterator.place.is_before(record)).collect();
    let mut bytes = 0;
    let fits = |record: &&&Record| {
        bytes += record.data.len();
        bytes <= PAGE.1
    };
    let given: Vec<&Record> = ahead.iter().take(limit).take_while(fits).copied().collect();
    let behind = ahead.get(given.len()).map_or(0, |next| now.duration_since(next.arrival).as_millis());
    let is_over = !shard.is_open() && given.len() == ahead.len();
    let mut answer = json!({
        "Records": given.iter().map(|record| record.given()).collect::<Vec<_>>(),
        "MillisBehindLatest": u64::try_from(behind).unwrap_or_default(),
    });
    if is_over {
        let children = stream.shards.iter().filter(|child| child.parents.contains(&shard.id));
        answer["ChildShards"] = children.map(Shard::as_child).collect::<Vec<Value>>().into();
    } else {
        let place = given.last().map_or(iterator.place, |last| Place::After(last.sequence.clone()));
        let next = Iterator { stream: iterator.stream, shard: iterator.shard, place, made: now.as_millisecond() };
        answer["NextShardIterator"] = next.written().into();
    }
    Ok(answer)
}
