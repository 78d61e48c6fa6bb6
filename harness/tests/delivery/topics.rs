//! Topics in scenarios: mailboxes, HTTP endpoints, FIFO topics, and messages for each protocol.

use aws_smithy_types::body::SdkBody;
use rehearsal::trace::What;
use serde_json::Value;

use crate::kit::{Rig, State, request, response};

const MAILED: &str = "  News: { Type: AWS::SNS::Topic, Properties: { DisplayName: Shop } }
  ToAlice:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref News, Protocol: email, Endpoint: alice@example.com, FilterPolicy: { kind: [daily] } }
  ToBob:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref News, Protocol: email-json, Endpoint: bob@example.com }
";

/// The request to confirm a subscription of the template is not counted: its owner has answered it.
#[test]
fn mail_arrives_in_mailboxes_and_is_in_the_trace() {
    let rig = Rig::new(MAILED).expect(
        "mail: { alice@example.com: [{ from: \"Shop <no-reply@sns.amazonaws.com>\", subject: Report, \
         message: { day: 1 }, body: [{ wildcard: \"*please click or visit the link below to unsubscribe*\" }] }], \
         bob@example.com: 2, carol@example.com: empty }",
    );
    let played = rig.play(&[
        "sns.publish: { topic: News, json: { day: 1 }, subject: Report, attributes: { kind: daily } }",
        "sns.publish: { topic: News, message: other, attributes: { kind: weekly } }",
    ]);
    let trace = played.passed().outcome.trace.clone();
    let mails = trace.iter().filter_map(|event| match &event.what {
        What::Mail { to, .. } => Some((to.as_str(), event.cause.map(|cause| trace[cause as usize - 1].what.clone()))),
        _ => None,
    });
    let mails: Vec<_> = mails.collect();
    assert_eq!(
        mails.iter().map(|(to, _)| *to).collect::<Vec<_>>(),
        ["alice@example.com", "bob@example.com", "bob@example.com"]
    );
    let is_publish =
        |cause: &Option<What>| matches!(cause, Some(What::Call { operation, .. }) if operation == "Publish");
    assert!(mails.iter().all(|(_, cause)| is_publish(cause)), "{mails:?}");
}

#[test]
fn a_mail_that_is_missing_or_too_much_is_told() {
    for (expected, message) in [
        ("{ alice@example.com: empty }", "alice@example.com got 1 mail, expected none"),
        ("{ alice@example.com: 2 }", "alice@example.com got 1 mail, expected 2"),
        ("{ alice@example.com: [{ subject: Other }] }", "alice@example.com got no mail like number 1 of the list"),
        ("{ bob@example.com: [] }", "bob@example.com got 1 mail more than expected"),
    ] {
        let rig = Rig::new(MAILED).expect(&format!("mail: {expected}"));
        let played = rig.play(&["sns.publish: { topic: News, message: hello, attributes: { kind: daily } }"]);
        let failures = played.failures();
        assert_eq!(failures.len(), 1);
        assert!(failures[0].starts_with(message) && failures[0].contains("AWS Notification Message: "), "{failures:?}");
    }
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html>
#[test]
fn each_protocol_gets_its_own_message() {
    let resources = format!(
        "{MAILED}  Inbox: {{ Type: AWS::SQS::Queue }}
  ToInbox:
    Type: AWS::SNS::Subscription
    Properties: {{ TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Inbox.Arn, RawMessageDelivery: true }}
"
    );
    let rig = Rig::new(&resources)
        .expect("mail: { alice@example.com: [{ message: dear reader }] }")
        .expect("queues: { Inbox: [{ day: 2 }] }");
    rig.play(&[
        "sns.publish: { topic: News, by_protocol: { default: d, email: dear reader, sqs: { day: 2 } }, attributes: { kind: daily } }",
    ])
    .passed();
}

/// An HTTP endpoint is a stub; that it was asked to confirm the template's subscription is not counted either.
#[test]
fn an_http_endpoint_of_a_topic_is_a_stub_that_is_tried_again() {
    let resources = "  News: { Type: AWS::SNS::Topic }
  Dead: { Type: AWS::SQS::Queue }
  ToPartner:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref News
      Protocol: https
      Endpoint: https://partner.example/news
      RawMessageDelivery: true
      DeliveryPolicy: { healthyRetryPolicy: { minDelayTarget: 5, maxDelayTarget: 5, numRetries: 1 } }
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn }
";
    let rig = Rig::new(resources)
        .given("stubs: { \"https://partner.example\": [{ respond: { status: 503 }, times: 3 }, { respond: {} }] }")
        .expect(
            "requests: { \"https://partner.example\": [\
             { path: /news, body: one, headers: { x-amz-sns-message-type: Notification, x-amz-sns-rawdelivery: \"true\" } }, \
             { body: one }, { body: two }, { body: two }] }",
        )
        .expect("queues: { Dead: [one] }");
    let played = rig.play(&[
        "sns.publish: { topic: News, message: one }",
        "settle: {}",
        "sns.publish: { topic: News, message: two }",
    ]);
    assert_eq!(played.passed().outcome.virtual_time.map(|time| time.as_secs()), Some(10));
}

/// A function that subscribes an API of its own, and the API's function.
const SUBSCRIBING: &str = "  News: { Type: AWS::SNS::Topic }
  Http: { Type: AWS::Serverless::HttpApi }
  Start:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables: { TOPIC: !Ref News, HOOK: !Sub \"https://${Http}.execute-api.${AWS::Region}.amazonaws.com/news\" }
  Hook:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 30
      Events: { Post: { Type: HttpApi, Properties: { ApiId: !Ref Http, Method: POST, Path: /news } } }
";

/// A webhook visits the address in each message: that confirms it at first, and unsubscribes it after one notification.
/// <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>
#[test]
fn a_handler_visits_the_addresses_in_messages() {
    let rig = Rig::new(SUBSCRIBING)
        .function("Start", async |state: &State, _| {
            let sns = aws_sdk_sns::Client::new(&state.config);
            let variable = |name: &str| state.variables[name].clone();
            for (protocol, endpoint) in [("https", variable("HOOK")), ("email", "alice@example.com".to_owned())] {
                sns.subscribe().topic_arn(variable("TOPIC")).protocol(protocol).endpoint(endpoint).send().await?;
            }
            Ok(Value::Null)
        })
        .function("Hook", async |state: &State, event| {
            let message: Value = serde_json::from_str(event.payload["body"].as_str().unwrap_or_default())?;
            let address = message["SubscribeURL"].as_str().or(message["UnsubscribeURL"].as_str());
            if message["Type"] != "UnsubscribeConfirmation" {
                let (origin, path) = address.and_then(|url| url.split_once("/?")).expect("it has an address");
                let visit = http::Request::builder().uri(format!("/?{path}")).body(SdkBody::empty())?;
                assert_eq!(request(&state.config, origin, visit).await?.status, 200);
            }
            Ok(response(200, ""))
        })
        .expect("mail: { alice@example.com: [{ subject: AWS Notification - Subscription Confirmation }] }");
    let played = rig.play(&[
        "invoke: { function: Start, payload: {} }",
        "settle: {}",
        "sns.publish: { topic: News, message: one }",
        "settle: {}",
        "sns.publish: { topic: News, message: two }",
    ]);
    let played = played.passed();
    let types = played.events("Hook").into_iter().map(|event| {
        let message: Value = serde_json::from_str(event["body"].as_str().expect("a body")).expect("JSON");
        message["Type"].as_str().expect("a type").to_owned()
    });
    assert_eq!(types.collect::<Vec<_>>(), ["SubscriptionConfirmation", "Notification", "UnsubscribeConfirmation"]);
    let calls = played.outcome.trace.iter().filter_map(|event| match &event.what {
        What::Call { operation, .. } if operation.ends_with("ubscribe") || operation.starts_with("Confirm") => {
            Some(operation.as_str())
        }
        _ => None,
    });
    assert_eq!(calls.collect::<Vec<_>>(), ["Subscribe", "Subscribe", "ConfirmSubscription", "Unsubscribe"]);
}
