//! Connections, API destinations and archives. AWS makes up a part of the ARNs of the first two, so that what refers
//! to them by the ARN of the stack is given the one that they have got.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types as events;
use serde_json::Value;

use super::{Clients, ProvisionError, Provisioned, built, done, refused};
use crate::stack::{ApiDestination, Archive, Connection};

/// The ARNs that resources have got, by those that the stack foresees.
pub type Arns = BTreeMap<String, String>;

/// The ARN that a resource has got.
pub fn real<'a>(arns: &'a Arns, foreseen: &'a str) -> &'a str {
    arns.get(foreseen).map_or(foreseen, String::as_str)
}

impl Clients<'_> {
    pub async fn connection(&self, connection: &Connection, arns: &mut Arns) -> Provisioned {
        let id = &connection.logical_id;
        let create = self
            .eventbridge
            .create_connection()
            .name(&connection.name)
            .authorization_type(connection.authorization_type.as_str().into())
            .auth_parameters(built(id, auth(&connection.auth_parameters))?);
        let created = create.send().await.map_err(|error| refused(id, &error))?;
        arns.insert(connection.arn.clone(), got(id, created.connection_arn)?);
        Ok(())
    }

    pub async fn api_destination(&self, destination: &ApiDestination, arns: &mut Arns) -> Provisioned {
        let id = &destination.logical_id;
        let rate = destination.rate.map(|rate| i32::try_from(rate).unwrap_or(i32::MAX));
        let create = self
            .eventbridge
            .create_api_destination()
            .name(&destination.name)
            .connection_arn(real(arns, &destination.connection_arn))
            .invocation_endpoint(&destination.endpoint)
            .http_method(destination.method.as_str().into())
            .set_invocation_rate_limit_per_second(rate);
        let created = create.send().await.map_err(|error| refused(id, &error))?;
        arns.insert(destination.arn.clone(), got(id, created.api_destination_arn)?);
        Ok(())
    }

    pub async fn archive(&self, archive: &Archive) -> Provisioned {
        let create = self
            .eventbridge
            .create_archive()
            .archive_name(&archive.name)
            .event_source_arn(&archive.source_arn)
            .set_event_pattern(archive.event_pattern.as_ref().map(ToString::to_string))
            .set_retention_days(archive.retention_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX)));
        done(&archive.logical_id, create.send().await)
    }
}

fn got(logical_id: &str, arn: Option<String>) -> Result<String, ProvisionError> {
    let message = "it has got no ARN".to_owned();
    arn.ok_or_else(|| ProvisionError { logical_id: logical_id.to_owned(), message })
}

type Built<T> = Result<T, aws_smithy_types::error::operation::BuildError>;

fn auth(parameters: &Value) -> Built<events::CreateConnectionAuthRequestParameters> {
    let mut auth = events::CreateConnectionAuthRequestParameters::builder();
    if let Some(key) = parameters.get("ApiKeyAuthParameters") {
        let key = events::CreateConnectionApiKeyAuthRequestParameters::builder()
            .set_api_key_name(text(key, "ApiKeyName"))
            .set_api_key_value(text(key, "ApiKeyValue"));
        auth = auth.api_key_auth_parameters(key.build()?);
    }
    if let Some(basic) = parameters.get("BasicAuthParameters") {
        let basic = events::CreateConnectionBasicAuthRequestParameters::builder()
            .set_username(text(basic, "Username"))
            .set_password(text(basic, "Password"));
        auth = auth.basic_auth_parameters(basic.build()?);
    }
    if let Some(oauth) = parameters.get("OAuthParameters") {
        let client = events::CreateConnectionOAuthClientRequestParameters::builder()
            .set_client_id(text(&oauth["ClientParameters"], "ClientID"))
            .set_client_secret(text(&oauth["ClientParameters"], "ClientSecret"));
        let built = events::CreateConnectionOAuthRequestParameters::builder()
            .client_parameters(client.build()?)
            .set_authorization_endpoint(text(oauth, "AuthorizationEndpoint"))
            .set_http_method(text(oauth, "HttpMethod").map(|method| method.as_str().into()))
            .set_o_auth_http_parameters(oauth.get("OAuthHttpParameters").map(http));
        auth = auth.o_auth_parameters(built.build()?);
    }
    Ok(auth.set_invocation_http_parameters(parameters.get("InvocationHttpParameters").map(http)).build())
}

fn http(parameters: &Value) -> events::ConnectionHttpParameters {
    let each = |name: &str| parameters[name].as_array().cloned().unwrap_or_default();
    let mut http = events::ConnectionHttpParameters::builder();
    for one in each("HeaderParameters") {
        let header = events::ConnectionHeaderParameter::builder();
        http = http.header_parameters(header.set_key(text(&one, "Key")).set_value(text(&one, "Value")).build());
    }
    for one in each("QueryStringParameters") {
        let query = events::ConnectionQueryStringParameter::builder();
        http = http.query_string_parameters(query.set_key(text(&one, "Key")).set_value(text(&one, "Value")).build());
    }
    for one in each("BodyParameters") {
        let body = events::ConnectionBodyParameter::builder();
        http = http.body_parameters(body.set_key(text(&one, "Key")).set_value(text(&one, "Value")).build());
    }
    http.build()
}

fn text(value: &Value, name: &str) -> Option<String> {
    match &value[name] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
