//! SQS's rules, one test each, through the AWS SDK.

mod common;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageAttributeValue,
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use common::{config, emulator};
use rehearsal_emulator::Emulator;
use rstest::rstest;
use std::time::Duration;
use tokio::time::{Instant, advance};

/// A client, its emulated AWS, and the URL of a queue named `work` with some attributes.
struct Setup {
    emulator: Emulator,
    sqs: Client,
    url: String,
}

async fn setup(attributes: &[(&str, &str)]) -> Setup {
    let emulator = emulator();
    let sqs = Client::new(&config(&emulator));
    let url = create(&sqs, "work", attributes).await;
    Setup { emulator, sqs, url }
}

async fn create(sqs: &Client, name: &str, attributes: &[(&str, &str)]) -> String {
    let mut request = sqs.create_queue().queue_name(name);
    for (name, value) in attributes {
        request = request.attributes(QueueAttributeName::from(*name), *value);
    }
    request.send().await.expect("the queue is valid").queue_url.expect("a queue has a URL")
}

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:123456789012:{name}")
}

fn redrive_policy(target: &str, maximum: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{maximum}}}"#, arn(target))
}

impl Setup {
    async fn send(&self, body: &str) -> String {
        let sent = self.sqs.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.expect("the message is valid").message_id.expect("a message has an id")
    }

    async fn receive(&self) -> Vec<Message> {
        self.receive_from(&self.url).await
    }

    async fn receive_from(&self, url: &str) -> Vec<Message> {
        let request = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        request.message_attribute_names("All").send().await.expect("the queue is there").messages.unwrap_or_default()
    }

    async fn receive_one(&self) -> Message {
        let mut messages = self.receive().await;
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    async fn attribute(&self, name: &str) -> String {
        let name = QueueAttributeName::from(name);
        let request = self.sqs.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        request.send().await.expect("the queue is there").attributes.expect("the attribute is set")[&name].clone()
    }
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().expect("a message has a body")).collect()
}

fn handle(message: &Message) -> &str {
    message.receipt_handle().expect("a received message has a handle")
}

fn system(message: &Message, name: MessageSystemAttributeName) -> &str {
    &message.attributes.as_ref().expect("system attributes were asked for")[&name]
}

fn code<E: aws_sdk_sqs::error::ProvideErrorMetadata>(result: Result<impl Sized, E>) -> String {
    result.err().expect("the request is refused").code().unwrap_or("none").to_owned()
}

const SECOND: Duration = Duration::from_secs(1);

// Visibility

#[tokio::test(start_paused = true)]
async fn a_message_is_hidden_for_the_visibility_timeout_and_comes_back_with_a_higher_receive_count() {
    let setup = setup(&[("VisibilityTimeout", "30")]).await;
    setup.send("a").await;
    let first = setup.receive_one().await;
    assert_eq!(system(&first, MessageSystemAttributeName::ApproximateReceiveCount), "1");
    advance(30 * SECOND - Duration::from_millis(1)).await;
    assert!(setup.receive().await.is_empty());
    advance(Duration::from_millis(1)).await;
    let second = setup.receive_one().await;
    assert_eq!(system(&second, MessageSystemAttributeName::ApproximateReceiveCount), "2");
    assert_eq!(first.message_id, second.message_id);
    let first_received =
        |message| system(message, MessageSystemAttributeName::ApproximateFirstReceiveTimestamp).to_owned();
    assert_eq!(first_received(&first), first_received(&second));
}

#[tokio::test(start_paused = true)]
async fn every_receive_gives_a_new_handle_and_the_old_one_deletes_nothing() {
    let setup = setup(&[]).await;
    setup.send("a").await;
    let first = setup.receive_one().await;
    advance(30 * SECOND).await;
    let second = setup.receive_one().await;
    assert_ne!(first.receipt_handle, second.receipt_handle);
    let delete =
        |message: &Message| setup.sqs.delete_message().queue_url(&setup.url).receipt_handle(handle(message)).send();
    delete(&first).await.expect("an old handle is accepted");
    assert_eq!(setup.attribute("ApproximateNumberOfMessagesNotVisible").await, "1");
    delete(&second).await.expect("the newest handle deletes");
    assert_eq!(setup.attribute("ApproximateNumberOfMessagesNotVisible").await, "0");
    delete(&second).await.expect("deleting again succeeds");
    advance(30 * SECOND).await;
    assert!(setup.receive().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_visibility_timeout_of_zero_at_the_receive_leaves_the_message_visible() {
    let setup = setup(&[]).await;
    setup.send("a").await;
    let receive =
        || setup.sqs.receive_message().queue_url(&setup.url).visibility_timeout(0).max_number_of_messages(10).send();
    for _ in 0..2 {
        assert_eq!(receive().await.expect("valid").messages().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn visibility_can_be_changed_to_twelve_hours_in_all_and_to_none() {
    let setup = setup(&[]).await;
    setup.send("a").await;
    let message = setup.receive_one().await;
    let change = |message: &Message, seconds| {
        let request = setup.sqs.change_message_visibility().queue_url(&setup.url);
        request.receipt_handle(handle(message)).visibility_timeout(seconds).send()
    };
    change(&message, 43_200).await.expect("12 hours are allowed");
    advance(SECOND).await;
    assert_eq!(code(change(&message, 43_200).await), "InvalidParameterValue");
    assert_eq!(code(change(&message, 43_201).await), "InvalidParameterValue");
    advance(43_198 * SECOND).await;
    assert!(setup.receive().await.is_empty());
    advance(SECOND).await;
    let message = setup.receive_one().await;
    change(&message, 0).await.expect("zero makes a message visible");
    let error = change(&message, 10).await.expect_err("the message is visible").into_service_error();
    assert!(error.is_message_not_inflight());
    assert_eq!(setup.receive().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_sqs_never_gave_is_invalid() {
    let setup = setup(&[]).await;
    let delete = setup.sqs.delete_message().queue_url(&setup.url).receipt_handle("nonsense").send().await;
    assert!(delete.expect_err("refused").into_service_error().is_receipt_handle_is_invalid());
    let change = setup.sqs.change_message_visibility().queue_url(&setup.url).receipt_handle("nonsense");
    let change = change.visibility_timeout(1).send().await;
    assert!(change.expect_err("refused").into_service_error().is_receipt_handle_is_invalid());
}

// Dead-letter queues

#[tokio::test(start_paused = true)]
async fn a_message_received_max_receive_count_times_moves_to_the_dead_letter_queue() {
    let setup = setup(&[]).await;
    let dead = create(&setup.sqs, "dead", &[]).await;
    let policy = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    policy.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead", 2)).send().await.expect("valid");
    let id = setup.send("poison").await;
    let sent = system(&setup.receive_one().await, MessageSystemAttributeName::SentTimestamp).to_owned();
    advance(30 * SECOND).await;
    setup.receive_one().await;
    assert!(setup.receive_from(&dead).await.is_empty(), "the message moves on the next receive only");
    advance(30 * SECOND).await;
    assert!(setup.receive().await.is_empty());
    let moved = setup.receive_from(&dead).await.remove(0);
    assert_eq!(moved.message_id(), Some(id.as_str()));
    assert_eq!(system(&moved, MessageSystemAttributeName::SentTimestamp), sent);
    assert_eq!(system(&moved, MessageSystemAttributeName::DeadLetterQueueSourceArn), arn("work"));
    assert_eq!(system(&moved, MessageSystemAttributeName::ApproximateReceiveCount), "3", "counted across all queues");
}

#[tokio::test(start_paused = true)]
async fn retention_in_a_dead_letter_queue_counts_from_the_first_sending() {
    let setup = setup(&[]).await;
    let dead = create(&setup.sqs, "dead", &[("MessageRetentionPeriod", "60")]).await;
    let policy = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    policy.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead", 1)).send().await.expect("valid");
    setup.send("poison").await;
    setup.receive_one().await;
    advance(59 * SECOND).await;
    assert!(setup.receive().await.is_empty());
    advance(SECOND).await;
    assert!(setup.receive_from(&dead).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_redriven_message_is_a_new_one_in_its_source_queue() {
    let setup = setup(&[]).await;
    create(&setup.sqs, "dead", &[]).await;
    let policy = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    policy.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead", 1)).send().await.expect("valid");
    let id = setup.send("poison").await;
    setup.receive_one().await;
    advance(30 * SECOND).await;
    assert!(setup.receive().await.is_empty());
    let sources = setup.sqs.get_queue_url().queue_name("dead").send().await.expect("it is there").queue_url;
    let sources = setup.sqs.list_dead_letter_source_queues().set_queue_url(sources).send().await.expect("valid");
    assert_eq!(sources.queue_urls(), [setup.url.as_str()]);
    setup.sqs.start_message_move_task().source_arn(arn("dead")).send().await.expect("a dead-letter queue");
    let message = setup.receive_one().await;
    assert_eq!(message.body(), Some("poison"));
    assert_ne!(message.message_id(), Some(id.as_str()));
    assert_eq!(system(&message, MessageSystemAttributeName::ApproximateReceiveCount), "1");
    let tasks = setup.sqs.list_message_move_tasks().source_arn(arn("dead")).send().await.expect("valid");
    let task = &tasks.results()[0];
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 1));
    let refused = setup.sqs.start_message_move_task().source_arn(arn("work")).send().await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let missing = setup.sqs.start_message_move_task().source_arn(arn("absent")).send().await;
    assert!(missing.expect_err("refused").into_service_error().is_resource_not_found_exception());
}

// Delay, long polling and retention

#[tokio::test(start_paused = true)]
async fn a_message_can_be_delayed_by_fifteen_minutes_and_no_longer() {
    let setup = setup(&[]).await;
    let send = |delay| setup.sqs.send_message().queue_url(&setup.url).message_body("a").delay_seconds(delay).send();
    send(900).await.expect("15 minutes are allowed");
    assert_eq!(code(send(901).await), "InvalidParameterValue");
    assert_eq!(setup.attribute("ApproximateNumberOfMessagesDelayed").await, "1");
    advance(899 * SECOND).await;
    assert!(setup.receive().await.is_empty());
    advance(SECOND).await;
    assert_eq!(setup.receive().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_queues_delay_holds_unless_the_message_has_its_own() {
    let setup = setup(&[("DelaySeconds", "10")]).await;
    setup.send("delayed").await;
    let at_once = setup.sqs.send_message().queue_url(&setup.url).message_body("at once").delay_seconds(0);
    at_once.send().await.expect("valid");
    assert_eq!(bodies(&setup.receive().await), ["at once"]);
    advance(10 * SECOND).await;
    assert_eq!(bodies(&setup.receive().await), ["delayed"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_returns_as_soon_as_a_message_arrives() {
    let setup = setup(&[]).await;
    let start = Instant::now();
    let poll = setup.sqs.receive_message().queue_url(&setup.url).wait_time_seconds(20).send();
    let send = async {
        tokio::time::sleep(3 * SECOND).await;
        setup.send("a").await;
    };
    let (polled, ()) = tokio::join!(poll, send);
    assert_eq!(polled.expect("valid").messages().len(), 1);
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_that_finds_its_message_taken_waits_on() {
    let setup = setup(&[]).await;
    let start = Instant::now();
    let poll = |seconds| setup.sqs.receive_message().queue_url(&setup.url).wait_time_seconds(seconds).send();
    let send = async {
        tokio::time::sleep(3 * SECOND).await;
        setup.send("a").await;
    };
    let (first, second, ()) = tokio::join!(poll(20), poll(20), send);
    let received = [first, second].map(|polled| polled.expect("valid").messages().len());
    assert_eq!(received, [1, 0]);
    assert_eq!(start.elapsed().as_secs(), 20, "the other poll lasts its whole wait");
}

#[rstest]
#[case::asked_for(&[], Some(20), 20)]
#[case::of_the_queue(&[("ReceiveMessageWaitTimeSeconds", "7")], None, 7)]
#[case::asked_for_none(&[("ReceiveMessageWaitTimeSeconds", "7")], Some(0), 0)]
#[tokio::test(start_paused = true)]
async fn a_long_poll_without_a_message_lasts_its_wait(
    #[case] attributes: &[(&str, &str)],
    #[case] wait: Option<i32>,
    #[case] seconds: u64,
) {
    let setup = setup(attributes).await;
    let start = Instant::now();
    let polled = setup.sqs.receive_message().queue_url(&setup.url).set_wait_time_seconds(wait).send().await;
    assert!(polled.expect("valid").messages().is_empty());
    assert_eq!(start.elapsed().as_secs(), seconds);
}

#[tokio::test(start_paused = true)]
async fn a_message_vanishes_when_its_retention_period_is_over() {
    let setup = setup(&[("MessageRetentionPeriod", "60")]).await;
    setup.send("a").await;
    advance(60 * SECOND).await;
    assert_eq!(setup.attribute("ApproximateNumberOfMessages").await, "0");
    assert!(setup.receive().await.is_empty());
    setup.send("b").await;
    assert_eq!(setup.receive().await.len(), 1);
    advance(60 * SECOND).await;
    assert!(setup.receive().await.is_empty(), "a message in flight expires too");
}

// Contents

#[tokio::test(start_paused = true)]
async fn attributes_and_digests_are_those_of_aws() {
    let setup = setup(&[]).await;
    let attribute = |data_type: &str| MessageAttributeValue::builder().data_type(data_type);
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body("This is a test message");
    let sent = sent
        .message_attributes("timestamp", attribute("Number").string_value("1493147359900").build().expect("typed"))
        .message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            MessageSystemAttributeValue::builder().data_type("String").string_value("Root=1").build().expect("typed"),
        );
    let sent = sent.send().await.expect("valid");
    assert_eq!(sent.md5_of_message_body(), Some("fafb00f5732ab283681e124bf8747ed1"));
    assert_eq!(sent.md5_of_message_attributes(), Some("235c5c510d26fb653d073faed50ae77c"));
    assert!(sent.md5_of_message_system_attributes().is_some());
    let received = setup.receive_one().await;
    assert_eq!(received.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(received.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(system(&received, MessageSystemAttributeName::AwsTraceHeader), "Root=1");
    assert_eq!(system(&received, MessageSystemAttributeName::SenderId), "123456789012");
    assert_eq!(system(&received, MessageSystemAttributeName::SentTimestamp), "1767225600000");
}

#[rstest]
#[case::none(&[], &[])]
#[case::all(&["All"], &["order.id", "order.kind", "raw"])]
#[case::everything(&[".*"], &["order.id", "order.kind", "raw"])]
#[case::prefix(&["order.*"], &["order.id", "order.kind"])]
#[case::name(&["raw"], &["raw"])]
#[tokio::test(start_paused = true)]
async fn a_receive_tells_the_message_attributes_it_asks_for(#[case] asked: &[&str], #[case] told: &[&str]) {
    let setup = setup(&[]).await;
    let text =
        |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build().expect("typed");
    let raw = MessageAttributeValue::builder().data_type("Binary.png").binary_value(Blob::new([0, 255])).build();
    let send = setup.sqs.send_message().queue_url(&setup.url).message_body("a");
    let send = send.message_attributes("order.id", text("1")).message_attributes("order.kind", text("x"));
    send.message_attributes("raw", raw.expect("typed")).send().await.expect("valid");
    let names = asked.iter().map(|name| (*name).to_owned()).collect();
    let received = setup.sqs.receive_message().queue_url(&setup.url).set_message_attribute_names(Some(names));
    let received = received.send().await.expect("valid").messages.expect("a message").remove(0);
    let attributes = received.message_attributes.unwrap_or_default();
    let mut names: Vec<&str> = attributes.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, told);
    if let Some(raw) = attributes.get("raw") {
        assert_eq!(raw.binary_value().map(Blob::as_ref), Some([0, 255].as_slice()));
    }
}

#[rstest]
#[case::empty("", "MissingParameter")]
#[case::control_character("a\u{1}", "InvalidMessageContents")]
#[case::not_a_character("a\u{FFFF}", "InvalidMessageContents")]
#[case::too_long(&"a".repeat(1025), "InvalidParameterValue")]
#[tokio::test(start_paused = true)]
async fn a_body_that_sqs_does_not_accept_is_refused(#[case] body: &str, #[case] expected: &str) {
    let setup = setup(&[("MaximumMessageSize", "1024")]).await;
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body(body).send().await;
    assert_eq!(code(sent), expected);
}

#[rstest]
#[case::reserved("AWS.x", "String", "1")]
#[case::bad_name("a..b", "String", "1")]
#[case::no_value("a", "String", "")]
#[case::unknown_type("a", "Text", "1")]
#[case::not_a_number("a", "Number", "one")]
#[tokio::test(start_paused = true)]
async fn a_message_attribute_that_sqs_does_not_accept_is_refused(
    #[case] name: &str,
    #[case] data_type: &str,
    #[case] value: &str,
) {
    let setup = setup(&[]).await;
    let attribute = MessageAttributeValue::builder().data_type(data_type).string_value(value).build().expect("typed");
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body("a").message_attributes(name, attribute);
    assert_eq!(code(sent.send().await), "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn a_message_of_one_mebibyte_is_the_largest() {
    let setup = setup(&[]).await;
    setup.send(&"a".repeat(1_048_576)).await;
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body("a".repeat(1_048_577)).send().await;
    assert_eq!(code(sent), "InvalidParameterValue");
}

// Batches

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().expect("complete")
}

#[tokio::test(start_paused = true)]
async fn a_batch_fails_entry_by_entry() {
    let setup = setup(&[]).await;
    let send = setup.sqs.send_message_batch().queue_url(&setup.url).entries(entry("good", "a"));
    let sent = send.entries(entry("bad", "\u{1}")).send().await.expect("the batch is valid");
    assert_eq!(sent.successful()[0].id(), "good");
    let failed = &sent.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "InvalidMessageContents", true));
    let message = setup.receive_one().await;

    let change = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(60).build().expect("complete")
    };
    let changes = setup.sqs.change_message_visibility_batch().queue_url(&setup.url);
    let changed = changes.entries(change("1", handle(&message))).entries(change("2", "nonsense")).send().await;
    let changed = changed.expect("the batch is valid");
    assert_eq!((changed.successful()[0].id(), changed.failed()[0].id()), ("1", "2"));

    let delete = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().expect("complete")
    };
    let deletes = setup.sqs.delete_message_batch().queue_url(&setup.url);
    let deleted = deletes.entries(delete("1", handle(&message))).entries(delete("2", "nonsense")).send().await;
    let deleted = deleted.expect("the batch is valid");
    assert_eq!(deleted.successful()[0].id(), "1");
    assert_eq!((deleted.failed()[0].id(), deleted.failed()[0].code()), ("2", "ReceiptHandleIsInvalid"));
}

#[rstest]
#[case::empty(vec![], "AWS.SimpleQueueService.EmptyBatchRequest")]
#[case::eleven((0..11).map(|id| entry(&id.to_string(), "a")).collect(), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")]
#[case::repeated(vec![entry("1", "a"), entry("1", "b")], "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")]
#[case::bad_id(vec![entry("a b", "a")], "AWS.SimpleQueueService.InvalidBatchEntryId")]
#[case::too_long(vec![entry("1", &"a".repeat(600_000)), entry("2", &"a".repeat(600_000))], "AWS.SimpleQueueService.BatchRequestTooLong")]
#[tokio::test(start_paused = true)]
async fn a_batch_that_breaks_a_rule_is_refused_as_a_whole(
    #[case] entries: Vec<SendMessageBatchRequestEntry>,
    #[case] expected: &str,
) {
    let setup = setup(&[]).await;
    let sent = setup.sqs.send_message_batch().queue_url(&setup.url).set_entries(Some(entries)).send().await;
    assert_eq!(code(sent), expected);
    assert!(setup.receive().await.is_empty());
}

// Queues

#[tokio::test(start_paused = true)]
async fn creating_a_queue_again_finds_it_unless_an_attribute_differs() {
    let setup = setup(&[("VisibilityTimeout", "5")]).await;
    assert_eq!(setup.url, "https://sqs.us-east-1.amazonaws.com/123456789012/work");
    assert_eq!(create(&setup.sqs, "work", &[]).await, setup.url);
    assert_eq!(create(&setup.sqs, "work", &[("VisibilityTimeout", "5")]).await, setup.url);
    let create = setup.sqs.create_queue().queue_name("work");
    let create = create.attributes(QueueAttributeName::VisibilityTimeout, "6").send().await;
    assert!(create.expect_err("refused").into_service_error().is_queue_name_exists());
}

#[rstest]
#[case("VisibilityTimeout", "43201", "InvalidAttributeValue")]
#[case("DelaySeconds", "-1", "InvalidAttributeValue")]
#[case("MessageRetentionPeriod", "59", "InvalidAttributeValue")]
#[case("MaximumMessageSize", "1048577", "InvalidAttributeValue")]
#[case("ReceiveMessageWaitTimeSeconds", "x", "InvalidAttributeValue")]
#[case("Colour", "red", "InvalidAttributeName")]
#[case(
    "RedrivePolicy",
    r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:absent","maxReceiveCount":1}"#,
    "InvalidParameterValue"
)]
#[case("RedrivePolicy", "{}", "InvalidParameterValue")]
#[case(
    "RedrivePolicy",
    r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:work","maxReceiveCount":1001}"#,
    "InvalidParameterValue"
)]
#[case("FifoQueue", "true", "NotImplemented")]
#[case("KmsMasterKeyId", "alias/aws/sqs", "NotImplemented")]
#[tokio::test(start_paused = true)]
async fn an_attribute_out_of_range_unknown_or_not_simulated_is_refused(
    #[case] name: &str,
    #[case] value: &str,
    #[case] expected: &str,
) {
    let setup = setup(&[]).await;
    let create = setup.sqs.create_queue().queue_name("other").attributes(QueueAttributeName::from(name), value);
    assert_eq!(code(create.send().await), expected);
    let set = setup.sqs.set_queue_attributes().queue_url(&setup.url).attributes(QueueAttributeName::from(name), value);
    assert_eq!(code(set.send().await), expected);
}

#[tokio::test(start_paused = true)]
async fn a_redrive_allow_policy_keeps_other_queues_out() {
    let setup = setup(&[]).await;
    create(&setup.sqs, "dead", &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)]).await;
    let set = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    let set = set.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead", 1)).send().await;
    assert_eq!(code(set), "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn all_attributes_have_awss_defaults() {
    let setup = setup(&[]).await;
    let request = setup.sqs.get_queue_attributes().queue_url(&setup.url).attribute_names(QueueAttributeName::All);
    let attributes = request.send().await.expect("valid").attributes.expect("a queue has attributes");
    let mut attributes: Vec<(&str, &str)> =
        attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    attributes.sort_unstable();
    let queue_arn = arn("work");
    let expected = [
        ("ApproximateNumberOfMessages", "0"),
        ("ApproximateNumberOfMessagesDelayed", "0"),
        ("ApproximateNumberOfMessagesNotVisible", "0"),
        ("CreatedTimestamp", "1767225600"),
        ("DelaySeconds", "0"),
        ("LastModifiedTimestamp", "1767225600"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("QueueArn", queue_arn.as_str()),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("SqsManagedSseEnabled", "true"),
        ("VisibilityTimeout", "30"),
    ];
    assert_eq!(attributes, expected);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_queue_is_gone_and_its_name_taken_for_a_minute() {
    let setup = setup(&[]).await;
    setup.sqs.delete_queue().queue_url(&setup.url).send().await.expect("it is there");
    let send = setup.sqs.send_message().queue_url(&setup.url).message_body("a").send().await;
    assert!(send.expect_err("refused").into_service_error().is_queue_does_not_exist());
    let get = setup.sqs.get_queue_url().queue_name("work").send().await;
    let error = get.expect_err("refused").into_service_error();
    assert!(error.is_queue_does_not_exist());
    assert_eq!(error.meta().code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    let create = || setup.sqs.create_queue().queue_name("work").send();
    assert!(create().await.expect_err("refused").into_service_error().is_queue_deleted_recently());
    advance(60 * SECOND).await;
    create().await.expect("the name is free again");
}

#[tokio::test(start_paused = true)]
async fn queues_are_listed_page_by_page() {
    let setup = setup(&[]).await;
    for name in ["a1", "a2", "a3"] {
        create(&setup.sqs, name, &[]).await;
    }
    let names = |urls: &[String]| urls.iter().map(|url| url[url.len() - 2..].to_owned()).collect::<Vec<_>>();
    let list = || setup.sqs.list_queues().queue_name_prefix("a").max_results(2);
    let first = list().send().await.expect("valid");
    assert_eq!(names(first.queue_urls()), ["a1", "a2"]);
    let second = list().set_next_token(first.next_token).send().await.expect("valid");
    assert_eq!(names(second.queue_urls()), ["a3"]);
    assert_eq!(second.next_token(), None);
}

#[tokio::test(start_paused = true)]
async fn a_purge_empties_the_queue_once_a_minute() {
    let setup = setup(&[]).await;
    setup.send("a").await;
    setup.send("b").await;
    let purge = || setup.sqs.purge_queue().queue_url(&setup.url).send();
    purge().await.expect("the first purge is allowed");
    assert!(setup.receive().await.is_empty());
    assert!(purge().await.expect_err("refused").into_service_error().is_purge_queue_in_progress());
    advance(60 * SECOND).await;
    purge().await.expect("a minute has passed");
}

#[tokio::test(start_paused = true)]
async fn tags_are_set_told_and_removed() {
    let setup = setup(&[]).await;
    let tag = setup.sqs.tag_queue().queue_url(&setup.url).tags("team", "a").tags("stage", "b");
    tag.send().await.expect("valid");
    setup.sqs.untag_queue().queue_url(&setup.url).tag_keys("team").send().await.expect("valid");
    let tags = setup.sqs.list_queue_tags().queue_url(&setup.url).send().await.expect("valid").tags;
    assert_eq!(tags.expect("one is left").into_iter().collect::<Vec<_>>(), [("stage".to_owned(), "b".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_not_simulated_is_refused_by_name() {
    let setup = setup(&[]).await;
    let request = setup.sqs.add_permission().queue_url(&setup.url).label("l").aws_account_ids("1").actions("*");
    let error = request.send().await.expect_err("refused").into_service_error();
    assert_eq!(error.meta().message(), Some("SQS's operation AddPermission is not simulated"));
}

#[tokio::test(start_paused = true)]
async fn the_owner_sees_what_stands_in_each_queue() {
    let setup = setup(&[]).await;
    for body in ["a", "b", "c"] {
        setup.send(body).await;
    }
    setup.sqs.receive_message().queue_url(&setup.url).send().await.expect("valid");
    setup.sqs.send_message().queue_url(&setup.url).message_body("d").delay_seconds(60).send().await.expect("valid");
    let depth = setup.emulator.queues().remove(0);
    assert_eq!((depth.visible, depth.in_flight, depth.delayed), (2, 1, 1));
    assert_eq!(depth.next_visible.map(|time| time.to_string()).as_deref(), Some("2026-01-01T00:00:30Z"));
}

#[tokio::test(start_paused = true)]
async fn a_queue_of_another_region_is_another_queue() {
    let setup = setup(&[]).await;
    let elsewhere = setup.url.replace("us-east-1", "eu-west-1");
    let send = setup.sqs.send_message().queue_url(elsewhere).message_body("a").send().await;
    assert!(send.expect_err("refused").into_service_error().is_queue_does_not_exist());
    let local = setup.url.replace("https://sqs.us-east-1.amazonaws.com", "http://localhost:4566");
    setup.sqs.send_message().queue_url(local).message_body("a").send().await.expect("found by account and name");
}
