//! `rehearsal run`: opens the backends, replays the scenarios side by side, reports each as soon as it is over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use rehearsal_emulator::clock::Stopwatch;

use super::{DIFFERENT, Failed, Format, INVALID, RunArgs, UNAVAILABLE, print_line, print_text, select};
use crate::backend::{Kind, Options, Place};
use crate::interrupt;
use crate::outcome::Finished;
use crate::parity::Runs;
use crate::report::{json, text};
use crate::run::{Apps, Settings, run};
use crate::snapshot::{self, Comparison};
use crate::trace;
use crate::words::shown;

/// Replays what the arguments select.
pub fn replay(apps: &Apps, args: &RunArgs) -> Result<ExitCode, Failed> {
    let watch = Stopwatch::start();
    let files = select(apps, &args.selection)?;
    // Before anything runs: a trace that cannot be written must not cost the run and its report.
    let trace = args.trace.as_deref().map(create).transpose()?;
    let places = open(args)?;
    let styled =
        args.format == Format::Text && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut listing = text::Listing::new(styled);
    let all = run_all(apps, &files, args, &places, |runs| match args.format {
        Format::Text => print_text(&listing.next(runs)),
        Format::Json => {}
    })?;
    // Removes a container before the report is complete, so that nothing is left when it is read.
    drop(places);
    if let Some((path, file)) = trace {
        write_trace(file, &all).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    match args.format {
        Format::Json => print_line(&serde_json::to_string_pretty(&json::report(&all)).expect("a report is plain data")),
        Format::Text => print_text(&text::summary(&all, watch.elapsed(), styled)),
    }
    Ok(exit_code(&all))
}

/// The backends in the order in which they were named; none stands for the embedded one.
fn open(args: &RunArgs) -> Result<Vec<Option<Place>>, Failed> {
    let mut kinds: Vec<Kind> = Vec::new();
    args.backend.iter().for_each(|kind| {
        if !kinds.contains(kind) {
            kinds.push(*kind)
        }
    });
    let options = Options {
        endpoint_url: args.place.endpoint_url.clone(),
        account: args.place.account.clone(),
        region: args.place.region.clone(),
        image: args.localstack_image.clone().or_else(|| std::env::var("REHEARSAL_LOCALSTACK_IMAGE").ok()),
        patience: args.real_time_limit,
    };
    check_options(&kinds, args)?;
    if kinds.iter().any(|kind| *kind != Kind::Embedded) {
        interrupt::listen();
    }
    let open = |kind: &Kind| -> Result<Option<Place>, Failed> {
        match kind {
            Kind::Embedded => Ok(None),
            kind => {
                let spinner = spinner();
                let place = Place::open(*kind, &options, &|text| tell(&spinner, text));
                spinner.finish_and_clear();
                Ok(Some(place?))
            }
        }
    };
    kinds.iter().map(open).collect()
}

/// An option that nothing reads is a misunderstanding.
fn check_options(kinds: &[Kind], args: &RunArgs) -> Result<(), Failed> {
    let real = kinds.iter().any(|kind| *kind != Kind::Embedded);
    let has = |kind: Kind| kinds.contains(&kind);
    let needs = [
        (args.place.endpoint_url.is_some(), has(Kind::Endpoint) || has(Kind::Aws), "--endpoint-url", "endpoint or aws"),
        (args.place.account.is_some(), has(Kind::Aws), "--account", "aws"),
        (args.place.region.is_some(), real, "--region", "localstack, endpoint or aws"),
        (args.localstack_image.is_some(), has(Kind::LocalStack), "--localstack-image", "localstack"),
        (args.real_time_limit.is_some(), real, "--real-time-limit", "localstack, endpoint or aws"),
    ];
    if args.update_snapshots && kinds.first() != Some(&Kind::Embedded) {
        return Err(
            "--update-snapshots writes what the embedded backend leaves: name that one first, with --backend embedded"
                .to_owned()
                .into(),
        );
    }
    match needs.iter().find(|(given, read, ..)| *given && !read) {
        Some((_, _, option, backend)) => Err(format!("{option} means nothing without --backend {backend}").into()),
        None => Ok(()),
    }
}

/// Shown while a backend starts, on the error stream.
fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}").expect("the template is valid");
    let spinner = ProgressBar::new_spinner().with_style(style);
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}

fn tell(spinner: &ProgressBar, text: &str) {
    if spinner.is_hidden() {
        eprintln!("{text}");
    }
    spinner.set_message(text.to_owned());
}

fn exit_code(all: &[Runs]) -> ExitCode {
    if interrupt::is_requested() {
        ExitCode::from(interrupt::EXIT_CODE)
    } else if all.iter().any(Runs::is_invalid) {
        ExitCode::from(INVALID)
    } else if all.iter().any(Runs::is_unavailable) {
        ExitCode::from(UNAVAILABLE)
    } else if all.iter().all(|runs| runs.passed() || runs.was_skipped()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENT)
    }
}

/// Runs the files side by side. Each is reported, in the order of the files, as soon as all before it are over.
fn run_all(
    apps: &Apps,
    files: &[PathBuf],
    args: &RunArgs,
    places: &[Option<Place>],
    mut report: impl FnMut(&Runs) + Send,
) -> Result<Vec<Runs>, String> {
    let jobs = args.jobs.map_or_else(|| default_jobs(places), usize::from).min(files.len().max(1));
    let progress = progress_bar(files.len());
    let next = AtomicUsize::new(0);
    let mut in_order = InOrder::new(|runs: &Runs| progress.suspend(|| report(runs)));
    let (results, failed) = (Mutex::new(&mut in_order), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((index, file)) = take(&next, files) {
                    progress.set_message(shown(file));
                    let mut runs = run_everywhere(file, apps, args.seed, places);
                    if args.update_snapshots
                        && let Some(first) = runs.finished.first_mut()
                        && let Err(message) = update_snapshot(first)
                    {
                        failed.lock().expect("no worker panics with it").get_or_insert(message);
                    }
                    results.lock().expect("no worker panics with the results").add(index, runs);
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
    let failed = failed.into_inner().expect("no worker panics with it");
    failed.map_or_else(|| Ok(in_order.done), Err)
}

/// One per core; where replays wait for another process, some more.
fn default_jobs(places: &[Option<Place>]) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if places.iter().any(Option::is_some) { cores * 2 } else { cores }
}

fn run_everywhere(file: &Path, apps: &Apps, seed: u64, places: &[Option<Place>]) -> Runs {
    let whole = places.len() > 1;
    let on = |place: &Option<Place>| run(file, apps, Settings { seed, place: place.as_ref(), whole });
    Runs::new(places.iter().map(on).collect())
}

/// Takes results in any order and hands them on in the order of their numbers.
struct InOrder<Report> {
    done: Vec<Runs>,
    waiting: BTreeMap<usize, Runs>,
    report: Report,
}

impl<Report: FnMut(&Runs)> InOrder<Report> {
    fn new(report: Report) -> Self {
        Self { done: Vec::new(), waiting: BTreeMap::new(), report }
    }

    fn add(&mut self, index: usize, runs: Runs) {
        self.waiting.insert(index, runs);
        while let Some(runs) = self.waiting.remove(&self.done.len()) {
            (self.report)(&runs);
            self.done.push(runs);
        }
    }
}

/// The next file; none any more once the person has had enough.
fn take<'f>(next: &AtomicUsize, files: &'f [PathBuf]) -> Option<(usize, &'f PathBuf)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    files.get(index).map(|file| (index, file)).filter(|_| !interrupt::is_requested())
}

/// Shown on the error stream, where that is a terminal.
fn progress_bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}").expect("the template is valid");
    ProgressBar::new(length as u64).with_style(style)
}

fn update_snapshot(finished: &mut Finished) -> Result<(), String> {
    let Some(snapshot) = finished.result.as_mut().ok().and_then(|outcome| outcome.snapshot.as_mut()) else {
        return Ok(());
    };
    if snapshot.comparison != Comparison::Same {
        let written = snapshot::write(&snapshot.path, &snapshot.description, &snapshot.text);
        written.map_err(|error| format!("{}: {error}", snapshot.path.display()))?;
        eprintln!("wrote {}", shown(&snapshot.path));
        snapshot.comparison = Comparison::Same;
    }
    Ok(())
}

fn create(path: &Path) -> Result<(&Path, File), String> {
    File::create(path).map(|file| (path, file)).map_err(|error| format!("the trace {}: {error}", path.display()))
}

/// The traces of all replays in one file; where there are several, each after a line with its scenario.
fn write_trace(mut file: File, all: &[Runs]) -> std::io::Result<()> {
    let finished: Vec<&Finished> = all.iter().flat_map(|runs| &runs.finished).collect();
    let mut text = String::new();
    for run in &finished {
        if let Ok(outcome) = &run.result {
            if finished.len() > 1 {
                let mut head = serde_json::json!({ "scenario": run.file, "name": outcome.name });
                if all.iter().any(|runs| runs.finished.len() > 1) {
                    head["backend"] = run.backend.into();
                }
                text.push_str(&format!("{head}\n"));
            }
            text.push_str(&trace::to_json_lines(&outcome.trace));
        }
    }
    file.write_all(text.as_bytes())
}
