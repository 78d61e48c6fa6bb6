//! One stack on its way from a tree to resources: opened, so that others can use its outputs, and then read. A nested
//! stack is opened when its first output is asked for, or at the latest when its parent is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::called::Called;
use super::declare::{self, Resource};
use super::documents::{Document, Nested};
use super::foreach;
use super::intrinsic::{Evaluator, is_call};
use super::parameters::{self, Given};
use super::property::{Object, Shape};
use super::report::{Report, is_reported};
use super::resources::{self, Build};
use super::sam::{self, RouteRequest};
use super::sections::{self, Sections};
use super::{outputs, rules};
use crate::diagnostic::{Source, Span};
use crate::yaml::Node;

/// The properties of a stack in a stack, and of an application of SAM.
const NESTED: Shape = Shape {
    reads: &["TemplateURL", "Location", "Parameters"],
    descriptive: &["Tags", "StackName", "Description"],
    harmless: &["NotificationARNs", "TimeoutInMinutes"],
    ..Shape::of(&[])
};
/// The longest value of a parameter.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const MAX_PARAMETER: usize = 4096;

/// A stack whose values can be evaluated.
pub struct Reading<'a> {
    pub evaluator: Evaluator<'a>,
    pub outputs: BTreeMap<String, String>,
    pub resources: Vec<Resource>,
    /// The way to this stack from the app's templates.
    path: &'a str,
    routes: Vec<RouteRequest>,
}

/// A nested stack of a template: its resource, and the stack once it is opened.
pub struct NestedStack<'a> {
    pub resource: Resource,
    pub document: &'a Document,
    /// `None` within once it is reported that it cannot be opened.
    pub opened: Option<Option<Reading<'a>>>,
}

impl<'a> Reading<'a> {
    /// Takes a template apart, as far as its outputs need it. `level` is how deep what asks for it stands.
    pub fn open(document: &'a Document, given: &BTreeMap<String, Given>, mut report: Report, level: usize) -> Self {
        let written = sections::read(&document.root, &mut report);
        let parameters = parameters::read(written.parameters, given, &mut report);
        let mut evaluator = Evaluator::new(report, &document.naming, &written, parameters);
        let sections = expand_loops(document, written, &mut evaluator);
        evaluator.begin(document, &sections, level);
        evaluator.check_conditions();
        rules::check(&sections, &mut evaluator);
        let mut resources = declare::read(&sections, &mut evaluator);
        let routes = sam::expand(&mut resources, &sections, &mut evaluator);
        declare::check_depends_on(&sections, &mut evaluator);
        let outputs = outputs::read(&sections, &mut evaluator);
        Self { evaluator, outputs, resources, path: &document.path, routes }
    }

    /// Opens the nested stacks that nothing has asked for, and those in them. The report must be this stack's at the
    /// moment, as in [`Self::read`].
    pub fn open_nested_stacks(&mut self) {
        for id in self.evaluator.nested.keys().cloned().collect::<Vec<_>>() {
            self.evaluator.open_nested(&id);
        }
        self.with_each_nested(Self::open_nested_stacks);
    }

    /// Reads the resources, and those of nested stacks.
    pub fn read(&mut self, called: &Called, build: &mut Build, places: &mut Places) {
        for resource in &self.resources {
            let name = called.name(self.path, &resource.logical_id);
            places.add(&name, resource, &mut self.evaluator.report);
            resources::read(resource, &name, &mut self.evaluator, build);
        }
        resources::read_routes(&self.routes, &mut self.evaluator, build);
        self.with_each_nested(|nested| nested.read(called, build, places));
    }

    /// The nested stacks that could be opened.
    pub fn nested(&self) -> impl Iterator<Item = &Reading<'a>> {
        self.evaluator.nested.values().filter_map(|nested| nested.opened.as_ref()?.as_ref())
    }

    /// Does something with each, while it has the report.
    fn with_each_nested(&mut self, mut work: impl FnMut(&mut Reading<'a>)) {
        let mut report = std::mem::take(&mut self.evaluator.report);
        for nested in self.evaluator.nested.values_mut().filter_map(|nested| nested.opened.as_mut()?.as_mut()) {
            nested.evaluator.report = report;
            work(nested);
            report = std::mem::take(&mut nested.evaluator.report);
        }
        self.evaluator.report = report;
    }
}

fn expand_loops<'a>(document: &'a Document, written: Sections<'a>, evaluator: &mut Evaluator<'a>) -> Sections<'a> {
    if !written.is_extended || !foreach::has_loops(&document.root) {
        return written;
    }
    let expanded = foreach::expand(&document.root, evaluator);
    sections::read(document.expanded.get_or_init(|| expanded), &mut evaluator.report)
}

impl<'a> Evaluator<'a> {
    /// Makes a nested stack known, before any value of it is asked for.
    pub fn declare_nested(&mut self, resource: Resource, document: &'a Document) {
        let nested = NestedStack { resource, document, opened: None };
        self.nested.insert(nested.resource.logical_id.clone(), nested);
    }

    /// The nested template of a resource.
    pub fn nested_document(&self, logical_id: &str) -> Option<&'a Nested> {
        self.documents.and_then(|documents| documents.get(logical_id))
    }

    /// An output of a nested stack, by the name that `Fn::GetAtt` gives it: `Outputs.Name`.
    pub(super) fn nested_output(&mut self, logical_id: &str, attribute: &str, place: &Span) -> Option<String> {
        let Some(name) = attribute.strip_prefix("Outputs.") else {
            let problem = self.report.error(place, format!("a stack has no attribute `{attribute}`"));
            problem.help("its outputs are `Outputs.Name`");
            return None;
        };
        if !self.visit(format!("stack {logical_id}"), place) {
            return None;
        }
        self.open_nested(logical_id);
        self.visiting.pop();
        let outputs =
            self.nested.get(logical_id).and_then(|nested| Some(&nested.opened.as_ref()?.as_ref()?.outputs))?;
        if let Some(value) = outputs.get(name) {
            return Some(value.clone());
        }
        let names: Vec<String> = outputs.keys().cloned().collect();
        let message = format!("the stack `{logical_id}` has no output `{name}`, or none that is simulated");
        self.report.unsimulated(place, message).did_you_mean(name, names.iter().map(String::as_str));
        None
    }

    /// Opens a nested stack, unless it is open.
    fn open_nested(&mut self, logical_id: &str) {
        let Some(nested) = self.nested.get(logical_id).filter(|nested| nested.opened.is_none()) else { return };
        let (resource, document) = (nested.resource.clone(), nested.document);
        let opened = self.nested_parameters(&resource).map(|given| {
            let outer = self.report.tolerate_nothing();
            let mut reading = Reading::open(document, &given, std::mem::take(&mut self.report), self.level());
            check_given(&resource, document, &given, &mut reading.evaluator.report);
            self.report = std::mem::take(&mut reading.evaluator.report);
            self.report.tolerate_as(outer);
            reading
        });
        if let Some(nested) = self.nested.get_mut(logical_id) {
            nested.opened = Some(opened);
        }
    }

    /// The values that a nested stack is given. One that is not simulated may be given and must not be used.
    fn nested_parameters(&mut self, resource: &Resource) -> Option<BTreeMap<String, Given>> {
        NESTED.check(&mut self.report, &resource.logical_id, &resource.what, &resource.properties);
        let mut properties = resource.properties.clone();
        if let Some((_, value)) =
            properties.iter_mut().find(|(key, value)| key.text() == Some("Parameters") && is_call(value))
        {
            *value = self.resolve(value)?;
        }
        let object = Object::of_resource(&resource.what, &resource.place, &properties);
        let mut given = BTreeMap::new();
        for (key, value) in object.mapping(&mut self.report, "Parameters") {
            let name = key.text().unwrap_or_default();
            self.report.tolerate();
            let uses = self.report.made_up_uses();
            let resolved = self.resolve(value);
            let is_missing = self.report.insist().is_some();
            if let Some(made_up) = self.report.placeholders.as_mut().filter(|made_up| made_up.uses() > uses) {
                made_up.pass_on(name);
            }
            let Some(resolved) = resolved.filter(|value| is_missing || !is_reported(value)) else { continue };
            let text = resolved.scalar().or_else(|| joined(&resolved));
            let value = match text {
                _ if is_missing => Given::NotSimulated,
                Some(text) if text.len() <= MAX_PARAMETER => Given::Text(text, Some(value.span.clone())),
                _ => {
                    let message = format!("the parameter `{name}` must be text of at most {MAX_PARAMETER} characters");
                    self.report.error(&value.span, message);
                    continue;
                }
            };
            given.insert(name.to_owned(), value);
        }
        Some(given)
    }
}

/// A list of texts, as a parameter of a list takes it.
fn joined(value: &Node) -> Option<String> {
    let members: Option<Vec<String>> = value.sequence()?.iter().map(Node::scalar).collect();
    members.map(|members| members.join(","))
}

/// CloudFormation refuses a parameter that the nested template does not have.
fn check_given(resource: &Resource, document: &Document, given: &BTreeMap<String, Given>, report: &mut Report) {
    let declared: Vec<&str> = parameters::names(&document.root);
    let written = resource.properties.iter().find(|(key, _)| key.text() == Some("Parameters"));
    let written = written.and_then(|(_, value)| value.mapping()).unwrap_or_default();
    for (key, _) in written.iter().filter(|(key, _)| key.text().is_some_and(|name| given.contains_key(name))) {
        let name = key.text().unwrap_or_default();
        if !declared.contains(&name) {
            let problem = report.error(&key.span, format!("the nested template has no parameter `{name}`"));
            problem.did_you_mean(name, declared.iter().copied());
        }
    }
}

/// Where each resource of an app stands.
#[derive(Default)]
pub struct Places(BTreeMap<String, Span>);

impl Places {
    /// Notes where a resource stands, by what it is called.
    fn add(&mut self, name: &str, resource: &Resource, report: &mut Report) {
        let place = &resource.place;
        if let Some(first) = self.0.get(name) {
            let first = report.shown(first);
            report
                .error(place, format!("`{name}` is the logical id of two resources"))
                .label(format!("the other one is at {first}"))
                .help("SAM makes resources of events and of properties of functions, and calls them after both");
            return;
        }
        self.0.insert(name.to_owned(), place.clone());
    }

    /// Where a resource stands.
    pub fn of(&self, name: &str) -> Span {
        self.0.get(name).cloned().unwrap_or(0..0)
    }

    /// Where each stands in its file.
    pub fn in_files(&self, report: &Report) -> BTreeMap<String, (Arc<Source>, Span)> {
        self.0.iter().map(|(name, place)| (name.clone(), report.place(place))).collect()
    }
}
