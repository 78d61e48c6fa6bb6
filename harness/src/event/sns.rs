//! The event of an SNS subscription.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>

use serde_json::{Map, Value, json};

/// The notification, as a queue gets it in its envelope, as a function gets it: one record.
pub fn event(envelope: &Value, subscription_arn: &str) -> Value {
    let renamed = |name: &str| match name {
        "SigningCertURL" => "SigningCertUrl".to_owned(),
        "UnsubscribeURL" => "UnsubscribeUrl".to_owned(),
        other => other.to_owned(),
    };
    let fields = envelope.as_object().into_iter().flatten();
    let mut notification: Map<String, Value> = fields.map(|(name, value)| (renamed(name), value.clone())).collect();
    notification.entry("Subject").or_insert(Value::Null);
    notification.entry("MessageAttributes").or_insert_with(|| json!({}));
    json!({
        "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription_arn,
            "Sns": notification,
        }]
    })
}
