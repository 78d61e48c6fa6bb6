//! Delay, long polling and retention.

use rstest::rstest;
use tokio::time::{Instant, advance};

use crate::setup::{SECOND, bodies, code, create, setup};

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

// Many queues

/// How often a future is polled until it is done.
async fn polls(future: impl Future) -> usize {
    let mut future = std::pin::pin!(future);
    let mut count = 0;
    std::future::poll_fn(|context| {
        count += 1;
        future.as_mut().poll(context).map(drop)
    })
    .await;
    count
}

#[tokio::test(start_paused = true)]
async fn a_waiter_sleeps_through_what_happens_to_other_queues() {
    let setup = setup(&[]).await;
    let other = create(&setup.sqs, "other", &[]).await;
    let (emulator, url) = (setup.emulator.clone(), setup.url.clone());
    let waiter = tokio::spawn(polls(async move { emulator.message_ready(&url).await }));
    for number in 0..20 {
        tokio::time::sleep(SECOND).await;
        let send = setup.sqs.send_message().queue_url(&other).message_body(number.to_string());
        send.send().await.expect("valid");
        assert_eq!(setup.receive_from(&other).await.len(), 1);
    }
    setup.send("at last").await;
    assert_eq!(waiter.await.expect("it waits"), 2, "once to begin with, and once when its own message came");
}

#[tokio::test(start_paused = true)]
async fn waiters_of_several_queues_wake_each_for_its_own_message() {
    let setup = setup(&[]).await;
    let (second, third) = (create(&setup.sqs, "second", &[]).await, create(&setup.sqs, "third", &[]).await);
    let start = Instant::now();
    let poll = async |url: &str| {
        let receive = setup.sqs.receive_message().queue_url(url).wait_time_seconds(20);
        let received = receive.send().await.expect("valid").messages.unwrap_or_default();
        (bodies(&received).join(" "), start.elapsed().as_secs())
    };
    let send = async {
        for (url, body) in [(&third, "c"), (&setup.url, "a"), (&second, "b")] {
            tokio::time::sleep(3 * SECOND).await;
            setup.sqs.send_message().queue_url(url).message_body(body).send().await.expect("valid");
        }
    };
    let (first, second, third, ()) = tokio::join!(poll(&setup.url), poll(&second), poll(&third), send);
    assert_eq!([first, second, third], [("a".into(), 6), ("b".into(), 9), ("c".into(), 3)]);
}
