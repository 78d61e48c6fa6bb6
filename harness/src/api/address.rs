//! Which API and stage a URL leads to, and the path below them.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html>

use super::Fault;
use crate::event::apigateway::ApiResponse;
use crate::stack::{Api, ApiKind, Stack, Stage};

/// Where a URL leads.
pub struct Address<'a> {
    pub api: &'a Api,
    pub stage: &'a Stage,
    /// Below the stage.
    pub path: String,
}

/// The API and stage of a host and path.
///
/// # Errors
/// What the client is answered where there is none.
pub fn find<'a>(stack: &'a Stack, host: &str, path: &str) -> Result<Address<'a>, ApiResponse> {
    let id = host.split('.').next().unwrap_or_default();
    let forbidden = || ApiResponse::message(403, "Forbidden");
    let api = stack.apis.iter().find(|api| api.id == id && !api.endpoint_disabled).ok_or_else(forbidden)?;
    let named = api.stages.iter().find_map(|stage| Some((stage, below(&stage.name, path)?)));
    let default = || Some((api.stage("$default").filter(|_| api.kind == ApiKind::Http)?, path.to_owned()));
    let (stage, path) = named.or_else(default).ok_or_else(|| Fault::NoStage.response(api))?;
    Ok(Address { api, stage, path })
}

/// The path below its first segment, where that is the one given.
fn below(first: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix('/')?.strip_prefix(first)?;
    if rest.is_empty() { Some("/".to_owned()) } else { rest.starts_with('/').then(|| rest.to_owned()) }
}
