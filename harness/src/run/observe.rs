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

/// The messages of all queues as if they were the items of tables.
fn queues(pair: &Pair, replay: &Replay) -> String {
    let as_tables = |replay: &Replay| -> Tables {
        replay.leftovers.queues.iter().map(|(name, content)| (name.clone(), as_table(content))).collect()
    };
    let (first, second) = (as_tables(&pair.first), as_tables(pair.second.as_ref().unwrap_or(&pair.first)));
    let second_ids = pair.second.as_ref().map_or(&[][..], |second| &second.ids);
    let learned = Learned::from((&first, &pair.first.ids), (&second, second_ids));
    let queues = as_tables(replay);
    let selected = queues.keys().map(|name| (name.clone(), BTreeSet::new())).collect::<BTreeMap<_, _>>();
    canonical(&selected, (&queues, &replay.ids), &learned).text
}

fn as_table(content: &QueueContent) -> TableState {
    let item = |body: &String| -> Map<String, Value> {
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body.as_str()));
        [("message".to_owned(), body)].into_iter().collect()
    };
    let hidden = (0..content.hidden).map(|_| [("hidden".to_owned(), Value::from(true))].into_iter().collect());
    TableState { keys: Vec::new(), items: content.bodies.iter().map(item).chain(hidden).collect() }
}
