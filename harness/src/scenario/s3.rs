//! The steps about objects of buckets, and what buckets must hold at the end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::capture::{Captured, Substitute, UnknownCapture, substitute, substitute_in};
use super::expect::Count;
use super::matcher::Matcher;
use super::steps::texts;
use crate::yaml::{Located, Scalar};

/// `s3.put`: exactly one of `body` and `file` is there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["body"]}, {"required": ["file"]}]))]
pub struct S3Put {
    /// The bucket's logical id.
    pub bucket: Located<String>,
    /// The object's key, as it is: not URL-encoded.
    pub key: String,
    /// The object's content as text.
    pub body: Option<String>,
    /// The object's content as a file, relative to the scenario.
    pub file: Option<Located<PathBuf>>,
    /// The object's `Content-Type`.
    pub content_type: Option<String>,
    /// User-defined metadata, without the prefix `x-amz-meta-`.
    #[serde(default, deserialize_with = "texts")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub metadata: BTreeMap<String, String>,
    /// The object's tags.
    #[serde(default, deserialize_with = "texts")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub tags: BTreeMap<String, String>,
}

/// `s3.copy`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Copy {
    /// The object that is copied.
    pub from: S3Object,
    /// What the copy becomes.
    pub to: S3Object,
}

/// `s3.delete`: the object that goes.
pub type S3Delete = S3Object;

/// An object of a bucket.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Object {
    /// The bucket's logical id.
    pub bucket: Located<String>,
    /// The object's key, as it is: not URL-encoded.
    pub key: String,
}

/// What a bucket must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectsExpect {
    /// How many objects there are.
    pub count: Option<Count>,
    /// Exactly the keys that there are, in any order.
    pub keys: Option<Vec<String>>,
    /// What objects hold, by key: a text, alternatives for it, or a pattern for JSON.
    #[serde(default, deserialize_with = "contents")]
    pub contents: BTreeMap<String, Matcher>,
}

substitute_in!(S3Put: key, body, content_type, metadata, tags);
substitute_in!(S3Copy: from, to);
substitute_in!(S3Object: key);

impl Substitute for ObjectsExpect {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        self.keys.substitute(captured)?;
        self.contents.substitute(captured)?;
        // An object's key is a text as any other, wherever it stands.
        let contents = std::mem::take(&mut self.contents).into_iter();
        self.contents =
            contents.map(|(key, content)| Ok((substitute(&key, captured)?, content))).collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// For serde: patterns for contents, by key.
fn contents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Matcher>, D::Error> {
    let contents = BTreeMap::<String, Body>::deserialize(deserializer)?;
    Ok(contents.into_iter().map(|(key, Body(matcher))| (key, matcher)).collect())
}

/// A pattern for what an object holds, which is text, and may be JSON.
struct Body(Matcher);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let matcher = Matcher::deserialize(deserializer)?;
        let mut alternatives = matcher.value().as_array().into_iter().flatten();
        match alternatives.find(|one| !one.is_string() && !one.is_object()) {
            Some(odd) => Err(D::Error::custom(format!("an object holds text: put `{odd}` into quotes"))),
            None => Ok(Self(matcher)),
        }
    }
}
