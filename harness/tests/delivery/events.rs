//! EventBridge and Scheduler as templates ask for them: API destinations over stubs, buses, transformers,
//! archives and schedules.

use serde_json::json;

use crate::kit::Rig;

const PARTNER: &str = "
  Login:
    Type: AWS::Events::Connection
    Properties:
      AuthorizationType: API_KEY
      AuthParameters:
        ApiKeyAuthParameters: { ApiKeyName: x-key, ApiKeyValue: k-1 }
        InvocationHttpParameters: { HeaderParameters: [{ Key: x-shop, Value: s-1 }] }
  Partner:
    Type: AWS::Events::ApiDestination
    Properties:
      ConnectionArn: !GetAtt Login.Arn
      InvocationEndpoint: \"https://partner.example/orders/*\"
      HttpMethod: PUT
      InvocationRateLimitPerSecond: 10
  Dead: { Type: AWS::SQS::Queue }
  Orders:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [shop] }
      Targets:
        - Id: partner
          Arn: !GetAtt Partner.Arn
          RoleArn: arn:aws:iam::123456789012:role/any
          HttpParameters: { PathParameterValues: [$.detail.id], QueryStringParameters: { kind: x } }
          InputTransformer: { InputPathsMap: { id: $.detail.id }, InputTemplate: '{\"order\": <id>}' }
          RetryPolicy: { MaximumRetryAttempts: 3 }
          DeadLetterConfig: { Arn: !GetAtt Dead.Arn }
";
const PUT: &str = "events.put: { source: shop, detail_type: Placed, detail: { id: o-1 } }";

#[test]
fn an_api_destination_of_a_template_is_asked_until_its_stub_takes_the_event() {
    let rig = Rig::new(PARTNER)
        .given("stubs: { \"https://partner.example\": [{ respond: { status: 503 }, times: 2 }, { respond: {} }] }")
        .expect("queues: { Dead: empty }")
        .expect(
            "requests: { \"https://partner.example\": [\
             { method: PUT, path: /orders/o-1, query: { kind: x }, headers: { x-key: k-1, x-shop: s-1 }, body: { order: o-1 } },\
             { method: PUT }, { method: PUT }] }",
        );
    rig.play(&[PUT]).passed();
}

const ARCHIVE: &str = "
  Shop: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  Kept: { Type: AWS::Events::Archive, Properties: { SourceArn: !GetAtt Shop.Arn, EventPattern: { source: [web] } } }
  Listener:
    Type: AWS::Serverless::Function
    Properties: { Events: { All: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Shop, Pattern: { source: [web, app] } } } } }
  Auditor:
    Type: AWS::Serverless::Function
    Properties: { Events: { All: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Shop, Pattern: { source: [web] } } } } }
";

fn put(source: &str, id: u32) -> String {
    format!("events.put: {{ bus: Shop, source: {source}, detail_type: t, detail: {{ id: {id} }} }}")
}

/// The ids of the events that a function got, those of replays apart.
fn ids(played: &crate::kit::Played, function: &str) -> (Vec<u64>, Vec<u64>) {
    let (replayed, live): (Vec<_>, Vec<_>) =
        played.events(function).into_iter().partition(|event| event["replay-name"].is_string());
    let ids =
        |events: Vec<&serde_json::Value>| events.iter().filter_map(|event| event["detail"]["id"].as_u64()).collect();
    (ids(live), ids(replayed))
}

#[test]
fn a_step_replays_what_an_archive_has_kept() {
    let steps = [&*put("web", 1), &put("app", 2), "advance: 2h", &put("web", 3), "events.replay: { archive: Kept }"];
    let played = Rig::new(ARCHIVE).ok("Listener").ok("Auditor").play(&steps).passed();
    assert_eq!(
        ids(&played, "Listener"),
        (vec![1, 2, 3], vec![1, 3]),
        "what the archive's pattern does not match is not kept"
    );
    assert_eq!(ids(&played, "Auditor"), (vec![1, 3], vec![1, 3]));
    let name = played.events("Auditor")[2]["replay-name"].as_str().expect("a name").to_owned();
    assert!(name.starts_with("app-Kept-rehearsal-"), "{name}");
    let last = played.invocations("Auditor").pop().expect("it ran");
    let cause = played.outcome.trace.iter().find(|event| event.id == last.id).and_then(|event| event.cause);
    let delivery = played.outcome.trace.iter().find(|event| Some(event.id) == cause).expect("a delivery");
    assert!(delivery.cause.is_some(), "what is replayed follows from the step");
}

#[test]
fn a_replay_may_be_of_the_last_hours_and_for_some_rules_only() {
    let replay = "events.replay: { archive: Kept, rules: [AuditorAll], last: 1h }";
    let steps = [&*put("web", 1), "advance: 2h", &put("web", 3), replay];
    let played = Rig::new(ARCHIVE).ok("Listener").ok("Auditor").play(&steps).passed();
    assert_eq!(ids(&played, "Listener"), (vec![1, 3], vec![]));
    assert_eq!(ids(&played, "Auditor"), (vec![1, 3], vec![3]));
}

#[test]
fn what_an_api_destination_does_not_take_ends_in_the_dead_letter_queue() {
    let rig = Rig::new(PARTNER)
        .given("stubs: { \"https://partner.example\": [{ respond: refuse }] }")
        .expect("queues: { Dead: [{ source: shop }] }")
        .expect("requests: { \"https://partner.example\": 4 }");
    rig.play(&[PUT]).passed();
}

#[test]
fn a_service_s_request_to_a_host_without_a_stub_fails_the_scenario() {
    let played = Rig::new(PARTNER).play(&[PUT]);
    let messages: Vec<_> = played.outcome.failures.iter().map(|failure| failure.diagnostic.message.as_str()).collect();
    let expected = "EventBridge sends PUT https://partner.example/orders/o-1?kind=x, and no stub stands for that host";
    assert_eq!(messages, [expected], "it is told once");
}

#[test]
fn a_rule_sends_to_another_bus_whose_rule_fills_a_template_in() {
    let rig = Rig::new(
        "
  Audit: { Type: AWS::Events::EventBus, Properties: { Name: audit } }
  Kept: { Type: AWS::Events::Archive, Properties: { SourceArn: !GetAtt Audit.Arn, RetentionDays: 1 } }
  Inbox: { Type: AWS::SQS::Queue }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Audited:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref Audit
            Pattern: { source: [shop] }
            InputTransformer: { InputPathsMap: { id: $.detail.id }, InputTemplate: '{\"id\": <id>}' }
  Orders:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [shop] }
      Targets:
        - { Id: bus, Arn: !GetAtt Audit.Arn }
        - { Id: queue, Arn: !GetAtt Inbox.Arn }
",
    );
    let played = rig.ok("Worker").expect("queues: { Inbox: [{ source: shop }] }").play(&[PUT]).passed();
    assert_eq!(*played.event("Worker"), json!({"id": "o-1"}));
}

#[test]
fn schedules_of_a_template_invoke_functions_and_are_rest() {
    let rig = Rig::new(
        "
  Daily: { Type: AWS::Scheduler::ScheduleGroup, Properties: { Name: daily } }
  Report:
    Type: AWS::Scheduler::Schedule
    Properties:
      GroupName: !Ref Daily
      ScheduleExpression: cron(0 9 * * ? *)
      ScheduleExpressionTimezone: America/New_York
      FlexibleTimeWindow: { Mode: \"OFF\" }
      Target: { Arn: !GetAtt Worker.Arn, RoleArn: arn:aws:iam::123456789012:role/any, Input: '{\"day\": 1}' }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Once: { Type: ScheduleV2, Properties: { ScheduleExpression: \"at(2026-01-01T12:00:00)\", Input: '{\"once\": true}' } }
",
    );
    let played = rig.ok("Worker").expect("invocations: { Worker: 3 }").play(&["advance: 48h"]).passed();
    let days: Vec<_> = played.seen.iter().map(|seen| seen.event.clone()).collect();
    assert_eq!(days, [json!({"once": true}), json!({"day": 1}), json!({"day": 1})]);
    assert!(played.outcome.settled.is_at_rest());
}

#[test]
fn what_cannot_be_scheduled_is_told_by_the_template() {
    let refused = Rig::new(
        "
  Report:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 hour)
      StartDate: tomorrow
      FlexibleTimeWindow: { Mode: FLEXIBLE, MaximumWindowInMinutes: 5 }
      Target: { Arn: !GetAtt Worker.Arn, RoleArn: r, KinesisParameters: {} }
  Worker: { Type: AWS::Serverless::Function }
",
    )
    .ok("Worker")
    .refused(&["advance: 1h"]);
    for message in ["a flexible time window is not simulated", "`tomorrow` is not a time", "`KinesisParameters` of"] {
        assert!(refused.contains(message), "{message}: {refused}");
    }
}
