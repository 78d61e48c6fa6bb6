//! One batch of a stream's records: the function is invoked until the batch is done or given up, and nothing
//! that comes after it in its lane is delivered before.
//!
//! What always holds: a record ends in success or in a [`What::GaveUp`]; its batch is pending until then.
//! <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::StreamMapping;
use super::consumer::Batch;
use super::response::{Failed, failed_items};
use super::source::Record;
use super::window::Window;
use crate::invoke::InvokeError;
use crate::pending::PendingGuard;
use crate::trace::{EventId, What};
use crate::words;

/// Records that are delivered together: a batch, or what bisecting has left of one.
pub(super) struct Part {
    pub records: Vec<Record>,
    /// How often the function has been invoked for them.
    pub attempts: u32,
    /// How many of the mapping's retries they have used. Splitting uses none, and neither does a throttle.
    retries: u32,
    pub last: Option<Attempt>,
}

/// An attempt that is over.
#[derive(Clone)]
pub(super) struct Attempt {
    pub event: EventId,
    pub request_id: String,
    /// None where the function answered, and named failures.
    pub error: Option<InvokeError>,
    failed: Failed,
}

/// Why records are given up, as Lambda tells a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
    /// The stream does not have them any more.
    Expired,
}

impl Attempt {
    fn is_throttled(&self) -> bool {
        matches!(self.error, Some(InvokeError::Throttled(_)))
    }

    /// Whether it is not to be tried again.
    fn is_final(&self) -> bool {
        matches!(self.error, Some(InvokeError::RecursiveLoop { .. }))
    }
}

impl StreamMapping {
    /// Invokes the function with a batch until it is done, or no attempt is left, or its records are too old. With
    /// partial failures, an attempt goes on at the first record that failed. AWS does not tell whether retries
    /// are counted anew then; here they are not.
    pub(super) async fn deliver(&self, shard: &str, batch: Vec<Record>, mut window: Option<&mut Window>) {
        let function = self.consumer.logical_id();
        let work = format!("{function} works on a batch from {}", self.source.name());
        let mut pending = self.shared.pending.begin(work.clone());
        let mut parts = vec![Part { records: batch, attempts: 0, retries: 0, last: None }];
        while let Some(mut part) = parts.pop() {
            if !self.switch.is_on() {
                drop(pending);
                self.switch.on().await;
                pending = self.shared.pending.begin(work.clone());
            }
            self.skip_old(shard, &mut part).await;
            if part.records.is_empty() {
                continue;
            }
            part.attempts += 1;
            let attempt = self.attempt(shard, &part.records, part.attempts, window.as_deref_mut()).await;
            let is_failed = |record: &Record| attempt.failed.has(&record.sequence);
            let done = part.records.iter().position(is_failed).unwrap_or(part.records.len());
            part.records.drain(..done);
            part.last = Some(attempt.clone());
            if part.records.is_empty() {
                continue;
            }
            let can_split = self.settings.bisect_on_error && (done > 0 || part.records.len() > 1);
            let splits = can_split && !attempt.is_throttled();
            if attempt.is_final() || !splits && !attempt.is_throttled() && self.is_used_up(part.retries) {
                let attempts = words::counted(part.attempts.into(), "attempt");
                let why = format!("after {attempts}: {}", attempt.failed.reason());
                self.give_up(shard, &part, Condition::RetryAttemptsExhausted, &why).await;
                continue;
            }
            self.back_off(&pending, part.attempts, attempt.failed.reason()).await;
            if splits {
                parts.extend(part.split(done > 0));
            } else {
                part.retries += u32::from(!attempt.is_throttled());
                parts.push(part);
            }
        }
    }

    fn is_used_up(&self, retries: u32) -> bool {
        self.settings.maximum_retry_attempts.is_some_and(|most| retries >= most)
    }

    async fn back_off(&self, pending: &PendingGuard, attempts: u32, reason: &str) {
        let clock = self.shared.backend.clock();
        let due = clock.now() + backoff(attempts);
        let function = self.consumer.logical_id();
        let work = format!("retry {attempts} of {function} with a batch from {}", self.source.name());
        pending.waiting(work, due, reason.to_owned());
        clock.sleep_until(due).await;
        pending.running();
    }

    /// Leaves out the records that are too old.
    async fn skip_old(&self, shard: &str, part: &mut Part) {
        let retention = self.source.retention();
        let (age, condition) = match self.settings.maximum_record_age {
            Some(age) if age < retention => (age, Condition::RecordAgeExceeded),
            _ => (retention, Condition::Expired),
        };
        let oldest = self.shared.backend.clock().now() - SignedDuration::try_from(age).unwrap_or_default();
        let old = part.records.iter().take_while(|record| record.arrival < oldest).count();
        if old > 0 {
            let records = part.records.drain(..old).collect();
            let old = Part { records, last: part.last.clone(), ..*part };
            self.give_up(shard, &old, condition, &format!("older than {}", words::duration(age))).await;
        }
    }

    async fn give_up(&self, shard: &str, part: &Part, condition: Condition, why: &str) {
        let count = part.records.len();
        let verb = if count == 1 { "is" } else { "are" };
        let records = words::counted(count as u64, "record");
        let reason = format!("{records} of {} {verb} skipped: {why}", self.source.name());
        let function = self.consumer.logical_id().to_owned();
        let cause = part.last.as_ref().map(|last| last.event);
        let event = self.shared.recorder.record(cause, What::GaveUp { function, reason });
        if condition != Condition::Expired {
            self.tell_destination(shard, part, condition, event).await;
        }
    }

    /// Invokes the function for the last time in a window, until it succeeds or no attempt is left.
    pub(super) async fn end_window(&self, shard: &str, window: &Window) {
        let function = self.consumer.logical_id();
        let work = format!("{function} ends a window of {}", self.source.name());
        let pending = self.shared.pending.begin(work);
        let age = self.settings.maximum_record_age.unwrap_or(self.source.retention());
        let last = window.end + SignedDuration::try_from(age).unwrap_or_default();
        for attempts in 1.. {
            let members = window.members(shard, &self.source.arn(), true);
            let attempt = self.invoke(&[], attempts, members).await.0;
            let Some(error) = &attempt.error else { return };
            let used_up = !attempt.is_throttled() && self.is_used_up(attempts - 1);
            if attempt.is_final() || used_up || self.shared.backend.clock().now() > last {
                let attempts = words::counted(attempts.into(), "attempt");
                let reason = format!("a window is not ended after {attempts}: {}", error.message());
                let function = function.to_owned();
                self.shared.recorder.record(Some(attempt.event), What::GaveUp { function, reason });
                return;
            }
            self.back_off(&pending, attempts, error.message()).await;
        }
    }

    async fn attempt(&self, shard: &str, records: &[Record], attempt: u32, window: Option<&mut Window>) -> Attempt {
        let members = window.as_ref().map(|window| window.members(shard, &self.source.arn(), false));
        let (mut attempt, response) = self.invoke(records, attempt, members.unwrap_or_default()).await;
        let Some(response) = response else { return attempt };
        if let Some(Err(missing)) = window.map(|window| window.take_state(&response)) {
            attempt.failed = Failed::All(missing.to_owned());
        } else if self.settings.report_batch_item_failures {
            attempt.failed = failed_items(&response, records.iter().map(|record| record.sequence.as_str()));
        }
        attempt
    }

    /// The records as the consumer gets them.
    pub(super) fn given(&self, records: &[Record]) -> Vec<Value> {
        let given = |record: &Record| match self.consumer.is_pipe() {
            true => self.source.flat(&record.payload),
            false => record.payload.clone(),
        };
        records.iter().map(given).collect()
    }

    /// Invokes the function with records, and tells its response where it did not fail.
    async fn invoke(&self, records: &[Record], attempt: u32, beside: Map<String, Value>) -> (Attempt, Option<String>) {
        let ids = records.iter().map(|record| record.event_id.clone()).collect();
        let function = self.consumer.logical_id().to_owned();
        let delivery = What::Delivery { from: self.source.origin(), function, records: records.len(), ids };
        let writer = records.iter().find_map(|record| self.source.writer(record));
        let delivery = self.shared.recorder.record(writer, delivery);
        let request_id = self.shared.ids.uuid();
        let given =
            Batch { records: self.given(records), beside, request_id: request_id.clone(), attempt, cause: delivery };
        let invoked = self.consumer.hand(&self.shared, given).await;
        let (error, response) = match invoked.result {
            Ok(response) => (None, Some(response)),
            Err(error) => (Some(error), None),
        };
        let failed = error.as_ref().map_or(Failed::None, |error| Failed::All(error.message().to_owned()));
        (Attempt { event: invoked.event, request_id, error, failed }, response)
    }
}

impl Part {
    /// The parts that are delivered in its place, the last one first: itself where it begins at the record that the
    /// function named, or its halves.
    fn split(mut self, at_named: bool) -> Vec<Self> {
        if at_named {
            return vec![self];
        }
        let records = self.records.split_off(self.records.len().div_ceil(2));
        let second = Self { records, last: self.last.clone(), ..self };
        vec![second, self]
    }
}

/// The wait before a retry: AWS says that it backs off exponentially, and not for how long. Here it is a second,
/// which doubles up to a minute.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs((1 << (attempts - 1).min(6)).min(60))
}
