//! Whether a request may go on: API keys, usage plans and throttling.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>

use super::Routed;
use super::fault::Fault;
use crate::shared::Shared;
use crate::stack::{ApiKey, PlanStage, Throttle, UsagePlan};

/// What an account has in a region.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const ACCOUNT: Throttle = Throttle { rate: 10_000.0, burst: 5_000 };

/// Holds the request against its API key, the key's usage plan, and the stage's and account's throttling.
///
/// # Errors
/// It may not go on.
pub fn check<'s>(shared: &'s Shared, routed: &Routed<'_>, key: Option<&str>) -> Result<Option<&'s ApiKey>, Fault> {
    let allowed = if routed.route.key_required { Some(planned(shared, routed, key)?) } else { None };
    if let Some((key, plan, stage)) = allowed {
        use_plan(shared, routed, key, plan, stage)?;
    }
    throttle(shared, routed)?;
    Ok(allowed.map(|(key, _, _)| key))
}

/// The key of a request, and the plan by which it may call the stage.
fn planned<'s>(
    shared: &'s Shared,
    routed: &Routed<'_>,
    key: Option<&str>,
) -> Result<(&'s ApiKey, &'s UsagePlan, &'s PlanStage), Fault> {
    let value = key.ok_or(Fault::NoKey)?;
    let is_it = |key: &&ApiKey| key.enabled && key.value == value;
    let key = shared.stack.api_keys.iter().find(is_it).ok_or(Fault::NoKey)?;
    let is_here = |stage: &&PlanStage| stage.api == routed.call.api.id && stage.stage == routed.call.stage.name;
    let mut plans = shared.stack.usage_plans.iter().filter(|plan| plan.keys.contains(&key.id));
    let found = plans.find_map(|plan| Some((key, plan, plan.stages.iter().find(is_here)?)));
    found.ok_or(Fault::NoKey)
}

fn use_plan(
    shared: &Shared,
    routed: &Routed<'_>,
    key: &ApiKey,
    plan: &UsagePlan,
    stage: &PlanStage,
) -> Result<(), Fault> {
    let (now, pair) = (shared.backend.clock().now(), format!("{} {}", plan.id, key.id));
    let route = format!("{}/{}", routed.route.path, routed.route.method);
    if let Some((_, throttle)) = stage.throttles.iter().find(|(at, _)| *at == route)
        && !shared.gateway.admits(format!("{pair} {} {} {route}", stage.api, stage.stage), *throttle, now)
    {
        return Err(Fault::Throttled);
    }
    if plan.throttle.is_some_and(|throttle| !shared.gateway.admits(pair.clone(), throttle, now)) {
        return Err(Fault::Throttled);
    }
    match &plan.quota {
        Some(quota) if !shared.gateway.is_within(pair, quota, now) => Err(Fault::QuotaExceeded),
        _ => Ok(()),
    }
}

/// The throttling of the route's stage, which each route has for itself, and the account's.
fn throttle(shared: &Shared, routed: &Routed<'_>) -> Result<(), Fault> {
    let now = shared.backend.clock().now();
    let (api, stage, route) = (&routed.call.api.id, &routed.call.stage, routed.route);
    let of_route = stage.throttle_of(route);
    let bucket = format!("{api} {} {} {}", stage.name, route.method, route.path);
    let admits = of_route.is_none_or(|throttle| shared.gateway.admits(bucket, throttle, now));
    let admits = admits && shared.gateway.admits("account".to_owned(), ACCOUNT, now);
    if admits { Ok(()) } else { Err(Fault::Throttled) }
}
