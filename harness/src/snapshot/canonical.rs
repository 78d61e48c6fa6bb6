//! From the tables of a replay to the text of its snapshot.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ids::{KnownIds, Placeholders};
use super::volatile::{Path, Replayed, Volatile, learn};
use crate::state::{Item, TableState};

/// What goes into a snapshot: tables by logical id, and of each the attributes that are redacted by name.
pub type Selected = BTreeMap<String, BTreeSet<String>>;

/// The canonical state and what was left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canonical {
    pub text: String,
    /// What was learned to be volatile: `Table.attribute`.
    pub volatile: Vec<String>,
}

/// A replay's tables with the ids that were generated in it.
pub type Tables = BTreeMap<String, TableState>;

/// What two replays that differ only in seed and start time have taught.
#[derive(Clone, Debug, Default)]
pub struct Learned(BTreeMap<String, Volatile>);

impl Learned {
    /// Compares two replays, each given by its tables and the ids that were generated in it.
    pub fn from(first: (&Tables, &[String]), second: (&Tables, &[String])) -> Self {
        let ids = [first.1, second.1].map(|ids| KnownIds::new(ids.iter().cloned()));
        let [first, second] = [(first.0, &ids[0]), (second.0, &ids[1])].map(|(tables, ids)| Replayed { tables, ids });
        Self(learn(&first, &second))
    }

    /// The same, with ids that were made at random masked as other volatile values are, instead of renamed.
    pub fn masking_ids(mut self) -> Self {
        for volatile in self.0.values_mut() {
            volatile.masked.append(&mut volatile.id_paths);
        }
        self
    }
}

/// The canonical text of the selected tables of a replay, with what is known to be volatile left out. The
/// replay need not be one of the two that taught it, nor on the same backend.
pub fn canonical(selected: &Selected, replay: (&Tables, &[String]), learned: &Learned) -> Canonical {
    let mut ids = KnownIds::new(replay.1.iter().cloned());
    let of_table = |name: &String| {
        (replay.0.get(name).cloned().unwrap_or_default(), learned.0.get(name).cloned().unwrap_or_default())
    };
    for (table, volatile) in selected.keys().map(of_table) {
        table.items.iter().for_each(|item| volatile.ids_in(item).iter().for_each(|id| ids.add(id)));
    }
    let mut placeholders = Placeholders::default();
    let (mut text, mut listed) = (String::new(), Vec::new());
    for (name, redacted) in selected {
        let (table, learned) = of_table(name);
        listed.extend(list(name, &learned));
        text.push_str(&render(name, &table, redacted, &learned, &ids, &mut placeholders));
    }
    if !listed.is_empty() {
        text = format!("volatile: {}\n\n{text}", listed.join(", "));
    }
    Canonical { text: text.trim_end().to_owned(), volatile: listed }
}

fn list(table: &str, learned: &Volatile) -> Vec<String> {
    let shown = |path: &Path| format!("{table}.{}", path.join(".").replace(".[]", "[]"));
    let ids = learned.id_paths.iter().map(|path| format!("{} (id)", shown(path)));
    learned.masked.iter().map(shown).chain(ids).collect()
}

fn render(
    name: &str,
    table: &TableState,
    redacted: &BTreeSet<String>,
    learned: &Volatile,
    ids: &KnownIds,
    placeholders: &mut Placeholders,
) -> String {
    let masked = table.items.iter().map(|item| mask(item, redacted, &learned.masked)).collect();
    let neutral = |item: &Item| match ids.replace_in(&Value::Object(item.clone()), &mut |_| "<id>".to_owned()) {
        Value::Object(item) => item,
        _ => unreachable!("an object stays an object"),
    };
    // Ids must not decide the order, or another seed would give another one.
    let mut sortable = TableState { keys: table.keys.clone(), items: masked };
    sortable.items.sort_by_cached_key(|item| Value::Object(neutral(item)).to_string());
    sortable.sort_by(neutral);
    let noun = if sortable.items.len() == 1 { "item" } else { "items" };
    let mut text = format!("{name}: {} {noun}\n", sortable.items.len());
    for item in sortable.items {
        let renamed = ids.replace_in(&Value::Object(item), &mut |id| placeholders.name(id));
        text.push_str(&format!("{renamed}\n"));
    }
    text + "\n"
}

fn mask(item: &Item, redacted: &BTreeSet<String>, paths: &BTreeSet<Path>) -> Item {
    let mut item = item.clone();
    for (name, value) in &mut item {
        if redacted.contains(name) {
            *value = "<redacted>".into();
        } else {
            mask_value(&mut vec![name.clone()], value, paths);
        }
    }
    item
}

fn mask_value(path: &mut Path, value: &mut Value, paths: &BTreeSet<Path>) {
    if paths.contains(path) {
        *value = "<volatile>".into();
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.clone());
                mask_value(path, value, paths);
                path.pop();
            }
        }
        Value::Array(values) => {
            path.push("[]".to_owned());
            values.iter_mut().for_each(|value| mask_value(path, value, paths));
            path.pop();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tables(items: Value) -> Tables {
        let items =
            items.as_array().expect("a list").iter().map(|item| item.as_object().expect("an item").clone()).collect();
        BTreeMap::from([("Orders".to_owned(), TableState { keys: vec!["id".to_owned()], items })])
    }

    fn selected(redacted: &[&str]) -> Selected {
        BTreeMap::from([("Orders".to_owned(), redacted.iter().map(|name| (*name).to_owned()).collect())])
    }

    #[test]
    fn what_differs_between_two_replays_is_masked_and_listed() {
        let first = tables(json!([{"id": 1, "at": "2026-01-01T00:00:00Z", "name": "a"}]));
        let second = tables(json!([{"id": 1, "at": "2026-12-31T00:00:00Z", "name": "a"}]));
        let canonical = canonical(&selected(&[]), (&first, &[]), &Learned::from((&first, &[]), (&second, &[])));
        assert_eq!(canonical.volatile, ["Orders.at"]);
        insta::assert_snapshot!(canonical.text, @r#"
        volatile: Orders.at

        Orders: 1 item
        {"id":1,"at":"<volatile>","name":"a"}
        "#);
    }

    #[test]
    fn generated_ids_are_renamed_consistently_and_do_not_decide_the_order() {
        let run = |ids: [&str; 2]| {
            tables(json!([
                {"id": ids[0], "name": "b", "replaces": ids[1]},
                {"id": ids[1], "name": "a"},
            ]))
        };
        let (low, high) = ("11111111-1111-4111-8111-111111111111", "99999999-9999-4999-8999-999999999999");
        let text =
            |ids: [&str; 2]| canonical(&selected(&[]), (&run(ids), &ids.map(str::to_owned)), &Learned::default()).text;
        assert_eq!(text([low, high]), text([high, low]));
        insta::assert_snapshot!(text([low, high]), @r#"
        Orders: 2 items
        {"id":"<id-1>","name":"a"}
        {"id":"<id-2>","name":"b","replaces":"<id-1>"}
        "#);
    }

    #[test]
    fn an_id_that_a_handler_made_is_learned_and_renamed() {
        let run = |id: &str| tables(json!([{"id": 1, "token": id, "link": format!("/t/{id}")}]));
        let first = run("11111111-1111-4111-8111-111111111111");
        let second = run("99999999-9999-4999-8999-999999999999");
        let canonical = canonical(&selected(&[]), (&first, &[]), &Learned::from((&first, &[]), (&second, &[])));
        assert_eq!(canonical.volatile, ["Orders.link", "Orders.token (id)"]);
    }

    /// Which item is which must not hang on ids: their order differs from seed to seed.
    #[test]
    fn items_whose_keys_are_generated_are_told_apart_by_what_else_they_hold() {
        let run = |ids: [&str; 2], date: &str| {
            let item = |id: &str, number: i64| json!({"id": id, "at": format!("{date}T00:00:00Z"), "customer": format!("c-{number}"), "quantity": number});
            let mut items = [item(ids[0], 1), item(ids[1], 2)];
            items.sort_by_key(|item| item["id"].to_string());
            tables(Value::from(items.to_vec()))
        };
        let first_ids = ["11111111-1111-4111-8111-111111111111", "99999999-9999-4999-8999-999999999999"];
        let second_ids = ["88888888-8888-4888-8888-888888888888", "22222222-2222-4222-8222-222222222222"];
        let (first, second) = (run(first_ids, "2026-01-01"), run(second_ids, "2026-12-31"));
        for known in [false, true] {
            let known_of = |ids: [&str; 2]| if known { ids.map(str::to_owned).to_vec() } else { Vec::new() };
            let (of_first, of_second) = (known_of(first_ids), known_of(second_ids));
            let learned = Learned::from((&first, &of_first), (&second, &of_second));
            let canonical = canonical(&selected(&[]), (&first, &of_first), &learned);
            let of_data: Vec<_> = canonical.volatile.iter().filter(|path| !path.ends_with("(id)")).collect();
            assert_eq!(of_data, ["Orders.at"], "ids known: {known}");
        }
    }

    #[test]
    fn an_attribute_is_redacted_by_name() {
        let first = tables(json!([{"id": 1, "secret": "x"}]));
        let text = canonical(&selected(&["secret"]), (&first, &[]), &Learned::default()).text;
        assert_eq!(text, "Orders: 1 item\n{\"id\":1,\"secret\":\"<redacted>\"}");
    }
}
