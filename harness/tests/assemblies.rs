//! What `cdk synth` writes, from `tests/cdk/app.js`: checked, loaded and replayed as it is.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use rehearsal::backend::Embedded;
use rehearsal::run::{DEFAULT_SEED, Settings, run};
use rehearsal::stack::Stack;
use rehearsal::template::{Template, Values, load_all, stacks_of_assembly};
use rehearsal::{App, Apps, Variables};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cdk")
}

fn load(assembly: &Path) -> Stack {
    let templates = Template::all_at(assembly).expect("the stacks can be read");
    let loaded = load_all(&templates, &Values::default(), &Embedded::naming("app"));
    loaded.unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

fn functions(stack: &Stack) -> Vec<&str> {
    stack.functions.iter().map(|function| function.logical_id.as_str()).collect()
}

const INTAKE: &str = "orders/IntakeNestedStackIntakeNestedStackResource66C6C0FA";
const RETURNS: &str = "orders/ReturnsNestedStackReturnsNestedStackResource96BDD753";

#[test]
fn an_assemblys_stacks_are_loaded_together_each_behind_those_that_it_needs() {
    let stack = load(&folder().join("cdk.out"));
    let (intake, returns) = (format!("{INTAKE}/Worker11F36D0F"), format!("{RETURNS}/Worker11F36D0F"));
    // Neither CDK's own functions, which configure, nor the nested stacks' functions without the way to them.
    let expected =
        ["Read0389503C", "GetC5CA2530", "Notify29C25B1B", "ShipC2EE6D16", &intake, &returns, "ReportC847FC22"];
    assert_eq!(functions(&stack), expected);
    let shipped = stack.rules.iter().find(|rule| rule.logical_id == "Shipped8D853304");
    assert_eq!(shipped.map(|rule| rule.bus.as_str()), Some(stack.buses[0].name.as_str()), "the other stack's bus");
    let notifications = &stack.buckets[0].notifications;
    assert_eq!((notifications.len(), notifications[0].prefix.as_deref()), (1, Some("in/")));
    assert!(stack.not_simulated.iter().all(|left_out| left_out.harmless), "{:?}", stack.not_simulated);
}

#[test]
fn a_stage_is_an_assembly_of_its_own() {
    let stack = load(&folder().join("cdk.out/assembly-Beta"));
    assert_eq!(functions(&stack), ["ReportC847FC22"]);
    assert_eq!(stack.buses.len(), 1);
}

/// CDK does so with `--no-asset-metadata`, and without its command line.
#[test]
fn a_nested_template_is_found_by_its_address_where_no_metadata_names_it() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("assemblies/without-metadata");
    std::fs::create_dir_all(&copy).expect("the target folder can be written");
    for entry in std::fs::read_dir(folder().join("cdk.out")).expect("the assembly").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(entry.path()).expect("it is text");
            let text = text.replace("\"aws:asset:path\"", "\"aws:asset:was\"");
            std::fs::write(copy.join(entry.file_name()), text).expect("the target folder can be written");
        }
    }
    let (with, without) = (load(&folder().join("cdk.out")), load(&copy));
    assert_eq!(functions(&with), functions(&without));
    assert_eq!(with.queues.len(), without.queues.len());
}

#[test]
fn a_folder_without_stacks_is_no_template() {
    let error = Template::all_at(&folder()).expect_err("there is no manifest").to_string();
    assert_eq!(error, "it is a folder without the `manifest.json` and stacks of `cdk synth`");
}

/// A folder with files that hold JSON.
fn scratch(name: &str, files: &[(&str, Value)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("assemblies").join(name);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    for (file, content) in files {
        std::fs::write(folder.join(file), content.to_string()).expect("the target folder can be written");
    }
    folder
}

#[test]
fn stacks_are_in_the_order_of_their_dependencies_whatever_the_manifest_says() {
    let stack = |file: &str, dependencies: &[&str]| {
        json!({
            "type": "aws:cloudformation:stack",
            "properties": { "templateFile": file },
            "dependencies": dependencies,
        })
    };
    let template = || json!({ "Resources": {} });
    let artifacts = json!({
        "C": stack("c.json", &["B", "C.assets", "nowhere"]),
        "C.assets": { "type": "cdk:asset-manifest", "properties": { "file": "c.assets.json" } },
        "A": stack("a.json", &["C"]),
        "B": stack("b.json", &[]),
        "Left": stack("left.json", &["Right", "Left"]),
        "Right": stack("right.json", &["Left"]),
        "Empty": stack("empty.json", &[]),
        "Odd": { "type": "aws:cloudformation:stack", "properties": 7, "dependencies": {} },
        "Text": "aws:cloudformation:stack",
    });
    let names = ["a.json", "b.json", "c.json", "left.json", "right.json"];
    let mut files: Vec<(&str, Value)> = names.iter().map(|name| (*name, template())).collect();
    files.extend([("manifest.json", json!({ "artifacts": artifacts })), ("empty.json", json!({ "Rules": {} }))]);
    let folder = scratch("order", &files);
    let stacks = stacks_of_assembly(&folder).expect("it is an assembly");
    let names: Vec<_> = stacks.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, ["b.json", "c.json", "a.json", "right.json", "left.json"]);
}

#[test]
fn a_manifest_that_holds_anything_is_no_assembly_or_an_empty_one() {
    for manifest in
        [json!(null), json!([]), json!("x"), json!({}), json!({ "artifacts": 1 }), json!({ "artifacts": {} })]
    {
        let folder = scratch("anything", &[("manifest.json", manifest.clone()), ("x.assets.json", manifest.clone())]);
        assert!(stacks_of_assembly(&folder).is_none_or(|stacks| stacks.is_empty()), "{manifest}");
        assert!(Template::all_at(&folder).is_err(), "{manifest}");
    }
}

struct Clients {
    sqs: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    eventbridge: aws_sdk_eventbridge::Client,
    variables: Variables,
}

impl Clients {
    fn new(config: &SdkConfig, variables: &Variables) -> Result<Self, Error> {
        Ok(Self {
            sqs: aws_sdk_sqs::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            eventbridge: aws_sdk_eventbridge::Client::new(config),
            variables: variables.clone(),
        })
    }
}

fn records(event: &LambdaEvent<Value>) -> Vec<Value> {
    event.payload["Records"].as_array().cloned().unwrap_or_default()
}

/// Says of each object that came to which queue it belongs.
async fn read(clients: &Clients, event: LambdaEvent<Value>) -> Result<(), Error> {
    for record in records(&event) {
        let key = record["s3"]["object"]["key"].as_str().unwrap_or_default().to_owned();
        let queue = if key.contains("return") { "RETURNS_URL" } else { "ORDERS_URL" };
        clients.sqs.send_message().queue_url(&clients.variables[queue]).message_body(key).send().await?;
    }
    Ok(())
}

async fn work(clients: &Clients, event: LambdaEvent<Value>) -> Result<Value, Error> {
    for record in records(&event) {
        let id = AttributeValue::S(record["body"].as_str().unwrap_or_default().to_owned());
        clients.dynamodb.put_item().table_name(&clients.variables["TABLE"]).item("id", id).send().await?;
    }
    Ok(json!({ "batchItemFailures": [] }))
}

async fn notify(clients: &Clients, event: LambdaEvent<Value>) -> Result<(), Error> {
    for record in records(&event) {
        let detail = json!({ "id": record["dynamodb"]["Keys"]["id"]["S"] }).to_string();
        let entry = PutEventsRequestEntry::builder().source("orders").detail_type("OrderPlaced").detail(detail);
        let entry = entry.event_bus_name(&clients.variables["BUS"]).build();
        clients.eventbridge.put_events().entries(entry).send().await?;
    }
    Ok(())
}

async fn ok(_: &Clients, _: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(json!({ "statusCode": 200, "body": "here" }))
}

/// The worker is bound once, for the two stacks that have it.
fn app() -> App {
    App::new()
        .function("Read0389503C", Clients::new, read)
        .function("Worker11F36D0F", Clients::new, work)
        .function("Notify29C25B1B", Clients::new, notify)
        .function("ShipC2EE6D16", Clients::new, ok)
        .function("GetC5CA2530", Clients::new, ok)
        .function("ReportC847FC22", Clients::new, ok)
}

#[test]
fn an_assembly_is_replayed_with_the_app_that_is_bound_to_its_folder() {
    let apps = Apps::new(folder()).app("cdk.out", app());
    let finished = run(&folder().join("orders.yaml"), &apps, Settings::embedded(DEFAULT_SEED));
    match finished.result {
        Ok(outcome) => {
            let failures = outcome.failures.iter().map(|failure| (&failure.diagnostic.message, &failure.details));
            let failures: Vec<_> = failures.collect();
            assert!(failures.is_empty(), "{failures:#?}");
        }
        Err(error) => panic!("{error:?}"),
    }
}
