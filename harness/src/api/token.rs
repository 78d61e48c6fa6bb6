//! Authorizers that take tokens: JWT authorizers of HTTP APIs, and user pools of REST APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::fault::{BadToken, Fault};
use super::{Routed, keys, parameters};
use crate::event::apigateway::Authorized;
use crate::issuer::is_signed;
use crate::shared::Shared;
use crate::stack::{ApiKind, Authorizer, TokenRules};

/// A token taken apart. Nothing of it holds before its signature does.
struct Token<'t> {
    /// What is signed.
    signed: &'t str,
    signature: Vec<u8>,
    algorithm: String,
    key_id: Option<String>,
    claims: Map<String, Value>,
}

/// Holds the request's token against an authorizer; answers with what the function is told of it.
///
/// # Errors
/// There is no token, or none that is taken.
pub async fn authorize(
    shared: &Shared,
    routed: &Routed<'_>,
    authorizer: &Authorizer,
    rules: &TokenRules,
) -> Result<Authorized, Fault> {
    let found = authorizer.sources.iter().find_map(|source| parameters::source(shared, routed, source));
    let text = found.ok_or(Fault::BadToken(BadToken::Missing))?;
    let text =
        text.get(..7).filter(|start| start.eq_ignore_ascii_case("bearer ")).map_or(&text[..], |_| text[7..].trim());
    let bad = |why: &'static str| Fault::BadToken(BadToken::Refused(why));
    let token = taken_apart(text).ok_or_else(|| bad("the token is not a signed JSON Web Token"))?;
    let issuer = token.text("iss").filter(|issuer| rules.issuers.iter().any(|known| known == issuer));
    let issuer = issuer.ok_or_else(|| bad("the token does not have a valid issuer"))?;
    let keys = keys::of_issuer(shared, routed.call, issuer).await;
    let keys = keys.ok_or_else(|| bad("OIDC discovery endpoint communication error"))?;
    if !is_signed(&keys, token.key_id.as_deref(), &token.algorithm, (token.signed.as_bytes(), &token.signature)) {
        return Err(bad("the token's signature is not valid"));
    }
    timely(&token, shared.backend.clock().now())?;
    judge(&token, authorizer, rules, routed)
}

/// Whether a token that holds is for the route.
fn judge(
    token: &Token<'_>,
    authorizer: &Authorizer,
    rules: &TokenRules,
    routed: &Routed<'_>,
) -> Result<Authorized, Fault> {
    let bad = |why: &'static str| Err(Fault::BadToken(BadToken::Refused(why)));
    let scopes = &routed.route.scopes;
    match routed.call.api.kind {
        ApiKind::Http if !is_for(token, &rules.audiences) => bad("the token does not have a valid audience"),
        // Without scopes a REST API takes the token for one that tells who somebody is.
        ApiKind::Rest if token.text("token_use") == Some(if scopes.is_empty() { "access" } else { "id" }) => {
            bad("the token is for another use")
        }
        ApiKind::Rest if !fits(authorizer, token) => bad("the token is for another audience"),
        _ if !scopes.is_empty() && !has_scope(token, scopes) => Err(Fault::InsufficientScope(scopes.clone())),
        kind => Ok(told(token, kind, scopes)),
    }
}

fn taken_apart(text: &str) -> Option<Token<'_>> {
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
    let header: Value = serde_json::from_slice(&decoded(header)?).ok()?;
    let text = |name: &str| header.get(name).and_then(Value::as_str).map(str::to_owned);
    let claims = serde_json::from_slice(&decoded(claims)?).ok()?;
    Some(Token { signed, signature: decoded(signature)?, algorithm: text("alg")?, key_id: text("kid"), claims })
}

impl Token<'_> {
    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    fn seconds(&self, claim: &str) -> Option<f64> {
        self.claims.get(claim).and_then(Value::as_f64)
    }
}

/// A token must be valid now, must not have been issued later, and must have an end.
fn timely(token: &Token<'_>, now: Timestamp) -> Result<(), Fault> {
    let now = now.as_second() as f64;
    let fault = match () {
        () if token.seconds("exp").is_none_or(|end| end <= now) => BadToken::Expired,
        () if token.seconds("nbf").is_some_and(|start| start > now) => BadToken::Refused("the token is not valid yet"),
        () if token.seconds("iat").is_some_and(|issued| issued > now) => {
            BadToken::Refused("the token was issued in the future")
        }
        () => return Ok(()),
    };
    Err(Fault::BadToken(fault))
}

/// `client_id` counts only where there is no `aud`.
fn is_for(token: &Token<'_>, audiences: &[String]) -> bool {
    let named = token.claims.get("aud").or_else(|| token.claims.get("client_id"));
    let several = named.map_or(&[][..], |named| named.as_array().map_or(std::slice::from_ref(named), Vec::as_slice));
    several.iter().filter_map(Value::as_str).any(|one| audiences.iter().any(|known| known == one))
}

/// A user pool's validation expression is for the audience.
fn fits(authorizer: &Authorizer, token: &Token<'_>) -> bool {
    let Some(pattern) = &authorizer.validation else { return true };
    let pattern = regex_lite::Regex::new(&format!("^(?:{pattern})$"));
    pattern.is_ok_and(|pattern| token.text("aud").is_some_and(|audience| pattern.is_match(audience)))
}

/// At least one of the route's scopes, in `scope` or `scp`.
fn has_scope(token: &Token<'_>, scopes: &[String]) -> bool {
    let of = |claim: &Value| match claim {
        Value::String(text) => text.split(' ').map(str::to_owned).collect(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let own = ["scope", "scp"].into_iter().filter_map(|name| token.claims.get(name)).flat_map(of);
    own.into_iter().any(|scope| scopes.contains(&scope))
}

/// The claims as texts.
fn told(token: &Token<'_>, kind: ApiKind, scopes: &[String]) -> Authorized {
    let claims = token.claims.iter().map(|(name, value)| (name.clone(), shown(name, value, kind).into()));
    let claims: Map<String, Value> = claims.collect();
    match kind {
        ApiKind::Rest => Authorized::UserPool(claims.into()),
        ApiKind::Http => {
            let scopes = if scopes.is_empty() { Value::Null } else { json!(scopes) };
            Authorized::Token { claims: claims.into(), scopes }
        }
    }
}

/// The documentation shows texts only. Of lists and times this is what functions are seen to get.
fn shown(name: &str, value: &Value, kind: ApiKind) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(members) => {
            let members: Vec<String> = members.iter().map(|member| shown("", member, kind)).collect();
            if kind == ApiKind::Rest { members.join(",") } else { format!("[{}]", members.join(" ")) }
        }
        Value::Number(number) if kind == ApiKind::Rest && ["exp", "iat"].contains(&name) => {
            let time = number.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
            time.map_or_else(|| number.to_string(), |time| time.strftime("%a %b %d %H:%M:%S UTC %Y").to_string())
        }
        other => other.to_string(),
    }
}
