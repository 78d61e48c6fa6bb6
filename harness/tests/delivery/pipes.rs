//! Pipes: from a queue or stream, through a filter and perhaps a function, to a target.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html>

use rehearsal::settle::Settled;
use rehearsal::trace::What;
use serde_json::{Value, json};

use crate::kit::{Played, Rig, records, seconds};
use crate::streams::{both, put, writer};

/// A queue, a pipe from it with these properties, and functions that may be of use.
fn queue(pipe: &str) -> String {
    format!(
        "
  Orders: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: orders, VisibilityTimeout: 60 }} }}
  Big: {{ Type: AWS::SQS::Queue }}
  Clicks: {{ Type: AWS::Kinesis::Stream, Properties: {{ ShardCount: 1 }} }}
  Worker: {{ Type: AWS::Serverless::Function, Properties: {{ }} }}
  Enrich: {{ Type: AWS::Serverless::Function, Properties: {{ }} }}
  P: {{ Type: AWS::Pipes::Pipe, Properties: {{ Name: p, RoleArn: r, Source: !GetAtt Orders.Arn, {pipe} }} }}
"
    )
}

/// Reads what a pipe sends to `Big`.
const BIG_READER: &str = "
  BigReader: { Type: AWS::Serverless::Function, Properties: { Events: { E: { Type: SQS, Properties: { Queue: !GetAtt Big.Arn } } } } }
";

fn rig(resources: &str) -> Rig {
    Rig::new(resources).ok("Enrich")
}

fn send(json: &str) -> String {
    format!("sqs.send: {{ queue: Orders, json: {json} }}")
}

fn bodies(played: &Played, function: &str) -> Vec<Value> {
    let all = played.events(function).into_iter().flat_map(records);
    all.filter_map(|record| serde_json::from_str(record["body"].as_str()?).ok()).collect()
}

#[test]
fn a_pipe_invokes_a_function_with_a_list_of_records() {
    let rig = rig(&queue("Target: !GetAtt Worker.Arn")).ok("Worker").expect("queues: { Orders: empty }");
    let played = rig.play(&[&send("{ n: 1 }")]).passed();
    let events = played.event("Worker").as_array().expect("a list");
    assert_eq!(
        (events.len(), &events[0]["body"], &events[0]["eventSource"]),
        (1, &r#"{"n":1}"#.into(), &"aws:sqs".into())
    );
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_pipe_filters_transforms_and_sends_to_a_queue() {
    let pipe = r#"SourceParameters: { FilterCriteria: { Filters: [{ Pattern: '{ "body": { "total": [{ "numeric": [">", 10] }] } }' }] } },
      Target: !GetAtt Big.Arn, TargetParameters: { InputTemplate: '{ "order": <$.body.id>, "by": "<aws.pipes.pipe-name> of <$.body.total>" }' }"#;
    let rig = rig(&(queue(pipe) + BIG_READER)).ok("Worker").ok("BigReader").expect("queues: { Orders: empty }");
    let played = rig.play(&[&send("{ id: a, total: 5 }"), &send("{ id: b, total: 50 }")]).passed();
    assert_eq!(bodies(&played, "BigReader"), [json!({ "order": "b", "by": "p of 50" })]);
}

#[test]
fn an_enrichment_answers_with_what_the_target_gets_or_with_nothing() {
    let pipe = r#"Enrichment: !GetAtt Enrich.Arn, EnrichmentParameters: { InputTemplate: '<$.body>' }, Target: !GetAtt Big.Arn"#;
    let rig = Rig::new(&(queue(pipe) + BIG_READER)).ok("Worker").ok("BigReader");
    let rig = rig.answers("Enrich", |events| {
        let kept = events.as_array().into_iter().flatten().filter(|event| event["n"] != 1);
        Ok(kept.map(|event| json!({ "was": event["n"] })).collect::<Vec<_>>().into())
    });
    let played = rig.play(&[&send("{ n: 1 }"), "advance: 1s", &send("{ n: 2 }")]).passed();
    assert_eq!(played.events("Enrich").len(), 2);
    assert_eq!(bodies(&played, "BigReader"), [json!({ "was": 2 })]);
}

#[test]
fn a_target_that_fails_leaves_the_message_in_its_queue() {
    let rig = rig(&queue("Target: !GetAtt Worker.Arn")).ok("Worker").expect("queues: { Orders: empty }");
    let played = rig.play(&["fail: { function: Worker }", &send("{ n: 1 }")]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 60]));
}

#[test]
fn a_tables_stream_goes_to_a_bus_as_an_event_for_each_record() {
    let resources = both("")
        + r#"
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  P:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: changes
      RoleArn: r
      Source: !GetAtt Orders.StreamArn
      SourceParameters: { DynamoDBStreamParameters: { StartingPosition: LATEST, BatchSize: 5 } }
      Target: !GetAtt Bus.Arn
      TargetParameters:
        EventBridgeEventBusParameters: { DetailType: $.eventName, Source: shop.orders }
        InputTemplate: '{ "id": "<$.dynamodb.Keys.id.S>" }'
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Events: { E: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Bus, Pattern: { source: [shop.orders] } } } }
"#;
    let played = writer(Rig::new(&resources).ok("Worker").ok("Listener")).play(&[&put(&["a", "b"])]).passed();
    let seen: Vec<Value> =
        played.events("Listener").into_iter().map(|event| json!([event["detail-type"], event["detail"]])).collect();
    assert_eq!(seen, [json!(["INSERT", { "id": "a" }]), json!(["INSERT", { "id": "b" }])]);
}

#[test]
fn a_kinesis_stream_is_read_flat_and_given_up_records_are_told_to_the_dead_letter_queue() {
    let pipe = "Source: !GetAtt Clicks.Arn, Target: !GetAtt Worker.Arn,
      SourceParameters: { KinesisStreamParameters: { StartingPosition: LATEST, MaximumRetryAttempts: 1, DeadLetterConfig: { Arn: !GetAtt Big.Arn } } }";
    let resources = queue(pipe).replace("Source: !GetAtt Orders.Arn, ", "") + BIG_READER;
    let rig = rig(&resources).fails("Worker").ok("BigReader");
    let played = rig.play(&["kinesis.put: { stream: Clicks, key: k, data: hello }"]).passed();
    let record = &played.events("Worker")[0][0];
    assert_eq!((&record["partitionKey"], &record["data"]), (&"k".into(), &"aGVsbG8=".into()));
    assert_eq!(played.times("Worker"), seconds([0, 1]));
    let told = &bodies(&played, "BigReader")[0];
    assert_eq!(told["context"]["partnerResourceArn"], "arn:aws:pipes:us-east-1:123456789012:pipe/p");
    assert_eq!(told["context"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(told["KinesisBatchInfo"]["batchSize"], 1);
}

#[test]
fn a_pipe_to_a_fifo_queue_puts_each_event_into_its_group() {
    let resources = "
  Orders: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 60 } }
  InOrder: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }
  P:
    Type: AWS::Pipes::Pipe
    Properties:
      RoleArn: r
      Source: !GetAtt Orders.Arn
      Target: !GetAtt InOrder.Arn
      TargetParameters:
        SqsQueueParameters: { MessageGroupId: $.body.who, MessageDeduplicationId: $.messageId }
        InputTemplate: '<$.body>'
  Reader: { Type: AWS::Serverless::Function, Properties: { Events: { E: { Type: SQS, Properties: { Queue: !GetAtt InOrder.Arn } } } } }
";
    let played = Rig::new(resources).ok("Reader").play(&[&send("{ who: ann }"), &send("{ who: ann }")]).passed();
    let attributes = played.events("Reader").into_iter().flat_map(records).map(|record| &record["attributes"]);
    let groups: Vec<&Value> = attributes.map(|attributes| &attributes["MessageGroupId"]).collect();
    assert_eq!(groups, ["ann", "ann"], "their ids differ, so that the second one is no duplicate");
}

#[test]
fn a_pipe_to_a_stream_puts_each_event_under_its_key() {
    let pipe = "Target: !GetAtt Clicks.Arn, TargetParameters: { InputTemplate: '<$.body>', KinesisStreamParameters: { PartitionKey: $.body.who } }";
    let resources = queue(pipe)
        + "
  Reader:
    Type: AWS::Serverless::Function
    Properties: { Events: { E: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST } } } }
";
    let played = rig(&resources).ok("Worker").ok("Reader").play(&[&send("{ who: ann }")]).passed();
    let record = &records(played.event("Reader"))[0];
    assert_eq!(
        (record["kinesis"]["partitionKey"].as_str(), crate::kinesis::data(record)),
        (Some("ann"), r#"{"who":"ann"}"#.to_owned())
    );
}

/// An API destination with an API key, and a stub for its host.
fn partner(responses: &str, rig: Rig) -> Rig {
    rig.given(&format!("stubs: {{ \"https://partner.example\": [{responses}] }}"))
}

const PARTNER: &str = "
  Login:
    Type: AWS::Events::Connection
    Properties: { AuthorizationType: API_KEY, AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: x-key, ApiKeyValue: k-1 } } }
  Partner:
    Type: AWS::Events::ApiDestination
    Properties: { ConnectionArn: !GetAtt Login.Arn, InvocationEndpoint: \"https://partner.example/orders/*\", HttpMethod: POST }
";

#[test]
fn an_api_destination_is_asked_with_each_event() {
    let pipe = r#"Target: !GetAtt Partner.Arn, TargetParameters: { InputTemplate: '{ "total": <$.body.total> }',
      HttpParameters: { PathParameterValues: [$.body.id], HeaderParameters: { x-shop: s-1 }, QueryStringParameters: { kind: $.body.kind } } }"#;
    let rig =
        partner("{ respond: {} }", rig(&(queue(pipe) + PARTNER)).ok("Worker").expect("queues: { Orders: empty }"));
    let like = "method: POST, headers: { x-key: k-1, x-shop: s-1 }, query: { kind: x }";
    let rig = rig.expect(&format!(
        "requests: {{ \"https://partner.example\": [{{ {like}, path: /orders/a, body: {{ total: 5 }} }}, {{ {like}, path: /orders/b, body: {{ total: 6 }} }}] }}"
    ));
    let played = rig.play(&[&send("{ id: a, total: 5, kind: x }"), &send("{ id: b, total: 6, kind: x }")]).passed();
    let senders = played.outcome.trace.iter().filter_map(|event| match &event.what {
        What::Request { sender, .. } => Some((sender.as_deref(), event.cause.is_some())),
        _ => None,
    });
    assert_eq!(senders.collect::<Vec<_>>(), [(Some("Pipes"), true); 2]);
}

#[test]
fn an_api_destination_that_fails_leaves_the_message_in_its_queue() {
    let rig = rig(&(queue("Target: !GetAtt Partner.Arn") + PARTNER)).ok("Worker").expect("queues: { Orders: empty }");
    let rig = partner("{ respond: { status: 500 }, times: 1 }, { respond: refuse, times: 1 }, { respond: {} }", rig);
    let played = rig.expect("requests: { \"https://partner.example\": 3 }").play(&[&send("{ n: 1 }")]).passed();
    let requests = played.outcome.trace.iter().filter(|event| matches!(event.what, What::Request { .. }));
    assert_eq!(requests.map(|event| played.since_start(event)).collect::<Vec<_>>(), seconds([0, 60, 120]));
}

#[test]
fn a_token_that_an_api_destination_does_not_take_is_renewed_once() {
    let login = "
  Login:
    Type: AWS::Events::Connection
    Properties:
      AuthorizationType: OAUTH_CLIENT_CREDENTIALS
      AuthParameters:
        OAuthParameters: { AuthorizationEndpoint: \"https://partner.example/token\", HttpMethod: POST, ClientParameters: { ClientID: c, ClientSecret: s } }
  Partner:
    Type: AWS::Events::ApiDestination
    Properties: { ConnectionArn: !GetAtt Login.Arn, InvocationEndpoint: \"https://partner.example/orders\", HttpMethod: POST }
";
    let rig = rig(&(queue("Target: !GetAtt Partner.Arn") + login)).ok("Worker").expect("queues: { Orders: empty }");
    let token =
        |name: &str, times: &str| format!("{{ path: /token, respond: {{ json: {{ access_token: {name} }} }}{times} }}");
    let answers = [
        token("t-1", ", times: 1"),
        token("t-2", ""),
        "{ path: /orders, respond: {}, times: 1 }, { path: /orders, respond: { status: 401 }, times: 1 }, { path: /orders, respond: {} }".to_owned(),
    ];
    let rig = partner(&answers.join(", "), rig);
    let order = |name: &str| format!("{{ path: /orders, headers: {{ authorization: Bearer {name} }} }}");
    let asked = ["{ path: /token }", &order("t-1"), &order("t-1"), "{ path: /token }", &order("t-2")].join(", ");
    let rig = rig.expect(&format!("requests: {{ \"https://partner.example\": [{asked}] }}"));
    let played = rig.play(&[&send("{ n: 1 }"), "settle: {}", &send("{ n: 2 }")]).passed();
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn an_api_key_that_is_not_taken_is_a_failure_at_once() {
    let rig = rig(&(queue("Target: !GetAtt Partner.Arn") + PARTNER)).ok("Worker").expect("queues: { Orders: empty }");
    let rig = partner("{ respond: { status: 401 }, times: 1 }, { respond: {} }", rig);
    let played = rig.expect("requests: { \"https://partner.example\": 2 }").play(&[&send("{ n: 1 }")]).passed();
    let requests = played.outcome.trace.iter().filter(|event| matches!(event.what, What::Request { .. }));
    assert_eq!(requests.map(|event| played.since_start(event)).collect::<Vec<_>>(), seconds([0, 60]));
}

#[test]
fn an_api_destination_as_the_enrichment_answers_with_what_the_target_gets() {
    let pipe = "Enrichment: !GetAtt Partner.Arn, EnrichmentParameters: { InputTemplate: '<$.body>', HttpParameters: { PathParameterValues: [$.body.id] } }, Target: !GetAtt Big.Arn";
    let rig = rig(&(queue(pipe) + PARTNER + BIG_READER)).ok("Worker").ok("BigReader");
    let responses = "{ path: /orders/a, respond: { json: { name: Ann } } }, { path: /orders/b, respond: { json: [] } }";
    let rig = partner(responses, rig).expect("queues: { Orders: empty }");
    let played = rig.play(&[&send("{ id: a }"), &send("{ id: b }")]).passed();
    assert_eq!(bodies(&played, "BigReader"), [json!({ "name": "Ann" })]);
}

#[test]
fn a_topic_publishes_each_event() {
    let topic = "
  News: { Type: AWS::SNS::Topic }
  Listener: { Type: AWS::Serverless::Function, Properties: { Events: { N: { Type: SNS, Properties: { Topic: !Ref News } } } } }
";
    let pipe = "Target: !Ref News, TargetParameters: { InputTemplate: '\"Order <$.body.id>\"' }";
    let rig = rig(&(queue(pipe) + topic)).ok("Worker").ok("Listener");
    let played = rig.play(&[&send("{ id: a }")]).passed();
    assert_eq!(records(played.event("Listener"))[0]["Sns"]["Message"], "Order a");
}

#[test]
fn a_function_that_is_not_waited_for_is_tried_again_as_any_asynchronous_one() {
    let pipe = "Target: !GetAtt Worker.Arn, TargetParameters: { LambdaFunctionParameters: { InvocationType: FIRE_AND_FORGET } }";
    let rig = rig(&queue(pipe)).fails("Worker").expect("queues: { Orders: empty }");
    let played = rig.play(&[&send("{ n: 1 }")]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 60, 180]));
    assert_eq!(played.events("Worker")[0].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_a_pipe_gives_up_of_a_stream_can_be_told_to_a_topic() {
    let topic = "
  Lost: { Type: AWS::SNS::Topic }
  Listener: { Type: AWS::Serverless::Function, Properties: { Events: { N: { Type: SNS, Properties: { Topic: !Ref Lost } } } } }
";
    let pipe = "Source: !GetAtt Clicks.Arn, Target: !GetAtt Worker.Arn,
      SourceParameters: { KinesisStreamParameters: { StartingPosition: LATEST, MaximumRetryAttempts: 0, DeadLetterConfig: { Arn: !Ref Lost } } }";
    let resources = queue(pipe).replace("Source: !GetAtt Orders.Arn, ", "") + topic;
    let played = rig(&resources)
        .fails("Worker")
        .ok("Listener")
        .play(&["kinesis.put: { stream: Clicks, key: k, data: x }"])
        .passed();
    let message = records(played.event("Listener"))[0]["Sns"]["Message"].as_str().expect("a message").to_owned();
    let told: Value = serde_json::from_str(&message).expect("it is JSON");
    assert_eq!(told["context"]["condition"], "RetryAttemptsExhausted");
}

#[test]
fn a_batch_has_as_many_events_as_the_target_takes() {
    let pipe = "Source: !GetAtt Clicks.Arn, Target: !GetAtt Big.Arn, Enrichment: !GetAtt Enrich.Arn,
      SourceParameters: { KinesisStreamParameters: { StartingPosition: LATEST, MaximumBatchingWindowInSeconds: 5 } }";
    let rig = Rig::new(&queue(pipe).replace("Source: !GetAtt Orders.Arn, ", "")).ok("Worker").ok("Enrich");
    let puts = vec!["kinesis.put: { stream: Clicks, key: k, data: x }"; 12];
    let played = rig.play(&puts).passed();
    let sizes = played.events("Enrich").into_iter().map(|events| events.as_array().map_or(0, Vec::len));
    assert_eq!(sizes.collect::<Vec<_>>(), [10, 2], "a queue takes ten messages at once");
}

#[test]
fn a_stopped_pipe_moves_nothing() {
    let rig = rig(&queue("DesiredState: STOPPED, Target: !GetAtt Worker.Arn")).ok("Worker");
    let played = rig.expect("queues: { Orders: 1 }").play(&[&send("{ n: 1 }")]).passed();
    assert_eq!(played.events("Worker").len(), 0);
}
