//! Targets: put, listed and removed.

use aws_sdk_eventbridge::types::RemoveTargetsResultEntry;
use serde_json::{Value, json};

use super::{rule, target};
use crate::kit::{Case, Known, case, cases, error, error_as, refused, refused_as, seen};

cases![
    targets_are_put_listed_and_removed,
    a_target_needs_a_rule,
    a_rule_has_at_most_five_targets,
    a_target_has_one_kind_of_input,
    a_targets_input_is_json,
];

fn removals(failed: &[RemoveTargetsResultEntry]) -> Value {
    failed.iter().map(|entry| json!([entry.target_id(), entry.error_code()])).collect()
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>
fn targets_are_put_listed_and_removed() -> Case {
    case(async |aws| {
        let (events, name, arn) = (rule(&aws, "orders").await, aws.name("orders"), aws.arn("sqs", "inbox"));
        let put = events.put_targets().rule(&name).targets(target("1", &arn)).targets(target("2", &arn)).send().await;
        let named = events.list_rule_names_by_target().target_arn(&arn).send().await;
        let removed = events.remove_targets().rule(&name).ids("2").ids("absent").send().await;
        let listed = events.list_targets_by_rule().rule(&name).send().await;
        json!({
            "put": seen(put, |put| put.failed_entry_count().into()),
            "named": seen(named, |named| json!(named.rule_names())),
            "removed": seen(removed, |removed| removals(removed.failed_entries())),
            "left": seen(listed, |left| left.targets().iter().map(|one| json!([one.id(), one.arn()])).collect()),
        })
    })
    .gives(json!({
        "put": 0,
        "named": ["orders"],
        "removed": [["absent", "ResourceNotFoundException"]],
        "left": [["1", "arn:aws:sqs:us-east-1:ACCOUNT:inbox"]],
    }))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>
fn a_target_needs_a_rule() -> Case {
    case(async |aws| {
        let put = aws.eventbridge().put_targets().rule(aws.name("absent")).targets(target("1", &aws.arn("sqs", "a")));
        refused(put.send().await)
    })
    .gives(error(400, "ResourceNotFoundException", "Rule absent does not exist on EventBus default."))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
fn a_rule_has_at_most_five_targets() -> Case {
    case(async |aws| {
        let events = rule(&aws, "orders").await;
        let targets = (0..6).map(|id| target(&id.to_string(), &aws.arn("sqs", "inbox"))).collect();
        refused_as(events.put_targets().rule(aws.name("orders")).set_targets(Some(targets)).send().await)
    })
    .gives(error_as(400, "LimitExceededException"))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>
fn a_target_has_one_kind_of_input() -> Case {
    case(async |aws| {
        let events = rule(&aws, "orders").await;
        let mut target = target("1", &aws.arn("sqs", "inbox"));
        (target.input, target.input_path) = (Some("{}".to_owned()), Some("$.detail".to_owned()));
        refused_as(events.put_targets().rule(aws.name("orders")).targets(target).send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not compare the kinds of input",
        page: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html",
    })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html>
fn a_targets_input_is_json() -> Case {
    case(async |aws| {
        let events = rule(&aws, "orders").await;
        let mut target = target("1", &aws.arn("sqs", "inbox"));
        target.input = Some("{".to_owned());
        refused_as(events.put_targets().rule(aws.name("orders")).targets(target).send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack keeps the input unread",
        page: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html",
    })
}
