//! Plays a scenario's steps. Each stimulus is sent once, never retried, and recorded as the cause of what
//! follows from it.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use bytes::Bytes;
use serde_json::Value;

use crate::api::{self, ApiResponse};
use crate::diagnostic::Span;
use crate::driver::Driver;
use crate::event::apigateway::ApiRequest;
use crate::invoke::{FailureKind, PlannedFailure, Request};
use crate::matching::mismatches;
use crate::outcome::Failure;
use crate::scenario::{
    Action, CaptureName, Captured, Content, EventsPut, Fail, FailWith, Http, Invoke, InvokeExpect, Pointer, S3Delete,
    S3Put, Scenario, SnsPublish, SqsSend,
};
use crate::settle::{self, Settled};
use crate::shared::Shared;
use crate::state;
use crate::trace::{EventId, What};
use crate::words::duration;

/// Plays the steps of one scenario.
pub struct Player<'s> {
    pub scenario: &'s Scenario,
    pub shared: Rc<Shared>,
    pub captured: Captured,
}

/// A step that did not do what it should.
struct Failed {
    message: String,
    details: Vec<String>,
}

type Done = Result<(), Failed>;

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self { message, details: Vec::new() }
    }
}

impl<'s> Player<'s> {
    /// A player at the first step.
    pub fn new(scenario: &'s Scenario, shared: Rc<Shared>) -> Self {
        Self { scenario, shared, captured: Captured::new() }
    }

    /// A failure that points at a place of the scenario.
    pub fn failure(&self, span: Span, message: String) -> Failure {
        Failure::at(&self.scenario.source, span, message)
    }

    /// Puts the items in place that the scenario starts with.
    pub async fn given(&self) -> Result<(), Box<Failure>> {
        for table in &self.scenario.given.tables {
            let put = self.given_items(&table.name.value, &self.scenario.path(&table.value.value)).await;
            put.map_err(|message| self.failure(table.value.span.clone(), message))?;
        }
        Ok(())
    }

    async fn given_items(&self, logical_id: &str, file: &std::path::Path) -> Result<(), String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let items: Vec<serde_json::Map<String, Value>> =
            serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let table = self.shared.stack.tables.iter().find(|table| table.logical_id == logical_id);
        let table = table.ok_or_else(|| format!("the template has no table {logical_id}"))?;
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.shared.service_config());
        for chunk in items.chunks(25) {
            let mut requests = Vec::new();
            for item in chunk {
                let item: HashMap<_, _> = item
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), state::attribute(value)?)))
                    .collect::<Result<_, String>>()?;
                let put = PutRequest::builder().set_item(Some(item)).build().map_err(|error| error.to_string())?;
                requests.push(WriteRequest::builder().put_request(put).build());
            }
            let written = dynamodb.batch_write_item().request_items(&table.name, requests).send().await;
            let written = written.map_err(|error| DisplayErrorContext(error).to_string())?;
            if written.unprocessed_items().is_some_and(|left| !left.is_empty()) {
                return Err(format!("table {logical_id} did not take all items"));
            }
        }
        Ok(())
    }

    /// Plays all steps, up to the first that fails.
    pub async fn steps(&mut self, driver: &Driver) -> Result<(), Box<Failure>> {
        for (index, step) in self.scenario.steps.iter().enumerate() {
            let played = match step.action.substituted(&self.captured) {
                Ok(action) => self.step(driver, index + 1, &action).await,
                Err(unknown) => Err(Failed::from(unknown.to_string())),
            };
            if let Err(failed) = played {
                let message = format!("step {} ({}): {}", index + 1, step.action.name(), failed.message);
                let mut failure = self.failure(step.span.clone(), message);
                failure.details = failed.details;
                return Err(Box::new(failure));
            }
        }
        Ok(())
    }

    async fn step(&mut self, driver: &Driver, number: usize, action: &Action) -> Done {
        let stimulus = self.shared.recorder.record(None, What::Stimulus { step: number, action: describe(action) });
        let config = self.stimulus_config(stimulus);
        match action {
            Action::S3Put(step) => self.put_object(&config, step, action.content()).await,
            Action::S3Delete(step) => self.delete_object(&config, step).await,
            Action::EventsPut(step) => self.put_event(&config, step).await,
            Action::SqsSend(step) => self.send_message(&config, step, action.content()).await,
            Action::SnsPublish(step) => self.publish(&config, step, action.content()).await,
            Action::Http(step) => self.http(step, action.content(), stimulus).await,
            Action::Invoke(step) => self.invoke(step, stimulus).await,
            Action::Fail(step) => self.plan_failures(step),
            Action::Advance(by) => {
                settle::advance(driver, *by).await;
                Ok(())
            }
            Action::Settle(step) => {
                let settled = settle::settle(driver, step.within.unwrap_or(settle::DEFAULT_LIMIT)).await;
                self.shared.recorder.record(Some(stimulus), What::Settled { state: settled.to_string() });
                if settled.is_at_rest() { Ok(()) } else { Err(Failed::from(not_at_rest(&settled))) }
            }
        }
    }

    /// Stimuli are never retried: a fault must show, not be hidden by the step's own client.
    fn stimulus_config(&self, stimulus: EventId) -> SdkConfig {
        let config = self.shared.service_config_for(stimulus);
        config.to_builder().retry_config(RetryConfig::disabled()).build()
    }

    async fn put_object(&self, config: &SdkConfig, step: &S3Put, content: Option<Content<'_>>) -> Done {
        let bucket = &self.named(&self.shared.stack.buckets, &step.bucket.value, |bucket| &bucket.logical_id)?.name;
        let body = self.bytes(content)?;
        let put = aws_sdk_s3::Client::new(config).put_object().bucket(bucket).key(&step.key).body(body.into());
        let metadata: HashMap<String, String> = step.metadata.clone().into_iter().collect();
        let put =
            put.set_metadata((!metadata.is_empty()).then_some(metadata)).set_content_type(step.content_type.clone());
        sent(put.send().await)
    }

    async fn delete_object(&self, config: &SdkConfig, step: &S3Delete) -> Done {
        let bucket = &self.named(&self.shared.stack.buckets, &step.bucket.value, |bucket| &bucket.logical_id)?.name;
        sent(aws_sdk_s3::Client::new(config).delete_object().bucket(bucket).key(&step.key).send().await)
    }

    async fn put_event(&self, config: &SdkConfig, step: &EventsPut) -> Done {
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
        let put = put.map_err(|error| Failed::from(DisplayErrorContext(error).to_string()))?;
        match put.entries().iter().find_map(|entry| entry.error_message()) {
            Some(message) => Err(Failed::from(message.to_owned())),
            None => Ok(()),
        }
    }

    async fn send_message(&self, config: &SdkConfig, step: &SqsSend, content: Option<Content<'_>>) -> Done {
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
        sent(send.send().await)
    }

    async fn publish(&self, config: &SdkConfig, step: &SnsPublish, content: Option<Content<'_>>) -> Done {
        let topic = self.named(&self.shared.stack.topics, &step.topic.value, |topic| &topic.logical_id)?;
        let message = self.text(content)?;
        let publish = aws_sdk_sns::Client::new(config).publish().topic_arn(&topic.arn).message(message);
        let mut publish = publish.set_subject(step.subject.clone());
        for (name, value) in &step.attributes {
            let attribute =
                aws_sdk_sns::types::MessageAttributeValue::builder().data_type("String").string_value(value);
            publish = publish.message_attributes(name, attribute.build().map_err(|error| error.to_string())?);
        }
        sent(publish.send().await)
    }

    async fn http(&mut self, step: &Http, content: Option<Content<'_>>, stimulus: EventId) -> Done {
        let api = self.named(&self.shared.stack.apis, &step.api.value, |api| &api.logical_id)?.clone();
        let mut headers: Vec<(String, String)> = step.headers.clone().into_iter().collect();
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if step.json.is_some() && !has_type {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let request = ApiRequest {
            method: step.method.as_str().to_owned(),
            path: step.path.clone(),
            query_string: form_urlencoded::Serializer::new(String::new()).extend_pairs(&step.query).finish(),
            headers,
            body: self.bytes(content)?,
        };
        let response = api::serve(&self.shared, &api, request, Some(stimulus)).await;
        let wrong = step.expect.as_ref().map(|expect| response_mismatches(expect, &response)).unwrap_or_default();
        if !wrong.is_empty() {
            let details = [format!("the response was {} {}", response.status, shorten(&response.body))];
            let message = "the response is not as expected".to_owned();
            return Err(Failed { message, details: wrong.into_iter().chain(details).collect() });
        }
        self.capture(&step.capture, &serde_json::from_slice(&response.body).unwrap_or_default())
    }

    async fn invoke(&mut self, step: &Invoke, stimulus: EventId) -> Done {
        let function = self.shared.lambda.by_logical_id(&step.function.value).map(Rc::clone);
        let function = function.ok_or_else(|| format!("the template has no function {}", step.function.value))?;
        let payload = step.payload.clone().unwrap_or_else(|| serde_json::json!({})).to_string();
        let request_id = self.shared.ids.uuid();
        let request = Request { payload: &payload, request_id, attempt: 1, cause: stimulus };
        let invoked = self.shared.lambda.invoke(&function, request).await;
        let result = invoked.result.map(|response| serde_json::from_str::<Value>(&response).unwrap_or_default());
        let wrong = match (&step.expect, &result) {
            (Some(InvokeExpect::Payload(matcher)), Ok(payload)) => mismatches(matcher, payload.clone()),
            (Some(InvokeExpect::Error(matcher)), Err(error)) if matcher.value().is_object() => {
                mismatches(matcher, error.payload())
            }
            (Some(InvokeExpect::Error(matcher)), Err(error)) => mismatches(matcher, error.message().into()),
            (Some(InvokeExpect::Error(_)), Ok(payload)) => vec![format!("the function succeeded with {payload}")],
            (None | Some(InvokeExpect::Payload(_)), Err(error)) => {
                vec![format!("the function failed: {}", error.message())]
            }
            (None, Ok(_)) => Vec::new(),
        };
        if !wrong.is_empty() {
            return Err(Failed { message: "the result is not as expected".to_owned(), details: wrong });
        }
        self.capture(&step.capture, &result.unwrap_or_else(|error| error.payload()))
    }

    fn plan_failures(&self, step: &Fail) -> Done {
        let function = self.shared.lambda.by_logical_id(&step.function.value);
        let function = function.ok_or_else(|| format!("the template has no function {}", step.function.value))?;
        let kind = match step.with {
            FailWith::Error => FailureKind::Error,
            FailWith::Throttle => FailureKind::Throttle,
            FailWith::Timeout => FailureKind::Timeout,
            FailWith::Crash => FailureKind::Crash,
        };
        let message = step.message.clone().unwrap_or_else(|| "the scenario makes this attempt fail".to_owned());
        function.plan_failures(&PlannedFailure { kind, message }, step.times.get());
        Ok(())
    }

    /// A failure for each `fail` step whose attempts did not all happen: it tested nothing.
    pub fn unused_failures(&self) -> Vec<Failure> {
        let mut unused: BTreeMap<&str, usize> = BTreeMap::new();
        let mut failures = Vec::new();
        for step in self.scenario.steps.iter().rev() {
            let Action::Fail(fail) = &step.action else { continue };
            let name = fail.function.value.as_str();
            let left = unused.entry(name).or_insert_with(|| {
                self.shared.lambda.by_logical_id(name).map_or(0, |function| function.planned_failures())
            });
            let of_this = (*left).min(fail.times.get() as usize);
            *left -= of_this;
            if of_this > 0 {
                let message =
                    format!("{of_this} of {} attempts of {name} that were to fail did not happen", fail.times);
                failures.push(self.failure(step.span.clone(), message));
            }
        }
        failures
    }

    /// The failure of a replay that did not come to rest.
    pub fn unsettled(&self, settled: &Settled) -> Option<Failure> {
        let last = self.scenario.steps.last().map_or(0..0, |step| step.span.clone());
        (!settled.is_at_rest()).then(|| self.failure(last, format!("after the last step: {}", not_at_rest(settled))))
    }

    fn capture(&mut self, captures: &BTreeMap<CaptureName, Pointer>, answer: &Value) -> Done {
        for (name, pointer) in captures {
            let found = pointer.find(answer).cloned();
            let found = found.ok_or_else(|| {
                format!("nothing to capture as `{}` at {} of {answer}", name.as_str(), pointer.as_str())
            })?;
            self.captured.insert(name.as_str().to_owned(), found);
        }
        Ok(())
    }

    fn named<'r, T>(&self, all: &'r [T], name: &str, id: impl Fn(&T) -> &String) -> Result<&'r T, Failed> {
        all.iter().find(|one| id(one) == name).ok_or_else(|| Failed::from(format!("the template has no {name}")))
    }

    fn bytes(&self, content: Option<Content<'_>>) -> Result<Bytes, Failed> {
        Ok(match content {
            None => Bytes::new(),
            Some(Content::Text(text)) => Bytes::from(text.to_owned()),
            Some(Content::Json(value)) => Bytes::from(value.to_string()),
            Some(Content::File(file)) => {
                let path = self.scenario.path(&file.value);
                std::fs::read(&path).map(Bytes::from).map_err(|error| format!("{}: {error}", path.display()))?
            }
        })
    }

    fn text(&self, content: Option<Content<'_>>) -> Result<String, Failed> {
        let bytes = self.bytes(content)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Failed::from("the content is not UTF-8 text".to_owned()))
    }
}

fn sent<T, E: std::error::Error + 'static>(result: Result<T, E>) -> Done {
    result.map(drop).map_err(|error| Failed::from(DisplayErrorContext(error).to_string()))
}

fn not_at_rest(settled: &Settled) -> String {
    format!("the workflow did not come to rest: {settled}")
}

fn response_mismatches(expect: &crate::scenario::HttpExpect, response: &ApiResponse) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(status) = &expect.status {
        wrong.extend(prefixed("status", mismatches(status, response.status.into())));
    }
    for (name, matcher) in &expect.headers {
        let values: Vec<Value> = response
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str().into())
            .collect();
        let value = if values.is_empty() { Value::Null } else { Value::Array(values) };
        wrong.extend(prefixed(&format!("header {name}"), mismatches(matcher, value)));
    }
    if let Some(matcher) = &expect.body {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        wrong.extend(prefixed("body", mismatches(matcher, body)));
    }
    wrong
}

fn prefixed(what: &str, lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(move |line| format!("{what}: {}", line.trim_start_matches("value: ")))
}

fn shorten(body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    let cut: String = text.chars().take(500).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

/// The step in a few words, for the trace.
fn describe(action: &Action) -> String {
    let name = action.name();
    match action {
        Action::S3Put(step) => format!("{name} {}/{}", step.bucket.value, step.key),
        Action::S3Delete(step) => format!("{name} {}/{}", step.bucket.value, step.key),
        Action::Http(step) => format!("{name} {} {} {}", step.api.value, step.method.as_str(), step.path),
        Action::EventsPut(step) => {
            let bus = step.bus.as_ref().map_or("default", |bus| bus.value.as_str());
            format!("{name} {bus} {} {}", step.source, step.detail_type)
        }
        Action::SqsSend(step) => format!("{name} {}", step.queue.value),
        Action::SnsPublish(step) => format!("{name} {}", step.topic.value),
        Action::Invoke(step) => format!("{name} {}", step.function.value),
        Action::Fail(step) => {
            let with = format!("{:?}", step.with).to_lowercase();
            format!("{name} {} ×{} with {with}", step.function.value, step.times)
        }
        Action::Advance(by) => format!("{name} {}", duration(*by)),
        Action::Settle(step) => {
            step.within.map_or_else(|| name.to_owned(), |within| format!("{name} within {}", duration(within)))
        }
    }
}
