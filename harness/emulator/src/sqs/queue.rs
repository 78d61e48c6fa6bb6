//! One queue, standard or FIFO: what a message goes through from its sending to its deletion.
//!
//! [`Backlog`] knows which message can be received; here are the rules of receipt handles, visibility
//! timeouts and deduplication. Who waits for a queue is told of its changes and of no other's.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};
use tokio::sync::watch;

use super::attempts::Attempts;
use super::attributes::Attributes;
use super::backlog::Backlog;
use super::deduplication::Deduplication;
use super::error::{expired_receipt_handle, invalid_receipt_handle, invalid_value, not_in_flight};
use super::message::{Content, Message, Place};
use super::{MAXIMUM_VISIBILITY, QueueDepth};
use crate::protocol::AwsError;
use crate::{Clock, Ids};

/// How many messages may be in flight at once.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const MAXIMUM_IN_FLIGHT: usize = 120_000;

pub(super) struct Queue {
    pub arn: String,
    pub url: String,
    pub attributes: Attributes,
    pub tags: BTreeMap<String, String>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub purged: Option<Timestamp>,
    clock: Clock,
    backlog: Backlog,
    /// Every receipt handle ever given, with its message's number: by digest, because handles are long.
    receipts: BTreeMap<[u8; 16], u64>,
    deduplication: Deduplication,
    pub(super) attempts: Attempts,
    /// The sequence number of the last message, in a FIFO queue.
    sequence: u128,
    /// Counts the changes that a receiver may wait for.
    changes: watch::Sender<u64>,
}

/// What a sender is told of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub message_id: String,
    /// In a FIFO queue.
    pub sequence_number: Option<String>,
}

impl Queue {
    pub fn new(arn: String, url: String, attributes: Attributes, clock: Clock, ids: &Ids) -> Self {
        let fifo = attributes.is_fifo();
        Self {
            arn,
            url,
            attributes,
            tags: BTreeMap::new(),
            created: clock.now(),
            modified: clock.now(),
            purged: None,
            clock,
            backlog: if fifo { Backlog::fifo() } else { Backlog::standard() },
            receipts: BTreeMap::new(),
            deduplication: Deduplication::default(),
            attempts: Attempts::default(),
            sequence: if fifo { first_sequence_number(ids) } else { 0 },
            changes: watch::Sender::new(0),
        }
    }

    /// The last part of the ARN and of the URL.
    pub fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or_default()
    }

    pub fn account(&self) -> &str {
        self.arn.rsplit(':').nth(1).unwrap_or_default()
    }

    /// Whether a URL is this queue's. Only its account and name count, and the region where the host is
    /// AWS's, so that a URL of another endpoint finds its queue.
    pub fn is_at(&self, url: &str) -> bool {
        let mut parts = url.trim_end_matches('/').rsplit('/');
        if parts.next() != Some(self.name()) || parts.next() != Some(self.account()) {
            return false;
        }
        let host = parts.next().unwrap_or_default();
        let region = host.strip_prefix("sqs.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
        region.is_none_or(|region| self.arn.split(':').nth(3) == Some(region))
    }

    /// Whether the queue's redrive policy names the queue with this ARN.
    pub fn sends_dead_letters_to(&self, arn: &str) -> bool {
        self.attributes.redrive_policy().is_some_and(|policy| policy.target_arn == arn)
    }

    /// A view of the changes that a receiver may wait for.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Lets pass what time has brought: messages expire, and others become visible.
    pub fn advance(&mut self, now: Timestamp) {
        self.backlog.advance(now, self.attributes.retention());
    }

    /// Takes a new message in, or, where a FIFO queue has had it within the deduplication interval, tells what
    /// the first one was answered.
    pub fn send(
        &mut self,
        content: Arc<Content>,
        sender: &str,
        now: Timestamp,
        delay: SignedDuration,
        ids: &Ids,
    ) -> Sent {
        let scope = content.group_id.clone().filter(|_| self.attributes.deduplicates_by_group());
        let id = content.deduplication_id.clone().filter(|_| self.attributes.is_fifo());
        let earlier = id.as_ref().and_then(|id| self.deduplication.earlier(scope.as_deref(), id, now));
        if let Some(earlier) = earlier {
            return earlier;
        }
        let sent = self.put(Message::new(content, sender.to_owned(), now, delay, ids), now);
        if let Some(id) = id {
            self.deduplication.remember(scope.as_deref(), &id, now, sent.clone());
        }
        sent
    }

    /// Puts a message behind those that are there.
    pub fn put(&mut self, mut message: Message, now: Timestamp) -> Sent {
        message.sequence_number = self.attributes.is_fifo().then(|| {
            self.sequence += 256;
            self.sequence.to_string()
        });
        let sent = Sent { message_id: message.id.clone(), sequence_number: message.sequence_number.clone() };
        self.backlog.put(message, now);
        self.changed();
        sent
    }

    /// How many messages may be received before too many are in flight.
    pub fn room_in_flight(&self) -> usize {
        MAXIMUM_IN_FLIGHT.saturating_sub(self.backlog.in_flight())
    }

    /// Takes the message whose turn it is out of the queue, to be given back by [`Self::receive`] or moved to
    /// another queue. `after` is the one that was taken before it for the same receive.
    pub fn take(&mut self, after: Option<&Message>) -> Option<(u64, Message)> {
        self.backlog.take(after)
    }

    /// Puts a message that was taken back where it was.
    pub fn give_back(&mut self, number: u64, message: Message) {
        self.backlog.give_back(number, message);
    }

    /// Puts a message that was taken back as received: hidden for `visibility`, with a new receipt handle.
    pub fn receive(
        &mut self,
        (number, mut message): (u64, Message),
        now: Timestamp,
        visibility: SignedDuration,
        ids: &Ids,
    ) -> Message {
        let handle = ids.base64(96);
        message.visible_at = now + visibility;
        message.receive_count += 1;
        message.received_here += 1;
        message.first_received.get_or_insert(now);
        message.last_received = Some(now);
        message.receipt = Some(handle.clone());
        let number = self.backlog.hide(number, message.clone());
        self.receipts.insert(digest(&handle), number);
        self.changed();
        message
    }

    /// The message that was received with this handle, where it is in flight and was not received again.
    pub fn in_flight(&self, handle: &str) -> Option<&Message> {
        let message = self.backlog.get(*self.receipts.get(&digest(handle))?)?;
        Some(message).filter(|message| message.place == Place::InFlight && message.receipt.as_deref() == Some(handle))
    }

    /// Deletes the message that was received with this handle. In a standard queue this succeeds and does nothing
    /// with the handle of an earlier receive; a FIFO queue refuses a handle whose visibility timeout is over.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
    pub fn delete(&mut self, handle: &str) -> Result<(), AwsError> {
        let number = self.number(handle)?;
        let Some(message) = self.backlog.get(number) else { return Ok(()) };
        let is_latest = message.receipt.as_deref() == Some(handle);
        if self.attributes.is_fifo() && (message.place != Place::InFlight || !is_latest) {
            return Err(expired_receipt_handle(handle));
        }
        if is_latest {
            self.backlog.remove(number);
            self.changed();
        }
        Ok(())
    }

    /// Hides a message in flight for `visibility` from now on; zero makes it visible at once.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
    pub fn change_visibility(&mut self, handle: &str, visibility: i64, now: Timestamp) -> Result<(), AwsError> {
        let number = self.number(handle)?;
        let unavailable = "Message does not exist or is not available for visibility timeout change.";
        let message = self.backlog.get(number).filter(|message| message.receipt.as_deref() == Some(handle));
        let message = message.ok_or_else(|| invalid_value("ReceiptHandle", handle, unavailable))?;
        if message.place != Place::InFlight {
            return Err(not_in_flight());
        }
        let visible_at = now + SignedDuration::from_secs(visibility);
        if message.last_received.is_some_and(|received| visible_at.duration_since(received) > MAXIMUM_VISIBILITY) {
            let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].";
            return Err(invalid_value("VisibilityTimeout", visibility, reason));
        }
        self.hide_until(number, visible_at);
        self.advance(now);
        Ok(())
    }

    /// Hides messages in flight until another time, as a repeated attempt to receive them does.
    pub fn hide_again(&mut self, handle: &str, until: Timestamp) {
        if let Ok(number) = self.number(handle) {
            self.hide_until(number, until);
        }
    }

    fn hide_until(&mut self, number: u64, visible_at: Timestamp) {
        self.backlog.change(number, |message| message.visible_at = visible_at);
        self.changed();
    }

    fn number(&self, handle: &str) -> Result<u64, AwsError> {
        self.receipts.get(&digest(handle)).copied().ok_or_else(|| invalid_receipt_handle(handle))
    }

    /// Sets the attributes. In a FIFO queue a new delay holds for messages that are already delayed, too.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>
    pub fn set_attributes(&mut self, attributes: Attributes, now: Timestamp) {
        let delay = attributes.delay();
        if attributes.is_fifo() && delay != self.attributes.delay() {
            for number in self.backlog.delayed_numbers() {
                self.backlog.change(number, |message| message.visible_at = message.sent + delay);
            }
        }
        self.attributes = attributes;
        self.modified = now;
        self.advance(now);
        self.changed();
    }

    pub fn purge(&mut self, now: Timestamp) {
        self.backlog.clear();
        self.purged = Some(now);
        self.changed();
    }

    /// When a receive may get a message: now or earlier where one can be received. Messages that expire before
    /// they become visible do not count.
    pub fn next_visible(&mut self) -> Option<Timestamp> {
        let now = self.clock.now();
        self.advance(now);
        if self.backlog.is_ready() && self.room_in_flight() > 0 {
            return Some(now);
        }
        self.backlog.next_change(self.attributes.retention())
    }

    pub fn depth(&mut self, now: Timestamp) -> QueueDepth {
        self.advance(now);
        QueueDepth {
            arn: self.arn.clone(),
            url: self.url.clone(),
            visible: self.backlog.visible(),
            in_flight: self.backlog.in_flight(),
            delayed: self.backlog.delayed(),
            next_visible: self.backlog.next_change(self.attributes.retention()),
        }
    }
}

/// Sequence numbers have 20 digits and grow; where they start follows from the seed.
fn first_sequence_number(ids: &Ids) -> u128 {
    18_800_000_000_000_000_000 + u128::from(ids.number(0..1 << 48)) * 256
}

fn digest(handle: &str) -> [u8; 16] {
    Md5::digest(handle.as_bytes()).into()
}
