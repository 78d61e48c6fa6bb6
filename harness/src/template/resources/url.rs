//! `AWS::Lambda::Url`: a function's own HTTPS endpoint.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html>

use super::{Build, Resolved};
use crate::stack::{Cors, FunctionUrl, UrlAuth};
use crate::template::names::url_id;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const SHAPE: Shape = Shape::of(&["AuthType", "Cors", "InvokeMode", "Qualifier", "TargetFunctionArn"]);
const CORS: Shape =
    Shape::of(&["AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge"]);

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let function_arn = resource.function(object, "TargetFunctionArn", report, build);
    let qualifier = object.text(report, "Qualifier");
    object.require(report, "AuthType");
    let auth = match object.word(report, "AuthType", &["NONE", "AWS_IAM"]) {
        Some("AWS_IAM") => {
            report.left_out(resource.id, "AWS::Lambda::Url.AuthType: AWS_IAM");
            UrlAuth::AwsIam
        }
        _ => UrlAuth::None,
    };
    if object.word(report, "InvokeMode", &["BUFFERED", "RESPONSE_STREAM"]) == Some("RESPONSE_STREAM") {
        let problem = report.error(&object.place_of("InvokeMode"), "streamed responses are not simulated");
        problem.help("`InvokeMode` can only be `BUFFERED`");
    }
    let cors = object.object(report, resource.id, "Cors", &CORS).map(|cors| self::cors(&cors, report));
    let Some(function_arn) = function_arn else { return };
    let function_arn = qualified(resource, function_arn, qualifier, build);
    if build.stack.function_urls.iter().any(|other| other.function_arn == function_arn) {
        report.error(&object.place, "a second URL of this function").help("a function or alias has one URL");
    }
    let id = url_id(resource.logical_id, resource.naming);
    let endpoint = format!("https://{id}.lambda-url.{}.on.aws", resource.naming.region);
    let logical_id = resource.id.to_owned();
    build.stack.function_urls.push(FunctionUrl { logical_id, function_arn, id, endpoint, auth, cors });
}

/// The ARN with its qualifier, which must be an alias.
fn qualified(resource: &Resolved<'_>, arn: String, qualifier: Option<String>, build: &mut Build) -> String {
    let Some(qualifier) = qualifier else { return arn };
    let (arn, span) = (format!("{arn}:{qualifier}"), resource.object.place_of("Qualifier"));
    build.links.push(super::Link::new(arn.clone(), span, &["lambda"]));
    arn
}

fn cors(cors: &Object<'_>, report: &mut Report) -> Cors {
    let mut texts = |key: &str| {
        let members = cors.list(report, key);
        members.into_iter().filter_map(|member| member.scalar()).collect::<Vec<_>>()
    };
    let (allow_headers, allow_methods) = (texts("AllowHeaders"), texts("AllowMethods"));
    let (allow_origins, expose_headers) = (texts("AllowOrigins"), texts("ExposeHeaders"));
    Cors {
        allow_credentials: cors.boolean(report, "AllowCredentials").unwrap_or(false),
        allow_headers,
        allow_methods,
        allow_origins,
        expose_headers,
        max_age: cors.integer(report, "MaxAge", 0..=86_400),
    }
}
