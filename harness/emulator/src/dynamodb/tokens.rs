//! The tokens that make a transaction idempotent: valid for ten minutes of virtual time.
//!
//! The engine forgets a token after ten minutes too, but of real time. So a token that has aged is
//! replaced by another one before the engine sees it.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::world::Call;

const VALIDITY: SignedDuration = SignedDuration::from_mins(10);

/// What stands for each token, by operation and token.
#[derive(Default)]
pub(super) struct Tokens(BTreeMap<(String, String), Token>);

struct Token {
    /// What the engine knows the token as.
    alias: String,
    since: Timestamp,
}

/// A token in a request, and what the engine knows it as.
pub(super) struct Use {
    key: (String, String),
    alias: String,
}

impl Tokens {
    /// Puts what the engine is to know the request's token as in the token's place.
    pub fn replace(&self, call: &Call<'_>, input: &mut Value) -> Option<Use> {
        let token = input.get("ClientRequestToken")?.as_str()?.to_owned();
        let key = (call.operation().to_owned(), token);
        let alias = match self.0.get(&key) {
            None => return Some(Use { alias: key.1.clone(), key }),
            Some(token) if call.clock.now().duration_since(token.since) < VALIDITY => token.alias.clone(),
            Some(_) => call.ids.uuid(),
        };
        input["ClientRequestToken"] = alias.as_str().into();
        Some(Use { key, alias })
    }

    /// Remembers a token whose transaction has succeeded: its time runs from the first success.
    pub fn used(&mut self, token: Use, now: Timestamp) {
        let known = self.0.get(&token.key).is_some_and(|known| known.alias == token.alias);
        if !known {
            self.0.insert(token.key, Token { alias: token.alias, since: now });
        }
    }
}
