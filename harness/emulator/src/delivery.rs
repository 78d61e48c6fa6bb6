//! Deliveries of EventBridge's rules and of Scheduler's schedules to their targets: at once, then again where a target
//! is busy, then to the target's dead-letter queue.
//!
//! What always holds: a failed delivery is in [`State::retries`], in a dead-letter queue or dropped, and a target that
//! does not exist is not tried again.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html>

mod dead_letter;
mod request;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::Ids;
use crate::arn::Arn;
use crate::eventbridge;
use crate::sns::NewNotification;
use crate::sqs::NewMessage;
use crate::timetable::Timetable;
use crate::world::{FunctionSource, LAMBDA_EVENT_LIMIT, Outstanding, Undeliverable, World};

pub(crate) use request::{HttpParameters, TIMEOUT};

/// The longest wait between two attempts, in seconds. AWS tells only that it backs off exponentially with
/// jitter for 185 attempts in 24 hours: these are as far apart as 185 attempts in 24 hours can be.
const LONGEST_WAIT: u64 = 86_400 / 185;

/// An event is carried from bus to bus this often at the most, so that buses which lead to each other come to an end.
pub(crate) const MAX_HOPS: u32 = 16;

/// One event on its way to one target.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub sender: Sender,
    pub target: Target,
    /// The event; what the schedule sends, for one of Scheduler's.
    pub event: Value,
    /// What the target gets of the event.
    pub payload: String,
    /// When the event was taken.
    pub ingested: Timestamp,
    /// From how many buses it has come here.
    pub hops: u32,
    /// How often it was tried again.
    pub retries: u32,
    /// Whether the endpoint did not take the token of the last attempt.
    pub refused_token: bool,
}

/// What a delivery comes from.
#[derive(Clone, Debug)]
pub(crate) enum Sender {
    Rule {
        name: String,
        arn: String,
    },
    Schedule {
        name: String,
        arn: String,
        /// The time that it was to fire at.
        scheduled: Timestamp,
    },
}

/// Where something is sent, and what follows where it does not arrive.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub kind: Kind,
    pub arn: String,
    pub max_attempts: u32,
    pub max_age: SignedDuration,
    /// The dead-letter queue's ARN.
    pub dead_letter_queue: Option<String>,
}

/// What kind of resource a target is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Queue {
        group_id: Option<String>,
    },
    Topic,
    Function,
    /// An event bus, which gets the event itself.
    Bus,
    /// An event bus, which gets the payload as the detail of an event.
    PutEvents {
        source: String,
        detail_type: String,
    },
    ApiDestination(HttpParameters),
}

/// Why a target did not take a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub code: &'static str,
    pub message: String,
    pub retried: bool,
}

/// The deliveries that are to be tried again.
#[derive(Default)]
pub(crate) struct State {
    retries: Timetable<Retry>,
}

struct Retry {
    delivery: Delivery,
    /// The request that it follows from.
    origin: Option<String>,
    /// Why it failed; none where it only waits for its turn.
    failure: Option<Failure>,
}

/// Tries a delivery, and sees to what follows where it fails.
pub(crate) fn attempt(world: &mut World, delivery: Delivery) {
    if let Kind::ApiDestination(_) = delivery.target.kind {
        return request::send(world, delivery);
    }
    let outcome = hand_over(world, &delivery).map_err(|undeliverable| Failure::of(&delivery, undeliverable));
    conclude(world, delivery, outcome, SignedDuration::ZERO);
}

fn hand_over(world: &mut World, delivery: &Delivery) -> Result<(), Undeliverable> {
    let (arn, payload) = (delivery.target.arn.as_str(), delivery.attempted_payload());
    match &delivery.target.kind {
        Kind::Queue { group_id } => {
            let message = NewMessage { body: payload, group_id: group_id.clone(), ..NewMessage::default() };
            world.send_to_queue(arn, message).map(drop)
        }
        Kind::Topic => {
            let notification = NewNotification { message: payload, ..NewNotification::default() };
            world.publish_to_topic(arn, notification).map(drop)
        }
        Kind::Function => {
            let source = match &delivery.sender {
                Sender::Rule { arn, .. } => FunctionSource::EventBridge { rule_arn: arn.clone() },
                Sender::Schedule { arn, .. } => FunctionSource::Scheduler { schedule_arn: arn.clone() },
            };
            world.invoke(arn, source, payload)
        }
        Kind::Bus => eventbridge::carry(world, arn, &delivery.event, delivery.hops + 1),
        Kind::PutEvents { source, detail_type } => {
            eventbridge::put_from_schedule(world, arn, source, detail_type, &payload)
        }
        Kind::ApiDestination(_) => Err(Undeliverable::NoSuchTarget),
    }
}

/// What follows from an attempt. A retry waits for `at_least`.
fn conclude(world: &mut World, delivery: Delivery, outcome: Result<(), Failure>, at_least: SignedDuration) {
    match outcome {
        Ok(()) => {}
        Err(failure) if !failure.retried => dead_letter::send(world, &delivery, &failure, None),
        Err(failure) if delivery.retries >= delivery.target.max_attempts => {
            dead_letter::send(world, &delivery, &failure, Some("MaximumRetryAttempts"));
        }
        Err(failure) => {
            let wait = wait_before_retry(delivery.retries, &world.ids).max(at_least);
            // An event that grows too old before its next attempt is given up at that age.
            let due = (world.clock.now() + wait).min(delivery.expires());
            later(world, delivery, due, Some(failure));
        }
    }
}

fn later(world: &mut World, delivery: Delivery, due: Timestamp, failure: Option<Failure>) {
    let origin = world.origin.clone();
    world.deliveries.retries.add(due, Retry { delivery, origin, failure });
    world.changed();
}

/// Doubles from a second, with a random half.
fn wait_before_retry(retries: u32, ids: &Ids) -> SignedDuration {
    let seconds = 2_u64.saturating_pow(retries).min(LONGEST_WAIT);
    let half = seconds * 500;
    let wait = half + ids.number(0..half + 1);
    SignedDuration::from_millis(i64::try_from(wait).expect("the wait is shorter than a day"))
}

/// Tries again what is due, in the order of its times.
pub(crate) fn run_due(world: &mut World) {
    let now = world.clock.now();
    while let Some(retry) = world.deliveries.retries.take_due(now) {
        world.origin = retry.origin.clone();
        again(world, retry);
        world.origin = None;
    }
}

/// Tries a delivery again, or gives it up for its age.
fn again(world: &mut World, retry: Retry) {
    let Retry { mut delivery, failure, .. } = retry;
    match failure {
        Some(failure) if world.clock.now() >= delivery.expires() => {
            dead_letter::send(world, &delivery, &failure, Some("MaximumEventAgeInSeconds"));
        }
        Some(_) => {
            delivery.retries += 1;
            attempt(world, delivery);
        }
        None => attempt(world, delivery),
    }
}

/// When something is due next.
pub(crate) fn next_due(world: &World) -> Option<Timestamp> {
    world.deliveries.retries.next_due()
}

/// What is still to be done.
pub(crate) fn outstanding(world: &World) -> impl Iterator<Item = Outstanding> {
    world.deliveries.retries.iter().map(|(due, Retry { delivery, failure, .. })| {
        let (sender, target) = (delivery.sender.name(), delivery.target.name());
        let what = match failure {
            Some(_) => format!("retry {} of {sender} to {target}", delivery.retries + 1),
            None => format!("the turn of {sender} at {target}"),
        };
        Outstanding { what, due, recurring: false }
    })
}

impl Delivery {
    /// What the target gets with this attempt: a schedule's input may tell its number.
    fn attempted_payload(&self) -> String {
        match self.sender {
            Sender::Rule { .. } => self.payload.clone(),
            Sender::Schedule { .. } => {
                self.payload.replace("<aws.scheduler.attempt-number>", &(self.retries + 1).to_string())
            }
        }
    }

    fn expires(&self) -> Timestamp {
        self.ingested + self.target.max_age
    }
}

impl Sender {
    /// As people know it: `rule Orders`.
    fn name(&self) -> String {
        match self {
            Self::Rule { name, .. } => format!("rule {name}"),
            Self::Schedule { name, .. } => format!("schedule {name}"),
        }
    }
}

impl Target {
    /// As people know it: `queue Audit`.
    fn name(&self) -> String {
        let resource = Arn::parse(&self.arn).map_or(self.arn.as_str(), |arn| arn.resource);
        let after = |prefix: &str| resource.strip_prefix(prefix).unwrap_or(resource).to_owned();
        match self.kind {
            Kind::Queue { .. } => format!("queue {resource}"),
            Kind::Topic => format!("topic {resource}"),
            Kind::Function => format!("function {}", after("function:")),
            Kind::Bus | Kind::PutEvents { .. } => format!("event bus {}", after("event-bus/")),
            Kind::ApiDestination(_) => {
                format!("API destination {}", after("api-destination/").split('/').next().unwrap_or_default())
            }
        }
    }
}

impl Failure {
    fn of(delivery: &Delivery, undeliverable: Undeliverable) -> Self {
        match undeliverable {
            Undeliverable::NoSuchTarget => Self::no_resource(delivery),
            Undeliverable::TooLarge => {
                let message =
                    format!("Request must be smaller than {LAMBDA_EVENT_LIMIT} bytes for the InvokeFunction operation");
                Self { code: "SDK_CLIENT_ERROR", message, retried: false }
            }
            Undeliverable::Busy => Self { code: "THROTTLING", message: "Rate exceeded".to_owned(), retried: true },
        }
    }

    fn no_resource(delivery: &Delivery) -> Self {
        let message = match delivery.target.kind {
            Kind::Queue { .. } => "The specified queue does not exist.".to_owned(),
            Kind::Topic => "Topic does not exist".to_owned(),
            Kind::Function => format!("Function not found: {}", delivery.target.arn),
            Kind::Bus | Kind::PutEvents { .. } => "Event bus does not exist.".to_owned(),
            Kind::ApiDestination(_) => "API destination does not exist.".to_owned(),
        };
        Self { code: "NO_RESOURCE", message, retried: false }
    }
}
