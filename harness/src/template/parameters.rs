//! A template's parameters and their values: what the scenario gives, or the default.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use std::collections::BTreeMap;

use super::Naming;
use super::property::{Object, Shape};
use super::report::Report;
use super::sections::Entry;
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
        let object = Object::open(report, &name, "Parameters".to_owned(), &key.span, node, &SHAPE);
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
    let default = object.value("Default").map(|node| node.span.clone());
    let text = match given {
        Some(text) => text.clone(),
        None if object.has("Default") => object.text(report, "Default")?,
        None => {
            let problem = report.error(&key.span, format!("the parameter `{name}` has no value"));
            problem.label("has no default").help("give it one under the scenario's `parameters`");
            return None;
        }
    };
    let parts: Vec<_> =
        if is_list { text.split(',').map(|part| part.trim().to_owned()).collect() } else { vec![text.clone()] };
    let span = default.filter(|_| given.is_none()).unwrap_or(key.span.clone());
    let fits = parts.iter().all(|part| fits(name, part, is_number, object, &span, report));
    if !fits {
        return None;
    }
    Some(if is_list { Parameter::List(parts) } else { Parameter::Text(text) })
}

/// Whether a value is one that the declaration allows; reports it where not.
fn fits(
    name: &str,
    value: &str,
    is_number: bool,
    object: &Object<'_>,
    span: &std::ops::Range<usize>,
    report: &mut Report,
) -> bool {
    let limit = |report: &mut Report, key: &str| {
        object.text(report, key).map(|text| text.parse::<f64>().unwrap_or(f64::NAN)).filter(|limit| !limit.is_nan())
    };
    let allowed: Vec<_> = object.list(report, "AllowedValues").into_iter().filter_map(Node::scalar).collect();
    let length = value.chars().count() as f64;
    let number = value.parse::<f64>();
    let reason = if object.has("AllowedValues") && !allowed.iter().any(|allowed| allowed == value) {
        format!("it can be {}", allowed.join(", "))
    } else if is_number && number.is_err() {
        "it must be a number".to_owned()
    } else if limit(report, "MinLength").is_some_and(|least| length < least) {
        "it is shorter than MinLength".to_owned()
    } else if limit(report, "MaxLength").is_some_and(|most| length > most) {
        "it is longer than MaxLength".to_owned()
    } else if let (Some(least), Ok(number)) = (limit(report, "MinValue"), &number)
        && *number < least
    {
        "it is below MinValue".to_owned()
    } else if let (Some(most), Ok(number)) = (limit(report, "MaxValue"), &number)
        && *number > most
    {
        "it is above MaxValue".to_owned()
    } else {
        return true;
    };
    report.error(span, format!("the parameter `{name}` cannot be `{value}`")).help(reason);
    false
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
