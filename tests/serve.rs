//! `rehearsal serve` from outside: the AWS CLI and boto3 drive it. Where Python lacks them, that part is skipped and says
//! so; with `REHEARSAL_REQUIRE_PYTHON=1` it fails instead.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::{ROOT, Run};

/// A server on a port of its own, ended with the test.
struct Serving {
    child: Child,
    endpoint: String,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rehearsal"));
        command.args(["serve", "--port", "0", "--quiet"]).args(arguments).current_dir(ROOT).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary was built for this test");
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().expect("it is piped")).read_line(&mut first).expect("it says where it is");
        let endpoint = first.split_whitespace().find(|word| word.starts_with("http://"));
        let endpoint = endpoint.unwrap_or_else(|| panic!("no address in: {first}")).trim_end_matches(';').to_owned();
        Self { child, endpoint }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python that has boto3 and the AWS CLI.
fn python() -> Option<String> {
    let python = std::env::var("REHEARSAL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import boto3, awscli"]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let required = std::env::var("REHEARSAL_REQUIRE_PYTHON").is_ok_and(|value| value == "1");
    assert!(!required, "`{python}` has no boto3 and awscli: python3 -m pip install -r tests/serve/requirements.txt");
    eprintln!("skipped: `{python}` has no boto3 and awscli (python3 -m pip install -r tests/serve/requirements.txt)");
    None
}

#[test]
fn the_aws_cli_and_boto3_drive_each_service_through_a_round_trip() {
    let Some(python) = python() else { return };
    let serving = Serving::start(&["--app", "scenarios/csv/template.yaml"]);
    let arguments = ["tests/serve/clients.py", serving.endpoint.as_str(), "000000000000"];
    let ran = Command::new(python).args(arguments).current_dir(ROOT).output().expect("Python starts");
    let ran = Run::of(ran).with_code(0);
    assert_eq!(ran.stdout.lines().filter(|line| line.starts_with("ok ")).count(), 16, "{}", ran.stdout);
}

#[test]
fn a_port_that_is_taken_is_exit_code_3() {
    let serving = Serving::start(&[]);
    let port = serving.endpoint.rsplit(':').next().expect("a port");
    let run = common::rehearsal(&["serve", "--port", port]).with_code(3);
    assert!(run.stderr.contains("help: something listens there already"), "{}", run.stderr);
}

#[test]
fn an_app_that_is_not_bound_is_named_with_what_is_near() {
    let run = common::rehearsal(&["serve", "--app", "scenarios/csv/templat.yaml"]).with_code(2);
    assert!(run.stderr.starts_with("error: scenarios/csv/templat.yaml: No such file"), "{}", run.stderr);
    let run = common::rehearsal(&["serve", "--app", "examples/visits/template.yaml"]).with_code(2);
    assert!(
        run.stderr.starts_with("error: no app is bound to examples/visits/template.yaml\nhelp: "),
        "{}",
        run.stderr
    );
    let run = common::rehearsal(&["serve", "--account", "12"]).with_code(2);
    assert!(run.stderr.contains("an account's id is twelve digits"), "{}", run.stderr);
    let run = common::rehearsal(&["serve", "--parameter", "A=b"]).with_code(2);
    assert!(run.stderr.contains("--app"), "{}", run.stderr);
}
