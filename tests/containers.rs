//! The LocalStack backend from outside: its container is gone however a run ends, and a machine without Docker
//! is told so. What needs an engine is skipped where none answers, unless `REHEARSAL_REQUIRE_DOCKER=1`.

#![cfg(unix)] // signals

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::{Project, ROOT, Run};
use rstest::rstest;

const SCENARIO: &str = "scenarios/csv/bom.yaml";

/// What later images of LocalStack need, and nobody may see.
const TOKEN: &str = "ls-a-token-of-mine";

fn rehearsal(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehearsal"));
    command.args(arguments).current_dir(ROOT).env("LOCALSTACK_AUTH_TOKEN", TOKEN);
    command
}

/// Whether the tests here can run.
fn has_docker() -> bool {
    let engine = docker(&["version", "--format", "{{.Server.Version}}"]);
    let required = std::env::var("REHEARSAL_REQUIRE_DOCKER").is_ok_and(|value| value == "1");
    let wanted = std::env::var("REHEARSAL_BACKENDS").map_or(true, |names| names.contains("localstack"));
    assert!(engine.is_some() || !required, "REHEARSAL_REQUIRE_DOCKER=1, and no Docker engine answers");
    if engine.is_none() {
        eprintln!("skipped: no Docker engine answers");
    }
    wanted && engine.is_some()
}

fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The containers of a process.
fn containers(process: u32) -> Vec<String> {
    let label = format!("label=org.rehearsal.process={process}");
    let ids = docker(&["ps", "--all", "--quiet", "--filter", &label]).expect("the engine answers");
    ids.lines().map(str::to_owned).collect()
}

/// Asks until the containers of a process that is over are gone. Each question takes the engine a while.
fn assert_gone(process: u32) {
    const QUESTIONS: usize = 1_000;
    let is_gone = (0..QUESTIONS).any(|_| containers(process).is_empty());
    assert!(is_gone, "still there: {:?}", containers(process));
}

/// Starts a run, and returns when its LocalStack answers.
fn started(arguments: &[&str]) -> Child {
    let mut child = rehearsal(arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it was built");
    let mut lines = BufReader::new(child.stderr.as_mut().expect("it is piped")).lines();
    let answers = |line: &str| line.contains(" answers at http://");
    assert!(lines.any(|line| line.is_ok_and(|line| answers(&line))), "LocalStack does not answer");
    let [container] = &containers(child.id())[..] else { panic!("one container serves a run") };
    let environment = docker(&["inspect", "--format", "{{.Config.Env}}", container]).expect("it is there");
    assert!(environment.contains(&format!("LOCALSTACK_AUTH_TOKEN={TOKEN}")), "the token is passed through");
    child
}

#[test]
fn the_container_is_gone_after_success_and_after_failure() {
    if !has_docker() {
        return;
    }
    let project = Project::new("container-failure").with_order("wrong.yaml", 2);
    let wrong = project.path.join("wrong.yaml").display().to_string();
    for (file, code) in [(SCENARIO, 0), (wrong.as_str(), 1)] {
        let mut command = rehearsal(&["run", "--backend", "localstack", file, "--trace"]);
        let trace = project.path.join("trace.jsonl");
        let child = command.arg(&trace).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it was built");
        let process = child.id();
        let output = child.wait_with_output().expect("it ends");
        let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert_eq!(containers(process), [""; 0], "it is removed before the run ends");
        assert!(!shown.contains(TOKEN) && !project.read("trace.jsonl").contains(TOKEN), "the token is shown");
    }
}

/// Ctrl-C ends a run in order, a signal that cannot be caught ends it at once.
#[rstest]
#[case::ctrl_c("-INT", Some(130))]
#[case::killed("-KILL", None)]
fn the_container_is_gone_after(#[case] signal: &str, #[case] code: Option<i32>) {
    if !has_docker() {
        return;
    }
    let mut child = started(&["run", "--backend", "localstack", "scenarios/csv/all-rows-stored.yaml"]);
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it ends").code(), code);
    assert_gone(child.id());
}

#[test]
fn the_container_is_gone_after_a_run_that_is_killed_while_it_starts() {
    if !has_docker() {
        return;
    }
    let mut command = rehearsal(&["run", "--backend", "localstack", SCENARIO]);
    let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it was built");
    while containers(child.id()).is_empty() {}
    child.kill().expect("it is starting its container");
    child.wait().expect("it ends");
    assert_gone(child.id());
}

#[test]
fn without_an_engine_a_run_tells_what_was_tried_and_what_to_do() {
    let mut command = rehearsal(&["run", "--backend", "localstack", SCENARIO]);
    let run = Run::of(command.env("DOCKER_HOST", "unix:///nowhere.sock").output().expect("it was built"));
    let run = run.with_code(3);
    assert!(run.stderr.contains("no Docker engine answers at DOCKER_HOST=unix:///nowhere.sock"), "{}", run.stderr);
    assert!(run.stderr.contains("help: start Docker, or choose another backend"), "{}", run.stderr);
}

#[test]
fn an_image_that_cannot_be_had_is_named() {
    if !has_docker() {
        return;
    }
    let mut command = rehearsal(&["run", "--backend", "localstack", SCENARIO]);
    let command = command.env("REHEARSAL_LOCALSTACK_IMAGE", "rehearsal.invalid/nothing:1.2");
    let run = Run::of(command.output().expect("it was built")).with_code(3);
    assert!(run.stderr.contains("rehearsal.invalid/nothing:1.2 could not be started"), "{}", run.stderr);
}

#[test]
fn an_endpoint_that_does_not_answer_is_exit_code_3() {
    let mut command = rehearsal(&["run", "--backend", "endpoint", "--endpoint-url", "http://127.0.0.1:9", SCENARIO]);
    let run = Run::of(command.output().expect("it was built")).with_code(3);
    assert!(run.stderr.contains("http://127.0.0.1:9 does not answer GetCallerIdentity"), "{}", run.stderr);
    assert!(run.stderr.contains("help: start it, for example with `docker compose up --wait`"), "{}", run.stderr);
}

/// What is not compared is not called the same.
#[test]
fn a_scenario_that_is_skipped_on_a_backend_is_counted_apart() {
    if !has_docker() {
        return;
    }
    let files = ["scenarios/orders/create.yaml", "scenarios/orders/cancel.yaml"];
    let mut command = rehearsal(&["run", "--backend", "embedded", "--backend", "localstack", files[0], files[1]]);
    let run = Run::of(command.output().expect("it was built")).with_code(0);
    run.says(&[
        "   same An order is created",
        "skipped An order is cancelled once",
        "(localstack: it takes 2m of virtual",
    ]);
    run.says(&["2 scenarios: 1 same, 1 ok on one backend and skipped on the other in "]);
}

/// Every scenario that fits into real time ends alike on both backends.
#[test]
fn the_documented_workflows_are_the_same_on_localstack_and_embedded() {
    if !has_docker() {
        return;
    }
    let mut command = rehearsal(&["run", "--backend", "embedded", "--backend", "localstack", "--format", "json"]);
    let run = Run::of(command.output().expect("it was built")).with_code(0);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let parity = report["parity"].as_array().expect("a list");
    assert!(parity.len() >= 30, "most scenarios fit into real time");
    assert!(parity.iter().all(|one| one["same"] == true), "{parity:#?}");
}
