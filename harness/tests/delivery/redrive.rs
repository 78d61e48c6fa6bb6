//! The step `sqs.redrive`: what happens to a dead-letter queue's messages after the cause is mended.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html>

use serde_json::Value;

use crate::kit::{Played, Rig, seconds};

const QUEUES: &str = "
  Jobs: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 30, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1 } } }
  Dead: { Type: AWS::SQS::Queue }
  Spare: { Type: AWS::SQS::Queue }
  Worker: { Type: AWS::Serverless::Function, Properties: { Events: { Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 1 } } } } }
";

/// Two messages whose only attempts fail, and these steps afterwards.
fn after_two_failures(steps: &[&str], expect: &str) -> Played {
    let rig = Rig::new(QUEUES).answers("Worker", |_| Ok(Value::Null)).expect(expect);
    let before = [
        "fail: { function: Worker, times: 2 }",
        "sqs.send: { queue: Jobs, body: a }",
        "sqs.send: { queue: Jobs, body: b }",
        "settle: {}",
    ];
    rig.play(&[&before[..], steps].concat())
}

#[test]
fn a_redrive_delivers_dead_letters_again_as_new_messages() {
    let played = after_two_failures(&["sqs.redrive: { queue: Dead }"], "queues: { Jobs: empty, Dead: empty }").passed();
    assert_eq!(played.times("Worker"), seconds([0, 0, 30, 30]));
    let received: Vec<&Value> =
        played.events("Worker").into_iter().map(|event| &event["Records"][0]["attributes"]).collect();
    assert!(received.iter().all(|attributes| attributes["ApproximateReceiveCount"] == "1"));
}

#[test]
fn a_redrive_with_a_rate_takes_its_time() {
    let steps = ["sqs.redrive: { queue: Dead, per_second: 1 }"];
    let played = after_two_failures(&steps, "queues: { Jobs: empty, Dead: empty }").passed();
    assert_eq!(played.times("Worker"), seconds([0, 0, 30, 31]));
}

#[test]
fn a_redrive_with_a_destination_goes_there() {
    let steps = ["sqs.redrive: { queue: Dead, destination: Spare }"];
    after_two_failures(&steps, "queues: { Dead: empty, Spare: [a, b] }").passed();
}

#[test]
fn a_redrive_of_what_no_queue_gave_up_fails_the_step() {
    let steps = ["sqs.send: { queue: Dead, body: stray }", "sqs.redrive: { queue: Dead }"];
    let failed = after_two_failures(&steps, "queues: { Dead: [stray] }");
    assert_eq!(
        failed.failures()[0],
        "step 6 (sqs.redrive): the redrive of Dead failed: CouldNotDetermineMessageSource"
    );
}
