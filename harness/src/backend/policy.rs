//! Policies that let S3, SNS and EventBridge deliver to the queues and topics of a stack, as a deployment's
//! own policies would. A replay does not check permissions, so what the template says of them is not used.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html>

use serde_json::{Value, json};

use crate::stack::{NotificationTarget, Stack};

/// Gives each queue and topic that a service delivers to a policy that allows it, for this account's sources.
pub fn allow_deliveries(stack: &mut Stack, account: &str) {
    let targets = delivered_to(stack);
    for queue in stack.queues.iter_mut().filter(|queue| targets.contains(&queue.arn)) {
        let policy = policy(&queue.arn, "sqs:SendMessage", account);
        queue.attributes.insert("Policy".to_owned(), policy.to_string());
    }
    for topic in stack.topics.iter_mut().filter(|topic| targets.contains(&topic.arn)) {
        let policy = policy(&topic.arn, "sns:Publish", account);
        topic.attributes.insert("Policy".to_owned(), policy.to_string());
    }
}

/// The ARNs that buckets, topics and rules send to, dead-letter queues included.
fn delivered_to(stack: &Stack) -> Vec<String> {
    let of_bucket = |target: &NotificationTarget| match target {
        NotificationTarget::Queue(arn) | NotificationTarget::Topic(arn) => Some(arn.clone()),
        NotificationTarget::Function(_) => None,
    };
    let notifications = stack.buckets.iter().flat_map(|bucket| &bucket.notifications);
    let targets = stack.rules.iter().flat_map(|rule| &rule.targets);
    let mut arns: Vec<String> = notifications.filter_map(|each| of_bucket(&each.target)).collect();
    arns.extend(stack.subscriptions.iter().map(|subscription| subscription.endpoint.clone()));
    arns.extend(targets.clone().map(|target| target.arn.clone()));
    arns.extend(targets.filter_map(|target| target.dead_letter_arn.clone()));
    arns.extend(stack.subscriptions.iter().filter_map(|each| {
        let policy: Value = serde_json::from_str(each.attributes.get("RedrivePolicy")?).ok()?;
        policy["deadLetterTargetArn"].as_str().map(str::to_owned)
    }));
    arns
}

fn policy(resource: &str, action: &str, account: &str) -> Value {
    let statement = |service: &str, condition: Value| {
        json!({
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": action,
            "Resource": resource,
            "Condition": condition,
        })
    };
    let of_account =
        |service: &str| json!({ "ArnLike": { "aws:SourceArn": format!("arn:aws:{service}:*:{account}:*") } });
    json!({
        "Version": "2012-10-17",
        "Statement": [
            // A bucket's ARN has no account in it.
            statement("s3.amazonaws.com", json!({ "StringEquals": { "aws:SourceAccount": account } })),
            statement("sns.amazonaws.com", of_account("sns")),
            statement("events.amazonaws.com", of_account("events")),
        ],
    })
}
