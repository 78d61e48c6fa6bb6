//! Any text as a template: it is read or refused, and what is said of it can be shown. See CONTRIBUTING.md.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use rehearsal::backend::Embedded;
use rehearsal::diagnostic::Source;
use rehearsal::findings::Findings;
use rehearsal::template::{Template, examine};

fuzz_target!(|text: &str| {
    let template = Template { source: Source::new("template.yaml", text), directory: None };
    let examined = examine(&[template], &BTreeMap::new(), &Embedded::naming("app"));
    for problem in examined.diagnostics.iter() {
        assert!(problem.span.end <= text.len(), "a place outside of the file: {}", problem.message);
    }
    examined.diagnostics.render(false);
    Findings::of("template.yaml".to_owned(), examined);
});
