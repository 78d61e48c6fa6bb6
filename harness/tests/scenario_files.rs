//! What scenario files say when they are wrong: each file of `scenarios_bad` beside the exact messages, and
//! a file that uses everything is right. `REHEARSAL_BLESS=1` writes the messages anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rehearsal::diagnostic::{Diagnostics, Source};
use rehearsal::scenario::{self, Action, Content, Count, Method, QueueExpect, Scenario, TableExpect};
use rehearsal::stack::{
    Api, ApiKind, Archive, Bucket, EventBus, Function, KinesisStream, NotSimulated, Queue, Rule, Stack, Stage, Table,
    Topic,
};
use rstest::rstest;
use serde_json::json;

#[rstest]
fn a_wrong_scenario_gives_exactly_the_expected_messages(#[files("tests/scenarios_bad/*.yaml")] path: PathBuf) {
    let name = path.file_name().expect("files have names").to_string_lossy();
    let messages = problems(&path, &name).render(false) + "\n";
    let expected = path.with_extension("stderr");
    if std::env::var_os("REHEARSAL_BLESS").is_some() {
        fs::write(&expected, &messages).expect("the folder can be written");
    }
    let expected = fs::read_to_string(&expected).unwrap_or_default();
    assert!(!messages.trim().is_empty(), "{name} is not wrong");
    assert_eq!(messages, expected, "\n{messages}");
}

#[test]
fn a_missing_file_and_a_directory_are_named() {
    for (path, expected) in [
        ("tests/nowhere.yaml", "error: there is no such file\n--> shown.yaml"),
        ("tests/scenarios_bad", "error: this is a directory, not a file\n--> shown.yaml"),
    ] {
        assert_eq!(problems(Path::new(path), "shown.yaml").render(false), expected);
    }
}

#[test]
fn a_file_that_uses_everything_is_right() {
    let scenario = everything();
    assert_eq!(scenario::check(&scenario, &stack()).render(false), "");
    let steps: Vec<_> = scenario.steps.iter().map(|step| step.action.name()).collect();
    let mut distinct = steps.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), Action::NAMES.len(), "{steps:?}");
    let names = scenario.steps.iter().map(|step| &scenario.source.text[step.span.clone()]);
    assert!(names.eq(steps), "a step's place is its name's");
    assert_eq!(
        *scenario.parameters.texts(),
        BTreeMap::from([("Version".into(), "1.0".into()), ("Debug".into(), "true".into())])
    );
}

#[test]
fn expectations_keep_the_place_of_their_name() {
    let scenario = everything();
    let expect = &scenario.expect;
    let names = (expect.invocations.iter().map(|named| &named.name))
        .chain(expect.queues.iter().map(|named| &named.name))
        .chain(expect.requests.iter().map(|named| &named.name))
        .chain(expect.objects.iter().map(|named| &named.name))
        .chain(expect.tables.iter().map(|named| &named.name));
    for name in names {
        assert_eq!(scenario.source.text[name.span.clone()], name.value);
    }
    assert_eq!(expect.invocations[0].value, Count::exactly(3));
    assert_eq!(expect.invocations[1].value, Count { min: 1, max: None });
    assert_eq!(expect.queues[0].value, QueueExpect::Empty);
    assert_eq!(expect.tables[1].value, TableExpect::Empty);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let text = format!("\u{feff}{}", EVERYTHING.replace('\n', "\r\n"));
    let scenario = read(&text);
    assert_eq!(scenario.steps.len(), everything().steps.len());
    for step in &scenario.steps {
        assert_eq!(&text[step.span.clone()], step.action.name());
    }
}

#[test]
fn steps_become_what_they_say() {
    let scenario = everything();
    let action = |index: usize| &scenario.steps[index].action;
    assert!(matches!(action(0).content(), Some(Content::File(file)) if file.value == Path::new("data/items.json")));
    assert!(matches!(action(0), Action::S3Put(put) if put.metadata["rows"] == "2.50"));
    let Action::Http(request) = action(2) else { panic!("the third step is a request") };
    assert_eq!((request.method, request.method.as_str()), (Method::Post, "POST"));
    assert_eq!(request.query["limit"], ["2"]);
    let expect = request.expect.as_ref().expect("the request expects");
    assert_eq!(expect.status.as_ref().map(|status| status.value().clone()), Some(json!([201])));
    assert_eq!(expect.body.as_ref().map(|body| body.value().clone()), Some(json!({"status": ["PLACED"]})));
    assert!(matches!(action(5), Action::SqsSend(send) if send.delay == Some(Duration::from_secs(10))));
    assert!(scenario.steps.iter().any(|step| step.action == Action::Advance(Duration::from_secs(86_400))));
}

#[test]
fn captures_reach_every_text_of_steps_and_expectations() {
    let scenario = everything();
    let captured = BTreeMap::from([("order_id".to_owned(), json!("o-1")), ("total".to_owned(), json!(1250))]);
    for step in &scenario.steps {
        let action = step.action.substituted(&captured).expect("everything is captured");
        assert!(!format!("{action:?}").contains('$'), "{action:?}");
    }
    let Action::SqsSend(send) = scenario.steps[5].action.substituted(&captured).expect("everything is captured") else {
        panic!("the sixth step sends a message");
    };
    assert_eq!(send.json, Some(json!({"order": "o-1", "total": 1250, "text": "1250 for o-1"})));
    let expect = scenario.expect.substituted(&captured).expect("everything is captured");
    assert!(!format!("{expect:?}").contains("$order_id"), "{expect:?}");
    let missing = scenario.steps[5].action.substituted(&BTreeMap::new()).expect_err("nothing is captured");
    assert_eq!(missing.to_string(), "nothing has been captured as `order_id`");
}

/// Every mistake of a scenario file, held against the stack where it can be read.
fn problems(path: &Path, shown: &str) -> Diagnostics {
    match scenario::parse(path, shown) {
        Ok(scenario) => scenario::check(&scenario, &stack()),
        Err(diagnostics) => diagnostics,
    }
}

const EVERYTHING: &str = include_str!("scenarios_good/everything.yaml");

fn everything() -> Scenario {
    read(EVERYTHING)
}

fn read(text: &str) -> Scenario {
    let source = Source::new("everything.yaml", text);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios_bad");
    scenario::parse_source(&source, &directory).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn stack() -> Stack {
    let id = |name: &str| name.to_owned();
    let arn = |name: &str| format!("arn:aws:any:eu-west-1:123456789012:{name}");
    let bucket = |name| Bucket { logical_id: id(name), name: id(name), ..Bucket::default() };
    let queue = |name| Queue {
        logical_id: id(name),
        name: id(name),
        arn: arn(name),
        url: format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}"),
        attributes: BTreeMap::new(),
    };
    let attribute = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let policy = json!({ "deadLetterTargetArn": arn("RecordsDeadLetters"), "maxReceiveCount": 3 }).to_string();
    let records = Queue { attributes: attribute("RedrivePolicy", &policy), ..queue("Records") };
    let table = |name| Table {
        logical_id: id(name),
        name: id(name),
        arn: arn(name),
        stream_arn: None,
        definition: json!({}),
        time_to_live: None,
    };
    let function = |name| Function {
        logical_id: id(name),
        name: id(name),
        arn: arn(name),
        handler: id("bootstrap"),
        timeout: Duration::from_secs(3),
        memory_size: 128,
        environment: BTreeMap::new(),
        dead_letter_arn: None,
        event_invoke: Default::default(),
        reserved_concurrency: None,
        allows_loops: false,
        qualifiers: Vec::new(),
    };
    let stream = KinesisStream {
        logical_id: id("Clicks"),
        name: id("Clicks"),
        arn: arn("Clicks"),
        shards: Some(1),
        retention_hours: 24,
        max_record_kib: None,
    };
    let archive = Archive {
        logical_id: id("Kept"),
        name: id("Kept"),
        source_arn: arn("Business"),
        event_pattern: None,
        retention_days: None,
    };
    let rule = Rule {
        logical_id: id("OnOrder"),
        name: id("OnOrder"),
        arn: arn("OnOrder"),
        bus: id("Business"),
        event_pattern: None,
        schedule: None,
        enabled: true,
        targets: Vec::new(),
    };
    let stage = Stage { name: id("$default"), ..Stage::default() };
    let api = Api { stages: vec![stage], ..Api::new(id("OrdersApi"), id("abc"), ApiKind::Http, "eu-west-1") };
    Stack {
        buckets: vec![bucket("Uploads"), bucket("Reports")],
        queues: vec![
            records,
            queue("RecordsDeadLetters"),
            queue("Orders.fifo"),
            Queue { attributes: attribute("ContentBasedDeduplication", "true"), ..queue("ByContent.fifo") },
        ],
        streams: vec![stream],
        tables: vec![table("Airports"), table("Rejects")],
        functions: vec![function("ReadCsv"), function("StoreRecord")],
        buses: vec![EventBus { logical_id: id("Business"), name: id("Business"), arn: arn("Business") }],
        topics: vec![Topic { logical_id: id("News"), name: id("News"), arn: arn("News"), attributes: BTreeMap::new() }],
        archives: vec![archive],
        rules: vec![rule],
        apis: vec![api],
        not_simulated: vec![NotSimulated {
            logical_id: id("ReadCsvRole"),
            what: id("AWS::IAM::Role"),
            harmless: true,
            delivers_to: Vec::new(),
        }],
        ..Stack::default()
    }
}
