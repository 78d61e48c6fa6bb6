//! Scenario files: what a person writes to have a workflow replayed.
//!
//! A file becomes a [`Scenario`] by [`parse`], which needs nothing but the file and reports every mistake that
//! shows without the template; [`check`] then holds it against the template's [`Stack`](crate::stack::Stack).
//! A scenario that passed both names only what exists and refers only to what has been captured before.
//! The format is version 1; its JSON Schema comes from the same types ([`json_schema`]).

mod alternatives;
mod capture;
mod check;
mod check_queue;
mod check_token;
mod duration;
mod events;
mod expect;
mod http;
mod listed;
mod mail;
mod matcher;
mod records;
mod s3;
mod schema;
mod steps;
mod stubs;
mod syntax;
mod templates;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use capture::{CaptureName, Captured, Pointer, Substitute, UnknownCapture, substitute};
pub use check::check;
pub use check_token::token_claims;
pub use duration::parse as parse_duration;
pub use events::{EventsPut, EventsReplay};
pub use expect::{Count, Expect, Given, MessageExpect, Named, QueueExpect, TableExpect, TableHolds};
pub use http::{Http, HttpExpect, Method, Target, url};
pub use listed::Listed;
pub use mail::{MailExpect, MailboxExpect};
pub use matcher::Matcher;
pub use records::{RecordExpect, StreamExpect};
pub use s3::{ObjectsExpect, S3Copy, S3Delete, S3Object, S3Put};
pub use schema::json_schema;
pub use steps::{
    Action, Content, Fail, FailWith, Invoke, InvokeExpect, KinesisPut, Settle, SnsPublish, SqsRedrive, SqsSend,
};
pub use stubs::{RequestExpect, RequestsExpect, Respond, Stub, StubResponse, host};

use crate::diagnostic::{Diagnostics, Source, Span};
use crate::template::{Values, stacks_of_assembly};
pub use crate::yaml::Located;
use crate::yaml::{self, Node};

/// One scenario file, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The file's text, for messages about its places.
    pub source: Arc<Source>,
    /// Where the files that the scenario names are found.
    pub directory: PathBuf,
    /// What the scenario shows, in a sentence.
    pub name: String,
    /// The templates, relative to the directory, at least one.
    pub templates: Vec<Located<PathBuf>>,
    /// Values for the template's parameters.
    pub parameters: Values,
    pub given: Given,
    pub steps: Vec<Step>,
    pub expect: Expect,
}

/// One step of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where the step's name stands.
    pub span: Span,
    pub action: Action,
}

impl Scenario {
    /// Where the templates are named, for what concerns all of them.
    pub fn template_place(&self) -> Span {
        self.templates.first().map_or(0..0, |template| template.span.clone())
    }

    /// Where a file is that the scenario names.
    pub fn path(&self, relative: &Path) -> PathBuf {
        self.directory.join(relative)
    }
}

/// Reads a scenario file, which messages call `shown`.
///
/// # Errors
/// Every mistake in the file that shows without reading the template, or why the file cannot be read.
pub fn parse(path: &Path, shown: &str) -> Result<Scenario, Diagnostics> {
    let source = read(path, shown)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let scenario = parse_source(&source, directory)?;
    let mut diagnostics = Diagnostics::default();
    let is_assembly = |template: &&Located<PathBuf>| {
        stacks_of_assembly(&scenario.path(&template.value)).is_some_and(|all| !all.is_empty())
    };
    let files = scenario.templates.iter().filter(|template| !is_assembly(template));
    files.for_each(|template| check::file_exists(&scenario, template, &mut diagnostics));
    if diagnostics.is_empty() { Ok(scenario) } else { Err(diagnostics) }
}

/// Reads a scenario from text; the files that it names are found in `directory`. Does no I/O.
///
/// # Errors
/// Every mistake that shows without reading another file.
pub fn parse_source(source: &Arc<Source>, directory: &Path) -> Result<Scenario, Diagnostics> {
    syntax::read(source, directory)
}

/// The templates that a scenario file names and the values for its parameters, whatever else is wrong with the
/// file: so that the template's mistakes can be told along with the scenario's. None where the file does not say.
pub fn templates_of(path: &Path, shown: &str) -> Option<(Vec<PathBuf>, Values)> {
    let source = read(path, shown).ok()?;
    let root = yaml::parse(&source).ok()?;
    let named = root.get("template")?;
    let named = named.sequence().unwrap_or(std::slice::from_ref(named));
    let templates: Option<Vec<PathBuf>> =
        named.iter().map(|template| Some(path.parent()?.join(template.text()?))).collect();
    let parameters = root.get("parameters").and_then(Node::mapping).unwrap_or_default();
    Some((templates?, Values::in_file(&source, parameters)))
}

fn read(path: &Path, shown: &str) -> Result<Arc<Source>, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    match fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => return Ok(Source::new(shown, text)),
        Ok(Err(error)) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            let source = Source::new(shown, String::from_utf8_lossy(error.as_bytes()));
            diagnostics
                .error(&source, at..at + char::REPLACEMENT_CHARACTER.len_utf8(), "the file is not UTF-8 text")
                .label(format!("the byte 0x{byte:02X}"))
                .help("save the file in the encoding UTF-8");
        }
        Err(error) => {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file".to_owned(),
                io::ErrorKind::IsADirectory => "this is a directory, not a file".to_owned(),
                kind => format!("the file cannot be read: {kind}"),
            };
            diagnostics.error(&Source::new(shown, ""), 0..0, reason);
        }
    }
    Err(diagnostics)
}
