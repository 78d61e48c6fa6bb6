//! What the engine takes from the wall clock, from randomness or from a region of its own, in terms of
//! the emulator: its time, its ids, its account and region.
//!
//! A foreign time or id becomes ours when it is first seen, which is in the answer to the request that
//! brought it about, and stays the same from then on.

use std::collections::BTreeMap;

use dynoxide::streams::{LOCAL_ACCOUNT, LOCAL_REGION};
use serde_json::{Value, json};

use crate::world::Call;

/// What each foreign value has become, by table (none for stream records) and value.
#[derive(Default)]
pub(super) struct Translation(BTreeMap<(String, String), Value>);

impl Translation {
    /// Translates an operation's answer.
    pub fn output(&mut self, call: &Call<'_>, output: &mut Value) {
        settle(call, output);
        for member in ["Table", "TableDescription", "StreamDescription"] {
            if let Some(description) = output.get_mut(member) {
                let table = description["TableName"].as_str().unwrap_or_default().to_owned();
                self.description(call, &table, description);
                if call.operation() == "DeleteTable" {
                    self.0.retain(|(of, _), _| *of != table);
                }
            }
        }
        for record in output.get_mut("Records").and_then(Value::as_array_mut).into_iter().flatten() {
            let id = self.ours("", &record["eventID"], || call.ids.hex(32).into());
            record["eventID"] = id;
            record["awsRegion"] = call.identity.region.as_str().into();
            // The engine names the members as the event of a function does.
            if let Some(identity) = record.get_mut("userIdentity") {
                *identity = json!({ "PrincipalId": identity["principalId"], "Type": identity["type"] });
            }
        }
    }

    /// Translates the times and ids of a table's or stream's description, at any depth.
    fn description(&mut self, call: &Call<'_>, table: &str, description: &mut Value) {
        match description {
            Value::Object(members) => {
                for (name, value) in members {
                    if name == "TableId" {
                        *value = self.ours(table, value, || call.ids.uuid().into());
                    } else if name.ends_with("DateTime") && value.is_number() {
                        *value = self.ours(table, value, || call.clock.now().as_duration().as_secs_f64().into());
                    } else {
                        self.description(call, table, value);
                    }
                }
            }
            Value::Array(elements) => {
                elements.iter_mut().for_each(|element| self.description(call, table, element));
            }
            _ => {}
        }
    }

    fn ours(&mut self, table: &str, foreign: &Value, make: impl FnOnce() -> Value) -> Value {
        self.0.entry((table.to_owned(), foreign.to_string())).or_insert_with(make).clone()
    }
}

/// Puts the engine's account and region into the ARN that a list of streams is to start after.
pub(super) fn input(call: &Call<'_>, input: &mut Value) {
    if let Some(Value::String(arn)) = input.get_mut("ExclusiveStartStreamArn") {
        *arn = arn.replace(&our_place(call), &engine_place());
    }
}

/// Puts the members of every object in order, which the engine keeps in hash maps; the tables of
/// `ConsumedCapacity` too; and our account and region into every ARN.
pub(super) fn settle(call: &Call<'_>, value: &mut Value) {
    value.sort_all_objects();
    if let Some(Value::Array(tables)) = value.get_mut("ConsumedCapacity") {
        tables.sort_by_key(|table| table["TableName"].as_str().unwrap_or_default().to_owned());
    }
    localize(value, &engine_place(), &our_place(call));
}

fn localize(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| localize(element, from, to)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    // Never an attribute of an item: those have a type's name around their text.
                    Value::String(text) if name.ends_with("Arn") || name.eq_ignore_ascii_case("message") => {
                        *text = text.replace(from, to);
                    }
                    _ => localize(member, from, to),
                }
            }
        }
        _ => {}
    }
}

fn engine_place() -> String {
    format!(":{LOCAL_REGION}:{LOCAL_ACCOUNT}:")
}

fn our_place(call: &Call<'_>) -> String {
    format!(":{}:{}:", call.identity.region, call.identity.account)
}
