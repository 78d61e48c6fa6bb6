//! What targets get, when, and what follows where they do not.

use std::time::Duration;

use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::{InputTransformer, RetryPolicy};
use rehearsal_emulator::FunctionSource;
use serde_json::{Value, json};

use crate::common::config;
use crate::setup::{BUSY, FUNCTION, MISSING, RULE, attributes, dead_letter, entry, receive, setup, target};

#[tokio::test(start_paused = true)]
async fn a_function_gets_the_whole_event() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let id = setup.put_event(json!({"total": 5})).await;
    let [(_, event)] = &setup.offered()[..] else { panic!("one event is delivered") };
    assert_eq!(event.source, FunctionSource::EventBridge { rule_arn: RULE.to_owned() });
    let expected = format!(
        "{{\"version\":\"0\",\"id\":\"{id}\",\"detail-type\":\"Order Placed\",\"source\":\"shop\",\
         \"account\":\"123456789012\",\"time\":\"2026-01-01T00:00:00Z\",\"region\":\"us-east-1\",\"resources\":[],\
         \"detail\":{{\"total\":5}}}}"
    );
    assert_eq!(event.payload, expected);
}

#[tokio::test(start_paused = true)]
async fn rules_take_what_their_patterns_match_on_their_own_bus() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    setup.events.create_event_bus().name("other").send().await.expect("created");
    let rule = setup.events.put_rule().name("All").event_bus_name("other");
    let rule = rule.event_pattern(json!({"source": [{"prefix": ""}]}).to_string()).send().await.expect("a rule");
    assert_eq!(rule.rule_arn(), Some("arn:aws:events:us-east-1:123456789012:rule/other/All"));
    let put = setup.events.put_targets().rule("All").event_bus_name("other");
    put.targets(target("g", FUNCTION).input("\"other\"").build().expect("a target")).send().await.expect("put");

    let by_arn = "arn:aws:events:us-east-1:123456789012:event-bus/other";
    let entries = [entry("unknown", "{}"), entry("unknown", "{}").event_bus_name(by_arn), entry("shop", "{}")];
    let put = setup.events.put_events().set_entries(Some(entries.map(|entry| entry.build()).to_vec()));
    put.send().await.expect("taken");
    let payloads = setup.payloads();
    assert_eq!(payloads.len(), 2);
    assert_eq!((&payloads[0], &payloads[1]["source"]), (&json!("other"), &json!("shop")));
    setup.events.disable_rule().name("Orders").send().await.expect("disabled");
    setup.put_event(json!({})).await;
    assert_eq!(setup.offered().len(), 2, "a disabled rule takes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_target_gets_a_constant_a_part_or_a_template() {
    let setup = setup();
    setup.put_rule(json!({"source": ["shop"]})).await;
    let transformer = InputTransformer::builder().input_paths_map("total", "$.detail.total");
    let transformer = transformer.input_template(r#"{"sum": <total>, "rule": "<aws.events.rule-name>"}"#).build();
    setup
        .put_targets(vec![
            target("a", FUNCTION).input(r#"{"constant": true}"#),
            target("b", FUNCTION).input_path("$.detail.total"),
            target("c", FUNCTION).input_transformer(transformer.expect("a transformer has a template")),
        ])
        .await;
    setup.put_event(json!({"total": 5})).await;
    assert_eq!(setup.payloads(), [json!({"constant": true}), json!(5), json!({"sum": 5, "rule": "Orders"})]);
    let two = target("d", FUNCTION).input("{}").input_path("$").build().expect("a target");
    let error = setup.events.put_targets().rule("Orders").targets(two).send().await;
    let error = error.expect_err("a target has one input").into_service_error();
    assert_eq!(error.code(), Some("ValidationException"));
}

#[tokio::test(start_paused = true)]
async fn a_rate_fires_each_interval_after_the_rule_is_created() {
    let setup = setup();
    setup.schedule("rate(12 hours)").await;
    let [outstanding] = &setup.emulator.outstanding()[..] else { panic!("one rule fires") };
    assert_eq!((outstanding.what.as_str(), outstanding.recurring), ("the next firing of rule Orders", true));
    assert_eq!(outstanding.due.to_string(), "2026-01-01T12:00:00Z");
    tokio::time::sleep(Duration::from_secs(3 * 86_400 + 1)).await;
    let times: Vec<_> = setup.offered().iter().map(|(time, _)| time.as_secs() / 3600).collect();
    assert_eq!(times, [12, 24, 36, 48, 60, 72]);
    let event = &setup.payloads()[1];
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("aws.events"), &json!("Scheduled Event")));
    assert_eq!((&event["time"], &event["detail"]), (&json!("2026-01-02T00:00:00Z"), &json!({})));
    assert_eq!(event["resources"], json!([RULE]));
}

#[tokio::test(start_paused = true)]
async fn a_cron_schedule_fires_at_its_times_until_the_rule_is_disabled() {
    let setup = setup();
    setup.schedule("cron(30 6 * * ? *)").await;
    tokio::time::sleep(Duration::from_secs(2 * 86_400)).await;
    let times: Vec<_> = setup.payloads().iter().map(|event| event["time"].clone()).collect();
    assert_eq!(times, ["2026-01-01T06:30:00Z", "2026-01-02T06:30:00Z"]);
    setup.events.disable_rule().name("Orders").send().await.expect("disabled");
    assert_eq!(setup.emulator.outstanding(), []);
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(setup.offered().len(), 2);
    setup.events.enable_rule().name("Orders").send().await.expect("enabled");
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(setup.payloads()[2]["time"], "2026-01-04T06:30:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_busy_target_is_tried_again_with_growing_waits() {
    let setup = setup();
    *setup.refusals.lock().expect("nobody panicked") = 5;
    setup.rule(target("f", BUSY)).await;
    setup.put_event(json!({"n": 1})).await;
    let [retry] = &setup.emulator.outstanding()[..] else { panic!("one retry is outstanding") };
    assert_eq!((retry.what.as_str(), retry.recurring), ("retry 1 of rule Orders to function Busy", false));
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(setup.emulator.outstanding(), []);
    let times: Vec<_> = setup.offered().iter().map(|(time, _)| time.as_secs_f64()).collect();
    assert_eq!(times.len(), 6, "one attempt and five retries");
    for (retry, pair) in times.windows(2).enumerate() {
        let wait = pair[1] - pair[0];
        let longest = f64::from(1_u32 << retry);
        assert!((longest / 2.0..=longest + 0.01).contains(&wait), "retry {retry} after {wait} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_does_not_exist_is_not_tried_again() {
    let setup = setup();
    setup.rule(target("f", MISSING)).await;
    setup.put_event(json!({})).await;
    assert_eq!(setup.emulator.outstanding(), []);
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(setup.offered().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn retries_end_by_default_within_24_hours_and_185_attempts() {
    let setup = setup();
    setup.rule(target("f", BUSY)).await;
    setup.put_event(json!({})).await;
    tokio::time::sleep(Duration::from_secs(2 * 86_400)).await;
    let offered = setup.offered();
    assert_eq!(offered.len(), 186, "one attempt and 185 retries");
    assert!(offered[185].0 < Duration::from_secs(86_400));
    assert_eq!(setup.emulator.outstanding(), []);
}

#[tokio::test(start_paused = true)]
async fn a_queue_gets_the_event_and_a_topic_publishes_it() {
    let setup = setup();
    let (sqs, url, queue) = setup.queue("audit").await;
    let sns = aws_sdk_sns::Client::new(&config(&setup.emulator));
    let topic = sns.create_topic().name("news").send().await.expect("created");
    let topic = topic.topic_arn().expect("a topic has an ARN").to_owned();
    sns.subscribe().topic_arn(&topic).protocol("lambda").endpoint(FUNCTION).send().await.expect("subscribed");
    setup.put_rule(json!({"source": ["shop"]})).await;
    setup.put_targets(vec![target("q", &queue), target("t", &topic).input_path("$.detail")]).await;
    let id = setup.put_event(json!({"total": 5})).await;
    let [message] = &receive(&sqs, &url).await[..] else { panic!("one message is delivered") };
    let event: Value = serde_json::from_str(message.body().expect("a message has a body")).expect("an event is JSON");
    assert_eq!((&event["id"], &event["detail"]), (&json!(id), &json!({"total": 5})));
    assert_eq!(setup.payloads()[0]["Message"], "{\"total\":5}");
}

#[tokio::test(start_paused = true)]
async fn an_event_for_a_missing_target_goes_to_the_dead_letter_queue_at_once() {
    let setup = setup();
    let (sqs, url, dead) = setup.queue("dead").await;
    let missing = "arn:aws:sqs:us-east-1:123456789012:missing";
    setup.rule(target("q", missing).input("\"constant\"").dead_letter_config(dead_letter(&dead))).await;
    setup.put_event(json!({"total": 5})).await;
    let [message] = &receive(&sqs, &url).await[..] else { panic!("one message is dead") };
    let event: Value = serde_json::from_str(message.body().expect("a message has a body")).expect("an event is JSON");
    assert_eq!(event["detail"], json!({"total": 5}), "the event and not the target's input");
    let expected = [
        ("ERROR_CODE", "NO_RESOURCE"),
        ("ERROR_MESSAGE", "The specified queue does not exist."),
        ("RETRY_ATTEMPTS", "0"),
        ("RULE_ARN", RULE),
        ("TARGET_ARN", missing),
    ];
    assert_eq!(attributes(message), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_for_lambda_goes_to_the_dead_letter_queue_at_once() {
    let setup = setup();
    let (sqs, url, dead) = setup.queue("dead").await;
    let transformer = InputTransformer::builder().input_paths_map("text", "$.detail.text");
    let transformer = transformer.input_template(r#"{"a": <text>, "b": <text>}"#).build().expect("it is valid");
    setup.rule(target("f", FUNCTION).input_transformer(transformer).dead_letter_config(dead_letter(&dead))).await;
    setup.put_event(json!({ "text": "x".repeat(512 * 1024 - 100) })).await;
    assert_eq!(setup.offered().len(), 1);
    setup.put_event(json!({ "text": "x".repeat(512 * 1024) })).await;
    assert_eq!(setup.offered().len(), 1, "Lambda is not even asked");
    let [message] = &receive(&sqs, &url).await[..] else { panic!("one message is dead") };
    let attributes = attributes(message);
    let get = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    assert_eq!(get("ERROR_CODE"), Some("SDK_CLIENT_ERROR"));
    let text = "Request must be smaller than 1048576 bytes for the InvokeFunction operation";
    assert_eq!((get("ERROR_MESSAGE"), get("RETRY_ATTEMPTS")), (Some(text), Some("0")));
}

#[tokio::test(start_paused = true)]
async fn an_event_goes_to_the_dead_letter_queue_when_its_retries_or_its_age_are_exhausted() {
    let few = RetryPolicy::builder().maximum_retry_attempts(2).build();
    let short = RetryPolicy::builder().maximum_event_age_in_seconds(60).build();
    for (policy, condition, within) in [(few, "MaximumRetryAttempts", 3), (short, "MaximumEventAgeInSeconds", 60)] {
        let setup = setup();
        let (sqs, url, dead) = setup.queue("dead").await;
        setup.rule(target("f", BUSY).retry_policy(policy).dead_letter_config(dead_letter(&dead))).await;
        setup.put_event(json!({})).await;
        tokio::time::sleep(Duration::from_secs(within) + Duration::from_millis(10)).await;
        let [message] = &receive(&sqs, &url).await[..] else { panic!("one message is dead by {condition}") };
        let attributes = attributes(message);
        let get = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        assert_eq!(get("EXHAUSTED_RETRY_CONDITION"), Some(condition));
        assert_eq!(get("ERROR_CODE"), Some("THROTTLING"));
        let retries = setup.offered().len() - 1;
        assert_eq!(get("RETRY_ATTEMPTS"), Some(retries.to_string().as_str()));
        assert_eq!(setup.emulator.outstanding(), []);
    }
}
