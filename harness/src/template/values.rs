//! The values that parameters are given, and where they are written: a mistake in one is shown there, and a parameter
//! that lacks one is said to need it there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Source, Span};
use crate::yaml::Node;

/// Values by the name of their parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    texts: BTreeMap<String, String>,
    origin: Origin,
}

/// Who gives the values.
#[derive(Clone, Debug, Default, PartialEq)]
enum Origin {
    /// A scenario that is known by its values only.
    #[default]
    Scenario,
    File(Arc<Source>, BTreeMap<String, Places>),
    Options,
}

/// Where a parameter is given: its name, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    pub name: Span,
    pub value: Span,
}

impl From<BTreeMap<String, String>> for Values {
    fn from(texts: BTreeMap<String, String>) -> Self {
        Self { texts, origin: Origin::Scenario }
    }
}

impl Values {
    /// Values of the option `--parameter`.
    pub fn of_options(texts: BTreeMap<String, String>) -> Self {
        Self { texts, origin: Origin::Options }
    }

    /// Those entries of a file that are text.
    pub fn in_file(source: &Arc<Source>, entries: &[(Node, Node)]) -> Self {
        let (mut texts, mut places) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in entries {
            if let (Some(name), Some(text)) = (key.scalar(), value.scalar()) {
                places.insert(name.clone(), Places { name: key.span.clone(), value: value.span.clone() });
                texts.insert(name, text);
            }
        }
        Self { texts, origin: Origin::File(Arc::clone(source), places) }
    }

    /// The values.
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// The file that they are written in.
    pub(super) fn source(&self) -> Option<&Arc<Source>> {
        match &self.origin {
            Origin::File(source, _) => Some(source),
            Origin::Scenario | Origin::Options => None,
        }
    }

    /// Where in that file a parameter is given, which begins behind other files.
    pub(super) fn places(&self, name: &str, start: usize) -> Option<Places> {
        let Origin::File(_, places) = &self.origin else { return None };
        let behind = |span: &Span| span.start + start..span.end + start;
        places.get(name).map(|places| Places { name: behind(&places.name), value: behind(&places.value) })
    }

    /// Whether they come from the command line.
    pub(super) fn are_options(&self) -> bool {
        self.origin == Origin::Options
    }
}
