//! Kinesis Data Streams: streams of shards, records that are put by key and read in order, iterators.
//!
//! A stream is active, and a shard split or merged, as soon as it is asked for. Shards have no limit of throughput,
//! and consumers with enhanced fan-out can be registered but not subscribed.
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html>
//!
//! What always holds: the open shards of a stream cover all hash keys, each of them once; sequence numbers grow over
//! all streams of a region, so that one names a record; what is older than a stream's retention is never answered.

mod consumers;
mod describe;
mod input;
mod put;
mod read;
mod reshard;
mod setup;
mod shard;
mod stream;
mod tags;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::input::Input;
pub(crate) use self::setup::check_name;
use self::stream::Stream;
use crate::protocol::{AwsError, Reply};
use crate::world::{Call, World};

/// The streams of one account in one region.
#[derive(Debug, Default)]
pub(crate) struct State {
    streams: BTreeMap<String, Stream>,
    /// How many sequence numbers have been given.
    given: u64,
}

type Answer = Result<Value, AwsError>;

/// One operation: its parameters, and what it does.
struct Operation {
    name: &'static str,
    reads: &'static [&'static str],
    /// Parameters of AWS that are refused by name.
    refuses: &'static [&'static str],
    run: fn(&mut State, &Call<'_>, &Input) -> Answer,
}

const fn operation(
    name: &'static str,
    reads: &'static [&'static str],
    run: fn(&mut State, &Call<'_>, &Input) -> Answer,
) -> Operation {
    Operation { name, reads, refuses: &["StreamId"], run }
}

/// Answers one request.
pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let all = [setup::OPERATIONS, describe::OPERATIONS, put::OPERATIONS, read::OPERATIONS, reshard::OPERATIONS];
    let mut all = all.into_iter().chain([tags::OPERATIONS, consumers::OPERATIONS]).flatten();
    let Some(operation) = all.find(|operation| operation.name == call.operation()) else {
        return Err(AwsError::not_simulated(call.identity.service, call.operation()));
    };
    let input = Input::read(call, operation)?;
    let state = &mut call.region(world).kinesis;
    state.trim(call.clock.now());
    let output = (operation.run)(state, call, &input)?;
    if !["Describe", "Get", "List"].iter().any(|verb| operation.name.starts_with(verb)) {
        world.changed();
    }
    Ok(if output.is_null() { Reply::bytes("application/x-amz-json-1.1", "") } else { Reply::json(&output) })
}

impl State {
    /// A number that is greater than all before it: 56 digits, as AWS's are, with the time in it.
    fn next_sequence_number(&mut self, now: jiff::Timestamp) -> String {
        self.given += 1;
        format!("49{:022}{:032}", now.as_microsecond(), self.given)
    }

    /// The stream that a request names, by its name or its ARN.
    fn stream(&mut self, call: &Call<'_>, input: &Input) -> Result<&mut Stream, AwsError> {
        let name = input.stream_name(call)?;
        self.named(call, &name)
    }

    fn named(&mut self, call: &Call<'_>, name: &str) -> Result<&mut Stream, AwsError> {
        self.streams.get_mut(name).ok_or_else(|| no_stream(call, name))
    }

    /// Forgets what is older than its stream's retention.
    fn trim(&mut self, now: jiff::Timestamp) {
        self.streams.values_mut().for_each(|stream| stream.trim(now));
    }
}

fn no_stream(call: &Call<'_>, name: &str) -> AwsError {
    let message = format!("Stream {name} under account {} not found.", call.identity.account);
    AwsError::client("ResourceNotFoundException", message)
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidArgumentException", message)
}

/// A time as Kinesis answers it: seconds since the epoch, with a fraction.
fn seconds(time: jiff::Timestamp) -> Value {
    json!(time.as_millisecond() as f64 / 1000.0)
}
