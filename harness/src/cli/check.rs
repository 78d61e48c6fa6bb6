//! `rehearsal check`: reads scenarios and templates, tells what is in them and what is wrong, and runs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{Failed, Format, INVALID, not_found, print_line, print_text};
use crate::backend::Embedded;
use crate::diagnostic::Diagnostics;
use crate::find;
use crate::findings::{self, Findings, Verdict};
use crate::report::{findings as report, text};
use crate::run::{self, Apps};
use crate::scenario;
use crate::template::{Examined, Template, examine};
use crate::words::{counted, shown};

#[derive(Args)]
pub struct CheckArgs {
    /// Templates, scenario files, or folders with either [default: scenarios]
    paths: Vec<PathBuf>,
    /// Only files with this text in their name or path
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// A value for a parameter of templates; without one and a default it is made up
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::parameter)]
    parameter: Vec<(String, String)>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What is to be checked. A template that a scenario names is checked with the scenario, which gives it parameters.
#[derive(Default)]
struct Files {
    scenarios: Vec<PathBuf>,
    templates: Vec<PathBuf>,
}

/// Checks what the arguments select.
pub fn check(apps: &Apps, args: &CheckArgs) -> Result<ExitCode, Failed> {
    let styled =
        args.format == Format::Text && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let files = select(apps, args)?;
    let found = templates(&files.templates, args)?;
    let scenarios: Vec<(&PathBuf, Option<Diagnostics>)> =
        files.scenarios.iter().map(|file| (file, run::check(file, apps).err())).collect();
    let invalid = scenarios.iter().filter(|(_, wrong)| wrong.is_some()).count();
    let summary = findings::summary(&found);
    match args.format {
        Format::Text => {
            found.iter().for_each(|found| print_text(&report::template(found, styled)));
            scenarios.iter().for_each(|(file, wrong)| print_text(&scenario_line(file, wrong.as_ref(), styled)));
            if !found.is_empty() {
                print_text(&report::summary(&summary));
            }
            if !scenarios.is_empty() {
                print_text(&format!("\n{} checked, {invalid} invalid\n", counted(scenarios.len() as u64, "scenario")));
            }
        }
        Format::Json => {
            let scenario = |(file, wrong): &(&PathBuf, Option<Diagnostics>)| json!({ "file": shown(file), "mistakes": wrong.as_ref().map(report::diagnostics).unwrap_or_default() });
            let all = json!({
                "templates": found.iter().map(report::json_of).collect::<Vec<_>>(),
                "scenarios": scenarios.iter().map(scenario).collect::<Vec<_>>(),
                "summary": report::summary_json(&summary),
            });
            print_line(&serde_json::to_string_pretty(&all).expect("a report is plain data"));
        }
    }
    let is_sound = invalid == 0 && found.iter().all(|found| found.verdict != Verdict::Refused);
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(INVALID) })
}

fn scenario_line(file: &Path, wrong: Option<&Diagnostics>, styled: bool) -> String {
    match wrong {
        None => format!("     ok {}\n", shown(file)),
        Some(diagnostics) => text::invalid(&shown(file), diagnostics, styled),
    }
}

/// Examines templates. One that another nests is part of that one.
fn templates(files: &[PathBuf], args: &CheckArgs) -> Result<Vec<Findings>, Failed> {
    let mut examined: Vec<(&PathBuf, Examined)> = Vec::new();
    let mut unused: BTreeSet<&str> = args.parameter.iter().map(|(name, _)| name.as_str()).collect();
    for file in files {
        let templates = match Template::all_at(file) {
            Ok(templates) => templates,
            Err(error) => {
                examined.push((file, unreadable(file, &error)));
                continue;
            }
        };
        let declared: Vec<String> = templates.iter().flat_map(Template::parameters).collect();
        let given: BTreeMap<String, String> =
            args.parameter.iter().filter(|(name, _)| declared.contains(name)).cloned().collect();
        given.keys().for_each(|name| {
            unused.remove(name.as_str());
        });
        let mut found = examine(&templates, &given, &Embedded::naming("app"));
        // Nothing is to be said of made-up names and numbers.
        if found.diagnostics.is_empty() && found.placeholders.is_empty() {
            found.diagnostics.extend(run::tried(&found.stack).err().unwrap_or_default());
        }
        examined.push((file, found));
    }
    if let Some(name) = unused.first() {
        return Err(format!("--parameter {name}: no template that is checked has a parameter `{name}`").into());
    }
    let nested: BTreeSet<PathBuf> = examined.iter().flat_map(|(_, examined)| examined.nested_files.clone()).collect();
    let is_nested = |file: &Path| file.canonicalize().is_ok_and(|file| nested.contains(&file));
    let roots = examined.into_iter().filter(|(file, _)| !is_nested(file));
    Ok(roots.map(|(file, examined)| Findings::of(shown(file), examined)).collect())
}

fn unreadable(file: &Path, error: &std::io::Error) -> Examined {
    let mut examined = Examined::default();
    let source = crate::diagnostic::Source::new(shown(file), "");
    examined.diagnostics.error(&source, 0..0, format!("the template cannot be read: {error}"));
    examined
}

fn select(apps: &Apps, args: &CheckArgs) -> Result<Files, String> {
    let default = [apps.root().join("scenarios")];
    let paths = if args.paths.is_empty() { &default[..] } else { &args.paths[..] };
    let mut files = Files::default();
    for path in paths {
        let add = |files: &mut Files| -> std::io::Result<()> {
            match std::fs::metadata(path)?.is_file() {
                true if find::is_template(path)? => files.templates.push(std::path::absolute(path)?),
                true => files.scenarios.push(std::path::absolute(path)?),
                false => add_folder(path, files)?,
            }
            Ok(())
        };
        add(&mut files).map_err(|error| not_found(path, &error))?;
    }
    for list in [&mut files.scenarios, &mut files.templates] {
        let mut seen = BTreeSet::new();
        list.retain(|file| seen.insert(file.clone()));
        if let Some(text) = &args.filter {
            list.retain(|file| find::is_selected(file, text));
        }
    }
    if files.scenarios.is_empty() && files.templates.is_empty() {
        let filter = args.filter.as_ref().map(|text| format!(" with `{text}` in name or path")).unwrap_or_default();
        let places: Vec<String> = paths.iter().map(|path| shown(path)).collect();
        return Err(format!("no scenario or template{filter} in {}", places.join(", ")));
    }
    Ok(files)
}

fn add_folder(folder: &Path, files: &mut Files) -> std::io::Result<()> {
    let mut scenarios = find::scenarios(folder)?;
    let named = scenarios
        .iter()
        .filter_map(|file| scenario::templates_of(file, &shown(file)))
        .flat_map(|(templates, _)| templates);
    let named: BTreeSet<PathBuf> = named.filter_map(|template| template.canonicalize().ok()).collect();
    let mut templates = find::templates(folder)?;
    templates.retain(|file| file.canonicalize().is_ok_and(|file| !named.contains(&file)));
    // Beside templates of their own there is YAML of all kinds; elsewhere a misspelt scenario must not be overlooked.
    if !templates.is_empty() {
        scenarios.retain(|file| find::looks_like_scenario(file));
    }
    files.scenarios.extend(scenarios);
    files.templates.extend(templates);
    Ok(())
}
