//! An embedded replay opens no socket: it passes without any network interface, and its runtime has no
//! driver that could serve one.

mod common;

use std::process::Command;

use common::{Project, ROOT, Run};
use lambda_runtime::{Error, LambdaEvent};
use rehearsal::{App, Apps};
use serde_json::Value;

/// In a network namespace of its own, which has only a loopback interface that is down. Where the machine
/// does not allow one, that is printed and nothing is asserted: the other test holds everywhere.
#[test]
fn all_scenarios_pass_without_a_network_interface() {
    let alone = ["--net", "--map-root-user"];
    let allowed = Command::new("unshare").args(alone).arg("true").output().is_ok_and(|output| output.status.success());
    if !allowed {
        eprintln!("skipped: this machine allows no network namespace (`unshare --net --map-root-user true` fails)");
        return;
    }
    let run = Command::new("unshare").args(alone).arg(env!("CARGO_BIN_EXE_rehearsal")).current_dir(ROOT).output();
    let run = Run::of(run.expect("it could be started before")).with_code(0);
    assert!(run.stdout.lines().any(|line| line.contains("scenarios: ") && line.contains(" ok in ")), "{}", run.stdout);
}

/// A handler that reaches for a real socket fails, on every machine: nothing real may be waited for.
#[test]
fn a_handler_cannot_open_a_socket() {
    let project = Project::new("no-network").with("template.yaml", TEMPLATE).with("scenario.yaml", SCENARIO);
    let app = App::new().function("Caller", |_, _| Ok::<_, Error>(()), call_out);
    let apps = Apps::new(&project.path).app("template.yaml", app);
    let ready = rehearsal::run::prepare(&project.path.join("scenario.yaml"), &apps)
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let outcome = ready.run(rehearsal::run::Settings::embedded(1)).expect("the embedded backend is there");
    assert!(outcome.failures.is_empty(), "{}", rehearsal::report::text::failure(&outcome, false));
}

async fn call_out(_state: &(), _event: LambdaEvent<Value>) -> Result<(), Error> {
    tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    Ok(())
}

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Caller: { Type: AWS::Serverless::Function, Properties: { Handler: bootstrap, Runtime: provided.al2023, CodeUri: . } }
";

const SCENARIO: &str = "
version: 1
name: A handler reaches for a real socket
template: template.yaml
steps:
  - invoke: { function: Caller, payload: {}, expect: { error: { errorMessage: [{ wildcard: \"*IO is disabled*\" }] } } }
";
