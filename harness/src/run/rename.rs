//! Names that a backend gave, told as the embedded backend's, so that a queue's URL or a bucket's name in a
//! table does not make a difference.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::replay::Leftovers;
use crate::stack::Stack;

/// Names of one stack and what they are in another.
pub struct Renaming(Vec<(String, String)>);

impl Renaming {
    /// From the names of a template's stack on one backend to those on another.
    pub fn between(from: &Stack, to: &Stack) -> Self {
        let (from, mut to) = (names(from), names(to));
        let pair = |(key, name)| Some((name, to.remove(&key)?));
        let mut pairs: Vec<(String, String)> = from.into_iter().filter_map(pair).collect();
        pairs.retain(|(from, to)| from != to && !from.is_empty());
        // A URL before the name in it.
        pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Self(pairs)
    }

    /// Renames in tables and queues.
    pub fn apply(&self, leftovers: &mut Leftovers) {
        for item in leftovers.tables.values_mut().flat_map(|table| &mut table.items) {
            item.values_mut().for_each(|value| self.value(value));
        }
        for body in leftovers.queues.values_mut().flat_map(|queue| &mut queue.bodies) {
            *body = self.text(body);
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(members) => members.iter_mut().for_each(|member| self.value(member)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.value(field)),
            _ => {}
        }
    }

    fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}

/// Every name of a stack by what it is the name of.
fn names(stack: &Stack) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut put = |what: &str, id: &str, name: &str| drop(names.insert(format!("{what} {id}"), name.to_owned()));
    for queue in &stack.queues {
        put("queue url", &queue.logical_id, &queue.url);
        put("queue arn", &queue.logical_id, &queue.arn);
        put("queue", &queue.logical_id, &queue.name);
    }
    for topic in &stack.topics {
        put("topic arn", &topic.logical_id, &topic.arn);
        put("topic", &topic.logical_id, &topic.name);
    }
    for table in &stack.tables {
        put("table arn", &table.logical_id, &table.arn);
        put("table", &table.logical_id, &table.name);
    }
    for bus in &stack.buses {
        put("bus arn", &bus.logical_id, &bus.arn);
        put("bus", &bus.logical_id, &bus.name);
    }
    for rule in &stack.rules {
        put("rule arn", &rule.logical_id, &rule.arn);
        put("rule", &rule.logical_id, &rule.name);
    }
    for function in &stack.functions {
        put("function arn", &function.logical_id, &function.arn);
        put("function", &function.logical_id, &function.name);
        put("account", "", function.arn.split(':').nth(4).unwrap_or_default());
    }
    for api in &stack.apis {
        put("endpoint", &api.logical_id, &api.endpoint);
        put("api", &api.logical_id, &api.id);
    }
    stack.buckets.iter().for_each(|bucket| put("bucket", &bucket.logical_id, &bucket.name));
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::replay::QueueContent;
    use crate::stack::{Bucket, Queue};
    use crate::state::TableState;

    fn stack(prefix: &str, account: &str) -> Stack {
        let name = format!("{prefix}-jobs");
        let queue = Queue {
            logical_id: "Jobs".to_owned(),
            arn: format!("arn:aws:sqs:us-east-1:{account}:{name}"),
            url: format!("https://{prefix}/{account}/{name}"),
            name,
            attributes: BTreeMap::new(),
        };
        let bucket = Bucket {
            logical_id: "Uploads".to_owned(),
            name: format!("{prefix}-uploads"),
            notifications: Vec::new(),
            event_bridge: false,
            ..Bucket::default()
        };
        Stack { queues: vec![queue], buckets: vec![bucket], ..Stack::default() }
    }

    #[test]
    fn names_in_tables_and_queues_are_told_as_the_other_stacks() {
        let renaming = Renaming::between(&stack("rehearsal-1", "111122223333"), &stack("app", "123456789012"));
        let item = json!({ "from": ["rehearsal-1-uploads"], "to": { "arn": "arn:aws:sqs:us-east-1:111122223333:rehearsal-1-jobs" } });
        let table = TableState { keys: Vec::new(), items: vec![item.as_object().expect("an object").clone()] };
        let body = "see https://rehearsal-1/111122223333/rehearsal-1-jobs".to_owned();
        let mut leftovers = Leftovers {
            tables: BTreeMap::from([("T".to_owned(), table)]),
            queues: BTreeMap::from([("Jobs".to_owned(), QueueContent { bodies: vec![body], hidden: 0 })]),
            ..Leftovers::default()
        };
        renaming.apply(&mut leftovers);
        let expected =
            json!({ "from": ["app-uploads"], "to": { "arn": "arn:aws:sqs:us-east-1:123456789012:app-jobs" } });
        assert_eq!(json!(leftovers.tables["T"].items[0]), expected);
        assert_eq!(leftovers.queues["Jobs"].bodies, ["see https://app/123456789012/app-jobs"]);
    }
}
