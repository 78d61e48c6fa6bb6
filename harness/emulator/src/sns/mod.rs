//! SNS: standard and FIFO topics, subscriptions, publishing and delivery.
//!
//! The modules, in the way of a message: [`topic`]s have [`subscription`]s, some of which an endpoint's owner has to
//! [`confirm`]; [`publish`] and [`batch`] take messages, which [`fifo`] deduplicates; [`deliver`] hands one to each
//! subscription that [`filter`]s it in, inside its [`envelope`] or as a [`mail`], or by [`http`], and again as the
//! [`delivery_policy`] says. [`unsigned`] are the requests of who follows an address in a message.
//!
//! What always holds: a subscription belongs to a topic that exists, and what is not simulated (text messages, mobile
//! push, Firehose, archives) is refused by name.
//! <https://docs.aws.amazon.com/sns/latest/api/welcome.html>

mod batch;
mod confirm;
mod deliver;
mod delivery_policy;
mod envelope;
mod fifo;
mod filter;
mod http;
mod mail;
mod message_attributes;
mod permission;
mod protocol;
mod publish;
mod refusal;
mod settings;
mod subscription;
mod tags;
mod topic;
mod topic_attributes;
pub(crate) mod unsigned;

use std::collections::BTreeMap;

use crate::arn::Arn;
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, Reply, Request, Service, paging, xml};
use crate::world::{Call, World};

pub(crate) use deliver::{Retry, next_due, outstanding, run_due};
pub(crate) use publish::{NewNotification, publish};
use topic::Topic;
pub(crate) use topic::check_name;

/// SNS in one account and region: the topics by name.
#[derive(Default)]
pub(crate) struct State {
    topics: BTreeMap<String, Topic>,
}

pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    if call.identity.is_anonymous() && unsigned::operation(call.request).is_none() {
        return Err(unsigned::refused());
    }
    let form = unsigned::form(call.request);
    let result = match call.operation() {
        "CreateTopic" => topic::create(world, call, &form),
        "DeleteTopic" => topic::delete(world, call, &form),
        "ListTopics" => topic::list(world, call, &form),
        "GetTopicAttributes" => topic::get_attributes(world, call, &form),
        "SetTopicAttributes" => topic::set_attributes(world, call, &form),
        "TagResource" => tags::tag(world, call, &form),
        "UntagResource" => tags::untag(world, call, &form),
        "ListTagsForResource" => tags::list(world, call, &form),
        "AddPermission" => permission::add(world, call, &form),
        "RemovePermission" => permission::remove(world, call, &form),
        "ConfirmSubscription" => confirm::confirm(world, call, &form),
        "Subscribe" => subscription::subscribe(world, call, &form),
        "Unsubscribe" => subscription::unsubscribe(world, call, &form),
        "ListSubscriptions" => subscription::list(world, call, &form),
        "ListSubscriptionsByTopic" => subscription::list_by_topic(world, call, &form),
        "GetSubscriptionAttributes" => subscription::get_attributes(world, call, &form),
        "SetSubscriptionAttributes" => subscription::set_attributes(world, call, &form),
        "Publish" => publish::one(world, call, &form),
        "PublishBatch" => batch::publish(world, call, &form),
        operation => Err(AwsError::not_simulated(Service::Sns, operation)),
    };
    let result = result?;
    if unsigned::is_page(call.request) {
        return Ok(unsigned::page(call.operation(), form.get("SubscriptionArn").map_or(&result, |arn| arn)));
    }
    Ok(query::reply(call.operation(), &result, call.request_id))
}

/// Whether SNS takes a text as a subscription's `FilterPolicy` with a `FilterPolicyScope`.
///
/// # Errors
/// Why it does not.
pub fn check_filter_policy(policy: &str, scope: Option<&str>) -> Result<(), String> {
    filter::Filter::parse(Some(policy), scope).map(drop).map_err(|refusal| refusal.to_string())
}

/// Whether SNS takes a text as the `DeliveryPolicy` of a subscription.
///
/// # Errors
/// Why it does not.
pub fn check_delivery_policy(policy: &str) -> Result<(), String> {
    let topic = delivery_policy::DeliveryPolicy::default();
    delivery_policy::of_subscription(policy, &topic).map(drop).map_err(|refusal| refusal.to_string())
}

/// Whether SNS takes an endpoint of a protocol.
///
/// # Errors
/// Why it does not.
pub fn check_endpoint(protocol: &str, endpoint: &str) -> Result<(), String> {
    protocol::Protocol::of(protocol).map_or(Ok(()), |protocol| match protocol.misfit(endpoint) {
        Some(what) => Err(what.to_owned()),
        None => Ok(()),
    })
}

/// The messages that a request publishes, read for those who watch it on its way to another AWS.
pub fn published(operation: &str, request: &Request) -> Vec<Published> {
    let form = query::form(request);
    let entries = match operation {
        "Publish" => vec![form],
        "PublishBatch" => query::members(&form, "PublishBatchRequestEntries.member"),
        _ => Vec::new(),
    };
    let read = |entry: Form| {
        let id = entry.get("Id").cloned();
        Some(Published { id, notification: publish::notification(&entry).ok()? })
    };
    entries.into_iter().filter_map(read).collect()
}

/// A message that a request publishes.
#[derive(Clone, Debug)]
pub struct Published {
    /// The id of an entry of a batch.
    pub id: Option<String>,
    notification: publish::Notification,
}

impl Published {
    /// Whether a subscription with these attributes gets it.
    pub fn is_wanted(&self, protocol: &str, attributes: &BTreeMap<String, String>) -> bool {
        let get = |name: &str| attributes.get(name).map(String::as_str);
        let filter = filter::Filter::parse(get("FilterPolicy"), get("FilterPolicyScope")).ok().flatten();
        filter.is_none_or(|filter| filter.takes(&self.notification, protocol))
    }

    /// What tells a FIFO topic that it is a duplicate.
    pub fn deduplication_id(&self) -> String {
        fifo::deduplication_id(&self.notification)
    }
}

/// Refuses a form's parameters that are not simulated by name.
fn refuse_others(call: &Call<'_>, form: &Form, simulated: &[&str]) -> Result<(), AwsError> {
    let top_level = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let known = |name: &str| matches!(name, "Action" | "Version") || simulated.contains(&name);
    match form.keys().map(|name| top_level(name)).find(|name| !known(name)) {
        Some(name) => Err(not_simulated(call, &name)),
        None => Ok(()),
    }
}

fn not_simulated(call: &Call<'_>, parameter: &str) -> AwsError {
    AwsError::parameter_not_simulated(Service::Sns, call.operation(), parameter)
}

fn required<'f>(form: &'f Form, name: &str) -> Result<&'f str, AwsError> {
    form.get(name).map(String::as_str).ok_or_else(|| invalid(name))
}

/// `InvalidParameter` with the wording that SNS gives it.
fn invalid(what: impl std::fmt::Display) -> AwsError {
    AwsError::client("InvalidParameter", format!("Invalid parameter: {what}"))
}

fn not_found(what: &str) -> AwsError {
    AwsError::new(404, "NotFound", format!("{what} does not exist"))
}

/// The topic with an ARN, or the error that there is none.
fn find_topic<'w>(world: &'w mut World, arn: &str) -> Result<&'w mut Topic, AwsError> {
    let elements = arn.split(':').count();
    if elements < 6 {
        return Err(invalid(format!("TopicArn Reason: An ARN must have at least 6 elements, not {elements}")));
    }
    let parsed = Arn::parse(arn).filter(|parsed| parsed.service == "sns" && !parsed.resource.contains(':'));
    let parsed = parsed.ok_or_else(|| invalid("TopicArn"))?;
    let topics = &mut world.region(parsed.account, parsed.region).sns.topics;
    topics.get_mut(parsed.resource).ok_or_else(|| not_found("Topic"))
}

/// A page of what an operation lists: its members in an element of the given name, then the token.
fn page(name: &str, members: Vec<String>, form: &Form) -> Result<String, AwsError> {
    let token = form.get("NextToken").map(String::as_str).filter(|token| !token.is_empty());
    let (members, next) = paging::page(members, token, 100).ok_or_else(|| invalid("NextToken"))?;
    let members: String = members.iter().map(|member| format!("<member>{member}</member>")).collect();
    let next = next.map(|next| xml::element("NextToken", &next)).unwrap_or_default();
    Ok(format!("<{name}>{members}</{name}>{next}"))
}

/// A map of attributes.
fn attributes(attributes: &BTreeMap<String, String>) -> String {
    let entry = |(name, value): (&String, &String)| {
        format!("<entry>{}{}</entry>", xml::element("key", name), xml::element("value", value))
    };
    format!("<Attributes>{}</Attributes>", attributes.iter().map(entry).collect::<String>())
}
