//! One batch of a stream's records: the function is invoked until the batch is done or given up, and nothing
//! that comes after it in its shard is delivered before.
//!
//! What always holds: a batch ends in success or in a [`What::GaveUp`] that tells how many of its records were
//! skipped; it is pending until then.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>

use std::time::Duration;

use aws_sdk_dynamodbstreams::types::Record;
use jiff::SignedDuration;

use super::StreamMapping;
use super::response::{Failed, failed_items};
use super::shard::sequence_number;
use crate::event;
use crate::invoke::{InvokeError, Request};
use crate::trace::{EventId, What};
use crate::words;

/// How long a stream keeps its records.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// What came of an attempt.
struct Attempted {
    failed: Failed,
    event: EventId,
    /// Whether it is not to be tried again.
    is_final: bool,
}

impl StreamMapping {
    /// Invokes the function with a batch until it is done, or no attempt is left, or its records are too old. With
    /// partial failures, an attempt goes on at the first record that failed. AWS does not tell whether retries
    /// are counted anew then; here they are not.
    pub(super) async fn deliver(&self, mut batch: Vec<Record>) {
        let (function, table) = (&self.function.settings.logical_id, self.table());
        let work = format!("{function} works on a batch from the stream of {table}");
        let pending = self.shared.pending.begin(work);
        let (mut attempt, mut last) = (1, None);
        loop {
            self.skip_old(&mut batch, last);
            if batch.is_empty() {
                return;
            }
            let Attempted { failed, event, is_final } = self.attempt(&batch, attempt).await;
            let is_failed = |record: &Record| failed.has(sequence_number(record).unwrap_or_default());
            batch.drain(..batch.iter().position(is_failed).unwrap_or(batch.len()));
            if batch.is_empty() {
                return;
            }
            if is_final || self.settings.maximum_retry_attempts.is_some_and(|most| attempt > most) {
                let attempts = words::counted(attempt.into(), "attempt");
                return self.skipped(batch.len(), &format!("after {attempts}: {}", failed.reason()), Some(event));
            }
            let clock = self.shared.backend.clock();
            let due = clock.now() + backoff(attempt);
            let work = format!("retry {attempt} of {function} with a batch from the stream of {table}");
            pending.waiting(work, due, failed.reason().to_owned());
            clock.sleep_until(due).await;
            pending.running();
            (attempt, last) = (attempt + 1, Some(event));
        }
    }

    /// Leaves out the records that are too old.
    fn skip_old(&self, batch: &mut Vec<Record>, last: Option<EventId>) {
        let age = self.settings.maximum_record_age.unwrap_or(RETENTION).min(RETENTION);
        let now = self.shared.backend.clock().now();
        let is_old = |record: &Record| {
            let created = record.dynamodb().and_then(|change| change.approximate_creation_date_time());
            let created = created.and_then(|time| jiff::Timestamp::from_second(time.secs()).ok());
            created
                .is_some_and(|created| now.duration_since(created) > SignedDuration::try_from(age).unwrap_or_default())
        };
        let old = batch.iter().take_while(|record| is_old(record)).count();
        if old > 0 {
            batch.drain(..old);
            self.skipped(old, &format!("older than {}", words::duration(age)), last);
        }
    }

    fn skipped(&self, records: usize, why: &str, cause: Option<EventId>) {
        let verb = if records == 1 { "is" } else { "are" };
        let reason = format!(
            "{} of the stream of {} {verb} skipped: {why}",
            words::counted(records as u64, "record"),
            self.table()
        );
        let function = self.function.settings.logical_id.clone();
        self.shared.recorder.record(cause, What::GaveUp { function, reason });
    }

    async fn attempt(&self, batch: &[Record], attempt: u32) -> Attempted {
        let ids = batch.iter().filter_map(|record| record.event_id().map(str::to_owned)).collect();
        let function = self.function.settings.logical_id.clone();
        let (from, records) = (format!("DynamoDB {}", self.table()), batch.len());
        let delivery = What::Delivery { from, function, records, ids };
        let delivery = self.shared.recorder.record(self.writer(batch), delivery);
        let payload = event::dynamodb::event(batch, &self.arn.borrow()).to_string();
        let request = Request { payload: &payload, request_id: self.shared.ids.uuid(), attempt, cause: delivery };
        let invoked = self.shared.lambda.invoke(&self.function, request).await;
        let failed = match &invoked.result {
            Err(error) => Failed::All(error.message().to_owned()),
            Ok(response) if self.settings.report_batch_item_failures => {
                failed_items(response, batch.iter().filter_map(sequence_number))
            }
            Ok(_) => Failed::None,
        };
        let is_final = matches!(invoked.result, Err(InvokeError::RecursiveLoop { .. }));
        Attempted { failed, event: invoked.event, is_final }
    }

    /// The call that wrote the batch's first record of known origin.
    fn writer(&self, batch: &[Record]) -> Option<EventId> {
        batch.iter().find_map(|record| self.shared.recorder.writer(&self.table.name, &event::dynamodb::keys(record)))
    }
}

/// The wait before a retry: AWS says that it backs off exponentially, and not for how long. Here it is a second,
/// which doubles up to a minute.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs((1 << (attempt - 1).min(6)).min(60))
}
