//! What a replay left behind and what its functions got, in a form that can be compared between backends: what
//! two embedded replays show to be volatile is left out of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Ready;
use super::embedded::Pair;
use crate::outcome::Observed;
use crate::replay::{QueueContent, Replay};
use crate::snapshot::{Learned, Tables, canonical};
use crate::state::TableState;

/// What a replay left behind, told by what the pair of embedded ones has taught.
pub fn observed(ready: &Ready<'_>, pair: &Pair, replay: &Replay) -> Observed {
    // What the scenario redacts is what it does not decide.
    let mut selected = ready.every_table();
    selected.extend(ready.selected());
    let tables = canonical(&selected, (&replay.leftovers.tables, &replay.ids), &pair.learned());
    Observed { tables: tables.text, queues: queues(pair, replay), payload_shapes: replay.payload_shapes.clone() }
}

/// The messages of all queues as if they were the items of tables. What a seed decides in them is masked and not
/// renamed: most of it is the services' own, and a backend's own ids are not known.
fn queues(pair: &Pair, replay: &Replay) -> String {
    let as_tables = |replay: &Replay| -> Tables {
        replay.leftovers.queues.iter().map(|(name, content)| (name.clone(), as_table(content))).collect()
    };
    let (first, second) = (as_tables(&pair.first), as_tables(pair.second.as_ref().unwrap_or(&pair.first)));
    let learned = Learned::from((&first, &[]), (&second, &[])).masking_ids();
    let queues = as_tables(replay);
    let selected = queues.keys().map(|name| (name.clone(), BTreeSet::new())).collect::<BTreeMap<_, _>>();
    canonical(&selected, (&queues, &[]), &learned).text
}

fn as_table(content: &QueueContent) -> TableState {
    let item = |body: &String| -> Map<String, Value> {
        let mut body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body.as_str()));
        body.sort_all_objects();
        without_principals(&mut body);
        [("message".to_owned(), body)].into_iter().collect()
    };
    let hidden = (0..content.hidden).map(|_| [("hidden".to_owned(), Value::from(true))].into_iter().collect());
    TableState { keys: Vec::new(), items: content.bodies.iter().map(item).chain(hidden).collect() }
}

/// AWS draws a principal's id when the user or account is made, so every account has its own.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>
fn without_principals(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "principalId" {
                    *value = "<principal>".into();
                }
                without_principals(value);
            }
        }
        Value::Array(members) => members.iter_mut().for_each(without_principals),
        _ => {}
    }
}
