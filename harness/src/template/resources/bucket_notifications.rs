//! `Custom::S3BucketNotifications`: how CDK configures a bucket's notifications. It deploys a function that calls
//! S3 once the bucket and its destinations are there. Here the configuration is read as the bucket's own, and the
//! function, which has nothing to do in a replay, is listed.
//! <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_notifications-readme.html>

use super::bucket::{self, Form, Notifications};
use super::{Build, Resolved};
use crate::diagnostic::Span;
use crate::stack::NotificationTarget;
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
    /// The ARN of the function that configures them.
    configurer: Option<String>,
}

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let Some(bucket) = resource.object.required_text(report, "BucketName") else { return };
    let notifications = bucket::notifications(resource, &FORM, report, build);
    let place = resource.object.place_of("BucketName");
    let configurer = resource.object.text(report, "ServiceToken");
    build.outside_notifications.push(Outside { bucket, place, notifications, configurer });
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
        bucket.notifications.extend(outside.notifications.all);
        bucket.event_bridge |= outside.notifications.event_bridge;
        let is_configurer = |arn: &str| outside.configurer.as_deref() == Some(arn);
        for function in build.stack.functions.iter().filter(|function| is_configurer(&function.arn)) {
            report.left_out(&function.logical_id, "AWS::Lambda::Function");
        }
        build.stack.functions.retain(|function| !is_configurer(&function.arn));
    }
}
