//! The event of an event source mapping of a Kinesis stream.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use aws_sdk_kinesis::types::Record;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A record as a function gets it.
pub fn record(record: &Record, shard: &str, stream_arn: &str, role: &str) -> Value {
    let arrival = record.approximate_arrival_timestamp().and_then(|time| time.to_millis().ok()).unwrap_or_default();
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key(),
            "sequenceNumber": record.sequence_number(),
            "data": STANDARD.encode(record.data().as_ref()),
            "approximateArrivalTimestamp": arrival as f64 / 1000.0,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("{shard}:{}", record.sequence_number()),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": stream_arn.split(':').nth(3).unwrap_or_default(),
        "eventSourceARN": stream_arn,
    })
}

/// A record's members in one object, as filters see it and as pipes hand it on.
pub fn flat(record: &Value) -> Value {
    let mut flat = record["kinesis"].clone();
    if let (Some(flat), Some(record)) = (flat.as_object_mut(), record.as_object()) {
        let others = record.iter().filter(|(name, _)| *name != "kinesis");
        flat.extend(others.map(|(name, value)| (name.clone(), value.clone())));
    }
    flat
}
