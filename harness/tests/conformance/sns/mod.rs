//! SNS's standard topics, with queues as subscribers.
//! <https://docs.aws.amazon.com/sns/latest/api/welcome.html>

mod delivery;
mod publishing;
mod subscriptions;
mod topics;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::Value;

use crate::kit::{Aws, refused_as};
use crate::sqs::Queue;

/// A topic and the client for it.
struct Topic {
    sns: Client,
    arn: String,
}

impl Topic {
    async fn new(aws: &Aws) -> Self {
        let created = aws.sns().create_topic().name(aws.name("news")).send().await.expect("the name is valid");
        Self { sns: aws.sns(), arn: created.topic_arn.expect("a topic has an ARN") }
    }

    /// A new queue that is subscribed, with attributes of the subscription.
    async fn queue(&self, aws: &Aws, name: &str, attributes: &[(&str, &str)]) -> (Queue, String) {
        let queue = Queue::open(aws, name).await;
        let mut subscribe = self.sns.subscribe().topic_arn(&self.arn).protocol("sqs").endpoint(&queue.arn);
        for (name, value) in attributes {
            subscribe = subscribe.attributes(*name, *value);
        }
        let subscribed = subscribe.return_subscription_arn(true).send().await.expect("the subscription is valid");
        (queue, subscribed.subscription_arn.expect("a subscription has an ARN"))
    }

    /// What a subscription with these attributes is refused with.
    async fn refuses(&self, aws: &Aws, attributes: &[(&str, &str)]) -> Value {
        let queue = Queue::open(aws, "inbox").await;
        let mut subscribe = self.sns.subscribe().topic_arn(&self.arn).protocol("sqs").endpoint(&queue.arn);
        for (name, value) in attributes {
            subscribe = subscribe.attributes(*name, *value);
        }
        refused_as(subscribe.send().await)
    }
}

fn attribute(data_type: &str, value: &str) -> MessageAttributeValue {
    let builder = MessageAttributeValue::builder().data_type(data_type).string_value(value);
    builder.build().expect("it has a type")
}
