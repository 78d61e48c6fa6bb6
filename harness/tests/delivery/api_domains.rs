//! API Gateway: custom domain names, and the base paths below them that lead to APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html>

use aws_smithy_types::body::SdkBody;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, State, request, response};

/// A REST API and two stages of an HTTP API below one domain, each by a base path of its own.
const MAPPED: &str = "
  Domain: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: api.example.com, RegionalCertificateArn: !Ref Certificate, EndpointConfiguration: { Types: [REGIONAL] } } }
  Certificate: { Type: AWS::CertificateManager::Certificate, Properties: { DomainName: api.example.com } }
  Record: { Type: AWS::Route53::RecordSet, Properties: { Name: api.example.com, Type: A, AliasTarget: { DNSName: !GetAtt Domain.RegionalDomainName, HostedZoneId: !GetAtt Domain.RegionalHostedZoneId } } }
  Orders: { Type: AWS::ApiGateway::BasePathMapping, Properties: { BasePath: orders, DomainName: !Ref Domain, RestApiId: !Ref Rest, Stage: prod } }
  Staged: { Type: AWS::ApiGateway::BasePathMapping, DependsOn: RestprodStage, Properties: { BasePath: staged, DomainName: !Ref Domain, RestApiId: !Ref Rest } }
  Shop: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { ApiMappingKey: shop/v1, DomainName: !Ref Domain, ApiId: !Ref Http, Stage: !Ref Default } }
  Beta: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { ApiMappingKey: shop/v1/beta, DomainName: api.example.com, ApiId: !Ref Http, Stage: !Ref Test } }
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: prod } }
  Http: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: shop, ProtocolType: HTTP } }
  Default: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Http, StageName: $default, AutoDeploy: true } }
  Test: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Http, StageName: test, AutoDeploy: true } }
  Route2: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Http, RouteKey: \"GET /{all+}\", Target: !Sub \"integrations/${Format2}\" } }
  Route1: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Http, RouteKey: \"PUT /{all+}\", Target: !Sub \"integrations/${Format1}\" } }
  Format2: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Http, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Worker.Arn, PayloadFormatVersion: \"2.0\" } }
  Format1: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Http, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Worker.Arn, PayloadFormatVersion: \"1.0\" } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Rest: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: \"/{all+}\", Method: ANY } }
";

fn rig(template: &str) -> Rig {
    Rig::new(&template.replace(", DependsOn: RestprodStage", "")).answers("Worker", |_| Ok(response(200, "")))
}

fn ask(method: &str, path: &str, rest: &str) -> String {
    format!("http: {{ method: {method}, url: \"https://api.example.com{path}\"{rest} }}")
}

/// What a function was told of where a request came to.
fn told(event: &Value) -> [&Value; 6] {
    let context = &event["requestContext"];
    let path = if event["version"] == "2.0" { &event["rawPath"] } else { &event["path"] };
    let in_context = if event["version"] == "2.0" { &context["http"]["path"] } else { &context["path"] };
    let parameter = &event["pathParameters"]["all"];
    [path, in_context, parameter, &context["stage"], &context["domainName"], &context["domainPrefix"]]
}

#[rstest]
#[case::with_a_stage("GET", "/orders/a/7", "/orders/a/7", "/orders/a/7", "a/7", "prod")]
#[case::with_the_stage_in_the_path("GET", "/staged/prod/a", "/staged/prod/a", "/staged/prod/a", "a", "prod")]
#[case::of_format_2("GET", "/shop/v1/a/7", "/a/7", "/a/7", "a/7", "$default")]
#[case::of_format_1("PUT", "/shop/v1/a/7", "/shop/v1/a/7", "/shop/v1/a/7", "a/7", "$default")]
#[case::of_a_named_stage("GET", "/shop/v1/beta/a", "/test/a", "/test/a", "a", "test")]
fn a_base_path_leads_to_an_api_and_is_in_the_path_but_for_format_2(
    #[case] method: &str,
    #[case] path: &str,
    #[case] seen: &str,
    #[case] in_context: &str,
    #[case] parameter: &str,
    #[case] stage: &str,
) {
    let played = rig(MAPPED).play(&[&ask(method, path, ", expect: { status: 200 }")]).passed();
    let event = played.event("Worker");
    assert_eq!(told(event), [seen, in_context, parameter, stage, "api.example.com", "api"]);
    let host = event["headers"].get("Host").or_else(|| event["headers"].get("host"));
    assert_eq!(host, Some(&json!("api.example.com")));
}

#[rstest]
#[case::no_base_path("/", 403, "Forbidden")]
#[case::the_start_of_one("/shop/v2/a", 403, "Forbidden")]
#[case::within_a_segment("/ordersa/b", 403, "Forbidden")]
#[case::no_stage("/staged/test/a", 403, "Forbidden")]
#[case::no_route("/shop/v1", 404, "Not Found")]
fn a_path_that_is_not_mapped_is_forbidden(#[case] path: &str, #[case] status: u16, #[case] message: &str) {
    let expect = format!(", expect: {{ status: {status}, body: {{ message: {message} }} }}");
    rig(MAPPED).expect("invocations: { Worker: 0 }").play(&[&ask("GET", path, &expect)]).passed();
}

#[test]
fn a_handler_reaches_a_domain_by_its_client() {
    let caller = "  Caller: { Type: AWS::Serverless::Function }\n";
    let rig = rig(&format!("{MAPPED}{caller}")).function("Caller", async |state: &State, _| {
        let outgoing = http::Request::get("/shop/v1/a").body(SdkBody::empty())?;
        let reply = request(&state.config, "https://api.example.com", outgoing).await?;
        Ok(json!({ "status": reply.status }))
    });
    rig.play(&["invoke: { function: Caller, expect: { payload: { status: 200 } } }"]).passed();
}

#[test]
fn an_api_may_be_reached_by_its_domain_only() {
    let template = MAPPED.replace("StageName: prod }", "StageName: prod, DisableExecuteApiEndpoint: true }");
    let caller = "  Caller: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { API: !Sub \"https://${Rest}.execute-api.${AWS::Region}.amazonaws.com\" } } } }\n";
    let rig = rig(&format!("{template}{caller}")).function("Caller", async |state: &State, _| {
        let outgoing = http::Request::get("/prod/a").body(SdkBody::empty())?;
        let reply = request(&state.config, &state.variables["API"], outgoing).await?;
        Ok(json!({ "status": reply.status }))
    });
    rig.play(&[
        &ask("GET", "/orders/a", ", expect: { status: 200 }"),
        "invoke: { function: Caller, expect: { payload: { status: 403 } } }",
    ])
    .passed();
}

#[test]
fn sam_makes_a_domain_with_a_mapping_for_each_base_path() {
    let domain = |paths: &str| {
        format!(
            "Domain: {{ DomainName: api.example.com, CertificateArn: !Ref Certificate, Route53: {{ HostedZoneId: Z1 }}{paths} }}"
        )
    };
    let template = format!(
        "
  Certificate: {{ Type: AWS::CertificateManager::Certificate, Properties: {{ DomainName: api.example.com }} }}
  Rest: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: prod, {} }} }}
  Http: {{ Type: AWS::Serverless::HttpApi, Properties: {{ {} }} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Rest: {{ Type: Api, Properties: {{ RestApiId: !Ref Rest, Path: \"/{{all+}}\", Method: ANY }} }}
        Http: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Http, Path: \"/{{all+}}\", Method: ANY }} }}
",
        domain(", BasePath: [/my-orders, v1]"),
        domain("")
    );
    let played = rig(&template)
        .play(&[&ask("GET", "/myorders/a", ""), &ask("GET", "/v1/a", ""), &ask("GET", "/other/a", "")])
        .passed();
    let paths: Vec<&Value> = played.events("Worker").iter().map(|event| told(event)[0]).collect();
    assert_eq!(paths, ["/myorders/a", "/v1/a", "/other/a"]);
}

#[rstest]
#[case::stage("Stage: prod }", "Stage: prud }", "`Rest` has no stage `prud`")]
#[case::twice("BasePath: staged", "BasePath: orders", "a second mapping of `/orders` of `api.example.com`")]
#[case::segments("BasePath: staged", "BasePath: a/b", "a base path has one segment")]
#[case::kind("RestApiId: !Ref Rest, Stage", "RestApiId: !Ref Http, Stage", "`Http` is not a REST API")]
#[case::routing(
    "DomainName: api.example.com, Regional",
    "RoutingMode: ROUTING_RULE_ONLY, DomainName: api.example.com, Regional",
    "the routing mode `ROUTING_RULE_ONLY` is not simulated"
)]
fn a_mapping_that_leads_nowhere_is_a_mistake(#[case] from: &str, #[case] to: &str, #[case] message: &str) {
    assert!(MAPPED.contains(from), "{from}");
    let refused = rig(&MAPPED.replacen(from, to, 1)).refused(&["settle: {}"]);
    assert!(refused.contains(message), "{refused}");
}

#[test]
fn an_api_key_is_sent_to_a_domain() {
    let template = "
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: prod, Domain: { DomainName: api.example.com, CertificateArn: none }, Auth: { ApiKeyRequired: true, UsagePlan: { CreateUsagePlan: PER_API } } } }
  Worker: { Type: AWS::Serverless::Function, Properties: { Events: { Get: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /a, Method: GET } } } } }
";
    rig(template)
        .play(&[
            &ask("GET", "/a", ", expect: { status: 403 }"),
            &ask("GET", "/a", ", api_key: ApiApiKey, expect: { status: 200 }"),
        ])
        .passed();
}

#[test]
fn a_stub_for_a_domain_of_the_template_is_a_mistake() {
    let stub = "stubs: { \"https://api.example.com\": [{ respond: {} }] }";
    let refused = rig(MAPPED).given(stub).refused(&["settle: {}"]);
    assert!(refused.contains("`api.example.com` is a custom domain of the template's APIs"), "{refused}");
}
