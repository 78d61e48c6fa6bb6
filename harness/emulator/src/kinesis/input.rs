//! A request's parameters: each is one that its operation reads, and of the type that it should have.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Operation, invalid};
use crate::arn::Arn;
use crate::protocol::{AwsError, json};
use crate::world::Call;

pub(super) struct Input {
    operation: &'static str,
    members: Map<String, Value>,
}

impl Input {
    /// The parameters of a call, which are all simulated.
    pub fn read(call: &Call<'_>, operation: &Operation) -> Result<Self, AwsError> {
        let members: Map<String, Value> = json::input(call.request)?;
        let given = || members.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str());
        if let Some(name) = given().find(|name| operation.refuses.contains(name)) {
            return Err(AwsError::parameter_not_simulated(call.identity.service, operation.name, name));
        }
        if let Some(name) = given().find(|name| !operation.reads.contains(name)) {
            return Err(AwsError::client(
                "SerializationException",
                format!("{name} is not known to {}", operation.name),
            ));
        }
        Ok(Self { operation: operation.name, members })
    }

    /// A parameter, where it is given.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    pub fn required(&self, name: &str) -> Result<&str, AwsError> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// A whole number within a range.
    pub fn number(&self, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, AwsError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = value.as_u64().filter(|number| range.contains(number));
        let bound = if value.as_u64().is_some_and(|number| number > *range.end()) {
            format!("less than or equal to {}", range.end())
        } else {
            format!("greater than or equal to {}", range.start())
        };
        number.map(Some).ok_or_else(|| constraint(name, &value.to_string(), &format!("have value {bound}")))
    }

    pub fn required_number(&self, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, AwsError> {
        self.number(name, range)?.ok_or_else(|| missing(name))
    }

    /// A time in seconds since the epoch.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        time(self.value(name)?)
    }

    /// The name of the stream that is meant, by name or ARN.
    pub fn stream_name(&self, call: &Call<'_>) -> Result<String, AwsError> {
        let by_arn = match self.text("StreamARN") {
            None => None,
            Some(text) => Some(stream_of(call, text)?),
        };
        match (self.text("StreamName"), by_arn) {
            (None, None) => Err(invalid("StreamName or StreamARN must be provided.")),
            (Some(name), Some(by_arn)) if name != by_arn => {
                Err(invalid(format!("StreamARN and StreamName of {} do not match.", self.operation)))
            }
            (Some(name), _) => Ok(name.to_owned()),
            (None, Some(name)) => Ok(name),
        }
    }
}

/// The name of the stream with an ARN of the caller's account and region.
pub(super) fn stream_of(call: &Call<'_>, arn: &str) -> Result<String, AwsError> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "kinesis");
    let name = parsed.and_then(|arn| arn.resource.strip_prefix("stream/"));
    let ours = |arn: &Arn<'_>| arn.region == call.identity.region && arn.account == call.identity.account;
    match (parsed, name) {
        (Some(parsed), Some(name)) if ours(&parsed) => Ok(name.split('/').next().unwrap_or_default().to_owned()),
        (Some(_), Some(name)) => Err(super::no_stream(call, name)),
        _ => Err(constraint(
            "streamARN",
            arn,
            "satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+",
        )),
    }
}

pub(super) fn time(value: &Value) -> Option<Timestamp> {
    Timestamp::from_millisecond((value.as_f64()? * 1000.0).round() as i64).ok()
}

fn missing(name: &str) -> AwsError {
    let message = format!(
        "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
        camel(name)
    );
    AwsError::client("ValidationException", message)
}

/// The error for a value that is out of bounds.
pub(super) fn constraint(name: &str, value: &str, must: &str) -> AwsError {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: Member must {must}",
        camel(name)
    );
    AwsError::client("ValidationException", message)
}

fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
