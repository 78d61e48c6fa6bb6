//! Replays: archived events, sent to their bus again, minute by minute of the times that they are of.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html>

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::deliver::{Way, route};
use super::{input, invalid, not_found, page};
use crate::protocol::AwsError;
use crate::world::{Call, Outstanding, Region, World};

pub(super) struct Replay {
    arn: String,
    description: Option<String>,
    archive_arn: String,
    bus_arn: String,
    bus: String,
    rules: Vec<String>,
    from: Timestamp,
    to: Timestamp,
    state: &'static str,
    started: Timestamp,
    ended: Option<Timestamp>,
    last_replayed: Option<Timestamp>,
    /// The events that are left, a list for each minute.
    left: VecDeque<Vec<(Timestamp, Value)>>,
    /// When the next minute is replayed, while it runs.
    due: Option<Timestamp>,
    /// The request that started it.
    origin: String,
}

/// AWS does not tell how fast it replays: here a minute of events in a second.
const PACE: SignedDuration = SignedDuration::from_secs(1);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    replay_name: String,
    description: Option<String>,
    event_source_arn: String,
    event_start_time: f64,
    event_end_time: f64,
    destination: Destination,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    arn: String,
    #[serde(default)]
    filter_arns: Vec<String>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html>
pub(super) fn start(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let start: Start = input(call)?;
    let (from, to) = (time(start.event_start_time)?, time(start.event_end_time)?);
    let now = call.clock.now();
    if from >= to {
        return Err(invalid(
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
        ));
    }
    let (region, account, name) = (&call.identity.region, &call.identity.account, start.replay_name);
    let arn = format!("arn:aws:events:{region}:{account}:replay/{name}");
    let state = &mut call.region(world).eventbridge;
    if state.replays.contains_key(&name) {
        return Err(AwsError::client("ResourceAlreadyExistsException", format!("Replay {name} already exists.")));
    }
    let archive = state.archives.values_mut().find(|archive| archive.arn == start.event_source_arn);
    let archive = archive.ok_or_else(|| {
        let name = start.event_source_arn.rsplit('/').next().unwrap_or_default();
        invalid(format!("Parameter EventSourceArn is not valid. Reason: Archive {name} does not exist."))
    })?;
    if start.destination.arn != archive.source {
        let reason = "Cross event bus replay is not permitted.";
        return Err(invalid(format!("Parameter Destination.Arn is not valid. Reason: {reason}")));
    }
    let left = by_minute(archive.between(from, to, now));
    let bus = start.destination.arn.rsplit('/').next().unwrap_or_default().to_owned();
    let replay = Replay {
        arn: arn.clone(),
        description: start.description,
        archive_arn: start.event_source_arn,
        bus_arn: start.destination.arn,
        bus,
        rules: start.destination.filter_arns,
        from,
        to,
        state: "STARTING",
        started: now,
        ended: None,
        last_replayed: None,
        left,
        due: Some(now),
        origin: call.request_id.to_owned(),
    };
    state.replays.insert(name, replay);
    world.changed();
    Ok(json!({ "ReplayArn": arn, "State": "STARTING", "ReplayStartTime": now.as_second() }))
}

/// The events of each minute together, the earliest minute first.
fn by_minute(events: Vec<(Timestamp, Value)>) -> VecDeque<Vec<(Timestamp, Value)>> {
    let mut minutes: BTreeMap<i64, Vec<(Timestamp, Value)>> = BTreeMap::new();
    for (time, event) in events {
        minutes.entry(time.as_second().div_euclid(60)).or_default().push((time, event));
    }
    minutes.into_values().collect()
}

fn time(seconds: f64) -> Result<Timestamp, AwsError> {
    #[expect(clippy::cast_possible_truncation, reason = "times are told to the second")]
    Timestamp::from_second(seconds as i64).map_err(|_| invalid("A time is not valid."))
}

/// Replays the minutes that are due.
pub(super) fn run_due(world: &mut World) {
    let now = world.clock.now();
    while let Some((due, account, region, name)) = earliest(world).filter(|(due, ..)| *due <= now) {
        let Some(replay) = world.region(&account, &region).eventbridge.replays.get_mut(&name) else { return };
        let events = replay.left.pop_front().unwrap_or_default();
        replay.last_replayed = events.iter().map(|(time, _)| *time).max().or(replay.last_replayed);
        (replay.state, replay.due, replay.ended) = match replay.left.is_empty() {
            true => ("COMPLETED", None, Some(now)),
            false => ("RUNNING", Some(due + PACE), None),
        };
        let (bus, rules, origin) = (replay.bus.clone(), replay.rules.clone(), replay.origin.clone());
        world.origin = Some(origin);
        for (_, mut event) in events {
            event["replay-name"] = name.as_str().into();
            route(world, &account, &region, &bus, &event, Way { hops: 0, rules: &rules });
        }
        world.origin = None;
        world.changed();
    }
}

/// When a replay goes on.
pub(super) fn next_due(world: &World) -> Option<Timestamp> {
    earliest(world).map(|(due, ..)| due)
}

fn earliest(world: &World) -> Option<(Timestamp, String, String, String)> {
    let all = world.regions().flat_map(|region| {
        let replays = region.eventbridge.replays.iter();
        replays.filter_map(move |(name, replay)| Some((replay.due?, region, name)))
    });
    let (due, region, name) = all.min_by_key(|(due, ..)| *due)?;
    Some((due, region.account.clone(), region.name.clone(), name.clone()))
}

/// The replays that are not over.
pub(super) fn outstanding(region: &Region) -> impl Iterator<Item = Outstanding> {
    region.eventbridge.replays.iter().filter_map(|(name, replay)| {
        Some(Outstanding { what: format!("the replay {name}"), due: replay.due?, recurring: false })
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    replay_name: String,
}

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { replay_name } = input(call)?;
    let replay = find(world, call, &replay_name)?;
    let mut answer = replay.describe(&replay_name);
    answer["ReplayArn"] = replay.arn.as_str().into();
    answer["Destination"] = json!({ "Arn": replay.bus_arn, "FilterArns": replay.rules });
    if let Some(description) = &replay.description {
        answer["Description"] = description.as_str().into();
    }
    Ok(answer)
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CancelReplay.html>
pub(super) fn cancel(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { replay_name } = input(call)?;
    let now = call.clock.now();
    let replay = find(world, call, &replay_name)?;
    if replay.due.is_none() {
        let message = format!("Replay {replay_name} is not in a valid state for this operation.");
        return Err(AwsError::client("IllegalStatusException", message));
    }
    (replay.state, replay.due, replay.ended) = ("CANCELLED", None, Some(now));
    replay.left.clear();
    let arn = replay.arn.clone();
    world.changed();
    Ok(json!({ "ReplayArn": arn, "State": "CANCELLING" }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<String>,
    event_source_arn: Option<String>,
    state: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let List { name_prefix, event_source_arn, state, next_token, limit } = input(call)?;
    let prefix = name_prefix.unwrap_or_default();
    let wanted = |replay: &Replay| {
        event_source_arn.as_ref().is_none_or(|arn| *arn == replay.archive_arn)
            && state.as_ref().is_none_or(|state| state == replay.state)
    };
    let all = call.region(world).eventbridge.replays.iter();
    let all = all.filter(|(name, replay)| name.starts_with(&prefix) && wanted(replay));
    let (all, next) = page(all.map(|(name, one)| one.describe(name)).collect(), next_token.as_deref(), limit)?;
    Ok(json!({ "Replays": all, "NextToken": next }))
}

fn find<'w>(world: &'w mut World, call: &Call<'_>, name: &str) -> Result<&'w mut Replay, AwsError> {
    let replay = call.region(world).eventbridge.replays.get_mut(name);
    replay.ok_or_else(|| not_found(format!("Replay {name} does not exist.")))
}

impl Replay {
    fn describe(&self, name: &str) -> Value {
        let mut answer = json!({
            "ReplayName": name,
            "EventSourceArn": self.archive_arn,
            "State": self.state,
            "EventStartTime": self.from.as_second(),
            "EventEndTime": self.to.as_second(),
            "ReplayStartTime": self.started.as_second(),
        });
        for (field, time) in [("ReplayEndTime", self.ended), ("EventLastReplayedTime", self.last_replayed)] {
            if let Some(time) = time {
                answer[field] = time.as_second().into();
            }
        }
        answer
    }
}
