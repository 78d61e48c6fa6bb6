//! Templates to stacks: intrinsic functions, a SAM template with everything, CDK's JSON, refusals with
//! their exact messages, and inputs that are not templates at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rehearsal::diagnostic::{Diagnostics, Source};
use rehearsal::stack::{ApiKind, Expiration, Integration, NotificationTarget, PayloadFormat, Stack, StartingPosition};
use rehearsal::template::{Naming, load};
use serde_json::json;

fn naming() -> Naming {
    Naming {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        stack_name: "shop".to_owned(),
        prefix: String::new(),
        suffix: "x1y2z3".to_owned(),
        queue_url_base: "https://sqs.us-east-1.amazonaws.com".to_owned(),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn stack_of(text: &str, parameters: &[(&str, &str)]) -> Result<Stack, Diagnostics> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&Source::new("template.yaml", text), &parameters, &naming())
}

fn good(text: &str, parameters: &[(&str, &str)]) -> Stack {
    stack_of(text, parameters).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

fn everything() -> Stack {
    good(&read(&folder().join("everything.yaml")), &[])
}

/// What an output of this value comes to.
fn evaluated(expression: &str, is_production: bool) -> String {
    let template = format!(
        r#"
Transform: AWS::LanguageExtensions
Parameters:
  Stage: {{ Type: String }}
  Names: {{ Type: CommaDelimitedList, Default: "a, b,c" }}
  Count: {{ Type: Number, Default: 7 }}
Mappings:
  Sizes: {{ test: {{ Small: 1, Names: [x, y] }}, production: {{ Small: 10, Names: [z] }} }}
Conditions:
  IsProduction: !Equals [!Ref Stage, production]
  Either: !Or [!Condition IsProduction, !Equals [a, b], {{ Condition: Neither }}]
  Neither: {{ "Fn::Not": [{{ Condition: IsProduction }}] }}
Resources:
  Queue: {{ Type: AWS::SQS::Queue }}
  Topic: {{ Type: AWS::SNS::Topic, Properties: {{ TopicName: !Sub "topic-${{Stage}}" }} }}
  Bucket: {{ Type: AWS::S3::Bucket }}
  Table: {{ Type: AWS::DynamoDB::Table, Properties: {{ BillingMode: PAY_PER_REQUEST,
    AttributeDefinitions: [{{ AttributeName: id, AttributeType: S }}], KeySchema: [{{ AttributeName: id, KeyType: HASH }}] }} }}
  Function: {{ Type: AWS::Lambda::Function, Properties: {{ Handler: bootstrap }} }}
  Bus: {{ Type: AWS::Events::EventBus, Properties: {{ Name: bus }} }}
  Rule: {{ Type: AWS::Events::Rule, Properties: {{ EventBusName: !GetAtt Bus.Arn, EventPattern: {{ source: [x] }} }} }}
  Default: {{ Type: AWS::Events::Rule, Properties: {{ ScheduleExpression: rate(1 day), Name: daily }} }}
  Role: {{ Type: AWS::IAM::Role }}
Outputs:
  Out: {{ Value: {expression} }}
"#
    );
    let stage = if is_production { "production" } else { "test" };
    good(&template, &[("Stage", stage)]).outputs.remove("Out").unwrap_or_default()
}

#[test]
fn intrinsic_functions_give_what_cloudformation_documents() {
    let cases = [
        ("!Ref Stage", "test"),
        ("{ Ref: Count }", "7"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::StackName", "shop"),
        ("!Ref AWS::StackId", "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/x1y2z3"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Queue-x1y2z3"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:us-east-1:123456789012:shop-Queue-x1y2z3"),
        ("!GetAtt Queue.QueueName", "shop-Queue-x1y2z3"),
        ("{ 'Fn::GetAtt': [Queue, QueueUrl] }", "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Queue-x1y2z3"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:topic-test"),
        ("!GetAtt Topic.TopicName", "topic-test"),
        ("!GetAtt Topic.TopicArn", "arn:aws:sns:us-east-1:123456789012:topic-test"),
        ("!Ref Bucket", "shop-bucket-x1y2z3"),
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::shop-bucket-x1y2z3"),
        ("!GetAtt Bucket.DomainName", "shop-bucket-x1y2z3.s3.amazonaws.com"),
        ("!GetAtt Bucket.RegionalDomainName", "shop-bucket-x1y2z3.s3.us-east-1.amazonaws.com"),
        ("!Ref Table", "shop-Table-x1y2z3"),
        ("!GetAtt Table.Arn", "arn:aws:dynamodb:us-east-1:123456789012:table/shop-Table-x1y2z3"),
        ("!Ref Function", "shop-Function-x1y2z3"),
        ("!GetAtt Function.Arn", "arn:aws:lambda:us-east-1:123456789012:function:shop-Function-x1y2z3"),
        ("!Ref Bus", "bus"),
        ("!GetAtt Bus.Name", "bus"),
        ("!Ref Rule", "bus|shop-Rule-x1y2z3"),
        ("!GetAtt Rule.Arn", "arn:aws:events:us-east-1:123456789012:rule/bus/shop-Rule-x1y2z3"),
        ("!Ref Default", "daily"),
        ("!GetAtt Default.Arn", "arn:aws:events:us-east-1:123456789012:rule/daily"),
        ("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/shop-Role-x1y2z3"),
        (r#"!Sub "${Stage}-${AWS::Region}-${Queue.QueueName}""#, "test-us-east-1-shop-Queue-x1y2z3"),
        (r#"!Sub ["${A}-${Stage}", { A: !Select [1, !Ref Names] }]"#, "b-test"),
        (r#"!Sub "${!Stage} $ {x} $${Stage} ${Stage""#, "${Stage} $ {x} $test ${Stage"),
        ("{ 'Fn::Sub': 'x' }", "x"),
        ("!Join ['/', [a, !Ref Stage, !Ref AWS::NoValue, 1]]", "a/test/1"),
        ("!Join ['+', !Ref Names]", "a+b+c"),
        ("!Join ['+', !FindInMap [Sizes, !Ref Stage, Names]]", "x+y"),
        ("!Select [2, !Split ['|', 'a|b|c']]", "c"),
        ("!Select ['0', [!Ref Stage, b]]", "test"),
        ("!Join ['', !Split [', ', 'a, b']]", "ab"),
        ("!FindInMap [Sizes, production, Small]", "10"),
        ("{ 'Fn::FindInMap': [Sizes, { Ref: Stage }, Small] }", "1"),
        ("!If [IsProduction, yes, no]", "no"),
        ("!If [Either, yes, no]", "yes"),
        ("!If [Neither, !If [IsProduction, a, b], c]", "b"),
        ("!Base64 hello", "aGVsbG8="),
        ("{ 'Fn::Base64': !Sub '${Stage}' }", "dGVzdA=="),
        ("!Select [1, !GetAZs '']", "us-east-1b"),
        ("!Join [',', !GetAZs eu-west-1]", "eu-west-1a,eu-west-1b,eu-west-1c"),
        ("!Select [2, !Cidr [10.0.0.0/16, 3, 8]]", "10.0.2.0/24"),
        ("!Length [a, !Ref Stage, !Ref AWS::NoValue]", "2"),
        ("!Length { Ref: Names }", "3"),
        ("!ToJsonString { Stage: !Ref Stage, List: [1, true, !Ref Count] }", r#"{"Stage":"test","List":[1,true,"7"]}"#),
        ("!ToJsonString [!GetAtt Bus.Name, null]", r#"["bus",null]"#),
        ("!FindInMap [Sizes, !Ref Stage, Large, { DefaultValue: none }]", "none"),
        ("!FindInMap [Sizes, elsewhere, Small, { DefaultValue: !Ref Stage }]", "test"),
        ("!FindInMap [Sizes, test, Small, { DefaultValue: none }]", "1"),
        ("{ Ref: !Join ['', [Sta, ge]] }", "test"),
        ("!GetAtt [!Join ['', [Que, ue]], QueueName]", "shop-Queue-x1y2z3"),
        ("true", "true"),
        ("1.50", "1.50"),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluated(expression, false), expected, "{expression}");
    }
    assert_eq!(evaluated("!If [IsProduction, yes, no]", true), "yes");
    assert_eq!(evaluated("!FindInMap [Sizes, !Ref Stage, Small]", true), "10");
}

#[test]
fn a_generated_name_is_cut_to_what_the_service_allows_and_stays_unique() {
    let id = "A".repeat(70);
    let template = format!("Resources: {{ {id}B: {{ Type: AWS::S3::Bucket }}, {id}C: {{ Type: AWS::S3::Bucket }} }}");
    let buckets = good(&template, &[]).buckets;
    assert!(buckets.iter().all(|bucket| bucket.name.len() == 63 && bucket.name.ends_with("-x1y2z3")), "{buckets:?}");
    assert_ne!(buckets[0].name, buckets[1].name);
}

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
fn a_buckets_notifications_are_its_own_and_those_of_sam_events() {
    let stack = everything();
    let bucket = &stack.buckets[0];
    assert_eq!((bucket.name.as_str(), bucket.event_bridge), ("shop-uploads-123456789012", true));
    let [to_function, to_queue] = bucket.notifications.as_slice() else { panic!("{:?}", bucket.notifications) };
    assert_eq!(to_function.events, ["s3:ObjectCreated:*"]);
    assert_eq!(to_function.prefix.as_deref(), Some("incoming/"));
    assert_eq!(to_function.suffix.as_deref(), Some(".csv"));
    assert_eq!(to_function.target, NotificationTarget::Function(stack.functions[0].arn.clone()));
    assert_eq!(to_queue.target, NotificationTarget::Queue(stack.queues[0].arn.clone()));
    assert!(!stack.buckets[1].event_bridge && stack.buckets[1].notifications.is_empty());
}

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
fn tables_are_createtables_input() {
    let stack = everything();
    assert_eq!(
        stack.tables[0].definition,
        json!({
            "TableName": "shop-Products-x1y2z3",
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "sk", "AttributeType": "N" },
                { "AttributeName": "owner", "AttributeType": "S" },
            ],
            "KeySchema": [
                { "AttributeName": "pk", "KeyType": "HASH" },
                { "AttributeName": "sk", "KeyType": "RANGE" },
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by-owner",
                "KeySchema": [{ "AttributeName": "owner", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"] },
            }],
            "BillingMode": "PAY_PER_REQUEST",
        })
    );
    assert_eq!(stack.tables[0].time_to_live.as_deref(), Some("expires"));
    assert_eq!(
        stack.tables[1].definition,
        json!({
            "TableName": "shop-Settings-x1y2z3",
            "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        })
    );
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

#[test]
fn routes_belong_to_the_implicit_or_the_named_api() {
    let stack = everything();
    let routes: Vec<_> = stack
        .apis
        .iter()
        .flat_map(|api| api.routes.iter().map(move |route| (api, route)))
        .map(|(api, route)| {
            let Integration::Lambda(proxy) = &route.integration else { panic!("no function is behind {route:?}") };
            let stage = api.stages[0].name.as_str();
            (api.logical_id.as_str(), stage, route.method.as_str(), route.path.as_str(), proxy.payload)
        })
        .collect();
    assert_eq!(
        routes,
        [
            ("Rest", "v1", "POST", "/orders", PayloadFormat::V1),
            ("ServerlessHttpApi", "$default", "GET", "/orders", PayloadFormat::V2),
            ("ServerlessHttpApi", "$default", "ANY", "/old/{proxy+}", PayloadFormat::V1),
            ("ServerlessHttpApi", "$default", "ANY", "$default", PayloadFormat::V2),
        ]
    );
    for api in &stack.apis {
        assert!(api.id.len() == 10 && api.id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
        assert_eq!(api.endpoint, format!("https://{}.execute-api.us-east-1.amazonaws.com", api.id));
    }
}

#[test]
fn the_implicit_rest_api_has_the_stage_prod() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { STAGE: !Ref ServerlessRestApiProdStage } }
      Events: { Get: { Type: Api, Properties: { Path: /, Method: get } } }
",
        &[],
    );
    assert_eq!(
        (stack.apis[0].logical_id.as_str(), stack.apis[0].stages[0].name.as_str()),
        ("ServerlessRestApi", "Prod")
    );
    assert_eq!(stack.functions[0].environment["STAGE"], "Prod");
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

#[test]
fn what_cannot_change_deliveries_is_listed_once() {
    let listed: Vec<_> =
        everything().not_simulated.into_iter().map(|each| format!("{}: {}", each.logical_id, each.what)).collect();
    assert_eq!(
        listed,
        [
            "ReadCsvLogs: AWS::Logs::LogGroup",
            "StoreRecordRecords: SQS event.MetricsConfig",
            "Uploads: AWS::S3::Bucket.PublicAccessBlockConfiguration",
            "Products: AWS::DynamoDB::Table.PointInTimeRecoverySpecification",
            "ReadCsv: AWS::Serverless::Function.Policies",
            "ReadCsv: AWS::Serverless::Function.Tracing",
            "StoreRecord: AWS::Serverless::Function.Tracing",
        ]
    );
}

#[test]
fn outputs_are_final_and_follow_their_condition() {
    let outputs = everything().outputs;
    let expected = BTreeMap::from([
        ("QueueUrl".to_owned(), "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Records-x1y2z3".to_owned()),
        ("Role".to_owned(), "arn:aws:iam::123456789012:role/shop-ReadCsvRole-x1y2z3".to_owned()),
    ]);
    assert_eq!(outputs, expected);
}

#[test]
fn a_refused_property_or_resource_is_refused_where_its_condition_holds() {
    let text = read(&folder().join("everything.yaml"));
    let diagnostics = stack_of(&text, &[("Stage", "production")]).expect_err("a refusal");
    let messages: Vec<_> = diagnostics.iter().map(|each| each.message.as_str()).collect();
    assert_eq!(messages, ["`ObjectLockEnabled` of AWS::S3::Bucket is not simulated"]);
}

#[test]
fn cdks_json_is_a_template_like_any_other() {
    let stack = good(&read(&folder().join("cdk.json")), &[]);
    assert_eq!(stack.queues.len(), 2);
    assert_eq!(stack.functions[0].environment["TOPIC"], "arn:aws:sns:us-east-1:x");
    assert_eq!(stack.event_source_mappings[0].batch_size, 100);
    assert_eq!(stack.event_source_mappings[0].function_arn, stack.functions[0].arn);
    let listed: Vec<_> = stack.not_simulated.iter().map(|each| each.what.as_str()).collect();
    assert_eq!(listed, ["Rules", "AWS::IAM::Role", "AWS::CDK::Metadata", "AWS::Lambda::Function.Role"]);
}

/// <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_notifications-readme.html>
#[test]
fn cdks_bucket_notifications_are_the_buckets_own() {
    let stack = good(
        r#"
Resources:
  Uploads: { Type: AWS::S3::Bucket }
  Import: { Type: AWS::Lambda::Function, Properties: { Code: { ZipFile: x }, Role: r, Runtime: provided.al2023 } }
  UploadsNotificationsE23C1B92:
    Type: Custom::S3BucketNotifications
    Properties:
      ServiceToken: { "Fn::GetAtt": [BucketNotificationsHandler050a0587, Arn] }
      BucketName: { Ref: Uploads }
      NotificationConfiguration:
        EventBridgeConfiguration: {}
        LambdaFunctionConfigurations:
          - Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
            Filter: { Key: { FilterRules: [{ Name: prefix, Value: in/ }] } }
            LambdaFunctionArn: { "Fn::GetAtt": [Import, Arn] }
      Managed: true
      SkipDestinationValidation: false
  BucketNotificationsHandler050a0587:
    Type: AWS::Lambda::Function
    Properties: { Code: { ZipFile: x }, Handler: index.handler, Role: r, Runtime: python3.13, Timeout: 300 }
"#,
        &[],
    );
    let [bucket] = &stack.buckets[..] else { panic!("one bucket: {:?}", stack.buckets) };
    let [notification] = &bucket.notifications[..] else { panic!("one notification: {bucket:?}") };
    assert_eq!(notification.events, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]);
    assert_eq!(notification.prefix.as_deref(), Some("in/"));
    assert!(bucket.event_bridge);
    let functions: Vec<_> = stack.functions.iter().map(|function| function.logical_id.as_str()).collect();
    assert_eq!(functions, ["Import"], "what CDK deploys to configure buckets is no function of the workflow");
    assert!(stack.not_simulated.iter().any(|left_out| left_out.logical_id == "BucketNotificationsHandler050a0587"));
}

#[test]
fn a_bucket_keeps_versions_and_deletes_by_its_lifecycle() {
    let stack = good(
        "
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: { Status: Enabled }
      LifecycleConfiguration:
        Rules:
          - { Id: old, Status: Enabled, Prefix: tmp/, ExpirationInDays: 30, TagFilters: [{ Key: a, Value: b }] }
          - { Status: Enabled, NoncurrentVersionExpiration: { NoncurrentDays: 7, NewerNoncurrentVersions: 2 } }
          - { Status: Enabled, Transitions: [{ StorageClass: GLACIER, TransitionInDays: 1 }] }
",
        &[],
    );
    let bucket = &stack.buckets[0];
    assert_eq!(bucket.versioning, Some("Enabled"));
    let [old, noncurrent] = &bucket.lifecycle[..] else { panic!("two rules delete: {:?}", bucket.lifecycle) };
    assert_eq!((old.expiration.clone(), old.prefix.as_deref()), (Some(Expiration::Days(30)), Some("tmp/")));
    assert_eq!(old.tags, [("a".to_owned(), "b".to_owned())]);
    assert_eq!(noncurrent.noncurrent, Some((7, Some(2))));
    assert!(stack.not_simulated.iter().any(|left_out| left_out.what.ends_with(".Transitions")));
}

#[test]
fn a_bucket_says_what_pages_of_other_origins_may_do() {
    let stack = good(
        "
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules:
          - { Id: web, AllowedOrigins: ['https://*.example'], AllowedMethods: [PUT, GET], AllowedHeaders: ['*'], MaxAge: 600 }
          - { AllowedOrigins: ['*'], AllowedMethods: [GET], ExposedHeaders: [ETag] }
",
        &[],
    );
    let [web, all] = &stack.buckets[0].cors[..] else { panic!("two rules: {:?}", stack.buckets[0].cors) };
    assert_eq!(
        (web.id.as_deref(), &web.allowed_methods[..], web.max_age),
        (Some("web"), &["PUT", "GET"][..], Some(600))
    );
    assert_eq!(
        (&web.allowed_origins[..], &web.allowed_headers[..]),
        (&["https://*.example".to_owned()][..], &["*".to_owned()][..])
    );
    assert_eq!((&all.exposed_headers[..], all.max_age), (&["ETag".to_owned()][..], None));
}

#[test]
fn a_type_that_is_not_simulated_is_listed_with_what_it_does_not_reach() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Resources:
  Handler:
    Type: AWS::Serverless::Function
    Properties: { Events: { SignUp: { Type: Cognito, Properties: { UserPool: !Ref Users, Trigger: PreSignUp } } } }
  Users: { Type: AWS::Cognito::UserPool, DependsOn: Handler }
  Things:
    Type: AWS::IoT::TopicRule
    Properties: { TopicRulePayload: { Actions: [{ Lambda: { FunctionArn: !GetAtt Handler.Arn } }, { X: !Ref Users }] } }
  Machine: { Type: AWS::Serverless::StateMachine, Properties: { Definition: !Sub 'x ${Handler.Arn} y ${Users}' } }
  Special: { Type: Custom::Special, Properties: { ServiceToken: !GetAtt Handler.Arn } }
Outputs:
  Pool: { Value: !Ref Users }
",
        &[],
    );
    let listed: Vec<_> = stack
        .not_simulated
        .iter()
        .map(|each| (each.logical_id.as_str(), each.what.as_str(), each.delivers_to.join(" ")))
        .collect();
    let handler = || "Handler".to_owned();
    assert_eq!(
        listed,
        [
            ("Users", "AWS::Cognito::UserPool", String::new()),
            ("Things", "AWS::IoT::TopicRule", handler()),
            ("Machine", "AWS::Serverless::StateMachine", handler()),
            ("Special", "Custom::Special", handler()),
            ("HandlerSignUp", "Cognito event", handler()),
            ("Pool", "Outputs", String::new()),
        ]
    );
    assert!(stack.outputs.is_empty());
}

#[test]
fn what_functions_make_is_limited() {
    let mut value = "x".to_owned();
    for _ in 0..40 {
        value = format!("!Sub ['${{a}}${{a}}', {{ a: {value} }}]");
    }
    let text = format!("Resources: {{ Q: {{ Type: AWS::SQS::Queue }} }}\nOutputs: {{ O: {{ Value: {value} }} }}");
    let messages = stack_of(&text, &[]).expect_err("2^40 bytes").render(false);
    assert!(messages.contains("the values of this template come to more than 16 MB"), "{messages}");
}

#[test]
fn a_parameter_that_the_template_lacks_is_refused() {
    let text = "Parameters: { Stage: { Type: String } }\nResources: { Q: { Type: AWS::SQS::Queue } }";
    let diagnostics = stack_of(text, &[("Stag", "x"), ("Stage", "y")]).expect_err("one parameter too many");
    let found: Vec<_> = diagnostics.iter().map(|each| (each.message.as_str(), each.help.as_deref())).collect();
    assert_eq!(found, [("the template has no parameter `Stag`", Some("did you mean `Stage`?"))]);
}

/// Every file of the folder is refused with exactly the message beside it; `REHEARSAL_BLESS=1` writes it.
#[test]
fn a_bad_template_gets_exactly_the_committed_message() {
    let mut files: Vec<_> = std::fs::read_dir(folder().join("bad"))
        .expect("the folder of bad templates")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension != "stderr"))
        .collect();
    files.sort();
    assert!(files.len() > 20, "bad templates are missing");
    for path in files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let result = load(&Source::new(name.clone(), read(&path)), &BTreeMap::new(), &naming());
        let message = result.expect_err(&name).render(false) + "\n";
        let expected = path.with_extension("stderr");
        if std::env::var_os("REHEARSAL_BLESS").is_some() {
            std::fs::write(&expected, &message).expect("the message can be written");
        }
        assert_eq!(message, read(&expected), "{name}");
    }
}

#[test]
fn no_input_panics() {
    let mut random = fastrand::Rng::with_seed(7);
    for name in ["everything.yaml", "cdk.json"] {
        let text = read(&folder().join(name));
        for _ in 0..400 {
            let mutated = mutate(&text, &mut random);
            // Either outcome will do; that there is one, and that it can be shown, is what is tested.
            if let Err(diagnostics) = stack_of(&mutated, &[]) {
                assert!(!diagnostics.render(false).is_empty());
            }
        }
    }
}

/// A few bytes changed, removed, or a line moved elsewhere.
fn mutate(text: &str, random: &mut fastrand::Rng) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    for _ in 0..random.usize(1..4) {
        let from = random.usize(..lines.len());
        let to = random.usize(..lines.len());
        match random.u8(..4) {
            0 => {
                let line = lines[from].clone();
                lines[to] = line;
            }
            1 => {
                lines.remove(from);
            }
            2 => lines.swap(from, to),
            _ => {
                let mut bytes = lines[from].clone().into_bytes();
                if !bytes.is_empty() {
                    let at = random.usize(..bytes.len());
                    bytes[at] = *random.choice(b"{}[]!&*:\"'$-# aZ0\n\xff").expect("the list is not empty");
                }
                lines[from] = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
    lines.join("\n")
}

#[test]
fn whatever_depends_on_itself_or_nests_deeply_is_refused() {
    let chain: String = (0..400)
        .map(|at| {
            format!(
                "  Q{at}: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: !Sub \"${{Q{}.QueueName}}\" }} }}\n",
                at + 1
            )
        })
        .collect();
    let conditions: String = (0..400).map(|at| format!("  C{at}: !Not [!Condition C{}]\n", at + 1)).collect();
    let doubling: String = (0..40)
        .map(|at| format!("  Q{at}: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: !Sub \"${{Q{n}.QueueName}}${{Q{n}.QueueName}}\" }} }}\n", n = at + 1))
        .collect();
    let queue = "{ Type: AWS::SQS::Queue, Properties: { QueueName: end } }\n";
    let cases = [
        (format!("Resources:\n{chain}  Q400: {queue}"), "more than 140 levels deep"),
        (
            format!("Conditions:\n{conditions}  C400: !Equals [a, b]\nResources:\n  Q: {queue}"),
            "more than 140 levels deep",
        ),
        (format!("Resources:\n{doubling}  Q40: {queue}"), "a name must have 1 to 512 characters"),
    ];
    for (text, expected) in cases {
        let diagnostics = stack_of(&text, &[]).expect_err(expected);
        assert!(diagnostics.iter().any(|each| each.message.contains(expected)), "{}", diagnostics.render(false));
    }
}
