//! Subscriptions by mail: confirmation, and what arrives in the mailbox.

use crate::setup::{Setup, TOPIC, refusal, setup};

/// The token in the last mail, which asks for a confirmation.
fn token(setup: &Setup) -> String {
    let mails = setup.emulator.mails();
    let body = &mails.last().expect("a mail arrived").body;
    let (_, rest) = body.split_once("&Token=").expect("it asks for a confirmation");
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html>
#[tokio::test(start_paused = true)]
async fn an_address_gets_nothing_but_the_request_to_confirm_until_it_is_confirmed() {
    let setup = setup().await;
    let publish = async || setup.sns.publish().topic_arn(TOPIC).message("hello").send().await.expect("published");
    let subscribe = setup.sns.subscribe().topic_arn(TOPIC).protocol("email").endpoint("alice@example.com");
    let subscribed = subscribe.send().await.expect("subscribed");
    assert_eq!(subscribed.subscription_arn(), Some("pending confirmation"));
    publish().await;
    let mails = setup.emulator.mails();
    let [request] = &mails[..] else { panic!("one mail arrived: {mails:?}") };
    let token = token(&setup);
    assert_eq!(
        (request.from.as_str(), request.to.as_str(), request.subject.as_str()),
        (
            "AWS Notifications <no-reply@sns.amazonaws.com>",
            "alice@example.com",
            "AWS Notification - Subscription Confirmation"
        )
    );
    assert_eq!(
        request.body,
        format!(
            "You have chosen to subscribe to the topic: \n{TOPIC}\n\nTo confirm this subscription, click or visit the \
             link below (If this was in error no action is necessary): \n\
             https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn={TOPIC}&Token={token}\
             &Endpoint=alice@example.com\n\nPlease do not reply directly to this email. If you wish to remove yourself \
             from receiving all future SNS subscription confirmation requests please send an email to \
             sns-opt-out@amazon.com\n"
        )
    );
    let listed = setup.sns.list_subscriptions().send().await.expect("listed");
    assert_eq!(listed.subscriptions()[0].subscription_arn(), Some("PendingConfirmation"));

    let confirmed = setup.sns.confirm_subscription().topic_arn(TOPIC).token(&token).send().await.expect("confirmed");
    let arn = confirmed.subscription_arn().expect("a subscription has an ARN");
    let again =
        setup.sns.confirm_subscription().topic_arn(TOPIC).token(&token).send().await.expect("confirmed already");
    assert_eq!(again.subscription_arn(), Some(arn));
    publish().await;
    let mails = setup.emulator.mails();
    let [_, mail] = &mails[..] else { panic!("a second mail arrived: {mails:?}") };
    assert_eq!(mail.subject, "AWS Notification Message");
    assert_eq!(
        mail.body,
        format!(
            "hello\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link \
             below to unsubscribe:\nhttps://sns.us-east-1.amazonaws.com/unsubscribe.html?SubscriptionArn={arn}\
             &Endpoint=alice@example.com\n\nPlease do not reply directly to this email. If you have any questions or \
             comments regarding this email, please contact us at https://aws.amazon.com/support\n"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_confirms_one_subscription_for_two_days() {
    let setup = setup().await;
    setup.subscribe("email", "alice@example.com", &[]).await;
    let late = token(&setup);
    let confirm = async |token: &str| {
        let confirm = setup.sns.confirm_subscription().topic_arn(TOPIC).token(token).send().await;
        confirm.map(drop).map_err(refusal)
    };
    let wrong = Err("InvalidParameter: Invalid parameter: Token".to_owned());
    assert_eq!(confirm("0123").await, wrong);
    tokio::time::sleep(std::time::Duration::from_secs(2 * 86_400 + 1)).await;
    assert_eq!(confirm(&late).await, wrong);
    // Who subscribes again is asked again.
    setup.subscribe("email", "alice@example.com", &[]).await;
    assert_eq!(confirm(&token(&setup)).await, Ok(()));
    let told = setup.sns.get_topic_attributes().topic_arn(TOPIC).send().await.expect("told");
    let told = told.attributes().expect("a topic has attributes");
    assert_eq!((told["SubscriptionsConfirmed"].as_str(), told["SubscriptionsPending"].as_str()), ("1", "0"));
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>
#[tokio::test(start_paused = true)]
async fn a_mail_has_the_topic_s_name_the_subject_and_the_text_for_its_protocol() {
    let setup = setup().await;
    let set = setup.sns.set_topic_attributes().topic_arn(TOPIC).attribute_name("DisplayName").attribute_value("Shop");
    set.send().await.expect("set");
    for (protocol, address) in [("email", "alice@example.com"), ("email-json", "bob@example.com")] {
        setup.subscribe(protocol, address, &[]).await;
        let token = match protocol {
            "email" => token(&setup),
            _ => {
                let body = &setup.emulator.mails().last().expect("a mail arrived").body.clone();
                let json: serde_json::Value = serde_json::from_str(body).expect("the request is JSON");
                assert_eq!(json["Type"], "SubscriptionConfirmation");
                json["Token"].as_str().expect("it has a token").to_owned()
            }
        };
        setup.sns.confirm_subscription().topic_arn(TOPIC).token(token).send().await.expect("confirmed");
    }
    let texts = r#"{"default": "d", "email": "plain", "email-json": "machine"}"#;
    let publish = setup.sns.publish().topic_arn(TOPIC).subject("Order 1").message_structure("json").message(texts);
    publish.send().await.expect("published");
    let mails = setup.emulator.mails();
    let [.., plain, machine] = &mails[..] else { panic!("two mails arrived") };
    assert_eq!((plain.from.as_str(), plain.subject.as_str()), ("Shop <no-reply@sns.amazonaws.com>", "Order 1"));
    assert!(plain.body.starts_with("plain\n\n--\n"), "{}", plain.body);
    let (json, footer) = machine.body.split_once("\n\n--\n").expect("it has a footer");
    let json: serde_json::Value = serde_json::from_str(json).expect("the envelope is JSON");
    assert_eq!((json["Message"].as_str(), json["Subject"].as_str()), (Some("machine"), Some("Order 1")));
    assert!(footer.starts_with("If you wish to stop receiving notifications"));
}

#[tokio::test(start_paused = true)]
async fn an_address_must_look_like_one() {
    let setup = setup().await;
    let refused = setup.try_subscribe(TOPIC, "email", "alice", &[]).await.expect_err("refused");
    assert_eq!(refused, "InvalidParameter: Invalid parameter: Email address");
}
