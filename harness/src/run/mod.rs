//! One scenario file to one [`Outcome`]: read, check, replay, replay once more to learn what is volatile,
//! and compare with the committed snapshot. The two replays are on the embedded backend, wherever the scenario
//! is run: there they cost milliseconds, and tell what is volatile and how long a replay takes.

mod embedded;
mod observe;
mod remote;
mod rename;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rehearsal_emulator::clock::Stopwatch;

use crate::app::App;
use crate::backend::{Embedded, Kind, Place};
use crate::diagnostic::Diagnostics;
use crate::outcome::{Failure, Finished, NotRun, Outcome, SnapshotOutcome};
use crate::provision::trial;
use crate::replay::{self, NotReplayed, Replay, invocations};
use crate::scenario::{self, Scenario, TableExpect};
use crate::snapshot::{self, Selected};
use crate::stack::{Stack, in_its_template};
use crate::template::{self, Naming, Template};
use crate::trace::What;
use crate::words::shown;

/// The seed of a run that is not told one.
pub const DEFAULT_SEED: u64 = 1;
/// What a stack is called on the embedded backend.
const STACK: &str = "app";

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

    /// The templates that apps are bound to.
    pub fn templates(&self) -> impl Iterator<Item = &Path> {
        self.apps.keys().map(PathBuf::as_path)
    }

    /// The project's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The apps that are bound to a template, or to a folder of `cdk synth` and to the stacks in it.
    fn of_all_at<'a>(&'a self, template: &Path) -> impl Iterator<Item = &'a App> + use<'a> {
        let stacks = template::stacks_of_assembly(template).unwrap_or_default();
        let files: Vec<PathBuf> = std::iter::once(template.to_owned()).chain(stacks).collect();
        files.into_iter().filter_map(|file| self.of(&file))
    }

    /// The app that is bound to a template.
    pub fn of(&self, template: &Path) -> Option<&App> {
        let wanted = template.canonicalize().ok()?;
        self.apps.iter().find(|(path, _)| path.canonicalize().is_ok_and(|path| path == wanted)).map(|(_, app)| app)
    }
}

/// A scenario that is ready to be replayed.
pub struct Ready<'a> {
    pub scenario: Scenario,
    pub stack: Stack,
    app: Cow<'a, App>,
    path: PathBuf,
}

/// Reads a scenario and its template and checks them against each other and against the app. Runs nothing.
///
/// # Errors
/// Everything that is wrong in the files, or that is bound wrongly.
pub fn prepare<'a>(path: &Path, apps: &'a Apps) -> Result<Ready<'a>, Diagnostics> {
    let scenario = scenario::parse(path, &shown(path)).map_err(|mistakes| with_the_templates(mistakes, path))?;
    let stack = load_templates(&scenario, &Embedded::naming(STACK))?;
    let mut diagnostics = scenario::check(&scenario, &stack);
    let bound = scenario.templates.iter().flat_map(|template| apps.of_all_at(&scenario.path(&template.value)));
    let Some(app) = App::of_all(bound) else {
        no_app(&scenario, &stack, &mut diagnostics);
        return Err(diagnostics);
    };
    check_bindings(&scenario, &stack, &app, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Ok(Ready { scenario, stack, app, path: path.to_owned() })
}

/// Reads a scenario as [`prepare`] does, and tries whether AWS takes the template's resources.
///
/// # Errors
/// Everything that is wrong in the files, or that is bound wrongly.
pub fn check(path: &Path, apps: &Apps) -> Result<(), Diagnostics> {
    tried(&prepare(path, apps)?.stack)
}

/// Tries whether AWS takes a stack's resources, by making them in an embedded one.
///
/// # Errors
/// The first that it refuses, at its place.
pub fn tried(stack: &Stack) -> Result<(), Diagnostics> {
    trial(stack).map_err(|error| stack.mistake(&error.logical_id, &error.to_string()))
}

/// The scenario's templates with their resources named as a backend wants them.
fn load_templates(scenario: &Scenario, naming: &Naming) -> Result<Stack, Diagnostics> {
    let (mut templates, mut diagnostics) = (Vec::new(), Diagnostics::default());
    for named in &scenario.templates {
        let path = scenario.path(&named.value);
        match Template::all_at(&path) {
            Ok(all) => templates.extend(all),
            Err(error) => {
                let message = format!("the template `{}` cannot be read: {error}", shown(&path));
                diagnostics.error(&scenario.source, named.span.clone(), message);
            }
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    template::load_all(&templates, &scenario.parameters, naming)
}

/// A wrong scenario does not hide what is wrong with its template.
fn with_the_templates(mut mistakes: Diagnostics, scenario: &Path) -> Diagnostics {
    let Some((paths, parameters)) = scenario::templates_of(scenario, &shown(scenario)) else { return mistakes };
    let templates: std::io::Result<Vec<Vec<Template>>> = paths.iter().map(|path| Template::all_at(path)).collect();
    if let Ok(templates) = templates
        && let Err(more) = template::load_all(&templates.concat(), &parameters, &Embedded::naming(STACK))
    {
        mistakes.extend(more);
    }
    mistakes
}

/// An app and its template must have the same functions.
fn check_bindings(scenario: &Scenario, stack: &Stack, app: &App, diagnostics: &mut Diagnostics) {
    let in_template: Vec<&str> = stack.functions.iter().map(|function| function.logical_id.as_str()).collect();
    let is_it = |bound: &str, function: &str| bound == function || bound == in_its_template(function);
    let is_bound = |function: &&str| app.names().any(|bound| is_it(bound, function));
    let unbound: Vec<&str> = in_template.iter().copied().filter(|function| !is_bound(function)).collect();
    let is_known = |bound: &&str| in_template.iter().any(|function| is_it(bound, function));
    let unknown: Vec<&str> = app.names().filter(|bound| !is_known(bound)).collect();
    if unbound.is_empty() && unknown.is_empty() {
        return;
    }
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    diagnostics
        .error(
            &scenario.source,
            scenario.template_place(),
            "the template and the app bound to it have different functions",
        )
        .label(format!("in the template, not bound: {}", list(&unbound)))
        .help(format!("bound, not in the template: {}", list(&unknown)));
}

fn no_app(scenario: &Scenario, stack: &Stack, diagnostics: &mut Diagnostics) {
    let functions: Vec<&str> = stack.functions.iter().map(|function| function.logical_id.as_str()).collect();
    let templates: Vec<String> =
        scenario.templates.iter().map(|template| format!("`{}`", shown(&scenario.path(&template.value)))).collect();
    let message = format!("no app is bound to {}", templates.join(" or "));
    diagnostics
        .error(&scenario.source, scenario.template_place(), message)
        .label(format!("its functions: {}", functions.join(", ")))
        .help("bind it with `Apps::app(\"path/to/template.yaml\", App::new().function(…))`");
}

/// How scenarios are run.
#[derive(Clone, Copy, Default)]
pub struct Settings<'p> {
    pub seed: u64,
    /// Where; on the embedded backend if nowhere else.
    pub place: Option<&'p Place>,
    /// Whether all that is left is read, to be compared with another backend's.
    pub whole: bool,
}

impl Settings<'_> {
    /// On the embedded backend.
    pub fn embedded(seed: u64) -> Self {
        Self { seed, place: None, whole: false }
    }
}

/// Runs a scenario file.
pub fn run(path: &Path, apps: &Apps, settings: Settings<'_>) -> Finished {
    let watch = Stopwatch::start();
    let result = prepare(path, apps).map_err(NotRun::Invalid).and_then(|ready| ready.run(settings));
    let backend = settings.place.map_or(Kind::Embedded, Place::kind).name();
    Finished { file: shown(path), backend, result, took: watch.elapsed() }
}

impl Ready<'_> {
    /// Replays the scenario and compares it with what is expected.
    ///
    /// # Errors
    /// It could not be replayed there.
    pub fn run(&self, settings: Settings<'_>) -> Result<Outcome, NotRun> {
        match settings.place {
            None => embedded::run(self, settings),
            Some(place) => remote::run(self, place, settings),
        }
    }

    /// One replay on the embedded backend, without comparing anything.
    pub fn replay(&self, settings: replay::Settings) -> Replay {
        replay::replay(&self.scenario, &self.stack, &self.app, settings)
    }

    /// One replay at a place, without comparing anything, and the stack with the names that it had there.
    ///
    /// # Errors
    /// The place does not answer, or the run was interrupted.
    pub fn replay_at(&self, place: &Place, seed: u64, whole: bool) -> Result<(Replay, Stack), NotRun> {
        let load = |naming: &Naming| load_templates(&self.scenario, naming);
        let replayed = std::thread::scope(|scope| {
            // On a thread of its own, so that it does not matter what runtime the caller is in.
            let replay = scope.spawn(|| replay::replay_at(place, &self.scenario, &load, &self.app, seed, whole));
            replay.join().expect("a replay catches the handlers' panics")
        });
        replayed.map_err(|error| match error {
            NotReplayed::Unavailable(unavailable) => NotRun::Unavailable(unavailable.to_string()),
            NotReplayed::Invalid(diagnostics) => NotRun::Invalid(diagnostics),
            NotReplayed::Interrupted => NotRun::Interrupted,
        })
    }

    /// The tables whose state is compared with the snapshot: those that ask for it, or all where none is named.
    fn selected(&self) -> Selected {
        if self.scenario.expect.tables.is_empty() {
            return self.every_table();
        }
        let tables = self.scenario.expect.tables.iter().filter_map(|table| match &table.value {
            TableExpect::Holds(holds) if holds.snapshot => {
                Some((table.name.value.clone(), holds.redact.iter().cloned().collect()))
            }
            _ => None,
        });
        tables.collect()
    }

    fn every_table(&self) -> Selected {
        self.stack.tables.iter().map(|table| (table.logical_id.clone(), BTreeSet::new())).collect()
    }

    fn compare(&self, text: String) -> Result<SnapshotOutcome, String> {
        let path = snapshot::path_of(&self.path);
        let comparison = snapshot::compare(&path, &text).map_err(|error| format!("{}: {error}", shown(&path)))?;
        Ok(SnapshotOutcome { path, description: self.scenario.name.clone(), text, comparison })
    }

    fn failure(&self, message: String) -> Failure {
        Failure::at(&self.scenario.source, self.scenario.template_place(), message)
    }

    /// The outcome of a replay, before anything is compared with a snapshot. It takes the trace.
    fn outcome(&self, backend: Kind, seed: u64, replayed: &mut Replay) -> Outcome {
        let calls = replayed.trace.iter().filter(|event| matches!(event.what, What::Call { .. })).count() as u64;
        Outcome {
            name: self.scenario.name.clone(),
            backend: backend.name(),
            seed,
            failures: replayed.failures.clone(),
            snapshot: None,
            volatile: Vec::new(),
            invocations: invocations(&replayed.trace),
            calls,
            settled: replayed.settled.clone(),
            virtual_time: (backend == Kind::Embedded).then_some(replayed.time),
            not_simulated: self.stack.not_simulated.clone(),
            trace: std::mem::take(&mut replayed.trace),
            observed: None,
        }
    }
}
