//! What very many messages and objects cost: time and memory must grow as their number does. Measured by hand:
//! `cargo test --release --test many -- --ignored --nocapture`. The small ones run with all tests.

mod common;

use bytes::Bytes;
use common::emulator;
use http::{HeaderMap, Method};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;
use serde_json::{Value, json};

/// A request as an SDK signs it, without the SDK's own work.
fn request(method: Method, service: &str, path: &str, target: &str, body: Bytes) -> Request {
    let mut headers = HeaderMap::new();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=0"
    );
    headers.insert("authorization", authorization.parse().expect("a header"));
    if !target.is_empty() {
        headers.insert("x-amz-target", target.parse().expect("a header"));
    }
    let uri = format!("https://{service}.us-east-1.amazonaws.com{path}").parse().expect("a URI");
    Request { method, uri, headers, body }
}

async fn sqs(emulator: &Emulator, operation: &str, body: Value) -> Value {
    let target = format!("AmazonSQS.{operation}");
    let request = request(Method::POST, "sqs", "/", &target, Bytes::from(body.to_string()));
    let response = emulator.answer(request).await.expect("SQS answers");
    assert_eq!(response.status(), 200, "{}", String::from_utf8_lossy(response.body()));
    serde_json::from_slice(response.body()).expect("it is JSON")
}

/// The memory that this process has now, in megabytes, where the system tells; Linux does.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1000.0
}

/// The processor's time that this process has used, in seconds, where the system tells; Linux does, in hundredths. What
/// else is at work on the machine does not count.
fn used() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let numbers = status.rsplit(')').next().unwrap_or_default().split_whitespace();
    numbers.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// What each of so many things cost since `start`, in millionths of a second.
fn each(start: f64, count: usize) -> f64 {
    (used() - start) * 1e6 / count as f64
}

/// Sends so many messages to one queue, and then receives and deletes them, ten at a time.
async fn messages(count: usize, fifo: bool) {
    let (emulator, before) = (emulator(), memory());
    let (name, attributes) = if fifo { ("many.fifo", json!({ "FifoQueue": "true" })) } else { ("many", json!({})) };
    let created = sqs(&emulator, "CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
    let url = &created["QueueUrl"];
    let start = used();
    for first in (0..count).step_by(10) {
        let entry = |number: usize| {
            let mut entry = json!({ "Id": number.to_string(), "MessageBody": format!("message {number}") });
            if fifo {
                entry["MessageGroupId"] = (number / 10 % 1000).to_string().into();
                entry["MessageDeduplicationId"] = number.to_string().into();
            }
            entry
        };
        let entries: Vec<Value> = (first..count.min(first + 10)).map(entry).collect();
        let sent = sqs(&emulator, "SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
        assert_eq!(sent["Failed"], json!([]));
    }
    let (sent, held) = (each(start, count), memory() - before);
    let start = used();
    let mut received = 0;
    while received < count {
        let got = sqs(&emulator, "ReceiveMessage", json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 })).await;
        let messages = got["Messages"].as_array().expect("there are messages left");
        received += messages.len();
        let entry =
            |(at, message): (usize, &Value)| json!({ "Id": at.to_string(), "ReceiptHandle": message["ReceiptHandle"] });
        let entries: Vec<Value> = messages.iter().enumerate().map(entry).collect();
        let deleted = sqs(&emulator, "DeleteMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
        assert_eq!(deleted["Failed"], json!([]));
    }
    let empty = sqs(&emulator, "ReceiveMessage", json!({ "QueueUrl": url })).await;
    assert_eq!(empty, json!({}));
    println!(
        "{name}: {count} messages: sent in {sent:.2} µs each, received and deleted in {:.2} µs each, {:.0} bytes each",
        each(start, count),
        held * 1e6 / count as f64
    );
}

/// Puts so many objects into a bucket with a lifecycle, while S3 looks after it, until they have expired.
async fn objects(count: usize) {
    let emulator = emulator();
    let driven = emulator.clone();
    tokio::spawn(async move { driven.drive().await });
    let s3 = async |method: Method, path: &str, body: Bytes| {
        let response = emulator.answer(request(method, "s3", path, "", body)).await.expect("S3 answers");
        assert!(response.status().is_success(), "{}", String::from_utf8_lossy(response.body()));
        String::from_utf8_lossy(response.body()).into_owned()
    };
    s3(Method::PUT, "/many", Bytes::new()).await;
    let rule = "<Rule><ID>all</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>";
    let lifecycle = format!("<LifecycleConfiguration>{rule}</LifecycleConfiguration>");
    s3(Method::PUT, "/many?lifecycle", lifecycle.into()).await;
    let start = used();
    for number in 0..count {
        s3(Method::PUT, &format!("/many/{number:07}"), Bytes::from_static(b"x")).await;
        // Now what drives looks at what is due.
        tokio::task::yield_now().await;
    }
    let put = each(start, count);
    let start = used();
    tokio::time::sleep(std::time::Duration::from_secs(2 * 24 * 60 * 60)).await;
    let expired = each(start, count);
    assert!(s3(Method::GET, "/many?list-type=2", Bytes::new()).await.contains("<KeyCount>0</KeyCount>"));
    println!("lifecycle: {count} objects: put in {put:.2} µs each, expired in {expired:.2} µs each");
}

#[tokio::test(start_paused = true)]
async fn every_one_of_many_messages_comes_once_and_many_objects_expire() {
    messages(1000, false).await;
    messages(1000, true).await;
    objects(500).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "it measures; run it by hand, in release"]
async fn a_million_messages_in_a_standard_queue() {
    for count in [10_000, 100_000, 1_000_000] {
        messages(count, false).await;
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "it measures; run it by hand, in release"]
async fn a_million_messages_in_a_fifo_queue() {
    for count in [10_000, 100_000, 1_000_000] {
        messages(count, true).await;
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "it measures; run it by hand, in release"]
async fn a_hundred_thousand_objects_under_a_lifecycle() {
    for count in [1_000, 10_000, 100_000] {
        objects(count).await;
    }
}
