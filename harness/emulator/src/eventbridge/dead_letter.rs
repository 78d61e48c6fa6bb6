//! The dead-letter queues of targets and buses.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>

use serde::{Deserialize, Serialize};

use super::invalid;
use crate::arn::Arn;
use crate::protocol::AwsError;

/// `DeadLetterConfig`, as it is put and told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeadLetterConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
}

impl DeadLetterConfig {
    /// The ARN of the queue, which is a standard queue; `None` where it names none.
    pub fn queue(&self) -> Result<Option<String>, AwsError> {
        let Some(arn) = &self.arn else { return Ok(None) };
        let reason = match Arn::parse(arn) {
            None => "Provided Arn is not in correct format.",
            Some(arn) if arn.service != "sqs" || arn.resource.ends_with(".fifo") => {
                "The queue must be a standard SQS queue."
            }
            Some(_) => return Ok(Some(arn.clone())),
        };
        Err(invalid(format!("Parameter DeadLetterConfig is not valid. Reason: {reason}")))
    }
}
