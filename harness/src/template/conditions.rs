//! The `Conditions` section: truths by name, each evaluated when it is first asked for.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html>

use super::call::{Call, OF_RULES, TRUTHS, call};
use super::intrinsic::Evaluator;
use super::report::has_reported;
use crate::diagnostic::Span;
use crate::yaml::Node;

impl Evaluator<'_> {
    /// Evaluates every condition, so that a fault in one that nothing uses is reported too.
    pub fn check_conditions(&mut self) {
        for (key, _) in self.conditions {
            self.named_condition(key.text().unwrap_or_default(), &key.span);
        }
    }

    /// Whether a condition that a resource, an output or `Fn::If` names holds; `None` once it is reported
    /// that it has no answer.
    pub fn condition(&mut self, name: &Node) -> Option<bool> {
        match name.text().filter(|_| name.tag.is_none()) {
            Some(text) => self.named_condition(text, &name.span),
            None => {
                self.report.error(&name.span, "a condition is given by its name here");
                None
            }
        }
    }

    /// Whether a condition of a rule holds, in which there are more functions and no resources.
    pub(super) fn rule(&mut self, node: &Node) -> Option<bool> {
        (self.in_condition, self.in_rule) = (true, true);
        let truth = self.truth(node);
        (self.in_condition, self.in_rule) = (false, false);
        truth
    }

    fn named_condition(&mut self, name: &str, span: &Span) -> Option<bool> {
        if let Some(known) = self.known_conditions.get(name) {
            return *known;
        }
        let conditions = self.conditions;
        let Some((_, node)) = conditions.iter().find(|(key, _)| key.text() == Some(name)) else {
            let names = conditions.iter().filter_map(|(key, _)| key.text());
            self.report.error(span, format!("there is no condition `{name}`")).did_you_mean(name, names);
            return None;
        };
        if !self.visit(format!("condition {name}"), span) {
            return None;
        }
        let outer = std::mem::replace(&mut self.in_condition, true);
        let truth = self.truth(node);
        self.in_condition = outer;
        self.visiting.pop();
        self.known_conditions.insert(name.to_owned(), truth);
        truth
    }

    fn truth(&mut self, node: &Node) -> Option<bool> {
        if !self.enter(&node.span) {
            return None;
        }
        let truth = match call(node).or_else(|| condition_call(node)) {
            Some(call) => self.truth_of(&call),
            None => {
                let problem = self.report.error(&node.span, format!("a condition cannot be {}", node.kind()));
                problem.help("it is one of `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not`, `Condition`");
                None
            }
        };
        self.leave();
        truth
    }

    fn truth_of(&mut self, call: &Call<'_>) -> Option<bool> {
        match call.name.as_ref() {
            "Fn::Equals" => {
                let [left, right] = self.arguments(call, "[value, value]", 2)? else { return None };
                let (left, right) = (self.value(left), self.value(right));
                let compare = |node: &Node| node.scalar().map_or_else(|| node.to_json(), Into::into);
                let fails = [&left, &right].into_iter().any(has_reported);
                (!fails).then(|| compare(&left) == compare(&right))
            }
            "Fn::And" => self.truths(call)?.into_iter().try_fold(true, |all, truth| Some(truth? && all)),
            "Fn::Or" => self.truths(call)?.into_iter().try_fold(false, |any, truth| Some(truth? || any)),
            "Fn::Not" => {
                let [inner] = self.arguments(call, "[condition]", 1)? else { return None };
                self.truth(inner).map(|truth| !truth)
            }
            "Condition" => self.condition(&call.argument),
            "Fn::Contains" | "Fn::EachMemberIn" | "Fn::EachMemberEquals" if self.in_rule => self.membership(call),
            other if OF_RULES.contains(&other) => {
                let message = match self.in_rule {
                    true => format!("`{other}` does not give a condition"),
                    false => format!("`{other}` can only stand in `Rules`"),
                };
                self.report.error(&call.span, message);
                None
            }
            other => {
                let problem = self.report.error(&call.span, format!("`{other}` does not give a condition"));
                problem.did_you_mean(other, TRUTHS.iter().copied());
                None
            }
        }
    }

    /// The functions of rules: whether texts are among others.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html>
    fn membership(&mut self, call: &Call<'_>) -> Option<bool> {
        let [left, right] = self.arguments(call, "[values, value or values]", 2)? else { return None };
        let (left, right) = (self.members(left)?, self.members(right)?);
        Some(match call.name.as_ref() {
            "Fn::Contains" => right.iter().all(|value| left.contains(value)),
            "Fn::EachMemberIn" => left.iter().all(|value| right.contains(value)),
            _ => left.iter().all(|value| right.iter().all(|other| other == value)),
        })
    }

    /// The texts of a list, or the one of a scalar.
    fn members(&mut self, node: &Node) -> Option<Vec<String>> {
        let value = self.value(node);
        if has_reported(&value) {
            return None;
        }
        let texts: Option<Vec<String>> = match value.sequence() {
            Some(members) => members.iter().map(Node::scalar).collect(),
            None => value.scalar().map(|text| vec![text]),
        };
        if texts.is_none() {
            self.report.error(&node.span, format!("text or a list of texts is needed here, not {}", value.kind()));
        }
        texts
    }

    /// The truths of two to ten conditions.
    fn truths(&mut self, call: &Call<'_>) -> Option<Vec<Option<bool>>> {
        match call.argument.sequence().filter(|list| (2..=10).contains(&list.len())) {
            Some(list) => Some(list.iter().map(|node| self.truth(node)).collect()),
            None => {
                self.report.error(&call.span, format!("`{}` takes a list of 2 to 10 conditions", call.name));
                None
            }
        }
    }
}

/// `Condition: Name`, which is a call only among conditions.
fn condition_call(node: &Node) -> Option<Call<'_>> {
    let [(key, value)] = node.mapping()? else { return None };
    let is_condition = key.text() == Some("Condition");
    is_condition.then(|| Call {
        name: "Condition".into(),
        span: key.span.clone(),
        argument: std::borrow::Cow::Borrowed(value),
    })
}
