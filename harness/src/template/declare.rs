//! The `Resources` section before evaluation: each resource's type and raw properties. Resources whose
//! condition does not hold, and those that are not simulated, end here.

use std::collections::BTreeSet;

use super::call::call;
use super::documents::Nested;
use super::harmless::is_harmless;
use super::intrinsic::{Declared, Evaluator, State, entry};
use super::report::Report;
use super::sections::{Entry, Sections};
use super::{providers, resources};
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
    CONNECTORS,
];
/// SAM's permissions of a resource to reach others, which a replay does not need.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/managing-permissions-connectors.html>
const CONNECTORS: &str = "Connectors";
/// What only some resources have: those of SAM to do without `Globals`, and custom ones.
const ATTRIBUTES_OF_SOME: &[(&str, &[&str])] =
    &[("IgnoreGlobals", &["AWS::Serverless::"]), ("Version", &["Custom::", "AWS::CloudFormation::CustomResource"])];

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
    /// The properties that are not to come from `Globals`; `*` for all.
    pub ignored_globals: Vec<String>,
    /// Whether the names of its properties have been checked where they were written.
    pub checked: bool,
}

/// The resources that are to be simulated, in order.
pub fn read(sections: &Sections<'_>, evaluator: &mut Evaluator<'_>) -> Vec<Resource> {
    let (mut read, mut left_out): (Vec<Resource>, Vec<Resource>) = (Vec::new(), Vec::new());
    let mut custom: Vec<Resource> = Vec::new();
    for (key, node) in sections.resources {
        let logical_id = key.text().unwrap_or_default();
        if !logical_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) || logical_id.is_empty() {
            let message = format!("`{logical_id}` is not a logical id");
            evaluator.report.error(&key.span, message).help("a logical id has letters and digits only");
        }
        let resource = resource(logical_id, key, node, sections.is_sam, evaluator);
        let (type_name, properties, state) = match &resource {
            Some(resource) => (resource.type_name.as_str(), resource.properties.as_slice(), state(node, evaluator)),
            None => ("", &[][..], State::Faulty),
        };
        if state == State::Present && sections.is_sam && node.get(CONNECTORS).is_some() {
            evaluator.report.left_out(logical_id, format!("{type_name}.{CONNECTORS}"));
        }
        let kind = (state == State::Present).then(|| kind_of(logical_id, type_name, node, sections.is_sam, evaluator));
        let state = match kind {
            Some(Kind::Wrong) => State::Faulty,
            Some(Kind::NotSimulated) => State::NotSimulated,
            _ => state,
        };
        evaluator.declare(logical_id, Declared::new(type_name, properties, state));
        match kind {
            Some(Kind::Simulated) => read.extend(resource),
            Some(Kind::Nested) => {
                if let (Some(Nested::Here(document)), Some(resource)) =
                    (evaluator.nested_document(logical_id), resource)
                {
                    evaluator.declare_nested(resource, document);
                }
            }
            Some(Kind::Harmless) => {
                evaluator.report.left_out(logical_id, type_name);
                custom.extend(resource.filter(|resource| resource.type_name.starts_with("Custom::")));
            }
            Some(Kind::NotSimulated) => left_out.extend(resource),
            Some(Kind::Wrong) | None => {}
        }
    }
    let nested = evaluator.nested.values().map(|nested| &nested.resource);
    let others: Vec<&Resource> = left_out.iter().chain(&custom).chain(nested).collect();
    providers::take_out(&mut read, &others, &mut evaluator.report);
    for resource in &left_out {
        let reached = references(&resource.properties);
        let reached = reached.into_iter().filter(|id| read.iter().any(|other| other.logical_id == *id)).collect();
        evaluator.report.missing(&resource.logical_id, &resource.type_name, reached);
    }
    read
}

/// The logical ids that properties refer to, each once, without evaluating anything.
pub fn references(properties: &[Entry]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    properties.iter().for_each(|(_, value)| gather(value, &mut found));
    found
}

fn gather(node: &Node, found: &mut BTreeSet<String>) {
    if let Some(call) = call(node)
        && let Some(text) = call.argument.text().or_else(|| call.argument.sequence()?.first()?.text())
    {
        match call.name.as_ref() {
            "Ref" | "Fn::GetAtt" => {
                found.insert(text.split('.').next().unwrap_or_default().to_owned());
            }
            "Fn::Sub" => {
                let names = text.split("${").skip(1).filter_map(|rest| rest.split(['.', '}']).next());
                found.extend(names.map(str::to_owned));
            }
            _ => {}
        }
    }
    node.sequence().unwrap_or_default().iter().for_each(|member| gather(member, found));
    node.mapping().unwrap_or_default().iter().for_each(|(_, value)| gather(value, found));
}

fn resource(
    logical_id: &str,
    key: &Node,
    node: &Node,
    is_sam: bool,
    evaluator: &mut Evaluator<'_>,
) -> Option<Resource> {
    let report = &mut evaluator.report;
    let Some(attributes) = node.mapping() else {
        report.error(&node.span, format!("the resource `{logical_id}` must be a mapping, not {}", node.kind()));
        return None;
    };
    let type_name = node.get("Type").and_then(Node::text);
    check_attributes(attributes, type_name.unwrap_or_default(), is_sam, report);
    let Some(type_name) = type_name else {
        report.error(&key.span, format!("the resource `{logical_id}` needs a `Type`"));
        return None;
    };
    let ignored = node.get("IgnoreGlobals");
    let ignored = ignored.map(|node| node.sequence().unwrap_or(std::slice::from_ref(node))).unwrap_or_default();
    let ignored_globals = ignored.iter().filter_map(Node::scalar).collect();
    let properties = match node.get("Properties") {
        None => Vec::new(),
        Some(written) => properties(written, evaluator)?,
    };
    Some(Resource {
        logical_id: logical_id.to_owned(),
        place: key.span.clone(),
        type_name: type_name.to_owned(),
        what: type_name.to_owned(),
        properties,
        ignored_globals,
        checked: false,
    })
}

/// The properties of a resource, between which `Fn::If` may choose.
fn properties(written: &Node, evaluator: &mut Evaluator<'_>) -> Option<Vec<Entry>> {
    let mut node = written.clone();
    while let Some(call) = call(&node).filter(|call| call.name == "Fn::If") {
        node = evaluator.chosen(&call)?;
    }
    if let Some(call) = call(&node)
        && call.name == "Ref"
        && call.argument.text() == Some("AWS::NoValue")
    {
        return Some(Vec::new());
    }
    let properties = node.mapping().filter(|_| node.tag.is_none()).map(<[Entry]>::to_vec);
    if properties.is_none() {
        let message = format!("`Properties` must be a mapping, not {}", node.kind());
        evaluator.report.error(&node.span, message);
    }
    properties
}

fn check_attributes(attributes: &[Entry], type_name: &str, is_sam: bool, report: &mut Report) {
    for (name, _) in attributes {
        let text = name.text().unwrap_or_default();
        let of_some = ATTRIBUTES_OF_SOME.iter().find(|(attribute, _)| *attribute == text);
        let has_it = of_some.is_some_and(|(_, types)| types.iter().any(|begin| type_name.starts_with(begin)));
        if text == CONNECTORS && !is_sam {
            let problem = report.error(&name.span, format!("`{text}` is an attribute of SAM"));
            problem.help("add `Transform: AWS::Serverless-2016-10-31` to the template");
        } else if !has_it && !ATTRIBUTES.contains(&text) {
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

/// What a replay does with the resources of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Simulated,
    /// A stack whose template is at hand.
    Nested,
    /// Listed: it cannot change what is delivered.
    Harmless,
    /// Listed: whoever refers to it is refused.
    NotSimulated,
    /// It cannot be deployed.
    Wrong,
}

/// The types of SAM that are not simulated; there are no others that AWS knows.
const OF_SAM: &[&str] = &[
    "AWS::Serverless::Application",
    "AWS::Serverless::CapacityProvider",
    "AWS::Serverless::GraphQLApi",
    "AWS::Serverless::StateMachine",
    "AWS::Serverless::WebSocketApi",
];

fn nested_kind(nested: &Nested, span: &Span, evaluator: &mut Evaluator<'_>) -> Kind {
    match nested {
        Nested::Here(_) => Kind::Nested,
        Nested::Elsewhere => Kind::NotSimulated,
        Nested::Missing(reason) => {
            evaluator.report.error(span, reason.clone()).help("files are found relative to the template's own folder");
            Kind::Wrong
        }
    }
}

fn kind_of(logical_id: &str, type_name: &str, node: &Node, is_sam: bool, evaluator: &mut Evaluator<'_>) -> Kind {
    let span = node.get("Type").map_or(node.span.clone(), |node| node.span.clone());
    let of_sam = type_name.starts_with("AWS::Serverless::");
    let kind = if let Some(nested) = evaluator.nested_document(logical_id) {
        nested_kind(nested, &span, evaluator)
    } else if resources::shape_of(type_name).is_some() {
        Kind::Simulated
    } else if is_harmless(type_name) {
        Kind::Harmless
    } else if is_type(type_name) && misspelt(type_name).is_none() && (!of_sam || OF_SAM.contains(&type_name)) {
        Kind::NotSimulated
    } else {
        let problem = evaluator.report.error(&span, format!("there is no resource type `{type_name}`"));
        if let Some(near) = misspelt(type_name).or_else(|| nearest(type_name, resources::types())) {
            problem.help(format!("did you mean `{near}`?"));
        }
        return Kind::Wrong;
    };
    if of_sam && !is_sam {
        let problem = evaluator.report.error(&span, format!("`{type_name}` is a SAM resource"));
        problem.help("add `Transform: AWS::Serverless-2016-10-31` to the template");
        return Kind::Wrong;
    }
    kind
}

/// Whether a text has the form of a resource type: `Service::Part::Thing`, or `Custom::Thing`.
fn is_type(text: &str) -> bool {
    let parts: Vec<&str> = text.split("::").collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_@-".contains(c));
    parts.iter().all(word) && (parts[0] == "Custom" && parts.len() == 2 || (3..=4).contains(&parts.len()))
}

/// The simulated type that is meant by one that is nearly it. No two types of AWS are so near.
fn misspelt(type_name: &str) -> Option<&'static str> {
    let near = nearest(type_name, resources::types())?;
    (strsim::damerau_levenshtein(type_name, near) <= 2 && !type_name.contains("V2")).then_some(near)
}

/// CloudFormation refuses a dependency on a resource that the template lacks. What SAM adds counts.
pub fn check_depends_on(sections: &Sections<'_>, evaluator: &mut Evaluator<'_>) {
    let ids: Vec<_> = sections.resources.iter().filter_map(|(key, _)| key.text()).collect();
    let depends_on =
        |(_, node): &'_ Entry| node.mapping().and_then(|attributes| entry(attributes, "DependsOn")).cloned();
    for (_, value) in sections.resources.iter().filter_map(depends_on) {
        for name in value.sequence().unwrap_or(std::slice::from_ref(&value)) {
            let text = name.scalar().unwrap_or_default();
            if !ids.contains(&text.as_str()) && evaluator.declared(&text).is_none() {
                let problem = evaluator.report.error(&name.span, format!("there is no resource `{text}`"));
                problem.did_you_mean(&text, ids.iter().copied());
            }
        }
    }
}
