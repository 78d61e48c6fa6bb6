//! EventBridge Scheduler: schedules that invoke their targets once or again and again, and the groups they are in.
//!
//! The modules: [`schedule`] and [`group`] have the operations, [`expression`] tells when a schedule fires, [`target`]
//! what it sends where, and [`fire`] does so.
//!
//! What always holds: the group `default` exists, and a schedule's next firing is known while it is enabled.
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html>

mod expression;
mod fire;
mod group;
mod schedule;
mod target;

use std::collections::BTreeMap;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::protocol::{AwsError, Reply, Request, Service, json as protocol, paging};
use crate::world::{Call, World};

pub(crate) use expression::check as check_expression;
pub(crate) use fire::{next_due, outstanding, run_due};
use group::Group;
use schedule::Schedule;

/// The group of schedules that name none.
const DEFAULT_GROUP: &str = "default";

/// Scheduler in one account and region.
pub(crate) struct State {
    groups: BTreeMap<String, Group>,
    /// By group and name.
    schedules: BTreeMap<(String, String), Schedule>,
}

impl State {
    pub fn new(now: Timestamp) -> Self {
        Self {
            groups: BTreeMap::from([(DEFAULT_GROUP.to_owned(), Group::new(now, BTreeMap::new()))]),
            schedules: BTreeMap::new(),
        }
    }
}

/// The operation that a request asks for, by its method and path.
pub(crate) fn operation_name(request: &Request) -> &'static str {
    let path: Vec<&str> = request.uri.path().trim_matches('/').split('/').collect();
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["schedules", _]) => "CreateSchedule",
        ("GET", ["schedules", _]) => "GetSchedule",
        ("PUT", ["schedules", _]) => "UpdateSchedule",
        ("DELETE", ["schedules", _]) => "DeleteSchedule",
        ("GET", ["schedules"]) => "ListSchedules",
        ("POST", ["schedule-groups", _]) => "CreateScheduleGroup",
        ("GET", ["schedule-groups", _]) => "GetScheduleGroup",
        ("DELETE", ["schedule-groups", _]) => "DeleteScheduleGroup",
        ("GET", ["schedule-groups"]) => "ListScheduleGroups",
        ("POST", ["tags", ..]) => "TagResource",
        ("DELETE", ["tags", ..]) => "UntagResource",
        ("GET", ["tags", ..]) => "ListTagsForResource",
        _ => "",
    }
}

pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let answer = match call.operation() {
        "CreateSchedule" => schedule::create(world, call),
        "GetSchedule" => schedule::get(world, call),
        "UpdateSchedule" => schedule::update(world, call),
        "DeleteSchedule" => schedule::delete(world, call),
        "ListSchedules" => schedule::list(world, call),
        "CreateScheduleGroup" => group::create(world, call),
        "GetScheduleGroup" => group::get(world, call),
        "DeleteScheduleGroup" => group::delete(world, call),
        "ListScheduleGroups" => group::list(world, call),
        "TagResource" => group::tag(world, call),
        "UntagResource" => group::untag(world, call),
        "ListTagsForResource" => group::tags(world, call),
        operation => Err(AwsError::not_simulated(Service::Scheduler, operation)),
    };
    Ok(Reply::bytes("application/json", answer?.to_string()))
}

/// The body of a request; members that are not simulated are refused by name.
fn input<T: DeserializeOwned>(call: &Call<'_>, known: &[&str]) -> Result<T, AwsError> {
    let members: Map<String, Value> = protocol::input(call.request)?;
    match members.iter().find(|(name, value)| !value.is_null() && !known.contains(&name.as_str())) {
        Some((name, _)) => Err(not_simulated(call, name)),
        None => protocol::input(call.request),
    }
}

/// What stands at the end of the path: a name, or an ARN.
fn named(call: &Call<'_>) -> String {
    let path = call.request.uri.path().trim_start_matches('/');
    let name = path.split_once('/').map_or("", |(_, name)| name);
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

/// A parameter of the query.
fn parameter(call: &Call<'_>, name: &str) -> Option<String> {
    call.request.query().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// A page of a list, as the query asks for it.
fn page(call: &Call<'_>, name: &str, items: Vec<Value>) -> Result<Value, AwsError> {
    let limit = parameter(call, "MaxResults").map_or(Ok(100), |text| text.parse());
    let limit = limit.ok().filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| invalid("MaxResults lies between 1 and 100."))?;
    let token = parameter(call, "NextToken");
    let (items, next) =
        paging::page(items, token.as_deref(), limit).ok_or_else(|| invalid("NextToken is not valid."))?;
    Ok(json!({ name: items, "NextToken": next }))
}

fn not_simulated(call: &Call<'_>, parameter: &str) -> AwsError {
    AwsError::parameter_not_simulated(Service::Scheduler, call.operation(), parameter)
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::new(404, "ResourceNotFoundException", message)
}

fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new(409, "ConflictException", message)
}

/// Whether a text can name a schedule or a group.
pub(crate) fn check_name(name: &str) -> Result<(), AwsError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if !name.is_empty() && name.len() <= 64 && name.chars().all(allowed) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [0-9a-zA-Z-_.]+"
    )))
}
