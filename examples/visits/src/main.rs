//! The command line over the app of this project.

use std::process::ExitCode;

fn main() -> ExitCode {
    rehearsal::cli::main(&visits::apps())
}
