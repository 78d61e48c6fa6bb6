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
mod documents;
mod extensions;
mod fifo;
mod foreach;
mod functions;
mod harmless;
mod includes;
mod intrinsic;
mod links;
mod names;
mod outputs;
mod parameters;
mod property;
mod reading;
mod references;
mod report;
mod resources;
mod rules;
mod sam;
mod sections;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use self::documents::Document;
pub use self::documents::Template;
use self::parameters::Given;
use self::reading::{Places, Reading};
use self::report::Report;
use self::resources::Build;
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
    /// The parameters that have no value, and were given one for the examination.
    pub placeholders: Vec<String>,
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
    load_all(&[Template { source: Arc::clone(source), directory: None }], parameters, naming)
}

/// Reads the templates of an app, with those of their nested stacks. Each can import what those before it export.
///
/// # Errors
/// Everything that is wrong with the templates, or that a replay would not do as AWS does.
pub fn load_all(
    templates: &[Template],
    parameters: &BTreeMap<String, String>,
    naming: &Naming,
) -> Result<Stack, Diagnostics> {
    let examined = read(templates, parameters, naming, Report::default());
    if examined.diagnostics.is_empty() { Ok(examined.stack) } else { Err(examined.diagnostics) }
}

/// Reads templates to tell what is in them: parameters without a value get a made-up one, and what can be read is
/// answered even if something is wrong.
pub fn examine(templates: &[Template], parameters: &BTreeMap<String, String>, naming: &Naming) -> Examined {
    read(templates, parameters, naming, Report::with_placeholders())
}

fn read(
    templates: &[Template],
    parameters: &BTreeMap<String, String>,
    naming: &Naming,
    mut report: Report,
) -> Examined {
    let mut documents = Vec::new();
    for (template, naming) in templates.iter().zip(stack_names(templates, naming)) {
        documents.extend(documents::read(template, naming, &mut report));
    }
    let mut build = Build::default();
    if documents.len() == templates.len() {
        let roots: Vec<&Node> = documents.iter().map(|document| &document.root).collect();
        parameters::refuse_undeclared(&roots, parameters, &mut report);
        let mut places = Places::default();
        for document in &documents {
            report = read_document(document, parameters, report, &mut build, &mut places);
        }
        resources::assemble(&mut build, |id| places.of(id), &mut report);
        links::check(&build, |id| places.of(id), &mut report);
        fifo::check(&build, |id| places.of(id), &mut report);
    }
    finish(build, report)
}

fn read_document(
    document: &Document,
    parameters: &BTreeMap<String, String>,
    report: Report,
    build: &mut Build,
    places: &mut Places,
) -> Report {
    let declared = parameters::names(&document.root);
    let given = parameters.iter().filter(|(name, _)| declared.contains(&name.as_str()));
    let given = given.map(|(name, value)| (name.clone(), Given::Text(value.clone()))).collect();
    let mut reading = Reading::open(document, &given, report, 0);
    reading.read(build, places);
    build.stack.outputs.append(&mut reading.outputs);
    reading.evaluator.report
}

/// One stack has the name alone; several have their file's name behind it.
fn stack_names(templates: &[Template], naming: &Naming) -> Vec<Naming> {
    let mut names: Vec<String> = Vec::new();
    for template in templates {
        let file = template.source.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let name = match templates {
            [_] => naming.stack_name.clone(),
            _ => format!("{}-{}", naming.stack_name, stem.to_lowercase()),
        };
        let same = names.iter().filter(|other| **other == name).count();
        names.push(if same == 0 { name } else { format!("{name}-{}", same + 1) });
    }
    names.into_iter().map(|stack_name| Naming { stack_name, ..naming.clone() }).collect()
}

fn finish(build: Build, report: Report) -> Examined {
    let Build { mut stack, .. } = build;
    stack.not_simulated = report.not_simulated;
    Examined {
        stack,
        diagnostics: report.diagnostics,
        placeholders: report.placeholders.unwrap_or_default(),
        nested_files: report.nested_files,
    }
}
