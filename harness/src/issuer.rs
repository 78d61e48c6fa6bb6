//! Issuers of tokens, which a replay stands in for: the documents that they publish, and tokens that they sign. All
//! sign with one key that is part of this code, so that nothing but a replay must ever trust it.
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>
//! <https://datatracker.ietf.org/doc/html/rfc7515>

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rehearsal_emulator::protocol::{Reply, Request};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Map, Value, json};

/// The private key, as PKCS #8.
const KEY: &[u8] = include_bytes!("issuer/key.pk8");
const KEY_ID: &str = "rehearsal";
const KEYS_PATH: &str = "/.well-known/jwks.json";

/// A token with claims, signed with the key.
pub fn token(claims: &Map<String, Value>) -> String {
    let encoded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encoded(json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" }));
    let signed = format!("{header}.{}", encoded(Value::Object(claims.clone())));
    let key = key();
    let mut signature = vec![0; key.public().modulus_len()];
    // Chance only hides how long signing takes: the signature is always the same.
    let chance = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &chance, signed.as_bytes(), &mut signature).expect("the signature has its length");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn key() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(KEY).expect("the key is part of this code")
}

/// What one of the issuers answers to a request for what it publishes.
pub fn answer<'i>(mut issuers: impl Iterator<Item = &'i str>, request: &Request) -> Option<Reply> {
    let asked = format!("https://{}{}", request.host(), request.uri.path());
    issuers.find_map(|issuer| {
        let base = issuer.trim_end_matches('/');
        let document = match asked.strip_prefix(base)? {
            "/.well-known/openid-configuration" => {
                json!({ "issuer": issuer, "jwks_uri": format!("{base}{KEYS_PATH}") })
            }
            KEYS_PATH => json!({ "keys": [public_key()] }),
            _ => return None,
        };
        Some(Reply::bytes("application/json", document.to_string()))
    })
}

fn public_key() -> Value {
    let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(key().public());
    let encoded = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": encoded(n), "e": encoded(e) })
}

/// Whether one of the keys that an issuer publishes has signed a message. Only RSA is taken.
pub fn is_signed(keys: &Value, key_id: Option<&str>, algorithm: &str, (message, signature): (&[u8], &[u8])) -> bool {
    let parameters = match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        _ => return false,
    };
    let is_it = |key: &&Value| key_id.is_some() && key.get("kid").and_then(Value::as_str) == key_id;
    let key = keys.get("keys").and_then(Value::as_array).into_iter().flatten().find(is_it);
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key?.get(name)?.as_str()?).ok();
    let Some((n, e)) = part("n").zip(part("e")) else { return false };
    RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_signed_with_the_key_that_the_issuer_publishes() {
        let claims = Map::from_iter([("sub".to_owned(), json!("alice"))]);
        let text = token(&claims);
        assert_eq!(text, token(&claims), "a signature is always the same");
        let (signed, signature) = text.rsplit_once('.').expect("it has three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("it is base64");
        let keys = json!({ "keys": [public_key()] });
        let is_valid = |id, algorithm, message: &str| is_signed(&keys, id, algorithm, (message.as_bytes(), &signature));
        assert!(is_valid(Some(KEY_ID), "RS256", signed));
        assert!(!is_valid(Some("other"), "RS256", signed) && !is_valid(None, "RS256", signed));
        assert!(!is_valid(Some(KEY_ID), "RS512", signed) && !is_valid(Some(KEY_ID), "none", signed));
        assert!(!is_valid(Some(KEY_ID), "RS256", &format!("{signed}a")));
    }
}
