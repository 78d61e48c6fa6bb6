//! Holds a scenario against the template's resources and the files next to it, before anything is run.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Action, Content, Located, Scenario, Target};
use crate::diagnostic::Diagnostics;
use crate::stack::Stack;
use crate::yaml::quoted;

/// Everything in a scenario that the template's resources or the files next to it do not bear out: logical
/// ids that do not exist or are of another kind, files that are missing or hold something else.
pub fn check(scenario: &Scenario, stack: &Stack) -> Diagnostics {
    let mut checker = Checker { scenario, stack, diagnostics: Diagnostics::default() };
    for table in &scenario.given.tables {
        checker.exists(Kind::Table, &table.name);
        checker.items(&table.value);
    }
    for stub in &scenario.given.stubs {
        checker.is_elsewhere(&stub.name);
    }
    for step in &scenario.steps {
        checker.step(&step.action);
        if let Action::Http(http) = &step.action {
            super::check_token::check(scenario, stack, http, step.span.clone(), &mut checker.diagnostics);
        }
    }
    checker.expect();
    checker.diagnostics
}

/// Reports a file that the scenario names and that is not there.
pub(super) fn file_exists(scenario: &Scenario, file: &Located<impl AsRef<Path>>, diagnostics: &mut Diagnostics) {
    let written = file.value.as_ref();
    let path = scenario.path(written);
    if path.is_file() {
        return;
    }
    if path.is_dir() {
        let message = format!("`{}` is a directory, not a file", written.display());
        diagnostics.error(&scenario.source, file.span.clone(), message);
        return;
    }
    let beside = files_beside(&path);
    let name = written.file_name().unwrap_or_default().to_string_lossy();
    let message = format!("there is no file `{}`", written.display());
    diagnostics
        .error(&scenario.source, file.span.clone(), message)
        .help("files are found relative to the scenario's own directory")
        .did_you_mean(&name, beside.iter().map(String::as_str));
}

/// The names of the files in the directory where a file should be, in order.
fn files_beside(path: &Path) -> Vec<String> {
    let entries = path.parent().and_then(|directory| fs::read_dir(directory).ok());
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// What a logical id can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bucket,
    Queue,
    Topic,
    Table,
    Stream,
    Bus,
    Api,
    Function,
    Archive,
    Rule,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Bucket,
        Self::Queue,
        Self::Topic,
        Self::Table,
        Self::Stream,
        Self::Bus,
        Self::Api,
        Self::Function,
        Self::Archive,
        Self::Rule,
    ];

    /// As messages call it.
    fn singular(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Table => "table",
            Self::Stream => "stream",
            Self::Bus => "event bus",
            Self::Api => "API",
            Self::Function => "function",
            Self::Archive => "archive",
            Self::Rule => "rule",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Bucket => "buckets",
            Self::Queue => "queues",
            Self::Topic => "topics",
            Self::Table => "tables",
            Self::Stream => "streams",
            Self::Bus => "event buses",
            Self::Api => "APIs",
            Self::Function => "functions",
            Self::Archive => "archives",
            Self::Rule => "rules",
        }
    }

    /// The logical ids of this kind.
    fn of(self, stack: &Stack) -> Vec<&str> {
        match self {
            Self::Bucket => stack.buckets.iter().map(|bucket| bucket.logical_id.as_str()).collect(),
            Self::Queue => stack.queues.iter().map(|queue| queue.logical_id.as_str()).collect(),
            Self::Topic => stack.topics.iter().map(|topic| topic.logical_id.as_str()).collect(),
            Self::Table => stack.tables.iter().map(|table| table.logical_id.as_str()).collect(),
            Self::Stream => stack.streams.iter().map(|stream| stream.logical_id.as_str()).collect(),
            Self::Bus => stack.buses.iter().map(|bus| bus.logical_id.as_str()).collect(),
            Self::Api => stack.apis.iter().map(|api| api.logical_id.as_str()).collect(),
            Self::Function => stack.functions.iter().map(|function| function.logical_id.as_str()).collect(),
            Self::Archive => stack.archives.iter().map(|archive| archive.logical_id.as_str()).collect(),
            Self::Rule => stack.rules.iter().map(|rule| rule.logical_id.as_str()).collect(),
        }
    }

    /// "a bucket", "an event bus".
    fn with_article(self) -> String {
        let article = if matches!(self, Self::Bus | Self::Api | Self::Archive) { "an" } else { "a" };
        format!("{article} {}", self.singular())
    }
}

struct Checker<'s> {
    scenario: &'s Scenario,
    stack: &'s Stack,
    diagnostics: Diagnostics,
}

impl Checker<'_> {
    fn step(&mut self, action: &Action) {
        match action {
            Action::S3Put(step) => self.exists(Kind::Bucket, &step.bucket),
            Action::S3Copy(step) => {
                self.exists(Kind::Bucket, &step.from.bucket);
                self.exists(Kind::Bucket, &step.to.bucket);
            }
            Action::S3Delete(step) => self.exists(Kind::Bucket, &step.bucket),
            Action::Http(step) => {
                match step.target() {
                    Target::Api { api, .. } => {
                        self.exists(Kind::Api, api);
                        self.stage(step, api);
                    }
                    Target::Function { function, .. } => self.has_url(function),
                    Target::Url(_) => {}
                }
                self.api_key(step);
            }
            Action::EventsPut(step) => {
                if let Some(bus) = step.bus.as_ref().filter(|bus| bus.value != "default") {
                    self.exists(Kind::Bus, bus);
                }
            }
            Action::EventsReplay(step) => {
                self.exists(Kind::Archive, &step.archive);
                step.rules.iter().for_each(|rule| self.exists(Kind::Rule, rule));
            }
            Action::SqsSend(step) => {
                self.exists(Kind::Queue, &step.queue);
                super::check_queue::message(self.scenario, self.stack, step, &mut self.diagnostics);
            }
            Action::SqsRedrive(step) => {
                self.exists(Kind::Queue, &step.queue);
                step.destination.iter().for_each(|queue| self.exists(Kind::Queue, queue));
                super::check_queue::redrive(self.scenario, self.stack, step, &mut self.diagnostics);
            }
            Action::KinesisPut(step) => self.exists(Kind::Stream, &step.stream),
            Action::SnsPublish(step) => self.exists(Kind::Topic, &step.topic),
            Action::Invoke(step) => self.exists(Kind::Function, &step.function),
            Action::Fail(step) => self.exists(Kind::Function, &step.function),
            Action::Advance(_) | Action::Settle(_) => {}
        }
        if let Some(Content::File(file)) = action.content() {
            file_exists(self.scenario, file, &mut self.diagnostics);
        }
    }

    /// Reports an API key that the template does not have.
    fn api_key(&mut self, step: &super::Http) {
        let Some(key) = &step.api_key else { return };
        let known: Vec<&str> = self.stack.api_keys.iter().map(|known| known.logical_id.as_str()).collect();
        if !known.contains(&key.value.as_str()) {
            let message = format!("the template has no API key `{}`", key.value);
            let diagnostic = self.diagnostics.error(&self.scenario.source, key.span.clone(), message);
            diagnostic.did_you_mean(&key.value, known);
        }
    }

    /// Reports a stage that the API does not have, or one that must be named and is not.
    fn stage(&mut self, step: &super::Http, named: &Located<String>) {
        let Some(api) = self.stack.apis.iter().find(|api| api.logical_id == named.value) else { return };
        let stages: Vec<&str> = api.stages.iter().map(|stage| stage.name.as_str()).collect();
        let (span, message) = match &step.stage {
            Some(stage) if api.stage(&stage.value).is_none() => {
                (stage.span.clone(), format!("`{}` has no stage `{}`", api.logical_id, stage.value))
            }
            None if api.default_stage().is_none() => {
                (named.span.clone(), format!("`{}` has several stages: name one by `stage`", api.logical_id))
            }
            _ => return,
        };
        let diagnostic = self.diagnostics.error(&self.scenario.source, span, message);
        diagnostic.help(format!("its stages: {}", quoted(&stages)));
    }

    fn expect(&mut self) {
        let expect = &self.scenario.expect;
        let named = (expect.invocations.iter().map(|named| (Kind::Function, &named.name)))
            .chain(expect.queues.iter().map(|named| (Kind::Queue, &named.name)))
            .chain(expect.streams.iter().map(|named| (Kind::Stream, &named.name)))
            .chain(expect.objects.iter().map(|named| (Kind::Bucket, &named.name)))
            .chain(expect.tables.iter().map(|named| (Kind::Table, &named.name)));
        for (kind, name) in named {
            self.exists(kind, name);
        }
        for named in &expect.requests {
            self.is_stubbed(&named.name);
        }
        for named in &expect.mail {
            self.is_address(&named.name);
        }
    }

    /// Reports what is no address.
    fn is_address(&mut self, address: &Located<String>) {
        if address.value.contains('@') {
            return;
        }
        let mails = self.stack.subscriptions.iter().filter(|subscription| subscription.is_mail());
        let known: Vec<_> = mails.map(|subscription| subscription.endpoint.as_str()).collect();
        let message = format!("`{}` is not an address", address.value);
        let diagnostic = self.diagnostics.error(&self.scenario.source, address.span.clone(), message);
        diagnostic.help("mail arrives at addresses, such as `alice@example.com`").did_you_mean(&address.value, known);
    }

    /// Reports a stub in the place of what the replay serves itself.
    fn is_elsewhere(&mut self, host: &Located<String>) {
        let name = host.value.split_once("://").map_or("", |(_, name)| name);
        if self.stack.domains.iter().any(|domain| domain.is(name)) {
            let message = format!("`{name}` is a custom domain of the template's APIs, not another system");
            let diagnostic = self.diagnostics.error(&self.scenario.source, host.span.clone(), message);
            diagnostic.help("the APIs answer for it: leave the stub out");
        }
    }

    /// Reports a host that nothing stands for.
    fn is_stubbed(&mut self, host: &Located<String>) {
        let stubbed: Vec<_> = self.scenario.given.stubs.iter().map(|stub| stub.name.value.as_str()).collect();
        if stubbed.contains(&host.value.as_str()) {
            return;
        }
        let message = format!("nothing answers for `{}`", host.value);
        let diagnostic = self.diagnostics.error(&self.scenario.source, host.span.clone(), message);
        diagnostic.help("say what it answers under `given.stubs`").did_you_mean(&host.value, stubbed);
    }

    /// Reports what is no function, and a function without a URL.
    fn has_url(&mut self, function: &Located<String>) {
        self.exists(Kind::Function, function);
        let Some(known) = self.stack.functions.iter().find(|known| known.logical_id == function.value) else { return };
        if self.stack.url_of(known).is_none() {
            let message = format!("the function `{}` has no URL", function.value);
            let problem = self.diagnostics.error(&self.scenario.source, function.span.clone(), message);
            problem.help("a function has one by `FunctionUrlConfig` or an `AWS::Lambda::Url`");
        }
    }

    /// Reports a logical id that is not of a kind.
    fn exists(&mut self, kind: Kind, id: &Located<String>) {
        let candidates = kind.of(self.stack);
        let name = id.value.as_str();
        if candidates.contains(&name) {
            return;
        }
        let left_out = self.stack.not_simulated.iter().find(|left_out| left_out.logical_id == name);
        let other = Kind::ALL.into_iter().find(|other| other.of(self.stack).contains(&name));
        let message = match (other, left_out) {
            (Some(other), _) => format!("`{name}` is {}, not {}", other.with_article(), kind.with_article()),
            (None, Some(left_out)) => format!("`{name}` is of type {}, which is not simulated", left_out.what),
            (None, None) => format!("the template has no {} `{name}`", kind.singular()),
        };
        let help = match candidates.as_slice() {
            [] => format!("the template has no {}", kind.plural()),
            some => format!("its {}: {}", kind.plural(), quoted(some)),
        };
        let diagnostic = self.diagnostics.error(&self.scenario.source, id.span.clone(), message);
        diagnostic.help(help);
        if other.is_none() {
            diagnostic.did_you_mean(name, candidates);
        }
    }

    /// Reports a file that does not hold a table's items.
    fn items(&mut self, file: &Located<std::path::PathBuf>) {
        let Ok(bytes) = fs::read(self.scenario.path(&file.value)) else {
            return file_exists(self.scenario, file, &mut self.diagnostics);
        };
        let problem = match serde_json::from_slice::<Value>(&bytes) {
            Err(error) => Some(format!("it is not JSON: {error}")),
            Ok(Value::Array(items)) => {
                let odd = items.iter().position(|item| !item.is_object());
                odd.map(|index| format!("its member {} is not an object", index + 1))
            }
            Ok(_) => Some("it is not a list".to_owned()),
        };
        if let Some(problem) = problem {
            let message = format!("`{}` does not hold items: {problem}", file.value.display());
            self.diagnostics
                .error(&Arc::clone(&self.scenario.source), file.span.clone(), message)
                .help("items are a JSON array of objects with plain values");
        }
    }
}
