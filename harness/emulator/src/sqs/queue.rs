//! One standard queue: which message can be received when.
//!
//! Every message has a number in the order of arrival and stands in three places, which agree at all
//! times: by number, by the time it can be received, and by the time it was sent. So a receive looks at
//! the messages it takes and at no others, however many there are.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::attributes::Attributes;
use super::error::{invalid_receipt_handle, invalid_value, not_in_flight};
use super::message::Message;
use super::{MAXIMUM_VISIBILITY, QueueDepth};
use crate::protocol::AwsError;
use crate::{Clock, Ids};

pub(super) struct Queue {
    pub arn: String,
    pub url: String,
    pub attributes: Attributes,
    pub tags: BTreeMap<String, String>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub purged: Option<Timestamp>,
    clock: Clock,
    messages: BTreeMap<u64, Message>,
    /// When each message can be received: now or earlier, or once its delay or visibility timeout is over.
    by_visibility: BTreeSet<(Timestamp, u64)>,
    by_age: BTreeSet<(Timestamp, u64)>,
    /// Every receipt handle ever given, with its message's number.
    receipts: BTreeMap<String, u64>,
    next_number: u64,
}

impl Queue {
    pub fn new(arn: String, url: String, attributes: Attributes, clock: Clock) -> Self {
        Self {
            arn,
            url,
            attributes,
            tags: BTreeMap::new(),
            created: clock.now(),
            modified: clock.now(),
            purged: None,
            clock,
            messages: BTreeMap::new(),
            by_visibility: BTreeSet::new(),
            by_age: BTreeSet::new(),
            receipts: BTreeMap::new(),
            next_number: 0,
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

    /// Puts a message behind those that are there.
    pub fn put(&mut self, message: Message) {
        let number = self.next_number;
        self.next_number += 1;
        self.by_visibility.insert((message.visible_at, number));
        self.by_age.insert((message.sent, number));
        self.messages.insert(number, message);
    }

    /// Lets go of the messages whose retention period is over.
    pub fn expire(&mut self, now: Timestamp) {
        let expired: Vec<u64> = self.expired(now).map(|(_, number)| *number).collect();
        for number in expired {
            self.remove(number);
        }
    }

    /// Takes the message that can be received and has waited longest out of the queue, to be given back by
    /// [`Self::receive`] or moved to another queue.
    pub fn take_visible(&mut self, now: Timestamp) -> Option<Message> {
        let (visible_at, number) = *self.by_visibility.first()?;
        if visible_at > now { None } else { self.remove(number) }
    }

    /// Takes all messages that can be received out of the queue.
    pub fn take_all_visible(&mut self, now: Timestamp) -> Vec<Message> {
        std::iter::from_fn(|| self.take_visible(now)).collect()
    }

    /// Puts a message that was taken back as received: hidden for `visibility`, with a new receipt handle.
    pub fn receive(&mut self, mut message: Message, now: Timestamp, visibility: SignedDuration, ids: &Ids) -> Message {
        let handle = ids.base64(96);
        message.visible_at = now + visibility;
        message.receive_count += 1;
        message.received_here += 1;
        message.first_received.get_or_insert(now);
        message.last_received = Some(now);
        message.receipt = Some(handle.clone());
        self.receipts.insert(handle, self.next_number);
        self.put(message.clone());
        message
    }

    /// Deletes the message that was received with this handle. With the handle of an earlier receive, or of
    /// a message that is gone, this succeeds and does nothing.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
    pub fn delete(&mut self, handle: &str) -> Result<(), AwsError> {
        let number = *self.receipts.get(handle).ok_or_else(|| invalid_receipt_handle(handle))?;
        self.remove(number);
        Ok(())
    }

    /// Hides a message in flight for `visibility` from now on; zero makes it visible at once.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
    pub fn change_visibility(&mut self, handle: &str, visibility: i64, now: Timestamp) -> Result<(), AwsError> {
        let number = *self.receipts.get(handle).ok_or_else(|| invalid_receipt_handle(handle))?;
        let unavailable = "Message does not exist or is not available for visibility timeout change.";
        let message =
            self.messages.get_mut(&number).ok_or_else(|| invalid_value("ReceiptHandle", handle, unavailable))?;
        if message.visible_at <= now {
            return Err(not_in_flight());
        }
        let visible_at = now + SignedDuration::from_secs(visibility);
        if message.last_received.is_some_and(|received| visible_at.duration_since(received) > MAXIMUM_VISIBILITY) {
            let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].";
            return Err(invalid_value("VisibilityTimeout", visibility, reason));
        }
        self.by_visibility.remove(&(message.visible_at, number));
        self.by_visibility.insert((visible_at, number));
        message.visible_at = visible_at;
        Ok(())
    }

    pub fn purge(&mut self) {
        self.messages.clear();
        self.by_visibility.clear();
        self.by_age.clear();
    }

    /// When the next message can be received: now or earlier where one can be. Messages that expire before
    /// they become visible do not count.
    pub fn next_visible(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let retention = self.attributes.retention();
        let lives = |(visible_at, number): &&(Timestamp, u64)| {
            self.messages.get(number).is_some_and(|message| (*visible_at).max(now) < message.sent + retention)
        };
        self.by_visibility.iter().find(lives).map(|(visible_at, _)| *visible_at)
    }

    pub fn depth(&self, now: Timestamp) -> QueueDepth {
        let expired: BTreeSet<u64> = self.expired(now).map(|(_, number)| *number).collect();
        let hidden = self.by_visibility.range((now, u64::MAX)..).filter(|(_, number)| !expired.contains(number));
        let hidden: Vec<&Message> = hidden.filter_map(|(_, number)| self.messages.get(number)).collect();
        let in_flight = hidden.iter().filter(|message| message.receipt.is_some()).count();
        QueueDepth {
            arn: self.arn.clone(),
            url: self.url.clone(),
            visible: self.messages.len() - expired.len() - hidden.len(),
            in_flight,
            delayed: hidden.len() - in_flight,
            next_visible: hidden.first().map(|message| message.visible_at),
        }
    }

    fn expired(&self, now: Timestamp) -> impl Iterator<Item = &(Timestamp, u64)> {
        let retention = self.attributes.retention();
        self.by_age.iter().take_while(move |(sent, _)| *sent + retention <= now)
    }

    fn remove(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.by_visibility.remove(&(message.visible_at, number));
        self.by_age.remove(&(message.sent, number));
        Some(message)
    }
}
