//! Loops in which a function leads to itself.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>

use std::sync::atomic::{AtomicU32, Ordering};

use lambda_runtime::LambdaEvent;
use rstest::rstest;
use serde_json::Value;

use crate::kit::{Answer, Rig, State};

/// A function that an event invokes and that causes the same event again, with further properties.
fn looping(events: &str, variable: &str, properties: &str, others: &str) -> String {
    format!(
        "
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {{ Variables: {{ {variable} }} }}
      Events: {{ Again: {events} }}
{properties}
{others}
  Dead: {{ Type: AWS::SQS::Queue }}
"
    )
}

/// Sends, publishes or puts again, as the environment says.
async fn again(state: &State) -> Answer {
    if let Some(url) = state.variables.get("QUEUE") {
        let sqs = aws_sdk_sqs::Client::new(&state.config);
        sqs.send_message().queue_url(url).message_body("again").send().await?;
    }
    if let Some(arn) = state.variables.get("TOPIC") {
        aws_sdk_sns::Client::new(&state.config).publish().topic_arn(arn).message("again").send().await?;
    }
    if let Some(bucket) = state.variables.get("BUCKET") {
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"again");
        aws_sdk_s3::Client::new(&state.config).put_object().bucket(bucket).key("a").body(body).send().await?;
    }
    Ok(Value::Null)
}

const TO_DEAD_LETTERS: &str = "      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }";
const OF_TOPIC: (&str, &str, &str) =
    ("{ Type: SNS, Properties: { Topic: !Ref News } }", "TOPIC: !Ref News", "  News: { Type: AWS::SNS::Topic }");

#[rstest]
#[case::sqs(
    "{ Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } }",
    "QUEUE: !Ref Jobs",
    "  Jobs: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1 } } }",
    "sqs.send: { queue: Jobs, body: x }"
)]
#[case::sns(OF_TOPIC.0, OF_TOPIC.1, OF_TOPIC.2, "sns.publish: { topic: News, message: x }")]
#[case::s3(
    "{ Type: S3, Properties: { Bucket: !Ref Files, Events: \"s3:ObjectCreated:*\" } }",
    "BUCKET: app-files",
    "  Files: { Type: AWS::S3::Bucket, Properties: { BucketName: app-files } }",
    "s3.put: { bucket: Files, key: a, body: x }"
)]
fn a_loop_is_stopped_after_sixteen_rounds_and_its_event_goes_to_the_dead_letter_queue(
    #[case] events: &str,
    #[case] variable: &str,
    #[case] others: &str,
    #[case] step: &str,
) {
    let template = looping(events, variable, TO_DEAD_LETTERS, others);
    let rig = Rig::new(&template).function("Worker", async |state: &State, _| again(state).await);
    let played = rig.expect("queues: { Dead: 1 }").play(&[step]).passed();
    let results = played.results("Worker");
    assert_eq!(results[..16], ["success"; 16]);
    // It is not tried again.
    assert_eq!(results[16..], ["error"]);
}

#[test]
fn a_loop_that_is_allowed_goes_on_until_it_ends() {
    let template = looping(OF_TOPIC.0, OF_TOPIC.1, "      RecursiveLoop: Allow", OF_TOPIC.2);
    let rounds = AtomicU32::new(0);
    let rig = Rig::new(&template).function("Worker", async move |state: &State, _: LambdaEvent<Value>| {
        if rounds.fetch_add(1, Ordering::Relaxed) < 40 { again(state).await } else { Ok(Value::Null) }
    });
    let played = rig.play(&["sns.publish: { topic: News, message: x }"]).passed();
    assert_eq!(played.results("Worker"), ["success"; 41]);
}

#[test]
fn a_loop_that_is_allowed_ends_with_the_replay_after_a_thousand_rounds() {
    let template = looping(OF_TOPIC.0, OF_TOPIC.1, "      RecursiveLoop: Allow", OF_TOPIC.2);
    let rig = Rig::new(&template).function("Worker", async |state: &State, _| again(state).await);
    let played = rig.play(&["sns.publish: { topic: News, message: x }"]).passed();
    assert_eq!((played.results("Worker").len(), played.results("Worker")[1000]), (1001, "error"));
}
