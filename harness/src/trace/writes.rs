//! Which call last wrote an item, so that a record of a table's stream finds its cause: a stream does not tell
//! which request a record follows from.

use std::collections::BTreeMap;

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

/// The writes to some tables: of each item only the last is kept.
#[derive(Debug, Default)]
pub(super) struct Writes {
    tables: BTreeMap<String, Followed>,
    anything: Option<EventId>,
}

/// A table whose writes are remembered.
#[derive(Debug, Default)]
struct Followed {
    key_names: Vec<String>,
    /// By the item's keys.
    last: BTreeMap<String, EventId>,
}

impl Writes {
    pub fn follow(&mut self, table: &str, key_names: Vec<String>) {
        self.tables.entry(table.to_owned()).or_default().key_names = key_names;
    }

    pub fn follows(&self) -> bool {
        !self.tables.is_empty()
    }

    pub fn add(&mut self, written: Written, by: EventId) {
        match written {
            Written::Item { table, item } => {
                if let Some(table) = self.tables.get_mut(&table) {
                    table.last.insert(keys(&table.key_names, &item), by);
                }
            }
            Written::Anything => self.anything = Some(by),
        }
    }

    pub fn last(&self, table: &str, item: &Value) -> Option<EventId> {
        let table = self.tables.get(table);
        table.and_then(|table| table.last.get(&keys(&table.key_names, item)).copied()).max(self.anything)
    }
}

/// An item's keys as one text, the same for all ways to write a number.
fn keys(names: &[String], item: &Value) -> String {
    let key = |name: &String| match item[name]["N"].as_str().and_then(|text| text.parse::<f64>().ok()) {
        Some(number) => number.to_string(),
        None => item[name].to_string(),
    };
    names.iter().map(key).collect::<Vec<_>>().join(",")
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
        writes.follow("Orders", vec!["id".to_owned()]);
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
        writes.follow("Orders", vec!["id".to_owned()]);
        writes.add(item("1", "a"), 3);
        writes.add(Written::Anything, 4);
        writes.add(item("2", "a"), 5);
        let last = |id: &str| writes.last("Orders", &json!({ "id": { "N": id } }));
        assert_eq!([last("1"), last("2"), last("3")], [Some(4), Some(5), Some(4)]);
    }
}
