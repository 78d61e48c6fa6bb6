//! Dead-letter queues and the way back from them.

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use tokio::time::advance;

use crate::setup::{SECOND, arn, code, create, redrive_policy, setup, system};

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
