//! What differs between two replays that differ only in seed and start time: learned, so that nobody has
//! to list it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ids::{KnownIds, looks_generated};
use crate::state::{Item, TableState};

/// Where a value stands in a table's items: attribute names, `[]` for a list's members.
pub type Path = Vec<String>;

/// What was learned of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volatile {
    /// Values that are masked.
    pub masked: BTreeSet<Path>,
    /// Ids that handlers made by themselves: paths for people, values to rename.
    pub id_paths: BTreeSet<Path>,
    pub ids: BTreeSet<String>,
}

/// A replay's tables and the ids that it generated.
pub struct Replayed<'a> {
    pub tables: &'a BTreeMap<String, TableState>,
    pub ids: &'a KnownIds,
}

/// Compares two replays, table by table.
pub fn learn(first: &Replayed<'_>, second: &Replayed<'_>) -> BTreeMap<String, Volatile> {
    let of = |(name, table): (&String, &TableState)| {
        let other = second.tables.get(name).cloned().unwrap_or_default();
        (name.clone(), learn_table(table, &other, first.ids, second.ids))
    };
    first.tables.iter().map(of).collect()
}

fn learn_table(first: &TableState, second: &TableState, first_ids: &KnownIds, second_ids: &KnownIds) -> Volatile {
    let mut volatile = Volatile::default();
    let (first_items, second_items) = (neutral(&first.items, first_ids), neutral(&second.items, second_ids));
    for (a, b) in pair(&first_items, &second_items, &first.keys) {
        compare(&mut Path::new(), &Value::Object(a.clone()), &Value::Object(b.clone()), &mut volatile);
    }
    volatile
}

/// The items with every id that the replay generated made the same.
fn neutral(items: &[Item], ids: &KnownIds) -> Vec<Item> {
    let neutral = |item: &Item| match ids.replace_in(&Value::Object(item.clone()), &mut |_| "<id>".to_owned()) {
        Value::Object(item) => item,
        _ => unreachable!("an object stays an object"),
    };
    items.iter().map(neutral).collect()
}

/// Which item of one replay is which of the other: those with equal keys, then the rest by what stays when
/// everything that could be an id or a time is taken away.
fn pair<'a>(first: &'a [Item], second: &'a [Item], keys: &[String]) -> Vec<(&'a Item, &'a Item)> {
    let key = |item: &Item| keys.iter().map(|key| item[key].to_string()).collect::<Vec<_>>().join("\n");
    let (mut pairs, first, second) = pair_by(first.iter().collect(), second.iter().collect(), key);
    let (more, mut first, mut second) =
        pair_by(first, second, |item| skeleton(&Value::Object((*item).clone())).to_string());
    pairs.extend(more);
    first.sort_by_key(|item| Value::Object((*item).clone()).to_string());
    second.sort_by_key(|item| Value::Object((*item).clone()).to_string());
    pairs.extend(first.into_iter().zip(second));
    pairs
}

type Paired<'a> = (Vec<(&'a Item, &'a Item)>, Vec<&'a Item>, Vec<&'a Item>);

fn pair_by<'a>(first: Vec<&'a Item>, second: Vec<&'a Item>, key: impl Fn(&Item) -> String) -> Paired<'a> {
    let mut waiting: BTreeMap<String, std::collections::VecDeque<&Item>> = BTreeMap::new();
    for item in second {
        waiting.entry(key(item)).or_default().push_back(item);
    }
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for item in first {
        match waiting.get_mut(&key(item)).and_then(std::collections::VecDeque::pop_front) {
            Some(other) => pairs.push((item, other)),
            None => alone.push(item),
        }
    }
    (pairs, alone, waiting.into_values().flatten().collect())
}

/// The value without its digits and without what looks generated.
fn skeleton(value: &Value) -> Value {
    match value {
        Value::String(text) if looks_generated(text) => "<id>".into(),
        Value::String(text) => text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>().into(),
        Value::Number(_) => 0.into(),
        Value::Array(values) => values.iter().map(skeleton).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), skeleton(value))).collect(),
        other => other.clone(),
    }
}

fn compare(path: &mut Path, a: &Value, b: &Value, volatile: &mut Volatile) {
    match (a, b) {
        (Value::Object(a_fields), Value::Object(b_fields)) => {
            for name in a_fields.keys().chain(b_fields.keys()).collect::<BTreeSet<_>>() {
                path.push(name.clone());
                match (a_fields.get(name), b_fields.get(name)) {
                    (Some(a), Some(b)) => compare(path, a, b, volatile),
                    _ => drop(volatile.masked.insert(path.clone())),
                }
                path.pop();
            }
        }
        (Value::Array(a_values), Value::Array(b_values)) if a_values.len() == b_values.len() => {
            path.push("[]".to_owned());
            for (a, b) in a_values.iter().zip(b_values) {
                compare(path, a, b, volatile);
            }
            path.pop();
        }
        (a, b) if a == b => {}
        (Value::String(a), Value::String(b)) if looks_generated(a) && looks_generated(b) => {
            volatile.id_paths.insert(path.clone());
            volatile.ids.insert(a.clone());
        }
        _ => drop(volatile.masked.insert(path.clone())),
    }
}
