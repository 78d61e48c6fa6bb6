//! Notifications: their configuration, and what arrives in a queue.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>

use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration,
    S3KeyFilter, TopicConfiguration,
};
use serde_json::{Value, json};

use super::Bucket;
use crate::kit::{Aws, Case, Known, case, cases, done, error_as, refused_as, seen};
use crate::sqs::Queue;

cases![
    a_queue_is_told_that_it_will_be_notified,
    a_queue_is_told_of_a_put_object,
    a_queue_is_told_of_what_its_filter_selects,
    a_configuration_is_told_as_it_was_put,
    a_queue_that_is_not_there_cannot_be_notified,
    filters_that_overlap_are_refused,
    a_topic_is_told_of_a_put_object,
];

fn rule(queue: &str, event: Event, prefix: &str) -> QueueConfiguration {
    let prefix = FilterRule::builder().name(FilterRuleName::Prefix).value(prefix).build();
    let filter = NotificationConfigurationFilter::builder().key(S3KeyFilter::builder().filter_rules(prefix).build());
    let rule = QueueConfiguration::builder().id(event.as_str()).queue_arn(queue).events(event).filter(filter.build());
    rule.build().expect("it has a queue and an event")
}

/// A bucket that tells a queue of new objects below `in/`.
async fn bucket_and_queue(aws: &Aws) -> (Bucket, Queue) {
    let (bucket, queue) = (Bucket::new(aws).await, Queue::open(aws, "events").await);
    let configuration = configuration(&[rule(&queue.arn, Event::S3ObjectCreated, "in/")]);
    let put = bucket.s3.put_bucket_notification_configuration().bucket(&bucket.name);
    put.notification_configuration(configuration).send().await.expect("the configuration is valid");
    (bucket, queue)
}

fn configuration(rules: &[QueueConfiguration]) -> NotificationConfiguration {
    NotificationConfiguration::builder().set_queue_configurations(Some(rules.to_vec())).build()
}

/// A topic that other services may publish to.
async fn open_topic(aws: &Aws) -> String {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": aws.arn("sns", "news"),
        }],
    });
    let create = aws.sns().create_topic().name(aws.name("news")).attributes("Policy", policy.to_string());
    create.send().await.expect("the topic is valid").topic_arn.expect("a topic has an ARN")
}

/// The subject of an SNS message, and the event in it.
fn envelope(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let message: Value = serde_json::from_str(body["Message"].as_str()?).ok()?;
    let event = message.pointer("/Records/0/eventName").or(message.get("Event"));
    Some(format!("{}: {}", body["Subject"].as_str()?, event?.as_str()?))
}

/// The events of messages that arrived, whose `s3:TestEvent` has none.
async fn records(queue: &Queue, count: usize) -> Vec<Value> {
    let bodies = queue.receive(count).await;
    let bodies = bodies.iter().filter_map(|message| serde_json::from_str::<Value>(message.body()?).ok());
    bodies.filter_map(|body| body.pointer("/Records/0").cloned()).collect()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn a_queue_is_told_that_it_will_be_notified() -> Case {
    case(async |aws| {
        let (_, queue) = bucket_and_queue(&aws).await;
        let event = queue.json().await;
        json!([event["Service"], event["Event"], event["Bucket"]])
    })
    .gives(json!(["Amazon S3", "s3:TestEvent", "pictures"]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn a_queue_is_told_of_a_put_object() -> Case {
    case(async |aws| {
        let (bucket, queue) = bucket_and_queue(&aws).await;
        bucket.put("in/red flower.jpg", "hello").await;
        let record = records(&queue, 2).await.pop().unwrap_or_default();
        let has_sequencer = record["s3"]["object"]["sequencer"].is_string();
        json!({
            "event": [record["eventSource"], record["eventName"], record["awsRegion"]],
            "rule": [record["s3"]["s3SchemaVersion"], record["s3"]["configurationId"]],
            "bucket": [record["s3"]["bucket"]["name"], record["s3"]["bucket"]["arn"]],
            "object": [record["s3"]["object"]["key"], record["s3"]["object"]["size"], record["s3"]["object"]["eTag"]],
            "has sequencer": has_sequencer,
        })
    })
    .gives(json!({
        "event": ["aws:s3", "ObjectCreated:Put", "us-east-1"],
        "rule": ["1.0", "s3:ObjectCreated:*"],
        "bucket": ["pictures", "arn:aws:s3:::pictures"],
        "object": ["in/red+flower.jpg", 5, "5d41402abc4b2a76b9719d911017c592"],
        "has sequencer": true,
    }))
    .localstack(Known {
        got: json!({
            "event": ["aws:s3", "ObjectCreated:Put", "us-east-1"],
            "rule": ["1.0", "s3:ObjectCreated:*"],
            "bucket": ["pictures", "arn:aws:s3:::pictures"],
            "object": ["in/red%20flower.jpg", 5, "5d41402abc4b2a76b9719d911017c592"],
            "has sequencer": true,
        }),
        reason: "LocalStack encodes a space as %20",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
fn a_queue_is_told_of_what_its_filter_selects() -> Case {
    case(async |aws| {
        let (bucket, queue) = bucket_and_queue(&aws).await;
        for key in ["out/1", "in/2"] {
            bucket.put(key, "hello").await;
        }
        let copy = bucket.s3.copy_object().bucket(&bucket.name).key("in/3");
        copy.copy_source(format!("{}/out/1", bucket.name)).send().await.expect("valid");
        let delete = bucket.s3.delete_object().bucket(&bucket.name).key("in/2");
        delete.send().await.expect("valid");
        let events = records(&queue, 3).await;
        let mut events: Vec<String> =
            events.iter().map(|event| format!("{} {}", event["eventName"], event["s3"]["object"]["key"])).collect();
        events.sort();
        json!(events)
    })
    .gives(json!(["\"ObjectCreated:Copy\" \"in/3\"", "\"ObjectCreated:Put\" \"in/2\""]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html>
fn a_configuration_is_told_as_it_was_put() -> Case {
    case(async |aws| {
        let (bucket, _) = bucket_and_queue(&aws).await;
        let got = bucket.s3.get_bucket_notification_configuration().bucket(&bucket.name).send().await;
        let described = seen(got, |got| {
            let rule = got.queue_configurations().first().expect("there is a rule");
            let filters = rule.filter().and_then(|filter| filter.key()).map(|key| key.filter_rules());
            let filters = filters.unwrap_or_default().iter();
            let events: Vec<&str> = rule.events().iter().map(|event| event.as_str()).collect();
            json!([rule.id(), rule.queue_arn(), events, filters.map(|filter| json!(filter.value())).collect::<Value>()])
        });
        let put = bucket.s3.put_bucket_notification_configuration().bucket(&bucket.name);
        let none = put.notification_configuration(configuration(&[])).send().await;
        json!([described, done(none)])
    })
    .gives(json!([
        ["s3:ObjectCreated:*", "arn:aws:sqs:us-east-1:ACCOUNT:events", ["s3:ObjectCreated:*"], ["in/"]],
        "done",
    ]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>
fn a_queue_that_is_not_there_cannot_be_notified() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let rule = rule(&aws.arn("sqs", "absent"), Event::S3ObjectCreated, "in/");
        let put = bucket.s3.put_bucket_notification_configuration().bucket(&bucket.name);
        refused_as(put.notification_configuration(configuration(&[rule])).send().await)
    })
    .gives(error_as(400, "InvalidArgument"))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
fn filters_that_overlap_are_refused() -> Case {
    case(async |aws| {
        let (bucket, queue) = bucket_and_queue(&aws).await;
        let all = rule(&queue.arn, Event::S3ObjectCreated, "in/");
        let put = rule(&queue.arn, Event::S3ObjectCreatedPut, "in/new/");
        let request = bucket.s3.put_bucket_notification_configuration().bucket(&bucket.name);
        refused_as(request.notification_configuration(configuration(&[all, put])).send().await)
    })
    .gives(error_as(400, "InvalidArgument"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not compare the rules",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn a_topic_is_told_of_a_put_object() -> Case {
    case(async |aws| {
        let (bucket, queue) = (Bucket::new(&aws).await, Queue::open(&aws, "events").await);
        let topic = open_topic(&aws).await;
        let subscribe = aws.sns().subscribe().topic_arn(&topic).protocol("sqs").endpoint(&queue.arn);
        subscribe.send().await.expect("the subscription is valid");
        let rule = TopicConfiguration::builder().topic_arn(topic).events(Event::S3ObjectRemovedDelete).build();
        let configuration = NotificationConfiguration::builder().topic_configurations(rule.expect("complete")).build();
        let put = bucket.s3.put_bucket_notification_configuration().bucket(&bucket.name);
        put.notification_configuration(configuration).send().await.expect("the configuration is valid");
        bucket.put("a", "hello").await;
        bucket.s3.delete_object().bucket(&bucket.name).key("a").send().await.expect("valid");
        let messages = queue.receive(2).await;
        let mut told: Vec<String> = messages.iter().filter_map(|message| envelope(message.body()?)).collect();
        told.sort();
        json!(told)
    })
    .gives(json!(["Amazon S3 Notification: ObjectRemoved:Delete", "Amazon S3 Notification: s3:TestEvent"]))
}
