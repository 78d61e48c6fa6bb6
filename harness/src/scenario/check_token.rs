//! Holds the tokens of `http` steps against the authorizers that take them, and fills in who issues a token for whom.

use serde_json::{Map, Value};

use super::{Http, Scenario, Target};
use crate::diagnostic::Diagnostics;
use crate::stack::{Stack, TokenRules};

/// The rules of the authorizers that a step's token may be for: those of its API, or all where a URL says which.
fn rules<'s>(stack: &'s Stack, step: &Http) -> Vec<&'s TokenRules> {
    let is_asked = |logical_id: &str| match step.target() {
        Target::Api { api, .. } => api.value == logical_id,
        Target::Function { .. } => false,
        Target::Url(_) => true,
    };
    let apis = stack.apis.iter().filter(|api| is_asked(&api.logical_id));
    apis.flat_map(|api| &api.authorizers).filter_map(|authorizer| authorizer.tokens()).collect()
}

/// The claims of a step's token, with the issuer and the audience that it does not name.
///
/// # Errors
/// What is wrong with them, and what helps.
pub fn token_claims(stack: &Stack, step: &Http) -> Result<Map<String, Value>, (String, &'static str)> {
    let mut claims = step.token.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let rules = rules(stack, step);
    let mut issuers: Vec<&String> = rules.iter().flat_map(|rules| &rules.issuers).collect();
    issuers.sort();
    issuers.dedup();
    let issuer = match (claims.get("iss").and_then(Value::as_str), issuers.as_slice()) {
        (Some(named), _) => named.to_owned(),
        (None, [only]) => (*only).clone(),
        (None, []) => {
            return Err(("nothing here takes tokens".to_owned(), "an API does by a JWT authorizer or a user pool"));
        }
        (None, _) => return Err(("there are several issuers".to_owned(), "name one by the claim `iss`")),
    };
    let of_issuer = rules.iter().find(|rules| rules.issuers.contains(&issuer));
    let audience = of_issuer.and_then(|rules| rules.audiences.first());
    // As user pools do: a token with scopes is for an API, one without tells who somebody is.
    let is_access = claims.contains_key("scope");
    let is_pool = issuer.starts_with("https://cognito-idp.");
    if is_pool {
        claims.entry("token_use").or_insert(if is_access { "access" } else { "id" }.into());
    }
    claims.entry("iss").or_insert(issuer.into());
    if let Some(audience) = audience.filter(|_| !claims.contains_key("aud") && !claims.contains_key("client_id")) {
        claims.insert(if is_access && is_pool { "client_id" } else { "aud" }.to_owned(), audience.as_str().into());
    }
    Ok(claims)
}

/// Reports a token that nobody takes.
pub(super) fn check(
    scenario: &Scenario,
    stack: &Stack,
    step: &Http,
    place: crate::diagnostic::Span,
    diagnostics: &mut Diagnostics,
) {
    if step.token.is_none() {
        return;
    }
    if let Err((message, help)) = token_claims(stack, step) {
        diagnostics.error(&scenario.source, place, message).help(help);
    }
}
