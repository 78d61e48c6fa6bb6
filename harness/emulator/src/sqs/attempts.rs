//! `ReceiveRequestAttemptId`: a receive from a FIFO queue that is made again gets the same messages again.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-receiverequestattemptid-request-parameter.html>

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::deduplication::INTERVAL;
use super::message::Message;

/// The receives of the last five minutes.
#[derive(Default)]
pub(super) struct Attempts {
    by_id: BTreeMap<String, Attempt>,
    /// Oldest first.
    times: VecDeque<(Timestamp, String)>,
}

struct Attempt {
    at: Timestamp,
    /// What was received, with when it becomes visible again.
    messages: Vec<(String, Timestamp)>,
}

impl Attempts {
    /// The receipt handles that an earlier receive with this id got, with when its messages become visible
    /// again as far as that receive knows.
    pub fn earlier(&mut self, id: &str, now: Timestamp) -> Option<&[(String, Timestamp)]> {
        while let Some((at, id)) = self.times.pop_front_if(|(at, _)| *at + INTERVAL <= now) {
            // One that was forgotten may have been made anew since.
            if self.by_id.get(&id).is_some_and(|attempt| attempt.at == at) {
                self.by_id.remove(&id);
            }
        }
        self.by_id.get(id).map(|attempt| attempt.messages.as_slice())
    }

    /// Remembers what a receive got. A repetition within the interval does not prolong it.
    pub fn remember(&mut self, id: &str, now: Timestamp, received: &[Message]) {
        let handle = |message: &Message| Some((message.receipt.clone()?, message.visible_at));
        let messages = received.iter().filter_map(handle).collect();
        let times = &mut self.times;
        let attempt = self.by_id.entry(id.to_owned()).or_insert_with(|| {
            times.push_back((now, id.to_owned()));
            Attempt { at: now, messages: Vec::new() }
        });
        attempt.messages = messages;
    }

    /// Forgets an attempt whose messages were touched since.
    pub fn forget(&mut self, id: &str) {
        self.by_id.remove(id);
    }
}
