//! What Lambda tells a mapping's on-failure destination of records that it has given up: where they are in the
//! stream, not what they are; a bucket gets the records too.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html>
//! <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::StreamMapping;
use super::consumer::payload;
use super::delivery::{Condition, Part};
use crate::invoke::InvokeError;
use crate::send::{Message, Sender};
use crate::trace::EventId;

impl StreamMapping {
    /// Tells the destination, where there is one.
    pub(super) async fn tell_destination(&self, shard: &str, part: &Part, condition: Condition, cause: EventId) {
        let Some(arn) = &self.settings.on_failure else { return };
        let sender = Sender::new(&self.shared, cause);
        let mut record = self.record(shard, part, condition);
        let sent = if arn.split(':').nth(2) == Some("s3") {
            record["payload"] = payload(self.given(&part.records), Map::new()).to_string().into();
            let prefix = format!("aws/lambda/{}/{shard}", self.settings.id);
            sender.failure(arn, &prefix, record.to_string()).await
        } else {
            sender.message(arn, Message::of(record.to_string())).await
        };
        if let Err(error) = sent {
            self.shared.problem(format!("records that Lambda gave up, for {arn}: {error}"));
        }
    }

    fn record(&self, shard: &str, part: &Part, condition: Condition) -> Value {
        let now = self.shared.backend.clock().now();
        let condition = match condition {
            Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Condition::RecordAgeExceeded | Condition::Expired => "RecordAgeExceeded",
        };
        let request_id = part.last.as_ref().map_or_else(|| self.shared.ids.uuid(), |last| last.request_id.clone());
        let mut record = if self.consumer.is_pipe() {
            json!({
                "context": { "partnerResourceArn": self.consumer.arn(), "condition": condition },
                "version": "1.0",
                "timestamp": written(now),
            })
        } else {
            json!({
                "requestContext": {
                    "requestId": request_id,
                    "functionArn": self.consumer.arn(),
                    "condition": condition,
                    "approximateInvokeCount": part.attempts,
                },
                "responseContext": response_context(part),
                "version": "1.0",
                "timestamp": written(now),
            })
        };
        let (first, last) = (part.records.first(), part.records.last());
        record[self.source.batch_info()] = json!({
            "shardId": shard,
            "startSequenceNumber": first.map(|record| &record.sequence),
            "endSequenceNumber": last.map(|record| &record.sequence),
            "approximateArrivalOfFirstRecord": first.map(|record| written(record.arrival)),
            "approximateArrivalOfLastRecord": last.map(|record| written(record.arrival)),
            "batchSize": part.records.len(),
            "streamArn": self.source.arn(),
        });
        record
    }
}

fn response_context(part: &Part) -> Value {
    let error = part.last.as_ref().and_then(|last| last.error.as_ref());
    let status = if matches!(error, Some(InvokeError::Throttled(_))) { 429 } else { 200 };
    let function_error = matches!(error, Some(InvokeError::Function { .. })).then_some("Unhandled");
    json!({ "statusCode": status, "executedVersion": "$LATEST", "functionError": function_error })
}

fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
