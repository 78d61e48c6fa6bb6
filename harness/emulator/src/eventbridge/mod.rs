//! EventBridge: event buses, rules and targets, `PutEvents`, schedules, and delivery with retries.
//!
//! The modules, in the way of an event: [`put_events`] takes it, [`bus`] holds the [`rule`]s whose
//! [`pattern`] it may match, [`input`] makes of it, by [`path`]s, what a [`target`] gets, and [`deliver`] hands that to
//! [`crate::delivery`]. [`schedule`] tells when a rule fires by itself. [`archive`] keeps events, and [`replay`] sends
//! them again. A bus has a policy ([`permission`]), and buses and rules have [`tags`]. An [`api_destination`] is reached by HTTP, with the authorization of its [`connection`].
//!
//! What always holds: the bus `default` exists, and an operation answers for what it simulates and refuses
//! every other parameter by name.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html>

mod api_destination;
mod archive;
mod bus;
mod connection;
mod dead_letter;
mod deliver;
mod input;
mod path;
pub mod pattern;
mod permission;
mod put_events;
mod replay;
mod rule;
pub(crate) mod schedule;
mod tags;
mod target;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::arn::Arn;
use crate::protocol::{AwsError, Reply, Service, json, paging};
use crate::world::{Call, Outstanding, Region, World};

pub(crate) use api_destination::{Asked, Ready, arn_of, prepare_request};
use bus::Bus;
pub(crate) use connection::store_token;
pub(crate) use deliver::{carry, put_from_schedule};
pub(crate) use put_events::{NewEvent, put_on_default_bus};

/// The bus that AWS services put their events on.
const DEFAULT_BUS: &str = "default";

/// Whether EventBridge takes an expression as a schedule: `rate(…)` or `cron(…)`.
pub fn is_schedule(expression: &str) -> bool {
    schedule::Schedule::parse(expression).is_some()
}

/// When a schedule fires next after a time; `None` where it never does, or is none.
pub fn next_firing(expression: &str, after: jiff::Timestamp) -> Option<jiff::Timestamp> {
    schedule::Schedule::parse(expression)?.after(after)
}

/// EventBridge in one account and region.
pub(crate) struct State {
    buses: BTreeMap<String, Bus>,
    connections: BTreeMap<String, connection::Connection>,
    destinations: BTreeMap<String, api_destination::ApiDestination>,
    archives: BTreeMap<String, archive::Archive>,
    replays: BTreeMap<String, replay::Replay>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            buses: BTreeMap::from([(DEFAULT_BUS.to_owned(), Bus::default())]),
            connections: BTreeMap::new(),
            destinations: BTreeMap::new(),
            archives: BTreeMap::new(),
            replays: BTreeMap::new(),
        }
    }
}

/// Fires the schedules and goes on with the replays that are due.
pub(crate) fn run_due(world: &mut World) {
    deliver::run_due(world);
    replay::run_due(world);
}

/// When something is due next.
pub(crate) fn next_due(world: &World) -> Option<jiff::Timestamp> {
    [deliver::next_due(world), replay::next_due(world)].into_iter().flatten().min()
}

/// What is still to be done.
pub(crate) fn outstanding(world: &World) -> impl Iterator<Item = Outstanding> {
    world.regions().flat_map(|region| deliver::outstanding(region).chain(replay::outstanding(region)))
}

pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let answer = match call.operation() {
        "CreateEventBus" => bus::create(world, call),
        "DeleteEventBus" => bus::delete(world, call),
        "UpdateEventBus" => bus::update(world, call),
        "DescribeEventBus" => bus::describe(world, call),
        "ListEventBuses" => bus::list(world, call),
        "PutPermission" => permission::put(world, call),
        "RemovePermission" => permission::remove(world, call),
        "TagResource" => tags::tag(world, call),
        "UntagResource" => tags::untag(world, call),
        "ListTagsForResource" => tags::list(world, call),
        "PutRule" => rule::put(world, call),
        "DeleteRule" => rule::delete(world, call),
        "DescribeRule" => rule::describe(world, call),
        "ListRules" => rule::list(world, call),
        "EnableRule" => rule::set_enabled(world, call, true),
        "DisableRule" => rule::set_enabled(world, call, false),
        "PutTargets" => target::put(world, call),
        "RemoveTargets" => target::remove(world, call),
        "ListTargetsByRule" => target::list_by_rule(world, call),
        "ListRuleNamesByTarget" => target::list_rule_names(world, call),
        "PutEvents" => put_events::put(world, call),
        "TestEventPattern" => rule::test_pattern(call),
        "CreateConnection" => connection::create(world, call),
        "UpdateConnection" => connection::update(world, call),
        "DescribeConnection" => connection::describe(world, call),
        "DeleteConnection" => connection::delete(world, call),
        "ListConnections" => connection::list(world, call),
        "CreateApiDestination" => api_destination::create(world, call),
        "UpdateApiDestination" => api_destination::update(world, call),
        "DescribeApiDestination" => api_destination::describe(world, call),
        "DeleteApiDestination" => api_destination::delete(world, call),
        "ListApiDestinations" => api_destination::list(world, call),
        "CreateArchive" => archive::create(world, call),
        "UpdateArchive" => archive::update(world, call),
        "DescribeArchive" => archive::describe(world, call),
        "DeleteArchive" => archive::delete(world, call),
        "ListArchives" => archive::list(world, call),
        "StartReplay" => replay::start(world, call),
        "DescribeReplay" => replay::describe(world, call),
        "CancelReplay" => replay::cancel(world, call),
        "ListReplays" => replay::list(world, call),
        operation => Err(AwsError::not_simulated(Service::EventBridge, operation)),
    };
    let answer = answer?;
    Ok(Reply::bytes("application/x-amz-json-1.1", answer.to_string()))
}

/// An operation's parameters: those that are simulated, and the rest. What is simulated must be a struct
/// without flattened parts of its own, since only such a struct takes its members out of the rest.
#[derive(Deserialize)]
struct Parameters<T> {
    #[serde(flatten)]
    simulated: T,
    #[serde(flatten)]
    rest: Rest,
}

/// Members of an input that are not simulated.
type Rest = BTreeMap<String, Value>;

/// Reads an operation's parameters, refusing those that are not simulated by name.
fn input<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, AwsError> {
    let Parameters { simulated, rest } = json::input::<Parameters<T>>(call.request)?;
    refuse_rest(call, "", &rest)?;
    Ok(simulated)
}

/// Refuses members that are not simulated, where `within` says what they are members of. What the flattened
/// struct took is not among them, and a member that is null or empty asks for nothing.
fn refuse_rest(call: &Call<'_>, within: &str, rest: &Rest) -> Result<(), AwsError> {
    let asks = |value: &Value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    match rest.iter().find(|(_, value)| asks(value)) {
        Some((name, _)) => Err(not_simulated(call, &format!("{within}{name}"))),
        None => Ok(()),
    }
}

fn not_simulated(call: &Call<'_>, parameter: &str) -> AwsError {
    AwsError::parameter_not_simulated(Service::EventBridge, call.operation(), parameter)
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::client("ResourceNotFoundException", message)
}

/// The bus that a parameter names, by its name or its ARN.
fn bus_name<'a>(call: &Call<'_>, name_or_arn: Option<&'a str>) -> Result<&'a str, AwsError> {
    let Some(text) = name_or_arn else { return Ok(DEFAULT_BUS) };
    let Some(arn) = Arn::parse(text) else { return Ok(text) };
    if (arn.account, arn.region) != (call.identity.account.as_str(), call.identity.region.as_str()) {
        return Err(not_simulated(call, "EventBusName in another account or region"));
    }
    arn.resource.strip_prefix("event-bus/").ok_or_else(|| invalid("Parameter EventBusName is not valid."))
}

/// The bus that a parameter names, or the error that it does not exist.
fn find_bus<'w>(region: &'w mut Region, name: &str) -> Result<&'w mut Bus, AwsError> {
    let bus = region.eventbridge.buses.get_mut(name);
    bus.ok_or_else(|| not_found(format!("Event bus {name} does not exist.")))
}

/// A page of what an operation lists, of at most 100 items.
fn page<T>(items: Vec<T>, token: Option<&str>, limit: Option<usize>) -> Result<(Vec<T>, Option<String>), AwsError> {
    let limit = limit.unwrap_or(100);
    if !(1..=100).contains(&limit) {
        return Err(invalid("Parameter Limit is not valid."));
    }
    paging::page(items, token, limit).ok_or_else(|| invalid("Parameter NextToken is not valid."))
}
