//! The targets of pipes.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html>

use std::rc::Rc;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::primitives::Blob;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_types::SdkConfig;
use serde_json::Value;

use super::{Pipe, input};
use crate::invoke::Invoked;
use crate::mapping::Batch;
use crate::push;
use crate::shared::Shared;
use crate::stack::PipeDelivery;
use crate::trace::EventId;

type Sent = Result<(), String>;

fn sent<T, E: std::error::Error + 'static>(result: Result<T, E>) -> Sent {
    result.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}

/// Text as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Pipe {
    /// Hands events to the target: `given`, made of `events`.
    pub(super) async fn send(
        &self,
        shared: &Rc<Shared>,
        given: Vec<Value>,
        events: &[Value],
        batch: &Batch,
        cause: EventId,
    ) -> Invoked {
        let arn = &self.settings.target.arn;
        if let PipeDelivery::Function { waits } = self.settings.delivery {
            if waits {
                return self.invoke(shared, arn, given, batch, cause).await;
            }
            return self.spawn(shared, arn, given, cause);
        }
        let config = shared.service_config_for(cause);
        for (given, event) in given.iter().zip(events) {
            if let Err(message) = self.send_one(&config, shared, given, event).await {
                return self.failed(cause, message);
            }
        }
        Invoked { event: cause, result: Ok("null".to_owned()) }
    }

    fn spawn(&self, shared: &Rc<Shared>, arn: &str, given: Vec<Value>, cause: EventId) -> Invoked {
        let Some(function) = shared.lambda.function(arn).map(Rc::clone) else {
            return self.failed(cause, format!("{arn} is not in the template"));
        };
        let delivery = self.delivery(shared, &function.settings.logical_id, given.len(), cause);
        push::spawn(shared, function, Value::Array(given).to_string(), delivery);
        Invoked { event: cause, result: Ok("null".to_owned()) }
    }

    async fn send_one(&self, config: &SdkConfig, shared: &Shared, given: &Value, event: &Value) -> Sent {
        let arn = &self.settings.target.arn;
        match &self.settings.delivery {
            PipeDelivery::Function { .. } => Ok(()),
            PipeDelivery::Queue { group, deduplication } => {
                let url = shared.queue_url(arn).ok_or("the queue is not in the template")?;
                let send = aws_sdk_sqs::Client::new(config).send_message().queue_url(url).message_body(text(given));
                let send = send.set_message_group_id(group.as_ref().map(|group| input::dynamic(group, event)));
                let id = deduplication.as_ref().map(|id| input::dynamic(id, event));
                sent(send.set_message_deduplication_id(id).send().await)
            }
            PipeDelivery::Topic => {
                let publish = aws_sdk_sns::Client::new(config).publish().topic_arn(arn).message(text(given));
                sent(publish.send().await)
            }
            PipeDelivery::Bus { source, detail_type, resources } => {
                let dynamic = |written: &Option<String>, otherwise: String| {
                    written.as_ref().map_or(otherwise, |written| input::dynamic(written, event))
                };
                let kind = self.settings.source_arn().split(':').nth(2).unwrap_or_default();
                let resources = resources.iter().map(|written| input::dynamic(written, event)).collect();
                let entry = PutEventsRequestEntry::builder()
                    .event_bus_name(arn)
                    .source(dynamic(source, format!("Pipe {}", self.settings.name)))
                    .detail_type(dynamic(detail_type, format!("Event from aws:{kind}")))
                    .set_resources(Some(resources))
                    .detail(given.to_string());
                let put = aws_sdk_eventbridge::Client::new(config).put_events().entries(entry.build()).send().await;
                let put = put.map_err(|error| DisplayErrorContext(error).to_string())?;
                let refused = put.entries().iter().find_map(|entry| entry.error_message());
                refused.map_or(Ok(()), |message| Err(message.to_owned()))
            }
            PipeDelivery::Stream { partition_key } => {
                let name = arn.rsplit('/').next().unwrap_or_default();
                let put = aws_sdk_kinesis::Client::new(config).put_record().stream_name(name);
                let put = put.partition_key(input::dynamic(partition_key, event)).data(Blob::new(text(given)));
                sent(put.send().await)
            }
        }
    }
}
