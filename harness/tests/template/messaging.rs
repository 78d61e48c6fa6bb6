//! Queues, topics, rules and schedules.

use std::time::Duration;

use serde_json::json;

use crate::kit::{everything, good};

#[test]
fn queues_have_their_attributes_as_createqueue_takes_them() {
    let stack = everything();
    let queue = &stack.queues[0];
    assert_eq!(queue.visibility_timeout(), Duration::from_secs(60));
    let policy: serde_json::Value = serde_json::from_str(&queue.attributes["RedrivePolicy"]).expect("JSON");
    assert_eq!(
        policy,
        json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead-letters-test", "maxReceiveCount": 3 })
    );
    assert_eq!(stack.queues[1].attributes["MessageRetentionPeriod"], "1209600");
    assert!(!stack.queues[1].has_redrive_policy());
}

/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sns.html>
#[test]
fn a_sam_event_of_a_topic_filters_and_may_put_a_queue_in_between() {
    let stack = good(
        r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  News:
    Type: AWS::SNS::Topic
    Properties: { DisplayName: News }
  Ordered:
    Type: AWS::SNS::Topic
    Properties: { TopicName: ordered.fifo, FifoTopic: true, ContentBasedDeduplication: true }
  Inbox: { Type: AWS::SQS::Queue }
  Dead: { Type: AWS::SQS::Queue }
  Mailed:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref News, Protocol: email, Endpoint: alice@example.com, FilterPolicy: '{"kind": ["new"]}' }
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Handler: bootstrap
      Runtime: provided.al2023
      Events:
        Direct:
          Type: SNS
          Properties:
            Topic: !Ref News
            FilterPolicyScope: MessageBody
            FilterPolicy: { order: { total: [{ numeric: [">", 10] }] } }
            RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn }
        Queued: { Type: SNS, Properties: { Topic: !Ref News, SqsSubscription: true } }
        Own:
          Type: SNS
          Properties:
            Topic: !Ref Ordered
            SqsSubscription: { QueueArn: !GetAtt Inbox.Arn, QueueUrl: !Ref Inbox, BatchSize: 5 }
"#,
        &[],
    );
    let told = stack.subscriptions.iter().map(|each| {
        let attributes = each.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        format!("{} {} {}", each.protocol, each.endpoint.rsplit(':').next().unwrap_or_default(), attributes.join(" "))
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            r#"email alice@example.com FilterPolicy={"kind": ["new"]}"#,
            "lambda shop-Reader-x1y2z3 FilterPolicy={\"order\":{\"total\":[{\"numeric\":[\">\",10]}]}} \
             FilterPolicyScope=MessageBody \
             RedrivePolicy={\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:123456789012:shop-Dead-x1y2z3\"}",
            "sqs shop-ReaderQueuedQueue-x1y2z3 ",
            "sqs shop-Inbox-x1y2z3 ",
        ]
    );
    let mappings = stack.event_source_mappings.iter().map(|each| (each.queue_arn.as_str(), each.batch_size));
    let queue = |name: &str| format!("arn:aws:sqs:us-east-1:123456789012:shop-{name}-x1y2z3");
    let (added, own) = (queue("ReaderQueuedQueue"), queue("Inbox"));
    assert_eq!(mappings.collect::<Vec<_>>(), [(added.as_str(), 10), (own.as_str(), 5)]);
    let attributes = stack.topics.iter().map(|topic| json!(topic.attributes));
    assert_eq!(
        attributes.collect::<Vec<_>>(),
        [json!({ "DisplayName": "News" }), json!({ "ContentBasedDeduplication": "true", "FifoTopic": "true" })]
    );
}

#[test]
fn subscriptions_come_from_topics_resources_and_sam_events() {
    let stack = everything();
    let found: Vec<_> = stack
        .subscriptions
        .iter()
        .map(|each| (each.logical_id.as_str(), each.protocol.as_str(), each.endpoint.as_str(), each.attributes.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("AlertsSubscription0", "sqs", stack.queues[0].arn.as_str(), 0),
            ("AlertsToDeadLetters", "sqs", stack.queues[1].arn.as_str(), 1),
            ("ReadCsvAlert", "lambda", stack.functions[0].arn.as_str(), 0),
        ]
    );
    assert_eq!(stack.subscriptions[1].attributes["RawMessageDelivery"], "true");
}

#[test]
fn rules_come_from_resources_and_sam_events() {
    let stack = everything();
    let [placed, from_sam, nightly] = stack.rules.as_slice() else { panic!("{:?}", stack.rules) };
    assert_eq!((placed.bus.as_str(), placed.enabled), ("orders", true));
    assert_eq!(
        placed.event_pattern,
        Some(json!({ "detail-type": ["OrderPlaced"], "detail": { "total": [{ "numeric": [">=", 100] }] } }))
    );
    let target = &placed.targets[0];
    assert_eq!((target.id.as_str(), target.input_path.as_deref()), ("queue", Some("$.detail")));
    assert_eq!(target.maximum_retry_attempts, Some(4));
    assert_eq!(target.maximum_event_age, Some(Duration::from_secs(120)));
    assert_eq!(target.dead_letter_arn.as_ref(), Some(&stack.queues[1].arn));

    let generated = stack.queues.iter().find(|queue| queue.logical_id == "StoreRecordPlacedQueue");
    assert_eq!(from_sam.targets[0].dead_letter_arn.as_ref(), generated.map(|queue| &queue.arn));
    assert_eq!(from_sam.targets[0].arn, stack.functions[1].arn);
    assert_eq!(from_sam.targets[0].id, "StoreRecordPlacedLambdaTarget");

    assert_eq!(nightly.schedule.as_deref(), Some("cron(0 2 * * ? *)"));
    assert_eq!((nightly.bus.as_str(), nightly.enabled), ("default", false));
    assert_eq!(nightly.targets[0].input.as_deref(), Some(r#"{"full": true}"#));
}
