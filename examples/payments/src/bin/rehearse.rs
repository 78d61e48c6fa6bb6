//! The command line: `cargo run --bin rehearse` replays the scenarios.

use std::process::ExitCode;

fn main() -> ExitCode {
    rehearsal::cli::main(&payments::apps())
}
