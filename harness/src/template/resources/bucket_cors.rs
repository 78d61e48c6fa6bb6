//! A bucket's `CorsConfiguration`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-corsrule.html>

use super::Resolved;
use crate::stack::CorsRule;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::yaml::Node;

const CONFIGURATION: Shape = Shape::of(&["CorsRules"]);
const RULE: Shape =
    Shape::of(&["AllowedHeaders", "AllowedMethods", "AllowedOrigins", "ExposedHeaders", "Id", "MaxAge"]);
const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];

/// The rules, in order.
pub fn rules(resource: &Resolved<'_>, report: &mut Report) -> Vec<CorsRule> {
    let configuration = resource.object.object(report, resource.id, "CorsConfiguration", &CONFIGURATION);
    let Some(configuration) = configuration else { return Vec::new() };
    configuration.require(report, "CorsRules");
    let rules = configuration.objects(report, resource.id, "CorsRules", &RULE);
    rules.iter().map(|rule| read(rule, report)).collect()
}

fn read(rule: &Object<'_>, report: &mut Report) -> CorsRule {
    rule.require(report, "AllowedMethods");
    rule.require(report, "AllowedOrigins");
    CorsRule {
        id: rule.text(report, "Id"),
        allowed_origins: patterns(rule, "AllowedOrigins", report),
        allowed_methods: methods(rule, report),
        allowed_headers: patterns(rule, "AllowedHeaders", report),
        exposed_headers: texts(rule.list(report, "ExposedHeaders")),
        max_age: rule.integer(report, "MaxAge", 0..=u32::MAX),
    }
}

/// Texts in each of which one `*` may stand for any text.
fn patterns(rule: &Object<'_>, key: &str, report: &mut Report) -> Vec<String> {
    let members = rule.list(report, key);
    for member in &members {
        if member.text().is_some_and(|text| text.matches('*').count() > 1) {
            report.error(&member.span, format!("one of `{key}` has one `*` at most"));
        }
    }
    texts(members)
}

fn texts(members: Vec<&Node>) -> Vec<String> {
    members.into_iter().filter_map(Node::scalar).collect()
}

fn methods(rule: &Object<'_>, report: &mut Report) -> Vec<&'static str> {
    let mut methods = Vec::new();
    for member in rule.list(report, "AllowedMethods") {
        let written = member.scalar().unwrap_or_default();
        match METHODS.iter().find(|method| **method == written) {
            Some(method) => methods.push(*method),
            None => {
                let problem = report.error(&member.span, format!("S3 allows no method `{written}` to other origins"));
                problem.did_you_mean(&written, METHODS);
            }
        }
    }
    methods
}
