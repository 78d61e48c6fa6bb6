//! Schedules at work: each invokes its target when its time comes.

use jiff::Timestamp;
use serde_json::Value;

use super::schedule::{ActionAfterCompletion, Schedule};
use crate::delivery::{self, Delivery, Sender};
use crate::world::{Outstanding, World};

/// Fires the schedules that are due, in the order of their times.
pub(crate) fn run_due(world: &mut World) {
    let now = world.clock.now();
    while let Some((due, account, region, key)) = earliest(world).filter(|(due, ..)| *due <= now) {
        let id = world.ids.uuid();
        let schedules = &mut world.region(&account, &region).scheduler.schedules;
        let Some(schedule) = schedules.get_mut(&key) else { return };
        schedule.next = schedule.expression.after(due);
        schedule.limit();
        let delivery = delivery(schedule, &key.1, due, &id, now);
        // A schedule that is over may be deleted with its last invocation.
        if schedule.next.is_none() && schedule.properties.action_after_completion == ActionAfterCompletion::Delete {
            schedules.remove(&key);
        }
        delivery::attempt(world, delivery);
        world.changed();
    }
}

fn delivery(schedule: &Schedule, name: &str, due: Timestamp, id: &str, now: Timestamp) -> Delivery {
    Delivery {
        sender: Sender::Schedule { name: name.to_owned(), arn: schedule.arn.clone(), scheduled: due },
        target: schedule.to.clone(),
        event: Value::Null,
        payload: schedule.properties.target.payload(&schedule.arn, due, id),
        ingested: now,
        hops: 0,
        retries: 0,
        refused_token: false,
    }
}

/// When a schedule fires next.
pub(crate) fn next_due(world: &World) -> Option<Timestamp> {
    earliest(world).map(|(due, ..)| due)
}

/// The next firing of each schedule. Nobody waits for one, also where it is the only one: it may be years away.
pub(crate) fn outstanding(world: &World) -> impl Iterator<Item = Outstanding> {
    let schedules = world.regions().flat_map(|region| &region.scheduler.schedules);
    schedules.filter_map(|((_, name), schedule)| {
        Some(Outstanding { what: format!("the next firing of schedule {name}"), due: schedule.next?, recurring: true })
    })
}

fn earliest(world: &World) -> Option<(Timestamp, String, String, (String, String))> {
    let all = world.regions().flat_map(|region| {
        let schedules = region.scheduler.schedules.iter();
        schedules.filter_map(move |(key, schedule)| Some((schedule.next?, region, key)))
    });
    let (due, region, key) = all.min_by_key(|(due, ..)| *due)?;
    Some((due, region.account.clone(), region.name.clone(), key.clone()))
}
