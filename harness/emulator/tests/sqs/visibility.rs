//! Visibility timeouts and receipt handles.

use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use tokio::time::advance;

use crate::setup::{SECOND, code, handle, setup, system};

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
