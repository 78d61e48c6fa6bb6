//! What S3, SNS, EventBridge and API Gateway send to a function: the types of `aws_lambda_events` read it,
//! and it has every member that AWS sends.

use aws_lambda_events::event::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sns::SnsEvent;
use rstest::rstest;
use serde_json::{Value, json};

use crate::api::APIS;
use crate::kit::{Rig, paths, response};

const WORKER: &str = "
  Uploads: { Type: AWS::S3::Bucket, Properties: { BucketName: uploads } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Put: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: \"s3:ObjectCreated:*\" } }
        Removed: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: \"s3:ObjectRemoved:*\" } }
        News: { Type: SNS, Properties: { Topic: !Ref News } }
        Sold: { Type: EventBridgeRule, Properties: { Pattern: { source: [shop] } } }
        Hourly: { Type: Schedule, Properties: { Schedule: rate(1 hour) } }
";

/// The event that the worker gets of one step.
fn event_of(step: &str) -> Value {
    Rig::new(WORKER).ok("Worker").play(&[step]).passed().event("Worker").clone()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
const S3_RECORD: &[&str] = &[
    "Records",
    "Records[].awsRegion",
    "Records[].eventName",
    "Records[].eventSource",
    "Records[].eventTime",
    "Records[].eventVersion",
    "Records[].requestParameters",
    "Records[].requestParameters.sourceIPAddress",
    "Records[].responseElements",
    "Records[].responseElements.x-amz-id-2",
    "Records[].responseElements.x-amz-request-id",
    "Records[].s3",
    "Records[].s3.bucket",
    "Records[].s3.bucket.arn",
    "Records[].s3.bucket.name",
    "Records[].s3.bucket.ownerIdentity",
    "Records[].s3.bucket.ownerIdentity.principalId",
    "Records[].s3.configurationId",
    "Records[].s3.object",
    "Records[].s3.object.eTag",
    "Records[].s3.object.key",
    "Records[].s3.object.sequencer",
    "Records[].s3.object.size",
    "Records[].s3.s3SchemaVersion",
    "Records[].userIdentity",
    "Records[].userIdentity.principalId",
];

#[test]
fn s3_sends_an_s3_event_with_every_field() {
    let payload = event_of("s3.put: { bucket: Uploads, key: \"red flower+é.jpg\", body: hello }");
    assert_eq!(paths(&payload, &[]), S3_RECORD);
    let event: S3Event = serde_json::from_value(payload).expect("it is an S3Event");
    let record = &event.records[0];
    assert_eq!(record.event_name.as_deref(), Some("ObjectCreated:Put"));
    assert_eq!(record.event_time.to_rfc3339(), "2026-01-01T00:00:00+00:00");
    assert_eq!(record.s3.bucket.name.as_deref(), Some("uploads"));
    assert_eq!(record.s3.bucket.arn.as_deref(), Some("arn:aws:s3:::uploads"));
    assert_eq!(record.s3.object.key.as_deref(), Some("red+flower%2B%C3%A9.jpg"));
    assert_eq!(record.s3.object.size, Some(5));
    assert_eq!(record.s3.object.e_tag.as_deref(), Some("5d41402abc4b2a76b9719d911017c592"));
}

#[test]
fn a_removal_has_neither_size_nor_etag() {
    let steps = ["s3.put: { bucket: Uploads, key: a, body: hello }", "s3.delete: { bucket: Uploads, key: a }"];
    let played = Rig::new(WORKER).ok("Worker").play(&steps).passed();
    let payload = played.events("Worker")[1];
    let expected: Vec<&str> =
        S3_RECORD.iter().copied().filter(|path| !path.ends_with("eTag") && !path.ends_with("size")).collect();
    assert_eq!(paths(payload, &[]), expected);
    let event: S3Event = serde_json::from_value(payload.clone()).expect("it is an S3Event");
    assert_eq!(event.records[0].event_name.as_deref(), Some("ObjectRemoved:Delete"));
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>
const SNS_RECORD: &[&str] = &[
    "Records",
    "Records[].EventSource",
    "Records[].EventSubscriptionArn",
    "Records[].EventVersion",
    "Records[].Sns",
    "Records[].Sns.Message",
    "Records[].Sns.MessageAttributes",
    "Records[].Sns.MessageId",
    "Records[].Sns.Signature",
    "Records[].Sns.SignatureVersion",
    "Records[].Sns.SigningCertUrl",
    "Records[].Sns.Subject",
    "Records[].Sns.Timestamp",
    "Records[].Sns.TopicArn",
    "Records[].Sns.Type",
    "Records[].Sns.UnsubscribeUrl",
];

#[test]
fn sns_sends_an_sns_event_with_every_field() {
    let payload =
        event_of("sns.publish: { topic: News, message: hello, subject: Today, attributes: { kind: greeting } }");
    assert_eq!(paths(&payload, &["Records[].Sns.MessageAttributes"]), SNS_RECORD);
    let event: SnsEvent = serde_json::from_value(payload).expect("it is an SnsEvent");
    let record = &event.records[0];
    assert_eq!((record.event_source.as_str(), record.event_version.as_str()), ("aws:sns", "1.0"));
    assert!(record.event_subscription_arn.starts_with("arn:aws:sns:us-east-1:123456789012:news:"));
    assert_eq!(record.sns.topic_arn, "arn:aws:sns:us-east-1:123456789012:news");
    assert_eq!((record.sns.message.as_str(), record.sns.subject.as_deref()), ("hello", Some("Today")));
    let kind = &record.sns.message_attributes["kind"];
    assert_eq!((kind.data_type.as_str(), kind.value.as_str()), ("String", "greeting"));
}

#[test]
fn sns_sends_one_record_per_invocation_with_null_for_no_subject() {
    let step = "sns.publish: { topic: News, message: hello }";
    let played = Rig::new(WORKER).ok("Worker").play(&[step, step]).passed();
    let events = played.events("Worker");
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event["Records"].as_array().is_some_and(|records| records.len() == 1)));
    assert_eq!(events[0]["Records"][0]["Sns"]["Subject"], Value::Null);
    assert_eq!(paths(events[0], &["Records[].Sns.MessageAttributes"]), SNS_RECORD);
}

/// <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
const EVENTBRIDGE_EVENT: &[&str] =
    &["account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version"];

#[test]
fn eventbridge_sends_an_event_with_every_field() {
    let step =
        "events.put: { source: shop, detail_type: Sold, detail: { order: 1 }, resources: [\"arn:aws:shop:::1\"] }";
    let payload = event_of(step);
    assert_eq!(paths(&payload, &["detail"]), EVENTBRIDGE_EVENT);
    assert_eq!((&payload["version"], &payload["time"]), (&json!("0"), &json!("2026-01-01T00:00:00Z")));
    let event: EventBridgeEvent<Value> = serde_json::from_value(payload).expect("it is an EventBridgeEvent");
    assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("shop", "Sold"));
    assert_eq!(event.detail, json!({ "order": 1 }));
    assert_eq!(event.resources.unwrap_or_default(), ["arn:aws:shop:::1"]);
    assert_eq!(event.account.as_deref(), Some("123456789012"));
    assert_eq!(event.id.map(|id| id.len()), Some(36));
}

#[test]
fn a_schedule_sends_a_scheduled_event() {
    let payload = event_of("advance: 90m");
    assert_eq!(paths(&payload, &["detail"]), EVENTBRIDGE_EVENT);
    let event: EventBridgeEvent<Value> = serde_json::from_value(payload).expect("it is an EventBridgeEvent");
    assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("aws.events", "Scheduled Event"));
    assert_eq!(event.detail, json!({}));
    assert!(event.resources.unwrap_or_default()[0].starts_with("arn:aws:events:us-east-1:123456789012:rule/"));
}

/// A request that has everything: query, headers, cookies, path parameters and a body.
fn api_event(api: &str) -> Value {
    let step = format!(
        "http: {{ api: {api}, method: PUT, path: /orders/7, query: {{ size: 2 }}, headers: {{ User-Agent: test, Cookie: \"a=1; b=2\" }}, json: {{ n: 1 }} }}"
    );
    let rig = Rig::new(APIS).answers("Worker", |_| Ok(response(200, "")));
    rig.play(&["advance: 5s", &step]).passed().event("Worker").clone()
}

/// Headers and parameters have names that are data.
const FREE: &[&str] =
    &["headers", "multiValueHeaders", "multiValueQueryStringParameters", "pathParameters", "queryStringParameters"];

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
const VERSION_2: &[&str] = &[
    "body",
    "cookies",
    "headers",
    "isBase64Encoded",
    "pathParameters",
    "queryStringParameters",
    "rawPath",
    "rawQueryString",
    "requestContext",
    "requestContext.accountId",
    "requestContext.apiId",
    "requestContext.domainName",
    "requestContext.domainPrefix",
    "requestContext.http",
    "requestContext.http.method",
    "requestContext.http.path",
    "requestContext.http.protocol",
    "requestContext.http.sourceIp",
    "requestContext.http.userAgent",
    "requestContext.requestId",
    "requestContext.routeKey",
    "requestContext.stage",
    "requestContext.time",
    "requestContext.timeEpoch",
    "routeKey",
    "version",
];

#[test]
fn an_http_api_sends_payload_2_0_with_every_field() {
    let payload = api_event("Http");
    assert_eq!(paths(&payload, FREE), VERSION_2);
    let event: ApiGatewayV2httpRequest = serde_json::from_value(payload).expect("it is a 2.0 request");
    assert_eq!(event.version.as_deref(), Some("2.0"));
    assert_eq!(event.route_key.as_deref(), Some("ANY /orders/{id}"));
    assert_eq!(event.raw_path.as_deref(), Some("/orders/7"));
    assert_eq!(event.raw_query_string.as_deref(), Some("size=2"));
    assert_eq!(event.cookies, Some(vec!["a=1".to_owned(), "b=2".to_owned()]));
    assert_eq!(event.headers["content-type"], "application/json");
    assert!(event.headers.get("cookie").is_none());
    assert_eq!(event.path_parameters["id"], "7");
    assert_eq!(event.body.as_deref(), Some(r#"{"n":1}"#));
    let context = &event.request_context;
    assert_eq!((context.stage.as_deref(), context.time_epoch), (Some("$default"), 1_767_225_605_000));
    assert_eq!(context.time.as_deref(), Some("01/Jan/2026:00:00:05 +0000"));
    assert_eq!((context.http.method.as_str(), context.http.user_agent.as_deref()), ("PUT", Some("test")));
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
const VERSION_1: &[&str] = &[
    "body",
    "headers",
    "httpMethod",
    "isBase64Encoded",
    "multiValueHeaders",
    "multiValueQueryStringParameters",
    "path",
    "pathParameters",
    "queryStringParameters",
    "requestContext",
    "requestContext.accountId",
    "requestContext.apiId",
    "requestContext.domainName",
    "requestContext.domainPrefix",
    "requestContext.extendedRequestId",
    "requestContext.httpMethod",
    "requestContext.identity",
    "requestContext.identity.accessKey",
    "requestContext.identity.accountId",
    "requestContext.identity.caller",
    "requestContext.identity.cognitoAuthenticationProvider",
    "requestContext.identity.cognitoAuthenticationType",
    "requestContext.identity.cognitoIdentityId",
    "requestContext.identity.cognitoIdentityPoolId",
    "requestContext.identity.principalOrgId",
    "requestContext.identity.sourceIp",
    "requestContext.identity.user",
    "requestContext.identity.userAgent",
    "requestContext.identity.userArn",
    "requestContext.path",
    "requestContext.protocol",
    "requestContext.requestId",
    "requestContext.requestTime",
    "requestContext.requestTimeEpoch",
    "requestContext.resourceId",
    "requestContext.resourcePath",
    "requestContext.stage",
    "resource",
    "stageVariables",
];

#[rstest]
#[case::rest("Rest", &["requestContext.deploymentId"])]
#[case::http("HttpV1", &["requestContext.identity.cognitoAmr", "version"])]
fn payload_1_0_has_every_field(#[case] api: &str, #[case] besides: &[&str]) {
    let payload = api_event(api);
    let mut expected = [VERSION_1, besides].concat();
    expected.sort_unstable();
    assert_eq!(paths(&payload, FREE), expected);
    let event: ApiGatewayProxyRequest = serde_json::from_value(payload).expect("it is a 1.0 request");
    assert_eq!(event.resource.as_deref(), Some("/orders/{id}"));
    assert_eq!(event.path.as_deref(), Some("/orders/7"));
    assert_eq!(event.http_method, "PUT");
    assert_eq!(event.headers["user-agent"], "test");
    assert_eq!(event.headers["cookie"], "a=1; b=2");
    assert_eq!(event.path_parameters["id"], "7");
    assert_eq!(event.query_string_parameters.all("size"), Some(vec!["2"]));
    assert_eq!(event.body.as_deref(), Some(r#"{"n":1}"#));
    let context = &event.request_context;
    assert_eq!(context.request_time_epoch, 1_767_225_605_000);
    assert_eq!(context.identity.user_agent.as_deref(), Some("test"));
}

#[test]
fn what_names_a_request_differs_between_rest_and_http_apis() {
    let (rest, http) = (api_event("Rest"), api_event("HttpV1"));
    let context = |event: &Value, name: &str| event["requestContext"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!((context(&rest, "path"), context(&rest, "stage")), ("/prod/orders/7".into(), "prod".into()));
    assert_eq!((context(&http, "path"), context(&http, "stage")), ("/orders/7".into(), "$default".into()));
    assert_eq!(context(&rest, "requestId").len(), 36);
    assert_ne!(context(&rest, "requestId"), context(&rest, "extendedRequestId"));
    assert_eq!(context(&http, "requestId"), context(&http, "extendedRequestId"));
    assert_eq!(context(&rest, "resourceId").len(), 6);
    assert_eq!(context(&http, "resourceId"), "ANY /orders/{id}");
}
