//! One scenario file to one [`Outcome`]: read, check, replay, replay once more to learn what is volatile,
//! and compare with the committed snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rehearsal_emulator::clock::Stopwatch;

use crate::app::App;
use crate::backend::Embedded;
use crate::diagnostic::{Diagnostics, Source};
use crate::outcome::{Failure, Finished, Outcome, SnapshotOutcome};
use crate::replay::{Replay, Settings, invocations, replay};
use crate::scenario::{self, Scenario, TableExpect};
use crate::snapshot::{self, Selected, canonical};
use crate::stack::Stack;
use crate::template;
use crate::trace::What;
use crate::words::shown;

/// The seed of a run that is not told one.
pub const DEFAULT_SEED: u64 = 1;
/// What the clock of an embedded replay shows at first.
const START: &str = "2026-01-01T00:00:00Z";
/// How far the clock of the second replay is ahead: 52 weeks, so that weekday and time of day stay.
const SHIFT: SignedDuration = SignedDuration::from_hours(52 * 7 * 24);

/// The project's apps: which functions stand behind which template.
#[derive(Clone, Default)]
pub struct Apps {
    root: PathBuf,
    apps: BTreeMap<PathBuf, App>,
}

impl Apps {
    /// No apps yet, in the project at `root`: usually `env!("CARGO_MANIFEST_DIR")`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), apps: BTreeMap::new() }
    }

    /// Binds an app to a template, whose path is relative to the root.
    pub fn app(mut self, template: &str, app: App) -> Self {
        self.apps.insert(self.root.join(template), app);
        self
    }

    /// The project's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn of(&self, template: &Path) -> Option<&App> {
        let wanted = template.canonicalize().ok()?;
        self.apps.iter().find(|(path, _)| path.canonicalize().is_ok_and(|path| path == wanted)).map(|(_, app)| app)
    }
}

/// A scenario that is ready to be replayed.
pub struct Ready<'a> {
    pub scenario: Scenario,
    pub stack: Stack,
    app: &'a App,
    path: PathBuf,
}

/// Reads a scenario and its template and checks them against each other and against the app. Runs nothing.
///
/// # Errors
/// Everything that is wrong in the files, or that is bound wrongly.
pub fn prepare<'a>(path: &Path, apps: &'a Apps) -> Result<Ready<'a>, Diagnostics> {
    let scenario = scenario::parse(path, &shown(path)).map_err(|mistakes| with_the_templates(mistakes, path))?;
    let template_path = scenario.path(&scenario.template.value);
    let stack = load_template(&scenario, &template_path)?;
    let mut diagnostics = scenario::check(&scenario, &stack);
    let app = match apps.of(&template_path) {
        Some(app) => {
            check_bindings(&scenario, &stack, app, &mut diagnostics);
            app
        }
        None => {
            no_app(&scenario, &stack, &template_path, &mut diagnostics);
            return Err(diagnostics);
        }
    };
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Ok(Ready { scenario, stack, app, path: path.to_owned() })
}

fn load_template(scenario: &Scenario, path: &Path) -> Result<Stack, Diagnostics> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let mut diagnostics = Diagnostics::default();
        let message = format!("the template `{}` cannot be read: {error}", shown(path));
        diagnostics.error(&scenario.source, scenario.template.span.clone(), message);
        diagnostics
    })?;
    template::load(&Source::new(shown(path), text), &scenario.parameters, &Embedded::naming("app"))
}

/// A wrong scenario does not hide what is wrong with its template.
fn with_the_templates(mut mistakes: Diagnostics, scenario: &Path) -> Diagnostics {
    let Some((path, parameters)) = scenario::template_of(scenario) else { return mistakes };
    if let Ok(text) = std::fs::read_to_string(&path)
        && let Err(more) = template::load(&Source::new(shown(&path), text), &parameters, &Embedded::naming("app"))
    {
        mistakes.extend(more);
    }
    mistakes
}

/// An app and its template must have the same functions.
fn check_bindings(scenario: &Scenario, stack: &Stack, app: &App, diagnostics: &mut Diagnostics) {
    let in_template: Vec<&str> = stack.functions.iter().map(|function| function.logical_id.as_str()).collect();
    let bound: Vec<&str> = app.names().collect();
    let unbound: Vec<&str> = in_template.iter().copied().filter(|name| !bound.contains(name)).collect();
    let unknown: Vec<&str> = bound.iter().copied().filter(|name| !in_template.contains(name)).collect();
    if unbound.is_empty() && unknown.is_empty() {
        return;
    }
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    diagnostics
        .error(
            &scenario.source,
            scenario.template.span.clone(),
            "the template and the app bound to it have different functions",
        )
        .label(format!("in the template, not bound: {}", list(&unbound)))
        .help(format!("bound, not in the template: {}", list(&unknown)));
}

fn no_app(scenario: &Scenario, stack: &Stack, template: &Path, diagnostics: &mut Diagnostics) {
    let functions: Vec<&str> = stack.functions.iter().map(|function| function.logical_id.as_str()).collect();
    let message = format!("no app is bound to `{}`", shown(template));
    diagnostics
        .error(&scenario.source, scenario.template.span.clone(), message)
        .label(format!("its functions: {}", functions.join(", ")))
        .help("bind it with `Apps::app(\"path/to/template.yaml\", App::new().function(…))`");
}

/// Runs a scenario file.
pub fn run(path: &Path, apps: &Apps, seed: u64) -> Finished {
    let watch = Stopwatch::start();
    let result = prepare(path, apps).map(|ready| ready.run(seed));
    Finished { file: shown(path), result, took: watch.elapsed() }
}

impl Ready<'_> {
    /// Replays the scenario and compares it with what is expected.
    pub fn run(&self, seed: u64) -> Outcome {
        let start: Timestamp = START.parse().expect("it is a timestamp");
        let other = Settings { seed: seed.wrapping_add(0x9E37_79B9_7F4A_7C15), start: start + SHIFT };
        let selected = self.selected();
        let (replayed, second) = std::thread::scope(|scope| {
            // Each on a thread of its own, so that it does not matter what runtime the caller is in.
            let first = scope.spawn(|| self.replay(Settings { seed, start }));
            let second = (!selected.is_empty()).then(|| scope.spawn(|| self.replay(other)));
            let over = |replay: std::thread::ScopedJoinHandle<'_, Replay>| {
                replay.join().expect("a replay catches the handlers' panics")
            };
            (over(first), second.map(over))
        });
        let mut failures = replayed.failures.clone();
        let (mut snapshot, mut volatile) = (None, Vec::new());
        if let Some(second) = second.filter(|_| failures.is_empty()) {
            failures.extend(second.failures.iter().map(elsewhere));
            failures.extend(self.row_counts(&selected, &replayed, &second));
            let first = (&replayed.leftovers.tables, replayed.ids.as_slice());
            let state = canonical(&selected, first, Some((&second.leftovers.tables, second.ids.as_slice())));
            volatile = state.volatile;
            match self.compare(state.text) {
                Ok(compared) => snapshot = Some(compared),
                Err(message) => failures.push(self.failure(message)),
            }
        }
        let calls = replayed.trace.iter().filter(|event| matches!(event.what, What::Call { .. })).count() as u64;
        Outcome {
            name: self.scenario.name.clone(),
            backend: "embedded",
            seed,
            failures,
            snapshot,
            volatile,
            invocations: invocations(&replayed.trace),
            calls,
            settled: replayed.settled,
            virtual_time: replayed.virtual_time,
            not_simulated: self.stack.not_simulated.clone(),
            trace: replayed.trace,
        }
    }

    /// One replay, without comparing anything.
    pub fn replay(&self, settings: Settings) -> Replay {
        replay(&self.scenario, &self.stack, self.app, settings)
    }

    /// The tables whose state is compared with the snapshot: those that ask for it, or all where none is named.
    fn selected(&self) -> Selected {
        if self.scenario.expect.tables.is_empty() {
            return self.stack.tables.iter().map(|table| (table.logical_id.clone(), BTreeSet::new())).collect();
        }
        let tables = self.scenario.expect.tables.iter().filter_map(|table| match &table.value {
            TableExpect::Holds(holds) if holds.snapshot => {
                Some((table.name.value.clone(), holds.redact.iter().cloned().collect()))
            }
            _ => None,
        });
        tables.collect()
    }

    /// Seed and date must not decide how many rows there are.
    fn row_counts(&self, selected: &Selected, first: &Replay, second: &Replay) -> Vec<Failure> {
        let count =
            |replay: &Replay, table: &str| replay.leftovers.tables.get(table).map_or(0, |state| state.items.len());
        let differs = |table: &&String| count(first, table) != count(second, table);
        let message = |table: &String| {
            let (first, second) = (count(first, table), count(second, table));
            format!("table {table} ends with {first} items, and with {second} under another seed and start date")
        };
        selected.keys().filter(differs).map(|table| self.failure(message(table))).collect()
    }

    fn compare(&self, text: String) -> Result<SnapshotOutcome, String> {
        let path = snapshot::path_of(&self.path);
        let comparison = snapshot::compare(&path, &text).map_err(|error| format!("{}: {error}", shown(&path)))?;
        Ok(SnapshotOutcome { path, description: self.scenario.name.clone(), text, comparison })
    }

    fn failure(&self, message: String) -> Failure {
        let span = self.scenario.template.span.clone();
        let source = self.scenario.source.clone();
        let diagnostic = crate::diagnostic::Diagnostic { source, span, message, label: String::new(), help: None };
        Failure { diagnostic, details: Vec::new() }
    }
}

/// A failure of the second replay: not to be learned as volatile.
fn elsewhere(failure: &Failure) -> Failure {
    let mut failure = failure.clone();
    failure.diagnostic.message = format!("under another seed and start date: {}", failure.diagnostic.message);
    failure
}
