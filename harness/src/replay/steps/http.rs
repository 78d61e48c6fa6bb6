//! The step `http`.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::{Done, Failed, Player};
use crate::api;
use crate::event::apigateway::{ApiRequest, ApiResponse};
use crate::matching::mismatches;
use crate::scenario::{Content, Http, HttpExpect};
use crate::trace::EventId;

impl Player<'_> {
    pub(super) async fn http(&mut self, step: &Http, content: Option<Content<'_>>, stimulus: EventId) -> Done {
        let api = self.named(&self.shared.stack.apis, &step.api.value, |api| &api.logical_id)?.clone();
        let stage = match &step.stage {
            Some(name) => api.stage(&name.value),
            None => api.default_stage(),
        };
        let stage = stage.ok_or_else(|| format!("`{}` has no such stage", api.logical_id))?;
        let mut headers = pairs(&step.headers);
        if let Some(key) = &step.api_key {
            let key = self.named(&self.shared.stack.api_keys, &key.value, |key| &key.logical_id)?;
            headers.push(("x-api-key".to_owned(), key.value.clone()));
        }
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if step.json.is_some() && !has_type {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let request = ApiRequest {
            method: step.method.as_str().to_owned(),
            path: step.path.clone(),
            query_string: form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(&step.query)).finish(),
            headers,
            body: self.bytes(content)?,
        };
        let call = api::Call { api: &api, stage, request, cause: Some(stimulus) };
        let response = api::serve(&self.shared, call).await;
        let wrong = step.expect.as_ref().map(|expect| response_mismatches(expect, &response)).unwrap_or_default();
        if !wrong.is_empty() {
            let details = [format!("the response was {} {}", response.status, shorten(&response.body))];
            let message = "the response is not as expected".to_owned();
            return Err(Failed { message, details: wrong.into_iter().chain(details).collect() });
        }
        self.capture(&step.capture, &serde_json::from_slice(&response.body).unwrap_or_default())
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
