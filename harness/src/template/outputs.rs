//! The `Outputs` section.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html>

use std::collections::BTreeMap;

use super::intrinsic::Evaluator;
use super::property::Shape;
use super::sections::Sections;
use crate::yaml::Node;

const SHAPE: Shape = Shape { descriptive: &["Description", "Export"], ..Shape::of(&["Value", "Condition"]) };

/// The longest value that is handed from stack to stack.
const MAX_EXPORT: usize = 4096;

/// The values of the outputs whose condition holds. One that comes of something that is not simulated is listed:
/// nothing in a replay looks at it, unless another stack does, which is then told.
pub fn read(sections: &Sections<'_>, evaluator: &mut Evaluator<'_>) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    for (key, node) in sections.outputs {
        let name = key.text().unwrap_or_default();
        let Some(entries) = node.mapping() else {
            evaluator.report.error(&node.span, format!("the output `{name}` must be a mapping, not {}", node.kind()));
            continue;
        };
        SHAPE.check(&mut evaluator.report, name, "an output", entries);
        let holds = node.get("Condition").is_none_or(|condition| evaluator.condition(condition) == Some(true));
        match node.get("Value") {
            Some(value) if holds => {
                let text = tolerantly(name, evaluator, |evaluator| evaluator.scalar(value, "the value of an output"));
                if let Some(text) = text {
                    export(name, node, &text, evaluator);
                    outputs.insert(name.to_owned(), text);
                }
            }
            Some(_) => {}
            None => {
                evaluator.report.error(&key.span, format!("the output `{name}` needs a `Value`"));
            }
        }
    }
    outputs
}

/// Evaluates something of an output; where it is not simulated, that is listed.
fn tolerantly<T>(name: &str, evaluator: &mut Evaluator<'_>, evaluate: impl FnOnce(&mut Evaluator<'_>) -> T) -> T {
    evaluator.report.tolerate();
    let value = evaluate(evaluator);
    if evaluator.report.insist().is_some() {
        evaluator.report.left_out(name, "Outputs");
    }
    value
}

fn export(name: &str, output: &Node, value: &str, evaluator: &mut Evaluator<'_>) {
    let Some(written) = output.get("Export").and_then(|export| export.get("Name")) else { return };
    let text = tolerantly(name, evaluator, |evaluator| evaluator.scalar(written, "the name of an export"));
    let Some(text) = text else { return };
    if value.len() > MAX_EXPORT {
        evaluator.report.error(&written.span, format!("an exported value has at most {MAX_EXPORT} characters"));
    } else if !evaluator.report.export(&text, value) {
        evaluator.report.error(&written.span, format!("there is an export `{text}` already"));
    }
}
