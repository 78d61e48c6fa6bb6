//! What cannot be seen, or would take too long, through the SDK.

use http::{HeaderMap, Method};

use super::*;
use crate::Clock;
use crate::protocol::Identity;

fn next_visible(state: &mut State) -> Option<Timestamp> {
    state.queues.get_mut("work").and_then(Queue::next_visible)
}

#[tokio::test(start_paused = true)]
async fn another_services_message_is_delayed_by_the_queue_and_refused_where_it_is_too_large() {
    let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
    let ids = Ids::seeded(1);
    let mut attributes = attributes::Attributes::default();
    attributes.set("CreateQueue", "DelaySeconds", "5").expect("in range");
    attributes.set("CreateQueue", "MaximumMessageSize", "1024").expect("in range");
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/work";
    let queue = Queue::new("arn:aws:sqs:us-east-1:123456789012:work".into(), url.into(), attributes, clock, &ids);
    let mut state = State::default();
    state.queues.insert("work".into(), queue);

    let mut deliver = |name, length| {
        let message = NewMessage { body: "a".repeat(length), ..NewMessage::default() };
        state.deliver(name, message, clock.now(), &ids)
    };
    assert_eq!(deliver("absent", 1), Err(Undeliverable::NoSuchTarget));
    assert_eq!(deliver("work", 1025), Err(Undeliverable::NoSuchTarget));
    deliver("work", 1024).expect("the queue is there");
    assert_eq!(next_visible(&mut state), Some(clock.now() + SignedDuration::from_secs(5)));
    assert_eq!(state.depths(clock.now())[0].delayed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_expires_before_its_delay_is_over_is_not_waited_for() {
    let (clock, ids) = (Clock::starting_at(Timestamp::UNIX_EPOCH), Ids::seeded(1));
    let mut attributes = attributes::Attributes::default();
    attributes.set("CreateQueue", "DelaySeconds", "60").expect("in range");
    attributes.set("CreateQueue", "MessageRetentionPeriod", "60").expect("in range");
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/work";
    let queue = Queue::new("arn:aws:sqs:us-east-1:123456789012:work".into(), url.into(), attributes, clock, &ids);
    let mut state = State::default();
    state.queues.insert("work".into(), queue);
    state.deliver("work", NewMessage::default(), clock.now(), &ids).expect("the queue is there");
    assert_eq!(next_visible(&mut state), None);
}

const URL: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/";

/// A world with one queue that holds as many messages, and how many of them are in flight.
fn world(messages: usize, in_flight: usize) -> World {
    let name = "work";
    let (clock, ids) = (Clock::starting_at(Timestamp::UNIX_EPOCH), Ids::seeded(1));
    let mut world = World::new(clock, ids.clone());
    let state = &mut world.region("123456789012", "us-east-1").sqs;
    let arn = format!("arn:aws:sqs:us-east-1:123456789012:{name}");
    let queue = Queue::new(arn, format!("{URL}{name}"), attributes::Attributes::default(), clock, &ids);
    state.queues.insert(name.to_owned(), queue);
    for _ in 0..messages {
        let message = NewMessage { body: "x".to_owned(), ..NewMessage::default() };
        state.deliver(name, message, clock.now(), &ids).expect("the queue is there");
    }
    let received = state.receive(name, in_flight, clock.now(), MAXIMUM_VISIBILITY, &ids);
    assert_eq!(received.len(), in_flight);
    world
}

/// A receive of as many messages as one may ask for: how many came, or the error's code.
fn receive(world: &mut World, wait: i64) -> Result<usize, String> {
    let body = serde_json::json!({
        "QueueUrl": format!("{URL}work"), "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait,
    });
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-target", http::HeaderValue::from_static("AmazonSQS.ReceiveMessage"));
    let uri = http::Uri::from_static("https://sqs.us-east-1.amazonaws.com/");
    let request = Request { method: Method::POST, uri, headers, body: body.to_string().into() };
    let identity = Identity {
        service: Service::Sqs,
        operation: "ReceiveMessage".to_owned(),
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let (clock, ids) = (world.clock, world.ids.clone());
    let call = Call { request: &request, identity: &identity, request_id: "r", clock, ids };
    let reply = answer(world, &call).map_err(|error| error.code.into_owned())?;
    let reply: serde_json::Value = serde_json::from_slice(&reply.body).expect("an answer is JSON");
    Ok(reply["Messages"].as_array().map_or(0, Vec::len))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
#[tokio::test(start_paused = true)]
async fn no_more_than_120_000_messages_are_in_flight() {
    let mut standard = world(120_010, 119_995);
    assert_eq!(receive(&mut standard, 0), Ok(5));
    assert_eq!(receive(&mut standard, 0), Err("OverLimit".to_owned()));
    assert_eq!(receive(&mut standard, 1), Ok(0), "a long poll is told nothing");
    let (next, _) = readiness(&mut standard, &format!("{URL}work"));
    let over = standard.clock.now() + SignedDuration::from_secs(30);
    assert_eq!(next, Some(over), "a long poll waits until there is room");
}
