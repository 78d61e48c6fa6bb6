//! `AWS::Scheduler::Schedule` and `AWS::Scheduler::ScheduleGroup`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html>

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
    let expression = object.required_text(report, "ScheduleExpression");
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
    build.stack.schedules.push(Schedule {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        group: object.text(report, "GroupName"),
        expression,
        time_zone: object.text(report, "ScheduleExpressionTimezone"),
        start: date(object, "StartDate", report),
        end: date(object, "EndDate", report),
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
