//! API Gateway's APIs: their stages, routes and what stands behind each.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{Authorizer, GatewayResponse, HttpEndpoint, ParameterMapping, Throttle};

/// An API Gateway API.
#[derive(Clone, Debug)]
pub struct Api {
    pub logical_id: String,
    /// The API's id, the first label of its host name.
    pub id: String,
    pub kind: ApiKind,
    /// `https://{id}.execute-api.{region}.amazonaws.com`.
    pub endpoint: String,
    /// Whether an authorizer says with which API key a request comes, and not a header.
    pub key_of_authorizer: bool,
    /// Whether only custom domains lead to it.
    pub endpoint_disabled: bool,
    pub stages: Vec<Stage>,
    pub routes: Vec<Route>,
    pub authorizers: Vec<Authorizer>,
    /// Media types that a REST API takes and gives as bytes: `image/png`, `image/*`, `*/*`.
    pub binary_media_types: Vec<String>,
    /// What an HTTP API answers to browsers of other origins.
    pub cors: Option<Cors>,
    /// JSON schemas of bodies, by name.
    pub models: BTreeMap<String, Value>,
    /// How a REST API words its own errors.
    pub gateway_responses: Vec<GatewayResponse>,
}

/// REST API or HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKind {
    Rest,
    Http,
}

/// A stage: what an API is called by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// `$default` for the stage of an HTTP API that has no name in the path.
    pub name: String,
    pub variables: BTreeMap<String, String>,
    /// Whether a REST API's stage has a cache for responses.
    pub has_cache: bool,
    /// What a route has of all that fit it, the more special ones last.
    pub settings: Vec<RouteSettings>,
}

/// Settings of a stage for some of its routes. What is not set is left to others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouteSettings {
    /// None for all.
    pub method: Option<String>,
    /// None for all.
    pub path: Option<String>,
    pub rate: Option<f64>,
    pub burst: Option<u32>,
    pub caching: Option<bool>,
    pub cache_seconds: Option<u32>,
}

/// One method and path of an API, and what is behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// `GET`, …, or `ANY`.
    pub method: String,
    /// Such as `/orders/{id}` or `/{proxy+}`; `$default` for an HTTP API's catch-all.
    pub path: String,
    pub integration: Integration,
    /// The authorizer that is asked, by id.
    pub authorizer: Option<String>,
    /// The scopes of which a token must have one.
    pub scopes: Vec<String>,
    /// Whether a request needs an API key.
    pub key_required: bool,
    /// Request parameters that a validator asks for, such as `method.request.querystring.page`.
    pub required: Vec<String>,
    /// The models that a validator holds bodies against, by content type; `$default` for all others.
    pub models: BTreeMap<String, String>,
    /// Request parameters that tell cached responses apart.
    pub cache_keys: Vec<String>,
}

/// What answers for a route.
#[derive(Clone, Debug, PartialEq)]
pub enum Integration {
    Lambda(LambdaProxy),
    Http(HttpEndpoint),
    Mock(Mock),
}

impl Integration {
    /// What is changed on the way there and back.
    pub fn mapping(&self) -> Option<&ParameterMapping> {
        match self {
            Self::Lambda(proxy) => Some(&proxy.mapping),
            Self::Http(endpoint) => Some(&endpoint.mapping),
            Self::Mock(_) => None,
        }
    }
}

/// A function that gets the whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LambdaProxy {
    /// May hold stage variables, as in `arn:…:function:${stageVariables.name}`.
    pub function_arn: String,
    pub payload: PayloadFormat,
    /// How long the API waits for the function.
    pub timeout: Duration,
    pub mapping: ParameterMapping,
}

/// A fixed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mock {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// The version of the payload that an API sends to a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    V1,
    V2,
}

/// An HTTP API's configuration for requests from other origins.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    pub allow_origins: Vec<String>,
    pub allow_methods: Vec<String>,
    pub allow_headers: Vec<String>,
    pub expose_headers: Vec<String>,
    pub allow_credentials: bool,
    pub max_age: Option<u32>,
}

impl Api {
    /// An API without stages and routes.
    pub fn new(logical_id: String, id: String, kind: ApiKind, region: &str) -> Self {
        Self {
            endpoint: format!("https://{id}.execute-api.{region}.amazonaws.com"),
            logical_id,
            id,
            kind,
            key_of_authorizer: false,
            endpoint_disabled: false,
            stages: Vec::new(),
            routes: Vec::new(),
            authorizers: Vec::new(),
            binary_media_types: Vec::new(),
            cors: None,
            models: BTreeMap::new(),
            gateway_responses: Vec::new(),
        }
    }

    /// The stage that a request without a name of one means: the only one, or `$default`.
    pub fn default_stage(&self) -> Option<&Stage> {
        match self.stages.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|stage| stage.name == "$default"),
        }
    }

    /// The stage of a name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

impl Route {
    /// A route that asks for nothing.
    pub fn new(method: &str, path: &str, integration: Integration) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self {
            method,
            path,
            integration,
            authorizer: None,
            scopes: Vec::new(),
            key_required: false,
            required: Vec::new(),
            models: BTreeMap::new(),
            cache_keys: Vec::new(),
        }
    }
}

impl Stage {
    /// The bucket of a route, where the stage sets one.
    pub fn throttle_of(&self, route: &Route) -> Option<Throttle> {
        let rate = self.settings_of(route).filter_map(|settings| settings.rate).next_back();
        let burst = self.settings_of(route).filter_map(|settings| settings.burst).next_back();
        match (rate, burst) {
            (None, None) => None,
            (rate, burst) => Some(Throttle { rate: rate.unwrap_or(10_000.0), burst: burst.unwrap_or(5_000) }),
        }
    }

    /// For how long a route's responses are cached: five minutes unless the stage says otherwise. What holds for
    /// all methods holds for `GET` only.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>
    pub fn cache_seconds(&self, route: &Route) -> Option<u32> {
        let counts = |settings: &&RouteSettings| settings.method.is_some() || route.method == "GET";
        let caching = self.settings_of(route).filter(counts).filter_map(|settings| settings.caching).next_back();
        let seconds = self.settings_of(route).filter_map(|settings| settings.cache_seconds).next_back();
        (self.has_cache && caching == Some(true)).then(|| seconds.unwrap_or(300))
    }

    fn settings_of(&self, route: &Route) -> impl DoubleEndedIterator<Item = &RouteSettings> {
        let fits = |own: &Option<String>, value: &str| own.as_deref().is_none_or(|own| own == value);
        self.settings
            .iter()
            .filter(move |settings| fits(&settings.method, &route.method) && fits(&settings.path, &route.path))
    }

    /// A text with the stage's variables put in; `None` where it names one that is not set.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/aws-api-gateway-stage-variables-reference.html>
    pub fn fill_in(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${stageVariables.") {
            let (name, after) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(self.variables.get(name)?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }
}
