//! Whether the services would take something, for those who ask before they call: by the same rules that their operations
//! are held to.

use crate::protocol::AwsError;
use crate::{kinesis, s3, scheduler, sns, sqs};

/// Nothing, or what AWS says of it.
pub type Verdict = Result<(), String>;

/// Whether S3 takes a name for a bucket.
///
/// # Errors
/// Why it does not, as all of these.
pub fn bucket_name(name: &str) -> Verdict {
    let refusal = "a bucket's name has 3 to 63 lower-case letters, digits, hyphens and dots, and begins and ends with a letter \
                   or digit";
    if s3::is_valid_name(name) { Ok(()) } else { Err(refusal.to_owned()) }
}

/// Whether SQS takes a name for a queue, which is a FIFO queue if its name ends like one.
pub fn queue_name(name: &str) -> Verdict {
    verdict(sqs::check_name(name, name.ends_with(".fifo")))
}

/// Whether SNS takes a name for a topic, which is a FIFO topic if its name ends like one.
pub fn topic_name(name: &str) -> Verdict {
    verdict(sns::check_name(name, name.ends_with(".fifo")))
}

/// Whether Kinesis takes a name for a stream.
pub fn stream_name(name: &str) -> Verdict {
    verdict(kinesis::check_name(name))
}

/// Whether Scheduler takes a name for a schedule or a group.
pub fn schedule_name(name: &str) -> Verdict {
    verdict(scheduler::check_name(name))
}

/// Whether Scheduler takes an expression in a time zone.
pub fn schedule_expression(expression: &str, time_zone: &str) -> Verdict {
    verdict(scheduler::check_expression(expression, time_zone))
}

fn verdict(checked: Result<(), AwsError>) -> Verdict {
    checked.map_err(|error| error.message)
}
