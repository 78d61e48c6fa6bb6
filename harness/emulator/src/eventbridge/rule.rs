//! Rules: which events go to targets, and when a rule fires by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::schedule::Schedule;
use super::tags::{self, Tag, Tags};
use super::target::Target;
use super::{DEFAULT_BUS, bus_name, find_bus, input, invalid, not_found, not_simulated, page};
use crate::protocol::AwsError;
use crate::world::{Call, Region, World};

pub(super) struct Rule {
    pub arn: String,
    pub pattern: Option<Pattern>,
    pub enabled: bool,
    /// In the order in which they were put.
    pub targets: Vec<Target>,
    /// When the schedule fires next, while the rule is enabled.
    pub next: Option<Timestamp>,
    pub schedule: Option<Schedule>,
    pub tags: Tags,
    properties: Properties,
}

/// What a rule was put with, as it is described.
#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Whose rights EventBridge uses; rights are not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
}

impl Rule {
    /// Whether an event goes to the rule's targets.
    pub fn takes(&self, event: &Value) -> bool {
        self.enabled && self.pattern.as_ref().is_some_and(|pattern| pattern.matches(event))
    }

    fn describe(&self, bus: &str) -> Value {
        let mut answer = json!(self.properties);
        answer["Arn"] = self.arn.as_str().into();
        answer["State"] = if self.enabled { "ENABLED" } else { "DISABLED" }.into();
        answer["EventBusName"] = bus.into();
        answer
    }

    /// Starts its schedule, where it has one and is enabled.
    fn start(&mut self, now: Timestamp) {
        self.next = self.schedule.as_ref().filter(|_| self.enabled).and_then(|schedule| schedule.after(now));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRule {
    name: String,
    event_pattern: Option<String>,
    schedule_expression: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    event_bus_name: Option<String>,
    state: Option<String>,
    tags: Option<Vec<Tag>>,
}

/// The state that AWS has beside `ENABLED` and `DISABLED`: it is about events of CloudTrail.
const WITH_MANAGEMENT_EVENTS: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/// Creates a rule or changes one, which keeps its targets and its tags. A schedule that stays the same goes on as it was.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
pub(super) fn put(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let PutRule { name, event_pattern, schedule_expression, description, role_arn, event_bus_name, state, tags } =
        input(call)?;
    let bus_name = bus_name(call, event_bus_name.as_deref())?;
    let enabled = match state.as_deref() {
        None | Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(other) if other == WITH_MANAGEMENT_EVENTS => {
            return Err(not_simulated(call, &format!("State {other}")));
        }
        Some(other) => {
            return Err(invalid(format!(
                "1 validation error detected: Value '{other}' at 'state' failed to satisfy constraint: Member must \
                 satisfy enum value set: [ENABLED, DISABLED, {WITH_MANAGEMENT_EVENTS}]"
            )));
        }
    };
    let properties = Properties { name, event_pattern, schedule_expression, description, role_arn };
    let mut rule = new_rule(call, bus_name, properties, enabled)?;
    rule.tags = tags::of(tags);
    let arn = rule.arn.clone();
    let rules = &mut find_bus(call.region(world), bus_name)?.rules;
    rule.start(call.clock.now());
    if let Some(old) = rules.remove(&rule.properties.name) {
        if old.enabled && old.properties.schedule_expression == rule.properties.schedule_expression {
            rule.next = rule.next.and(old.next);
        }
        rule.targets = old.targets;
        rule.tags = old.tags;
    }
    rules.insert(rule.properties.name.clone(), rule);
    world.changed();
    Ok(json!({ "RuleArn": arn }))
}

fn new_rule(call: &Call<'_>, bus: &str, properties: Properties, enabled: bool) -> Result<Rule, AwsError> {
    let name = &properties.name;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
        let reason = "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+";
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: {reason}"
        )));
    }
    if properties.event_pattern.is_none() && properties.schedule_expression.is_none() {
        return Err(invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if properties.schedule_expression.is_some() && bus != DEFAULT_BUS {
        return Err(invalid("ScheduleExpression is supported only on the default event bus."));
    }
    let schedule = properties.schedule_expression.as_deref().map(|expression| {
        Schedule::parse(expression).ok_or_else(|| invalid("Parameter ScheduleExpression is not valid."))
    });
    let pattern = properties.event_pattern.as_deref().map(parse_pattern).transpose()?;
    let path = if bus == DEFAULT_BUS { name.clone() } else { format!("{bus}/{name}") };
    let arn = format!("arn:aws:events:{}:{}:rule/{path}", call.identity.region, call.identity.account);
    Ok(Rule {
        arn,
        pattern,
        enabled,
        targets: Vec::new(),
        next: None,
        schedule: schedule.transpose()?,
        tags: Tags::new(),
        properties,
    })
}

pub(super) fn parse_pattern(text: &str) -> Result<Pattern, AwsError> {
    let refuse = |reason: String| {
        AwsError::client("InvalidEventPatternException", format!("Event pattern is not valid. Reason: {reason}"))
    };
    let json = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    Pattern::parse(&json).map_err(|error| refuse(error.message))
}

/// The rule with a name, or the error that it does not exist.
pub(super) fn find<'w>(region: &'w mut Region, bus: &str, name: &str) -> Result<&'w mut Rule, AwsError> {
    let rule = find_bus(region, bus)?.rules.get_mut(name);
    rule.ok_or_else(|| not_found(format!("Rule {name} does not exist on EventBus {bus}.")))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleName {
    name: String,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteRule {
    name: String,
    event_bus_name: Option<String>,
    /// Only for rules that AWS services manage, of which there are none here.
    #[serde(rename = "Force")]
    _force: Option<bool>,
}

/// Deletes a rule that has no targets; one that does not exist is deleted already.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html>
pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let DeleteRule { name, event_bus_name, .. } = input(call)?;
    let bus = find_bus(call.region(world), bus_name(call, event_bus_name.as_deref())?)?;
    if bus.rules.get(&name).is_some_and(|rule| !rule.targets.is_empty()) {
        return Err(invalid("Rule can't be deleted since it has targets."));
    }
    bus.rules.remove(&name);
    world.changed();
    Ok(json!({}))
}

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let RuleName { name, event_bus_name } = input(call)?;
    let bus = bus_name(call, event_bus_name.as_deref())?;
    Ok(find(call.region(world), bus, &name)?.describe(bus))
}

pub(super) fn set_enabled(world: &mut World, call: &Call<'_>, enabled: bool) -> Result<Value, AwsError> {
    let RuleName { name, event_bus_name } = input(call)?;
    let rule = find(call.region(world), bus_name(call, event_bus_name.as_deref())?, &name)?;
    if rule.enabled != enabled {
        rule.enabled = enabled;
        rule.start(call.clock.now());
    }
    world.changed();
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRules {
    name_prefix: Option<String>,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let ListRules { name_prefix, event_bus_name, next_token, limit } = input(call)?;
    let bus_name = bus_name(call, event_bus_name.as_deref())?;
    let prefix = name_prefix.unwrap_or_default();
    let rules = &find_bus(call.region(world), bus_name)?.rules;
    let rules = rules.iter().filter(|(name, _)| name.starts_with(&prefix));
    let (rules, next) = page(rules.map(|(_, rule)| rule.describe(bus_name)).collect(), next_token.as_deref(), limit)?;
    Ok(json!({ "Rules": rules, "NextToken": next }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TestEventPattern {
    event_pattern: String,
    event: String,
}

/// The fields that the event of `TestEventPattern` must have.
const EVENT_FIELDS: [&str; 7] = ["id", "account", "source", "time", "region", "resources", "detail-type"];

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>
pub(super) fn test_pattern(call: &Call<'_>) -> Result<Value, AwsError> {
    let TestEventPattern { event_pattern, event } = input(call)?;
    let pattern = parse_pattern(&event_pattern)?;
    let Ok(event @ Value::Object(_)) = serde_json::from_str::<Value>(&event) else {
        return Err(invalid("Parameter Event is not valid."));
    };
    if let Some(missing) = EVENT_FIELDS.iter().find(|name| event.get(**name).is_none()) {
        return Err(invalid(format!("Parameter Event is not valid. Reason: {missing} is a required argument.")));
    }
    Ok(json!({ "Result": pattern.matches(&event) }))
}
