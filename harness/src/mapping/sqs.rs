//! Event source mappings of queues: Lambda polls a queue, makes batches, invokes the function and settles
//! what the queue keeps.
//!
//! What always holds: a message is deleted only after its batch succeeded or the function's response leaves
//! it out of the batch item failures; every other message comes back after its visibility timeout.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::Map;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::consumer::{Batch, Consumer};
use super::filter::{DataField, Filters};
use super::response::{Failed, failed_items};
use super::{BATCH_BYTES, Linger, describe};
use crate::backend::whole_seconds;
use crate::event;
use crate::shared::{Shared, Switch};
use crate::stack::{EventSourceMapping, Queue};
use crate::trace::{EventId, What};

/// How many batches of a standard queue Lambda works on at once, at first.
const CONCURRENT_BATCHES: usize = 5;
/// How many batches of a FIFO queue there may be at once: one for each group that has messages, up to the
/// concurrency that Lambda allows a mapping.
const CONCURRENT_GROUPS: usize = 1000;
/// What `ReceiveMessage` gives at the most.
const RECEIVE_LIMIT: u32 = 10;

/// A mapping at work.
pub struct SqsMapping {
    settings: EventSourceMapping,
    switch: Rc<Switch>,
    filters: Filters,
    queue: Queue,
    consumer: Rc<dyn Consumer>,
    shared: Rc<Shared>,
    sqs: aws_sdk_sqs::Client,
    /// Messages whose last delivery failed, by message id.
    failing: RefCell<BTreeMap<String, FailingMessage>>,
}

/// A message that will be delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingMessage {
    pub queue: String,
    pub receive_count: u32,
    /// How often it failed by itself, and not because the scenario made it.
    pub failures: u32,
    pub last_error: String,
    /// Whether the queue gives it up some day, by a redrive policy.
    pub bounded: bool,
}

impl SqsMapping {
    /// A mapping between a queue and a function.
    pub fn new(settings: EventSourceMapping, queue: Queue, consumer: Rc<dyn Consumer>, shared: Rc<Shared>) -> Self {
        let sqs = aws_sdk_sqs::Client::new(&shared.service_config());
        let filters = Filters::new(&settings.filters, DataField::Text("body"));
        let switch = shared.switches.get(&settings.logical_id);
        Self { settings, switch, filters, queue, consumer, shared, sqs, failing: RefCell::default() }
    }

    /// The logical id of the queue, where the mapping is enabled.
    pub fn source(&self) -> Option<&Queue> {
        self.switch.is_on().then_some(&self.queue)
    }

    /// The messages whose last delivery failed.
    pub fn failing(&self) -> Vec<FailingMessage> {
        self.failing.borrow().values().cloned().collect()
    }

    /// Lambda starts with five batches of a standard queue at once, and has one for each group of a FIFO queue,
    /// unless the mapping allows fewer.
    fn concurrent_batches(&self) -> usize {
        let batches = if self.queue.is_fifo() { CONCURRENT_GROUPS } else { CONCURRENT_BATCHES };
        self.settings.maximum_concurrency.map_or(batches, |most| batches.min(most as usize))
    }

    /// Polls and delivers. Never returns.
    pub async fn run(self: Rc<Self>) {
        let slots = std::sync::Arc::new(Semaphore::new(self.concurrent_batches()));
        let mut held = Vec::new();
        loop {
            let slot = std::sync::Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            if held.is_empty() {
                self.ready().await;
            }
            let mut batch = self.collect_batch(held).await;
            let rest = batch.split_off(self.fitting(&batch));
            if batch.is_empty() {
                held = rest;
            } else if self.queue.is_fifo() {
                held = Vec::new();
                tokio::task::spawn_local(Rc::clone(&self).deliver_in_turn(batch, rest, slot));
            } else {
                held = rest;
                tokio::task::spawn_local(Rc::clone(&self).deliver_one(batch, slot));
            }
        }
    }

    /// Returns when the mapping is enabled and a message may be received.
    async fn ready(&self) {
        loop {
            self.switch.on().await;
            tokio::select! {
                biased;
                () = self.switch.off() => {}
                () = self.shared.backend.message_ready(&self.queue.url) => return,
            }
        }
    }

    /// Adds to a batch until it is full, its window is over or, without a window, there is no more.
    async fn collect_batch(&self, mut batch: Vec<Message>) -> Vec<Message> {
        let backend = &self.shared.backend;
        let window_end = backend.clock().now() + self.settings.batching_window;
        let windowed = !self.settings.batching_window.is_zero();
        let mut linger = Linger::new(&self.shared);
        loop {
            let wanted = self.settings.batch_size.saturating_sub(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            let wait = match (batch.is_empty(), windowed) {
                (true, _) => backend.long_poll(),
                (false, true) => backend.long_poll().min(self.until(window_end)),
                (false, false) => Duration::ZERO,
            };
            let received = self.receive(wanted.min(RECEIVE_LIMIT), wait).await;
            let nothing_more = received.is_empty();
            batch.extend(self.filtered(received).await);
            let full = batch.len() >= self.settings.batch_size as usize || bytes(&batch) >= BATCH_BYTES;
            // A queue that looked ready and gave nothing has moved its messages to its dead-letter queue, or no
            // filter lets them pass.
            if full || batch.is_empty() {
                return batch;
            }
            let goes_on =
                if windowed { self.ready_before(window_end).await } else { !nothing_more || linger.again().await };
            if !goes_on {
                return batch;
            }
        }
    }

    fn until(&self, time: jiff::Timestamp) -> Duration {
        Duration::try_from(time.duration_since(self.shared.backend.clock().now())).unwrap_or(Duration::ZERO)
    }

    /// Whether there may be more messages before a batching window is over.
    async fn ready_before(&self, window_end: jiff::Timestamp) -> bool {
        let clock = self.shared.backend.clock();
        tokio::select! {
            biased;
            () = self.shared.backend.message_ready(&self.queue.url) => clock.now() <= window_end,
            () = clock.sleep_until(window_end) => false,
        }
    }

    /// How many of the messages fit into one payload; the others are for the next batch.
    fn fitting(&self, batch: &[Message]) -> usize {
        // JSON escapes make a text six times as long at the most.
        if bytes(batch) <= BATCH_BYTES / 6 {
            return batch.len();
        }
        let mut size = 0;
        let fits = |message: &&Message| {
            size += event::sqs::event(std::slice::from_ref(*message), &self.queue.arn).to_string().len();
            size <= BATCH_BYTES
        };
        batch.iter().take_while(fits).count().max(1)
    }

    /// Receives what there is. The wait is the queue's own, for the first message only: it would hold back
    /// messages that are already in a batch.
    async fn receive(&self, most: u32, wait: Duration) -> Vec<Message> {
        let received = self
            .sqs
            .receive_message()
            .queue_url(&self.queue.url)
            .max_number_of_messages(i32::try_from(most.max(1)).unwrap_or(10))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .wait_time_seconds(whole_seconds(wait))
            .send()
            .await;
        match received {
            Ok(received) => received.messages.unwrap_or_default(),
            Err(error) => {
                self.shared.problem(format!("polling queue {}: {}", self.queue.logical_id, describe(&error)));
                // AWS tries again later; so that a queue that is gone does not spin the clock.
                tokio::time::sleep(Duration::from_secs(20)).await;
                Vec::new()
            }
        }
    }

    /// The messages that a filter lets pass. Lambda deletes the others.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html>
    async fn filtered(&self, received: Vec<Message>) -> Vec<Message> {
        let passes = |message: &Message| self.filters.pass(|| event::sqs::record(message, &self.queue.arn));
        let (passed, others): (Vec<Message>, Vec<Message>) = received.into_iter().partition(passes);
        if !others.is_empty() {
            // Only then is the replay not at rest while they are still in the queue.
            let work = format!("{} messages of {} match no filter", others.len(), self.queue.logical_id);
            let _pending = self.shared.pending.begin(work);
            self.delete(&others.iter().collect::<Vec<_>>()).await;
        }
        passed
    }

    async fn deliver_one(self: Rc<Self>, batch: Vec<Message>, _slot: OwnedSemaphorePermit) {
        self.deliver(&batch).await;
    }

    /// What does not fit into one payload of a FIFO queue's batch follows when that has succeeded. Otherwise it
    /// comes back with what failed, in its order.
    async fn deliver_in_turn(
        self: Rc<Self>,
        mut batch: Vec<Message>,
        mut rest: Vec<Message>,
        _slot: OwnedSemaphorePermit,
    ) {
        while !batch.is_empty() && self.deliver(&batch).await == Failed::None {
            let next = rest.split_off(self.fitting(&rest));
            (batch, rest) = (rest, next);
        }
    }

    /// Invokes the function with a batch and settles what the queue keeps. Tells what failed.
    async fn deliver(&self, batch: &[Message]) -> Failed {
        let function = self.consumer.logical_id();
        let _pending = self.shared.pending.begin(format!("{function} works on a batch from {}", self.queue.logical_id));
        let ids: Vec<String> = ids_of(batch).map(str::to_owned).collect();
        let delivery = self.shared.recorder.record(
            self.producer(batch),
            What::Delivery {
                from: format!("SQS {}", self.queue.logical_id),
                function: function.to_owned(),
                records: batch.len(),
                ids,
            },
        );
        let attempt = batch.iter().map(receive_count).max().unwrap_or(1);
        let records = batch.iter().map(|message| event::sqs::record(message, &self.queue.arn)).collect();
        let (request_id, beside) = (self.shared.ids.uuid(), Map::new());
        let given = Batch { records, beside, request_id, attempt, cause: delivery };
        let is_planned = self.consumer.planned_failures() > 0;
        let invoked = self.consumer.hand(&self.shared, given).await;
        let failed = match &invoked.result {
            Err(error) => Failed::All(error.message().to_owned()),
            Ok(response) if self.settings.report_batch_item_failures => failed_items(response, ids_of(batch)),
            Ok(_) => Failed::None,
        };
        self.settle(batch, &failed, is_planned, invoked.event).await;
        failed
    }

    /// The call that the batch's first message of known origin comes from.
    fn producer(&self, batch: &[Message]) -> Option<EventId> {
        let of = |message: &Message| {
            self.shared
                .producer_of_message(message.message_id().unwrap_or_default(), message.body().unwrap_or_default())
        };
        batch.iter().find_map(of)
    }

    /// Deletes what succeeded and remembers what will come back.
    async fn settle(&self, batch: &[Message], failed: &Failed, is_planned: bool, invocation: EventId) {
        let (keep, delete): (Vec<&Message>, Vec<&Message>) =
            batch.iter().partition(|message| failed.has(message.message_id().unwrap_or_default()));
        for message in &delete {
            self.failing.borrow_mut().remove(message.message_id().unwrap_or_default());
        }
        for message in &keep {
            self.remember_failing(message, failed.reason(), is_planned);
        }
        if !keep.is_empty() {
            let reason = format!(
                "{} of {} messages stay in {}: {}",
                keep.len(),
                batch.len(),
                self.queue.logical_id,
                failed.reason()
            );
            let function = self.consumer.logical_id().to_owned();
            self.shared.recorder.record(Some(invocation), What::GaveUp { function, reason });
        }
        for chunk in delete.chunks(RECEIVE_LIMIT as usize) {
            self.delete(chunk).await;
        }
    }

    fn remember_failing(&self, message: &Message, reason: &str, is_planned: bool) {
        let id = message.message_id().unwrap_or_default().to_owned();
        let mut all = self.failing.borrow_mut();
        let before = all.get(&id).map_or(0, |failing| failing.failures);
        let failing = FailingMessage {
            queue: self.queue.logical_id.clone(),
            receive_count: receive_count(message),
            failures: before + u32::from(!is_planned),
            last_error: reason.to_owned(),
            bounded: self.queue.has_redrive_policy(),
        };
        all.insert(id, failing);
    }

    async fn delete(&self, messages: &[&Message]) {
        let entry = |(index, message): (usize, &&Message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .build()
                .expect("id and receipt handle are set")
        };
        let entries = messages.iter().enumerate().map(entry).collect();
        let deleted =
            self.sqs.delete_message_batch().queue_url(&self.queue.url).set_entries(Some(entries)).send().await;
        match deleted {
            Err(error) => {
                self.shared.problem(format!("deleting from queue {}: {}", self.queue.logical_id, describe(&error)));
            }
            Ok(deleted) => deleted.failed().iter().for_each(|entry| {
                let reason = entry.message().unwrap_or(entry.code());
                self.shared.problem(format!("a message in queue {} was not deleted: {reason}", self.queue.logical_id));
            }),
        }
    }
}

fn ids_of(batch: &[Message]) -> impl Iterator<Item = &str> {
    batch.iter().filter_map(Message::message_id)
}

/// About how long the messages' records are.
fn bytes(batch: &[Message]) -> usize {
    const BESIDE_BODY: usize = 1024;
    batch.iter().map(|message| message.body().map_or(0, str::len) + BESIDE_BODY).sum()
}

/// How often a message has been received, this time included.
fn receive_count(message: &Message) -> u32 {
    let attribute = message.attributes().and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount));
    attribute.and_then(|count| count.parse().ok()).unwrap_or(1)
}
