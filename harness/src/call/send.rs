//! A plain HTTP request over an SDK's HTTP client: without a signature, once, and with no limit to how long it takes.

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;

use crate::event::apigateway::ApiResponse;

/// Sends a request, whose address is a whole URL, to wherever that leads from the client.
///
/// # Errors
/// It is no request, or nothing answers there.
pub async fn send(client: SharedHttpClient, request: http::Request<Bytes>) -> Result<ApiResponse, String> {
    let (mut parts, body) = request.into_parts();
    let host = parts.uri.authority().map(ToString::to_string).unwrap_or_default();
    let origin = format!("{}://{host}", parts.uri.scheme_str().unwrap_or("https"));
    let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    parts.uri = path.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    let operation = Operation::builder()
        .service_name("a host")
        .operation_name("a request")
        .http_client(client)
        .endpoint_url(&origin)
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::disabled())
        .serializer(|request: http::Request<SdkBody>| Ok(HttpRequest::try_from(request)?))
        .deserializer::<_, std::convert::Infallible>(|response| Ok(answered(response)))
        .build();
    let answered = operation.invoke(http::Request::from_parts(parts, SdkBody::from(body))).await;
    answered.map_err(|error| DisplayErrorContext(error).to_string())
}

fn answered(response: &HttpResponse) -> ApiResponse {
    let headers = response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let body = Bytes::copy_from_slice(response.body().bytes().unwrap_or_default());
    ApiResponse { status: response.status().as_u16(), headers, body }
}
