//! `AWS::SQS::Queue`: standard and FIFO queues.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::json;

use super::{Build, Resolved};
use crate::stack::Queue;
use crate::template::property::Shape;
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &[
        "QueueName",
        "DelaySeconds",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "VisibilityTimeout",
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "FifoQueue",
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
    ],
    descriptive: &["Tags"],
    harmless: &["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"],
    refused: &[],
};
const REDRIVE: Shape = Shape::of(&["deadLetterTargetArn", "maxReceiveCount"]);
const REDRIVE_ALLOW: Shape = Shape::of(&["redrivePermission", "sourceQueueArns"]);

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
const NUMBERS: &[(&str, RangeInclusive<u32>)] = &[
    ("DelaySeconds", 0..=900),
    ("MaximumMessageSize", 1024..=1_048_576),
    ("MessageRetentionPeriod", 60..=1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0..=20),
    ("VisibilityTimeout", 0..=43_200),
];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let mut attributes = fifo(resource, report);
    for (name, range) in NUMBERS {
        if let Some(number) = object.integer(report, name, range.clone()) {
            attributes.insert((*name).to_owned(), number.to_string());
        }
    }
    if let Some(policy) = redrive_policy(resource, report, build) {
        attributes.insert("RedrivePolicy".to_owned(), policy);
    }
    if let Some(policy) = redrive_allow_policy(resource, report) {
        attributes.insert("RedriveAllowPolicy".to_owned(), policy);
    }
    build.stack.queues.push(Queue {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        url: resource.reference.clone(),
        attributes,
    });
}

/// What only a FIFO queue has.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/enable-high-throughput-fifo.html>
fn fifo(resource: &Resolved<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let object = &resource.object;
    let mut attributes = BTreeMap::new();
    let is_fifo = object.boolean(report, "FifoQueue") == Some(true);
    if is_fifo != resource.name.ends_with(".fifo") {
        let place = object.place_of(if object.has("QueueName") { "QueueName" } else { "FifoQueue" });
        let problem = report.error(&place, "the name of a FIFO queue ends with `.fifo`, and that of no other queue");
        problem.help("write `FifoQueue: true` and a `QueueName` that ends with `.fifo`, or none");
    }
    for name in ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"] {
        if object.has(name) && !is_fifo {
            report.error(&object.place_of(name), format!("`{name}` is for FIFO queues")).help("set `FifoQueue: true`");
        }
    }
    let content = object.boolean(report, "ContentBasedDeduplication").map(|content| content.to_string());
    let scope = object.word(report, "DeduplicationScope", &["messageGroup", "queue"]);
    let limit = object.word(report, "FifoThroughputLimit", &["perMessageGroupId", "perQueue"]);
    if limit == Some("perMessageGroupId") && scope != Some("messageGroup") {
        let place = object.place_of("FifoThroughputLimit");
        let problem = report.error(&place, "throughput is limited per group only where deduplication is by group");
        problem.help("set `DeduplicationScope: messageGroup`");
    }
    if is_fifo {
        attributes.insert("FifoQueue".to_owned(), "true".to_owned());
        let others = [
            ("ContentBasedDeduplication", content),
            ("DeduplicationScope", scope.map(str::to_owned)),
            ("FifoThroughputLimit", limit.map(str::to_owned)),
        ];
        attributes.extend(others.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    attributes
}

fn redrive_policy(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) -> Option<String> {
    let policy = resource.object.object(report, resource.id, "RedrivePolicy", &REDRIVE)?;
    let target = resource.link(&policy, "deadLetterTargetArn", &["sqs"], report, build);
    policy.require(report, "maxReceiveCount");
    let count = policy.integer(report, "maxReceiveCount", 1..=1000)?;
    Some(json!({ "deadLetterTargetArn": target?, "maxReceiveCount": count }).to_string())
}

fn redrive_allow_policy(resource: &Resolved<'_>, report: &mut Report) -> Option<String> {
    let policy = resource.object.object(report, resource.id, "RedriveAllowPolicy", &REDRIVE_ALLOW)?;
    policy.require(report, "redrivePermission");
    policy.word(report, "redrivePermission", &["allowAll", "denyAll", "byQueue"])?;
    resource.object.value("RedriveAllowPolicy").map(|node| node.to_json().to_string())
}
