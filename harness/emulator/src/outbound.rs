//! HTTP requests that go to hosts outside of AWS: those of clients, and those that services send by themselves.
//!
//! What always holds: a request that a service sends has exactly one outcome, which its service is given in virtual
//! time: an answer, a refused connection, or that its time was over.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::protocol::{Reply, Request};
use crate::world::{Outstanding, World};

/// Answers requests to hosts that are none of AWS's services: an API's endpoint, a stub of another system.
/// `None` where nobody is to answer for it.
pub type HostHandler = Arc<dyn Fn(HostRequest) -> Option<HostAnswer> + Send + Sync>;

/// The answer of a [`HostHandler`], to be awaited.
pub type HostAnswer = Pin<Box<dyn Future<Output = Result<Reply, Refused>> + Send>>;

/// A request to a host that is none of AWS's services.
#[derive(Clone, Debug)]
pub struct HostRequest {
    pub request: Request,
    pub sender: Sender,
}

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A client, through the SDK's HTTP client.
    Client,
    /// A service by itself.
    Service {
        /// Its name, such as `EventBridge`.
        name: &'static str,
        /// The id of the request that it follows from, where there is one.
        origin: Option<String>,
    },
}

/// Nothing answers there: the connection is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// Why a service got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    Refused,
    TimedOut,
}

/// What a service does with the outcome of its request.
pub(crate) type Then = Box<dyn FnOnce(&mut World, Result<Reply, NoAnswer>) + Send>;

/// A request that a service sends.
pub(crate) struct Outbound {
    pub service: &'static str,
    pub request: Request,
    /// How long the service waits for the answer.
    pub timeout: Duration,
    pub then: Then,
}

/// The requests of services that have no outcome yet.
#[derive(Default)]
pub(crate) struct Outgoing {
    /// Those that nobody has taken to send.
    waiting: Vec<Sending>,
    under_way: BTreeMap<u64, Outstanding>,
    next: u64,
}

/// A request on its way.
pub(crate) struct Sending {
    id: u64,
    pub request: HostRequest,
    pub timeout: Duration,
    then: Then,
}

impl Outgoing {
    /// Adds a request that follows from `origin`.
    pub fn add(&mut self, outbound: Outbound, origin: Option<String>, now: Timestamp) {
        let Outbound { service, request, timeout, then } = outbound;
        let what = format!("the answer to {service}'s {} {}", request.method, request.uri);
        let due = now + SignedDuration::try_from(timeout).expect("a service waits for minutes at most");
        self.under_way.insert(self.next, Outstanding { what, due, recurring: false });
        let request = HostRequest { request, sender: Sender::Service { name: service, origin } };
        self.waiting.push(Sending { id: self.next, request, timeout, then });
        self.next += 1;
    }

    /// What is to be sent now.
    pub fn take(&mut self) -> Vec<Sending> {
        std::mem::take(&mut self.waiting)
    }

    /// What is still to be answered, at the latest when its time is over.
    pub fn outstanding(&self) -> impl Iterator<Item = Outstanding> {
        self.under_way.values().cloned()
    }
}

impl Sending {
    /// Gives the service the outcome.
    pub fn end(self, world: &mut World, outcome: Result<Reply, NoAnswer>) {
        world.outgoing.under_way.remove(&self.id);
        if let Sender::Service { origin, .. } = self.request.sender {
            world.origin = origin;
        }
        (self.then)(world, outcome);
        world.origin = None;
        world.changed();
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sending").field("request", &self.request).finish_non_exhaustive()
    }
}
