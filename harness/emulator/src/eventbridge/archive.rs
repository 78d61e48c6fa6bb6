//! Archives: events of a bus, kept to be replayed.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html>

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::rule::parse_pattern;
use super::{State, find_bus, input, invalid, not_found, page};
use crate::arn::Arn;
use crate::protocol::AwsError;
use crate::world::{Call, World};

pub(super) struct Archive {
    pub arn: String,
    /// The bus's ARN.
    pub source: String,
    bus: String,
    description: Option<String>,
    pattern: Option<(String, Pattern)>,
    /// For how many days events are kept; 0: for ever.
    retention_days: u32,
    created: Timestamp,
    /// Each with the time that it is of, in the order in which they came.
    events: Vec<(Timestamp, Value)>,
}

/// Keeps an event in the archives of a bus that take it. A replayed event is not kept again.
pub(super) fn keep(state: &mut State, bus: &str, event: &Value, now: Timestamp) {
    if event.get("replay-name").is_some() {
        return;
    }
    for archive in state.archives.values_mut().filter(|archive| archive.bus == bus) {
        if archive.pattern.as_ref().is_none_or(|(_, pattern)| pattern.matches(event)) {
            let time = event["time"].as_str().and_then(|time| time.parse().ok()).unwrap_or(now);
            archive.events.push((time, event.clone()));
        }
        archive.expire(now);
    }
}

impl Archive {
    fn expire(&mut self, now: Timestamp) {
        if self.retention_days > 0 {
            let age = SignedDuration::from_hours(24 * i64::from(self.retention_days));
            self.events.retain(|(time, _)| now.duration_since(*time) < age);
        }
    }

    /// The events of a time, its end left out.
    pub fn between(&mut self, from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<(Timestamp, Value)> {
        self.expire(now);
        self.events.iter().filter(|(time, _)| (from..to).contains(time)).cloned().collect()
    }

    fn brief(&self, name: Option<&str>) -> Value {
        let bytes: usize = self.events.iter().map(|(_, event)| event.to_string().len()).sum();
        let mut answer = json!({ "State": "ENABLED", "CreationTime": self.created.as_second() });
        match name {
            None => answer["ArchiveArn"] = self.arn.as_str().into(),
            Some(name) => {
                answer["ArchiveName"] = name.into();
                answer["EventSourceArn"] = self.source.as_str().into();
                answer["RetentionDays"] = self.retention_days.into();
                answer["EventCount"] = self.events.len().into();
                answer["SizeBytes"] = bytes.into();
            }
        }
        answer
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    archive_name: String,
    event_source_arn: Option<String>,
    description: Option<String>,
    event_pattern: Option<String>,
    retention_days: Option<u32>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html>
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Put { archive_name: name, event_source_arn, description, event_pattern, retention_days } = input(call)?;
    let source = event_source_arn.ok_or_else(|| invalid("EventSourceArn must be specified."))?;
    if name.is_empty() || name.len() > 48 {
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'archiveName' failed to satisfy constraint: Member must \
             have length less than or equal to 48"
        )));
    }
    let bus = Arn::parse(&source).and_then(|arn| arn.resource.strip_prefix("event-bus/")).map(str::to_owned);
    let bus =
        bus.ok_or_else(|| invalid("Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN."))?;
    let pattern = parsed(event_pattern)?;
    let (region, account) = (&call.identity.region, &call.identity.account);
    let arn = format!("arn:aws:events:{region}:{account}:archive/{name}");
    let region = call.region(world);
    find_bus(region, &bus)?;
    if region.eventbridge.archives.contains_key(&name) {
        let message = format!("Archive {name} already exists.");
        return Err(AwsError::client("ResourceAlreadyExistsException", message));
    }
    let (retention_days, created) = (retention_days.unwrap_or_default(), call.clock.now());
    let archive = Archive { arn, source, bus, description, pattern, retention_days, created, events: Vec::new() };
    let answer = archive.brief(None);
    region.eventbridge.archives.insert(name, archive);
    Ok(answer)
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateArchive.html>
pub(super) fn update(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Put { archive_name, description, event_pattern, retention_days, .. } = input(call)?;
    let pattern = parsed(event_pattern)?;
    let archive = find(world, call, &archive_name)?;
    archive.pattern = pattern.or(archive.pattern.take());
    archive.description = description.or(archive.description.take());
    archive.retention_days = retention_days.unwrap_or(archive.retention_days);
    Ok(archive.brief(None))
}

fn parsed(text: Option<String>) -> Result<Option<(String, Pattern)>, AwsError> {
    text.map(|text| parse_pattern(&text).map(|pattern| (text, pattern))).transpose()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    archive_name: String,
}

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { archive_name } = input(call)?;
    let archive = find(world, call, &archive_name)?;
    let mut answer = archive.brief(Some(&archive_name));
    answer["ArchiveArn"] = archive.arn.as_str().into();
    if let Some(description) = &archive.description {
        answer["Description"] = description.as_str().into();
    }
    if let Some((pattern, _)) = &archive.pattern {
        answer["EventPattern"] = pattern.as_str().into();
    }
    Ok(answer)
}

pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { archive_name } = input(call)?;
    find(world, call, &archive_name)?;
    call.region(world).eventbridge.archives.remove(&archive_name);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<String>,
    event_source_arn: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let List { name_prefix, event_source_arn, next_token, limit } = input(call)?;
    let prefix = name_prefix.unwrap_or_default();
    let wanted = |archive: &Archive| event_source_arn.as_ref().is_none_or(|arn| *arn == archive.source);
    let all = call.region(world).eventbridge.archives.iter();
    let all = all.filter(|(name, archive)| name.starts_with(&prefix) && wanted(archive));
    let (all, next) = page(all.map(|(name, one)| one.brief(Some(name))).collect(), next_token.as_deref(), limit)?;
    Ok(json!({ "Archives": all, "NextToken": next }))
}

fn find<'w>(world: &'w mut World, call: &Call<'_>, name: &str) -> Result<&'w mut Archive, AwsError> {
    let archive = call.region(world).eventbridge.archives.get_mut(name);
    archive.ok_or_else(|| not_found(format!("Archive {name} does not exist.")))
}
