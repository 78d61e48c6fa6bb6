//! The targets of pipes.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html>

use std::rc::Rc;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::Value;

use super::{Pipe, http, input};
use crate::invoke::Invoked;
use crate::mapping::Batch;
use crate::push;
use crate::send::{Message, Sender, Sent};
use crate::shared::Shared;
use crate::stack::PipeDelivery;
use crate::trace::EventId;

/// Text as it is, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
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
        let sender = Sender::new(shared, cause);
        for (given, event) in given.iter().zip(events) {
            if let Err(message) = self.send_one(shared, &sender, (given, event), cause).await {
                return self.failed(cause, message);
            }
        }
        Invoked { event: cause, result: Ok("null".to_owned()) }
    }

    fn spawn(&self, shared: &Rc<Shared>, arn: &str, given: Vec<Value>, cause: EventId) -> Invoked {
        let Some(function) = shared.lambda.function(arn).map(Rc::clone) else {
            return self.failed(cause, format!("{arn} is not in the template"));
        };
        let (records, payload) = (given.len(), Value::Array(given).to_string());
        if let Err(too_large) = push::takes(&payload) {
            return self.failed(cause, too_large);
        }
        let delivery = self.delivery(shared, &function.settings.logical_id, records, cause);
        push::spawn(shared, function, payload, delivery);
        Invoked { event: cause, result: Ok("null".to_owned()) }
    }

    async fn send_one(
        &self,
        shared: &Shared,
        sender: &Sender<'_>,
        (given, event): (&Value, &Value),
        cause: EventId,
    ) -> Sent {
        let arn = &self.settings.target.arn;
        match &self.settings.delivery {
            PipeDelivery::Function { .. } => Ok(()),
            PipeDelivery::Queue { group, deduplication } => {
                let dynamic = |written: &Option<String>| Some(input::dynamic(written.as_ref()?, event));
                let (group, deduplication) = (dynamic(group), dynamic(deduplication));
                sender.message(arn, Message { group, deduplication, ..Message::of(text(given)) }).await
            }
            PipeDelivery::Topic => sender.message(arn, Message::of(text(given))).await,
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
                sender.event(entry.build()).await
            }
            PipeDelivery::ApiDestination => {
                http::ask(shared, &self.settings.target, given, event, cause).await.map(drop)
            }
            PipeDelivery::Stream { partition_key } => {
                sender.record(arn, input::dynamic(partition_key, event), text(given)).await
            }
        }
    }
}
