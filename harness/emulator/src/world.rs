//! All mutable state of the emulated AWS in one place, and the hand-over from one service to another.
//!
//! State is kept per account and region. A service's module changes its own part of a [`Region`] and hands
//! on to others only through the methods here, so that every delivery inside AWS can be read in this file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::arn::Arn;
use crate::mailbox::Mail;
use crate::outbound::{Outbound, Outgoing};
use crate::protocol::{Identity, Request};
use crate::timetable::Timetable;
use crate::{Clock, Ids, delivery, dynamodb, eventbridge, kinesis, s3, scheduler, sns, sqs};

/// How many bytes an event may have that Lambda queues.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const LAMBDA_EVENT_LIMIT: usize = 1024 * 1024;

/// One request to a service, with what the service may know of its surroundings.
pub(crate) struct Call<'a> {
    pub request: &'a Request,
    pub identity: &'a Identity,
    pub request_id: &'a str,
    pub clock: Clock,
    pub ids: Ids,
}

impl Call<'_> {
    /// The operation's API name.
    pub fn operation(&self) -> &str {
        &self.identity.operation
    }

    /// The state that the call works on.
    pub fn region<'w>(&self, world: &'w mut World) -> &'w mut Region {
        world.region(&self.identity.account, &self.identity.region)
    }
}

/// Everything that the emulated AWS remembers.
pub(crate) struct World {
    pub clock: Clock,
    pub ids: Ids,
    regions: BTreeMap<(String, String), Region>,
    functions: Option<FunctionSink>,
    /// The secrets of access keys, as far as they are known.
    secrets: BTreeMap<String, String>,
    /// The id of the request that is being served or that the delivery at hand follows from; none for
    /// what a schedule starts.
    pub origin: Option<String>,
    /// The origins of messages that a service put into a queue, by message id.
    origins: BTreeMap<String, String>,
    /// Notifications of topics whose delivery failed and is to be tried again.
    pub sns_retries: Timetable<sns::Retry>,
    /// The mail that services sent, oldest first.
    mails: Vec<Mail>,
    /// Deliveries of rules and schedules that are to be tried again.
    pub deliveries: delivery::State,
    /// HTTP requests of services to other hosts.
    pub outgoing: Outgoing,
    /// Counts the changes that somebody may wait for.
    changes: watch::Sender<u64>,
}

/// The state of one account in one region.
pub(crate) struct Region {
    pub account: String,
    pub name: String,
    pub s3: s3::State,
    pub sqs: sqs::State,
    pub sns: sns::State,
    pub eventbridge: eventbridge::State,
    pub scheduler: scheduler::State,
    pub dynamodb: dynamodb::State,
    pub kinesis: kinesis::State,
}

impl World {
    pub fn new(clock: Clock, ids: Ids) -> Self {
        Self {
            clock,
            ids,
            regions: BTreeMap::new(),
            functions: None,
            secrets: BTreeMap::new(),
            origin: None,
            origins: BTreeMap::new(),
            sns_retries: Timetable::default(),
            mails: Vec::new(),
            deliveries: delivery::State::default(),
            outgoing: Outgoing::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// The state of an account in a region, empty at first.
    pub fn region(&mut self, account: &str, region: &str) -> &mut Region {
        let (clock, ids) = (self.clock, &self.ids);
        self.regions.entry((account.to_owned(), region.to_owned())).or_insert_with(|| Region {
            account: account.to_owned(),
            name: region.to_owned(),
            s3: s3::State::default(),
            sqs: sqs::State::default(),
            sns: sns::State::default(),
            eventbridge: eventbridge::State::default(),
            scheduler: scheduler::State::new(clock.now()),
            dynamodb: dynamodb::State::new(clock, ids.clone()),
            kinesis: kinesis::State::default(),
        })
    }

    /// All regions that hold something, in order.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.regions.values()
    }

    /// All regions that hold something, in order, to be changed.
    pub fn regions_mut(&mut self) -> impl Iterator<Item = &mut Region> {
        self.regions.values_mut()
    }

    /// Makes the secret of an access key known.
    pub fn set_secret(&mut self, access_key: &str, secret: &str) {
        self.secrets.insert(access_key.to_owned(), secret.to_owned());
    }

    /// The secret of an access key, where it is known.
    pub fn secret_of(&self, access_key: &str) -> Option<&str> {
        self.secrets.get(access_key).map(String::as_str)
    }

    /// Sets who takes what is delivered to functions.
    pub fn set_functions(&mut self, sink: FunctionSink) {
        self.functions = Some(sink);
    }

    /// Tells those who wait that something which can be waited for has changed.
    pub fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// A view of the changes from now on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Puts a message into the queue with this ARN, as another service does, and returns its message id.
    pub fn send_to_queue(&mut self, queue: &str, message: sqs::NewMessage) -> Result<String, Undeliverable> {
        let arn = Arn::parse(queue).filter(|arn| arn.service == "sqs").ok_or(Undeliverable::NoSuchTarget)?;
        let (clock, ids) = (self.clock, self.ids.clone());
        let id = self.region(arn.account, arn.region).sqs.deliver(arn.resource, message, clock.now(), &ids)?;
        if let Some(origin) = &self.origin {
            // A duplicate in a FIFO queue has the id of the first message, and that one's origin.
            self.origins.entry(id.clone()).or_insert_with(|| origin.clone());
        }
        self.changed();
        Ok(id)
    }

    /// Publishes to the topic with this ARN, as another service does, and returns the message id.
    pub fn publish_to_topic(
        &mut self,
        topic: &str,
        notification: sns::NewNotification,
    ) -> Result<String, Undeliverable> {
        sns::publish(self, topic, notification)
    }

    /// Puts an event on the default bus of an account and region, as an AWS service does.
    pub fn put_service_event(&mut self, account: &str, region: &str, event: eventbridge::NewEvent) -> String {
        eventbridge::put_on_default_bus(self, account, region, event)
    }

    /// Sends an HTTP request to another host, as a service does by itself. Its outcome comes by virtual time.
    pub fn send_http(&mut self, outbound: Outbound) {
        self.outgoing.add(outbound, self.origin.clone(), self.clock.now());
        self.changed();
    }

    /// The id of the request that a message follows from which a service put into a queue.
    pub fn origin_of(&self, message_id: &str) -> Option<&str> {
        self.origins.get(message_id).map(String::as_str)
    }

    /// Sends a mail, which arrives at once.
    pub fn send_mail(&mut self, mail: Mail) {
        self.mails.push(Mail { origin: self.origin.clone(), ..mail });
        self.changed();
    }

    /// The mail that arrived, oldest first.
    pub fn mails(&self) -> &[Mail] {
        &self.mails
    }

    /// Hands an event over to Lambda for asynchronous invocation.
    pub fn invoke(&mut self, function: &str, source: FunctionSource, payload: String) -> Result<(), Undeliverable> {
        if payload.len() > LAMBDA_EVENT_LIMIT {
            return Err(Undeliverable::TooLarge);
        }
        let event = FunctionEvent { function_arn: function.to_owned(), source, payload, origin: self.origin.clone() };
        let sink = self.functions.as_ref().ok_or(Undeliverable::NoSuchTarget)?;
        sink(event).map_err(|refusal| match refusal {
            FunctionRefusal::NoSuchFunction => Undeliverable::NoSuchTarget,
            FunctionRefusal::TooManyRequests => Undeliverable::Busy,
        })
    }
}

/// Why a service could not deliver to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undeliverable {
    /// The target is not there. AWS does not try again.
    NoSuchTarget,
    /// The target does not take as much. AWS does not try again.
    TooLarge,
    /// The target is throttled or unavailable. AWS tries again where it has a retry policy.
    Busy,
}

/// An event on its way to a Lambda function that is invoked asynchronously.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionEvent {
    /// The function's ARN, as the notification, subscription or target names it.
    pub function_arn: String,
    pub source: FunctionSource,
    /// S3: the notification. SNS: the notification as a queue would get it, in its envelope. EventBridge:
    /// the event, or the target's input.
    pub payload: String,
    /// The id of the request that it follows from; none for a schedule's event.
    pub origin: Option<String>,
}

/// Which service sends an event to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionSource {
    S3,
    Sns { subscription_arn: String },
    EventBridge { rule_arn: String },
    Scheduler { schedule_arn: String },
}

/// Who takes what is delivered to functions: Lambda's front door.
pub type FunctionSink = Arc<dyn Fn(FunctionEvent) -> Result<(), FunctionRefusal> + Send + Sync>;

/// Why Lambda did not take an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionRefusal {
    NoSuchFunction,
    TooManyRequests,
}

/// Something that the emulated AWS is going to do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// What it is, for people: "the next firing of rule Nightly", "retry 2 of rule Orders to queue Audit".
    pub what: String,
    pub due: Timestamp,
    /// Whether it comes again and again (a schedule), so that nobody waits for its end.
    pub recurring: bool,
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("World").field("now", &self.clock.now()).finish_non_exhaustive()
    }
}
