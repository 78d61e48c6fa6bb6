//! Reports of what came of scenarios. They read outcomes, nothing else, and give text; writing it is the
//! command line's.

pub mod json;
pub mod text;
pub mod timeline;

use std::time::Duration;

/// A duration as people say it: `0s`, `1.5s`, `3m`, `1d 2h`.
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
}
