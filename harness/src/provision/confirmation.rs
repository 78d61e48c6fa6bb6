//! Confirms the subscriptions of addresses and HTTP endpoints, as their owners would: by the token in what asks for it.
//! <https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html>

use aws_types::SdkConfig;
use serde_json::Value;

use super::{ProvisionError, Provisioned, done};

/// Confirms what each of the texts, mails or bodies of HTTP requests, asks to be confirmed.
///
/// # Errors
/// A text that asks for something else, and what the backend refuses.
pub async fn confirm(config: &SdkConfig, texts: &[String]) -> Provisioned {
    let sns = aws_sdk_sns::Client::new(config);
    for text in texts {
        let Some((topic, token)) = asked(text) else {
            let message = format!("this was sent before all was in place: {text}");
            return Err(ProvisionError { logical_id: "a subscription".to_owned(), message });
        };
        done(&topic, sns.confirm_subscription().topic_arn(&topic).token(token).send().await)?;
    }
    Ok(())
}

/// The topic and the token of a request to confirm, which is a text with a link or JSON.
fn asked(text: &str) -> Option<(String, String)> {
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        let field = |name: &str| json[name].as_str().map(str::to_owned);
        return Some((field("TopicArn")?, field("Token")?));
    }
    let link = text.split_whitespace().find(|word| word.contains("/confirmation.html?"))?;
    let (_, query) = link.split_once('?')?;
    let find = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    Some((find("TopicArn")?, find("Token")?))
}
