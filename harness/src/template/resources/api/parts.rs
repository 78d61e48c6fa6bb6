//! The parts of APIs as resources name them, by the ids that `Ref` gives, and what they come to together.

use std::collections::BTreeMap;

use super::authorizers::AuthorizerPart;
use super::domains::{self, MappingPart};
use super::endpoint;
use super::models::{self, ModelPart, Validates};
use crate::diagnostic::{Span, nearest};
use crate::stack::{Api, ApiKind, GatewayResponse, Integration, Route, RouteSettings, Stack, Stage};
use crate::template::report::Report;
use crate::template::resources::{Build, Link};

/// What has been read of APIs, in the order of the template.
#[derive(Default)]
pub struct Parts {
    pub resources: Vec<PathPart>,
    pub routes: Vec<RoutePart>,
    pub integrations: Vec<IntegrationPart>,
    pub stages: Vec<StagePart>,
    pub authorizers: Vec<AuthorizerPart>,
    pub mappings: Vec<MappingPart>,
    pub models: Vec<ModelPart>,
    /// The default authorizers of SAM APIs, by the API's id.
    pub default_authorizers: Vec<(String, String)>,
    /// The ids of SAM APIs whose routes need an API key unless they say otherwise.
    pub keyed: Vec<String>,
    /// What validators look at, by id.
    pub validators: Vec<(String, Validates)>,
    /// The ids of plans and their keys.
    pub plan_keys: Vec<(String, String)>,
    /// Gateway responses by the id of their API.
    pub responses: Vec<(String, GatewayResponse)>,
    /// Settings of routes for all stages of an API, by its id.
    pub route_settings: Vec<(String, RouteSettings)>,
    /// The APIs of SAM that answer preflight requests, by id.
    pub preflights: Vec<Preflight>,
}

/// A REST API's resource: one part of a path.
pub struct PathPart {
    pub id: String,
    /// The id of the resource above it, or of the API's root.
    pub parent: String,
    pub part: String,
}

/// A route of an API.
pub struct RoutePart {
    pub api: String,
    pub method: String,
    pub path: PathOf,
    pub target: Target,
    pub access: Access,
    pub span: Span,
}

/// What a route asks of requests.
#[derive(Clone, Default)]
pub struct Access {
    pub key_required: bool,
    /// The id of the authorizer.
    pub authorizer: Option<String>,
    /// The scopes that a token must have one of; none where the authorizer says.
    pub scopes: Option<Vec<String>>,
    /// What is looked at without a validator of its own.
    pub validates: Validates,
    /// The models of bodies, by content type.
    pub models: BTreeMap<String, String>,
    /// Request parameters that must be there where a validator looks.
    pub required: Vec<String>,
    /// The id of the validator.
    pub validator: Option<String>,
    pub cache_keys: Vec<String>,
}

/// Where a route's path stands.
pub enum PathOf {
    Path(String),
    /// In a REST API's resources.
    Resource(String),
}

/// What a route leads to.
pub enum Target {
    Integration(Integration),
    /// An integration that is a resource of its own.
    Id(String),
}

/// An HTTP API's integration.
pub struct IntegrationPart {
    pub id: String,
    pub integration: Integration,
}

/// A stage of an API.
pub struct StagePart {
    pub api: String,
    pub stage: Stage,
    pub span: Span,
}

/// How a SAM API answers the `OPTIONS` of paths that have none: the headers, but for the allowed methods, which
/// follow from the path's routes unless they are given.
pub struct Preflight {
    pub api: String,
    pub headers: Vec<(String, String)>,
    pub methods: Option<String>,
    pub authorizer: Option<String>,
    pub key_required: bool,
}

impl Preflight {
    /// Of an API, without any header.
    pub fn of(api: String) -> Self {
        Self { api, headers: Vec::new(), methods: None, authorizer: None, key_required: false }
    }
}

/// Puts the parts together.
pub fn assemble(build: &mut Build, place: impl Fn(&str) -> Span, report: &mut Report) {
    let parts = std::mem::take(&mut build.apis);
    for stage in &parts.stages {
        add_stage(stage, &mut build.stack, report);
    }
    domains::assemble(&parts, &mut build.stack, report);
    models::assemble(&parts, &mut build.stack, report);
    for part in &parts.authorizers {
        let api = build.stack.apis.iter_mut().find(|api| api.id == part.api);
        api.into_iter().for_each(|api| api.authorizers.push(part.authorizer.clone()));
    }
    for (id, settings) in &parts.route_settings {
        let api = build.stack.apis.iter_mut().find(|api| api.id == *id);
        let stages = api.into_iter().flat_map(|api| &mut api.stages);
        stages.for_each(|stage| stage.settings.push(settings.clone()));
    }
    for (id, response) in &parts.responses {
        let api = build.stack.apis.iter_mut().find(|api| api.id == *id);
        api.into_iter().for_each(|api| api.gateway_responses.push(response.clone()));
    }
    for (plan, key) in &parts.plan_keys {
        let plan = build.stack.usage_plans.iter_mut().find(|known| known.id == *plan);
        plan.into_iter().for_each(|plan| plan.keys.push(key.clone()));
    }
    for route in &parts.routes {
        add_route(route, &parts, build, report);
    }
    models::check(&parts, &build.stack, report);
    for preflight in &parts.preflights {
        let api = build.stack.apis.iter_mut().find(|api| api.id == preflight.api);
        api.into_iter().for_each(|api| super::cors::add_preflights(preflight, api));
    }
    for api in &build.stack.apis {
        check_complete(api, &place(&api.logical_id), report);
    }
}

fn add_stage(part: &StagePart, stack: &mut Stack, report: &mut Report) {
    let Some(api) = api_of(&part.api, &part.span, stack, report) else { return };
    if api.stage(&part.stage.name).is_some() {
        report.error(&part.span, format!("a second stage `{}` of `{}`", part.stage.name, api.logical_id));
    }
    api.stages.push(part.stage.clone());
}

fn add_route(part: &RoutePart, parts: &Parts, build: &mut Build, report: &mut Report) {
    let Some(api) = api_of(&part.api, &part.span, &mut build.stack, report) else { return };
    let path = match &part.path {
        PathOf::Path(path) => Some(path.clone()),
        PathOf::Resource(id) => path_of(id, api, parts, part, report),
    };
    let integration = match &part.target {
        Target::Integration(integration) => Some(integration.clone()),
        Target::Id(id) => parts.integrations.iter().find(|other| other.id == *id).map(|it| it.integration.clone()),
    };
    if integration.is_none() {
        report.error(&part.span, "the integration of this route is not in this template");
    }
    let (Some(path), Some(integration)) = (path, integration) else { return };
    if api.routes.iter().any(|other| other.method == part.method && other.path == path) {
        let message = format!("a second route for {} {path} of `{}`", part.method, api.logical_id);
        report.error(&part.span, message);
    }
    if let Integration::Http(endpoint) = &integration
        && api.kind == ApiKind::Http
    {
        endpoint::check_parameters(endpoint, &path, &part.span, report);
    }
    let arns = function_arns(&integration, api, &part.span, report);
    let route = with_access(Route::new(&part.method, &path, integration), part, (api, parts), report);
    api.routes.push(route);
    build.links.extend(arns.into_iter().map(|arn| Link::new(arn, part.span.clone(), &["lambda"])));
}

/// A route with what it asks of requests. An authorizer or a model that the API does not have is reported.
fn with_access(route: Route, part: &RoutePart, (api, parts): (&Api, &Parts), report: &mut Report) -> Route {
    let access = part.access.clone();
    let validator = access.validator.and_then(|id| parts.validators.iter().find(|(known, _)| *known == id));
    let validates = validator.map_or(access.validates, |(_, validates)| *validates);
    let models = if validates.body { access.models } else { BTreeMap::new() };
    for model in models.values().filter(|model| !api.models.contains_key(*model)) {
        let problem = report.error(&part.span, format!("`{}` has no model `{model}`", api.logical_id));
        problem.did_you_mean(model, api.models.keys().map(String::as_str));
    }
    let of_api = parts.authorizers.iter().filter(|known| known.api == api.id);
    let authorizer = of_api.clone().find(|known| access.authorizer.as_ref() == Some(&known.authorizer.id));
    if let Some(id) = access.authorizer.as_ref().filter(|_| authorizer.is_none()) {
        let problem = report.error(&part.span, format!("`{}` has no authorizer `{id}`", api.logical_id));
        problem.did_you_mean(id, of_api.map(|known| known.authorizer.id.as_str()));
    }
    let scopes = access.scopes.or_else(|| Some(authorizer?.scopes.clone())).unwrap_or_default();
    Route {
        scopes,
        models,
        authorizer: access.authorizer,
        key_required: access.key_required,
        required: if validates.parameters { access.required } else { Vec::new() },
        cache_keys: access.cache_keys,
        ..route
    }
}

/// The functions that an integration may invoke: one, or one of each stage.
fn function_arns(integration: &Integration, api: &Api, span: &Span, report: &mut Report) -> Vec<String> {
    let Integration::Lambda(proxy) = integration else { return Vec::new() };
    if !proxy.function_arn.contains("${stageVariables.") {
        return vec![proxy.function_arn.clone()];
    }
    let mut arns = Vec::new();
    for stage in &api.stages {
        match stage.fill_in(&proxy.function_arn) {
            Some(arn) => arns.push(arn),
            None => {
                let message = format!("the stage `{}` lacks a variable of `{}`", stage.name, proxy.function_arn);
                report.error(span, message);
            }
        }
    }
    arns
}

/// The path of a REST API's resource, from its root down.
fn path_of(id: &str, api: &Api, parts: &Parts, route: &RoutePart, report: &mut Report) -> Option<String> {
    let mut names = Vec::new();
    let mut at = id;
    while at != root_id(&api.id) {
        let found = parts.resources.iter().find(|resource| resource.id == at);
        let Some(resource) = found.filter(|_| names.len() < parts.resources.len()) else {
            report.error(&route.span, format!("the resource of this method is not one of `{}`", api.logical_id));
            return None;
        };
        names.push(resource.part.as_str());
        at = &resource.parent;
    }
    names.reverse();
    Some(format!("/{}", names.join("/")))
}

/// What `Fn::GetAtt` gives as an API's `RootResourceId`.
fn root_id(api: &str) -> String {
    format!("{api}0")
}

/// The API of an id; one that is not there is reported.
pub fn api_of<'s>(id: &str, span: &Span, stack: &'s mut Stack, report: &mut Report) -> Option<&'s mut Api> {
    let at = stack.apis.iter().position(|api| api.id == id);
    if at.is_none() {
        let problem = report.error(span, format!("`{id}` is no API of this template"));
        let ids = stack.apis.iter().map(|api| api.logical_id.as_str());
        problem.help(match nearest(id, ids) {
            Some(near) => format!("did you mean `!Ref {near}`?"),
            None => "name one by `!Ref`".to_owned(),
        });
    }
    at.map(|at| &mut stack.apis[at])
}

/// Reports what API Gateway refuses to deploy, or what nothing can be asked of.
fn check_complete(api: &Api, place: &Span, report: &mut Report) {
    if api.kind == ApiKind::Rest && api.routes.is_empty() {
        let problem = report.error(place, format!("the API `{}` has no route", api.logical_id));
        problem.help("give a function an event of type `Api` with `RestApiId`, or the API a method");
    } else if api.stages.is_empty() {
        let problem = report.error(place, format!("the API `{}` has no stage", api.logical_id));
        problem.help("without one, nothing can be asked of it");
    }
}
