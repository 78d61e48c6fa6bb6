//! An emulator with EventBridge's rules at work, and functions that record what they are offered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::builders::{PutEventsRequestEntryBuilder, TargetBuilder};
use aws_sdk_eventbridge::types::{DeadLetterConfig, PutEventsRequestEntry, Target};
use rehearsal_emulator::{Emulator, FunctionEvent, FunctionRefusal};
use serde_json::{Value, json};

use crate::common::{config, emulator};

pub const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:Audit";
pub const BUSY: &str = "arn:aws:lambda:us-east-1:123456789012:function:Busy";
pub const MISSING: &str = "arn:aws:lambda:us-east-1:123456789012:function:Missing";
pub const RULE: &str = "arn:aws:events:us-east-1:123456789012:rule/Orders";

pub struct Setup {
    pub emulator: Emulator,
    pub events: Client,
    /// What functions were offered, oldest first, with the virtual time since the start. `Busy` refuses for
    /// now, `Missing` does not exist.
    pub offered: Arc<Mutex<Vec<(Duration, FunctionEvent)>>>,
    /// How often `Busy` still refuses.
    pub refusals: Arc<Mutex<usize>>,
}

/// An emulator whose schedules and retries run.
pub fn setup() -> Setup {
    setup_of(emulator())
}

/// The same of an emulator that is there already.
pub fn setup_of(emulator: Emulator) -> Setup {
    let (offered, refusals) = (Arc::<Mutex<Vec<_>>>::default(), Arc::new(Mutex::new(usize::MAX)));
    let (log, left, start) = (offered.clone(), refusals.clone(), tokio::time::Instant::now());
    emulator.set_functions(Arc::new(move |event: FunctionEvent| {
        let (missing, busy) = (event.function_arn == MISSING, event.function_arn == BUSY);
        log.lock().expect("no test panics while it holds the log").push((start.elapsed(), event));
        let mut left = left.lock().expect("no test panics while it holds the count");
        if missing {
            Err(FunctionRefusal::NoSuchFunction)
        } else if busy && *left > 0 {
            *left -= 1;
            Err(FunctionRefusal::TooManyRequests)
        } else {
            Ok(())
        }
    }));
    let driven = emulator.clone();
    tokio::spawn(async move { driven.drive().await });
    let events = Client::new(&config(&emulator));
    Setup { emulator, events, offered, refusals }
}

impl Setup {
    /// The rule `Orders` for events from `shop`, with one target.
    pub async fn rule(&self, target: TargetBuilder) {
        self.put_rule(json!({"source": ["shop"]})).await;
        self.put_targets(vec![target]).await;
    }

    pub async fn put_rule(&self, pattern: Value) {
        let rule = self.events.put_rule().name("Orders").event_pattern(pattern.to_string()).send().await;
        assert_eq!(rule.expect("the rule is valid").rule_arn(), Some(RULE));
    }

    pub async fn put_targets(&self, targets: Vec<TargetBuilder>) {
        let targets =
            targets.into_iter().map(|target| target.build().expect("a target has an id and an ARN")).collect();
        let put = self.events.put_targets().rule("Orders").set_targets(Some(targets)).send().await;
        assert_eq!(put.expect("the targets are valid").failed_entry_count(), 0);
    }

    pub async fn schedule(&self, expression: &str) {
        self.events.put_rule().name("Orders").schedule_expression(expression).send().await.expect("a schedule");
        self.put_targets(vec![target("f", FUNCTION)]).await;
    }

    /// Puts an event from `shop` and returns its id.
    pub async fn put_event(&self, detail: Value) -> String {
        let put = self.events.put_events().entries(entry("shop", &detail.to_string()).build()).send().await;
        let put = put.expect("the request is valid");
        assert_eq!(put.failed_entry_count(), 0);
        put.entries()[0].event_id().expect("an event has an id").to_owned()
    }

    pub fn offered(&self) -> Vec<(Duration, FunctionEvent)> {
        self.offered.lock().expect("no test panics while it holds the log").clone()
    }

    pub fn payloads(&self) -> Vec<Value> {
        let parse = |(_, event): &(_, FunctionEvent)| serde_json::from_str(&event.payload).expect("a payload is JSON");
        self.offered().iter().map(parse).collect()
    }

    pub async fn queue(&self, name: &str) -> (aws_sdk_sqs::Client, String, String) {
        let sqs = aws_sdk_sqs::Client::new(&config(&self.emulator));
        let created = sqs.create_queue().queue_name(name).send().await.expect("the queue is created");
        let url = created.queue_url().expect("a queue has a URL").to_owned();
        (sqs, url, format!("arn:aws:sqs:us-east-1:123456789012:{name}"))
    }
}

pub fn target(id: &str, arn: &str) -> TargetBuilder {
    Target::builder().id(id).arn(arn)
}

pub fn entry(source: &str, detail: &str) -> PutEventsRequestEntryBuilder {
    PutEventsRequestEntry::builder().source(source).detail_type("Order Placed").detail(detail)
}

pub fn dead_letter(queue: &str) -> DeadLetterConfig {
    DeadLetterConfig::builder().arn(queue).build()
}

pub async fn receive(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<aws_sdk_sqs::types::Message> {
    let receive = sqs.receive_message().queue_url(url).max_number_of_messages(10).message_attribute_names("All");
    receive.send().await.expect("the queue is there").messages().to_vec()
}

/// A message's attributes as text, by name.
pub fn attributes(message: &aws_sdk_sqs::types::Message) -> Vec<(String, String)> {
    let all = message.message_attributes().into_iter().flatten();
    let mut all: Vec<_> =
        all.map(|(name, value)| (name.clone(), value.string_value().unwrap_or_default().to_owned())).collect();
    all.sort();
    all
}
