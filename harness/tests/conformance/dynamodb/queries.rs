//! `Query` and `Scan`: order, pages, filters and indexes; and PartiQL.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{GlobalSecondaryIndex, KeyType, Projection, ProjectionType, ScalarAttributeType, Select};
use serde_json::{Value, json};

use super::{Item, Table, definition, item, key_element, number, plain, refused, text};
use crate::kit::{Case, Known, case, cases, error, error_as, refused_as, seen};

cases![
    a_query_comes_in_the_order_of_its_sort_key,
    a_query_comes_page_by_page,
    a_filter_comes_after_the_key,
    a_query_may_count_only,
    a_query_names_the_partition_key,
    a_querys_condition_is_on_keys_only,
    a_page_has_an_item_at_least,
    a_scan_finds_every_item,
    an_index_is_queried,
    an_index_that_is_not_there_is_refused,
    a_statement_reads_and_writes,
    a_statement_inserts_what_is_not_there,
    a_statement_has_its_grammar,
    an_index_is_not_read_consistently,
];

impl Table {
    fn query(&self) -> QueryFluentBuilder {
        let query = self.db.query().table_name(&self.name).key_condition_expression("customer = :c");
        query.expression_attribute_values(":c", text("ann"))
    }
}

fn orders(items: &[Item]) -> Value {
    items.iter().map(|item| json!(item["order"].as_n().ok())).collect()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html>
fn a_query_comes_in_the_order_of_its_sort_key() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(10, "new"), (9, "new"), (100, "new")]).await;
        let backwards = table.query().scan_index_forward(false).send().await;
        let between = table.db.query().table_name(&table.name);
        let between = between.key_condition_expression("customer = :c AND #o BETWEEN :low AND :high");
        let between = between.expression_attribute_names("#o", "order").expression_attribute_values(":c", text("ann"));
        let between = between.expression_attribute_values(":low", number(9));
        let between = between.expression_attribute_values(":high", number(10)).send().await;
        json!([
            seen(table.query().send().await, |found| orders(found.items())),
            seen(backwards, |found| orders(found.items())),
            seen(between, |found| orders(found.items())),
        ])
    })
    .gives(json!([["9", "10", "100"], ["100", "10", "9"], ["9", "10"]]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html>
fn a_query_comes_page_by_page() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new"), (2, "new"), (3, "new")]).await;
        let first = table.query().limit(2).send().await.expect("valid");
        let last = first.last_evaluated_key().map(plain);
        let second = table.query().limit(2).set_exclusive_start_key(first.last_evaluated_key.clone()).send().await;
        let second = seen(second, |found| json!([orders(found.items()), found.last_evaluated_key().map(plain)]));
        json!([orders(first.items()), last, second])
    })
    .gives(json!([["1", "2"], { "customer": { "S": "ann" }, "order": { "N": "2" } }, [["3"], null]]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.FilterExpression.html>
fn a_filter_comes_after_the_key() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new"), (2, "paid"), (3, "new")]).await;
        let query = table.query().filter_expression("#s = :s").expression_attribute_names("#s", "state");
        let found = query.expression_attribute_values(":s", text("new")).send().await;
        seen(found, |found| json!([orders(found.items()), found.count(), found.scanned_count()]))
    })
    .gives(json!([["1", "3"], 2, 3]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
fn a_query_may_count_only() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new"), (2, "paid")]).await;
        let counted = table.query().select(Select::Count).send().await;
        seen(counted, |counted| json!([counted.items().len(), counted.count()]))
    })
    .gives(json!([0, 2]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html>
fn a_query_names_the_partition_key() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let query = table.db.query().table_name(&table.name).key_condition_expression("#o = :o");
        let query = query.expression_attribute_names("#o", "order").expression_attribute_values(":o", number(1));
        refused(query.send().await)
    })
    .gives(error(400, "ValidationException", "Query condition missed key schema element: customer"))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html>
fn a_querys_condition_is_on_keys_only() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let query = table.db.query().table_name(&table.name).key_condition_expression("customer = :c AND paid = :c");
        refused_as(query.expression_attribute_values(":c", text("ann")).send().await)
    })
    .gives(error_as(400, "ValidationException"))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
fn a_page_has_an_item_at_least() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        refused_as(table.query().limit(0).send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "moto takes a limit of none for no limit",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html>
fn a_scan_finds_every_item() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new"), (2, "paid"), (3, "new")]).await;
        let scan = table.db.scan().table_name(&table.name).filter_expression("#s = :s");
        let scan = scan.expression_attribute_names("#s", "state").expression_attribute_values(":s", text("paid"));
        seen(scan.send().await, |found| json!([orders(found.items()), found.count(), found.scanned_count()]))
    })
    .gives(json!([["2"], 1, 3]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
fn an_index_is_queried() -> Case {
    case(async |aws| {
        let table = Table { db: aws.dynamodb(), name: aws.name("orders") };
        let projection = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let index = GlobalSecondaryIndex::builder().index_name("by-state").projection(projection);
        let index = index.key_schema(key_element("state", KeyType::Hash)).build().expect("complete");
        let create = table.create().attribute_definitions(definition("state", ScalarAttributeType::S));
        create.global_secondary_indexes(index).send().await.expect("the table is valid");
        for (order, state) in [(1, "new"), (2, "paid")] {
            let put = table.db.put_item().table_name(&table.name).set_item(Some(item(order, state)));
            put.item("price", number(10)).send().await.expect("valid");
        }
        let query = table.db.query().table_name(&table.name).index_name("by-state");
        let query = query.key_condition_expression("#s = :s").expression_attribute_names("#s", "state");
        let found = query.expression_attribute_values(":s", text("paid")).send().await;
        seen(found, |found| found.items().iter().map(plain).collect())
    })
    .gives(json!([{ "customer": { "S": "ann" }, "order": { "N": "2" }, "state": { "S": "paid" } }]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
fn an_index_that_is_not_there_is_refused() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        refused(table.query().index_name("absent").send().await)
    })
    .gives(error(400, "ValidationException", "The table does not have the specified index: absent"))
    .localstack(Known {
        got: error(
            400,
            "ResourceNotFoundException",
            "Invalid index: absent for table: orders. Available indexes are: ",
        ),
        reason: "moto has an error of its own for it",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>
fn a_statement_reads_and_writes() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let update = format!("UPDATE \"{}\" SET paid = ? WHERE customer = 'ann' AND \"order\" = 1", table.name);
        let updated = table.db.execute_statement().statement(update).parameters(text("yes")).send().await;
        let select = format!("SELECT paid FROM \"{}\" WHERE customer = 'ann' AND \"order\" = 1", table.name);
        let found = table.db.execute_statement().statement(select).send().await;
        json!([
            seen(updated, |updated| updated.items().len().into()),
            seen(found, |found| found.items().iter().map(plain).collect()),
        ])
    })
    .gives(json!([0, [{ "paid": { "S": "yes" } }]]))
    .localstack(Known {
        got: json!([error(500, "InternalError", "exception while calling dynamodb.ExecuteStatement: "), [],]),
        reason: "moto's parser of PartiQL fails",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html>
fn a_statement_inserts_what_is_not_there() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let insert = format!("INSERT INTO \"{}\" VALUE {{'customer': 'ann', 'order': 1}}", table.name);
        refused(table.db.execute_statement().statement(insert).send().await)
    })
    .gives(error(400, "DuplicateItemException", "Duplicate primary key exists in table"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "moto replaces the item",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>
fn a_statement_has_its_grammar() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        refused_as(table.db.execute_statement().statement("SELECT everything").send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: error_as(500, "InternalError"),
        reason: "moto's parser of PartiQL fails",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
fn an_index_is_not_read_consistently() -> Case {
    case(async |aws| {
        let table = Table { db: aws.dynamodb(), name: aws.name("orders") };
        let projection = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder().index_name("by-state").projection(projection);
        let index = index.key_schema(key_element("state", KeyType::Hash)).build().expect("complete");
        let create = table.create().attribute_definitions(definition("state", ScalarAttributeType::S));
        create.global_secondary_indexes(index).send().await.expect("the table is valid");
        let query = table.db.query().table_name(&table.name).index_name("by-state").consistent_read(true);
        let query = query.key_condition_expression("#s = :s").expression_attribute_names("#s", "state");
        refused(query.expression_attribute_values(":s", text("paid")).send().await)
    })
    .gives(error(400, "ValidationException", "Consistent reads are not supported on global secondary indexes"))
}
