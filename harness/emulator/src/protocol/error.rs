//! What AWS answers when it refuses: a code, a message and a status, in the shape of each protocol.

use std::borrow::Cow;

use serde_json::json;

use super::{Reply, Service, xml};

/// An error as an AWS service answers it. Which bytes it becomes depends on the service's protocol, so
/// that the SDK's typed error matches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The error's code, such as `NoSuchKey`.
    pub code: Cow<'static, str>,
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// The code in the older query protocol where it differs (SQS), such as
    /// `AWS.SimpleQueueService.NonExistentQueue`.
    pub query_code: Option<&'static str>,
    /// Further elements of the answer, such as `Key` of S3's `NoSuchKey`.
    pub details: Vec<(&'static str, String)>,
    /// Further headers of the answer, such as `x-amz-delete-marker`.
    pub headers: Vec<(&'static str, String)>,
}

impl AwsError {
    /// An error with an HTTP status.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status,
            query_code: None,
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// A client's mistake: HTTP 400.
    pub fn client(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// An operation that this emulator does not have. AWS has no such answer; the message says so.
    pub fn not_simulated(service: Service, operation: &str) -> Self {
        let message = format!("{}'s operation {operation} is not simulated", service.name());
        Self::new(501, "NotImplemented", message)
    }

    /// A parameter or combination of parameters that this emulator does not simulate.
    pub fn parameter_not_simulated(service: Service, operation: &str, parameter: &str) -> Self {
        let message = format!("{} of {}'s {operation} is not simulated", parameter, service.name());
        Self::new(501, "NotImplemented", message)
    }

    /// Adds the older query protocol's code (SQS).
    pub fn with_query_code(mut self, code: &'static str) -> Self {
        self.query_code = Some(code);
        self
    }

    /// Adds a further element to the answer.
    pub fn with_detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// Adds a header to the answer.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer's bytes for a service.
    pub fn reply(&self, service: Service, request_id: &str) -> Reply {
        self.in_headers(self.in_body(service, request_id))
    }

    /// The answer in the envelope that the query protocol and S3 Control have.
    pub fn in_envelope(&self, request_id: &str) -> Reply {
        self.in_headers(self.query(request_id))
    }

    /// The answer for a request that HTTP allows no body to: the status says all.
    pub fn without_body(&self) -> Reply {
        self.in_headers(Reply::empty().with_status(self.status))
    }

    fn in_headers(&self, reply: Reply) -> Reply {
        self.headers.iter().fold(reply, |reply, (name, value)| reply.with_header(name, value))
    }

    fn in_body(&self, service: Service, request_id: &str) -> Reply {
        match service {
            Service::S3 => self.rest_xml(request_id),
            Service::Sns | Service::Sts => self.query(request_id),
            Service::Sqs
            | Service::EventBridge
            | Service::DynamoDb
            | Service::DynamoDbStreams
            | Service::Kinesis
            | Service::Scheduler => self.json(service),
        }
    }

    fn json(&self, service: Service) -> Reply {
        let namespace = match service {
            Service::Sqs => "com.amazonaws.sqs#",
            Service::DynamoDb | Service::DynamoDbStreams => "com.amazonaws.dynamodb.v20120810#",
            _ => "",
        };
        let mut body = json!({ "__type": format!("{namespace}{}", self.code), "message": self.message });
        for (name, value) in &self.details {
            body[*name] = value.as_str().into();
        }
        let mut reply = Reply::json(&body).with_status(self.status);
        if service == Service::Sqs {
            let fault = if self.status < 500 { "Sender" } else { "Receiver" };
            let code = self.query_code.unwrap_or(&self.code);
            reply = reply.with_header("x-amzn-query-error", &format!("{code};{fault}"));
        }
        reply
    }

    fn query(&self, request_id: &str) -> Reply {
        let fault = if self.status < 500 { "Sender" } else { "Receiver" };
        let body = format!(
            "<ErrorResponse><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error>\
             <RequestId>{request_id}</RequestId></ErrorResponse>",
            xml::escape(&self.code),
            xml::escape(&self.message),
        );
        Reply::xml(body).with_status(self.status)
    }

    fn rest_xml(&self, request_id: &str) -> Reply {
        let details: String =
            self.details.iter().map(|(name, value)| format!("<{name}>{}</{name}>", xml::escape(value))).collect();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{details}\
             <RequestId>{request_id}</RequestId></Error>",
            xml::escape(&self.code),
            xml::escape(&self.message),
        );
        Reply::xml(body).with_status(self.status)
    }
}
