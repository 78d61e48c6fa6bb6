//! A template's parameters and their values: what the scenario gives, or the default.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use std::collections::BTreeMap;

use super::Naming;
use super::property::{Object, Shape};
use super::report::Report;
use super::sections::Entry;
use crate::diagnostic::Span;
use crate::yaml::Node;

/// The value of a parameter, as `Ref` gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    Text(String),
    List(Vec<String>),
    /// Read from SSM Parameter Store on deployment: known by name only.
    Ssm,
    /// Without a value, which has been reported.
    Reported,
}

const SHAPE: Shape = Shape {
    reads: &["Type", "Default", "AllowedValues", "MinValue", "MaxValue", "MinLength", "MaxLength"],
    descriptive: &["Description", "ConstraintDescription", "NoEcho"],
    harmless: &["AllowedPattern"],
    refused: &[],
};

/// The values of all parameters that the template declares.
pub fn read(section: &[Entry], given: &BTreeMap<String, String>, report: &mut Report) -> BTreeMap<String, Parameter> {
    let mut parameters = BTreeMap::new();
    for (key, node) in section {
        let name = key.text().unwrap_or_default().to_owned();
        let object = Object::open(report, &name, "a parameter".to_owned(), &key.span, node, &SHAPE);
        let value = object.and_then(|object| value(&name, key, &object, given.get(&name), report));
        parameters.insert(name, value.unwrap_or(Parameter::Reported));
    }
    refuse_undeclared(section, given, report);
    parameters
}

fn refuse_undeclared(section: &[Entry], given: &BTreeMap<String, String>, report: &mut Report) {
    let declared: Vec<_> = section.iter().filter_map(|(key, _)| key.text()).collect();
    for name in given.keys().filter(|name| !declared.contains(&name.as_str())) {
        let span = section.first().map_or(0..0, |(key, _)| key.span.clone());
        let problem = report.error(&span, format!("the template has no parameter `{name}`"));
        problem.label("parameters are declared here").did_you_mean(name, declared.iter().copied());
    }
}

fn value(
    name: &str,
    key: &Node,
    object: &Object<'_>,
    given: Option<&String>,
    report: &mut Report,
) -> Option<Parameter> {
    let kind = object.required_text(report, "Type")?;
    if kind.starts_with("AWS::SSM::Parameter::") {
        return Some(Parameter::Ssm);
    }
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let is_number = matches!(kind.as_str(), "Number" | "List<Number>");
    if !is_list && !is_number && kind != "String" && !kind.starts_with("AWS::EC2::") {
        let problem = report.error(&object.value("Type")?.span, format!("`{kind}` is not a parameter type"));
        problem.did_you_mean(&kind, ["String", "Number", "CommaDelimitedList", "List<Number>"]);
        return None;
    }
    let (text, span) = written(name, key, object, given, report)?;
    let list = || text.split(',').map(|part| part.trim().to_owned()).collect();
    let parts: Vec<String> = if is_list { list() } else { vec![text.clone()] };
    for part in &parts {
        if let Some(reason) = misfit(part, is_number, object, report) {
            report.error(&span, format!("the parameter `{name}` cannot be `{part}`")).help(reason);
            return None;
        }
    }
    Some(if is_list { Parameter::List(parts) } else { Parameter::Text(text) })
}

/// The given value or the default, and where to point when it does not fit.
fn written(
    name: &str,
    key: &Node,
    object: &Object<'_>,
    given: Option<&String>,
    report: &mut Report,
) -> Option<(String, Span)> {
    if let Some(text) = given {
        return Some((text.clone(), key.span.clone()));
    }
    if let Some(default) = object.value("Default") {
        return Some((object.text(report, "Default")?, default.span.clone()));
    }
    let problem = report.error(&key.span, format!("the parameter `{name}` has no value"));
    problem.label("has no default").help("give it one under the scenario's `parameters`");
    None
}

/// Why a value is not one that the declaration allows.
fn misfit(value: &str, is_number: bool, object: &Object<'_>, report: &mut Report) -> Option<String> {
    let allowed: Vec<_> = object.list(report, "AllowedValues").into_iter().filter_map(Node::scalar).collect();
    if object.has("AllowedValues") && !allowed.iter().any(|allowed| allowed == value) {
        return Some(format!("it can be {}", allowed.join(", ")));
    }
    let number = value.parse::<f64>().ok();
    if is_number && number.is_none() {
        return Some("it must be a number".to_owned());
    }
    let mut limit = |key: &str| object.text(report, key).and_then(|text| text.parse::<f64>().ok());
    let length = value.chars().count() as f64;
    let (shortest, longest) = (limit("MinLength"), limit("MaxLength"));
    let (least, most) = (limit("MinValue"), limit("MaxValue"));
    let below = |value: Option<f64>, limit: Option<f64>| value.zip(limit).is_some_and(|(value, limit)| value < limit);
    let reasons = [
        (below(Some(length), shortest), "it is shorter than MinLength"),
        (below(longest, Some(length)), "it is longer than MaxLength"),
        (below(number, least), "it is below MinValue"),
        (below(most, number), "it is above MaxValue"),
    ];
    reasons.into_iter().find(|(misfits, _)| *misfits).map(|(_, reason)| reason.to_owned())
}

/// The value of a pseudo parameter other than `AWS::NoValue`.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
pub fn pseudo(name: &str, naming: &Naming) -> Option<String> {
    let Naming { account, region, stack_name, suffix, .. } = naming;
    match name {
        "AWS::AccountId" => Some(account.clone()),
        "AWS::Region" => Some(region.clone()),
        "AWS::StackName" => Some(stack_name.clone()),
        "AWS::StackId" => Some(format!("arn:aws:cloudformation:{region}:{account}:stack/{stack_name}/{suffix}")),
        "AWS::Partition" => Some("aws".to_owned()),
        "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
        _ => None,
    }
}

/// The pseudo parameters there are, for "did you mean".
pub const PSEUDO: &[&str] = &[
    "AWS::AccountId",
    "AWS::Region",
    "AWS::StackName",
    "AWS::StackId",
    "AWS::Partition",
    "AWS::URLSuffix",
    "AWS::NoValue",
];
