//! What a route leads to: a function that gets the whole request, another endpoint, or a fixed answer. Integrations
//! with other services, and mapping templates that compute something, are refused by name.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html>

use std::ops::RangeInclusive;
use std::time::Duration;

use super::cors::unquoted;
use super::endpoint;
use crate::stack::{Integration, LambdaProxy, Mock, ParameterMapping, PayloadFormat};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

/// `AWS::ApiGateway::Method.Integration`.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-method-integration.html>
pub const REST: Shape = Shape {
    reads: &[
        "CacheKeyParameters",
        "ConnectionType",
        "IntegrationHttpMethod",
        "IntegrationResponses",
        "PassthroughBehavior",
        "RequestParameters",
        "RequestTemplates",
        "TimeoutInMillis",
        "Type",
        "Uri",
    ],
    descriptive: &[],
    harmless: &["Credentials"],
    refused: &["CacheNamespace", "ConnectionId", "ContentHandling", "IntegrationTarget", "ResponseTransferMode"],
};
/// One of an integration's responses.
pub const RESPONSE: Shape = Shape {
    refused: &["ContentHandling"],
    ..Shape::of(&["ResponseParameters", "ResponseTemplates", "SelectionPattern", "StatusCode"])
};
/// How long a REST API may be told to wait, in milliseconds.
pub const REST_TIMEOUT: RangeInclusive<u32> = 50..=29_000;
/// The same for an HTTP API.
pub const HTTP_TIMEOUT: RangeInclusive<u32> = 50..=30_000;

/// A REST API's integration.
pub fn rest(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Option<Integration> {
    object.require(report, "Type");
    let timeout = timeout(object, REST_TIMEOUT, report);
    internet(object, report);
    match object.text(report, "Type")?.to_ascii_uppercase().as_str() {
        "AWS_PROXY" => {
            refuse_parameters(object, report);
            let function_arn = function_arn(object, "Uri", report)?;
            let (payload, mapping) = (PayloadFormat::V1, ParameterMapping::default());
            Some(Integration::Lambda(LambdaProxy { function_arn, payload, timeout, mapping }))
        }
        "HTTP_PROXY" => endpoint::rest(object, true, logical_id, report).map(Integration::Http),
        "HTTP" => endpoint::rest(object, false, logical_id, report).map(Integration::Http),
        "MOCK" => mock(object, logical_id, report).map(Integration::Mock),
        other => {
            refuse(object, "Type", other, report);
            None
        }
    }
}

/// Reports a private integration.
pub fn internet(object: &Object<'_>, report: &mut Report) {
    if let Some(kind) = object.text(report, "ConnectionType").filter(|kind| kind != "INTERNET") {
        let message = format!("connections of type `{kind}` are not simulated");
        report.error(&object.place_of("ConnectionType"), message).help("it can only be `INTERNET`");
    }
}

/// A function gets the whole request, so that only parameters which stay what they are may be mapped: that is how
/// those are named that tell cached responses apart.
fn refuse_parameters(object: &Object<'_>, report: &mut Report) {
    for (key, value) in object.mapping(report, "RequestParameters") {
        let (name, text) = (key.text().unwrap_or_default(), value.scalar().unwrap_or_default());
        if name.strip_prefix("integration.") != text.strip_prefix("method.") {
            let problem = report.error(&key.span, format!("the mapping `{name}: {text}` is not simulated"));
            problem.help("a function gets the request as it is");
        }
    }
}

/// Reports a type of integration that is not simulated.
pub fn refuse(object: &Object<'_>, key: &str, other: &str, report: &mut Report) {
    let problem = report.error(&object.place_of(key), format!("integrations of type `{other}` are not simulated"));
    problem.help("`AWS_PROXY` with a function is, `HTTP_PROXY`, and of a REST API `HTTP` and `MOCK`");
}

/// The time that the API waits: what is written, or the most.
pub fn timeout(object: &Object<'_>, range: RangeInclusive<u32>, report: &mut Report) -> Duration {
    let most = *range.end();
    Duration::from_millis(object.integer(report, "TimeoutInMillis", range).unwrap_or(most).into())
}

/// The function of an integration's URI: `arn:aws:apigateway:…:lambda:path/2015-03-31/functions/…/invocations`, or
/// the function's ARN itself.
pub fn function_arn(object: &Object<'_>, key: &str, report: &mut Report) -> Option<String> {
    let uri = object.required_text(report, key)?;
    let inner =
        uri.split_once(":lambda:path/2015-03-31/functions/").and_then(|(_, rest)| rest.strip_suffix("/invocations"));
    let arn = inner.map(str::to_owned).or_else(|| uri.starts_with("arn:aws:lambda:").then(|| uri.clone()));
    if arn.is_none() {
        let problem = report.error(&object.value(key)?.span, format!("`{uri}` does not name a function"));
        problem.help("integrations with other services are not simulated");
    }
    arn
}

/// A fixed answer: the request's template chooses a status, and with it one of the responses.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html>
fn mock(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Option<Mock> {
    let asked = asked_status(object, report)?;
    let responses = object.objects(report, logical_id, "IntegrationResponses", &RESPONSE);
    let pattern = |response: &Object<'_>| response.value("SelectionPattern").and_then(crate::yaml::Node::scalar);
    let chosen = responses.iter().find(|response| pattern(response).as_deref() == Some(asked.as_str()));
    let chosen = chosen.or_else(|| responses.iter().find(|response| pattern(response).unwrap_or_default().is_empty()));
    let Some(response) = chosen else {
        report.error(&object.place, format!("this MOCK integration has no response for the status {asked}"));
        return None;
    };
    response.require(report, "StatusCode");
    let status = u16::try_from(response.integer(report, "StatusCode", 100..=599)?).ok()?;
    let mut headers = Vec::new();
    for (key, value) in response.mapping(report, "ResponseParameters") {
        let name = key.text().unwrap_or_default();
        let text = value.scalar().unwrap_or_default();
        match name.strip_prefix("method.response.header.").filter(|_| unquoted(&text).len() != text.len()) {
            Some(header) => headers.push((header.to_owned(), unquoted(&text).to_owned())),
            None => {
                let problem = report.error(&key.span, format!("`{name}: {text}` is not simulated"));
                problem.help("it can be `method.response.header.<name>` with a value in single quotes");
            }
        }
    }
    let templates = response.mapping(report, "ResponseTemplates");
    for (_, template) in templates.iter().filter(|(_, template)| !is_static(&template.scalar().unwrap_or_default())) {
        report.error(&template.span, "a mapping template with variables or directives is not simulated");
    }
    let first = templates.first().map(|(kind, text)| (kind.scalar().unwrap_or_default(), text.scalar()));
    let (content_type, body) = first.unwrap_or_else(|| ("application/json".to_owned(), None));
    if !headers.iter().any(|(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type")) {
        headers.insert(0, ("content-type".to_owned(), content_type));
    }
    Some(Mock { status, headers, body: body.unwrap_or_default() })
}

/// The status code in the template for requests in JSON.
fn asked_status(object: &Object<'_>, report: &mut Report) -> Option<String> {
    let templates = object.mapping(report, "RequestTemplates");
    let json = templates.iter().find(|(kind, _)| kind.text() == Some("application/json"));
    let text = json.and_then(|(_, template)| template.scalar()).unwrap_or_default();
    let after = text.split_once("statusCode").map(|(_, after)| after.trim_start_matches(['"', '\'', ' ', ':', '\t']));
    let status: String = after.unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
    if status.is_empty() || !is_static(&text) {
        let span = json.map_or(object.place.clone(), |(key, _)| key.span.clone());
        let problem = report.error(&span, "a MOCK integration needs a fixed `statusCode` in its request template");
        problem.help("write `application/json: '{\"statusCode\": 200}'` in `RequestTemplates`");
        return None;
    }
    Some(status)
}

/// Whether a mapping template has nothing to compute.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>
pub fn is_static(template: &str) -> bool {
    let starts = |mark: char| {
        let mut after = template.split(mark).skip(1);
        after.any(|rest| rest.starts_with(|next: char| next.is_ascii_alphabetic() || next == '{' || next == '!'))
    };
    !starts('$') && !starts('#')
}
