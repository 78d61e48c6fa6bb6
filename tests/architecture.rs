//! The code's shape, held by reading its files: which way imports go, who may read a clock or make an id,
//! and what every file looks like. The lists below are the rules; a finding tells file, line and what to do.

use std::fs;
use std::path::{Path, PathBuf};

/// The harness's modules from the bottom up: each may import those before it.
const LAYERS: &[&str] = &[
    // Plain data and pure functions over it: the user's files, and what a run leaves behind.
    "words",
    "diagnostic",
    "yaml",
    "json_schema",
    "stack",
    "template",
    "findings",
    "scenario",
    "matching",
    "stubs",
    "shape",
    "trace",
    "pending",
    "event",
    "gateway",
    "issuer",
    // The driver.
    "interrupt",
    "logs",
    "app",
    "backend",
    "call",
    "provision",
    "invoke",
    "shared",
    "send",
    "api",
    "function_url",
    "mapping",
    "push",
    "pipes",
    "lambda_api",
    "driver",
    "settle",
    // A run.
    "state",
    "snapshot",
    "outcome",
    "parity",
    "replay",
    "run",
    "serve",
    // What people see.
    "report",
    "find",
    "cli",
    "testing",
];

/// Modules that never touch a network: nothing of the AWS SDK stands in them.
const WITHOUT_SDK: [&str; 25] = [
    "words",
    "diagnostic",
    "yaml",
    "json_schema",
    "stack",
    "template",
    "findings",
    "scenario",
    "matching",
    "stubs",
    "shape",
    "trace",
    "pending",
    "event",
    "gateway",
    "issuer",
    "snapshot",
    "outcome",
    "parity",
    "run",
    "report",
    "find",
    "cli",
    "testing",
    "settle",
];
/// The SDK's types as plain data, where they are what AWS's payload is made of.
const SDK_TYPES_AS_DATA: [(&str, &str); 3] = [
    ("event", "aws_sdk_sqs::types::"),
    ("event", "aws_sdk_dynamodbstreams::types::"),
    ("event", "aws_sdk_kinesis::types::"),
];

/// What reports may read: what came of a run, and the words for it.
const REPORT_READS: [&str; 9] =
    ["findings", "outcome", "parity", "stack", "trace", "diagnostic", "snapshot", "settle", "words"];

/// Words that only the named files may have, and what to use elsewhere.
const ONLY_IN: [(&str, &[&str], &str); 9] = [
    ("SystemTime", &["harness/emulator/src/clock.rs"], "take the time from the replay's `Clock`"),
    ("Instant::now", &["harness/emulator/src/clock.rs"], "take the time from the replay's `Clock`"),
    ("Timestamp::now", &["harness/emulator/src/clock.rs"], "take the time from the replay's `Clock`"),
    ("Zoned::now", &[], "take the time from the replay's `Clock`"),
    ("fastrand", &["harness/emulator/src/ids.rs"], "take ids and chance from the replay's `Ids`"),
    ("uuid::", &[], "take ids from the replay's `Ids`"),
    // A signature's random numbers do not show in it.
    ("rand::", &["harness/src/issuer.rs"], "take chance from the replay's `Ids`"),
    // The SDK gives and takes items and metadata as hash maps.
    (
        "HashMap",
        &["harness/src/state.rs", "harness/src/replay/steps/given.rs", "harness/src/replay/steps/s3.rs"],
        "use a BTreeMap: its order is always the same",
    ),
    ("HashSet", &[], "use a BTreeSet: its order is always the same"),
];

/// More lines than a reader should have to keep in mind.
const LONG: usize = 400;

#[test]
fn handlers_know_nothing_of_the_harness() {
    let code = lines("handlers")
        .filter(|line| has_word(&line.text, "rehearsal::") || has_word(&line.text, "rehearsal_emulator"));
    none(code, "a handler is a plain Lambda function: move what needs the harness to the root package");
    no_dependency("handlers/Cargo.toml", &["rehearsal", "rehearsal-emulator"]);
}

#[test]
fn the_emulator_knows_nothing_of_the_harness_and_the_harness_nothing_of_the_handlers() {
    let emulator = lines("harness/emulator").filter(|line| has_word(&line.text, "rehearsal::"));
    none(emulator, "the emulator is AWS alone: give it what it needs through its own types");
    no_dependency("harness/emulator/Cargo.toml", &["rehearsal", "rehearsal-handlers"]);
    let harness = lines("harness/src").filter(|line| has_word(&line.text, "rehearsal_handlers"));
    none(harness, "the harness serves any project's functions: bind them in the root package");
    no_dependency("harness/Cargo.toml", &["rehearsal-handlers"]);
}

#[test]
fn every_module_of_the_harness_is_in_a_layer() {
    for line in lines("harness/src").filter(|line| line.module() != "lib") {
        assert!(
            LAYERS.contains(&line.module().as_str()),
            "{}: put the module into LAYERS, above what it imports",
            line.file
        );
    }
    for layer in LAYERS {
        let there = [format!("harness/src/{layer}.rs"), format!("harness/src/{layer}/mod.rs")];
        assert!(there.iter().any(|file| root().join(file).exists()), "`{layer}` is gone: take it out of LAYERS");
    }
}

#[test]
fn imports_go_from_upper_layers_to_lower_ones() {
    let height = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    let below_root = || lines("harness/src").filter(|line| line.module() != "lib");
    none(
        below_root().filter(|line| line.text.ends_with("crate::{")),
        "name the modules in one line, or in a `use` each",
    );
    let upwards = below_root().filter(|line| {
        line.imports().iter().any(|imported| *imported != line.module() && height(imported) > height(&line.module()))
    });
    none(upwards, "a module imports only those before it in LAYERS: move what both need to the lower one");
}

#[test]
fn pure_modules_have_no_sdk_in_them() {
    let is_data = |line: &Line| {
        let data = |(module, types): &(&str, &str)| {
            *module == line.module() && line.text.matches("aws_").count() == 1 && line.text.contains(types)
        };
        SDK_TYPES_AS_DATA.iter().any(data)
    };
    let sdk = lines("harness/src").filter(|line| WITHOUT_SDK.contains(&line.module().as_str()));
    let sdk = sdk.filter(|line| has_word(&line.text, "aws_") && !is_data(line));
    none(sdk, "this module does no I/O: call AWS in the driver and pass plain data");
}

#[test]
fn reports_read_outcomes_only() {
    let reports = lines("harness/src").filter(|line| line.module() == "report");
    let other = reports.filter(|line| {
        line.imports().iter().any(|imported| *imported != "report" && !REPORT_READS.contains(&imported.as_str()))
    });
    none(other, "a report reads what came of a run: put what it needs into the Outcome");
}

#[test]
fn time_chance_and_order_come_from_one_place_each() {
    for (word, files, advice) in ONLY_IN {
        let places = ["harness/src", "harness/emulator/src"].into_iter().flat_map(lines);
        none(places.filter(|line| has_word(&line.text, word) && !files.contains(&line.file.as_str())), advice);
        for file in files {
            assert!(read(file).contains(word), "{file} has no `{word}` any more: take it out of ONLY_IN");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = rust_files("").into_iter().filter(|file| !read(file).starts_with("//! ")).collect();
    assert!(silent.is_empty(), "begin each of these with `//!` and what the file is for: {silent:#?}");
}

#[test]
fn no_file_is_long() {
    for file in rust_files("") {
        let lines = read(&file).lines().count();
        assert!(lines <= LONG, "{file}: {lines} lines; split it by topic");
    }
}

/// The reader of imports must see what it is to hold, or the tests above hold nothing.
#[test]
fn imports_are_read_in_every_form() {
    let imports = |text: &str| {
        Line { file: "harness/src/replay/steps/given.rs".to_owned(), number: 1, text: text.to_owned() }
            .imports()
            .join(" ")
    };
    for (text, expected) in [
        ("use crate::stack::Stack;", "stack"),
        ("pub(crate) use crate::{scenario, trace::{self, What}};", "scenario trace"),
        ("fn f(a: &crate::stack::Api, b: crate::words::Word)", "stack words"),
        ("use super::leftovers;", ""),
        ("use crate::App;", ""),
    ] {
        assert_eq!(imports(text), expected, "{text}");
    }
    assert!(has_word("let now = Instant::now();", "Instant::now") && !has_word("fastrand::seed(1)", "rand::"));
}

/// A line of code, comments left out.
struct Line {
    /// Relative to the workspace's root.
    file: String,
    number: usize,
    text: String,
}

impl Line {
    /// The module of the harness that the line is in: `replay` for `harness/src/replay/steps.rs`.
    fn module(&self) -> String {
        let inside = self.file.strip_prefix("harness/src/").unwrap_or(&self.file);
        inside.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
    }

    /// The harness's modules that the line names by a path from the crate's root.
    fn imports(&self) -> Vec<String> {
        // In a module's own file, `super` is the crate's root.
        let is_top = self.file.matches('/').count() == 2
            || self.file.ends_with("/mod.rs") && self.file.matches('/').count() == 3;
        let roots = if is_top { &["crate::", "super::"][..] } else { &["crate::"] };
        let after =
            roots.iter().flat_map(|root| self.text.match_indices(root).map(|(at, _)| &self.text[at + root.len()..]));
        after.flat_map(first_names).filter(|name| LAYERS.contains(&name.as_str())).collect()
    }
}

/// The first names of the paths in a `use`: one, or one for each member of a list in braces.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(list) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.push(name(list[start..at].trim()));
                start = at + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

/// Whether a text has a word that is not the end of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let begins = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| begins(at))
}

#[track_caller]
fn none(lines: impl Iterator<Item = Line>, advice: &str) {
    let found: Vec<String> = lines.map(|line| format!("{}:{}: {}", line.file, line.number, line.text.trim())).collect();
    assert!(found.is_empty(), "\n{}\n{advice}", found.join("\n"));
}

#[track_caller]
fn no_dependency(manifest: &str, names: &[&str]) {
    let text = read(manifest);
    let key = |line: &str| line.split(['.', '=', ' ']).next().unwrap_or_default().to_owned();
    let found: Vec<&str> = text.lines().filter(|line| names.contains(&key(line).as_str())).collect();
    assert!(found.is_empty(), "{manifest} must not have {found:?}");
}

/// All code below a folder.
fn lines(folder: &str) -> impl Iterator<Item = Line> {
    rust_files(folder).into_iter().flat_map(|file| {
        let text = read(&file);
        let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        let line = |(index, text): (usize, &str)| Line { file: file.clone(), number: index + 1, text: text.to_owned() };
        numbered.map(line).collect::<Vec<_>>()
    })
}

/// The Rust files below a folder, relative to the root and sorted.
fn rust_files(folder: &str) -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("it can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") {
                files.push(path.strip_prefix(root()).expect("it is below the root").to_string_lossy().into_owned());
            }
        }
    }
    assert!(!files.is_empty(), "no Rust file in {folder:?}");
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[track_caller]
fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
