//! DynamoDB Streams: every change of an item, once and in order.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};
use serde_json::{Value, json};

use super::{Table, key};
use crate::kit::{Aws, Case, Known, case, cases, error_as, refused_as};

cases![
    a_stream_has_every_change,
    a_write_that_changes_nothing_is_not_in_the_stream,
    a_stream_may_have_keys_only,
    a_stream_that_is_not_there_is_told,
    an_iterator_that_is_none_is_refused,
];

/// The records of a new table's stream after an order had these states and was deleted.
async fn records(aws: &Aws, view: StreamViewType, states: &[&str]) -> Vec<Record> {
    let table = Table { db: aws.dynamodb(), name: aws.name("orders") };
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build();
    let created = table.create().stream_specification(stream.expect("complete")).send().await;
    let created = created.expect("the table is valid").table_description.expect("it is described");
    for state in states {
        table.put(1, state).await;
    }
    let delete = table.db.delete_item().table_name(&table.name).set_key(Some(key(1)));
    delete.send().await.expect("the key is valid");

    let (streams, arn) = (aws.dynamodb_streams(), created.latest_stream_arn.expect("the stream is on"));
    let described = streams.describe_stream().stream_arn(&arn).send().await.expect("it is there");
    let shards = described.stream_description.and_then(|stream| stream.shards).unwrap_or_default();
    let shard = shards.first().and_then(|shard| shard.shard_id()).expect("a stream has a shard");
    let iterator = streams.get_shard_iterator().stream_arn(&arn).shard_id(shard);
    let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.expect("valid");
    let read = streams.get_records().set_shard_iterator(iterator.shard_iterator).send().await;
    read.expect("the iterator is valid").records.unwrap_or_default()
}

/// The state in an image of an order; null where there is no image.
fn state(image: Option<&std::collections::HashMap<String, AttributeValue>>) -> Value {
    json!(image.and_then(|image| image.get("state")).and_then(|state| state.as_s().ok()))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html>
fn a_stream_has_every_change() -> Case {
    case(async |aws| {
        let records = records(&aws, StreamViewType::NewAndOldImages, &["new", "paid"]).await;
        let view = |record: &Record| {
            let change = record.dynamodb().expect("a record has a change");
            let name = record.event_name().map(|name| name.as_str());
            json!([name, state(change.old_image()), state(change.new_image())])
        };
        records.iter().map(view).collect()
    })
    .gives(json!([["INSERT", null, "new"], ["MODIFY", "new", "paid"], ["REMOVE", "paid", null]]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
fn a_write_that_changes_nothing_is_not_in_the_stream() -> Case {
    const PAGE: &str = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html";
    let got = json!(["INSERT", "MODIFY", "REMOVE"]);
    case(async |aws| {
        let records = records(&aws, StreamViewType::NewAndOldImages, &["new", "new"]).await;
        records.iter().map(|record| json!(record.event_name().map(|name| name.as_str()))).collect()
    })
    .gives(json!(["INSERT", "REMOVE"]))
    .localstack(Known { got, reason: "moto writes a record for every write", page: PAGE })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html>
fn a_stream_may_have_keys_only() -> Case {
    case(async |aws| {
        let records = records(&aws, StreamViewType::KeysOnly, &["new"]).await;
        let change = records.first().and_then(|record| record.dynamodb()).expect("there is a record");
        let order = change.keys().and_then(|keys| keys.get("order")).and_then(|order| order.as_n().ok());
        json!([order, change.new_image().is_some(), change.stream_view_type().map(|view| view.as_str())])
    })
    .gives(json!(["1", false, "KEYS_ONLY"]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html>
fn a_stream_that_is_not_there_is_told() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let arn = aws.arn("dynamodb", "orders").replace(&table.name, &format!("table/{}", table.name));
        let arn = format!("{arn}/stream/2026-01-01T00:00:00.000");
        refused_as(aws.dynamodb_streams().describe_stream().stream_arn(arn).send().await)
    })
    .gives(error_as(400, "ResourceNotFoundException"))
    .localstack(Known {
        got: error_as(500, "InternalError"),
        reason: "moto looks the stream up without asking whether it is there",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html>
fn an_iterator_that_is_none_is_refused() -> Case {
    case(async |aws| refused_as(aws.dynamodb_streams().get_records().shard_iterator("mine").send().await))
        .gives(error_as(400, "ValidationException"))
        .localstack(Known {
            got: error_as(500, "InternalError"),
            reason: "moto looks the iterator up without asking whether it is there",
            page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html",
        })
}
