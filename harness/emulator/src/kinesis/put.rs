//! Records, put one by one or several in a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::input::{Input, constraint};
use super::shard::{Record, hash_key};
use super::{Answer, Operation, State, invalid, operation};
use crate::protocol::AwsError;
use crate::world::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation(
        "PutRecord",
        &["StreamName", "StreamARN", "Data", "PartitionKey", "ExplicitHashKey", "SequenceNumberForOrdering"],
        put_record,
    ),
    operation("PutRecords", &["StreamName", "StreamARN", "Records"], put_records),
];

/// What one `PutRecords` may carry: so many records, and so many bytes, keys included.
const REQUEST: (usize, usize) = (500, 10 * 1024 * 1024);

/// A record on its way into a stream.
struct New {
    hash: u128,
    key: String,
    data: Bytes,
}

/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html>
fn put_record(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let record = json!({
        "Data": input.value("Data"),
        "PartitionKey": input.value("PartitionKey"),
        "ExplicitHashKey": input.value("ExplicitHashKey"),
    });
    let most = state.stream(call, input)?.max_record_kib * 1024;
    let record = New::read(&record, "", most)?;
    let name = input.stream_name(call)?;
    let mut put = state.put(call, &name, record)?;
    put["EncryptionType"] = "NONE".into();
    Ok(put)
}

/// Shards take what they are given, so that no record fails by itself.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
fn put_records(state: &mut State, call: &Call<'_>, input: &Input) -> Answer {
    let most = state.stream(call, input)?.max_record_kib * 1024;
    let records = input.value("Records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if records.is_empty() || records.len() > REQUEST.0 {
        let bound = if records.is_empty() { "greater than or equal to 1" } else { "less than or equal to 500" };
        return Err(constraint("records", "[...]", &format!("have length {bound}")));
    }
    let mut read = Vec::new();
    for (index, record) in records.iter().enumerate() {
        read.push(New::read(record, &format!("records.{}.member.", index + 1), most)?);
    }
    let bytes: usize = read.iter().map(|record| record.data.len() + record.key.len()).sum();
    if bytes > REQUEST.1 {
        return Err(invalid(format!("Records size exceeds {} MB limit", REQUEST.1 >> 20)));
    }
    let name = input.stream_name(call)?;
    let results = read.into_iter().map(|record| state.put(call, &name, record)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "FailedRecordCount": 0, "Records": results, "EncryptionType": "NONE" }))
}

impl State {
    fn put(&mut self, call: &Call<'_>, stream: &str, record: New) -> Answer {
        let now = call.clock.now();
        let sequence = self.next_sequence_number(now);
        let New { hash, key, data } = record;
        let record = Record { sequence: sequence.clone(), arrival: now, key, data };
        let shard = self.named(call, stream)?.put(hash, record);
        Ok(json!({ "SequenceNumber": sequence, "ShardId": shard }))
    }
}

impl New {
    fn read(record: &Value, path: &str, most: u64) -> Result<Self, AwsError> {
        let key = record["PartitionKey"].as_str().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 256 {
            let bound = if key.is_empty() { "greater than or equal to 1" } else { "less than or equal to 256" };
            return Err(constraint(&format!("{path}partitionKey"), key, &format!("have length {bound}")));
        }
        let data = record["Data"].as_str().and_then(|text| STANDARD.decode(text).ok());
        let data = data.ok_or_else(|| AwsError::client("SerializationException", "Data must be a base64 text"))?;
        if (data.len() + key.len()) as u64 > most {
            return Err(constraint(
                &format!("{path}data"),
                "...",
                &format!("have length less than or equal to {most}"),
            ));
        }
        let hash = match record["ExplicitHashKey"].as_str() {
            None => hash_key(key),
            Some(text) => text.parse().map_err(|_| {
                invalid(format!(
                    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}"
                ))
            })?,
        };
        Ok(Self { hash, key: key.to_owned(), data: data.into() })
    }
}
