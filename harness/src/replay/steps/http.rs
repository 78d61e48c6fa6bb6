//! The step `http`.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::{Done, Failed, Player};
use crate::api;
use crate::call::send;
use crate::event::apigateway::{ApiRequest, ApiResponse};
use crate::function_url;
use crate::issuer;
use crate::matching::mismatches;
use crate::scenario::{Content, Http, HttpExpect, Target, token_claims, url};
use crate::trace::EventId;

/// For how long a token is valid unless it says otherwise.
const TOKEN_SECONDS: i64 = 60 * 60;

impl Player<'_> {
    pub(super) async fn http(&mut self, step: &Http, content: Option<Content<'_>>, stimulus: EventId) -> Done {
        let body = self.bytes(content)?;
        let response = match step.target() {
            Target::Api { api, path } => self.ask_api(step, &api.value, path, body, stimulus).await?,
            Target::Function { function, path } => {
                self.ask_function(step, &function.value, path, body, stimulus).await?
            }
            Target::Url(url) => self.ask_url(step, url, body, stimulus).await?,
        };
        let wrong = step.expect.as_ref().map(|expect| response_mismatches(expect, &response)).unwrap_or_default();
        if !wrong.is_empty() {
            let details = [format!("the response was {} {}", response.status, shorten(&response.body))];
            let message = "the response is not as expected".to_owned();
            return Err(Failed { message, details: wrong.into_iter().chain(details).collect() });
        }
        self.capture(&step.capture, &serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// Sends a request to an API of the template.
    async fn ask_api(
        &self,
        step: &Http,
        api: &str,
        path: &str,
        body: Bytes,
        stimulus: EventId,
    ) -> Result<ApiResponse, Failed> {
        let api = self.named(&self.shared.stack.apis, api, |api| &api.logical_id)?;
        let stage = match &step.stage {
            Some(name) => api.stage(&name.value),
            None => api.default_stage(),
        };
        let stage = stage.ok_or_else(|| format!("`{}` has no such stage", api.logical_id))?;
        let request = request(step, path, self.headers(step)?, body);
        Ok(api::serve(&self.shared, api::Call { api, stage, via: None, request, cause: Some(stimulus) }).await)
    }

    /// Sends a request to a function's URL.
    async fn ask_function(
        &self,
        step: &Http,
        function: &str,
        path: &str,
        body: Bytes,
        stimulus: EventId,
    ) -> Result<ApiResponse, Failed> {
        let stack = &self.shared.stack;
        let function = self.named(&stack.functions, function, |function| &function.logical_id)?;
        let url = stack.url_of(function).ok_or_else(|| format!("{} has no URL", function.logical_id))?;
        let request = request(step, path, self.headers(step)?, body);
        Ok(function_url::serve(&self.shared, url, request, Some(stimulus)).await)
    }

    /// The headers of a request.
    fn headers(&self, step: &Http) -> Result<Vec<(String, String)>, Failed> {
        let mut headers = pairs(&step.headers);
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if step.json.is_some() && !has_type {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        if let Some(key) = &step.api_key {
            let key = self.named(&self.shared.stack.api_keys, &key.value, |key| &key.logical_id)?;
            headers.push(("x-api-key".to_owned(), key.value.clone()));
        }
        if step.token.is_some() {
            headers.push(("authorization".to_owned(), format!("Bearer {}", self.token(step)?)));
        }
        Ok(headers)
    }

    /// The token of a step: issued now, for an hour, unless its claims say otherwise.
    fn token(&self, step: &Http) -> Result<String, Failed> {
        let claims = token_claims(&self.shared.stack, step);
        let mut claims = claims.map_err(|(message, help)| format!("{message}: {help}"))?;
        let now = self.shared.backend.clock().now().as_second();
        claims.entry("iat").or_insert(now.into());
        claims.entry("exp").or_insert((now + TOKEN_SECONDS).into());
        Ok(issuer::token(&claims))
    }

    /// Sends a request as it is, without a signature and once, to wherever a URL leads from the backend.
    async fn ask_url(&self, step: &Http, text: &str, body: Bytes, stimulus: EventId) -> Result<ApiResponse, Failed> {
        let url = url(text)?;
        let mut request = http::Request::builder().method(step.method.as_str());
        for (name, value) in self.headers(step)? {
            request = request.header(name, value);
        }
        let request = request.uri(url).body(body).map_err(|error| error.to_string())?;
        let client = self.shared.service_config_for(stimulus).http_client().expect("every backend has one");
        Ok(send(client, request).await?)
    }
}

/// A request as an API gets it.
fn request(step: &Http, path: &str, headers: Vec<(String, String)>, body: Bytes) -> ApiRequest {
    ApiRequest {
        method: step.method.as_str().to_owned(),
        path: path.to_owned(),
        query_string: form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(&step.query)).finish(),
        headers,
        body,
    }
}

/// Each value with its name.
fn pairs(several: &BTreeMap<String, Vec<String>>) -> Vec<(String, String)> {
    several.iter().flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone()))).collect()
}

fn response_mismatches(expect: &HttpExpect, response: &ApiResponse) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(status) = &expect.status {
        wrong.extend(prefixed("status", mismatches(status, response.status.into())));
    }
    for (name, matcher) in &expect.headers {
        let values: Vec<Value> = response
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str().into())
            .collect();
        wrong.extend(prefixed(&format!("header {name}"), mismatches(matcher, Value::Array(values))));
    }
    if let Some(matcher) = &expect.body {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        wrong.extend(prefixed("body", mismatches(matcher, body)));
    }
    wrong
}

fn prefixed(what: &str, lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(move |line| format!("{what}: {}", line.trim_start_matches("value: ")))
}

fn shorten(body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    let cut: String = text.chars().take(500).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
