//! Topics in scenarios: mailboxes, HTTP endpoints, FIFO topics, and messages for each protocol.

use rehearsal::trace::What;

use crate::kit::Rig;

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
