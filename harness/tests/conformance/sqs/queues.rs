//! Queues: their life, attributes and tags.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use super::{Queue, place};
use crate::kit::{Case, Known, case, cases, done, error, error_as, refused, refused_as, seen};

cases![
    a_queue_has_an_address_with_account_and_name,
    the_same_queue_is_created_once,
    a_queue_that_differs_is_refused,
    a_queues_name_is_of_few_characters,
    a_queue_that_was_just_deleted_cannot_be_created_again,
    a_queue_that_is_not_there_has_no_address,
    a_deleted_queue_takes_no_message,
    a_new_queue_has_the_documented_attributes,
    an_attribute_out_of_its_range_is_refused,
    an_attribute_that_sqs_does_not_know_is_refused,
    an_attribute_that_sqs_does_not_know_cannot_be_set,
    attributes_that_are_set_are_told,
    a_queue_is_purged_once_a_minute,
    queues_are_listed_by_prefix_and_page,
    tags_are_put_and_taken_away,
    a_queues_name_has_at_most_80_characters,
    a_page_has_at_most_a_thousand_queues,
];

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html>
fn a_queue_has_an_address_with_account_and_name() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let asked = queue.sqs.get_queue_url().queue_name(aws.name("work")).send().await;
        json!({
            "created": place(Some(&queue.url)),
            "asked": seen(asked, |answer| place(answer.queue_url())),
            "arn": queue.attributes(&["QueueArn"]).await,
        })
    })
    .gives(json!({
        "created": "ACCOUNT/work",
        "asked": "ACCOUNT/work",
        "arn": { "QueueArn": "arn:aws:sqs:us-east-1:ACCOUNT:work" },
    }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>
fn the_same_queue_is_created_once() -> Case {
    case(async |aws| {
        Queue::new(&aws, "work", &[("VisibilityTimeout", "60")]).await;
        let again = aws.sqs().create_queue().queue_name(aws.name("work"));
        let same = again.clone().attributes(QueueAttributeName::VisibilityTimeout, "60").send().await;
        json!([
            seen(same, |answer| place(answer.queue_url())),
            seen(again.send().await, |answer| place(answer.queue_url())),
        ])
    })
    .gives(json!(["ACCOUNT/work", "ACCOUNT/work"]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>
fn a_queue_that_differs_is_refused() -> Case {
    case(async |aws| {
        Queue::new(&aws, "work", &[("VisibilityTimeout", "60")]).await;
        let again = aws.sqs().create_queue().queue_name(aws.name("work"));
        refused(again.attributes(QueueAttributeName::VisibilityTimeout, "61").send().await)
    })
    .gives(error(
        400,
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>
fn a_queues_name_is_of_few_characters() -> Case {
    case(async |aws| refused(aws.sqs().create_queue().queue_name("no.dots").send().await)).gives(error(
        400,
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html>
fn a_queue_that_was_just_deleted_cannot_be_created_again() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let deleted = queue.sqs.delete_queue().queue_url(&queue.url).send().await;
        json!([done(deleted), refused(queue.sqs.create_queue().queue_name(aws.name("work")).send().await)])
    })
    .gives(json!([
        "done",
        error(
            400,
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        ),
    ]))
    .localstack(Known {
        got: json!(["done", "accepted"]),
        reason: "LocalStack asks for no pause unless SQS_DELAY_RECENTLY_DELETED is set",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html>
fn a_queue_that_is_not_there_has_no_address() -> Case {
    case(async |aws| refused(aws.sqs().get_queue_url().queue_name(aws.name("absent")).send().await)).gives(error(
        400,
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist.",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn a_deleted_queue_takes_no_message() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let deleted = queue.sqs.delete_queue().queue_url(&queue.url).send().await;
        let sent = queue.sqs.send_message().queue_url(&queue.url).message_body("a").send().await;
        json!([done(deleted), refused(sent)])
    })
    .gives(json!([
        "done",
        error(400, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
    ]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn a_new_queue_has_the_documented_attributes() -> Case {
    case(async |aws| {
        let names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
            "DelaySeconds",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "ReceiveMessageWaitTimeSeconds",
            "RedrivePolicy",
            "SqsManagedSseEnabled",
            "VisibilityTimeout",
        ];
        Queue::new(&aws, "work", &[]).await.attributes(&names).await
    })
    .gives(json!({
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn an_attribute_out_of_its_range_is_refused() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let mut errors = Vec::new();
        for (name, value) in [("VisibilityTimeout", "43201"), ("DelaySeconds", "901"), ("MaximumMessageSize", "1023")] {
            let set = queue.sqs.set_queue_attributes().queue_url(&queue.url);
            errors.push(refused(set.attributes(name.into(), value).send().await));
        }
        errors.into()
    })
    .gives(
        ["VisibilityTimeout", "DelaySeconds", "MaximumMessageSize"]
            .map(|name| error(400, "InvalidAttributeValue", &format!("Invalid value for the parameter {name}.")))
            .into(),
    )
    .localstack(Known {
        got: json!(["accepted", "accepted", "accepted"]),
        reason: "LocalStack takes every number",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>
fn an_attribute_that_sqs_does_not_know_is_refused() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let asked = queue.sqs.get_queue_attributes().queue_url(&queue.url).attribute_names("Colour".into());
        refused(asked.send().await)
    })
    .gives(error(400, "InvalidAttributeName", "Unknown Attribute Colour."))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn an_attribute_that_sqs_does_not_know_cannot_be_set() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let set = queue.sqs.set_queue_attributes().queue_url(&queue.url).attributes("Colour".into(), "red");
        refused(set.send().await)
    })
    .gives(error(400, "InvalidAttributeName", "Unknown Attribute Colour."))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn attributes_that_are_set_are_told() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[("DelaySeconds", "5")]).await;
        let set = queue.sqs.set_queue_attributes().queue_url(&queue.url);
        let set = set.attributes(QueueAttributeName::VisibilityTimeout, "45").send().await;
        json!([done(set), queue.attributes(&["DelaySeconds", "VisibilityTimeout"]).await])
    })
    .gives(json!(["done", { "DelaySeconds": "5", "VisibilityTimeout": "45" }]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html>
fn a_queue_is_purged_once_a_minute() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let purge = queue.sqs.purge_queue().queue_url(&queue.url);
        json!([done(purge.clone().send().await), refused(purge.send().await)])
    })
    .gives(json!([
        "done",
        error(
            403,
            "AWS.SimpleQueueService.PurgeQueueInProgress",
            "Only one PurgeQueue operation on work is allowed every 60 seconds.",
        ),
    ]))
    .localstack(Known {
        got: json!(["done", "accepted"]),
        reason: "LocalStack asks for no pause unless SQS_DELAY_PURGE_RETRY is set",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html>
fn queues_are_listed_by_prefix_and_page() -> Case {
    case(async |aws| {
        for name in ["a-1", "a-2", "b-1"] {
            Queue::new(&aws, name, &[]).await;
        }
        let places = |urls: &[String]| urls.iter().map(|url| place(Some(url))).collect::<Value>();
        let list = aws.sqs().list_queues().queue_name_prefix("a-");
        let all = list.clone().send().await.expect("valid");
        let first = list.clone().max_results(1).send().await.expect("valid");
        let second = list.max_results(1).next_token(first.next_token().unwrap_or_default()).send().await;
        let none = aws.sqs().list_queues().queue_name_prefix("c-").send().await.expect("valid");
        json!({
            "all": places(all.queue_urls()),
            "more": [all.next_token().is_some(), first.next_token().is_some()],
            "first": places(first.queue_urls()),
            "second": seen(second, |second| places(second.queue_urls())),
            "none": places(none.queue_urls()),
        })
    })
    .gives(json!({
        "all": ["ACCOUNT/a-1", "ACCOUNT/a-2"],
        "more": [false, true],
        "first": ["ACCOUNT/a-1"],
        "second": ["ACCOUNT/a-2"],
        "none": [],
    }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_TagQueue.html>
fn tags_are_put_and_taken_away() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let tagged = queue.sqs.tag_queue().queue_url(&queue.url).tags("team", "a").tags("stage", "test").send().await;
        let untagged = queue.sqs.untag_queue().queue_url(&queue.url).tag_keys("stage").tag_keys("none").send().await;
        let tags = queue.sqs.list_queue_tags().queue_url(&queue.url).send().await;
        json!([done(tagged), done(untagged), seen(tags, |answer| json!(answer.tags))])
    })
    .gives(json!(["done", "done", { "team": "a" }]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>
fn a_queues_name_has_at_most_80_characters() -> Case {
    case(async |aws| refused_as(aws.sqs().create_queue().queue_name("q".repeat(81)).send().await))
        .gives(error_as(400, "InvalidParameterValue"))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html>
fn a_page_has_at_most_a_thousand_queues() -> Case {
    case(async |aws| refused_as(aws.sqs().list_queues().max_results(1001).send().await))
        .gives(error_as(400, "InvalidParameterValue"))
        .localstack(Known {
            got: json!("accepted"),
            reason: "LocalStack takes every number",
            page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html",
        })
}
