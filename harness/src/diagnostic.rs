//! What is wrong with a user's file, and the one place that renders it: message, file, line, caret, help.
//!
//! Nothing here stops at the first problem: whoever reads a file collects its diagnostics in a
//! [`Diagnostics`] and goes on as far as it makes sense.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// A file's text and the name that messages give it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as the user would write it.
    pub path: String,
    pub text: String,
}

impl Source {
    /// A source to share among its diagnostics.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// The line, from 1, that a byte offset is on.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|&&byte| byte == b'\n').count()
    }
}

/// A range of bytes in a source.
pub type Span = Range<usize>;

/// One problem in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub source: Arc<Source>,
    pub span: Span,
    /// What is wrong, in one line.
    pub message: String,
    /// What stands beside the caret; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The problems found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a problem at a place of a source; the answer can be given a label and help.
    pub fn error(&mut self, source: &Arc<Source>, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.0.push(Diagnostic {
            source: Arc::clone(source),
            span,
            message: message.into(),
            label: String::new(),
            help: None,
        });
        self.0.last_mut().expect("one was pushed just now")
    }

    /// Adds a problem that was made elsewhere.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many problems a reader is shown.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// The problems, ordered by file and place. One that was found twice is one.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by_key(|diagnostic| (diagnostic.source.path.clone(), diagnostic.span.start));
        sorted.dedup();
        sorted.into_iter()
    }

    /// The problems as text for a terminal, a blank line between any two.
    pub fn render(&self, styled: bool) -> String {
        let rendered: Vec<_> = self.iter().map(|diagnostic| diagnostic.render(styled)).collect();
        rendered.join("\n\n")
    }
}

impl Diagnostic {
    /// Sets what stands beside the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    /// Sets what to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Sets "did you mean" as help, where one of the candidates is near to what was written.
    pub fn did_you_mean<'a>(&mut self, written: &str, candidates: impl IntoIterator<Item = &'a str>) -> &mut Self {
        if let Some(near) = nearest(written, candidates) {
            self.help = Some(format!("did you mean `{near}`?"));
        }
        self
    }

    fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let title = Level::ERROR.primary_title(self.message.as_str());
        let mut group: Group<'_> = if self.source.text.is_empty() {
            title.element(Origin::path(self.source.path.as_str()))
        } else {
            title.element(self.snippet())
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let length = self.source.text.len();
        let span = self.span.start.min(length)..self.span.end.clamp(self.span.start.min(length), length);
        let annotation = AnnotationKind::Primary.span(span);
        let annotation = if self.label.is_empty() { annotation } else { annotation.label(self.label.as_str()) };
        Snippet::source(self.source.text.as_str()).path(self.source.path.as_str()).annotation(annotation)
    }
}

/// The candidate that is nearest to what was written, where one is near enough to be meant.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let normal = |text: &str| text.to_lowercase().replace(['_', '-', '.'], "");
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&normal(written), &normal(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_file_line_caret_label_and_help() {
        let source = Source::new("a.yaml", "version: 1\nnmae: x\n");
        let mut diagnostics = Diagnostics::default();
        diagnostics
            .error(&source, 11..15, "unknown key `nmae`")
            .label("not a key of a scenario")
            .did_you_mean("nmae", ["name", "steps"]);
        insta::assert_snapshot!(diagnostics.render(false), @r"
        error: unknown key `nmae`
         --> a.yaml:2:1
          |
        2 | nmae: x
          | ^^^^ not a key of a scenario
          |
          = help: did you mean `name`?
        ");
    }

    #[test]
    fn a_problem_found_twice_is_one_and_the_order_is_that_of_the_file() {
        let source = Source::new("a.yaml", "a\nb\n");
        let mut diagnostics = Diagnostics::default();
        for (span, message) in [(2..3, "second"), (0..1, "first"), (2..3, "second")] {
            diagnostics.error(&source, span, message);
        }
        let messages: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!((messages, diagnostics.len()), (vec!["first", "second"], 2));
    }

    #[test]
    fn a_file_without_text_is_named_without_a_line() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.error(&Source::new("a.yaml", ""), 0..0, "there is no such file").help("write one");
        insta::assert_snapshot!(diagnostics.render(false), @r"
        error: there is no such file
        --> a.yaml
         = help: write one
        ");
    }

    #[test]
    fn only_a_near_candidate_is_suggested() {
        assert_eq!(nearest("Uplaods", ["Uploads", "Orders"]), Some("Uploads"));
        assert_eq!(nearest("s3_put", ["s3.put", "sqs.send"]), Some("s3.put"));
        assert_eq!(nearest("Nothing", ["Uploads", "Orders"]), None);
    }
}
