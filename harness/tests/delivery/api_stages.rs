//! API Gateway: stages and their variables, paths, binary bodies, fields of several values, fixed answers, and
//! the words of a REST API's own errors.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/stages.html>

use aws_smithy_types::body::SdkBody;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, State, request, response};

/// A function behind every path of a REST API and an HTTP API.
fn proxies(rest: &str, http: &str) -> String {
    format!(
        "
  Rest: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: prod{rest} }} }}
  Http: {{ Type: AWS::Serverless::HttpApi{http} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Rest: {{ Type: Api, Properties: {{ RestApiId: !Ref Rest, Path: \"/{{all+}}\", Method: ANY }} }}
        Http: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Http, Path: \"/{{all+}}\", Method: ANY }} }}
"
    )
}

fn ask(api: &str, method: &str, path: &str, rest: &str) -> String {
    format!("http: {{ api: {api}, method: {method}, path: \"{path}\"{rest} }}")
}

#[test]
fn stage_variables_are_in_the_payload() {
    let template = proxies(", Variables: { color: blue }", ", Properties: { StageVariables: { color: red } }");
    let rig = Rig::new(&template).answers("Worker", |_| Ok(response(200, "")));
    let played = rig.play(&[&ask("Rest", "GET", "/a", ""), &ask("Http", "GET", "/a", "")]).passed();
    let colors: Vec<&Value> = played.events("Worker").iter().map(|event| &event["stageVariables"]["color"]).collect();
    assert_eq!(colors, ["blue", "red"]);
}

/// Two stages of one API, each with a function of its own.
const STAGES: &str = "
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: orders, ProtocolType: HTTP } }
  Default: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: $default, AutoDeploy: true, StageVariables: { worker: !Ref One } } }
  Test: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: test, AutoDeploy: true, StageVariables: { worker: !Ref Two } } }
  Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: GET /name, Target: !Sub \"integrations/${Worker}\" } }
  Worker:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub \"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${!stageVariables.worker}/invocations\"
      PayloadFormatVersion: \"2.0\"
  One: { Type: AWS::Serverless::Function }
  Two: { Type: AWS::Serverless::Function }
  Caller: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { API: !GetAtt Api.ApiEndpoint } } } }
";

fn named(rig: Rig) -> Rig {
    rig.answers("One", |event| Ok(response(200, &format!("one {}", event["rawPath"].as_str().unwrap_or_default()))))
        .answers("Two", |event| Ok(response(200, &format!("two {}", event["rawPath"].as_str().unwrap_or_default()))))
        .function("Caller", async |state: &State, event| {
            let path = event.payload["path"].as_str().unwrap_or_default().to_owned();
            let outgoing = http::Request::get(path).body(SdkBody::empty())?;
            let reply = request(&state.config, &state.variables["API"], outgoing).await?;
            Ok(json!({ "status": reply.status, "body": String::from_utf8(reply.body)? }))
        })
}

#[test]
fn a_stage_variable_names_the_function() {
    named(Rig::new(STAGES))
        .play(&[
            &ask("Api", "GET", "/name", ", expect: { body: one /name }"),
            &ask("Api", "GET", "/name", ", stage: test, expect: { body: two /test/name }"),
        ])
        .passed();
}

#[rstest]
#[case::default("/name", 200, "one /name")]
#[case::named("/test/name", 200, "two /test/name")]
#[case::neither("/other/name", 404, r#"{"message":"Not Found"}"#)]
fn the_first_segment_of_a_url_chooses_the_stage(#[case] path: &str, #[case] status: u16, #[case] body: &str) {
    let step = format!("invoke: {{ function: Caller, payload: {{ path: {path} }} }}");
    let rig = named(Rig::new(STAGES));
    let played = rig
        .play(&[&step
            .replace(" } }", &format!(" }}, expect: {{ payload: {{ status: [{status}], body: ['{body}'] }} }} }}"))])
        .passed();
    assert_eq!(played.results("Caller"), ["success"]);
}

#[test]
fn a_stage_that_is_not_there_and_one_that_must_be_named_are_mistakes() {
    let other = named(Rig::new(STAGES)).refused(&[&ask("Api", "GET", "/name", ", stage: tset")]);
    assert!(other.contains("`Api` has no stage `tset`") && other.contains("`$default`, `test`"), "{other}");
    let several = STAGES.replace("StageName: $default", "StageName: live");
    let several = named(Rig::new(&several)).refused(&[&ask("Api", "GET", "/name", "")]);
    assert!(several.contains("`Api` has several stages: name one by `stage`"), "{several}");
}

#[test]
fn a_stage_without_the_variable_of_an_integration_is_a_mistake() {
    let template = STAGES.replace(", StageVariables: { worker: !Ref Two }", "");
    let message = named(Rig::new(&template)).refused(&[&ask("Api", "GET", "/name", "")]);
    assert!(message.contains("the stage `test` lacks a variable of"), "{message}");
}

#[rstest]
#[case::rest("Rest", "/caf%C3%A9/", "/caf%C3%A9/", "café")]
#[case::http("Http", "/caf%C3%A9/", "/café/", "café/")]
fn a_rest_api_hands_the_path_on_as_it_is_and_an_http_api_decodes_it(
    #[case] api: &str,
    #[case] path: &str,
    #[case] seen: &str,
    #[case] greedy: &str,
) {
    let rig = Rig::new(&proxies("", "")).answers("Worker", |_| Ok(response(200, "")));
    let played = rig.play(&[&ask(api, "GET", path, "")]).passed();
    let event = played.event("Worker");
    let at = if api == "Rest" { &event["path"] } else { &event["rawPath"] };
    assert_eq!((at, &event["pathParameters"]["all"]), (&json!(seen), &json!(greedy)));
}

#[test]
fn values_of_one_name_are_lists_on_1_0_and_joined_on_2_0() {
    let rig = Rig::new(&proxies("", "")).answers("Worker", |_| Ok(response(200, "")));
    let several = ", query: { tag: [a, b] }, headers: { X-Tag: [c, d], cookie: \"e=1; f=2\" }";
    let played = rig.play(&[&ask("Rest", "GET", "/a", several), &ask("Http", "GET", "/a", several)]).passed();
    let [rest, http] = played.events("Worker")[..] else { panic!("two events were sent") };
    assert_eq!(rest["multiValueQueryStringParameters"]["tag"], json!(["a", "b"]));
    assert_eq!(rest["queryStringParameters"]["tag"], "b");
    assert_eq!((&rest["multiValueHeaders"]["X-Tag"], &rest["headers"]["X-Tag"]), (&json!(["c", "d"]), &json!("d")));
    assert_eq!((&http["queryStringParameters"]["tag"], &http["headers"]["x-tag"]), (&json!("a,b"), &json!("c,d")));
    assert_eq!((&http["cookies"], &http["rawQueryString"]), (&json!(["e=1", "f=2"]), &json!("tag=a&tag=b")));
}

#[test]
fn headers_and_multi_value_headers_are_merged_on_1_0() {
    let answer = json!({
        "statusCode": 200,
        "headers": { "X-Tag": "a", "X-One": "1" },
        "multiValueHeaders": { "x-tag": ["a", "b"] },
    });
    let rig = Rig::new(&proxies("", "")).answers("Worker", move |_| Ok(answer.clone()));
    let expect = ", expect: { headers: { x-one: [\"1\"], x-tag: [a] } }";
    rig.play(&[&ask("Rest", "GET", "/a", expect), &ask("Rest", "GET", "/a", ", expect: { headers: { x-tag: [b] } }")])
        .passed();
}

#[test]
fn a_rest_api_renames_the_headers_that_it_keeps_for_itself() {
    let answer = json!({ "statusCode": 401, "headers": { "WWW-Authenticate": "Basic", "Date": "today" } });
    let rig = Rig::new(&proxies("", "")).answers("Worker", move |_| Ok(answer.clone()));
    let renamed =
        "{ x-amzn-remapped-www-authenticate: [Basic], x-amzn-remapped-date: [today], date: [{ exists: false }] }";
    rig.play(&[
        &ask("Rest", "GET", "/a", &format!(", expect: {{ status: 401, headers: {renamed} }}")),
        &ask("Http", "GET", "/a", ", expect: { headers: { www-authenticate: [Basic] } }"),
    ])
    .passed();
}

#[rstest]
#[case::no_types("", "image/png", false)]
#[case::the_type(", BinaryMediaTypes: [image~1png]", "image/png", true)]
#[case::its_family(", BinaryMediaTypes: [image/*]", "image/png; q=1", true)]
#[case::all_types(", BinaryMediaTypes: [\"*/*\"]", "text/plain", true)]
#[case::another_type(", BinaryMediaTypes: [image/png]", "text/plain", false)]
fn a_rest_api_takes_and_gives_bytes_of_its_binary_media_types(
    #[case] types: &str,
    #[case] media_type: &str,
    #[case] is_binary: bool,
) {
    let answer = json!({ "statusCode": 200, "body": "aGk=", "isBase64Encoded": true });
    let rig = Rig::new(&proxies(types, "")).answers("Worker", move |_| Ok(answer.clone()));
    let body = if is_binary { "hi" } else { "aGk=" };
    let request = format!(
        ", body: hey, headers: {{ content-type: \"{media_type}\", accept: \"{media_type}, text/html\" }}, expect: {{ body: \"{body}\" }}"
    );
    let played = rig.play(&[&ask("Rest", "POST", "/a", &request)]).passed();
    let event = played.event("Worker");
    let body = if is_binary { "aGV5" } else { "hey" };
    assert_eq!((&event["isBase64Encoded"], &event["body"]), (&json!(is_binary), &json!(body)));
}

#[test]
fn an_http_api_takes_bodies_that_are_not_text_in_base64() {
    let answer = json!({ "statusCode": 200, "body": "aGk=", "isBase64Encoded": true });
    let rig = Rig::new(&proxies("", "")).answers("Worker", move |_| Ok(answer.clone()));
    let request = ", body: hey, headers: { content-type: image/png }, expect: { body: hi }";
    let played = rig.play(&[&ask("Http", "POST", "/a", request)]).passed();
    let event = played.event("Worker");
    assert_eq!((&event["isBase64Encoded"], &event["body"]), (&json!(true), &json!("aGV5")));
}

#[test]
fn a_response_to_head_has_no_body() {
    let rig = Rig::new(&proxies("", "")).answers("Worker", |_| Ok(response(200, "text")));
    rig.play(&[&ask("Rest", "HEAD", "/a", ", expect: { body: \"\" }")]).passed();
}

#[rstest]
#[case::rest("Rest", "TimeoutInMillis: 2000", 504)]
#[case::http("Http", "TimeoutInMillis: 2000", 503)]
fn an_integration_waits_as_long_as_it_says(#[case] api: &str, #[case] timeout: &str, #[case] status: u16) {
    let template = proxies("", "").replace("Method: ANY", &format!("Method: ANY, {timeout}"));
    let rig = Rig::new(&template.replace("Events:", "Timeout: 5\n      Events:"));
    let rig = rig.function("Worker", async |_: &State, _| {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        Ok(response(200, ""))
    });
    rig.play(&[&ask(api, "GET", "/a", &format!(", expect: {{ status: {status} }}"))]).passed();
}

#[test]
fn gateway_responses_change_a_rest_apis_own_errors() {
    let responses = ", GatewayResponses: { MISSING_AUTHENTICATION_TOKEN: { StatusCode: 404, ResponseTemplates: { application/problem+json: '{\"detail\":$context.error.messageString}' } }, DEFAULT_4XX: { ResponseParameters: { Headers: { Access-Control-Allow-Origin: \"'*'\" } } } }";
    let rig = Rig::new(&proxies(responses, "")).answers("Worker", |_| Ok(response(200, "")));
    let expect = ", expect: { status: 404, headers: { content-type: [application/problem+json], x-amzn-errortype: [MissingAuthenticationTokenException] }, body: { detail: [Missing Authentication Token] } }";
    rig.play(&[&ask("Rest", "GET", "/", expect)]).passed();
}

/// A REST API as CDK writes one: resources, methods, a deployment and a stage.
const CLOUDFORMATION: &str = "
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: orders } }
  Orders: { Type: AWS::ApiGateway::Resource, Properties: { ParentId: !GetAtt Api.RootResourceId, PathPart: orders, RestApiId: !Ref Api } }
  Order: { Type: AWS::ApiGateway::Resource, Properties: { ParentId: !Ref Orders, PathPart: \"{id}\", RestApiId: !Ref Api } }
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      AuthorizationType: NONE
      HttpMethod: GET
      ResourceId: !Ref Order
      RestApiId: !Ref Api
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Join [\"\", [\"arn:\", !Ref \"AWS::Partition\", \":apigateway:\", !Ref \"AWS::Region\", \":lambda:path/2015-03-31/functions/\", !GetAtt Worker.Arn, /invocations]]
  Options:
    Type: AWS::ApiGateway::Method
    Properties:
      AuthorizationType: NONE
      HttpMethod: OPTIONS
      ResourceId: !Ref Order
      RestApiId: !Ref Api
      Integration:
        Type: MOCK
        RequestTemplates: { application/json: \"{ statusCode: 204 }\" }
        IntegrationResponses:
          - StatusCode: \"204\"
            ResponseParameters: { method.response.header.Access-Control-Allow-Origin: \"'https://shop.example'\" }
      MethodResponses: [{ StatusCode: \"204\", ResponseParameters: { method.response.header.Access-Control-Allow-Origin: true } }]
  Deployment: { Type: AWS::ApiGateway::Deployment, DependsOn: [Get, Options], Properties: { RestApiId: !Ref Api } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { DeploymentId: !Ref Deployment, RestApiId: !Ref Api, StageName: live } }
  Worker: { Type: AWS::Serverless::Function }
";

#[test]
fn a_rest_api_of_plain_resources_is_served() {
    let rig = Rig::new(CLOUDFORMATION).answers("Worker", |event| Ok(response(200, &event["resource"].to_string())));
    let origin = "{ access-control-allow-origin: [\"https://shop.example\"] }";
    let played = rig
        .play(&[
            &ask("Api", "GET", "/orders/7", ", expect: { body: \"/orders/{id}\" }"),
            &ask("Api", "OPTIONS", "/orders/7", &format!(", expect: {{ status: 204, headers: {origin} }}")),
            &ask("Api", "GET", "/orders", ", expect: { status: 403 }"),
        ])
        .passed();
    assert_eq!(played.event("Worker")["requestContext"]["path"], "/live/orders/7");
}

#[test]
fn quick_create_makes_a_route_and_a_stage() {
    let template = "
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: quick, ProtocolType: HTTP, Target: !GetAtt Worker.Arn } }
  Worker: { Type: AWS::Serverless::Function }
";
    let rig = Rig::new(template).answers("Worker", |event| Ok(response(200, &event["routeKey"].to_string())));
    rig.play(&[&ask("Api", "PUT", "/any/thing", ", expect: { body: $$default }")]).passed();
}

const HTTP_CORS: &str = ", Properties: { CorsConfiguration: { AllowOrigins: [\"https://shop.example\"], AllowMethods: [GET, PUT], AllowHeaders: [x-tag], ExposeHeaders: [x-id], AllowCredentials: true, MaxAge: 60 } }";

#[rstest]
#[case::allowed("https://shop.example", "[\"https://shop.example\"]", "[\"GET,PUT\"]")]
#[case::another("https://evil.example", "[{ exists: false }]", "[{ exists: false }]")]
fn an_http_api_answers_preflight_requests(#[case] origin: &str, #[case] allowed: &str, #[case] methods: &str) {
    let rig = Rig::new(&proxies("", HTTP_CORS)).answers("Worker", |_| Ok(response(200, "")));
    let request = format!(
        ", headers: {{ origin: \"{origin}\", access-control-request-method: PUT }}, expect: {{ status: 204, headers: {{ access-control-allow-origin: {allowed}, access-control-allow-methods: {methods} }} }}"
    );
    rig.expect("invocations: { Worker: 0 }").play(&[&ask("Http", "OPTIONS", "/a", &request)]).passed();
}

#[test]
fn an_http_apis_cors_headers_replace_the_functions() {
    let answer = json!({ "statusCode": 200, "headers": { "Access-Control-Allow-Origin": "*", "x-id": "1" } });
    let rig = Rig::new(&proxies("", HTTP_CORS)).answers("Worker", move |_| Ok(answer.clone()));
    let expect = |origin: &str, allowed: &str| {
        let headers = format!("{{ x-id: [\"1\"], access-control-allow-origin: {allowed} }}");
        format!(", headers: {{ origin: \"{origin}\" }}, expect: {{ headers: {headers} }}")
    };
    rig.play(&[
        &ask("Http", "GET", "/a", &expect("https://shop.example", "[\"https://shop.example\"]")),
        &ask("Http", "GET", "/a", &expect("https://evil.example", "[{ exists: false }]")),
    ])
    .passed();
}

#[test]
fn sam_gives_a_rest_api_options_for_cors() {
    let cors = ", Cors: { AllowOrigin: \"'https://shop.example'\", AllowHeaders: \"'x-tag'\" }";
    let rig = Rig::new(&proxies(cors, "").replace("Method: ANY", "Method: GET"));
    let rig = rig.answers("Worker", |_| Ok(response(200, ""))).expect("invocations: { Worker: 0 }");
    let headers = "{ access-control-allow-origin: [\"https://shop.example\"], access-control-allow-headers: [x-tag], access-control-allow-methods: [\"GET,OPTIONS\"] }";
    rig.play(&[&ask("Rest", "OPTIONS", "/a", &format!(", expect: {{ status: 200, headers: {headers} }}"))]).passed();
}
