//! The steps on EventBridge: `events.put` and `events.replay`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::capture::substitute_in;
use super::duration::{self, Friendly};
use crate::yaml::Located;

/// `events.put`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsPut {
    /// The bus's logical id; the account's default bus where it is left out or `default`.
    pub bus: Option<Located<String>>,
    pub source: String,
    pub detail_type: String,
    /// The event's detail, a JSON object.
    pub detail: Map<String, Value>,
    /// The ARNs of the resources that the event is about.
    #[serde(default)]
    pub resources: Vec<String>,
}

/// `events.replay`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsReplay {
    /// The archive's logical id.
    pub archive: Located<String>,
    /// The logical ids of the only rules that take the events; without them all rules of the archive's bus.
    #[serde(default)]
    pub rules: Vec<Located<String>>,
    /// For how long back events are replayed; without it, all that the archive has of this replay.
    #[serde(default, deserialize_with = "duration::optional")]
    #[schemars(with = "Option<Friendly>")]
    pub last: Option<Duration>,
}

substitute_in!(EventsPut: source, detail_type, detail, resources);
