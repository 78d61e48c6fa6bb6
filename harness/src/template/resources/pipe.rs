//! `AWS::Pipes::Pipe`: from a queue or stream to a target, perhaps through a function.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-pipes-pipe.html>

use std::time::Duration;

use serde_json::Value;

use super::events;
use super::filters::filters;
use super::mapping::starting_position;
use super::{Build, Resolved};
use crate::stack::{EventSourceMapping, Pipe, PipeDelivery, PipeSource, PipeStep, StreamMapping};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &[
        "DesiredState",
        "Enrichment",
        "EnrichmentParameters",
        "Name",
        "Source",
        "SourceParameters",
        "Target",
        "TargetParameters",
    ],
    descriptive: &["Description", "Tags"],
    harmless: &["KmsKeyIdentifier", "LogConfiguration", "RoleArn"],
    refused: &[],
};
const ENRICHMENT: Shape = Shape::of(&["HttpParameters", "InputTemplate"]);
const SOURCE: Shape = Shape {
    refused: &[
        "ActiveMQBrokerParameters",
        "ManagedStreamingKafkaParameters",
        "RabbitMQBrokerParameters",
        "SelfManagedKafkaParameters",
    ],
    ..Shape::of(&["DynamoDBStreamParameters", "FilterCriteria", "KinesisStreamParameters", "SqsQueueParameters"])
};
const QUEUE: Shape = Shape::of(&["BatchSize", "MaximumBatchingWindowInSeconds"]);
const STREAM: Shape = Shape::of(&[
    "BatchSize",
    "DeadLetterConfig",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "OnPartialBatchItemFailure",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
]);
const DEAD_LETTERS: Shape = Shape::of(&["Arn"]);
const TARGET: Shape = Shape {
    refused: &[
        "BatchJobParameters",
        "CloudWatchLogsParameters",
        "EcsTaskParameters",
        "RedshiftDataParameters",
        "SageMakerPipelineParameters",
        "StepFunctionStateMachineParameters",
        "TimestreamParameters",
    ],
    ..Shape::of(&[
        "EventBridgeEventBusParameters",
        "HttpParameters",
        "InputTemplate",
        "KinesisStreamParameters",
        "LambdaFunctionParameters",
        "SqsQueueParameters",
    ])
};
const TO_FUNCTION: Shape = Shape::of(&["InvocationType"]);
const TO_QUEUE: Shape = Shape::of(&["MessageDeduplicationId", "MessageGroupId"]);
const TO_BUS: Shape = Shape { refused: &["EndpointId", "Time"], ..Shape::of(&["DetailType", "Resources", "Source"]) };
const TO_STREAM: Shape = Shape::of(&["PartitionKey"]);

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let source_arn = resource.link(object, "Source", &["sqs", "dynamodb", "kinesis"], report, build);
    let target_arn = resource.link(object, "Target", &["lambda", "sqs", "sns", "events", "kinesis"], report, build);
    let enrichment = enrichment(resource, report, build);
    let parameters = object.object(report, resource.id, "TargetParameters", &TARGET);
    let delivery = delivery(resource, target_arn.as_deref(), parameters.as_ref(), report);
    let reports = matches!(delivery, Some(PipeDelivery::Function { waits: true }));
    let most = most_at_once(delivery.as_ref(), enrichment.as_ref());
    let source = source_arn.and_then(|arn| source(resource, arn, Target { reports, most }, report, build));
    let target = target_arn.map(|arn| step(resource, arn, parameters.as_ref(), report));
    let (Some(source), Some(target), Some(delivery)) = (source, target, delivery) else { return };
    build.stack.pipes.push(Pipe {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        source,
        enrichment,
        target,
        delivery,
    });
}

/// How many events target and enrichment take at once.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html>
fn most_at_once(delivery: Option<&PipeDelivery>, enrichment: Option<&PipeStep>) -> u32 {
    let target = match delivery {
        None | Some(PipeDelivery::Function { .. }) => 10_000,
        Some(PipeDelivery::Queue { .. } | PipeDelivery::Topic | PipeDelivery::Bus { .. }) => 10,
        Some(PipeDelivery::Stream { .. }) => 500,
        Some(PipeDelivery::ApiDestination) => 1,
    };
    if enrichment.is_some_and(|step| step.api_destination().is_some()) { 1 } else { target }
}

fn step(resource: &Resolved<'_>, arn: String, parameters: Option<&Object<'_>>, report: &mut Report) -> PipeStep {
    let input_template = parameters.and_then(|parameters| parameters.text(report, "InputTemplate"));
    let http = parameters.and_then(|parameters| events::http(resource, parameters, report));
    let step = PipeStep { arn, input_template, http: http.clone().unwrap_or_default() };
    if let (Some(_), Some(parameters), None) = (http, parameters, step.api_destination()) {
        report.error(&parameters.place_of("HttpParameters"), "`HttpParameters` is for API destinations");
    }
    step
}

fn enrichment(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) -> Option<PipeStep> {
    let object = &resource.object;
    let parameters = object.object(report, resource.id, "EnrichmentParameters", &ENRICHMENT);
    if !object.has("Enrichment") {
        return None;
    }
    let arn = resource.link(object, "Enrichment", &["lambda", "events"], report, build)?;
    if arn.contains(":event-bus/") {
        report.error(&object.place_of("Enrichment"), "an event bus answers nothing, so that it is no enrichment");
    }
    Some(step(resource, arn, parameters.as_ref(), report))
}

/// What the mapping of a pipe has, whatever it reads.
struct Source {
    arn: String,
    enabled: bool,
    filters: Vec<Value>,
    target: Target,
}

/// What a mapping has to know of the pipe's target.
#[derive(Clone, Copy)]
struct Target {
    /// Whether it names what failed of a batch.
    reports: bool,
    /// How many events it takes at once.
    most: u32,
}

impl Target {
    /// The size of batches: what the parameters say, or else what is usual, as far as the target takes it.
    fn batch_size(self, parameters: Option<&Object<'_>>, usual: u32, report: &mut Report) -> u32 {
        let given = parameters.and_then(|parameters| parameters.integer(report, "BatchSize", 1..=10_000));
        if let (Some(_), Some(parameters)) = (given.filter(|size| *size > self.most), parameters) {
            let message = format!("the pipe's target or enrichment takes batches of {} at most", self.most);
            report.error(&parameters.place_of("BatchSize"), message);
        }
        given.unwrap_or(usual.min(self.most))
    }
}

const QUEUE_PARAMETERS: &str = "SqsQueueParameters";
const TABLE_PARAMETERS: &str = "DynamoDBStreamParameters";
const KINESIS_PARAMETERS: &str = "KinesisStreamParameters";

fn source(
    resource: &Resolved<'_>,
    arn: String,
    target: Target,
    report: &mut Report,
    build: &mut Build,
) -> Option<PipeSource> {
    let object = &resource.object;
    let enabled = object.word(report, "DesiredState", &["RUNNING", "STOPPED"]) != Some("STOPPED");
    let parameters = object.object(report, resource.id, "SourceParameters", &SOURCE);
    let filters = parameters.as_ref().map(|parameters| filters(parameters, resource.id, report)).unwrap_or_default();
    let own = match arn.split(':').nth(2) {
        Some("kinesis") => KINESIS_PARAMETERS,
        Some("dynamodb") => TABLE_PARAMETERS,
        _ => QUEUE_PARAMETERS,
    };
    if let Some(parameters) = &parameters {
        let all = [KINESIS_PARAMETERS, TABLE_PARAMETERS, QUEUE_PARAMETERS];
        for other in all.into_iter().filter(|name| *name != own && parameters.has(name)) {
            report.error(&parameters.place_of(other), format!("`{other}` is for another kind of source"));
        }
    }
    let shape = if own == QUEUE_PARAMETERS { &QUEUE } else { &STREAM };
    let parameters = parameters.and_then(|parameters| parameters.object(report, resource.id, own, shape));
    let source = Source { arn, enabled, filters, target };
    match parameters {
        parameters if own == QUEUE_PARAMETERS => {
            Some(PipeSource::Queue(queue(resource, source, parameters.as_ref(), report)))
        }
        Some(parameters) => Some(PipeSource::Stream(stream(resource, source, &parameters, report, build))),
        None => {
            report.error(&object.place, format!("a pipe from a stream needs `SourceParameters` with `{own}`"));
            None
        }
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

fn queue(
    resource: &Resolved<'_>,
    source: Source,
    parameters: Option<&Object<'_>>,
    report: &mut Report,
) -> EventSourceMapping {
    let Source { arn, enabled, filters, target } = source;
    let batch_size = target.batch_size(parameters, 10, report);
    let mut number = |name: &str, range| parameters.and_then(|parameters| parameters.integer(report, name, range));
    EventSourceMapping {
        logical_id: resource.id.to_owned(),
        id: resource.reference.clone(),
        queue_arn: arn,
        function_arn: resource.arn.clone(),
        enabled,
        batch_size,
        batching_window: seconds(number("MaximumBatchingWindowInSeconds", 0..=300).unwrap_or_default()),
        maximum_concurrency: None,
        report_batch_item_failures: target.reports,
        filters,
    }
}

fn stream(
    resource: &Resolved<'_>,
    source: Source,
    parameters: &Object<'_>,
    report: &mut Report,
    build: &mut Build,
) -> StreamMapping {
    let Source { arn, enabled, filters, target } = source;
    let dead_letters = parameters.object(report, resource.id, "DeadLetterConfig", &DEAD_LETTERS);
    let on_failure =
        dead_letters.and_then(|config| resource.link_standard(&config, "Arn", &["sqs", "sns"], report, build));
    let is_kinesis = arn.split(':').nth(2) == Some("kinesis");
    StreamMapping {
        logical_id: resource.id.to_owned(),
        id: resource.reference.clone(),
        stream_arn: arn,
        function_arn: resource.arn.clone(),
        enabled,
        starting_position: starting_position(parameters, is_kinesis, report),
        batch_size: target.batch_size(Some(parameters), 100, report),
        batching_window: seconds(
            parameters.integer(report, "MaximumBatchingWindowInSeconds", 0..=300).unwrap_or_default(),
        ),
        maximum_retry_attempts: parameters.limit(report, "MaximumRetryAttempts", 0..=10_000),
        maximum_record_age: parameters.limit(report, "MaximumRecordAgeInSeconds", 60..=604_800).map(seconds),
        bisect_on_error: parameters.word(report, "OnPartialBatchItemFailure", &["AUTOMATIC_BISECT"]).is_some(),
        parallelization: parameters.integer(report, "ParallelizationFactor", 1..=10).unwrap_or(1),
        tumbling_window: None,
        report_batch_item_failures: target.reports,
        filters,
        on_failure,
    }
}

fn delivery(
    resource: &Resolved<'_>,
    target: Option<&str>,
    parameters: Option<&Object<'_>>,
    report: &mut Report,
) -> Option<PipeDelivery> {
    let own = |key: &str, shape: &Shape, report: &mut Report| {
        parameters.and_then(|parameters| parameters.object(report, resource.id, key, shape))
    };
    let text = |object: &Option<Object<'_>>, key: &str, report: &mut Report| {
        object.as_ref().and_then(|object| object.text(report, key))
    };
    Some(match target?.split(':').nth(2)? {
        "lambda" => {
            let types = ["REQUEST_RESPONSE", "FIRE_AND_FORGET"];
            let own = own("LambdaFunctionParameters", &TO_FUNCTION, report);
            let kind = own.and_then(|own| own.word(report, "InvocationType", &types));
            PipeDelivery::Function { waits: kind != Some("FIRE_AND_FORGET") }
        }
        "sqs" => {
            let own = own("SqsQueueParameters", &TO_QUEUE, report);
            let group = text(&own, "MessageGroupId", report);
            PipeDelivery::Queue { group, deduplication: text(&own, "MessageDeduplicationId", report) }
        }
        "sns" => PipeDelivery::Topic,
        "events" if target.is_some_and(|arn| arn.contains(":api-destination/")) => PipeDelivery::ApiDestination,
        "events" => {
            let own = own("EventBridgeEventBusParameters", &TO_BUS, report);
            let source = text(&own, "Source", report);
            let resources = own.as_ref().map(|own| own.list(report, "Resources")).unwrap_or_default();
            let resources = resources.iter().filter_map(|node| node.scalar()).collect();
            PipeDelivery::Bus { source, detail_type: text(&own, "DetailType", report), resources }
        }
        "kinesis" => match own("KinesisStreamParameters", &TO_STREAM, report) {
            Some(own) => PipeDelivery::Stream { partition_key: own.required_text(report, "PartitionKey")? },
            None => {
                report.error(
                    &resource.object.place,
                    "a pipe to a stream needs `TargetParameters` with `KinesisStreamParameters`",
                );
                return None;
            }
        },
        _ => return None,
    })
}
