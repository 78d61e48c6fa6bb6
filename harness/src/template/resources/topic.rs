//! `AWS::SNS::Topic` and `AWS::SNS::Subscription`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html>

use std::collections::BTreeMap;

use rehearsal_emulator::sns;
use serde_json::json;

use super::{Build, Resolved};
use crate::stack::{Subscription, Topic};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::yaml::Node;

pub const SHAPE: Shape = Shape {
    reads: &[
        "TopicName",
        "Subscription",
        "FifoTopic",
        "ContentBasedDeduplication",
        "FifoThroughputScope",
        "DisplayName",
        "SignatureVersion",
    ],
    descriptive: &["Tags"],
    harmless: &["DeliveryStatusLogging", "KmsMasterKeyId", "TracingConfig"],
    refused: &["ArchivePolicy", "DataProtectionPolicy"],
};
pub const SUBSCRIPTION: Shape = Shape {
    reads: &[
        "Endpoint",
        "Protocol",
        "RawMessageDelivery",
        "TopicArn",
        "FilterPolicy",
        "FilterPolicyScope",
        "RedrivePolicy",
        "DeliveryPolicy",
    ],
    descriptive: &[],
    harmless: &[],
    refused: &["Region", "ReplayPolicy", "SubscriptionRoleArn"],
};
const INLINE: Shape = Shape::of(&["Endpoint", "Protocol"]);
const REDRIVE: Shape = Shape::of(&["deadLetterTargetArn"]);

/// The protocols that are simulated.
const PROTOCOLS: [&str; 6] = ["sqs", "lambda", "email", "email-json", "http", "https"];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    build.stack.topics.push(Topic {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        attributes: attributes(resource, report),
    });
    for (at, inline) in resource.object.objects(report, resource.id, "Subscription", &INLINE).iter().enumerate() {
        let logical_id = format!("{}Subscription{at}", resource.id);
        subscription(resource, logical_id, inline, Some(resource.arn.clone()), report, build);
    }
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html>
fn attributes(resource: &Resolved<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let object = &resource.object;
    let mut attributes = BTreeMap::new();
    let is_fifo = object.boolean(report, "FifoTopic") == Some(true);
    if is_fifo != resource.name.ends_with(".fifo") {
        let place = object.place_of(if object.has("TopicName") { "TopicName" } else { "FifoTopic" });
        let problem = report.error(&place, "the name of a FIFO topic ends with `.fifo`, and that of no other topic");
        problem.help("write `FifoTopic: true` and a `TopicName` that ends with `.fifo`");
    }
    if is_fifo {
        attributes.insert("FifoTopic".to_owned(), "true".to_owned());
    }
    for name in ["ContentBasedDeduplication", "FifoThroughputScope"] {
        if object.has(name) && !is_fifo {
            report.error(&object.place_of(name), format!("`{name}` is for FIFO topics"));
        }
    }
    let deduplicates = object.boolean(report, "ContentBasedDeduplication").map(|by_content| by_content.to_string());
    let scope = object.word(report, "FifoThroughputScope", &["Topic", "MessageGroup"]).map(str::to_owned);
    let version = object.word(report, "SignatureVersion", &["1", "2"]).map(str::to_owned);
    let written = [
        ("ContentBasedDeduplication", deduplicates),
        ("FifoThroughputScope", scope),
        ("SignatureVersion", version),
        ("DisplayName", object.text(report, "DisplayName")),
    ];
    attributes.extend(written.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    attributes
}

pub fn read_subscription(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let topic = resource.link(&resource.object, "TopicArn", &["sns"], report, build);
    subscription(resource, resource.id.to_owned(), &resource.object, topic, report, build);
}

fn subscription(
    resource: &Resolved<'_>,
    logical_id: String,
    object: &Object<'_>,
    topic: Option<String>,
    report: &mut Report,
    build: &mut Build,
) {
    object.require(report, "Protocol");
    let Some(protocol) = protocol(object, report) else { return };
    let endpoint = match protocol.as_str() {
        "sqs" => resource.link(object, "Endpoint", &["sqs"], report, build),
        "lambda" => resource.link(object, "Endpoint", &["lambda"], report, build),
        _ => address(object, &protocol, report),
    };
    let mut attributes = BTreeMap::new();
    if let Some(raw) = object.boolean(report, "RawMessageDelivery") {
        if raw && !matches!(protocol.as_str(), "sqs" | "http" | "https") {
            let message =
                format!("raw message delivery is for queues and HTTP endpoints, not for the protocol `{protocol}`");
            report.error(&object.place_of("RawMessageDelivery"), message);
        }
        attributes.insert("RawMessageDelivery".to_owned(), raw.to_string());
    }
    filter_policy(object, &mut attributes, report);
    delivery_policy(object, &protocol, &mut attributes, report);
    if let Some(policy) = object.object(report, resource.id, "RedrivePolicy", &REDRIVE)
        && let Some(queue) = resource.link(&policy, "deadLetterTargetArn", &["sqs"], report, build)
    {
        attributes.insert("RedrivePolicy".to_owned(), json!({ "deadLetterTargetArn": queue }).to_string());
    }
    let (Some(topic_arn), Some(endpoint)) = (topic, endpoint) else { return };
    check_fifo(object, &protocol, &endpoint, &topic_arn, report);
    build.stack.subscriptions.push(Subscription { logical_id, topic_arn, protocol, endpoint, attributes });
}

/// A mail address or a URL.
fn address(object: &Object<'_>, protocol: &str, report: &mut Report) -> Option<String> {
    let endpoint = object.required_text(report, "Endpoint")?;
    if sns::check_endpoint(protocol, &endpoint).is_err() {
        let span = &object.value("Endpoint")?.span;
        report.error(span, format!("`{endpoint}` is not an endpoint of the protocol `{protocol}`"));
    }
    Some(endpoint)
}

fn protocol(object: &Object<'_>, report: &mut Report) -> Option<String> {
    let protocol = object.text(report, "Protocol")?;
    if PROTOCOLS.contains(&protocol.as_str()) {
        return Some(protocol);
    }
    let span = &object.value("Protocol")?.span;
    let problem = report.error(span, format!("subscriptions with the protocol `{protocol}` are not simulated"));
    problem.help("it can be `sqs`, `lambda`, `email`, `email-json`, `http` or `https`");
    None
}

/// A policy, which a template gives as a mapping or as JSON text, and what it looks at.
fn filter_policy(object: &Object<'_>, attributes: &mut BTreeMap<String, String>, report: &mut Report) {
    let scope = object.word(report, "FilterPolicyScope", &["MessageAttributes", "MessageBody"]);
    if let Some(scope) = scope {
        attributes.insert("FilterPolicyScope".to_owned(), scope.to_owned());
    }
    let Some(node) = object.value("FilterPolicy") else { return };
    let policy = match node.mapping() {
        Some(_) => node.to_json().to_string(),
        None => node.scalar().unwrap_or_default(),
    };
    if let Err(reason) = sns::check_filter_policy(&policy, scope) {
        report.error(&node.span, format!("this is not a filter policy: {reason}"));
    }
    attributes.insert("FilterPolicy".to_owned(), policy);
}

/// When SNS tries an HTTP endpoint again.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>
fn delivery_policy(
    object: &Object<'_>,
    protocol: &str,
    attributes: &mut BTreeMap<String, String>,
    report: &mut Report,
) {
    let Some(node) = object.value("DeliveryPolicy") else { return };
    let policy = node.to_json().to_string();
    if !protocol.starts_with("http") {
        let message = format!("a delivery policy is for HTTP endpoints, not for the protocol `{protocol}`");
        report.error(&object.place_of("DeliveryPolicy"), message);
    } else if let Err(reason) = sns::check_delivery_policy(&policy) {
        report.error(&node.span, format!("this is not a delivery policy: {reason}"));
    }
    attributes.insert("DeliveryPolicy".to_owned(), policy);
}

/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-delivery.html>
fn check_fifo(object: &Object<'_>, protocol: &str, endpoint: &str, topic: &str, report: &mut Report) {
    let place = |key: &str| object.value(key).map_or(object.place.clone(), |node: &Node| node.span.clone());
    if topic.ends_with(".fifo") && protocol != "sqs" {
        let problem = report.error(&place("Protocol"), "only queues can subscribe to a FIFO topic");
        problem.help("let a queue subscribe, and the function take its messages");
    } else if protocol == "sqs" && endpoint.ends_with(".fifo") && !topic.ends_with(".fifo") {
        report.error(&place("Endpoint"), "a FIFO queue can subscribe to a FIFO topic only");
    }
}
