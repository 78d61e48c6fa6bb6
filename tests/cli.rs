//! The command line from outside: what it prints, what it writes, and its exit codes.

mod common;

use std::path::Path;

use common::{Project, ROOT, Run, rehearsal, rehearsal_in};
use rstest::rstest;
use serde_json::Value;

/// A report without the real times, which differ from run to run.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.rfind(", ").or_else(|| line.rfind(" in ")) {
        Some(at) if line.ends_with(')') || line.contains("scenarios:") => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("not JSON: {error}\n{}", run.stdout))
}

#[rstest]
#[case::no_arguments(&["--filter", "byte order mark"])]
#[case::run(&["run", "--filter", "byte order mark"])]
#[case::a_file(&["run", "scenarios/csv/bom.yaml"])]
#[case::a_file_without_the_word_run(&["scenarios/csv/bom.yaml"])]
#[case::a_folder(&["run", "scenarios/csv", "--filter", "BOM"])]
#[case::one_file_three_times(&["scenarios/csv/bom.yaml", "scenarios/csv/bom.yaml", "./scenarios", "--filter", "csv/bom"])]
fn a_scenario_is_found(#[case] arguments: &[&str]) {
    let run = rehearsal(arguments).with_code(0);
    run.says(&[
        "     ok A byte order mark is not part of the first column  (2 invocations, 7 calls, ",
        "1 scenario: 1 ok in ",
    ]);
    assert_eq!(run.stdout.matches(" ok A byte").count(), 1, "it runs once:\n{}", run.stdout);
    assert_eq!(run.stderr, "");
}

#[test]
fn the_default_paths_are_the_projects_scenarios_wherever_it_is_called() {
    let checked = rehearsal(&["check"]).with_code(0).stdout;
    let elsewhere = Project::new("elsewhere").rehearsal(&["check"]).with_code(0).stdout;
    assert_eq!(elsewhere.replace(&format!("{ROOT}/"), ""), checked);
    let files = checked.lines().filter(|line| line.starts_with("     ok scenarios/"));
    assert!(checked.ends_with(&format!("\n\n{} scenarios checked, 0 invalid\n", files.count())), "{checked}");
}

#[test]
fn the_filter_sees_the_path_as_it_is_shown_and_not_what_is_above_it() {
    let project = Project::new("filtered-parent").with_order("first.yaml", 1).with_order("second.yaml", 1);
    project.rehearsal(&["check", ".", "--filter", "FIRST"]).with_code(0).says(&["ok first.yaml\n\n1 scenario checked"]);
    project.rehearsal(&["check", ".", "--filter", "filtered-parent"]).with_code(2);
}

/// What the command line itself refuses, before anything runs.
#[rstest]
#[case(&["--filter", "zzz"], "error: no scenario with `zzz` in name or path in scenarios\n")]
#[case(&["run", "nowhere.yaml"], "error: nowhere.yaml: No such file or directory (os error 2)\n")]
#[case(&["chekc"], "error: chekc: No such file or directory (os error 2); did you mean the command `check`?\n")]
#[case(&["check", "src"], "error: no scenario or template in src\n")]
#[case(&["--trace", "nowhere/trace.jsonl"], "error: the trace nowhere/trace.jsonl: No such file or directory (os error 2)\n")]
#[case(&["--jobs", "0"], "error: invalid value '0' for '--jobs <N>'")]
#[case(&["--format", "xml"], "error: invalid value 'xml' for '--format <FORMAT>'\n  [possible values: text, json]")]
#[case(&["--seed", "x"], "error: invalid value 'x' for '--seed <SEED>'")]
#[case(&["--backend", "lokalstack"], "error: invalid value 'lokalstack' for '--backend <BACKEND>'\n  [possible values: embedded, localstack, endpoint, aws]\n\n  tip: a similar value exists: 'localstack'")]
#[case(&["--backend", "endpoint"], "error: --backend endpoint needs --endpoint-url\nhelp: say where the endpoint is: --endpoint-url http://localhost:4566\n")]
#[case(&["--backend", "endpoint", "--endpoint-url", "4566"], "error: --endpoint-url 4566: it needs a scheme and a host\nhelp: give it as http://localhost:4566\n")]
#[case(&["--backend", "aws"], "error: --backend aws needs --account\nhelp: name the account that the resources are to be made in: --account 123456789012\n")]
#[case(&["--endpoint-url", "http://localhost:4566"], "error: --endpoint-url means nothing without --backend endpoint or aws\n")]
#[case(&["--account", "123456789012"], "error: --account means nothing without --backend aws\n")]
#[case(&["--real-time-limit", "1m"], "error: --real-time-limit means nothing without --backend localstack, endpoint or aws\n")]
#[case(&["--backend", "localstack", "--real-time-limit", "soon"], "error: invalid value 'soon' for '--real-time-limit <DURATION>': `soon` is not a duration: write one such as `30s`, `15m`, `24h` or `3d`")]
#[case(&["--backend", "localstack", "--update-snapshots"], "error: --update-snapshots writes what the embedded backend leaves: name that one first, with --backend embedded\n")]
#[case(&["--backend", "aws", "--account", "12"], "error: --account 12: an account's id is twelve digits\nhelp: `aws sts get-caller-identity` tells it\n")]
#[case(&["clean", "--prefix", "a"], "error: the prefix must begin with `rehearsal-`, as all names of a run do\n")]
#[case(&["clean", "--prefix", "rehearsal-"], "error: clean needs --account: the account that is to be cleaned\nhelp: what `--backend endpoint` left goes with the emulator's restart\n")]
#[case(&["--sead", "1"], "error: unexpected argument '--sead' found\n\n  tip: a similar argument exists: '--seed'")]
fn a_wrong_command_line_is_exit_code_2(#[case] arguments: &[&str], #[case] message: &str) {
    let run = rehearsal(arguments).with_code(2);
    assert!(run.stderr.starts_with(message), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

#[rstest]
fn help_shows_examples_and_exit_codes(
    #[values(&["--help"][..], &["run", "--help"][..], &["help"][..])] arguments: &[&str],
) {
    let run = rehearsal(arguments).with_code(0);
    run.says(&["Usage: rehearsal", "--filter <TEXT>", "--seed <SEED>", "--format <FORMAT>", "--trace <FILE>"]);
    run.says(&[
        "Examples:\n",
        "rehearsal run scenarios/csv ",
        "rehearsal check ",
        "Exit codes:\n",
        "  0  ",
        "  1  ",
        "  2  ",
    ]);
}

/// An example that does not work is worse than none.
#[test]
fn the_examples_of_the_help_are_commands_that_work() {
    let help = rehearsal(&["--help"]).with_code(0).stdout;
    let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  rehearsal")).collect();
    assert_eq!(examples.len(), 8, "{help}");
    for example in examples {
        let command = example.trim().split("  ").next().expect("a line has a beginning");
        let words: Vec<&str> = command.split(' ').skip(1).filter(|word| *word != "run").collect();
        let mut arguments: Vec<&str> =
            if words.first() == Some(&"check") { words } else { [&["check"], &words[..]].concat() };
        // They would run everything, some in containers: here it is enough that they are understood.
        let of_run = ["--trace", "t.jsonl", "--update-snapshots", "--backend", "embedded", "localstack"];
        arguments.retain(|word| !of_run.contains(word));
        rehearsal(&arguments).with_code(0);
    }
}

#[test]
fn json_is_one_object_without_real_times_and_equal_for_equal_runs() {
    let arguments = ["run", "scenarios/orders", "--format", "json", "--filter", "order"];
    let run = rehearsal(&arguments).with_code(0);
    assert_eq!(rehearsal(&arguments).stdout, run.stdout);
    let report = json_of(&run);
    let scenarios = report["scenarios"].as_array().expect("a list of scenarios");
    assert_eq!((report["passed"].as_u64(), report["failed"].as_u64()), (Some(scenarios.len() as u64), Some(0)));
    let keys = [
        "file",
        "name",
        "status",
        "backend",
        "seed",
        "failures",
        "snapshot",
        "volatile",
        "invocations",
        "calls",
        "settled",
        "virtual_seconds",
        "not_simulated",
    ];
    for scenario in scenarios {
        let found: Vec<&str> = scenario.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(found, keys);
        assert_eq!((scenario["status"].as_str(), scenario["snapshot"]["state"].as_str()), (Some("ok"), Some("same")));
    }
}

#[test]
fn json_names_what_is_wrong_with_file_and_line() {
    let project = Project::new("json-wrong")
        .with_order("a-failing.yaml", 2)
        .with("b-invalid.yaml", "version: 1\nnmae: x\ntemplate: ROOT/scenarios/orders/template.yaml\nsteps: []\n");
    let report = json_of(&project.rehearsal(&["run", ".", "--format", "json"]).with_code(2));
    assert_eq!((&report["passed"], &report["failed"]), (&0.into(), &2.into()));
    let failure = &report["scenarios"][0]["failures"][0];
    assert_eq!((&failure["file"], &failure["line"]), (&"a-failing.yaml".into(), &13.into()), "{failure}");
    assert_eq!(failure["message"], "CreateOrder was invoked once, expected 2");
    assert_eq!(report["scenarios"][1]["status"], "invalid");
    let mistakes = report["scenarios"][1]["mistakes"].as_array().expect("a list of mistakes");
    let mistake = mistakes.iter().find(|mistake| mistake["message"] == "unknown key `nmae`").expect("it is told");
    assert_eq!((&mistake["file"], &mistake["line"]), (&"b-invalid.yaml".into(), &2.into()), "{mistake}");
    assert_eq!(mistake["help"], "did you mean `name`?");
}

/// A trace is one JSON event a line: numbered from 1, each caused by an earlier one, none at a real time.
#[test]
fn a_trace_is_json_lines_with_id_cause_time_and_event() {
    let project = Project::new("trace").with_order("a.yaml", 2);
    let trace = |arguments: &[&str]| {
        project.rehearsal(&[&["run", "a.yaml", "--trace", "t.jsonl"], arguments].concat()).with_code(1);
        project.read("t.jsonl")
    };
    let first = trace(&[]);
    let events: Vec<Value> = first.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["stimulus", "delivery", "invocation", "call", "log", "settled"], "{first}");
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["id"], index as u64 + 1, "{event}");
        assert!(event["at"].as_str().is_some_and(|at| at.starts_with("2026-01-01T00:00:")), "{event}");
        assert!(event.get("cause").is_none_or(|cause| cause.as_u64() < event["id"].as_u64()), "{event}");
    }
    let causes: Vec<Option<u64>> = events.iter().map(|event| event["cause"].as_u64()).collect();
    assert_eq!(causes, [None, Some(1), Some(2), Some(3), Some(3), None]);
    assert_eq!(trace(&[]), first, "equal runs have equal traces, in processes of their own too");
    assert_ne!(trace(&["--seed", "2"]), first, "another seed gives other ids");
}

#[test]
fn the_traces_of_several_scenarios_each_follow_a_line_that_names_theirs() {
    let project = Project::new("traces").with_order("a.yaml", 1).with_order("b.yaml", 1);
    project.rehearsal(&["run", ".", "--trace", "t.jsonl"]).with_code(1);
    let trace = project.read("t.jsonl");
    let heads: Vec<&str> = trace.lines().filter(|line| line.contains("\"scenario\"")).collect();
    let head = |file: &str| format!(r#"{{"scenario":"{file}","name":"An order is created"}}"#);
    assert_eq!(heads, [head("a.yaml"), head("b.yaml")]);
}

/// Snapshots hold under every seed: what a seed decides is masked or renamed in them.
#[test]
fn another_seed_passes_with_the_same_snapshots() {
    let run = rehearsal(&["run", "scenarios/events", "--seed", "77", "--format", "json"]).with_code(0);
    assert_eq!(json_of(&run)["scenarios"][0]["seed"], 77);
}

#[test]
fn snapshots_are_missing_then_written_then_compared() {
    let project = Project::new("snapshots").with_order("a.yaml", 1);
    let missing = project.rehearsal(&["run", "a.yaml"]).with_code(1);
    missing.says(&[
        " FAILED An order is created",
        "a.yaml\n",
        "there is no snapshot snapshots/a.snap yet",
        "Orders: 1 item",
    ]);
    missing.says(&["write it with --update-snapshots", "what happened:\n", "1 scenario: 0 ok, 1 failed in "]);
    assert!(!project.path.join("snapshots").exists(), "only --update-snapshots writes");

    let updated = project.rehearsal(&["run", "a.yaml", "--update-snapshots"]).with_code(0);
    assert_eq!(updated.stderr, "wrote snapshots/a.snap\n");
    let written = project.read("snapshots/a.snap");
    project.rehearsal(&["run", "a.yaml"]).with_code(0);
    let again = project.rehearsal(&["run", "a.yaml", "--update-snapshots"]).with_code(0);
    assert_eq!((again.stderr.as_str(), project.read("snapshots/a.snap") == written), ("", true), "nothing to write");

    let project = project.with("snapshots/a.snap", &written.replace("PLACED", "CANCELLED"));
    let different = project.rehearsal(&["run", "a.yaml"]).with_code(1);
    different.says(&[
        "the tables differ from snapshots/a.snap (- committed, + now):",
        "    -{",
        "CANCELLED",
        "    +{",
        "PLACED",
    ]);
    different.says(&["accept them with --update-snapshots", "what happened:\n"]);
    project.rehearsal(&["run", "a.yaml", "--update-snapshots"]).with_code(0);
    assert_eq!(project.read("snapshots/a.snap"), written);
}

#[test]
fn a_scenario_that_names_no_table_is_compared_in_all_of_them() {
    let text = "version: 1\nname: Nothing\ntemplate: ROOT/scenarios/orders/template.yaml\nsteps: [settle: {}]\n";
    let project = Project::new("all-tables").with("a.yaml", text);
    project.rehearsal(&["run", "a.yaml"]).with_code(1).says(&["IdempotencyKeys: 0 items", "Orders: 0 items"]);
}

#[test]
fn a_failing_expectation_shows_the_place_and_the_timeline() {
    let project = Project::new("failing").with_order("a.yaml", 2);
    let run = project.rehearsal(&["run", "a.yaml", "--update-snapshots"]).with_code(1);
    let expected = " FAILED An order is created  (1 invocation, 1 call, TIME)
        a.yaml

error: CreateOrder was invoked once, expected 2
  --> a.yaml:13:18
   |
13 |   invocations: { CreateOrder: 2 }
   |                  ^^^^^^^^^^^

what happened:
       +0s  step 1: http OrdersApi POST /orders
       +0s    → CreateOrder gets 1 record from API Gateway OrdersApi POST /orders
       +0s      CreateOrder ran, cold start: ok
       +0s        DynamoDB TransactWriteItems IdempotencyKeys,Orders
       +0s        INFO order created order_id=aedcca0ae2bef0f770968ea4d6f4d57d idempotency_key=k-1
       +0s  settled: idle
at the end: idle after 0s
";
    let (head, rest) = run.stdout.split_once('\n').expect("it has lines");
    let took = head.rfind(", ").expect("the real time stands last");
    let found = format!("{}, TIME)\n{rest}", &head[..took]);
    assert!(found.starts_with(expected), "{}", run.stdout);
    assert!(!project.path.join("snapshots").exists(), "the state of a failed replay is not accepted");
}

/// Invalid beats different: nothing can be said of a scenario that did not run.
#[test]
fn an_invalid_scenario_among_others_is_exit_code_2_and_the_others_run() {
    let project = Project::new("invalid").with_order("a.yaml", 1).with("b.yaml", "version: 1\n");
    let run = project.rehearsal(&["run", ".", "--update-snapshots"]).with_code(2);
    run.says(&["     ok An order is created", "invalid b.yaml  ", "error: ", "2 scenarios: 1 ok, 1 invalid in "]);
    let check = project.rehearsal(&["check", "."]).with_code(2);
    check.says(&["     ok a.yaml\ninvalid b.yaml  ", "error: ", "2 scenarios checked, 1 invalid\n"]);
}

#[test]
fn check_runs_nothing() {
    let project = Project::new("checked").with_order("a.yaml", 2);
    let run = project.rehearsal(&["check", "a.yaml"]).with_code(0);
    assert_eq!(run.stdout, "     ok a.yaml\n\n1 scenario checked, 0 invalid\n");
}

/// However many are replayed side by side, the report is in the order of the files and says the same.
#[test]
fn the_number_of_jobs_changes_nothing_but_time() {
    let run = |jobs: &str| without_times(&rehearsal(&["run", "scenarios/orders", "--jobs", jobs]).with_code(0).stdout);
    let one = run("1");
    assert!(one.lines().filter(|line| line.starts_with("     ok ")).count() > 10, "{one}");
    assert_eq!(run("8"), one);
}

#[test]
fn output_that_is_not_for_a_terminal_has_no_escape_codes() {
    let project = Project::new("plain").with_order("a.yaml", 2).with("b.yaml", "version: 1\n");
    let runs = [&["run", "."][..], &["check", "."], &["run", ".", "--format", "json"], &["--help"], &["--nonsense"]];
    for run in runs.map(|arguments| project.rehearsal(arguments)) {
        assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn the_schema_is_a_json_schema_of_scenarios() {
    let schema = json_of(&rehearsal_in(Path::new(ROOT), &["schema"]).with_code(0));
    assert!(schema["$schema"].is_string() && schema["properties"]["steps"].is_object(), "{schema}");
}
