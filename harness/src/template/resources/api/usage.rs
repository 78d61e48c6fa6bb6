//! API keys and usage plans.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplan.html>

use std::ops::RangeInclusive;

use crate::stack::{ApiKey, Period, PlanStage, Quota, Throttle, UsagePlan};
use crate::template::names::api_id;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};

pub const KEY: Shape = Shape {
    reads: &["Enabled", "Value"],
    descriptive: &["CustomerId", "Description", "GenerateDistinctId", "Name", "Tags"],
    harmless: &[],
    refused: &["StageKeys"],
};
pub const PLAN: Shape =
    Shape { descriptive: &["Description", "Tags", "UsagePlanName"], ..Shape::of(&["ApiStages", "Quota", "Throttle"]) };
pub const PLAN_KEY: Shape = Shape::of(&["KeyId", "KeyType", "UsagePlanId"]);
const STAGE: Shape = Shape::of(&["ApiId", "Stage", "Throttle"]);
const QUOTA: Shape = Shape::of(&["Limit", "Offset", "Period"]);
const THROTTLE: Shape = Shape::of(&["BurstLimit", "RateLimit"]);
const SAM_PLAN: Shape = Shape {
    descriptive: &["Description", "Tags", "UsagePlanName"],
    ..Shape::of(&["CreateUsagePlan", "Quota", "Throttle"])
};
const ANY: RangeInclusive<u32> = 0..=u32::MAX;

pub fn read_key(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let value = object.text(report, "Value").unwrap_or_else(|| key_value(resource));
    if !(20..=128).contains(&value.len()) {
        report.error(&object.place_of("Value"), "the value of an API key has 20 to 128 characters");
    }
    build.stack.api_keys.push(ApiKey {
        logical_id: resource.id.to_owned(),
        id: resource.reference.clone(),
        value,
        // A key that a template does not enable cannot be used.
        enabled: object.boolean(report, "Enabled").unwrap_or(false),
    });
}

/// The value of a key that the template does not give one: forty characters.
fn key_value(resource: &Resolved<'_>) -> String {
    (0..4).map(|part| api_id(&format!("{}{part}", resource.id), resource.naming)).collect()
}

pub fn read_plan(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let stages = object.objects(report, resource.id, "ApiStages", &STAGE);
    let stages = stages.iter().filter_map(|stage| plan_stage(stage, resource.id, report)).collect();
    let (throttle, quota) = (throttle(object, resource.id, report), quota(object, resource.id, report));
    let id = resource.reference.clone();
    build.stack.usage_plans.push(UsagePlan { id, stages, throttle, quota, keys: Vec::new() });
}

fn plan_stage(stage: &Object<'_>, logical_id: &str, report: &mut Report) -> Option<PlanStage> {
    let (api, name) = (stage.required_text(report, "ApiId"), stage.required_text(report, "Stage"));
    let mut throttles = Vec::new();
    for (key, value) in stage.mapping(report, "Throttle") {
        let what = format!("{}.Throttle", stage.what);
        let Some(object) = Object::open(report, logical_id, what, &key.span, value, &THROTTLE) else { continue };
        throttles.push((key.text().unwrap_or_default().to_owned(), limits(&object, report)));
    }
    Some(PlanStage { api: api?, stage: name?, throttles })
}

fn throttle(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Option<Throttle> {
    let throttle = object.object(report, logical_id, "Throttle", &THROTTLE)?;
    Some(limits(&throttle, report))
}

fn limits(object: &Object<'_>, report: &mut Report) -> Throttle {
    let rate = rate(object, "RateLimit", report).unwrap_or(10_000.0);
    Throttle { rate, burst: object.integer(report, "BurstLimit", ANY).unwrap_or(5_000) }
}

/// Requests per second, which need not be a whole number.
pub fn rate(object: &Object<'_>, key: &str, report: &mut Report) -> Option<f64> {
    let node = object.value(key)?;
    let rate = node.scalar().and_then(|text| text.parse::<f64>().ok()).filter(|rate| *rate >= 0.0);
    if rate.is_none() {
        report.error(&node.span, format!("`{key}` of {} must be a number of requests per second", object.what));
    }
    rate
}

fn quota(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Option<Quota> {
    let quota = object.object(report, logical_id, "Quota", &QUOTA)?;
    quota.require(report, "Limit");
    quota.require(report, "Period");
    let period = match quota.word(report, "Period", &["DAY", "WEEK", "MONTH"])? {
        "DAY" => Period::Day,
        "WEEK" => Period::Week,
        _ => Period::Month,
    };
    let offset = quota.integer(report, "Offset", ANY).unwrap_or(0);
    Some(Quota { limit: quota.integer(report, "Limit", ANY)?, offset, period })
}

pub fn read_plan_key(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "KeyType");
    object.word(report, "KeyType", &["API_KEY"]);
    let (key, plan) = (object.required_text(report, "KeyId"), object.required_text(report, "UsagePlanId"));
    build.apis.plan_keys.extend(plan.zip(key));
}

/// The key and plan that SAM makes for an API, from `Auth.UsagePlan`.
pub fn sam(resource: &Resolved<'_>, auth: &Object<'_>, stage: &str, report: &mut Report, build: &mut Build) {
    let Some(plan) = auth.object(report, resource.id, "UsagePlan", &SAM_PLAN) else { return };
    plan.require(report, "CreateUsagePlan");
    match plan.word(report, "CreateUsagePlan", &["PER_API", "SHARED", "NONE"]) {
        Some("PER_API") => {}
        Some("SHARED") => {
            report.error(&plan.place_of("CreateUsagePlan"), "a usage plan that APIs share is not simulated");
            return;
        }
        _ => return,
    }
    let id = |suffix: &str| api_id(&format!("{}{suffix}", resource.id), resource.naming);
    let (throttle, quota) = (throttle(&plan, resource.id, report), quota(&plan, resource.id, report));
    let key = ApiKey {
        logical_id: format!("{}ApiKey", resource.id),
        id: id("ApiKey"),
        value: key_value(resource),
        enabled: true,
    };
    let stage = PlanStage { api: resource.reference.clone(), stage: stage.to_owned(), throttles: Vec::new() };
    let keys = vec![key.id.clone()];
    build.stack.api_keys.push(key);
    build.stack.usage_plans.push(UsagePlan { id: id("UsagePlan"), stages: vec![stage], throttle, quota, keys });
}
