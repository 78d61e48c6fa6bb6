//! One invocation: context, timeout, errors and execution environments.
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent};
use rehearsal::Variables;
use rehearsal::trace::Environment::{Cold, None as NoEnvironment, Warm};
use rehearsal::trace::{Ended, What};
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, State, seconds};

/// A function, and a queue that it is told the URL of.
const WORKER: &str = "
  Outbox: { Type: AWS::SQS::Queue }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: the-worker
      Timeout: 10
      MemorySize: 512
      Environment: { Variables: { OUTBOX: !Ref Outbox, LEVEL: info } }
";

const INVOKE: &str = "invoke: { function: Worker }";
const INVOKE_FAILING: &str = "invoke: { function: Worker, expect: { error: { errorMessage: [{ exists: true }] } } }";

#[test]
fn the_context_tells_of_function_request_and_deadline() {
    let played = Rig::new(WORKER).ok("Worker").play(&["advance: 5s", INVOKE]).passed();
    let context = &played.seen[0].context;
    assert_eq!(context.request_id, played.invocations("Worker")[0].request_id);
    assert_eq!(context.request_id.len(), 36);
    assert_eq!(context.invoked_function_arn, "arn:aws:lambda:us-east-1:123456789012:function:the-worker");
    assert_eq!(context.deadline, 1_767_225_600_000 + 5_000 + 10_000);
    let config = &context.env_config;
    assert_eq!((config.function_name.as_str(), config.memory, config.version.as_str()), ("the-worker", 512, "$LATEST"));
    assert_eq!(config.log_group, "/aws/lambda/the-worker");
    assert!(config.log_stream.starts_with("2026/01/01/[$LATEST]"), "{}", config.log_stream);
    assert!(context.xray_trace_id.as_ref().is_some_and(|id| id.starts_with("Root=1-")));
}

#[test]
fn timeout_and_memory_are_3_seconds_and_128_mb_by_default() {
    let played = Rig::new("  Worker: { Type: AWS::Serverless::Function }").ok("Worker").play(&[INVOKE]).passed();
    let context = &played.seen[0].context;
    assert_eq!((context.deadline, context.env_config.memory), (1_767_225_603_000, 128));
}

#[test]
fn the_constructor_gets_the_functions_environment_variables() {
    let rig = Rig::new(WORKER).function("Worker", async |state: &State, _| Ok(json!(state.variables)));
    let outbox = "https://sqs.us-east-1.amazonaws.com/123456789012/app-Outbox-rehearsal";
    let expected =
        format!("invoke: {{ function: Worker, expect: {{ payload: {{ OUTBOX: \"{outbox}\", LEVEL: info }} }} }}");
    rig.play(&[&expected]).passed();
}

#[test]
fn timers_of_a_handler_run_in_virtual_time() {
    let rig = Rig::new(WORKER).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(9)).await;
        Ok(Value::Null)
    });
    assert_eq!(rig.play(&[INVOKE]).passed().invocations("Worker")[0].duration, Duration::from_secs(9));
}

#[test]
fn a_timeout_ends_an_invocation_in_virtual_time() {
    let rig = Rig::new(WORKER).function("Worker", async |_: &State, _| std::future::pending().await);
    let step = "invoke: { function: Worker, expect: { error: { errorType: Sandbox.Timedout, errorMessage: [{ suffix: Task timed out after 10.00 seconds }] } } }";
    let played = rig.play(&[step]).passed();
    assert_eq!(played.results("Worker"), ["timeout"]);
    assert_eq!(played.invocations("Worker")[0].duration, Duration::from_secs(10));
}

#[test]
fn an_error_is_a_function_error_and_the_trace_has_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("the order was not stored")]
    struct Outer(#[source] std::fmt::Error);
    let rig = Rig::new(WORKER).function("Worker", async |_: &State, _| Err(Outer(std::fmt::Error).into()));
    let played = rig.play(&["invoke: { function: Worker, expect: { error: the order was not stored } }"]).passed();
    let Ended::Error(message) = &played.invocations("Worker")[0].result else { panic!("it is an error") };
    assert_eq!(*message, format!("the order was not stored: {}", std::fmt::Error));
}

#[test]
fn the_types_of_errors_are_those_that_the_rust_runtime_names() {
    let boxed = std::any::type_name::<lambda_runtime::Error>();
    for (handler, error_type) in
        [("error", boxed), ("panic", "alloc::boxed::Box<dyn core::any::Any + core::marker::Send>")]
    {
        let rig = Rig::new(WORKER).function("Worker", async move |_: &State, _| match handler {
            "error" => Err("no luck".into()),
            _ => panic!("no luck"),
        });
        let error = format!("{{ errorType: \"{error_type}\", errorMessage: [{{ suffix: no luck }}] }}");
        rig.play(&[&format!("invoke: {{ function: Worker, expect: {{ error: {error} }} }}")]).passed();
    }
}

#[test]
fn a_handler_that_loops_without_waiting_times_out_although_time_stands_still() {
    let rig = Rig::new(WORKER).function("Worker", async |_: &State, _| {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let played =
        rig.play(&["invoke: { function: Worker, expect: { error: [{ wildcard: \"*Task timed out*\" }] } }"]).passed();
    let Ended::Timeout(message) = &played.invocations("Worker")[0].result else { panic!("it is a timeout") };
    assert!(message.ends_with("the handler loops without ever waiting, so virtual time stands still"), "{message}");
}

#[test]
fn a_panic_is_a_function_error_that_names_its_place() {
    let rig = Rig::new(WORKER).function("Worker", async |_: &State, _| panic!("no luck"));
    let played = rig.play(&[INVOKE_FAILING]).passed();
    let Ended::Error(message) = &played.invocations("Worker")[0].result else { panic!("it is an error") };
    assert!(message.contains("no luck") && message.contains("invocation.rs:"), "{message}");
}

#[test]
fn a_panic_after_an_await_is_a_function_error_too() {
    let rig = Rig::new(WORKER).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        panic!("no luck")
    });
    assert_eq!(rig.play(&[INVOKE_FAILING]).passed().results("Worker"), ["error"]);
}

#[test]
fn a_payload_of_another_shape_is_a_function_error() {
    async fn handler(_: &(), _: LambdaEvent<Vec<u32>>) -> Result<(), Error> {
        Ok(())
    }
    let rig = Rig::new(WORKER).bind(|app| app.function("Worker", |_, _| Ok::<_, Error>(()), handler));
    let played = rig.play(&[INVOKE_FAILING]).passed();
    assert_eq!(played.results("Worker"), ["error"]);
}

#[rstest]
#[case::error(false)]
#[case::panic(true)]
fn a_constructor_that_fails_is_a_function_error_and_runs_again_at_the_next_invocation(#[case] panics: bool) {
    async fn handler(_: &(), _: LambdaEvent<Value>) -> Result<(), Error> {
        Ok(())
    }
    let new = move |_: &aws_types::SdkConfig, _: &Variables| -> Result<(), Error> {
        if panics { panic!("no table") } else { Err("no table".into()) }
    };
    let rig = Rig::new(WORKER).bind(|app| app.function("Worker", new, handler));
    let step = "invoke: { function: Worker, expect: { error: { errorType: Runtime.InitError, errorMessage: [{ wildcard: \"*no table*\" }] } } }";
    let played = rig.play(&[step, step]).passed();
    assert_eq!(played.environments("Worker"), [Cold, Cold]);
}

#[test]
fn a_cold_start_runs_once_and_state_is_kept_between_warm_invocations() {
    let played = Rig::new(WORKER).ok("Worker").play(&[INVOKE, INVOKE, INVOKE]).passed();
    assert_eq!(played.environments("Worker"), [Cold, Warm, Warm]);
    let served: Vec<u32> = played.seen.iter().map(|seen| seen.served).collect();
    assert_eq!(served, [1, 2, 3]);
    let streams: Vec<&str> = played.seen.iter().map(|seen| seen.context.env_config.log_stream.as_str()).collect();
    assert_eq!(streams, [streams[0]; 3]);
}

#[rstest]
#[case::error("error", [Cold, Warm])]
#[case::timeout("timeout", [Cold, Cold])]
#[case::crash("crash", [Cold, Cold])]
#[case::throttle("throttle", [NoEnvironment, Cold])]
fn timeout_and_crash_discard_the_environment_and_an_error_keeps_it(
    #[case] with: &str,
    #[case] environments: [rehearsal::trace::Environment; 2],
) {
    let fail = format!("fail: {{ function: Worker, with: {with} }}");
    let failing = "invoke: { function: Worker, expect: { error: [{ exists: true }] } }";
    let played = Rig::new(WORKER).ok("Worker").play(&[&fail, failing, INVOKE]).passed();
    assert_eq!(played.environments("Worker"), environments);
}

#[rstest]
#[case::error("error", Warm)]
#[case::panic("panic", Warm)]
#[case::timeout("timeout", Cold)]
fn a_handlers_own_failure_keeps_or_discards_the_environment_alike(
    #[case] kind: &'static str,
    #[case] second: rehearsal::trace::Environment,
) {
    let rig = Rig::new(WORKER).function("Worker", async move |_: &State, event| {
        match (kind, event.payload["fails"].as_bool()) {
            (_, None) => Ok(Value::Null),
            ("error", _) => Err("no luck".into()),
            ("panic", _) => panic!("no luck"),
            _ => std::future::pending().await,
        }
    });
    let failing = "invoke: { function: Worker, payload: { fails: true }, expect: { error: [{ exists: true }] } }";
    assert_eq!(rig.play(&[failing, INVOKE]).passed().environments("Worker"), [Cold, second]);
}

#[test]
fn state_need_not_be_shared_between_threads() {
    async fn handler(state: &Rc<RefCell<u32>>, _: LambdaEvent<Value>) -> Result<u32, Error> {
        *state.borrow_mut() += 1;
        Ok(*state.borrow())
    }
    let rig = Rig::new(WORKER).bind(|app| app.function("Worker", |_, _| Ok::<_, Error>(Rc::default()), handler));
    rig.play(&[INVOKE, "invoke: { function: Worker, expect: { payload: [2] } }"]).passed();
}

#[test]
fn a_response_over_6_mb_is_a_function_error() {
    let rig = Rig::new(WORKER).answers("Worker", |_| Ok("x".repeat(6 * 1024 * 1024).into()));
    let step = "invoke: { function: Worker, expect: { error: { errorType: Function.ResponseSizeTooLarge } } }";
    rig.play(&[step]).passed();
}

/// A function that leaves a task behind, which sends its event's `send` to the outbox; without one it works
/// for a second.
fn leaves_a_task(rig: Rig) -> Rig {
    rig.function("Worker", async |state: &State, event| {
        let Some(body) = event.payload["send"].as_str().map(str::to_owned) else {
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Ok(Value::Null);
        };
        let (sqs, outbox) = (aws_sdk_sqs::Client::new(&state.config), state.variables["OUTBOX"].clone());
        tokio::spawn(sqs.send_message().queue_url(outbox).message_body(body).send());
        Ok(Value::Null)
    })
}

#[test]
fn a_task_left_behind_is_frozen_until_the_next_invocation() {
    let leave = "invoke: { function: Worker, payload: { send: late } }";
    leaves_a_task(Rig::new(WORKER)).expect("queues: { Outbox: empty }").play(&[leave, "advance: 1h"]).passed();
    let rig = leaves_a_task(Rig::new(WORKER)).expect("queues: { Outbox: [late] }");
    let played = rig.play(&[leave, "advance: 1h", INVOKE]).passed();
    let trace = &played.outcome.trace;
    let send = trace.iter().find(|event| matches!(event.what, What::Call { .. })).expect("it was sent");
    assert_eq!(played.since_start(send), Duration::from_secs(3600));
    assert_eq!(send.cause, Some(played.invocations("Worker")[1].id));
}

#[test]
fn a_task_left_behind_by_a_crashed_environment_never_goes_on() {
    let steps = [
        "invoke: { function: Worker, payload: { send: late } }",
        "fail: { function: Worker, with: crash }",
        "invoke: { function: Worker, expect: { error: [{ exists: true }] } }",
        INVOKE,
    ];
    leaves_a_task(Rig::new(WORKER)).expect("queues: { Outbox: empty }").play(&steps).passed();
}

#[test]
fn a_task_that_a_handler_waits_for_runs_at_once() {
    let rig = Rig::new(WORKER).function("Worker", async |state: &State, _| {
        let (sqs, outbox) = (aws_sdk_sqs::Client::new(&state.config), state.variables["OUTBOX"].clone());
        let send = sqs.send_message().queue_url(outbox).message_body("now").send();
        tokio::spawn(send).await??;
        Ok(Value::Null)
    });
    rig.expect("queues: { Outbox: [now] }").play(&[INVOKE]).passed();
}

#[rstest]
#[case::error("error", "error")]
#[case::throttle("throttle", "throttled")]
#[case::timeout("timeout", "timeout")]
#[case::crash("crash", "crash")]
fn a_fail_step_makes_the_next_attempts_fail_and_no_more(#[case] with: &str, #[case] result: &'static str) {
    let fail = format!("fail: {{ function: Worker, times: 2, with: {with} }}");
    let failing = "invoke: { function: Worker, expect: { error: [{ exists: true }] } }";
    let played = Rig::new(WORKER).ok("Worker").play(&[&fail, failing, failing, INVOKE]).passed();
    assert_eq!(played.results("Worker"), [result, result, "success"]);
    assert_eq!(played.seen.len(), 1, "the handler does not run in an attempt that is to fail");
    let took = if with == "timeout" { seconds([10, 10]) } else { seconds([0, 0]) };
    let durations: Vec<Duration> = played.invocations("Worker")[..2].iter().map(|each| each.duration).collect();
    assert_eq!(durations, took);
}

#[rstest]
#[case::error("error", "no luck")]
#[case::crash("crash", "Runtime exited: no luck")]
fn a_fail_step_may_say_what_the_error_says(#[case] with: &str, #[case] message: &str) {
    let fail = format!("fail: {{ function: Worker, with: {with}, message: no luck }}");
    let step = format!("invoke: {{ function: Worker, expect: {{ error: [{{ suffix: \"{message}\" }}] }} }}");
    Rig::new(WORKER).ok("Worker").play(&[&fail, &step]).passed();
}

#[test]
fn a_fail_step_whose_attempts_did_not_happen_fails_the_scenario() {
    let failing = "invoke: { function: Worker, expect: { error: [{ exists: true }] } }";
    let played = Rig::new(WORKER).ok("Worker").play(&["fail: { function: Worker, times: 3 }", failing]);
    assert_eq!(played.failures(), ["2 of 3 attempts of Worker that were to fail did not happen"]);
}

#[test]
fn an_app_and_a_template_must_have_the_same_functions() {
    let rig = Rig::new(&format!("{WORKER}  Other: {{ Type: AWS::Serverless::Function }}\n"));
    let message = rig.ok("Worker").ok("Stranger").ok("Alien").refused(&[INVOKE]);
    assert!(message.contains("the template and the app bound to it have different functions"), "{message}");
    assert!(message.contains("in the template, not bound: Other"), "{message}");
    assert!(message.contains("bound, not in the template: Alien, Stranger"), "{message}");
}

#[test]
fn a_template_that_no_app_is_bound_to_is_an_error_that_lists_its_functions() {
    let message = Rig::new(WORKER).unbound().refused(&["advance: 1s"]);
    assert!(message.contains("no app is bound to") && message.contains("its functions: Worker"), "{message}");
}
