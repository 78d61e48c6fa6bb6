//! The `http` step: a request to an API or to a URL, and what its response must be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::Uri;
use http::uri::Scheme;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

use super::capture::{CaptureName, Pointer, references, substitute_in};
use super::matcher::{self, Leaf, Matcher};
use super::steps::json;
use crate::yaml::{Located, Scalars};

/// `http`: either `api` or `function` with `path`, or `url`; at most one of `body`, `json` and `file` is there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("not" = {"anyOf": [
    {"required": ["body", "json"]}, {"required": ["body", "file"]}, {"required": ["json", "file"]},
    {"required": ["url", "stage"]}, {"required": ["url", "path"]},
    {"required": ["url", "query"]}, {"required": ["function", "stage"]}, {"required": ["function", "api_key"]},
    {"required": ["function", "token"]}
]}, "oneOf" = [{"required": ["api", "path"]}, {"required": ["function", "path"]}, {"required": ["url"]}]))]
pub struct Http {
    /// The API's logical id.
    pub api: Option<Located<String>>,
    /// The logical id of a function that has a URL.
    pub function: Option<Located<String>>,
    /// A whole URL, such as a pre-signed one that an earlier step captured.
    #[serde(default, deserialize_with = "some_url")]
    pub url: Option<String>,
    /// The stage; its only one, or `$default`, where it is not named.
    pub stage: Option<Located<String>>,
    /// The API key whose value is sent, by its logical id.
    pub api_key: Option<Located<String>>,
    /// The claims of a token that is sent as `authorization: Bearer …`, signed by an issuer that the API's authorizer
    /// takes tokens of. `iss`, `aud`, `iat` and `exp` are filled in.
    #[serde(default, deserialize_with = "claims")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    pub token: Option<Value>,
    pub method: Method,
    /// The path, of an API the one below the stage, such as `/orders/42`, without a query.
    #[serde(default, deserialize_with = "some_path")]
    #[schemars(with = "Option<String>", regex(pattern = "^/[^?]*$"))]
    pub path: Option<String>,
    /// The query parameters, not URL-encoded; a list for several values of one.
    #[serde(default, deserialize_with = "several")]
    #[schemars(with = "BTreeMap<String, Scalars>")]
    pub query: BTreeMap<String, Vec<String>>,
    /// The headers; a list for several values of one.
    #[serde(default, deserialize_with = "several")]
    #[schemars(with = "BTreeMap<String, Scalars>")]
    pub headers: BTreeMap<String, Vec<String>>,
    /// The request's body as text.
    pub body: Option<String>,
    /// The request's body as JSON; sets the content type unless the headers do.
    #[serde(default, deserialize_with = "json")]
    pub json: Option<Value>,
    /// The request's body as a file, relative to the scenario.
    pub file: Option<Located<PathBuf>>,
    /// What the response must be.
    pub expect: Option<HttpExpect>,
    /// Values to take out of the response's JSON body, for later steps.
    #[serde(default)]
    pub capture: BTreeMap<CaptureName, Pointer>,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'s> {
    /// To a path of an API.
    Api { api: &'s Located<String>, path: &'s str },
    /// To a path of a function's URL.
    Function { function: &'s Located<String>, path: &'s str },
    /// To a URL, once captures are put in.
    Url(&'s str),
}

impl Http {
    /// Where the request goes: the reader refuses a step without a place, and one with two.
    pub fn target(&self) -> Target<'_> {
        match (&self.api, &self.function, &self.path, &self.url) {
            (Some(api), None, Some(path), None) => Target::Api { api, path },
            (None, Some(function), Some(path), None) => Target::Function { function, path },
            (None, None, None, Some(url)) => Target::Url(url),
            _ => unreachable!("a step has an API or a function with a path, or a URL"),
        }
    }
}

/// A request's method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

/// What a response must be; what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpExpect {
    /// The status code, or alternatives.
    #[serde(default, deserialize_with = "status")]
    #[schemars(with = "Option<Matcher>")]
    pub status: Option<Matcher>,
    /// Patterns for headers, by name in any case.
    #[serde(default, deserialize_with = "leaves")]
    pub headers: BTreeMap<String, Matcher>,
    /// A pattern for the JSON body; a text, or a list of alternatives, for a body that is text.
    pub body: Option<Matcher>,
}

substitute_in!(Http: token, url, path, query, headers, body, json, expect);
substitute_in!(HttpExpect: status, headers, body);

/// For serde: the claims of a token.
fn claims<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let claims = json(deserializer)?;
    match &claims {
        None | Some(Value::Object(_)) => Ok(claims),
        Some(_) => Err(D::Error::custom("the claims of a token are a mapping, such as `{ sub: alice }`")),
    }
}

/// For serde: one or several texts by name.
fn several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let several = BTreeMap::<String, Scalars>::deserialize(deserializer)?;
    Ok(several.into_iter().map(|(name, Scalars(texts))| (name, texts)).collect())
}

/// For serde: patterns for single values by name.
pub(super) fn leaves<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Matcher>, D::Error> {
    let leaves = BTreeMap::<String, Leaf>::deserialize(deserializer)?;
    Ok(leaves.into_iter().map(|(name, Leaf(matcher))| (name, matcher)).collect())
}

/// For serde: a pattern for a status code, which is a number.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Matcher>, D::Error> {
    let matcher = matcher::leaf(deserializer)?;
    let alternatives = matcher.iter().flat_map(|matcher| matcher.value().as_array()).flatten();
    if !alternatives.into_iter().all(|alternative| alternative.is_number() || alternative.is_object()) {
        return Err(D::Error::custom("a status code is a number, such as 200"));
    }
    Ok(matcher)
}

/// The URL that a text is.
///
/// # Errors
/// Why a request cannot be sent there.
pub fn url(text: &str) -> Result<Uri, String> {
    let example = "one is whole, such as `https://partner.example/orders`";
    let uri: Uri = text.parse().map_err(|_| format!("`{text}` is not a URL: {example}"))?;
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(uri),
        Some(scheme) => Err(format!("`{scheme}` is neither `http` nor `https`")),
        None => Err(format!("`{text}` is not a URL: {example}")),
    }
}

/// For serde: a URL, which is looked at where no capture is to be put in.
fn some_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if references(&text).next().is_none() {
        url(&text).map_err(D::Error::custom)?;
    }
    Ok(Some(text))
}

/// For serde: a path that may be left out.
pub(super) fn some_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    path(deserializer).map(Some)
}

/// For serde: a request's path.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    if !path.starts_with('/') {
        return Err(D::Error::custom(format!("a path starts with a slash: `/{path}`")));
    }
    if path.contains('?') {
        return Err(D::Error::custom("a path has no query: write the parameters under `query`"));
    }
    Ok(path)
}
