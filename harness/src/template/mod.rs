//! From a SAM or CloudFormation template to a [`Stack`].
//!
//! Everything that a template says is simulated, listed as not simulated, or refused by name at its place;
//! nothing is silently ignored. All faults of a template are reported at once. Names, ARNs and URLs follow
//! from the template and the [`Naming`] alone, so that a template has one outcome. No input panics.
//!
//! The steps: [`sections`] takes the file apart, [`declare`] the resources; [`sam`] adds what SAM implies;
//! [`intrinsic`] makes values final; [`resources`] reads each type; [`links`] checks them against each other.

mod call;
mod conditions;
mod declare;
mod extensions;
mod functions;
mod harmless;
mod intrinsic;
mod links;
mod names;
mod outputs;
mod parameters;
mod property;
mod references;
mod report;
mod resources;
mod sam;
mod sections;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::intrinsic::Evaluator;
use self::report::Report;
use self::resources::Build;
use crate::diagnostic::{Diagnostics, Source};
use crate::stack::Stack;
use crate::yaml::parse;

/// What the names of a stack's resources are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-central-1`.
    pub region: String,
    pub stack_name: String,
    /// What begins every name, those that the template gives too, where others use the account as well; else
    /// empty. Lower-case letters, digits and hyphens.
    pub prefix: String,
    /// What ends every name that the template does not give: lower-case letters and digits.
    pub suffix: String,
    /// What comes before the account and name in a queue's URL: `https://sqs.us-east-1.amazonaws.com`.
    pub queue_url_base: String,
}

/// Reads a template, YAML or JSON. The parameters are those that the scenario gives a value.
///
/// # Errors
/// Everything that is wrong with the template, or that a replay would not do as AWS does.
pub fn load(
    source: &Arc<Source>,
    parameters: &BTreeMap<String, String>,
    naming: &Naming,
) -> Result<Stack, Diagnostics> {
    let root = parse(source)?;
    let mut report = Report::new(source);
    let sections = sections::read(&root, &mut report);
    let parameters = parameters::read(sections.parameters, parameters, &mut report);
    let mut evaluator = Evaluator::new(report, naming, &sections, parameters);
    evaluator.check_conditions();

    let mut resources = declare::read(&sections, &mut evaluator);
    let routes = sam::expand(&mut resources, &sections, &mut evaluator);
    declare::check_depends_on(&sections, &mut evaluator);
    let mut build = Build::default();
    for resource in &resources {
        resources::read(resource, &mut evaluator, &mut build);
    }
    resources::read_routes(&routes, &mut evaluator, &mut build);
    build.stack.outputs = outputs::read(&sections, &mut evaluator);

    let place = |id: &str| resources.iter().find(|each| each.logical_id == id).map_or(0..0, |each| each.place.clone());
    resources::assemble(&mut build, place, &mut evaluator.report);
    links::check(&build, place, &mut evaluator.report);
    finish(build, evaluator.report)
}

fn finish(build: Build, report: Report) -> Result<Stack, Diagnostics> {
    if !report.diagnostics.is_empty() {
        return Err(report.diagnostics);
    }
    let Build { mut stack, invoke_configs, .. } = build;
    for (arn, config) in invoke_configs {
        if let Some(function) = stack.functions.iter_mut().find(|function| function.arn == arn) {
            function.event_invoke = config;
        }
    }
    stack.not_simulated = report.not_simulated;
    Ok(stack)
}
