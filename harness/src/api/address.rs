//! Which API and stage a URL leads to, and the path below them.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html>

use super::Fault;
use crate::event::apigateway::{ApiResponse, Via};
use crate::stack::{Api, ApiKind, Domain, Stack, Stage};

/// Where a URL leads.
pub struct Address<'a> {
    pub api: &'a Api,
    pub stage: &'a Stage,
    /// Below the stage and the base path.
    pub path: String,
    pub via: Option<Via>,
}

/// The API and stage of a host and path.
///
/// # Errors
/// What the client is answered where there is none.
pub fn find<'a>(stack: &'a Stack, host: &str, path: &str) -> Result<Address<'a>, ApiResponse> {
    if let Some(domain) = domain(stack, host) {
        return below_domain(stack, domain, host, path);
    }
    let id = host.split('.').next().unwrap_or_default();
    let api = stack.apis.iter().find(|api| api.id == id && !api.endpoint_disabled).ok_or_else(forbidden)?;
    let default = || Some((api.stage("$default").filter(|_| api.kind == ApiKind::Http)?, path.to_owned()));
    let (stage, path) = named_stage(api, path).or_else(default).ok_or_else(|| Fault::NoStage.response(api))?;
    Ok(Address { api, stage, path, via: None })
}

/// The custom domain that a host is: one of just that name goes before a wildcard.
pub fn domain<'a>(stack: &'a Stack, host: &str) -> Option<&'a Domain> {
    let all = || stack.domains.iter().filter(|domain| domain.is(host));
    all().find(|domain| !domain.name.starts_with('*')).or_else(|| all().next())
}

/// The mapping with the longest base path that fits takes the request.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html>
fn below_domain<'a>(stack: &'a Stack, domain: &'a Domain, host: &str, whole: &str) -> Result<Address<'a>, ApiResponse> {
    let fitting = domain.mappings.iter().filter_map(|mapping| Some((mapping, below(&mapping.base_path, whole)?)));
    let (mapping, path) = fitting.max_by_key(|(mapping, _)| mapping.base_path.len()).ok_or_else(forbidden)?;
    let api = stack.apis.iter().find(|api| api.id == mapping.api).ok_or_else(forbidden)?;
    let found = match &mapping.stage {
        Some(name) => api.stage(name).map(|stage| (stage, path)),
        None => named_stage(api, &path),
    };
    let (stage, path) = found.ok_or_else(|| Fault::NoStage.response(api))?;
    Ok(Address { api, stage, path, via: Some(Via { domain: host.to_owned(), path: whole.to_owned() }) })
}

fn forbidden() -> ApiResponse {
    ApiResponse::message(403, "Forbidden")
}

/// The stage that a path names first, and what is below it.
fn named_stage<'a>(api: &'a Api, path: &str) -> Option<(&'a Stage, String)> {
    api.stages.iter().find_map(|stage| Some((stage, below(&stage.name, path)?)))
}

/// The path below its first segments, where those are the ones given.
fn below(first: &str, path: &str) -> Option<String> {
    if first.is_empty() {
        return Some(path.to_owned());
    }
    let rest = path.strip_prefix('/')?.strip_prefix(first)?;
    if rest.is_empty() { Some("/".to_owned()) } else { rest.starts_with('/').then(|| rest.to_owned()) }
}
