//! `AWS::Lambda::EventSourceMapping`, for queues and for streams of tables. A property that is for the other
//! kind of source is refused, as Lambda does.

use std::time::Duration;

use super::{Build, Resolved};
use crate::stack::{EventSourceMapping, StartingPosition, StreamMapping};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html>
pub const SHAPE: Shape = Shape {
    reads: &[
        "BatchSize",
        "Enabled",
        "EventSourceArn",
        "FunctionName",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "ScalingConfig",
        "StartingPosition",
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
        "ParallelizationFactor",
        "ProvisionedPollerConfig",
        "Queues",
        "SelfManagedEventSource",
        "SourceAccessConfigurations",
        "StartingPositionTimestamp",
        "Topics",
        "TumblingWindowInSeconds",
    ],
};
const SCALING: Shape = Shape::of(&["MaximumConcurrency"]);
const OF_QUEUES: [&str; 1] = ["ScalingConfig"];
const OF_STREAMS: [&str; 3] = ["MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "StartingPosition"];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let source = resource.link(&resource.object, "EventSourceArn", &["sqs", "dynamodb"], report, build);
    let service = source.as_deref().and_then(|arn| arn.split(':').nth(2));
    if service == Some("dynamodb") {
        read_stream(resource, source, report, build);
    } else {
        read_queue(resource, source, report, build);
    }
}

fn read_queue(resource: &Resolved<'_>, queue: Option<String>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    if queue.is_some() {
        refuse_foreign(object, &OF_STREAMS, "for streams, and the source is a queue", report);
    }
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
        filters: Vec::new(),
    });
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>
fn read_stream(resource: &Resolved<'_>, stream: Option<String>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    refuse_foreign(object, &OF_QUEUES, "for queues, and the source is a stream", report);
    let function = resource.function(object, "FunctionName", report, build);
    object.require(report, "StartingPosition");
    let position = object.word(report, "StartingPosition", &["TRIM_HORIZON", "LATEST"]);
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let batch_size = object.integer(report, "BatchSize", 1..=10_000).unwrap_or(100);
    let window = object.integer(report, "MaximumBatchingWindowInSeconds", 0..=300).unwrap_or(0);
    let maximum_retry_attempts = object.limit(report, "MaximumRetryAttempts", 0..=10_000);
    let maximum_record_age = object.limit(report, "MaximumRecordAgeInSeconds", 60..=604_800).map(seconds);
    let report_batch_item_failures = response_types(object, report);
    let enabled = object.boolean(report, "Enabled").unwrap_or(true);
    let (Some(stream_arn), Some(function_arn)) = (stream, function) else { return };
    let mappings = &build.stack.stream_mappings;
    if mappings.iter().any(|other| other.stream_arn == stream_arn && other.function_arn == function_arn) {
        report.error(&object.place, "a second event source mapping from this stream to this function");
    }
    build.stack.stream_mappings.push(StreamMapping {
        logical_id: resource.id.to_owned(),
        stream_arn,
        function_arn,
        enabled,
        starting_position: match position {
            Some("LATEST") => StartingPosition::Latest,
            _ => StartingPosition::TrimHorizon,
        },
        batch_size,
        batching_window: seconds(window),
        maximum_retry_attempts,
        maximum_record_age,
        bisect_on_error: false,
        parallelization: 1,
        tumbling_window: None,
        report_batch_item_failures,
        filters: Vec::new(),
        on_failure: None,
    });
}

/// Reports the properties that the source does not have.
fn refuse_foreign(object: &Object<'_>, names: &[&str], why: &str, report: &mut Report) {
    for name in names.iter().filter(|name| object.has(name)) {
        report.error(&object.place_of(name), format!("`{name}` is {why}"));
    }
}

/// Whether the function reports which messages or records of a batch failed.
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
