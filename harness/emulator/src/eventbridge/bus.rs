//! Event buses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::dead_letter::DeadLetterConfig;
use super::rule::Rule;
use super::tags::{self, Tag, Tags};
use super::{DEFAULT_BUS, bus_name, find_bus, input, invalid, page};
use crate::protocol::AwsError;
use crate::world::{Call, World};

/// A description is at most this long.
const MAX_DESCRIPTION: usize = 512;

#[derive(Default)]
pub(super) struct Bus {
    pub rules: BTreeMap<String, Rule>,
    /// Who may put events on it. It is told and not checked.
    pub policy: Option<Value>,
    pub tags: Tags,
    description: Option<String>,
    /// The queue for events that cannot be encrypted with a customer's key. There are no such keys here, so that it
    /// gets nothing.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-dlq.html>
    dead_letter_config: Option<DeadLetterConfig>,
    /// When it was created; the default bus always was there.
    created: Option<Timestamp>,
    modified: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateEventBus {
    name: String,
    description: Option<String>,
    dead_letter_config: Option<DeadLetterConfig>,
    tags: Option<Vec<Tag>>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let CreateEventBus { name, description, dead_letter_config, tags } = input(call)?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
        return Err(invalid(format!("Parameter Name is not valid. Reason: {name} is not an event bus's name.")));
    }
    check(description.as_deref(), dead_letter_config.as_ref())?;
    let buses = &mut call.region(world).eventbridge.buses;
    if buses.contains_key(&name) {
        return Err(AwsError::client("ResourceAlreadyExistsException", format!("Event bus {name} already exists.")));
    }
    let now = Some(call.clock.now());
    let (created, modified) = (now, now);
    let bus = Bus { description, dead_letter_config, tags: tags::of(tags), created, modified, ..Bus::default() };
    let answer = bus.tell(json!({ "EventBusArn": arn(call, &name) }));
    buses.insert(name, bus);
    world.changed();
    Ok(answer)
}

fn check(description: Option<&str>, dead_letter_config: Option<&DeadLetterConfig>) -> Result<(), AwsError> {
    if description.is_some_and(|description| description.chars().count() > MAX_DESCRIPTION) {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length \
             less than or equal to {MAX_DESCRIPTION}"
        )));
    }
    dead_letter_config.map_or(Ok(None), DeadLetterConfig::queue).map(drop)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateEventBus {
    name: Option<String>,
    description: Option<String>,
    dead_letter_config: Option<DeadLetterConfig>,
}

/// Changes what is given of a bus. A dead-letter queue without an ARN takes the one that there is away.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html>
pub(super) fn update(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let UpdateEventBus { name, description, dead_letter_config } = input(call)?;
    let name = bus_name(call, name.as_deref())?;
    check(description.as_deref(), dead_letter_config.as_ref())?;
    let bus = find_bus(call.region(world), name)?;
    if description.is_some() {
        bus.description = description;
    }
    if let Some(config) = dead_letter_config {
        bus.dead_letter_config = config.queue()?.is_some().then_some(config);
    }
    bus.modified = Some(call.clock.now());
    let answer = bus.tell(json!({ "Arn": arn(call, name), "Name": name }));
    world.changed();
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteEventBus {
    name: String,
}

pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let DeleteEventBus { name } = input(call)?;
    let name = bus_name(call, Some(&name))?;
    if name == DEFAULT_BUS {
        return Err(invalid("Cannot delete event bus default."));
    }
    let buses = &mut call.region(world).eventbridge.buses;
    if buses.get(name).is_some_and(|bus| !bus.rules.is_empty()) {
        return Err(invalid(format!("Event bus {name} can't be deleted since it has rules.")));
    }
    buses.remove(name);
    world.changed();
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeEventBus {
    name: Option<String>,
}

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let DescribeEventBus { name } = input(call)?;
    let name = bus_name(call, name.as_deref())?;
    let bus = find_bus(call.region(world), name)?;
    Ok(description(call, name, bus, false))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListEventBuses {
    name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let ListEventBuses { name_prefix, next_token, limit } = input(call)?;
    let prefix = name_prefix.unwrap_or_default();
    let buses = &call.region(world).eventbridge.buses;
    let buses = buses.iter().filter(|(name, _)| name.starts_with(&prefix));
    let buses = buses.map(|(name, bus)| description(call, name, bus, true)).collect();
    let (buses, next) = page(buses, next_token.as_deref(), limit)?;
    Ok(json!({ "EventBuses": buses, "NextToken": next }))
}

/// A bus as `DescribeEventBus` and `ListEventBuses` tell it.
fn description(call: &Call<'_>, name: &str, bus: &Bus, within_list: bool) -> Value {
    let named = json!({ "Name": name, "Arn": arn(call, name) });
    let mut answer = if within_list { bus.with_description(named) } else { bus.tell(named) };
    if let Some(policy) = &bus.policy {
        answer["Policy"] = policy.to_string().into();
    }
    for (member, time) in [("CreationTime", bus.created), ("LastModifiedTime", bus.modified)] {
        if let Some(time) = time {
            answer[member] = time.as_second().into();
        }
    }
    answer
}

impl Bus {
    /// Adds to an answer what was put.
    fn tell(&self, answer: Value) -> Value {
        let mut answer = self.with_description(answer);
        if let Some(config) = &self.dead_letter_config {
            answer["DeadLetterConfig"] = json!(config);
        }
        answer
    }

    fn with_description(&self, mut answer: Value) -> Value {
        if let Some(description) = &self.description {
            answer["Description"] = description.as_str().into();
        }
        answer
    }
}

pub(super) fn arn(call: &Call<'_>, name: &str) -> String {
    format!("arn:aws:events:{}:{}:event-bus/{name}", call.identity.region, call.identity.account)
}
