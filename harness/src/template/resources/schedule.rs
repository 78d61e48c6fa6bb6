//! `AWS::Scheduler::Schedule` and `AWS::Scheduler::ScheduleGroup`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html>

use rehearsal_emulator::validate;

use super::{Build, Resolved, Type};
use crate::stack::{Schedule, ScheduleGroup};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const TYPES: &[Type] = &[
    Type { name: "AWS::Scheduler::Schedule", shape: &SCHEDULE, read: read_schedule },
    Type { name: "AWS::Scheduler::ScheduleGroup", shape: &GROUP, read: read_group },
];

const SCHEDULE: Shape = Shape {
    reads: &[
        "Name",
        "GroupName",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "StartDate",
        "EndDate",
        "State",
        "FlexibleTimeWindow",
        "Target",
    ],
    descriptive: &["Description"],
    harmless: &["KmsKeyArn"],
    refused: &[],
};
const GROUP: Shape = Shape { reads: &["Name"], descriptive: &["Tags"], harmless: &[], refused: &[] };
const WINDOW: Shape = Shape::of(&["Mode", "MaximumWindowInMinutes"]);
const TARGET: Shape = Shape {
    reads: &["Arn", "Input", "DeadLetterConfig", "RetryPolicy", "SqsParameters", "EventBridgeParameters"],
    descriptive: &[],
    harmless: &["RoleArn"],
    refused: &["EcsParameters", "KinesisParameters", "SageMakerPipelineParameters"],
};
const DEAD_LETTER: Shape = Shape::of(&["Arn"]);
const RETRY: Shape = Shape::of(&["MaximumEventAgeInSeconds", "MaximumRetryAttempts"]);
const SQS: Shape = Shape::of(&["MessageGroupId"]);
const EVENTS: Shape = Shape::of(&["DetailType", "Source"]);

fn read_group(resource: &Resolved<'_>, _: &mut Report, build: &mut Build) {
    let group = ScheduleGroup { logical_id: resource.id.to_owned(), name: resource.name.clone() };
    build.stack.schedule_groups.push(group);
}

fn read_schedule(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let expression = expression(object, report);
    flexible_window(resource, report);
    object.require(report, "Target");
    let Some(target) = object.object(report, resource.id, "Target", &TARGET) else { return };
    let arn = resource.link(&target, "Arn", &["lambda", "sqs", "sns", "events"], report, build);
    let dead_letter = target.object(report, resource.id, "DeadLetterConfig", &DEAD_LETTER);
    let dead_letter_arn =
        dead_letter.and_then(|config| resource.link_standard(&config, "Arn", &["sqs"], report, build));
    let retry = target.object(report, resource.id, "RetryPolicy", &RETRY);
    let retry = retry.as_ref();
    let attempts = retry.and_then(|retry| retry.integer(report, "MaximumRetryAttempts", 0..=185));
    let age = retry.and_then(|retry| retry.integer(report, "MaximumEventAgeInSeconds", 60..=86_400));
    let sqs = target.object(report, resource.id, "SqsParameters", &SQS);
    let events = target.object(report, resource.id, "EventBridgeParameters", &EVENTS);
    let event = events.and_then(|events| {
        Some((events.required_text(report, "Source")?, events.required_text(report, "DetailType")?))
    });
    let (Some(expression), Some(target_arn)) = (expression, arn) else { return };
    check_target(&target, &target_arn, sqs.is_some(), event.is_some(), report);
    let (start, end) = (date(object, "StartDate", report), date(object, "EndDate", report));
    if start.zip(end).is_some_and(|(start, end)| start >= end) {
        report.error(&object.place_of("EndDate"), "the `EndDate` must be later than the `StartDate`");
    }
    build.stack.schedules.push(Schedule {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        group: object.text(report, "GroupName"),
        expression,
        time_zone: object.text(report, "ScheduleExpressionTimezone"),
        start,
        end,
        enabled: object.word(report, "State", &["ENABLED", "DISABLED"]) != Some("DISABLED"),
        target_arn,
        input: target.text(report, "Input"),
        message_group_id: sqs.and_then(|sqs| sqs.text(report, "MessageGroupId")),
        event,
        dead_letter_arn,
        maximum_retry_attempts: attempts,
        maximum_event_age: age,
    });
}

/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
fn expression(object: &Object<'_>, report: &mut Report) -> Option<String> {
    let expression = object.required_text(report, "ScheduleExpression")?;
    let zone = object.text(report, "ScheduleExpressionTimezone");
    if let Some(zone) = &zone
        && validate::schedule_expression("rate(1 minute)", zone).is_err()
    {
        let span = &object.value("ScheduleExpressionTimezone")?.span;
        report.error(span, format!("there is no time zone `{zone}`")).help("write one such as `Europe/Berlin`");
    } else if validate::schedule_expression(&expression, zone.as_deref().unwrap_or("UTC")).is_err() {
        let span = &object.value("ScheduleExpression")?.span;
        let problem = report.error(span, format!("`{expression}` is not a schedule"));
        problem
            .help("write `rate(5 minutes)`, `cron(0 9 * * ? *)`, which has six fields, or `at(2026-01-01T09:00:00)`");
    }
    Some(expression)
}

/// What Scheduler asks of a target of its kind.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html>
fn check_target(target: &Object<'_>, arn: &str, has_sqs: bool, has_event: bool, report: &mut Report) {
    let service = arn.split(':').nth(2).unwrap_or_default();
    if service == "sqs" && arn.ends_with(".fifo") && !has_sqs {
        let problem = report.error(&target.place_of("Arn"), "a FIFO queue as a target needs `SqsParameters`");
        problem.help("with the `MessageGroupId` that its messages get");
    } else if service == "sns" && arn.ends_with(".fifo") {
        report.error(&target.place_of("Arn"), "Scheduler cannot publish to a FIFO topic");
    } else if service == "events" && !has_event && !target.has("EventBridgeParameters") {
        let problem = report.error(&target.place_of("Arn"), "an event bus as a target needs `EventBridgeParameters`");
        problem.help("with the `Source` and the `DetailType` of the event");
    }
    if matches!(service, "lambda" | "events")
        && let Some(input) = target.text(report, "Input")
        && let Err(error) = serde_json::from_str::<serde_json::Value>(&input)
        && let Some(node) = target.value("Input")
    {
        report.error(&node.span, "the `Input` of this target must be JSON").label(error.to_string());
    }
}

fn flexible_window(resource: &Resolved<'_>, report: &mut Report) {
    let Some(window) = resource.object.object(report, resource.id, "FlexibleTimeWindow", &WINDOW) else {
        resource.object.require(report, "FlexibleTimeWindow");
        return;
    };
    if window.word(report, "Mode", &["OFF", "FLEXIBLE"]) == Some("FLEXIBLE") {
        let problem = report.error(&window.place_of("Mode"), "a flexible time window is not simulated");
        problem.help("write `Mode: OFF` in the template that is replayed");
    }
}

/// A time in seconds since 1970.
fn date(object: &Object<'_>, key: &str, report: &mut Report) -> Option<i64> {
    let text = object.text(report, key)?;
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => Some(time.as_second()),
        Err(_) => {
            let problem = report.error(&object.place_of(key), format!("`{text}` is not a time"));
            problem.help("write one in UTC, such as `2026-01-01T09:00:00Z`");
            None
        }
    }
}
