//! What a replay and a call cost on each backend, measured in one run: `cargo bench --bench backends`.
//!
//! LocalStack is started in a container, unless `REHEARSAL_BENCH_EMBEDDED` is set. `REHEARSAL_BENCH_ENDPOINT` names another emulator by URL, such as
//! MiniStack. The tables are printed as they stand in `docs/performance.md`. A replay is one: provisioning,
//! steps, settling, reading what is left; without the second replay that a run makes on the embedded backend.

use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_types::SdkConfig;
use rehearsal::Apps;
use rehearsal::backend::{Embedded, Kind, Options, Place};
use rehearsal::replay::Settings;
use rehearsal::run::{DEFAULT_SEED, Ready, prepare};
use rehearsal_emulator::clock::Stopwatch;
use rehearsal_emulator::{Clock, Ids};

/// A scenario of few records of each workflow, and one of many.
const SCENARIOS: [(&str, &str); 4] = [
    ("CSV file of 3 rows", "scenarios/csv/bom.yaml"),
    ("orders API, 2 requests", "scenarios/orders/create.yaml"),
    ("event to 2 consumers", "scenarios/events/large-order.yaml"),
    ("CSV file of 3,376 rows", "scenarios/csv/all-rows-stored.yaml"),
];
const CALLS: [&str; 4] = ["DynamoDB PutItem", "SQS SendMessage", "S3 PutObject, 1 KiB", "S3 GetObject, 1 KiB"];

/// How often something is measured; the median counts.
fn times(scenario: &str, embedded: bool) -> usize {
    match (scenario.contains("all-rows"), embedded) {
        (true, true) => 5,
        (true, false) => 1,
        (false, true) => 50,
        (false, false) => 7,
    }
}

struct Column {
    name: String,
    place: Option<Place>,
    start: Option<Duration>,
}

fn main() {
    let apps = workflows::apps();
    let columns = columns();
    println!("{} {}", std::env::consts::ARCH, if cfg!(debug_assertions) { "debug" } else { "release" });
    for column in &columns {
        if let Some(start) = column.start {
            println!("starting {}: {}", column.name, shown(start));
        }
    }
    table("one replay", &columns, &SCENARIOS.map(|(name, file)| (name, replays(&apps, file, &columns))));
    let calls: Vec<Vec<Duration>> = columns.iter().map(calls_on).collect();
    let row = |(index, name): (usize, &'static str)| (name, calls.iter().map(|of| of[index]).collect());
    table("one call", &columns, &CALLS.into_iter().enumerate().map(row).collect::<Vec<_>>());
}

fn columns() -> Vec<Column> {
    let mut columns = vec![Column { name: "embedded".to_owned(), place: None, start: None }];
    let mut open = |name: &str, kind: Kind, options: &Options| {
        let watch = Stopwatch::start();
        match Place::open(kind, options, &|_| {}) {
            Ok(place) => {
                let start = (kind == Kind::LocalStack).then(|| watch.elapsed());
                columns.push(Column { name: name.to_owned(), place: Some(place), start });
            }
            Err(unavailable) => println!("left out: {unavailable}"),
        }
    };
    if std::env::var_os("REHEARSAL_BENCH_EMBEDDED").is_some() {
        return columns;
    }
    // Long enough for the many rows on a slow machine.
    let patience = Some(Duration::from_secs(120));
    open("LocalStack", Kind::LocalStack, &Options { patience, ..Options::default() });
    if let Ok(url) = std::env::var("REHEARSAL_BENCH_ENDPOINT") {
        open(&url.clone(), Kind::Endpoint, &Options { endpoint_url: Some(url), patience, ..Options::default() });
    }
    columns
}

fn replays(apps: &Apps, file: &str, columns: &[Column]) -> Vec<Duration> {
    let ready = prepare(Path::new(file), apps).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)));
    columns.iter().map(|column| replay_on(&ready, file, column.place.as_ref())).collect()
}

fn replay_on(ready: &Ready<'_>, file: &str, place: Option<&Place>) -> Duration {
    let once = || {
        let watch = Stopwatch::start();
        let start = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
        let replay = match place {
            None => ready.replay(Settings { seed: DEFAULT_SEED, start, whole: false }),
            Some(place) => ready.replay_at(place, DEFAULT_SEED, false).expect("it answers").0,
        };
        assert!(replay.failures.is_empty(), "{file}: {:#?}", replay.failures);
        watch.elapsed()
    };
    // The first of each is not counted: it warms up.
    if times(file, place.is_none()) > 1 {
        once();
    }
    median((0..times(file, place.is_none())).map(|_| once()).collect())
}

fn calls_on(column: &Column) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match &column.place {
            None => {
                let backend = Embedded::new(Clock::wall(), Ids::seeded(1), std::sync::Arc::new(|_| None));
                calls(&rehearsal::backend::Backend::config(&backend)).await
            }
            Some(place) => calls(&place.enter().await.expect("it answers").config).await,
        }
    })
}

async fn calls(config: &SdkConfig) -> Vec<Duration> {
    let dynamodb = aws_sdk_dynamodb::Client::new(config);
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build();
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build();
    let table = dynamodb.create_table().table_name("bench").billing_mode(BillingMode::PayPerRequest);
    let table = table.attribute_definitions(id.expect("valid")).key_schema(key.expect("valid"));
    table.send().await.expect("a new table");
    let sqs = aws_sdk_sqs::Client::new(config);
    let queue = sqs.create_queue().queue_name("bench").send().await.expect("a new queue");
    let queue = queue.queue_url().expect("a queue has a URL");
    let s3 = aws_sdk_s3::Client::new(config);
    // Buckets' names are the whole world's, or at least the whole emulator's.
    let bucket = format!("bench-{}", rehearsal_emulator::ids::unrepeatable(10));
    s3.create_bucket().bucket(&bucket).send().await.expect("a new bucket");
    let body = vec![b'x'; 1024];
    let item = |n: usize| dynamodb.put_item().table_name("bench").item("id", AttributeValue::S(n.to_string())).send();
    let put = |n: usize| s3.put_object().bucket(&bucket).key(n.to_string()).body(body.clone().into()).send();
    vec![
        measured(async |n| drop(item(n).await.expect("an item"))).await,
        measured(async |_| drop(sqs.send_message().queue_url(queue).message_body("x").send().await.expect("sent")))
            .await,
        measured(async |n| drop(put(n).await.expect("put"))).await,
        measured(async |n| {
            drop(s3.get_object().bucket(&bucket).key(n.to_string()).send().await.expect("got").body.collect().await)
        })
        .await,
    ]
}

async fn measured(call: impl AsyncFn(usize)) -> Duration {
    const TIMES: usize = 300;
    let mut all = Vec::with_capacity(TIMES);
    for n in 0..TIMES {
        let watch = Stopwatch::start();
        call(n).await;
        all.push(watch.elapsed());
    }
    median(all)
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

/// A Markdown table: a row for each thing, a column for each backend, and how many times as fast embedded is.
fn table(what: &str, columns: &[Column], rows: &[(&str, Vec<Duration>)]) {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    println!("\n| {what} | {} |\n| --- |{}", names.join(" | "), " --- |".repeat(names.len()));
    for (name, cells) in rows {
        let cell = |(index, time): (usize, &Duration)| match index {
            0 => shown(*time),
            _ => format!("{} (×{:.0})", shown(*time), time.as_secs_f64() / cells[0].as_secs_f64()),
        };
        println!("| {name} | {} |", cells.iter().enumerate().map(cell).collect::<Vec<_>>().join(" | "));
    }
    if let Some((name, start)) = columns.iter().find_map(|column| Some((&column.name, column.start?))) {
        let with = |(row, cells): &(&str, Vec<Duration>)| format!("{row} {}", shown(start + cells[1]));
        if what == "one replay" {
            println!("\n{name} with its start: {}", rows.iter().map(with).collect::<Vec<_>>().join(", "));
        }
    }
}

fn shown(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1000 => format!("{micros} µs"),
        micros @ 1000..10_000 => format!("{:.1} ms", micros as f64 / 1000.0),
        micros @ 10_000..1_000_000 => format!("{} ms", micros / 1000),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
