//! API Gateway: Lambda authorizers of REST and HTTP APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>

use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Answer, Rig, response};

/// A REST API whose routes need what the authorizer `Guard` allows.
fn rest(authorizer: &str) -> String {
    format!(
        "
  Api: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: prod, Auth: {{ DefaultAuthorizer: Guard, Authorizers: {{ Guard: {{ FunctionArn: !GetAtt Guard.Arn{authorizer} }} }} }} }} }}
  Guard: {{ Type: AWS::Serverless::Function }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {{ Type: Api, Properties: {{ RestApiId: !Ref Api, Path: /orders, Method: GET }} }}
        Post: {{ Type: Api, Properties: {{ RestApiId: !Ref Api, Path: /orders, Method: POST }} }}
        Open: {{ Type: Api, Properties: {{ RestApiId: !Ref Api, Path: /open, Method: GET, Auth: {{ Authorizer: NONE }} }} }}
"
    )
}

/// An HTTP API of plain resources with an authorizer.
fn http(authorizer: &str) -> String {
    format!(
        "
  Api: {{ Type: AWS::ApiGatewayV2::Api, Properties: {{ Name: a, ProtocolType: HTTP }} }}
  Stage: {{ Type: AWS::ApiGatewayV2::Stage, Properties: {{ ApiId: !Ref Api, StageName: $default, AutoDeploy: true }} }}
  Orders: {{ Type: AWS::ApiGatewayV2::Route, Properties: {{ ApiId: !Ref Api, RouteKey: GET /orders, AuthorizationType: CUSTOM, AuthorizerId: !Ref Authorizer, Target: !Sub \"integrations/${{Integration}}\" }} }}
  Integration: {{ Type: AWS::ApiGatewayV2::Integration, Properties: {{ ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Worker.Arn, PayloadFormatVersion: \"2.0\" }} }}
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: guard
      AuthorizerType: REQUEST
      AuthorizerUri: !Sub \"arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{Guard.Arn}}/invocations\"
      IdentitySource: [\"$request.header.Authorization\"]
{authorizer}
  Guard: {{ Type: AWS::Serverless::Function }}
  Worker: {{ Type: AWS::Serverless::Function }}
"
    )
}

fn get(path: &str, token: &str, expect: &str) -> String {
    let headers = if token.is_empty() { String::new() } else { format!(", headers: {{ authorization: {token} }}") };
    format!("http: {{ api: Api, method: GET, path: {path}{headers}, expect: {{ {expect} }} }}")
}

/// A policy for what is asked, or for all that a pattern fits.
fn policy(effect: &str, resource: &Value) -> Value {
    json!({
        "principalId": "alice",
        "policyDocument": { "Version": "2012-10-17", "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource }] },
        "context": { "team": "blue", "size": 3 },
    })
}

/// Answers by the token: `allow`, `deny`, `nothing`, `unauthorized`, anything else malformed.
fn by_token(token: &str, arn: &Value) -> Answer {
    match token {
        "allow" => Ok(policy("Allow", arn)),
        "deny" => Ok(policy("Deny", arn)),
        "nothing" => Ok(policy("Allow", &json!("arn:aws:execute-api:*:*:*/other/*"))),
        "unauthorized" => Err("Unauthorized".into()),
        "options" => Ok(policy("Allow", &json!("*"))),
        "broken" => Err("out of order".into()),
        _ => Ok(json!({ "principalId": "alice" })),
    }
}

fn guarded(template: &str) -> Rig {
    let token = |event: &Value| event["authorizationToken"].as_str().unwrap_or_default().to_owned();
    Rig::new(template)
        .answers("Guard", move |event| by_token(&token(event), &event["methodArn"]))
        .answers("Worker", |_| Ok(response(200, "")))
}

const DENIED: &str = "User is not authorized to access this resource";

#[rstest]
#[case::allowed("allow", 200, None)]
#[case::denied("deny", 403, Some("User is not authorized to access this resource with an explicit deny"))]
#[case::of_no_statement("nothing", 403, Some(DENIED))]
#[case::no_token("", 401, Some("Unauthorized"))]
#[case::unauthorized("unauthorized", 401, Some("Unauthorized"))]
#[case::failed("broken", 500, None)]
#[case::malformed("other", 500, None)]
fn a_rest_apis_token_authorizer_decides_by_its_policy(
    #[case] token: &str,
    #[case] status: u16,
    #[case] message: Option<&str>,
) {
    let worked = u16::from(status == 200);
    let body = message.map(|message| format!(", body: {{ message: {message} }}")).unwrap_or_default();
    let rig = guarded(&rest("")).expect(&format!("invocations: {{ Worker: {worked} }}"));
    let played = rig.play(&[&get("/orders", token, &format!("status: {status}{body}"))]).passed();
    if status == 200 {
        let authorizer = &played.event("Worker")["requestContext"]["authorizer"];
        assert_eq!(
            (&authorizer["principalId"], &authorizer["team"], &authorizer["size"]),
            (&json!("alice"), &json!("blue"), &json!("3")),
        );
        let arn = played.event("Guard")["methodArn"].as_str().unwrap_or_default().to_owned();
        assert!(
            arn.starts_with("arn:aws:execute-api:us-east-1:123456789012:") && arn.ends_with("/prod/GET/orders"),
            "{arn}"
        );
    }
}

#[test]
fn a_route_may_do_without_the_apis_authorizer() {
    guarded(&rest("")).expect("invocations: { Guard: 0 }").play(&[&get("/open", "", "status: 200")]).passed();
}

#[test]
fn a_token_that_does_not_fit_the_validation_expression_is_not_shown_to_the_authorizer() {
    let template = rest(", Identity: { ValidationExpression: \"al.*\" }");
    let rig = guarded(&template).expect("invocations: { Guard: 1 }");
    rig.play(&[&get("/orders", "deny", "status: 401"), &get("/orders", "allow", "status: 200")]).passed();
}

#[test]
fn an_authorizers_answer_is_kept_for_five_minutes_for_each_identity() {
    let rig = guarded(&rest("")).expect("invocations: { Guard: 3 }");
    rig.play(&[
        &get("/orders", "allow", "status: 200"),
        "advance: 299s",
        &get("/orders", "allow", "status: 200"),
        &get("/orders", "deny", "status: 403"),
        "advance: 1s",
        &get("/orders", "allow", "status: 200"),
    ])
    .passed();
}

#[test]
fn a_policy_that_is_kept_is_held_against_every_method() {
    let post =
        "http: { api: Api, method: POST, path: /orders, headers: { authorization: allow }, expect: { status: 403 } }";
    let rig = guarded(&rest("")).expect("invocations: { Guard: 1 }");
    rig.play(&[&get("/orders", "allow", "status: 200"), post]).passed();
}

#[test]
fn an_authorizer_that_reauthorizes_every_time_keeps_nothing() {
    let rig = guarded(&rest(", Identity: { ReauthorizeEvery: 0 }")).expect("invocations: { Guard: 2 }");
    rig.play(&[&get("/orders", "allow", "status: 200"), &get("/orders", "allow", "status: 200")]).passed();
}

#[test]
fn a_request_authorizer_is_sent_the_request() {
    let template = rest(", FunctionPayloadType: REQUEST, Identity: { Headers: [X-User], QueryStrings: [key] }");
    let rig = Rig::new(&template)
        .answers("Guard", |event| Ok(policy("Allow", &event["methodArn"])))
        .answers("Worker", |_| Ok(response(200, "")));
    let step = |query: &str, status: u16| {
        format!(
            "http: {{ api: Api, method: GET, path: /orders, headers: {{ X-User: alice }}{query}, expect: {{ status: {status} }} }}"
        )
    };
    let played = rig.play(&[&step("", 401), &step(", query: { key: k }", 200)]).passed();
    let event = played.event("Guard");
    assert_eq!((&event["type"], &event["headers"]["X-User"]), (&json!("REQUEST"), &json!("alice")));
    assert_eq!((&event["queryStringParameters"]["key"], event.get("body")), (&json!("k"), None));
}

#[rstest]
#[case::simple("2.0", true, "allow", 200)]
#[case::simple_denied("2.0", true, "deny", 403)]
#[case::simple_without_identity("2.0", true, "", 401)]
#[case::policy_2_0("2.0", false, "allow", 200)]
#[case::policy_1_0("1.0", false, "allow", 200)]
#[case::policy_denied("1.0", false, "deny", 403)]
#[case::failed("1.0", false, "broken", 500)]
fn an_http_apis_authorizer_answers_simply_or_by_a_policy(
    #[case] version: &str,
    #[case] is_simple: bool,
    #[case] token: &'static str,
    #[case] status: u16,
) {
    let settings =
        format!("      AuthorizerPayloadFormatVersion: \"{version}\"\n      EnableSimpleResponses: {is_simple}");
    let rig = Rig::new(&http(&settings))
        .answers("Guard", move |event| match is_simple {
            true => Ok(
                json!({ "isAuthorized": event["identitySource"] == json!(["allow"]), "context": { "team": "blue" } }),
            ),
            false => {
                let arn = event.get("routeArn").or_else(|| event.get("methodArn")).cloned().unwrap_or_default();
                by_token(token, &arn)
            }
        })
        .answers("Worker", |_| Ok(response(200, "")));
    let played = rig.play(&[&get("/orders", token, &format!("status: {status}"))]).passed();
    if status == 200 {
        let authorizer = &played.event("Worker")["requestContext"]["authorizer"];
        let team = &authorizer["lambda"]["team"];
        assert_eq!(team, "blue", "{authorizer}");
        assert_eq!(played.event("Guard")["version"], version);
    }
}

#[rstest]
#[case::both("", 403, 401)]
#[case::no_key(", AddApiKeyRequiredToCorsPreflight: false", 200, 401)]
#[case::no_authorizer(", AddDefaultAuthorizerToCorsPreflight: false", 403, 403)]
#[case::neither(", AddApiKeyRequiredToCorsPreflight: false, AddDefaultAuthorizerToCorsPreflight: false", 200, 200)]
fn sams_preflights_ask_for_the_default_authorizer_and_key_unless_told_not_to(
    #[case] told: &str,
    #[case] with_token: u16,
    #[case] without: u16,
) {
    let template = rest("").replace(
        "Auth: { DefaultAuthorizer",
        &format!("Cors: \"'*'\", Auth: {{ ApiKeyRequired: true{told}, DefaultAuthorizer"),
    );
    let ask = |headers: &str, status: u16| {
        format!("http: {{ api: Api, method: OPTIONS, path: /orders{headers}, expect: {{ status: {status} }} }}")
    };
    let rig = guarded(&template).expect("invocations: { Worker: 0 }");
    rig.play(&[&ask(", headers: { authorization: options }", with_token), &ask("", without)]).passed();
}

#[test]
fn an_authorizer_may_say_with_which_api_key_a_request_comes() {
    let template = rest("").replace(
        "StageName: prod, Auth: {",
        "StageName: prod, ApiKeySourceType: AUTHORIZER, Auth: { ApiKeyRequired: true, UsagePlan: { CreateUsagePlan: NONE },",
    );
    let plan = "
  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { Enabled: true, Value: a-key-of-some-partner } }
  Plan: { Type: AWS::ApiGateway::UsagePlan, Properties: { ApiStages: [{ ApiId: !Ref Api, Stage: prod }] } }
  PlanKey: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan } }
";
    let rig = Rig::new(&format!("{template}{plan}")).answers("Guard", |event| {
        let mut answer = policy("Allow", &event["methodArn"]);
        answer["usageIdentifierKey"] = event["authorizationToken"].clone();
        Ok(answer)
    });
    let rig = rig.answers("Worker", |_| Ok(response(200, "")));
    rig.play(&[
        &get("/orders", "a-key-of-some-partner", "status: 200"),
        &get("/orders", "another-key", "status: 403"),
        "http: { api: Api, method: GET, path: /orders, api_key: Key, headers: { authorization: x }, expect: { status: 403 } }",
    ])
    .passed();
}

#[rstest]
#[case::sam(rest(", FunctionPayloadType: REQUEST, Identity: { Context: [identity.sourceIp], StageVariables: [color] }").replace("StageName: prod", "StageName: prod, Variables: { color: blue }"))]
#[case::http(http("      AuthorizerPayloadFormatVersion: \"2.0\"").replace("$request.header.Authorization", "$context.identity.sourceIp\", \"$stageVariables.color").replace("AutoDeploy: true", "AutoDeploy: true, StageVariables: { color: blue }"))]
fn an_identity_may_be_of_the_context_and_the_stage(#[case] template: String) {
    let answer = policy("Allow", &json!("*"));
    let rig = Rig::new(&template).answers("Guard", move |_| Ok(answer.clone()));
    let played = rig.answers("Worker", |_| Ok(response(200, ""))).play(&[&get("/orders", "", "status: 200")]).passed();
    let sources = &played.event("Guard")["identitySource"];
    assert!(sources.is_null() || *sources == json!(["192.0.2.1", "blue"]), "{sources}");
}

#[test]
fn an_identity_of_a_stage_variable_that_is_not_set_is_none() {
    let template = rest(", FunctionPayloadType: REQUEST, Identity: { StageVariables: [color] }");
    guarded(&template).expect("invocations: { Guard: 0 }").play(&[&get("/orders", "", "status: 401")]).passed();
}
