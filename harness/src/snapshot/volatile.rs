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
    /// Where ids stand that handlers made by themselves.
    pub id_paths: BTreeSet<Path>,
}

impl Volatile {
    /// The ids in an item that a handler made by itself.
    pub fn ids_in(&self, item: &Item) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for path in &self.id_paths {
            find(&Value::Object(item.clone()), path, &mut found);
        }
        found
    }
}

fn find(value: &Value, path: &[String], found: &mut BTreeSet<String>) {
    match (value, path) {
        (Value::String(text), []) if looks_generated(text) => drop(found.insert(text.clone())),
        (Value::Array(members), [first, rest @ ..]) if first == "[]" => {
            members.iter().for_each(|member| find(member, rest, found));
        }
        (Value::Object(fields), [first, rest @ ..]) => {
            fields.get(first).into_iter().for_each(|value| find(value, rest, found));
        }
        _ => {}
    }
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

/// Which item of one replay is which of the other: those with a key that no other item has, then the rest
/// by what they hold apart from ids and times, then by what is left without any digit.
fn pair<'a>(first: &'a [Item], second: &'a [Item], keys: &[String]) -> Vec<(&'a Item, &'a Item)> {
    let key = |item: &Item| keys.iter().map(|key| item[key].to_string()).collect::<Vec<_>>().join("\n");
    let (mut pairs, mut first, mut second) = pair_by(first.iter().collect(), second.iter().collect(), key, true);
    for blur in [without_ids_and_times, skeleton, |_: &Value| Value::Null] {
        let blurred = |item: &Item| blur(&Value::Object(item.clone())).to_string();
        let (more, first_left, second_left) = pair_by(first, second, blurred, false);
        pairs.extend(more);
        (first, second) = (first_left, second_left);
    }
    pairs
}

type Paired<'a> = (Vec<(&'a Item, &'a Item)>, Vec<&'a Item>, Vec<&'a Item>);

/// The pairs of items with the same view, and the items left over. Where several have the same, they are
/// paired in the order of what they hold apart from ids, or not at all if only `unique` ones are wanted.
fn pair_by<'a>(
    first: Vec<&'a Item>,
    second: Vec<&'a Item>,
    view: impl Fn(&Item) -> String,
    unique: bool,
) -> Paired<'a> {
    let mut groups: BTreeMap<String, (Vec<&Item>, Vec<&Item>)> = BTreeMap::new();
    for item in first {
        groups.entry(view(item)).or_default().0.push(item);
    }
    for item in second {
        groups.entry(view(item)).or_default().1.push(item);
    }
    let (mut pairs, mut first_left, mut second_left) = (Vec::new(), Vec::new(), Vec::new());
    for (mut of_first, mut of_second) in groups.into_values() {
        let several = of_first.len().max(of_second.len()) > 1;
        let pairable = if several && unique { 0 } else { of_first.len().min(of_second.len()) };
        if several && !unique {
            of_first.sort_by_cached_key(|item| without_ids_and_times(&Value::Object((*item).clone())).to_string());
            of_second.sort_by_cached_key(|item| without_ids_and_times(&Value::Object((*item).clone())).to_string());
        }
        first_left.extend(of_first.split_off(pairable));
        second_left.extend(of_second.split_off(pairable));
        pairs.extend(of_first.into_iter().zip(of_second));
    }
    (pairs, first_left, second_left)
}

/// The value without what looks generated and without what could be a time: dates, and numbers as large as
/// the seconds since 1970.
fn without_ids_and_times(value: &Value) -> Value {
    const TIME_SINCE: f64 = 1e9;
    let is_date = |text: &str| text.get(..10).is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok());
    leaves(value, &|leaf| match leaf {
        Value::String(text) if looks_generated(text) => "<id>".into(),
        Value::String(text) if is_date(text) => "<time>".into(),
        Value::Number(number) if number.as_f64().is_some_and(|number| number >= TIME_SINCE) => "<time>".into(),
        other => other.clone(),
    })
}

/// The value without its digits and without what looks generated.
fn skeleton(value: &Value) -> Value {
    leaves(value, &|leaf| match leaf {
        Value::String(text) if looks_generated(text) => "<id>".into(),
        Value::String(text) => text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>().into(),
        Value::Number(_) => 0.into(),
        other => other.clone(),
    })
}

/// The value with each of its leaves replaced.
fn leaves(value: &Value, replace: &dyn Fn(&Value) -> Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(|value| leaves(value, replace)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), leaves(value, replace))).collect(),
        leaf => replace(leaf),
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
        }
        _ => drop(volatile.masked.insert(path.clone())),
    }
}
