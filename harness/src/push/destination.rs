//! What becomes of an asynchronous event that succeeded or failed for good.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use std::rc::Rc;

use aws_sdk_sqs::types::MessageAttributeValue;
use aws_smithy_types::error::display::DisplayErrorContext;
use serde_json::{Value, json};

use super::{AcceptedEvent, Finished};
use crate::invoke::{Function, InvokeError, Invoked};
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
        send(shared, arn, record.to_string(), &[], finished.last.event).await;
    }
    if let (true, Some(arn)) = (failed, &settings.dead_letter_arn) {
        let attributes = dead_letter_attributes(event, &finished.last);
        send(shared, arn, event.payload.clone(), &attributes, finished.last.event).await;
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
            "functionArn": qualified_arn(function),
            "condition": finished.condition,
            "approximateInvokeCount": finished.attempts,
        },
        "requestPayload": serde_json::from_str::<Value>(&event.payload).unwrap_or_default(),
        "responseContext": context,
        "responsePayload": response,
    })
}

/// The ARN that was invoked, which has a qualifier in any case.
fn qualified_arn(function: &Function) -> String {
    if function.arn == function.settings.arn {
        format!("{}:{}", function.arn, function.version)
    } else {
        function.arn.clone()
    }
}

/// The status of Lambda's own answer: a function error is a success of `Invoke`.
fn status_code(last: &Invoked) -> u16 {
    if matches!(last.result, Err(InvokeError::Throttled(_))) { 429 } else { 200 }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq>
fn dead_letter_attributes(event: &AcceptedEvent, last: &Invoked) -> Vec<(&'static str, String)> {
    let message = last.result.as_ref().err().map(|error| error.message().to_owned()).unwrap_or_default();
    let message: String = message.chars().take(1024).collect();
    vec![
        ("RequestID", event.request_id.clone()),
        ("ErrorCode", status_code(last).to_string()),
        ("ErrorMessage", message),
    ]
}

async fn send(shared: &Rc<Shared>, arn: &str, body: String, attributes: &[(&str, String)], cause: EventId) {
    let config = shared.service_config_for(cause);
    let service = arn.split(':').nth(2).unwrap_or_default();
    let sent = match service {
        "sqs" => to_queue(&config, arn, body, attributes, shared).await,
        "sns" => to_topic(&config, arn, body, attributes).await,
        "lambda" => to_function(shared, arn, body, cause),
        "events" => to_bus(&config, arn, body).await,
        _ => Err("no such kind of destination".to_owned()),
    };
    if let Err(error) = sent {
        shared.problem(format!("an event that Lambda gave to {arn}: {error}"));
    }
}

async fn to_queue(
    config: &aws_types::SdkConfig,
    arn: &str,
    body: String,
    attributes: &[(&str, String)],
    shared: &Shared,
) -> Result<(), String> {
    let url = shared.queue_url(arn).ok_or("the queue is not in the template")?;
    let mut send = aws_sdk_sqs::Client::new(config).send_message().queue_url(url).message_body(body);
    for (name, value) in attributes {
        let value = MessageAttributeValue::builder().data_type(data_type(name)).string_value(value).build();
        send = send.message_attributes(*name, value.map_err(|error| error.to_string())?);
    }
    send.send().await.map(|_| ()).map_err(|error| DisplayErrorContext(error).to_string())
}

async fn to_topic(
    config: &aws_types::SdkConfig,
    arn: &str,
    body: String,
    attributes: &[(&str, String)],
) -> Result<(), String> {
    let mut publish = aws_sdk_sns::Client::new(config).publish().topic_arn(arn).message(body);
    for (name, value) in attributes {
        let value = aws_sdk_sns::types::MessageAttributeValue::builder().data_type(data_type(name)).string_value(value);
        publish = publish.message_attributes(*name, value.build().map_err(|error| error.to_string())?);
    }
    publish.send().await.map(|_| ()).map_err(|error| DisplayErrorContext(error).to_string())
}

fn data_type(attribute: &str) -> &'static str {
    if attribute == "ErrorCode" { "Number" } else { "String" }
}

fn to_function(shared: &Rc<Shared>, arn: &str, payload: String, cause: EventId) -> Result<(), String> {
    let function = shared.lambda.function(arn).map(Rc::clone).ok_or("the function is not in the template")?;
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
async fn to_bus(config: &aws_types::SdkConfig, arn: &str, body: String) -> Result<(), String> {
    let record: Value = serde_json::from_str(&body).unwrap_or_default();
    let context = &record["requestContext"];
    let outcome = if context["condition"] == "Success" { "Success" } else { "Failure" };
    let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
        .event_bus_name(arn)
        .source("lambda")
        .detail_type(format!("Lambda Function Invocation Result - {outcome}"))
        .resources(context["functionArn"].as_str().unwrap_or_default())
        .resources(arn)
        .detail(body)
        .build();
    let put = aws_sdk_eventbridge::Client::new(config).put_events().entries(entry).send().await;
    let put = put.map_err(|error| DisplayErrorContext(error).to_string())?;
    let refused = put.entries().iter().find_map(|entry| entry.error_message());
    refused.map_or(Ok(()), |message| Err(message.to_owned()))
}
