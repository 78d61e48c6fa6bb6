//! Confirms the subscriptions of addresses, as their owners would: by the token in the mail that asks for it.
//! <https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html>

use aws_types::SdkConfig;
use rehearsal_emulator::Mail;
use serde_json::Value;

use super::{ProvisionError, Provisioned, done};

/// Confirms what each of the mails asks to be confirmed.
///
/// # Errors
/// A mail that asks for something else, and what the backend refuses.
pub async fn confirm(config: &SdkConfig, mails: &[Mail]) -> Provisioned {
    let sns = aws_sdk_sns::Client::new(config);
    for mail in mails {
        let Some((topic, token)) = asked(&mail.body) else {
            let message = format!("a mail `{}` came before all was in place", mail.subject);
            return Err(ProvisionError { logical_id: mail.to.clone(), message });
        };
        done(&mail.to, sns.confirm_subscription().topic_arn(topic).token(token).send().await)?;
    }
    Ok(())
}

/// The topic and the token of a request to confirm, which is a text with a link or JSON.
fn asked(body: &str) -> Option<(String, String)> {
    if let Ok(json) = serde_json::from_str::<Value>(body) {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        return Some((text("TopicArn")?, text("Token")?));
    }
    let link = body.split_whitespace().find(|word| word.contains("/confirmation.html?"))?;
    let (_, query) = link.split_once('?')?;
    let find = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    Some((find("TopicArn")?, find("Token")?))
}
