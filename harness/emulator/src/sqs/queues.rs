//! The operations on queues: their life, attributes and tags.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::attributes::{Attributes, SETTABLE};
use super::error::{invalid, missing, no_such_queue, unknown_attribute, within};
use super::queue::Queue;
use super::{State, batch};
use crate::protocol::AwsError;
use crate::protocol::json::input;
use crate::world::{Call, World};

/// How long after a queue's deletion its name is taken, and how long after a purge none is allowed.
const ONE_MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// Attributes of a queue that it tells and that cannot be set.
const TOLD: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateQueue {
    #[serde(default)]
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// The only member of SQS's JSON that starts in lower case.
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OfQueue {
    #[serde(default)]
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueUrl {
    #[serde(default)]
    queue_name: String,
    queue_owner_aws_account_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListQueues {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueAttributes {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SetQueueAttributes {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagQueue {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UntagQueue {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// Makes a queue, or finds the one that has this name and these attributes.
pub(super) fn create_queue(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: CreateQueue = input(call.request)?;
    let fifo = input.attributes.get("FifoQueue").is_some_and(|value| value == "true");
    check_name(&input.queue_name, fifo)?;
    let identity = call.identity;
    let arn = format!("arn:aws:sqs:{}:{}:{}", identity.region, identity.account, input.queue_name);
    let url = format!("https://sqs.{}.amazonaws.com/{}/{}", identity.region, identity.account, input.queue_name);
    let state = &mut call.region(world).sqs;
    let defaults = if fifo { Attributes::fifo() } else { Attributes::default() };
    let attributes = state.changed_attributes(call, defaults, &arn, &input.attributes)?;
    if let Some(queue) = state.queues.get(&input.queue_name) {
        let differs = |name: &&String| queue.attributes.get(name) != attributes.get(name);
        return match input.attributes.keys().find(differs) {
            Some(name) => Err(exists_differently(name)),
            None => Ok(json!({ "QueueUrl": queue.url })),
        };
    }
    let now = call.clock.now();
    if state.deleted.get(&input.queue_name).is_some_and(|deleted| now.duration_since(*deleted) < ONE_MINUTE) {
        return Err(deleted_recently());
    }
    let mut queue = Queue::new(arn, url.clone(), attributes, call.clock, &call.ids);
    queue.tags = input.tags;
    state.deleted.remove(&input.queue_name);
    state.queues.insert(input.queue_name, queue);
    Ok(json!({ "QueueUrl": url }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html>
pub(super) fn delete_queue(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: OfQueue = input(call.request)?;
    let now = call.clock.now();
    let state = &mut call.region(world).sqs;
    let name = state.at_url(&input.queue_url, now)?.name().to_owned();
    state.queues.remove(&name);
    state.deleted.insert(name, now);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html>
pub(super) fn get_queue_url(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: GetQueueUrl = input(call.request)?;
    if input.queue_name.is_empty() {
        return Err(missing("QueueName"));
    }
    let owner = input.queue_owner_aws_account_id.as_ref();
    let queue = call.region(world).sqs.queues.get(&input.queue_name);
    let queue = queue.filter(|queue| owner.is_none_or(|owner| owner == queue.account()));
    Ok(json!({ "QueueUrl": queue.ok_or_else(no_such_queue)?.url }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html>
pub(super) fn list_queues(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: ListQueues = input(call.request)?;
    let queues = call.region(world).sqs.queues.iter();
    let queues = queues.filter(|(name, _)| name.starts_with(&input.queue_name_prefix));
    let queues = queues.map(|(name, queue)| (name.as_str(), queue.url.as_str()));
    let mut output = page(queues, "QueueUrls", input.max_results, input.next_token.as_deref())?;
    if output["QueueUrls"] == json!([]) {
        output = json!({});
    }
    Ok(output)
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>
pub(super) fn get_queue_attributes(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: GetQueueAttributes = input(call.request)?;
    let now = call.clock.now();
    let queue = call.region(world).sqs.at_url(&input.queue_url, now)?;
    let known = || TOLD.iter().chain(&SETTABLE);
    if let Some(unknown) =
        input.attribute_names.iter().find(|name| *name != "All" && !known().any(|known| known == name))
    {
        return Err(unknown_attribute(unknown));
    }
    let all = input.attribute_names.iter().any(|name| name == "All");
    let asked = known().filter(|name| all || input.attribute_names.iter().any(|asked| asked == **name));
    let attributes: Map<String, Value> =
        asked.filter_map(|name| Some(((*name).to_owned(), attribute(queue, name, now)?.into()))).collect();
    Ok(if attributes.is_empty() { json!({}) } else { json!({ "Attributes": attributes }) })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
pub(super) fn set_queue_attributes(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: SetQueueAttributes = input(call.request)?;
    let now = call.clock.now();
    let state = &mut call.region(world).sqs;
    let queue = state.at_url(&input.queue_url, now)?;
    let (arn, before) = (queue.arn.clone(), queue.attributes.clone());
    let attributes = state.changed_attributes(call, before, &arn, &input.attributes)?;
    let queue = state.at_url(&input.queue_url, now)?;
    queue.set_attributes(attributes, now);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html>
pub(super) fn purge_queue(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: OfQueue = input(call.request)?;
    let now = call.clock.now();
    let queue = call.region(world).sqs.at_url(&input.queue_url, now)?;
    if queue.purged.is_some_and(|purged| now.duration_since(purged) < ONE_MINUTE) {
        let message = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", queue.name());
        let code = "AWS.SimpleQueueService.PurgeQueueInProgress";
        return Err(AwsError::new(403, "PurgeQueueInProgress", message).with_query_code(code));
    }
    queue.purge(now);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_TagQueue.html>
pub(super) fn tag_queue(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: TagQueue = input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    if input.tags.is_empty() {
        return Err(missing("Tags"));
    }
    let mut tags = queue.tags.clone();
    tags.extend(input.tags);
    if tags.len() > 50 {
        return Err(invalid("Too many tags added for queue: the maximum is 50."));
    }
    queue.tags = tags;
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_UntagQueue.html>
pub(super) fn untag_queue(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: UntagQueue = input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    if input.tag_keys.is_empty() {
        return Err(missing("TagKeys"));
    }
    queue.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueueTags.html>
pub(super) fn list_queue_tags(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: OfQueue = input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    Ok(if queue.tags.is_empty() { json!({}) } else { json!({ "Tags": queue.tags }) })
}

/// One page of URLs by queue name: at most `max_results`, or 1,000 in all where there is no limit.
pub(super) fn page<'a>(
    queues: impl Iterator<Item = (&'a str, &'a str)>,
    member: &str,
    max_results: Option<i64>,
    token: Option<&str>,
) -> Result<Value, AwsError> {
    let limit = within("MaxResults", max_results.unwrap_or(1000), 1..=1000)?;
    let limit = usize::try_from(limit).expect("a number within 1 to 1000");
    let after = token.map(|token| {
        let name = URL_SAFE.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
        name.ok_or_else(|| invalid("Invalid or expired next token."))
    });
    let after = after.transpose()?;
    let rest: Vec<_> = queues.filter(|(name, _)| after.as_deref().is_none_or(|after| *name > after)).collect();
    let urls: Vec<&str> = rest.iter().take(limit).map(|(_, url)| *url).collect();
    let mut output = json!({ member: urls });
    // Without MaxResults there is no token, however many queues there are.
    if max_results.is_some() && rest.len() > limit {
        output["NextToken"] = URL_SAFE.encode(rest[limit - 1].0).into();
    }
    Ok(output)
}

impl State {
    /// `before` with the attributes of a request, all of them valid for the queue with this ARN.
    fn changed_attributes(
        &self,
        call: &Call<'_>,
        before: Attributes,
        arn: &str,
        changes: &BTreeMap<String, String>,
    ) -> Result<Attributes, AwsError> {
        let mut attributes = before;
        for (name, value) in changes {
            attributes.set(call.operation(), name, value)?;
        }
        if let Some(policy) = attributes.redrive_policy().filter(|_| changes.contains_key("RedrivePolicy")) {
            let target = self.with_arn(&policy.target_arn);
            let target = target.ok_or_else(|| policy.refused("Dead letter target does not exist."))?;
            if !target.attributes.allows_source(arn) {
                return Err(policy.refused("Dead letter target's redrive allow policy does not allow this queue."));
            }
            if target.attributes.is_fifo() != attributes.is_fifo() {
                return Err(policy.refused("Dead-letter queue must be same type of queue as the source."));
            }
        }
        attributes.check()?;
        Ok(attributes)
    }
}

fn attribute(queue: &mut Queue, name: &str, now: Timestamp) -> Option<String> {
    Some(match name {
        "ApproximateNumberOfMessages" => queue.depth(now).visible.to_string(),
        "ApproximateNumberOfMessagesDelayed" => queue.depth(now).delayed.to_string(),
        "ApproximateNumberOfMessagesNotVisible" => queue.depth(now).in_flight.to_string(),
        "CreatedTimestamp" => queue.created.as_second().to_string(),
        "LastModifiedTimestamp" => queue.modified.as_second().to_string(),
        "QueueArn" => queue.arn.clone(),
        _ => return queue.attributes.get(name),
    })
}

/// A FIFO queue's name ends in `.fifo`, and no other queue's does.
pub(crate) fn check_name(name: &str, fifo: bool) -> Result<(), AwsError> {
    if name.is_empty() {
        return Err(missing("QueueName"));
    }
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let valid = |stem: &str| stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if name.len() <= 80 && stem.is_some_and(|stem| !stem.is_empty() && valid(stem)) {
        return Ok(());
    }
    Err(invalid(if fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
         .fifo suffix and be 1 to 80 in length"
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    }))
}

fn exists_differently(attribute: &str) -> AwsError {
    let message = format!("A queue already exists with the same name and a different value for attribute {attribute}");
    batch::refused("QueueNameExists", "QueueAlreadyExists", message)
}

fn deleted_recently() -> AwsError {
    let message = "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
    batch::refused("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", message)
}
