//! `given.stubs` and `expect.requests`: other systems that a workflow sends HTTP requests to, what they answer, and
//! what they must have been asked.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

use super::capture::substitute_in;
use super::duration::{self, Friendly};
use super::http::{Method, leaves, some_path};
use super::listed::{Entry, Listed};
use super::matcher::{self, Matcher};
use super::steps::{json, texts};
use crate::yaml::Scalar;

/// An answer of a stub, and the requests that get it.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stub {
    /// Requests of this method only.
    pub method: Option<Method>,
    /// Requests with this path only, in which `*` stands for any text.
    #[serde(default, deserialize_with = "some_path")]
    #[schemars(with = "Option<String>", regex(pattern = "^/[^?]*$"))]
    pub path: Option<String>,
    /// What they get.
    pub respond: Respond,
    /// How many requests get it; all where it is left out.
    pub times: Option<NonZeroU32>,
}

/// What a stub does with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Respond {
    /// It refuses the connection.
    Refuse,
    Response(StubResponse),
}

/// What a stub answers. At most one of `body` and `json` is there.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("not" = {"required": ["body", "json"]}))]
pub struct StubResponse {
    /// 200 where it is left out.
    #[serde(default = "ok", deserialize_with = "status")]
    #[schemars(range(min = 100, max = 599))]
    pub status: u16,
    #[serde(default, deserialize_with = "texts")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: Option<String>,
    /// The body as JSON; sets the content type unless the headers do.
    #[serde(default, deserialize_with = "json")]
    pub json: Option<Value>,
    /// How long the answer takes.
    #[serde(default, deserialize_with = "duration::optional")]
    #[schemars(with = "Option<Friendly>")]
    pub delay: Option<Duration>,
}

/// What a host must have been asked.
pub type RequestsExpect = Listed<RequestExpect>;

/// One request; what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestExpect {
    pub method: Option<Method>,
    /// The path, without its query.
    #[serde(default, deserialize_with = "matcher::leaf")]
    pub path: Option<Matcher>,
    /// Patterns for query parameters.
    #[serde(default, deserialize_with = "leaves")]
    pub query: BTreeMap<String, Matcher>,
    /// Patterns for headers, by name in any case.
    #[serde(default, deserialize_with = "leaves")]
    pub headers: BTreeMap<String, Matcher>,
    /// A pattern for the JSON body; a text, or a list of alternatives, for a body that is text.
    pub body: Option<Matcher>,
}

substitute_in!(RequestExpect: path, query, headers, body);

impl Entry for RequestExpect {
    const EXPECTING: &'static str = "`empty`, a count or a list of requests";
    const SCHEMA: &'static str = "RequestsExpect";
    const DESCRIPTION: &'static str =
        "What a host must have been asked: nothing, so many requests, or exactly these in any order";

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

/// A host as requests and scenarios call it alike: its scheme, its name in lower case, and its port where it is not
/// the scheme's own.
///
/// # Errors
/// Why the text is not the address of a host.
pub fn host(text: &str) -> Result<String, String> {
    let example = "a stub stands for a host, such as `https://partner.example`";
    let uri: Uri = text.parse().map_err(|_| format!("`{text}` is not a URL: {example}"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(format!("`{text}` has no scheme: {example}"));
    };
    let own_port = match scheme {
        _ if *scheme == Scheme::HTTPS => 443,
        _ if *scheme == Scheme::HTTP => 80,
        _ => return Err(format!("`{scheme}` is neither `http` nor `https`: {example}")),
    };
    if uri.path().len() > 1 || uri.query().is_some() {
        return Err(format!("`{text}` has a path: {example}, and its answers have a `path` each"));
    }
    let port = authority.port_u16().filter(|port| *port != own_port);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{scheme}://{}{port}", authority.host().to_lowercase()))
}

fn ok() -> u16 {
    200
}

/// For serde: a status code.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let status = u16::deserialize(deserializer)?;
    if (100..600).contains(&status) {
        return Ok(status);
    }
    Err(D::Error::custom(format!("`{status}` is not a status code: one lies between 100 and 599")))
}

impl<'de> Deserialize<'de> for Respond {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RespondVisitor)
    }
}

struct RespondVisitor;

impl<'de> Visitor<'de> for RespondVisitor {
    type Value = Respond;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`refuse` or a response such as `{status: 200}`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Respond, E> {
        if text == "refuse" { Ok(Respond::Refuse) } else { Err(E::unknown_variant(text, &["refuse"])) }
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Respond, A::Error> {
        let response = StubResponse::deserialize(MapAccessDeserializer::new(entries))?;
        if response.body.is_some() && response.json.is_some() {
            return Err(A::Error::custom("`body` excludes `json`"));
        }
        Ok(Respond::Response(response))
    }
}

impl JsonSchema for Respond {
    fn schema_name() -> Cow<'static, str> {
        "Respond".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let response = generator.subschema_for::<StubResponse>();
        schemars::json_schema!({
            "description": "What a stub does with a request: it refuses the connection, or answers",
            "anyOf": [{ "const": "refuse" }, response],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_host_is_called_the_same_however_it_is_written() {
        for (written, called) in [
            ("https://partner.example", "https://partner.example"),
            ("https://Partner.example/", "https://partner.example"),
            ("https://partner.example:443", "https://partner.example"),
            ("http://partner.example:80", "http://partner.example"),
            ("http://partner.example:8080", "http://partner.example:8080"),
        ] {
            assert_eq!(host(written).as_deref(), Ok(called), "{written}");
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        for (written, reason) in [
            ("partner.example", "has no scheme"),
            ("https://", "is not a URL"),
            ("https://partner.example/hooks", "has a path"),
            ("https://partner.example?a=b", "has a path"),
            ("ftp://partner.example", "neither `http` nor `https`"),
        ] {
            let message = host(written).expect_err(written);
            assert!(message.contains(reason), "{written}: {message}");
        }
    }
}
