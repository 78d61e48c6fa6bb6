//! How many invocations run at once, and what becomes of the others.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>

use std::time::Duration;

use aws_sdk_lambda::Client;
use rehearsal::trace::Environment;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Answer, Rig, State, response, seconds};

/// A function that reserves so much.
fn worker(reserved: u32, properties: &str) -> String {
    format!(
        "
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: the-worker
      Timeout: 20
      ReservedConcurrentExecutions: {reserved}
{properties}
"
    )
}

/// Works for ten seconds.
async fn work(_: &State, _: lambda_runtime::LambdaEvent<Value>) -> Answer {
    tokio::time::sleep(Duration::from_secs(10)).await;
    Ok(response(200, "done"))
}

const NEWS: &str =
    "      Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } }\n  News: { Type: AWS::SNS::Topic }";
const PUBLISH: &str = "sns.publish: { topic: News, message: x }";

#[test]
fn an_event_beyond_the_reserved_concurrency_is_queued_and_tried_again_with_backoff() {
    let played = Rig::new(&worker(1, NEWS)).function("Worker", work).play(&[PUBLISH, PUBLISH]).passed();
    // It backs off by 1, 2, 4 and 8 seconds, and the other ends after ten.
    assert_eq!(played.times("Worker"), seconds([0, 0, 1, 3, 7, 15]));
    assert_eq!(played.results("Worker"), ["success", "throttled", "throttled", "throttled", "throttled", "success"]);
    assert_eq!(played.environments("Worker").last(), Some(&Environment::Warm));
}

#[test]
fn as_many_run_at_once_as_are_reserved() {
    let played = Rig::new(&worker(2, NEWS)).function("Worker", work).play(&[PUBLISH, PUBLISH]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 0]));
}

#[test]
fn with_no_concurrency_at_all_an_event_goes_to_the_dead_letter_queue_at_once() {
    let properties = format!(
        "      DeadLetterQueue: {{ Type: SQS, TargetArn: !GetAtt Dead.Arn }}\n{NEWS}\n  Dead: {{ Type: AWS::SQS::Queue }}"
    );
    let rig = Rig::new(&worker(0, &properties)).ok("Worker").expect("queues: { Dead: 1 }");
    assert_eq!(rig.play(&[PUBLISH]).passed().times("Worker"), seconds([0]));
}

#[test]
fn a_synchronous_call_beyond_it_is_a_429_that_names_the_reserved_concurrency() {
    let template = worker(0, "  Caller: { Type: AWS::Serverless::Function }");
    let rig = Rig::new(&template).ok("Worker").function("Caller", async |state: &State, _| {
        let error = Client::new(&state.config).invoke().function_name("the-worker").send().await;
        let error = error.expect_err("it is throttled").into_service_error();
        let aws_sdk_lambda::operation::invoke::InvokeError::TooManyRequestsException(error) = error else {
            return Err(error.into());
        };
        Ok(json!(error.reason().map(|reason| reason.as_str())))
    });
    rig.play(&["invoke: { function: Caller, expect: { payload: ReservedFunctionConcurrentInvocationLimitExceeded } }"])
        .passed();
}

#[test]
fn a_batch_of_a_queue_that_is_throttled_comes_back_after_the_visibility_timeout() {
    let properties = "      Events: { Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 1 } } }\n  Jobs: { Type: AWS::SQS::Queue }";
    let send = "sqs.send: { queue: Jobs, body: x }";
    let played = Rig::new(&worker(1, properties)).function("Worker", work).play(&[send, send]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 0, 30]));
    assert_eq!(played.events("Worker")[1]["Records"][0]["attributes"]["ApproximateReceiveCount"], "2");
}

#[test]
fn a_throttled_batch_of_a_stream_is_retried_in_its_place() {
    let properties = "      Events: { Rows: { Type: DynamoDB, Properties: { Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 1 } } }
  Rows: { Type: AWS::DynamoDB::Table, Properties: { AttributeDefinitions: [{ AttributeName: id, AttributeType: S }], KeySchema: [{ AttributeName: id, KeyType: HASH }], BillingMode: PAY_PER_REQUEST, StreamSpecification: { StreamViewType: NEW_IMAGE } } }
  Writer: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { TABLE: !Ref Rows } } } }";
    let rig = Rig::new(&worker(1, properties)).function("Worker", work).function("Writer", async |state: &State, _| {
        let client = aws_sdk_dynamodb::Client::new(&state.config);
        for id in ["1", "2"] {
            let id = aws_sdk_dynamodb::types::AttributeValue::S(id.to_owned());
            client.put_item().table_name(&state.variables["TABLE"]).item("id", id).send().await?;
        }
        Ok(Value::Null)
    });
    let fail = "fail: { function: Worker, with: throttle, times: 2 }";
    let rig = rig.expect("tables: { Rows: { count: 2 } }");
    let played = rig.play(&[fail, "invoke: { function: Writer }"]).passed();
    assert_eq!(played.results("Worker"), ["throttled", "throttled", "success", "success"]);
    let key = |index: usize| played.events("Worker")[index]["Records"][0]["dynamodb"]["Keys"]["id"]["S"].clone();
    assert_eq!((key(0), key(1)), (json!("1"), json!("2")));
}

#[rstest]
#[case::http("HttpApi", "ServerlessHttpApi", 503)]
#[case::rest("Api", "ServerlessRestApi", 500)]
fn an_api_answers_for_a_throttled_function(#[case] event: &str, #[case] api: &str, #[case] status: u16) {
    let properties = format!("      Events: {{ Get: {{ Type: {event}, Properties: {{ Path: /, Method: GET }} }} }}");
    let step = format!("http: {{ api: {api}, method: GET, path: /, expect: {{ status: {status} }} }}");
    Rig::new(&worker(0, &properties)).ok("Worker").play(&[&step]).passed();
}

#[test]
fn an_account_runs_a_thousand_invocations_at_once() {
    let template = "
  News: { Type: AWS::SNS::Topic }
  Fans: { Type: AWS::Serverless::Function, Properties: { Timeout: 30, Environment: { Variables: { TOPIC: !Ref News } } } }
  Reserved: { Type: AWS::Serverless::Function, Properties: { ReservedConcurrentExecutions: 900 } }
  Worker: { Type: AWS::Serverless::Function, Properties: { Timeout: 20, Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } } } }
";
    let rig = Rig::new(template).function("Worker", work).ok("Reserved").function("Fans", async |state: &State, _| {
        let sns = aws_sdk_sns::Client::new(&state.config);
        for _ in 0..101 {
            sns.publish().topic_arn(&state.variables["TOPIC"]).message("x").send().await?;
        }
        Ok(Value::Null)
    });
    let played = rig.play(&["invoke: { function: Fans }"]).passed();
    let results = played.results("Worker");
    // The one that publishes has ended by then.
    assert_eq!(results[..100], ["success"; 100]);
    assert_eq!(results[100], "throttled");
    assert_eq!(results.last(), Some(&"success"));
}
