//! Scenarios as tests: one call per file, with insta's own assertion, so that `INSTA_UPDATE` and
//! `cargo insta review` work.

use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use crate::backend::{Kind, Options, Place};
use crate::outcome::{NotRun, Outcome, SnapshotOutcome};
use crate::report;
use crate::run::{self, Apps, DEFAULT_SEED, Settings};
use crate::snapshot::Comparison;

/// Which backends tests run on, separated by commas: `embedded,localstack` where nothing is said.
pub const BACKENDS: &str = "REHEARSAL_BACKENDS";
/// Set to 1, tests that need Docker fail where no engine answers, instead of being skipped.
pub const REQUIRE_DOCKER: &str = "REHEARSAL_REQUIRE_DOCKER";

/// Names a LocalStack that runs already, for tests that would start one each.
pub const LOCALSTACK_URL: &str = "REHEARSAL_LOCALSTACK_URL";

/// Runs a scenario file on a backend, `embedded` or `localstack`, and panics with the report if it is not as
/// expected. The snapshot is left to the caller: [`crate::assert_scenario`] asserts it with insta.
///
/// # Panics
/// With the diagnostics, or with the failures and the timeline.
pub fn check_scenario(apps: &Apps, path: &Path, backend: &str) -> Option<SnapshotOutcome> {
    let place = match backend {
        _ if !is_wanted(backend) => return None,
        "embedded" => None,
        "localstack" => Some(localstack()?),
        other => panic!("tests run on `embedded` and on `localstack`, not on `{other}`"),
    };
    let finished = run::run(path, apps, Settings { place, ..Settings::embedded(DEFAULT_SEED) });
    match &finished.result {
        Err(NotRun::Invalid(diagnostics)) => panic!("\n{}\n", diagnostics.render(false)),
        Err(NotRun::Skipped { name, reason }) => {
            tell(&format!("skipped on {backend}: {name}: {reason}"));
            None
        }
        Err(NotRun::Unavailable(reason)) => panic!("\n{backend} does not answer any more: {reason}\n"),
        Err(NotRun::Interrupted) => panic!("interrupted"),
        // Only the embedded backend's state may become a snapshot: insta gets no other to write.
        Ok(outcome) if place.is_some() && differs(outcome) => panic!("\n{}", report::text::failure(outcome, false)),
        Ok(_) if place.is_some() => None,
        Ok(Outcome { failures, snapshot, .. }) if failures.is_empty() => snapshot.clone(),
        Ok(outcome) => panic!("\n{}", report::text::failure(outcome, false)),
    }
}

/// Whether something fails, or the tables are other ones than the committed; a snapshot that is not there yet is
/// missed by the test on the embedded backend.
fn differs(outcome: &Outcome) -> bool {
    let snapshot = outcome.snapshot.as_ref().map(|snapshot| &snapshot.comparison);
    !outcome.failures.is_empty() || matches!(snapshot, Some(Comparison::Different(_)))
}

/// The LocalStack of this test binary, started on first use, or the one that [`LOCALSTACK_URL`] names; none where
/// it is not wanted or no Docker engine answers, which is told once.
///
/// # Panics
/// It is not there, and [`REQUIRE_DOCKER`] is set.
pub fn localstack() -> Option<&'static Place> {
    static PLACE: OnceLock<Option<Place>> = OnceLock::new();
    let open = || match open_localstack() {
        Ok(place) => Some(place),
        Err(reason) if std::env::var(REQUIRE_DOCKER).is_ok_and(|value| value == "1") => {
            panic!("{REQUIRE_DOCKER}=1, and {reason}")
        }
        Err(reason) => {
            tell(&format!("tests on LocalStack are skipped: {reason}"));
            None
        }
    };
    if is_wanted("localstack") { PLACE.get_or_init(open).as_ref() } else { None }
}

fn open_localstack() -> Result<Place, String> {
    let image = std::env::var("REHEARSAL_LOCALSTACK_IMAGE").ok();
    let opened = match std::env::var(LOCALSTACK_URL) {
        Ok(url) => {
            let options = Options { endpoint_url: Some(url), ..Options::default() };
            Place::open(Kind::Endpoint, &options, &|text| tell(text))
        }
        Err(_) if std::env::var_os("NEXTEST").is_some() => {
            return Err(format!(
                "cargo-nextest makes a process of each test, and each would start a container\n\
                 help: start one, `docker compose up --wait`, and set {LOCALSTACK_URL}=http://localhost:4566"
            ));
        }
        Err(_) => Place::open(Kind::LocalStack, &Options { image, ..Options::default() }, &|text| tell(text)),
    };
    opened.map_err(|unavailable| unavailable.to_string())
}

/// Whether tests are to run on a backend.
fn is_wanted(backend: &str) -> bool {
    let Ok(wanted) = std::env::var(BACKENDS) else { return true };
    let wanted: Vec<&str> = wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !["embedded", "localstack"].contains(name)) {
        panic!("{BACKENDS} names `{unknown}`; tests run on `embedded` and on `localstack`");
    }
    wanted.contains(&backend)
}

/// Written past the test harness, which shows nothing of a test that passes.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Runs a scenario file as a test and compares the tables with the committed snapshot by insta.
///
/// ```no_run
/// # use rehearsal::Apps;
/// rehearsal::assert_scenario!(&Apps::new("."), std::path::Path::new("scenarios/csv/all-rows.yaml"));
/// ```
///
/// A third argument names the backend: `"localstack"` for the one in a container, which is started once for
/// all tests of a binary. Without a Docker engine such a test is skipped and says so.
#[macro_export]
macro_rules! assert_scenario {
    ($apps:expr, $path:expr) => {
        $crate::assert_scenario!($apps, $path, "embedded")
    };
    ($apps:expr, $path:expr, $backend:expr) => {{
        let path: &::std::path::Path = $path;
        if let Some(snapshot) = $crate::testing::check_scenario($apps, path, $backend) {
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
