//! Request bodies to typed input, every mistake named by its field at once.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Item;
use crate::api::Problem;

const MOST_ITEMS: usize = 100;
const MOST_PER_ITEM: u64 = 1_000;
const DEAREST_CENTS: u64 = 10_000_000;

/// What `POST /orders` takes.
#[derive(Debug, PartialEq, Eq)]
pub struct NewOrder {
    pub customer_id: String,
    pub items: Vec<Item>,
}

/// What `PUT /orders/{orderId}` takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub items: Vec<Item>,
    /// The version that the client has seen, when the body names it rather than `If-Match`.
    pub version: Option<u64>,
}

impl NewOrder {
    /// # Errors
    /// 400 naming each field that is missing, wrong or unknown.
    pub fn parse(body: &Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(body, "", &["customerId", "items"])?;
        let customer_id = fields.code("customerId");
        let items = fields.items();
        fields.finish().map(|()| Self { customer_id, items })
    }
}

impl Change {
    /// # Errors
    /// 400 naming each field that is missing, wrong or unknown.
    pub fn parse(body: &Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(body, "", &["items", "version"])?;
        let items = fields.items();
        let version = fields.object.contains_key("version").then(|| fields.whole("version", 1, u64::MAX));
        fields.finish().map(|()| Self { items, version })
    }
}

/// Reads the fields of one JSON object and keeps what is wrong with them. A wrong field reads as an empty
/// value, which [`Fields::finish`] never lets through.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// The object's own place, such as `items[0].`.
    prefix: String,
    wrong: BTreeMap<String, String>,
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value, prefix: &str, known: &[&str]) -> Result<Self, Problem> {
        let Some(object) = value.as_object() else {
            let place = if prefix.is_empty() { "body" } else { prefix.trim_end_matches('.') };
            return Err(Problem::invalid_field(place, "must be an object"));
        };
        let mut fields = Self { object, prefix: prefix.to_owned(), wrong: BTreeMap::new() };
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            fields.refuse(name, "is not a known field");
        }
        Ok(fields)
    }

    fn refuse(&mut self, name: &str, reason: impl Into<String>) {
        self.wrong.insert(format!("{}{name}", self.prefix), reason.into());
    }

    /// 1 to 64 letters, digits, `-`, `_` or `.`.
    fn code(&mut self, name: &str) -> String {
        let valid = |text: &str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        match self.object.get(name) {
            Some(Value::String(text)) if valid(text) => return text.clone(),
            Some(_) => self.refuse(name, "must be 1 to 64 letters, digits, '-', '_' or '.'"),
            None => self.refuse(name, "is required"),
        }
        String::new()
    }

    fn whole(&mut self, name: &str, least: u64, most: u64) -> u64 {
        match self.object.get(name).map(Value::as_u64) {
            Some(Some(number)) if (least..=most).contains(&number) => return number,
            Some(_) if most == u64::MAX => self.refuse(name, format!("must be a whole number from {least}")),
            Some(_) => self.refuse(name, format!("must be a whole number from {least} to {most}")),
            None => self.refuse(name, "is required"),
        }
        0
    }

    fn items(&mut self) -> Vec<Item> {
        let values = match self.object.get("items") {
            Some(Value::Array(values)) if (1..=MOST_ITEMS).contains(&values.len()) => values,
            Some(_) => {
                self.refuse("items", format!("must be a list of 1 to {MOST_ITEMS} items"));
                return Vec::new();
            }
            None => {
                self.refuse("items", "is required");
                return Vec::new();
            }
        };
        let read = values.iter().enumerate().map(|(index, value)| item(value, &format!("items[{index}].")));
        let mut items = Vec::with_capacity(values.len());
        for result in read {
            match result {
                Ok(item) => items.push(item),
                Err(problem) => self.wrong.extend(problem.fields().clone()),
            }
        }
        items
    }

    fn finish(self) -> Result<(), Problem> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Problem::invalid(self.wrong)) }
    }
}

fn item(value: &Value, prefix: &str) -> Result<Item, Problem> {
    let mut fields = Fields::of(value, prefix, &["sku", "quantity", "unitPriceCents"])?;
    let sku = fields.code("sku");
    let quantity = fields.whole("quantity", 1, MOST_PER_ITEM);
    let unit_price_cents = fields.whole("unitPriceCents", 0, DEAREST_CENTS);
    fields.finish().map(|()| Item { sku, quantity, unit_price_cents })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused<T>(result: Result<T, Problem>) -> Value {
        result.err().map_or(Value::Null, |problem| json!(problem.fields()))
    }

    #[test]
    fn a_new_order_names_every_field_that_is_wrong() {
        let book = json!({ "sku": "BOOK-1", "quantity": 2, "unitPriceCents": 1250 });
        let required = "is required";
        for (body, wrong) in [
            (json!({ "customerId": "c-1", "items": [book] }), Value::Null),
            (json!({}), json!({ "customerId": required, "items": required })),
            (json!([]), json!({ "body": "must be an object" })),
            (
                json!({ "customerId": "", "items": [] }),
                json!({
                    "customerId": "must be 1 to 64 letters, digits, '-', '_' or '.'",
                    "items": "must be a list of 1 to 100 items"
                }),
            ),
            (
                json!({ "customerId": "c-1", "items": [book, { "sku": "PEN", "quantity": 0, "unitPriceCents": 9.5 }] }),
                json!({
                    "items[1].quantity": "must be a whole number from 1 to 1000",
                    "items[1].unitPriceCents": "must be a whole number from 0 to 10000000"
                }),
            ),
            (json!({ "customerId": "c-1", "items": ["BOOK"] }), json!({ "items[0]": "must be an object" })),
            (json!({ "customerId": "c-1", "items": [book], "total": 0 }), json!({ "total": "is not a known field" })),
        ] {
            assert_eq!(refused(NewOrder::parse(&body)), wrong, "{body}");
        }
    }

    #[test]
    fn a_change_takes_a_version_or_none() {
        let items = json!([{ "sku": "PEN", "quantity": 1, "unitPriceCents": 150 }]);
        let parsed = |body: Value| Change::parse(&body).map(|change| change.version).map_err(|p| p.fields().clone());
        assert_eq!(parsed(json!({ "items": items })), Ok(None));
        assert_eq!(parsed(json!({ "items": items, "version": 3 })), Ok(Some(3)));
        for version in [json!(0), json!("3"), json!(-1), json!(null)] {
            let wrong = refused(Change::parse(&json!({ "items": items, "version": version })));
            assert_eq!(wrong, json!({ "version": "must be a whole number from 1" }), "{version}");
        }
    }
}
