//! Tables: their life, tags and time to live.

use aws_sdk_dynamodb::types::{Tag, TimeToLiveSpecification};
use serde_json::{Value, json};

use super::{Table, refused};
use crate::kit::{Case, Known, case, cases, done, error, error_as, refused_as, seen};

cases![
    a_table_is_told_as_it_was_created,
    a_table_is_created_once,
    a_table_that_is_not_there_is_told,
    a_tables_name_has_three_characters,
    a_key_is_an_attribute_that_is_defined,
    a_deleted_table_is_gone,
    tables_are_listed_page_by_page,
    tags_belong_to_an_arn,
    a_time_to_live_is_told,
];

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html>
fn a_table_is_told_as_it_was_created() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let described = table.db.describe_table().table_name(&table.name).send().await;
        seen(described, |described| {
            let table = described.table.expect("it is described");
            let schema = table.key_schema().iter().map(|key| json!([key.attribute_name(), key.key_type().as_str()]));
            let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
            json!({
                "name": table.table_name(),
                "arn": table.table_arn(),
                "items": table.item_count(),
                "schema": schema.collect::<Value>(),
                "billing": billing.map(|mode| mode.as_str()),
            })
        })
    })
    .gives(json!({
        "name": "orders",
        "arn": "arn:aws:dynamodb:us-east-1:ACCOUNT:table/orders",
        "items": 0,
        "schema": [["customer", "HASH"], ["order", "RANGE"]],
        "billing": "PAY_PER_REQUEST",
    }))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>
fn a_table_is_created_once() -> Case {
    case(async |aws| refused(Table::new(&aws).await.create().send().await)).gives(error(
        400,
        "ResourceInUseException",
        "Table already exists: orders",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html>
fn a_table_that_is_not_there_is_told() -> Case {
    case(async |aws| {
        let (db, name) = (aws.dynamodb(), aws.name("absent"));
        json!([
            refused(db.describe_table().table_name(&name).send().await),
            refused(db.delete_table().table_name(&name).send().await),
            refused(db.scan().table_name(&name).send().await),
        ])
    })
    .gives(json!([
        error(400, "ResourceNotFoundException", "Requested resource not found: Table: absent not found"),
        error(400, "ResourceNotFoundException", "Requested resource not found: Table: absent not found"),
        error(400, "ResourceNotFoundException", "Requested resource not found"),
    ]))
    .localstack(Known {
        got: json!([
            error(400, "ResourceNotFoundException", "Requested resource not found: Table: absent not found"),
            error(400, "ResourceNotFoundException", "Requested resource not found"),
            error(400, "ResourceNotFoundException", "Requested resource not found"),
        ]),
        reason: "moto does not name the table that is to be deleted",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn a_tables_name_has_three_characters() -> Case {
    case(async |aws| {
        let table = Table { db: aws.dynamodb(), name: "ab".to_owned() };
        refused_as(table.create().send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "moto does not look at the name",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>
fn a_key_is_an_attribute_that_is_defined() -> Case {
    case(async |aws| {
        let table = Table { db: aws.dynamodb(), name: aws.name("orders") };
        let definitions = vec![super::definition("customer", aws_sdk_dynamodb::types::ScalarAttributeType::S)];
        refused_as(table.create().set_attribute_definitions(Some(definitions)).send().await)
    })
    .gives(error_as(400, "ValidationException"))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html>
fn a_deleted_table_is_gone() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let deleted = table.db.delete_table().table_name(&table.name).send().await;
        let deleted = seen(deleted, |deleted| json!(deleted.table_description().and_then(|table| table.table_name())));
        json!([deleted, seen(table.db.list_tables().send().await, |list| json!(list.table_names()))])
    })
    .gives(json!(["orders", []]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html>
fn tables_are_listed_page_by_page() -> Case {
    case(async |aws| {
        let db = aws.dynamodb();
        for name in ["b-table", "a-table", "c-table"] {
            let table = Table { db: db.clone(), name: aws.name(name) };
            table.create().send().await.expect("the table is valid");
        }
        let first = db.list_tables().limit(2).send().await.expect("valid");
        let last = first.last_evaluated_table_name();
        let rest = db.list_tables().set_exclusive_start_table_name(last.map(str::to_owned)).send().await;
        let rest = rest.expect("valid");
        let is_last = |name: &str| first.table_names().last().is_some_and(|last| last == name);
        // In which order is not said.
        let mut names = [first.table_names(), rest.table_names()].concat();
        names.sort();
        json!({
            "sizes": [first.table_names().len(), rest.table_names().len()],
            "last": [last.is_some_and(is_last), rest.last_evaluated_table_name().is_some()],
            "names": names,
        })
    })
    .gives(json!({ "sizes": [2, 1], "last": [true, false], "names": ["a-table", "b-table", "c-table"] }))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html>
fn tags_belong_to_an_arn() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let arn = aws.arn("dynamodb", "orders").replace(&table.name, &format!("table/{}", table.name));
        let tag = Tag::builder().key("team").value("a").build().expect("it has a key and a value");
        let tagged = table.db.tag_resource().resource_arn(&arn).tags(tag).send().await;
        let listed = table.db.list_tags_of_resource().resource_arn(&arn).send().await;
        let untagged = table.db.untag_resource().resource_arn(&arn).tag_keys("team").send().await;
        let none = table.db.list_tags_of_resource().resource_arn(&arn).send().await;
        json!([
            done(tagged),
            seen(listed, |list| list.tags().iter().map(|tag| json!([tag.key(), tag.value()])).collect()),
            done(untagged),
            seen(none, |list| list.tags().len().into()),
        ])
    })
    .gives(json!(["done", [["team", "a"]], "done", 0]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html>
fn a_time_to_live_is_told() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let specification = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires").build();
        let update = table.db.update_time_to_live().table_name(&table.name);
        let updated = update.time_to_live_specification(specification.expect("complete")).send().await;
        let described = table.db.describe_time_to_live().table_name(&table.name).send().await;
        let attribute = seen(described, |described| {
            json!(described.time_to_live_description().and_then(|description| description.attribute_name()))
        });
        json!([done(updated), attribute])
    })
    .gives(json!(["done", "expires"]))
}
