//! A queue to work with, and short words for what the tests do with it.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use rehearsal_emulator::Emulator;

use crate::common::{config, emulator};

pub struct Setup {
    pub emulator: Emulator,
    pub sqs: Client,
    pub url: String,
}

pub async fn setup(attributes: &[(&str, &str)]) -> Setup {
    queue("work", attributes).await
}

/// The same with a queue of another name.
pub async fn queue(name: &str, attributes: &[(&str, &str)]) -> Setup {
    let emulator = emulator();
    let sqs = Client::new(&config(&emulator));
    let url = create(&sqs, name, attributes).await;
    Setup { emulator, sqs, url }
}

pub async fn create(sqs: &Client, name: &str, attributes: &[(&str, &str)]) -> String {
    let mut request = sqs.create_queue().queue_name(name);
    for (name, value) in attributes {
        request = request.attributes(QueueAttributeName::from(*name), *value);
    }
    request.send().await.expect("the queue is valid").queue_url.expect("a queue has a URL")
}

pub fn arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:123456789012:{name}")
}

pub fn redrive_policy(target: &str, maximum: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{maximum}}}"#, arn(target))
}

impl Setup {
    pub async fn send(&self, body: &str) -> String {
        let sent = self.sqs.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.expect("the message is valid").message_id.expect("a message has an id")
    }

    pub async fn receive(&self) -> Vec<Message> {
        self.receive_from(&self.url).await
    }

    pub async fn receive_from(&self, url: &str) -> Vec<Message> {
        let request = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        request.message_attribute_names("All").send().await.expect("the queue is there").messages.unwrap_or_default()
    }

    pub async fn receive_one(&self) -> Message {
        let mut messages = self.receive().await;
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    pub async fn attribute(&self, name: &str) -> String {
        let name = QueueAttributeName::from(name);
        let request = self.sqs.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        request.send().await.expect("the queue is there").attributes.expect("the attribute is set")[&name].clone()
    }
}

pub fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().expect("a message has a body")).collect()
}

pub fn handle(message: &Message) -> &str {
    message.receipt_handle().expect("a received message has a handle")
}

pub fn system(message: &Message, name: MessageSystemAttributeName) -> &str {
    &message.attributes.as_ref().expect("system attributes were asked for")[&name]
}

pub fn code<E: aws_sdk_sqs::error::ProvideErrorMetadata>(result: Result<impl Sized, E>) -> String {
    result.err().expect("the request is refused").code().unwrap_or("none").to_owned()
}

pub const SECOND: Duration = Duration::from_secs(1);
