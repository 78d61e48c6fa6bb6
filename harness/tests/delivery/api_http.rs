//! API Gateway: HTTP integrations with other systems and with other APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use std::time::Duration;

use rehearsal::trace::What;
use rstest::rstest;
use serde_json::json;

use crate::kit::{Rig, response};

/// A REST API with one method before an endpoint.
fn rest(path: &str, integration: &str) -> String {
    format!(
        "
  Api: {{ Type: AWS::ApiGateway::RestApi, Properties: {{ Name: orders }} }}
  Path: {{ Type: AWS::ApiGateway::Resource, Properties: {{ ParentId: !GetAtt Api.RootResourceId, PathPart: \"{path}\", RestApiId: !Ref Api }} }}
  Any: {{ Type: AWS::ApiGateway::Method, Properties: {{ AuthorizationType: NONE, HttpMethod: ANY, ResourceId: !Ref Path, RestApiId: !Ref Api, Integration: {{ {integration} }} }} }}
  Deployment: {{ Type: AWS::ApiGateway::Deployment, DependsOn: Any, Properties: {{ RestApiId: !Ref Api }} }}
  Stage: {{ Type: AWS::ApiGateway::Stage, Properties: {{ DeploymentId: !Ref Deployment, RestApiId: !Ref Api, StageName: live, Variables: {{ host: partner.example, color: blue }} }} }}
"
    )
}

/// An HTTP API with one route before an endpoint.
fn http(route: &str, integration: &str) -> String {
    format!(
        "
  Api: {{ Type: AWS::ApiGatewayV2::Api, Properties: {{ Name: orders, ProtocolType: HTTP }} }}
  Stage: {{ Type: AWS::ApiGatewayV2::Stage, Properties: {{ ApiId: !Ref Api, StageName: $default, AutoDeploy: true, StageVariables: {{ host: partner.example, color: blue }} }} }}
  Route: {{ Type: AWS::ApiGatewayV2::Route, Properties: {{ ApiId: !Ref Api, RouteKey: \"{route}\", Target: !Sub \"integrations/${{Partner}}\" }} }}
  Partner: {{ Type: AWS::ApiGatewayV2::Integration, Properties: {{ ApiId: !Ref Api, IntegrationType: HTTP_PROXY, {integration} }} }}
"
    )
}

const REST_PROXY: &str = "Type: HTTP_PROXY, IntegrationHttpMethod: ANY, Uri: \"https://partner.example/base/{proxy}?own=1\", RequestParameters: { integration.request.path.proxy: method.request.path.proxy }";
const HTTP_PROXY: &str = "IntegrationMethod: ANY, IntegrationUri: \"https://partner.example/base/{proxy}?own=1\"";

fn stub(respond: &str) -> String {
    format!("stubs: {{ \"https://partner.example\": [{{ respond: {respond} }}] }}")
}

fn ask(method: &str, path: &str, rest: &str) -> String {
    format!("http: {{ api: Api, method: {method}, path: \"{path}\"{rest} }}")
}

#[rstest]
#[case::rest(&rest("{proxy+}", REST_PROXY))]
#[case::http(&http("ANY /{proxy+}", HTTP_PROXY))]
fn a_proxy_passes_on_the_whole_request_and_response(#[case] template: &str) {
    let asked = "requests: { \"https://partner.example\": [{ method: PUT, path: \"/base/a%20b/7\", query: { own: \"1\", page: \"2\" }, headers: { x-id: \"5\", host: partner.example }, body: { size: 3 } }] }";
    let rig = Rig::new(template)
        .given(&stub("{ status: 418, json: { ok: true }, headers: { X-Partner: yes } }"))
        .expect(&asked.replace(", host: partner.example", ""));
    let expect = "expect: { status: 418, headers: { x-partner: [\"yes\"] }, body: { ok: [true] } }";
    let request = format!(", query: {{ page: 2 }}, headers: {{ X-Id: 5 }}, json: {{ size: 3 }}, {expect}");
    let played = rig.play(&[&ask("PUT", "/a%20b/7", &request)]).passed();
    let is_sent = |event: &rehearsal::trace::Event| matches!(&event.what, What::Request { sender: Some(sender), status: 418, .. } if sender == "API Gateway");
    assert!(played.outcome.trace.iter().any(is_sent), "the request is in the trace");
}

#[test]
fn a_rest_api_changes_what_its_request_parameters_say() {
    let integration = "Type: HTTP_PROXY, IntegrationHttpMethod: POST, Uri: \"https://${!stageVariables.host}/in\", RequestParameters: { integration.request.header.x-color: stageVariables.color, integration.request.header.x-from: context.identity.sourceIp, integration.request.header.x-fixed: \"'7'\", integration.request.querystring.page: method.request.querystring.p, integration.request.header.x-all: method.request.multivalueheader.x-tag }";
    let template = rest("orders", &integration.replace("${!", "${"));
    let rig = Rig::new(&template).given(&stub("{}")).expect("requests: { \"https://partner.example\": [{ method: POST, path: /in, query: { page: \"2\" }, headers: { x-color: blue, x-from: 192.0.2.1, x-fixed: \"7\", x-all: b } }] }");
    rig.play(&[&ask("GET", "/orders", ", query: { p: 2 }, headers: { x-tag: [a, b] }, expect: { status: 200 }")])
        .passed();
}

#[test]
fn an_http_api_changes_what_its_request_parameters_say() {
    let integration = "IntegrationMethod: ANY, IntegrationUri: \"https://partner.example/in/x\", RequestParameters: { \"overwrite:path\": \"/v2/$request.path.id\", \"append:header.x-color\": $stageVariables.color, \"overwrite:header.x-id\": \"id-${request.querystring.id}\", \"remove:querystring.id\": \"''\", \"remove:header.x-secret\": \"''\" }";
    let template = http("GET /orders/{id}", &integration.replace("/v2/$request.path.id", "/v2/${request.path.id}"));
    let rig = Rig::new(&template).given(&stub("{}")).expect("requests: { \"https://partner.example\": [{ path: /v2/7, query: { id: [{ exists: false }] }, headers: { x-color: blue, x-id: id-5, x-secret: [{ exists: false }] } }] }");
    rig.play(&[&ask(
        "GET",
        "/orders/7",
        ", query: { id: 5 }, headers: { x-secret: a, x-id: b }, expect: { status: 200 }",
    )])
    .passed();
}

const MAPPED: &str = "Type: HTTP, IntegrationHttpMethod: POST, Uri: \"https://partner.example/in\", RequestParameters: { integration.request.querystring.page: method.request.querystring.page }, IntegrationResponses: [{ StatusCode: 201, ResponseParameters: { method.response.header.Location: integration.response.header.Location, method.response.header.x-fixed: \"'7'\" } }, { StatusCode: 404, SelectionPattern: \"4\\\\d{2}\", ResponseTemplates: { application/json: '{\"error\": \"no order\"}' } }]";

#[test]
fn without_a_proxy_only_what_is_mapped_is_passed_on() {
    let rig = Rig::new(&rest("orders", MAPPED))
        .given(&stub("{ status: 200, json: { id: 7 }, headers: { Location: /orders/7, x-other: a } }"))
        .expect("requests: { \"https://partner.example\": [{ query: { page: \"2\", size: [{ exists: false }] }, headers: { x-id: [{ exists: false }] }, body: { a: 1 } }] }");
    let expect = "expect: { status: 201, headers: { location: [/orders/7], x-fixed: [\"7\"], x-other: [{ exists: false }] }, body: { id: 7 } }";
    rig.play(&[&ask(
        "POST",
        "/orders",
        &format!(", query: {{ page: 2, size: 9 }}, headers: {{ x-id: 5 }}, json: {{ a: 1 }}, {expect}"),
    )])
    .passed();
}

#[test]
fn the_endpoints_status_selects_the_response() {
    let rig = Rig::new(&rest("orders", MAPPED)).given(&stub("{ status: 410, body: gone }"));
    rig.play(&[&ask("POST", "/orders", ", expect: { status: 404, body: { error: [no order] } }")]).passed();
}

#[rstest]
#[case::rest(&rest("{proxy+}", REST_PROXY), 504, "Network error communicating with endpoint")]
#[case::http(&http("ANY /{proxy+}", HTTP_PROXY), 503, "Service Unavailable")]
fn an_endpoint_that_refuses_is_a_504_on_rest_and_a_503_on_http(
    #[case] template: &str,
    #[case] status: u16,
    #[case] message: &str,
) {
    let expect = format!(", expect: {{ status: {status}, body: {{ message: [{message}] }} }}");
    Rig::new(template).given(&stub("refuse")).play(&[&ask("GET", "/a", &expect)]).passed();
}

#[rstest]
#[case::rest(&rest("{proxy+}", REST_PROXY), 504, "Endpoint request timed out")]
#[case::http(&http("ANY /{proxy+}", HTTP_PROXY), 504, "Gateway Timeout")]
fn an_endpoint_that_is_too_slow_is_a_504(#[case] template: &str, #[case] status: u16, #[case] message: &str) {
    let expect = format!(", expect: {{ status: {status}, body: {{ message: [{message}] }} }}");
    let template = template.replace("Uri: ", "TimeoutInMillis: 3000, Uri: ");
    let template =
        template.replace("IntegrationTimeoutInMillis: 3000, Uri: ", "TimeoutInMillis: 3000, IntegrationUri: ");
    let played = Rig::new(&template).given(&stub("{ delay: 4s }")).play(&[&ask("GET", "/a", &expect)]).passed();
    assert_eq!(played.outcome.virtual_time, Some(Duration::from_secs(3)));
}

#[rstest]
#[case::rest(&rest("{proxy+}", REST_PROXY))]
#[case::http(&http("ANY /{proxy+}", HTTP_PROXY))]
fn an_endpoints_response_over_10_mb_is_a_500(#[case] template: &str) {
    let respond = |bytes: usize| stub(&format!("{{ body: {} }}", "x".repeat(bytes)));
    let limit = 10 * 1024 * 1024;
    Rig::new(template).given(&respond(limit)).play(&[&ask("GET", "/a", ", expect: { status: 200 }")]).passed();
    Rig::new(template).given(&respond(limit + 1)).play(&[&ask("GET", "/a", ", expect: { status: 500 }")]).passed();
}

#[test]
fn an_endpoint_without_a_stub_fails_the_scenario() {
    let played = Rig::new(&http("ANY /{proxy+}", HTTP_PROXY)).play(&[&ask("GET", "/a", "")]);
    let message = "API Gateway sends GET https://partner.example/base/a?own=1, and nothing answers for that host";
    assert_eq!(played.failures(), [message]);
}

#[test]
fn an_endpoint_may_be_another_api_of_the_template() {
    let other = "
  Other: { Type: AWS::Serverless::HttpApi }
  Worker: { Type: AWS::Serverless::Function, Properties: { Events: { All: { Type: HttpApi, Properties: { ApiId: !Ref Other, Path: /a, Method: GET } } } } }
";
    let integration = "IntegrationMethod: GET, IntegrationUri: !Sub \"${Other.ApiEndpoint}/a\"";
    let template = format!("{}{other}", http("GET /in", integration));
    let rig = Rig::new(&template).answers("Worker", |event| Ok(response(200, &event["rawPath"].to_string())));
    let played = rig.play(&[&ask("GET", "/in", ", expect: { status: 200, body: /a }")]).passed();
    assert_eq!(played.event("Worker")["headers"]["via"], json!("HTTP/1.1 AmazonAPIGateway"));
}

const RESPONSES: &str = "ResponseParameters: { \"418\": { ResponseParameters: [{ Destination: \"overwrite:statuscode\", Source: \"202\" }, { Destination: \"append:header.x-tag\", Source: \"${response.header.x-tag}-${stageVariables.color}\" }, { Destination: \"remove:header.x-secret\", Source: \"''\" }] } }";

#[test]
fn an_http_apis_response_parameters_change_an_endpoints_response() {
    let template =
        http("GET /in", &format!("IntegrationMethod: GET, IntegrationUri: \"https://partner.example\", {RESPONSES}"));
    let rig = Rig::new(&template).given(&stub("{ status: 418, headers: { x-tag: a, x-secret: b } }"));
    let expect = "expect: { status: 202, headers: { x-tag: [a-blue], x-secret: [{ exists: false }] } }";
    rig.play(&[&ask("GET", "/in", &format!(", {expect}"))]).passed();
}

#[test]
fn an_http_apis_parameters_change_a_functions_request_and_response() {
    let integration = format!(
        "IntegrationUri: !GetAtt Worker.Arn, PayloadFormatVersion: \"2.0\", RequestParameters: {{ \"overwrite:path\": \"/v2${{request.path}}\", \"append:header.x-color\": $stageVariables.color, \"remove:querystring.id\": \"''\" }}, {RESPONSES}"
    );
    let template = http("GET /orders/{id}", &integration).replace("HTTP_PROXY", "AWS_PROXY");
    let worker = "  Worker: { Type: AWS::Serverless::Function }\n";
    let answer = json!({ "statusCode": 418, "headers": { "x-tag": "a" } });
    let rig = Rig::new(&format!("{template}{worker}")).answers("Worker", move |_| Ok(answer.clone()));
    let played = rig
        .play(&[&ask(
            "GET",
            "/orders/7",
            ", query: { id: 5, page: 2 }, expect: { status: 202, headers: { x-tag: [a-blue] } }",
        )])
        .passed();
    let event = played.event("Worker");
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/v2/orders/7"), &json!("page=2")));
    assert_eq!((&event["headers"]["x-color"], &event["pathParameters"]["id"]), (&json!("blue"), &json!("7")));
}

#[test]
fn an_http_apis_target_may_be_an_address() {
    let template = "  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: quick, ProtocolType: HTTP, Target: \"https://partner.example/in\" } }\n";
    let rig = Rig::new(template).given(&stub("{ body: here }"));
    rig.expect("requests: { \"https://partner.example\": [{ method: PATCH, path: /in }] }")
        .play(&[&ask("PATCH", "/any/thing", ", expect: { body: here }")])
        .passed();
}

#[test]
fn a_document_may_have_http_integrations() {
    let template = "
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /orders/{id}:
            get:
              x-amazon-apigateway-integration:
                type: http_proxy
                httpMethod: GET
                connectionType: INTERNET
                uri: https://partner.example/orders/{id}
                requestParameters: { integration.request.path.id: method.request.path.id }
";
    let rig = Rig::new(template).given(&stub("{ body: here }"));
    rig.expect("requests: { \"https://partner.example\": [{ path: /orders/7 }] }")
        .play(&[&ask("GET", "/orders/7", ", expect: { body: here }")])
        .passed();
}

#[rstest]
#[case::unfilled(&rest("{proxy+}", &REST_PROXY.replace("integration.request.path.proxy", "integration.request.path.other")), "nothing fills in `{proxy}` of this address")]
#[case::unknown(&http("GET /a", HTTP_PROXY), "the route `/a` has no path parameter `proxy`")]
#[case::body(&rest("{proxy+}", &REST_PROXY.replace("method.request.path.proxy", "method.request.body.id")), "is not simulated")]
#[case::of_response(&http("GET /a", "IntegrationMethod: GET, IntegrationUri: \"https://partner.example\", ResponseParameters: { \"200\": { ResponseParameters: [{ Destination: \"overwrite:header.a\", Source: $request.header.b }] } }"), "the mapping `overwrite:header.a: $request.header.b` is not simulated")]
#[case::private(&rest("{proxy+}", &format!("{REST_PROXY}, ConnectionType: VPC_LINK")), "connections of type `VPC_LINK` are not simulated")]
#[case::address(&rest("a", "Type: HTTP_PROXY, IntegrationHttpMethod: GET, Uri: partner"), "`partner` is not the address of an HTTP endpoint")]
#[case::no_response(&rest("a", "Type: HTTP, IntegrationHttpMethod: GET, Uri: \"https://partner.example\""), "this integration has no response")]
#[case::template(&rest("a", &MAPPED.replace("no order", "$input.body")), "a mapping template with variables")]
fn an_integration_that_is_not_simulated_is_refused_by_name(#[case] template: &str, #[case] message: &str) {
    let refused = Rig::new(template).refused(&["settle: {}"]);
    assert!(refused.contains(message), "{refused}");
}
