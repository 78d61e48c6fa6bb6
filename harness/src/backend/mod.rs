//! Where a scenario is replayed. The driver works through the AWS SDK and knows of its backend only what
//! this trait tells: how to reach it, what time it is there, and what stands in it.

mod embedded;

pub use embedded::Embedded;

use aws_types::SdkConfig;
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use rehearsal_emulator::{Clock, FunctionEvent, Outstanding, QueueDepth};
use tokio::sync::{mpsc, watch};

use crate::template::Naming;

/// An AWS to replay a scenario on.
pub trait Backend {
    /// What `--backend` calls it.
    fn name(&self) -> &'static str;

    /// The time that everything in a replay follows.
    fn clock(&self) -> Clock;

    /// How the stack's resources are named there.
    fn naming(&self, stack_name: &str) -> Naming;

    /// A client configuration that reaches it, without any layer.
    fn config(&self) -> SdkConfig;

    /// Events for functions, as S3, SNS and EventBridge hand them over. To be taken once.
    fn function_events(&self) -> mpsc::UnboundedReceiver<FunctionEvent>;

    /// Returns as soon as a message in the queue may be received, so that nobody polls an empty queue.
    fn message_ready<'a>(&'a self, queue_url: &'a str) -> LocalBoxFuture<'a, ()>;

    /// The id of the request that a message follows from which another service put into a queue, where the
    /// backend knows.
    fn origin_of(&self, message_id: &str) -> Option<String>;

    /// What stands in it now: the ground on which `settle` decides.
    fn standing(&self) -> LocalBoxFuture<'_, Standing>;

    /// Counts the changes of what stands in it.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Does what the backend does by itself when its time comes. Never returns.
    fn drive(&self) -> LocalBoxFuture<'_, ()>;
}

/// What a backend has not finished yet.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    pub queues: Vec<QueueDepth>,
    /// What it is going to do by itself, soonest first.
    pub outstanding: Vec<Outstanding>,
    /// How many events for functions have been handed over so far.
    pub function_events: u64,
}

impl Standing {
    /// The next thing that comes again and again, such as a scheduled rule.
    pub fn next_recurring(&self) -> Option<(Timestamp, &str)> {
        self.outstanding.iter().filter(|next| next.recurring).map(|next| (next.due, next.what.as_str())).min()
    }
}
