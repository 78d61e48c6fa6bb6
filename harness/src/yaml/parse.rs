//! From text to a tree of [`Node`]s.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span as ParserSpan, StrInput, Tag};

use super::{Content, Node};
use crate::diagnostic::{Diagnostics, Source, Span};

/// How many nodes a file may have once its aliases are expanded.
const MAX_NODES: usize = 1_000_000;
/// How deep a file may nest.
const MAX_DEPTH: usize = 128;

/// What is mostly behind the parser's words, which tell where it could not go on.
const ADVICE: [(&str, &str); 6] = [
    ("tab", "indent with spaces: YAML allows no tabs there"),
    ("only valid inside a block", "a bracket or brace above may still be open"),
    ("did not find expected ','", "a bracket or brace above may still be open"),
    ("mapping values are not allowed", "check the indentation, and quote a text that has `: ` in it"),
    (
        "did not find expected key",
        "check the indentation: the entries of a list or mapping stand exactly below each other",
    ),
    ("unexpected character", "quote a text that begins with this character"),
];

fn advice(words: &str) -> Option<&'static str> {
    ADVICE.iter().find(|(part, _)| words.contains(*part)).map(|(_, advice)| *advice)
}

/// Reads a file that holds one YAML document. An empty file is a null node.
///
/// # Errors
/// What is wrong with its syntax: one diagnostic for what the parser stopped at, or all duplicate keys.
pub fn parse(source: &Arc<Source>) -> Result<Node, Diagnostics> {
    let mut builder = Builder {
        source,
        parser: Parser::new_from_str(&source.text),
        diagnostics: Diagnostics::default(),
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    let root = builder.document();
    match root {
        Some(root) if builder.diagnostics.is_empty() => Ok(root),
        _ => Err(builder.diagnostics),
    }
}

struct Builder<'s> {
    source: &'s Arc<Source>,
    parser: Parser<'s, StrInput<'s>>,
    diagnostics: Diagnostics,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
}

/// The parser's event with its place in bytes, or `None` once an error has been reported.
type Next<'s> = Option<(Event<'s>, Span)>;

impl<'s> Builder<'s> {
    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    self.diagnostics.error(self.source, span, "a second document in one file");
                    return None;
                }
                Event::DocumentStart(..) => {}
                Event::StreamEnd => {
                    return Some(root.unwrap_or(Node { span: 0..0, tag: None, content: Content::Null }));
                }
                event => root = Some(self.node(event, span, 0)?),
            }
        }
    }

    /// The next event that is not a comment.
    fn next(&mut self) -> Next<'s> {
        loop {
            match self.parser.next_event()? {
                Ok((Event::Comment(..), _)) => {}
                Ok((event, span)) => return Some((event, self.bytes(&span))),
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(0).min(self.source.text.len());
                    let end = (at + 1).min(self.source.text.len());
                    let span = if self.source.text.is_char_boundary(end) { at..end } else { at..at };
                    let message = format!("not valid YAML: {}", error.info());
                    self.diagnostics.error(self.source, span, message).help = advice(&error.info()).map(str::to_owned);
                    return None;
                }
            }
        }
    }

    fn bytes(&self, span: &ParserSpan) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        let text = self.source.text.get(range.clone()).unwrap_or_default();
        range.start..range.start + text.trim_end().len()
    }

    fn node(&mut self, event: Event<'s>, span: Span, depth: usize) -> Option<Node> {
        self.count(1, &span)?;
        self.check_depth(depth, &span)?;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => (anchor, scalar(text, style, tag, span)),
            Event::SequenceStart(_, anchor, tag) => (anchor, self.sequence(local(tag), span, depth)?),
            Event::MappingStart(_, anchor, tag) => (anchor, self.mapping(local(tag), span, depth)?),
            Event::Alias(anchor) => {
                let Some(mut node) = self.anchors.get(&anchor).cloned() else {
                    self.diagnostics.error(self.source, span, "this alias stands within the value that it stands for");
                    return None;
                };
                self.count(size(&node), &span)?;
                self.check_depth(depth + height(&node), &span)?;
                node.span = span;
                (0, node)
            }
            _ => (0, Node { span, tag: None, content: Content::Null }),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Some(node)
    }

    fn check_depth(&mut self, depth: usize, span: &Span) -> Option<()> {
        if depth > MAX_DEPTH {
            self.diagnostics.error(self.source, span.clone(), format!("nested more than {MAX_DEPTH} levels deep"));
            return None;
        }
        Some(())
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Option<()> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            self.diagnostics.error(self.source, span.clone(), format!("more than {MAX_NODES} values in one file"));
            return None;
        }
        Some(())
    }

    fn sequence(&mut self, tag: Option<String>, start: Span, depth: usize) -> Option<Node> {
        let mut members = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let span = whole(&start, members.last(), &span);
                return Some(Node { span, tag, content: Content::Sequence(members) });
            }
            members.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(&mut self, tag: Option<String>, start: Span, depth: usize) -> Option<Node> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut keys = std::collections::BTreeSet::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let span = whole(&start, entries.last().map(|(_, value)| value), &span);
                return Some(Node { span, tag, content: Content::Mapping(entries) });
            }
            let key = as_text(self.node(event, span, depth + 1)?);
            if let Some(text) = key.scalar()
                && !keys.insert(text.clone())
            {
                self.diagnostics.error(self.source, key.span.clone(), format!("the key `{text}` stands here twice"));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push((key, value));
        }
    }
}

/// From where a collection starts to the end of its last member, or of its closing bracket.
fn whole(start: &Span, last: Option<&Node>, end: &Span) -> Span {
    let last = last.map_or(start.end, |node| node.span.end);
    start.start..last.max(if end.is_empty() { last } else { end.end })
}

/// Keys are text, however they are written: `200:` is the key "200".
fn as_text(mut key: Node) -> Node {
    if let Some(text) = key.scalar() {
        key.content = Content::Text(text);
    }
    key
}

fn size(node: &Node) -> usize {
    match &node.content {
        Content::Sequence(members) => 1 + members.iter().map(size).sum::<usize>(),
        Content::Mapping(entries) => 1 + entries.iter().map(|(key, value)| size(key) + size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// How many levels a node has below itself.
fn height(node: &Node) -> usize {
    match &node.content {
        Content::Sequence(members) => members.iter().map(|member| 1 + height(member)).max().unwrap_or(0),
        Content::Mapping(entries) => {
            entries.iter().map(|(key, value)| 1 + height(key).max(height(value))).max().unwrap_or(0)
        }
        _ => 0,
    }
}

fn local(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    tag.filter(|tag| !tag.is_yaml_core_schema()).map(|tag| tag.suffix().to_owned())
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<Cow<'_, Tag>>, span: Span) -> Node {
    let is_text = style != ScalarStyle::Plain || tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
    let content = if is_text { Content::Text(text.into_owned()) } else { plain(text) };
    Node { span, tag: local(tag), content }
}

/// The core schema: <https://yaml.org/spec/1.2.2/#103-core-schema>.
fn plain(text: Cow<'_, str>) -> Content {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        other => match number(other) {
            Some(value) => Content::Number(value, text.into_owned()),
            None => Content::Text(text.into_owned()),
        },
    }
}

fn number(text: &str) -> Option<serde_json::Number> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let digits = unsigned.strip_prefix('-').unwrap_or(unsigned);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // A leading zero keeps its digits only as text (an account id, a zip code).
        let padded = digits.len() > 1 && digits.starts_with('0');
        return if padded {
            None
        } else {
            unsigned.parse::<i64>().ok().map(Into::into).or_else(|| unsigned.parse::<u64>().ok().map(Into::into))
        };
    }
    let is_float = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_float {
        return None;
    }
    unsigned.parse::<f64>().ok().and_then(serde_json::Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_may_stand_anywhere() {
        let bare = parse(&Source::new("a.yaml", "a: [1, 2]\nb:\n  - c: d\n")).expect("valid YAML").to_json();
        let commented =
            "# one\n# two\na: # three\n  [1, # four\n   2]\n# five\nb:\n  # six\n  - c: d # seven\n# eight\n";
        assert_eq!(parse(&Source::new("a.yaml", commented)).expect("valid YAML").to_json(), bare);
    }

    #[test]
    fn aliases_of_aliases_cannot_nest_deeper_than_a_file_may() {
        let nest = |inner: &str| format!("{}{inner}{}", "[".repeat(100), "]".repeat(100));
        let one_level = format!("- &a {}\n- *a\n", nest(""));
        let source = Source::new("a.yaml", one_level.clone());
        assert!(parse(&source).is_ok());

        let source = Source::new("a.yaml", format!("{one_level}- {}\n", nest("*a")));
        let messages: Vec<_> =
            parse(&source).expect_err("200 levels").iter().map(|each| each.message.clone()).collect();
        assert_eq!(messages, ["nested more than 128 levels deep"]);
    }
}
