//! From a function's `AutoPublishAlias`, `FunctionUrlConfig` and `EventInvokeConfig` to the resources that SAM makes of
//! them: version, alias, URL and configuration.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html>

use std::collections::BTreeMap;

use super::generated;
use crate::diagnostic::Span;
use crate::stack::Function;
use crate::template::declare::Resource;
use crate::template::intrinsic::{Declared, Evaluator, State, entry, made_up};
use crate::template::property::Shape;
use crate::template::report::{Report, list_at, text_at};
use crate::template::sections::Entry;
use crate::yaml::Node;

/// The aliases that functions publish, by the functions' logical ids.
#[derive(Default)]
pub struct Aliases(BTreeMap<String, String>);

impl Aliases {
    /// The name of a function's alias.
    pub fn name(&self, function: &str) -> Option<&str> {
        self.0.get(function).map(String::as_str)
    }

    /// The logical id of a function's alias.
    pub fn logical_id(&self, function: &str) -> Option<String> {
        // SAM leaves out what a logical id cannot have.
        let name: String = self.name(function)?.chars().filter(char::is_ascii_alphanumeric).collect();
        Some(format!("{function}Alias{name}"))
    }
}

/// The aliases of all functions, and the resources that SAM makes.
pub fn expand(resources: &[Resource], evaluator: &mut Evaluator<'_>) -> (Aliases, Vec<Resource>) {
    let (mut aliases, mut made) = (Aliases::default(), Vec::new());
    for function in resources.iter().filter(|resource| resource.type_name == "AWS::Serverless::Function") {
        match entry(&function.properties, "AutoPublishAlias") {
            Some((key, node)) => {
                let Some(name) = evaluator.scalar(node, "`AutoPublishAlias`") else { continue };
                aliases.0.insert(function.logical_id.clone(), name);
                made.extend(published(function, key, node, &aliases, evaluator));
            }
            None => needs_alias(function, evaluator),
        }
        if let Some((key, node)) = entry(&function.properties, "FunctionUrlConfig") {
            made.extend(url(function, key, node, &aliases, evaluator));
        }
        if let Some((key, node)) = entry(&function.properties, "EventInvokeConfig") {
            made.extend(event_invoke_config(function, key, node, &aliases, &mut evaluator.report));
        }
    }
    (aliases, made)
}

/// Reports what only a function with an alias can have.
fn needs_alias(function: &Resource, evaluator: &mut Evaluator<'_>) {
    for name in ["DeploymentPreference", "ProvisionedConcurrencyConfig"] {
        if let Some((key, _)) = entry(&function.properties, name) {
            let problem = evaluator.report.error(&key.span, format!("`{name}` needs `AutoPublishAlias`"));
            problem.help("SAM publishes a version and an alias for it");
        }
    }
}

/// The version and the alias for it, which the template can call `Function.Version` and `Function.Alias`.
fn published(
    function: &Resource,
    key: &Node,
    name: &Node,
    aliases: &Aliases,
    evaluator: &mut Evaluator<'_>,
) -> [Resource; 2] {
    let (id, place, what) = (&function.logical_id, &key.span, "AWS::Serverless::Function.AutoPublishAlias");
    let property = |name: &str, value: Node| (text_at(place, name), value);
    let of_function = || property("FunctionName", reference(id, place));
    let version_id = format!("{id}Version");
    let version = generated(version_id.clone(), "AWS::Lambda::Version", place, what, vec![of_function()]);
    let number = list_at(place, vec![text_at(place, &version_id), text_at(place, "Version")]);
    let properties = vec![
        of_function(),
        property("Name", name.clone()),
        property("FunctionVersion", made_up("Fn::GetAtt", place, number)),
    ];
    let alias_id = aliases.logical_id(id).unwrap_or_default();
    let alias = generated(alias_id, "AWS::Lambda::Alias", place, what, properties);
    for (name, resource) in [("Version", &version), ("Alias", &alias)] {
        let declared = Declared::new(&resource.type_name, &resource.properties, State::Present);
        evaluator.declare(&format!("{id}.{name}"), declared);
    }
    [version, alias]
}

fn url(
    function: &Resource,
    key: &Node,
    node: &Node,
    aliases: &Aliases,
    evaluator: &mut Evaluator<'_>,
) -> Option<Resource> {
    let Some(entries) = node.mapping() else {
        evaluator.report.error(&node.span, format!("`FunctionUrlConfig` must be a mapping, not {}", node.kind()));
        return None;
    };
    let (id, what) = (format!("{}Url", function.logical_id), "AWS::Serverless::Function.FunctionUrlConfig");
    Shape::of(&["AuthType", "Cors", "InvokeMode"]).check(&mut evaluator.report, &id, what, entries);
    let mut properties: Vec<Entry> = entries.to_vec();
    properties.push((text_at(&key.span, "TargetFunctionArn"), reference(&function.logical_id, &key.span)));
    if let Some(alias) = aliases.name(&function.logical_id) {
        properties.push((text_at(&key.span, "Qualifier"), text_at(&key.span, alias)));
    }
    Some(generated(id, "AWS::Lambda::Url", &key.span, what, properties))
}

fn event_invoke_config(
    function: &Resource,
    key: &Node,
    node: &Node,
    aliases: &Aliases,
    report: &mut Report,
) -> Option<Resource> {
    let Some(entries) = node.mapping() else {
        report.error(&node.span, format!("`EventInvokeConfig` must be a mapping, not {}", node.kind()));
        return None;
    };
    let id = format!("{}EventInvokeConfig", function.logical_id);
    let what = "AWS::Serverless::Function.EventInvokeConfig";
    let shape = Shape::of(&["MaximumEventAgeInSeconds", "MaximumRetryAttempts", "DestinationConfig"]);
    shape.check(report, &id, what, entries);
    let mut properties = entries.to_vec();
    properties.push((
        text_at(&key.span, "FunctionName"),
        made_up("Ref", &key.span, text_at(&key.span, &function.logical_id)),
    ));
    let qualifier = aliases.name(&function.logical_id).unwrap_or(Function::LATEST);
    properties.push((text_at(&key.span, "Qualifier"), text_at(&key.span, qualifier)));
    Some(generated(id, "AWS::Lambda::EventInvokeConfig", &key.span, what, properties))
}

fn reference(logical_id: &str, place: &Span) -> Node {
    made_up("Ref", place, text_at(place, logical_id))
}
