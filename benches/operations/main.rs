//! What an operation of the data plane costs through the AWS SDK, beside the SDK's own floor: the same client and request
//! on an answer that is there already. `cargo bench --bench operations`, with a part of a name to measure only that.
//!
//! Each answer is the emulator's own, recorded once. The table at the end stands in `docs/performance.md`.

mod calls;
mod canned;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_eventbridge::types::Target;
use aws_sdk_kinesis::types::ShardIteratorType;
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient};
use aws_types::SdkConfig;
use criterion::Criterion;
use rehearsal::backend::{Backend, Embedded};
use rehearsal_emulator::clock::Stopwatch;
use rehearsal_emulator::{Clock, Ids};

use calls::item;
use canned::{Canned, Recording};

const OPERATIONS: [&str; 31] = [
    "DynamoDB PutItem",
    "DynamoDB GetItem",
    "DynamoDB UpdateItem",
    "DynamoDB DeleteItem",
    "DynamoDB Query, 10 items",
    "DynamoDB Scan, 25 items",
    "DynamoDB BatchWriteItem, 25 items",
    "DynamoDB BatchGetItem, 25 items",
    "DynamoDB TransactGetItems, 2 items",
    "DynamoDB TransactWriteItems, 2 items",
    "SQS SendMessage",
    "SQS SendMessageBatch, 10 messages",
    "SQS ReceiveMessage",
    "SQS ChangeMessageVisibility",
    "SQS DeleteMessage",
    "SQS DeleteMessageBatch, 10 messages",
    "S3 PutObject, 1 KiB",
    "S3 GetObject, 1 KiB",
    "S3 HeadObject",
    "S3 CopyObject",
    "S3 DeleteObject",
    "S3 DeleteObjects, 10 keys",
    "S3 UploadPart, 1 KiB",
    "S3 ListObjectsV2, 100 keys",
    "SNS Publish, to a queue",
    "SNS PublishBatch, 10 messages to a queue",
    "EventBridge PutEvents, to a queue",
    "EventBridge PutEvents, 10 that no rule wants",
    "Kinesis PutRecord",
    "Kinesis PutRecords, 10 records",
    "Kinesis GetRecords, 10 records",
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
    kinesis: aws_sdk_kinesis::Client,
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
            kinesis: aws_sdk_kinesis::Client::new(config),
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
        self.kinesis.create_stream().stream_name("bench").shard_count(1).send().await.expect("a new stream");
        for n in 0..10 {
            self.call_kinesis("Kinesis PutRecord", &n.to_string()).await;
        }
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
        match operation {
            "S3 UploadPart, 1 KiB" => {
                let upload = self.s3.create_multipart_upload().bucket("bench").key("parts").send().await;
                vec![upload.expect("the bucket is there").upload_id.expect("an id"); times]
            }
            "Kinesis GetRecords, 10 records" => {
                let iterator = self.kinesis.get_shard_iterator().stream_name("bench").shard_id("shardId-000000000000");
                let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await;
                vec![iterator.expect("the shard is there").shard_iterator.expect("an iterator"); times]
            }
            "SQS ReceiveMessage" => {
                self.fill_queue(times).await;
                (0..times).map(|n| n.to_string()).collect()
            }
            "SQS DeleteMessage" | "SQS ChangeMessageVisibility" => self.receipt_handles(times).await,
            "SQS DeleteMessageBatch, 10 messages" => {
                self.receipt_handles(10 * times).await.chunks(10).map(|handles| handles.join(" ")).collect()
            }
            _ => (0..times).map(|n| n.to_string()).collect(),
        }
    }

    /// Makes the queue anew, with at least so many messages.
    async fn fill_queue(&self, times: usize) {
        self.sqs.delete_queue().queue_url(QUEUE).send().await.expect("it was there");
        // A name may be used again after a minute.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(61)).await;
        tokio::time::resume();
        self.sqs.create_queue().queue_name("bench").send().await.expect("a new queue");
        for _ in 0..times.div_ceil(10) {
            self.call_messaging("SQS SendMessageBatch, 10 messages", "x").await;
        }
    }

    async fn receipt_handles(&self, times: usize) -> Vec<String> {
        self.fill_queue(times).await;
        let mut handles = Vec::new();
        while handles.len() < times {
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
            "Kinesis" => self.call_kinesis(operation, input).await,
            _ => self.call_messaging(operation, input).await,
        }
    }
}

fn client_of(backend: &Embedded) -> SharedHttpClient {
    backend.config().http_client().expect("every backend has an HTTP client")
}

fn with_client(backend: &Embedded, client: impl HttpClient + 'static) -> SdkConfig {
    backend.config().to_builder().http_client(client).build()
}
