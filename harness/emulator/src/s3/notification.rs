//! The operations on a bucket's notification configuration.

use super::checksum;
use super::chunked::Payload;
use super::event;
use super::rules::{Configuration, Destination};
use super::{NAMESPACE, Target, bucket};
use crate::arn::Arn;
use crate::protocol::{AwsError, Reply};
use crate::sns::NewNotification;
use crate::sqs::NewMessage;
use crate::world::{Call, Undeliverable, World};

/// `PutBucketNotificationConfiguration`, which replaces the whole configuration. Queues and topics are
/// validated by sending `s3:TestEvent` to them, unless the caller skips that; functions are not, since what
/// stands behind an ARN is known to Lambda alone.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>
pub fn put(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    checksum::verify(call, &payload, None)?;
    let configuration = Configuration::parse(&payload.body, &call.ids)?;
    let destinations = || configuration.rules.iter().map(|rule| &rule.destination);
    destinations().try_for_each(|destination| check_arn(call, destination))?;
    let skips = call.request.header("x-amz-skip-destination-validation");
    if !skips.is_some_and(|skips| skips.eq_ignore_ascii_case("true")) {
        let missing: Vec<&str> = destinations()
            .filter(|destination| send_test(world, call, target, destination).is_err())
            .map(Destination::arn)
            .collect();
        if let Some(first) = missing.first() {
            return Err(not_validated(first, "The destination does not exist"));
        }
    }
    bucket(world, call, &target.bucket)?.notifications = configuration;
    Ok(Reply::empty())
}

/// `GetBucketNotificationConfiguration`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html>
pub fn get(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let elements = bucket(world, call, &target.bucket)?.notifications.elements();
    Ok(Reply::xml(format!("<NotificationConfiguration xmlns=\"{NAMESPACE}\">{elements}</NotificationConfiguration>")))
}

/// A destination must be of its kind, in the bucket's region, and not a FIFO queue or topic.
fn check_arn(call: &Call<'_>, destination: &Destination) -> Result<(), AwsError> {
    let service = match destination {
        Destination::Queue(_) => "sqs",
        Destination::Topic(_) => "sns",
        Destination::Function(_) => "lambda",
    };
    let Some(arn) = Arn::parse(destination.arn()).filter(|arn| arn.service == service) else {
        return Err(AwsError::client("InvalidArgument", "The ARN is not well formed")
            .with_detail("ArgumentValue", destination.arn()));
    };
    if arn.region != call.identity.region {
        let message = "The notification destination service region is not valid for the bucket location constraint";
        return Err(AwsError::client("InvalidArgument", message));
    }
    if service != "lambda" && arn.resource.ends_with(".fifo") {
        return Err(not_validated(destination.arn(), "FIFO destinations are not supported"));
    }
    Ok(())
}

fn send_test(
    world: &mut World,
    call: &Call<'_>,
    target: &Target,
    destination: &Destination,
) -> Result<(), Undeliverable> {
    let body = || event::test(call, &target.bucket).to_string();
    match destination {
        Destination::Queue(arn) => {
            world.send_to_queue(arn, NewMessage { body: body(), ..NewMessage::default() })?;
        }
        Destination::Topic(arn) => {
            let notification = NewNotification { message: body(), ..event::notification() };
            world.publish_to_topic(arn, notification)?;
        }
        Destination::Function(_) => {}
    }
    Ok(())
}

fn not_validated(arn: &str, why: &str) -> AwsError {
    let message = "Unable to validate the following destination configurations";
    AwsError::client("InvalidArgument", message).with_detail("ArgumentName1", arn).with_detail("ArgumentValue1", why)
}
