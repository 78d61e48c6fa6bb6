//! Keys of a step that exclude each other or need each other: what the types of the steps do not say.

use super::syntax::{Reader, text};
use crate::yaml::{Node, quoted};

/// Which keys of a step exclude each other, and whether one of them must be there.
const ALTERNATIVES: [(&str, &[&str], bool); 6] = [
    ("s3.put", &["body", "file"], true),
    ("http", &["api", "function", "url"], true),
    ("http", &["body", "json", "file"], false),
    ("sqs.send", &["body", "json"], true),
    ("kinesis.put", &["data", "json", "file"], true),
    ("sns.publish", &["message", "json", "by_protocol"], true),
];

/// What a function's URL does not have.
const OF_APIS: [&str; 3] = ["stage", "api_key", "token"];

/// What the URL of a request says by itself.
const IN_A_URL: [&str; 3] = ["stage", "path", "query"];

impl Reader<'_> {
    /// Reports keys of a step that cannot stand beside each other, and those of which one is missing.
    pub(super) fn alternatives(&mut self, name: &Node, settings: &Node) {
        for (_, keys, required) in ALTERNATIVES.iter().filter(|(step, ..)| *step == text(name)) {
            let written: Vec<_> = keys.iter().filter_map(|key| settings.entry(key)).map(|(key, _)| key).collect();
            match written.as_slice() {
                [] if *required && settings.mapping().is_some() => {
                    self.error(name.span.clone(), format!("`{}` needs one of {}", text(name), quoted(*keys)));
                }
                [one, other, ..] => self.excludes(one, other, &format!("write one of {}", quoted(*keys))),
                _ => {}
            }
        }
        if text(name) == "http" {
            self.target(name, settings);
        }
    }

    /// A path belongs to an API or a function, and a URL is whole.
    fn target(&mut self, name: &Node, settings: &Node) {
        if let Some((function, _)) = settings.entry("function") {
            for (key, _) in OF_APIS.iter().filter_map(|key| settings.entry(key)) {
                self.excludes(function, key, "a stage, an API key or a token goes with `api`");
            }
        }
        match (settings.entry("url"), settings.entry("api").or_else(|| settings.entry("function"))) {
            (Some((url, _)), None) => {
                for (key, _) in IN_A_URL.iter().filter_map(|key| settings.entry(key)) {
                    self.excludes(url, key, "a URL has its path and query in itself, and a stage goes with `api`");
                }
            }
            (None, Some(_)) if settings.get("path").is_none() => {
                self.error(name.span.clone(), "the key `path` is missing");
            }
            _ => {}
        }
    }

    /// Reports the later of two keys that exclude each other.
    fn excludes(&mut self, one: &Node, other: &Node, help: &str) {
        let (earlier, later) = if one.span.start < other.span.start { (one, other) } else { (other, one) };
        self.error(later.span.clone(), format!("`{}` excludes `{}`", text(earlier), text(later))).help(help);
    }
}
