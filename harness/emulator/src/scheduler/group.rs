//! Schedule groups, and their tags.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DEFAULT_GROUP, check_name, conflict, input, invalid, named, not_found, page, parameter};
use crate::protocol::AwsError;
use crate::world::{Call, World};

pub(super) struct Group {
    created: Timestamp,
    tags: BTreeMap<String, String>,
}

impl Group {
    pub fn new(created: Timestamp, tags: BTreeMap<String, String>) -> Self {
        Self { created, tags }
    }

    fn describe(&self, call: &Call<'_>, name: &str) -> Value {
        json!({
            "Arn": arn(call, name),
            "Name": name,
            "State": "ACTIVE",
            "CreationDate": self.created.as_second(),
            "LastModificationDate": self.created.as_second(),
        })
    }
}

fn arn(call: &Call<'_>, name: &str) -> String {
    format!("arn:aws:scheduler:{}:{}:schedule-group/{name}", call.identity.region, call.identity.account)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    #[serde(default)]
    tags: Vec<Tag>,
}

impl Tags {
    fn into_map(self) -> BTreeMap<String, String> {
        self.tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html>
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let tags: Tags = input(call, &["Tags", "ClientToken"])?;
    let name = named(call);
    check_name(&name)?;
    let groups = &mut call.region(world).scheduler.groups;
    if groups.contains_key(&name) {
        return Err(conflict(format!("Schedule group {name} already exists.")));
    }
    groups.insert(name.clone(), Group::new(call.clock.now(), tags.into_map()));
    Ok(json!({ "ScheduleGroupArn": arn(call, &name) }))
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let name = named(call);
    Ok(find(world, call, &name)?.describe(call, &name))
}

/// Deletes a group and the schedules in it.
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html>
pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let name = named(call);
    if name == DEFAULT_GROUP {
        return Err(invalid("The default schedule group cannot be deleted."));
    }
    find(world, call, &name)?;
    let state = &mut call.region(world).scheduler;
    state.groups.remove(&name);
    state.schedules.retain(|(group, _), _| *group != name);
    world.changed();
    Ok(json!({}))
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let prefix = parameter(call, "NamePrefix").unwrap_or_default();
    let groups = call.region(world).scheduler.groups.iter().filter(|(name, _)| name.starts_with(&prefix));
    page(call, "ScheduleGroups", groups.map(|(name, group)| group.describe(call, name)).collect())
}

pub(super) fn tag(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let tags: Tags = input(call, &["Tags"])?;
    of_arn(world, call)?.tags.extend(tags.into_map());
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let keys: Vec<_> = call.request.query().into_iter().filter(|(name, _)| name == "TagKeys").collect();
    let group = of_arn(world, call)?;
    group.tags.retain(|key, _| !keys.iter().any(|(_, gone)| gone == key));
    Ok(json!({}))
}

pub(super) fn tags(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let tags = &of_arn(world, call)?.tags;
    Ok(json!({ "Tags": tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>() }))
}

/// The group whose ARN stands in the path.
fn of_arn<'w>(world: &'w mut World, call: &Call<'_>) -> Result<&'w mut Group, AwsError> {
    let arn = named(call);
    let name = arn.rsplit_once(":schedule-group/").map_or(arn.as_str(), |(_, name)| name).to_owned();
    find(world, call, &name)
}

pub(super) fn find<'w>(world: &'w mut World, call: &Call<'_>, name: &str) -> Result<&'w mut Group, AwsError> {
    let group = call.region(world).scheduler.groups.get_mut(name);
    group.ok_or_else(|| not_found(format!("Schedule group {name} does not exist.")))
}
