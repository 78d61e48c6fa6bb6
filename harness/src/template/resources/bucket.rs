//! `AWS::S3::Bucket` and its notifications.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>

use super::{Build, Resolved};
use crate::stack::{Bucket, BucketNotification, NotificationTarget};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &["BucketName", "NotificationConfiguration"],
    descriptive: &["Tags"],
    harmless: &[
        "AccessControl",
        "AnalyticsConfigurations",
        "BucketEncryption",
        "CorsConfiguration",
        "IntelligentTieringConfigurations",
        "InventoryConfigurations",
        "LoggingConfiguration",
        "MetricsConfigurations",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
    ],
    refused: &[
        "AccelerateConfiguration",
        "LifecycleConfiguration",
        "ObjectLockConfiguration",
        "ObjectLockEnabled",
        "ReplicationConfiguration",
        "VersioningConfiguration",
        "WebsiteConfiguration",
    ],
};
const NOTIFICATIONS: Shape =
    Shape::of(&["LambdaConfigurations", "QueueConfigurations", "TopicConfigurations", "EventBridgeConfiguration"]);
const EVENT_BRIDGE: Shape = Shape::of(&["EventBridgeEnabled"]);
const FILTER: Shape = Shape::of(&["S3Key"]);
const RULES: Shape = Shape::of(&["Rules"]);
const RULE: Shape = Shape::of(&["Name", "Value"]);

/// One list of notifications: its name, the property with the target, and the target's kind.
type List = (&'static str, &'static str, &'static [&'static str], Shape, fn(String) -> NotificationTarget);

const LISTS: [List; 3] = [
    (
        "LambdaConfigurations",
        "Function",
        &["lambda"],
        Shape::of(&["Event", "Filter", "Function"]),
        NotificationTarget::Function,
    ),
    ("QueueConfigurations", "Queue", &["sqs"], Shape::of(&["Event", "Filter", "Queue"]), NotificationTarget::Queue),
    ("TopicConfigurations", "Topic", &["sns"], Shape::of(&["Event", "Filter", "Topic"]), NotificationTarget::Topic),
];

/// The event types that a bucket can be asked for.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
const EVENTS: &[&str] = &[
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let mut bucket = Bucket {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        notifications: Vec::new(),
        event_bridge: false,
    };
    let object = resource.object.object(report, resource.id, "NotificationConfiguration", &NOTIFICATIONS);
    if let Some(object) = object {
        for list in &LISTS {
            for member in object.objects(report, resource.id, list.0, &list.3) {
                bucket.notifications.extend(notification(resource, list, &member, report, build));
            }
        }
        // Enabled unless said otherwise, as CloudFormation has it.
        if let Some(event_bridge) = object.object(report, resource.id, "EventBridgeConfiguration", &EVENT_BRIDGE) {
            bucket.event_bridge = event_bridge.boolean(report, "EventBridgeEnabled").unwrap_or(true);
        }
    }
    build.stack.buckets.push(bucket);
}

fn notification(
    resource: &Resolved<'_>,
    (_, key, services, _, target): &List,
    object: &Object<'_>,
    report: &mut Report,
    build: &mut Build,
) -> Option<BucketNotification> {
    let arn = resource.link(object, key, services, report, build);
    object.require(report, "Event");
    let event = event(object, report);
    let (prefix, suffix) = filter(resource, object, report);
    Some(BucketNotification { events: vec![event?], prefix, suffix, target: target(arn?) })
}

fn event(object: &Object<'_>, report: &mut Report) -> Option<String> {
    let event = object.text(report, "Event")?;
    if EVENTS.contains(&event.as_str()) {
        return Some(event);
    }
    let span = &object.value("Event")?.span;
    report
        .error(span, format!("notifications of `{event}` are not simulated"))
        .did_you_mean(&event, EVENTS.iter().copied());
    None
}

/// The prefix and suffix that an object's key must have.
fn filter(resource: &Resolved<'_>, object: &Object<'_>, report: &mut Report) -> (Option<String>, Option<String>) {
    let (mut prefix, mut suffix) = (None, None);
    let filter = object.object(report, resource.id, "Filter", &FILTER);
    let key = filter.and_then(|filter| filter.object(report, resource.id, "S3Key", &RULES));
    let rules = key.map(|key| key.objects(report, resource.id, "Rules", &RULE)).unwrap_or_default();
    for rule in rules {
        let name = rule.required_text(report, "Name").unwrap_or_default();
        let Some(value) = rule.required_text(report, "Value") else { continue };
        let slot = match name.to_ascii_lowercase().as_str() {
            "prefix" => &mut prefix,
            "suffix" => &mut suffix,
            _ => {
                report.error(&rule.place_of("Name"), "a filter rule is named `prefix` or `suffix`");
                continue;
            }
        };
        if slot.replace(value).is_some() {
            report.error(&rule.place_of("Name"), format!("a second rule for the {name} in one filter"));
        }
    }
    (prefix, suffix)
}
