//! Dead-letter queues: to them and back.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>

use aws_sdk_sqs::types::MessageSystemAttributeName;
use serde_json::{Value, json};

use super::{Queue, bodies, place};
use crate::kit::{Aws, Case, Known, case, cases, error, error_as, refused, refused_as, seen};

cases![
    a_message_that_was_received_too_often_is_a_dead_letter,
    a_dead_letter_queue_knows_its_sources,
    dead_letters_are_moved_back,
    a_dead_letter_queue_must_exist,
    a_redrive_policy_names_a_queue_by_its_arn,
    only_dead_letters_are_moved,
    a_queue_that_is_not_there_has_no_dead_letters_to_move,
    a_dead_letter_queue_may_deny_all_sources,
];

fn policy(target: &str) -> String {
    json!({ "deadLetterTargetArn": target, "maxReceiveCount": 1 }).to_string()
}

/// A queue that lets a message be received once, and its dead-letter queue.
async fn queues(aws: &Aws) -> (Queue, Queue) {
    let dead = Queue::new(aws, "dead", &[]).await;
    let work = Queue::new(aws, "work", &[("RedrivePolicy", &policy(&dead.arn))]).await;
    (work, dead)
}

/// Sends a message and receives it as often as makes it a dead letter.
async fn die(work: &Queue, body: &str) {
    work.send(body).await;
    let change = work.sqs.change_message_visibility().queue_url(&work.url).receipt_handle(work.handle().await);
    change.visibility_timeout(0).send().await.expect("the message is in flight");
    let again = work.sqs.receive_message().queue_url(&work.url).send().await.expect("the queue is there");
    assert!(again.messages().is_empty(), "it is received once");
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
fn a_message_that_was_received_too_often_is_a_dead_letter() -> Case {
    case(async |aws| {
        let (work, dead) = queues(&aws).await;
        die(&work, "a").await;
        let letter = dead.receive(1).await.pop();
        let attributes = letter.as_ref().and_then(|letter| letter.attributes());
        let source = attributes.and_then(|all| all.get(&MessageSystemAttributeName::DeadLetterQueueSourceArn));
        json!({ "body": letter.as_ref().and_then(|letter| letter.body()), "source": source })
    })
    .gives(json!({ "body": "a", "source": "arn:aws:sqs:us-east-1:ACCOUNT:work" }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html>
fn a_dead_letter_queue_knows_its_sources() -> Case {
    case(async |aws| {
        let (work, dead) = queues(&aws).await;
        let mut sources = Vec::new();
        for queue in [&dead, &work] {
            let listed = queue.sqs.list_dead_letter_source_queues().queue_url(&queue.url).send().await;
            sources.push(seen(listed, |listed| listed.queue_urls().iter().map(|url| place(Some(url))).collect()));
        }
        Value::from(sources)
    })
    .gives(json!([["ACCOUNT/work"], []]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
fn dead_letters_are_moved_back() -> Case {
    case(async |aws| {
        let (work, dead) = queues(&aws).await;
        die(&work, "a").await;
        let started = work.sqs.start_message_move_task().source_arn(&dead.arn).send().await;
        let started = seen(started, |started| started.task_handle().is_some().into());
        json!({ "started": started, "received": bodies(&work.receive(1).await) })
    })
    .gives(json!({ "started": true, "received": ["a"] }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn a_dead_letter_queue_must_exist() -> Case {
    case(async |aws| {
        let work = Queue::new(&aws, "work", &[]).await;
        let set = work.sqs.set_queue_attributes().queue_url(&work.url);
        refused_as(set.attributes("RedrivePolicy".into(), policy(&aws.arn("sqs", "absent"))).send().await)
    })
    .gives(error_as(400, "InvalidParameterValue"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not look for the dead-letter queue",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn a_redrive_policy_names_a_queue_by_its_arn() -> Case {
    case(async |aws| {
        let work = Queue::new(&aws, "work", &[]).await;
        let set = work.sqs.set_queue_attributes().queue_url(&work.url);
        refused(set.attributes("RedrivePolicy".into(), policy("dummy")).send().await)
    })
    .gives(error(
        400,
        "InvalidParameterValue",
        "Value {\"deadLetterTargetArn\":\"dummy\",\"maxReceiveCount\":1} for parameter RedrivePolicy is invalid. \
         Reason: Invalid value for deadLetterTargetArn.",
    ))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not look at the ARN",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
fn only_dead_letters_are_moved() -> Case {
    case(async |aws| {
        let work = Queue::new(&aws, "work", &[]).await;
        refused(work.sqs.start_message_move_task().source_arn(&work.arn).send().await)
    })
    .gives(error(400, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
fn a_queue_that_is_not_there_has_no_dead_letters_to_move() -> Case {
    case(async |aws| refused(aws.sqs().start_message_move_task().source_arn(aws.arn("sqs", "absent")).send().await))
        .gives(error(
            404,
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
        ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn a_dead_letter_queue_may_deny_all_sources() -> Case {
    case(async |aws| {
        let deny = r#"{"redrivePermission":"denyAll"}"#;
        let dead = Queue::new(&aws, "dead", &[("RedriveAllowPolicy", deny)]).await;
        let work = Queue::new(&aws, "work", &[]).await;
        let set = work.sqs.set_queue_attributes().queue_url(&work.url);
        let set = set.attributes("RedrivePolicy".into(), policy(&dead.arn)).send().await;
        json!([dead.attributes(&["RedriveAllowPolicy"]).await, refused_as(set)])
    })
    .gives(
        json!([{ "RedriveAllowPolicy": r#"{"redrivePermission":"denyAll"}"# }, error_as(400, "InvalidParameterValue")]),
    )
    .localstack(Known {
        got: json!([{ "RedriveAllowPolicy": "{\"redrivePermission\":\"denyAll\"}" }, "accepted"]),
        reason: "LocalStack keeps the policy and does not use it",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    })
}
