//! SQS's standard queues.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html>

mod batches;
mod dead_letters;
mod messages;
mod queues;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use serde_json::{Value, json};

use crate::kit::Aws;

/// A queue and the client for it.
pub struct Queue {
    pub sqs: aws_sdk_sqs::Client,
    pub url: String,
    pub arn: String,
}

impl Queue {
    /// A new queue with some attributes.
    pub async fn new(aws: &Aws, name: &str, attributes: &[(&str, &str)]) -> Self {
        let sqs = aws.sqs();
        let mut request = sqs.create_queue().queue_name(aws.name(name));
        for (name, value) in attributes {
            request = request.attributes(QueueAttributeName::from(*name), *value);
        }
        let created = request.send().await.expect("the queue is valid");
        let url = created.queue_url.expect("a queue has a URL");
        Self { sqs, url, arn: aws.arn("sqs", name) }
    }

    /// A new queue that other services may send to.
    pub async fn open(aws: &Aws, name: &str) -> Self {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": aws.arn("sqs", name),
            }],
        });
        Self::new(aws, name, &[("Policy", &policy.to_string())]).await
    }

    pub async fn send(&self, body: &str) {
        let sent = self.sqs.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.expect("the message is valid");
    }

    /// Messages until there are `count`, or none comes any more. They stay in flight.
    pub async fn receive(&self, count: usize) -> Vec<Message> {
        let mut messages = Vec::new();
        while messages.len() < count {
            let request = self.sqs.receive_message().queue_url(&self.url).wait_time_seconds(10);
            let request = request.max_number_of_messages(10).message_attribute_names("All");
            let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
            let received = request.send().await.expect("the queue is there").messages.unwrap_or_default();
            if received.is_empty() {
                break;
            }
            messages.extend(received);
        }
        messages
    }

    /// The receipt handle of the next message.
    pub async fn handle(&self) -> String {
        let message = self.receive(1).await.pop().expect("there is a message");
        message.receipt_handle.expect("a received message has a handle")
    }

    /// The body of the next message, which is JSON; null where no message comes.
    pub async fn json(&self) -> Value {
        let message = self.receive(1).await.pop();
        let body = message.and_then(|message| message.body).unwrap_or_default();
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    /// Attributes of the queue.
    pub async fn attributes(&self, names: &[&str]) -> Value {
        let names = names.iter().map(|name| QueueAttributeName::from(*name)).collect();
        let request = self.sqs.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names));
        let all = request.send().await.expect("the queue is there").attributes.unwrap_or_default();
        all.iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// The bodies of messages, sorted: a standard queue has no order.
pub fn bodies(messages: &[Message]) -> Value {
    let mut bodies: Vec<&str> = messages.iter().filter_map(Message::body).collect();
    bodies.sort_unstable();
    json!(bodies)
}

/// The account and the name at the end of a queue's URL; its host is the backend's.
fn place(url: Option<&str>) -> Value {
    let parts: Vec<&str> = url.unwrap_or_default().rsplit('/').take(2).collect();
    json!(parts.into_iter().rev().collect::<Vec<_>>().join("/"))
}
