//! The XML documents that S3 requests carry, as a tree, so that every element can be answered for by name.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

use crate::protocol::{AwsError, xml};

/// An element with its text (untrimmed: keys may begin and end with spaces) and its child elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// Reads a document whose root must have the given name, or answers `MalformedXML`.
    pub fn parse(body: &[u8], root: &str) -> Result<Self, AwsError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        let mut document = tree(text)?;
        match document.children.pop() {
            Some(element) if element.name == root && document.children.is_empty() => Ok(element),
            _ => Err(malformed()),
        }
    }

    /// The children with a name, in order.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child with a name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element as a document.
    pub fn render(&self, namespace: &str) -> String {
        let inner = self.inner();
        format!("<{0} xmlns=\"{namespace}\">{inner}</{0}>", self.name)
    }

    fn inner(&self) -> String {
        if self.children.is_empty() {
            return xml::escape(&self.text);
        }
        self.children.iter().map(|child| format!("<{0}>{1}</{0}>", child.name, child.inner())).collect()
    }

    /// The text of the first child with a name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The text of a child that S3's schema requires.
    pub fn required(&self, name: &str) -> Result<&str, AwsError> {
        self.text_of(name).ok_or_else(malformed)
    }
}

/// What S3 answers to a document that it cannot read.
pub fn malformed() -> AwsError {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    AwsError::client("MalformedXML", message)
}

/// A nameless element around the document's root.
fn tree(text: &str) -> Result<Element, AwsError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|_| malformed())?;
        let current = open.last_mut().ok_or_else(malformed)?;
        match event {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.push(Element { name, ..Element::default() });
            }
            Event::End(_) => {
                let closed = open.pop().ok_or_else(malformed)?;
                open.last_mut().ok_or_else(malformed)?.children.push(closed);
            }
            Event::Text(text) => current.text.push_str(&text.xml10_content()),
            Event::CData(text) => current.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => current.text.push_str(&resolve(&reference)?),
            Event::Eof => break,
            _ => {}
        }
    }
    match open.pop() {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(malformed()),
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, AwsError> {
    let character = reference.resolve_char_ref().map_err(|_| malformed())?;
    character
        .map(String::from)
        .or_else(|| resolve_predefined_entity(reference).map(str::to_owned))
        .ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_as_it_is() {
        let element = Element::parse(b"<A xmlns='x'><Key> a&amp;b&#13; </Key><Key/></A>", "A").expect("well-formed");
        let keys: Vec<_> = element.all("Key").map(|key| key.text.as_str()).collect();
        assert_eq!(keys, [" a&b\r ", ""]);
    }

    #[test]
    fn what_is_not_such_a_document_is_malformed() {
        for body in ["", "<B/>", "<A>", "<A></B>", "<A/><A/>", "<A>&unknown;</A>", "no"] {
            assert_eq!(Element::parse(body.as_bytes(), "A"), Err(malformed()), "{body}");
        }
    }
}
