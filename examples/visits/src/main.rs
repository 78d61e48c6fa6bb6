//! The project's command line: the harness's over its apps.

use std::process::ExitCode;

fn main() -> ExitCode {
    rehearsal::cli::main(&visits::apps())
}
