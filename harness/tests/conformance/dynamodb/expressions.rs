//! Expressions: conditions, updates, and what is refused in them.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use serde_json::{Value, json};

use super::{Table, item, key, number, plain, refused, text};
use crate::kit::{Aws, Case, Known, case, cases, done, error, error_as, refused_as, seen};

cases![
    a_condition_that_fails_is_told_with_the_item,
    a_condition_that_holds_lets_the_write_through,
    an_update_sets_adds_and_removes,
    an_update_makes_the_item,
    an_update_tells_what_it_changed,
    an_update_of_the_key_is_refused,
    an_expression_has_its_grammar,
    a_reserved_word_is_named_by_a_placeholder,
    a_value_is_defined,
    a_value_is_used,
    a_name_is_defined,
    an_operand_is_of_a_fitting_type,
    an_attribute_that_is_not_there_is_not_counted_up,
    a_path_leads_into_maps_and_lists,
    a_set_loses_values,
    paths_do_not_overlap,
    a_path_leads_through_what_is_there,
];

impl Table {
    /// An update of ann's first order.
    fn update(&self, expression: &str) -> UpdateItemFluentBuilder {
        let update = self.db.update_item().table_name(&self.name).set_key(Some(key(1)));
        update.update_expression(expression)
    }
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>
fn a_condition_that_fails_is_told_with_the_item() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let put = table.db.put_item().table_name(&table.name).set_item(Some(item(1, "paid")));
        let put = put.condition_expression("attribute_not_exists(customer)");
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let result = put.send().await;
        let old = result.as_ref().err().and_then(|failure| failure.as_service_error()).and_then(|error| {
            use aws_sdk_dynamodb::operation::put_item::PutItemError;
            match error {
                PutItemError::ConditionalCheckFailedException(error) => error.item().map(plain),
                _ => None,
            }
        });
        json!([refused(result), old])
    })
    .gives(json!([
        error(400, "ConditionalCheckFailedException", "The conditional request failed"),
        { "customer": { "S": "ann" }, "order": { "N": "1" }, "state": { "S": "new" } },
    ]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>
fn a_condition_that_holds_lets_the_write_through() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let mut results = Vec::new();
        for (condition, value) in [
            ("begins_with(#s, :v)", text("n")),
            ("#s IN (:v)", text("new")),
            ("size(#s) = :v AND NOT attribute_exists(paid)", number(3)),
            ("contains(#s, :v) OR attribute_exists(paid)", text("ew")),
            ("#s BETWEEN :v AND :v", text("new")),
            ("attribute_type(#s, :v)", text("S")),
            ("#s <> :v", text("new")),
        ] {
            let check = table.update("SET checked = :v").condition_expression(condition);
            let check = check.expression_attribute_names("#s", "state").expression_attribute_values(":v", value);
            results.push(seen(check.send().await, |_| json!({ "code": "holds" }))["code"].take());
        }
        Value::from(results)
    })
    .gives(json!(["holds", "holds", "holds", "holds", "holds", "holds", "ConditionalCheckFailedException"]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
fn an_update_sets_adds_and_removes() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let update =
            table.update("SET remarks = list_append(if_not_exists(remarks, :none), :remark) ADD times :one REMOVE #s");
        let update = update.expression_attribute_names("#s", "state").expression_attribute_values(":one", number(1));
        let update = update.expression_attribute_values(":none", AttributeValue::L(Vec::new()));
        let update = update.expression_attribute_values(":remark", AttributeValue::L(vec![text("a")]));
        let results = [done(update.clone().send().await), done(update.send().await)];
        json!([results, table.get(1).await])
    })
    .gives(json!([
        ["done", "done"],
        {
            "customer": { "S": "ann" },
            "order": { "N": "1" },
            "remarks": { "L": [{ "S": "a" }, { "S": "a" }] },
            "times": { "N": "2" },
        },
    ]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>
fn an_update_makes_the_item() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let update = table.update("SET paid = :yes").expression_attribute_values(":yes", AttributeValue::Bool(true));
        json!([done(update.send().await), table.get(1).await])
    })
    .gives(json!(["done", { "customer": { "S": "ann" }, "order": { "N": "1" }, "paid": { "BOOL": true } }]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>
fn an_update_tells_what_it_changed() -> Case {
    case(async |aws| {
        let table = Table::with(&aws, &[(1, "new")]).await;
        let update = table.update("SET #s = :s").expression_attribute_names("#s", "state");
        let update = update.expression_attribute_values(":s", text("paid"));
        let mut told = Vec::new();
        for kind in [ReturnValue::UpdatedOld, ReturnValue::UpdatedNew, ReturnValue::AllNew, ReturnValue::None] {
            let updated = update.clone().return_values(kind).send().await;
            told.push(seen(updated, |updated| json!(updated.attributes().map(plain))));
        }
        Value::from(told)
    })
    .gives(json!([
        { "state": { "S": "new" } },
        { "state": { "S": "paid" } },
        { "customer": { "S": "ann" }, "order": { "N": "1" }, "state": { "S": "paid" } },
        null,
    ]))
    .localstack(Known {
        got: json!([
            { "state": { "S": "new" } },
            {},
            { "customer": { "S": "ann" }, "order": { "N": "1" }, "state": { "S": "paid" } },
            {},
        ]),
        reason: "moto leaves out what has the value already, and answers with an empty map instead of none",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html",
    })
}

/// The error for an update of an order with the value `:v`.
async fn refuses(aws: Aws, expression: &str, value: Option<AttributeValue>) -> Value {
    let table = Table::with(&aws, &[(1, "new")]).await;
    let mut update = table.update(expression);
    if let Some(value) = value {
        update = update.expression_attribute_values(":v", value);
    }
    refused(update.send().await)
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>
fn an_update_of_the_key_is_refused() -> Case {
    case(|aws| refuses(aws, "SET customer = :v", Some(text("bob")))).gives(error(
        400,
        "ValidationException",
        "One or more parameter values were invalid: Cannot update attribute customer. This attribute is part of the \
         key",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
fn an_expression_has_its_grammar() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let update = table.update("SET paid := :v").expression_attribute_values(":v", number(1));
        refused_as(update.send().await)
    })
    .gives(error_as(400, "ValidationException"))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html>
fn a_reserved_word_is_named_by_a_placeholder() -> Case {
    case(|aws| refuses(aws, "SET state = :v", Some(text("paid")))).gives(error(
        400,
        "ValidationException",
        "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: state",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeValues.html>
fn a_value_is_defined() -> Case {
    case(|aws| refuses(aws, "SET paid = :absent, price = :v", Some(number(1)))).gives(error(
        400,
        "ValidationException",
        "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: \
         :absent",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeValues.html>
fn a_value_is_used() -> Case {
    case(|aws| refuses(aws, "REMOVE paid", Some(number(1)))).gives(error(
        400,
        "ValidationException",
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html>
fn a_name_is_defined() -> Case {
    case(|aws| refuses(aws, "SET #absent = :v", Some(number(1)))).gives(error(
        400,
        "ValidationException",
        "Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute \
         name: #absent",
    ))
    .localstack(Known {
        got: error(500, "InternalError", "exception while calling dynamodb.UpdateItem: '#absent'"),
        reason: "moto looks the name up without asking whether it is there",
        page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html",
    })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
fn an_operand_is_of_a_fitting_type() -> Case {
    case(|aws| refuses(aws, "ADD times :v", Some(text("one"))))
        .gives(error(
            400,
            "ValidationException",
            "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: \
         STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
        ))
        .localstack(Known {
            got: error(400, "ValidationException", "An operand in the update expression has an incorrect data type"),
            reason: "moto words the error as that of another mistake",
            page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html",
        })
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
fn an_attribute_that_is_not_there_is_not_counted_up() -> Case {
    case(|aws| refuses(aws, "SET times = times + :v", Some(number(1)))).gives(error(
        400,
        "ValidationException",
        "The provided expression refers to an attribute that does not exist in the item",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html>
fn a_path_leads_into_maps_and_lists() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let list = AttributeValue::L(vec![text("a"), text("b"), text("c")]);
        let map = AttributeValue::M([("parts".to_owned(), list)].into());
        let put = table.db.put_item().table_name(&table.name).set_item(Some(key(1))).item("doc", map);
        put.send().await.expect("the item is valid");
        let update = table.update("SET doc.parts[1] = :v, doc.extra = :v, doc.parts[9] = :v REMOVE doc.parts[0]");
        let updated = update.expression_attribute_values(":v", text("new")).send().await;
        json!([done(updated), table.get(1).await["doc"]])
    })
    .gives(json!([
        "done",
        { "M": { "extra": { "S": "new" }, "parts": { "L": [{ "S": "new" }, { "S": "c" }, { "S": "new" }] } } },
    ]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
fn a_set_loses_values() -> Case {
    case(async |aws| {
        let table = Table::new(&aws).await;
        let numbers = |all: &[&str]| AttributeValue::Ns(all.iter().map(|&number| number.to_owned()).collect());
        let mut sets = Vec::new();
        for (expression, values) in
            [("ADD sizes :v", &["1", "2", "3"][..]), ("DELETE sizes :v", &["2", "9"]), ("DELETE sizes :v", &["1", "3"])]
        {
            let update = table.update(expression).expression_attribute_values(":v", numbers(values));
            update.send().await.expect("the update is valid");
            sets.push(table.get(1).await["sizes"].take());
        }
        Value::from(sets)
    })
    // A set that has lost all its values is gone.
    .gives(json!([{ "NS": ["1", "2", "3"] }, { "NS": ["1", "3"] }, null]))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
fn paths_do_not_overlap() -> Case {
    case(|aws| refuses(aws, "SET doc = :v, doc.part = :v", Some(number(1)))).gives(error(
        400,
        "ValidationException",
        "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these \
         paths; path one: [doc], path two: [doc, part]",
    ))
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>
fn a_path_leads_through_what_is_there() -> Case {
    case(|aws| refuses(aws, "SET doc.part = :v", Some(number(1)))).gives(error(
        400,
        "ValidationException",
        "The document path provided in the update expression is invalid for update",
    ))
}
