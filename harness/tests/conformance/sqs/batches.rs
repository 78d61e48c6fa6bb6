//! Batches: what is refused as a whole, and what in its own entry.

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    SendMessageBatchRequestEntry,
};
use serde_json::{Value, json};

use super::{Queue, bodies};
use crate::kit::{Aws, Case, Known, case, cases, error, error_as, refused, seen};

cases![
    a_batch_has_an_answer_for_every_entry,
    a_batch_has_an_entry,
    a_batch_has_at_most_ten_entries,
    a_batchs_ids_are_distinct,
    a_batchs_ids_are_of_few_characters,
    a_batch_weighs_at_most_a_mebibyte,
    a_batch_may_fail_in_part,
    messages_are_deleted_in_a_batch,
    visibility_is_changed_in_a_batch,
];

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().expect("it has an id and a body")
}

/// The error of a batch, without its wording.
async fn refused_batch_as(aws: Aws, entries: Vec<SendMessageBatchRequestEntry>) -> Value {
    let error = refused_batch(aws, entries).await;
    json!({ "status": error["status"], "code": error["code"] })
}

/// A batch that is refused as a whole.
async fn refused_batch(aws: Aws, entries: Vec<SendMessageBatchRequestEntry>) -> Value {
    let queue = Queue::new(&aws, "work", &[]).await;
    refused(queue.sqs.send_message_batch().queue_url(&queue.url).set_entries(Some(entries)).send().await)
}

fn failures(failed: &[BatchResultErrorEntry]) -> Value {
    failed.iter().map(|entry| json!([entry.id(), entry.code(), entry.sender_fault()])).collect()
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
fn a_batch_has_an_answer_for_every_entry() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let send = queue.sqs.send_message_batch().queue_url(&queue.url).entries(entry("1", "a"));
        let sent = seen(send.entries(entry("2", "b")).send().await, |sent| {
            let digests = sent.successful().iter().map(|entry| json!([entry.id(), entry.md5_of_message_body()]));
            json!({ "successful": digests.collect::<Value>(), "failed": failures(sent.failed()) })
        });
        json!({ "sent": sent, "received": bodies(&queue.receive(2).await) })
    })
    .gives(json!({
        "sent": {
            "successful": [["1", "0cc175b9c0f1b6a831c399e269772661"], ["2", "92eb5ffee6ae2fec3ad71c777531578f"]],
            "failed": [],
        },
        "received": ["a", "b"],
    }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
fn a_batch_has_an_entry() -> Case {
    case(|aws| refused_batch_as(aws, Vec::new())).gives(error_as(400, "AWS.SimpleQueueService.EmptyBatchRequest"))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
fn a_batch_has_at_most_ten_entries() -> Case {
    case(|aws| refused_batch(aws, (0..11).map(|id| entry(&id.to_string(), "a")).collect())).gives(error(
        400,
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 11.",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
fn a_batchs_ids_are_distinct() -> Case {
    case(|aws| refused_batch_as(aws, vec![entry("1", "a"), entry("1", "b")]))
        .gives(error_as(400, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
fn a_batchs_ids_are_of_few_characters() -> Case {
    case(|aws| refused_batch(aws, vec![entry("a:1", "a")])).gives(error(
        400,
        "AWS.SimpleQueueService.InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 \
         letters long.",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
fn a_batch_weighs_at_most_a_mebibyte() -> Case {
    case(|aws| {
        let half = "a".repeat(512 * 1024);
        refused_batch(aws, vec![entry("1", &half), entry("2", &format!("{half}a"))])
    })
    .gives(error(
        400,
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html>
fn a_batch_may_fail_in_part() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let send = queue.sqs.send_message_batch().queue_url(&queue.url).entries(entry("good", "a"));
        let sent = seen(send.entries(entry("bad", "\u{1}")).send().await, |sent| {
            let ids: Vec<&str> = sent.successful().iter().map(|entry| entry.id()).collect();
            json!({ "successful": ids, "failed": failures(sent.failed()) })
        });
        json!({ "sent": sent, "received": bodies(&queue.receive(1).await) })
    })
    .gives(json!({
        "sent": { "successful": ["good"], "failed": [["bad", "InvalidMessageContents", true]] },
        "received": ["a"],
    }))
    .localstack(Known {
        got: json!({
            "sent": { "successful": ["good"], "failed": [["bad", "InvalidMessageContents", false]] },
            "received": ["a"],
        }),
        reason: "LocalStack never finds fault with the sender",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html>
fn messages_are_deleted_in_a_batch() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let entry = |id: &str, handle: &str| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle);
            entry.build().expect("it has an id and a handle")
        };
        let delete = queue.sqs.delete_message_batch().queue_url(&queue.url);
        let delete = delete.entries(entry("good", &queue.handle().await)).entries(entry("bad", "mine"));
        let deleted = seen(delete.send().await, |deleted| {
            let ids: Vec<&str> = deleted.successful().iter().map(|entry| entry.id()).collect();
            json!({ "successful": ids, "failed": failures(deleted.failed()) })
        });
        json!([deleted, queue.attributes(&["ApproximateNumberOfMessagesNotVisible"]).await])
    })
    .gives(json!([
        { "successful": ["good"], "failed": [["bad", "ReceiptHandleIsInvalid", true]] },
        { "ApproximateNumberOfMessagesNotVisible": "0" },
    ]))
    .localstack(Known {
        got: json!([
            { "successful": ["good"], "failed": [["bad", "ReceiptHandleIsInvalid", false]] },
            { "ApproximateNumberOfMessagesNotVisible": "0" },
        ]),
        reason: "LocalStack never finds fault with the sender",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html>
fn visibility_is_changed_in_a_batch() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let handle = queue.handle().await;
        let entry = |id: &str, seconds: i32| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(&handle);
            entry.visibility_timeout(seconds).build().expect("it has an id and a handle")
        };
        let change = queue.sqs.change_message_visibility_batch().queue_url(&queue.url);
        let change = change.entries(entry("bad", 43_201)).entries(entry("good", 0));
        let changed = seen(change.send().await, |changed| {
            let ids: Vec<&str> = changed.successful().iter().map(|entry| entry.id()).collect();
            json!({ "successful": ids, "failed": failures(changed.failed()) })
        });
        json!({ "changed": changed, "received": bodies(&queue.receive(1).await) })
    })
    .gives(json!({
        "changed": { "successful": ["good"], "failed": [["bad", "InvalidParameterValue", true]] },
        "received": ["a"],
    }))
    .localstack(Known {
        got: json!({ "changed": { "successful": ["bad", "good"], "failed": [] }, "received": ["a"] }),
        reason: "LocalStack takes every visibility timeout",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html",
    })
}
