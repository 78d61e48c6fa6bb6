//! Events that go from bus to bus, to FIFO queues, into archives and out of them again.

use std::time::Duration;

use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{ReplayDestination, ReplayState, SqsParameters};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::setup::{FUNCTION, RULE, Setup, setup, target};

const BUS: &str = "arn:aws:events:us-east-1:123456789012:event-bus/";
/// The time that the clock starts at, in seconds.
const START: i64 = 1_767_225_600;

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A rule for everything on a bus, with one target.
async fn carry(setup: &Setup, bus: &str, to: &str) {
    let events = &setup.events;
    let rule = events.put_rule().name("Carry").event_bus_name(bus).event_pattern("{\"version\":[\"0\"]}");
    rule.send().await.expect("a rule");
    let put =
        events.put_targets().rule("Carry").event_bus_name(bus).targets(target("t", to).build().expect("complete"));
    put.send().await.expect("a target");
}

#[tokio::test(start_paused = true)]
async fn an_event_goes_on_to_another_bus_as_it_is() {
    let setup = setup();
    setup.events.create_event_bus().name("audit").send().await.expect("created");
    carry(&setup, "audit", FUNCTION).await;
    setup.rule(target("b", &format!("{BUS}audit"))).await;
    let id = setup.put_event(json!({"total": 5})).await;
    let [event] = &setup.payloads()[..] else { panic!("one event is delivered") };
    assert_eq!((&event["id"], &event["detail"]), (&json!(id), &json!({"total": 5})));
}

#[tokio::test(start_paused = true)]
async fn buses_that_lead_to_each_other_come_to_an_end() {
    let setup = setup();
    for bus in ["a", "b"] {
        setup.events.create_event_bus().name(bus).send().await.expect("created");
    }
    carry(&setup, "a", &format!("{BUS}b")).await;
    carry(&setup, "b", &format!("{BUS}a")).await;
    setup.put_rule(json!({"source": ["shop"]})).await;
    setup.put_targets(vec![target("a", &format!("{BUS}a")), target("f", FUNCTION)]).await;
    let put = setup.events.put_targets().rule("Carry").event_bus_name("b");
    put.targets(target("f", FUNCTION).build().expect("complete")).send().await.expect("a target");
    setup.put_event(json!({})).await;
    assert_eq!(setup.offered().len(), 1 + 8, "after sixteen buses it is over");
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_not_there_takes_nothing() {
    let setup = setup();
    setup.rule(target("b", &format!("{BUS}nowhere"))).await;
    setup.put_event(json!({})).await;
    assert!(setup.emulator.outstanding().is_empty(), "it is not tried again");
}

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_gets_events_in_the_target_s_group() {
    let setup = setup();
    let sqs = aws_sdk_sqs::Client::new(&crate::common::config(&setup.emulator));
    let create = sqs.create_queue().queue_name("orders.fifo").attributes(QueueAttributeName::FifoQueue, "true");
    let create = create.attributes(QueueAttributeName::ContentBasedDeduplication, "true");
    let url = create.send().await.expect("created").queue_url().expect("a URL").to_owned();
    let arn = "arn:aws:sqs:us-east-1:123456789012:orders.fifo";
    setup.put_rule(json!({"source": ["shop"]})).await;
    let without = target("q", arn).build().expect("complete");
    let refused = setup.events.put_targets().rule("Orders").targets(without).send().await.expect_err("no group");
    let message = "Parameter(s) SqsParameters must be specified for target: q.";
    assert_eq!(refused.into_service_error().message(), Some(message));
    setup
        .put_targets(vec![target("q", arn).sqs_parameters(SqsParameters::builder().message_group_id("g").build())])
        .await;
    setup.put_event(json!({})).await;
    let received = sqs
        .receive_message()
        .queue_url(&url)
        .message_system_attribute_names(aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId);
    let received = received.send().await.expect("the queue is there");
    let group = received.messages()[0].attributes().and_then(|all| all.values().next().cloned());
    assert_eq!(group.as_deref(), Some("g"));
}

/// An archive of the default bus with an event for each of these minutes.
async fn archive(setup: &Setup, minutes: &[u64]) -> String {
    let create = setup.events.create_archive().archive_name("Shop").event_source_arn(format!("{BUS}default"));
    let create = create.event_pattern(json!({"source": ["shop"]}).to_string()).retention_days(1);
    let arn = create.send().await.expect("created").archive_arn().expect("an ARN").to_owned();
    for minute in minutes {
        pass(minute * 60).await;
        setup.put_event(json!({"minute": minute})).await;
    }
    arn
}

async fn replay(setup: &Setup, archive: &str, from: i64, to: i64, rules: &[&str]) -> Result<(), String> {
    let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let destination = ReplayDestination::builder().arn(format!("{BUS}default")).set_filter_arns(Some(rules)).build();
    let start = setup.events.start_replay().replay_name("again").event_source_arn(archive);
    let start = start.event_start_time(DateTime::from_secs(from)).event_end_time(DateTime::from_secs(to));
    let started = start.destination(destination.expect("complete")).send().await;
    started.map(drop).map_err(|error| error.into_service_error().message().unwrap_or_default().to_owned())
}

#[tokio::test(start_paused = true)]
async fn archived_events_are_replayed_with_the_replay_s_name() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let archive = archive(&setup, &[0, 1, 1]).await;
    replay(&setup, &archive, START, START + 120, &[]).await.expect("started");
    assert!(setup.emulator.outstanding().iter().any(|next| next.what == "the replay again" && !next.recurring));
    pass(10).await;
    let payloads = setup.payloads();
    let [first, second, _third, again, again_too] = &payloads[..] else { panic!("{payloads:#?}") };
    for (event, replayed) in [(first, again), (second, again_too)] {
        let mut expected: Value = event.clone();
        expected["replay-name"] = "again".into();
        assert_eq!(*replayed, expected, "the end of the time is not replayed");
    }
    let described = setup.events.describe_replay().replay_name("again").send().await.expect("it is there");
    assert_eq!(described.state(), Some(&ReplayState::Completed));
    let described = setup.events.describe_archive().archive_name("Shop").send().await.expect("it is there");
    assert_eq!(described.event_count(), 3, "a replayed event is not archived again");
    assert!(setup.emulator.outstanding().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_the_chosen_rules_take_replayed_events() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let archive = archive(&setup, &[0]).await;
    replay(&setup, &archive, START, START + 60, &["arn:aws:events:us-east-1:123456789012:rule/Other"])
        .await
        .expect("ok");
    pass(10).await;
    assert_eq!(setup.offered().len(), 1);
    let again = setup.events.start_replay().replay_name("chosen").event_source_arn(&archive);
    let destination = ReplayDestination::builder().arn(format!("{BUS}default")).filter_arns(RULE).build();
    let again = again.event_start_time(DateTime::from_secs(START)).event_end_time(DateTime::from_secs(START + 60));
    again.destination(destination.expect("complete")).send().await.expect("started");
    pass(10).await;
    assert_eq!(setup.offered().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_archive_keeps_events_for_its_retention_and_what_matches_only() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let archive = archive(&setup, &[0]).await;
    let other = crate::setup::entry("other", "{}").build();
    setup.events.put_events().entries(other).send().await.expect("taken");
    let described = setup.events.describe_archive().archive_name("Shop").send().await.expect("it is there");
    assert_eq!((described.event_count(), described.retention_days()), (1, Some(1)));
    pass(86_400).await;
    replay(&setup, &archive, START, START + 60, &[]).await.expect("started");
    pass(10).await;
    assert_eq!(setup.offered().len(), 1, "after its retention an event is gone");
}

#[tokio::test(start_paused = true)]
async fn a_replay_can_be_cancelled_and_needs_what_it_names() {
    let setup = setup();
    setup.rule(target("f", FUNCTION)).await;
    let archive = archive(&setup, &[0, 1, 1, 1]).await;
    let refused = replay(&setup, &archive, START + 60, START, &[]).await.expect_err("the end is before the start");
    assert!(refused.contains("EventStartTime must be before EventEndTime"), "{refused}");
    let refused = replay(&setup, &format!("{archive}s"), START, START + 60, &[]).await.expect_err("no archive");
    assert!(refused.contains("Archive Shops does not exist."), "{refused}");
    replay(&setup, &archive, START, START + 600, &[]).await.expect("started");
    let twice = replay(&setup, &archive, START, START + 600, &[]).await.expect_err("a name is used once");
    assert_eq!(twice, "Replay again already exists.");
    pass(2).await;
    setup.events.cancel_replay().replay_name("again").send().await.expect("cancelled");
    let so_far = setup.offered().len();
    pass(60).await;
    assert_eq!(setup.offered().len(), so_far);
    assert!(so_far < 8, "it was under way");
    let listed = setup.events.list_replays().state(ReplayState::Cancelled).send().await.expect("listed");
    assert_eq!(listed.replays().len(), 1);
}
