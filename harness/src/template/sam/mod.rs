//! What the SAM transform adds to a template: events become event source mappings, subscriptions, rules,
//! notifications and routes; functions and APIs get what is implied.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html>

mod events;
mod functions;
mod globals;
mod kinds;

pub use events::RouteRequest;

use super::declare::Resource;
use super::intrinsic::{Declared, Evaluator, State, entry, is_call};
use super::report::text_at;
use super::sections::{Entry, Sections};
use crate::diagnostic::Span;
use crate::stack::ApiKind;

/// The logical id of the API that gets the routes of `Api` events without `RestApiId`.
pub const IMPLICIT_REST_API: &str = "ServerlessRestApi";
/// The logical id of the API that gets the routes of `HttpApi` events without `ApiId`.
pub const IMPLICIT_HTTP_API: &str = "ServerlessHttpApi";

/// Expands the SAM resources in place, and answers with the routes that events ask for.
pub fn expand(
    resources: &mut Vec<Resource>,
    sections: &Sections<'_>,
    evaluator: &mut Evaluator<'_>,
) -> Vec<RouteRequest> {
    let globals = globals::read(sections, &mut evaluator.report);
    resources.iter_mut().for_each(|resource| globals.merge_into(resource));
    let (aliases, made) = functions::expand(resources, evaluator);
    let expansion = events::expand(resources, &aliases, &mut evaluator.report);
    resources.extend(made.into_iter().chain(expansion.resources));
    resources.extend(implicit_apis(resources, &expansion.routes, &globals));
    for resource in resources.iter() {
        evaluator
            .declare(&resource.logical_id, Declared::new(&resource.type_name, &resource.properties, State::Present));
        declare_implied(resource, evaluator);
    }
    expansion.routes
}

fn implicit_apis(resources: &[Resource], routes: &[RouteRequest], globals: &globals::Globals) -> Vec<Resource> {
    let apis = [
        (IMPLICIT_REST_API, "AWS::Serverless::Api", ApiKind::Rest),
        (IMPLICIT_HTTP_API, "AWS::Serverless::HttpApi", ApiKind::Http),
    ];
    let mut implicit = Vec::new();
    for (logical_id, type_name, kind) in apis {
        let taken = resources.iter().any(|resource| resource.logical_id == logical_id);
        let route = routes.iter().find(|route| route.is_implicit() && route.kind == kind);
        let Some(route) = route.filter(|_| !taken) else { continue };
        let stage = (text_at(&route.place, "StageName"), text_at(&route.place, "Prod"));
        let properties = if kind == ApiKind::Rest { vec![stage] } else { Vec::new() };
        let mut api = generated(logical_id.to_owned(), type_name, &route.place, type_name, properties);
        api.checked = false;
        globals.merge_into(&mut api);
        implicit.push(api);
    }
    implicit
}

/// Makes the names known of what a function or an API brings along.
fn declare_implied(resource: &Resource, evaluator: &mut Evaluator<'_>) {
    let id = &resource.logical_id;
    match resource.type_name.as_str() {
        "AWS::Serverless::Function" if entry(&resource.properties, "Role").is_none() => {
            evaluator.declare(&format!("{id}Role"), Declared::new("AWS::IAM::Role", &[], State::Present));
        }
        "AWS::Serverless::Api" | "AWS::Serverless::HttpApi" => {
            let default = text_at(&resource.place, "$default");
            let stage = entry(&resource.properties, "StageName").map_or(&default, |(_, stage)| stage).clone();
            let middle = match stage.text().filter(|_| !is_call(&stage)) {
                Some("$default") => "ApiGatewayDefault",
                Some(name) => name,
                None => "",
            };
            let properties = [(text_at(&resource.place, "StageName"), stage.clone())];
            let declared = Declared::new("AWS::ApiGateway::Stage", &properties, State::Present);
            evaluator.declare(&format!("{id}{middle}Stage"), declared);
        }
        _ => {}
    }
}

/// A resource that SAM makes up, its property names checked where they were written.
fn generated(logical_id: String, type_name: &str, place: &Span, what: &str, properties: Vec<Entry>) -> Resource {
    let (type_name, what) = (type_name.to_owned(), what.to_owned());
    let ignored_globals = Vec::new();
    Resource { logical_id, place: place.clone(), type_name, what, properties, ignored_globals, checked: true }
}
