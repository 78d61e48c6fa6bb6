//! Messages: sent, received, hidden and deleted.

use aws_sdk_sqs::types::MessageAttributeValue;
use serde_json::{Value, json};

use super::{Queue, bodies};
use crate::kit::{Case, Known, case, cases, done, error, error_as, refused, refused_as};

cases![
    a_message_comes_as_it_was_sent,
    attributes_come_by_name_and_by_prefix,
    a_message_comes_back_when_it_is_visible_again,
    a_deleted_message_is_gone,
    a_delayed_message_waits,
    a_message_has_a_body,
    a_message_is_of_the_characters_of_xml,
    a_message_is_no_longer_than_the_queue_allows,
    a_delay_is_at_most_fifteen_minutes,
    a_receive_is_of_one_to_ten_messages,
    a_receive_waits_at_most_twenty_seconds,
    an_attribute_has_a_type_that_sqs_knows,
    a_handle_that_sqs_did_not_give_is_invalid,
    a_message_that_is_not_in_flight_has_no_visibility_to_change,
    visibility_is_at_most_twelve_hours,
    a_message_has_at_most_ten_attributes,
    a_system_attribute_that_sqs_does_not_know_is_refused,
    a_deleted_message_has_no_visibility_to_change,
    a_standard_queue_has_no_deduplication,
    a_message_comes_back_when_its_timeout_is_over,
];

fn text(value: &str) -> MessageAttributeValue {
    attribute("String", value)
}

fn attribute(data_type: &str, value: &str) -> MessageAttributeValue {
    let builder = MessageAttributeValue::builder().data_type(data_type).string_value(value);
    builder.build().expect("it has a type")
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
fn a_message_comes_as_it_was_sent() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let send = queue.sqs.send_message().queue_url(&queue.url).message_body("hello");
        let sent = send.message_attributes("colour", text("red")).send().await.expect("valid");
        let received = queue.receive(1).await.pop().expect("it was sent");
        let attributes = received.attributes().expect("they were asked for");
        let count = attributes.iter().find(|(name, _)| name.as_str() == "ApproximateReceiveCount");
        let colour = received.message_attributes().and_then(|all| all.get("colour"));
        json!({
            "sent": [sent.md5_of_message_body(), sent.md5_of_message_attributes()],
            "received": [received.md5_of_body(), received.md5_of_message_attributes()],
            "same": sent.message_id() == received.message_id(),
            "body": received.body(),
            "colour": colour.map(|colour| [Some(colour.data_type()), colour.string_value()]),
            "count": count.map(|(_, count)| count),
        })
    })
    .gives(json!({
        "sent": ["5d41402abc4b2a76b9719d911017c592", "0410de28095c8c9ede883953e14dac6c"],
        "received": ["5d41402abc4b2a76b9719d911017c592", "0410de28095c8c9ede883953e14dac6c"],
        "same": true,
        "body": "hello",
        "colour": ["String", "red"],
        "count": "1",
    }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
fn attributes_come_by_name_and_by_prefix() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let send = queue.sqs.send_message().queue_url(&queue.url).message_body("a");
        let send = send.message_attributes("order.id", text("1")).message_attributes("order.state", text("new"));
        send.message_attributes("colour", text("red")).send().await.expect("valid");
        let mut seen = Vec::new();
        for pattern in ["order.*", "colour", "none", ".*"] {
            let receive = queue.sqs.receive_message().queue_url(&queue.url).visibility_timeout(0);
            let received = receive.message_attribute_names(pattern).wait_time_seconds(10).send().await.expect("valid");
            let all = received.messages().first().and_then(|message| message.message_attributes());
            let mut names: Vec<&String> = all.into_iter().flatten().map(|(name, _)| name).collect();
            names.sort();
            seen.push(json!(names));
        }
        seen.into()
    })
    .gives(json!([["order.id", "order.state"], ["colour"], [], ["colour", "order.id", "order.state"]]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
fn a_message_comes_back_when_it_is_visible_again() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let first = queue.handle().await;
        let change = queue.sqs.change_message_visibility().queue_url(&queue.url).receipt_handle(&first);
        let changed = change.visibility_timeout(0).send().await;
        let again = queue.receive(1).await.pop().expect("it is visible again");
        let attributes = again.attributes().expect("they were asked for");
        let count = attributes.iter().find(|(name, _)| name.as_str() == "ApproximateReceiveCount");
        json!({
            "changed": done(changed),
            "body": again.body(),
            "count": count.map(|(_, count)| count),
            "same handle": again.receipt_handle() == Some(&first),
        })
    })
    .gives(json!({ "changed": "done", "body": "a", "count": "2", "same handle": false }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
fn a_deleted_message_is_gone() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let handle = queue.handle().await;
        let before = queue.attributes(&counts).await;
        let delete = queue.sqs.delete_message().queue_url(&queue.url).receipt_handle(handle);
        let (first, again) = (delete.clone().send().await, delete.send().await);
        json!({ "before": before, "deleted": [done(first), done(again)], "after": queue.attributes(&counts).await })
    })
    .gives(json!({
        "before": { "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "1" },
        "deleted": ["done", "done"],
        "after": { "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0" },
    }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>
fn a_delayed_message_waits() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[("DelaySeconds", "900")]).await;
        queue.send("late").await;
        let now = queue.sqs.send_message().queue_url(&queue.url).message_body("now").delay_seconds(0).send().await;
        json!({
            "sent": done(now),
            "received": bodies(&queue.receive(1).await),
            "delayed": queue.attributes(&["ApproximateNumberOfMessagesDelayed"]).await,
        })
    })
    .gives(json!({
        "sent": "done",
        "received": ["now"],
        "delayed": { "ApproximateNumberOfMessagesDelayed": "1" },
    }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn a_message_has_a_body() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        refused(queue.sqs.send_message().queue_url(&queue.url).message_body("").send().await)
    })
    .gives(error(400, "MissingParameter", "The request must contain the parameter MessageBody."))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn a_message_is_of_the_characters_of_xml() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        refused_as(queue.sqs.send_message().queue_url(&queue.url).message_body("\u{1}").send().await)
    })
    .gives(error_as(400, "InvalidMessageContents"))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
fn a_message_is_no_longer_than_the_queue_allows() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[("MaximumMessageSize", "1024")]).await;
        let send = |length: usize| queue.sqs.send_message().queue_url(&queue.url).message_body("a".repeat(length));
        json!([done(send(1024).send().await), refused(send(1025).send().await)])
    })
    .gives(json!([
        "done",
        error(
            400,
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
        ),
    ]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn a_delay_is_at_most_fifteen_minutes() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        refused(queue.sqs.send_message().queue_url(&queue.url).message_body("a").delay_seconds(901).send().await)
    })
    .gives(error(
        400,
        "InvalidParameterValue",
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    ))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack takes every delay",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
fn a_receive_is_of_one_to_ten_messages() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let receive = |count| queue.sqs.receive_message().queue_url(&queue.url).max_number_of_messages(count);
        json!([refused(receive(0).send().await), refused(receive(11).send().await)])
    })
    .gives(
        [0, 11]
            .map(|count| {
                let reason = "Must be between 1 and 10, if provided.";
                let message = format!("Value {count} for parameter MaxNumberOfMessages is invalid. Reason: {reason}");
                error(400, "InvalidParameterValue", &message)
            })
            .into(),
    )
    .localstack(Known {
        got: json!([
            "accepted",
            error(
                400,
                "InvalidParameterValue",
                "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
            ),
        ]),
        reason: "LocalStack takes none for the default of one",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
fn a_receive_waits_at_most_twenty_seconds() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        refused(queue.sqs.receive_message().queue_url(&queue.url).wait_time_seconds(21).send().await)
    })
    .gives(error(
        400,
        "InvalidParameterValue",
        "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
fn an_attribute_has_a_type_that_sqs_knows() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let mut errors = Vec::new();
        for (data_type, value) in [("Colour", "red"), ("Number", "red"), ("String", "")] {
            let send = queue.sqs.send_message().queue_url(&queue.url).message_body("a");
            errors.push(refused_as(send.message_attributes("a", attribute(data_type, value)).send().await));
        }
        Value::from(errors)
    })
    .gives(json!([
        error_as(400, "InvalidParameterValue"),
        error_as(400, "InvalidParameterValue"),
        error_as(400, "InvalidParameterValue"),
    ]))
    .localstack(Known {
        got: json!([error_as(400, "InvalidParameterValue"), "accepted", error_as(400, "InvalidParameterValue"),]),
        reason: "LocalStack does not read numbers",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
fn a_handle_that_sqs_did_not_give_is_invalid() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        refused(queue.sqs.delete_message().queue_url(&queue.url).receipt_handle("mine").send().await)
    })
    .gives(error(
        400,
        "ReceiptHandleIsInvalid",
        "The input receipt handle \"mine\" is not a valid receipt handle.",
    ))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
fn a_message_that_is_not_in_flight_has_no_visibility_to_change() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let change = queue.sqs.change_message_visibility().queue_url(&queue.url).receipt_handle(queue.handle().await);
        let change = change.visibility_timeout(0);
        json!([done(change.clone().send().await), refused_as(change.send().await)])
    })
    .gives(json!(["done", error_as(400, "AWS.SimpleQueueService.MessageNotInflight")]))
    .localstack(Known {
        got: json!(["done", "accepted"]),
        reason: "LocalStack changes it, as recordings of AWS show too, against what AWS documents",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
fn visibility_is_at_most_twelve_hours() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let change = queue.sqs.change_message_visibility().queue_url(&queue.url).receipt_handle(queue.handle().await);
        refused_as(change.visibility_timeout(43_201).send().await)
    })
    .gives(error_as(400, "InvalidParameterValue"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack takes every visibility timeout",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
fn a_message_has_at_most_ten_attributes() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let attributes = (0..11).map(|number| (format!("a{number}"), text("red"))).collect();
        let send = queue.sqs.send_message().queue_url(&queue.url).message_body("a");
        refused_as(send.set_message_attributes(Some(attributes)).send().await)
    })
    .gives(error_as(400, "InvalidParameterValue"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not count attributes",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
fn a_system_attribute_that_sqs_does_not_know_is_refused() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let receive = queue.sqs.receive_message().queue_url(&queue.url);
        refused(receive.message_system_attribute_names("Colour".into()).send().await)
    })
    .gives(error(400, "InvalidAttributeName", "Unknown Attribute Colour."))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack passes over names that it does not know",
        page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html",
    })
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
fn a_deleted_message_has_no_visibility_to_change() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        queue.send("a").await;
        let handle = queue.handle().await;
        let deleted = queue.sqs.delete_message().queue_url(&queue.url).receipt_handle(&handle).send().await;
        let change = queue.sqs.change_message_visibility().queue_url(&queue.url).receipt_handle(&handle);
        json!([done(deleted), refused_as(change.visibility_timeout(0).send().await)])
    })
    .gives(json!(["done", error_as(400, "InvalidParameterValue")]))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn a_standard_queue_has_no_deduplication() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[]).await;
        let send = queue.sqs.send_message().queue_url(&queue.url).message_body("a").message_deduplication_id("once");
        refused_as(send.send().await)
    })
    .gives(error_as(400, "InvalidParameterValue"))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
fn a_message_comes_back_when_its_timeout_is_over() -> Case {
    case(async |aws| {
        let queue = Queue::new(&aws, "work", &[("VisibilityTimeout", "1")]).await;
        queue.send("a").await;
        queue.receive(1).await;
        let again = queue.receive(1).await.pop().expect("it is visible again");
        let attributes = again.attributes().expect("they were asked for");
        let count = attributes.iter().find(|(name, _)| name.as_str() == "ApproximateReceiveCount");
        json!([again.body(), count.map(|(_, count)| count)])
    })
    .gives(json!(["a", "2"]))
}
