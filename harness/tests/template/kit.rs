//! What the tests of templates share: reading one from text, with names that are short to write.

use std::path::{Path, PathBuf};

use rehearsal::diagnostic::{Diagnostics, Source};
use rehearsal::stack::Stack;
use rehearsal::template::{Naming, load};

pub fn naming() -> Naming {
    Naming {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        stack_name: "shop".to_owned(),
        prefix: String::new(),
        suffix: "x1y2z3".to_owned(),
        queue_url_base: "https://sqs.us-east-1.amazonaws.com".to_owned(),
    }
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates")
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn stack_of(text: &str, parameters: &[(&str, &str)]) -> Result<Stack, Diagnostics> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&Source::new("template.yaml", text), &parameters, &naming())
}

pub fn good(text: &str, parameters: &[(&str, &str)]) -> Stack {
    stack_of(text, parameters).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

pub fn messages(text: &str, parameters: &[(&str, &str)]) -> String {
    stack_of(text, parameters).expect_err("it is refused").render(false)
}

pub fn everything() -> Stack {
    good(&read(&folder().join("everything.yaml")), &[])
}
