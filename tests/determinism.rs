//! One seed, one replay: every scenario's trace is the same to the byte, alone and beside others, and what
//! another seed changes is in no snapshot.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use rehearsal::replay;
use rehearsal::run::{DEFAULT_SEED, Ready, Settings, prepare};
use rehearsal::snapshot::Comparison;
use rehearsal::{Apps, trace};
use rstest::rstest;

/// More than the machine may have cores, so that a replay may be interrupted anywhere.
const THREADS: usize = 8;

static APPS: LazyLock<Apps> = LazyLock::new(workflows::apps);

/// What each scenario's replay comes to, one replayed after the other on one thread.
static ALONE: LazyLock<BTreeMap<PathBuf, String>> =
    LazyLock::new(|| scenarios().into_iter().map(|path| (path.clone(), replay(&path))).collect());

/// No thread, no other replay and no hash map's order has a part in a replay.
#[test]
fn replays_with_one_seed_are_byte_identical_one_by_one_and_side_by_side() {
    let paths: Vec<&PathBuf> = ALONE.keys().collect();
    let (next, beside_others) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(&path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let replayed = replay(path);
                    beside_others.lock().expect("no thread panics with the lock").insert(path.clone(), replayed);
                }
            });
        }
    });
    let beside_others = beside_others.into_inner().expect("no thread panicked");
    assert!(paths.len() >= THREADS, "{paths:?}");
    for (path, alone) in &*ALONE {
        assert_same(path, alone, &beside_others[path]);
    }
}

/// Several hundred replays, all begun before any ends: of every workflow, each on a thread of its own.
#[test]
fn several_hundred_replays_at_once_do_not_interfere() {
    const AT_ONCE: usize = 300;
    let small: Vec<&PathBuf> = ALONE.iter().filter(|(_, text)| text.len() < 20_000).map(|(path, _)| path).collect();
    assert!(small.len() >= 20, "{small:?}");
    let begun = std::sync::Barrier::new(AT_ONCE);
    std::thread::scope(|scope| {
        for path in small.iter().cycle().take(AT_ONCE) {
            let begun = &begun;
            scope.spawn(move || {
                begun.wait();
                assert_same(path, &ALONE[*path], &replay(path));
            });
        }
    });
}

/// A seed decides ids, and ids are renamed or masked in the canonical state.
#[rstest]
fn another_seed_gives_other_ids_and_the_same_snapshot(
    #[files("scenarios/**/*.yaml")]
    #[exclude("(^|/)(template\\.yaml|data/.*|snapshots/.*)$")]
    path: PathBuf,
) {
    let outcome = ready(&path).run(Settings::embedded(DEFAULT_SEED + 76)).expect("it runs");
    let failures: Vec<&str> = outcome.failures.iter().map(|failure| failure.diagnostic.message.as_str()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    if let Some(snapshot) = outcome.snapshot {
        assert_eq!(snapshot.comparison, Comparison::Same);
    }
    let trace = trace::to_json_lines(&outcome.trace);
    let has_ids = trace.contains("\"request_id\"");
    assert!(!has_ids || !ALONE[&path].starts_with(&trace), "the seed has no effect:\n{trace}");
}

fn scenarios() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(APPS.root().join("scenarios")).expect("there are scenarios");
    let folders = folders.map(|entry| entry.expect("it can be listed").path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).expect("the folder is there"));
    let files = files.map(|entry| entry.expect("it can be listed").path());
    let is_scenario = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    files.filter(|path| is_scenario(path) && !path.ends_with("template.yaml")).collect()
}

fn ready(path: &Path) -> Ready<'static> {
    prepare(path, &APPS).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

/// A replay's trace and the ids that it made, as text.
fn replay(path: &Path) -> String {
    let start = "2026-01-01T00:00:00Z".parse().expect("it is a timestamp");
    let replay = ready(path).replay(replay::Settings { seed: DEFAULT_SEED, start, whole: false });
    format!("{}ids: {:?}\n", trace::to_json_lines(&replay.trace), replay.ids)
}

/// Names the first line that differs: whole traces are too long to read.
#[track_caller]
fn assert_same(path: &Path, one: &str, other: &str) {
    let differing = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    let lengths = (one.lines().count(), other.lines().count());
    assert!(one == other, "{} differs (lines: {lengths:?}), first in:\n{differing:#?}", path.display());
}
