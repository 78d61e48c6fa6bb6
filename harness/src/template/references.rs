//! `Ref` and `Fn::GetAtt`: what a name stands for. A resource can be referred to before it is read: its name and
//! what follows from it depend on its type and its naming property alone.
//!
//! What is not simulated cannot be referred to: whoever looks at such a value depends on it.

use super::call::{Call, entry};
use super::intrinsic::Evaluator;
use super::names::{Identity, STREAM_ARN, check_name, parent_property, rule_of};
use super::parameters::{PSEUDO, Parameter, pseudo};
use super::report::{is_reported, list_at, text_at};
use super::sections::Entry;
use crate::diagnostic::Span;
use crate::yaml::{Content, Node};

/// What stands for an issuer of tokens.
const POOLS: [&str; 2] = ["AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"];

/// No physical name is longer than a log group's.
const MAX_NAME: usize = 512;

/// What `Ref` and `Fn::GetAtt` need to know of a resource before any is read.
#[derive(Clone, Debug)]
pub struct Declared {
    pub type_name: String,
    /// The property that names it, as written.
    pub name: Option<Node>,
    /// What it belongs to, as written: a rule's event bus, a schedule's group, or the function of an alias, a version or a
    /// URL.
    pub parent: Option<Node>,
    /// Whether a queue or topic is FIFO, as written.
    pub fifo: Option<Node>,
    /// Whether a table is to have a stream.
    pub has_stream: bool,
    pub state: State,
}

/// Whether a resource can be referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Present,
    /// Its type is one that a replay does not have.
    NotSimulated,
    /// Its condition does not hold.
    LeftOut,
    /// Its fault has been reported.
    Faulty,
}

impl Declared {
    /// What is to be known of a resource with these raw properties.
    pub fn new(type_name: &str, properties: &[Entry], state: State) -> Self {
        let find = |name: &str| entry(properties, name).map(|(_, value)| value.clone());
        let parent = parent_property(type_name).and_then(find);
        let (name, has_stream) = (rule_of(type_name).property.and_then(find), find("StreamSpecification").is_some());
        let fifo = find("FifoQueue").or_else(|| find("FifoTopic"));
        Self { type_name: type_name.to_owned(), name, parent, fifo, has_stream, state }
    }
}

impl Evaluator<'_> {
    /// Makes a resource known, so that others can refer to it. The first of an id stays.
    pub fn declare(&mut self, logical_id: &str, declared: Declared) {
        self.resources.entry(logical_id.to_owned()).or_insert(declared);
    }

    /// The resources that are known, and whether each can be referred to.
    pub fn declared(&self, logical_id: &str) -> Option<&Declared> {
        self.resources.get(logical_id)
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
        // A fault that was tolerated is to be reported to whoever does not tolerate it.
        if identity.is_some() || !self.report.tolerates() {
            self.identities.insert(logical_id.to_owned(), identity.clone());
        }
        identity
    }

    /// An attribute of a resource that is known to have it, such as a function's `Arn`.
    pub fn known_attribute(&mut self, logical_id: &str, attribute: &str, span: &Span) -> Option<String> {
        self.identity(logical_id, span)?.attribute(attribute, self.naming)
    }

    fn name(&mut self, logical_id: &str, declared: &Declared) -> Option<Identity> {
        let given = match declared.name.as_ref().map(|node| (node, self.resolve(node))) {
            Some((node, Some(value))) => Some(self.physical_name(node, &value, &declared.type_name)?),
            _ => None,
        };
        let parent = match declared.parent.as_ref().map(|node| self.resolve(node)) {
            Some(Some(value)) if is_reported(&value) => return None,
            Some(Some(value)) => value.scalar(),
            _ => None,
        };
        let fifo = declared.fifo.as_ref().and_then(|node| self.resolve(node)?.scalar());
        let fifo = fifo.is_some_and(|text| text == "true");
        Some(Identity::new(&declared.type_name, logical_id, given, parent, fifo, self.naming))
    }

    fn physical_name(&mut self, node: &Node, value: &Node, type_name: &str) -> Option<String> {
        let name = value.scalar();
        if name.is_none() && !is_reported(value) {
            self.report.error(&node.span, format!("a name must be text, not {}", value.kind()));
        }
        let fits = name.as_ref().is_none_or(|name| (1..=MAX_NAME).contains(&name.len()));
        if !fits {
            self.report.error(&node.span, format!("a name must have 1 to {MAX_NAME} characters"));
        } else if let Some(name) = &name
            && let Err(reason) = check_name(type_name, name)
        {
            self.report.error(&value.span, format!("`{name}` cannot be the name of {type_name}")).help(reason);
        }
        name.filter(|_| fits)
    }

    pub(super) fn reference(&mut self, call: &Call<'_>) -> Option<Node> {
        let name = self.name_of(&call.argument).or_else(|| {
            self.report.error(&call.span, format!("`Ref` must name something, not hold {}", call.argument.kind()));
            None
        })?;
        self.named(&name, &call.argument.span, &call.span)
    }

    /// A logical id as written, or as the functions come to that `AWS::LanguageExtensions` allows in its place.
    fn name_of(&mut self, node: &Node) -> Option<String> {
        match node.text() {
            Some(text) if node.tag.is_none() => Some(text.to_owned()),
            _ if self.is_extended && super::call::is_call(node) => self.value(node).scalar(),
            _ => None,
        }
    }

    /// What a name stands for in `Ref` and `${}`.
    pub(super) fn named(&mut self, name: &str, place: &Span, at: &Span) -> Option<Node> {
        if let Some(value) = pseudo(name, self.naming) {
            return Some(text_at(at, value));
        }
        if let Some(made_up) = self.report.placeholders.as_mut().filter(|_| self.parameters.contains_key(name)) {
            made_up.look_at(name, at, self.in_rule);
        }
        match self.parameters.get(name) {
            Some(Parameter::Text(text)) => return Some(text_at(at, text)),
            Some(Parameter::List(texts)) => {
                return Some(list_at(at, texts.iter().map(|text| text_at(at, text)).collect()));
            }
            Some(Parameter::Ssm) => {
                let message =
                    format!("the parameter `{name}` is read from SSM Parameter Store, which is not simulated");
                let help = self.report.how_to_give(name).replacen("one", "a value", 1);
                self.report.unsimulated(place, message).help(help);
                return None;
            }
            Some(Parameter::NotSimulated) => {
                let message = "the stack is given a value that is not simulated, and something that is depends on it";
                self.report.unsimulated(place, message).label(format!("the parameter `{name}`"));
                return None;
            }
            Some(Parameter::Reported) => return None,
            None => {}
        }
        self.check_resource(name, place)?;
        let reference = self.identity(name, place)?.reference(self.naming);
        if reference.is_none() {
            let kind = &self.resources[name].type_name;
            self.report.unsimulated(place, format!("what `Ref` gives for {kind} is not simulated"));
        }
        reference.map(|text| text_at(at, text))
    }

    /// Reports a name that is no resource, or one that cannot be referred to here.
    fn check_resource(&mut self, name: &str, place: &Span) -> Option<()> {
        let Some(declared) = self.resources.get(name) else {
            if let Some(module) = self.module_of(name) {
                let message = format!("{module} is not simulated, and something that is depends on it");
                self.report.unsimulated(place, message).label(format!("`{name}` is of that module"));
                return None;
            }
            let known: Vec<_> = self.parameters.keys().chain(self.resources.keys()).map(String::as_str).collect();
            let known = known.into_iter().chain(PSEUDO.iter().copied());
            let problem = self.report.error(place, format!("there is no parameter or resource `{name}`"));
            problem.did_you_mean(name, known);
            return None;
        };
        if self.in_condition {
            self.report.error(place, format!("a condition cannot refer to the resource `{name}`"));
            return None;
        }
        match declared.state {
            State::Present => return Some(()),
            State::NotSimulated if self.knows_pools && POOLS.contains(&declared.type_name.as_str()) => return Some(()),
            State::LeftOut => {
                self.report.error(place, format!("`{name}` is left out of the stack by its condition"));
            }
            State::NotSimulated => {
                let message = format!("{} is not simulated, and something that is depends on it", declared.type_name);
                self.report
                    .unsimulated(place, message)
                    .label(format!("`{name}` is of that type"))
                    .help("leave it out of the template that is replayed, for example behind a condition");
            }
            State::Faulty => {}
        }
        None
    }

    /// The module whose resource has a name: `Module.Resource`, or without the dot.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/modules.html>
    fn module_of(&self, name: &str) -> Option<String> {
        let mut modules = self.resources.iter().filter(|(_, declared)| declared.type_name.ends_with("::MODULE"));
        modules.find(|(id, _)| name.starts_with(id.as_str())).map(|(_, declared)| declared.type_name.clone())
    }

    pub(super) fn get_att(&mut self, call: &Call<'_>) -> Option<Node> {
        let (name, attribute) = match &call.argument.content {
            Content::Text(text) => text.split_once('.').map(|(name, rest)| (name.to_owned(), rest.to_owned())),
            Content::Sequence(parts) if parts.len() >= 2 => {
                let name = self.name_of(&parts[0]);
                // `!GetAtt [Nested, Outputs, Name]` is accepted as `[Nested, Outputs.Name]` is.
                let rest: Option<Vec<String>> =
                    parts[1..].iter().map(|part| self.scalar(part, "the attribute's name")).collect();
                name.zip(rest.map(|rest| rest.join(".")))
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
        // SAM's names for what it makes, `Function.Alias` and `Function.Version`, look like attributes in `Fn::Sub`.
        let made_by_sam = format!("{name}.{attribute}");
        if self.resources.contains_key(&made_by_sam) {
            return self.identity(&made_by_sam, place)?.reference(self.naming);
        }
        self.check_resource(name, place)?;
        if self.nested.contains_key(name) {
            return self.nested_output(name, attribute, place);
        }
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
            self.report.unsimulated(place, message).did_you_mean(attribute, identity.attributes());
        }
        value
    }
}
