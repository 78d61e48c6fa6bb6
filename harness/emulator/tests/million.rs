//! A table of a million items. A process of its own, so that its peak memory is the table's.

mod common;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PutRequest, ScalarAttributeType,
    Select, WriteRequest,
};
#[cfg(target_os = "linux")]
use common::most_memory;
use common::{config, emulator};

const ITEMS: usize = 1_000_000;
const TABLE: &str = "Airports";
/// The most that a `BatchWriteItem` takes.
const BATCH: usize = 25;
/// What the process may need for each item, all that is not the table included. docs/performance.md states it.
#[cfg(target_os = "linux")]
const BYTES_AN_ITEM: u64 = 350;

/// About 200 bytes in DynamoDB's JSON.
fn item(number: usize) -> HashMap<String, AttributeValue> {
    let text = |text: String| AttributeValue::S(text);
    [
        ("iata", text(format!("{number:07}"))),
        ("name", text(format!("Airport {number}"))),
        ("city", text("Springfield".to_owned())),
        ("country", text("USA".to_owned())),
        ("latitude", AttributeValue::N(format!("41.97{number:07}1"))),
        ("longitude", AttributeValue::N(format!("-87.90{number:07}1"))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

async fn create(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name("iata").key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder().attribute_name("iata").attribute_type(ScalarAttributeType::S);
    let create = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(key.build().expect("complete"));
    create.attribute_definitions(attribute.build().expect("complete")).send().await.expect("the table is valid");
}

async fn fill(client: &Client) {
    for first in (0..ITEMS).step_by(BATCH) {
        let put = |number| PutRequest::builder().set_item(Some(item(number))).build().expect("complete");
        let writes: Vec<_> =
            (first..first + BATCH).map(|number| WriteRequest::builder().put_request(put(number)).build()).collect();
        client.batch_write_item().request_items(TABLE, writes).send().await.expect("the items are valid");
    }
}

/// How many items a scan finds, page after page.
async fn count(client: &Client) -> i32 {
    let scan = client.scan().table_name(TABLE).select(Select::Count).limit(10_000);
    let (mut pages, mut count) = (scan.into_paginator().send(), 0);
    while let Some(page) = pages.next().await {
        count += page.expect("the table is there").count();
    }
    count
}

#[tokio::test(start_paused = true)]
#[ignore = "takes minutes without optimisation"]
async fn a_table_of_a_million_items_is_held_within_its_stated_memory() {
    let emulator = emulator();
    let client = Client::new(&config(&emulator));
    create(&client).await;
    fill(&client).await;
    for number in [0, ITEMS / 2, ITEMS - 1] {
        let key = AttributeValue::S(format!("{number:07}"));
        let got = client.get_item().table_name(TABLE).key("iata", key).send().await.expect("the table is there");
        assert_eq!(got.item, Some(item(number)));
    }
    assert_eq!(count(&client).await, i32::try_from(ITEMS).expect("a million"));
    #[cfg(target_os = "linux")]
    {
        let an_item = most_memory() / ITEMS as u64;
        assert!(an_item > 100, "the items themselves are seen");
        assert!(an_item <= BYTES_AN_ITEM, "{an_item} bytes of memory an item");
    }
}
