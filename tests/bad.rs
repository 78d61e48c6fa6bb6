//! Wrong scenarios and templates, from outside: each file of `bad` beside exactly what `rehearsal check` and
//! `rehearsal run` say of it. `REHEARSAL_BLESS=1` writes that anew: read it as a user would.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{ROOT, rehearsal};
use rehearsal::{App, Apps};
use rehearsal_handlers::csv::read_csv;
use rstest::rstest;

/// Both name every mistake, end with exit code 2, and run nothing.
#[rstest]
fn a_wrong_file_gives_exactly_the_committed_message(#[files("tests/bad/*.yaml")] path: PathBuf) {
    let file = path.strip_prefix(ROOT).expect("it is in the workspace").to_string_lossy().into_owned();
    let check = rehearsal(&["check", &file]).with_code(2);
    let message = check.stdout.strip_suffix("\n1 scenario checked, 1 invalid\n").expect("a summary ends it");
    let run = rehearsal(&["run", &file, "--update-snapshots"]).with_code(2);
    let (report, summary) = run.stdout.rsplit_once("\n1 scenario: ").expect("a summary ends it");
    assert_eq!(report, format!("\ntests/bad\n{message}"));
    assert!(summary.starts_with("0 ok, 1 invalid in "), "{summary}");
    assert_eq!((check.stderr.as_str(), run.stderr.as_str()), ("", ""));
    compare(&path.with_extension("stdout"), message);
}

#[test]
fn functions_that_are_bound_on_one_side_only_are_listed_for_both_sides() {
    let folder = Path::new(ROOT).join("tests/bad");
    let function = |app: App, name| app.function(name, read_csv::State::new, read_csv::handler);
    let app = ["Bound", "Stray"].into_iter().fold(App::new(), function);
    let apps = Apps::new(&folder).app("templates/unbound.yaml", app);
    let Err(mistakes) = rehearsal::run::prepare(&folder.join("not-bound.yaml"), &apps) else { panic!("it is wrong") };
    let said = mistakes.render(false).replace(&format!("{ROOT}/"), "");
    assert_eq!(
        said,
        "\
error: the template and the app bound to it have different functions
 --> tests/bad/not-bound.yaml:3:11
  |
3 | template: templates/unbound.yaml
  |           ^^^^^^^^^^^^^^^^^^^^^^ in the template, not bound: Forgotten
  |
  = help: bound, not in the template: Stray"
    );
}

/// A message whose file is gone would be kept for ever.
#[test]
fn every_expected_message_has_its_file() {
    let files = fs::read_dir(Path::new(ROOT).join("tests/bad")).expect("the folder is there");
    let mut names: Vec<PathBuf> = files.map(|file| file.expect("it can be listed").path()).collect();
    names.sort();
    let expected = names.iter().filter(|path| path.extension().is_some_and(|extension| extension == "stdout"));
    let orphans: Vec<_> = expected.filter(|path| !path.with_extension("yaml").exists()).collect();
    assert!(orphans.is_empty(), "{orphans:?}");
}

#[track_caller]
fn compare(expected: &Path, message: &str) {
    if std::env::var_os("REHEARSAL_BLESS").is_some() {
        fs::write(expected, message).expect("the folder can be written");
    }
    let committed = fs::read_to_string(expected).unwrap_or_default();
    assert_eq!(message, committed, "\n{}:\n{message}", expected.display());
}
