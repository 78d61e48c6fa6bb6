//! Event buses.

use serde_json::json;

use super::pattern;
use crate::kit::{Case, Known, case, cases, done, error, error_as, refused, refused_as, seen};

cases![
    the_default_bus_is_there,
    a_bus_is_created_once,
    a_bus_that_is_not_there_is_told,
    the_default_bus_is_not_deleted,
    a_bus_with_rules_is_not_deleted,
];

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html>
fn the_default_bus_is_there() -> Case {
    case(async |aws| {
        let bus = aws.eventbridge().describe_event_bus().send().await;
        seen(bus, |bus| json!([bus.name(), bus.arn()]))
    })
    .gives(json!(["default", "arn:aws:events:us-east-1:ACCOUNT:event-bus/default"]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>
fn a_bus_is_created_once() -> Case {
    case(async |aws| {
        let create = aws.eventbridge().create_event_bus().name(aws.name("orders"));
        let created = seen(create.clone().send().await, |bus| json!(bus.event_bus_arn()));
        json!([created, refused(create.send().await)])
    })
    .gives(json!([
        "arn:aws:events:us-east-1:ACCOUNT:event-bus/orders",
        error(400, "ResourceAlreadyExistsException", "Event bus orders already exists."),
    ]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html>
fn a_bus_that_is_not_there_is_told() -> Case {
    case(async |aws| {
        let (events, name) = (aws.eventbridge(), aws.name("absent"));
        let put = events.put_rule().name("a").event_pattern(pattern()).event_bus_name(&name).send().await;
        let deleted = events.delete_event_bus().name(&name).send().await;
        json!([refused(events.describe_event_bus().name(&name).send().await), refused(put), done(deleted)])
    })
    .gives(json!([
        error(400, "ResourceNotFoundException", "Event bus absent does not exist."),
        error(400, "ResourceNotFoundException", "Event bus absent does not exist."),
        "done",
    ]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html>
fn the_default_bus_is_not_deleted() -> Case {
    case(async |aws| refused(aws.eventbridge().delete_event_bus().name("default").send().await)).gives(error(
        400,
        "ValidationException",
        "Cannot delete event bus default.",
    ))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html>
fn a_bus_with_rules_is_not_deleted() -> Case {
    case(async |aws| {
        let (events, bus) = (aws.eventbridge(), aws.name("orders"));
        events.create_event_bus().name(&bus).send().await.expect("the name is valid");
        let put = events.put_rule().name("a").event_pattern(pattern()).event_bus_name(&bus).send().await;
        json!([done(put), refused_as(events.delete_event_bus().name(&bus).send().await)])
    })
    .gives(json!(["done", error_as(400, "ValidationException")]))
    .localstack(Known {
        got: json!(["done", "accepted"]),
        reason: "LocalStack deletes the bus with its rules",
        page: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html",
    })
}
