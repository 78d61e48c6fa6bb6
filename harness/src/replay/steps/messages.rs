//! The steps `events.put`, `sqs.send` and `sns.publish`.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use serde_json::{Map, Value};

use super::{Done, Failed, Player, sent, told};
use crate::scenario::{Content, EventsPut, SnsPublish, SqsSend};

impl Player<'_> {
    pub(super) async fn put_event(&self, config: &SdkConfig, step: &EventsPut) -> Done {
        let bus = match step.bus.as_ref().map(|bus| bus.value.as_str()) {
            None | Some("default") => "default",
            Some(name) => &self.named(&self.shared.stack.buses, name, |bus| &bus.logical_id)?.name,
        };
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(&step.source)
            .detail_type(&step.detail_type)
            .detail(Value::Object(step.detail.clone()).to_string())
            .set_resources(Some(step.resources.clone()))
            .build();
        let put = aws_sdk_eventbridge::Client::new(config).put_events().entries(entry).send().await;
        let put = put.map_err(|error| Failed::from(told(&error)))?;
        match put.entries().iter().find_map(|entry| entry.error_message()) {
            Some(message) => Err(Failed::from(message.to_owned())),
            None => Ok(()),
        }
    }

    pub(super) async fn send_message(&self, config: &SdkConfig, step: &SqsSend, content: Option<Content<'_>>) -> Done {
        let queue = self.named(&self.shared.stack.queues, &step.queue.value, |queue| &queue.logical_id)?;
        let body = self.text(content)?;
        let mut send = aws_sdk_sqs::Client::new(config).send_message().queue_url(&queue.url).message_body(body);
        if let Some(delay) = step.delay {
            send = send.delay_seconds(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX));
        }
        for (name, value) in &step.attributes {
            let attribute =
                aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value(value);
            send = send.message_attributes(name, attribute.build().map_err(|error| error.to_string())?);
        }
        let send = send.set_message_group_id(step.group.clone());
        sent(send.set_message_deduplication_id(step.deduplication_id.clone()).send().await)
    }

    pub(super) async fn publish(&self, config: &SdkConfig, step: &SnsPublish, content: Option<Content<'_>>) -> Done {
        let topic = self.named(&self.shared.stack.topics, &step.topic.value, |topic| &topic.logical_id)?;
        let publish = aws_sdk_sns::Client::new(config).publish().topic_arn(&topic.arn);
        let publish = match &step.by_protocol {
            Some(messages) => publish.message_structure("json").message(structured(messages)),
            None => publish.message(self.text(content)?),
        };
        let mut publish = publish
            .set_subject(step.subject.clone())
            .set_message_group_id(step.group.clone())
            .set_message_deduplication_id(step.deduplication_id.clone());
        for (name, value) in &step.attributes {
            let attribute =
                aws_sdk_sns::types::MessageAttributeValue::builder().data_type("String").string_value(value);
            publish = publish.message_attributes(name, attribute.build().map_err(|error| error.to_string())?);
        }
        sent(publish.send().await)
    }
}

/// A message for each protocol, as SNS takes it: a JSON object of texts.
fn structured(messages: &Map<String, Value>) -> String {
    let text = |message: &Value| message.as_str().map_or_else(|| message.to_string(), str::to_owned);
    let texts = messages.iter().map(|(protocol, message)| (protocol.clone(), text(message).into()));
    Value::Object(texts.collect()).to_string()
}
