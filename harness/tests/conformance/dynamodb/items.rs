//! Items: put, read and deleted, and the keys that they must have.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde_json::{Value, json};

use super::{Table, item, key, number, plain, refused, text};
use crate::kit::{Aws, Case, Known, case, cases, error, seen};

cases![
    an_item_comes_back_as_it_was_put,
    a_put_replaces_the_whole_item,
    a_deleted_item_is_told_where_it_was,
    a_part_of_an_item_is_read,
    a_table_that_is_not_there_has_no_items,
    an_item_has_its_whole_key,
    a_key_is_of_its_type,
    a_key_is_no_empty_string,
    a_key_is_the_tables,
    a_number_is_a_number,
    a_number_has_38_digits,
    a_set_has_no_value_twice,
    a_set_is_not_empty,
    an_item_has_at_most_400_kibibytes,
];

/// The error for an item beside its key.
async fn refuses(aws: Aws, value: AttributeValue) -> Value {
    let table = Table::new(&aws).await;
    let put = table.db.put_item().table_name(&table.name).set_item(Some(key(1)));
    refused(put.item("extra", value).send().await)
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn an_item_comes_back_as_it_was_put() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let address = [("city".to_owned(), text("Oslo")), ("old".to_owned(), AttributeValue::Null(true))].into();
        let put = table.db.put_item().table_name(&table.name).set_item(Some(key(1)));
        let put = put.item("price", number("10.50")).item("paid", AttributeValue::Bool(false));
        let put = put.item("note", text("")).item("address", AttributeValue::M(address));
        let put = put.item("lines", AttributeValue::L(vec![text("a"), number(2)]));
        put.item("sizes", AttributeValue::Ns(vec!["2".into(), "1".into()])).send().await.expect("valid");
        table.get(1).await
    })
    // DynamoDB trims the zeros at a number's end.
    .gives(json!({
        "address": { "M": { "city": { "S": "Oslo" }, "old": { "NULL": true } } },
        "customer": { "S": "ann" },
        "lines": { "L": [{ "S": "a" }, { "N": "2" }] },
        "note": { "S": "" },
        "order": { "N": "1" },
        "paid": { "BOOL": false },
        "price": { "N": "10.5" },
        "sizes": { "NS": ["1", "2"] },
    }))
    .localstack(Known {
        got: json!({
            "address": { "M": { "city": { "S": "Oslo" }, "old": { "NULL": true } } },
            "customer": { "S": "ann" },
            "lines": { "L": [{ "S": "a" }, { "N": "2" }] },
            "note": { "S": "" },
            "order": { "N": "1" },
            "paid": { "BOOL": false },
            "price": { "N": "10.50" },
            "sizes": { "NS": ["1", "2"] },
        }),
        reason: "moto keeps numbers as texts",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html>
fn a_put_replaces_the_whole_item() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let put = table.db.put_item().table_name(&table.name).set_item(Some(key(1))).item("paid", text("yes"));
        let old = seen(put.return_values(ReturnValue::AllOld).send().await, |put| json!(put.attributes().map(plain)));
        json!([old, table.get(1).await])
    })
    .gives(json!([
        { "customer": { "S": "ann" }, "order": { "N": "1" }, "state": { "S": "new" } },
        { "customer": { "S": "ann" }, "order": { "N": "1" }, "paid": { "S": "yes" } },
    ]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html>
fn a_deleted_item_is_told_where_it_was() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let delete = table.db.delete_item().table_name(&table.name).set_key(Some(key(1)));
        let delete = delete.return_values(ReturnValue::AllOld);
        let first = seen(delete.clone().send().await, |deleted| json!(deleted.attributes().map(plain)));
        let again = seen(delete.send().await, |deleted| json!(deleted.attributes().map(plain)));
        json!([first, again, table.get(1).await])
    })
    .gives(json!([{ "customer": { "S": "ann" }, "order": { "N": "1" }, "state": { "S": "new" } }, null, null]))
    .localstack(Known {
        got: json!([
            { "customer": { "S": "ann" }, "order": { "N": "1" }, "state": { "S": "new" } },
            {},
            null,
        ]),
        reason: "moto answers with an empty map instead of none",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html>
fn a_part_of_an_item_is_read() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let get = table.db.get_item().table_name(&table.name).set_key(Some(key(1)));
        let get = get.projection_expression("#s, absent").expression_attribute_names("#s", "state");
        seen(get.send().await, |got| json!(got.item().map(plain)))
    })
    .gives(json!({ "state": { "S": "new" } }))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
fn a_table_that_is_not_there_has_no_items() -> Case {
    case(async |aws| {
        let (db, name) = (aws.dynamodb(), aws.name("absent"));
        json!([
            refused(db.get_item().table_name(&name).set_key(Some(key(1))).send().await),
            refused(db.put_item().table_name(&name).set_item(Some(item(1, "new"))).send().await),
        ])
    })
    .gives(Value::from(vec![error(400, "ResourceNotFoundException", "Requested resource not found"); 2]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
fn an_item_has_its_whole_key() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        refused(table.db.put_item().table_name(&table.name).item("customer", text("ann")).send().await)
    })
    .gives(error(
        400,
        "ValidationException",
        "One or more parameter values were invalid: Missing the key order in the item",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
fn a_key_is_of_its_type() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let put = table.db.put_item().table_name(&table.name).item("customer", text("ann")).item("order", text("1"));
        refused(put.send().await)
    })
    .gives(error(
        400,
        "ValidationException",
        "One or more parameter values were invalid: Type mismatch for key order expected: N actual: S",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn a_key_is_no_empty_string() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let put = table.db.put_item().table_name(&table.name).item("customer", text("")).item("order", number(1));
        refused(put.send().await)
    })
    .gives(error(
        400,
        "ValidationException",
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         string value. Key: customer",
    ))
    .localstack(Known {
        got: error(
            400,
            "ValidationException",
            "One or more parameter values were invalid: An AttributeValue may not contain an empty string. Key: \
             customer",
        ),
        reason: "moto words the error as AWS did before other attributes could be empty",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html>
fn a_key_is_the_tables() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let get = || table.db.get_item().table_name(&table.name);
        json!([
            refused(get().set_key(Some(item(1, "new"))).send().await),
            refused(get().key("customer", text("ann")).send().await),
            refused(get().key("customer", text("ann")).key("order", text("1")).send().await),
        ])
    })
    .gives(Value::from(vec![
        error(400, "ValidationException", "The provided key element does not match the schema");
        3
    ]))
    .localstack(Known {
        got: json!([
            error(400, "ValidationException", "The provided key element does not match the schema"),
            error(400, "ValidationException", "Validation Exception"),
            "accepted",
        ]),
        reason: "moto says nothing of a key that lacks a part, and does not look at its types",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn a_number_is_a_number() -> Case {
    case(|aws| refuses(aws, number("ten"))).gives(error(
        400,
        "ValidationException",
        "The parameter cannot be converted to a numeric value: ten",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn a_number_has_38_digits() -> Case {
    case(async |aws| {
        json!([
            refuses(aws.clone(), number("1".repeat(39))).await,
            refuses(aws.in_region("eu-west-1"), number("1E+126")).await,
        ])
    })
    .gives(json!([
        error(400, "ValidationException", "Attempting to store more than 38 significant digits in a Number"),
        error(
            400,
            "ValidationException",
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
    ]))
    .localstack(Known {
        got: json!(["accepted", "accepted"]),
        reason: "moto keeps numbers as texts",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn a_set_has_no_value_twice() -> Case {
    case(async |aws| {
        let error = refuses(aws, AttributeValue::Ss(vec!["a".into(), "a".into()])).await;
        json!([error["status"], error["code"]])
    })
    .gives(json!([400, "ValidationException"]))
    .localstack(Known {
        got: json!([null, null]),
        reason: "moto does not compare the values of a set",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn a_set_is_not_empty() -> Case {
    case(|aws| refuses(aws, AttributeValue::Ns(Vec::new()))).gives(error(
        400,
        "ValidationException",
        "One or more parameter values were invalid: An number set  may not be empty",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
fn an_item_has_at_most_400_kibibytes() -> Case {
    case(|aws| refuses(aws, text(&"a".repeat(400 * 1024)))).gives(error(
        400,
        "ValidationException",
        "Item size has exceeded the maximum allowed size",
    ))
}
