//! Schedules: the operations on them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::expression::{Expression, read};
use super::target::Target;
use super::{
    DEFAULT_GROUP, check_name, conflict, group, input, invalid, named, not_found, not_simulated, page, parameter,
};
use crate::delivery;
use crate::protocol::AwsError;
use crate::world::{Call, World};

pub(super) struct Schedule {
    pub arn: String,
    pub expression: Expression,
    pub to: delivery::Target,
    pub properties: Properties,
    created: Timestamp,
    modified: Timestamp,
    /// When it fires next, while it is enabled.
    pub next: Option<Timestamp>,
}

/// What a schedule was put with, as it is described.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Properties {
    #[serde(skip_serializing)]
    group_name: Option<String>,
    schedule_expression: String,
    #[serde(default = "utc")]
    schedule_expression_timezone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default)]
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<String>,
    pub target: Target,
    flexible_time_window: FlexibleTimeWindow,
    #[serde(default)]
    pub action_after_completion: ActionAfterCompletion,
}

const MEMBERS: [&str; 12] = [
    "ActionAfterCompletion",
    "ClientToken",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    #[default]
    Enabled,
    Disabled,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ActionAfterCompletion {
    #[default]
    None,
    Delete,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FlexibleTimeWindow {
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_window_in_minutes: Option<u32>,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let name = named(call);
    check_name(&name)?;
    let (key, schedule) = new(world, call, name)?;
    let arn = schedule.arn.clone();
    let schedules = &mut call.region(world).scheduler.schedules;
    if schedules.contains_key(&key) {
        return Err(conflict(format!("Schedule {} already exists.", key.1)));
    }
    schedules.insert(key, schedule);
    world.changed();
    Ok(json!({ "ScheduleArn": arn }))
}

/// Puts another schedule in the place of one: what is left out is not kept.
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html>
pub(super) fn update(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let (key, mut schedule) = new(world, call, named(call))?;
    let arn = schedule.arn.clone();
    let old = call.region(world).scheduler.schedules.get_mut(&key).ok_or_else(|| missing(&key.1))?;
    schedule.created = old.created;
    *old = schedule;
    world.changed();
    Ok(json!({ "ScheduleArn": arn }))
}

fn new(world: &mut World, call: &Call<'_>, name: String) -> Result<((String, String), Schedule), AwsError> {
    let properties: Properties = input(call, &MEMBERS)?;
    let now = call.clock.now();
    if properties.flexible_time_window.mode != "OFF" {
        return Err(not_simulated(call, "a FlexibleTimeWindow other than OFF"));
    }
    let group_name = properties.group_name.clone().unwrap_or_else(|| DEFAULT_GROUP.to_owned());
    group::find(world, call, &group_name)?;
    let expression = read(&properties.schedule_expression, &properties.schedule_expression_timezone)?;
    let to = properties.target.check(call)?;
    let (start, end) = (properties.start_date.map(time).transpose()?, properties.end_date.map(time).transpose()?);
    if start.zip(end).is_some_and(|(start, end)| start >= end) {
        return Err(invalid("The EndDate you specify must be later than the StartDate."));
    }
    let (region, account) = (&call.identity.region, &call.identity.account);
    let arn = format!("arn:aws:scheduler:{region}:{account}:schedule/{group_name}/{name}");
    let mut schedule = Schedule { arn, expression, to, properties, created: now, modified: now, next: None };
    // The start is ignored by a schedule that fires once.
    let begins = start.filter(|start| *start > now && !schedule.expression.is_once()).unwrap_or(now);
    schedule.next = schedule.expression.first(begins);
    schedule.limit();
    Ok(((group_name, name), schedule))
}

fn time(seconds: f64) -> Result<Timestamp, AwsError> {
    #[expect(clippy::cast_possible_truncation, reason = "times are told to the second")]
    Timestamp::from_second(seconds as i64).map_err(|_| invalid("A date is not valid."))
}

impl Schedule {
    /// Takes away a firing that is not to be.
    pub fn limit(&mut self) {
        let end = self.properties.end_date.and_then(|end| time(end).ok()).filter(|_| !self.expression.is_once());
        let enabled = self.properties.state == State::Enabled;
        self.next = self.next.filter(|next| enabled && end.is_none_or(|end| *next <= end));
    }

    fn described(&self, group: &str, name: &str) -> Value {
        let mut answer = json!(self.properties);
        answer["Arn"] = self.arn.as_str().into();
        answer["GroupName"] = group.into();
        answer["Name"] = name.into();
        answer["CreationDate"] = self.created.as_second().into();
        answer["LastModificationDate"] = self.modified.as_second().into();
        answer
    }

    fn brief(&self, group: &str, name: &str) -> Value {
        json!({
            "Arn": self.arn,
            "GroupName": group,
            "Name": name,
            "State": self.properties.state,
            "CreationDate": self.created.as_second(),
            "LastModificationDate": self.modified.as_second(),
            "Target": { "Arn": self.properties.target.arn },
        })
    }
}

/// The group and name that a request is about.
fn key(call: &Call<'_>) -> (String, String) {
    (parameter(call, "groupName").unwrap_or_else(|| DEFAULT_GROUP.to_owned()), named(call))
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let key = key(call);
    let schedule = call.region(world).scheduler.schedules.get(&key);
    Ok(schedule.ok_or_else(|| missing(&key.1))?.described(&key.0, &key.1))
}

pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let key = key(call);
    call.region(world).scheduler.schedules.remove(&key).ok_or_else(|| missing(&key.1))?;
    world.changed();
    Ok(json!({}))
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let (group, state) = (parameter(call, "ScheduleGroup"), parameter(call, "State"));
    let prefix = parameter(call, "NamePrefix").unwrap_or_default();
    let schedules = call.region(world).scheduler.schedules.iter();
    let schedules = schedules.filter(|((in_group, name), schedule)| {
        group.as_ref().is_none_or(|group| group == in_group)
            && name.starts_with(&prefix)
            && state.as_ref().is_none_or(|state| json!(schedule.properties.state) == json!(state))
    });
    page(call, "Schedules", schedules.map(|((group, name), one)| one.brief(group, name)).collect())
}

fn missing(name: &str) -> AwsError {
    not_found(format!("Schedule {name} does not exist."))
}
