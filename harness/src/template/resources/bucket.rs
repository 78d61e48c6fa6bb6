//! `AWS::S3::Bucket` and its notifications.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>

use super::{Build, Resolved, bucket_cors, lifecycle};
use crate::diagnostic::Span;
use crate::stack::{Bucket, BucketNotification, NotificationTarget};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &[
        "BucketName",
        "CorsConfiguration",
        "LifecycleConfiguration",
        "NotificationConfiguration",
        "VersioningConfiguration",
    ],
    descriptive: &["Tags"],
    harmless: &[
        "AccessControl",
        "AnalyticsConfigurations",
        "BucketEncryption",
        "IntelligentTieringConfigurations",
        "InventoryConfigurations",
        "LoggingConfiguration",
        "MetricsConfigurations",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
    ],
    refused: &[
        "AccelerateConfiguration",
        "ObjectLockConfiguration",
        "ObjectLockEnabled",
        "ReplicationConfiguration",
        "WebsiteConfiguration",
    ],
};
const VERSIONING: Shape = Shape::of(&["Status"]);
const RULE: Shape = Shape::of(&["Name", "Value"]);

/// One list of notifications: its name, the property with the target, and the target's kind.
pub type List = (&'static str, &'static str, &'static [&'static str], Shape, fn(String) -> NotificationTarget);

/// How a notification configuration is written.
pub struct Form {
    pub lists: [List; 3],
    pub shape: Shape,
    pub event_bridge: Shape,
    /// The property with the event type, or with a list of them.
    pub events: &'static str,
    /// Where the filter's rules are.
    pub filter: (&'static str, &'static str),
}

/// As CloudFormation has it.
const FORM: Form = Form {
    lists: [
        (
            "LambdaConfigurations",
            "Function",
            &["lambda"],
            Shape::of(&["Event", "Filter", "Function"]),
            NotificationTarget::Function,
        ),
        ("QueueConfigurations", "Queue", &["sqs"], Shape::of(&["Event", "Filter", "Queue"]), NotificationTarget::Queue),
        ("TopicConfigurations", "Topic", &["sns"], Shape::of(&["Event", "Filter", "Topic"]), NotificationTarget::Topic),
    ],
    shape: Shape::of(&[
        "LambdaConfigurations",
        "QueueConfigurations",
        "TopicConfigurations",
        "EventBridgeConfiguration",
    ]),
    event_bridge: Shape::of(&["EventBridgeEnabled"]),
    events: "Event",
    filter: ("S3Key", "Rules"),
};

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
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:ObjectAcl:Put",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    // Nothing in a replay causes those that follow.
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:ReducedRedundancyLostObject",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationReplicatedAfterThreshold",
];

/// Where a bucket's events go, each notification with its place.
#[derive(Default)]
pub struct Notifications {
    pub all: Vec<(BucketNotification, Span)>,
    pub event_bridge: bool,
}

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let (notifications, event_bridge) = own_notifications(resource, report, build);
    let versioning = resource.object.object(report, resource.id, "VersioningConfiguration", &VERSIONING);
    let versioning = versioning.and_then(|object| {
        object.require(report, "Status");
        object.word(report, "Status", &["Enabled", "Suspended"])
    });
    build.stack.buckets.push(Bucket {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        notifications,
        event_bridge,
        versioning,
        lifecycle: lifecycle::rules(resource, report),
        cors: bucket_cors::rules(resource, report),
    });
}

/// The notifications that the bucket itself has; their places are kept until there are those of others beside them.
fn own_notifications(
    resource: &Resolved<'_>,
    report: &mut Report,
    build: &mut Build,
) -> (Vec<BucketNotification>, bool) {
    let read = notifications(resource, &FORM, report, build);
    let (all, places) = read.all.into_iter().unzip();
    build.notification_places.insert(resource.id.to_owned(), places);
    (all, read.event_bridge)
}

/// The notification configuration of a resource.
pub fn notifications(resource: &Resolved<'_>, form: &Form, report: &mut Report, build: &mut Build) -> Notifications {
    let mut read = Notifications::default();
    let object = resource.object.object(report, resource.id, "NotificationConfiguration", &form.shape);
    let Some(object) = object else { return read };
    for list in &form.lists {
        for member in object.objects(report, resource.id, list.0, &list.3) {
            let one = notification(resource, form, list, &member, report, build);
            read.all.extend(one.map(|one| (one, member.place.clone())));
        }
    }
    // Enabled unless said otherwise, as CloudFormation has it.
    if let Some(event_bridge) = object.object(report, resource.id, "EventBridgeConfiguration", &form.event_bridge) {
        read.event_bridge = event_bridge.boolean(report, "EventBridgeEnabled").unwrap_or(true);
    }
    read
}

fn notification(
    resource: &Resolved<'_>,
    form: &Form,
    (_, key, services, _, target): &List,
    object: &Object<'_>,
    report: &mut Report,
    build: &mut Build,
) -> Option<BucketNotification> {
    let arn = resource.link(object, key, services, report, build);
    object.require(report, form.events);
    let events = events(form, object, report);
    let (prefix, suffix) = filter(resource, form, object, report);
    Some(BucketNotification { events: events?, prefix, suffix, target: target(arn?) })
}

/// The event types, which stand alone or in a list.
fn events(form: &Form, object: &Object<'_>, report: &mut Report) -> Option<Vec<String>> {
    let node = object.value(form.events)?;
    let mut events = Vec::new();
    for node in node.sequence().unwrap_or(std::slice::from_ref(node)) {
        let event = node.scalar().unwrap_or_default();
        if !EVENTS.contains(&event.as_str()) {
            let problem = report.error(&node.span, format!("S3 has no event type `{event}`"));
            problem.did_you_mean(&event, EVENTS.iter().copied());
            return None;
        }
        events.push(event);
    }
    Some(events)
}

/// The prefix and suffix that an object's key must have.
fn filter(
    resource: &Resolved<'_>,
    form: &Form,
    object: &Object<'_>,
    report: &mut Report,
) -> (Option<String>, Option<String>) {
    let (mut prefix, mut suffix) = (None, None);
    let (key, rules) = form.filter;
    let (in_filter, in_key) = match key {
        "S3Key" => (Shape::of(&["S3Key"]), Shape::of(&["Rules"])),
        _ => (Shape::of(&["Key"]), Shape::of(&["FilterRules"])),
    };
    let filter = object.object(report, resource.id, "Filter", &in_filter);
    let key = filter.and_then(|filter| filter.object(report, resource.id, key, &in_key));
    let rules = key.map(|key| key.objects(report, resource.id, rules, &RULE)).unwrap_or_default();
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
