//! Words for people: paths, durations and counts as messages and reports say them.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// A path as the user would write it: the short way, and relative to the current directory where it is below it.
pub fn shown(path: &Path) -> String {
    let current = std::env::current_dir().unwrap_or_default();
    let path = straight(path);
    path.strip_prefix(&current).unwrap_or(&path).display().to_string()
}

/// A path without what `..` takes back, unless a link makes that another place.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        let takes_back = part == Component::ParentDir;
        if takes_back && matches!(straight.components().next_back(), Some(Component::Normal(_))) {
            straight.pop();
        } else {
            straight.push(part);
        }
    }
    let is_same = straight.canonicalize().ok() == path.canonicalize().ok();
    if is_same { straight } else { path.to_owned() }
}

/// How many of something: `1 call`, `2 calls`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A duration: `0s`, `1.5s`, `3m`, `1d 2h`.
pub fn duration(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    let units = [("d", seconds / 86_400), ("h", seconds / 3_600 % 24), ("m", seconds / 60 % 60)];
    let mut parts: Vec<String> =
        units.iter().filter(|(_, count)| *count > 0).map(|(unit, count)| format!("{count}{unit}")).collect();
    let rest = seconds % 60;
    match millis {
        0 if rest > 0 || parts.is_empty() => parts.push(format!("{rest}s")),
        0 => {}
        millis if rest == 0 && parts.is_empty() => parts.push(format!("{millis}ms")),
        millis => parts.push(format!("{}s", format!("{rest}.{millis:03}").trim_end_matches('0'))),
    }
    parts.join(" ")
}

/// An error with what caused it, in a line. What a cause repeats is said once.
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (millis, expected) in
            [(0, "0s"), (250, "250ms"), (1_500, "1.5s"), (180_000, "3m"), (93_600_000, "1d 2h"), (90_000, "1m 30s")]
        {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([0, 1, 2].map(|number| counted(number, "call")), ["0 calls", "1 call", "2 calls"]);
    }

    #[test]
    fn a_path_below_the_current_directory_is_shown_relative_to_it() {
        let current = std::env::current_dir().expect("the tests run in a directory");
        assert_eq!(shown(&current.join("scenarios/a.yaml")), "scenarios/a.yaml");
        assert_eq!(shown(Path::new("/elsewhere/a.yaml")), "/elsewhere/a.yaml");
        assert_eq!(shown(&current.join("bad/../scenarios/a.yaml")), "scenarios/a.yaml");
        assert_eq!(shown(Path::new("../bad/../../a.yaml")), "../../a.yaml");
    }
}
