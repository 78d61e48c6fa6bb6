//! Which call last wrote an item, so that a record of a table's stream finds its cause: a stream does not tell
//! which request a record follows from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::EventId;

/// What a call wrote, as far as its request tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// An item of a table: all of it or its keys, in DynamoDB's JSON.
    Item { table: String, item: Value },
    /// Whatever a PartiQL statement says.
    Anything,
}

/// The writes to some tables.
#[derive(Debug, Default)]
pub(super) struct Writes {
    tables: BTreeSet<String>,
    items: BTreeMap<String, Vec<(EventId, Value)>>,
    anything: Vec<EventId>,
}

impl Writes {
    pub fn follow(&mut self, table: &str) {
        self.tables.insert(table.to_owned());
    }

    pub fn follows(&self) -> bool {
        !self.tables.is_empty()
    }

    pub fn add(&mut self, written: Written, by: EventId) {
        match written {
            Written::Item { table, item } if self.tables.contains(&table) => {
                self.items.entry(table).or_default().push((by, item));
            }
            Written::Item { .. } => {}
            Written::Anything => self.anything.push(by),
        }
    }

    pub fn last(&self, table: &str, keys: &Value) -> Option<EventId> {
        let mut items = self.items.get(table).into_iter().flatten().rev();
        let item = items.find(|(_, item)| has_keys(item, keys)).map(|(by, _)| *by);
        item.max(self.anything.last().copied())
    }
}

fn has_keys(item: &Value, keys: &Value) -> bool {
    keys.as_object().into_iter().flatten().all(|(name, key)| item.get(name).is_some_and(|value| same(value, key)))
}

/// Whether two attribute values are equal: a number is written in more than one way.
fn same(value: &Value, other: &Value) -> bool {
    let number = |value: &Value| value["N"].as_str().and_then(|text| text.parse::<f64>().ok());
    match (number(value), number(other)) {
        (Some(value), Some(other)) => value == other,
        _ => value == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(id: &str, more: &str) -> Written {
        Written::Item { table: "Orders".to_owned(), item: json!({ "id": { "N": id }, "more": { "S": more } }) }
    }

    #[test]
    fn a_record_follows_from_the_call_that_last_wrote_its_item() {
        let mut writes = Writes::default();
        writes.follow("Orders");
        for (written, by) in [(item("1", "a"), 3), (item("2", "b"), 5), (item("1.0", "c"), 7), (item("3", "d"), 9)] {
            writes.add(written, by);
        }
        let last = |id: &str| writes.last("Orders", &json!({ "id": { "N": id } }));
        assert_eq!([last("1"), last("2"), last("3"), last("4")], [Some(7), Some(5), Some(9), None]);
        assert_eq!(writes.last("Other", &json!({ "id": { "N": "1" } })), None);
    }

    #[test]
    fn a_statement_may_have_written_any_item() {
        let mut writes = Writes::default();
        writes.follow("Orders");
        writes.add(item("1", "a"), 3);
        writes.add(Written::Anything, 4);
        writes.add(item("2", "a"), 5);
        let last = |id: &str| writes.last("Orders", &json!({ "id": { "N": id } }));
        assert_eq!([last("1"), last("2"), last("3")], [Some(4), Some(5), Some(4)]);
    }
}
