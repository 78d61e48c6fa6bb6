//! The sections of a template: which there may be, and where each stands. See
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>.

use super::report::Report;
use crate::yaml::{Content, Node};

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Globals",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
];
const SAM: &str = "AWS::Serverless-2016-10-31";
/// The transform that adds functions and loops.
pub const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";
/// As CloudFormation has it.
const MAX_RESOURCES: usize = 500;

/// A named member of a section: its key and its value.
pub type Entry = (Node, Node);

/// The members of each section, in order.
#[derive(Clone, Copy, Default)]
pub struct Sections<'n> {
    pub is_sam: bool,
    pub is_extended: bool,
    pub globals: &'n [Entry],
    pub parameters: &'n [Entry],
    pub mappings: &'n [Entry],
    pub rules: &'n [Entry],
    pub conditions: &'n [Entry],
    pub resources: &'n [Entry],
    pub outputs: &'n [Entry],
}

/// Takes a template apart. What is wrong with a section is reported and leaves it empty.
pub fn read<'n>(root: &'n Node, report: &mut Report) -> Sections<'n> {
    let mut sections = Sections::default();
    let Some(entries) = root.mapping() else {
        let message = format!("a template must be a mapping of sections, not {}", root.kind());
        report.error(&root.span, message).help("it needs at least `Resources`");
        return sections;
    };
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        match name {
            "Transform" => transform(value, &mut sections, report),
            "Globals" => sections.globals = members(name, value, report),
            "Parameters" => sections.parameters = members(name, value, report),
            "Mappings" => sections.mappings = members(name, value, report),
            "Conditions" => sections.conditions = members(name, value, report),
            "Resources" => sections.resources = members(name, value, report),
            "Outputs" => sections.outputs = members(name, value, report),
            "Rules" => sections.rules = members(name, value, report),
            "AWSTemplateFormatVersion" => format_version(value, report),
            "Description" | "Metadata" => {}
            "Fn::Transform" => {
                let named = value.get("Name").and_then(Node::text).unwrap_or_default();
                report.error(&key.span, format!("the macro `{named}` is not simulated"));
            }
            _ => {
                let problem = report.error(&key.span, format!("`{name}` is not a section of a template"));
                problem.did_you_mean(name, SECTIONS.iter().copied());
            }
        }
    }
    check_resources(root, &mut sections, report);
    sections
}

fn check_resources(root: &Node, sections: &mut Sections<'_>, report: &mut Report) {
    match root.entry("Resources") {
        None => {
            let place = report.beginning(&root.span);
            report.error(&place, "the template has no `Resources`");
        }
        Some((key, _)) if sections.resources.len() > MAX_RESOURCES => {
            report.error(&key.span, format!("more than {MAX_RESOURCES} resources, CloudFormation's limit"));
            sections.resources = &[];
        }
        Some(_) => {}
    }
}

fn members<'n>(section: &str, value: &'n Node, report: &mut Report) -> &'n [Entry] {
    if value.content == Content::Null {
        return &[];
    }
    value.mapping().unwrap_or_else(|| {
        report.error(&value.span, format!("`{section}` must be a mapping, not {}", value.kind()));
        &[]
    })
}

/// A macro can change anything, so a template with one that is not known is not replayed.
fn transform(value: &Node, sections: &mut Sections<'_>, report: &mut Report) {
    let one = std::slice::from_ref(value);
    for name in value.sequence().unwrap_or(one) {
        match name.text().or_else(|| name.get("Name").and_then(Node::text)) {
            Some(SAM) => sections.is_sam = true,
            Some(LANGUAGE_EXTENSIONS) => sections.is_extended = true,
            Some(other) => {
                let problem = report.error(&name.span, format!("the macro `{other}` is not simulated"));
                problem.help(format!("the transforms that are simulated are `{SAM}` and `{LANGUAGE_EXTENSIONS}`"));
                problem.did_you_mean(other, [SAM, LANGUAGE_EXTENSIONS]);
            }
            None => {
                report.error(&name.span, format!("a transform must be a name, not {}", name.kind()));
            }
        }
    }
}

fn format_version(value: &Node, report: &mut Report) {
    if value.scalar().as_deref() != Some("2010-09-09") {
        report.error(&value.span, "`AWSTemplateFormatVersion` can only be `2010-09-09`");
    }
}
