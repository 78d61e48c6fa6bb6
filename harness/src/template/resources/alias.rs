//! `AWS::Lambda::Version` and `AWS::Lambda::Alias`, and how they are put to their functions.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html>

use super::function::MOST_RESERVED;
use super::{Build, InvokeConfig, Published, Resolved};
use crate::diagnostic::Span;
use crate::stack::{EventInvokeConfig, Function, PUBLISHED_VERSION, Qualifier};
use crate::template::property::Shape;
use crate::template::report::Report;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html>
pub const VERSION: Shape = Shape {
    reads: &["FunctionName"],
    descriptive: &["CodeSha256", "Description"],
    harmless: &["ProvisionedConcurrencyConfig", "RuntimePolicy"],
    refused: &["FunctionScalingConfig"],
};
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-alias.html>
pub const ALIAS: Shape = Shape {
    reads: &["FunctionName", "FunctionVersion", "Name"],
    descriptive: &["Description"],
    harmless: &["ProvisionedConcurrencyConfig"],
    refused: &["RoutingConfig"],
};

pub fn read_version(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let Some(function_arn) = resource.function(&resource.object, "FunctionName", report, build) else { return };
    let span = resource.object.place.clone();
    if build.qualifiers.iter().any(|other| other.function_arn == function_arn && other.name == PUBLISHED_VERSION) {
        let message = format!("a version of this function exists ({PUBLISHED_VERSION})");
        report.error(&span, message).help("a template has one code of a function, which Lambda publishes once");
        return;
    }
    let version = PUBLISHED_VERSION.to_owned();
    build.qualifiers.push(Published { function_arn, name: version.clone(), version, span });
}

pub fn read_alias(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let function_arn = resource.function(object, "FunctionName", report, build);
    object.require(report, "Name");
    let version = object.required_text(report, "FunctionVersion");
    let name = resource.name.clone();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.chars().all(is_name) || name.chars().all(|c| c.is_ascii_digit()) {
        let problem = report.error(&object.place_of("Name"), format!("`{name}` is no name of an alias"));
        problem.help("it can have letters, digits, hyphens and underscores, and not digits only");
    }
    let (Some(function_arn), Some(version)) = (function_arn, version) else { return };
    let span = object.place_of("FunctionVersion");
    build.qualifiers.push(Published { function_arn, name, version, span });
}

/// Gives the functions their versions and aliases, and these their configurations of asynchronous invocation.
pub fn attach_qualifiers(build: &mut Build, place: impl Fn(&str) -> Span, report: &mut Report) {
    let Build { stack, qualifiers, invoke_configs, .. } = build;
    for Published { function_arn, name, version, span } in &*qualifiers {
        let Some(function) = stack.functions.iter_mut().find(|function| function.is(function_arn)) else { continue };
        if function.qualifiers.iter().any(|other| other.name == *name) {
            report.error(span, format!("a second alias `{name}` of `{}`", function.logical_id));
        }
        let (name, version, event_invoke) = (name.clone(), version.clone(), EventInvokeConfig::default());
        function.qualifiers.push(Qualifier { name, version, event_invoke });
    }
    for Published { function_arn, version, span, .. } in &*qualifiers {
        let Some(function) = stack.functions.iter().find(|function| function.is(function_arn)) else { continue };
        let is_published = function.qualifiers.iter().any(|other| other.name == *version);
        if version != Function::LATEST && !is_published {
            report.error(span, format!("`{}` has no version `{version}`", function.logical_id));
        }
    }
    invoke_configs.iter().for_each(|config| configure(&mut stack.functions, config, report));
    check_reserved(&stack.functions, place, report);
}

fn configure(functions: &mut [Function], config: &InvokeConfig, report: &mut Report) {
    let InvokeConfig { function_arn, qualifier, span, config } = config;
    let Some(function) = functions.iter_mut().find(|function| function.is(function_arn)) else { return };
    if qualifier == Function::LATEST {
        function.event_invoke = config.clone();
        return;
    }
    match function.qualifiers.iter_mut().find(|each| each.name == *qualifier) {
        Some(each) => each.event_invoke = config.clone(),
        None => {
            let names = function.qualifiers.iter().map(|each| each.name.as_str());
            let names: Vec<_> = names.chain([Function::LATEST]).collect();
            let message = format!("`{}` has no version or alias `{qualifier}`", function.logical_id);
            report.error(span, message).did_you_mean(qualifier, names);
        }
    }
}

/// An account keeps some concurrency for functions that reserve none.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
fn check_reserved(functions: &[Function], place: impl Fn(&str) -> Span, report: &mut Report) {
    let reserving = || functions.iter().filter(|function| function.reserved_concurrency.is_some());
    let reserved: u32 = reserving().filter_map(|function| function.reserved_concurrency).sum();
    if let Some(last) = reserving().next_back().filter(|_| reserved > MOST_RESERVED) {
        let message =
            format!("all functions reserve {reserved} concurrent executions, where {MOST_RESERVED} are the most");
        let problem = report.error(&place(&last.logical_id), message);
        problem.help("an account of 1,000 must keep 100 for the functions that reserve none");
    }
}
