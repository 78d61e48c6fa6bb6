//! FIFO queues: groups, deduplication, sequence numbers.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fifo-queues.html>

use aws_sdk_sqs::operation::send_message::SendMessageOutput;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry};
use rstest::rstest;
use tokio::time::advance;

use crate::setup::{SECOND, Setup, arn, bodies, code, create, handle, queue, redrive_policy, system};

const FIFO: (&str, &str) = ("FifoQueue", "true");
const BY_CONTENT: (&str, &str) = ("ContentBasedDeduplication", "true");

/// A FIFO queue `work.fifo` that deduplicates by content, with some more attributes.
async fn fifo(attributes: &[(&str, &str)]) -> Setup {
    queue("work.fifo", &[&[FIFO, BY_CONTENT], attributes].concat()).await
}

impl Setup {
    async fn send_to(&self, group: &str, body: &str) -> SendMessageOutput {
        let send = self.sqs.send_message().queue_url(&self.url).message_body(body).message_group_id(group);
        send.send().await.expect("the message is valid")
    }

    async fn send_with_id(&self, group: &str, id: &str, body: &str) -> SendMessageOutput {
        let send = self.sqs.send_message().queue_url(&self.url).message_body(body).message_group_id(group);
        send.message_deduplication_id(id).send().await.expect("the message is valid")
    }

    async fn receive_up_to(&self, count: i32) -> Vec<Message> {
        let receive = self.sqs.receive_message().queue_url(&self.url).max_number_of_messages(count);
        receive.send().await.expect("the queue is there").messages.unwrap_or_default()
    }

    async fn delete(&self, message: &Message) {
        let delete = self.sqs.delete_message().queue_url(&self.url).receipt_handle(handle(message));
        delete.send().await.expect("the message is in flight");
    }
}

// Groups

#[tokio::test(start_paused = true)]
async fn a_receive_gets_as_many_messages_of_one_group_as_there_are_in_order() {
    let setup = fifo(&[]).await;
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2"), ("a", "a3")] {
        setup.send_to(group, body).await;
    }
    assert_eq!(bodies(&setup.receive_up_to(4).await), ["a1", "a2", "a3", "b1"]);
}

#[tokio::test(start_paused = true)]
async fn a_group_with_a_message_in_flight_gives_no_further_one() {
    let setup = fifo(&[]).await;
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
        setup.send_to(group, body).await;
    }
    let first = setup.receive_up_to(1).await;
    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bodies(&setup.receive().await), ["b1"]);
    assert!(setup.receive().await.is_empty());
    setup.delete(&first[0]).await;
    assert_eq!(bodies(&setup.receive().await), ["a2"]);
}

#[tokio::test(start_paused = true)]
async fn after_the_visibility_timeout_a_group_is_delivered_in_order_again() {
    let setup = fifo(&[]).await;
    for body in ["1", "2", "3", "4"] {
        setup.send_to("a", body).await;
    }
    let received = setup.receive_up_to(3).await;
    setup.delete(&received[0]).await;
    assert!(setup.receive().await.is_empty(), "two of the group are in flight");
    advance(30 * SECOND).await;
    let again = setup.receive().await;
    assert_eq!(bodies(&again), ["2", "3", "4"]);
    assert_eq!(system(&again[0], MessageSystemAttributeName::ApproximateReceiveCount), "2");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_made_visible_waits_for_the_others_of_its_group_in_flight() {
    let setup = fifo(&[]).await;
    setup.send_to("a", "1").await;
    setup.send_to("a", "2").await;
    let received = setup.receive().await;
    let change = setup.sqs.change_message_visibility().queue_url(&setup.url).receipt_handle(handle(&received[0]));
    change.visibility_timeout(0).send().await.expect("it is in flight");
    assert!(setup.receive().await.is_empty());
    setup.delete(&received[1]).await;
    assert_eq!(bodies(&setup.receive().await), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_refuses_to_delete_with_a_handle_whose_time_is_over() {
    let setup = fifo(&[]).await;
    setup.send_to("a", "1").await;
    let received = setup.receive_one().await;
    advance(30 * SECOND).await;
    let delete = || setup.sqs.delete_message().queue_url(&setup.url).receipt_handle(handle(&received)).send();
    let error = delete().await.expect_err("refused").into_service_error();
    assert_eq!(error.meta().code(), Some("InvalidParameterValue"));
    assert!(error.meta().message().is_some_and(|message| message.ends_with("Reason: The receipt handle has expired.")));
    let again = setup.receive_one().await;
    assert!(delete().await.is_err(), "the handle of an earlier receive");
    setup.delete(&again).await;
    delete().await.expect("the message is gone");
}

#[tokio::test(start_paused = true)]
async fn a_group_opens_again_when_its_message_in_flight_expires() {
    let setup = fifo(&[("MessageRetentionPeriod", "60"), ("VisibilityTimeout", "600")]).await;
    setup.send_to("a", "1").await;
    setup.receive_one().await;
    advance(30 * SECOND).await;
    setup.send_to("a", "2").await;
    assert!(setup.receive().await.is_empty());
    let poll = setup.sqs.receive_message().queue_url(&setup.url).wait_time_seconds(20).send();
    advance(15 * SECOND).await;
    let polled = poll.await.expect("valid");
    assert_eq!(bodies(polled.messages()), ["2"]);
}

// Deduplication

#[tokio::test(start_paused = true)]
async fn a_duplicate_within_five_minutes_is_answered_as_the_first_and_not_delivered() {
    let setup = fifo(&[]).await;
    let first = setup.send_with_id("a", "id", "one").await;
    setup.delete(&setup.receive_one().await).await;
    advance(299 * SECOND).await;
    let second = setup.send_with_id("b", "id", "another body and group").await;
    assert_eq!((second.message_id, second.sequence_number), (first.message_id.clone(), first.sequence_number));
    assert!(setup.receive().await.is_empty(), "even after the first was deleted");
    advance(SECOND).await;
    let third = setup.send_with_id("a", "id", "one").await;
    assert_ne!(third.message_id, first.message_id);
    assert_eq!(setup.receive().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn content_based_deduplication_takes_the_sha_256_of_the_body_and_an_explicit_id_wins() {
    let setup = fifo(&[]).await;
    setup.send_to("a", "hello").await;
    setup.send_to("a", "hello").await;
    setup.send_with_id("a", "other", "hello").await;
    let received = setup.receive().await;
    let ids = received.iter().map(|message| system(message, MessageSystemAttributeName::MessageDeduplicationId));
    let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(ids.collect::<Vec<_>>(), [digest, "other"]);
}

#[rstest]
#[case::of_the_queue("queue", 1)]
#[case::of_each_group("messageGroup", 2)]
#[tokio::test(start_paused = true)]
async fn deduplication_has_the_queue_or_the_group_as_its_scope(#[case] scope: &str, #[case] count: usize) {
    let setup = fifo(&[("DeduplicationScope", scope)]).await;
    for group in ["a", "a", "b"] {
        setup.send_with_id(group, "id", "x").await;
    }
    assert_eq!(setup.receive().await.len(), count);
}

#[tokio::test(start_paused = true)]
async fn sequence_numbers_have_twenty_digits_and_grow() {
    let setup = fifo(&[]).await;
    let mut numbers = Vec::new();
    for (group, body) in [("a", "1"), ("b", "2"), ("a", "3")] {
        numbers.push(setup.send_to(group, body).await.sequence_number.expect("a FIFO queue gives one"));
    }
    assert!(numbers.iter().all(|number| number.len() == 20));
    assert!(numbers.is_sorted());
    let received = setup.receive_one_of("a").await;
    assert_eq!(system(&received, MessageSystemAttributeName::SequenceNumber), numbers[0]);
    assert_eq!(system(&received, MessageSystemAttributeName::MessageGroupId), "a");
}

impl Setup {
    /// The first message of a receive, which is of this group.
    async fn receive_one_of(&self, group: &str) -> Message {
        let message = self.receive().await.remove(0);
        assert_eq!(system(&message, MessageSystemAttributeName::MessageGroupId), group);
        message
    }
}

// Attempts

#[tokio::test(start_paused = true)]
async fn a_receive_that_is_made_again_gets_the_same_messages_and_hides_them_anew() {
    let setup = fifo(&[]).await;
    setup.send_to("a", "1").await;
    let receive = || setup.sqs.receive_message().queue_url(&setup.url).receive_request_attempt_id("try").send();
    let first = receive().await.expect("valid").messages.expect("one");
    advance(20 * SECOND).await;
    let second = receive().await.expect("valid").messages.expect("the same");
    assert_eq!(first[0].receipt_handle, second[0].receipt_handle);
    advance(20 * SECOND).await;
    setup.send_to("b", "2").await;
    assert_eq!(bodies(&setup.receive().await), ["2"], "the first is hidden for 30 seconds from the second attempt");
    setup.delete(&second[0]).await;
    assert!(receive().await.expect("valid").messages().is_empty(), "what was deleted does not come again");
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_is_made_again_after_its_messages_became_visible_is_a_new_one() {
    let setup = fifo(&[]).await;
    setup.send_to("a", "1").await;
    let receive = || setup.sqs.receive_message().queue_url(&setup.url).receive_request_attempt_id("try").send();
    let first = receive().await.expect("valid").messages.expect("one");
    advance(30 * SECOND).await;
    let second = receive().await.expect("valid").messages.expect("again");
    assert_ne!(first[0].receipt_handle, second[0].receipt_handle);
}

// Delay

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_has_a_delay_and_its_messages_have_none() {
    let setup = fifo(&[("DelaySeconds", "10")]).await;
    let send = |delay: i32| {
        let send = setup.sqs.send_message().queue_url(&setup.url).message_body(delay.to_string());
        send.message_group_id("a").delay_seconds(delay).send()
    };
    let error = send(5).await.expect_err("refused").into_service_error();
    let expected = "Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not \
                    valid for this queue type.";
    assert_eq!(error.meta().message(), Some(expected));
    send(0).await.expect("AWS takes none as a delay");
    assert!(setup.receive().await.is_empty());
    advance(10 * SECOND).await;
    assert_eq!(bodies(&setup.receive().await), ["0"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_delay_of_a_fifo_queue_holds_for_what_is_delayed_already() {
    let setup = fifo(&[("DelaySeconds", "600")]).await;
    setup.send_to("a", "1").await;
    let set = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    set.attributes(QueueAttributeName::DelaySeconds, "5").send().await.expect("valid");
    assert!(setup.receive().await.is_empty());
    advance(5 * SECOND).await;
    assert_eq!(bodies(&setup.receive().await), ["1"]);
}

// Dead-letter queues

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_has_a_fifo_dead_letter_queue_in_which_retention_starts_again() {
    let setup = fifo(&[]).await;
    create(&setup.sqs, "plain", &[]).await;
    let dead = create(&setup.sqs, "dead.fifo", &[FIFO, ("MessageRetentionPeriod", "60")]).await;
    let set = |target: &str| {
        let policy = redrive_policy(target, 1);
        let set = setup.sqs.set_queue_attributes().queue_url(&setup.url);
        set.attributes(QueueAttributeName::RedrivePolicy, policy).send()
    };
    assert_eq!(code(set("plain").await), "InvalidParameterValue");
    set("dead.fifo").await.expect("of the same type");
    setup.send_to("a", "1").await;
    setup.send_to("a", "2").await;
    let first = setup.receive_up_to(1).await;
    assert_eq!(bodies(&first), ["1"]);
    advance(30 * SECOND).await;
    assert_eq!(bodies(&setup.receive().await), ["2"], "what failed does not block its group for ever");
    advance(59 * SECOND).await;
    let moved = setup.receive_from(&dead).await.remove(0);
    assert_eq!(moved.message_id, first[0].message_id);
    assert_eq!(system(&moved, MessageSystemAttributeName::MessageGroupId), "a");
    assert_eq!(system(&moved, MessageSystemAttributeName::DeadLetterQueueSourceArn), arn("work.fifo"));
    assert_eq!(system(&moved, MessageSystemAttributeName::SentTimestamp), "1767225630000", "enqueued anew");
}

// What is refused

#[rstest]
#[case::no_group(None, Some("id"), "MissingParameter", "The request must contain the parameter MessageGroupId.")]
#[case::no_deduplication(
    Some("a"),
    None,
    "InvalidParameterValue",
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)]
#[case::bad_group(
    Some("a b"),
    Some("id"),
    "InvalidParameterValue",
    "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and \
     punctuation characters. 1 to 128 in length."
)]
#[case::bad_deduplication(
    Some("a"),
    Some("\u{e9}"),
    "InvalidParameterValue",
    "Value \u{e9} for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include \
     alphanumeric and punctuation characters. 1 to 128 in length."
)]
#[tokio::test(start_paused = true)]
async fn a_message_without_what_a_fifo_queue_needs_is_refused(
    #[case] group: Option<&str>,
    #[case] id: Option<&str>,
    #[case] code: &str,
    #[case] message: &str,
) {
    let setup = queue("work.fifo", &[FIFO]).await;
    let send = setup.sqs.send_message().queue_url(&setup.url).message_body("x");
    let send = send.set_message_group_id(group.map(str::to_owned));
    let send = send.set_message_deduplication_id(id.map(str::to_owned)).send().await;
    let error = send.expect_err("refused").into_service_error();
    assert_eq!((error.meta().code(), error.meta().message()), (Some(code), Some(message)));
}

#[tokio::test(start_paused = true)]
async fn a_batch_to_a_fifo_queue_without_a_group_is_refused_as_a_whole_and_a_bad_entry_alone() {
    let setup = fifo(&[]).await;
    let entry = |id: &str, group: Option<&str>, delay: i32| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id).delay_seconds(delay);
        entry.set_message_group_id(group.map(str::to_owned)).build().expect("complete")
    };
    let send = |entries: Vec<SendMessageBatchRequestEntry>| {
        setup.sqs.send_message_batch().queue_url(&setup.url).set_entries(Some(entries)).send()
    };
    assert_eq!(code(send(vec![entry("1", Some("a"), 0), entry("2", None, 0)]).await), "InvalidParameterValue");
    let sent = send(vec![entry("1", Some("a"), 0), entry("2", Some("a"), 5)]).await.expect("a valid batch");
    assert!(sent.successful()[0].sequence_number().is_some());
    assert_eq!((sent.failed()[0].id(), sent.failed()[0].code()), ("2", "InvalidParameterValue"));
    assert_eq!(bodies(&setup.receive().await), ["1"]);
}

#[rstest]
#[case::standard_name("work", &[FIFO], "InvalidParameterValue")]
#[case::fifo_name_alone("work.fifo", &[], "InvalidParameterValue")]
#[case::no_stem(".fifo", &[FIFO], "InvalidParameterValue")]
#[case::not_fifo("work", &[("FifoQueue", "false")], "InvalidAttributeName")]
#[case::content_of_standard("work", &[BY_CONTENT], "InvalidAttributeName")]
#[case::scope_of_standard("work", &[("DeduplicationScope", "queue")], "InvalidAttributeName")]
#[case::unknown_scope("work.fifo", &[FIFO, ("DeduplicationScope", "topic")], "InvalidAttributeValue")]
#[case::throughput_without_scope("work.fifo", &[FIFO, ("FifoThroughputLimit", "perMessageGroupId")], "InvalidAttributeValue")]
#[tokio::test(start_paused = true)]
async fn a_queue_is_fifo_by_name_and_attribute_or_not_at_all(
    #[case] name: &str,
    #[case] attributes: &[(&str, &str)],
    #[case] expected: &str,
) {
    let setup = fifo(&[]).await;
    let mut request = setup.sqs.create_queue().queue_name(name);
    for (name, value) in attributes {
        request = request.attributes(QueueAttributeName::from(*name), *value);
    }
    assert_eq!(code(request.send().await), expected);
}

#[tokio::test(start_paused = true)]
async fn high_throughput_needs_deduplication_by_group_and_a_queue_keeps_its_type() {
    let setup = fifo(&[("DeduplicationScope", "messageGroup"), ("FifoThroughputLimit", "perMessageGroupId")]).await;
    assert_eq!(setup.attribute("FifoThroughputLimit").await, "perMessageGroupId");
    assert_eq!(setup.attribute("FifoQueue").await, "true");
    let set = |name: &str, value: &str| {
        setup.sqs.set_queue_attributes().queue_url(&setup.url).attributes(QueueAttributeName::from(name), value).send()
    };
    assert_eq!(code(set("DeduplicationScope", "queue").await), "InvalidAttributeValue");
    assert_eq!(code(set("FifoQueue", "false").await), "InvalidAttributeValue");
}

#[tokio::test(start_paused = true)]
async fn a_standard_queue_takes_a_group_for_fairness_and_no_deduplication_or_attempt() {
    let setup = queue("work", &[]).await;
    let send = || setup.sqs.send_message().queue_url(&setup.url).message_body("x").message_group_id("tenant");
    send().send().await.expect("a group is allowed");
    assert_eq!(code(send().message_deduplication_id("id").send().await), "InvalidParameterValue");
    let attempt = setup.sqs.receive_message().queue_url(&setup.url).receive_request_attempt_id("try").send().await;
    assert_eq!(code(attempt), "InvalidParameterValue");
    let received = setup.receive_one().await;
    assert_eq!(system(&received, MessageSystemAttributeName::MessageGroupId), "tenant");
}
