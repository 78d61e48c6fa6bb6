//! What buses and rules are given besides: descriptions, dead-letter queues, policies and tags.

use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::{Condition, DeadLetterConfig, Tag};
use serde_json::{Value, json};

use crate::setup::{RULE, Setup, dead_letter, setup};

const SHOP: &str = "arn:aws:events:us-east-1:123456789012:event-bus/shop";
const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:lost";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().expect("a tag has a key and a value")
}

async fn tags(setup: &Setup, arn: &str) -> Vec<(String, String)> {
    let listed = setup.events.list_tags_for_resource().resource_arn(arn).send().await.expect("listed");
    listed.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

fn owned(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

async fn policy(setup: &Setup) -> Option<Value> {
    let told = setup.events.describe_event_bus().name("shop").send().await.expect("told");
    told.policy().map(|policy| serde_json::from_str(policy).expect("a policy is JSON"))
}

#[tokio::test(start_paused = true)]
async fn a_bus_is_updated_in_what_is_given() {
    let setup = setup();
    let created = setup.events.create_event_bus().name("shop").description("d").dead_letter_config(dead_letter(QUEUE));
    let created = created.send().await.expect("created");
    assert_eq!(created.event_bus_arn(), Some(SHOP));
    assert_eq!(created.dead_letter_config().and_then(DeadLetterConfig::arn), Some(QUEUE));
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;

    let updated = setup.events.update_event_bus().name("shop").description("new").send().await.expect("updated");
    assert_eq!((updated.arn(), updated.name(), updated.description()), (Some(SHOP), Some("shop"), Some("new")));
    let told = setup.events.describe_event_bus().name(SHOP).send().await.expect("told");
    assert_eq!(told.description(), Some("new"));
    assert_eq!(told.dead_letter_config().and_then(DeadLetterConfig::arn), Some(QUEUE));
    let (created, modified) = (told.creation_time().expect("a time"), told.last_modified_time().expect("a time"));
    assert_eq!(modified.secs() - created.secs(), 60);

    let without = DeadLetterConfig::builder().build();
    setup.events.update_event_bus().name("shop").dead_letter_config(without).send().await.expect("updated");
    let told = setup.events.describe_event_bus().name("shop").send().await.expect("told");
    assert!(told.dead_letter_config().is_none());
    setup.events.update_event_bus().description("the default").send().await.expect("the default bus is updated");
    let told = setup.events.describe_event_bus().send().await.expect("told");
    assert_eq!(told.description(), Some("the default"));
}

#[tokio::test(start_paused = true)]
async fn an_update_of_a_bus_that_cannot_be_made_changes_nothing() {
    let setup = setup();
    setup.events.create_event_bus().name("shop").description("d").send().await.expect("created");
    let update = || setup.events.update_event_bus().name("shop").description("new");
    let fifo = update().dead_letter_config(dead_letter("arn:aws:sqs:us-east-1:123456789012:lost.fifo"));
    let error = fifo.send().await.expect_err("a FIFO queue").into_service_error();
    let expected = "Parameter DeadLetterConfig is not valid. Reason: The queue must be a standard SQS queue.";
    assert_eq!(error.message(), Some(expected));
    let error = update().description("x".repeat(513)).send().await.expect_err("too long").into_service_error();
    assert_eq!(error.code(), Some("ValidationException"));
    let error = update().kms_key_identifier("k").send().await.expect_err("refused").into_service_error();
    assert_eq!(error.message(), Some("KmsKeyIdentifier of EventBridge's UpdateEventBus is not simulated"));
    let gone = setup.events.update_event_bus().name("none").send().await.expect_err("gone").into_service_error();
    assert!(gone.is_resource_not_found_exception());
    let told = setup.events.describe_event_bus().name("shop").send().await.expect("told");
    assert_eq!(told.description(), Some("d"));
}

#[tokio::test(start_paused = true)]
async fn permissions_are_statements_of_the_bus_s_policy() {
    let setup = setup();
    setup.events.create_event_bus().name("shop").send().await.expect("created");
    assert_eq!(policy(&setup).await, None);
    let put = |principal: &str, id: &str| {
        let put = setup.events.put_permission().event_bus_name("shop").action("events:PutEvents");
        put.principal(principal).statement_id(id)
    };
    let within = Condition::builder().r#type("StringEquals").key("aws:PrincipalOrgID").value("o-1").build();
    put("111111111111", "a").send().await.expect("put");
    put("*", "b").condition(within.expect("a condition")).send().await.expect("put");
    put("222222222222", "a").send().await.expect("put in place of the statement with the same id");
    let all = json!({
        "Sid": "b", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": SHOP,
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    });
    let one = json!({
        "Sid": "a", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "events:PutEvents", "Resource": SHOP,
    });
    assert_eq!(policy(&setup).await, Some(json!({"Version": "2012-10-17", "Statement": [all, one]})));

    let remove = |id: &str| setup.events.remove_permission().event_bus_name("shop").statement_id(id).send();
    remove("b").await.expect("removed");
    assert_eq!(policy(&setup).await, Some(json!({"Version": "2012-10-17", "Statement": [one]})));
    let error = remove("b").await.expect_err("removed already").into_service_error();
    assert_eq!(error.message(), Some("Statement with the provided id does not exist."));
    remove("a").await.expect("removed");
    let error = remove("a").await.expect_err("nothing is left").into_service_error();
    assert_eq!(error.message(), Some("EventBus does not have a policy."));
}

#[tokio::test(start_paused = true)]
async fn a_whole_policy_takes_the_place_of_the_one_that_is_there() {
    let setup = setup();
    setup.events.create_event_bus().name("shop").send().await.expect("created");
    let put = |policy: String| setup.events.put_permission().event_bus_name("shop").policy(policy).send();
    let whole = json!({"Version": "2012-10-17", "Statement": {"Sid": "x", "Effect": "Deny"}});
    put(whole.to_string()).await.expect("put");
    assert_eq!(policy(&setup).await, Some(whole));
    let error = put("no json".to_owned()).await.expect_err("no JSON").into_service_error();
    assert_eq!(error.code(), Some("ValidationException"));
    let long = json!({"Statement": [{"Sid": "x".repeat(10 * 1024)}]}).to_string();
    assert!(put(long).await.expect_err("too long").into_service_error().is_policy_length_exceeded_exception());
    let remove = setup.events.remove_permission().event_bus_name("shop").remove_all_permissions(true);
    remove.send().await.expect("removed");
    assert_eq!(policy(&setup).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_says_too_little_is_refused() {
    let setup = setup();
    let cases = [
        (Some("events:PutRule"), Some("*"), Some("a"), "Provided value in parameter 'action' is not supported."),
        (None, Some("*"), Some("a"), "Provided value in parameter 'action' is not supported."),
        (
            Some("events:PutEvents"),
            Some("1"),
            Some("a"),
            "1 validation error detected: Value '1' at 'principal' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: (\\d{12}|\\*)",
        ),
        (
            Some("events:PutEvents"),
            Some("*"),
            None,
            "1 validation error detected: Value null at 'statementId' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [a-zA-Z0-9-_]+",
        ),
    ];
    for (action, principal, id, expected) in cases {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let put = setup.events.put_permission().set_action(owned(action)).set_principal(owned(principal));
        let error = put.set_statement_id(owned(id)).send().await.expect_err("invalid").into_service_error();
        assert_eq!(error.message(), Some(expected));
    }
    let nowhere = setup.events.put_permission().event_bus_name("none").policy("{}").send().await;
    assert!(nowhere.expect_err("no bus").into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn rules_and_buses_have_tags() {
    let setup = setup();
    setup.events.create_event_bus().name("shop").tags(tag("team", "a")).send().await.expect("created");
    let put = || setup.events.put_rule().event_pattern(r#"{"source": ["shop"]}"#);
    put().name("Orders").tags(tag("cost", "1")).send().await.expect("a rule");
    put().name("Orders").tags(tag("ignored", "x")).send().await.expect("the rule is changed");
    put().name("All").event_bus_name("shop").send().await.expect("a rule");
    assert_eq!(tags(&setup, SHOP).await, owned(&[("team", "a")]));
    assert_eq!(tags(&setup, RULE).await, owned(&[("cost", "1")]), "tags of a change are left out");

    let all = "arn:aws:events:us-east-1:123456789012:rule/shop/All";
    let add = setup.events.tag_resource().resource_arn(all).tags(tag("b", "1")).tags(tag("a", "2"));
    add.send().await.expect("tagged");
    setup.events.tag_resource().resource_arn(all).tags(tag("b", "3")).send().await.expect("tagged");
    assert_eq!(tags(&setup, all).await, owned(&[("a", "2"), ("b", "3")]));
    let remove = setup.events.untag_resource().resource_arn(all).tag_keys("b").tag_keys("none");
    remove.send().await.expect("untagged");
    assert_eq!(tags(&setup, all).await, owned(&[("a", "2")]));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_has_no_tags() {
    let setup = setup();
    let list = |arn: &str| setup.events.list_tags_for_resource().resource_arn(arn).send();
    let missing = [
        (RULE, "Rule Orders does not exist on EventBus default."),
        (SHOP, "Event bus shop does not exist."),
        ("arn:aws:events:us-east-1:123456789012:rule/shop/All", "Event bus shop does not exist."),
    ];
    for (arn, expected) in missing {
        let error = list(arn).await.expect_err("it is not there").into_service_error();
        assert!(error.is_resource_not_found_exception(), "{arn}");
        assert_eq!(error.message(), Some(expected));
    }
    let others = [
        "Orders",
        "arn:aws:sqs:us-east-1:123456789012:queue",
        "arn:aws:events:us-east-1:123456789012:archive/a",
        "arn:aws:events:eu-west-1:123456789012:rule/Orders",
    ];
    for arn in others {
        let error = list(arn).await.expect_err("it has no tags").into_service_error();
        assert_eq!(error.code(), Some("ValidationException"), "{arn}");
    }
}
