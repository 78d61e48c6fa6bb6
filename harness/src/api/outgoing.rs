//! Requests that API Gateway sends by itself: to the endpoints of HTTP integrations, and for the keys of issuers.

use bytes::Bytes;

use super::Call;
use crate::call::{CallLayer, Caller, send};
use crate::event::apigateway::ApiResponse;
use crate::shared::Shared;
use crate::trace::{EventId, What};

/// What the trace calls the sender of these requests.
pub const SENDER: &str = "API Gateway";

/// Sends a request on behalf of another one.
///
/// # Errors
/// Nothing answers there.
pub async fn send_for(shared: &Shared, call: &Call<'_>, request: http::Request<Bytes>) -> Result<ApiResponse, String> {
    let (method, url) = (request.method().clone(), request.uri().clone());
    let client = shared.service_config().http_client().expect("every backend has an HTTP client");
    let caller = Caller::of(cause(shared, call));
    let layer = CallLayer::new(client, shared.recorder.clone(), caller).of_service(SENDER);
    let answered = send(aws_smithy_runtime_api::client::http::SharedHttpClient::new(layer), request).await;
    let host =
        format!("{}://{}", url.scheme_str().unwrap_or_default(), url.authority().map_or("", |host| host.as_str()));
    if answered.is_err() && !shared.stubs.stands_for(&host) {
        shared.problem(format!("{SENDER} sends {method} {url}, and nothing answers for that host"));
    }
    answered
}

/// The event that a request follows from. One that comes from outside of a replay has none, and is one itself.
fn cause(shared: &Shared, call: &Call<'_>) -> EventId {
    call.cause.unwrap_or_else(|| {
        let (method, url) = (call.request.method.clone(), format!("{}{}", call.api.endpoint, call.request.path));
        shared.recorder.record(None, What::Request { sender: None, method, url, status: 0, error: None })
    })
}
