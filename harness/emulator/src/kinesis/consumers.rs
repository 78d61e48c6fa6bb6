//! Consumers with enhanced fan-out: registered, and told. `SubscribeToShard` is not simulated.
//! <https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html>

use jiff::Timestamp;
use serde_json::{Value, json};

use super::input::{Input, stream_of};
use super::{Answer, Operation, State, invalid, operation, seconds};
use crate::protocol::AwsError;
use crate::world::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("RegisterStreamConsumer", &["StreamARN", "ConsumerName"], register),
    operation("DescribeStreamConsumer", &["StreamARN", "ConsumerName", "ConsumerARN"], describe),
    operation("DeregisterStreamConsumer", &["StreamARN", "ConsumerName", "ConsumerARN"], deregister),
    operation("ListStreamConsumers", &["StreamARN"], list),
];

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html>
fn register(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let name = input.required("ConsumerName")?.to_owned();
    let now = call.clock.now();
    let account = &call.identity.account;
    let stream = state.stream(call, input)?;
    if stream.consumers.contains_key(&name) {
        let message = format!("Consumer {name} of stream {} under account {account} already exists.", stream.name);
        return Err(AwsError::client("ResourceInUseException", message));
    }
    if stream.consumers.len() >= 20 {
        return Err(AwsError::client("LimitExceededException", "A stream has at most 20 registered consumers."));
    }
    let arn = format!("{}/consumer/{name}:{}", stream.arn, now.as_second());
    let consumer = told(&name, &arn, now);
    stream.consumers.insert(name, (arn, now));
    Ok(json!({ "Consumer": consumer }))
}

fn told(name: &str, arn: &str, registered: Timestamp) -> Value {
    json!({
        "ConsumerName": name,
        "ConsumerARN": arn,
        "ConsumerStatus": "ACTIVE",
        "ConsumerCreationTimestamp": seconds(registered),
    })
}

/// The names of the stream and the consumer that a request means.
fn find(state: &mut State, call: &Call<'_>, input: &Input) -> Result<(String, String), AwsError> {
    let arn = input.text("ConsumerARN").or_else(|| input.text("StreamARN"));
    let arn = arn.ok_or_else(|| invalid("ConsumerARN, or StreamARN and ConsumerName, must be provided."))?;
    let stream = state.named(call, &stream_of(call, arn)?)?;
    let is_meant = |name: &str, known: &str| match input.text("ConsumerARN") {
        Some(arn) => arn == known,
        None => input.text("ConsumerName") == Some(name),
    };
    let found = stream.consumers.iter().find(|(name, (known, _))| is_meant(name, known)).map(|(name, _)| name.clone());
    let found = found.ok_or_else(|| {
        let message = format!("Consumer of stream {} under account {} not found.", stream.name, call.identity.account);
        AwsError::client("ResourceNotFoundException", message)
    })?;
    Ok((stream.name.clone(), found))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamConsumer.html>
fn describe(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let (stream, name) = find(state, call, input)?;
    let stream = state.named(call, &stream)?;
    let (arn, registered) = &stream.consumers[&name];
    let mut description = told(&name, arn, *registered);
    description["StreamARN"] = stream.arn.as_str().into();
    Ok(json!({ "ConsumerDescription": description }))
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeregisterStreamConsumer.html>
fn deregister(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let (stream, name) = find(state, call, input)?;
    state.named(call, &stream)?.consumers.remove(&name);
    Ok(Value::Null)
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreamConsumers.html>
fn list(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let stream = state.stream(call, input)?;
    let consumers: Vec<Value> =
        stream.consumers.iter().map(|(name, (arn, registered))| told(name, arn, *registered)).collect();
    Ok(json!({ "Consumers": consumers }))
}
