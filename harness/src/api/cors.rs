//! What an HTTP API with a CORS configuration answers to browsers: preflight requests by itself, and headers of
//! its own in the place of the integration's.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>

use crate::event::apigateway::{ApiRequest, ApiResponse};
use crate::stack::Cors;

/// The answer to a preflight request; none to any other.
pub fn preflight(cors: &Cors, request: &ApiRequest) -> Option<ApiResponse> {
    let asks = request.header("access-control-request-method").is_some();
    let origin = request.header("origin").filter(|_| asks && request.method == "OPTIONS")?;
    let mut headers = Vec::new();
    if let Some(allowed) = allowed(cors, origin) {
        headers.push(header("allow-origin", allowed));
        let lists = [("allow-methods", &cors.allow_methods), ("allow-headers", &cors.allow_headers)];
        let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
        headers.extend(lists.map(|(name, values)| header(name, &values.join(","))));
        headers.extend(cors.max_age.map(|seconds| header("max-age", &seconds.to_string())));
        headers.extend(cors.allow_credentials.then(|| header("allow-credentials", "true")));
    }
    Some(ApiResponse { status: 204, headers, ..ApiResponse::default() })
}

/// Replaces the integration's CORS headers with the API's.
pub fn add_headers(cors: &Cors, request: &ApiRequest, response: &mut ApiResponse) {
    response.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("access-control-"));
    let Some(allowed) = request.header("origin").and_then(|origin| allowed(cors, origin)) else { return };
    response.headers.push(header("allow-origin", allowed));
    if !cors.expose_headers.is_empty() {
        response.headers.push(header("expose-headers", &cors.expose_headers.join(",")));
    }
    if cors.allow_credentials {
        response.headers.push(header("allow-credentials", "true"));
    }
}

/// What `access-control-allow-origin` says to an origin that may ask.
fn allowed<'a>(cors: &'a Cors, origin: &'a str) -> Option<&'a str> {
    let fits = |pattern: &&String| match pattern.strip_suffix('*') {
        Some(start) => origin.starts_with(start),
        None => pattern.as_str() == origin,
    };
    let pattern = cors.allow_origins.iter().find(fits)?;
    Some(if pattern == "*" { "*" } else { origin })
}

fn header(name: &str, value: &str) -> (String, String) {
    (format!("access-control-{name}"), value.to_owned())
}
