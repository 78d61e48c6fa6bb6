//! `AWS::Events::EventBus` and `AWS::Events::Rule`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html>

use std::collections::BTreeMap;
use std::time::Duration;

use rehearsal_emulator::eventbridge::is_schedule;
use rehearsal_emulator::eventbridge::pattern::Pattern;
use serde_json::Value;

use super::{Build, Link, Resolved};
use crate::stack::{EventBus, HttpParameters, InputTransformer, Rule, RuleTarget};
use crate::template::names::bus_name;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const BUS: Shape = Shape {
    reads: &["Name"],
    descriptive: &["Description", "Tags"],
    // A bus's own dead-letter queue gets only what cannot be encrypted with a customer's key.
    harmless: &["DeadLetterConfig", "KmsKeyIdentifier", "LogConfig", "Policy"],
    refused: &["EventSourceName"],
};
pub const RULE: Shape = Shape {
    reads: &["Name", "EventBusName", "EventPattern", "ScheduleExpression", "State", "Targets"],
    descriptive: &["Description", "Tags"],
    harmless: &["RoleArn"],
    refused: &[],
};
const TARGET: Shape = Shape {
    reads: &[
        "Id",
        "Arn",
        "Input",
        "InputPath",
        "InputTransformer",
        "DeadLetterConfig",
        "RetryPolicy",
        "SqsParameters",
        "HttpParameters",
    ],
    descriptive: &[],
    harmless: &["RoleArn"],
    refused: &[
        "EcsParameters",
        "KinesisParameters",
        "BatchParameters",
        "RedshiftDataParameters",
        "RunCommandParameters",
    ],
};
const DEAD_LETTER: Shape = Shape::of(&["Arn"]);
const TRANSFORMER: Shape = Shape::of(&["InputPathsMap", "InputTemplate"]);
const SQS: Shape = Shape::of(&["MessageGroupId"]);
const HTTP: Shape = Shape::of(&["PathParameterValues", "HeaderParameters", "QueryStringParameters"]);
const RETRY: Shape = Shape::of(&["MaximumEventAgeInSeconds", "MaximumRetryAttempts"]);
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const MAX_TARGETS: usize = 5;

pub fn read_bus(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    resource.object.require(report, "Name");
    build.stack.buses.push(EventBus {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
    });
}

pub fn read_rule(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let bus = bus(resource, report, build);
    let event_pattern = pattern(object, report);
    let schedule = schedule(object, &bus, report);
    if !object.has("EventPattern") && !object.has("ScheduleExpression") {
        report.error(&object.place, "a rule needs an `EventPattern` or a `ScheduleExpression`");
    }
    let targets = object.objects(report, resource.id, "Targets", &TARGET);
    if targets.len() > MAX_TARGETS {
        report.error(&object.place_of("Targets"), format!("a rule can have up to {MAX_TARGETS} targets"));
    }
    let targets = targets.iter().filter_map(|each| target(resource, each, report, build)).collect();
    build.stack.rules.push(Rule {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        bus,
        event_pattern,
        schedule,
        enabled: enabled(object, report),
        targets,
    });
}

/// The name of the rule's bus, which may be given by ARN.
fn bus(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) -> String {
    let given = resource.object.text(report, "EventBusName").unwrap_or_else(|| "default".to_owned());
    let name = bus_name(&given).to_owned();
    if let Some(node) = resource.object.value("EventBusName").filter(|_| name != "default") {
        let (account, region) = (&resource.naming.account, &resource.naming.region);
        let arn = format!("arn:aws:events:{region}:{account}:event-bus/{name}");
        build.links.push(Link::new(arn, node.span.clone(), &["events"]));
    }
    name
}

fn pattern(object: &Object<'_>, report: &mut Report) -> Option<Value> {
    let node = object.value("EventPattern")?;
    if node.mapping().is_none() {
        report.error(&node.span, format!("an event pattern must be a mapping, not {}", node.kind()));
    } else if let Err(error) = Pattern::parse(&node.to_json()) {
        report.error(&node.span, format!("this is not an event pattern: {error}"));
    }
    Some(node.to_json())
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
fn schedule(object: &Object<'_>, bus: &str, report: &mut Report) -> Option<String> {
    let expression = object.text(report, "ScheduleExpression")?;
    let place = object.value("ScheduleExpression")?.span.clone();
    if bus != "default" {
        report.error(&place, "only rules of the default event bus can have a schedule");
    }
    if !is_schedule(&expression) {
        let problem = report.error(&place, format!("`{expression}` is not a schedule"));
        problem.help("write `rate(5 minutes)`, `rate(1 hour)` or `cron(0 9 * * ? *)`, which has six fields");
    }
    Some(expression)
}

/// `State`, or the `Enabled` of a SAM event.
fn enabled(object: &Object<'_>, report: &mut Report) -> bool {
    let enabled = object.boolean(report, "Enabled").unwrap_or(true);
    object.word(report, "State", &["ENABLED", "DISABLED"]).map_or(enabled, |state| state == "ENABLED")
}

fn target(resource: &Resolved<'_>, object: &Object<'_>, report: &mut Report, build: &mut Build) -> Option<RuleTarget> {
    let id = object.required_text(report, "Id");
    let arn = resource.link(object, "Arn", &["lambda", "sqs", "sns", "events"], report, build);
    let input = input(object, report);
    let inputs = ["Input", "InputPath", "InputTransformer"];
    let mut inputs = inputs.into_iter().filter(|key| object.has(key));
    if let (Some(one), Some(other)) = (inputs.next(), inputs.next()) {
        report.error(&object.place_of(other), format!("a target has either `{one}` or `{other}`"));
    }
    let dead_letter = object.object(report, resource.id, "DeadLetterConfig", &DEAD_LETTER);
    let dead_letter_arn =
        dead_letter.and_then(|config| resource.link_standard(&config, "Arn", &["sqs"], report, build));
    let retry = object.object(report, resource.id, "RetryPolicy", &RETRY);
    let retry = retry.as_ref();
    let age = retry.and_then(|retry| retry.integer(report, "MaximumEventAgeInSeconds", 60..=86_400));
    check_fifo(object, arn.as_deref().unwrap_or_default(), report);
    Some(RuleTarget {
        id: id?,
        arn: arn?,
        input,
        input_path: object.text(report, "InputPath"),
        input_transformer: transformer(resource, object, report),
        message_group_id: object
            .object(report, resource.id, "SqsParameters", &SQS)
            .and_then(|sqs| sqs.text(report, "MessageGroupId")),
        http: http(resource, object, report),
        dead_letter_arn,
        maximum_retry_attempts: retry.and_then(|retry| retry.integer(report, "MaximumRetryAttempts", 0..=185)),
        maximum_event_age: age.map(|seconds| Duration::from_secs(seconds.into())),
    })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html>
fn check_fifo(object: &Object<'_>, arn: &str, report: &mut Report) {
    let is_queue = arn.split(':').nth(2) == Some("sqs");
    if is_queue && arn.ends_with(".fifo") && !object.has("SqsParameters") {
        let problem = report.error(&object.place_of("Arn"), "a FIFO queue as a target needs `SqsParameters`");
        problem.help("with the `MessageGroupId` that its messages get");
    } else if is_queue && !arn.ends_with(".fifo") && object.has("SqsParameters") {
        report.error(&object.place_of("SqsParameters"), "`SqsParameters` are for FIFO queues");
    }
}

fn transformer(resource: &Resolved<'_>, object: &Object<'_>, report: &mut Report) -> Option<InputTransformer> {
    let transformer = object.object(report, resource.id, "InputTransformer", &TRANSFORMER)?;
    let template = transformer.required_text(report, "InputTemplate")?;
    Some(InputTransformer { paths: texts(&transformer, "InputPathsMap", report), template })
}

/// What is added to the request of an API destination.
pub(super) fn http(resource: &Resolved<'_>, object: &Object<'_>, report: &mut Report) -> Option<HttpParameters> {
    let http = object.object(report, resource.id, "HttpParameters", &HTTP)?;
    Some(HttpParameters {
        path: http.list(report, "PathParameterValues").into_iter().filter_map(|value| value.scalar()).collect(),
        headers: texts(&http, "HeaderParameters", report),
        query: texts(&http, "QueryStringParameters", report),
    })
}

fn texts(object: &Object<'_>, key: &str, report: &mut Report) -> BTreeMap<String, String> {
    let entries = object.mapping(report, key).iter();
    entries.filter_map(|(name, value)| Some((name.scalar()?, value.scalar()?))).collect()
}

fn input(object: &Object<'_>, report: &mut Report) -> Option<String> {
    let input = object.text(report, "Input")?;
    if let Err(error) = serde_json::from_str::<Value>(&input) {
        let problem = report.error(&object.value("Input")?.span, "the `Input` of a target must be JSON");
        problem.label(error.to_string());
    }
    Some(input)
}
