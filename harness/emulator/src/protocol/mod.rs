//! From an HTTP request to the AWS operation that it asks for, and back from a result to what AWS answers.
//!
//! [`identify`] needs nothing but the request, so it serves whoever stands between an SDK client and any
//! backend, this one or another.

mod error;
pub mod json;
pub mod paging;
pub mod query;
mod reply;
pub mod xml;

pub use error::AwsError;
pub use reply::Reply;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

use crate::DEFAULT_ACCOUNT;

/// An HTTP request with its whole body.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The host that the request is for, without a port.
    pub fn host(&self) -> &str {
        let host = self.uri.host().or_else(|| self.header("host")).unwrap_or_default();
        host.split(':').next().unwrap_or_default()
    }

    /// The query string's names and values, percent-decoded, in order.
    pub fn query(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
    }
}

/// An AWS service, as requests are signed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    S3,
    Sqs,
    Sns,
    EventBridge,
    DynamoDb,
    DynamoDbStreams,
    Kinesis,
    Scheduler,
    Sts,
}

impl Service {
    /// The name that AWS's documentation uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::Sqs => "SQS",
            Self::Sns => "SNS",
            Self::EventBridge => "EventBridge",
            Self::DynamoDb => "DynamoDB",
            Self::DynamoDbStreams => "DynamoDB Streams",
            Self::Kinesis => "Kinesis",
            Self::Scheduler => "Scheduler",
            Self::Sts => "STS",
        }
    }

    fn signed_as(name: &str) -> Option<Self> {
        Some(match name {
            "s3" => Self::S3,
            "sqs" => Self::Sqs,
            "sns" => Self::Sns,
            "events" => Self::EventBridge,
            "dynamodb" => Self::DynamoDb,
            "kinesis" => Self::Kinesis,
            "scheduler" => Self::Scheduler,
            "sts" => Self::Sts,
            _ => return None,
        })
    }
}

/// Who calls what: the service and operation of a request, and the account and region it is signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub service: Service,
    /// The operation's API name, such as `PutObject` or `SendMessageBatch`.
    pub operation: String,
    /// The account: the access key id where that is twelve digits, [`DEFAULT_ACCOUNT`] otherwise. Empty where
    /// the request is not signed.
    pub account: String,
    pub region: String,
}

impl Identity {
    /// Whether nobody has signed the request.
    pub fn is_anonymous(&self) -> bool {
        self.account.is_empty()
    }
}

/// Tells which operation of which service a request asks for, or why that cannot be told: the service's
/// name as it is signed, where it is one that is not known here.
pub fn identify(request: &Request) -> Result<Identity, UnknownRequest> {
    identify_for(request, DEFAULT_ACCOUNT)
}

/// The same where credentials without an account id in them belong to the account `default_account`.
pub fn identify_for(request: &Request, default_account: &str) -> Result<Identity, UnknownRequest> {
    let Some(scope) = CredentialScope::of(request) else { return anonymous(request) };
    let mut service =
        Service::signed_as(&scope.service).ok_or_else(|| UnknownRequest::Service(scope.service.clone()))?;
    let operation = match service {
        Service::S3 => crate::s3::operation_name(request).to_owned(),
        Service::Scheduler => crate::scheduler::operation_name(request).to_owned(),
        Service::Sns | Service::Sts => query::action(request).unwrap_or_default(),
        Service::Sqs if request.header("x-amz-target").is_none() => query::action(request).unwrap_or_default(),
        _ => {
            let target = request.header("x-amz-target").unwrap_or_default();
            if target.starts_with("DynamoDBStreams_") {
                service = Service::DynamoDbStreams;
            }
            target.rsplit('.').next().unwrap_or_default().to_owned()
        }
    };
    let account = scope.account.unwrap_or_else(|| default_account.to_owned());
    Ok(Identity { service, operation, account, region: scope.region })
}

/// S3 answers unsigned requests too, and SNS those that follow an address in a message.
fn anonymous(request: &Request) -> Result<Identity, UnknownRequest> {
    let host = request.host();
    if let Some(region) = crate::sns::unsigned::region(host) {
        let operation = crate::sns::unsigned::operation(request).or_else(|| query::action(request));
        let (operation, region) = (operation.unwrap_or_default(), region.to_owned());
        return Ok(Identity { service: Service::Sns, operation, account: String::new(), region });
    }
    if !crate::s3::is_service_host(host) {
        return Err(UnknownRequest::NotSigned);
    }
    let region = host.trim_end_matches(".amazonaws.com").rsplit('.').next().filter(|label| label.contains('-'));
    let region = region.unwrap_or("us-east-1").trim_start_matches("s3-").to_owned();
    let operation = crate::s3::operation_name(request).to_owned();
    Ok(Identity { service: Service::S3, operation, account: String::new(), region })
}

/// Why a request is none of AWS's operations known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownRequest {
    /// The request carries no AWS signature.
    #[error("the request is not signed")]
    NotSigned,
    /// The request is signed for a service that is not simulated.
    #[error("the service `{0}` is not simulated")]
    Service(String),
}

struct CredentialScope {
    /// The access key id, where that is an account's number.
    account: Option<String>,
    region: String,
    service: String,
}

impl CredentialScope {
    /// `AKID/20260101/us-east-1/sqs/aws4_request`, from the `Authorization` header or, in a pre-signed
    /// URL, from `X-Amz-Credential`. A signature of S3's version 2 has the access key only.
    fn of(request: &Request) -> Option<Self> {
        if let Some(key) = version_2_key(request) {
            let (region, service) = ("us-east-1".to_owned(), "s3".to_owned());
            return Some(Self { account: account_of(&key), region, service });
        }
        let in_query = || request.query().into_iter().find(|(name, _)| name == "X-Amz-Credential").map(|(_, v)| v);
        let in_header = request.header("authorization").and_then(|header| {
            let credential = header.split_once("Credential=")?.1;
            Some(credential.split(',').next()?.to_owned())
        });
        let credential = in_header.or_else(in_query)?;
        let mut parts = credential.split('/');
        let (key, _date, region, service) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self { account: account_of(key), region: region.to_owned(), service: service.to_owned() })
    }
}

/// The account whose number an access key is.
fn account_of(key: &str) -> Option<String> {
    let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| key.to_owned())
}

/// The access key of a signature of version 2, from the `Authorization` header (`AWS AKID:signature`) or the query.
fn version_2_key(request: &Request) -> Option<String> {
    if let Some(header) = request.header("authorization") {
        return Some(header.strip_prefix("AWS ")?.split(':').next()?.to_owned());
    }
    let query = request.query();
    let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    get("Signature").and(get("AWSAccessKeyId"))
}
