//! The command line. A project's own `main` is one call of [`main`] with its apps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use rehearsal_emulator::clock::Stopwatch;

use crate::diagnostic::nearest;
use crate::outcome::Finished;
use crate::report::{json, text};
use crate::run::{Apps, DEFAULT_SEED, prepare, run};
use crate::snapshot::{self, Comparison};
use crate::words::{counted, shown};
use crate::{scenario, trace};

const EXAMPLES: &str = "\
Examples:
  rehearsal                                   replay every scenario under scenarios/
  rehearsal run scenarios/csv                 replay the scenarios of a folder
  rehearsal run --filter poison --trace t.jsonl
                                              replay those with `poison` in name or file; keep the trace
  rehearsal run --update-snapshots            accept the tables as they are now
  rehearsal check                             read all files and run nothing

Exit codes:
  0  all as expected
  1  an expectation or a snapshot differs
  2  a scenario or template is invalid, or the command line is";

/// Replays AWS serverless workflows in this process, under virtual time.
#[derive(Parser)]
#[command(name = "rehearsal", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Replay scenarios and compare what is left with what they expect (the default)
    #[command(after_help = EXAMPLES)]
    Run(RunArgs),
    /// Read scenarios and templates, tell what is wrong with them, and run nothing
    Check(Selection),
    /// Print the JSON Schema of scenario files
    Schema,
}

#[derive(Args)]
struct Selection {
    /// Scenario files, or folders with scenarios [default: scenarios]
    paths: Vec<PathBuf>,
    /// Only scenarios with this text in their name or path
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    selection: Selection,
    /// What all generated ids follow from
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write what happened to a file, one JSON event a line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Write the tables' state to the snapshot files instead of comparing them
    #[arg(long)]
    update_snapshots: bool,
    /// How many scenarios are replayed side by side [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command line over a project's apps and says how it ended.
pub fn main(apps: &Apps) -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.command {
        None => replay(apps, &cli.run),
        Some(Command::Run(args)) => replay(apps, &args),
        Some(Command::Check(selection)) => check(apps, &selection),
        Some(Command::Schema) => {
            print_line(&serde_json::to_string_pretty(&scenario::json_schema()).expect("a schema is plain data"));
            Ok(ExitCode::SUCCESS)
        }
    };
    ended.unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitCode::from(INVALID)
    })
}

const DIFFERENT: u8 = 1;
const INVALID: u8 = 2;

fn replay(apps: &Apps, args: &RunArgs) -> Result<ExitCode, String> {
    let watch = Stopwatch::start();
    let files = select(apps, &args.selection)?;
    // Before anything runs: a trace that cannot be written must not cost the run and its report.
    let trace = args.trace.as_deref().map(create).transpose()?;
    let styled =
        args.format == Format::Text && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut listing = text::Listing::new(styled);
    let all = run_all(apps, &files, args, |finished| match args.format {
        Format::Text => print_text(&listing.next(finished)),
        Format::Json => {}
    })?;
    if let Some((path, file)) = trace {
        write_trace(file, &all).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    match args.format {
        Format::Json => print_line(&serde_json::to_string_pretty(&json::report(&all)).expect("a report is plain data")),
        Format::Text => print_text(&text::summary(&all, watch.elapsed(), styled)),
    }
    Ok(exit_code(&all))
}

fn exit_code(all: &[Finished]) -> ExitCode {
    if all.iter().any(|finished| finished.result.is_err()) {
        ExitCode::from(INVALID)
    } else if all.iter().all(Finished::passed) {
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
    mut report: impl FnMut(&Finished) + Send,
) -> Result<Vec<Finished>, String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or(cores, usize::from).min(files.len().max(1));
    let progress = progress_bar(files.len());
    let next = AtomicUsize::new(0);
    let mut in_order = InOrder::new(|finished: &Finished| progress.suspend(|| report(finished)));
    let (results, failed) = (Mutex::new(&mut in_order), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((index, file)) = take(&next, files) {
                    progress.set_message(shown(file));
                    let mut finished = run(file, apps, args.seed);
                    if args.update_snapshots
                        && let Err(message) = update_snapshot(&mut finished)
                    {
                        failed.lock().expect("no worker panics with it").get_or_insert(message);
                    }
                    results.lock().expect("no worker panics with the results").add(index, finished);
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
    let failed = failed.into_inner().expect("no worker panics with it");
    failed.map_or_else(|| Ok(in_order.done), Err)
}

/// Takes results in any order and hands them on in the order of their numbers.
struct InOrder<Report> {
    done: Vec<Finished>,
    waiting: BTreeMap<usize, Finished>,
    report: Report,
}

impl<Report: FnMut(&Finished)> InOrder<Report> {
    fn new(report: Report) -> Self {
        Self { done: Vec::new(), waiting: BTreeMap::new(), report }
    }

    fn add(&mut self, index: usize, finished: Finished) {
        self.waiting.insert(index, finished);
        while let Some(finished) = self.waiting.remove(&self.done.len()) {
            (self.report)(&finished);
            self.done.push(finished);
        }
    }
}

fn take<'f>(next: &AtomicUsize, files: &'f [PathBuf]) -> Option<(usize, &'f PathBuf)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    files.get(index).map(|file| (index, file))
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
    File::create(path).map(|file| (path, file)).map_err(|error| format!("{}: {error}", path.display()))
}

/// The traces of all scenarios in one file; where there are several, each after a line with its scenario.
fn write_trace(mut file: File, all: &[Finished]) -> std::io::Result<()> {
    let mut text = String::new();
    for finished in all {
        if let Ok(outcome) = &finished.result {
            if all.len() > 1 {
                text.push_str(&serde_json::json!({ "scenario": finished.file, "name": outcome.name }).to_string());
                text.push('\n');
            }
            text.push_str(&trace::to_json_lines(&outcome.trace));
        }
    }
    file.write_all(text.as_bytes())
}

fn check(apps: &Apps, selection: &Selection) -> Result<ExitCode, String> {
    let styled = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let files = select(apps, selection)?;
    let mut invalid = 0;
    for file in &files {
        match prepare(file, apps) {
            Ok(_) => print_text(&format!("     ok {}\n", shown(file))),
            Err(diagnostics) => {
                invalid += 1;
                print_text(&text::invalid(&shown(file), &diagnostics, styled));
            }
        }
    }
    print_text(&format!("\n{} checked, {invalid} invalid\n", counted(files.len() as u64, "scenario")));
    Ok(if invalid == 0 { ExitCode::SUCCESS } else { ExitCode::from(INVALID) })
}

fn select(apps: &Apps, selection: &Selection) -> Result<Vec<PathBuf>, String> {
    let default = [apps.root().join("scenarios")];
    let paths = if selection.paths.is_empty() { &default[..] } else { &selection.paths[..] };
    let mut files = Vec::new();
    for path in paths {
        files.extend(crate::find::scenarios(path).map_err(|error| not_found(path, &error))?);
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    if let Some(text) = &selection.filter {
        files.retain(|file| crate::find::is_selected(file, text));
    }
    if files.is_empty() {
        let filter =
            selection.filter.as_ref().map(|text| format!(" with `{text}` in name or path")).unwrap_or_default();
        let places: Vec<String> = paths.iter().map(|path| shown(path)).collect();
        return Err(format!("no scenario{filter} in {}", places.join(", ")));
    }
    Ok(files)
}

/// A path that is not there; where it is near to a command, that was meant.
fn not_found(path: &Path, error: &std::io::Error) -> String {
    let commands = Cli::command();
    let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    let near = nearest(&path.to_string_lossy(), names);
    let help = near.map(|name| format!("; did you mean the command `{name}`?")).unwrap_or_default();
    format!("{}: {error}{help}", shown(path))
}

fn print_line(text: &str) {
    print_text(&format!("{text}\n"));
}

/// A closed pipe (`rehearsal | head`) is no error.
fn print_text(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
