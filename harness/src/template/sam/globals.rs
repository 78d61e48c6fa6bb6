//! The `Globals` section: properties that all functions, APIs or tables share.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>

use std::collections::BTreeMap;

use crate::template::declare::Resource;
use crate::template::intrinsic::is_call;
use crate::template::report::Report;
use crate::template::sections::{Entry, Sections};
use crate::yaml::{Content, Node};

const SECTIONS: &[(&str, &str)] = &[
    ("Function", "AWS::Serverless::Function"),
    ("Api", "AWS::Serverless::Api"),
    ("HttpApi", "AWS::Serverless::HttpApi"),
    ("SimpleTable", "AWS::Serverless::SimpleTable"),
];
/// The sections for types that a replay does not have: they are listed, as those are.
const LISTED: &[&str] = &["CapacityProvider", "LayerVersion", "StateMachine", "WebSocketApi"];

/// The shared properties by type of resource.
pub struct Globals(BTreeMap<&'static str, Vec<Entry>>);

/// Reads the section.
pub fn read(sections: &Sections<'_>, report: &mut Report) -> Globals {
    let mut globals = BTreeMap::new();
    for (key, node) in sections.globals {
        let name = key.text().unwrap_or_default();
        let known = SECTIONS.iter().find(|(section, _)| *section == name);
        match (known, node.mapping()) {
            (Some((_, type_name)), Some(entries)) => {
                globals.insert(*type_name, entries.to_vec());
            }
            (None, Some(_)) if LISTED.contains(&name) => report.left_out(name, "Globals"),
            (known, None) if known.is_some() || LISTED.contains(&name) => {
                report.error(&node.span, format!("`{name}` in `Globals` must be a mapping, not {}", node.kind()));
            }
            _ => {
                let problem = report.error(&key.span, format!("`{name}` in `Globals` is not simulated"));
                problem.did_you_mean(name, SECTIONS.iter().map(|(section, _)| *section).chain(LISTED.iter().copied()));
            }
        }
    }
    Globals(globals)
}

impl Globals {
    /// Adds the shared properties to a resource, whose own go first, but for those that it ignores.
    /// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
    pub fn merge_into(&self, resource: &mut Resource) {
        if let Some(shared) = self.0.get(resource.type_name.as_str()) {
            let is_ignored = |name: Option<&str>| {
                resource.ignored_globals.iter().any(|ignored| ignored == "*" || Some(ignored.as_str()) == name)
            };
            let shared: Vec<Entry> = shared.iter().filter(|(key, _)| !is_ignored(key.text())).cloned().collect();
            resource.properties = merge(&shared, &resource.properties);
        }
    }
}

/// Mappings are merged, lists are put behind each other, anything else is replaced.
fn merge(shared: &[Entry], own: &[Entry]) -> Vec<Entry> {
    let mut merged = own.to_vec();
    for (key, value) in shared {
        let name = key.text().unwrap_or_default();
        match merged.iter_mut().find(|(own, _)| own.text() == Some(name)) {
            Some((_, own)) => merge_value(value, own),
            None => merged.push((key.clone(), value.clone())),
        }
    }
    merged
}

fn merge_value(shared: &Node, own: &mut Node) {
    if is_call(shared) || is_call(own) {
        return;
    }
    match (&shared.content, &mut own.content) {
        (Content::Mapping(shared), Content::Mapping(entries)) => *entries = merge(shared, entries),
        (Content::Sequence(shared), Content::Sequence(members)) => {
            let own = std::mem::take(members);
            *members = shared.iter().cloned().chain(own).collect();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::template::intrinsic::entry;
    use crate::yaml::parse;

    #[test]
    fn mappings_merge_lists_append_and_scalars_are_replaced() {
        let read = |text: &str| parse(&Source::new("t", text)).expect("valid YAML").mapping().map(<[Entry]>::to_vec);
        let shared =
            read("{ Timeout: 3, List: [a], Map: { A: 1, B: 1 }, If: { Ref: X }, Only: here }").unwrap_or_default();
        let own = read("{ Timeout: 9, List: [b], Map: { B: 2, C: 2 }, If: { Ref: Y } }").unwrap_or_default();
        let merged = merge(&shared, &own);
        let json = |key: &str| entry(&merged, key).map(|(_, value)| value.to_json().to_string());
        for (key, expected) in [
            ("Timeout", "9"),
            ("List", r#"["a","b"]"#),
            ("Map", r#"{"B":2,"C":2,"A":1}"#),
            ("If", r#"{"Ref":"Y"}"#),
            ("Only", r#""here""#),
        ] {
            assert_eq!(json(key).as_deref(), Some(expected), "{key}");
        }
    }
}
