//! How listings are cut into pages, and what their parameters are.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::url_encode;
use crate::protocol::{AwsError, Request, xml};

/// What the next page begins after, as an opaque token.
pub fn token(last: &str) -> String {
    BASE64.encode(last)
}

/// The query parameters of a listing.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of a request.
    pub fn of(request: &Request) -> Self {
        Self(request.query())
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter's value, or nothing where it is empty too.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// A number within a range, or `InvalidArgument`.
    pub fn number(&self, name: &'static str, range: RangeInclusive<usize>) -> Result<Option<usize>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.parse().ok().filter(|number| range.contains(number));
        let message = format!("Provided {name} not an integer or within integer range");
        number.map(Some).ok_or_else(|| invalid(name, &message))
    }

    /// How many entries a page may have: up to 1,000, whatever is asked for.
    pub fn limit(&self, name: &'static str) -> Result<usize, AwsError> {
        Ok(self.number(name, 0..=i32::MAX as usize)?.unwrap_or(1000).min(1000))
    }

    /// What the page begins after, from its continuation token.
    pub fn token(&self) -> Result<Option<String>, AwsError> {
        let Some(token) = self.get("continuation-token") else { return Ok(None) };
        let decoded = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let decoded = decoded.filter(|decoded| !decoded.is_empty());
        decoded.map(Some).ok_or_else(|| invalid("continuation-token", "The continuation token provided is incorrect"))
    }
}

/// An `InvalidArgument` that names the parameter.
pub fn invalid(name: &str, message: &str) -> AwsError {
    AwsError::client("InvalidArgument", message).with_detail("ArgumentName", name)
}

/// What a listing rolls up, and how it writes names.
pub struct Cut<'a> {
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
    /// The common prefix that the page before ended with.
    pub after: &'a str,
    /// Whether names are URL-encoded.
    encodes: bool,
}

/// Something that is listed, or what stands for several with a common prefix.
pub enum Entry<'a, T> {
    Item(&'a str, T),
    CommonPrefix(&'a str),
}

/// A part of a listing.
pub struct Page<'a, T> {
    pub entries: Vec<Entry<'a, T>>,
    pub truncated: bool,
}

impl<'a> Cut<'a> {
    /// As a listing's parameters say; `after` is what the page before ended with.
    pub fn of(parameters: &'a Parameters, after: &'a str) -> Result<Self, AwsError> {
        let encodes = match parameters.get("encoding-type") {
            None => false,
            Some("url") => true,
            Some(_) => return Err(invalid("encoding-type", "Invalid Encoding Method specified in Request")),
        };
        let delimiter = parameters.get("delimiter").filter(|delimiter| !delimiter.is_empty());
        Ok(Self { prefix: parameters.text("prefix"), delimiter, after, encodes })
    }

    /// The first page of what is listed by name, in order. Only names with the prefix are looked at.
    pub fn page<T>(&self, items: impl Iterator<Item = (&'a str, T)>, limit: usize) -> Page<'a, T> {
        let mut entries: Vec<Entry<'a, T>> = Vec::new();
        for (name, item) in items.filter(|(name, _)| name.starts_with(self.prefix)) {
            let entry = match self.common_prefix(name) {
                Some(prefix) if prefix == self.after => continue,
                Some(prefix) if matches!(entries.last(), Some(Entry::CommonPrefix(last)) if *last == prefix) => {
                    continue;
                }
                Some(prefix) => Entry::CommonPrefix(prefix),
                None => Entry::Item(name, item),
            };
            if entries.len() == limit {
                return Page { entries, truncated: limit > 0 };
            }
            entries.push(entry);
        }
        Page { entries, truncated: false }
    }

    fn common_prefix(&self, name: &'a str) -> Option<&'a str> {
        let delimiter = self.delimiter?;
        let end = name[self.prefix.len()..].find(delimiter)?;
        Some(&name[..self.prefix.len() + end + delimiter.len()])
    }

    /// An element with a name in it.
    pub fn name(&self, element: &str, text: &str) -> String {
        if self.encodes { xml::element(element, &url_encode(text)) } else { xml::element(element, text) }
    }

    /// An entry's element, where that of an item is made by `item`.
    pub fn entries<T>(&self, page: &Page<'_, T>, item: impl Fn(&str, &T) -> String) -> String {
        let entry = |entry: &Entry<'_, T>| match entry {
            Entry::CommonPrefix(prefix) => format!("<CommonPrefixes>{}</CommonPrefixes>", self.name("Prefix", prefix)),
            Entry::Item(name, content) => item(name, content),
        };
        page.entries.iter().map(entry).collect()
    }

    /// The elements that repeat what the page was asked for.
    pub fn elements(&self) -> String {
        let delimiter = self.delimiter.map(|delimiter| self.name("Delimiter", delimiter)).unwrap_or_default();
        let encoding = if self.encodes { xml::element("EncodingType", "url") } else { String::new() };
        self.name("Prefix", self.prefix) + &delimiter + &encoding
    }
}

impl<T> Page<'_, T> {
    /// The name that the next page begins after.
    pub fn next(&self) -> Option<&str> {
        let last = self.entries.last().filter(|_| self.truncated)?;
        Some(match last {
            Entry::Item(name, _) | Entry::CommonPrefix(name) => name,
        })
    }

    /// The item that the next page begins after, unless that is a common prefix.
    pub fn next_item(&self) -> Option<&T> {
        match self.entries.last().filter(|_| self.truncated)? {
            Entry::Item(_, item) => Some(item),
            Entry::CommonPrefix(_) => None,
        }
    }
}
