//! The errors that SQS answers, with both of their codes.
//!
//! The JSON protocol names an error by its shape; the SDK still reads the older query protocol's code from
//! a header. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>

use std::fmt::Display;

use crate::protocol::AwsError;

pub(super) fn no_such_queue() -> AwsError {
    AwsError::client("QueueDoesNotExist", "The specified queue does not exist.")
        .with_query_code("AWS.SimpleQueueService.NonExistentQueue")
}

/// A parameter's value is out of its range or otherwise wrong; `reason` is a sentence.
pub(super) fn invalid_value(parameter: &str, value: impl Display, reason: &str) -> AwsError {
    invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

/// Something about the parameters is wrong.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValueException", message).with_query_code("InvalidParameterValue")
}

pub(super) fn missing(parameter: &str) -> AwsError {
    AwsError::client(
        "MissingRequiredParameterException",
        format!("The request must contain the parameter {parameter}."),
    )
    .with_query_code("MissingParameter")
}

pub(super) fn unknown_attribute(name: &str) -> AwsError {
    AwsError::client("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn invalid_attribute(name: &str) -> AwsError {
    AwsError::client("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(super) fn only_for_fifo(attribute: &str) -> AwsError {
    let message = format!("You can specify the {attribute} only when FifoQueue is set to true.");
    AwsError::client("InvalidAttributeName", message)
}

/// A queue stays standard or FIFO.
pub(super) fn other_type() -> AwsError {
    let message = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
    AwsError::client("InvalidAttributeValue", message)
}

pub(super) fn throughput_without_scope() -> AwsError {
    let message = "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is \
                   allowed only when the value for DeduplicationScope is messageGroup.";
    AwsError::client("InvalidAttributeValue", message)
}

pub(super) fn invalid_receipt_handle(handle: &str) -> AwsError {
    AwsError::client(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
    )
}

/// A FIFO queue deletes a message only while it is in flight.
pub(super) fn expired_receipt_handle(handle: &str) -> AwsError {
    invalid_value("ReceiptHandle", handle, "The receipt handle has expired.")
}

/// A parameter that standard or FIFO queues do not have.
pub(super) fn not_for_this_type(parameter: &str, value: impl Display) -> AwsError {
    // The wording is AWS's.
    invalid_value(parameter, value, "The request include parameter that is not valid for this queue type.")
}

/// Too many messages are in flight.
pub(super) fn over_limit(queue: &str) -> AwsError {
    let message = format!("Too many messages are in flight in {queue}: the maximum is 120000.");
    AwsError::new(403, "OverLimit", message)
}

pub(super) fn not_in_flight() -> AwsError {
    AwsError::client("MessageNotInflight", "The specified message isn't in flight.")
        .with_query_code("AWS.SimpleQueueService.MessageNotInflight")
}

pub(super) fn resource_not_found(message: &str) -> AwsError {
    AwsError::new(404, "ResourceNotFoundException", message)
}

pub(super) fn unsupported(message: &str) -> AwsError {
    AwsError::client("UnsupportedOperation", message).with_query_code("AWS.SimpleQueueService.UnsupportedOperation")
}

/// `Ok` where a number lies in a parameter's range. SQS words a range from zero in another way than the rest.
pub(super) fn within(parameter: &str, value: i64, range: std::ops::RangeInclusive<i64>) -> Result<i64, AwsError> {
    if range.contains(&value) {
        return Ok(value);
    }
    let reason = match (range.start(), range.end()) {
        (0, end) => format!("Must be >= 0 and <= {end}, if provided."),
        (start, end) => format!("Must be between {start} and {end}, if provided."),
    };
    Err(invalid_value(parameter, value, &reason))
}
