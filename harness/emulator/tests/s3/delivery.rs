//! S3's event notifications through queues, topics and EventBridge, from end to end.

use super::common::{config, emulator};
use aws_lambda_events::event::s3::S3Event;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, NotificationConfiguration, QueueConfiguration, TopicConfiguration,
};
use aws_sdk_sqs::types::Message;
use serde_json::{Value, json};

const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:Files";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:Files";

/// The clients of an emulator with a bucket `uploads` and a queue `Files`.
struct Setup {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    events: aws_sdk_eventbridge::Client,
    queue_url: String,
}

impl Setup {
    async fn new() -> Self {
        let config = config(&emulator());
        let (s3, sqs) = (aws_sdk_s3::Client::new(&config), aws_sdk_sqs::Client::new(&config));
        s3.create_bucket().bucket("uploads").send().await.expect("the name is free");
        let queue = sqs.create_queue().queue_name("Files").send().await.expect("the name is free");
        let queue_url = queue.queue_url().expect("a queue has a URL").to_owned();
        let (sns, events) = (aws_sdk_sns::Client::new(&config), aws_sdk_eventbridge::Client::new(&config));
        Self { s3, sqs, sns, events, queue_url }
    }

    async fn configure(&self, configuration: NotificationConfiguration) {
        let request = self.s3.put_bucket_notification_configuration().bucket("uploads");
        request.notification_configuration(configuration).send().await.expect("it is a valid configuration");
    }

    /// Puts the object `a b.csv` and deletes it.
    async fn put_and_delete(&self) {
        let put = self.s3.put_object().bucket("uploads").key("a b.csv").body(ByteStream::from_static(b"hello"));
        put.send().await.expect("the bucket is there");
        self.s3.delete_object().bucket("uploads").key("a b.csv").send().await.expect("the bucket is there");
    }

    async fn received(&self) -> Vec<Value> {
        let request = self.sqs.receive_message().queue_url(&self.queue_url).max_number_of_messages(10);
        let messages = request.send().await.expect("the queue is there").messages.unwrap_or_default();
        messages.iter().filter_map(Message::body).map(|body| serde_json::from_str(body).expect("JSON")).collect()
    }
}

fn names(notifications: &[Value]) -> Vec<String> {
    let events = notifications.iter().map(|value| serde_json::from_value(value.clone()).expect("an S3 event"));
    events.filter_map(|event: S3Event| event.records[0].event_name.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_queue_gets_a_test_event_and_then_one_message_per_event() {
    let setup = Setup::new().await;
    let queue = QueueConfiguration::builder().queue_arn(QUEUE).events(Event::S3ObjectCreated);
    let queue = queue.events(Event::S3ObjectRemoved).build().expect("complete");
    setup.configure(NotificationConfiguration::builder().queue_configurations(queue).build()).await;
    let test = setup.received().await;
    assert_eq!((&test[0]["Event"], &test[0]["Bucket"]), (&json!("s3:TestEvent"), &json!("uploads")));
    setup.put_and_delete().await;
    let received = setup.received().await;
    assert_eq!(names(&received), ["ObjectCreated:Put", "ObjectRemoved:Delete"]);
    assert_eq!(received[0]["Records"][0]["s3"]["object"]["key"], "a+b.csv");
}

#[tokio::test(start_paused = true)]
async fn a_topic_gets_the_same_as_an_amazon_s3_notification() {
    let setup = Setup::new().await;
    setup.sns.create_topic().name("Files").send().await.expect("the name is free");
    let subscribe = setup.sns.subscribe().topic_arn(TOPIC).protocol("sqs").endpoint(QUEUE);
    subscribe.send().await.expect("the topic is there");
    let topic = TopicConfiguration::builder().topic_arn(TOPIC).events(Event::S3ObjectCreated);
    let topic = topic.build().expect("complete");
    setup.configure(NotificationConfiguration::builder().topic_configurations(topic).build()).await;
    setup.put_and_delete().await;
    let received = setup.received().await;
    assert!(received.iter().all(|envelope| envelope["Subject"] == "Amazon S3 Notification"), "{received:?}");
    let messages = received.iter().filter_map(|envelope| envelope["Message"].as_str());
    let messages: Vec<Value> = messages.map(|message| serde_json::from_str(message).expect("JSON")).collect();
    assert_eq!(messages[0]["Event"], "s3:TestEvent");
    assert_eq!(names(&messages[1..]), ["ObjectCreated:Put"]);
}

#[tokio::test(start_paused = true)]
async fn eventbridge_gets_all_events_once_it_is_enabled() {
    let setup = Setup::new().await;
    let rule = setup.events.put_rule().name("Files").event_pattern(r#"{"source": ["aws.s3"]}"#);
    rule.send().await.expect("it is a valid rule");
    let target = aws_sdk_eventbridge::types::Target::builder().id("Files").arn(QUEUE).build().expect("complete");
    setup.events.put_targets().rule("Files").targets(target).send().await.expect("the rule is there");
    setup.put_and_delete().await;
    assert!(setup.received().await.is_empty(), "EventBridge is not enabled yet");
    let event_bridge = EventBridgeConfiguration::builder().build();
    setup.configure(NotificationConfiguration::builder().event_bridge_configuration(event_bridge).build()).await;
    setup.put_and_delete().await;
    let received = setup.received().await;
    let types: Vec<_> = received.iter().map(|event| &event["detail-type"]).collect();
    assert_eq!(types, ["Object Created", "Object Deleted"]);
    assert_eq!(received[0]["detail"]["object"]["key"], "a b.csv");
    assert_eq!(received[0]["resources"], json!(["arn:aws:s3:::uploads"]));
}
