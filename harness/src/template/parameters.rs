//! A template's parameters and their values: what the scenario gives, or the default.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use std::collections::BTreeMap;

use super::Naming;
use super::property::{Object, Shape};
use super::report::Report;
use super::sections::Entry;
use super::values::Values;
use crate::diagnostic::Span;
use crate::yaml::Node;

/// The value of a parameter, as `Ref` gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    Text(String),
    List(Vec<String>),
    /// Read from SSM Parameter Store on deployment: known by name only.
    Ssm,
    /// Given to a nested stack, and not simulated.
    NotSimulated,
    /// Without a value, which has been reported.
    Reported,
}

/// What a parameter is given instead of its default.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// With where it is written, where that is in a file.
    Text(String, Option<Span>),
    /// The parent stack has a value that is not simulated.
    NotSimulated,
}

const SHAPE: Shape = Shape {
    reads: &["Type", "Default", "AllowedValues", "AllowedPattern", "MinValue", "MaxValue", "MinLength", "MaxLength"],
    descriptive: &["Description", "ConstraintDescription", "NoEcho"],
    harmless: &[],
    refused: &[],
};

/// The parameters that a template declares.
pub fn names(root: &Node) -> Vec<&str> {
    let declared = root.get("Parameters").and_then(Node::mapping).unwrap_or_default();
    declared.iter().filter_map(|(key, _)| key.text()).collect()
}

/// The values of all parameters that the template declares.
pub fn read(section: &[Entry], given: &BTreeMap<String, Given>, report: &mut Report) -> BTreeMap<String, Parameter> {
    let mut parameters = BTreeMap::new();
    for (key, node) in section {
        let name = key.text().unwrap_or_default().to_owned();
        let object = Object::open(report, &name, "a parameter".to_owned(), &key.span, node, &SHAPE);
        let value = object.and_then(|object| value(&name, key, &object, given.get(&name), report));
        parameters.insert(name, value.unwrap_or(Parameter::Reported));
    }
    parameters
}

/// Reports what is given to no template. `start` is where the file begins that gives it.
pub fn refuse_undeclared(roots: &[&Node], values: &Values, start: usize, report: &mut Report) {
    let declared: Vec<&str> = roots.iter().flat_map(|root| names(root)).collect();
    let sections = roots.iter().filter_map(|root| root.get("Parameters").and_then(Node::mapping));
    let declaration = sections.flatten().next().map_or(0..0, |(key, _)| key.span.clone());
    for name in values.texts().keys().filter(|name| !declared.contains(&name.as_str())) {
        let message = format!("the template has no parameter `{name}`");
        let problem = match values.places(name, start) {
            Some(places) => report.error(&places.name, message),
            None => report.error(&declaration, message).label("parameters are declared here"),
        };
        problem.did_you_mean(name, declared.iter().copied());
    }
}

fn value(name: &str, key: &Node, object: &Object<'_>, given: Option<&Given>, report: &mut Report) -> Option<Parameter> {
    let written_type = object.required_text(report, "Type")?;
    let stored = written_type.strip_prefix("AWS::SSM::Parameter::Value<").and_then(|rest| rest.strip_suffix('>'));
    let kind = match (given, stored) {
        (Some(Given::NotSimulated), _) => return Some(Parameter::NotSimulated),
        // The scenario gives what stands in the store; the default only tells where.
        (None, Some(_)) if report.placeholders.is_none() => return Some(Parameter::Ssm),
        (_, Some(stored)) => stored.to_owned(),
        (_, None) => written_type.clone(),
    };
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let is_number = matches!(kind.as_str(), "Number" | "List<Number>");
    let is_text = kind == "String" || kind == "AWS::SSM::Parameter::Name" || kind == "AWS::Route53::HostedZone::Id";
    if !is_list && !is_number && !is_text && !kind.starts_with("AWS::EC2::") {
        let problem = report.error(&object.value("Type")?.span, format!("`{kind}` is not a parameter type"));
        problem.did_you_mean(&kind, ["String", "Number", "CommaDelimitedList", "List<Number>"]);
        return None;
    }
    if given.is_none() && (stored.is_some() || !object.has("Default")) && report.placeholders.is_some() {
        let text = placeholder(name, is_number, object, report);
        if let Some(placeholders) = &mut report.placeholders {
            placeholders.add(name, &text);
        }
        return Some(if is_list { Parameter::List(vec![text.clone(), text]) } else { Parameter::Text(text) });
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
    given: Option<&Given>,
    report: &mut Report,
) -> Option<(String, Span)> {
    if let Some(Given::Text(text, place)) = given {
        return Some((text.clone(), place.as_ref().unwrap_or(&key.span).clone()));
    }
    if let Some(default) = object.value("Default") {
        return Some((object.text(report, "Default")?, default.span.clone()));
    }
    let help = report.how_to_give(name);
    let problem = report.error(&key.span, format!("the parameter `{name}` has no value"));
    problem.label("has no default").help(help);
    None
}

/// A value for a parameter that has none: the first that is allowed, else a number or the parameter's name.
fn placeholder(name: &str, is_number: bool, object: &Object<'_>, report: &mut Report) -> String {
    let allowed = object.list(report, "AllowedValues").into_iter().find_map(Node::scalar);
    let number = || object.value("MinValue").and_then(Node::scalar).unwrap_or_else(|| "1".to_owned());
    allowed.unwrap_or_else(|| if is_number { number() } else { name.to_lowercase() })
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
    if let Some(pattern) = object.text(report, "AllowedPattern")
        && matches(value, &pattern) == Some(false)
    {
        let described = object.text(report, "ConstraintDescription").filter(|text| !text.is_empty());
        return Some(described.unwrap_or_else(|| format!("it must match `{pattern}`")));
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

/// Whether a whole value matches a regular expression; nothing where the expression has what Java's have and these not.
/// Their classes are of ASCII alone, as Java's are.
fn matches(value: &str, pattern: &str) -> Option<bool> {
    let whole = regex_lite::Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
    Some(whole.is_match(value))
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
