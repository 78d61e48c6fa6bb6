//! `AddPermission` and `RemovePermission`: statements of a topic's policy. Permissions are not checked; the
//! policy is kept and told.
//! <https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html>

use serde_json::{Value, json};

use super::topic::Topic;
use super::{find_topic, invalid, refuse_others, required};
use crate::protocol::AwsError;
use crate::protocol::query::{self, Form};
use crate::world::{Call, World};

/// What others may be allowed to do with a topic.
const ACTIONS: [&str; 8] = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
];

/// The topic's policy: the one that was set, or the one that lets the owner do everything.
pub(super) fn policy(topic: &Topic) -> Value {
    let set = topic.attributes.get("Policy").and_then(|policy| serde_json::from_str(policy).ok());
    set.unwrap_or_else(|| {
        json!({
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [{
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": ACTIONS.map(|action| format!("SNS:{action}")),
                "Resource": topic.arn,
                "Condition": { "StringEquals": { "AWS:SourceOwner": topic.owner } },
            }],
        })
    })
}

pub(super) fn add(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "Label", "AWSAccountId", "ActionName"])?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    let label = required(form, "Label")?;
    let (accounts, actions) = (texts(form, "AWSAccountId.member"), texts(form, "ActionName.member"));
    let mut policy = policy(topic);
    if statements(&mut policy).iter().any(|statement| statement["Sid"] == label) {
        return Err(invalid("Statement already exists"));
    }
    if actions.iter().any(|action| !ACTIONS.contains(&action.as_str())) {
        return Err(invalid("Policy statement action out of service scope!"));
    }
    let principals: Vec<_> = accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
    let actions: Vec<_> = actions.iter().map(|action| format!("SNS:{action}")).collect();
    statements(&mut policy).push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_all(&principals) },
        "Action": one_or_all(&actions),
        "Resource": topic.arn,
    }));
    topic.attributes.insert("Policy".to_owned(), policy.to_string());
    Ok(String::new())
}

/// Takes the statement with a label away; one that is not there is gone already.
/// <https://docs.aws.amazon.com/sns/latest/api/API_RemovePermission.html>
pub(super) fn remove(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "Label"])?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    let label = required(form, "Label")?;
    let mut policy = policy(topic);
    statements(&mut policy).retain(|statement| statement["Sid"] != label);
    topic.attributes.insert("Policy".to_owned(), policy.to_string());
    Ok(String::new())
}

fn texts(form: &Form, prefix: &str) -> Vec<String> {
    query::members(form, prefix).into_iter().filter_map(|mut member| member.remove("")).collect()
}

/// The statements of a policy; where it has one without a list, a list of it.
fn statements(policy: &mut Value) -> &mut Vec<Value> {
    let statement = &mut policy["Statement"];
    if !statement.is_array() {
        *statement = match statement.take() {
            Value::Null => json!([]),
            one => json!([one]),
        };
    }
    statement.as_array_mut().expect("it has just been made one")
}

fn one_or_all(texts: &[String]) -> Value {
    match texts {
        [one] => one.as_str().into(),
        all => all.into(),
    }
}
