//! Connections: how EventBridge authorizes itself at an API destination, and what it adds to each request.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{input, invalid, not_found, page};
use crate::arn::Arn;
use crate::delivery::Failure;
use crate::protocol::{AwsError, Request};
use crate::world::{Call, World};

pub(super) struct Connection {
    pub arn: String,
    auth: Auth,
    pub parameters: AuthParameters,
    description: Option<String>,
    created: Timestamp,
    modified: Timestamp,
    /// An OAuth token, and when it ends.
    token: Option<(String, Option<Timestamp>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Auth {
    Basic,
    OauthClientCredentials,
    ApiKey,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct AuthParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    basic_auth_parameters: Option<Basic>,
    #[serde(rename = "OAuthParameters", skip_serializing_if = "Option::is_none")]
    oauth_parameters: Option<OAuth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_auth_parameters: Option<ApiKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_http_parameters: Option<Parameters>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Basic {
    username: String,
    #[serde(skip_serializing)]
    password: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ApiKey {
    api_key_name: String,
    #[serde(skip_serializing)]
    api_key_value: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OAuth {
    client_parameters: Client,
    authorization_endpoint: String,
    http_method: String,
    #[serde(rename = "OAuthHttpParameters", skip_serializing_if = "Option::is_none")]
    http_parameters: Option<Parameters>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Client {
    #[serde(rename = "ClientID")]
    id: String,
    #[serde(rename = "ClientSecret", skip_serializing)]
    secret: String,
}

/// What is added to requests.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(default)]
    pub header_parameters: Vec<Parameter>,
    #[serde(default)]
    pub query_string_parameters: Vec<Parameter>,
    #[serde(default)]
    pub body_parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Parameter {
    pub key: String,
    #[serde(default)]
    pub value: String,
    #[serde(default)]
    is_value_secret: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    name: String,
    description: Option<String>,
    authorization_type: Option<Auth>,
    auth_parameters: Option<AuthParameters>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html>
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Put { name, description, authorization_type, auth_parameters } = input(call)?;
    let (Some(auth), Some(parameters)) = (authorization_type, auth_parameters) else {
        return Err(invalid("AuthorizationType and AuthParameters must be specified."));
    };
    check(auth, &parameters)?;
    let (now, id) = (call.clock.now(), call.ids.uuid());
    let (region, account) = (&call.identity.region, &call.identity.account);
    let arn = format!("arn:aws:events:{region}:{account}:connection/{name}/{id}");
    let connections = &mut call.region(world).eventbridge.connections;
    if connections.contains_key(&name) {
        let message = format!("Connection {name} already exists.");
        return Err(AwsError::client("ResourceAlreadyExistsException", message));
    }
    let connection = Connection { arn, auth, parameters, description, created: now, modified: now, token: None };
    let answer = connection.brief(None);
    connections.insert(name, connection);
    Ok(answer)
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateConnection.html>
pub(super) fn update(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Put { name, description, authorization_type, auth_parameters } = input(call)?;
    let connection = find(world, call, &name)?;
    let auth = authorization_type.unwrap_or(connection.auth);
    let parameters = auth_parameters.unwrap_or_else(|| connection.parameters.clone());
    check(auth, &parameters)?;
    (connection.auth, connection.parameters, connection.token) = (auth, parameters, None);
    connection.description = description.or(connection.description.take());
    connection.modified = call.clock.now();
    Ok(connection.brief(None))
}

fn check(auth: Auth, parameters: &AuthParameters) -> Result<(), AwsError> {
    let (there, name) = match auth {
        Auth::Basic => (parameters.basic_auth_parameters.is_some(), "BasicAuthParameters"),
        Auth::OauthClientCredentials => (parameters.oauth_parameters.is_some(), "OAuthParameters"),
        Auth::ApiKey => (parameters.api_key_auth_parameters.is_some(), "ApiKeyAuthParameters"),
    };
    if there {
        Ok(())
    } else {
        Err(invalid(format!("Parameter AuthParameters is not valid. Reason: {name} is missing.")))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    name: String,
}

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { name } = input(call)?;
    let connection = find(world, call, &name)?;
    let mut answer = connection.brief(Some(&name));
    answer["AuthParameters"] = without_secrets(json!(connection.parameters));
    if let Some(description) = &connection.description {
        answer["Description"] = description.as_str().into();
    }
    Ok(answer)
}

pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { name } = input(call)?;
    let answer = find(world, call, &name)?.brief(None);
    call.region(world).eventbridge.connections.remove(&name);
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let List { name_prefix, next_token, limit } = input(call)?;
    let prefix = name_prefix.unwrap_or_default();
    let all = call.region(world).eventbridge.connections.iter().filter(|(name, _)| name.starts_with(&prefix));
    let all = all.map(|(name, connection)| connection.brief(Some(name))).collect();
    let (all, next) = page(all, next_token.as_deref(), limit)?;
    Ok(json!({ "Connections": all, "NextToken": next }))
}

fn find<'w>(world: &'w mut World, call: &Call<'_>, name: &str) -> Result<&'w mut Connection, AwsError> {
    let connection = call.region(world).eventbridge.connections.get_mut(name);
    connection.ok_or_else(|| not_found(format!("Connection '{name}' does not exist.")))
}

/// A description does not tell the values that are secret.
fn without_secrets(mut parameters: Value) -> Value {
    match &mut parameters {
        Value::Object(fields) => {
            if fields.get("IsValueSecret") == Some(&Value::Bool(true)) {
                fields.remove("Value");
            }
            fields.values_mut().for_each(|value| *value = without_secrets(value.take()));
        }
        Value::Array(members) => members.iter_mut().for_each(|member| *member = without_secrets(member.take())),
        _ => {}
    }
    parameters
}

impl Connection {
    fn brief(&self, name: Option<&str>) -> Value {
        let mut answer = json!({
            "ConnectionArn": self.arn,
            "ConnectionState": "AUTHORIZED",
            "CreationTime": self.created.as_second(),
            "LastModifiedTime": self.modified.as_second(),
            "LastAuthorizedTime": self.modified.as_second(),
        });
        if let Some(name) = name {
            answer["Name"] = name.into();
            answer["AuthorizationType"] = json!(self.auth);
        }
        answer
    }

    /// The header that authorizes a request; `None` where a token has to be asked for first.
    pub fn authorization(&self, now: Timestamp) -> Option<(String, String)> {
        let parameters = &self.parameters;
        match self.auth {
            Auth::Basic => {
                let Basic { username, password } = parameters.basic_auth_parameters.as_ref()?;
                let encoded = STANDARD.encode(format!("{username}:{password}"));
                Some(("authorization".to_owned(), format!("Basic {encoded}")))
            }
            Auth::ApiKey => {
                let ApiKey { api_key_name, api_key_value } = parameters.api_key_auth_parameters.as_ref()?;
                Some((api_key_name.clone(), api_key_value.clone()))
            }
            Auth::OauthClientCredentials => {
                let (token, ends) = self.token.as_ref()?;
                let valid = ends.is_none_or(|ends| now < ends);
                valid.then(|| ("authorization".to_owned(), format!("Bearer {token}")))
            }
        }
    }

    /// What the connection adds to each request.
    pub fn additions(&self) -> Parameters {
        self.parameters.invocation_http_parameters.clone().unwrap_or_default()
    }

    /// Forgets the token, which the endpoint did not take.
    pub fn forget_token(&mut self) {
        self.token = None;
    }

    /// The request for a token: the client's credentials as a form.
    pub fn token_request(&self) -> Option<Request> {
        let oauth = self.parameters.oauth_parameters.as_ref()?;
        let extra = oauth.http_parameters.clone().unwrap_or_default();
        let credentials = [
            ("grant_type", "client_credentials"),
            ("client_id", oauth.client_parameters.id.as_str()),
            ("client_secret", oauth.client_parameters.secret.as_str()),
        ];
        let pairs = extra.body_parameters.iter().map(|one| (one.key.as_str(), one.value.as_str()));
        let form =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(credentials).extend_pairs(pairs).finish();
        let mut headers = HeaderMap::new();
        set(&mut headers, "content-type", "application/x-www-form-urlencoded");
        extra.header_parameters.iter().for_each(|one| set(&mut headers, &one.key, &one.value));
        let query = extra.query_string_parameters.iter().map(|one| (one.key.as_str(), one.value.as_str()));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let query = if query.is_empty() { query } else { format!("?{query}") };
        Some(Request {
            method: oauth.http_method.parse().ok()?,
            uri: format!("{}{query}", oauth.authorization_endpoint).parse().ok()?,
            headers,
            body: Bytes::from(form),
        })
    }
}

/// Keeps the token that an authorization server answered.
pub(crate) fn store_token(world: &mut World, destination: &str, name: &str, body: &[u8]) -> Result<(), Failure> {
    let now = world.clock.now();
    let answer: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let Some(token) = answer.get("access_token").and_then(Value::as_str) else {
        let message = "The authorization endpoint answered without an access token.".to_owned();
        return Err(Failure { code: "ERROR_FROM_TARGET", message, retried: true });
    };
    let ends = answer.get("expires_in").and_then(Value::as_i64).map(|seconds| now + SignedDuration::from_secs(seconds));
    let region = Arn::parse(destination).map(|arn| world.region(arn.account, arn.region));
    if let Some(connection) = region.and_then(|region| region.eventbridge.connections.get_mut(name)) {
        connection.token = Some((token.to_owned(), ends));
    }
    Ok(())
}

/// Sets a header. One that HTTP does not allow is left out.
pub(super) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}
