//! Reads a text in every way there is, and holds what must always hold. The fuzz targets and the tests read with it, so
//! that what a target found and is in the corpus is held by every run of the tests.

use std::collections::BTreeMap;
use std::path::Path;

use rehearsal::backend::Embedded;
use rehearsal::diagnostic::{Diagnostics, Source};
use rehearsal::findings::Findings;
use rehearsal::run::tried;
use rehearsal::scenario;
use rehearsal::template::{Template, examine, load};
use rehearsal::yaml;

/// Reads a text as a template: loaded for a replay and its resources made, and examined for `rehearsal check`.
pub fn template(text: &str) {
    let source = Source::new("template.yaml", text);
    let naming = Embedded::naming("app");
    let parsed = yaml::parse(&source);
    match load(&source, &BTreeMap::new(), &naming) {
        Ok(stack) => {
            assert!(parsed.is_ok(), "loaded without being read");
            if let Err(refused) = tried(&stack) {
                placed(&refused, text);
            }
        }
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty(), "refused without a reason");
            placed(&diagnostics, text);
        }
    }
    let template = Template { source, directory: None };
    let examined = examine(&[template], &BTreeMap::new(), &naming);
    placed(&examined.diagnostics, text);
    Findings::of("template.yaml".to_owned(), examined);
}

/// Reads a text as a scenario.
pub fn scenario(text: &str) {
    let source = Source::new("scenario.yaml", text);
    if let Err(diagnostics) = scenario::parse_source(&source, Path::new("")) {
        assert!(!diagnostics.is_empty(), "refused without a reason");
        placed(&diagnostics, text);
    }
}

/// Every mistake is at a place of the file, and can be shown.
fn placed(diagnostics: &Diagnostics, text: &str) {
    for problem in diagnostics.iter() {
        let (span, message) = (&problem.span, &problem.message);
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?} is not in the file: {message}");
        let is_boundary = text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
        assert!(is_boundary, "{span:?} is within a character: {message}");
    }
    assert!(diagnostics.is_empty() || !diagnostics.render(false).is_empty());
}
