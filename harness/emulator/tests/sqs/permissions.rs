//! Permissions of queues: told, and not enforced.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html>

use rstest::rstest;
use serde_json::{Value, json};

use crate::setup::{arn, code, setup};

#[tokio::test(start_paused = true)]
async fn a_permission_is_a_statement_of_the_policy_until_it_is_removed() {
    let setup = setup(&[]).await;
    let add =
        |label: &str| setup.sqs.add_permission().queue_url(&setup.url).label(label).aws_account_ids("111122223333");
    add("send").actions("SendMessage").send().await.expect("valid");
    add("read").actions("ReceiveMessage").actions("DeleteMessage").aws_account_ids("1").send().await.expect("valid");
    assert_eq!(code(add("send").actions("*").send().await), "InvalidParameterValue");
    let policy: Value = serde_json::from_str(&setup.attribute("Policy").await).expect("a policy is JSON");
    assert_eq!(
        policy["Statement"][0],
        json!({
            "Sid": "send",
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
            "Action": "SQS:SendMessage",
            "Resource": arn("work"),
        })
    );
    assert_eq!(policy["Statement"][1]["Action"], json!(["SQS:ReceiveMessage", "SQS:DeleteMessage"]));
    let remove = |label: &str| setup.sqs.remove_permission().queue_url(&setup.url).label(label).send();
    remove("read").await.expect("it is there");
    assert_eq!(code(remove("read").await), "InvalidParameterValue");
    remove("send").await.expect("it is there");
    let attributes = setup.sqs.get_queue_attributes().queue_url(&setup.url).attribute_names("Policy".into());
    assert!(attributes.send().await.expect("valid").attributes.is_none(), "the policy is gone with its last statement");
}

#[rstest]
#[case::bad_label("a b", &["SendMessage"], "InvalidParameterValue")]
#[case::owner_alone("l", &["DeleteQueue"], "InvalidParameterValue")]
#[case::too_many("l", &["SendMessage"; 8], "OverLimit")]
#[tokio::test(start_paused = true)]
async fn a_permission_that_breaks_a_rule_is_refused(
    #[case] label: &str,
    #[case] actions: &[&str],
    #[case] expected: &str,
) {
    let setup = setup(&[]).await;
    let add = setup.sqs.add_permission().queue_url(&setup.url).label(label).aws_account_ids("1");
    let actions = actions.iter().map(|action| (*action).to_owned()).collect();
    assert_eq!(code(add.set_actions(Some(actions)).send().await), expected);
}
