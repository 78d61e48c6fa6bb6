//! `ReceiveRequestAttemptId`: a receive from a FIFO queue that is made again gets the same messages again.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-receiverequestattemptid-request-parameter.html>

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::deduplication::INTERVAL;
use super::message::Message;

/// The receives of the last five minutes, by attempt id.
#[derive(Default)]
pub(super) struct Attempts(BTreeMap<String, Attempt>);

struct Attempt {
    at: Timestamp,
    /// What was received, with when it becomes visible again.
    messages: Vec<(String, Timestamp)>,
}

impl Attempts {
    /// The receipt handles that an earlier receive with this id got, with when its messages become visible
    /// again as far as that receive knows.
    pub fn earlier(&mut self, id: &str, now: Timestamp) -> Option<&[(String, Timestamp)]> {
        self.0.retain(|_, attempt| attempt.at + INTERVAL > now);
        self.0.get(id).map(|attempt| attempt.messages.as_slice())
    }

    /// Remembers what a receive got. A repetition within the interval does not prolong it.
    pub fn remember(&mut self, id: &str, now: Timestamp, received: &[Message]) {
        let handle = |message: &Message| Some((message.receipt.clone()?, message.visible_at));
        let messages = received.iter().filter_map(handle).collect();
        self.0.entry(id.to_owned()).or_insert(Attempt { at: now, messages: Vec::new() }).messages = messages;
    }

    /// Forgets an attempt whose messages were touched since.
    pub fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }
}
