//! From a bus to the targets of its rules, and the schedules that fire by themselves.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::input::Surroundings;
use super::put_events::NewEvent;
use super::rule::Rule;
use super::{DEFAULT_BUS, archive};
use crate::arn::Arn;
use crate::delivery::{self, Delivery, MAX_HOPS, Sender};
use crate::world::{Outstanding, Region, Undeliverable, World};

/// How an event comes to a bus.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way<'a> {
    /// From how many other buses it has come.
    pub hops: u32,
    /// The only rules that may take it, by ARN; all where there are none.
    pub rules: &'a [String],
}

/// Delivers an event to the targets of the rules of a bus that take it, and to the bus's archives.
pub(super) fn route(world: &mut World, account: &str, region: &str, bus: &str, event: &Value, way: Way<'_>) {
    let now = world.clock.now();
    let state = &mut world.region(account, region).eventbridge;
    archive::keep(state, bus, event, now);
    let rules = state.buses.get(bus).into_iter().flat_map(|bus| &bus.rules);
    let allowed = |rule: &Rule| way.rules.is_empty() || way.rules.contains(&rule.arn);
    let taking = rules.filter(|(_, rule)| allowed(rule) && rule.takes(event));
    let deliveries: Vec<_> = taking
        .flat_map(|(name, rule)| deliveries(name, rule, event, now))
        .map(|delivery| Delivery { hops: way.hops, ..delivery })
        .collect();
    for delivery in deliveries {
        delivery::attempt(world, delivery);
    }
}

/// Carries an event from a bus to another.
pub(crate) fn carry(world: &mut World, bus: &str, event: &Value, hops: u32) -> Result<(), Undeliverable> {
    let (account, region, name) = bus_of(world, bus).ok_or(Undeliverable::NoSuchTarget)?;
    if hops <= MAX_HOPS {
        route(world, &account, &region, &name, event, Way { hops, rules: &[] });
    }
    Ok(())
}

/// Puts an event on a bus whose detail is what a schedule sends.
pub(crate) fn put_from_schedule(
    world: &mut World,
    bus: &str,
    source: &str,
    detail_type: &str,
    detail: &str,
) -> Result<(), Undeliverable> {
    let (account, region, name) = bus_of(world, bus).ok_or(Undeliverable::NoSuchTarget)?;
    let detail = serde_json::from_str(detail).map_err(|_| Undeliverable::NoSuchTarget)?;
    let event = NewEvent { source: source.to_owned(), detail_type: detail_type.to_owned(), detail, resources: vec![] };
    let (id, now) = (world.ids.uuid(), world.clock.now());
    let event = event.into_event(&id, &account, &region, now);
    route(world, &account, &region, &name, &event, Way::default());
    Ok(())
}

/// Account, region and name of a bus that exists.
fn bus_of(world: &mut World, arn: &str) -> Option<(String, String, String)> {
    let arn = Arn::parse(arn)?;
    let name = arn.resource.strip_prefix("event-bus/")?;
    let exists = world.region(arn.account, arn.region).eventbridge.buses.contains_key(name);
    exists.then(|| (arn.account.to_owned(), arn.region.to_owned(), name.to_owned()))
}

fn deliveries<'a>(
    rule_name: &'a str,
    rule: &'a Rule,
    event: &'a Value,
    now: Timestamp,
) -> impl Iterator<Item = Delivery> {
    rule.targets.iter().map(move |target| {
        let ingested = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let surroundings = Surroundings { rule_arn: &rule.arn, rule_name, ingested: &ingested };
        Delivery {
            sender: Sender::Rule { name: rule_name.to_owned(), arn: rule.arn.clone() },
            target: target.to.clone(),
            payload: target.input.of(event, &surroundings),
            event: event.clone(),
            ingested: now,
            hops: 0,
            retries: 0,
            refused_token: false,
        }
    })
}

/// Fires the schedules that are due, in the order of their times.
pub(super) fn run_due(world: &mut World) {
    let now = world.clock.now();
    while let Some((due, account, region, rule)) = earliest(world).filter(|(due, ..)| *due <= now) {
        fire(world, &account, &region, &rule, due);
    }
}

/// When a rule fires next.
pub(super) fn next_due(world: &World) -> Option<Timestamp> {
    earliest(world).map(|(due, ..)| due)
}

/// What is still to be done.
pub(super) fn outstanding(region: &Region) -> impl Iterator<Item = Outstanding> {
    schedules(region).map(|(name, due)| Outstanding {
        what: format!("the next firing of rule {name}"),
        due,
        recurring: true,
    })
}

fn earliest(world: &World) -> Option<(Timestamp, String, String, String)> {
    let all = world.regions().flat_map(|region| schedules(region).map(move |(rule, due)| (due, region, rule)));
    let (due, region, rule) = all.min_by_key(|(due, ..)| *due)?;
    Some((due, region.account.clone(), region.name.clone(), rule.to_owned()))
}

/// The rules with a schedule that fire again, by name. Only the default bus has such rules.
fn schedules(region: &Region) -> impl Iterator<Item = (&str, Timestamp)> {
    let rules = region.eventbridge.buses.get(DEFAULT_BUS).into_iter().flat_map(|bus| &bus.rules);
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
    let deliveries: Vec<_> = deliveries(name, rule, &event, now).collect();
    for delivery in deliveries {
        delivery::attempt(world, delivery);
    }
    world.changed();
}
