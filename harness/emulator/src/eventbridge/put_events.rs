//! `PutEvents`, and the events that AWS services put.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::deliver::Way;
use super::{DEFAULT_BUS, Rest, bus_name, deliver, input, invalid, refuse_rest};
use crate::protocol::AwsError;
use crate::world::{Call, World};

/// A request takes at most this many entries.
const MAX_ENTRIES: usize = 10;

/// The entries of a request must be smaller than this together, in bytes.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size>
const MAX_BYTES: usize = 1024 * 1024;

/// An event before EventBridge gives it an id.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub source: String,
    pub detail_type: String,
    pub detail: Value,
    pub resources: Vec<String>,
}

impl NewEvent {
    /// The event as rules match it and targets get it.
    pub(super) fn into_event(self, id: &str, account: &str, region: &str, time: Timestamp) -> Value {
        json!({
            "version": "0",
            "id": id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": account,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": region,
            "resources": self.resources,
            "detail": self.detail,
        })
    }
}

/// Puts an event of an AWS service on the default bus and returns its id.
pub(crate) fn put_on_default_bus(world: &mut World, account: &str, region: &str, event: NewEvent) -> String {
    let (id, now) = (world.ids.uuid(), world.clock.now());
    let event = event.into_event(&id, account, region, now);
    deliver::route(world, account, region, DEFAULT_BUS, &event, Way::default());
    id
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    /// Seconds since 1970.
    time: Option<f64>,
    source: Option<String>,
    resources: Option<Vec<String>>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    #[serde(flatten)]
    rest: Rest,
}

/// Takes events, each of which may fail in its own entry. An event for a bus that does not exist is taken and
/// goes nowhere.
pub(super) fn put(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let PutEvents { entries } = input(call)?;
    check_request(call, &entries)?;
    let (account, region) = (&call.identity.account, &call.identity.region);
    let mut results = Vec::new();
    for entry in entries {
        let bus = bus_name(call, entry.event_bus_name.as_deref())?.to_owned();
        let time = entry.time();
        results.push(match entry.event() {
            Ok(event) => {
                let id = call.ids.uuid();
                let event = event.into_event(&id, account, region, time.unwrap_or(call.clock.now()));
                deliver::route(world, account, region, &bus, &event, Way::default());
                json!({ "EventId": id })
            }
            Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
        });
    }
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    Ok(json!({ "FailedEntryCount": failed, "Entries": results }))
}

fn check_request(call: &Call<'_>, entries: &[Entry]) -> Result<(), AwsError> {
    let constraint = match entries.len() {
        0 => Some("greater than or equal to 1"),
        1..=MAX_ENTRIES => None,
        _ => Some("less than or equal to 10"),
    };
    if let Some(constraint) = constraint {
        return Err(invalid(format!(
            "1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to satisfy constraint: \
             Member must have length {constraint}"
        )));
    }
    for entry in entries {
        refuse_rest(call, "Entries.", &entry.rest)?;
        bus_name(call, entry.event_bus_name.as_deref())?;
    }
    if entries.iter().map(Entry::size).sum::<usize>() >= MAX_BYTES {
        return Err(invalid("Total size of the entries in the request is over the limit."));
    }
    Ok(())
}

impl Entry {
    fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let time = if self.time.is_some() { 14 } else { 0 };
        let resources = self.resources.iter().flatten().map(String::len).sum::<usize>();
        time + text(&self.source) + text(&self.detail_type) + text(&self.detail) + resources
    }

    fn time(&self) -> Option<Timestamp> {
        #[expect(clippy::cast_possible_truncation, reason = "events are timed to the second")]
        self.time.and_then(|seconds| Timestamp::from_second(seconds as i64).ok())
    }

    /// The event, or the code and message with which this entry fails.
    fn event(self) -> Result<NewEvent, (&'static str, String)> {
        let source = required("Source", self.source)?;
        if source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
        }
        let detail_type = required("DetailType", self.detail_type)?;
        let detail = required("Detail", self.detail)?;
        match serde_json::from_str(&detail) {
            Ok(detail @ Value::Object(_)) => {
                Ok(NewEvent { source, detail_type, detail, resources: self.resources.unwrap_or_default() })
            }
            _ => Err(("MalformedDetail", "Detail is malformed.".to_owned())),
        }
    }
}

fn required(name: &str, value: Option<String>) -> Result<String, (&'static str, String)> {
    let missing =
        || ("InvalidArgument", format!("Parameter {name} is not valid. Reason: {name} is a required argument."));
    value.filter(|value| !value.is_empty()).ok_or_else(missing)
}
