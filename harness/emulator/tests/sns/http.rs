//! Subscriptions by HTTP: confirmation, requests, and retries by the delivery policy.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sns::Client;
use jiff::Timestamp;
use rehearsal_emulator::protocol::{Reply, Request};
use rehearsal_emulator::{Clock, Emulator, Ids};
use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{START, config};
use crate::setup::receive;

const ENDPOINT: &str = "https://partner.example/hook";

/// What the endpoint was sent and when, and what it answers: a status each, and then 200.
type Asked = Arc<Mutex<Vec<(Timestamp, Request)>>>;

struct Endpoint {
    emulator: Emulator,
    sns: Client,
    topic: String,
    asked: Asked,
}

impl Endpoint {
    async fn new(statuses: &[u16]) -> Self {
        let clock = Clock::starting_at(START.parse().expect("START is a timestamp"));
        let (asked, statuses) = (Asked::default(), Mutex::new(VecDeque::from(statuses.to_vec())));
        let log = asked.clone();
        let emulator = Emulator::new(clock, Ids::seeded(1)).with_hosts(Arc::new(move |asked| {
            log.lock().expect("no test panics with it").push((clock.now(), asked.request));
            let status = statuses.lock().expect("no test panics with it").pop_front().unwrap_or(200);
            Some(Box::pin(std::future::ready(Ok(Reply::empty().with_status(status)))))
        }));
        let driven = emulator.clone();
        tokio::spawn(async move { driven.drive().await });
        let sns = Client::new(&config(&emulator));
        let created = sns.create_topic().name("orders").send().await.expect("the topic is created");
        Self { emulator, sns, topic: created.topic_arn().expect("a topic has an ARN").to_owned(), asked }
    }

    /// Subscribes the endpoint and confirms that. What it was asked for that is forgotten.
    async fn subscribe(&self, attributes: &[(&str, &str)]) -> String {
        let mut subscribe = self.sns.subscribe().topic_arn(&self.topic).protocol("https").endpoint(ENDPOINT);
        for (name, value) in attributes {
            subscribe = subscribe.attributes(*name, *value);
        }
        subscribe.send().await.expect("the subscription is valid");
        tokio::time::sleep(Duration::from_millis(1)).await;
        let token = body(&self.asked()[0].1)["Token"].as_str().expect("it has a token").to_owned();
        let confirmed = self.sns.confirm_subscription().topic_arn(&self.topic).token(token).send().await;
        self.asked.lock().expect("no test panics with it").clear();
        confirmed.expect("confirmed").subscription_arn().expect("a subscription has an ARN").to_owned()
    }

    fn asked(&self) -> Vec<(Timestamp, Request)> {
        self.asked.lock().expect("no test panics with it").clone()
    }

    /// After how many seconds each request was sent.
    fn times(&self) -> Vec<i64> {
        let asked = self.asked();
        asked.iter().map(|(at, _)| at.duration_since(asked[0].0).as_secs()).collect()
    }

    async fn publish(&self) {
        self.sns.publish().topic_arn(&self.topic).message("hello").send().await.expect("published");
        tokio::time::sleep(Duration::from_secs(7200)).await;
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("the body is JSON")
}

fn headers<'r>(request: &'r Request, names: &[&str]) -> Vec<Option<&'r str>> {
    names.iter().map(|name| request.header(name)).collect()
}

/// <https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html>
#[tokio::test(start_paused = true)]
async fn an_http_endpoint_is_asked_to_confirm_and_gets_nothing_before() {
    let endpoint = Endpoint::new(&[]).await;
    let subscribe = endpoint.sns.subscribe().topic_arn(&endpoint.topic).protocol("https").endpoint(ENDPOINT);
    let subscribed = subscribe.send().await.expect("subscribed");
    assert_eq!(subscribed.subscription_arn(), Some("pending confirmation"));
    endpoint.publish().await;
    let asked = endpoint.asked();
    let [(_, request)] = &asked[..] else { panic!("one request is sent: {asked:?}") };
    assert_eq!(
        headers(request, &["x-amz-sns-message-type", "x-amz-sns-topic-arn", "content-type", "user-agent"]),
        [
            Some("SubscriptionConfirmation"),
            Some(endpoint.topic.as_str()),
            Some("text/plain; charset=UTF-8"),
            Some("Amazon Simple Notification Service Agent")
        ]
    );
    let names: Vec<_> = body(request).as_object().expect("an object").keys().cloned().collect();
    let expected =
        "Type MessageId Token TopicArn Message SubscribeURL Timestamp SignatureVersion Signature SigningCertURL";
    assert_eq!(names.join(" "), expected);
}

/// <https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html>
#[rstest]
#[case::enveloped("false", None)]
#[case::raw("true", Some("true"))]
#[tokio::test(start_paused = true)]
async fn a_notification_by_http_is_the_envelope_or_raw(#[case] raw: &str, #[case] header: Option<&str>) {
    let endpoint = Endpoint::new(&[]).await;
    let arn = endpoint.subscribe(&[("RawMessageDelivery", raw)]).await;
    endpoint.publish().await;
    let asked = endpoint.asked();
    let [(_, request)] = &asked[..] else { panic!("one request is sent: {asked:?}") };
    assert_eq!((request.method.as_str(), request.uri.to_string().as_str()), ("POST", ENDPOINT));
    assert_eq!(
        headers(request, &["x-amz-sns-message-type", "x-amz-sns-subscription-arn", "x-amz-sns-rawdelivery"]),
        [Some("Notification"), Some(arn.as_str()), header]
    );
    match raw {
        "true" => assert_eq!(request.body, "hello"),
        _ => {
            let body = body(request);
            assert_eq!(
                (body["Message"].as_str(), body["MessageId"].as_str()),
                (Some("hello"), request.header("x-amz-sns-message-id"))
            );
        }
    }
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>
#[rstest]
#[case::taken(&[200], None, &[0])]
#[case::default(&[500, 503, 429, 200], None, &[0, 20, 40, 60])]
#[case::exhausted(&[500; 9], None, &[0, 20, 40, 60])]
#[case::refused_for_good(&[404], None, &[0])]
#[case::own_policy(
    &[500; 9],
    Some(json!({ "healthyRetryPolicy": { "minDelayTarget": 10, "maxDelayTarget": 30, "numRetries": 6,
        "numNoDelayRetries": 1, "numMinDelayRetries": 1, "numMaxDelayRetries": 1, "backoffFunction": "linear" } })),
    &[0, 0, 10, 20, 40, 70, 100]
)]
#[tokio::test(start_paused = true)]
async fn an_http_endpoint_is_tried_again_as_the_delivery_policy_says_then_comes_the_dead_letter_queue(
    #[case] statuses: &[u16],
    #[case] policy: Option<Value>,
    #[case] times: &[i64],
) {
    // The first answer is for the request to confirm.
    let endpoint = Endpoint::new(&[&[200], statuses].concat()).await;
    let sqs = aws_sdk_sqs::Client::new(&config(&endpoint.emulator));
    let created = sqs.create_queue().queue_name("dead").send().await.expect("created");
    let url = created.queue_url().expect("a queue has a URL");
    let redrive = json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead" }).to_string();
    let policy = policy.map(|policy| policy.to_string());
    let mut attributes = vec![("RedrivePolicy", redrive.as_str())];
    attributes.extend(policy.as_deref().map(|policy| ("DeliveryPolicy", policy)));
    endpoint.subscribe(&attributes).await;
    endpoint.publish().await;
    assert_eq!(endpoint.times(), times);
    let failed = statuses.last() != Some(&200);
    assert_eq!(receive(&sqs, url).await.len(), usize::from(failed));
    assert_eq!(endpoint.emulator.outstanding(), []);
}

/// A topic may forbid that subscriptions have their own policies.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>
#[tokio::test(start_paused = true)]
async fn a_topic_s_policy_may_stand_above_those_of_its_subscriptions() {
    let retries = |number: u32| json!({ "minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": number });
    for (fixed, expected) in [(false, 3), (true, 2)] {
        let endpoint = Endpoint::new(&[&[200][..], &[500; 9]].concat()).await;
        let policy =
            json!({ "http": { "defaultHealthyRetryPolicy": retries(1), "disableSubscriptionOverrides": fixed } });
        let set = endpoint.sns.set_topic_attributes().topic_arn(&endpoint.topic).attribute_name("DeliveryPolicy");
        set.attribute_value(policy.to_string()).send().await.expect("the policy is valid");
        endpoint.subscribe(&[("DeliveryPolicy", &json!({ "healthyRetryPolicy": retries(2) }).to_string())]).await;
        endpoint.publish().await;
        assert_eq!(endpoint.times().len(), expected, "fixed: {fixed}");
    }
}
