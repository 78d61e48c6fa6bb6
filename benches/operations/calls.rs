//! The calls that are measured: each operation of the data plane, with one input.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, Get, KeysAndAttributes, Put, PutRequest, TransactGetItem, TransactWriteItem, WriteRequest,
};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry};

use aws_smithy_types::Blob;

use crate::{Clients, QUEUE, TOPIC};

const RECORD: &str = r#"{"page":"/","visitor":"one"}"#;

impl Clients {
    pub(super) async fn call_dynamodb(&self, operation: &str, input: &str) {
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
            "DynamoDB TransactGetItems, 2 items" => {
                let get = |n| Get::builder().table_name("bench").key("pk", text("fixed")).key("sk", text(n));
                let get = |n| TransactGetItem::builder().get(get(n).build().expect("valid")).build();
                let gets = ["00", "01"].map(get).to_vec();
                client.transact_get_items().set_transact_items(Some(gets)).send().await.map(drop).expect("got");
            }
            "DynamoDB TransactWriteItems, 2 items" => {
                let put = |n| Put::builder().table_name("bench").set_item(Some(item(input, n))).build().expect("valid");
                let writes = (0..2).map(|n| TransactWriteItem::builder().put(put(n)).build()).collect();
                client.transact_write_items().set_transact_items(Some(writes)).send().await.map(drop).expect("written");
            }
            unknown => panic!("nobody knows {unknown}"),
        }
    }

    pub(super) async fn call_s3(&self, operation: &str, input: &str) {
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
            "S3 DeleteObjects, 10 keys" => {
                let key = |n: usize| ObjectIdentifier::builder().key(format!("{input}/{n}")).build().expect("valid");
                let delete = Delete::builder().set_objects(Some((0..10).map(key).collect())).build().expect("valid");
                self.s3.delete_objects().bucket("bench").delete(delete).send().await.map(drop).expect("deleted");
            }
            "S3 UploadPart, 1 KiB" => {
                let part = self.s3.upload_part().bucket("bench").key("parts").upload_id(input).part_number(1);
                part.body(vec![b'x'; 1024].into()).send().await.map(drop).expect("uploaded");
            }
            "S3 ListObjectsV2, 100 keys" => {
                let list = self.s3.list_objects_v2().bucket("bench").prefix("fixed/");
                list.send().await.map(drop).expect("listed");
            }
            unknown => panic!("nobody knows {unknown}"),
        }
    }

    pub(super) async fn call_kinesis(&self, operation: &str, input: &str) {
        match operation {
            "Kinesis PutRecord" => {
                let put = self.kinesis.put_record().stream_name("bench").partition_key(input);
                put.data(Blob::new(RECORD)).send().await.map(drop).expect("put");
            }
            "Kinesis PutRecords, 10 records" => {
                let record = PutRecordsRequestEntry::builder().partition_key(input).data(Blob::new(RECORD));
                let records = vec![record.build().expect("valid"); 10];
                let put = self.kinesis.put_records().stream_name("bench").set_records(Some(records));
                put.send().await.map(drop).expect("put");
            }
            "Kinesis GetRecords, 10 records" => {
                self.kinesis.get_records().shard_iterator(input).limit(10).send().await.map(drop).expect("got");
            }
            unknown => panic!("nobody knows {unknown}"),
        }
    }

    pub(super) async fn call_messaging(&self, operation: &str, input: &str) {
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
            "SQS DeleteMessageBatch, 10 messages" => {
                let entry = |(n, handle): (usize, &str)| {
                    DeleteMessageBatchRequestEntry::builder().id(n.to_string()).receipt_handle(handle).build()
                };
                let entries = input.split(' ').enumerate().map(|each| entry(each).expect("valid")).collect();
                let delete = self.sqs.delete_message_batch().queue_url(QUEUE).set_entries(Some(entries));
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

pub(super) fn item(pk: &str, sk: usize) -> HashMap<String, AttributeValue> {
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
