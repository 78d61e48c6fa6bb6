//! Delivery to targets: at once, then again where a target is busy, then to the target's dead-letter queue;
//! and the schedules that fire by themselves.
//!
//! What always holds: a failed delivery is in [`super::State::retries`], in a dead-letter queue or dropped,
//! and a target that does not exist is not tried again.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html>

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::input::Surroundings;
use super::put_events::NewEvent;
use super::rule::Rule;
use super::target::{Target, TargetKind};
use super::{Bus, DEFAULT_BUS};
use crate::Ids;
use crate::arn::Arn;
use crate::sns::NewNotification;
use crate::sqs::{AttributeValue, MessageAttribute, NewMessage};
use crate::world::{FunctionSource, Outstanding, Region, Undeliverable, World};

/// The longest wait between two attempts, in seconds. AWS tells only that it backs off exponentially with
/// jitter for 185 attempts in 24 hours: these are as far apart as 185 attempts in 24 hours can be.
const LONGEST_WAIT: u64 = 86_400 / 185;

/// One event on its way to one target.
struct Delivery {
    account: String,
    region: String,
    rule_name: String,
    rule_arn: String,
    target: Target,
    event: Value,
    /// What the target gets of the event.
    payload: String,
    /// When EventBridge took the event.
    ingested: Timestamp,
    /// How often it was tried again.
    retries: u32,
}

/// A delivery that is to be tried again.
pub(super) struct Retry {
    delivery: Delivery,
    due: Timestamp,
    /// The request that it follows from.
    origin: Option<String>,
}

/// Delivers an event to the targets of the rules of a bus that take it.
pub(super) fn route(world: &mut World, account: &str, region: &str, bus: &str, event: &Value) {
    let now = world.clock.now();
    let state = world.region(account, region);
    let rules = state.eventbridge.buses.get(bus).into_iter().flat_map(|bus| &bus.rules);
    let taking = rules.filter(|(_, rule)| rule.takes(event));
    let deliveries: Vec<_> =
        taking.flat_map(|(name, rule)| deliveries(account, region, name, rule, event, now)).collect();
    for delivery in deliveries {
        attempt(world, delivery);
    }
}

fn deliveries<'a>(
    account: &'a str,
    region: &'a str,
    rule_name: &'a str,
    rule: &'a Rule,
    event: &'a Value,
    now: Timestamp,
) -> impl Iterator<Item = Delivery> {
    rule.targets.iter().map(move |target| {
        let ingested = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let surroundings = Surroundings { rule_arn: &rule.arn, rule_name, ingested: &ingested };
        Delivery {
            account: account.to_owned(),
            region: region.to_owned(),
            rule_name: rule_name.to_owned(),
            rule_arn: rule.arn.clone(),
            target: target.clone(),
            payload: target.input.of(event, &surroundings),
            event: event.clone(),
            ingested: now,
            retries: 0,
        }
    })
}

/// Tries a delivery, and sees to what follows where it fails.
fn attempt(world: &mut World, delivery: Delivery) {
    match hand_over(world, &delivery) {
        Ok(()) => {}
        Err(Undeliverable::NoSuchTarget) => dead_letter(world, &delivery, &Failure::no_resource(&delivery)),
        Err(Undeliverable::Busy) if delivery.retries >= delivery.target.max_attempts => {
            dead_letter(world, &delivery, &Failure::exhausted("MaximumRetryAttempts"));
        }
        Err(Undeliverable::Busy) => {
            let wait = wait_before_retry(delivery.retries, &world.ids);
            // An event that grows too old before its next attempt is given up at that age.
            let due = (world.clock.now() + wait).min(delivery.expires());
            let (account, region) = (delivery.account.clone(), delivery.region.clone());
            let origin = world.origin.clone();
            world.region(&account, &region).eventbridge.retries.push(Retry { delivery, due, origin });
            world.changed();
        }
    }
}

fn hand_over(world: &mut World, delivery: &Delivery) -> Result<(), Undeliverable> {
    let (arn, payload) = (delivery.target.arn(), delivery.payload.clone());
    match delivery.target.kind {
        TargetKind::Queue => world.send_to_queue(arn, NewMessage { body: payload, ..NewMessage::default() }).map(drop),
        TargetKind::Topic => {
            let notification = NewNotification { message: payload, ..NewNotification::default() };
            world.publish_to_topic(arn, notification).map(drop)
        }
        TargetKind::Function => {
            let source = FunctionSource::EventBridge { rule_arn: delivery.rule_arn.clone() };
            world.invoke(arn, source, payload)
        }
    }
}

/// Doubles from a second, with a random half.
fn wait_before_retry(retries: u32, ids: &Ids) -> SignedDuration {
    let seconds = 2_u64.saturating_pow(retries).min(LONGEST_WAIT);
    let half = seconds * 500;
    let wait = half + ids.number(0..half + 1);
    SignedDuration::from_millis(i64::try_from(wait).expect("the wait is shorter than a day"))
}

/// Tries a delivery again, or gives it up for its age.
fn retry(world: &mut World, mut delivery: Delivery) {
    if world.clock.now() >= delivery.expires() {
        dead_letter(world, &delivery, &Failure::exhausted("MaximumEventAgeInSeconds"));
    } else {
        delivery.retries += 1;
        attempt(world, delivery);
    }
}

impl Delivery {
    fn expires(&self) -> Timestamp {
        self.ingested + self.target.max_age
    }

    /// The target as people know it: `queue Audit`.
    fn target_name(&self) -> String {
        let resource = Arn::parse(self.target.arn()).map_or(self.target.arn(), |arn| arn.resource);
        match self.target.kind {
            TargetKind::Queue => format!("queue {resource}"),
            TargetKind::Topic => format!("topic {resource}"),
            TargetKind::Function => format!("function {}", resource.trim_start_matches("function:")),
        }
    }
}

/// Why a delivery was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    code: &'static str,
    message: String,
    exhausted: Option<&'static str>,
}

impl Failure {
    fn no_resource(delivery: &Delivery) -> Self {
        let message = match delivery.target.kind {
            TargetKind::Queue => "The specified queue does not exist.".to_owned(),
            TargetKind::Topic => "Topic does not exist".to_owned(),
            TargetKind::Function => format!("Function not found: {}", delivery.target.arn()),
        };
        Self { code: "NO_RESOURCE", message, exhausted: None }
    }

    fn exhausted(condition: &'static str) -> Self {
        Self { code: "THROTTLING", message: "Rate exceeded".to_owned(), exhausted: Some(condition) }
    }
}

/// Sends the event to the target's dead-letter queue. Without one, or without that queue, it is dropped.
fn dead_letter(world: &mut World, delivery: &Delivery, failure: &Failure) {
    if let Some(queue) = delivery.target.dead_letter_queue() {
        // What cannot be put into a dead-letter queue either is lost, as it is in AWS.
        let _lost = world.send_to_queue(queue, dead_letter_message(delivery, failure)).is_err();
    }
    world.changed();
}

/// The event, with why it could not be delivered in message attributes.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>
fn dead_letter_message(delivery: &Delivery, failure: &Failure) -> NewMessage {
    let retries = delivery.retries.to_string();
    let mut attributes = BTreeMap::new();
    let mut put = |name: &str, value: &str| {
        let value = AttributeValue::Text(value.to_owned());
        attributes.insert(name.to_owned(), MessageAttribute { data_type: "String".to_owned(), value });
    };
    put("RULE_ARN", &delivery.rule_arn);
    put("TARGET_ARN", delivery.target.arn());
    put("ERROR_CODE", failure.code);
    put("ERROR_MESSAGE", &failure.message);
    put("RETRY_ATTEMPTS", &retries);
    if let Some(condition) = failure.exhausted {
        put("EXHAUSTED_RETRY_CONDITION", condition);
    }
    NewMessage { body: delivery.event.to_string(), attributes, ..NewMessage::default() }
}

/// Fires the schedules and tries the retries that are due, in the order of their times.
pub(crate) fn run_due(world: &mut World) {
    let now = world.clock.now();
    while let Some((due, work)) = earliest(world).filter(|(due, _)| *due <= now) {
        match work {
            Work::Fire { account, region, rule } => fire(world, &account, &region, &rule, due),
            Work::Retry { account, region, index } => {
                let Retry { delivery, origin, .. } = world.region(&account, &region).eventbridge.retries.remove(index);
                world.origin = origin;
                retry(world, delivery);
                world.origin = None;
            }
        }
    }
}

/// When something is due next.
pub(crate) fn next_due(world: &World) -> Option<Timestamp> {
    earliest(world).map(|(due, _)| due)
}

/// What is still to be done.
pub(crate) fn outstanding(world: &World) -> Vec<Outstanding> {
    let mut all = Vec::new();
    for region in world.regions() {
        for (name, due) in schedules(region) {
            all.push(Outstanding { what: format!("the next firing of rule {name}"), due, recurring: true });
        }
        for Retry { delivery, due, .. } in &region.eventbridge.retries {
            let (number, rule, target) = (delivery.retries + 1, &delivery.rule_name, delivery.target_name());
            let what = format!("retry {number} of rule {rule} to {target}");
            all.push(Outstanding { what, due: *due, recurring: false });
        }
    }
    all
}

enum Work {
    Fire { account: String, region: String, rule: String },
    Retry { account: String, region: String, index: usize },
}

fn earliest(world: &World) -> Option<(Timestamp, Work)> {
    let mut earliest: Option<(Timestamp, Work)> = None;
    let mut offer = |due: Timestamp, work: &dyn Fn() -> Work| {
        if earliest.as_ref().is_none_or(|(soonest, _)| due < *soonest) {
            earliest = Some((due, work()));
        }
    };
    for region in world.regions() {
        let place = || (region.account.clone(), region.name.clone());
        for (rule, due) in schedules(region) {
            offer(due, &|| {
                let (account, region) = place();
                Work::Fire { account, region, rule: rule.to_owned() }
            });
        }
        for (index, retry) in region.eventbridge.retries.iter().enumerate() {
            offer(retry.due, &|| {
                let (account, region) = place();
                Work::Retry { account, region, index }
            });
        }
    }
    earliest
}

/// The rules with a schedule that fire again, by name. Only the default bus has such rules.
fn schedules(region: &Region) -> impl Iterator<Item = (&str, Timestamp)> {
    let rules = region.eventbridge.buses.get(DEFAULT_BUS).into_iter().flat_map(|bus: &Bus| &bus.rules);
    rules.filter_map(|(name, rule)| Some((name.as_str(), rule.next?)))
}

/// Sends a scheduled event to the rule's own targets; it does not pass over the bus.
fn fire(world: &mut World, account: &str, region: &str, name: &str, due: Timestamp) {
    let (id, now) = (world.ids.uuid(), world.clock.now());
    let rules = world.region(account, region).eventbridge.buses.get_mut(DEFAULT_BUS).map(|bus| &mut bus.rules);
    let Some(rule) = rules.and_then(|rules| rules.get_mut(name)) else { return };
    rule.next = rule.schedule.as_ref().and_then(|schedule| schedule.after(due));
    let event = NewEvent {
        source: "aws.events".to_owned(),
        detail_type: "Scheduled Event".to_owned(),
        detail: json!({}),
        resources: vec![rule.arn.clone()],
    };
    let event = event.into_event(&id, account, region, due);
    let deliveries: Vec<_> = deliveries(account, region, name, rule, &event, now).collect();
    for delivery in deliveries {
        attempt(world, delivery);
    }
    world.changed();
}
