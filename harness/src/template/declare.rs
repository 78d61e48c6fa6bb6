//! The `Resources` section before evaluation: each resource's type and raw properties. Resources whose
//! condition does not hold, and those that are harmless, end here.

use super::harmless::is_harmless;
use super::intrinsic::{Declared, Evaluator, State, entry};
use super::report::Report;
use super::resources;
use super::sections::{Entry, Sections};
use crate::diagnostic::{Span, nearest};
use crate::yaml::Node;

const ATTRIBUTES: &[&str] = &[
    "Type",
    "Properties",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
];

/// A resource as the template or SAM writes it.
#[derive(Clone, Debug)]
pub struct Resource {
    pub logical_id: String,
    /// Where its logical id stands.
    pub place: Span,
    pub type_name: String,
    /// What it is called in messages: its type, or the SAM event that it stands for.
    pub what: String,
    pub properties: Vec<Entry>,
    /// Whether the names of its properties have been checked where they were written.
    pub checked: bool,
}

/// The resources that are to be simulated, in order.
pub fn read(sections: &Sections<'_>, evaluator: &mut Evaluator<'_>) -> Vec<Resource> {
    let mut read = Vec::new();
    for (key, node) in sections.resources {
        let logical_id = key.text().unwrap_or_default();
        if !logical_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) || logical_id.is_empty() {
            let message = format!("`{logical_id}` is not a logical id");
            evaluator.report.error(&key.span, message).help("a logical id has letters and digits only");
        }
        let resource = resource(logical_id, key, node, evaluator);
        let (type_name, properties, state) = match &resource {
            Some(resource) => (resource.type_name.as_str(), resource.properties.as_slice(), state(node, evaluator)),
            None => ("", &[][..], State::Faulty),
        };
        let known = state == State::Present && simulated(logical_id, type_name, node, evaluator);
        let refused = state == State::Present && !known && !is_harmless(type_name);
        let state = if refused { State::Faulty } else { state };
        evaluator.declare(logical_id, Declared::new(type_name, properties, state));
        if let Some(resource) = resource.filter(|resource| known && sam_is_declared(resource, sections, evaluator)) {
            read.push(resource);
        }
    }
    check_depends_on(sections, evaluator);
    read
}

fn resource(logical_id: &str, key: &Node, node: &Node, evaluator: &mut Evaluator<'_>) -> Option<Resource> {
    let report = &mut evaluator.report;
    let Some(attributes) = node.mapping() else {
        report.error(&node.span, format!("the resource `{logical_id}` must be a mapping, not {}", node.kind()));
        return None;
    };
    check_attributes(attributes, report);
    let Some(type_name) = node.get("Type").and_then(Node::text) else {
        report.error(&key.span, format!("the resource `{logical_id}` needs a `Type`"));
        return None;
    };
    let properties = match node.get("Properties") {
        None => Vec::new(),
        Some(properties) => properties.mapping().map(<[Entry]>::to_vec).or_else(|| {
            let message = format!("`Properties` must be a mapping, not {}", properties.kind());
            report.error(&properties.span, message);
            None
        })?,
    };
    Some(Resource {
        logical_id: logical_id.to_owned(),
        place: key.span.clone(),
        type_name: type_name.to_owned(),
        what: type_name.to_owned(),
        properties,
        checked: false,
    })
}

fn check_attributes(attributes: &[Entry], report: &mut Report) {
    for (name, _) in attributes {
        let text = name.text().unwrap_or_default();
        if !ATTRIBUTES.contains(&text) {
            let problem = report.error(&name.span, format!("`{text}` is not an attribute of a resource"));
            problem.help("properties stand under `Properties`").did_you_mean(text, ATTRIBUTES.iter().copied());
        }
    }
}

fn state(node: &Node, evaluator: &mut Evaluator<'_>) -> State {
    match node.get("Condition").map(|condition| evaluator.condition(condition)) {
        None | Some(Some(true)) => State::Present,
        Some(Some(false)) => State::LeftOut,
        Some(None) => State::Faulty,
    }
}

/// Whether a type is simulated. Harmless ones are listed, others are refused.
fn simulated(logical_id: &str, type_name: &str, node: &Node, evaluator: &mut Evaluator<'_>) -> bool {
    if resources::shape_of(type_name).is_some() {
        return true;
    }
    if is_harmless(type_name) {
        evaluator.report.left_out(logical_id, type_name);
        return false;
    }
    let span = node.get("Type").map_or(node.span.clone(), |node| node.span.clone());
    let near = nearest(type_name, resources::types()).filter(|near| near.split("::").count() == 3);
    let problem = evaluator.report.error(&span, format!("resources of type `{type_name}` are not simulated"));
    problem.help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "leave it out of the template that is replayed, for example behind a condition".to_owned(),
    });
    false
}

fn sam_is_declared(resource: &Resource, sections: &Sections<'_>, evaluator: &mut Evaluator<'_>) -> bool {
    let missing = resource.type_name.starts_with("AWS::Serverless::") && !sections.is_sam;
    if missing {
        let problem = evaluator.report.error(&resource.place, format!("`{}` is a SAM resource", resource.type_name));
        problem.help("add `Transform: AWS::Serverless-2016-10-31` to the template");
    }
    !missing
}

/// CloudFormation refuses a dependency on a resource that the template lacks.
fn check_depends_on(sections: &Sections<'_>, evaluator: &mut Evaluator<'_>) {
    let ids: Vec<_> = sections.resources.iter().filter_map(|(key, _)| key.text()).collect();
    let depends_on =
        |(_, node): &'_ Entry| node.mapping().and_then(|attributes| entry(attributes, "DependsOn")).cloned();
    for (_, value) in sections.resources.iter().filter_map(depends_on) {
        for name in value.sequence().unwrap_or(std::slice::from_ref(&value)) {
            let text = name.scalar().unwrap_or_default();
            if !ids.contains(&text.as_str()) {
                let problem = evaluator.report.error(&name.span, format!("there is no resource `{text}`"));
                problem.did_you_mean(&text, ids.iter().copied());
            }
        }
    }
}
