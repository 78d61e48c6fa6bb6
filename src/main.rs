//! `rehearsal`: the harness's command line over the apps of this workspace.

use std::process::ExitCode;

fn main() -> ExitCode {
    rehearsal::cli::main(&workflows::apps())
}
