//! Streams and shards, as they are told.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::input::{Input, constraint, time};
use super::shard::Shard;
use super::stream::Stream;
use super::{Answer, Operation, State, invalid, operation, seconds};
use crate::protocol::AwsError;
use crate::world::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("DescribeStream", &["StreamName", "StreamARN", "Limit", "ExclusiveStartShardId"], describe),
    operation("DescribeStreamSummary", &["StreamName", "StreamARN"], summary),
    operation("ListStreams", &["Limit", "ExclusiveStartStreamName", "NextToken"], list),
    operation(
        "ListShards",
        &[
            "StreamName",
            "StreamARN",
            "NextToken",
            "ExclusiveStartShardId",
            "MaxResults",
            "StreamCreationTimestamp",
            "ShardFilter",
        ],
        list_shards,
    ),
];

/// How long a token of `ListShards` is good for.
const TOKEN_VALIDITY: SignedDuration = SignedDuration::from_secs(300);

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html>
fn describe(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let limit = input.number("Limit", 1..=10_000)?.unwrap_or(100) as usize;
    let stream = state.stream(call, input)?;
    let after = input.text("ExclusiveStartShardId").unwrap_or_default();
    let mut shards: Vec<Value> =
        stream.shards.iter().filter(|shard| shard.id.as_str() > after).map(Shard::described).collect();
    let has_more = shards.len() > limit;
    shards.truncate(limit);
    let mut description = common(stream);
    description["Shards"] = shards.into();
    description["HasMoreShards"] = has_more.into();
    Ok(json!({ "StreamDescription": description }))
}

fn common(stream: &Stream) -> Value {
    json!({
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": { "StreamMode": stream.mode },
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": seconds(stream.created),
        "EnhancedMonitoring": [{ "ShardLevelMetrics": [] }],
        "EncryptionType": "NONE",
    })
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html>
fn summary(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let stream = state.stream(call, input)?;
    let mut summary = common(stream);
    summary["OpenShardCount"] = stream.open_shards().count().into();
    summary["ConsumerCount"] = stream.consumers.len().into();
    summary["MaxRecordSizeInKiB"] = stream.max_record_kib.into();
    Ok(json!({ "StreamDescriptionSummary": summary }))
}

/// A token is the name of the last stream that was listed.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html>
fn list(state: &mut State, _: &Call<'_>, input: &Input) -> Answer {
    let limit = input.number("Limit", 1..=10_000)?.unwrap_or(100) as usize;
    let after = match input.text("NextToken") {
        Some(token) => decoded(token).ok_or_else(|| invalid("NextToken is invalid."))?,
        None => input.text("ExclusiveStartStreamName").unwrap_or_default().to_owned(),
    };
    let mut streams: Vec<&Stream> = state.streams.values().filter(|stream| stream.name > after).collect();
    let has_more = streams.len() > limit;
    streams.truncate(limit);
    let names: Vec<&str> = streams.iter().map(|stream| stream.name.as_str()).collect();
    let summaries: Vec<Value> = streams
        .iter()
        .map(|stream| {
            json!({
                "StreamName": stream.name,
                "StreamARN": stream.arn,
                "StreamStatus": "ACTIVE",
                "StreamModeDetails": { "StreamMode": stream.mode },
                "StreamCreationTimestamp": seconds(stream.created),
            })
        })
        .collect();
    let mut listed = json!({ "StreamNames": names, "HasMoreStreams": has_more, "StreamSummaries": summaries });
    if let Some(last) = names.last().filter(|_| has_more) {
        listed["NextToken"] = URL_SAFE_NO_PAD.encode(last).into();
    }
    Ok(listed)
}

fn decoded(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// What a page of `ListShards` is about: it is its token, too.
struct Listing {
    stream: String,
    after: String,
    filter: Value,
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html>
fn list_shards(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let limit = input.number("MaxResults", 1..=10_000)?.unwrap_or(1_000) as usize;
    let now = call.clock.now();
    let listing = match input.text("NextToken") {
        Some(token) => {
            if input.text("StreamName").is_some() {
                return Err(invalid("NextToken and StreamName cannot be provided together."));
            }
            Listing::of(token, now)?
        }
        None => Listing {
            stream: input.stream_name(call)?,
            after: input.text("ExclusiveStartShardId").unwrap_or_default().to_owned(),
            filter: input.value("ShardFilter").cloned().unwrap_or_default(),
        },
    };
    let stream = state.named(call, &listing.stream)?;
    let mut shards = Vec::new();
    for shard in stream.shards.iter().filter(|shard| shard.id > listing.after) {
        if passes(shard, stream, &listing.filter, now)? {
            shards.push(shard);
        }
    }
    let has_more = shards.len() > limit;
    shards.truncate(limit);
    let mut listed = json!({ "Shards": shards.iter().map(|shard| shard.described()).collect::<Vec<_>>() });
    if let Some(last) = shards.last().filter(|_| has_more) {
        listed["NextToken"] = Listing { after: last.id.clone(), ..listing }.token(now).into();
    }
    Ok(listed)
}

impl Listing {
    fn token(&self, now: Timestamp) -> String {
        let token = json!([self.stream, self.after, self.filter, now.as_millisecond()]);
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn of(token: &str, now: Timestamp) -> Result<Self, AwsError> {
        let text = decoded(token).unwrap_or_default();
        let Ok((stream, after, filter, made)) = serde_json::from_str::<(String, String, Value, i64)>(&text) else {
            return Err(invalid("NextToken is invalid."));
        };
        let made = Timestamp::from_millisecond(made).unwrap_or_default();
        if now.duration_since(made) > TOKEN_VALIDITY {
            let message = "NextToken is expired: it is valid for 300 seconds.";
            return Err(AwsError::client("ExpiredNextTokenException", message));
        }
        Ok(Self { stream, after, filter })
    }
}

/// Whether a shard is one that a filter asks for.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html>
fn passes(shard: &Shard, stream: &Stream, filter: &Value, now: Timestamp) -> Result<bool, AwsError> {
    let Some(kind) = filter["Type"].as_str() else { return Ok(true) };
    let opened = opened_at(shard, stream);
    let closed = shard.closed.as_ref().map(|(_, at)| *at);
    let at = |time: Timestamp| opened <= time && closed.is_none_or(|closed| closed > time);
    let from = |time: Timestamp| closed.is_none_or(|closed| closed >= time);
    let time =
        || time(&filter["Timestamp"]).ok_or_else(|| invalid(format!("Timestamp is needed for the filter {kind}.")));
    // A stream that is younger than its retention has all of its shards since it was made.
    let horizon = stream.horizon(now).max(stream.created);
    Ok(match kind {
        "AFTER_SHARD_ID" => match filter["ShardId"].as_str() {
            Some(id) => shard.id.as_str() > id,
            None => return Err(invalid("ShardId is needed for the filter AFTER_SHARD_ID.")),
        },
        "AT_TRIM_HORIZON" => at(horizon),
        "FROM_TRIM_HORIZON" => true,
        "AT_LATEST" => closed.is_none(),
        "AT_TIMESTAMP" => at(time()?.max(horizon)),
        "FROM_TIMESTAMP" => from(time()?),
        other => {
            return Err(constraint(
                "shardFilter.type",
                other,
                "satisfy enum value set: [AFTER_SHARD_ID, AT_TRIM_HORIZON, FROM_TRIM_HORIZON, AT_LATEST, AT_TIMESTAMP, FROM_TIMESTAMP]",
            ));
        }
    })
}

/// When a shard was opened: with its stream, or when its parent was closed.
fn opened_at(shard: &Shard, stream: &Stream) -> Timestamp {
    let micros: Option<i64> = shard.starts.get(2..24).and_then(|digits| digits.parse().ok());
    micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()).unwrap_or(stream.created)
}
