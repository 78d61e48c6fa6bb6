//! API Gateway: throttling, API keys and usage plans, required parameters, and cached responses.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>

use std::sync::atomic::{AtomicU32, Ordering};

use rstest::rstest;
use serde_json::json;

use crate::kit::{Rig, response};

/// A function behind `GET /orders/{id}` and `POST /orders` of a REST API and an HTTP API.
fn apis(rest: &str, http: &str, event: &str) -> String {
    format!(
        "
  Rest: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: prod{rest} }} }}
  Http: {{ Type: AWS::Serverless::HttpApi{http} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        RestGet: {{ Type: Api, Properties: {{ RestApiId: !Ref Rest, Path: \"/orders/{{id}}\", Method: GET{event} }} }}
        RestPost: {{ Type: Api, Properties: {{ RestApiId: !Ref Rest, Path: \"/orders/{{id}}\", Method: POST }} }}
        HttpGet: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Http, Path: \"/orders/{{id}}\", Method: GET }} }}
        HttpPost: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Http, Path: \"/orders/{{id}}\", Method: POST }} }}
"
    )
}

fn ask(api: &str, method: &str, rest: &str, status: u16) -> String {
    format!("http: {{ api: {api}, method: {method}, path: /orders/1{rest}, expect: {{ status: {status} }} }}")
}

/// A worker that numbers its answers.
fn counting(template: &str) -> Rig {
    let count = AtomicU32::new(0);
    Rig::new(template).answers("Worker", move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(json!({ "statusCode": 200, "body": number.to_string(), "headers": { "content-type": "text/plain" } }))
    })
}

fn play(rig: Rig, steps: &[String]) -> crate::kit::Played {
    rig.play(&steps.iter().map(String::as_str).collect::<Vec<_>>()).passed()
}

#[rstest]
#[case::rest(
    "Rest",
    ", MethodSettings: [{ HttpMethod: \"*\", ResourcePath: \"/*\", ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 }]",
    ""
)]
#[case::http("Http", "", ", Properties: { DefaultRouteSettings: { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } }")]
fn a_stage_throttles_each_route_by_a_token_bucket(#[case] api: &str, #[case] rest: &str, #[case] http: &str) {
    let steps = [
        ask(api, "GET", "", 200),
        ask(api, "GET", "", 200),
        ask(api, "GET", "", 429),
        ask(api, "POST", "", 200),
        "advance: 1s".to_owned(),
        ask(api, "GET", "", 200),
        format!(
            "http: {{ api: {api}, method: GET, path: /orders/1, expect: {{ status: 429, body: {{ message: Too Many Requests }} }} }}"
        ),
    ];
    play(counting(&apis(rest, http, "")).expect("invocations: { Worker: 4 }"), &steps);
}

#[rstest]
#[case::rest(
    "Rest",
    ", MethodSettings: [{ HttpMethod: GET, ResourcePath: \"/~1orders~1{id}\", ThrottlingBurstLimit: 0 }, { HttpMethod: \"*\", ResourcePath: \"/*\", ThrottlingBurstLimit: 9 }]",
    ""
)]
#[case::http(
    "Http",
    "",
    ", Properties: { DefaultRouteSettings: { ThrottlingBurstLimit: 9 }, RouteSettings: { \"GET /orders/{id}\": { ThrottlingBurstLimit: 0 } } }"
)]
fn a_routes_own_settings_go_before_the_stages(#[case] api: &str, #[case] rest: &str, #[case] http: &str) {
    play(counting(&apis(rest, http, "")), &[ask(api, "GET", "", 429), ask(api, "POST", "", 200)]);
}

const KEYED: &str = ", Auth: { ApiKeyRequired: true, UsagePlan: { CreateUsagePlan: PER_API, Quota: { Limit: 2, Period: DAY }, Throttle: { RateLimit: 1, BurstLimit: 9 } } }";

#[test]
fn a_request_without_an_api_key_of_the_stages_usage_plan_is_forbidden() {
    let other =
        "  Other: { Type: AWS::ApiGateway::ApiKey, Properties: { Enabled: true, Value: another-key-of-no-plan } }\n";
    let rig = counting(&format!("{other}{}", apis(KEYED, "", "")));
    let forbidden = "{ status: 403, headers: { x-amzn-errortype: ForbiddenException }, body: { message: Forbidden } }";
    let steps = [
        format!("http: {{ api: Rest, method: GET, path: /orders/1, expect: {forbidden} }}"),
        ask("Rest", "GET", ", headers: { x-api-key: wrong }", 403),
        ask("Rest", "GET", ", api_key: Other", 403),
        ask("Rest", "GET", ", api_key: RestApiKey", 200),
    ];
    let played = play(rig, &steps);
    assert!(played.event("Worker")["requestContext"]["identity"]["apiKeyId"].is_string());
}

#[test]
fn a_method_may_do_without_the_apis_key() {
    let template = apis(KEYED, "", ", Auth: { ApiKeyRequired: false }");
    play(counting(&template), &[ask("Rest", "GET", "", 200), ask("Rest", "POST", "", 403)]);
}

#[test]
fn a_usage_plans_quota_begins_anew_with_its_period() {
    let keyed = |status: u16, message: &str| {
        format!(
            "http: {{ api: Rest, api_key: RestApiKey, method: GET, path: /orders/1, expect: {{ status: {status}{message} }} }}"
        )
    };
    let exceeded = ", body: { message: Limit Exceeded }";
    let steps = [keyed(200, ""), keyed(200, ""), keyed(429, exceeded), "advance: 24h".to_owned(), keyed(200, "")];
    play(counting(&apis(KEYED, "", "")), &steps);
}

/// A usage plan of plain resources, with throttling of one method.
const PLAN: &str = "
  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { Enabled: true } }
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      ApiStages: [{ ApiId: !Ref Rest, Stage: prod, Throttle: { \"/orders/{id}/GET\": { BurstLimit: 1, RateLimit: 0.5 } } }]
  PlanKey: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan } }
";

#[test]
fn a_usage_plan_throttles_a_method_for_each_key() {
    let template = format!("{PLAN}{}", apis(", Auth: { ApiKeyRequired: true }", "", ""));
    let key = ", api_key: Key";
    let steps = [
        ask("Rest", "GET", key, 200),
        ask("Rest", "GET", key, 429),
        ask("Rest", "POST", key, 200),
        "advance: 2s".to_owned(),
        ask("Rest", "GET", key, 200),
    ];
    play(counting(&template), &steps);
}

#[test]
fn an_api_key_that_is_not_enabled_is_forbidden() {
    let template = format!(
        "{}{}",
        PLAN.replace("Enabled: true", "Enabled: false"),
        apis(", Auth: { ApiKeyRequired: true }", "", "")
    );
    play(counting(&template), &[ask("Rest", "GET", ", api_key: Key", 403)]);
}

#[test]
fn an_api_key_that_is_not_there_is_a_mistake() {
    let message =
        counting(&format!("{PLAN}{}", apis("", "", ""))).refused(&[&ask("Rest", "GET", ", api_key: Kye", 200)]);
    assert!(message.contains("the template has no API key `Kye`") && message.contains("`Key`"), "{message}");
}

const CACHE: &str =
    ", CacheClusterEnabled: true, MethodSettings: [{ HttpMethod: \"*\", ResourcePath: \"/*\", CachingEnabled: true }]";

fn cached(method: &str, path: &str, rest: &str, body: &str) -> String {
    format!("http: {{ api: Rest, method: {method}, path: {path}{rest}, expect: {{ body: {body} }} }}")
}

#[test]
fn a_rest_apis_cache_keeps_responses_to_get_for_five_minutes() {
    let steps = [
        cached("GET", "/orders/1", "", "1"),
        cached("GET", "/orders/1", "", "1"),
        cached("POST", "/orders/1", "", "2"),
        cached("POST", "/orders/1", "", "3"),
        "advance: 299s".to_owned(),
        cached("GET", "/orders/1", "", "1"),
        "advance: 1s".to_owned(),
        cached("GET", "/orders/1", "", "4"),
    ];
    play(counting(&apis(CACHE, "", "")), &steps);
}

#[test]
fn a_cached_response_is_given_to_all_unless_a_parameter_is_a_cache_key() {
    let other = cached("GET", "/orders/2", "", "1");
    play(counting(&apis(CACHE, "", "")), &[cached("GET", "/orders/1", "", "1"), other]);
    let keyed = ", RequestParameters: [{ method.request.path.id: { Required: true, Caching: true } }]";
    let steps =
        [cached("GET", "/orders/1", "", "1"), cached("GET", "/orders/2", "", "2"), cached("GET", "/orders/1", "", "1")];
    play(counting(&apis(CACHE, "", keyed)), &steps);
}

#[test]
fn a_cache_keeps_for_as_long_as_the_stage_says() {
    let cache = CACHE.replace("CachingEnabled: true", "CachingEnabled: true, CacheTtlInSeconds: 10");
    let steps = [cached("GET", "/orders/1", "", "1"), "advance: 10s".to_owned(), cached("GET", "/orders/1", "", "2")];
    play(counting(&apis(&cache, "", "")), &steps);
}

#[test]
fn who_signs_a_request_may_invalidate_what_is_cached() {
    let unsigned = ", headers: { cache-control: max-age=0 }";
    let signed = ", headers: { cache-control: max-age=0, authorization: \"AWS4-HMAC-SHA256 Credential=a\" }";
    let warned = "http: { api: Rest, method: GET, path: /orders/1, headers: { cache-control: max-age=0 }, expect: { headers: { warning: [{ prefix: \"199 \" }] } } }";
    let steps = [
        cached("GET", "/orders/1", "", "1"),
        cached("GET", "/orders/1", unsigned, "1"),
        warned.to_owned(),
        cached("GET", "/orders/1", signed, "2"),
        cached("GET", "/orders/1", "", "2"),
    ];
    play(counting(&apis(CACHE, "", "")), &steps);
}

#[test]
fn an_error_is_not_cached() {
    let rig = Rig::new(&apis(CACHE, "", "")).answers("Worker", |_| Ok(response(404, "")));
    play(rig.expect("invocations: { Worker: 2 }"), &[ask("Rest", "GET", "", 404), ask("Rest", "GET", "", 404)]);
}

#[test]
fn a_validator_asks_for_required_parameters() {
    let template = "
  Api: { Type: AWS::ApiGateway::RestApi }
  Validator: { Type: AWS::ApiGateway::RequestValidator, Properties: { RestApiId: !Ref Api, ValidateRequestParameters: true } }
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      HttpMethod: GET
      ResourceId: !GetAtt Api.RootResourceId
      RestApiId: !Ref Api
      RequestValidatorId: !Ref Validator
      RequestParameters: { method.request.querystring.page: true, method.request.header.X-Tag: true, method.request.querystring.size: false }
      Integration: { Type: AWS_PROXY, Uri: !Sub \"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Worker.Arn}/invocations\" }
  Deployment: { Type: AWS::ApiGateway::Deployment, Properties: { RestApiId: !Ref Api, StageName: live } }
  Worker: { Type: AWS::Serverless::Function }
";
    let missing = "{ message: \"Missing required request parameters: [page, X-Tag]\" }";
    let steps = [
        format!("http: {{ api: Api, method: GET, path: /, expect: {{ status: 400, body: {missing} }} }}"),
        "http: { api: Api, method: GET, path: /, query: { page: 1 }, headers: { x-tag: a }, expect: { status: 200 } }"
            .to_owned(),
    ];
    play(counting(template), &steps);
}

#[rstest]
#[case::rest("Rest", "headers: { x-amzn-errortype: [RequestHeaderFieldsTooLargeException] }, ")]
#[case::http("Http", "")]
fn headers_over_10240_bytes_are_refused(#[case] api: &str, #[case] headers: &str) {
    // The rest is the request line: `GET /orders/1 HTTP/1.1`, and a mark for the query that it could have.
    let ask = |bytes: usize, expect: &str| {
        let value = "x".repeat(bytes - "GET /orders/1? HTTP/1.1".len());
        format!(
            "http: {{ api: {api}, method: GET, path: /orders/1, headers: {{ x-a: {value} }}, expect: {{ {expect} }} }}"
        )
    };
    let refused = format!("status: 431, {headers}body: {{ message: [Request Header Fields Too Large] }}");
    let rig =
        Rig::new(&apis("", "", "")).answers("Worker", |_| Ok(response(200, ""))).expect("invocations: { Worker: 1 }");
    rig.play(&[&ask(10_240, "status: 200"), &ask(10_241, &refused)]).passed();
}

#[test]
fn a_sam_event_may_throttle_its_route() {
    let template = "
  Api: { Type: AWS::Serverless::HttpApi }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Slow: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /slow, Method: GET, RouteSettings: { ThrottlingBurstLimit: 1, ThrottlingRateLimit: 1 } } }
        Fast: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /fast, Method: GET } }
";
    let ask = |path: &str, status: u16| {
        format!("http: {{ api: Api, method: GET, path: {path}, expect: {{ status: {status} }} }}")
    };
    let rig = Rig::new(template).answers("Worker", |_| Ok(response(200, "")));
    let (slow, refused, fast) = (ask("/slow", 200), ask("/slow", 429), ask("/fast", 200));
    rig.play(&[&slow, &refused, &fast, &fast, "advance: 1s", &slow]).passed();
}
