//! The command line. A project's own `main` is one call of [`main`] with its apps.

mod check;
mod clean;
mod replay;
mod serve;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::backend::{Kind, Unavailable};
use crate::diagnostic::nearest;
use crate::run::{Apps, DEFAULT_SEED};
use crate::scenario;
use crate::words::shown;

const EXAMPLES: &str = "\
Examples:
  rehearsal                                   replay every scenario under scenarios/
  rehearsal run scenarios/csv                 replay the scenarios of a folder
  rehearsal run --filter poison --trace t.jsonl
                                              replay those with `poison` in name or file; keep the trace
  rehearsal run --update-snapshots            accept the tables as they are now
  rehearsal run --backend localstack          replay in a LocalStack container
  rehearsal run --backend embedded --backend localstack
                                              replay on both and show what differs
  rehearsal check                             read all files and run nothing
  rehearsal check scenarios/csv/template.yaml
                                              tell what of a template is simulated

Exit codes:
  0  all as expected
  1  an expectation, a snapshot or a backend differs
  2  a scenario is invalid, a template is refused, or the command line is invalid
  3  the backend is not available
130  interrupted by Ctrl-C";

/// Replays AWS serverless workflows, in this process under virtual time or on another AWS.
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
    /// Read scenarios and templates, tell what is in them and what is wrong, and run nothing
    Check(check::CheckArgs),
    /// Print the JSON Schema of scenario files
    Schema,
    /// Remove what a run left in an account because it was killed: clean --account ID --prefix rehearsal-
    Clean(clean::CleanArgs),
    /// Put the embedded AWS on a port, for the AWS CLI, any SDK and Terraform
    #[command(after_help = serve::EXAMPLES)]
    Serve(serve::ServeArgs),
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
    /// Where to replay; named several times, each scenario is replayed on all of them and compared
    #[arg(long, value_enum, value_name = "BACKEND", default_value = "embedded")]
    backend: Vec<Kind>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Where time is real: replay only what takes no longer than this in virtual time, and give a wait up after so
    /// long without anything happening [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = scenario::parse_duration)]
    real_time_limit: Option<Duration>,
    /// LocalStack's image with its tag [env: REHEARSAL_LOCALSTACK_IMAGE] [default: localstack/localstack:4.14.0]
    #[arg(long, value_name = "IMAGE")]
    localstack_image: Option<String>,
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
    /// How many scenarios are replayed side by side [default: one per core, two where time is real]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

/// Which endpoint or account.
#[derive(Args)]
struct PlaceArgs {
    /// The AWS-compatible endpoint, such as http://localhost:4566
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The account that resources are made in, which must be the credentials' own
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// The region [default: us-east-1, or in an account what the AWS configuration says]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Why a command was not carried out.
struct Failed {
    message: String,
    code: u8,
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self { message, code: INVALID }
    }
}

impl From<Unavailable> for Failed {
    fn from(unavailable: Unavailable) -> Self {
        let code = if unavailable.misused { INVALID } else { UNAVAILABLE };
        Self { message: unavailable.to_string(), code }
    }
}

/// Runs the command line over a project's apps and says how it ended.
pub fn main(apps: &Apps) -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.command {
        None => replay::replay(apps, &cli.run),
        Some(Command::Run(args)) => replay::replay(apps, &args),
        Some(Command::Clean(args)) => clean::clean(&args),
        Some(Command::Serve(args)) => serve::serve(apps, &args),
        Some(Command::Check(args)) => check::check(apps, &args),
        Some(Command::Schema) => {
            print_line(&serde_json::to_string_pretty(&scenario::json_schema()).expect("a schema is plain data"));
            Ok(ExitCode::SUCCESS)
        }
    };
    ended.unwrap_or_else(|failed| {
        eprintln!("error: {}", failed.message);
        ExitCode::from(failed.code)
    })
}

const DIFFERENT: u8 = 1;
const INVALID: u8 = 2;
const UNAVAILABLE: u8 = 3;

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

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
