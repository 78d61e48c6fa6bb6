//! The public keys of issuers of tokens, which API Gateway keeps for two hours.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::Call;
use super::outgoing::send_for;
use crate::shared::Shared;

const KEPT_SECONDS: u32 = 2 * 60 * 60;
/// Not in the documentation: far below what a client waits for.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of an issuer, as it publishes them; none where it does not answer.
pub async fn of_issuer(shared: &Shared, call: &Call<'_>, issuer: &str) -> Option<Value> {
    let key = format!("keys of {issuer}");
    if let Some(kept) = shared.gateway.kept(&key, shared.backend.clock().now()) {
        return serde_json::from_str(&kept).ok();
    }
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let configuration = get(shared, call, &address).await?;
    let keys = get(shared, call, configuration.get("jwks_uri")?.as_str()?).await?;
    shared.gateway.keep(key, keys.to_string(), KEPT_SECONDS, shared.backend.clock().now());
    Some(keys)
}

async fn get(shared: &Shared, call: &Call<'_>, address: &str) -> Option<Value> {
    let request = http::Request::get(address).body(Bytes::new()).ok()?;
    let answered = tokio::time::timeout(TIMEOUT, send_for(shared, call, request)).await.ok()?.ok()?;
    serde_json::from_slice(&answered.body).ok().filter(|_| answered.status == 200)
}
