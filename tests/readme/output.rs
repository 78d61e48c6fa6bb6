//! Shown output against real output.

/// Fails unless the shown lines are the real ones, but for real time, for the number of scenarios, and for what
/// `…` leaves out.
pub fn assert_alike(command: &str, shown: &[&str], real: &str) {
    let tidy = |lines: &[&str]| -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(|line| timeless(line.trim_end())).collect();
        let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
        let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
        lines[first..last].to_vec()
    };
    let real_lines: Vec<&str> = real.lines().collect();
    assert!(alike(&tidy(shown), &tidy(&real_lines)), "`{command}` prints something else:\n{real}");
}

/// The number that `echo $?` shows.
pub fn exit_code(output: &[&str]) -> i32 {
    output.first().and_then(|line| line.parse().ok()).expect("`echo $?` shows a number")
}

fn alike(shown: &[String], real: &[String]) -> bool {
    match (shown, real) {
        ([], []) => true,
        ([first, rest @ ..], real) if first == "…" => (1..=real.len()).any(|skipped| alike(rest, &real[skipped..])),
        ([first, rest @ ..], [line, more @ ..]) => same_line(first, line) && alike(rest, more),
        _ => false,
    }
}

/// A shown line that ends in `…` is the beginning of the real one.
fn same_line(shown: &str, real: &str) -> bool {
    shown == real || shown.strip_suffix('…').is_some_and(|start| real.starts_with(start))
}

/// The line without the real time at the end of a scenario's facts or of the summary. How many scenarios there
/// are in the repository may change without changing the documents.
fn timeless(line: &str) -> String {
    if line.contains(" scenarios: ") {
        let (counts, _) = line.rsplit_once(" in ").unwrap_or((line, ""));
        return counts.replace(|c: char| c.is_ascii_digit(), "");
    }
    let is_time = |text: &str| {
        let number = text.trim_end_matches(|c: char| c.is_alphabetic());
        number.len() < text.len() && number.parse::<f64>().is_ok()
    };
    let cut = |line: &str, separator: &str| {
        let (start, time) = line.rsplit_once(separator)?;
        is_time(time).then(|| start.to_owned())
    };
    line.strip_suffix(')').and_then(|line| cut(line, ", ")).or_else(|| cut(line, " in ")).unwrap_or(line.to_owned())
}
