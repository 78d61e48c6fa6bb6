//! `Custom::S3BucketNotifications`: how CDK configures a bucket's notifications. It deploys a function that calls
//! S3 once the bucket and its destinations are there. Here the configuration is read as the bucket's own.
//! <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_notifications-readme.html>

use rehearsal_emulator::s3::Selection;

use super::bucket::{self, Form, Notifications};
use super::{Build, Resolved};
use crate::diagnostic::Span;
use crate::stack::{BucketNotification, NotificationTarget};
use crate::template::property::Shape;
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &["BucketName", "NotificationConfiguration", "ServiceToken"],
    descriptive: &["Managed", "SkipDestinationValidation"],
    harmless: &[],
    refused: &[],
};

/// The configuration as S3's API has it.
const FORM: Form = Form {
    lists: [
        (
            "LambdaFunctionConfigurations",
            "LambdaFunctionArn",
            &["lambda"],
            Shape::of(&["Events", "Filter", "Id", "LambdaFunctionArn"]),
            NotificationTarget::Function,
        ),
        (
            "QueueConfigurations",
            "QueueArn",
            &["sqs"],
            Shape::of(&["Events", "Filter", "Id", "QueueArn"]),
            NotificationTarget::Queue,
        ),
        (
            "TopicConfigurations",
            "TopicArn",
            &["sns"],
            Shape::of(&["Events", "Filter", "Id", "TopicArn"]),
            NotificationTarget::Topic,
        ),
    ],
    shape: Shape::of(&[
        "LambdaFunctionConfigurations",
        "QueueConfigurations",
        "TopicConfigurations",
        "EventBridgeConfiguration",
    ]),
    event_bridge: Shape::of(&[]),
    events: "Events",
    filter: ("Key", "FilterRules"),
};

/// A bucket's notifications that stand outside of it.
pub struct Outside {
    bucket: String,
    place: Span,
    notifications: Notifications,
}

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let Some(bucket) = resource.object.required_text(report, "BucketName") else { return };
    let notifications = bucket::notifications(resource, &FORM, report, build);
    let place = resource.object.place_of("BucketName");
    build.outside_notifications.push(Outside { bucket, place, notifications });
}

/// Gives each bucket the notifications that stand outside of it, once all buckets are read.
pub fn assemble(build: &mut Build, report: &mut Report) {
    for outside in std::mem::take(&mut build.outside_notifications) {
        let Some(bucket) = build.stack.buckets.iter_mut().find(|bucket| bucket.name == outside.bucket) else {
            let problem =
                report.error(&outside.place, format!("the bucket `{}` is not in this template", outside.bucket));
            problem.help("a replay can only tell of objects in buckets that the template holds");
            continue;
        };
        let (notifications, places): (Vec<_>, Vec<_>) = outside.notifications.all.into_iter().unzip();
        bucket.notifications.extend(notifications);
        build.notification_places.entry(bucket.logical_id.clone()).or_default().extend(places);
        bucket.event_bridge |= outside.notifications.event_bridge;
    }
}

/// Reports notifications of one bucket that S3 does not take beside each other, or that lead where it cannot send.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
pub fn check(build: &Build, report: &mut Report) {
    let fallback = Vec::new();
    for bucket in &build.stack.buckets {
        let places = build.notification_places.get(&bucket.logical_id).unwrap_or(&fallback);
        for (at, (one, place)) in bucket.notifications.iter().zip(places).enumerate() {
            let overlap = bucket.notifications[..at].iter().find_map(|other| selection(one).overlap(&selection(other)));
            if let Some(reason) = overlap {
                let message =
                    format!("two notifications of `{}` are for the same events of the same keys", bucket.logical_id);
                report.error(place, message).label("the second of them").help(format!("S3 says: {reason}"));
            }
            if let NotificationTarget::Queue(arn) | NotificationTarget::Topic(arn) = &one.target
                && arn.ends_with(".fifo")
            {
                let problem = report.error(place, "S3 cannot notify FIFO queues and topics");
                problem.help("let EventBridge tell them: `EventBridgeConfiguration` and a rule");
            }
        }
    }
}

fn selection(one: &BucketNotification) -> Selection<'_> {
    let (prefix, suffix) = (one.prefix.as_deref(), one.suffix.as_deref());
    Selection { events: &one.events, prefix: prefix.unwrap_or_default(), suffix: suffix.unwrap_or_default() }
}
