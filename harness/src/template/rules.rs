//! The `Rules` section: what must hold between parameters. A rule of which a value is not simulated is listed, and so is
//! one that does not hold with made-up values.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>

use super::call::Call;
use super::intrinsic::Evaluator;
use super::property::Shape;
use super::report::list_at;
use super::sections::{Entry, Sections};
use crate::yaml::Node;

const RULE: Shape = Shape::of(&["RuleCondition", "Assertions"]);
const ASSERTION: Shape = Shape::of(&["Assert", "AssertDescription"]);

/// Reports every assertion that does not hold.
pub fn check(sections: &Sections<'_>, evaluator: &mut Evaluator<'_>) {
    for (key, node) in sections.rules {
        let name = key.text().unwrap_or_default();
        let Some(entries) = node.mapping() else {
            evaluator.report.error(&node.span, format!("the rule `{name}` must be a mapping, not {}", node.kind()));
            continue;
        };
        RULE.check(&mut evaluator.report, name, "a rule", entries);
        let uses = evaluator.report.made_up_uses();
        evaluator.report.tolerate();
        let applies = node.get("RuleCondition").is_none_or(|condition| evaluator.rule(condition) == Some(true));
        let assertions = node.get("Assertions").and_then(Node::sequence).unwrap_or_default();
        let broken: Vec<&Node> = match applies {
            true => assertions.iter().filter(|assertion| !holds(name, assertion, evaluator)).collect(),
            false => Vec::new(),
        };
        let is_open = evaluator.report.made_up_uses() > uses;
        if evaluator.report.insist().is_some() || is_open && !broken.is_empty() {
            evaluator.report.left_out(name, "Rules");
        }
        for assertion in broken.into_iter().filter(|_| !is_open) {
            let place = assertion.get("Assert").unwrap_or(assertion).span.clone();
            let description = assertion.get("AssertDescription").and_then(Node::scalar).unwrap_or_default();
            evaluator.report.error(&place, format!("the rule `{name}` does not hold")).label(description);
        }
    }
}

/// Whether an assertion holds, as far as can be told.
fn holds(name: &str, assertion: &Node, evaluator: &mut Evaluator<'_>) -> bool {
    ASSERTION.check(&mut evaluator.report, name, "an assertion", assertion.mapping().unwrap_or_default());
    let Some(truth) = assertion.get("Assert") else {
        evaluator.report.error(&assertion.span, "an assertion needs `Assert`");
        return true;
    };
    evaluator.rule(truth) != Some(false)
}

/// The functions that give a value in rules only.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html>
impl Evaluator<'_> {
    /// `Fn::RefAll`: the values of all parameters of a type.
    pub(super) fn all_of_type(&mut self, call: &Call<'_>) -> Option<Node> {
        let wanted = self.scalar(&call.argument, "the argument of `Fn::RefAll`")?;
        let list = format!("List<{wanted}>");
        let is_of_type = |(_, node): &&Entry| {
            let kind = node.get("Type").and_then(Node::text);
            kind == Some(&wanted) || kind == Some(&list)
        };
        let declared = self.declared_parameters;
        let names: Vec<&str> = declared.iter().filter(is_of_type).filter_map(|(key, _)| key.text()).collect();
        if names.is_empty() {
            self.report.error(&call.argument.span, format!("no parameter has the type `{wanted}`"));
            return None;
        }
        let mut values = Vec::new();
        for name in names {
            let value = self.named(name, &call.span, &call.span)?;
            match value.sequence() {
                Some(members) => values.extend(members.iter().cloned()),
                None => values.push(value),
            }
        }
        Some(list_at(&call.span, values))
    }

    /// `Fn::ValueOf` and `Fn::ValueOfAll` ask other services for what a parameter names.
    pub(super) fn refuse_attribute(&mut self, call: &Call<'_>) -> Option<Node> {
        let message = format!("`{}` asks for attributes of what a parameter names, which is not simulated", call.name);
        self.report.unsimulated(&call.span, message);
        None
    }
}
