//! Pipes: a mapping whose consumer is no function but filter, enrichment and target. What reads and retries is
//! [`crate::mapping`]; here is what becomes of a batch.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html>

mod http;
mod input;
mod target;

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use crate::invoke::{InvokeError, Invoked, Request};
use crate::mapping::{Batch, Consumer};
use crate::shared::Shared;
use crate::stack;
use crate::trace::{EventId, What};

/// A pipe at work.
pub struct Pipe {
    settings: stack::Pipe,
}

impl Pipe {
    /// A pipe of the stack.
    pub fn new(settings: stack::Pipe) -> Self {
        Self { settings }
    }

    async fn take(&self, shared: &Rc<Shared>, batch: Batch) -> Invoked {
        let (mut events, mut cause) = (batch.records.clone(), batch.cause);
        if let Some(enrichment) = &self.settings.enrichment {
            let given = self.made(enrichment, &events, shared);
            if enrichment.api_destination().is_some() {
                match self.ask_each(shared, enrichment, &given, &events, cause).await {
                    Ok(answers) => return self.hand_on(shared, answers, &batch, cause).await,
                    Err(failed) => return failed,
                }
            }
            let invoked = self.invoke(shared, &enrichment.arn, given, &batch, cause).await;
            match &invoked.result {
                Ok(response) => events = enriched(response),
                Err(_) => return invoked,
            }
            cause = invoked.event;
        }
        self.hand_on(shared, events, &batch, cause).await
    }

    /// Gives the target what is left after the enrichment.
    async fn hand_on(&self, shared: &Rc<Shared>, events: Vec<Value>, batch: &Batch, cause: EventId) -> Invoked {
        // An enrichment that answers with nothing filters its events out.
        if events.is_empty() {
            return Invoked { event: cause, result: Ok("null".to_owned()) };
        }
        let given = self.made(&self.settings.target, &events, shared);
        self.send(shared, given, &events, batch, cause).await
    }

    /// What a step gets of each event.
    fn made(&self, step: &stack::PipeStep, events: &[Value], shared: &Shared) -> Vec<Value> {
        let now = shared.backend.clock().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let pipe = &self.settings;
        let made = |event: &Value| {
            input::transformed(step.input_template.as_deref(), event, |name| {
                Some(match name {
                    "aws.pipes.pipe-arn" => pipe.arn.as_str().into(),
                    "aws.pipes.pipe-name" => pipe.name.as_str().into(),
                    "aws.pipes.source-arn" => pipe.source_arn().into(),
                    "aws.pipes.enrichment-arn" => pipe.enrichment.as_ref()?.arn.as_str().into(),
                    "aws.pipes.target-arn" => pipe.target.arn.as_str().into(),
                    "aws.pipes.event.ingestion-time" => now.as_str().into(),
                    "aws.pipes.event" | "aws.pipes.event.json" => event.clone(),
                    _ => return None,
                })
            })
        };
        events.iter().map(made).collect()
    }

    /// Invokes a function with all events, and waits for it.
    async fn invoke(
        &self,
        shared: &Rc<Shared>,
        arn: &str,
        events: Vec<Value>,
        batch: &Batch,
        cause: EventId,
    ) -> Invoked {
        let Some(function) = shared.lambda.function(arn).map(Rc::clone) else {
            return self.failed(cause, format!("{arn} is not in the template"));
        };
        let delivery = self.delivery(shared, &function.settings.logical_id, events.len(), cause);
        let (payload, request_id) = (Value::Array(events).to_string(), shared.ids.uuid());
        let request = Request { payload: &payload, request_id, attempt: batch.attempt, cause: delivery };
        shared.lambda.invoke(&function, request).await
    }

    fn delivery(&self, shared: &Shared, function: &str, records: usize, cause: EventId) -> EventId {
        let (from, function) = (format!("Pipe {}", self.settings.logical_id), function.to_owned());
        shared.recorder.record(Some(cause), What::Delivery { from, function, records, ids: Vec::new() })
    }

    fn failed(&self, event: EventId, message: String) -> Invoked {
        let error = InvokeError::Function { error_type: "TargetFailure".to_owned(), message };
        Invoked { event, result: Err(error) }
    }
}

/// The events that an enrichment answers with: the members of a list, or one.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html>
fn enriched(response: &str) -> Vec<Value> {
    match serde_json::from_str(response).unwrap_or_else(|_| Value::String(response.to_owned())) {
        Value::Array(events) => events,
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::Object(fields) if fields.is_empty() => Vec::new(),
        event => vec![event],
    }
}

impl Consumer for Pipe {
    fn logical_id(&self) -> &str {
        &self.settings.logical_id
    }

    fn arn(&self) -> &str {
        &self.settings.arn
    }

    fn is_pipe(&self) -> bool {
        true
    }

    fn planned_failures(&self) -> usize {
        0
    }

    fn hand<'a>(&'a self, shared: &'a Rc<Shared>, batch: Batch) -> LocalBoxFuture<'a, Invoked> {
        Box::pin(self.take(shared, batch))
    }
}
