//! APIs that SAM makes of events.

use rehearsal::stack::{Integration, PayloadFormat};

use crate::kit::{everything, good};

#[test]
fn routes_belong_to_the_implicit_or_the_named_api() {
    let stack = everything();
    let routes: Vec<_> = stack
        .apis
        .iter()
        .flat_map(|api| api.routes.iter().map(move |route| (api, route)))
        .map(|(api, route)| {
            let Integration::Lambda(proxy) = &route.integration else { panic!("no function is behind {route:?}") };
            let stage = api.stages[0].name.as_str();
            (api.logical_id.as_str(), stage, route.method.as_str(), route.path.as_str(), proxy.payload)
        })
        .collect();
    assert_eq!(
        routes,
        [
            ("Rest", "v1", "POST", "/orders", PayloadFormat::V1),
            ("ServerlessHttpApi", "$default", "GET", "/orders", PayloadFormat::V2),
            ("ServerlessHttpApi", "$default", "ANY", "/old/{proxy+}", PayloadFormat::V1),
            ("ServerlessHttpApi", "$default", "ANY", "$default", PayloadFormat::V2),
        ]
    );
    for api in &stack.apis {
        assert!(api.id.len() == 10 && api.id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
        assert_eq!(api.endpoint, format!("https://{}.execute-api.us-east-1.amazonaws.com", api.id));
    }
}

#[test]
fn the_implicit_rest_api_has_the_stage_prod() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { STAGE: !Ref ServerlessRestApiProdStage } }
      Events: { Get: { Type: Api, Properties: { Path: /, Method: get } } }
",
        &[],
    );
    assert_eq!(
        (stack.apis[0].logical_id.as_str(), stack.apis[0].stages[0].name.as_str()),
        ("ServerlessRestApi", "Prod")
    );
    assert_eq!(stack.functions[0].environment["STAGE"], "Prod");
}
