//! What whole replays cost on the embedded backend: each documented workflow, and CSV files of 10,000 rows and more with
//! their peak memory. `cargo bench --bench replays`, with numbers of rows to measure only those.
//!
//! Each number of rows has a process of its own, whose peak memory the system tells. The tables stand in
//! `docs/performance.md`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rehearsal::replay::Settings;
use rehearsal::run::{self, DEFAULT_SEED, prepare};
use rehearsal_emulator::clock::Stopwatch;

const WORKFLOWS: [(&str, &str); 3] = [
    ("CSV file of 3 rows", "scenarios/csv/bom.yaml"),
    ("orders API, 2 requests", "scenarios/orders/create.yaml"),
    ("event to 2 consumers", "scenarios/events/large-order.yaml"),
];
const ROWS: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Tells the process that it is to replay so many rows, once.
const CHILD: &str = "REHEARSAL_BENCH_ROWS";

fn main() {
    if let Ok(rows) = std::env::var(CHILD) {
        return child(rows.parse().expect("a number of rows"));
    }
    // Cargo itself passes `--bench`.
    let wanted: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if wanted.is_empty() {
        workflows();
    }
    rows(if wanted.is_empty() { &ROWS } else { &wanted });
}

/// One replay with provisioning, and a run: two replays beside each other and the comparison with the snapshot.
fn workflows() {
    println!("| workflow | one replay | one run |\n| --- | --- | --- |");
    let apps = workflows::apps();
    for (name, file) in WORKFLOWS {
        let ready = prepare(Path::new(file), &apps).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)));
        let replay = || assert!(ready.replay(settings()).failures.is_empty(), "{file}");
        let run = || assert!(ready.run(run::Settings::embedded(DEFAULT_SEED)).expect("it runs").passed(), "{file}");
        println!("| {name} | {:.2?} | {:.2?} |", median(replay), median(run));
    }
}

fn settings() -> Settings {
    Settings { seed: DEFAULT_SEED, start: "2026-01-01T00:00:00Z".parse().expect("a timestamp"), whole: false }
}

/// Of 100, after ten that warm up.
fn median(once: impl Fn()) -> Duration {
    (0..10).for_each(|_| once());
    let timed = |_| {
        let watch = Stopwatch::start();
        once();
        watch.elapsed()
    };
    let mut all: Vec<Duration> = (0..100).map(timed).collect();
    all.sort();
    all[all.len() / 2]
}

fn rows(sizes: &[usize]) {
    println!(
        "\n| rows of a CSV file | file | replay | per row | peak memory | per row |\n| --- | --- | --- | --- | --- | --- |"
    );
    for rows in sizes {
        let program = std::env::current_exe().expect("this program is a file");
        let status = Command::new(program).env(CHILD, rows.to_string()).status().expect("it starts once more");
        assert!(status.success(), "{rows} rows: {status}");
    }
}

fn child(rows: usize) {
    let (scenario, size) = scenario(rows);
    let apps = workflows::apps();
    let ready = prepare(&scenario, &apps).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)));
    let watch = Stopwatch::start();
    let replay = ready.replay(settings());
    let took = watch.elapsed();
    assert!(replay.failures.is_empty(), "{:#?}", replay.failures);
    let peak = peak_memory();
    println!(
        "| {rows} | {:.1} MB | {:.2} s | {:.0} µs | {:.0} MB | {:.1} KB |",
        size as f64 / 1e6,
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / rows as f64,
        peak as f64 / 1e6,
        peak as f64 / 1e3 / rows as f64
    );
}

/// A scenario with a file of so many rows, and the file's size.
fn scenario(rows: usize) -> (PathBuf, usize) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rows");
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    let mut csv = String::from("iata,name,city,state,country,latitude,longitude\n");
    for row in 0..rows {
        writeln!(csv, "{},Airport {row},Springfield,IL,USA,41.97{row:07},-87.9{row:07}", code(row)).expect("memory");
    }
    let file = folder.join(format!("{rows}.csv"));
    std::fs::write(&file, &csv).expect("the target directory can be written");
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/csv/template.yaml");
    let text = format!(
        "version: 1\nname: {rows} rows\ntemplate: {}\nsteps:\n  - s3.put: {{ bucket: Uploads, key: incoming/rows.csv, file: {} }}\n\
         expect:\n  queues: {{ Records: empty, RecordsDeadLetters: empty, UploadsDeadLetters: empty }}\n  tables:\n    \
         Airports: {{ count: {rows} }}\n",
        template.display(),
        file.display()
    );
    let scenario = folder.join(format!("{rows}.yaml"));
    std::fs::write(&scenario, text).expect("the target directory can be written");
    (scenario, csv.len())
}

/// Four capital letters and digits, another for each row.
fn code(mut row: usize) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digit = |_| {
        let digit = char::from(DIGITS[row % 36]);
        row /= 36;
        digit
    };
    (0..4).map(digit).collect()
}

/// The most memory that this process has had, in bytes, where the system tells; Linux does.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|text| text.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}
