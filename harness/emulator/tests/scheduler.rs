//! Scheduler: schedules, their groups, what they send where and when.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html>

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::ProvideErrorMetadata;
use aws_sdk_scheduler::operation::create_schedule::builders::CreateScheduleFluentBuilder as Create;
use aws_sdk_scheduler::primitives::DateTime;
use aws_sdk_scheduler::types::builders::TargetBuilder;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, EventBridgeParameters, FlexibleTimeWindow, FlexibleTimeWindowMode,
    RetryPolicy, ScheduleState, SqsParameters, Tag, Target,
};
use common::{config, emulator};
use rehearsal_emulator::{Emulator, FunctionEvent, FunctionRefusal, FunctionSource};
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:Report";
const BUSY: &str = "arn:aws:lambda:us-east-1:123456789012:function:Busy";
const ARN: &str = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/Report";
/// The time that the clock starts at, in seconds.
const START: i64 = 1_767_225_600;

struct Setup {
    emulator: Emulator,
    scheduler: Client,
    offered: Arc<Mutex<Vec<(u64, FunctionEvent)>>>,
}

fn setup() -> Setup {
    let (emulator, offered) = (emulator(), Arc::<Mutex<Vec<(u64, FunctionEvent)>>>::default());
    let (log, start) = (Arc::clone(&offered), tokio::time::Instant::now());
    emulator.set_functions(Arc::new(move |event: FunctionEvent| {
        let busy = event.function_arn == BUSY;
        log.lock().expect("no test panics while it holds the log").push((start.elapsed().as_secs(), event));
        if busy { Err(FunctionRefusal::TooManyRequests) } else { Ok(()) }
    }));
    let driven = emulator.clone();
    tokio::spawn(async move { driven.drive().await });
    let scheduler = Client::new(&config(&emulator));
    Setup { emulator, scheduler, offered }
}

impl Setup {
    fn create(&self, expression: &str, target: TargetBuilder) -> Create {
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().expect("complete");
        let target = target.role_arn("arn:aws:iam::123456789012:role/any").build().expect("complete");
        let create = self.scheduler.create_schedule().name("Report").schedule_expression(expression);
        create.flexible_time_window(window).target(target)
    }

    fn offered(&self) -> Vec<(u64, FunctionEvent)> {
        self.offered.lock().expect("no test panics while it holds the log").clone()
    }

    fn hours(&self) -> Vec<u64> {
        self.offered().iter().map(|(at, _)| at / 3600).collect()
    }
}

fn to(arn: &str) -> TargetBuilder {
    Target::builder().arn(arn)
}

async fn pass_hours(hours: u64) {
    tokio::time::sleep(Duration::from_secs(hours * 3600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_one_time_schedule_invokes_its_function_once_with_the_input() {
    let setup = setup();
    let input = r#"{"at": "<aws.scheduler.scheduled-time>", "arn": "<aws.scheduler.schedule-arn>", "attempt": "<aws.scheduler.attempt-number>"}"#;
    let create = setup.create("at(2026-01-01T12:00:00)", to(FUNCTION).input(input));
    let created = create.schedule_expression_timezone("Europe/Berlin").send().await.expect("created");
    assert_eq!(created.schedule_arn(), ARN);
    let [next] = &setup.emulator.outstanding()[..] else { panic!("one schedule fires") };
    assert_eq!((next.what.as_str(), next.recurring), ("the next firing of schedule Report", true));
    assert_eq!(next.due.to_string(), "2026-01-01T11:00:00Z");
    pass_hours(48).await;
    let [(at, event)] = &setup.offered()[..] else { panic!("it fires once") };
    assert_eq!((*at / 3600, &event.source), (11, &FunctionSource::Scheduler { schedule_arn: ARN.to_owned() }));
    let payload: Value = serde_json::from_str(&event.payload).expect("JSON");
    assert_eq!(payload, json!({"at": "2026-01-01T11:00:00Z", "arn": ARN, "attempt": "1"}));
    assert!(setup.scheduler.get_schedule().name("Report").send().await.is_ok(), "it stays unless it is to be deleted");
}

#[tokio::test(start_paused = true)]
async fn without_an_input_the_target_gets_the_default_notification() {
    let setup = setup();
    setup.create("at(2026-01-01T01:00:00)", to(FUNCTION)).send().await.expect("created");
    pass_hours(2).await;
    let payload: Value = serde_json::from_str(&setup.offered()[0].1.payload).expect("JSON");
    assert_eq!(payload["source"], "aws.scheduler");
    assert_eq!(payload["detail-type"], "Scheduled Event");
    assert_eq!((&payload["resources"], &payload["detail"]), (&json!([ARN]), &json!("{}")));
    assert_eq!(payload["time"], "2026-01-01T01:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_rate_begins_at_once_or_at_its_start_and_ends_with_its_end() {
    let setup = setup();
    setup.create("rate(12 hours)", to(FUNCTION)).send().await.expect("created");
    pass_hours(25).await;
    assert_eq!(setup.hours(), [0, 12, 24]);
    setup.scheduler.delete_schedule().name("Report").send().await.expect("deleted");
    let create = setup.create("rate(12 hours)", to(FUNCTION)).start_date(DateTime::from_secs(START + 30 * 3600));
    create.end_date(DateTime::from_secs(START + 54 * 3600)).send().await.expect("created");
    pass_hours(100).await;
    assert_eq!(setup.hours()[3..], [30, 42, 54]);
    assert!(setup.emulator.outstanding().is_empty());
}

#[tokio::test(start_paused = true)]
async fn cron_fires_by_the_clock_of_its_time_zone() {
    let setup = setup();
    let create = setup.create("cron(0 9 ? * MON-FRI *)", to(FUNCTION));
    create.schedule_expression_timezone("America/New_York").send().await.expect("created");
    pass_hours(5 * 24).await;
    assert_eq!(setup.hours(), [14, 38, 4 * 24 + 14], "Thursday, Friday and Monday at 14:00 UTC");
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_is_over_may_delete_itself() {
    let setup = setup();
    let create = setup.create("at(2026-01-01T01:00:00)", to(FUNCTION));
    create.action_after_completion(ActionAfterCompletion::Delete).send().await.expect("created");
    pass_hours(2).await;
    let gone = setup.scheduler.get_schedule().name("Report").send().await.expect_err("it is gone").into_service_error();
    assert_eq!(
        (gone.code(), gone.message()),
        (Some("ResourceNotFoundException"), Some("Schedule Report does not exist."))
    );
    assert_eq!(setup.offered().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_schedule_rests_until_it_is_updated() {
    let setup = setup();
    setup.create("rate(1 hour)", to(FUNCTION)).state(ScheduleState::Disabled).send().await.expect("created");
    pass_hours(3).await;
    assert!(setup.offered().is_empty());
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().expect("complete");
    let target = to(FUNCTION).role_arn("arn:aws:iam::123456789012:role/any").build().expect("complete");
    let update = setup.scheduler.update_schedule().name("Report").schedule_expression("rate(2 hours)");
    update.flexible_time_window(window).target(target).send().await.expect("updated");
    pass_hours(3).await;
    assert_eq!(setup.hours(), [3, 5]);
}

#[tokio::test(start_paused = true)]
async fn queues_topics_and_buses_are_targets_too() {
    let setup = setup();
    let sqs = aws_sdk_sqs::Client::new(&config(&setup.emulator));
    let create = sqs.create_queue().queue_name("reports.fifo");
    let create = create.attributes(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true");
    let create = create.attributes(aws_sdk_sqs::types::QueueAttributeName::ContentBasedDeduplication, "true");
    let url = create.send().await.expect("created").queue_url().expect("a URL").to_owned();
    let queue = to("arn:aws:sqs:us-east-1:123456789012:reports.fifo").input("not JSON");
    let queue = queue.sqs_parameters(SqsParameters::builder().message_group_id("g").build());
    setup.create("at(2026-01-01T01:00:00)", queue).name("Queue").send().await.expect("created");
    let events = aws_sdk_eventbridge::Client::new(&config(&setup.emulator));
    events.put_rule().name("All").event_pattern("{\"source\":[\"shop\"]}").send().await.expect("a rule");
    let function = aws_sdk_eventbridge::types::Target::builder().id("f").arn(FUNCTION).build().expect("complete");
    events.put_targets().rule("All").targets(function).send().await.expect("a target");
    let parameters = EventBridgeParameters::builder().source("shop").detail_type("Report").build().expect("complete");
    let bus = to("arn:aws:events:us-east-1:123456789012:event-bus/default").input("{\"day\": 1}");
    setup
        .create("at(2026-01-01T01:00:00)", bus.event_bridge_parameters(parameters))
        .name("Bus")
        .send()
        .await
        .expect("ok");
    pass_hours(2).await;
    let received = sqs.receive_message().queue_url(&url).send().await.expect("the queue is there");
    assert_eq!(received.messages()[0].body(), Some("not JSON"));
    let payload: Value = serde_json::from_str(&setup.offered()[0].1.payload).expect("JSON");
    assert_eq!((&payload["detail-type"], &payload["detail"]), (&json!("Report"), &json!({"day": 1})));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_busy_is_invoked_again_until_the_policy_ends() {
    let setup = setup();
    let sqs = aws_sdk_sqs::Client::new(&config(&setup.emulator));
    let url =
        sqs.create_queue().queue_name("dead").send().await.expect("created").queue_url().expect("a URL").to_owned();
    let dead = DeadLetterConfig::builder().arn("arn:aws:sqs:us-east-1:123456789012:dead").build();
    let policy = RetryPolicy::builder().maximum_retry_attempts(2).build();
    let busy = to(BUSY).input("{\"n\": \"<aws.scheduler.attempt-number>\"}").retry_policy(policy);
    setup.create("at(2026-01-01T01:00:00)", busy.dead_letter_config(dead)).send().await.expect("created");
    pass_hours(2).await;
    let payloads: Vec<_> = setup.offered().iter().map(|(_, event)| event.payload.clone()).collect();
    assert_eq!(payloads, ["{\"n\": \"1\"}", "{\"n\": \"2\"}", "{\"n\": \"3\"}"]);
    let received = sqs.receive_message().queue_url(&url).message_attribute_names("All").send().await.expect("there");
    let attributes = received.messages()[0].message_attributes().expect("a dead letter tells why");
    let told = |name: &str| attributes.get(name).and_then(|value| value.string_value());
    assert_eq!(told("SCHEDULE_ARN"), Some(ARN));
    assert_eq!(told("EXHAUSTED_RETRY_CONDITION"), Some("MaximumRetryAttempts"));
    assert_eq!((told("RETRY_ATTEMPTS"), told("SCHEDULED_TIME")), (Some("2"), Some("2026-01-01T01:00:00Z")));
}

#[tokio::test(start_paused = true)]
async fn groups_hold_schedules_and_take_them_along() {
    let setup = setup();
    let tag = Tag::builder().key("team").value("shop").build().expect("complete");
    let created = setup.scheduler.create_schedule_group().name("Daily").tags(tag).send().await.expect("created");
    let arn = created.schedule_group_arn().to_owned();
    assert_eq!(arn, "arn:aws:scheduler:us-east-1:123456789012:schedule-group/Daily");
    setup.create("rate(1 day)", to(FUNCTION)).group_name("Daily").send().await.expect("created");
    let listed = setup.scheduler.list_schedules().group_name("Daily").send().await.expect("listed");
    assert_eq!(listed.schedules()[0].arn(), Some("arn:aws:scheduler:us-east-1:123456789012:schedule/Daily/Report"));
    assert!(setup.scheduler.list_schedules().group_name("default").send().await.expect("ok").schedules().is_empty());
    let tags = setup.scheduler.list_tags_for_resource().resource_arn(&arn).send().await.expect("listed");
    assert_eq!(tags.tags()[0].value(), "shop");
    setup.scheduler.untag_resource().resource_arn(&arn).tag_keys("team").send().await.expect("untagged");
    assert!(setup.scheduler.list_tags_for_resource().resource_arn(&arn).send().await.expect("ok").tags().is_empty());
    let groups = setup.scheduler.list_schedule_groups().send().await.expect("listed");
    let names: Vec<_> = groups.schedule_groups().iter().filter_map(|group| group.name()).collect();
    assert_eq!(names, ["Daily", "default"]);
    setup.scheduler.delete_schedule_group().name("Daily").send().await.expect("deleted");
    assert!(setup.emulator.outstanding().is_empty());
    let twice = setup.scheduler.delete_schedule_group().name("default").send().await.expect_err("it stays");
    assert_eq!(twice.into_service_error().code(), Some("ValidationException"));
}

#[tokio::test(start_paused = true)]
async fn what_scheduler_refuses_or_is_not_simulated_is_named() {
    let setup = setup();
    let refuse = async |create: Create| {
        let error = create.send().await.expect_err("it is refused").into_service_error();
        error.message().unwrap_or_default().to_owned()
    };
    let rate = || setup.create("rate(1 hour)", to(FUNCTION));
    assert_eq!(refuse(setup.create("rate(5)", to(FUNCTION))).await, "Invalid Schedule Expression rate(5).");
    assert_eq!(refuse(rate().schedule_expression_timezone("Mars/Base")).await, "Invalid time zone Mars/Base.");
    assert_eq!(refuse(rate().group_name("None")).await, "Schedule group None does not exist.");
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Flexible).maximum_window_in_minutes(5);
    let message = refuse(rate().flexible_time_window(window.build().expect("complete"))).await;
    assert_eq!(message, "a FlexibleTimeWindow other than OFF of Scheduler's CreateSchedule is not simulated");
    let universal = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage";
    let message = refuse(setup.create("rate(1 hour)", to(universal))).await;
    assert_eq!(message, format!("the universal target {universal} of Scheduler's CreateSchedule is not simulated"));
    let message =
        refuse(setup.create("rate(1 hour)", to("arn:aws:states:us-east-1:123456789012:stateMachine:a"))).await;
    assert_eq!(message, "a target of the service states of Scheduler's CreateSchedule is not simulated");
    rate().send().await.expect("created");
    assert_eq!(refuse(rate()).await, "Schedule Report already exists.");
}
