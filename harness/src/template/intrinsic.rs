//! Evaluation: from a tree with intrinsic functions to a resolved one, in which every value is final and
//! still knows where it stands. Nothing is evaluated deeper than [`MAX_DEPTH`] calls, the values of all of it come
//! to no more than [`MAX_TEXT`], and whatever refers to itself is reported, so that no template can exhaust stack,
//! memory or patience.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Naming;
pub(super) use super::call::call;
use super::call::{Call, FOR_EACH, FUNCTIONS, OF_RULES, OTHERS, TRUTHS};
pub use super::call::{entry, is_call, made_up};
use super::documents::{Document, Nested};
use super::names::Identity;
use super::parameters::Parameter;
use super::reading::NestedStack;
pub use super::references::{Declared, State};
use super::report::{Report, is_reported, reported, text_at};
use super::sections::{Entry, LANGUAGE_EXTENSIONS, Sections};
use crate::diagnostic::Span;
use crate::yaml::{Content, Node};

const MAX_DEPTH: usize = 140;
/// What the texts that functions make of a template may come to, in bytes.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// What a dynamic reference begins with.
const DYNAMIC: &str = "{{resolve:";

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
    /// Whether user pools may be named, which are not simulated.
    pub knows_pools: bool,
    /// Whether it is one of a rule, in which there are more functions.
    pub(super) in_rule: bool,
    pub(super) mappings: &'a [Entry],
    /// Whether the template declares `AWS::LanguageExtensions`.
    pub(super) is_extended: bool,
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// The parameters as they are declared.
    pub(super) declared_parameters: &'a [Entry],
    pub(super) resources: BTreeMap<String, Declared>,
    pub(super) identities: BTreeMap<String, Option<Identity>>,
    /// The stacks in this one, by logical id.
    pub(super) nested: BTreeMap<String, NestedStack<'a>>,
    pub(super) documents: Option<&'a BTreeMap<String, Nested>>,
    depth: usize,
    /// What is left of [`MAX_TEXT`].
    room: usize,
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
            knows_pools: false,
            in_rule: false,
            mappings: sections.mappings,
            is_extended: sections.is_extended,
            parameters,
            declared_parameters: sections.parameters,
            resources: BTreeMap::new(),
            identities: BTreeMap::new(),
            nested: BTreeMap::new(),
            documents: None,
            depth: 0,
            room: MAX_TEXT,
        }
    }

    /// Takes the sections once loops are expanded, and the nested stacks.
    pub(super) fn begin(&mut self, document: &'a Document, sections: &Sections<'a>, level: usize) {
        (self.conditions, self.mappings) = (sections.conditions, sections.mappings);
        (self.documents, self.depth) = (Some(&document.nested), level);
    }

    /// How deep the value stands that is being evaluated.
    pub(super) fn level(&self) -> usize {
        self.depth
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

    /// Takes room for text that a function makes; reports it and answers no where there is none left.
    pub(super) fn take_room(&mut self, bytes: usize, span: &Span) -> bool {
        let fits = bytes <= self.room;
        self.room = self.room.saturating_sub(bytes);
        if !fits {
            let most = MAX_TEXT / 1024 / 1024;
            self.report.error(span, format!("the values of this template come to more than {most} MB"));
        }
        fits
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
            Content::Text(_) if self.is_dynamic(node, &node.span) => return reported(&node.span),
            other => other.clone(),
        };
        Node { span: node.span.clone(), tag: None, content }
    }

    /// Reports a dynamic reference in the text or the texts that something comes to, wherever it was put together.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
    fn is_dynamic(&mut self, value: &Node, place: &Span) -> bool {
        let mut texts = value.sequence().unwrap_or(std::slice::from_ref(value)).iter().filter_map(Node::text);
        let from_there = |text: &'_ str| text.find(DYNAMIC).map(|at| text[at..].to_owned());
        let Some(reference) = texts.find_map(from_there) else { return false };
        let end = reference.find("}}").map_or(reference.len(), |end| end + 2);
        let written = Node { span: place.clone(), tag: None, content: Content::Null };
        let span = self.report.within(&written, DYNAMIC);
        let problem = self.report.unsimulated(&span, "dynamic references are not simulated");
        if span == *place {
            problem
                .label(format!("the value has `{}`", &reference[..end]))
                .help("give it what the reference stands for");
        } else {
            problem.help("use a parameter instead");
        }
        true
    }

    fn refuse_function_among_others(&mut self, entries: &[Entry]) {
        for (key, _) in entries {
            match key.text() {
                Some(name) if name.starts_with(FOR_EACH) => self.refuse_loop(&key.span),
                Some(name) if name.starts_with("Fn::") => {
                    self.report.error(&key.span, format!("`{name}` must be the only key of its mapping"));
                }
                _ => {}
            }
        }
    }

    /// The value of a call, or nothing where it is `AWS::NoValue`.
    fn function(&mut self, call: &Call<'_>) -> Option<Node> {
        let uses = self.report.made_up_uses();
        let value = self.evaluated(call);
        self.report.made_up_since(uses, &call.span);
        value
    }

    fn evaluated(&mut self, call: &Call<'_>) -> Option<Node> {
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
            "Fn::Cidr" => self.cidr(call),
            "Fn::GetAZs" => self.availability_zones(call),
            "Fn::ImportValue" => self.import(call),
            "Fn::Length" => self.length(call),
            "Fn::ToJsonString" => self.json_string(call),
            "Fn::RefAll" if self.in_rule => self.all_of_type(call),
            "Fn::ValueOf" | "Fn::ValueOfAll" if self.in_rule => self.refuse_attribute(call),
            other => self.refuse_function(call, other),
        };
        let value = value.filter(|value| self.take_room(value.text().map_or(0, str::len), &call.span));
        let value = value.filter(|value| !self.is_dynamic(value, &call.span));
        Some(value.unwrap_or_else(|| reported(&call.span)))
    }

    fn refuse_function(&mut self, call: &Call<'_>, name: &str) -> Option<Node> {
        if OF_RULES.contains(&name) {
            self.report.error(&call.span, format!("`{name}` can only stand in `Rules`"));
        } else if TRUTHS.contains(&name) {
            let problem = self.report.error(&call.span, format!("`{name}` can only stand in `Conditions`"));
            problem.help("name the condition there, and choose here with `Fn::If`");
        } else if name.starts_with(FOR_EACH) {
            self.refuse_loop(&call.span);
        } else if !OTHERS.contains(&name) {
            let problem = self.report.error(&call.span, format!("there is no function `{name}`"));
            problem.did_you_mean(name, FUNCTIONS.iter().copied());
        } else if let ("Fn::Transform", Some(macro_name)) = (name, call.argument.get("Name").and_then(Node::text)) {
            self.report.unsimulated(&call.span, format!("the macro `{macro_name}` is not simulated"));
        } else {
            self.report.unsimulated(&call.span, format!("the function `{name}` is not simulated"));
        }
        None
    }

    /// A loop that is left after loops have been expanded.
    fn refuse_loop(&mut self, span: &Span) {
        let problem = self.report.error(span, format!("`{FOR_EACH}` cannot stand here"));
        if self.is_extended {
            problem.help("a loop stands in `Conditions`, `Resources`, `Outputs` or the properties of a resource");
        } else {
            problem.help(format!("add `Transform: {LANGUAGE_EXTENSIONS}` to the template"));
        }
    }

    /// The arguments of a function that takes a list of them.
    pub(super) fn arguments<'n>(&mut self, call: &'n Call<'_>, form: &str, count: usize) -> Option<&'n [Node]> {
        let arguments = call.argument.sequence().filter(|arguments| arguments.len() == count);
        if arguments.is_none() {
            self.report.error(&call.span, format!("`{}` must be written as `{form}`", call.name));
        }
        arguments
    }

    /// Reports a function of `AWS::LanguageExtensions` in a template that does not declare it.
    pub(super) fn needs_extensions(&mut self, what: &str, span: &Span) -> Option<()> {
        if !self.is_extended {
            let problem = self.report.error(span, format!("{what} needs the transform `{LANGUAGE_EXTENSIONS}`"));
            problem.help(format!("add `Transform: {LANGUAGE_EXTENSIONS}` to the template"));
        }
        self.is_extended.then_some(())
    }
}
