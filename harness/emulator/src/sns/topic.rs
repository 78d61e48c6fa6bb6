//! Topics.

use std::collections::BTreeMap;

use super::confirm::Cancelled;
use super::fifo::History;
use super::subscription::Subscription;
use super::tags::{self, Tags};
use super::{attributes, find_topic, invalid, page, refuse_others, required, topic_attributes};
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
    /// Those that were deleted without a signature, which their endpoints can have back.
    pub cancelled: Vec<Cancelled>,
    /// The name of the certificate that notifications say they are signed with.
    pub certificate: String,
    /// What a FIFO topic took; none for a standard topic.
    pub history: Option<History>,
    /// The attributes as they were set.
    pub attributes: BTreeMap<String, String>,
    pub tags: Tags,
}

impl Topic {
    /// `1` or `2`: how notifications say they are signed.
    pub fn signature_version(&self) -> &str {
        self.attributes.get("SignatureVersion").map_or("1", String::as_str)
    }

    /// Where the topic's service answers.
    pub fn host(&self) -> String {
        format!("https://sns.{}.amazonaws.com", self.region)
    }

    pub fn is_fifo(&self) -> bool {
        self.history.is_some()
    }

    pub fn deduplicates_by_content(&self) -> bool {
        self.attributes.get("ContentBasedDeduplication").is_some_and(|set| set == "true")
    }

    /// Whether two messages of different groups are never duplicates.
    /// <https://docs.aws.amazon.com/sns/latest/dg/fifo-high-throughput.html>
    pub fn deduplicates_by_group(&self) -> bool {
        self.attributes.get("FifoThroughputScope").is_some_and(|scope| scope == "MessageGroup")
    }
}

/// Creates a topic, or finds the one that is there with the same attributes and tags.
/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
pub(super) fn create(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["Name", "Attributes", "Tags"])?;
    let name = required(form, "Name")?;
    let mut attributes = query::entries(form, "Attributes.entry");
    let is_fifo = match attributes.remove("FifoTopic").map(|fifo| fifo.to_ascii_lowercase()).as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("Attributes Reason: FifoTopic")),
    };
    check_name(name, is_fifo)?;
    for (name, value) in &mut attributes {
        *value = topic_attributes::check(call, name, value, is_fifo).map_err(|refusal| refusal.on_creation())?;
    }
    let tags = tags::of(form)?;
    let topics = &mut call.region(world).sns.topics;
    if let Some(topic) = topics.get(name) {
        return found_again(topic, &attributes, &tags);
    }
    let (region, owner) = (call.identity.region.clone(), call.identity.account.clone());
    let topic = Topic {
        arn: format!("arn:aws:sns:{region}:{owner}:{name}"),
        owner,
        region,
        subscriptions: Vec::new(),
        unsubscribed: 0,
        cancelled: Vec::new(),
        certificate: call.ids.hex(32),
        history: is_fifo.then(History::default),
        attributes,
        tags,
    };
    let answer = xml::element("TopicArn", &topic.arn);
    topics.insert(name.to_owned(), topic);
    world.changed();
    Ok(answer)
}

pub(crate) fn check_name(name: &str, is_fifo: bool) -> Result<(), AwsError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let stem = if is_fifo { name.strip_suffix(".fifo") } else { Some(name) };
    if name.len() <= 256 && stem.is_some_and(|stem| !stem.is_empty() && stem.chars().all(allowed)) {
        return Ok(());
    }
    Err(match is_fifo {
        false => invalid("Topic Name"),
        true => invalid(
            "Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase \
             ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        ),
    })
}

fn found_again(topic: &Topic, attributes: &BTreeMap<String, String>, tags: &Tags) -> Result<String, AwsError> {
    if attributes.iter().any(|(name, value)| topic.attributes.get(name) != Some(value)) {
        return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
    }
    if !tags.is_empty() && *tags != topic.tags {
        return Err(invalid("Tags Reason: Topic already exists with different tags"));
    }
    Ok(xml::element("TopicArn", &topic.arn))
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

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>
pub(super) fn get_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn"])?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    Ok(attributes(&topic_attributes::told(topic)))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
pub(super) fn set_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "AttributeName", "AttributeValue"])?;
    let name = required(form, "AttributeName")?;
    let value = form.get("AttributeValue").cloned().unwrap_or_default();
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    let value = topic_attributes::check(call, name, &value, topic.is_fifo()).map_err(|refusal| refusal.later())?;
    topic.attributes.insert(name.to_owned(), value);
    world.changed();
    Ok(String::new())
}
