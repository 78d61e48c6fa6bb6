//! The older query protocol: what it asks and how it is answered.

use bytes::Bytes;
use http::{HeaderMap, Method};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;
use rstest::rstest;

use super::common::emulator;

/// Sends a form as an old SDK does, and gives the status and the body.
async fn ask(emulator: &Emulator, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let mut headers = HeaderMap::new();
    let authorization =
        "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
    headers.insert("authorization", authorization.parse().expect("a header"));
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a header"));
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let uri = format!("https://sqs.us-east-1.amazonaws.com{path}").parse().expect("a URI");
    let request = Request { method: Method::POST, uri, headers, body: Bytes::from(body) };
    let response = emulator.answer(request).await.expect("SQS answers");
    let body = String::from_utf8(response.body().to_vec()).expect("it is text");
    (response.status().as_u16(), body)
}

async fn queue(emulator: &Emulator, attributes: &[(&str, &str)]) {
    let fifo = attributes.iter().any(|(name, value)| name.starts_with("Attribute") && *value == "FifoQueue");
    let name = if fifo { "jobs.fifo" } else { "jobs" };
    let form = [&[("Action", "CreateQueue"), ("QueueName", name)], attributes].concat();
    let (status, body) = ask(emulator, "/", &form).await;
    let url = format!("<QueueUrl>https://sqs.us-east-1.amazonaws.com/123456789012/{name}</QueueUrl>");
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(&format!("<CreateQueueResult>{url}</CreateQueueResult>")), "{body}");
    assert!(body.contains("xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\""), "{body}");
}

const JOBS: &str = "/123456789012/jobs";

fn between<'b>(body: &'b str, element: &str) -> &'b str {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    let found = body.split_once(&start).and_then(|(_, rest)| rest.split_once(&end));
    found.unwrap_or_else(|| panic!("no {element} in {body}")).0
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_through_a_queue_in_the_query_protocol() {
    let emulator = emulator();
    queue(&emulator, &[]).await;
    let send = [
        ("Action", "SendMessage"),
        ("MessageBody", "a <b> & c"),
        ("MessageAttribute.1.Name", "kind"),
        ("MessageAttribute.1.Value.DataType", "String"),
        ("MessageAttribute.1.Value.StringValue", "x"),
        ("DelaySeconds", "0"),
    ];
    let (status, sent) = ask(&emulator, JOBS, &send).await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!(between(&sent, "MD5OfMessageBody"), "6d641a791ab9cbbe67bd5288905538b1");
    let receive = [("Action", "ReceiveMessage"), ("AttributeName.1", "All"), ("MessageAttributeName.1", "kind")];
    let (_, received) = ask(&emulator, JOBS, &receive).await;
    assert_eq!(between(&received, "Body"), "a &lt;b&gt; &amp; c");
    assert_eq!(between(&received, "MessageId"), between(&sent, "MessageId"));
    assert!(received.contains("<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>"));
    let attribute = "<MessageAttribute><Name>kind</Name><Value><StringValue>x</StringValue>\
                     <DataType>String</DataType></Value></MessageAttribute>";
    assert!(received.contains(attribute), "{received}");
    let handle = between(&received, "ReceiptHandle");
    let (status, deleted) = ask(&emulator, JOBS, &[("Action", "DeleteMessage"), ("ReceiptHandle", handle)]).await;
    assert_eq!(status, 200);
    assert!(!deleted.contains("Result") && deleted.contains("<ResponseMetadata><RequestId>"), "{deleted}");
    let (_, empty) = ask(&emulator, JOBS, &[("Action", "ReceiveMessage")]).await;
    assert!(empty.contains("<ReceiveMessageResult></ReceiveMessageResult>"), "{empty}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_entry_by_entry_in_the_query_protocol() {
    let emulator = emulator();
    queue(&emulator, &[]).await;
    let send = [
        ("Action", "SendMessageBatch"),
        ("SendMessageBatchRequestEntry.1.Id", "a"),
        ("SendMessageBatchRequestEntry.1.MessageBody", "one"),
        ("SendMessageBatchRequestEntry.2.Id", "b"),
        ("SendMessageBatchRequestEntry.2.MessageBody", "two"),
        ("SendMessageBatchRequestEntry.2.DelaySeconds", "901"),
    ];
    let (status, sent) = ask(&emulator, JOBS, &send).await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!(between(between(&sent, "SendMessageBatchResultEntry"), "Id"), "a");
    let failed = between(&sent, "BatchResultErrorEntry");
    assert_eq!([between(failed, "Id"), between(failed, "SenderFault")], ["b", "true"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_waits_in_the_query_protocol_too() {
    let emulator = emulator();
    queue(&emulator, &[]).await;
    let start = tokio::time::Instant::now();
    let (_, empty) = ask(&emulator, JOBS, &[("Action", "ReceiveMessage"), ("WaitTimeSeconds", "20")]).await;
    assert!(empty.contains("<ReceiveMessageResult></ReceiveMessageResult>"), "{empty}");
    assert_eq!(start.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn attributes_tags_and_urls_are_lists_of_elements() {
    let emulator = emulator();
    let made = [
        ("Attribute.1.Name", "FifoQueue"),
        ("Attribute.1.Value", "true"),
        ("Attribute.2.Name", "VisibilityTimeout"),
        ("Attribute.2.Value", "60"),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "a & b"),
    ];
    queue(&emulator, &made).await;
    let path = "/123456789012/jobs.fifo";
    let ask_attributes = [("Action", "GetQueueAttributes"), ("AttributeName.1", "VisibilityTimeout")];
    let (_, told) = ask(&emulator, path, &ask_attributes).await;
    assert_eq!(
        between(&told, "GetQueueAttributesResult"),
        "<Attribute><Name>VisibilityTimeout</Name><Value>60</Value></Attribute>"
    );
    let (_, told) = ask(&emulator, path, &[("Action", "ListQueueTags")]).await;
    assert_eq!(between(&told, "ListQueueTagsResult"), "<Tag><Key>team</Key><Value>a &amp; b</Value></Tag>");
    let (_, told) = ask(&emulator, "/", &[("Action", "ListQueues")]).await;
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs.fifo";
    assert_eq!(between(&told, "ListQueuesResult"), format!("<QueueUrl>{url}</QueueUrl>"));
}

#[rstest]
#[case::no_queue(&[("Action", "PurgeQueue"), ("QueueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/nothing")], "AWS.SimpleQueueService.NonExistentQueue")]
#[case::no_number(&[("Action", "ReceiveMessage"), ("WaitTimeSeconds", "soon")], "InvalidParameterValue")]
#[case::no_entries(&[("Action", "DeleteMessageBatch")], "AWS.SimpleQueueService.EmptyBatchRequest")]
#[case::no_body(&[("Action", "SendMessage")], "MissingParameter")]
#[tokio::test(start_paused = true)]
async fn errors_have_the_codes_of_the_query_protocol(#[case] form: &[(&str, &str)], #[case] code: &str) {
    let emulator = emulator();
    queue(&emulator, &[]).await;
    let (status, body) = ask(&emulator, JOBS, form).await;
    assert_eq!((status, between(&body, "Code"), between(&body, "Type")), (400, code, "Sender"));
    assert!(body.starts_with("<ErrorResponse>") && !between(&body, "Message").is_empty(), "{body}");
}
