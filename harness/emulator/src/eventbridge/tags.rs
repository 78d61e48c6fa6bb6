//! The tags of rules and buses.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-tagging.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{DEFAULT_BUS, find_bus, input, invalid, rule};
use crate::arn::Arn;
use crate::protocol::AwsError;
use crate::world::{Call, World};

pub(super) type Tags = BTreeMap<String, String>;

/// A tag as it is put.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// The tags that something is created with.
pub(super) fn of(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect()
}

#[derive(Deserialize)]
struct TagResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html>
pub(super) fn tag(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let TagResource { arn, tags } = input(call)?;
    find(world, call, &arn)?.extend(of(Some(tags)));
    world.changed();
    Ok(json!({}))
}

#[derive(Deserialize)]
struct UntagResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
    #[serde(rename = "TagKeys")]
    keys: Vec<String>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UntagResource.html>
pub(super) fn untag(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let UntagResource { arn, keys } = input(call)?;
    find(world, call, &arn)?.retain(|key, _| !keys.contains(key));
    world.changed();
    Ok(json!({}))
}

#[derive(Deserialize)]
struct ListTagsForResource {
    #[serde(rename = "ResourceARN")]
    arn: String,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTagsForResource.html>
pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let ListTagsForResource { arn } = input(call)?;
    let tags = find(world, call, &arn)?.iter();
    Ok(json!({ "Tags": tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>() }))
}

/// The tags of what an ARN names: a bus, a rule of the default bus (`rule/NAME`) or of another (`rule/BUS/NAME`).
fn find<'w>(world: &'w mut World, call: &Call<'_>, text: &str) -> Result<&'w mut Tags, AwsError> {
    let own = (call.identity.account.as_str(), call.identity.region.as_str());
    let arn = Arn::parse(text).filter(|arn| arn.service == "events" && (arn.account, arn.region) == own);
    let Some(arn) = arn else { return Err(invalid("Parameter ResourceARN is not valid.")) };
    let region = call.region(world);
    if let Some(bus) = arn.resource.strip_prefix("event-bus/") {
        return Ok(&mut find_bus(region, bus)?.tags);
    }
    let Some(path) = arn.resource.strip_prefix("rule/") else {
        return Err(invalid("Parameter ResourceARN is not valid. Reason: only rules and event buses have tags."));
    };
    let (bus, name) = path.rsplit_once('/').unwrap_or((DEFAULT_BUS, path));
    Ok(&mut rule::find(region, bus, name)?.tags)
}
