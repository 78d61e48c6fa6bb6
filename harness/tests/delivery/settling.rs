//! How a settle ends: idle, waiting, overdue or stuck.

use std::time::Duration;

use rehearsal::settle::Settled;

use crate::kit::Rig;

const QUEUE: &str = "
  Jobs: { Type: AWS::SQS::Queue }
  Worker:
    Type: AWS::Serverless::Function
    Properties: { Events: { Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } } }
";
const SCHEDULE: &str = "
  Worker:
    Type: AWS::Serverless::Function
    Properties: { Events: { Nightly: { Type: Schedule, Properties: { Schedule: cron(0 2 * * ? *) } } } }
";
const TOPIC: &str = "
  News: { Type: AWS::SNS::Topic }
  Worker:
    Type: AWS::Serverless::Function
    Properties: { Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } } }
";
const SEND: &str = "sqs.send: { queue: Jobs, body: a }";
const PUBLISH: &str = "sns.publish: { topic: News, message: a }";

#[test]
fn nothing_left_to_do_is_idle() {
    let played = Rig::new(QUEUE).ok("Worker").play(&[SEND, "settle: {}"]).passed();
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn messages_in_a_queue_that_no_function_reads_are_idle() {
    let played = Rig::new("  Jobs: { Type: AWS::SQS::Queue }").expect("queues: { Jobs: 1 }").play(&[SEND]).passed();
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_schedule_is_waited_for_and_does_not_fire() {
    let rig = Rig::new(SCHEDULE).ok("Worker").expect("invocations: { Worker: 0 }");
    let played = rig.play(&["settle: {}"]).passed();
    let Settled::Waiting { until, what, overdue: false, last_error: None } = played.outcome.settled else {
        panic!("{}", played.outcome.settled)
    };
    assert_eq!(until.to_string(), "2026-01-01T02:00:00Z");
    assert!(what.contains("Nightly"), "{what}");
}

#[test]
fn advance_fires_schedules_on_the_way() {
    let rig = Rig::new(SCHEDULE).ok("Worker").expect("invocations: { Worker: 3 }");
    let played = rig.play(&["advance: 3d"]).passed();
    let hours: Vec<u64> = played.times("Worker").iter().map(|time| time.as_secs() / 3600).collect();
    assert_eq!(hours, [2, 26, 50]);
}

#[test]
fn a_schedule_that_is_due_as_an_advance_ends_fires() {
    let resources = SCHEDULE.replace("cron(0 2 * * ? *)", "rate(1 day)");
    let played = Rig::new(&resources).ok("Worker").expect("invocations: { Worker: 3 }").play(&["advance: 3d"]).passed();
    let days: Vec<u64> = played.times("Worker").iter().map(|time| time.as_secs() / 86_400).collect();
    assert_eq!(days, [1, 2, 3]);
}

#[test]
fn settle_moves_virtual_time_only_as_far_as_something_is_due() {
    let played = Rig::new(TOPIC).fails("Worker").play(&[PUBLISH, "settle: {}"]).passed();
    assert_eq!(played.outcome.virtual_time, Some(Duration::from_secs(180)));
}

#[test]
fn what_is_not_done_within_its_time_is_overdue() {
    let played = Rig::new(TOPIC).fails("Worker").play(&[PUBLISH, "settle: { within: 90s }"]);
    let failures = played.failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    for part in ["step 2 (settle)", "waiting until 2026-01-01T00:03:00Z", "attempt 3 of Worker", "last error: no luck"]
    {
        assert!(failures[0].contains(part), "{part}: {}", failures[0]);
    }
}

#[test]
fn a_message_of_a_source_queue_that_is_delayed_too_long_is_overdue() {
    let steps = ["sqs.send: { queue: Jobs, body: a, delay: 10m }", "settle: { within: 1m }"];
    let failures = Rig::new(QUEUE).ok("Worker").play(&steps).failures();
    for part in ["waiting until 2026-01-01T00:10:00Z", "1 message in queue Jobs"] {
        assert!(failures[0].contains(part), "{part}: {}", failures[0]);
    }
}

#[test]
fn a_message_that_fails_for_ever_is_stuck() {
    let played = Rig::new(QUEUE).fails("Worker").play(&[SEND]);
    let Settled::Stuck { what, at, last_error } = &played.outcome.settled else { panic!("{}", played.outcome.settled) };
    assert_eq!(what, "a message failed 5 times and the queue has no redrive policy");
    assert_eq!((at.as_str(), last_error.as_deref()), ("Jobs", Some("no luck")));
    let failures = played.failures();
    assert!(failures[0].contains("the workflow did not come to rest: stuck"), "{failures:?}");
}

#[test]
fn failures_that_the_scenario_plans_are_not_stuck() {
    let steps = ["fail: { function: Worker, times: 8 }", SEND];
    let played = Rig::new(QUEUE).ok("Worker").expect("invocations: { Worker: 9 }").play(&steps).passed();
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_function_that_runs_on_without_an_end_in_sight_is_named() {
    let endless = "
  Worker: { Type: AWS::Serverless::Function, Properties: { Timeout: 900, Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } } } }
  News: { Type: AWS::SNS::Topic }
";
    let rig = Rig::new(endless).function("Worker", async |_, _| std::future::pending().await);
    let failures = rig.play(&[PUBLISH, "settle: { within: 1m }"]).failures();
    assert!(failures[0].contains("Worker works on an event"), "{failures:?}");
}

#[test]
fn a_queue_whose_mapping_is_disabled_does_not_keep_settle_waiting() {
    let template = QUEUE.replace("Jobs.Arn }", "Jobs.Arn, Enabled: false }");
    let played = Rig::new(&template).ok("Worker").play(&[SEND, "settle: {}"]).passed();
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn an_event_that_eventbridge_cannot_deliver_does_not_hang() {
    let template = "
  Worker: { Type: AWS::Serverless::Function }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [shop] }
      Targets: [{ Id: worker, Arn: !GetAtt Worker.Arn }]
";
    let put = "events.put: { source: shop, detail_type: Sold, detail: {} }";
    let played = Rig::new(template).fails("Worker").play(&[put]).passed();
    assert_eq!(played.results("Worker"), ["error"; 3]);
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn what_fails_under_another_date_alone_is_a_failure_and_not_volatile() {
    let resources = "
  Pages: { Type: AWS::Serverless::SimpleTable }
  Worker: { Type: AWS::Serverless::Function }
";
    let in_june = 1_780_272_000_000;
    let rig = Rig::new(resources).function("Worker", async move |_, event| {
        if event.context.deadline < in_june { Ok(serde_json::Value::Null) } else { Err("too late".into()) }
    });
    let failures = rig.play(&["invoke: { function: Worker }"]).failures();
    assert!(failures[0].contains("under another seed and start date: step 1 (invoke)"), "{failures:?}");
}
