//! What a FIFO queue remembers for five minutes: the messages that it accepted, by deduplication id.
//!
//! What always holds: within the interval a message with the same id in the same scope is answered as the
//! first one was, and not put into the queue again, even when the first one is gone.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html>

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::queue::Sent;

/// How long a message is remembered after it was sent.
pub(super) const INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// Within what ids are compared: a group, or the whole queue where there is none.
type Key = (Option<String>, String);

#[derive(Default)]
pub(super) struct Deduplication {
    accepted: BTreeMap<Key, Sent>,
    /// Oldest first.
    times: VecDeque<(Timestamp, Key)>,
}

impl Deduplication {
    /// What the first message with this id was answered, where it was sent within the interval.
    pub fn earlier(&mut self, scope: Option<&str>, id: &str, now: Timestamp) -> Option<Sent> {
        while let Some((sent, _)) = self.times.front()
            && *sent + INTERVAL <= now
        {
            if let Some((_, key)) = self.times.pop_front() {
                self.accepted.remove(&key);
            }
        }
        self.accepted.get(&key(scope, id)).cloned()
    }

    /// Remembers a message that was accepted now.
    pub fn remember(&mut self, scope: Option<&str>, id: &str, now: Timestamp, sent: Sent) {
        self.accepted.insert(key(scope, id), sent);
        self.times.push_back((now, key(scope, id)));
    }
}

fn key(scope: Option<&str>, id: &str) -> Key {
    (scope.map(str::to_owned), id.to_owned())
}
