//! Lists that come page by page.

use rehearsal_emulator::protocol::Request;
use serde_json::{Value, json};

use super::error::Refusal;
use super::{Answer, answer};

/// How many members a page has where the request does not say, and at the most.
const PAGE: usize = 50;

/// A parameter of the query.
pub fn parameter(request: &Request, name: &str) -> Option<String> {
    request.query().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The page that a request asks for, with the marker of the next one where there is one.
pub fn page(name: &str, all: Vec<Value>, request: &Request) -> Answer {
    let most = match parameter(request, "MaxItems").map(|most| most.parse::<usize>()) {
        None => PAGE,
        Some(Ok(most)) if (1..=10_000).contains(&most) => most.min(PAGE),
        Some(_) => {
            let message = "1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1";
            return Err(Refusal::validation(message.to_owned()));
        }
    };
    let start = match parameter(request, "Marker").filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => marker.parse::<usize>().map_err(|_| {
            let message = "The provided marker is not valid.";
            Refusal::of_user(400, "InvalidParameterValueException", message)
        })?,
    };
    let end = start.saturating_add(most).min(all.len());
    let mut told = json!({ name: all.get(start..end).unwrap_or_default() });
    if end < all.len() {
        told["NextMarker"] = end.to_string().into();
    }
    answer(&told)
}
