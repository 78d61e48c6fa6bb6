//! Batches.

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry,
};
use rstest::rstest;

use crate::setup::{code, handle, setup};

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
