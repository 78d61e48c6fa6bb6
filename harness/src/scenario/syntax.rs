//! From a YAML tree to a [`Scenario`]: key by key and step by step, so that each mistake is a message of its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::capture::references;
use super::{Action, Expect, FailWith, Given, Named, Scenario, Step, host};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::template::Values;
use crate::yaml::{self, Content, DecodeError, Located, Node, Scalar, quoted};

/// The keys of a scenario file.
pub(super) const KEYS: [&str; 7] = ["version", "name", "template", "parameters", "given", "steps", "expect"];
pub(super) const GIVEN_KEYS: [&str; 2] = ["tables", "stubs"];
pub(super) const EXPECT_KEYS: [&str; 7] = ["invocations", "queues", "streams", "requests", "mail", "objects", "tables"];

/// The keys of a step that captures are not put into: logical ids, files and the captures themselves.
const NEVER_SUBSTITUTED: [&str; 9] =
    ["bucket", "api", "bus", "queue", "topic", "stream", "function", "file", "capture"];

/// Reads a scenario from its text.
///
/// # Errors
/// Every mistake found.
pub(super) fn read(source: &Arc<Source>, directory: &Path) -> Result<Scenario, Diagnostics> {
    let root = yaml::parse(source)?;
    let mut reader = Reader { source, diagnostics: Diagnostics::default() };
    match reader.scenario(&root, directory) {
        Some(scenario) if reader.diagnostics.is_empty() => Ok(scenario),
        _ => Err(reader.diagnostics),
    }
}

pub(super) struct Reader<'s> {
    source: &'s Arc<Source>,
    diagnostics: Diagnostics,
}

impl Reader<'_> {
    fn scenario(&mut self, root: &Node, directory: &Path) -> Option<Scenario> {
        if root.content == Content::Null {
            self.error(root.span.clone(), "the file holds nothing")
                .help("a scenario starts with `version: 1`, `name`, `template` and `steps`");
            return None;
        }
        self.section(root, &KEYS)?;
        self.version(root);
        self.tags(root);
        self.captures(root);
        let name = self.required::<Located<String>>(root, "name");
        if let Some(name) = name.as_ref().filter(|name| name.value.trim().is_empty()) {
            self.error(name.span.clone(), "the name is empty").help("say in a sentence what the scenario shows");
        }
        let templates = self.templates(root);
        self.named::<Scalar>(root.get("parameters"));
        let parameters = root.get("parameters").and_then(Node::mapping).unwrap_or_default();
        let given = root.get("given").map(|node| self.given(node)).unwrap_or_default();
        let steps = self.steps(root);
        let expect = root.get("expect").map(|node| self.expect(node)).unwrap_or_default();
        Some(Scenario {
            source: Arc::clone(self.source),
            directory: directory.to_owned(),
            name: name?.value,
            templates: templates?,
            parameters: Values::in_file(self.source, parameters),
            given,
            steps: steps?,
            expect,
        })
    }

    fn version(&mut self, root: &Node) {
        let Some(node) = root.get("version") else { return self.missing(root, "version") };
        if !matches!(&node.content, Content::Number(_, written) if written == "1") {
            let raw = self.source.text.get(node.span.clone()).unwrap_or_default();
            let written = if node.scalar().is_some() { format!("`{raw}`") } else { node.kind().to_owned() };
            self.error(node.span.clone(), format!("{written} is not a version of the format"))
                .help("write `version: 1`");
        }
    }

    fn given(&mut self, node: &Node) -> Given {
        self.section(node, &GIVEN_KEYS);
        Given { tables: self.named(node.get("tables")), stubs: self.hosts(node.get("stubs")) }
    }

    fn expect(&mut self, node: &Node) -> Expect {
        self.section(node, &EXPECT_KEYS);
        let entries = [node.get("objects"), node.get("tables")].into_iter().flatten().filter_map(Node::mapping);
        for (name, value) in entries.flatten() {
            if value.mapping().is_some_and(<[_]>::is_empty) {
                self.error(name.span.clone(), "nothing is expected here")
                    .help("leave it out, or say what must hold, such as `{count: 1}`");
            }
            let snapshot = value.get("snapshot").map(|snapshot| &snapshot.content);
            if let Some((redact, _)) = value.entry("redact").filter(|_| snapshot != Some(&Content::Bool(true))) {
                self.error(redact.span.clone(), "`redact` without a snapshot leaves nothing out")
                    .help("add `snapshot: true`");
            }
        }
        Expect {
            invocations: self.named(node.get("invocations")),
            queues: self.named(node.get("queues")),
            streams: self.named(node.get("streams")),
            requests: self.hosts(node.get("requests")),
            mail: self.named(node.get("mail")),
            objects: self.named(node.get("objects")),
            tables: self.named(node.get("tables")),
        }
    }

    fn steps(&mut self, root: &Node) -> Option<Vec<Step>> {
        let Some((key, node)) = root.entry("steps") else {
            self.missing(root, "steps");
            return None;
        };
        let Some(members) = node.sequence() else {
            self.error(first(node, key), format!("expected a list of steps, found {}", node.kind()))
                .help("each step begins with `- `");
            return None;
        };
        if members.is_empty() {
            self.error(node.span.clone(), "a scenario needs at least one step");
        }
        // Not stopping at the first step that is wrong: each has its own message.
        let steps: Vec<_> = members.iter().map(|member| self.step(member)).collect();
        steps.into_iter().collect()
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let (name, settings) = match node.mapping() {
            Some([entry]) => entry,
            Some([first, second, ..]) => {
                let (outer, inner) = (text(&first.0), text(&second.0));
                self.error(
                    second.0.span.clone(),
                    format!("a step has one name, and `{inner}` stands beside `{outer}`"),
                )
                .help(format!("indent the settings of `{outer}` below it, or begin another step with `- `"));
                return None;
            }
            _ => {
                self.not_a_step(node);
                return None;
            }
        };
        let written = text(name);
        if !Action::NAMES.contains(&written) {
            self.error(name.span.clone(), format!("there is no step `{written}`"))
                .help(format!("the steps: {}", quoted(Action::NAMES)))
                .did_you_mean(written, Action::NAMES);
            return None;
        }
        if settings.content == Content::Null {
            let help = if written == "settle" { "write `settle: {}`" } else { "indent its settings below it" };
            self.error(name.span.clone(), format!("`{written}` has no settings")).help(help);
            return None;
        }
        self.alternatives(name, settings);
        let action = self.accept(yaml::decode(node), name, settings)?;
        self.failure_message(&action, settings);
        Some(Step { span: name.span.clone(), action })
    }

    fn not_a_step(&mut self, node: &Node) {
        let found = node.text().map_or_else(|| node.kind().to_owned(), |text| format!("the text `{text}`"));
        let help = match node.text() {
            Some("settle") => "write `settle: {}`".to_owned(),
            _ => format!(
                "a step is a name with its settings, such as `advance: 24h`; the steps: {}",
                quoted(Action::NAMES)
            ),
        };
        self.error(node.span.clone(), format!("expected a step, found {found}")).help(help);
    }

    fn failure_message(&mut self, action: &Action, settings: &Node) {
        if let Action::Fail(fail) = action
            && matches!(fail.with, FailWith::Throttle | FailWith::Timeout)
            && let Some((key, _)) = settings.entry("message")
        {
            self.error(key.span.clone(), "a throttled attempt and one that times out have no message of their own")
                .help("leave `message` out, or fail `with: error` or `with: crash`");
        }
    }

    /// Reports tags: they mean something in templates only.
    fn tags(&mut self, node: &Node) {
        if let Some(tag) = &node.tag {
            self.error(first_line(self.source, &node.span), format!("the tag `!{tag}` means nothing in a scenario"))
                .help("tags such as `!Ref` belong into templates; a scenario names logical ids");
        }
        for child in children(node) {
            self.tags(child);
        }
    }

    /// Reports references to what no earlier step captures.
    fn captures(&mut self, root: &Node) {
        let steps = root.get("steps").and_then(Node::sequence).unwrap_or_default();
        let settings = || steps.iter().filter_map(Node::mapping).flatten().map(|(_, settings)| settings);
        let later = settings().flat_map(captured_by).collect();
        let mut captured = BTreeSet::new();
        for settings in settings() {
            for (_, value) in entries_without(settings, &NEVER_SUBSTITUTED) {
                self.references(value, &captured, &later);
            }
            captured.extend(captured_by(settings));
        }
        let expect = |key: &str| root.get("expect").and_then(|expect| expect.get(key));
        for section in [expect("queues"), expect("streams"), expect("requests"), expect("mail"), expect("objects")]
            .into_iter()
            .flatten()
        {
            self.references(section, &captured, &later);
        }
        let buckets = expect("objects").and_then(Node::mapping).unwrap_or_default().iter();
        for (key, _) in buckets.filter_map(|(_, bucket)| bucket.get("contents")?.mapping()).flatten() {
            self.references(key, &captured, &later);
        }
        for (_, table) in expect("tables").and_then(Node::mapping).unwrap_or_default() {
            for (_, value) in entries_without(table, &["redact"]) {
                self.references(value, &captured, &later);
            }
        }
    }

    /// Reports references to what is not captured, or only `later`.
    fn references(&mut self, node: &Node, captured: &BTreeSet<&str>, later: &BTreeSet<&str>) {
        let written = node.text().unwrap_or_default();
        for (name, range) in references(written).filter(|(name, _)| !captured.contains(name)) {
            let raw = self.source.text.get(node.span.clone()).unwrap_or_default();
            let place = raw.find(&written[range.clone()]).map(|at| node.span.start + at);
            let span = place.map_or_else(|| first_line(self.source, &node.span), |at| at..at + range.len());
            let diagnostic = self.error(span, format!("no earlier step captures `{name}`"));
            if later.contains(name) {
                diagnostic.help("a capture serves the steps after its own");
                continue;
            }
            diagnostic
                .help(format!("write `$${name}` for the text `${name}`"))
                .did_you_mean(name, captured.iter().copied());
        }
        let values = node.mapping().unwrap_or_default().iter().map(|(_, value)| value);
        for value in values.chain(node.sequence().unwrap_or_default()) {
            self.references(value, captured, later);
        }
    }

    /// Reports a section that is not a mapping (`None`), and keys that it does not have.
    fn section(&mut self, node: &Node, known: &[&'static str]) -> Option<()> {
        let Some(entries) = node.mapping() else {
            self.error(
                first_line(self.source, &node.span),
                format!("expected a mapping with some of the keys {}, found {}", quoted(known), node.kind()),
            );
            return None;
        };
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&text(key))) {
            self.error(key.span.clone(), format!("unknown key `{}`", text(key)))
                .help(format!("the keys here: {}", quoted(known)))
                .did_you_mean(text(key), known.iter().copied());
        }
        Some(())
    }

    /// The entries of a mapping by name, each read on its own; nothing where the section is missing.
    fn named<T: for<'n> Deserialize<'n>>(&mut self, section: Option<&Node>) -> Vec<Named<T>> {
        let Some(section) = section else { return Vec::new() };
        let Some(entries) = section.mapping() else {
            self.error(first_line(self.source, &section.span), format!("expected a mapping, found {}", section.kind()));
            return Vec::new();
        };
        let read = entries.iter().filter_map(|(key, value)| {
            let value = self.accept(yaml::decode(value), key, value)?;
            let name = self.accept(yaml::decode(key), key, key)?;
            Some(Named { name, value })
        });
        read.collect()
    }

    /// The entries of a mapping by the host that they are about.
    fn hosts<T: for<'n> Deserialize<'n>>(&mut self, section: Option<&Node>) -> Vec<Named<T>> {
        let mut all: Vec<Named<T>> = self.named(section);
        let mut seen = BTreeSet::new();
        for Named { name, .. } in &mut all {
            match host(&name.value) {
                Ok(host) if seen.insert(host.clone()) => name.value = host,
                Ok(host) => {
                    self.error(name.span.clone(), format!("`{host}` is there already"));
                }
                Err(message) => {
                    self.error(name.span.clone(), message);
                }
            }
        }
        all
    }

    fn required<T: for<'n> Deserialize<'n>>(&mut self, root: &Node, key: &str) -> Option<T> {
        match root.entry(key) {
            Some((key, value)) => self.accept(yaml::decode(value), key, value),
            None => {
                self.missing(root, key);
                None
            }
        }
    }

    pub(super) fn missing(&mut self, node: &Node, key: &str) {
        self.error(first_line(self.source, &node.span), format!("the key `{key}` is missing"));
    }

    /// The decoded value, or `None` once the error is reported: at the key where the value as a whole is wrong.
    pub(super) fn accept<T>(&mut self, decoded: Result<T, DecodeError>, key: &Node, value: &Node) -> Option<T> {
        let error = match decoded {
            Ok(decoded) => return Some(decoded),
            Err(error) => error,
        };
        let is_collection = value.mapping().is_some() || value.sequence().is_some();
        let span = match error.span {
            Some(span) if span == value.span && is_collection => key.span.clone(),
            Some(span) => first_line(self.source, &span),
            None => key.span.clone(),
        };
        let diagnostic = self.error(span, error.message);
        if let Some((written, known)) = error.unknown {
            diagnostic.help(format!("expected one of {}", quoted(known)));
            diagnostic.did_you_mean(&written, known.iter().copied());
        }
        None
    }

    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.diagnostics.error(self.source, span, message)
    }
}

/// Where a value stands, or its key where the value is nothing.
fn first(value: &Node, key: &Node) -> Span {
    if value.content == Content::Null { key.span.clone() } else { value.span.clone() }
}

/// The part of a place that is on its first line: carets under many lines say less.
fn first_line(source: &Source, span: &Span) -> Span {
    let text = source.text.get(span.clone()).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().trim_end();
    span.start..span.start + line.len()
}

/// The names that a step with these settings captures.
fn captured_by(settings: &Node) -> impl Iterator<Item = &str> {
    let names = settings.get("capture").and_then(Node::mapping).unwrap_or_default();
    names.iter().filter_map(|(name, _)| name.text())
}

pub(super) fn text(key: &Node) -> &str {
    key.text().unwrap_or_default()
}

fn children(node: &Node) -> Vec<&Node> {
    match &node.content {
        Content::Sequence(members) => members.iter().collect(),
        Content::Mapping(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
        _ => Vec::new(),
    }
}

/// The entries of a mapping but for some keys; none for anything else.
fn entries_without<'n>(node: &'n Node, keys: &[&str]) -> impl Iterator<Item = &'n (Node, Node)> {
    let entries = node.mapping().unwrap_or_default();
    entries.iter().filter(move |(key, _)| !keys.contains(&text(key)))
}
