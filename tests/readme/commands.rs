//! Which commands documents may have, and running those that can be run here.

use std::path::Path;
use std::process::Command;

use rehearsal::diagnostic::Source;

use super::blocks::Block;
use super::output::{assert_alike, exit_code};
use super::scratch::Scratch;

/// Commands that reach for the network, need a person or run this test, so that they are only known.
const NOT_RUN: &[&str] =
    &["cargo insta review", "cargo install cargo-insta", "cargo fmt", "cargo clippy --workspace --all-targets"];

/// What a command that was run printed.
struct Ran {
    code: i32,
    output: String,
}

/// Runs a command that must end well.
pub fn run_line(line: &str, scratch: &Scratch) {
    if let Some(ran) = run(line, scratch) {
        assert_eq!(ran.code, 0, "`{line}` ended with {}:\n{}", ran.code, ran.output);
    }
}

/// Runs a session: commands after `$ `, and below each what it prints.
pub fn run_session(block: &Block<'_>, scratch: &Scratch) {
    let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), entries.last_mut()) {
            (Some(command), _) => entries.push((command, Vec::new())),
            (None, Some((_, output))) => output.push(line),
            (None, None) => panic!("line {}: a session begins with a command", block.line),
        }
    }
    for (index, (command, output)) in entries.iter().enumerate().filter(|(_, (command, _))| *command != "echo $?") {
        let Some(ran) = run(command, scratch) else { panic!("`{command}` is not run, so its output is not known") };
        let next = entries.get(index + 1).filter(|(command, _)| *command == "echo $?");
        let expected = next.map_or(0, |(_, output)| exit_code(output));
        assert_eq!(ran.code, expected, "`{command}` ended with {}:\n{}", ran.code, ran.output);
        assert_alike(command, output, &ran.output);
    }
}

/// The commands of a GitHub Actions workflow; `cargo` ones must be known.
pub fn workflow_commands(name: &str, text: &str, scratch: &Scratch) {
    rehearsal::yaml::parse(&Source::new(name, text)).unwrap_or_else(|wrong| panic!("\n{}", wrong.render(false)));
    let commands: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("- run: ")).collect();
    assert!(!commands.is_empty(), "{name} runs nothing");
    commands.iter().for_each(|command| run_line(command, scratch));
}

/// Runs a command, or makes sure that it is one that is known.
fn run(line: &str, scratch: &Scratch) -> Option<Ran> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        _ if NOT_RUN.contains(&line) => None,
        [".ci/run"] => is_there(".ci/run"),
        ["docker", "compose", "up", ..] => is_there("docker-compose.yml"),
        ["cargo", "test", "--package", package] => is_there(&format!("examples/{package}/tests/scenarios.rs")),
        ["INSTA_UPDATE=always", "cargo", "test", rest @ ..] | ["cargo", "test", rest @ ..] => is_test(rest),
        ["cargo", "run", "--bin", "visits"] => is_there("examples/visits/src/main.rs"),
        ["cargo", "run", "--bin", "rehearse"] => is_there("examples/payments/src/bin/rehearse.rs"),
        ["cargo", "bench", "--bench", name] => {
            let folder = format!("benches/{name}/main.rs");
            let is_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).exists();
            is_there(&if is_folder { folder } else { format!("benches/{name}.rs") })
        }
        ["python3", script] => is_there(script),
        ["mkdir", "-p", "fuzz/seen/template"] => None,
        ["cargo", "fuzz", "run", "-s", "none", target, _, corpus, found, "--", dictionary, ..] => {
            let dictionary = dictionary.strip_prefix("-dict=").expect("a dictionary comes first");
            let target = format!("fuzz/fuzz_targets/{target}.rs");
            [&target, *corpus, *found, dictionary].into_iter().find_map(is_there)
        }
        // Needs an engine, which is asked for where the containers are tested.
        ["cargo", "run", "--", "run", "--backend", rest @ ..] if rest.contains(&"localstack") && !has_docker() => None,
        // Needs an endpoint or an account: here it is enough that it is understood.
        ["cargo", "run", "--", arguments @ ..]
            if arguments.contains(&"endpoint") || arguments.contains(&"--account") =>
        {
            let ran = rehearsal(&[arguments, &["--help"]].concat(), scratch);
            assert_eq!(ran.code, 0, "{}", ran.output);
            None
        }
        // Serves until it is interrupted: here it is enough that it is understood.
        ["cargo", "run", "--", "serve", arguments @ ..] => {
            let ran = rehearsal(&[&["serve"], arguments, &["--help"]].concat(), scratch);
            assert_eq!(ran.code, 0, "{}", ran.output);
            None
        }
        // What it does is tried in `tests/serve/clients.py`.
        ["aws", "--endpoint-url", "http://localhost:4566", ..] => None,
        ["cargo", "run"] => Some(rehearsal(&[], scratch)),
        ["cargo", "run", "--", arguments @ ..]
        | ["cargo", "run", "-q", "--", arguments @ ..]
        | ["rehearsal", arguments @ ..] => Some(rehearsal(arguments, scratch)),
        _ => panic!("nobody knows the command `{line}`"),
    }
}

fn has_docker() -> bool {
    let wanted = std::env::var("REHEARSAL_BACKENDS").map_or(true, |names| names.contains("localstack"));
    let engine = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output();
    wanted && engine.is_ok_and(|output| output.status.success())
}

fn is_there(file: &str) -> Option<Ran> {
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "there is no {file}");
    None
}

/// `cargo test` with a filter, or with a target that exists.
fn is_test(arguments: &[&str]) -> Option<Ran> {
    match arguments {
        [] => None,
        ["--test", target, ..] => is_there(&format!("tests/{target}.rs")),
        [filter] if !filter.starts_with('-') => None,
        _ => panic!("nobody knows `cargo test {}`", arguments.join(" ")),
    }
}

fn rehearsal(arguments: &[&str], scratch: &Scratch) -> Ran {
    let writes = arguments.contains(&"--update-snapshots");
    let confined = arguments.iter().any(|argument| argument.starts_with("scenarios/"));
    assert!(!writes || confined, "this would write the repository's own snapshots");
    let ran = Command::new(env!("CARGO_BIN_EXE_rehearsal")).args(arguments).current_dir(scratch.path()).output();
    let ran = ran.expect("the binary starts");
    let output = [ran.stderr, ran.stdout].concat();
    // Without a path, the scenarios are the repository's: to a reader, those of the current folder.
    let output =
        String::from_utf8_lossy(&output).replace(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"), "scenarios");
    Ran { code: ran.status.code().expect("no signal ends it"), output }
}
