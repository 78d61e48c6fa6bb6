//! Delivery to queues and functions: envelopes and raw messages, retries, and dead-letter queues.

use std::time::Duration;

use serde_json::{Value, json};

use crate::setup::{FUNCTION, TOPIC, attribute, receive, setup};

#[tokio::test(start_paused = true)]
async fn a_queue_gets_the_envelope_or_with_raw_delivery_the_message_and_its_attributes() {
    let setup = setup().await;
    let (sqs, wrapped_url, wrapped) = setup.queue("wrapped").await;
    let (_, raw_url, raw) = setup.queue("raw").await;
    setup.subscribe("sqs", &wrapped, &[]).await;
    setup.subscribe("sqs", &raw, &[("RawMessageDelivery", "true")]).await;
    let publish = setup.sns.publish().topic_arn(TOPIC).message("hello");
    publish.message_attributes("kind", attribute("String", "new")).send().await.expect("published");

    let [message] = &receive(&sqs, &wrapped_url).await[..] else { panic!("one message is wrapped") };
    let body = message.body().expect("a message has a body");
    assert!(body.starts_with("{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \""), "{body}");
    let envelope: Value = serde_json::from_str(body).expect("an envelope is JSON");
    assert_eq!(envelope["Message"], "hello");
    assert_eq!(message.message_attributes(), None);
    let [message] = &receive(&sqs, &raw_url).await[..] else { panic!("one message is raw") };
    assert_eq!(message.body(), Some("hello"));
    let attributes = message.message_attributes().expect("raw delivery keeps attributes");
    assert_eq!(attributes["kind"].string_value(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_delivered_goes_to_the_subscription_s_dead_letter_queue() {
    let setup = setup().await;
    let (sqs, url, dead) = setup.queue("dead").await;
    let redrive = json!({ "deadLetterTargetArn": dead }).to_string();
    let missing_queue = "arn:aws:sqs:us-east-1:123456789012:missing";
    let missing_function = "arn:aws:lambda:us-east-1:123456789012:function:Missing";
    setup.subscribe("sqs", missing_queue, &[("RedrivePolicy", &redrive), ("RawMessageDelivery", "true")]).await;
    setup.subscribe("lambda", missing_function, &[("RedrivePolicy", &redrive)]).await;
    setup.subscribe("lambda", FUNCTION, &[("RedrivePolicy", &redrive)]).await;
    setup.sns.publish().topic_arn(TOPIC).message("hello").send().await.expect("published");
    assert_eq!(setup.delivered().len(), 1);
    let bodies: Vec<_> =
        receive(&sqs, &url).await.iter().filter_map(|message| message.body().map(str::to_owned)).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies.contains(&"hello".to_owned()));
    assert!(bodies.iter().any(|body| body.contains("\"Message\" : \"hello\"")));
}

const BUSY: &str = "arn:aws:lambda:us-east-1:123456789012:function:Busy";

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>
#[tokio::test(start_paused = true)]
async fn a_busy_function_is_tried_again_at_once_three_times_then_twice_a_second_apart() {
    let setup = setup().await;
    setup.drive();
    setup.throttle(5);
    setup.subscribe("lambda", BUSY, &[]).await;
    setup.sns.publish().topic_arn(TOPIC).message("hello").send().await.expect("published");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(setup.delivered().len(), 0);
    let outstanding = setup.emulator.outstanding();
    let [retry] = &outstanding[..] else { panic!("one retry is outstanding: {outstanding:?}") };
    assert_eq!(retry.what, format!("retry 5 of topic orders to {BUSY}"));
    assert_eq!((retry.due.to_string().as_str(), retry.recurring), ("2026-01-01T00:00:02Z", false));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!((setup.delivered().len(), setup.emulator.outstanding().len()), (1, 0));
}

/// A retry that is due after its subscription was deleted is not made.
#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_to_a_subscription_that_is_gone() {
    let setup = setup().await;
    setup.drive();
    setup.throttle(5);
    let arn = setup.subscribe("lambda", BUSY, &[]).await;
    setup.sns.publish().topic_arn(TOPIC).message("hello").send().await.expect("published");
    tokio::time::sleep(Duration::from_millis(500)).await;
    setup.sns.unsubscribe().subscription_arn(arn).send().await.expect("unsubscribed");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((setup.delivered().len(), setup.emulator.outstanding().len()), (0, 0));
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>
#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_the_message_as_it_would_have_been_delivered() {
    let setup = setup().await;
    let (sqs, url, dead) = setup.queue("dead").await;
    let redrive = json!({ "deadLetterTargetArn": dead }).to_string();
    let missing = "arn:aws:sqs:us-east-1:123456789012:missing";
    setup.subscribe("sqs", missing, &[("RedrivePolicy", &redrive), ("RawMessageDelivery", "true")]).await;
    let publish = setup.sns.publish().topic_arn(TOPIC).message("hello");
    publish.message_attributes("kind", attribute("String", "new")).send().await.expect("published");
    let [letter] = &receive(&sqs, &url).await[..] else { panic!("one message is undeliverable") };
    assert_eq!(letter.body(), Some("hello"));
    let attributes = letter.message_attributes().expect("a raw message keeps its attributes");
    assert_eq!((attributes.len(), attributes["kind"].string_value()), (1, Some("new")));
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>
#[tokio::test(start_paused = true)]
async fn a_raw_message_with_more_than_ten_attributes_is_undeliverable() {
    let setup = setup().await;
    let (sqs, raw_url, raw) = setup.queue("raw").await;
    let (_, dead_url, dead) = setup.queue("dead").await;
    let redrive = json!({ "deadLetterTargetArn": dead }).to_string();
    setup.subscribe("sqs", &raw, &[("RedrivePolicy", &redrive), ("RawMessageDelivery", "true")]).await;
    let mut publish = setup.sns.publish().topic_arn(TOPIC).message("hello");
    for number in 0..11 {
        publish = publish.message_attributes(format!("a{number}"), attribute("String", "v"));
    }
    publish.send().await.expect("published");
    assert_eq!((receive(&sqs, &raw_url).await.len(), receive(&sqs, &dead_url).await.len()), (0, 1));
}
