//! Tags of topics.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html>

use std::collections::BTreeMap;

use super::topic::Topic;
use super::{find_topic, invalid, not_found, refuse_others, required};
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, xml};
use crate::world::{Call, World};

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// A topic has at most this many tags.
const MAX_TAGS: usize = 50;

/// The tags in a form.
pub(super) fn of(form: &Form) -> Result<Tags, AwsError> {
    let mut tags = Tags::new();
    for mut tag in query::members(form, "Tags.member") {
        let Some(key) = tag.remove("Key") else { continue };
        if tags.insert(key, tag.remove("Value").unwrap_or_default()).is_some() {
            return Err(invalid("Duplicated keys are not allowed."));
        }
    }
    Ok(tags)
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html>
pub(super) fn tag(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["ResourceArn", "Tags"])?;
    let topic = find(world, form)?;
    let mut tags = topic.tags.clone();
    tags.extend(of(form)?);
    if tags.len() > MAX_TAGS {
        return Err(AwsError::client(
            "TagLimitExceeded",
            "Could not complete request: tag quota of per resource exceeded",
        ));
    }
    topic.tags = tags;
    Ok(String::new())
}

pub(super) fn untag(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["ResourceArn", "TagKeys"])?;
    let topic = find(world, form)?;
    for key in query::members(form, "TagKeys.member").iter().filter_map(|key| key.get("")) {
        topic.tags.remove(key);
    }
    Ok(String::new())
}

pub(super) fn list(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["ResourceArn"])?;
    let member = |(key, value): (&String, &String)| {
        format!("<member>{}{}</member>", xml::element("Key", key), xml::element("Value", value))
    };
    let tags: String = find(world, form)?.tags.iter().map(member).collect();
    Ok(format!("<Tags>{tags}</Tags>"))
}

fn find<'w>(world: &'w mut World, form: &Form) -> Result<&'w mut Topic, AwsError> {
    find_topic(world, required(form, "ResourceArn")?).map_err(|error| match error.status {
        404 => AwsError { code: "ResourceNotFound".into(), ..not_found("Resource") },
        _ => error,
    })
}
