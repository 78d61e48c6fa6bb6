//! Queues: their life, attributes and tags.

use aws_sdk_sqs::types::QueueAttributeName;
use rstest::rstest;
use tokio::time::advance;

use crate::setup::{SECOND, arn, code, create, setup};

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
#[case("KmsMasterKeyId", "alias/aws/sqs", "NotImplemented")]
#[case("KmsDataKeyReusePeriodSeconds", "59", "InvalidAttributeValue")]
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
