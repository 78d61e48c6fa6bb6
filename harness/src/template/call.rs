//! Which values are calls of an intrinsic function, in the short form, the long form, or made up for SAM.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use std::borrow::Cow;

use super::report::{mapping_at, text_at};
use super::sections::Entry;
use crate::diagnostic::Span;
use crate::yaml::Node;

/// The functions that give a value, by their long names.
pub const FUNCTIONS: &[&str] = &[
    "Ref",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
];
/// Functions that there are, and that are not simulated.
pub const OTHERS: &[&str] = &["Fn::GetStackOutput", "Fn::Transform"];
/// The functions that only rules have.
pub const OF_RULES: &[&str] =
    &["Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"];
/// The functions that give a truth, which belong in `Conditions`.
pub const TRUTHS: &[&str] = &["Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition"];
/// What the key of a loop begins with.
pub const FOR_EACH: &str = "Fn::ForEach";

/// A call of an intrinsic function.
pub struct Call<'n> {
    /// Its long name: `Ref`, `Fn::Sub`, `Condition`.
    pub name: Cow<'n, str>,
    /// Where to point: the function's key, or the tagged value.
    pub span: Span,
    pub argument: Cow<'n, Node>,
}

/// A node that is a call of an intrinsic function, in either form.
pub fn call(node: &Node) -> Option<Call<'_>> {
    if let Some(tag) = &node.tag {
        let name = match tag.as_str() {
            "Ref" | "Condition" => Cow::Borrowed(tag.as_str()),
            other => Cow::Owned(format!("Fn::{other}")),
        };
        let mut argument = node.clone();
        argument.tag = None;
        return Some(Call { name, span: node.span.clone(), argument: Cow::Owned(argument) });
    }
    let [(key, value)] = node.mapping()? else { return None };
    let name = key.text().filter(|name| *name == "Ref" || name.starts_with("Fn::"))?;
    Some(Call { name: Cow::Borrowed(name), span: key.span.clone(), argument: Cow::Borrowed(value) })
}

/// Whether a value is a call of an intrinsic function, so that it cannot be looked into before evaluation.
pub fn is_call(node: &Node) -> bool {
    call(node).is_some()
}

/// A call of a function, made up for a value that SAM adds.
pub fn made_up(function: &str, span: &Span, argument: Node) -> Node {
    mapping_at(span, vec![(text_at(span, function), argument)])
}

/// The entry of a mapping under a key.
pub fn entry<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    entries.iter().find(|(name, _)| name.text() == Some(key))
}
