//! Any text as a scenario: it is read or refused, and what is said of it can be shown. See CONTRIBUTING.md.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use rehearsal::diagnostic::Source;
use rehearsal::scenario::parse_source;

fuzz_target!(|text: &str| {
    if let Err(diagnostics) = parse_source(&Source::new("scenario.yaml", text), Path::new("")) {
        diagnostics.render(false);
    }
});
