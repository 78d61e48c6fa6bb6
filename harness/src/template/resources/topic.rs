//! `AWS::SNS::Topic` and `AWS::SNS::Subscription`: standard topics to queues and functions.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html>

use std::collections::BTreeMap;

use super::{Build, Resolved};
use crate::stack::{Subscription, Topic};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &["TopicName", "Subscription", "FifoTopic"],
    descriptive: &["DisplayName", "Tags"],
    harmless: &["DeliveryStatusLogging", "KmsMasterKeyId", "SignatureVersion", "TracingConfig"],
    refused: &["ArchivePolicy", "ContentBasedDeduplication", "DataProtectionPolicy", "FifoThroughputScope"],
};
pub const SUBSCRIPTION: Shape = Shape {
    reads: &["Endpoint", "Protocol", "RawMessageDelivery", "TopicArn"],
    descriptive: &[],
    harmless: &[],
    refused: &[
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RedrivePolicy",
        "Region",
        "ReplayPolicy",
        "SubscriptionRoleArn",
    ],
};
const INLINE: Shape = Shape::of(&["Endpoint", "Protocol"]);

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    if object.boolean(report, "FifoTopic") == Some(true) || resource.name.ends_with(".fifo") {
        let problem = report.error(&object.place_of("FifoTopic"), "FIFO topics are not simulated");
        problem.help("use a standard topic");
    }
    build.stack.topics.push(Topic {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        policy: None,
    });
    for (at, inline) in object.objects(report, resource.id, "Subscription", &INLINE).iter().enumerate() {
        let logical_id = format!("{}Subscription{at}", resource.id);
        subscription(resource, logical_id, inline, Some(resource.arn.clone()), report, build);
    }
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
    let services: &[&str] = if protocol == "sqs" { &["sqs"] } else { &["lambda"] };
    let endpoint = resource.link(object, "Endpoint", services, report, build);
    let mut attributes = BTreeMap::new();
    if let Some(raw) = object.boolean(report, "RawMessageDelivery") {
        if raw && protocol == "lambda" {
            report
                .error(&object.place_of("RawMessageDelivery"), "raw message delivery is for queues, not for functions");
        }
        attributes.insert("RawMessageDelivery".to_owned(), raw.to_string());
    }
    let (Some(topic_arn), Some(endpoint)) = (topic, endpoint) else { return };
    build.stack.subscriptions.push(Subscription { logical_id, topic_arn, protocol, endpoint, attributes });
}

fn protocol(object: &Object<'_>, report: &mut Report) -> Option<String> {
    let protocol = object.text(report, "Protocol")?;
    if matches!(protocol.as_str(), "sqs" | "lambda") {
        return Some(protocol);
    }
    let span = &object.value("Protocol")?.span;
    let problem = report.error(span, format!("subscriptions with the protocol `{protocol}` are not simulated"));
    problem.help("it can be `sqs` or `lambda`");
    None
}
