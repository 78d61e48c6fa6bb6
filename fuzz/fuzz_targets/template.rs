//! Any text as a template: it is read or refused, and what is said of it can be shown. See CONTRIBUTING.md.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../harness/tests/hostile/reading.rs"]
#[expect(dead_code, reason = "the target of scenarios uses the rest")]
mod reading;

fuzz_target!(|text: &str| reading::template(text));
