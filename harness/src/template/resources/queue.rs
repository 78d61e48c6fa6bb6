//! `AWS::SQS::Queue`: standard queues.
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
    ],
    descriptive: &["Tags"],
    harmless: &["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"],
    refused: &["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"],
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
    if object.boolean(report, "FifoQueue") == Some(true) || resource.name.ends_with(".fifo") {
        let problem = report.error(&object.place_of("FifoQueue"), "FIFO queues are not simulated");
        problem.help("use a standard queue");
    }
    let mut attributes = BTreeMap::new();
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
