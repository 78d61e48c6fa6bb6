//! An HTTP answer with its whole body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// What a service answers.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// An empty 200.
    pub fn empty() -> Self {
        Self { status: 200, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A 200 with a JSON body.
    pub fn json(body: &Value) -> Self {
        Self::bytes("application/x-amz-json-1.0", body.to_string())
    }

    /// A 200 with an XML body.
    pub fn xml(body: String) -> Self {
        Self::bytes("application/xml", body)
    }

    /// A 200 with a body of the given content type.
    pub fn bytes(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::empty() }.with_header("content-type", content_type)
    }

    /// The same with another status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with a header set. A value that HTTP does not allow is left out.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same with one more value of a header. A value that HTTP does not allow is left out.
    pub fn with_further_header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.append(name, value);
        }
        self
    }

    pub fn into_http(self) -> http::Response<Bytes> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
    }
}
