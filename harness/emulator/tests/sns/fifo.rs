//! FIFO topics: what a message must say, duplicates, order and sequence numbers.

use std::time::Duration;

use aws_sdk_sns::operation::publish::PublishOutput;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use aws_sdk_sqs::types::MessageSystemAttributeName::{MessageDeduplicationId, MessageGroupId};
use aws_sdk_sqs::types::QueueAttributeName;
use rstest::rstest;
use serde_json::Value;

use crate::setup::{FUNCTION, Setup, TOPIC, receive, refusal, setup};

async fn publish(setup: &Setup, topic: &str, message: &str, group: &str, id: Option<&str>) -> PublishOutput {
    let publish = setup.sns.publish().topic_arn(topic).message(message).message_group_id(group);
    let publish = publish.set_message_deduplication_id(id.map(str::to_owned));
    publish.send().await.expect("the message is published")
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
#[rstest]
#[case::standard("orders.fifo", "false", Some("Invalid parameter: Topic Name"))]
#[case::suffix(
    "orders",
    "true",
    Some(
        "Invalid parameter: Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
    )
)]
#[case::fifo("orders.fifo", "true", None)]
#[tokio::test(start_paused = true)]
async fn the_name_of_a_fifo_topic_ends_with_fifo(
    #[case] name: &str,
    #[case] fifo: &str,
    #[case] refused: Option<&str>,
) {
    let setup = setup().await;
    let created = setup.sns.create_topic().name(name).attributes("FifoTopic", fifo).send().await;
    let refused = refused.map(|message| format!("InvalidParameter: {message}"));
    assert_eq!(created.map_err(refusal).err(), refused);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_a_fifo_topic_has_a_group_and_is_deduplicated() {
    let setup = setup().await;
    let topic = setup.fifo_topic(&[]).await;
    let publish = || setup.sns.publish().message("m");
    let refusals = [
        publish().topic_arn(&topic).send().await,
        publish().topic_arn(&topic).message_group_id("g").send().await,
        publish().topic_arn(TOPIC).message_deduplication_id("d").send().await,
        publish().topic_arn(&topic).message_group_id("g g").message_deduplication_id("d").send().await,
    ];
    let refusals = refusals.map(|answer| answer.map_err(refusal).expect_err("refused"));
    let prefix = "InvalidParameter: Invalid parameter: ";
    assert_eq!(
        refusals.each_ref().map(|refusal| refusal.strip_prefix(prefix).unwrap_or(refusal)),
        [
            "The MessageGroupId parameter is required for FIFO topics",
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for \
             this topic type",
            "MessageGroupId Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in \
             length",
        ]
    );
}

/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html>
#[tokio::test(start_paused = true)]
async fn a_duplicate_within_five_minutes_is_answered_alike_and_not_delivered() {
    let setup = setup().await;
    let topic = setup.fifo_topic(&[]).await;
    let (sqs, url, queue) = setup.queue("inbox").await;
    setup.try_subscribe(&topic, "sqs", &queue, &[]).await.expect("a standard queue may subscribe");
    let first = publish(&setup, &topic, "one", "g", Some("d")).await;
    tokio::time::sleep(Duration::from_secs(299)).await;
    let duplicate = publish(&setup, &topic, "another", "h", Some("d")).await;
    assert_eq!(first.message_id(), duplicate.message_id());
    assert_eq!(first.sequence_number(), duplicate.sequence_number());
    assert_eq!(receive(&sqs, &url).await.len(), 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let later = publish(&setup, &topic, "one", "g", Some("d")).await;
    assert_ne!(first.message_id(), later.message_id());
    assert_eq!(receive(&sqs, &url).await.len(), 1);
}

/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html>
#[rstest]
#[case::by_content(&[("ContentBasedDeduplication", "true")], 2)]
#[case::by_content_in_groups(&[("ContentBasedDeduplication", "true"), ("FifoThroughputScope", "MessageGroup")], 3)]
#[tokio::test(start_paused = true)]
async fn content_deduplicates_within_the_topic_or_within_its_groups(
    #[case] attributes: &[(&str, &str)],
    #[case] expected: usize,
) {
    let setup = setup().await;
    let topic = setup.fifo_topic(attributes).await;
    let (sqs, url, queue) = setup.queue("inbox").await;
    setup.try_subscribe(&topic, "sqs", &queue, &[]).await.expect("a standard queue may subscribe");
    for (message, group) in [("same", "g"), ("same", "g"), ("same", "h"), ("other", "g")] {
        publish(&setup, &topic, message, group, None).await;
    }
    assert_eq!(receive(&sqs, &url).await.len(), expected);
}

/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-ordering.html>
#[tokio::test(start_paused = true)]
async fn sequence_numbers_grow_and_are_in_the_envelope_in_place_of_a_signature() {
    let setup = setup().await;
    let topic = setup.fifo_topic(&[]).await;
    let (sqs, url, queue) = setup.queue("inbox").await;
    setup.try_subscribe(&topic, "sqs", &queue, &[]).await.expect("a standard queue may subscribe");
    let (one, two) =
        (publish(&setup, &topic, "1", "g", Some("1")).await, publish(&setup, &topic, "2", "g", Some("2")).await);
    let numbers = [one, two].map(|output| output.sequence_number().expect("a FIFO topic numbers").to_owned());
    assert!(numbers[0] < numbers[1] && numbers.iter().all(|number| number.len() == 20), "{numbers:?}");
    let received = receive(&sqs, &url).await;
    let envelopes = received.iter().map(|message| message.body().expect("a message has a body"));
    let envelopes: Vec<Value> = envelopes.map(|body| serde_json::from_str(body).expect("it is JSON")).collect();
    assert_eq!(envelopes[0]["SequenceNumber"], numbers[0]);
    let names: Vec<_> = envelopes[0].as_object().expect("it is an object").keys().map(String::as_str).collect();
    assert_eq!(names.join(" "), "Type MessageId SequenceNumber TopicArn Message Timestamp UnsubscribeURL");
    let groups = received.iter().map(|message| message.attributes().and_then(|all| all.get(&MessageGroupId)));
    assert!(groups.into_iter().all(|group| group.map(String::as_str) == Some("g")));
}

#[tokio::test(start_paused = true)]
async fn a_batch_to_a_fifo_topic_fails_as_a_whole_where_a_group_is_missing() {
    let setup = setup().await;
    let topic = setup.fifo_topic(&[("ContentBasedDeduplication", "true")]).await;
    let entry = |id: &str, group: Option<&str>| {
        let entry = PublishBatchRequestEntry::builder().id(id).message(id);
        entry.set_message_group_id(group.map(str::to_owned)).build().expect("an entry has an id and a message")
    };
    let batch = async |entries| {
        let batch = setup.sns.publish_batch().topic_arn(&topic).set_publish_batch_request_entries(Some(entries));
        batch.send().await.map_err(refusal)
    };
    let refused = batch(vec![entry("a", Some("g")), entry("b", None)]).await.expect_err("refused");
    assert_eq!(
        refused,
        "InvalidParameter: Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    );
    let taken = batch(vec![entry("a", Some("g")), entry("b", Some("g"))]).await.expect("taken");
    let numbers: Vec<_> = taken.successful().iter().filter_map(|entry| entry.sequence_number()).collect();
    assert!(numbers.len() == 2 && numbers[0] < numbers[1], "{numbers:?}");
}

/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-delivery.html>
#[tokio::test(start_paused = true)]
async fn only_queues_subscribe_to_fifo_topics_and_fifo_queues_to_nothing_else() {
    let setup = setup().await;
    let topic = setup.fifo_topic(&[]).await;
    let fifo_queue = "arn:aws:sqs:us-east-1:123456789012:inbox.fifo";
    let dead = r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"}"#;
    let refusals = [
        setup.try_subscribe(&topic, "lambda", FUNCTION, &[]).await,
        setup.try_subscribe(&topic, "email", "alice@example.com", &[]).await,
        setup.try_subscribe(TOPIC, "sqs", fifo_queue, &[]).await,
        setup.try_subscribe(&topic, "sqs", fifo_queue, &[("RedrivePolicy", dead)]).await,
    ];
    let prefix = "InvalidParameter: Invalid parameter: ";
    assert_eq!(
        refusals.map(|answer| answer.expect_err("refused").replace(prefix, "")),
        [
            "Invalid parameter: Endpoint Reason: Please use FIFO SQS queue",
            "Invalid parameter: Endpoint Reason: Please use FIFO SQS queue",
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
            "Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
        ]
    );
    setup.try_subscribe(&topic, "sqs", fifo_queue, &[]).await.expect("a FIFO queue may subscribe");
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
#[tokio::test(start_paused = true)]
async fn a_topic_stays_what_it_was_created_as() {
    let setup = setup().await;
    let topic = setup.fifo_topic(&[]).await;
    let set = setup.sns.set_topic_attributes().topic_arn(&topic).attribute_name("FifoTopic").attribute_value("false");
    let refused = set.send().await.map_err(refusal).expect_err("refused");
    assert_eq!(refused, "InvalidParameter: Invalid parameter: AttributeName");
    let told = setup.sns.get_topic_attributes().topic_arn(&topic).send().await.expect("told");
    let told = told.attributes().expect("a topic has attributes");
    assert_eq!((told["FifoTopic"].as_str(), told["ContentBasedDeduplication"].as_str()), ("true", "false"));
}

/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-delivery.html>
#[rstest]
#[case::enveloped("false")]
#[case::raw("true")]
#[tokio::test(start_paused = true)]
async fn a_fifo_queue_gets_group_and_deduplication_id_in_order(#[case] raw: &str) {
    let setup = setup().await;
    let topic = setup.fifo_topic(&[("ContentBasedDeduplication", "true")]).await;
    let sqs = aws_sdk_sqs::Client::new(&crate::common::config(&setup.emulator));
    let create = sqs.create_queue().queue_name("inbox.fifo").attributes(QueueAttributeName::FifoQueue, "true");
    let url = create.send().await.expect("created").queue_url().expect("a queue has a URL").to_owned();
    let queue = "arn:aws:sqs:us-east-1:123456789012:inbox.fifo";
    setup.try_subscribe(&topic, "sqs", queue, &[("RawMessageDelivery", raw)]).await.expect("subscribed");
    publish(&setup, &topic, "1", "g", Some("own")).await;
    publish(&setup, &topic, "2", "g", None).await;
    let received = receive(&sqs, &url).await;
    let told = received.iter().map(|message| {
        let all = message.attributes().expect("attributes were asked for");
        let text = match raw {
            "true" => message.body().expect("a message has a body").to_owned(),
            _ => {
                let envelope: Value = serde_json::from_str(message.body().expect("a body")).expect("it is JSON");
                envelope["Message"].as_str().expect("it has a message").to_owned()
            }
        };
        (text, all[&MessageGroupId].clone(), all[&MessageDeduplicationId].clone())
    });
    let of_content = "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35";
    let expected = [("1", "g", "own"), ("2", "g", of_content)];
    let expected = expected.map(|(text, group, id)| (text.to_owned(), group.to_owned(), id.to_owned()));
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
