//! The `Rules` section: what must hold between parameters. A rule of which a value is not simulated is listed.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>

use super::intrinsic::Evaluator;
use super::property::Shape;
use super::sections::Sections;
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
        evaluator.report.tolerate();
        let applies = node.get("RuleCondition").is_none_or(|condition| evaluator.rule(condition) == Some(true));
        let assertions = node.get("Assertions").and_then(Node::sequence).unwrap_or_default();
        let broken: Vec<&Node> = match applies {
            true => assertions.iter().filter(|assertion| !holds(name, assertion, evaluator)).collect(),
            false => Vec::new(),
        };
        if evaluator.report.insist().is_some() {
            evaluator.report.left_out(name, "Rules");
        }
        for assertion in broken {
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
