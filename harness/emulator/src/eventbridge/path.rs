//! Paths into an event: `$.detail.items[0].sku`.
//!
//! The syntax is the part of JSON path that EventBridge takes: fields, indices and wildcards.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use serde_json::Value;

/// A path to a value, or through wildcards to a list of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
    /// Every element of an array, or value of an object.
    All,
}

impl Path {
    /// Reads `$` and then fields (`.name`, `['name']`), indices (`[0]`) and wildcards (`.*`, `[*]`).
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = Step::parse(rest)?;
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// What the path leads to: one value, or a list where it has wildcards.
    pub fn find(&self, value: &Value) -> Option<Value> {
        let mut found = vec![value];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.of(value)).collect();
        }
        if self.0.contains(&Step::All) {
            return (!found.is_empty()).then(|| found.into_iter().cloned().collect());
        }
        found.first().copied().cloned()
    }
}

impl Step {
    /// The step that a text begins with, and what follows it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        if let Some(field) = text.strip_prefix('.') {
            let end = field.find(['.', '[']).unwrap_or(field.len());
            let (name, after) = field.split_at(end);
            let plain = |c: char| c.is_alphanumeric() || "-_/".contains(c);
            return match name {
                "*" => Some((Self::All, after)),
                name if !name.is_empty() && name.chars().all(plain) => Some((Self::Field(name.to_owned()), after)),
                _ => None,
            };
        }
        let (inner, after) = text.strip_prefix('[')?.split_once(']')?;
        let quoted = inner.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
        let step = match (quoted, inner) {
            (Some(name), _) => Self::Field(name.to_owned()),
            (None, "*") => Self::All,
            (None, index) => Self::Index(index.parse().ok()?),
        };
        Some((step, after))
    }

    fn of<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Field(name), value) => value.get(name).into_iter().collect(),
            (Self::Index(index), value) => value.get(index).into_iter().collect(),
            (Self::All, Value::Array(items)) => items.iter().collect(),
            (Self::All, Value::Object(fields)) => fields.values().collect(),
            (Self::All, _) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_to_one_value_or_through_wildcards_to_a_list() {
        let event =
            json!({"detail": {"items": [{"sku": "a"}, {"sku": "b"}, {}], "odd name": 1, "a/b": 2, "c-d_e": null}});
        let cases = [
            ("$", Some(event.clone())),
            ("$.detail.items[0].sku", Some(json!("a"))),
            ("$.detail['odd name']", Some(json!(1))),
            ("$.detail.a/b", Some(json!(2))),
            ("$.detail.c-d_e", Some(json!(null))),
            ("$.detail.items[*].sku", Some(json!(["a", "b"]))),
            ("$.detail.items[1].*", Some(json!(["b"]))),
            ("$.detail.none", None),
            ("$.detail.items[3]", None),
            ("$.detail.items[*].none", None),
        ];
        for (path, expected) in cases {
            let parsed = Path::parse(path).expect("the table's path is valid");
            assert_eq!(parsed.find(&event), expected, "{path}");
        }
        for invalid in ["", "detail", "$.", "$..a", "$.a[", "$.a[x]", "$.a b", "$a"] {
            assert_eq!(Path::parse(invalid), None, "{invalid}");
        }
    }
}
