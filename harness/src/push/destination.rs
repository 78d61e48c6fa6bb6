//! What becomes of an asynchronous event that succeeded or failed for good.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use std::rc::Rc;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::{Value, json};

use super::{AcceptedEvent, Finished};
use crate::invoke::{Function, InvokeError, Invoked};
use crate::send::{Attribute, Message, Sender, Sent};
use crate::shared::Shared;
use crate::trace::{EventId, What};

/// Sends the invocation record to the destination, and a failed event to the dead-letter queue.
pub async fn hand_on(shared: &Rc<Shared>, function: &Function, event: &AcceptedEvent, finished: Finished) {
    let settings = &function.settings;
    let failed = finished.last.result.is_err();
    let destination = if failed { &settings.event_invoke.on_failure } else { &settings.event_invoke.on_success };
    if failed {
        let dropped = destination.is_none() && settings.dead_letter_arn.is_none();
        let lost =
            if dropped { ", and the event is dropped: no destination or dead-letter queue takes it" } else { "" };
        let reason = format!("{} after {} attempts{lost}", finished.condition, finished.attempts);
        let function = settings.logical_id.clone();
        shared.recorder.record(Some(finished.last.event), What::GaveUp { function, reason });
    }
    if let Some(arn) = destination {
        let record = invocation_record(shared, function, event, &finished);
        retain(shared, arn, &record, function, finished.last.event).await;
    }
    if let (true, Some(arn)) = (failed, &settings.dead_letter_arn) {
        let attributes = dead_letter_attributes(event, &finished.last);
        let letter = Message { attributes, ..Message::of(event.payload.clone()) };
        tell(shared, arn, Sender::new(shared, finished.last.event).message(arn, letter).await);
    }
}

fn invocation_record(shared: &Shared, function: &Function, event: &AcceptedEvent, finished: &Finished) -> Value {
    let response: Value = match &finished.last.result {
        Ok(response) => serde_json::from_str(response).unwrap_or_default(),
        Err(error) => error.payload(),
    };
    let mut context = json!({ "statusCode": status_code(&finished.last), "executedVersion": function.version });
    if let Err(InvokeError::Function { .. }) = finished.last.result {
        context["functionError"] = "Unhandled".into();
    }
    json!({
        "version": "1.0",
        "timestamp": shared.backend.clock().now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": function.qualified_arn(),
            "condition": finished.condition,
            "approximateInvokeCount": finished.attempts,
        },
        "requestPayload": serde_json::from_str::<Value>(&event.payload).unwrap_or_default(),
        "responseContext": context,
        "responsePayload": response,
    })
}

/// The status of Lambda's own answer: a function error is a success of `Invoke`.
fn status_code(last: &Invoked) -> u16 {
    if matches!(last.result, Err(InvokeError::Throttled(_))) { 429 } else { 200 }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq>
fn dead_letter_attributes(event: &AcceptedEvent, last: &Invoked) -> Vec<Attribute> {
    let message = last.result.as_ref().err().map(|error| error.message().to_owned()).unwrap_or_default();
    let attribute = |name, data_type, value| Attribute { name, data_type, value };
    vec![
        attribute("RequestID", "String", event.request_id.clone()),
        attribute("ErrorCode", "Number", status_code(last).to_string()),
        attribute("ErrorMessage", "String", message.chars().take(1024).collect()),
    ]
}

/// Gives the invocation record to a destination.
async fn retain(shared: &Rc<Shared>, arn: &str, record: &Value, function: &Function, cause: EventId) {
    let sender = Sender::new(shared, cause);
    let sent = match arn.split(':').nth(2) {
        Some("lambda") => to_function(shared, arn, record.to_string(), cause),
        Some("events") => sender.event(as_event(arn, record)).await,
        Some("s3") => {
            let prefix = format!("aws/lambda/async/{}", function.settings.name);
            sender.failure(arn, &prefix, record.to_string()).await
        }
        _ => sender.message(arn, Message::of(record.to_string())).await,
    };
    tell(shared, arn, sent);
}

/// What cannot be sent is lost in AWS, and a metric counts it. Here it is a problem of the replay.
fn tell(shared: &Shared, arn: &str, sent: Sent) {
    if let Err(error) = sent {
        shared.problem(format!("an event that Lambda gave to {arn}: {error}"));
    }
}

fn to_function(shared: &Rc<Shared>, arn: &str, payload: String, cause: EventId) -> Sent {
    let function = shared.lambda.function(arn).map(Rc::clone).ok_or("the function is not in the template")?;
    super::takes(&payload)?;
    let delivery = shared.recorder.record(
        Some(cause),
        What::Delivery {
            from: "Lambda destination".to_owned(),
            function: function.settings.logical_id.clone(),
            records: 1,
            ids: Vec::new(),
        },
    );
    super::spawn(shared, function, payload, delivery);
    Ok(())
}

/// The record as an event's detail, with the ARNs of function and bus as its resources.
fn as_event(bus: &str, record: &Value) -> PutEventsRequestEntry {
    let context = &record["requestContext"];
    let outcome = if context["condition"] == "Success" { "Success" } else { "Failure" };
    PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source("lambda")
        .detail_type(format!("Lambda Function Invocation Result - {outcome}"))
        .resources(context["functionArn"].as_str().unwrap_or_default())
        .resources(bus)
        .detail(record.to_string())
        .build()
}
