//! Scenarios as tests: one call per file, with insta's own assertion, so that `INSTA_UPDATE` and
//! `cargo insta review` work.

use std::path::Path;

use crate::outcome::{NotRun, Outcome, SnapshotOutcome};
use crate::report;
use crate::run::{self, Apps, DEFAULT_SEED, Settings};

/// Runs a scenario file and panics with the report if it is not as expected. The snapshot is left to the
/// caller: [`crate::assert_scenario`] asserts it with insta.
///
/// # Panics
/// With the diagnostics, or with the failures and the timeline.
pub fn check_scenario(apps: &Apps, path: &Path) -> Option<SnapshotOutcome> {
    let finished = run::run(path, apps, Settings::embedded(DEFAULT_SEED));
    match &finished.result {
        Err(NotRun::Invalid(diagnostics)) => panic!("\n{}\n", diagnostics.render(false)),
        Err(other) => panic!("\n{other:?}\n"),
        Ok(Outcome { failures, snapshot, .. }) if failures.is_empty() => snapshot.clone(),
        Ok(outcome) => panic!("\n{}", report::text::failure(outcome, false)),
    }
}

/// Runs a scenario file as a test and compares the tables with the committed snapshot by insta.
///
/// ```no_run
/// # use rehearsal::Apps;
/// rehearsal::assert_scenario!(&Apps::new("."), std::path::Path::new("scenarios/csv/all-rows.yaml"));
/// ```
#[macro_export]
macro_rules! assert_scenario {
    ($apps:expr, $path:expr) => {{
        let path: &::std::path::Path = $path;
        if let Some(snapshot) = $crate::testing::check_scenario($apps, path) {
            let mut settings = $crate::testing::insta::Settings::clone_current();
            settings.set_snapshot_path(snapshot.path.parent().expect("a snapshot is in a directory"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.set_description(&snapshot.description);
            let name = snapshot.path.file_stem().expect("a snapshot has a name").to_string_lossy().into_owned();
            settings.bind(|| $crate::testing::insta::assert_snapshot!(name, snapshot.text));
        }
    }};
}

#[doc(hidden)]
pub use insta;
