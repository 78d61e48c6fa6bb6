//! What a schedule invokes, and with what.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html>

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{invalid, not_simulated};
use crate::arn::Arn;
use crate::delivery::{self, Kind};
use crate::protocol::AwsError;
use crate::world::Call;

/// A target as it was put and is described.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub arn: String,
    /// Whose rights Scheduler uses; rights are not simulated.
    role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetterConfig>,
    #[serde(default)]
    retry_policy: RetryPolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqs_parameters: Option<SqsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_bridge_parameters: Option<EventBridgeParameters>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetterConfig {
    arn: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
struct RetryPolicy {
    maximum_event_age_in_seconds: u32,
    maximum_retry_attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { maximum_event_age_in_seconds: 86_400, maximum_retry_attempts: 185 }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SqsParameters {
    message_group_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventBridgeParameters {
    detail_type: String,
    source: String,
}

impl Target {
    /// Checks the target, and tells where it leads.
    pub fn check(&self, call: &Call<'_>) -> Result<delivery::Target, AwsError> {
        if let Some((name, _)) = self.rest.iter().find(|(_, value)| !value.is_null()) {
            return Err(not_simulated(call, &format!("Target.{name}")));
        }
        let policy = &self.retry_policy;
        if policy.maximum_retry_attempts > 185 || !(60..=86_400).contains(&policy.maximum_event_age_in_seconds) {
            return Err(invalid("Target.RetryPolicy is not valid."));
        }
        Ok(delivery::Target {
            kind: self.kind(call)?,
            arn: self.arn.clone(),
            max_attempts: policy.maximum_retry_attempts,
            max_age: SignedDuration::from_secs(policy.maximum_event_age_in_seconds.into()),
            dead_letter_queue: self.dead_letter_config.as_ref().and_then(|config| config.arn.clone()),
        })
    }

    fn kind(&self, call: &Call<'_>) -> Result<Kind, AwsError> {
        let wrong = || invalid(format!("Provided Arn is not in correct format: {}", self.arn));
        let arn = Arn::parse(&self.arn).ok_or_else(wrong)?;
        let group_id = self.sqs_parameters.as_ref().and_then(|parameters| parameters.message_group_id.clone());
        match arn.service {
            "sqs" if arn.resource.ends_with(".fifo") && group_id.is_none() => {
                Err(invalid("SqsParameters.MessageGroupId must be specified for a FIFO queue."))
            }
            "sqs" => Ok(Kind::Queue { group_id }),
            "sns" if arn.resource.ends_with(".fifo") => Err(not_simulated(call, "a FIFO topic as a target")),
            "sns" => Ok(Kind::Topic),
            "lambda" => self.json_input().map(|()| Kind::Function),
            "events" => {
                self.json_input()?;
                let parameters = self.event_bridge_parameters.as_ref();
                let parameters = parameters.ok_or_else(|| {
                    invalid("EventBridgeParameters must be specified for a target that is an event bus.")
                })?;
                let EventBridgeParameters { source, detail_type } = parameters.clone();
                Ok(Kind::PutEvents { source, detail_type })
            }
            "scheduler" => Err(not_simulated(call, &format!("the universal target {}", self.arn))),
            service => Err(not_simulated(call, &format!("a target of the service {service}"))),
        }
    }

    /// Functions and event buses take JSON only.
    fn json_input(&self) -> Result<(), AwsError> {
        match self.input.as_deref().map(serde_json::from_str::<Value>) {
            Some(Err(_)) => Err(invalid("Invalid RequestJson provided. Reason The Input must be valid JSON.")),
            _ => Ok(()),
        }
    }

    /// What the target gets: its input with the context attributes filled in, or the default notification. The number
    /// of the attempt is filled in with each.
    /// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
    pub fn payload(&self, schedule_arn: &str, scheduled: Timestamp, execution_id: &str) -> String {
        let time = scheduled.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let Some(input) = &self.input else {
            let arn = Arn::parse(schedule_arn);
            return json!({
                "version": "0",
                "id": execution_id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": arn.map_or("", |arn| arn.account),
                "time": time,
                "region": arn.map_or("", |arn| arn.region),
                "resources": [schedule_arn],
                "detail": "{}",
            })
            .to_string();
        };
        input
            .replace("<aws.scheduler.schedule-arn>", schedule_arn)
            .replace("<aws.scheduler.scheduled-time>", &time)
            .replace("<aws.scheduler.execution-id>", execution_id)
    }
}
