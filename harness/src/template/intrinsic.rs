//! Evaluation: from a tree with intrinsic functions to a resolved one, in which every value is final and
//! still knows where it stands. Nothing is evaluated deeper than [`MAX_DEPTH`] calls, and whatever refers
//! to itself is reported, so that no template can exhaust the stack.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Naming;
use super::names::{Identity, STREAM_ARN, rule_of};
use super::parameters::{PSEUDO, Parameter, pseudo};
use super::report::{Report, is_reported, list_at, mapping_at, reported, text_at};
use super::sections::{Entry, Sections};
use crate::diagnostic::Span;
use crate::yaml::{Content, Node};

const MAX_DEPTH: usize = 140;
/// No physical name is longer than a log group's.
const MAX_NAME: usize = 512;

/// The functions that give a value, by their long names.
const FUNCTIONS: &[&str] =
    &["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::If", "Fn::FindInMap", "Fn::Base64"];
/// Functions that there are, and that are not simulated.
const OTHERS: &[&str] = &[
    "Fn::Cidr",
    "Fn::Contains",
    "Fn::ForEach",
    "Fn::GetAZs",
    "Fn::GetStackOutput",
    "Fn::ImportValue",
    "Fn::Length",
    "Fn::ToJsonString",
    "Fn::Transform",
];
/// The functions that give a truth, which belong in `Conditions`.
pub const TRUTHS: &[&str] = &["Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition"];

/// What `Ref` and `Fn::GetAtt` need to know of a resource before any is read.
#[derive(Clone, Debug)]
pub struct Declared {
    pub type_name: String,
    /// The property that names it, as written.
    pub name: Option<Node>,
    /// A rule's event bus, as written.
    pub bus: Option<Node>,
    /// Whether a table is to have a stream.
    pub has_stream: bool,
    pub state: State,
}

/// Whether a resource can be referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Present,
    /// Its condition does not hold.
    LeftOut,
    /// Its fault has been reported.
    Faulty,
}

/// Evaluates the values of one template.
pub struct Evaluator<'a> {
    pub report: Report,
    pub naming: &'a Naming,
    pub(super) conditions: &'a [Entry],
    pub(super) known_conditions: BTreeMap<String, Option<bool>>,
    /// What is being evaluated, by "kind name", to notice what refers to itself.
    pub(super) visiting: Vec<String>,
    /// Whether a condition is being evaluated, which cannot refer to resources.
    pub(super) in_condition: bool,
    pub(super) mappings: &'a [Entry],
    parameters: BTreeMap<String, Parameter>,
    resources: BTreeMap<String, Declared>,
    identities: BTreeMap<String, Option<Identity>>,
    depth: usize,
}

/// A call of an intrinsic function.
pub(super) struct Call<'n> {
    /// Its long name: `Ref`, `Fn::Sub`, `Condition`.
    pub name: Cow<'n, str>,
    /// Where to point: the function's key, or the tagged value.
    pub span: Span,
    pub argument: Cow<'n, Node>,
}

impl<'a> Evaluator<'a> {
    pub fn new(
        report: Report,
        naming: &'a Naming,
        sections: &Sections<'a>,
        parameters: BTreeMap<String, Parameter>,
    ) -> Self {
        Self {
            report,
            naming,
            conditions: sections.conditions,
            known_conditions: BTreeMap::new(),
            visiting: Vec::new(),
            in_condition: false,
            mappings: sections.mappings,
            parameters,
            resources: BTreeMap::new(),
            identities: BTreeMap::new(),
            depth: 0,
        }
    }

    /// Makes a resource known, so that others can refer to it. The first of an id stays.
    pub fn declare(&mut self, logical_id: &str, declared: Declared) {
        self.resources.entry(logical_id.to_owned()).or_insert(declared);
    }

    /// A value with every function in it evaluated; `None` where it is `AWS::NoValue`.
    pub fn resolve(&mut self, node: &Node) -> Option<Node> {
        if is_reported(node) {
            return Some(node.clone());
        }
        if !self.enter(&node.span) {
            return Some(reported(&node.span));
        }
        let resolved = match call(node) {
            Some(call) => self.function(&call),
            None => Some(self.plain(node)),
        };
        self.depth -= 1;
        resolved
    }

    /// A value as [`Self::resolve`] gives it, with nothing in the place of `AWS::NoValue`.
    pub(super) fn value(&mut self, node: &Node) -> Node {
        let nothing = || Node { span: node.span.clone(), tag: None, content: Content::Null };
        self.resolve(node).unwrap_or_else(nothing)
    }

    /// A value that must be a scalar, as text; `None` once what is wrong with it is reported.
    pub fn scalar(&mut self, node: &Node, what: &str) -> Option<String> {
        let value = self.value(node);
        let text = value.scalar();
        if text.is_none() && !is_reported(&value) {
            self.report.error(&node.span, format!("{what} must be text, not {}", value.kind()));
        }
        text
    }

    /// The physical name of a resource and what follows from it; `None` once its fault is reported.
    pub fn identity(&mut self, logical_id: &str, span: &Span) -> Option<Identity> {
        if let Some(known) = self.identities.get(logical_id) {
            return known.clone();
        }
        let declared = self.resources.get(logical_id)?.clone();
        if !self.visit(format!("name of {logical_id}"), span) {
            return None;
        }
        let identity = self.name(logical_id, &declared);
        self.visiting.pop();
        self.identities.insert(logical_id.to_owned(), identity.clone());
        identity
    }

    /// An attribute of a resource that is known to have it, such as a function's `Arn`.
    pub fn known_attribute(&mut self, logical_id: &str, attribute: &str, span: &Span) -> Option<String> {
        self.identity(logical_id, span)?.attribute(attribute, self.naming)
    }

    /// Notes that something is being evaluated; reports it and answers no where it already is.
    pub(super) fn visit(&mut self, what: String, span: &Span) -> bool {
        if self.visiting.contains(&what) {
            let mut circle = self.visiting.clone();
            circle.push(what.clone());
            self.report.error(span, format!("the {what} depends on itself")).label(circle.join(", "));
            return false;
        }
        self.visiting.push(what);
        true
    }

    pub(super) fn enter(&mut self, span: &Span) -> bool {
        if self.depth >= MAX_DEPTH {
            self.report.error(span, format!("values depend on each other more than {MAX_DEPTH} levels deep"));
            return false;
        }
        self.depth += 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    fn name(&mut self, logical_id: &str, declared: &Declared) -> Option<Identity> {
        let given = match declared.name.as_ref().map(|node| (node, self.resolve(node))) {
            Some((node, Some(value))) => Some(self.physical_name(node, &value)?),
            _ => None,
        };
        let bus = match declared.bus.as_ref().map(|node| self.resolve(node)) {
            Some(Some(value)) if is_reported(&value) => return None,
            Some(Some(value)) => value.scalar(),
            _ => None,
        };
        Some(Identity::new(&declared.type_name, logical_id, given, bus, self.naming))
    }

    fn physical_name(&mut self, node: &Node, value: &Node) -> Option<String> {
        let name = value.scalar();
        if name.is_none() && !is_reported(value) {
            self.report.error(&node.span, format!("a name must be text, not {}", value.kind()));
        }
        let fits = name.as_ref().is_none_or(|name| (1..=MAX_NAME).contains(&name.len()));
        if !fits {
            self.report.error(&node.span, format!("a name must have 1 to {MAX_NAME} characters"));
        }
        name.filter(|_| fits)
    }

    fn plain(&mut self, node: &Node) -> Node {
        let content = match &node.content {
            Content::Sequence(members) => {
                Content::Sequence(members.iter().filter_map(|member| self.resolve(member)).collect())
            }
            Content::Mapping(entries) => {
                self.refuse_function_among_others(entries);
                let resolve = |(key, value): &Entry| Some((key.clone(), self.resolve(value)?));
                Content::Mapping(entries.iter().filter_map(resolve).collect())
            }
            Content::Text(text) if text.contains("{{resolve:") => {
                let span = self.report.within(node, "{{resolve:");
                self.report.error(&span, "dynamic references are not simulated").help("use a parameter instead");
                return reported(&node.span);
            }
            other => other.clone(),
        };
        Node { span: node.span.clone(), tag: None, content }
    }

    fn refuse_function_among_others(&mut self, entries: &[Entry]) {
        for (key, _) in entries {
            if key.text().is_some_and(|name| name.starts_with("Fn::")) {
                let name = key.text().unwrap_or_default();
                self.report.error(&key.span, format!("`{name}` must be the only key of its mapping"));
            }
        }
    }

    fn function(&mut self, call: &Call<'_>) -> Option<Node> {
        let value = match call.name.as_ref() {
            "Ref" => match call.argument.text() {
                Some("AWS::NoValue") => return None,
                _ => self.reference(call),
            },
            "Fn::If" => match self.chosen(call) {
                Some(branch) => return self.resolve(&branch),
                None => None,
            },
            "Fn::GetAtt" => self.get_att(call),
            "Fn::Sub" => self.sub(call),
            "Fn::Join" => self.join(call),
            "Fn::Select" => self.select(call),
            "Fn::Split" => self.split(call),
            "Fn::FindInMap" => self.find_in_map(call),
            "Fn::Base64" => self
                .scalar(&call.argument, "the argument of `Fn::Base64`")
                .map(|text| text_at(&call.span, BASE64_STANDARD.encode(text))),
            other => self.refuse_function(call, other),
        };
        Some(value.unwrap_or_else(|| reported(&call.span)))
    }

    fn refuse_function(&mut self, call: &Call<'_>, name: &str) -> Option<Node> {
        if TRUTHS.contains(&name) {
            let problem = self.report.error(&call.span, format!("`{name}` can only stand in `Conditions`"));
            problem.help("name the condition there, and choose here with `Fn::If`");
        } else {
            let problem = self.report.error(&call.span, format!("the function `{name}` is not simulated"));
            if !OTHERS.contains(&name) {
                problem.did_you_mean(name, FUNCTIONS.iter().copied());
            }
        }
        None
    }

    /// The arguments of a function that takes a list of them.
    pub(super) fn arguments<'n>(&mut self, call: &'n Call<'_>, form: &str, count: usize) -> Option<&'n [Node]> {
        let arguments = call.argument.sequence().filter(|arguments| arguments.len() == count);
        if arguments.is_none() {
            self.report.error(&call.span, format!("`{}` must be written as `{form}`", call.name));
        }
        arguments
    }

    fn reference(&mut self, call: &Call<'_>) -> Option<Node> {
        let Some(name) = call.argument.text() else {
            self.report.error(&call.span, format!("`Ref` must name something, not hold {}", call.argument.kind()));
            return None;
        };
        self.named(name, &call.argument.span, &call.span)
    }

    /// What a name stands for in `Ref` and `${}`.
    pub(super) fn named(&mut self, name: &str, place: &Span, at: &Span) -> Option<Node> {
        if let Some(value) = pseudo(name, self.naming) {
            return Some(text_at(at, value));
        }
        match self.parameters.get(name) {
            Some(Parameter::Text(text)) => return Some(text_at(at, text)),
            Some(Parameter::List(texts)) => {
                return Some(list_at(at, texts.iter().map(|text| text_at(at, text)).collect()));
            }
            Some(Parameter::Ssm) => {
                let message =
                    format!("the parameter `{name}` is read from SSM Parameter Store, which is not simulated");
                self.report.error(place, message).help("give it the type String and a value");
                return None;
            }
            Some(Parameter::Reported) => return None,
            None => {}
        }
        self.check_resource(name, place)?;
        let reference = self.identity(name, place)?.reference(self.naming);
        if reference.is_none() {
            let kind = &self.resources[name].type_name;
            self.report.error(place, format!("what `Ref` gives for {kind} is not simulated"));
        }
        reference.map(|text| text_at(at, text))
    }

    /// Reports a name that is no resource, or one that cannot be referred to here.
    fn check_resource(&mut self, name: &str, place: &Span) -> Option<()> {
        let Some(declared) = self.resources.get(name) else {
            let known: Vec<_> = self.parameters.keys().chain(self.resources.keys()).map(String::as_str).collect();
            let known = known.into_iter().chain(PSEUDO.iter().copied());
            let problem = self.report.diagnostics.error(
                &self.report.source,
                place.clone(),
                format!("there is no parameter or resource `{name}`"),
            );
            problem.did_you_mean(name, known);
            return None;
        };
        let state = declared.state;
        if self.in_condition {
            self.report.error(place, format!("a condition cannot refer to the resource `{name}`"));
            return None;
        }
        if state == State::LeftOut {
            self.report.error(place, format!("`{name}` is left out of the stack by its condition"));
        }
        (state == State::Present).then_some(())
    }

    fn get_att(&mut self, call: &Call<'_>) -> Option<Node> {
        let (name, attribute) = match &call.argument.content {
            Content::Text(text) => text.split_once('.').map(|(name, rest)| (name.to_owned(), rest.to_owned())),
            Content::Sequence(parts) if parts.len() == 2 => {
                let name = parts[0].text().map(str::to_owned);
                name.zip(self.scalar(&parts[1], "the attribute's name"))
            }
            _ => None,
        }
        .or_else(|| {
            self.report
                .error(&call.span, "`Fn::GetAtt` must be written as `Resource.Attribute` or `[Resource, Attribute]`");
            None
        })?;
        self.attribute(&name, &attribute, &call.argument.span).map(|text| text_at(&call.span, text))
    }

    pub(super) fn attribute(&mut self, name: &str, attribute: &str, place: &Span) -> Option<String> {
        self.check_resource(name, place)?;
        let identity = self.identity(name, place)?;
        let value = identity.attribute(attribute, self.naming);
        if attribute == STREAM_ARN && value.is_some() && !self.resources[name].has_stream {
            let problem = self.report.error(place, format!("the table `{name}` has no stream"));
            problem.help("a table with a `StreamSpecification` has one");
            return None;
        }
        if value.is_none() {
            let kind = &self.resources[name].type_name;
            let message = format!("{kind} has no attribute `{attribute}`, or none that is simulated");
            self.report.error(place, message).did_you_mean(attribute, identity.attributes());
        }
        value
    }
}

impl Declared {
    /// What is to be known of a resource with these raw properties.
    pub fn new(type_name: &str, properties: &[Entry], state: State) -> Self {
        let find = |name: &str| entry(properties, name).map(|(_, value)| value.clone());
        let bus = (type_name == "AWS::Events::Rule").then(|| find("EventBusName")).flatten();
        let (name, has_stream) = (rule_of(type_name).property.and_then(find), find("StreamSpecification").is_some());
        Self { type_name: type_name.to_owned(), name, bus, has_stream, state }
    }
}

/// The entry of a mapping under a key.
pub fn entry<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    entries.iter().find(|(name, _)| name.text() == Some(key))
}

/// A node that is a call of an intrinsic function, in either form.
pub(super) fn call(node: &Node) -> Option<Call<'_>> {
    if let Some(tag) = &node.tag {
        let name = match tag.as_str() {
            "Ref" | "Condition" => Cow::Borrowed(tag.as_str()),
            other => Cow::Owned(format!("Fn::{other}")),
        };
        let mut argument = node.clone();
        argument.tag = None;
        return Some(Call { name, span: node.span.clone(), argument: Cow::Owned(argument) });
    }
    let [(key, value)] = node.mapping()? else { return None };
    let name = key.text().filter(|name| *name == "Ref" || name.starts_with("Fn::"))?;
    Some(Call { name: Cow::Borrowed(name), span: key.span.clone(), argument: Cow::Borrowed(value) })
}

/// Whether a value is a call of an intrinsic function, so that it cannot be looked into before evaluation.
pub fn is_call(node: &Node) -> bool {
    call(node).is_some()
}

/// A call of a function, made up for a value that SAM adds.
pub fn made_up(function: &str, span: &Span, argument: Node) -> Node {
    mapping_at(span, vec![(text_at(span, function), argument)])
}
