//! What a handler gets that calls Lambda by the SDK.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LogType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::LambdaEvent;
use rehearsal::testing::localstack;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Answer, Rig, State, seconds};

const FUNCTIONS: &str = "
  Caller: { Type: AWS::Serverless::Function, Properties: { Timeout: 900 } }
  Worker: { Type: AWS::Serverless::Function, Properties: { FunctionName: the-worker, Timeout: 10 } }
";
const CALL: &str = "invoke: { function: Caller }";

/// A rig whose `Caller` does something with a client of Lambda's, and fails if that fails.
fn calling<F>(calls: F) -> Rig
where
    F: AsyncFn(Client) -> Answer + Send + Sync + 'static,
{
    Rig::new(FUNCTIONS).function("Caller", async move |state: &State, _| calls(Client::new(&state.config)).await)
}

/// The payload of a call of the worker, and what else the answer says: function error, version, status.
async fn invoke(client: &Client, payload: &str) -> Answer {
    let output = client.invoke().function_name("the-worker").payload(Blob::new(payload)).send().await?;
    let text = String::from_utf8(output.payload.unwrap_or_else(|| Blob::new("")).into_inner())?;
    Ok(json!({
        "status": output.status_code,
        "error": output.function_error,
        "version": output.executed_version,
        "payload": serde_json::from_str::<Value>(&text).unwrap_or(Value::String(text)),
    }))
}

/// Fails unless the caller returned this.
fn returned(rig: Rig, expected: &str) {
    rig.play(&[&format!("invoke: {{ function: Caller, expect: {{ payload: {expected} }} }}")]).passed();
}

#[test]
fn a_synchronous_invocation_returns_the_functions_response() {
    let rig = calling(async |client| invoke(&client, r#"{"n":20}"#).await)
        .answers("Worker", |event| Ok(json!({ "doubled": event["n"].as_i64().map(|n| n * 2) })));
    returned(rig, "{ status: 200, error: [null], version: $$LATEST, payload: { doubled: 40 } }");
}

#[test]
fn a_call_without_a_payload_gives_the_function_an_empty_object() {
    let call = async |client: Client| {
        client.invoke().function_name("the-worker").send().await?;
        Ok(Value::Null)
    };
    let played = calling(call).ok("Worker").play(&[CALL]).passed();
    assert_eq!(*played.event("Worker"), json!({}));
}

#[test]
fn a_function_error_is_a_200_with_a_header_and_the_error_as_payload() {
    let rig = calling(async |client| invoke(&client, "{}").await).fails("Worker");
    returned(
        rig,
        "{ status: 200, error: Unhandled, payload: { errorMessage: no luck, errorType: [{ exists: true }] } }",
    );
}

#[test]
fn the_caller_waits_for_the_function_in_virtual_time() {
    let call = async |client: Client| {
        invoke(&client, "{}").await?;
        invoke(&client, "{}").await
    };
    let rig = calling(call).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(7)).await;
        Ok(Value::Null)
    });
    let played = rig.play(&[CALL]).passed();
    assert_eq!(played.invocations("Caller")[0].duration, Duration::from_secs(14));
    assert_eq!(played.times("Worker"), seconds([0, 7]));
}

#[test]
fn timeouts_nest_and_the_inner_function_runs_on_when_its_caller_is_gone() {
    let template = "
  Caller: { Type: AWS::Serverless::Function, Properties: { Timeout: 5 } }
  Worker: { Type: AWS::Serverless::Function, Properties: { FunctionName: the-worker, Timeout: 10 } }
";
    let rig = Rig::new(template)
        .function("Caller", async |state: &State, _| invoke(&Client::new(&state.config), "{}").await)
        .function("Worker", async |_: &State, _| {
            tokio::time::sleep(Duration::from_secs(8)).await;
            Ok(Value::Null)
        });
    let step = "invoke: { function: Caller, expect: { error: [{ suffix: Task timed out after 5.00 seconds }] } }";
    let played = rig.play(&[step]).passed();
    assert_eq!((played.results("Caller"), played.results("Worker")), (vec!["timeout"], vec!["success"]));
    assert_eq!(played.invocations("Worker")[0].duration, Duration::from_secs(8));
}

#[test]
fn the_trace_has_a_nested_invocation_below_the_call_of_its_caller() {
    let played = calling(async |client| invoke(&client, "{}").await).ok("Worker").play(&[CALL]).passed();
    let trace = &played.outcome.trace;
    let event = |id: u32| &trace[id as usize - 1];
    let (outer, inner) = (played.invocations("Caller")[0].id, played.invocations("Worker")[0].id);
    let call = event(inner).cause.expect("the inner invocation has a cause");
    let What::Call { service, operation, resource, status, error, .. } = &event(call).what else {
        panic!("it is caused by a call");
    };
    assert_eq!((service.as_str(), operation.as_str(), resource.as_str()), ("Lambda", "Invoke", "Worker"));
    assert_eq!((*status, error), (200, &None));
    assert_eq!(event(call).cause, Some(outer));
}

#[rstest]
#[case::name("the-worker")]
#[case::partial_arn("123456789012:function:the-worker")]
#[case::arn("arn:aws:lambda:us-east-1:123456789012:function:the-worker")]
#[case::latest("the-worker:$LATEST")]
fn a_function_is_called_by_name_by_part_of_its_arn_or_by_arn(#[case] name: &'static str) {
    let call = async move |client: Client| {
        client.invoke().function_name(name).send().await?;
        Ok(Value::Null)
    };
    assert_eq!(calling(call).ok("Worker").play(&[CALL]).passed().events("Worker").len(), 1);
}

/// The code and message of a refused call.
async fn refused(call: aws_sdk_lambda::operation::invoke::builders::InvokeFluentBuilder) -> Answer {
    let error = call.send().await.expect_err("it is refused");
    let status = error.raw_response().map(|response| response.status().as_u16());
    Ok(json!({ "code": error.code(), "message": error.message(), "status": status }))
}

#[rstest]
#[case::unknown_function(
    "nobody",
    "",
    404,
    "ResourceNotFoundException",
    "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody"
)]
#[case::unknown_version(
    "the-worker:7",
    "",
    404,
    "ResourceNotFoundException",
    "Function not found: arn:aws:lambda:us-east-1:123456789012:function:the-worker:7"
)]
#[case::not_json(
    "the-worker",
    "nonsense",
    400,
    "InvalidRequestContentException",
    "Could not parse request body into json: expected ident at line 1 column 2"
)]
fn a_call_is_refused_as_aws_refuses_it(
    #[case] function: &'static str,
    #[case] payload: &'static str,
    #[case] status: u16,
    #[case] code: &str,
    #[case] message: &str,
) {
    let call =
        async move |client: Client| refused(client.invoke().function_name(function).payload(Blob::new(payload))).await;
    let rig = calling(call).ok("Worker");
    returned(rig, &format!("{{ status: {status}, code: {code}, message: \"{message}\" }}"));
}

#[rstest]
#[case::synchronous(InvocationType::RequestResponse, 6 * 1024 * 1024)]
#[case::asynchronous(InvocationType::Event, 1024 * 1024)]
fn a_payload_may_have_6_mb_synchronously_and_1_mb_asynchronously(#[case] kind: InvocationType, #[case] limit: usize) {
    let call = async move |client: Client| {
        let text = |length: usize| Blob::new(format!("\"{}\"", "x".repeat(length - 2)));
        let invoke = || client.invoke().function_name("the-worker").invocation_type(kind.clone());
        invoke().payload(text(limit)).send().await?;
        let error = invoke().payload(text(limit + 1)).send().await.expect_err("it is too large").into_service_error();
        assert!(matches!(error, InvokeError::RequestTooLargeException(_)), "{error:?}");
        Ok(json!(error.message()))
    };
    let rig = calling(call).function("Worker", async |_: &State, _| Ok(Value::Null));
    returned(rig, &format!("Request must be smaller than {limit} bytes for the InvokeFunction operation"));
}

#[test]
fn a_response_over_6_mb_is_a_function_error() {
    let rig = calling(async |client| invoke(&client, "{}").await)
        .answers("Worker", |_| Ok(Value::String("x".repeat(6 * 1024 * 1024))));
    returned(rig, "{ status: 200, error: Unhandled, payload: { errorType: Function.ResponseSizeTooLarge } }");
}

#[test]
fn an_event_is_accepted_and_tried_again_as_any_asynchronous_one() {
    let call = async |client: Client| {
        let invoke = client.invoke().function_name("the-worker").invocation_type(InvocationType::Event);
        Ok(json!(invoke.payload(Blob::new("{\"n\":1}")).send().await?.status_code))
    };
    let step = "invoke: { function: Caller, expect: { payload: 202 } }";
    let played = calling(call).fails("Worker").play(&[step]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 60, 180]));
    assert_eq!(played.events("Worker")[2], &json!({ "n": 1 }));
    assert_eq!(played.invocations("Caller")[0].duration, Duration::ZERO);
}

#[test]
fn a_dry_run_invokes_nothing() {
    let call = async |client: Client| {
        let invoke = client.invoke().function_name("the-worker").invocation_type(InvocationType::DryRun);
        Ok(json!(invoke.send().await?.status_code))
    };
    let step = "invoke: { function: Caller, expect: { payload: 204 } }";
    assert_eq!(calling(call).ok("Worker").play(&[step]).passed().events("Worker").len(), 0);
}

#[test]
fn the_tail_of_the_log_comes_with_the_answer() {
    let call = async |client: Client| {
        let output = client.invoke().function_name("the-worker").log_type(LogType::Tail).send().await?;
        let log = STANDARD.decode(output.log_result.ok_or("there is no log")?)?;
        Ok(json!(String::from_utf8(log)?))
    };
    let rig = calling(call).function("Worker", async |_: &State, event: LambdaEvent<Value>| {
        tracing::info!(request = event.context.request_id, "I work");
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok(Value::Null)
    });
    let step = "invoke: { function: Caller, capture: { log: \"\" }, expect: { payload: [{ wildcard: \"START RequestId: *I work*END RequestId: *Duration: 1500.00 ms*Memory Size: 128 MB*\" }] } }";
    rig.play(&[step]).passed();
}

#[test]
fn the_tail_of_a_log_is_its_last_4_kb() {
    let call = async |client: Client| {
        let output = client.invoke().function_name("the-worker").log_type(LogType::Tail).send().await?;
        Ok(json!(STANDARD.decode(output.log_result.ok_or("there is no log")?)?.len()))
    };
    let rig = calling(call).function("Worker", async |_: &State, _| {
        tracing::info!("{}", "x".repeat(10_000));
        Ok(Value::Null)
    });
    returned(rig, "4096");
}

#[test]
fn a_client_context_reaches_the_function() {
    let call = async |client: Client| {
        let context = STANDARD.encode(r#"{"custom":{"tenant":"t-1"}}"#);
        client.invoke().function_name("the-worker").client_context(context).send().await?;
        refused(client.invoke().function_name("the-worker").client_context("nonsense")).await
    };
    let rig = calling(call).ok("Worker");
    let step = "invoke: { function: Caller, expect: { payload: { code: InvalidRequestContentException } } }";
    let played = rig.play(&[step]).passed();
    let worker = played.seen.iter().find(|seen| seen.function == "Worker").expect("it ran");
    let context = worker.context.client_context.as_ref().expect("there is one");
    assert_eq!(context.custom["tenant"], "t-1");
}

#[test]
fn a_throttled_call_is_a_429_that_the_sdk_tries_again() {
    let rig = calling(async |client| invoke(&client, "{}").await).ok("Worker");
    let played = rig.play(&["fail: { function: Worker, with: throttle, times: 2 }", CALL]).passed();
    assert_eq!(played.results("Worker"), ["throttled", "throttled", "success"]);
}

#[test]
fn a_throttled_call_tells_its_reason() {
    let call = async |client: Client| {
        let error = client.invoke().function_name("the-worker").send().await.expect_err("it is throttled");
        let InvokeError::TooManyRequestsException(error) = error.into_service_error() else { panic!("another error") };
        Ok(json!({ "reason": error.reason().map(|reason| reason.as_str()), "message": error.message() }))
    };
    let fail = "fail: { function: Worker, with: throttle, times: 3 }";
    let step = "invoke: { function: Caller, expect: { payload: { reason: ConcurrentInvocationLimitExceeded, message: Rate Exceeded. } } }";
    calling(call).ok("Worker").play(&[fail, step]).passed();
}

#[test]
fn an_operation_or_parameter_that_is_not_simulated_is_refused_by_name() {
    let call = async |client: Client| {
        let tenant = refused(client.invoke().function_name("the-worker").tenant_id("t-1")).await?;
        let operation = client.delete_function().function_name("the-worker").send().await.expect_err("it is refused");
        #[expect(deprecated, reason = "it is to be refused")]
        let deprecated =
            client.invoke_async().function_name("the-worker").invoke_args("{}".to_owned().into_bytes().into());
        let deprecated = deprecated.send().await.expect_err("it is refused");
        Ok(json!([tenant["message"], operation.message(), deprecated.message()]))
    };
    let step = "invoke: { function: Caller, capture: { all: \"\" }, expect: { payload: [TenantId of Lambda's Invoke is not simulated] } }";
    let played = calling(call).ok("Worker").play(&[step]).passed();
    assert!(played.events("Worker").is_empty());
    let errors = played.outcome.trace.iter().filter_map(|event| match &event.what {
        What::Call { operation, error, .. } => Some((operation.as_str(), error.as_deref().unwrap_or_default())),
        _ => None,
    });
    let expected = ["Invoke", "DeleteFunction", "InvokeAsync"].map(|name| (name, "NotImplemented"));
    assert_eq!(errors.collect::<Vec<_>>(), expected);
}

#[test]
fn three_functions_that_call_each_other_end_in_the_loops_stop() {
    let template = "
  First: { Type: AWS::Serverless::Function, Properties: { FunctionName: first } }
  Second: { Type: AWS::Serverless::Function, Properties: { FunctionName: second } }
  Third: { Type: AWS::Serverless::Function, Properties: { FunctionName: third } }
";
    let next = |name: &'static str| {
        async move |state: &State, _: LambdaEvent<Value>| {
            let client = Client::new(&state.config);
            client.invoke().function_name(name).invocation_type(InvocationType::Event).send().await?;
            Ok(Value::Null)
        }
    };
    let rig = Rig::new(template).function("First", next("second")).function("Second", next("third"));
    let played = rig.function("Third", next("first")).play(&["invoke: { function: First }"]).passed();
    let ran = |name: &str| played.results(name).iter().filter(|result| **result == "success").count();
    assert_eq!((ran("First"), ran("Second"), ran("Third")), (16, 16, 16));
    assert_eq!(played.results("First").last(), Some(&"error"));
}

#[test]
fn a_recursive_call_is_refused_after_sixteen_rounds() {
    let template = "  Caller: { Type: AWS::Serverless::Function, Properties: { FunctionName: caller } }\n";
    let rig = Rig::new(template).function("Caller", async |state: &State, _| {
        let client = Client::new(&state.config);
        match client.invoke().function_name("caller").send().await {
            Ok(output) => Ok(serde_json::from_slice(output.payload.ok_or("there is no payload")?.as_ref())?),
            Err(error) => Ok(json!(error.code())),
        }
    });
    let step = "invoke: { function: Caller, expect: { payload: RecursiveInvocationException } }";
    let played = rig.play(&[step]).passed();
    assert_eq!(played.invocations("Caller").len(), 17);
}

#[test]
fn on_localstack_lambda_is_the_harness_too() {
    let Some(place) = localstack() else { return };
    let rig = calling(async |client| invoke(&client, r#"{"n":20}"#).await)
        .answers("Worker", |event| Ok(json!({ "doubled": event["n"].as_i64().map(|n| n * 2) })));
    let step = "invoke: { function: Caller, expect: { payload: { status: 200, payload: { doubled: 40 } } } }";
    let played = rig.play_at(place, &[step]);
    assert_eq!(played.results("Worker"), ["success"], "{:?}", played.failures());
}
