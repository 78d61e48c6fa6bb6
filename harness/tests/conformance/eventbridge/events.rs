//! Events: put, matched, delivered.

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::DeadLetterConfig;
use aws_sdk_eventbridge::types::{InputTransformer, PutEventsRequestEntry, PutEventsResultEntry, Target};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{EventBridgeConfiguration, NotificationConfiguration};
use serde_json::{Value, json};

use super::{pattern, rule, target};
use crate::kit::{Aws, Case, Known, case, cases, error_as, refused_as, seen};
use crate::sqs::{Queue, bodies};

cases![
    a_pattern_is_tested_against_an_event,
    an_event_without_its_fields_is_not_tested,
    events_may_fail_in_part,
    a_request_has_at_most_ten_events,
    an_event_comes_whole,
    a_target_may_get_a_part_of_an_event,
    a_target_may_get_a_text_made_of_an_event,
    a_text_may_have_a_number_of_an_event_in_it,
    a_rule_takes_the_events_of_its_bus,
    a_source_of_aws_is_not_anybodys,
    a_request_has_an_event,
    a_detail_is_an_object,
    a_target_may_get_a_text_of_its_own,
    a_target_may_get_json_made_of_an_event,
    an_event_has_the_time_and_resources_of_its_entry,
    an_undeliverable_event_is_a_dead_letter,
    a_bucket_puts_events_on_the_default_bus,
];

fn event(detail: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder().source("shop").detail_type("order").detail(detail).build()
}

fn whole_event(detail: Value) -> String {
    json!({
        "id": "1", "account": "123456789012", "source": "shop", "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1", "resources": [], "detail-type": "order", "detail": detail,
    })
    .to_string()
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
fn a_pattern_is_tested_against_an_event() -> Case {
    case(async |aws| {
        let mut results = Vec::new();
        for detail in [
            json!({ "state": ["new"] }),
            json!({ "state": [{ "prefix": "n" }], "price": [{ "numeric": [">", 5, "<=", 10] }] }),
            json!({ "state": [{ "anything-but": ["new"] }] }),
            json!({ "coupon": [{ "exists": false }] }),
            json!({ "$or": [{ "state": ["paid"] }, { "price": [{ "numeric": ["<", 10] }] }] }),
            json!({ "state": [{ "equals-ignore-case": "NEW" }], "price": [10] }),
            json!({ "state": [{ "wildcard": "n*w" }], "address": [{ "cidr": "10.0.0.0/24" }] }),
        ] {
            let event = whole_event(json!({ "state": "new", "price": 10, "address": "10.0.0.255" }));
            let pattern = json!({ "source": ["shop"], "detail": detail }).to_string();
            let tested = aws.eventbridge().test_event_pattern().event_pattern(pattern).event(event).send().await;
            results.push(seen(tested, |tested| tested.result().into()));
        }
        Value::from(results)
    })
    .gives(json!([true, true, false, true, false, true, true]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>
fn an_event_without_its_fields_is_not_tested() -> Case {
    case(async |aws| {
        let test = aws.eventbridge().test_event_pattern().event_pattern(pattern());
        refused_as(test.event(r#"{"source":"shop"}"#).send().await)
    })
    .gives(error_as(400, "ValidationException"))
}

fn results(entries: &[PutEventsResultEntry]) -> Value {
    entries.iter().map(|entry| json!([entry.event_id().is_some(), entry.error_code()])).collect()
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
fn events_may_fail_in_part() -> Case {
    case(async |aws| {
        let put = aws.eventbridge().put_events().entries(event(r#"{"id":1}"#)).entries(event("no JSON"));
        let put = put.entries(PutEventsRequestEntry::builder().detail_type("order").detail("{}").build());
        seen(put.send().await, |put| json!([put.failed_entry_count(), results(put.entries())]))
    })
    .gives(json!([2, [[true, null], [false, "MalformedDetail"], [false, "InvalidArgument"]]]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
fn a_request_has_at_most_ten_events() -> Case {
    case(async |aws| refused_as(aws.eventbridge().put_events().set_entries(Some(vec![event("{}"); 11])).send().await))
        .gives(error_as(400, "ValidationException"))
}

/// Puts an event that a rule sends to a target which is a queue.
async fn deliver(aws: &Aws, change: impl FnOnce(Target) -> Target) -> Queue {
    let (events, queue) = (rule(aws, "orders").await, Queue::open(aws, "inbox").await);
    let put = events.put_targets().rule(aws.name("orders")).targets(change(target("1", &queue.arn)));
    put.send().await.expect("the target is valid");
    events.put_events().entries(event(r#"{"id":7,"state":"new"}"#)).send().await.expect("the event is valid");
    queue
}

/// <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
fn an_event_comes_whole() -> Case {
    case(async |aws| {
        let mut event = deliver(&aws, |target| target).await.json().await;
        for field in ["id", "time"] {
            assert!(event[field].take().is_string(), "an event has the field {field}");
        }
        event
    })
    .gives(json!({
        "version": "0",
        "id": null,
        "detail-type": "order",
        "source": "shop",
        "account": "ACCOUNT",
        "time": null,
        "region": "us-east-1",
        "resources": [],
        "detail": { "id": 7, "state": "new" },
    }))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html>
fn a_target_may_get_a_part_of_an_event() -> Case {
    case(async |aws| {
        let queue = deliver(&aws, |mut target| {
            target.input_path = Some("$.detail".to_owned());
            target
        });
        queue.await.json().await
    })
    .gives(json!({ "id": 7, "state": "new" }))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>
fn a_target_may_get_a_text_made_of_an_event() -> Case {
    case(|aws| made_of_an_event(aws, "$.detail.state", "\"It is <part>\"")).gives(json!(["\"It is new\""]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>
fn a_text_may_have_a_number_of_an_event_in_it() -> Case {
    case(|aws| made_of_an_event(aws, "$.detail.id", "\"It is <part>\"")).gives(json!(["\"It is 7\""])).localstack(
        Known {
            got: json!([]),
            reason: "LocalStack fails at a value that is no text within a text, and drops the event",
            page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html",
        },
    )
}

/// What arrives of a template with a part of an event in it.
async fn made_of_an_event(aws: Aws, path: &str, template: &str) -> Value {
    let transformer = InputTransformer::builder().input_paths_map("part", path).input_template(template);
    let transformer = transformer.build().expect("it has a template");
    let queue = deliver(&aws, |mut target| {
        target.input_transformer = Some(transformer);
        target
    });
    bodies(&queue.await.receive(1).await)
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html>
fn a_rule_takes_the_events_of_its_bus() -> Case {
    case(async |aws| {
        let (events, bus, queue) = (aws.eventbridge(), aws.name("orders"), Queue::open(&aws, "inbox").await);
        events.create_event_bus().name(&bus).send().await.expect("the name is valid");
        let rule = events.put_rule().name("a").event_pattern(pattern()).event_bus_name(&bus).send().await;
        let targets = events.put_targets().rule("a").event_bus_name(&bus);
        targets.targets(target("1", &queue.arn)).send().await.expect("the target is valid");
        let mut own = event(r#"{"id":2}"#);
        own.event_bus_name = Some(bus);
        events.put_events().entries(event(r#"{"id":1}"#)).entries(own).send().await.expect("the events are valid");
        json!([seen(rule, |rule| json!(rule.rule_arn())), queue.json().await["detail"]])
    })
    .gives(json!(["arn:aws:events:us-east-1:ACCOUNT:rule/orders/a", { "id": 2 }]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
fn a_source_of_aws_is_not_anybodys() -> Case {
    case(async |aws| {
        let mut event = event("{}");
        event.source = Some("aws.shop".to_owned());
        let put = aws.eventbridge().put_events().entries(event).send().await;
        seen(put, |put| json!([put.failed_entry_count(), results(put.entries())]))
    })
    .gives(json!([1, [[false, "NotAuthorizedForSourceException"]]]))
    .localstack(Known {
        got: json!([0, [[true, null]]]),
        reason: "LocalStack takes every source",
        page: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html",
    })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
fn a_request_has_an_event() -> Case {
    case(async |aws| refused_as(aws.eventbridge().put_events().set_entries(Some(Vec::new())).send().await))
        .gives(error_as(400, "ValidationException"))
        .localstack(Known {
            got: json!("accepted"),
            reason: "LocalStack does not count the entries from below",
            page: "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html",
        })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
fn a_detail_is_an_object() -> Case {
    case(async |aws| {
        let put = aws.eventbridge().put_events().entries(event("[1]")).send().await;
        seen(put, |put| json!([put.failed_entry_count(), results(put.entries())]))
    })
    .gives(json!([1, [[false, "MalformedDetail"]]]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html>
fn a_target_may_get_a_text_of_its_own() -> Case {
    case(async |aws| {
        let queue = deliver(&aws, |mut target| {
            target.input = Some(r#"{"go":true}"#.to_owned());
            target
        });
        queue.await.json().await
    })
    .gives(json!({ "go": true }))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>
fn a_target_may_get_json_made_of_an_event() -> Case {
    case(async |aws| {
        let transformer = InputTransformer::builder().input_paths_map("state", "$.detail.state");
        let transformer = transformer.input_paths_map("id", "$.detail.id").input_paths_map("detail", "$.detail");
        let template = r#"{"id": <id>, "text": "It is <state>", "detail": <detail>, "rule": <aws.events.rule-name>}"#;
        let transformer = transformer.input_template(template).build().expect("it has a template");
        let queue = deliver(&aws, |mut target| {
            target.input_transformer = Some(transformer);
            target
        });
        queue.await.json().await
    })
    .gives(json!({
        "id": 7,
        "text": "It is new",
        "detail": { "id": 7, "state": "new" },
        "rule": "orders",
    }))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
fn an_event_has_the_time_and_resources_of_its_entry() -> Case {
    case(async |aws| {
        let (events, queue) = (rule(&aws, "orders").await, Queue::open(&aws, "inbox").await);
        let put = events.put_targets().rule(aws.name("orders")).targets(target("1", &queue.arn));
        put.send().await.expect("the target is valid");
        let mut event = event("{}");
        event.time = Some(DateTime::from_secs(1_700_000_000));
        event.resources = Some(vec!["arn:aws:s3:::pictures".to_owned()]);
        events.put_events().entries(event).send().await.expect("the event is valid");
        let event = queue.json().await;
        json!([event["time"], event["resources"]])
    })
    .gives(json!(["2023-11-14T22:13:20Z", ["arn:aws:s3:::pictures"]]))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>
fn an_undeliverable_event_is_a_dead_letter() -> Case {
    case(async |aws| {
        let (events, dead) = (rule(&aws, "orders").await, Queue::open(&aws, "dead").await);
        let mut target = target("1", &aws.arn("sqs", "absent"));
        target.dead_letter_config = Some(DeadLetterConfig::builder().arn(&dead.arn).build());
        let put = events.put_targets().rule(aws.name("orders")).targets(target).send().await;
        put.expect("the target is valid");
        events.put_events().entries(event(r#"{"id":7}"#)).send().await.expect("the event is valid");
        let letter = dead.receive(1).await.pop();
        let attributes = letter.as_ref().and_then(|letter| letter.message_attributes());
        let value = |name: &str| json!(attributes.and_then(|all| all.get(name)).and_then(|value| value.string_value()));
        let body = letter.as_ref().and_then(|letter| letter.body()).unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        json!([body["detail"], value("RULE_ARN"), value("TARGET_ARN"), value("ERROR_CODE").is_string()])
    })
    .gives(json!([
        { "id": 7 },
        "arn:aws:events:us-east-1:ACCOUNT:rule/orders",
        "arn:aws:sqs:us-east-1:ACCOUNT:absent",
        true,
    ]))
    .localstack(Known {
        got: json!([null, null, null, false]),
        reason: "LocalStack has no dead-letter queues for targets",
        page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
fn a_bucket_puts_events_on_the_default_bus() -> Case {
    case(async |aws| {
        let (events, queue, s3) = (aws.eventbridge(), Queue::open(&aws, "inbox").await, aws.s3());
        let pattern = json!({ "source": ["aws.s3"], "detail": { "bucket": { "name": [aws.name("pictures")] } } });
        events.put_rule().name("a").event_pattern(pattern.to_string()).send().await.expect("the rule is valid");
        let put = events.put_targets().rule("a").targets(target("1", &queue.arn));
        put.send().await.expect("the target is valid");
        s3.create_bucket().bucket(aws.name("pictures")).send().await.expect("the name is valid");
        let configuration = NotificationConfiguration::builder();
        let configuration = configuration.event_bridge_configuration(EventBridgeConfiguration::builder().build());
        let put = s3.put_bucket_notification_configuration().bucket(aws.name("pictures"));
        put.notification_configuration(configuration.build()).send().await.expect("valid");
        let put = s3.put_object().bucket(aws.name("pictures")).key("red flower.jpg");
        put.body(ByteStream::from_static(b"hello")).send().await.expect("valid");
        let event = queue.json().await;
        let (detail, object) = (&event["detail"], &event["detail"]["object"]);
        json!({
            "event": [event["source"], event["detail-type"], event["resources"]],
            "detail": [detail["version"], detail["reason"], detail["bucket"]["name"]],
            "object": [object["key"], object["size"], object["etag"]],
        })
    })
    .gives(json!({
        "event": ["aws.s3", "Object Created", ["arn:aws:s3:::pictures"]],
        "detail": ["0", "PutObject", "pictures"],
        "object": ["red flower.jpg", 5, "5d41402abc4b2a76b9719d911017c592"],
    }))
    .localstack(Known {
        got: json!({
            "event": ["aws.s3", "Object Created", ["arn:aws:s3:::pictures"]],
            "detail": ["0", "PutObject", "pictures"],
            "object": ["red%20flower.jpg", 5, "5d41402abc4b2a76b9719d911017c592"],
        }),
        reason: "LocalStack encodes the key, as in S3's own notifications",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html",
    })
}
