//! The README and the pages under `docs/` hold: their commands run and end as they say, their output is the
//! real one, their files are files of this repository or pass as scenarios. A block of a kind that is not
//! known here fails, so nothing is left out silently.
//!
//! - `sh`: commands, each of which ends well;
//! - `console`: a session; `$ echo $?` tells another exit code than 0, and a line `…` stands for some lines;
//! - `rust`, `toml`: an excerpt of the file that the first line names;
//! - `yaml`: the same where the file exists; else a scenario of that name, to be checked and run; without a
//!   name, steps or sections of a scenario;
//! - `json`: lines of the trace that a command before wrote.
#![cfg(unix)] // a scenario in a temporary folder needs a symbolic link to its template

mod readme {
    pub mod blocks;
    pub mod commands;
    pub mod output;
    pub mod scratch;
}

use std::path::{Path, PathBuf};

use readme::blocks::{Block, blocks};
use readme::commands::{run_line, run_session, workflow_commands};
use readme::scratch::Scratch;
use rehearsal::diagnostic::Source;
use rstest::rstest;

#[rstest]
fn document(
    #[files("*.md")]
    #[files("docs/*.md")]
    path: PathBuf,
) {
    let text = std::fs::read_to_string(&path).expect("it was found");
    links_lead_somewhere(&text, path.parent().expect("a file is in a folder"));
    let scratch = Scratch::new(&path);
    for block in blocks(&text) {
        println!("{}:{}", path.display(), block.line);
        check(&block, &scratch);
    }
}

fn check(block: &Block<'_>, scratch: &Scratch) {
    match block.kind {
        "sh" => block.lines().filter(|line| !line.is_empty()).for_each(|line| run_line(line, scratch)),
        "console" => run_session(block, scratch),
        "rust" => is_excerpt(block, "// "),
        "toml" | "hcl" => is_excerpt(block, "# "),
        "yaml" => yaml(block, scratch),
        "json" => is_in_trace(block, scratch),
        kind => panic!("line {}: nobody checks blocks of kind `{kind}`", block.line),
    }
}

fn links_lead_somewhere(text: &str, folder: &Path) {
    for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if target.starts_with("http") {
            continue;
        }
        let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
        assert!(folder.join(file).exists(), "the link to {target} leads nowhere");
        let Some(heading) = heading else { continue };
        let page = if file.is_empty() { text.to_owned() } else { std::fs::read_to_string(folder.join(file)).unwrap() };
        assert!(page.lines().any(|line| anchor(line).as_deref() == Some(heading)), "{file} has no heading #{heading}");
    }
}

/// What a link to a heading ends in.
fn anchor(line: &str) -> Option<String> {
    let heading = line.starts_with('#').then(|| line.trim_start_matches('#').trim())?;
    let kept = heading.to_lowercase();
    Some(
        kept.chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect(),
    )
}

/// The file that the block's first line names, and the rest of the block.
fn named<'b>(block: &Block<'b>, comment: &str) -> Option<(&'b str, &'b str)> {
    let (first, rest) = block.text.split_once('\n')?;
    let name = first.strip_prefix(comment)?;
    let is_path = name.contains('/') && !name.contains(' ');
    is_path.then_some((name, rest))
}

fn is_excerpt(block: &Block<'_>, comment: &str) {
    let (name, rest) = named(block, comment).unwrap_or_else(|| panic!("line {}: no file is named", block.line));
    let file = std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(file.contains(rest.trim_end()), "line {}: {name} does not have this in it:\n{rest}", block.line);
}

fn yaml(block: &Block<'_>, scratch: &Scratch) {
    match named(block, "# ") {
        Some((name, _)) if root().join(name).exists() => is_excerpt(block, "# "),
        Some((name, rest)) if name.starts_with(".github/") => workflow_commands(name, rest, scratch),
        Some((name, rest)) => {
            scratch.write(name, rest);
            run_line(&format!("rehearsal check {name}"), scratch);
        }
        None => part_of_a_scenario(block),
    }
}

/// Steps (a list) or sections (a mapping) must make a scenario once the rest is there.
fn part_of_a_scenario(block: &Block<'_>) {
    let is_steps = block.text.trim_start().starts_with('-');
    let steps = if is_steps { "steps:\n" } else { "steps: [ { settle: {} } ]\n" };
    let text = format!("version: 1\nname: From the documentation\ntemplate: template.yaml\n{steps}{}", block.text);
    let source = Source::new(format!("line {}", block.line), text);
    if let Err(diagnostics) = rehearsal::scenario::parse_source(&source, Path::new("")) {
        panic!("\n{}", diagnostics.render(false));
    }
}

fn is_in_trace(block: &Block<'_>, scratch: &Scratch) {
    let trace = scratch.read("trace.jsonl");
    for line in block.lines() {
        assert!(trace.lines().any(|event| event == line), "not in the trace:\n{line}\nthe trace:\n{trace}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
