//! The trace: each event follows from another, back to the stimulus.

use rehearsal::trace::{Event, EventId, What};
use rstest::rstest;
use serde_json::Value;

use crate::kit::{Played, Rig, State};

const READER: &str = "
  Jobs: { Type: AWS::SQS::Queue }
  Reader:
    Type: AWS::Serverless::Function
    Properties: { Events: { Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } } }
";

/// What an event is, in a word or two.
fn kind(event: &Event) -> String {
    match &event.what {
        What::Stimulus { .. } => "stimulus".to_owned(),
        What::Delivery { from, .. } => format!("delivery from {}", from.split(' ').next().unwrap_or_default()),
        What::Invocation { function, .. } => format!("invocation of {function}"),
        What::Call { operation, .. } => operation.clone(),
        What::Request { method, .. } => format!("{method} request"),
        other => format!("{other:?}"),
    }
}

/// The chain of causes from the stimulus to the last invocation of a function.
fn chain(played: &Played, function: &str) -> Vec<String> {
    let trace = &played.outcome.trace;
    let mut at = played.invocations(function).last().map(|invocation| invocation.id);
    let mut chain = Vec::new();
    while let Some(id) = at {
        let event = &trace[id as usize - 1];
        chain.push(kind(event));
        at = event.cause;
    }
    chain.reverse();
    chain
}

/// Each id is one higher than the one before, and each cause is an earlier event.
fn check_ids(trace: &[Event]) {
    let ids: Vec<EventId> = trace.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ids.len() as EventId).collect::<Vec<_>>());
    assert!(trace.iter().all(|event| event.cause.is_none_or(|cause| cause < event.id)));
    assert!(trace.iter().map(|event| event.at).is_sorted());
}

const UPLOADS_TO_QUEUE: &str = "
  Uploads:
    Type: AWS::S3::Bucket
    Properties: { NotificationConfiguration: { QueueConfigurations: [{ Event: \"s3:ObjectCreated:*\", Queue: !GetAtt Jobs.Arn }] } }
";
const TOPIC_TO_QUEUE: &str = "
  News: { Type: AWS::SNS::Topic }
  Subscription: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Jobs.Arn } }
";
const RAW_TOPIC_TO_QUEUE: &str = "
  News: { Type: AWS::SNS::Topic }
  Subscription: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Jobs.Arn, RawMessageDelivery: true } }
";
const RULE_TO_QUEUE: &str = "
  Rule: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [shop] }, Targets: [{ Id: jobs, Arn: !GetAtt Jobs.Arn }] } }
";
const RULE_WITH_INPUT_TO_QUEUE: &str = "
  Rule: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [shop] }, Targets: [{ Id: jobs, Arn: !GetAtt Jobs.Arn, InputPath: $.detail }] } }
";
const UPLOADS_TO_TOPIC_TO_QUEUE: &str = "
  Uploads:
    Type: AWS::S3::Bucket
    Properties: { NotificationConfiguration: { TopicConfigurations: [{ Event: \"s3:ObjectCreated:*\", Topic: !Ref News }] } }
  News: { Type: AWS::SNS::Topic }
  Subscription: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Jobs.Arn } }
";
const UPLOADS_TO_BUS_TO_QUEUE: &str = "
  Uploads: { Type: AWS::S3::Bucket, Properties: { NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } } }
  Rule: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [aws.s3] }, Targets: [{ Id: jobs, Arn: !GetAtt Jobs.Arn }] } }
";

const UPLOAD: &str = "s3.put: { bucket: Uploads, key: a.csv, body: a }";
const PUBLISH: &str = "sns.publish: { topic: News, message: hello }";
const PUT: &str = "events.put: { source: shop, detail_type: Sold, detail: { order: 1 } }";

#[rstest]
#[case::sqs("", "sqs.send: { queue: Jobs, body: a }", "SendMessage")]
#[case::s3(UPLOADS_TO_QUEUE, UPLOAD, "PutObject")]
#[case::sns(TOPIC_TO_QUEUE, PUBLISH, "Publish")]
#[case::sns_raw(RAW_TOPIC_TO_QUEUE, PUBLISH, "Publish")]
#[case::eventbridge(RULE_TO_QUEUE, PUT, "PutEvents")]
#[case::eventbridge_with_input(RULE_WITH_INPUT_TO_QUEUE, PUT, "PutEvents")]
#[case::s3_over_sns(UPLOADS_TO_TOPIC_TO_QUEUE, UPLOAD, "PutObject")]
#[case::s3_over_eventbridge(UPLOADS_TO_BUS_TO_QUEUE, UPLOAD, "PutObject")]
fn a_message_in_a_queue_is_traced_back_to_its_stimulus(#[case] source: &str, #[case] step: &str, #[case] call: &str) {
    let played = Rig::new(&format!("{READER}{source}")).ok("Reader").play(&[step]).passed();
    assert_eq!(chain(&played, "Reader"), ["stimulus", call, "delivery from SQS", "invocation of Reader"]);
    check_ids(&played.outcome.trace);
}

const TO_FUNCTION: &str = "
  Uploads: { Type: AWS::S3::Bucket }
  News: { Type: AWS::SNS::Topic }
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Uploaded: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: \"s3:ObjectCreated:*\" } }
        News: { Type: SNS, Properties: { Topic: !Ref News } }
        Sold: { Type: EventBridgeRule, Properties: { Pattern: { source: [shop] }, InputPath: $.detail } }
";

#[rstest]
#[case::s3(UPLOAD, "PutObject", "S3")]
#[case::sns(PUBLISH, "Publish", "SNS")]
#[case::eventbridge(PUT, "PutEvents", "EventBridge")]
fn an_event_for_a_function_is_traced_back_to_its_stimulus(#[case] step: &str, #[case] call: &str, #[case] from: &str) {
    let played = Rig::new(TO_FUNCTION).ok("Reader").play(&[step]).passed();
    let delivery = format!("delivery from {from}");
    assert_eq!(chain(&played, "Reader"), ["stimulus", call, &delivery, "invocation of Reader"]);
}

#[test]
fn each_retry_follows_from_the_delivery() {
    let played = Rig::new(TO_FUNCTION).fails("Reader").play(&[UPLOAD]).passed();
    assert_eq!(chain(&played, "Reader"), ["stimulus", "PutObject", "delivery from S3", "invocation of Reader"]);
    let cause = |id: EventId| played.outcome.trace[id as usize - 1].cause;
    let causes: Vec<_> = played.invocations("Reader").iter().map(|invocation| cause(invocation.id)).collect();
    assert_eq!(causes, [causes[0]; 3]);
}

#[test]
fn a_chain_goes_over_functions_queues_and_dead_letter_queues() {
    let template = "
  Uploads: { Type: AWS::S3::Bucket }
  First:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { QUEUE: !Ref Jobs } }
      Events: { Uploaded: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: \"s3:ObjectCreated:*\" } } }
  Jobs: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1 } } }
  Dead: { Type: AWS::SQS::Queue }
  Second:
    Type: AWS::Serverless::Function
    Properties: { Events: { Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } } }
  Last:
    Type: AWS::Serverless::Function
    Properties: { Events: { Dead: { Type: SQS, Properties: { Queue: !GetAtt Dead.Arn } } } }
";
    let rig = Rig::new(template).fails("Second").ok("Last").function("First", async |state: &State, _| {
        let sqs = aws_sdk_sqs::Client::new(&state.config);
        sqs.send_message().queue_url(&state.variables["QUEUE"]).message_body("a").send().await?;
        Ok(Value::Null)
    });
    let played = rig.play(&[UPLOAD]).passed();
    let first =
        ["stimulus", "PutObject", "delivery from S3", "invocation of First", "SendMessage", "delivery from SQS"];
    assert_eq!(chain(&played, "Second"), [&first[..], &["invocation of Second"]].concat());
    assert_eq!(chain(&played, "Last"), [&first[..], &["invocation of Last"]].concat());
    check_ids(&played.outcome.trace);
}

#[test]
fn a_scheduled_event_has_no_cause() {
    let template = "
  Reader:
    Type: AWS::Serverless::Function
    Properties: { Events: { Daily: { Type: Schedule, Properties: { Schedule: rate(1 day) } } } }
";
    let played = Rig::new(template).ok("Reader").play(&["advance: 25h"]).passed();
    assert_eq!(chain(&played, "Reader"), ["delivery from EventBridge", "invocation of Reader"]);
}

#[test]
fn an_invocation_record_at_a_destination_follows_from_the_last_attempt() {
    let template = "
  News: { Type: AWS::SNS::Topic }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } }
      EventInvokeConfig: { DestinationConfig: { OnFailure: { Destination: !GetAtt Jobs.Arn } } }
";
    let played = Rig::new(&format!("{READER}{template}")).fails("Worker").ok("Reader").play(&[PUBLISH]).passed();
    let worker = ["stimulus", "Publish", "delivery from SNS", "invocation of Worker"];
    let reader = ["SendMessage", "delivery from SQS", "invocation of Reader"];
    assert_eq!(chain(&played, "Reader"), [&worker[..], &reader].concat());
    let send = played.outcome.trace.iter().find(|event| kind(event) == "SendMessage").expect("it was sent");
    assert_eq!(send.cause, played.invocations("Worker").last().map(|invocation| invocation.id));
}
