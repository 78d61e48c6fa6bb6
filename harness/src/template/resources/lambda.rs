//! `AWS::Lambda::EventSourceMapping` for queues, and `AWS::Lambda::EventInvokeConfig`.

use std::time::Duration;

use super::{Build, Resolved};
use crate::stack::{EventInvokeConfig, EventSourceMapping};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html>
pub const MAPPING: Shape = Shape {
    reads: &[
        "BatchSize",
        "Enabled",
        "EventSourceArn",
        "FunctionName",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "ScalingConfig",
    ],
    descriptive: &["Tags"],
    harmless: &["KmsKeyArn", "MetricsConfig"],
    refused: &[
        "AmazonManagedKafkaEventSourceConfig",
        "BisectBatchOnFunctionError",
        "DestinationConfig",
        "DocumentDBEventSourceConfig",
        "FilterCriteria",
        "LoggingConfig",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "ParallelizationFactor",
        "ProvisionedPollerConfig",
        "Queues",
        "SelfManagedEventSource",
        "SourceAccessConfigurations",
        "StartingPosition",
        "Topics",
        "TumblingWindowInSeconds",
    ],
};
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html>
pub const INVOKE: Shape =
    Shape::of(&["DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"]);
const SCALING: Shape = Shape::of(&["MaximumConcurrency"]);
const DESTINATIONS: Shape = Shape::of(&["OnSuccess", "OnFailure"]);
const DESTINATION: Shape = Shape { descriptive: &["Type"], ..Shape::of(&["Destination"]) };

pub fn read_mapping(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let queue = resource.link(object, "EventSourceArn", &["sqs"], report, build);
    let function = resource.function(object, "FunctionName", report, build);
    let batch_size = object.integer(report, "BatchSize", 1..=10_000).unwrap_or(10);
    let window = object.integer(report, "MaximumBatchingWindowInSeconds", 0..=300).unwrap_or(0);
    // https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    if batch_size > 10 && window == 0 && !object.has("MaximumBatchingWindowInSeconds") {
        let problem =
            report.error(&object.place_of("BatchSize"), "a batch of more than 10 messages needs a batching window");
        problem.help("set `MaximumBatchingWindowInSeconds` to at least 1");
    } else if batch_size > 10 && window == 0 {
        let place = object.place_of("MaximumBatchingWindowInSeconds");
        report.error(&place, "a batch of more than 10 messages needs a batching window of at least 1 second");
    }
    let scaling = object.object(report, resource.id, "ScalingConfig", &SCALING);
    let maximum_concurrency = scaling.and_then(|scaling| scaling.integer(report, "MaximumConcurrency", 2..=1_000));
    let report_batch_item_failures = response_types(object, report);
    let enabled = object.boolean(report, "Enabled").unwrap_or(true);
    let (Some(queue_arn), Some(function_arn)) = (queue, function) else { return };
    let mappings = &build.stack.event_source_mappings;
    if mappings.iter().any(|other| other.queue_arn == queue_arn && other.function_arn == function_arn) {
        report.error(&object.place, "a second event source mapping from this queue to this function");
    }
    build.mappings.push(object.place.clone());
    build.stack.event_source_mappings.push(EventSourceMapping {
        logical_id: resource.id.to_owned(),
        queue_arn,
        function_arn,
        enabled,
        batch_size,
        batching_window: Duration::from_secs(window.into()),
        maximum_concurrency,
        report_batch_item_failures,
    });
}

/// Whether the function reports which messages of a batch failed.
fn response_types(object: &Object<'_>, report: &mut Report) -> bool {
    let types = object.list(report, "FunctionResponseTypes");
    for node in &types {
        if node.text() != Some("ReportBatchItemFailures") {
            let text = node.scalar().unwrap_or_default();
            let problem = report.error(&node.span, format!("there is no function response type `{text}`"));
            problem.help("the only one is `ReportBatchItemFailures`");
        }
    }
    !types.is_empty()
}

pub fn read_invoke(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let function = resource.function(object, "FunctionName", report, build);
    object.require(report, "Qualifier");
    if object.text(report, "Qualifier").is_some_and(|qualifier| qualifier != "$LATEST") {
        let problem =
            report.error(&object.place_of("Qualifier"), "versions and aliases of functions are not simulated");
        problem.help("the `Qualifier` can only be `$LATEST`");
    }
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
    if build.invoke_configs.iter().any(|(other, _)| Some(other) == function.as_ref()) {
        report.error(&object.place, "a second configuration of asynchronous invocation for this function");
    }
    build.invoke_configs.extend(function.map(|function| (function, config)));
}

fn destination(
    resource: &Resolved<'_>,
    destinations: &Object<'_>,
    key: &str,
    report: &mut Report,
    build: &mut Build,
) -> Option<String> {
    let destination = destinations.object(report, resource.id, key, &DESTINATION)?;
    resource.link(&destination, "Destination", &["sqs", "sns", "lambda", "events"], report, build)
}
