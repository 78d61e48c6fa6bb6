//! CORS: the configuration of HTTP APIs, and the `OPTIONS` methods that SAM adds to REST APIs.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-corsconfiguration.html>

use std::collections::BTreeSet;

use super::parts::Preflight;
use crate::stack::{Api, Cors, Integration, Mock, Route};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::yaml::Content;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigatewayv2-api-cors.html>
const HTTP: Shape =
    Shape::of(&["AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge"]);
const REST: Shape = Shape::of(&["AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigin", "MaxAge"]);
const ALL_METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// An HTTP API's `CorsConfiguration`; SAM allows `true` for all origins.
pub fn http(object: &Object<'_>, logical_id: &str, key: &str, report: &mut Report) -> Option<Cors> {
    match object.value(key)?.content {
        Content::Bool(true) => Some(Cors { allow_origins: vec!["*".to_owned()], ..Cors::default() }),
        Content::Bool(false) => None,
        _ => {
            let cors = object.object(report, logical_id, key, &HTTP)?;
            Some(Cors {
                allow_origins: texts(&cors, "AllowOrigins", report),
                allow_methods: texts(&cors, "AllowMethods", report),
                allow_headers: texts(&cors, "AllowHeaders", report),
                expose_headers: texts(&cors, "ExposeHeaders", report),
                allow_credentials: cors.boolean(report, "AllowCredentials").unwrap_or(false),
                max_age: cors.integer(report, "MaxAge", 0..=86_400),
            })
        }
    }
}

fn texts(object: &Object<'_>, key: &str, report: &mut Report) -> Vec<String> {
    object.list(report, key).into_iter().filter_map(crate::yaml::Node::scalar).collect()
}

/// The `Cors` of a SAM REST API: the origin alone, or all headers. Each is in single quotes, as in a mapping.
pub fn rest(object: &Object<'_>, logical_id: &str, api: &str, report: &mut Report) -> Option<Preflight> {
    let api = api.to_owned();
    if let Some(origin) = object.value("Cors")?.scalar() {
        return Some(Preflight { headers: vec![header("Origin", &origin)], ..Preflight::of(api) });
    }
    let cors = object.object(report, logical_id, "Cors", &REST)?;
    let mut headers = vec![header("Origin", &cors.text(report, "AllowOrigin").unwrap_or_else(|| "*".to_owned()))];
    headers.extend(cors.text(report, "AllowHeaders").map(|value| header("Headers", &value)));
    headers
        .extend(cors.boolean(report, "AllowCredentials").filter(|allow| *allow).map(|_| header("Credentials", "true")));
    let max_age = cors.text(report, "MaxAge");
    headers.extend(max_age.map(|value| ("Access-Control-Max-Age".to_owned(), unquoted(&value).to_owned())));
    let methods = cors.text(report, "AllowMethods").map(|value| unquoted(&value).to_owned());
    Some(Preflight { headers, methods, ..Preflight::of(api) })
}

fn header(name: &str, value: &str) -> (String, String) {
    (format!("Access-Control-Allow-{name}"), unquoted(value).to_owned())
}

/// A static value of a mapping expression, which stands in single quotes.
pub fn unquoted(value: &str) -> &str {
    value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(value)
}

/// Gives every path without an `OPTIONS` one that answers preflight requests.
pub fn add_preflights(preflight: &Preflight, api: &mut Api) {
    let paths: BTreeSet<String> = api.routes.iter().map(|route| route.path.clone()).collect();
    for path in paths {
        let methods: BTreeSet<&str> =
            api.routes.iter().filter(|route| route.path == path).map(|route| route.method.as_str()).collect();
        if methods.contains("OPTIONS") {
            continue;
        }
        let all = if methods.contains("ANY") { ALL_METHODS.into_iter().collect() } else { methods };
        let all: BTreeSet<&str> = all.into_iter().chain(["OPTIONS"]).collect();
        let allowed = preflight.methods.clone().unwrap_or_else(|| all.into_iter().collect::<Vec<_>>().join(","));
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(preflight.headers.iter().cloned());
        headers.push(header("Methods", &allowed));
        let mock = Mock { status: 200, headers, body: "{}\n".to_owned() };
        api.routes.push(Route {
            authorizer: preflight.authorizer.clone(),
            key_required: preflight.key_required,
            ..Route::new("OPTIONS", &path, Integration::Mock(mock))
        });
    }
}
