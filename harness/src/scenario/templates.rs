//! The key `template` of a scenario: one template, or several that are deployed beside each other.

use std::path::PathBuf;

use super::syntax::Reader;
use crate::yaml::{self, Located, Node};

impl Reader<'_> {
    /// One template, or a list of them.
    pub(super) fn templates(&mut self, root: &Node) -> Option<Vec<Located<PathBuf>>> {
        let Some((key, value)) = root.entry("template") else {
            self.missing(root, "template");
            return None;
        };
        match value.sequence() {
            None => self.accept(yaml::decode(value), key, value).map(|template| vec![template]),
            Some([]) => {
                self.error(key.span.clone(), "no template is named here");
                None
            }
            Some(members) => members.iter().map(|member| self.accept(yaml::decode(member), key, member)).collect(),
        }
    }
}
