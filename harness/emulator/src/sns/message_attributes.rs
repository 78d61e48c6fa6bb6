//! The attributes of a message that is published, and what SNS refuses in them.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::required;
use crate::protocol::AwsError;
use crate::protocol::query::{self, Form};
use crate::sqs::{AttributeValue, MessageAttribute};

/// Message attributes by name.
pub(crate) type MessageAttributes = BTreeMap<String, MessageAttribute>;

/// The attributes in a form.
pub(super) fn of(form: &Form) -> Result<MessageAttributes, AwsError> {
    let mut attributes = BTreeMap::new();
    for entry in query::members(form, "MessageAttributes.entry") {
        let name = required(&entry, "Name")?;
        check_name(name)?;
        attributes.insert(name.to_owned(), attribute(name, &entry)?);
    }
    Ok(attributes)
}

/// What they weigh: names, types and values.
pub(super) fn size(attributes: &MessageAttributes) -> usize {
    let one = |(name, attribute): (&String, &MessageAttribute)| {
        let value = match &attribute.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        name.len() + attribute.data_type.len() + value
    };
    attributes.iter().map(one).sum()
}

fn check_name(name: &str) -> Result<(), AwsError> {
    let stranger = name.chars().find(|character| !(character.is_ascii_alphanumeric() || "_-.".contains(*character)));
    if name.len() > 256 {
        return Err(refuse("Length of message attribute name must be less than 256 bytes."));
    }
    if let Some(stranger) = stranger {
        return Err(refuse(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(stranger)
        )));
    }
    if name.starts_with('.') {
        return Err(refuse("Invalid message attribute name starting with character '.' was found."));
    }
    if name.ends_with('.') {
        return Err(refuse("Invalid message attribute name ending with character '.' was found."));
    }
    if name.contains("..") {
        return Err(refuse("Message attribute name can not have successive '.' character."));
    }
    Ok(())
}

fn attribute(name: &str, entry: &Form) -> Result<MessageAttribute, AwsError> {
    let refuse = |reason: &str| refuse(format!("The message attribute '{name}' {reason}"));
    let data_type = entry.get("Value.DataType").filter(|data_type| !data_type.is_empty());
    let data_type = data_type.ok_or_else(|| refuse("must contain non-empty message attribute type."))?;
    let value = match data_type.split('.').next() {
        Some("String" | "Number") => entry.get("Value.StringValue").cloned().map(AttributeValue::Text),
        Some("Binary") => match entry.get("Value.BinaryValue").map(|base64| STANDARD.decode(base64)) {
            Some(Err(_)) => return Err(refuse("has a binary value that is not base64.")),
            value => value.and_then(Result::ok).map(AttributeValue::Binary),
        },
        _ => {
            let reason = "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, \
                          and String.";
            return Err(refuse(reason));
        }
    };
    let present = |value: &AttributeValue| match value {
        AttributeValue::Text(text) => !text.is_empty(),
        AttributeValue::Binary(bytes) => !bytes.is_empty(),
    };
    let value = value.filter(present);
    let value = value.ok_or_else(|| {
        refuse(&format!("must contain non-empty message attribute value for message attribute type '{data_type}'."))
    })?;
    if let (true, AttributeValue::Text(text)) = (data_type.starts_with("Number"), &value)
        && text.parse::<f64>().is_err()
    {
        return Err(refuse("could not be parsed as a number."));
    }
    Ok(MessageAttribute { data_type: data_type.clone(), value })
}

fn refuse(message: impl Into<String>) -> AwsError {
    AwsError::client("ParameterValueInvalid", message)
}
