//! DynamoDB through the AWS SDK: what the engine does as seen by a handler, and what the emulator adds.

mod common;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ContributorInsightsStatus, KeySchemaElement, KeyType,
    KeysAndAttributes, PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, ProvisionedThroughput, Put,
    PutRequest, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure, ScalarAttributeType,
    SseSpecification, StreamSpecification, StreamViewType, TableDescription, Tag, TransactWriteItem, Update,
    WriteRequest,
};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use common::{config, emulator};
use rehearsal_emulator::Emulator;
use tokio::time::advance;

const TABLE: &str = "Orders";

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: u32) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

async fn create(db: &Client) -> TableDescription {
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("complete");
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().expect("complete")
    };
    let request = db.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    let request = request.key_schema(key("customer", KeyType::Hash)).key_schema(key("order", KeyType::Range));
    let request = request.attribute_definitions(attribute("customer", ScalarAttributeType::S));
    let request = request.attribute_definitions(attribute("order", ScalarAttributeType::N));
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    let request = request.stream_specification(stream.build().expect("complete"));
    let request = request.sse_specification(SseSpecification::builder().enabled(true).build());
    request.send().await.expect("the table is valid").table_description.expect("a description")
}

async fn table() -> (Emulator, Client) {
    let emulator = emulator();
    let db = Client::new(&config(&emulator));
    create(&db).await;
    (emulator, db)
}

async fn put(db: &Client, order: u32, state: &str) {
    let request = db.put_item().table_name(TABLE).item("customer", text("ann"));
    request.item("order", number(order)).item("state", text(state)).send().await.expect("the item is valid");
}

async fn state(db: &Client, order: u32) -> Option<String> {
    let request = db.get_item().table_name(TABLE).key("customer", text("ann")).key("order", number(order));
    let item = request.consistent_read(true).send().await.expect("the table is there").item?;
    item["state"].as_s().ok().cloned()
}

#[tokio::test(start_paused = true)]
async fn an_item_is_put_read_updated_and_deleted() {
    let (_, db) = table().await;
    put(&db, 1, "new").await;
    assert_eq!(state(&db, 1).await.as_deref(), Some("new"));
    let update = db.update_item().table_name(TABLE).key("customer", text("ann")).key("order", number(1));
    let update = update.update_expression("SET #s = :s").expression_attribute_names("#s", "state");
    let updated = update.expression_attribute_values(":s", text("paid")).return_values(ReturnValue::AllOld).send();
    assert_eq!(updated.await.expect("valid").attributes.expect("the old item")["state"], text("new"));
    assert_eq!(state(&db, 1).await.as_deref(), Some("paid"));
    let delete = db.delete_item().table_name(TABLE).key("customer", text("ann")).key("order", number(1));
    delete.send().await.expect("valid");
    assert_eq!(state(&db, 1).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_condition_is_the_typed_error_with_the_item() {
    let (_, db) = table().await;
    put(&db, 1, "new").await;
    let again = db.put_item().table_name(TABLE).item("customer", text("ann")).item("order", number(1));
    let again = again.condition_expression("attribute_not_exists(customer)");
    let again = again.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let error = again.send().await.expect_err("the item exists").into_service_error();
    assert!(error.is_conditional_check_failed_exception());
    assert_eq!(error.message(), Some("The conditional request failed"));
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(error) = error else {
        panic!("the error is {error}");
    };
    assert_eq!(error.item.expect("it was asked for")["state"], text("new"));
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_not_there_is_a_resource_not_found() {
    let (_, db) = table().await;
    let get = db.get_item().table_name("Absent").key("customer", text("ann")).key("order", number(1)).send().await;
    assert!(get.expect_err("refused").into_service_error().is_resource_not_found_exception());
    let describe = db.describe_table().table_name("Absent").send().await;
    assert!(describe.expect_err("refused").into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_dynamodb_does_not_accept_is_a_validation_exception() {
    let (_, db) = table().await;
    let put = db.put_item().table_name(TABLE).item("customer", text("ann")).send().await;
    assert_eq!(put.expect_err("the sort key is missing").code(), Some("ValidationException"));
}

#[tokio::test(start_paused = true)]
async fn a_query_comes_page_by_page_in_order() {
    let (_, db) = table().await;
    for order in [3, 1, 2] {
        put(&db, order, "new").await;
    }
    let query = db.query().table_name(TABLE).key_condition_expression("customer = :c");
    let query = query.expression_attribute_values(":c", text("ann")).limit(2);
    let first = query.clone().send().await.expect("valid");
    let orders = |items: &[std::collections::HashMap<String, AttributeValue>]| -> Vec<AttributeValue> {
        items.iter().map(|item| item["order"].clone()).collect()
    };
    assert_eq!(orders(first.items()), [number(1), number(2)]);
    let second = query.set_exclusive_start_key(first.last_evaluated_key).send().await.expect("valid");
    assert_eq!(orders(second.items()), [number(3)]);
    assert_eq!(second.last_evaluated_key, None);
}

#[tokio::test(start_paused = true)]
async fn batches_write_and_read_many_items() {
    let (_, db) = table().await;
    let write = |order| {
        let put = PutRequest::builder().item("customer", text("ann")).item("order", number(order));
        WriteRequest::builder().put_request(put.item("state", text("new")).build().expect("complete")).build()
    };
    let written = db.batch_write_item().request_items(TABLE, vec![write(1), write(2)]);
    let written = written.send().await.expect("valid");
    assert!(written.unprocessed_items.unwrap_or_default().is_empty());
    let key = |order| [("customer".to_owned(), text("ann")), ("order".to_owned(), number(order))].into();
    let keys = KeysAndAttributes::builder().keys(key(1)).keys(key(2)).keys(key(3)).build().expect("complete");
    let read = db.batch_get_item().request_items(TABLE, keys).send().await.expect("valid");
    assert_eq!(read.responses.expect("tables were asked for")[TABLE].len(), 2);
}

fn put_in_transaction(order: u32) -> TransactWriteItem {
    let put = Put::builder().table_name(TABLE).item("customer", text("ann")).item("order", number(order));
    let put = put.item("state", text("new")).condition_expression("attribute_not_exists(customer)");
    TransactWriteItem::builder().put(put.build().expect("complete")).build()
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_transaction_writes_nothing_and_says_why() {
    let (_, db) = table().await;
    put(&db, 2, "old").await;
    let items = vec![put_in_transaction(1), put_in_transaction(2)];
    let error = db.transact_write_items().set_transact_items(Some(items)).send().await;
    let error = error.expect_err("the second item exists").into_service_error();
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        panic!("the error is {error}")
    };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code()).collect();
    assert_eq!(codes, [Some("None"), Some("ConditionalCheckFailed")]);
    assert_eq!(state(&db, 1).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_transactions_token_holds_for_ten_minutes_of_virtual_time() {
    let (_, db) = table().await;
    let count = || {
        let update = Update::builder().table_name(TABLE).key("customer", text("ann")).key("order", number(1));
        let update = update.update_expression("ADD times :one").expression_attribute_values(":one", number(1));
        let item = TransactWriteItem::builder().update(update.build().expect("complete")).build();
        db.transact_write_items().transact_items(item).client_request_token("token").send()
    };
    let times = || async {
        let request = db.get_item().table_name(TABLE).key("customer", text("ann")).key("order", number(1));
        request.send().await.expect("valid").item.expect("it was written")["times"].clone()
    };
    count().await.expect("valid");
    advance(Duration::from_secs(599)).await;
    count().await.expect("a repetition succeeds");
    assert_eq!(times().await, number(1));
    advance(Duration::from_secs(1)).await;
    count().await.expect("the token is forgotten");
    assert_eq!(times().await, number(2));
    count().await.expect("a repetition of the second use");
    assert_eq!(times().await, number(2));

    let other = db.transact_write_items().transact_items(put_in_transaction(5)).client_request_token("token");
    let error = other.send().await.expect_err("the token stands for something else").into_service_error();
    assert!(error.is_idempotent_parameter_mismatch_exception());
}

#[tokio::test(start_paused = true)]
async fn partiql_statements_are_executed() {
    let (_, db) = table().await;
    put(&db, 1, "new").await;
    let select = db.execute_statement().statement(r#"SELECT state FROM "Orders" WHERE customer = 'ann'"#);
    assert_eq!(select.send().await.expect("valid").items()[0]["state"], text("new"));
    let insert = db.execute_statement().statement(r#"INSERT INTO "Orders" VALUE {'customer': 'ann', 'order': 1}"#);
    assert!(insert.send().await.expect_err("it exists").into_service_error().is_duplicate_item_exception());
}

#[tokio::test(start_paused = true)]
async fn a_tables_times_and_names_are_those_of_the_emulated_region() {
    let emulator = emulator();
    let db = Client::new(&config(&emulator));
    advance(Duration::from_secs(60)).await;
    let created = create(&db).await;
    assert_eq!(created.creation_date_time().map(|time| time.secs()), Some(1_767_225_660));
    assert_eq!(created.table_arn(), Some("arn:aws:dynamodb:us-east-1:123456789012:table/Orders"));
    let stream = created.latest_stream_arn().expect("the stream is on");
    assert!(stream.starts_with("arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/1767225660"), "{stream}");
    advance(Duration::from_secs(60)).await;
    let throughput = ProvisionedThroughput::builder().read_capacity_units(5).write_capacity_units(5).build();
    let update = db.update_table().table_name(TABLE).billing_mode(BillingMode::Provisioned);
    update.provisioned_throughput(throughput.expect("complete")).send().await.expect("valid");
    advance(Duration::from_secs(60)).await;
    let described = db.describe_table().table_name(TABLE).send().await.expect("valid").table.expect("it is there");
    assert_eq!(described.table_id(), created.table_id());
    assert_eq!(described.creation_date_time(), created.creation_date_time());
    let increased = described.provisioned_throughput().and_then(|throughput| throughput.last_increase_date_time());
    assert_eq!(increased.map(|time| time.secs()), Some(1_767_225_720));
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_made_again_is_another_table() {
    let emulator = emulator();
    let db = Client::new(&config(&emulator));
    let first = create(&db).await;
    db.delete_table().table_name(TABLE).send().await.expect("it is there");
    advance(Duration::from_secs(5)).await;
    let second = create(&db).await;
    assert_ne!(first.table_id(), second.table_id());
    assert_eq!(second.creation_date_time().map(|time| time.secs()), Some(1_767_225_605));
}

#[tokio::test(start_paused = true)]
async fn tags_belong_to_the_tables_arn() {
    let (_, db) = table().await;
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders";
    let tag = Tag::builder().key("team").value("a").build().expect("complete");
    db.tag_resource().resource_arn(arn).tags(tag.clone()).send().await.expect("valid");
    let tags = db.list_tags_of_resource().resource_arn(arn).send().await.expect("valid");
    assert_eq!(tags.tags(), [tag]);
    let elsewhere = db.list_tags_of_resource().resource_arn(arn.replace("us-east-1", "eu-west-1")).send().await;
    assert!(elsewhere.expect_err("another region").into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_is_not_simulated_is_refused_by_name() {
    let (_, db) = table().await;
    let update =
        db.update_table().table_name(TABLE).sse_specification(SseSpecification::builder().enabled(false).build());
    let error = update.send().await.expect_err("refused");
    assert_eq!(error.message(), Some("SSESpecification of DynamoDB's UpdateTable is not simulated"));
    let error = db.list_backups().send().await.expect_err("refused");
    assert_eq!(error.message(), Some("DynamoDB's operation ListBackups is not simulated"));
}

#[tokio::test(start_paused = true)]
async fn regions_and_emulators_share_no_table() {
    let (emulator, db) = table().await;
    put(&db, 1, "new").await;
    let region = aws_sdk_dynamodb::config::Region::new("eu-west-1");
    let elsewhere = Client::new(&config(&emulator).into_builder().region(region).build());
    assert_eq!(elsewhere.list_tables().send().await.expect("valid").table_names(), [] as [String; 0]);
    let (_, other) = table().await;
    assert_eq!(state(&other, 1).await, None);
}

/// Sends a request as a DynamoDB client would and returns the answer's bytes.
async fn raw(emulator: &Emulator, target: &str, body: &str) -> String {
    let mut request = HttpRequest::new(body.into());
    request.set_method("POST").expect("a method");
    request.set_uri("https://dynamodb.us-east-1.amazonaws.com/").expect("a URI");
    let credential = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/dynamodb/aws4_request, Signature=0";
    request.headers_mut().insert("authorization", credential);
    request.headers_mut().insert("x-amz-target", target.to_owned());
    let response = SharedHttpConnector::new(emulator.clone()).call(request).await.expect("the emulator answers");
    String::from_utf8(response.body().bytes().expect("the body is whole").to_vec()).expect("JSON is UTF-8")
}

#[tokio::test(start_paused = true)]
async fn one_seed_gives_the_same_bytes() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (emulator, db) = table().await;
        for order in 1..5 {
            put(&db, order, "new").await;
        }
        let consumed = db.transact_write_items().return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        consumed.transact_items(put_in_transaction(9)).send().await.expect("valid");
        let mut bytes = vec![
            raw(&emulator, "DynamoDB_20120810.DescribeTable", r#"{"TableName":"Orders"}"#).await,
            raw(&emulator, "DynamoDB_20120810.Scan", r#"{"TableName":"Orders"}"#).await,
            raw(&emulator, "DynamoDB_20120810.GetItem", r#"{"TableName":"Absent","Key":{}}"#).await,
            raw(&emulator, "DynamoDBStreams_20120810.ListStreams", "{}").await,
        ];
        let shard = r#"{"StreamArn":"arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/1767225600.000000000","ShardId":"shardId-00000001-Orders","ShardIteratorType":"TRIM_HORIZON"}"#;
        let iterator = raw(&emulator, "DynamoDBStreams_20120810.GetShardIterator", shard).await;
        let records = raw(&emulator, "DynamoDBStreams_20120810.GetRecords", &iterator).await;
        assert_eq!(records.matches(r#""awsRegion":"us-east-1""#).count(), 5, "{records}");
        assert!(bytes[3].contains("123456789012:table/Orders/stream/"), "{}", bytes[3]);
        bytes.push(records);
        runs.push(bytes);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test(start_paused = true)]
async fn point_in_time_recovery_is_kept_and_told_until_the_table_is_deleted() {
    let db = Client::new(&config(&emulator()));
    let missing = db.describe_continuous_backups().table_name(TABLE).send().await.expect_err("no table yet");
    assert_eq!(missing.into_service_error().code(), Some("TableNotFoundException"));
    create(&db).await;
    let status = async || {
        let told = db.describe_continuous_backups().table_name(TABLE).send().await.expect("the table is there");
        let told = told.continuous_backups_description.expect("a description");
        told.point_in_time_recovery_description.expect("a description")
    };
    let disabled = PointInTimeRecoveryStatus::Disabled;
    assert_eq!(status().await.point_in_time_recovery_status(), Some(&disabled));
    let enable = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
    let update = db.update_continuous_backups().table_name(TABLE);
    let update = update.point_in_time_recovery_specification(enable.expect("complete"));
    update.send().await.expect("the table is there");
    advance(Duration::from_secs(40 * 24 * 60 * 60)).await;
    let enabled = status().await;
    assert_eq!(enabled.recovery_period_in_days(), Some(35));
    let (earliest, latest) = (enabled.earliest_restorable_date_time(), enabled.latest_restorable_date_time());
    let between = latest.expect("a time").secs() - earliest.expect("a time").secs();
    assert_eq!(between, 35 * 24 * 60 * 60 - 5 * 60);
    db.delete_table().table_name(TABLE).send().await.expect("it is there");
    create(&db).await;
    assert_eq!(status().await.point_in_time_recovery_status(), Some(&disabled));
}

#[tokio::test(start_paused = true)]
async fn a_table_has_neither_a_stream_of_kinesis_nor_insights_nor_a_policy() {
    let db = Client::new(&config(&emulator()));
    let arn = create(&db).await.table_arn.expect("a table has an ARN");
    let destinations = db.describe_kinesis_streaming_destination().table_name(TABLE).send().await.expect("it is there");
    assert!(destinations.kinesis_data_stream_destinations().is_empty());
    let insights = db.describe_contributor_insights().table_name(TABLE).send().await.expect("it is there");
    assert_eq!(insights.contributor_insights_status(), Some(&ContributorInsightsStatus::Disabled));
    let policy = db.get_resource_policy().resource_arn(arn).send().await.expect_err("there is none");
    assert_eq!(policy.into_service_error().code(), Some("PolicyNotFoundException"));
    let unknown = db.describe_contributor_insights().table_name("Nothing").send().await.expect_err("no such table");
    assert_eq!(unknown.into_service_error().code(), Some("ResourceNotFoundException"));
}
