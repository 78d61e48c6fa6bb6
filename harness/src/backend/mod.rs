//! Where a scenario is replayed. The driver works through the AWS SDK and knows of its backend only what
//! this trait tells: how to reach it, what time it is there, and what stands in it.
//!
//! [`Embedded`] is AWS in this process under virtual time. [`Remote`] is any AWS behind an endpoint, under
//! real time, and has two parts of its own: [`tap`] stands queues where functions would stand, and
//! [`transit`] knows which deliveries are on their way. A [`Place`] is an AWS that replays are made in:
//! a LocalStack container, an endpoint, a real account.

mod client;
mod container;
mod embedded;
mod inventory;
mod object_event;
mod options;
mod place;
mod policy;
mod remote;
mod table_writes;
mod tap;
mod transit;
mod under_way;

pub use container::DEFAULT_IMAGE;
pub use embedded::Embedded;
pub use inventory::{Cleaned, TAG, check_prefix, clean};
pub use options::{DEFAULT_PATIENCE, Kind, Options, Unavailable};
pub use place::{Place, Site};
pub use remote::{Remote, whole_seconds};
pub use tap::{Tap, Tapped, tapped};

use std::time::Duration;

use aws_types::SdkConfig;
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use rehearsal_emulator::{Clock, FunctionEvent, Mail, Outstanding, QueueDepth, ToDestination};
use tokio::sync::{mpsc, watch};

/// An AWS to replay a scenario on.
pub trait Backend {
    /// The time that everything in a replay follows.
    fn clock(&self) -> Clock;

    /// A client configuration that reaches it, without any layer.
    fn config(&self) -> SdkConfig;

    /// Events for functions, as S3, SNS and EventBridge hand them over. To be taken once.
    fn function_events(&self) -> mpsc::UnboundedReceiver<FunctionEvent>;

    /// Returns as soon as a message in the queue may be received, so that nobody polls an empty queue. Where
    /// the backend cannot tell, it returns at once, and a receive waits for [`Self::long_poll`].
    fn message_ready<'a>(&'a self, queue_url: &'a str) -> LocalBoxFuture<'a, ()>;

    /// How long a receive may wait for a message by itself, in whole seconds; zero where
    /// [`Self::message_ready`] knows.
    fn long_poll(&self) -> Duration;

    /// A number that grows with every change that a stream may show, a table's or one of Kinesis, before the call that makes the change
    /// returns to its caller.
    fn writes(&self) -> u64;

    /// Returns when a stream that was empty while [`Self::writes`] was `since` may have records: as soon as there is
    /// a change or, where the backend cannot tell, after a while.
    fn stream_changed(&self, since: u64) -> LocalBoxFuture<'_, ()>;

    /// How long a batch that is not full waits for messages that running functions may still send, so that
    /// batches come out alike on all backends; zero where nothing happens at the same time.
    fn linger(&self) -> Duration;

    /// The id of the request that a message follows from which another service put into a queue, where the
    /// backend knows.
    fn origin_of(&self, message_id: &str) -> Option<String>;

    /// The mail that arrived since this was asked for the last time; none where the backend keeps no mailbox.
    fn take_mail(&self) -> Vec<Mail>;

    /// The bodies of the HTTP requests that services sent and that nothing drove to their hosts, and which count as
    /// taken; none where services reach their hosts by themselves.
    fn take_posts(&self) -> Vec<String>;

    /// Sends an event to an API destination, as pipes do, and waits for what its endpoint answers. Where requests would
    /// leave the machine, there is no such destination.
    fn ask_destination(&self, to: ToDestination) -> LocalBoxFuture<'_, Result<Bytes, String>>;

    /// What stands in it now: the ground on which `settle` decides. Asked for only while the driver itself has
    /// nothing to do.
    fn standing(&self) -> LocalBoxFuture<'_, Standing>;

    /// How long nothing may be left to do before the replay counts as being at rest: zero where
    /// [`Self::standing`] is exact.
    fn rest(&self) -> Duration;

    /// How long a settle may last at the most, where time is real.
    fn patience(&self) -> Option<Duration>;

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
    /// What must arrive any moment, at a time that nobody knows: what is on its way to queues and functions.
    pub on_its_way: Vec<String>,
    /// How many events for functions have been handed over so far.
    pub function_events: u64,
}

impl Standing {
    /// The next thing that comes again and again, such as a scheduled rule.
    pub fn next_recurring(&self) -> Option<(Timestamp, &str)> {
        self.outstanding.iter().filter(|next| next.recurring).map(|next| (next.due, next.what.as_str())).min()
    }
}
