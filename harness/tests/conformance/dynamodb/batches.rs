//! Batches and transactions.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, DeleteRequest, Get, KeyType, KeysAndAttributes, Put, PutRequest, ScalarAttributeType,
    TransactGetItem, TransactWriteItem, Update, WriteRequest,
};
use serde_json::{Value, json};

use super::{Table, definition, item, key, key_element, number, plain, refused, text};
use crate::kit::{Case, Known, case, cases, done, error, error_as, refused_as, seen};

cases![
    a_batch_puts_and_deletes,
    a_batch_reads_what_is_there,
    a_batch_has_at_most_25_writes,
    a_batch_has_no_item_twice,
    a_batch_asks_for_no_item_twice,
    a_batch_needs_its_table,
    a_transaction_writes_all,
    a_cancelled_transaction_writes_nothing,
    a_transaction_has_no_item_twice,
    a_transactions_token_stands_for_its_items,
    a_transaction_reads_all,
    a_batch_asks_for_at_most_100_items,
];

fn put_request(order: u32) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item(order, "new"))).build().expect("it has an item");
    WriteRequest::builder().put_request(put).build()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
fn a_batch_puts_and_deletes() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(2, "old")]).await;
        let delete = DeleteRequest::builder().set_key(Some(key(2))).build().expect("it has a key");
        let writes = vec![put_request(1), WriteRequest::builder().delete_request(delete).build()];
        let written = table.db.batch_write_item().request_items(&table.name, writes).send().await;
        let left = seen(written, |written| written.unprocessed_items().map_or(0, |items| items.len()).into());
        json!([left, table.get(1).await["state"], table.get(2).await])
    })
    .gives(json!([0, { "S": "new" }, null]))
}

fn keys(orders: &[u32]) -> KeysAndAttributes {
    let keys = orders.iter().map(|order| key(*order)).collect();
    KeysAndAttributes::builder().set_keys(Some(keys)).build().expect("it has keys")
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
fn a_batch_reads_what_is_there() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new"), (2, "paid")]).await;
        let read = table.db.batch_get_item().request_items(&table.name, keys(&[1, 2, 3])).send().await;
        seen(read, |read| {
            let items = read.responses().and_then(|all| all.get(&table.name)).into_iter().flatten();
            let mut states: Vec<_> = items.map(|item| plain(item)["state"]["S"].to_string()).collect();
            states.sort();
            json!([states, read.unprocessed_keys().map(|keys| keys.len())])
        })
    })
    .gives(json!([["\"new\"", "\"paid\""], 0]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
fn a_batch_has_at_most_25_writes() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let writes = (0..26).map(put_request).collect();
        refused_as(table.db.batch_write_item().request_items(&table.name, writes).send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "moto does not count the writes",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
fn a_batch_has_no_item_twice() -> Case {
    case(async |aws| {
        // Keys of one attribute: moto compares their texts, and the SDK writes attributes in any order.
        let table = Table { db: aws.dynamodb(), name: aws.name("customers") };
        let create = table.create().set_key_schema(Some(vec![key_element("customer", KeyType::Hash)]));
        let definitions = vec![definition("customer", ScalarAttributeType::S)];
        create.set_attribute_definitions(Some(definitions)).send().await.expect("the table is valid");
        let put = PutRequest::builder().item("customer", text("ann")).build().expect("it has an item");
        let writes = vec![WriteRequest::builder().put_request(put).build(); 2];
        refused(table.db.batch_write_item().request_items(&table.name, writes).send().await)
    })
    .gives(error(400, "ValidationException", "Provided list of item keys contains duplicates"))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
fn a_batch_asks_for_no_item_twice() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        refused(table.db.batch_get_item().request_items(&table.name, keys(&[1, 1])).send().await)
    })
    .gives(error(400, "ValidationException", "Provided list of item keys contains duplicates"))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
fn a_batch_needs_its_table() -> Case {
    case(async |aws| {
        let write = aws.dynamodb().batch_write_item().request_items(aws.name("absent"), vec![put_request(1)]);
        refused(write.send().await)
    })
    .gives(error(400, "ResourceNotFoundException", "Requested resource not found"))
}

/// A put of an order that must not be there.
fn put(table: &Table, order: u32) -> TransactWriteItem {
    let put = Put::builder().table_name(&table.name).set_item(Some(item(order, "new")));
    let put = put.condition_expression("attribute_not_exists(customer)").build().expect("complete");
    TransactWriteItem::builder().put(put).build()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn a_transaction_writes_all() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(2, "old"), (3, "old"), (4, "old")]).await;
        let update =
            Update::builder().table_name(&table.name).set_key(Some(key(2))).update_expression("ADD times :one");
        let update = update.expression_attribute_values(":one", number(1)).build().expect("complete");
        let delete = Delete::builder().table_name(&table.name).set_key(Some(key(3))).build().expect("complete");
        let check = ConditionCheck::builder().table_name(&table.name).set_key(Some(key(4)));
        let check = check.condition_expression("attribute_exists(customer)").build().expect("complete");
        let write = table.db.transact_write_items().transact_items(put(&table, 1));
        let write = write.transact_items(TransactWriteItem::builder().update(update).build());
        let write = write.transact_items(TransactWriteItem::builder().delete(delete).build());
        let write = write.transact_items(TransactWriteItem::builder().condition_check(check).build()).send().await;
        json!([done(write), table.get(1).await["state"], table.get(2).await["times"], table.get(3).await])
    })
    .gives(json!(["done", { "S": "new" }, { "N": "1" }, null]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn a_cancelled_transaction_writes_nothing() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(2, "old")]).await;
        let write = table.db.transact_write_items().transact_items(put(&table, 1)).transact_items(put(&table, 2));
        let result = write.send().await;
        let reasons = match result.as_ref().err().and_then(|failure| failure.as_service_error()) {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let reasons = cancelled.cancellation_reasons().iter();
                reasons.map(|reason| json!([reason.code(), reason.message()])).collect()
            }
            _ => Value::Null,
        };
        json!([refused(result), reasons, table.get(1).await])
    })
    .gives(json!([
        error(
            400,
            "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons \
             [None, ConditionalCheckFailed]",
        ),
        [["None", null], ["ConditionalCheckFailed", "The conditional request failed"]],
        null,
    ]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn a_transaction_has_no_item_twice() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let write = table.db.transact_write_items().transact_items(put(&table, 1)).transact_items(put(&table, 1));
        refused(write.send().await)
    })
    .gives(error(
        400,
        "ValidationException",
        "Transaction request cannot include multiple operations on one item",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn a_transactions_token_stands_for_its_items() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let write = |order| {
            let write = table.db.transact_write_items().transact_items(put(&table, order));
            write.client_request_token(aws.name("token"))
        };
        let (first, again) = (write(1).send().await, write(1).send().await);
        json!([done(first), done(again), refused_as(write(2).send().await)])
    })
    .gives(json!(["done", "done", error_as(400, "IdempotentParameterMismatchException")]))
    .localstack(Known {
        got: json!([
            "done",
            error(
                400,
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed]"
            ),
            "accepted",
        ]),
        reason: "moto passes over the token",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html>
fn a_transaction_reads_all() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let get = |order| {
            let get = Get::builder().table_name(&table.name).set_key(Some(key(order))).build().expect("complete");
            TransactGetItem::builder().get(get).build()
        };
        let read = table.db.transact_get_items().transact_items(get(1)).transact_items(get(2)).send().await;
        seen(read, |read| read.responses().iter().map(|one| json!(one.item().map(plain))).collect())
    })
    .gives(json!([{ "customer": { "S": "ann" }, "order": { "N": "1" }, "state": { "S": "new" } }, null]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
fn a_batch_asks_for_at_most_100_items() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let orders: Vec<u32> = (0..101).collect();
        refused_as(table.db.batch_get_item().request_items(&table.name, keys(&orders)).send().await)
    })
    .gives(error_as(400, "ValidationException"))
}
