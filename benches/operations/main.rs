//! What an operation of the data plane costs through the AWS SDK, beside the SDK's own floor: the same client and request
//! on an answer that is there already. `cargo bench --bench operations`, with a part of a name to measure only that.
//!
//! Each answer is the emulator's own, recorded once. The table at the end stands in `docs/performance.md`.

mod canned;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, KeysAndAttributes, Put, PutRequest,
    ScalarAttributeType, TransactWriteItem, WriteRequest,
};
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient};
use aws_types::SdkConfig;
use criterion::Criterion;
use rehearsal::backend::{Backend, Embedded};
use rehearsal_emulator::clock::Stopwatch;
use rehearsal_emulator::{Clock, Ids};

use canned::{Canned, Recording};

const OPERATIONS: [&str; 24] = [
    "DynamoDB PutItem",
    "DynamoDB GetItem",
    "DynamoDB UpdateItem",
    "DynamoDB DeleteItem",
    "DynamoDB Query, 10 items",
    "DynamoDB Scan, 25 items",
    "DynamoDB BatchWriteItem, 25 items",
    "DynamoDB BatchGetItem, 25 items",
    "DynamoDB TransactWriteItems, 2 items",
    "SQS SendMessage",
    "SQS SendMessageBatch, 10 messages",
    "SQS ReceiveMessage",
    "SQS ChangeMessageVisibility",
    "SQS DeleteMessage",
    "S3 PutObject, 1 KiB",
    "S3 GetObject, 1 KiB",
    "S3 HeadObject",
    "S3 CopyObject",
    "S3 DeleteObject",
    "S3 ListObjectsV2, 100 keys",
    "SNS Publish, to a queue",
    "SNS PublishBatch, 10 messages to a queue",
    "EventBridge PutEvents, to a queue",
    "EventBridge PutEvents, 10 that no rule wants",
];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for operation in OPERATIONS {
        let backend =
            Embedded::new(Clock::starting_at(START.parse().expect("a time")), Ids::seeded(1), Arc::new(|_| None));
        let emulated = Clients::new(&backend.config());
        let canned = runtime.block_on(async {
            emulated.prepare().await;
            let recording = Recording::over(client_of(&backend));
            let recorded = Clients::new(&with_client(&backend, recording.clone()));
            let input = recorded.inputs(operation, 1).await.remove(0);
            recorded.call(operation, &input).await;
            Clients::new(&with_client(&backend, Canned(recording.taken())))
        });
        let mut group = criterion.benchmark_group(operation);
        for (side, clients) in [("emulator", &emulated), ("floor", &canned)] {
            group.bench_function(side, |bencher| {
                bencher.iter_custom(|times| runtime.block_on(measured(operation, &emulated, clients, times)));
            });
        }
        group.finish();
    }
    table();
}

const START: &str = "2026-01-01T00:00:00Z";

/// So many calls, one after the other, without what makes their inputs.
async fn measured(operation: &str, emulated: &Clients, clients: &Clients, times: u64) -> Duration {
    let inputs = emulated.inputs(operation, times as usize).await;
    let watch = Stopwatch::start();
    for input in &inputs {
        clients.call(operation, input).await;
    }
    watch.elapsed()
}

/// A Markdown table of the medians that criterion has written.
fn table() {
    println!("\n| operation | emulator | floor | |\n| --- | --- | --- | --- |");
    for operation in OPERATIONS {
        let medians = ["emulator", "floor"].map(|side| median(operation, side));
        if let [Some(emulator), Some(floor)] = medians {
            println!("| {operation} | {:.1} µs | {:.1} µs | ×{:.2} |", emulator / 1e3, floor / 1e3, emulator / floor);
        }
    }
}

/// In nanoseconds.
fn median(operation: &str, side: &str) -> Option<f64> {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("criterion").join(operation).join(side);
    let text = std::fs::read_to_string(path.join("new/estimates.json")).ok()?;
    serde_json::from_str::<serde_json::Value>(&text).ok()?.pointer("/median/point_estimate")?.as_f64()
}

struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    events: aws_sdk_eventbridge::Client,
    s3: aws_sdk_s3::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
}

const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/bench";
const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:123456789012:bench";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:bench";

impl Clients {
    fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            s3: aws_sdk_s3::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
        }
    }

    /// A table with items, a queue, a topic and a rule to the queue, and a bucket with objects.
    async fn prepare(&self) {
        let attribute = |name, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
        let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let table = self.dynamodb.create_table().table_name("bench").billing_mode(BillingMode::PayPerRequest);
        let table = table.attribute_definitions(attribute("pk", ScalarAttributeType::S).expect("valid"));
        let table = table.attribute_definitions(attribute("sk", ScalarAttributeType::S).expect("valid"));
        let table = table.key_schema(key("pk", KeyType::Hash).expect("valid"));
        table.key_schema(key("sk", KeyType::Range).expect("valid")).send().await.expect("a new table");
        for n in 0..25 {
            let put = self.dynamodb.put_item().table_name("bench").set_item(Some(item("fixed", n)));
            put.send().await.expect("an item");
        }
        self.sqs.create_queue().queue_name("bench").send().await.expect("a new queue");
        self.sns.create_topic().name("bench").send().await.expect("a new topic");
        let subscribe = self.sns.subscribe().topic_arn(TOPIC).protocol("sqs").endpoint(QUEUE_ARN);
        subscribe.send().await.expect("a subscription");
        let rule = self.events.put_rule().name("bench").event_pattern(r#"{"source":["bench"]}"#);
        rule.send().await.expect("a rule");
        let target = Target::builder().id("queue").arn(QUEUE_ARN).build().expect("valid");
        self.events.put_targets().rule("bench").targets(target).send().await.expect("a target");
        self.s3.create_bucket().bucket("bench").send().await.expect("a new bucket");
        for n in 0..100 {
            self.put_object(&format!("fixed/{n:03}")).await;
        }
    }

    async fn put_object(&self, key: &str) {
        let put = self.s3.put_object().bucket("bench").key(key).body(vec![b'x'; 1024].into());
        put.send().await.expect("put");
    }

    /// What each of the calls is about: receipt handles for what is done to messages in flight, else numbers.
    async fn inputs(&self, operation: &str, times: usize) -> Vec<String> {
        if !matches!(operation, "SQS ReceiveMessage" | "SQS DeleteMessage" | "SQS ChangeMessageVisibility") {
            return (0..times).map(|n| n.to_string()).collect();
        }
        self.sqs.delete_queue().queue_url(QUEUE).send().await.expect("it was there");
        // A name may be used again after a minute.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(61)).await;
        tokio::time::resume();
        self.sqs.create_queue().queue_name("bench").send().await.expect("a new queue");
        let mut handles = Vec::new();
        while handles.len() < times {
            let entry = |n: usize| SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body("x").build();
            let entries = (0..10).map(|n| entry(n).expect("valid")).collect();
            let send = self.sqs.send_message_batch().queue_url(QUEUE).set_entries(Some(entries));
            send.send().await.expect("sent");
            if operation == "SQS ReceiveMessage" {
                handles.extend((0..10).map(|n: usize| n.to_string()));
                continue;
            }
            let receive = self.sqs.receive_message().queue_url(QUEUE).max_number_of_messages(10);
            let received = receive.send().await.expect("received").messages.unwrap_or_default();
            handles.extend(received.into_iter().filter_map(|message| message.receipt_handle));
        }
        handles.truncate(times);
        handles
    }

    async fn call(&self, operation: &str, input: &str) {
        let service = operation.split(' ').next().expect("a service");
        match service {
            "DynamoDB" => self.call_dynamodb(operation, input).await,
            "S3" => self.call_s3(operation, input).await,
            _ => self.call_messaging(operation, input).await,
        }
    }

    async fn call_dynamodb(&self, operation: &str, input: &str) {
        let client = &self.dynamodb;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        match operation {
            "DynamoDB PutItem" => {
                let put = client.put_item().table_name("bench").set_item(Some(item(input, 0)));
                put.send().await.map(drop).expect("put");
            }
            "DynamoDB GetItem" => {
                let get = client.get_item().table_name("bench").key("pk", text("fixed")).key("sk", text("00"));
                get.send().await.map(drop).expect("got");
            }
            "DynamoDB UpdateItem" => {
                let update = client.update_item().table_name("bench").key("pk", text("fixed")).key("sk", text("00"));
                let update = update.update_expression("SET #count = if_not_exists(#count, :zero) + :one");
                let update = update.expression_attribute_names("#count", "count");
                let update = update.expression_attribute_values(":zero", AttributeValue::N("0".to_owned()));
                let update = update.expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
                update.send().await.map(drop).expect("updated");
            }
            "DynamoDB DeleteItem" => {
                let delete = client.delete_item().table_name("bench").key("pk", text(input)).key("sk", text("00"));
                delete.send().await.map(drop).expect("deleted");
            }
            "DynamoDB Query, 10 items" => {
                let query = client.query().table_name("bench").key_condition_expression("pk = :pk").limit(10);
                query.expression_attribute_values(":pk", text("fixed")).send().await.map(drop).expect("queried");
            }
            "DynamoDB Scan, 25 items" => {
                client.scan().table_name("bench").limit(25).send().await.map(drop).expect("scanned");
            }
            "DynamoDB BatchWriteItem, 25 items" => {
                let put = |n| PutRequest::builder().set_item(Some(item(input, n))).build().expect("valid");
                let writes: Vec<_> = (0..25).map(|n| WriteRequest::builder().put_request(put(n)).build()).collect();
                client.batch_write_item().request_items("bench", writes).send().await.map(drop).expect("written");
            }
            "DynamoDB BatchGetItem, 25 items" => {
                let key = |n: usize| [("pk".to_owned(), text("fixed")), ("sk".to_owned(), text(&format!("{n:02}")))];
                let keys = (0..25).map(|n| key(n).into_iter().collect()).collect();
                let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build().expect("valid");
                client.batch_get_item().request_items("bench", keys).send().await.map(drop).expect("got");
            }
            "DynamoDB TransactWriteItems, 2 items" => {
                let put = |n| Put::builder().table_name("bench").set_item(Some(item(input, n))).build().expect("valid");
                let writes = (0..2).map(|n| TransactWriteItem::builder().put(put(n)).build()).collect();
                client.transact_write_items().set_transact_items(Some(writes)).send().await.map(drop).expect("written");
            }
            unknown => panic!("nobody knows {unknown}"),
        }
    }

    async fn call_s3(&self, operation: &str, input: &str) {
        match operation {
            "S3 PutObject, 1 KiB" => self.put_object(input).await,
            "S3 GetObject, 1 KiB" => {
                let got = self.s3.get_object().bucket("bench").key("fixed/000").send().await.expect("got");
                got.body.collect().await.map(drop).expect("its whole body");
            }
            "S3 HeadObject" => {
                self.s3.head_object().bucket("bench").key("fixed/000").send().await.map(drop).expect("there");
            }
            "S3 CopyObject" => {
                let copy = self.s3.copy_object().bucket("bench").key(input).copy_source("bench/fixed/000");
                copy.send().await.map(drop).expect("copied");
            }
            "S3 DeleteObject" => {
                self.s3.delete_object().bucket("bench").key(input).send().await.map(drop).expect("deleted");
            }
            "S3 ListObjectsV2, 100 keys" => {
                let list = self.s3.list_objects_v2().bucket("bench").prefix("fixed/");
                list.send().await.map(drop).expect("listed");
            }
            unknown => panic!("nobody knows {unknown}"),
        }
    }

    async fn call_messaging(&self, operation: &str, input: &str) {
        match operation {
            "SQS SendMessage" => {
                let send = self.sqs.send_message().queue_url(QUEUE).message_body(input);
                send.send().await.map(drop).expect("sent");
            }
            "SQS SendMessageBatch, 10 messages" => {
                let entry = |n: usize| SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(input);
                let entries = (0..10).map(|n| entry(n).build().expect("valid")).collect();
                let send = self.sqs.send_message_batch().queue_url(QUEUE).set_entries(Some(entries));
                send.send().await.map(drop).expect("sent");
            }
            "SQS ReceiveMessage" => {
                self.sqs.receive_message().queue_url(QUEUE).send().await.map(drop).expect("received");
            }
            "SQS ChangeMessageVisibility" => {
                let change = self.sqs.change_message_visibility().queue_url(QUEUE).receipt_handle(input);
                change.visibility_timeout(60).send().await.map(drop).expect("changed");
            }
            "SQS DeleteMessage" => {
                let delete = self.sqs.delete_message().queue_url(QUEUE).receipt_handle(input);
                delete.send().await.map(drop).expect("deleted");
            }
            "SNS Publish, to a queue" => {
                self.sns.publish().topic_arn(TOPIC).message(input).send().await.map(drop).expect("published");
            }
            "SNS PublishBatch, 10 messages to a queue" => {
                let entry = |n: usize| {
                    aws_sdk_sns::types::PublishBatchRequestEntry::builder().id(n.to_string()).message(input).build()
                };
                let entries = (0..10).map(|n| entry(n).expect("valid")).collect();
                let publish =
                    self.sns.publish_batch().topic_arn(TOPIC).set_publish_batch_request_entries(Some(entries));
                publish.send().await.map(drop).expect("published");
            }
            "EventBridge PutEvents, to a queue" => {
                self.events.put_events().entries(event("bench")).send().await.map(drop).expect("put");
            }
            "EventBridge PutEvents, 10 that no rule wants" => {
                let entries = (0..10).map(|_| event("other")).collect();
                self.events.put_events().set_entries(Some(entries)).send().await.map(drop).expect("put");
            }
            unknown => panic!("nobody knows {unknown}"),
        }
    }
}

fn item(pk: &str, sk: usize) -> std::collections::HashMap<String, AttributeValue> {
    let text = |text: String| AttributeValue::S(text);
    let number = |number: f64| AttributeValue::N(number.to_string());
    [
        ("pk", text(pk.to_owned())),
        ("sk", text(format!("{sk:02}"))),
        ("name", text("Chicago O'Hare International".to_owned())),
        ("latitude", number(41.979595)),
        ("longitude", number(-87.904464)),
        ("open", AttributeValue::Bool(true)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn event(source: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder().source(source).detail_type("t").detail(r#"{"a":1}"#).build()
}

fn client_of(backend: &Embedded) -> SharedHttpClient {
    backend.config().http_client().expect("every backend has an HTTP client")
}

fn with_client(backend: &Embedded, client: impl HttpClient + 'static) -> SdkConfig {
    backend.config().to_builder().http_client(client).build()
}
