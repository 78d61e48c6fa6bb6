//! The functions that make a value of others: `Fn::Sub`, `Fn::Join`, `Fn::Select`, `Fn::Split`,
//! `Fn::FindInMap`, `Fn::If`. Each answers `None` only once what is wrong is reported.

use std::collections::BTreeMap;

use super::call::Call;
use super::intrinsic::Evaluator;
use super::report::{is_reported, list_at, text_at};
use crate::yaml::{Content, Node};

impl Evaluator<'_> {
    pub(super) fn sub(&mut self, call: &Call<'_>) -> Option<Node> {
        let (template, variables) = match &call.argument.content {
            Content::Text(_) => (call.argument.as_ref(), &[][..]),
            Content::Sequence(parts)
                if parts.len() == 2 && parts[0].text().is_some() && parts[1].mapping().is_some() =>
            {
                (&parts[0], parts[1].mapping().unwrap_or_default())
            }
            _ => {
                self.report.error(&call.span, "`Fn::Sub` must be written as text, or as `[text, { Name: value }]`");
                return None;
            }
        };
        let mut values = BTreeMap::new();
        for (key, value) in variables {
            let name = key.text().unwrap_or_default();
            values.insert(name, self.scalar(value, &format!("the variable `{name}`")));
        }
        self.substitute(template, &values).map(|text| text_at(&call.span, text))
    }

    fn substitute(&mut self, template: &Node, variables: &BTreeMap<&str, Option<String>>) -> Option<String> {
        let mut rest = template.text()?;
        let mut out = Some(String::new());
        let mut add = |this: &mut Self, piece: Option<&str>| match (&mut out, piece) {
            (Some(out), Some(piece)) if this.take_room(piece.len(), &template.span) => out.push_str(piece),
            _ => out = None,
        };
        while let Some((before, after)) = rest.split_once("${") {
            add(self, Some(before));
            let Some((name, after)) = after.split_once('}') else {
                add(self, Some("${"));
                rest = after;
                continue;
            };
            match name.strip_prefix('!') {
                Some(literal) => add(self, Some(&format!("${{{literal}}}"))),
                None => match variables.get(name) {
                    Some(value) => add(self, value.as_deref()),
                    None => {
                        let value = self.substituted(name, template);
                        add(self, value.as_deref());
                    }
                },
            }
            rest = after;
        }
        add(self, Some(rest));
        out
    }

    fn substituted(&mut self, name: &str, template: &Node) -> Option<String> {
        let place = self.report.within(template, &format!("${{{name}}}"));
        if let Some((resource, attribute)) = name.split_once('.') {
            return self.attribute(resource, attribute, &place);
        }
        let value = self.named(name, &place, &place)?;
        if value.scalar().is_none() {
            self.report.error(&place, format!("`{name}` is {}, which has no place in text", value.kind()));
        }
        value.scalar()
    }

    /// A list argument, with the text of each member.
    fn texts(&mut self, node: &Node, call: &Call<'_>) -> Option<Vec<String>> {
        let value = self.value(node);
        let Some(members) = value.sequence() else {
            if !is_reported(&value) {
                self.report.error(&node.span, format!("`{}` needs a list here, not {}", call.name, value.kind()));
            }
            return None;
        };
        members.iter().map(|member| self.scalar(member, "a member of the list")).collect()
    }

    pub(super) fn join(&mut self, call: &Call<'_>) -> Option<Node> {
        let [delimiter, list] = self.arguments(call, "[delimiter, [values]]", 2)? else { return None };
        let delimiter = self.scalar(delimiter, "the delimiter");
        let texts = self.texts(list, call)?;
        let delimiter = delimiter?;
        let length = texts.iter().map(|text| text.len() + delimiter.len()).sum();
        self.take_room(length, &call.span).then(|| text_at(&call.span, texts.join(&delimiter)))
    }

    pub(super) fn select(&mut self, call: &Call<'_>) -> Option<Node> {
        let [index, list] = self.arguments(call, "[index, [values]]", 2)? else { return None };
        let at = self.scalar(index, "the index");
        let value = self.value(list);
        let members = match value.sequence() {
            Some(members) => members,
            None if is_reported(&value) => return None,
            None => {
                self.report.error(&list.span, format!("`Fn::Select` needs a list here, not {}", value.kind()));
                return None;
            }
        };
        let at = at?;
        let mut member = at.parse::<usize>().ok().and_then(|at| members.get(at)).cloned();
        if member.is_none() && self.report.is_made_up(&value.span) {
            member = members.last().cloned();
        } else if member.is_none() {
            let message = format!("there is no member {at} in a list of {}", members.len());
            self.report.error(&index.span, message).label("indices start at 0");
        }
        member
    }

    pub(super) fn split(&mut self, call: &Call<'_>) -> Option<Node> {
        let [delimiter, text] = self.arguments(call, "[delimiter, text]", 2)? else { return None };
        let separator = self.scalar(delimiter, "the delimiter");
        let text = self.scalar(text, "the text to split")?;
        let separator = separator?;
        if separator.is_empty() {
            self.report.error(&delimiter.span, "the delimiter of `Fn::Split` cannot be empty");
            return None;
        }
        Some(list_at(&call.span, text.split(&separator).map(|part| text_at(&call.span, part)).collect()))
    }

    /// With `AWS::LanguageExtensions` a default may follow, and the keys may be functions, which they may be anyway.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap-enhancements.html>
    pub(super) fn find_in_map(&mut self, call: &Call<'_>) -> Option<Node> {
        let arguments = call.argument.sequence().unwrap_or_default();
        let default = match arguments.get(3).filter(|_| arguments.len() == 4).map(|node| (node, node.mapping())) {
            Some((_, Some([(key, value)]))) if key.text() == Some("DefaultValue") => Some(value),
            Some((node, _)) => {
                self.report.error(&node.span, "the fourth argument of `Fn::FindInMap` is `DefaultValue: …`");
                return None;
            }
            None => {
                self.arguments(call, "[map, key, key]", 3)?;
                None
            }
        };
        if default.is_some() {
            self.needs_extensions("`DefaultValue`", &call.span)?;
        }
        let mut entries = self.mappings;
        let mut found: Option<&Node> = None;
        for argument in &arguments[..3] {
            let uses = self.report.made_up_uses();
            let key = self.scalar(argument, "a key of `Fn::FindInMap`")?;
            let entry = entries.iter().find(|(name, _)| name.text() == Some(&key));
            // What is made up for a key may as well be the first there is.
            let entry = entry.or_else(|| entries.first().filter(|_| self.report.made_up_uses() > uses));
            let Some((_, value)) = entry else {
                if let Some(default) = default {
                    return Some(self.value(default));
                }
                let keys = entries.iter().filter_map(|(name, _)| name.text());
                let problem = self.report.error(&argument.span, format!("there is no `{key}` in `Mappings`"));
                problem.did_you_mean(&key, keys);
                return None;
            };
            found = Some(value);
            entries = value.mapping().unwrap_or_default();
        }
        self.mapped(found?, call)
    }

    /// A value of `Mappings`, in which there are no functions.
    fn mapped(&mut self, value: &Node, call: &Call<'_>) -> Option<Node> {
        let is_plain = |node: &Node| node.scalar().is_some() && node.tag.is_none();
        if is_plain(value) || value.tag.is_none() && value.sequence().is_some_and(|list| list.iter().all(is_plain)) {
            return Some(value.clone());
        }
        self.report
            .error(&value.span, "a value in `Mappings` must be text or a list of texts")
            .label(format!("`{}` looks for it", call.name));
        None
    }

    pub(super) fn chosen(&mut self, call: &Call<'_>) -> Option<Node> {
        let arguments = self.arguments(call, "[Condition, value if true, value if false]", 3)?;
        let index = if self.condition(&arguments[0])? { 1 } else { 2 };
        Some(arguments[index].clone())
    }
}
