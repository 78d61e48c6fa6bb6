//! The account backend, with LocalStack as the account: it refuses other accounts, names and tags what it makes,
//! and removes it however a run ends.

#![cfg(unix)] // signals

mod common;

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use common::{Project, ROOT, Run};
use rstest::rstest;

const SCENARIO: &str = "scenarios/csv/bom.yaml";
/// Takes seconds, so that it can be ended half-way.
const LONG: &str = "scenarios/csv/all-rows-stored.yaml";

/// An account of LocalStack, of one test alone.
struct Account {
    id: String,
    endpoint: &'static str,
}

impl Account {
    /// None where tests on LocalStack are skipped.
    fn new() -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(555_500_000_001);
        let endpoint = rehearsal::testing::localstack()?.endpoint_url().expect("LocalStack is at a URL");
        Some(Self { id: NEXT.fetch_add(1, Ordering::Relaxed).to_string(), endpoint })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rehearsal"));
        command.args(arguments).current_dir(ROOT);
        command.env("AWS_ACCESS_KEY_ID", &self.id).env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_REGION", "us-east-1").env("AWS_ENDPOINT_URL", self.endpoint);
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("it was built"))
    }

    fn replay(&self, file: &str) -> Command {
        self.command(&["run", "--backend", "aws", "--account", &self.id, file])
    }

    /// Removes what is left of runs, and tells what that was.
    fn clean(&self) -> String {
        self.run(&["clean", "--account", &self.id, "--prefix", "rehearsal-"]).with_code(0).stdout
    }

    fn sqs<T>(&self, ask: impl AsyncFnOnce(aws_sdk_sqs::Client) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let credentials = Credentials::new(&self.id, "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(self.endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        runtime.block_on(ask(aws_sdk_sqs::Client::new(&config)))
    }

    fn queues(&self) -> Vec<String> {
        self.sqs(async |sqs| sqs.list_queues().send().await.expect("it answers").queue_urls.unwrap_or_default())
    }

    /// A run that has made things, and is not over.
    fn half_way(&self) -> Child {
        let child = self.replay(LONG).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it was built");
        while self.queues().len() < 3 {}
        child
    }
}

fn signal(child: &mut Child, name: &str) -> Option<i32> {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    child.wait().expect("it ends").code()
}

/// With a bus, rules and their targets, which the other runs here do not have.
#[test]
fn a_run_of_rules_and_buses_leaves_nothing() {
    let Some(account) = Account::new() else { return };
    Run::of(account.replay("scenarios/events/large-order.yaml").output().expect("it was built")).with_code(0);
    assert_eq!(account.clean(), "0 resources removed\n");
}

#[test]
fn a_run_in_an_account_leaves_nothing() {
    let Some(account) = Account::new() else { return };
    let run = Run::of(account.replay(SCENARIO).output().expect("it was built")).with_code(0);
    assert!(run.stderr.contains("the names of this run's resources begin with rehearsal-"), "{}", run.stderr);
    run.says(&["     ok A byte order mark is not part of the first column  (2 invocations, 7 calls, on aws, "]);
    assert_eq!(account.clean(), "0 resources removed\n");
}

#[test]
fn a_failed_run_leaves_nothing() {
    let Some(account) = Account::new() else { return };
    let project = Project::new("account-failure").with_order("wrong.yaml", 2);
    let file = project.path.join("wrong.yaml").display().to_string();
    Run::of(account.replay(&file).output().expect("it was built")).with_code(1);
    assert_eq!(account.clean(), "0 resources removed\n");
}

#[test]
fn a_run_ended_by_ctrl_c_leaves_nothing() {
    let Some(account) = Account::new() else { return };
    assert_eq!(signal(&mut account.half_way(), "-INT"), Some(130));
    assert_eq!(account.clean(), "0 resources removed\n");
}

#[test]
fn what_a_killed_run_left_is_removed_by_its_prefix() {
    let Some(account) = Account::new() else { return };
    let mut run = account.half_way();
    assert_eq!(signal(&mut run, "-KILL"), None);
    let cleaned = account.clean();
    for what in ["removed queue rehearsal-", "-Records-r\n", "-RecordsDeadLetters-r\n"] {
        assert!(cleaned.contains(what), "{what}: {cleaned}");
    }
    assert!(!cleaned.contains("left"), "all of it carries the tag: {cleaned}");
    assert_eq!(account.queues(), [""; 0]);
    assert_eq!(account.clean(), "0 resources removed\n");
}

#[test]
fn another_account_than_the_one_that_is_named_is_refused_before_anything_is_made() {
    let Some(account) = Account::new() else { return };
    let run = account.run(&["run", "--backend", "aws", "--account", "999999999999", SCENARIO]).with_code(2);
    let expected =
        format!("error: the credentials belong to the account {}, and --account names 999999999999\n", account.id);
    assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
    assert!(run.stderr.contains("help: nothing was created or removed"), "{}", run.stderr);
    assert_eq!(account.queues(), [""; 0]);
}

#[test]
fn credentials_that_are_not_there_are_exit_code_3() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehearsal"));
    command.args(["run", "--backend", "aws", "--account", "123456789012", SCENARIO]).current_dir(ROOT);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"] {
        command.env_remove(name);
    }
    command.env("AWS_CONFIG_FILE", "/nowhere").env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    command.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    let run = Run::of(command.output().expect("it was built")).with_code(3);
    assert!(run.stderr.starts_with("error: no AWS credentials were found"), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("help: sign in: `aws sso login` or `aws configure`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"),
        "{}",
        run.stderr
    );
}

/// The tag tells the harness's own from what only has such a name.
#[test]
fn what_carries_no_tag_is_left() {
    let Some(account) = Account::new() else { return };
    account
        .sqs(async |sqs| sqs.create_queue().queue_name("rehearsal-of-the-choir").send().await.map(drop).expect("made"));
    let expected =
        "left    queue rehearsal-of-the-choir: it does not carry the tag `rehearsal`\n0 resources removed, 1 left\n";
    assert_eq!(account.clean(), expected);
    assert_eq!(account.queues().len(), 1);
}

#[test]
fn a_prefix_that_could_be_anybodys_is_refused() {
    let Some(account) = Account::new() else { return };
    let run = account.run(&["clean", "--account", &account.id, "--prefix", "prod-"]).with_code(2);
    assert_eq!(run.stderr, "error: the prefix must begin with `rehearsal-`, as all names of a run do\n");
}

/// What a test on LocalStack does without an engine: this binary is run again for one of its tests.
#[rstest]
#[case::skipped(&[], Some(0), "tests on LocalStack are skipped: no Docker engine answers at DOCKER_HOST=unix:///nowhere.sock")]
#[case::required(&[("REHEARSAL_REQUIRE_DOCKER", "1")], Some(101), "REHEARSAL_REQUIRE_DOCKER=1, and no Docker engine answers")]
#[case::not_wanted(&[("REHEARSAL_BACKENDS", "embedded")], Some(0), "")]
#[case::misspelt(&[("REHEARSAL_BACKENDS", "embeded")], Some(101), "REHEARSAL_BACKENDS names `embeded`; tests run on `embedded` and on `localstack`")]
fn without_an_engine_a_test_is(#[case] environment: &[(&str, &str)], #[case] code: Option<i32>, #[case] said: &str) {
    let mut command = Command::new(std::env::current_exe().expect("a test has a binary"));
    command.args(["a_prefix_that_could_be_anybodys_is_refused", "--exact"]).env("DOCKER_HOST", "unix:///nowhere.sock");
    for name in ["REHEARSAL_REQUIRE_DOCKER", "REHEARSAL_BACKENDS", "REHEARSAL_LOCALSTACK_URL", "NEXTEST"] {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().copied()).output().expect("it runs");
    let shown = String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned();
    assert_eq!(output.status.code(), code, "{shown}");
    assert!(shown.contains(said), "{shown}");
    assert!(!said.is_empty() || !shown.contains("skipped:"), "nothing is said of what is not wanted: {shown}");
}
