//! The tables' final state, read through the SDK: items as plain JSON values with their key attributes.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use aws_smithy_types::error::display::DisplayErrorContext;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::stack::Table;

/// What a table holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableState {
    /// The key attributes' names, partition key first.
    pub keys: Vec<String>,
    /// Sorted by key. Attribute names sorted, key attributes first.
    pub items: Vec<Item>,
}

/// An item in plain JSON: text, numbers as DynamoDB prints them, booleans, null, lists, maps;
/// sets and binary values under `$set` and `$binary`.
pub type Item = Map<String, Value>;

/// Reads all items of a table with consistent reads.
///
/// # Errors
/// What the table's scan answered, as text.
pub async fn read(client: &Client, table: &Table) -> Result<TableState, String> {
    let keys = table.key_names();
    let mut items = Vec::new();
    let mut pages = scan(client, table).into_paginator().items().send();
    while let Some(item) = pages.next().await {
        let item = item.map_err(|error| DisplayErrorContext(error).to_string())?;
        items.push(plain_item(item, &keys));
    }
    let mut state = TableState { keys, items };
    state.sort();
    Ok(state)
}

/// How many items a table holds.
///
/// # Errors
/// What the table's scan answered, as text.
pub async fn count(client: &Client, table: &Table) -> Result<u64, String> {
    let (mut pages, mut count) = (scan(client, table).select(Select::Count).into_paginator().send(), 0);
    while let Some(page) = pages.next().await {
        count += page.map_err(|error| DisplayErrorContext(error).to_string())?.count().unsigned_abs() as u64;
    }
    Ok(count)
}

/// In pages of a limit: without one, an emulator may read the whole rest of the table for each page.
fn scan(client: &Client, table: &Table) -> ScanFluentBuilder {
    client.scan().table_name(&table.name).consistent_read(true).limit(1000)
}

impl TableState {
    /// Sorts the items by key: numbers by value, text by code point.
    pub fn sort(&mut self) {
        self.sort_by(Item::clone);
    }

    /// Sorts the items by the key of what `view` makes of them. Equal ones keep their order.
    pub fn sort_by(&mut self, view: impl Fn(&Item) -> Item) {
        let key = |item: &Item| -> Vec<SortKey> {
            let viewed = view(item);
            self.keys.iter().map(|key| SortKey::of(viewed.get(key).unwrap_or(&Value::Null))).collect()
        };
        self.items.sort_by_cached_key(key);
    }
}

/// Numbers before text, each in its own order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    /// A number's bits, made so that they order as the number does.
    Number(u64),
    Text(String),
}

impl SortKey {
    fn of(value: &Value) -> Self {
        match value.as_f64() {
            Some(number) => {
                let bits = number.to_bits();
                Self::Number(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
            }
            None => Self::Text(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        }
    }
}

fn plain_item(item: std::collections::HashMap<String, AttributeValue>, keys: &[String]) -> Item {
    let mut attributes: BTreeMap<String, AttributeValue> = item.into_iter().collect();
    let mut plain_item = Item::new();
    for key in keys {
        if let Some(value) = attributes.remove(key) {
            plain_item.insert(key.clone(), plain(value));
        }
    }
    plain_item.extend(attributes.into_iter().map(|(name, value)| (name, plain(value))));
    plain_item
}

/// A DynamoDB value as plain JSON.
pub fn plain(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(number) => plain_number(&number),
        AttributeValue::Bool(value) => value.into(),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::L(values) => values.into_iter().map(plain).collect(),
        AttributeValue::M(fields) => {
            let sorted: BTreeMap<_, _> = fields.into_iter().collect();
            Value::Object(sorted.into_iter().map(|(name, value)| (name, plain(value))).collect())
        }
        AttributeValue::B(bytes) => json!({ "$binary": STANDARD.encode(bytes) }),
        AttributeValue::Ss(values) => set(values.into_iter().map(Value::String)),
        AttributeValue::Ns(values) => set(values.into_iter().map(|number| plain(AttributeValue::N(number)))),
        AttributeValue::Bs(values) => set(values.into_iter().map(|bytes| json!({ "$binary": STANDARD.encode(bytes) }))),
        other => Value::String(format!("{other:?}")),
    }
}

/// A JSON number where it prints as DynamoDB prints it, to the digit; under `$number` where it would not. Not
/// every backend prints a number as DynamoDB does: `1.0`, `1` and `1E0` are one.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number>
fn plain_number(number: &str) -> Value {
    let number = decimal(number).unwrap_or_else(|| number.to_owned());
    let parsed: Option<serde_json::Number> = serde_json::from_str(&number).ok();
    match parsed.filter(|parsed| parsed.to_string() == number) {
        Some(parsed) => Value::Number(parsed),
        None => json!({ "$number": number }),
    }
}

/// A number as digits, without an exponent, leading or trailing zeros; `None` where it is no number.
fn decimal(number: &str) -> Option<String> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() < 200)?;
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Where the point stands, counted from the first digit.
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let padded = match usize::try_from(point) {
        Ok(point) => format!("{digits:0<point$}"),
        Err(_) => "0".repeat(point.unsigned_abs() as usize) + &digits,
    };
    let (whole, fraction) = padded.split_at(usize::try_from(point).unwrap_or(0));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let text = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
    Some(if mantissa.starts_with('-') && text != "0" { format!("-{text}") } else { text })
}

fn set(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(SortKey::of);
    json!({ "$set": values })
}

/// Plain JSON as a DynamoDB value: the inverse of [`plain`].
///
/// # Errors
/// A `$set` or `$binary` that is not one.
pub fn attribute(value: &Value) -> Result<AttributeValue, String> {
    Ok(match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(attribute).collect::<Result<_, _>>()?),
        Value::Object(fields) if fields.len() == 1 && fields.get("$number").is_some_and(Value::is_string) => {
            AttributeValue::N(fields["$number"].as_str().unwrap_or_default().to_owned())
        }
        Value::Object(fields) => match (fields.get("$binary"), fields.get("$set")) {
            (Some(Value::String(text)), None) if fields.len() == 1 => {
                AttributeValue::B(STANDARD.decode(text).map_err(|error| error.to_string())?.into())
            }
            (None, Some(Value::Array(members))) if fields.len() == 1 => set_attribute(members)?,
            _ => {
                let fields = fields.iter().map(|(name, value)| Ok::<_, String>((name.clone(), attribute(value)?)));
                AttributeValue::M(fields.collect::<Result<_, _>>()?)
            }
        },
    })
}

fn set_attribute(members: &[Value]) -> Result<AttributeValue, String> {
    let members = members.iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
    let all = |pick: fn(&AttributeValue) -> Option<String>| members.iter().map(pick).collect::<Option<Vec<_>>>();
    if let Some(texts) = all(|member| member.as_s().ok().cloned()) {
        return Ok(AttributeValue::Ss(texts));
    }
    if let Some(numbers) = all(|member| member.as_n().ok().cloned()) {
        return Ok(AttributeValue::Ns(numbers));
    }
    let bytes: Option<Vec<_>> = members.iter().map(|member| member.as_b().ok().cloned()).collect();
    bytes.map(AttributeValue::Bs).ok_or_else(|| "the members of a `$set` must be of one type".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn plain_json_and_attribute_values_are_inverse() {
        let value = json!({
            "text": "a", "number": 1.5, "exact": {"$number": "12345678901234567890123.5"}, "list": [1, "b", null, true], "map": {"x": 1},
            "set": {"$set": ["a", "b"]}, "numbers": {"$set": [1, 2]}, "binary": {"$binary": "aGk="},
        });
        let sorted = |value: &Value| {
            value.as_object().expect("an object").keys().cloned().collect::<std::collections::BTreeSet<_>>()
        };
        let back = plain(attribute(&value).expect("it is well-formed"));
        assert_eq!(sorted(&back), sorted(&value));
        for (name, member) in value.as_object().expect("an object") {
            assert_eq!(&back[name], member, "{name}");
        }
    }

    #[rstest]
    #[case("1", "1")]
    #[case("1.0", "1")]
    #[case("-0.0", "0")]
    #[case("1E2", "100")]
    #[case("12.50e1", "125")]
    #[case("-1.5E-3", "-0.0015")]
    #[case("007.5", "7.5")]
    #[case("1E400", "1E400")]
    #[case("nonsense", "nonsense")]
    fn a_number_is_one_however_a_backend_prints_it(#[case] printed: &str, #[case] canonical: &str) {
        let shown = match plain_number(printed) {
            Value::Number(number) => number.to_string(),
            other => other["$number"].as_str().unwrap_or_default().to_owned(),
        };
        assert_eq!(shown, canonical);
    }

    #[test]
    fn items_are_sorted_by_key_and_numbers_by_value() {
        let item = |number: i64| json!({ "id": number }).as_object().expect("an object").clone();
        let mut state = TableState { keys: vec!["id".to_owned()], items: [10, 9, 100].map(item).to_vec() };
        state.sort();
        assert_eq!(state.items, [9, 10, 100].map(item));
    }
}
