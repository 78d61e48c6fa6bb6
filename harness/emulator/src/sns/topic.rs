//! Topics.

use std::collections::BTreeMap;

use super::subscription::Subscription;
use super::{attributes, find_topic, invalid, not_found, not_simulated, page, refuse_others, required};
use crate::arn::Arn;
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, xml};
use crate::world::{Call, World};

#[derive(Debug)]
pub(super) struct Topic {
    pub arn: String,
    pub owner: String,
    pub region: String,
    /// In the order in which they were made.
    pub subscriptions: Vec<Subscription>,
    /// How many subscriptions were deleted.
    pub unsubscribed: usize,
    /// The name of the certificate that notifications say they are signed with.
    pub certificate: String,
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

impl Topic {
    /// `1` or `2`: how notifications say they are signed.
    pub fn signature_version(&self) -> &str {
        self.attributes.get("SignatureVersion").map_or("1", String::as_str)
    }
}

/// Attributes that are kept. Those about rights, keys, tracing and HTTP deliveries change nothing for queues
/// and functions.
const ATTRIBUTES: [&str; 6] =
    ["DeliveryPolicy", "DisplayName", "KmsMasterKeyId", "Policy", "SignatureVersion", "TracingConfig"];

/// Whether SNS has a topic attribute, simulated or not.
/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
fn is_attribute(name: &str) -> bool {
    let others = ["ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope"];
    let is_feedback = ["FeedbackRoleArn", "FeedbackSampleRate"].iter().any(|end| name.ends_with(end));
    ATTRIBUTES.contains(&name) || others.contains(&name) || is_feedback
}

/// Creates a topic, or finds the one that is there with the same attributes and tags.
/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
pub(super) fn create(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["Name", "Attributes", "Tags"])?;
    let name = required(form, "Name")?;
    let mut attributes = query::entries(form, "Attributes.entry");
    if attributes.remove("FifoTopic").is_some_and(|fifo| fifo == "true") {
        return Err(not_simulated(call, "the attribute FifoTopic"));
    }
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
        return Err(invalid("Topic Name"));
    }
    for (name, value) in &attributes {
        check_attribute(call, name, value)?;
    }
    let tags = tags(form);
    let topics = &mut call.region(world).sns.topics;
    if let Some(topic) = topics.get(name) {
        return found_again(topic, &attributes, &tags);
    }
    let (region, owner) = (call.identity.region.clone(), call.identity.account.clone());
    let arn = format!("arn:aws:sns:{region}:{owner}:{name}");
    let answer = xml::element("TopicArn", &arn);
    let certificate = call.ids.hex(32);
    let topic = Topic { arn, owner, region, subscriptions: Vec::new(), unsubscribed: 0, certificate, attributes, tags };
    topics.insert(name.to_owned(), topic);
    world.changed();
    Ok(answer)
}

fn found_again(
    topic: &Topic,
    attributes: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> Result<String, AwsError> {
    if attributes.iter().any(|(name, value)| topic.attributes.get(name) != Some(value)) {
        return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
    }
    if !tags.is_empty() && *tags != topic.tags {
        return Err(invalid("Tags Reason: Topic already exists with different tags"));
    }
    Ok(xml::element("TopicArn", &topic.arn))
}

fn check_attribute(call: &Call<'_>, name: &str, value: &str) -> Result<(), AwsError> {
    match name {
        "SignatureVersion" if !matches!(value, "1" | "2") => Err(invalid("SignatureVersion")),
        name if ATTRIBUTES.contains(&name) => Ok(()),
        name => Err(not_simulated(call, &format!("the attribute {name}"))),
    }
}

fn tags(form: &Form) -> BTreeMap<String, String> {
    let tags = query::members(form, "Tags.member").into_iter();
    tags.filter_map(|mut tag| Some((tag.remove("Key")?, tag.remove("Value").unwrap_or_default()))).collect()
}

/// Deletes a topic with its subscriptions; one that does not exist is deleted already.
pub(super) fn delete(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn"])?;
    let arn = Arn::parse(required(form, "TopicArn")?).ok_or_else(|| invalid("TopicArn"))?;
    world.region(arn.account, arn.region).sns.topics.remove(arn.resource);
    world.changed();
    Ok(String::new())
}

pub(super) fn list(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["NextToken"])?;
    let topics = call.region(world).sns.topics.values();
    page("Topics", topics.map(|topic| xml::element("TopicArn", &topic.arn)).collect(), form)
}

pub(super) fn get_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn"])?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    let mut all = topic.attributes.clone();
    all.entry("DisplayName".to_owned()).or_default();
    all.insert("TopicArn".to_owned(), topic.arn.clone());
    all.insert("Owner".to_owned(), topic.owner.clone());
    all.insert("SubscriptionsConfirmed".to_owned(), topic.subscriptions.len().to_string());
    all.insert("SubscriptionsPending".to_owned(), "0".to_owned());
    all.insert("SubscriptionsDeleted".to_owned(), topic.unsubscribed.to_string());
    Ok(attributes(&all))
}

pub(super) fn set_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "AttributeName", "AttributeValue"])?;
    let name = required(form, "AttributeName")?;
    let value = form.get("AttributeValue").cloned().unwrap_or_default();
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    if !is_attribute(name) {
        return Err(invalid("AttributeName"));
    }
    check_attribute(call, name, &value)?;
    topic.attributes.insert(name.to_owned(), value);
    world.changed();
    Ok(String::new())
}

pub(super) fn tag(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["ResourceArn", "Tags"])?;
    find_tagged(world, form)?.tags.extend(tags(form));
    Ok(String::new())
}

pub(super) fn untag(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["ResourceArn", "TagKeys"])?;
    let topic = find_tagged(world, form)?;
    for key in query::members(form, "TagKeys.member").iter().filter_map(|key| key.get("")) {
        topic.tags.remove(key);
    }
    Ok(String::new())
}

pub(super) fn list_tags(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["ResourceArn"])?;
    let member = |(key, value): (&String, &String)| {
        format!("<member>{}{}</member>", xml::element("Key", key), xml::element("Value", value))
    };
    let tags: String = find_tagged(world, form)?.tags.iter().map(member).collect();
    Ok(format!("<Tags>{tags}</Tags>"))
}

fn find_tagged<'w>(world: &'w mut World, form: &Form) -> Result<&'w mut Topic, AwsError> {
    find_topic(world, required(form, "ResourceArn")?).map_err(|error| match error.status {
        404 => AwsError { code: "ResourceNotFound".into(), ..not_found("Resource") },
        _ => error,
    })
}
