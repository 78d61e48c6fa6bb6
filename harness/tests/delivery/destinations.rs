//! What Lambda does with an asynchronous event that is over.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sns::SnsEvent;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::asynchronous::worker;
use crate::kit::{Rig, State, paths};

const PUBLISH: &str = "sns.publish: { topic: News, message: hello }";

const QUEUES: &str = "
  Records: { Type: AWS::SQS::Queue }
  Dead: { Type: AWS::SQS::Queue }
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Records: { Type: SQS, Properties: { Queue: !GetAtt Records.Arn } }
        Dead: { Type: SQS, Properties: { Queue: !GetAtt Dead.Arn } }
";

fn destination(on: &str, arn: &str) -> String {
    worker(&format!(
        "      EventInvokeConfig: {{ MaximumRetryAttempts: 1, DestinationConfig: {{ {on}: {{ Destination: {arn} }} }} }}"
    ))
}

fn record_in(message: &Value) -> Value {
    serde_json::from_str(message.as_str().expect("it is a text")).expect("it is JSON")
}

/// The members of AWS's example of an invocation record.
const RECORD: &[&str] = &[
    "requestContext",
    "requestContext.approximateInvokeCount",
    "requestContext.condition",
    "requestContext.functionArn",
    "requestContext.requestId",
    "requestPayload",
    "responseContext",
    "responseContext.executedVersion",
    "responseContext.functionError",
    "responseContext.statusCode",
    "responsePayload",
    "timestamp",
    "version",
];

#[test]
fn an_event_that_failed_is_recorded_at_the_on_failure_destination() {
    let rig = Rig::new(&(destination("OnFailure", "!GetAtt Records.Arn") + QUEUES)).fails("Worker").ok("Reader");
    let played = rig.play(&[PUBLISH]).passed();
    let record = record_in(&played.event("Reader")["Records"][0]["body"]);
    assert_eq!(paths(&record, &["requestPayload", "responsePayload"]), RECORD);
    assert_eq!(record["version"], "1.0");
    assert_eq!(record["timestamp"], "2026-01-01T00:01:00.000Z");
    let context = &record["requestContext"];
    assert_eq!(context["requestId"], played.invocations("Worker")[0].request_id);
    assert_eq!(context["condition"], "RetriesExhausted");
    assert_eq!(context["approximateInvokeCount"], 2);
    let arn = context["functionArn"].as_str().expect("an ARN");
    assert!(arn.starts_with("arn:aws:lambda:us-east-1:123456789012:function:") && arn.ends_with(":$LATEST"), "{arn}");
    assert_eq!(record["requestPayload"], *played.events("Worker")[0]);
    let response = json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
    assert_eq!(record["responseContext"], response);
    assert_eq!(record["responsePayload"]["errorMessage"], "no luck");
}

#[test]
fn an_event_that_grew_too_old_is_recorded_with_that_condition() {
    let config = "      EventInvokeConfig: { MaximumEventAgeInSeconds: 100, DestinationConfig: { OnFailure: { Destination: !GetAtt Records.Arn } } }";
    let rig = Rig::new(&(worker(config) + QUEUES)).fails("Worker").ok("Reader");
    let played = rig.play(&[PUBLISH]).passed();
    let record = record_in(&played.event("Reader")["Records"][0]["body"]);
    assert_eq!(record["requestContext"]["condition"], "EventAgeExceeded");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 2);
}

#[test]
fn an_event_that_succeeded_is_recorded_at_the_on_success_destination() {
    let template = destination("OnSuccess", "!GetAtt Records.Arn") + QUEUES;
    let rig = Rig::new(&template).answers("Worker", |_| Ok(json!({ "done": 1 }))).ok("Reader");
    let played = rig.play(&[PUBLISH]).passed();
    let record = record_in(&played.event("Reader")["Records"][0]["body"]);
    assert_eq!(record["requestContext"]["condition"], "Success");
    assert_eq!(record["responseContext"], json!({ "statusCode": 200, "executedVersion": "$LATEST" }));
    assert_eq!(record["responsePayload"], json!({ "done": 1 }));
}

#[rstest]
#[case::failed_at_on_success("OnSuccess", true)]
#[case::succeeded_at_on_failure("OnFailure", false)]
fn a_destination_gets_only_its_own_outcome(#[case] on: &str, #[case] fails: bool) {
    let template = destination(on, "!GetAtt Records.Arn") + QUEUES;
    let rig = Rig::new(&template).ok("Reader").expect("invocations: { Reader: 0 }");
    let rig = if fails { rig.fails("Worker") } else { rig.ok("Worker") };
    rig.play(&[PUBLISH]).passed();
}

#[test]
fn a_function_destination_gets_the_record_as_its_event() {
    let template = destination("OnFailure", "!GetAtt Reader.Arn") + QUEUES;
    let played = Rig::new(&template).fails("Worker").ok("Reader").play(&[PUBLISH]).passed();
    assert_eq!(played.event("Reader")["requestContext"]["condition"], "RetriesExhausted");
}

#[test]
fn a_topic_destination_gets_the_record_as_its_message() {
    let topic = "
  Failures: { Type: AWS::SNS::Topic }
  Listener:
    Type: AWS::Serverless::Function
    Properties: { Events: { Failures: { Type: SNS, Properties: { Topic: !Ref Failures } } } }
";
    let template = destination("OnFailure", "!Ref Failures") + topic;
    let played = Rig::new(&template).fails("Worker").ok("Listener").play(&[PUBLISH]).passed();
    let event: SnsEvent = serde_json::from_value(played.event("Listener").clone()).expect("it is an SnsEvent");
    let record: Value = serde_json::from_str(&event.records[0].sns.message).expect("it is JSON");
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
}

const BUS: &str = "
  Failures: { Type: AWS::Events::EventBus, Properties: { Name: failures } }
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Failures: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Failures, Pattern: { source: [lambda] } } }
";

#[rstest]
#[case::failure("OnFailure", "Failure")]
#[case::success("OnSuccess", "Success")]
fn a_bus_destination_gets_the_record_as_the_detail_of_an_event(#[case] on: &str, #[case] outcome: &str) {
    let rig = Rig::new(&(destination(on, "!GetAtt Failures.Arn") + BUS)).ok("Listener");
    let rig = if outcome == "Failure" { rig.fails("Worker") } else { rig.ok("Worker") };
    let played = rig.play(&[PUBLISH]).passed();
    let event: EventBridgeEvent = serde_json::from_value(played.event("Listener").clone()).expect("it is an event");
    assert_eq!(event.source, "lambda");
    assert_eq!(event.detail_type, format!("Lambda Function Invocation Result - {outcome}"));
    let function = event.detail["requestContext"]["functionArn"].as_str().expect("an ARN").to_owned();
    let bus = "arn:aws:events:us-east-1:123456789012:event-bus/failures".to_owned();
    assert_eq!(event.resources.unwrap_or_default(), [function, bus]);
}

#[test]
fn a_bucket_destination_gets_the_record_as_an_object() {
    let files = "
  Failures: { Type: AWS::S3::Bucket }
  Listener:
    Type: AWS::Serverless::Function
    Properties: { Events: { Failures: { Type: S3, Properties: { Bucket: !Ref Failures, Events: 's3:ObjectCreated:*' } } } }
";
    let template = destination("OnFailure", "!GetAtt Failures.Arn") + files;
    let rig = Rig::new(&template).fails("Worker").function("Listener", async |state: &State, event| {
        let s3 = &event.payload["Records"][0]["s3"];
        let name = |pointer: &str| s3.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (bucket, key) = (name("/bucket/name"), name("/object/key"));
        let object = aws_sdk_s3::Client::new(&state.config).get_object().bucket(bucket).key(&key).send().await?;
        let record: Value = serde_json::from_slice(&object.body.collect().await?.into_bytes())?;
        assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
        assert_eq!(record["responsePayload"]["errorMessage"], "no luck");
        Ok(Value::Null)
    });
    let played = rig.play(&[PUBLISH]).passed();
    let key = played.event("Listener")["Records"][0]["s3"]["object"]["key"].as_str().expect("a key").to_owned();
    let (name, id) = key.split_at(key.len() - 36);
    let expected = "aws/lambda/async/app-Worker-rehearsal/2026/01/01/2026-01-01T00.01.00-";
    assert_eq!((name, id.matches('-').count()), (expected, 4));
    assert_eq!(played.results("Listener"), ["success"]);
}

#[test]
fn an_event_that_nothing_takes_is_dropped_and_the_trace_says_so() {
    let rig = Rig::new(&worker("      EventInvokeConfig: { MaximumRetryAttempts: 0 }")).fails("Worker");
    let played = rig.play(&[PUBLISH]).passed();
    let dropped = played.outcome.trace.iter().filter_map(|event| match &event.what {
        What::GaveUp { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    let reason =
        "RetriesExhausted after 1 attempts, and the event is dropped: no destination or dead-letter queue takes it";
    assert_eq!(dropped.collect::<Vec<_>>(), [reason]);
}

#[test]
fn a_record_that_lambda_would_not_queue_is_a_problem_of_the_replay() {
    let rig = Rig::new(&(destination("OnSuccess", "!GetAtt Reader.Arn") + QUEUES)).ok("Reader");
    let played = rig.answers("Worker", |_| Ok("x".repeat(1024 * 1024).into())).play(&[PUBLISH]);
    assert!(played.failures()[0].ends_with("is larger than Lambda queues"), "{:?}", played.failures());
    assert!(played.events("Reader").is_empty());
}

#[rstest]
#[case::error("error", "200", "the scenario makes this attempt fail")]
#[case::throttle("throttle", "429", "Rate Exceeded.")]
fn the_dead_letter_queue_gets_the_event_with_its_error_in_attributes(
    #[case] with: &str,
    #[case] code: &str,
    #[case] message: &str,
) {
    let properties = "      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      EventInvokeConfig: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }";
    let times = if with == "throttle" { 6 } else { 1 };
    let fail = format!("fail: {{ function: Worker, with: {with}, times: {times} }}");
    let played = Rig::new(&(worker(properties) + QUEUES)).ok("Worker").ok("Reader").play(&[&fail, PUBLISH]).passed();
    let letter = &played.event("Reader")["Records"][0];
    assert_eq!(record_in(&letter["body"])["Records"][0]["Sns"]["Message"], "hello");
    let attribute = |name: &str| {
        let attribute = &letter["messageAttributes"][name];
        (attribute["dataType"].as_str().unwrap_or("none"), attribute["stringValue"].as_str().unwrap_or("none"))
    };
    assert_eq!(attribute("RequestID"), ("String", played.invocations("Worker")[0].request_id.as_str()));
    assert_eq!(attribute("ErrorCode"), ("Number", code));
    assert_eq!(attribute("ErrorMessage"), ("String", message));
}

#[test]
fn a_dead_letter_topic_gets_the_event_and_the_attributes_too() {
    let topic = "
  Failures: { Type: AWS::SNS::Topic }
  Listener:
    Type: AWS::Serverless::Function
    Properties: { Events: { Failures: { Type: SNS, Properties: { Topic: !Ref Failures } } } }
";
    let properties = "      DeadLetterQueue: { Type: SNS, TargetArn: !Ref Failures }";
    let played = Rig::new(&(worker(properties) + topic)).fails("Worker").ok("Listener").play(&[PUBLISH]).passed();
    let sns = &played.event("Listener")["Records"][0]["Sns"];
    assert_eq!(record_in(&sns["Message"])["Records"][0]["Sns"]["Message"], "hello");
    assert_eq!(sns["MessageAttributes"]["ErrorCode"], json!({ "Type": "Number", "Value": "200" }));
    assert_eq!(sns["MessageAttributes"]["ErrorMessage"]["Value"], "no luck");
}

#[test]
fn an_event_goes_to_the_destination_and_to_the_dead_letter_queue() {
    let properties = "      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      EventInvokeConfig: { DestinationConfig: { OnFailure: { Destination: !GetAtt Records.Arn } } }";
    let template = worker(properties)
        + "
  Records: { Type: AWS::SQS::Queue }
  Dead: { Type: AWS::SQS::Queue }
";
    let rig = Rig::new(&template).fails("Worker");
    rig.expect("queues: { Records: 1, Dead: 1 }").play(&[PUBLISH]).passed();
}
