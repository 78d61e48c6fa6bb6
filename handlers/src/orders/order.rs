//! An order: what the API shows and what the table stores.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};

/// A table item.
pub type Attributes = HashMap<String, AttributeValue>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: String,
    pub customer_id: String,
    pub items: Vec<Item>,
    pub status: Status,
    /// Always the sum over `items`.
    pub total_cents: u64,
    /// 1 at creation, one more with each change.
    pub version: u64,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    pub sku: String,
    pub quantity: u64,
    pub unit_price_cents: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Placed,
    Cancelled,
}

impl Status {
    /// As shown and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Placed => "PLACED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// The sum of the items, in cents. Validated items cannot overflow it.
pub fn total_cents(items: &[Item]) -> u64 {
    items.iter().map(|item| item.quantity * item.unit_price_cents).sum()
}

impl Order {
    /// A placed order at version 1.
    pub fn placed(order_id: String, customer_id: String, items: Vec<Item>, time: String) -> Self {
        Self {
            order_id,
            customer_id,
            total_cents: total_cents(&items),
            items,
            status: Status::Placed,
            version: 1,
            created_at: time.clone(),
            updated_at: time,
        }
    }

    /// The next version, with other items.
    pub fn with_items(&self, items: Vec<Item>, time: String) -> Self {
        Self { total_cents: total_cents(&items), items, version: self.version + 1, updated_at: time, ..self.clone() }
    }

    /// The next version, cancelled.
    pub fn cancelled(&self, time: String) -> Self {
        Self { status: Status::Cancelled, version: self.version + 1, updated_at: time, ..self.clone() }
    }

    pub fn to_item(&self) -> Attributes {
        let items = self.items.iter().map(|item| AttributeValue::M(item.to_map())).collect();
        HashMap::from([
            text("orderId", &self.order_id),
            text("customerId", &self.customer_id),
            ("items".to_owned(), AttributeValue::L(items)),
            text("status", self.status.name()),
            number("totalCents", self.total_cents),
            number("version", self.version),
            text("createdAt", &self.created_at),
            text("updatedAt", &self.updated_at),
        ])
    }

    /// # Errors
    /// Names the attribute that is missing or not what [`Order::to_item`] writes.
    pub fn from_item(item: &Attributes) -> Result<Self, Error> {
        let items = item.get("items").and_then(|items| items.as_l().ok()).ok_or("the stored order has no items")?;
        Ok(Self {
            order_id: text_of(item, "orderId")?,
            customer_id: text_of(item, "customerId")?,
            items: items.iter().map(Item::from_attribute).collect::<Result<_, Error>>()?,
            status: match text_of(item, "status")?.as_str() {
                "PLACED" => Status::Placed,
                "CANCELLED" => Status::Cancelled,
                other => return Err(format!("the stored order has the status {other:?}").into()),
            },
            total_cents: number_of(item, "totalCents")?,
            version: number_of(item, "version")?,
            created_at: text_of(item, "createdAt")?,
            updated_at: text_of(item, "updatedAt")?,
        })
    }
}

impl Item {
    fn to_map(&self) -> Attributes {
        HashMap::from([
            text("sku", &self.sku),
            number("quantity", self.quantity),
            number("unitPriceCents", self.unit_price_cents),
        ])
    }

    fn from_attribute(value: &AttributeValue) -> Result<Self, Error> {
        let map = value.as_m().map_err(|_| "an item of the stored order is not a map")?;
        Ok(Self {
            sku: text_of(map, "sku")?,
            quantity: number_of(map, "quantity")?,
            unit_price_cents: number_of(map, "unitPriceCents")?,
        })
    }
}

fn text(name: &str, value: &str) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::S(value.to_owned()))
}

fn number(name: &str, value: u64) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::N(value.to_string()))
}

/// The text attribute of a stored item.
pub fn text_of(item: &Attributes, name: &str) -> Result<String, Error> {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.cloned().ok_or_else(|| format!("the stored item has no text {name}").into())
}

fn number_of(item: &Attributes, name: &str) -> Result<u64, Error> {
    let value = item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
    value.ok_or_else(|| format!("the stored item has no whole number {name}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(quantity: u64, unit_price_cents: u64) -> Item {
        Item { sku: "BOOK".to_owned(), quantity, unit_price_cents }
    }

    fn order() -> Order {
        Order::placed("o-1".to_owned(), "c-1".to_owned(), vec![item(2, 1250), item(1, 0)], "T1".to_owned())
    }

    #[test]
    fn totals_are_quantity_times_unit_price() {
        for (items, total) in [
            (vec![], 0),
            (vec![item(1, 1999)], 1999),
            (vec![item(3, 333), item(2, 1)], 1001),
            (vec![item(1000, 10_000_000); 100], 1_000_000_000_000),
        ] {
            assert_eq!(total_cents(&items), total);
        }
    }

    #[test]
    fn each_change_is_a_new_version_with_its_own_total() {
        let changed = order().with_items(vec![item(3, 100)], "T2".to_owned());
        assert_eq!((changed.version, changed.total_cents, changed.status), (2, 300, Status::Placed));
        assert_eq!((changed.created_at.as_str(), changed.updated_at.as_str()), ("T1", "T2"));
        let cancelled = changed.cancelled("T3".to_owned());
        assert_eq!((cancelled.version, cancelled.total_cents, cancelled.status), (3, 300, Status::Cancelled));
    }

    #[test]
    fn an_order_survives_the_table() {
        for order in [order(), order().cancelled("T2".to_owned())] {
            assert_eq!(Order::from_item(&order.to_item()).expect("complete"), order);
        }
        for name in order().to_item().keys() {
            let mut item = order().to_item();
            item.remove(name);
            let error = Order::from_item(&item).expect_err("incomplete");
            assert!(error.to_string().contains(name.as_str()), "{error}");
        }
    }
}
