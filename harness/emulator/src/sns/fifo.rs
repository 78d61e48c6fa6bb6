//! FIFO topics: what a message must say, which message is a duplicate, and sequence numbers.
//!
//! What always holds: of the messages with one deduplication id in one scope, one in five minutes is delivered; the
//! others are answered as that one was.
//! <https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html>

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::invalid;
use super::publish::Notification;
use super::topic::Topic;
use crate::hex::hex;
use crate::protocol::AwsError;

/// How long the topic remembers a deduplication id.
const DEDUPLICATION_INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// Sequence numbers have twenty digits.
const FIRST_SEQUENCE_NUMBER: u64 = 10_000_000_000_000_000_000;

/// What a FIFO topic took in the last five minutes.
#[derive(Debug, Default)]
pub(super) struct History {
    /// By the group, where that is the scope, and the deduplication id.
    taken: BTreeMap<(Option<String>, String), (Timestamp, Taken)>,
    count: u64,
}

/// What a publication is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub message_id: String,
    /// None on a standard topic.
    pub sequence_number: Option<String>,
}

/// Refuses a message that says too little for its topic, or too much.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
pub(super) fn check(topic: &Topic, notification: &Notification) -> Result<(), AwsError> {
    if !topic.is_fifo() && notification.deduplication_id.is_some() {
        return Err(invalid(
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for \
             this topic type",
        ));
    }
    if topic.is_fifo() && notification.group_id.is_none() {
        return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
    }
    if topic.is_fifo() && notification.deduplication_id.is_none() && !topic.deduplicates_by_content() {
        return Err(invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ));
    }
    for (name, id) in
        [("MessageGroupId", &notification.group_id), ("MessageDeduplicationId", &notification.deduplication_id)]
    {
        if id.as_ref().is_some_and(|id| !is_id(id)) {
            return Err(invalid(format!(
                "{name} Reason: {name} can only include alphanumeric and punctuation characters. 1 to 128 in length"
            )));
        }
    }
    Ok(())
}

fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The deduplication id of a message on a FIFO topic: its own, or the SHA-256 of its text.
pub(super) fn deduplication_id(notification: &Notification) -> String {
    let of_content = || hex(&Sha256::digest(notification.message.default_text().as_bytes()));
    notification.deduplication_id.clone().unwrap_or_else(of_content)
}

impl History {
    /// What an earlier message with the same deduplication id was answered with.
    pub fn earlier(&mut self, group: Option<&str>, id: &str, now: Timestamp) -> Option<Taken> {
        self.taken.retain(|_, (at, _)| now.duration_since(*at) < DEDUPLICATION_INTERVAL);
        let key = (group.map(str::to_owned), id.to_owned());
        self.taken.get(&key).map(|(_, taken)| taken.clone())
    }

    /// Takes a message, and gives it the next sequence number.
    pub fn take(&mut self, group: Option<&str>, id: &str, message_id: &str, now: Timestamp) -> Taken {
        let number = FIRST_SEQUENCE_NUMBER + self.count;
        self.count += 1;
        let taken = Taken { message_id: message_id.to_owned(), sequence_number: Some(number.to_string()) };
        self.taken.insert((group.map(str::to_owned), id.to_owned()), (now, taken.clone()));
        taken
    }
}
