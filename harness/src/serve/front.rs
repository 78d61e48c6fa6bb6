//! The front door: from a request as clients of LocalStack send it, by path or by host, to the one that AWS itself
//! would get; and queue URLs in answers that lead back here.

use bytes::Bytes;
use http::Uri;
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::{Identity, Reply, Request, Service, UnknownRequest, identify_for};
use rehearsal_emulator::s3;
use serde_json::json;

use crate::stack::Domain;

/// The region of requests that name none.
const REGION: &str = "us-east-1";
/// Where LocalStack tells which services it has, which scripts wait for.
/// <https://docs.localstack.cloud/aws/capabilities/networking/internal-endpoints/>
const HEALTH: [&str; 3] = ["/_localstack/health", "/_rehearsal/health", "/health"];

/// The operations of SQS whose answers tell queues' URLs.
const TELLS_URLS: [&str; 4] = ["CreateQueue", "GetQueueUrl", "ListDeadLetterSourceQueues", "ListQueues"];

/// The way into an emulated AWS.
#[derive(Clone)]
pub struct Front {
    emulator: Emulator,
    account: String,
    /// The custom domain names of APIs.
    domains: Vec<Domain>,
}

/// An answer, and what was asked for in a few words.
pub struct Answered {
    pub what: String,
    pub response: http::Response<Bytes>,
}

impl Front {
    /// The way into `emulator`, where clients without an account id as access key are of `account`.
    pub fn new(emulator: Emulator, account: &str) -> Self {
        Self { emulator, account: account.to_owned(), domains: Vec::new() }
    }

    /// The same with custom domain names, which clients ask for in the header `Host`.
    pub fn with_domains(self, domains: &[Domain]) -> Self {
        Self { domains: domains.to_vec(), ..self }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request) -> Answered {
        if HEALTH.contains(&request.uri.path()) {
            return Answered { what: "health".to_owned(), response: health().into_http() };
        }
        if let Some(to_host) = to_host(&request, &self.domains) {
            return self.answer_host(to_host).await;
        }
        match identify_for(&request, &self.account) {
            Ok(identity) => self.answer_service(&request, &identity).await,
            // An object that everybody may read needs no signature.
            Err(UnknownRequest::NotSigned) => {
                let (operation, account, region) =
                    (s3::operation_name(&request).to_owned(), self.account.clone(), REGION.to_owned());
                self.answer_service(&request, &Identity { service: Service::S3, operation, account, region }).await
            }
            Err(UnknownRequest::Service(service)) => self.answer_other(request, &service).await,
        }
    }

    async fn answer_service(&self, request: &Request, identity: &Identity) -> Answered {
        let what = format!("{} {}", identity.service.name(), identity.operation);
        let response = self.emulator.answer_as(request, identity).await;
        let response = match identity.service {
            Service::Sqs if TELLS_URLS.contains(&identity.operation.as_str()) => {
                with_own_urls(response, request, &identity.region)
            }
            _ => response,
        };
        Answered { what, response }
    }

    async fn answer_host(&self, request: Request) -> Answered {
        let what = format!("{} {}{}", request.method, request.host(), request.uri.path());
        let response = match self.emulator.answer(request).await {
            Ok(response) => response,
            Err(_) => Reply::json(&json!({ "message": "Not Found" })).with_status(404).into_http(),
        };
        Answered { what, response }
    }

    /// A service that the emulator does not know: perhaps the harness is it.
    async fn answer_other(&self, mut request: Request, service: &str) -> Answered {
        let what = format!("{service} {} {}", request.method, request.uri.path());
        set_host(&mut request, &format!("{service}.{REGION}.amazonaws.com"));
        let is_query = request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form"));
        let response = self.emulator.answer(request).await.unwrap_or_else(|_| not_simulated(service, is_query));
        Answered { what, response }
    }
}

fn health() -> Reply {
    let services = ["dynamodb", "dynamodbstreams", "events", "kinesis", "s3", "scheduler", "sns", "sqs", "sts"];
    let services: serde_json::Map<_, _> = services.iter().map(|name| ((*name).to_owned(), "running".into())).collect();
    Reply::bytes(
        "application/json",
        json!({ "services": services, "edition": "rehearsal", "version": env!("CARGO_PKG_VERSION") }).to_string(),
    )
}

/// The error in the protocol that the client speaks.
fn not_simulated(service: &str, is_query: bool) -> http::Response<Bytes> {
    // With an app, the harness answers for Lambda.
    let hint = if service == "lambda" { " without an app: serve --app" } else { "" };
    let message = format!("the service `{service}` is not simulated{hint}");
    let reply = if is_query {
        let error =
            format!("<Error><Type>Sender</Type><Code>NotImplemented</Code><Message>{message}</Message></Error>");
        Reply::xml(format!("<ErrorResponse>{error}</ErrorResponse>"))
    } else {
        Reply::json(&json!({ "__type": "NotImplemented", "message": message, "Message": message }))
            .with_header("x-amzn-errortype", "NotImplemented")
    };
    reply.with_status(501).into_http()
}

/// A request for an API or a function URL with the host that AWS gives it; none for other requests. Clients name
/// the API by host (`{id}.execute-api.localhost.localstack.cloud`) or by path (`/_aws/execute-api/{id}/{stage}/…`,
/// `/restapis/{id}/{stage}/_user_request_/…`), or a custom domain by its own name.
/// <https://docs.localstack.cloud/aws/services/apigateway/>
fn to_host(request: &Request, domains: &[Domain]) -> Option<Request> {
    let mut request = request.clone();
    let host = request.host().to_owned();
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        _ if domains.iter().any(|domain| domain.is(&host)) => set_host(&mut request, &host),
        [id, "execute-api", ..] => set_host(&mut request, &format!("{id}.execute-api.{REGION}.amazonaws.com")),
        [id, "lambda-url", ..] => set_host(&mut request, &format!("{id}.lambda-url.{REGION}.on.aws")),
        _ => {
            let (id, path) = api_in_path(request.uri.path())?;
            let query = request.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let target = format!("{path}{query}");
            request.uri = target.parse().ok()?;
            set_host(&mut request, &format!("{id}.execute-api.{REGION}.amazonaws.com"));
        }
    }
    Some(request)
}

/// The API's id, and the path below its host.
fn api_in_path(path: &str) -> Option<(String, String)> {
    if let Some(rest) = path.strip_prefix("/_aws/execute-api/") {
        let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
        return Some((id.to_owned(), format!("/{path}")));
    }
    let (id, rest) = path.strip_prefix("/restapis/")?.split_once('/')?;
    let (stage, path) = rest.split_once("/_user_request_")?;
    Some((id.to_owned(), format!("/{stage}{path}")))
}

/// Gives a request another host, in its address and its header.
fn set_host(request: &mut Request, host: &str) {
    let path = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if let Ok(uri) = format!("https://{host}{path}").parse::<Uri>() {
        request.uri = uri;
    }
    if let Ok(value) = http::HeaderValue::from_str(host) {
        request.headers.insert(http::header::HOST, value);
    }
}

/// SQS's clients send what follows to the URL that they were given: it must be this server's.
fn with_own_urls(response: http::Response<Bytes>, request: &Request, region: &str) -> http::Response<Bytes> {
    let aws = format!("https://sqs.{region}.amazonaws.com/");
    let Some(host) = request.header("host") else { return response };
    response.map(|body| match std::str::from_utf8(&body) {
        Ok(text) if text.contains(&aws) => Bytes::from(text.replace(&aws, &format!("http://{host}/"))),
        _ => body,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn request(host: &str, path: &str) -> Request {
        let mut headers = http::HeaderMap::new();
        headers.insert("host", host.parse().expect("a host"));
        Request { method: http::Method::GET, uri: path.parse().expect("a path"), headers, body: Bytes::new() }
    }

    #[rstest]
    #[case(
        "abc.execute-api.localhost.localstack.cloud:4566",
        "/v1/a?b=c",
        "https://abc.execute-api.us-east-1.amazonaws.com/v1/a?b=c"
    )]
    #[case(
        "localhost:4566",
        "/_aws/execute-api/abc/v1/a?b=c",
        "https://abc.execute-api.us-east-1.amazonaws.com/v1/a?b=c"
    )]
    #[case("localhost:4566", "/_aws/execute-api/abc", "https://abc.execute-api.us-east-1.amazonaws.com/")]
    #[case(
        "localhost:4566",
        "/restapis/abc/v1/_user_request_/a",
        "https://abc.execute-api.us-east-1.amazonaws.com/v1/a"
    )]
    #[case(
        "abc.lambda-url.eu-west-1.localhost.localstack.cloud:4566",
        "/x",
        "https://abc.lambda-url.us-east-1.on.aws/x"
    )]
    fn an_api_is_named_by_host_or_by_path(#[case] host: &str, #[case] path: &str, #[case] at: &str) {
        let routed = to_host(&request(host, path), &[]).expect("a request to an API");
        assert_eq!(routed.uri.to_string(), at);
        assert_eq!(Some(routed.host()), routed.header("host"));
    }

    #[test]
    fn a_custom_domain_is_named_by_host() {
        let domain = Domain { name: "api.example.com".to_owned(), mappings: Vec::new() };
        let routed = to_host(&request("api.example.com:4566", "/v1/a"), &[domain]).expect("a request to an API");
        assert_eq!(routed.uri.to_string(), "https://api.example.com/v1/a");
    }

    #[rstest]
    #[case("localhost:4566", "/bucket/restapis/x")]
    #[case("bucket.s3.localhost.localstack.cloud:4566", "/key")]
    #[case("localhost:4566", "/")]
    fn other_requests_stay_as_they_are(#[case] host: &str, #[case] path: &str) {
        assert!(to_host(&request(host, path), &[]).is_none());
    }
}
