//! Asynchronous invocation.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use std::time::Duration;

use rehearsal::trace::Environment;
use rstest::rstest;

use crate::kit::{Rig, seconds};

const PUBLISH: &str = "sns.publish: { topic: News, message: hello }";

/// A function that a topic invokes, with these further properties.
pub fn worker(properties: &str) -> String {
    format!(
        "
  News: {{ Type: AWS::SNS::Topic }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 10
      Events: {{ News: {{ Type: SNS, Properties: {{ Topic: !Ref News }} }} }}
{properties}
"
    )
}

fn invoke_config(config: &str) -> String {
    worker(&format!("      EventInvokeConfig: {{ {config} }}"))
}

#[test]
fn a_function_error_is_retried_after_one_minute_and_then_after_two() {
    let played = Rig::new(&worker("")).fails("Worker").play(&[PUBLISH]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 60, 180]));
    let attempts: Vec<u32> = played.invocations("Worker").iter().map(|invocation| invocation.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[test]
fn all_attempts_at_an_event_have_one_request_id() {
    let played = Rig::new(&worker("")).fails("Worker").play(&[PUBLISH]).passed();
    let seen: Vec<&str> = played.seen.iter().map(|seen| seen.context.request_id.as_str()).collect();
    assert_eq!(seen, [seen[0]; 3]);
    assert_eq!(played.invocations("Worker")[2].request_id, seen[0]);
}

#[test]
fn two_events_have_two_request_ids() {
    let played = Rig::new(&worker("")).ok("Worker").play(&[PUBLISH, PUBLISH]).passed();
    assert_ne!(played.seen[0].context.request_id, played.seen[1].context.request_id);
}

#[test]
fn an_event_that_succeeds_at_last_is_not_tried_again() {
    let fail = "fail: { function: Worker, times: 2 }";
    let played = Rig::new(&worker("")).ok("Worker").play(&[fail, PUBLISH]).passed();
    assert_eq!(played.results("Worker"), ["error", "error", "success"]);
}

#[rstest]
#[case::error("error", "error", [0, 60, 180], [Environment::Cold, Environment::Warm, Environment::Warm])]
#[case::crash("crash", "crash", [0, 60, 180], [Environment::Cold; 3])]
// The wait begins when the attempt has ended.
#[case::timeout("timeout", "timeout", [0, 70, 200], [Environment::Cold; 3])]
fn errors_crashes_and_timeouts_are_retried_alike(
    #[case] with: &str,
    #[case] result: &'static str,
    #[case] times: [u64; 3],
    #[case] environments: [Environment; 3],
) {
    let fail = format!("fail: {{ function: Worker, times: 3, with: {with} }}");
    let played = Rig::new(&worker("")).ok("Worker").play(&[&fail, PUBLISH]).passed();
    assert_eq!(played.results("Worker"), [result; 3]);
    assert_eq!(played.times("Worker"), seconds(times));
    assert_eq!(played.environments("Worker"), environments);
}

#[rstest]
#[case::none(0, &[0])]
#[case::one(1, &[0, 60])]
#[case::two(2, &[0, 60, 180])]
fn maximum_retry_attempts_bounds_the_retries(#[case] attempts: u32, #[case] times: &[u64]) {
    let template = invoke_config(&format!("MaximumRetryAttempts: {attempts}"));
    let played = Rig::new(&template).fails("Worker").play(&[PUBLISH]).passed();
    let expected: Vec<Duration> = times.iter().copied().map(Duration::from_secs).collect();
    assert_eq!(played.times("Worker"), expected);
}

#[rstest]
#[case::only_the_first_retry(100, &[0, 60])]
#[case::both_retries(180, &[0, 60, 180])]
fn an_event_older_than_its_maximum_age_is_given_up(#[case] age: u32, #[case] times: &[u64]) {
    let template = invoke_config(&format!("MaximumEventAgeInSeconds: {age}"));
    let played = Rig::new(&template).fails("Worker").play(&[PUBLISH]).passed();
    let expected: Vec<Duration> = times.iter().copied().map(Duration::from_secs).collect();
    assert_eq!(played.times("Worker"), expected);
}

#[test]
fn throttling_backs_off_from_one_second_and_has_no_limit_of_two() {
    let fail = "fail: { function: Worker, times: 6, with: throttle }";
    let played =
        Rig::new(&worker("")).ok("Worker").expect("invocations: { Worker: 1 }").play(&[fail, PUBLISH]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 1, 3, 7, 15, 31, 63]));
    assert_eq!(played.environments("Worker")[..6], [Environment::None; 6]);
}

#[test]
fn throttling_waits_five_minutes_at_the_most() {
    let fail = "fail: { function: Worker, times: 12, with: throttle }";
    let played = Rig::new(&worker("")).ok("Worker").play(&[fail, PUBLISH]).passed();
    let times = played.times("Worker");
    let waits: Vec<u64> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
}

#[test]
fn throttling_is_retried_for_the_maximum_event_age() {
    let template = invoke_config("MaximumEventAgeInSeconds: 60");
    let fail = "fail: { function: Worker, times: 6, with: throttle }";
    let played = Rig::new(&template).ok("Worker").expect("invocations: { Worker: 0 }").play(&[fail, PUBLISH]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 1, 3, 7, 15, 31]));
}

#[test]
fn throttling_does_not_use_up_the_retries_after_errors() {
    let steps = ["fail: { function: Worker, with: throttle }", "fail: { function: Worker, times: 2 }", PUBLISH];
    let played = Rig::new(&worker("")).ok("Worker").play(&steps).passed();
    assert_eq!(played.results("Worker"), ["throttled", "error", "error", "success"]);
    assert_eq!(played.times("Worker"), seconds([0, 1, 61, 181]));
}
