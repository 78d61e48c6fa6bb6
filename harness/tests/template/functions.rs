//! Functions: what they are configured with, and what event source mappings read for them.

use std::time::Duration;

use rehearsal::stack::{ApiKind, StartingPosition};

use crate::kit::{everything, good};

#[test]
fn a_functions_environment_is_final_text_with_globals_below_it() {
    let stack = everything();
    let read_csv = &stack.functions[0];
    let environment: Vec<_> =
        read_csv.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        environment,
        [
            ("BUCKET", "shop-archive-x1y2z3/${Literal}"),
            ("ENCODED", "dGVzdCE="),
            ("LOG_LEVEL", "debug"),
            ("QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Records-x1y2z3"),
            ("RETRIES", "3"),
            ("STAGE", "test"),
        ]
    );
    let store = &stack.functions[1];
    let http = stack.apis.iter().find(|api| api.kind == ApiKind::Http).expect("the implicit HTTP API");
    let rest = stack.apis.iter().find(|api| api.kind == ApiKind::Rest).expect("the REST API");
    assert_eq!(store.environment["API"], format!("{}/", http.endpoint));
    assert_eq!(store.environment["REST_API"], format!("{}/v1", rest.endpoint));
    assert_eq!((store.name.as_str(), store.timeout), ("store-test", Duration::from_secs(10)));
    assert_eq!((read_csv.timeout, read_csv.memory_size), (Duration::from_secs(30), 256));
    assert_eq!(read_csv.handler, "bootstrap");
}

#[test]
fn asynchronous_invocation_is_configured_by_sam() {
    let stack = everything();
    let function = &stack.functions[0];
    assert_eq!(function.dead_letter_arn.as_deref(), Some("arn:aws:sqs:us-east-1:123456789012:dead-letters-test"));
    assert_eq!(function.event_invoke.maximum_retry_attempts, 1);
    assert_eq!(function.event_invoke.maximum_event_age, Duration::from_secs(3600));
    assert_eq!(function.event_invoke.on_failure.as_ref(), Some(&stack.topics[0].arn));
    assert_eq!(stack.functions[1].event_invoke, rehearsal::stack::EventInvokeConfig::default());
}

#[test]
fn event_source_mappings_come_from_resources_and_sam_events() {
    let stack = everything();
    let [mapping, from_sam] = stack.event_source_mappings.as_slice() else { panic!("expected two mappings") };
    assert_eq!((mapping.logical_id.as_str(), mapping.batch_size), ("Mapping", 10));
    assert_eq!(mapping.function_arn, stack.functions[0].arn);
    assert!(mapping.enabled && !mapping.report_batch_item_failures);
    assert_eq!((from_sam.logical_id.as_str(), from_sam.batch_size), ("StoreRecordRecords", 5));
    assert_eq!(from_sam.queue_arn, stack.queues[0].arn);
    assert_eq!(from_sam.batching_window, Duration::from_secs(2));
    assert!(from_sam.report_batch_item_failures);
    assert_eq!((mapping.maximum_concurrency, from_sam.maximum_concurrency), (None, Some(2)));
}

#[test]
fn mappings_of_streams_come_from_resources_and_sam_events() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: OLD_IMAGE }
  Store:
    Type: AWS::Serverless::Function
    Properties:
      Handler: bootstrap
      Events: { Orders: { Type: DynamoDB, Properties: { Stream: !GetAtt Orders.StreamArn, StartingPosition: LATEST } } }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Orders.StreamArn
      FunctionName: !Ref Other
      StartingPosition: TRIM_HORIZON
      BatchSize: 10000
      MaximumBatchingWindowInSeconds: 300
      MaximumRetryAttempts: 0
      MaximumRecordAgeInSeconds: 60
      Enabled: false
      FunctionResponseTypes: [ReportBatchItemFailures]
  Other: { Type: AWS::Serverless::Function, Properties: { Handler: bootstrap } }
",
        &[],
    );
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-Orders-x1y2z3/stream/2026-01-01T00:00:00.000";
    assert_eq!(stack.tables[0].stream_arn.as_deref(), Some(arn));
    let [mapping, from_sam] = stack.stream_mappings.as_slice() else { panic!("expected two mappings") };
    assert_eq!((from_sam.logical_id.as_str(), from_sam.stream_arn.as_str()), ("StoreOrders", arn));
    assert_eq!((from_sam.starting_position, from_sam.batch_size), (StartingPosition::Latest, 100));
    assert_eq!((from_sam.maximum_retry_attempts, from_sam.maximum_record_age), (None, None));
    assert!(from_sam.enabled && !from_sam.report_batch_item_failures && from_sam.batching_window.is_zero());
    assert_eq!((mapping.starting_position, mapping.batch_size), (StartingPosition::TrimHorizon, 10_000));
    assert_eq!(mapping.batching_window, Duration::from_secs(300));
    assert_eq!(mapping.maximum_retry_attempts, Some(0));
    assert_eq!(mapping.maximum_record_age, Some(Duration::from_secs(60)));
    assert!(!mapping.enabled && mapping.report_batch_item_failures);
}
