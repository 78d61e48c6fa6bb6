//! What the operations answer.

use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::builders::TargetBuilder;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, RuleState};
use serde_json::json;

use crate::setup::{FUNCTION, MISSING, entry, setup, target};

#[tokio::test(start_paused = true)]
async fn an_entry_s_own_time_and_resources_are_kept() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let entry = entry("shop", "{}").time(DateTime::from_secs(1_000_000_000)).resources("arn:a").build();
    setup.events.put_events().entries(entry).send().await.expect("taken");
    assert_eq!(setup.payloads()[0]["time"], "2001-09-09T01:46:40Z");
    assert_eq!(setup.payloads()[0]["resources"], json!(["arn:a"]));
}

#[tokio::test(start_paused = true)]
async fn entries_fail_one_by_one_in_their_places() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let bare = PutEventsRequestEntry::builder;
    let entries = vec![
        entry("shop", "{}").build(),
        entry("shop", "no json").build(),
        entry("shop", "[1]").build(),
        entry("aws.s3", "{}").build(),
        bare().detail_type("t").detail("{}").build(),
        bare().source("shop").detail("{}").build(),
        bare().source("shop").detail_type("t").build(),
        entry("shop", "{}").event_bus_name("nowhere").build(),
    ];
    let answer = setup.events.put_events().set_entries(Some(entries)).send().await.expect("taken");
    assert_eq!(answer.failed_entry_count(), 6);
    let required = |name: &str| format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
    let expected = [
        None,
        Some(("MalformedDetail", "Detail is malformed.".to_owned())),
        Some(("MalformedDetail", "Detail is malformed.".to_owned())),
        Some(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned())),
        Some(("InvalidArgument", required("Source"))),
        Some(("InvalidArgument", required("DetailType"))),
        Some(("InvalidArgument", required("Detail"))),
        None,
    ];
    for (result, expected) in answer.entries().iter().zip(expected) {
        assert_eq!(result.event_id().is_some(), expected.is_none());
        let error = result.error_code().zip(result.error_message().map(str::to_owned));
        assert_eq!(error, expected);
    }
    assert_eq!(setup.offered().len(), 1, "an event for a bus that does not exist goes nowhere");
}

#[tokio::test(start_paused = true)]
async fn a_request_has_one_to_ten_entries_of_less_than_a_megabyte() {
    let setup = setup();
    let put = |entries: Vec<PutEventsRequestEntry>| setup.events.put_events().set_entries(Some(entries)).send();
    let big = format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024));
    for entries in [vec![], vec![entry("shop", "{}").build(); 11], vec![entry("shop", &big).build()]] {
        let error = put(entries).await.expect_err("the request is invalid").into_service_error();
        assert_eq!(error.code(), Some("ValidationException"));
    }
    put(vec![entry("shop", "{}").build(); 10]).await.expect("ten entries are allowed");
}

#[tokio::test(start_paused = true)]
async fn a_rule_has_at_most_five_targets() {
    let setup = setup();
    setup.put_rule(json!({"source": ["shop"]})).await;
    setup.put_targets((0..5).map(|id| target(&id.to_string(), FUNCTION)).collect()).await;
    let sixth = target("sixth", FUNCTION).build().expect("a target");
    let error = setup.events.put_targets().rule("Orders").targets(sixth).send().await;
    let error = error.expect_err("six targets are too many").into_service_error();
    assert!(error.is_limit_exceeded_exception());
    setup.put_targets(vec![target("0", MISSING)]).await;
    let targets = setup.events.list_targets_by_rule().rule("Orders").send().await.expect("listed");
    assert_eq!((targets.targets().len(), targets.targets()[0].arn()), (5, MISSING));
    let names = setup.events.list_rule_names_by_target().target_arn(FUNCTION).send().await.expect("listed");
    assert_eq!(names.rule_names(), ["Orders"]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_with_targets_cannot_be_deleted() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let error = setup.events.delete_rule().name("Orders").send().await.expect_err("it has a target");
    assert_eq!(error.into_service_error().message(), Some("Rule can't be deleted since it has targets."));
    let removed = setup.events.remove_targets().rule("Orders").ids("f").ids("g").send().await.expect("removed");
    assert_eq!(removed.failed_entry_count(), 1);
    assert_eq!(removed.failed_entries()[0].error_code(), Some("ResourceNotFoundException"));
    setup.events.delete_rule().name("Orders").send().await.expect("deleted");
    setup.events.delete_rule().name("Orders").send().await.expect("deleted already");
    let gone = setup.events.describe_rule().name("Orders").send().await.expect_err("gone").into_service_error();
    assert!(gone.is_resource_not_found_exception());
    assert_eq!(gone.message(), Some("Rule Orders does not exist on EventBus default."));
}

#[tokio::test(start_paused = true)]
async fn rules_are_described_listed_and_refused() {
    let setup = setup();
    let put = setup.events.put_rule().name("Nightly").schedule_expression("cron(0 3 * * ? *)").description("d");
    put.state(RuleState::Disabled).send().await.expect("a rule");
    setup.put_rule(json!({"source": ["shop"]})).await;
    let told = setup.events.describe_rule().name("Nightly").send().await.expect("told");
    assert_eq!((told.state(), told.description()), (Some(&RuleState::Disabled), Some("d")));
    assert_eq!(told.schedule_expression(), Some("cron(0 3 * * ? *)"));
    let first = setup.events.list_rules().limit(1).send().await.expect("listed");
    assert_eq!(first.rules()[0].name(), Some("Nightly"));
    let second = setup.events.list_rules().limit(1).next_token(first.next_token().expect("more")).send().await;
    let second = second.expect("listed");
    assert_eq!((second.rules()[0].name(), second.next_token()), (Some("Orders"), None));

    let put = || setup.events.put_rule().name("Other");
    let error = put().send().await.expect_err("neither").into_service_error();
    assert_eq!(error.message(), Some("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    let error = put().schedule_expression("rate(1 minutes)").send().await.expect_err("bad").into_service_error();
    assert_eq!(error.message(), Some("Parameter ScheduleExpression is not valid."));
    let error = put().event_pattern(r#"{"a": 1}"#).send().await.expect_err("bad").into_service_error();
    assert!(error.is_invalid_event_pattern_exception());
    let expected = "Event pattern is not valid. Reason: \"a\" must be an object or an array";
    assert_eq!(error.message(), Some(expected));
    let error = put().event_bus_name("none").event_pattern(r#"{"a": ["b"]}"#).send().await.expect_err("no bus");
    assert_eq!(error.into_service_error().message(), Some("Event bus none does not exist."));
}

#[tokio::test(start_paused = true)]
async fn buses_are_created_described_and_deleted() {
    let setup = setup();
    setup.events.create_event_bus().name("shop").description("d").send().await.expect("created");
    let again = setup.events.create_event_bus().name("shop").send().await.expect_err("it is there");
    assert!(again.into_service_error().is_resource_already_exists_exception());
    let buses = setup.events.list_event_buses().send().await.expect("listed");
    let names: Vec<_> = buses.event_buses().iter().filter_map(|bus| bus.name()).collect();
    assert_eq!(names, ["default", "shop"]);
    let default = setup.events.describe_event_bus().send().await.expect("told");
    assert_eq!(default.arn(), Some("arn:aws:events:us-east-1:123456789012:event-bus/default"));
    let error = setup.events.delete_event_bus().name("default").send().await.expect_err("it always exists");
    assert_eq!(error.into_service_error().message(), Some("Cannot delete event bus default."));
    setup.events.delete_event_bus().name("shop").send().await.expect("deleted");
    let gone = setup.events.describe_event_bus().name("shop").send().await.expect_err("gone");
    assert!(gone.into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_is_refused_by_name() {
    let setup = setup();
    setup.put_rule(json!({"source": ["shop"]})).await;
    let refused = |target: TargetBuilder| {
        setup.events.put_targets().rule("Orders").targets(target.build().expect("a target")).send()
    };
    let kinesis = aws_sdk_eventbridge::types::KinesisParameters::builder().partition_key_path("$.id").build();
    let kinesis = target("k", FUNCTION).kinesis_parameters(kinesis.expect("parameters"));
    let error = refused(kinesis).await.expect_err("refused").into_service_error();
    assert_eq!(error.message(), Some("Targets.KinesisParameters of EventBridge's PutTargets is not simulated"));
    let states = target("s", "arn:aws:states:us-east-1:123456789012:stateMachine:m");
    let error = refused(states).await.expect_err("refused").into_service_error();
    let expected = "a target of the service states of EventBridge's PutTargets is not simulated";
    assert_eq!(error.message(), Some(expected));
    let traced = entry("shop", "{}").trace_header("Root=1").build();
    let error = setup.events.put_events().entries(traced).send().await.expect_err("refused").into_service_error();
    assert_eq!(error.message(), Some("Entries.TraceHeader of EventBridge's PutEvents is not simulated"));
    let error = setup.events.put_events().endpoint_id("abc.def").entries(entry("shop", "{}").build());
    assert!(error.send().await.is_err());
    let error = setup.events.create_event_bus().name("b").kms_key_identifier("k").send().await;
    let error = error.expect_err("refused").into_service_error();
    assert_eq!(error.message(), Some("KmsKeyIdentifier of EventBridge's CreateEventBus is not simulated"));
    let error = setup.events.list_event_sources().send().await.expect_err("refused").into_service_error();
    assert_eq!(error.message(), Some("EventBridge's operation ListEventSources is not simulated"));
}
