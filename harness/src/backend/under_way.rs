//! The calls that something may follow from and that are not answered yet. What comes out of a queue is held back
//! until those that were sent before it are answered: only then does the trace know them as its cause.

use std::collections::BTreeSet;
use std::sync::Arc;

use rehearsal_emulator::protocol::Identity;
use tokio::sync::watch;

/// Operations that put something on its way to a queue.
const CAUSES: [&str; 11] = [
    "SendMessage",
    "SendMessageBatch",
    "Publish",
    "PublishBatch",
    "PutEvents",
    "PutObject",
    "CopyObject",
    "CompleteMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
    "StartMessageMoveTask",
];

/// The calls of one replay. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct CallsUnderWay(Arc<watch::Sender<Calls>>);

#[derive(Debug, Default)]
struct Calls {
    /// How many have been sent; each is known by the number it got.
    sent: u64,
    unanswered: BTreeSet<u64>,
}

/// A call that is not answered until this is dropped.
#[derive(Debug)]
pub struct UnderWay {
    calls: CallsUnderWay,
    number: u64,
}

impl CallsUnderWay {
    /// Notes that a call is sent, if something may follow from it.
    pub fn begin(&self, identity: &Identity) -> Option<UnderWay> {
        if !CAUSES.contains(&identity.operation.as_str()) {
            return None;
        }
        self.0.send_modify(|calls| {
            calls.sent += 1;
            calls.unanswered.insert(calls.sent);
        });
        let number = self.0.borrow().sent;
        Some(UnderWay { calls: self.clone(), number })
    }

    /// Waits until the calls that have been sent by now are answered.
    pub async fn earlier(&self) {
        let last = self.0.borrow().sent;
        let answered = |calls: &Calls| calls.unanswered.first().is_none_or(|first| *first > last);
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(answered).await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.calls.0.send_modify(|calls| {
            calls.unanswered.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use rehearsal_emulator::protocol::Service;

    use super::*;

    #[test]
    fn only_earlier_calls_that_something_follows_from_are_waited_for() {
        let calls = CallsUnderWay::default();
        let begin = |operation: &str| {
            let (account, region) = ("1".to_owned(), "us-east-1".to_owned());
            calls.begin(&Identity { service: Service::Sqs, operation: operation.to_owned(), account, region })
        };
        assert!(begin("GetQueueAttributes").is_none());
        assert!(calls.earlier().now_or_never().is_some(), "nothing is under way");
        let first = begin("SendMessage");
        let mut waiting = Box::pin(calls.earlier());
        assert!(waiting.as_mut().now_or_never().is_none());
        let second = begin("PutEvents");
        drop(first);
        assert!(waiting.now_or_never().is_some(), "the second was sent after the wait began");
        drop(second);
    }
}
