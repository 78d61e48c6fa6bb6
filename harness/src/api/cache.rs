//! A REST API's cache of responses, by the virtual clock.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Routed, parameters};
use crate::event::apigateway::ApiResponse;
use crate::shared::Shared;

/// Where a request's response is kept, and for how long.
pub struct Place {
    key: String,
    seconds: u32,
    /// Whether the client asks for a fresh response and may.
    invalidates: bool,
    /// Whether it asks and may not.
    is_warned: bool,
}

impl Place {
    /// The place of a request whose responses are cached.
    pub fn of(routed: &Routed<'_>) -> Option<Self> {
        let seconds = routed.call.stage.cache_seconds(routed.route).filter(|seconds| *seconds > 0)?;
        let (call, route) = (routed.call, routed.route);
        let values = route.cache_keys.iter().map(|expression| parameters::value(routed, expression));
        let key = json!(["cache", call.api.id, call.stage.name, route.method, route.path, values.collect::<Vec<_>>()]);
        let asks = call.request.header("cache-control").is_some_and(|value| value.replace(' ', "") == "max-age=0");
        // Only who signs a request may be allowed to invalidate: a stage asks for authorization unless it is told
        // otherwise, which no template can.
        let is_signed = call.request.header("authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256"));
        Some(Self { key: key.to_string(), seconds, invalidates: asks && is_signed, is_warned: asks && !is_signed })
    }

    /// The response that is kept.
    pub fn get(&self, shared: &Shared) -> Option<ApiResponse> {
        if self.invalidates {
            return None;
        }
        let text = shared.gateway.kept(&self.key, shared.backend.clock().now())?;
        let kept: Value = serde_json::from_str(&text).ok()?;
        let headers = serde_json::from_value(kept["headers"].clone()).ok()?;
        let body = Bytes::from(STANDARD.decode(kept["body"].as_str()?).ok()?);
        Some(ApiResponse { status: u16::try_from(kept["status"].as_u64()?).ok()?, headers, body })
    }

    /// Keeps a response that is a success.
    pub fn put(&self, shared: &Shared, response: &ApiResponse) {
        if (200..300).contains(&response.status) {
            let body = STANDARD.encode(&response.body);
            let text = json!({ "status": response.status, "headers": response.headers, "body": body }).to_string();
            shared.gateway.keep(self.key.clone(), text, self.seconds, shared.backend.clock().now());
        }
    }

    /// Tells a client that its wish for a fresh response was passed over.
    pub fn warn(&self, response: &mut ApiResponse) {
        if self.is_warned {
            let warning = "199 Cache-control headers were ignored because the caller was unauthorized.";
            response.headers.push(("Warning".to_owned(), warning.to_owned()));
        }
    }
}
