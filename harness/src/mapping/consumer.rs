//! What a mapping hands its batches to: a function or, behind a mapping of its own, a pipe.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value, json};

use crate::invoke::{Function, Invoked, Request};
use crate::shared::Shared;
use crate::trace::EventId;

/// What takes the batches of a mapping.
pub trait Consumer {
    fn logical_id(&self) -> &str;

    fn arn(&self) -> &str;

    /// Whether it is a pipe, which takes records without anything around them.
    fn is_pipe(&self) -> bool {
        false
    }

    /// How many failures a scenario has planned that have not happened.
    fn planned_failures(&self) -> usize;

    /// Hands it a batch and waits for the end.
    fn hand<'a>(&'a self, shared: &'a Rc<Shared>, batch: Batch) -> LocalBoxFuture<'a, Invoked>;
}

/// Records or messages on their way to a consumer.
pub struct Batch {
    pub records: Vec<Value>,
    /// What the payload has beside its records.
    pub beside: Map<String, Value>,
    pub request_id: String,
    pub attempt: u32,
    /// The delivery that it follows from.
    pub cause: EventId,
}

impl Consumer for Function {
    fn logical_id(&self) -> &str {
        &self.settings.logical_id
    }

    fn arn(&self) -> &str {
        &self.arn
    }

    fn planned_failures(&self) -> usize {
        Function::planned_failures(self)
    }

    fn hand<'a>(&'a self, shared: &'a Rc<Shared>, batch: Batch) -> LocalBoxFuture<'a, Invoked> {
        Box::pin(async move {
            let Batch { records, beside, request_id, attempt, cause } = batch;
            let payload = payload(records, beside).to_string();
            shared.lambda.invoke(self, Request { payload: &payload, request_id, attempt, cause }).await
        })
    }
}

/// An event with these records.
pub fn payload(records: Vec<Value>, beside: Map<String, Value>) -> Value {
    let mut payload = json!({ "Records": records });
    if let Some(members) = payload.as_object_mut() {
        members.extend(beside);
    }
    payload
}
