//! What serde alone cannot ask for: a value together with its place, and a scalar as it was written.
//!
//! Both are recognised by [`super::decode`] under a name of their own; elsewhere [`Located`] is refused.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::UsizeDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::{DecodeError, Node};
use crate::diagnostic::Span;

pub(super) const LOCATED: &str = "$rehearsal::Located";
pub(super) const SCALAR: &str = "$rehearsal::Scalar";

/// A value and where it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    pub value: T,
    pub span: Span,
}

/// Text, or a number or a boolean as it was written: where a value ends up as text anyway, `2` is as good
/// as `"2"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scalar(pub String);

/// A [`Scalar`], or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalars(pub Vec<String>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(LOCATED, &[], LocatedVisitor(PhantomData))
    }
}

struct LocatedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for LocatedVisitor<T> {
    type Value = Located<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of a YAML file")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut place: A) -> Result<Located<T>, A::Error> {
        let incomplete = || A::Error::custom("a value without its place");
        let start = place.next_element()?.ok_or_else(incomplete)?;
        let end = place.next_element()?.ok_or_else(incomplete)?;
        let value = place.next_element()?.ok_or_else(incomplete)?;
        Ok(Located { value, span: start..end })
    }
}

/// A node as [`Located`] reads it: where it starts, where it ends, what it is.
pub(super) struct Place<'de> {
    node: &'de Node,
    bounds: std::array::IntoIter<usize, 2>,
}

impl<'de> Place<'de> {
    pub(super) fn new(node: &'de Node) -> Self {
        Self { node, bounds: [node.span.start, node.span.end].into_iter() }
    }
}

impl<'de> SeqAccess<'de> for Place<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        match self.bounds.next() {
            Some(bound) => {
                let bound: UsizeDeserializer<DecodeError> = bound.into_deserializer();
                seed.deserialize(bound).map(Some)
            }
            None => seed.deserialize(self.node).map(Some),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SCALAR, ScalarVisitor).map(Self)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a number or a boolean")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Deserialize<'de> for Scalars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SCALAR, ScalarsVisitor).map(Self)
    }
}

struct ScalarsVisitor;

impl<'de> Visitor<'de> for ScalarsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a number or a boolean, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(Scalar(text)) = members.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }
}

impl JsonSchema for Scalars {
    fn schema_name() -> Cow<'static, str> {
        "Scalars".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let scalar = ["string", "number", "boolean"];
        schemars::json_schema!({ "type": [scalar[0], scalar[1], scalar[2], "array"], "items": { "type": scalar } })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["string", "number", "boolean"] })
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::yaml::{decode, parse};

    fn node(text: &str) -> Node {
        parse(&Source::new("a.yaml", text)).expect("valid YAML")
    }

    #[test]
    fn a_located_value_knows_its_place() {
        let root = node("a: [x, yz]");
        let list: Vec<Located<String>> = decode(root.get("a").expect("there")).expect("texts");
        assert_eq!(list[1], Located { value: "yz".to_owned(), span: 7..9 });
        let wrong = decode::<Vec<Located<String>>>(&node("[x, 5]")).expect_err("a number");
        assert_eq!((wrong.message.as_str(), wrong.span), ("expected text, found the number 5", Some(4..5)));
    }

    #[test]
    fn a_scalar_is_the_text_that_was_written() {
        let scalars: Vec<Scalar> = decode(&node("[1.50, true, 007, text, '2']")).expect("scalars");
        let texts: Vec<_> = scalars.iter().map(|scalar| scalar.0.as_str()).collect();
        assert_eq!(texts, ["1.50", "true", "007", "text", "2"]);
        assert!(decode::<Scalar>(&node("[1]")).is_err());
        let several: Vec<Scalars> = decode(&node("[1.50, [true, a]]")).expect("scalars and a list of them");
        assert_eq!(several, [Scalars(vec!["1.50".into()]), Scalars(vec!["true".into(), "a".into()])]);
        assert!(decode::<Scalars>(&node("{ a: 1 }")).is_err());
    }
}
