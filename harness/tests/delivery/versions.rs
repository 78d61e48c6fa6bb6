//! Versions and aliases of functions.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html>

use aws_sdk_lambda::Client;
use lambda_runtime::LambdaEvent;
use rehearsal::trace::Environment::{Cold, Warm};
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, State, seconds};

const LIVE: &str = "arn:aws:lambda:us-east-1:123456789012:function:the-worker:live";

/// A function with an alias, and further properties.
fn aliased(properties: &str, others: &str) -> String {
    format!(
        "
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: the-worker
      AutoPublishAlias: live
{properties}
{others}
"
    )
}

#[rstest]
#[case::sns(
    "{ News: { Type: SNS, Properties: { Topic: !Ref News } } }",
    "  News: { Type: AWS::SNS::Topic }",
    "sns.publish: { topic: News, message: x }"
)]
#[case::sqs(
    "{ Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } }",
    "  Jobs: { Type: AWS::SQS::Queue }",
    "sqs.send: { queue: Jobs, body: x }"
)]
#[case::s3(
    "{ Files: { Type: S3, Properties: { Bucket: !Ref Files, Events: \"s3:ObjectCreated:*\" } } }",
    "  Files: { Type: AWS::S3::Bucket }",
    "s3.put: { bucket: Files, key: a, body: x }"
)]
#[case::rule(
    "{ Rule: { Type: EventBridgeRule, Properties: { Pattern: { source: [shop] } } } }",
    "",
    "events.put: { source: shop, detail_type: t, detail: {} }"
)]
#[case::http("{ Api: { Type: HttpApi } }", "", "http: { api: ServerlessHttpApi, method: GET, path: / }")]
#[case::stream(
    "{ Rows: { Type: DynamoDB, Properties: { Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON } } }",
    "  Rows: { Type: AWS::DynamoDB::Table, Properties: { AttributeDefinitions: [{ AttributeName: id, AttributeType: S }], KeySchema: [{ AttributeName: id, KeyType: HASH }], BillingMode: PAY_PER_REQUEST, StreamSpecification: { StreamViewType: NEW_IMAGE } } }",
    "invoke: { function: Writer }"
)]
fn the_events_of_a_function_with_an_alias_go_to_the_alias(
    #[case] events: &str,
    #[case] others: &str,
    #[case] step: &str,
) {
    let others = format!(
        "{others}\n  Writer: {{ Type: AWS::Serverless::Function, Properties: {{ Environment: {{ Variables: {{ FUNCTION: !Ref Worker.Alias }} }} }} }}"
    );
    let template = aliased(&format!("      Events: {events}"), &others);
    let rig = Rig::new(&template).ok("Worker").function("Writer", async |state: &State, _| {
        let client = aws_sdk_dynamodb::Client::new(&state.config);
        let tables = client.list_tables().send().await?;
        let id = aws_sdk_dynamodb::types::AttributeValue::S("1".to_owned());
        client.put_item().table_name(&tables.table_names()[0]).item("id", id).send().await?;
        Ok(Value::Null)
    });
    let played = rig.play(&[step]).passed();
    let context = &played.seen.iter().find(|seen| seen.function == "Worker").expect("it ran").context;
    assert_eq!(context.invoked_function_arn, LIVE);
    assert_eq!(context.env_config.version, "1");
    assert!(context.env_config.log_stream.contains("[1]"), "{}", context.env_config.log_stream);
}

#[rstest]
#[case::latest("the-worker", "$LATEST", "the-worker")]
#[case::qualified_latest("the-worker:$LATEST", "$LATEST", "the-worker:$LATEST")]
#[case::version("the-worker:1", "1", "the-worker:1")]
#[case::alias("the-worker:live", "1", "the-worker:live")]
fn a_call_names_a_version_or_an_alias(#[case] name: &'static str, #[case] version: &str, #[case] arn: &str) {
    let template = aliased("", "  Caller: { Type: AWS::Serverless::Function }");
    let rig = Rig::new(&template).ok("Worker").function("Caller", async move |state: &State, _| {
        let client = Client::new(&state.config);
        let (function, qualifier) = name.split_once(':').unwrap_or((name, ""));
        let mut call = client.invoke().function_name(function);
        if !qualifier.is_empty() {
            call = call.qualifier(qualifier);
        }
        Ok(json!(call.send().await?.executed_version))
    });
    let version = version.replace('$', "$$");
    let step = format!("invoke: {{ function: Caller, expect: {{ payload: \"{version}\" }} }}");
    let played = rig.play(&[&step]).passed();
    let context = &played.seen.iter().find(|seen| seen.function == "Worker").expect("it ran").context;
    assert_eq!(context.invoked_function_arn, format!("arn:aws:lambda:us-east-1:123456789012:function:{arn}"));
}

#[test]
fn each_version_has_execution_environments_of_its_own() {
    let template = aliased("", "  Caller: { Type: AWS::Serverless::Function }");
    let rig = Rig::new(&template).ok("Worker").function("Caller", async |state: &State, _| {
        let client = Client::new(&state.config);
        for name in ["the-worker", "the-worker:live", "the-worker:1", "the-worker"] {
            client.invoke().function_name(name).send().await?;
        }
        Ok(Value::Null)
    });
    let played = rig.play(&["invoke: { function: Caller }"]).passed();
    assert_eq!(played.environments("Worker"), [Cold, Cold, Warm, Warm]);
}

#[test]
fn an_alias_has_its_own_configuration_of_asynchronous_invocation() {
    let template = aliased(
        "      EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Failed.Arn } } }",
        "  Failed: { Type: AWS::SQS::Queue }\n  Caller: { Type: AWS::Serverless::Function }",
    );
    let rig =
        Rig::new(&template).fails("Worker").function("Caller", async |state: &State, event: LambdaEvent<Value>| {
            let client = Client::new(&state.config);
            let name = event.payload["name"].as_str().unwrap_or_default();
            let event = aws_sdk_lambda::types::InvocationType::Event;
            client.invoke().function_name(name).invocation_type(event).send().await?;
            Ok(Value::Null)
        });
    let record = "queues: { Failed: [{ requestContext: { functionArn: [{ suffix: \":the-worker:live\" }], condition: [RetriesExhausted], approximateInvokeCount: [1] }, responseContext: { executedVersion: [\"1\"] } }] }";
    let call = |name: &str| format!("invoke: {{ function: Caller, payload: {{ name: \"{name}\" }} }}");
    let played = rig.expect(record).play(&[&call("the-worker:live"), "settle: {}", &call("the-worker")]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 0, 60, 180]));
}

#[test]
fn a_url_can_be_for_an_alias() {
    let template = aliased("      FunctionUrlConfig: { AuthType: NONE }", "");
    let played = Rig::new(&template).ok("Worker").play(&["http: { function: Worker, method: GET, path: / }"]).passed();
    assert_eq!(played.seen[0].context.invoked_function_arn, LIVE);
}

#[test]
fn resources_of_cloudformation_do_the_same() {
    let template = "
  News: { Type: AWS::SNS::Topic }
  Worker: { Type: AWS::Lambda::Function, Properties: { FunctionName: the-worker, Code: {}, Role: r } }
  Published: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Worker } }
  Live:
    Type: AWS::Lambda::Alias
    Properties: { Name: live, FunctionName: !Ref Worker, FunctionVersion: !GetAtt Published.Version }
  ToAlias: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: lambda, Endpoint: !Ref Live } }
  ToVersion: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: lambda, Endpoint: !Ref Published } }
";
    let played = Rig::new(template).ok("Worker").play(&["sns.publish: { topic: News, message: x }"]).passed();
    let mut arns: Vec<_> = played.seen.iter().map(|seen| seen.context.invoked_function_arn.as_str()).collect();
    arns.sort_unstable();
    assert_eq!(arns, [&LIVE.replace("live", "1"), LIVE]);
}
