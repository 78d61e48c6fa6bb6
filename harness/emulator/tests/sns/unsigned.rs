//! The addresses in messages and mails, visited as a browser does: without a signature.

use bytes::Bytes;
use http::{HeaderMap, Method};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;
use rstest::rstest;
use serde_json::Value;

use crate::setup::{Setup, TOPIC, setup};

const ENDPOINT: &str = "https://partner.example/hook";

/// Visits an address: the status and what is answered.
async fn visit(emulator: &Emulator, address: &str) -> (u16, String) {
    let uri = address.parse().expect("a URI");
    let request = Request { method: Method::GET, uri, headers: HeaderMap::new(), body: Bytes::new() };
    let response = emulator.answer(request).await.expect("SNS answers");
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).expect("it is text"))
}

fn between<'b>(body: &'b str, start: &str, end: &str) -> &'b str {
    let found = body.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    found.unwrap_or_else(|| panic!("no {start} in {body}")).0
}

/// What the endpoint was sent since it was last asked: the types and the messages.
fn sent(emulator: &Emulator) -> Vec<(String, Value)> {
    let one = |request: Request| {
        let kind = request.header("x-amz-sns-message-type").expect("it has a type").to_owned();
        (kind, serde_json::from_slice(&request.body).expect("the body is JSON"))
    };
    emulator.take_requests().into_iter().map(one).collect()
}

fn url(message: &Value, name: &str) -> String {
    message[name].as_str().unwrap_or_else(|| panic!("no {name} in {message}")).to_owned()
}

async fn publish(setup: &Setup) {
    setup.sns.publish().topic_arn(TOPIC).message("hello").send().await.expect("published");
}

/// <https://docs.aws.amazon.com/sns/latest/dg/http-unsubscribe-confirmation-json.html>
#[tokio::test(start_paused = true)]
async fn the_addresses_in_messages_confirm_unsubscribe_and_restore() {
    let setup = setup().await;
    let emulator = &setup.emulator;
    setup.subscribe("https", ENDPOINT, &[]).await;
    let asked = sent(emulator);
    assert_eq!(asked[0].0, "SubscriptionConfirmation");
    let (status, confirmed) = visit(emulator, &url(&asked[0].1, "SubscribeURL")).await;
    assert_eq!(status, 200, "{confirmed}");
    let arn = between(&confirmed, "<ConfirmSubscriptionResult><SubscriptionArn>", "<").to_owned();
    publish(&setup).await;
    let notified = sent(emulator);
    assert_eq!(notified[0].0, "Notification");

    let (status, answer) = visit(emulator, &url(&notified[0].1, "UnsubscribeURL")).await;
    assert_eq!((status, answer.contains("<UnsubscribeResponse>")), (200, true), "{answer}");
    publish(&setup).await;
    let told = sent(emulator);
    let [(kind, message)] = &told[..] else { panic!("one message is sent: {told:?}") };
    assert_eq!(kind, "UnsubscribeConfirmation");
    assert_eq!(
        message["Message"],
        format!(
            "You have chosen to deactivate subscription {arn}.\nTo cancel this operation and restore the subscription, \
             visit the SubscribeURL included in this message."
        )
    );
    let names: Vec<_> = message.as_object().expect("an object").keys().cloned().collect();
    let expected =
        "Type MessageId Token TopicArn Message SubscribeURL Timestamp SignatureVersion Signature SigningCertURL";
    assert_eq!(names.join(" "), expected);

    let (status, restored) = visit(emulator, &url(message, "SubscribeURL")).await;
    assert_eq!((status, restored.contains(&arn)), (200, true), "{restored}");
    publish(&setup).await;
    assert_eq!(sent(emulator)[0].0, "Notification");
}

#[tokio::test(start_paused = true)]
async fn the_owner_unsubscribes_without_a_message_to_the_endpoint() {
    let setup = setup().await;
    setup.subscribe("https", ENDPOINT, &[]).await;
    let asked = sent(&setup.emulator);
    let (_, confirmed) = visit(&setup.emulator, &url(&asked[0].1, "SubscribeURL")).await;
    let arn = between(&confirmed, "<SubscriptionArn>", "<");
    setup.sns.unsubscribe().subscription_arn(arn).send().await.expect("it is the owner's");
    assert_eq!(sent(&setup.emulator), []);
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html>
#[rstest]
#[case::not_asked_for(false, 200)]
#[case::asked_for(true, 403)]
#[tokio::test(start_paused = true)]
async fn who_confirms_with_a_signature_can_ask_for_one_to_unsubscribe(#[case] asks: bool, #[case] expected: u16) {
    let setup = setup().await;
    setup.subscribe("https", ENDPOINT, &[]).await;
    let token = url(&sent(&setup.emulator)[0].1, "Token");
    let confirm = setup.sns.confirm_subscription().topic_arn(TOPIC).token(token);
    confirm.authenticate_on_unsubscribe(asks.to_string()).send().await.expect("confirmed");
    publish(&setup).await;
    let unsubscribe = url(&sent(&setup.emulator)[0].1, "UnsubscribeURL");
    let (status, answer) = visit(&setup.emulator, &unsubscribe).await;
    assert_eq!((status, answer.contains("AuthorizationError")), (expected, asks), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_unsubscribed_with_a_signature_only() {
    let setup = setup().await;
    let arn = setup.subscribe("sqs", "arn:aws:sqs:us-east-1:123456789012:orders", &[]).await;
    let address = format!("https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={arn}");
    assert_eq!(visit(&setup.emulator, &address).await.0, 403);
    let listed = setup.sns.list_subscriptions().send().await.expect("listed");
    assert_eq!(listed.subscriptions().len(), 1);
}

#[rstest]
#[case("/?Action=ListTopics")]
#[case("/?Action=Publish&TopicArn=arn:aws:sns:us-east-1:123456789012:orders&Message=x")]
#[case("/")]
#[tokio::test(start_paused = true)]
async fn every_other_operation_needs_a_signature(#[case] path: &str) {
    let setup = setup().await;
    let (status, body) = visit(&setup.emulator, &format!("https://sns.us-east-1.amazonaws.com{path}")).await;
    assert_eq!((status, between(&body, "<Code>", "<")), (403, "MissingAuthenticationToken"));
}

#[tokio::test(start_paused = true)]
async fn the_links_in_mails_confirm_unsubscribe_and_restore() {
    let setup = setup().await;
    let emulator = &setup.emulator;
    let link = || {
        let body = emulator.mails().last().expect("a mail arrived").body.clone();
        let link = body.split_whitespace().find(|word| word.starts_with("https://sns.")).expect("it has a link");
        link.to_owned()
    };
    setup.subscribe("email", "alice@example.com", &[]).await;
    let (status, page) = visit(emulator, &link()).await;
    assert_eq!((status, page.contains("Subscription confirmed!")), (200, true), "{page}");
    publish(&setup).await;
    let (status, page) = visit(emulator, &link()).await;
    assert_eq!((status, page.contains("Subscription removed!")), (200, true), "{page}");
    publish(&setup).await;
    let mails = emulator.mails();
    let last = mails.last().expect("a mail arrived");
    assert_eq!((mails.len(), last.subject.as_str()), (3, "AWS Notification - Unsubscribe Confirmation"));
    assert!(last.body.starts_with(&format!("Your subscription to the topic below has been deactivated: \n{TOPIC}\n")));
    assert_eq!(visit(emulator, &link()).await.0, 200);
    publish(&setup).await;
    assert_eq!(emulator.mails().last().expect("a mail arrived").subject, "AWS Notification Message");
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_too_old_confirms_nothing() {
    let setup = setup().await;
    setup.subscribe("email", "alice@example.com", &[]).await;
    let body = setup.emulator.mails()[0].body.clone();
    let link = body.split_whitespace().find(|word| word.starts_with("https://sns.")).expect("it has a link");
    tokio::time::sleep(std::time::Duration::from_secs(2 * 86_400 + 1)).await;
    let (status, answer) = visit(&setup.emulator, link).await;
    assert_eq!((status, between(&answer, "<Message>", "<")), (400, "Invalid parameter: Token"));
}
