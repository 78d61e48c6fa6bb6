//! `AWS::Lambda::EventSourceMapping`, for queues and for streams of tables and of Kinesis. A property that is for
//! another kind of source is refused, as Lambda does.

use std::time::Duration;

use jiff::Timestamp;

use super::filters::filters;
use super::{Build, Resolved};
use crate::stack::{EventSourceMapping, StartingPosition, StreamMapping};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html>
pub const SHAPE: Shape = Shape {
    reads: &[
        "BatchSize",
        "BisectBatchOnFunctionError",
        "DestinationConfig",
        "Enabled",
        "EventSourceArn",
        "FilterCriteria",
        "FunctionName",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "ParallelizationFactor",
        "ScalingConfig",
        "StartingPosition",
        "StartingPositionTimestamp",
        "TumblingWindowInSeconds",
    ],
    descriptive: &["Tags"],
    harmless: &["KmsKeyArn", "MetricsConfig"],
    refused: &[
        "AmazonManagedKafkaEventSourceConfig",
        "DocumentDBEventSourceConfig",
        "LoggingConfig",
        "ProvisionedPollerConfig",
        "Queues",
        "SelfManagedEventSource",
        "SourceAccessConfigurations",
        "Topics",
    ],
};
const SCALING: Shape = Shape::of(&["MaximumConcurrency"]);
const DESTINATIONS: Shape = Shape { refused: &["OnSuccess"], ..Shape::of(&["OnFailure"]) };
const DESTINATION: Shape = Shape { descriptive: &["Type"], ..Shape::of(&["Destination"]) };
const OF_QUEUES: [&str; 1] = ["ScalingConfig"];
const OF_STREAMS: [&str; 8] = [
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let source = resource.link(&resource.object, "EventSourceArn", &["sqs", "dynamodb", "kinesis"], report, build);
    match source.as_deref().and_then(|arn| arn.split(':').nth(2)) {
        Some("dynamodb" | "kinesis") => read_stream(resource, source, report, build),
        _ => read_queue(resource, source, report, build),
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
    let filters = filters(object, resource.id, report);
    let enabled = object.boolean(report, "Enabled").unwrap_or(true);
    let (Some(queue_arn), Some(function_arn)) = (queue, function) else { return };
    let mappings = &build.stack.event_source_mappings;
    if mappings.iter().any(|other| other.queue_arn == queue_arn && other.function_arn == function_arn) {
        report.error(&object.place, "a second event source mapping from this queue to this function");
    }
    build.mappings.push(object.place.clone());
    build.stack.event_source_mappings.push(EventSourceMapping {
        logical_id: resource.id.to_owned(),
        id: resource.reference.clone(),
        queue_arn,
        function_arn,
        enabled,
        batch_size,
        batching_window: seconds(window),
        maximum_concurrency,
        report_batch_item_failures,
        filters,
    });
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>
fn read_stream(resource: &Resolved<'_>, stream: Option<String>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    refuse_foreign(object, &OF_QUEUES, "for queues, and the source is a stream", report);
    let function = resource.function(object, "FunctionName", report, build);
    let is_kinesis = stream.as_deref().is_some_and(|arn| arn.split(':').nth(2) == Some("kinesis"));
    let starting_position = starting_position(object, is_kinesis, report);
    let tumbling_window = object.integer(report, "TumblingWindowInSeconds", 0..=900).filter(|window| *window > 0);
    let on_failure = on_failure(resource, report, build);
    let mapping = StreamMapping {
        logical_id: resource.id.to_owned(),
        id: resource.reference.clone(),
        stream_arn: stream.clone().unwrap_or_default(),
        function_arn: function.clone().unwrap_or_default(),
        enabled: object.boolean(report, "Enabled").unwrap_or(true),
        starting_position,
        batch_size: object.integer(report, "BatchSize", 1..=10_000).unwrap_or(100),
        batching_window: seconds(object.integer(report, "MaximumBatchingWindowInSeconds", 0..=300).unwrap_or_default()),
        maximum_retry_attempts: object.limit(report, "MaximumRetryAttempts", 0..=10_000),
        maximum_record_age: object.limit(report, "MaximumRecordAgeInSeconds", 60..=604_800).map(seconds),
        bisect_on_error: object.boolean(report, "BisectBatchOnFunctionError").unwrap_or(false),
        parallelization: object.integer(report, "ParallelizationFactor", 1..=10).unwrap_or(1),
        tumbling_window: tumbling_window.map(seconds),
        report_batch_item_failures: response_types(object, report),
        filters: filters(object, resource.id, report),
        on_failure,
    };
    if stream.is_none() || function.is_none() {
        return;
    }
    let same =
        |other: &StreamMapping| other.stream_arn == mapping.stream_arn && other.function_arn == mapping.function_arn;
    if build.stack.stream_mappings.iter().any(same) {
        report.error(&object.place, "a second event source mapping from this stream to this function");
    }
    build.stack.stream_mappings.push(mapping);
}

/// Only Kinesis can start at a time, which is in seconds since the epoch.
pub(super) fn starting_position(object: &Object<'_>, is_kinesis: bool, report: &mut Report) -> StartingPosition {
    object.require(report, "StartingPosition");
    let words: &[&'static str] =
        if is_kinesis { &["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"] } else { &["TRIM_HORIZON", "LATEST"] };
    let position = object.word(report, "StartingPosition", words);
    let has_time = object.has("StartingPositionTimestamp");
    if has_time && position != Some("AT_TIMESTAMP") {
        let place = object.place_of("StartingPositionTimestamp");
        report.error(&place, "`StartingPositionTimestamp` needs the `StartingPosition` `AT_TIMESTAMP` of Kinesis");
    }
    match position {
        Some("LATEST") => StartingPosition::Latest,
        Some("AT_TIMESTAMP") => {
            object.require(report, "StartingPositionTimestamp");
            StartingPosition::AtTimestamp(time(object, report).unwrap_or_default())
        }
        _ => StartingPosition::TrimHorizon,
    }
}

/// In seconds since the epoch, or (of a pipe) as a timestamp.
fn time(object: &Object<'_>, report: &mut Report) -> Option<Timestamp> {
    let node = object.value("StartingPositionTimestamp")?;
    let text = node.scalar().unwrap_or_default();
    let from_seconds = |seconds: f64| Timestamp::from_millisecond((seconds * 1000.0) as i64).ok();
    let time = text.parse().ok().and_then(from_seconds).or_else(|| text.parse().ok());
    if time.is_none() {
        report.error(&node.span, "`StartingPositionTimestamp` must be a time in seconds since 1970");
    }
    time
}

fn on_failure(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) -> Option<String> {
    let destinations = resource.object.object(report, resource.id, "DestinationConfig", &DESTINATIONS)?;
    let destination = destinations.object(report, resource.id, "OnFailure", &DESTINATION)?;
    resource.link_standard(&destination, "Destination", &["sqs", "sns", "s3"], report, build)
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
