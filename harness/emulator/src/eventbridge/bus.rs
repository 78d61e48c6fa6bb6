//! Event buses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rule::Rule;
use super::{DEFAULT_BUS, bus_name, find_bus, input, invalid, page};
use crate::protocol::AwsError;
use crate::world::{Call, World};

#[derive(Default)]
pub(super) struct Bus {
    pub rules: BTreeMap<String, Rule>,
    description: Option<String>,
    /// When it was created; the default bus always was there.
    created: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateEventBus {
    name: String,
    description: Option<String>,
}

pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let CreateEventBus { name, description } = input(call)?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
        return Err(invalid(format!("Parameter Name is not valid. Reason: {name} is not an event bus's name.")));
    }
    let arn = arn(call, &name);
    let buses = &mut call.region(world).eventbridge.buses;
    if buses.contains_key(&name) {
        return Err(AwsError::client("ResourceAlreadyExistsException", format!("Event bus {name} already exists.")));
    }
    let answer = with_description(json!({ "EventBusArn": arn }), description.as_deref());
    buses.insert(name, Bus { description, created: Some(call.clock.now()), ..Bus::default() });
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
    Ok(description(call, name, bus))
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
    let buses = buses.map(|(name, bus)| description(call, name, bus)).collect();
    let (buses, next) = page(buses, next_token.as_deref(), limit)?;
    Ok(json!({ "EventBuses": buses, "NextToken": next }))
}

fn description(call: &Call<'_>, name: &str, bus: &Bus) -> Value {
    let mut answer = with_description(json!({ "Name": name, "Arn": arn(call, name) }), bus.description.as_deref());
    if let Some(created) = bus.created {
        answer["CreationTime"] = created.as_second().into();
        answer["LastModifiedTime"] = created.as_second().into();
    }
    answer
}

fn with_description(mut answer: Value, description: Option<&str>) -> Value {
    if let Some(description) = description {
        answer["Description"] = description.into();
    }
    answer
}

fn arn(call: &Call<'_>, name: &str) -> String {
    format!("arn:aws:events:{}:{}:event-bus/{name}", call.identity.region, call.identity.account)
}
