//! From a SAM or CloudFormation template to a [`Stack`].
//!
//! Everything that a template says is simulated, listed as not simulated, or refused by name at its place;
//! nothing is silently ignored. All faults of a template are reported at once. Names, ARNs and URLs follow
//! from the template and the [`Naming`] alone, so that a template has one outcome. No input panics.
//!
//! The steps: [`sections`] takes the file apart, [`declare`] the resources; [`sam`] adds what SAM implies;
//! [`intrinsic`] makes values final; [`resources`] reads each type; [`links`] checks them against each other.

mod assembly;
mod call;
mod called;
mod conditions;
mod declare;
mod documents;
mod extensions;
mod fifo;
mod foreach;
mod functions;
mod harmless;
mod includes;
mod intrinsic;
mod links;
mod made_up;
mod names;
mod outputs;
mod parameters;
mod property;
mod providers;
mod reading;
mod references;
mod report;
mod resources;
mod rules;
mod sam;
mod sections;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use self::assembly::stacks as stacks_of_assembly;
use self::called::Called;
pub use self::documents::Template;
use self::parameters::Given;
use self::reading::{Places, Reading};
use self::report::Report;
use self::resources::Build;
pub use self::values::Values;
use crate::diagnostic::{Diagnostics, Source};
use crate::stack::Stack;
use crate::yaml::Node;

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

/// What came of reading the templates of an app, whether or not they can be replayed.
#[derive(Default)]
pub struct Examined {
    /// What could be read.
    pub stack: Stack,
    /// What is wrong, or refused.
    pub diagnostics: Diagnostics,
    /// The parameters that have no value, each with the one that it was given for the examination.
    pub placeholders: Vec<(String, String)>,
    /// The files of nested stacks, as the file system calls them.
    pub nested_files: Vec<PathBuf>,
}

/// Reads a template, YAML or JSON, that is known as text only. The parameters are those that the scenario gives a value.
///
/// # Errors
/// Everything that is wrong with the template, or that a replay would not do as AWS does.
pub fn load(
    source: &Arc<Source>,
    parameters: &BTreeMap<String, String>,
    naming: &Naming,
) -> Result<Stack, Diagnostics> {
    load_all(&[Template { source: Arc::clone(source), directory: None }], &parameters.clone().into(), naming)
}

/// Reads the templates of an app, with those of their nested stacks. Each can import what those before it export.
///
/// # Errors
/// Everything that is wrong with the templates, or that a replay would not do as AWS does.
pub fn load_all(templates: &[Template], values: &Values, naming: &Naming) -> Result<Stack, Diagnostics> {
    let examined = read(templates, values, naming, Report::default());
    if examined.diagnostics.is_empty() { Ok(examined.stack) } else { Err(examined.diagnostics) }
}

/// Reads templates to tell what is in them: parameters without a value get a made-up one, and what can be read is
/// answered even if something is wrong.
pub fn examine(templates: &[Template], parameters: &BTreeMap<String, String>, naming: &Naming) -> Examined {
    read(templates, &parameters.clone().into(), naming, Report::with_placeholders())
}

fn read(templates: &[Template], values: &Values, naming: &Naming, mut report: Report) -> Examined {
    let mut documents = Vec::new();
    for (template, (naming, path)) in templates.iter().zip(stack_names(templates, naming)) {
        documents.extend(documents::read(template, naming, path, &mut report));
    }
    if documents.len() < templates.len() {
        return finish(Build::default(), &Places::default(), report);
    }
    let roots: Vec<&Node> = documents.iter().map(|document| &document.root).collect();
    report.values_are_options = values.are_options();
    let start = values.source().map_or(0, |source| report.add(source));
    parameters::refuse_undeclared(&roots, values, start, &mut report);
    // All stacks are opened before any is read: only then is it known which logical ids there are several times.
    let mut readings = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        report.template = number;
        let declared = parameters::names(&document.root);
        let given = values.texts().iter().filter(|(name, _)| declared.contains(&name.as_str()));
        let place = |name: &str| values.places(name, start).map(|places| places.value);
        let given = given.map(|(name, text)| (name.clone(), Given::Text(text.clone(), place(name)))).collect();
        let mut reading = Reading::open(document, &given, report, 0);
        reading.open_nested_stacks();
        report = std::mem::take(&mut reading.evaluator.report);
        readings.push(reading);
    }
    let called = Called::over(&readings);
    let (mut build, mut places) = (Build::default(), Places::default());
    for (number, reading) in readings.iter_mut().enumerate() {
        report.template = number;
        reading.evaluator.report = report;
        reading.read(&called, &mut build, &mut places);
        build.stack.outputs.append(&mut reading.outputs);
        report = std::mem::take(&mut reading.evaluator.report);
    }
    resources::assemble(&mut build, |id| places.of(id), &mut report);
    links::check(&build, |id| places.of(id), &mut report);
    fifo::check(&build, |id| places.of(id), &mut report);
    finish(build, &places, report)
}

/// One stack has the name alone, and needs no path; several have their file's name in both.
fn stack_names(templates: &[Template], naming: &Naming) -> Vec<(Naming, String)> {
    let mut paths: Vec<String> = Vec::new();
    for template in templates {
        let file = template.source.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let (stem, mut path) = (stem.to_lowercase(), stem.to_lowercase());
        for number in 2.. {
            if !paths.contains(&path) {
                break;
            }
            path = format!("{stem}-{number}");
        }
        paths.push(path);
    }
    if let [path] = paths.as_mut_slice() {
        path.clear();
    }
    let stack_name = |path: &str| match path {
        "" => naming.stack_name.clone(),
        path => format!("{}-{path}", naming.stack_name),
    };
    paths.into_iter().map(|path| (Naming { stack_name: stack_name(&path), ..naming.clone() }, path)).collect()
}

fn finish(build: Build, places: &Places, report: Report) -> Examined {
    let Build { mut stack, .. } = build;
    stack.places = places.in_files(&report);
    let placeholders = report.placeholders.as_ref().map(|made_up| made_up.used().cloned().collect());
    stack.not_simulated = report.not_simulated;
    Examined {
        stack,
        diagnostics: report.diagnostics,
        placeholders: placeholders.unwrap_or_default(),
        nested_files: report.nested_files,
    }
}
