//! `rehearsal serve` from outside: the AWS CLI and boto3 drive it. Where Python lacks them, that part is skipped and says
//! so; with `REHEARSAL_REQUIRE_PYTHON=1` it fails instead.

mod common;

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
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

/// Runs a Python program against a server. It prints a line for each of so many parts.
fn drive(program: &str, parts: usize, arguments: &[&str]) {
    let Some(python) = python() else { return };
    let serving = Serving::start(arguments);
    let arguments = [program, serving.endpoint.as_str(), "000000000000"];
    let ran = Command::new(python).args(arguments).current_dir(ROOT).output().expect("Python starts");
    let ran = Run::of(ran).with_code(0);
    assert_eq!(ran.stdout.lines().filter(|line| line.starts_with("ok ")).count(), parts, "{}", ran.stdout);
}

#[test]
fn the_aws_cli_and_boto3_drive_each_service_through_a_round_trip() {
    drive("tests/serve/clients.py", 18, &["--app", "scenarios/csv/template.yaml"]);
}

#[test]
fn the_calls_that_terraform_makes_for_each_of_its_resources_are_answered() {
    drive("tests/serve/terraform.py", 19, &[]);
}

#[test]
fn it_listens_where_it_is_told() {
    let serving = Serving::start(&["--host", "0.0.0.0"]);
    let port = serving.endpoint.strip_prefix("http://0.0.0.0:").expect("the host that was asked for");
    let answer = request(port, "GET", "/_localstack/health", "", "");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"sqs\":\"running\""), "{answer}");
}

/// What a server on this machine answers; nothing where it ends first.
fn request(port: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("something listens");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it takes requests");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map(|_| answer).unwrap_or_default()
}

/// A long poll takes up to 20 seconds, and nobody waits for it.
#[cfg(unix)]
#[rstest::rstest]
#[case::interrupted("-INT")]
#[case::asked_to_end("-TERM")]
fn it_ends_at_a_signal_while_a_long_poll_waits(#[case] signal: &str) {
    let mut serving = Serving::start(&[]);
    let port = serving.endpoint.rsplit(':').next().expect("a port").to_owned();
    let sqs = move |operation: &str, body: &str| {
        let scope = "Credential=test/20260101/us-east-1/sqs/aws4_request";
        let headers = format!("Authorization: AWS4-HMAC-SHA256 {scope}\r\nX-Amz-Target: AmazonSQS.{operation}\r\n");
        request(&port, "POST", "/", &headers, body)
    };
    let created = sqs("CreateQueue", r#"{"QueueName":"empty"}"#);
    assert!(created.contains("000000000000/empty"), "{created}");
    let poll = std::thread::spawn(move || {
        sqs("ReceiveMessage", r#"{"QueueUrl":"http://x/000000000000/empty","WaitTimeSeconds":20}"#)
    });
    // The poll is under way, or comes too late: either way the server ends, and there is no answer.
    let pid = serving.child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().expect("there is kill").success());
    assert_eq!(serving.child.wait().expect("it is a child").code(), Some(0));
    assert_eq!(poll.join().ok().as_deref().unwrap_or_default(), "");
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
    let template = "Parameters: { CertArn: { Type: String } }\nResources: { Q: { Type: AWS::SQS::Queue } }\n";
    let project = common::Project::new("serve-parameter").with("t.yaml", template);
    let run = project.rehearsal(&["serve", "--app", "t.yaml"]).with_code(2);
    assert!(run.stderr.contains("help: give it one with `--parameter CertArn=…`"), "{}", run.stderr);
    let run = common::rehearsal(&["serve", "--account", "12"]).with_code(2);
    assert!(run.stderr.contains("an account's id is twelve digits"), "{}", run.stderr);
    let run = common::rehearsal(&["serve", "--parameter", "A=b"]).with_code(2);
    assert!(run.stderr.contains("--app"), "{}", run.stderr);
}
