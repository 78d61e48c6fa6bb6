//! `AWS::Lambda::EventInvokeConfig`: how Lambda treats a function's asynchronous events.

use std::time::Duration;

use super::{Build, InvokeConfig, Resolved};
use crate::stack::EventInvokeConfig;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html>
pub const INVOKE: Shape =
    Shape::of(&["DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"]);
const DESTINATIONS: Shape = Shape::of(&["OnSuccess", "OnFailure"]);
const DESTINATION: Shape = Shape { descriptive: &["Type"], ..Shape::of(&["Destination"]) };

pub fn read_invoke(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let function = resource.function(object, "FunctionName", report, build);
    let qualifier = object.required_text(report, "Qualifier");
    let mut config = EventInvokeConfig::default();
    if let Some(attempts) = object.integer(report, "MaximumRetryAttempts", 0..=2) {
        config.maximum_retry_attempts = attempts;
    }
    if let Some(seconds) = object.integer(report, "MaximumEventAgeInSeconds", 60..=21_600) {
        config.maximum_event_age = Duration::from_secs(seconds.into());
    }
    if let Some(destinations) = object.object(report, resource.id, "DestinationConfig", &DESTINATIONS) {
        config.on_success = destination(resource, &destinations, "OnSuccess", report, build);
        config.on_failure = destination(resource, &destinations, "OnFailure", report, build);
    }
    let (Some(function_arn), Some(qualifier)) = (function, qualifier) else { return };
    let is_same = |other: &InvokeConfig| other.function_arn == function_arn && other.qualifier == qualifier;
    if build.invoke_configs.iter().any(is_same) {
        report.error(&object.place, "a second configuration of asynchronous invocation for this function");
    }
    build.invoke_configs.push(InvokeConfig { function_arn, qualifier, span: object.place_of("Qualifier"), config });
}

fn destination(
    resource: &Resolved<'_>,
    destinations: &Object<'_>,
    key: &str,
    report: &mut Report,
    build: &mut Build,
) -> Option<String> {
    let destination = destinations.object(report, resource.id, key, &DESTINATION)?;
    // What succeeded is not kept in a bucket.
    let services: &[&str] = match key {
        "OnFailure" => &["sqs", "sns", "lambda", "events", "s3"],
        _ => &["sqs", "sns", "lambda", "events"],
    };
    resource.link_standard(&destination, "Destination", services, report, build)
}
