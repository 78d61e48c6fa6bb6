//! The `Outputs` section.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html>

use std::collections::BTreeMap;

use super::intrinsic::Evaluator;
use super::property::Shape;
use super::sections::Sections;

const SHAPE: Shape = Shape { descriptive: &["Description", "Export"], ..Shape::of(&["Value", "Condition"]) };

/// The values of the outputs whose condition holds.
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
                outputs.extend(evaluator.scalar(value, "the value of an output").map(|text| (name.to_owned(), text)));
            }
            Some(_) => {}
            None => {
                evaluator.report.error(&key.span, format!("the output `{name}` needs a `Value`"));
            }
        }
    }
    outputs
}
