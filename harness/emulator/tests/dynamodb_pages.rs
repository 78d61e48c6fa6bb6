//! How much DynamoDB answers at once, through the AWS SDK.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>

mod common;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, KeysAndAttributes, ScalarAttributeType,
};
use common::{config, emulator};

/// Nearly the 400 KB that an item has at most.
const LARGE: usize = 390 * 1024;

/// A table with so many large items of one partition.
async fn table(items: usize) -> Client {
    let db = Client::new(&config(&emulator()));
    let attribute = |name, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().expect("complete")
    };
    let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("complete");
    let create = db.create_table().table_name("files").billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(attribute("folder", ScalarAttributeType::S));
    let create = create.attribute_definitions(attribute("number", ScalarAttributeType::N));
    let create = create.key_schema(key("folder", KeyType::Hash)).key_schema(key("number", KeyType::Range));
    create.send().await.expect("the table is valid");
    for number in 0..items {
        let put = db.put_item().table_name("files").set_item(Some(item_key(number)));
        put.item("text", AttributeValue::S("x".repeat(LARGE))).send().await.expect("the item is valid");
    }
    db
}

fn item_key(number: usize) -> HashMap<String, AttributeValue> {
    let number = ("number".to_owned(), AttributeValue::N(number.to_string()));
    HashMap::from([("folder".to_owned(), AttributeValue::S("a".to_owned())), number])
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html>
#[tokio::test(start_paused = true)]
async fn a_query_comes_in_pages_of_1_mb() {
    let db = table(7).await;
    let (mut pages, mut start) = (Vec::new(), None);
    loop {
        let query = db.query().table_name("files").key_condition_expression("folder = :folder");
        let query = query.expression_attribute_values(":folder", AttributeValue::S("a".to_owned()));
        let page = query.set_exclusive_start_key(start).send().await.expect("it is valid");
        pages.push(page.count());
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    // AWS leaves open whether the item that goes beyond 1 MB belongs to the page.
    let (last, full) = pages.split_last().expect("there is a page");
    assert!(full.iter().all(|count| [2, 3].contains(count)) && *last <= 3, "{pages:?}");
    assert_eq!(pages.iter().sum::<i32>(), 7);
}

/// A filter comes after the page was made: there may be pages without an item.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html>
#[tokio::test(start_paused = true)]
async fn a_scan_comes_in_pages_of_1_mb_before_its_filter() {
    let db = table(4).await;
    let scan = db.scan().table_name("files").filter_expression("#n > :n").expression_attribute_names("#n", "number");
    let scan = scan.expression_attribute_values(":n", AttributeValue::N("2".to_owned()));
    let first = scan.clone().send().await.expect("it is valid");
    assert!([2, 3].contains(&first.scanned_count()) && first.last_evaluated_key.is_some(), "{first:?}");
    assert_eq!(first.count(), 0);
    let second = scan.set_exclusive_start_key(first.last_evaluated_key).send().await.expect("it is valid");
    assert_eq!((second.count(), second.last_evaluated_key.is_none()), (1, true));
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
#[tokio::test(start_paused = true)]
async fn a_batch_reads_16_mb_and_names_the_rest_as_unprocessed() {
    let db = table(50).await;
    let (mut keys, mut read) = ((0..50).map(item_key).collect::<Vec<_>>(), Vec::new());
    while !keys.is_empty() {
        let asked = KeysAndAttributes::builder().set_keys(Some(keys)).build().expect("complete");
        let got = db.batch_get_item().request_items("files", asked).send().await.expect("it is valid");
        read.push(got.responses().and_then(|tables| tables.get("files")).map_or(0, Vec::len));
        let left = got.unprocessed_keys.and_then(|mut tables| tables.remove("files"));
        keys = left.map(|left| left.keys).unwrap_or_default();
    }
    assert_eq!(read.iter().sum::<usize>(), 50);
    assert!(read.len() == 2 && read[0] * LARGE <= 16 * 1024 * 1024, "{read:?}");
}
