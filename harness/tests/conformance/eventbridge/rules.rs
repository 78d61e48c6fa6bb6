//! Rules: their life, patterns and schedules.

use aws_sdk_eventbridge::types::RuleState;
use serde_json::{Value, json};

use super::{pattern, rule, target};
use crate::kit::{Aws, Case, Known, case, cases, done, error, error_as, refused, refused_as, seen};

cases![
    a_rule_is_told_as_it_was_put,
    a_rule_needs_a_pattern_or_a_schedule,
    a_pattern_that_is_no_json_is_refused,
    a_pattern_has_its_values_in_lists,
    a_schedule_that_is_none_is_refused,
    a_schedule_is_for_the_default_bus,
    a_rule_that_is_not_there_is_told,
    a_rule_that_is_not_there_is_deleted_already,
    a_rule_with_targets_is_not_deleted,
    rules_are_listed_by_prefix,
    a_rule_is_enabled_or_disabled,
];

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
fn a_rule_is_told_as_it_was_put() -> Case {
    case(async |aws| {
        let (events, name) = (aws.eventbridge(), aws.name("orders"));
        let put = events.put_rule().name(&name).event_pattern(pattern()).description("new orders");
        let put = seen(put.state(RuleState::Disabled).send().await, |put| json!(put.rule_arn()));
        let describe = events.describe_rule().name(&name);
        let before = seen(describe.clone().send().await, |rule| {
            json!([rule.state().map(|state| state.as_str()), rule.description(), rule.event_pattern()])
        });
        let enabled = events.enable_rule().name(&name).send().await;
        let after = seen(describe.send().await, |rule| {
            json!([rule.state().map(|state| state.as_str()), rule.event_bus_name(), rule.arn()])
        });
        json!([put, before, done(enabled), after])
    })
    .gives(json!([
        "arn:aws:events:us-east-1:ACCOUNT:rule/orders",
        ["DISABLED", "new orders", r#"{"source":["shop"]}"#],
        "done",
        ["ENABLED", "default", "arn:aws:events:us-east-1:ACCOUNT:rule/orders"],
    ]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
fn a_rule_needs_a_pattern_or_a_schedule() -> Case {
    case(async |aws| refused(aws.eventbridge().put_rule().name(aws.name("orders")).send().await)).gives(error(
        400,
        "ValidationException",
        "Parameter(s) EventPattern or ScheduleExpression must be specified.",
    ))
}

/// The error for a rule with a pattern.
async fn refuses(aws: Aws, pattern: &str) -> Value {
    refused_as(aws.eventbridge().put_rule().name(aws.name("orders")).event_pattern(pattern).send().await)
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
fn a_pattern_that_is_no_json_is_refused() -> Case {
    case(async |aws| refuses(aws, "{").await).gives(error_as(400, "InvalidEventPatternException")).localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack keeps the pattern unread",
        page: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
    })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html>
fn a_pattern_has_its_values_in_lists() -> Case {
    case(async |aws| refuses(aws, r#"{"source":"shop"}"#).await)
        .gives(error_as(400, "InvalidEventPatternException"))
        .localstack(Known {
            got: json!("accepted"),
            reason: "LocalStack keeps the pattern unread",
            page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html",
        })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
fn a_schedule_that_is_none_is_refused() -> Case {
    case(async |aws| {
        let put = |schedule: &str| aws.eventbridge().put_rule().name(aws.name("daily")).schedule_expression(schedule);
        // One is singular, a cron expression has six fields, and one of its days is a question mark.
        let mut errors = Vec::new();
        for schedule in ["rate(1 minutes)", "cron(0 12 * * ?)", "cron(0 12 * * * *)"] {
            errors.push(refused(put(schedule).send().await));
        }
        errors.push(done(put("cron(0 12 * * ? *)").send().await));
        Value::from(errors)
    })
    .gives(json!([
        error(400, "ValidationException", "Parameter ScheduleExpression is not valid."),
        error(400, "ValidationException", "Parameter ScheduleExpression is not valid."),
        error(400, "ValidationException", "Parameter ScheduleExpression is not valid."),
        "done",
    ]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html>
fn a_schedule_is_for_the_default_bus() -> Case {
    case(async |aws| {
        let (events, bus) = (aws.eventbridge(), aws.name("orders"));
        events.create_event_bus().name(&bus).send().await.expect("the name is valid");
        let put = events.put_rule().name("daily").schedule_expression("rate(1 day)").event_bus_name(&bus);
        refused(put.send().await)
    })
    .gives(error(400, "ValidationException", "ScheduleExpression is supported only on the default event bus."))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html>
fn a_rule_that_is_not_there_is_told() -> Case {
    case(async |aws| {
        let (events, name) = (aws.eventbridge(), aws.name("absent"));
        json!([
            refused(events.describe_rule().name(&name).send().await),
            refused(events.disable_rule().name(&name).send().await),
            refused(events.list_targets_by_rule().rule(&name).send().await),
        ])
    })
    .gives(Value::from(vec![
        error(
            400,
            "ResourceNotFoundException",
            "Rule absent does not exist on EventBus default.",
        );
        3
    ]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html>
fn a_rule_that_is_not_there_is_deleted_already() -> Case {
    case(async |aws| done(aws.eventbridge().delete_rule().name(aws.name("absent")).send().await)).gives(json!("done"))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html>
fn a_rule_with_targets_is_not_deleted() -> Case {
    case(async |aws| {
        let events = rule(&aws, "orders").await;
        let put = events.put_targets().rule(aws.name("orders")).targets(target("1", &aws.arn("sqs", "inbox")));
        put.send().await.expect("the target is valid");
        refused(events.delete_rule().name(aws.name("orders")).send().await)
    })
    .gives(error(400, "ValidationException", "Rule can't be deleted since it has targets."))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html>
fn rules_are_listed_by_prefix() -> Case {
    case(async |aws| {
        for name in ["b-1", "a-2", "a-1"] {
            rule(&aws, name).await;
        }
        let listed = aws.eventbridge().list_rules().name_prefix("a-").send().await;
        seen(listed, |listed| {
            let mut names: Vec<_> = listed.rules().iter().filter_map(|rule| rule.name()).collect();
            names.sort_unstable();
            json!(names)
        })
    })
    .gives(json!(["a-1", "a-2"]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
fn a_rule_is_enabled_or_disabled() -> Case {
    case(async |aws| {
        let put = aws.eventbridge().put_rule().name(aws.name("orders")).event_pattern(pattern());
        refused_as(put.state("PAUSED".into()).send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack keeps every state",
        page: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
    })
}
