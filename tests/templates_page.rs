//! `docs/templates.md` says of each property what the harness does with it.

use std::collections::BTreeMap;

use rehearsal::backend::Embedded;
use rehearsal::diagnostic::Source;
use rehearsal::template;

const PAGE: &str = include_str!("../docs/templates.md");

/// Every property under the headings of resource types and events, with its group.
fn properties() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let (mut heading, mut found) = ("", Vec::new());
    for line in PAGE.lines() {
        if let Some(title) = line.strip_prefix("### `") {
            heading = title.split('`').next().unwrap_or_default();
        } else if let Some((group, names)) = line.strip_prefix("- ").and_then(|line| line.split_once(": `")) {
            found.push((heading, group, names.trim_end_matches('`').split("`, `").collect()));
        }
    }
    found
}

/// The messages about a template that has a property with a value that need not fit.
fn messages(heading: &str, property: &str) -> String {
    let text = if heading.contains("::") {
        format!("Resources: {{ It: {{ Type: \"{heading}\", Properties: {{ {property}: x }} }} }}")
    } else {
        let event = format!("{{ Type: {heading}, Properties: {{ {property}: x }} }}");
        format!(
            "Resources: {{ It: {{ Type: AWS::Serverless::Function, Properties: {{ Events: {{ E: {event} }} }} }} }}"
        )
    };
    let text = format!("Transform: AWS::Serverless-2016-10-31\n{text}\n");
    match template::load(&Source::new("template", text), &BTreeMap::new(), &Embedded::naming("app")) {
        Ok(_) => String::new(),
        Err(diagnostics) => diagnostics.render(false),
    }
}

#[test]
fn a_property_is_refused_if_and_only_if_the_page_says_so() {
    let all = properties();
    assert!(all.len() > 40, "the page has fewer lists than there were: {}", all.len());
    for (heading, group, names) in all {
        for name in names {
            let messages = messages(heading, name);
            let is_refused = messages.contains(&format!("`{name}` of ")) && messages.contains("is not simulated")
                || messages.contains(&format!("`{name}` is not a property of"));
            assert_eq!(is_refused, group == "refused", "{heading}.{name}, {group}:\n{messages}");
        }
    }
}

#[test]
fn the_types_that_the_page_lists_are_accepted_and_listed() {
    let (_, listed) = PAGE.split_once("## Not simulated, listed").expect("the page has this section");
    let types = |text: &'static str| text.split('`').skip(1).step_by(2).filter(|name| name.starts_with("AWS::"));
    let load = |name: &str| {
        let example = if name.ends_with("::") { format!("{name}Example") } else { name.to_owned() };
        let text = format!("Transform: AWS::Serverless-2016-10-31\nResources: {{ It: {{ Type: \"{example}\" }} }}\n");
        let stack = template::load(&Source::new("template", text), &BTreeMap::new(), &Embedded::naming("app"));
        stack.is_ok_and(|stack| stack.not_simulated.iter().any(|left_out| left_out.what == example))
    };
    assert_eq!(types(listed).find(|name| !load(name)), None, "not accepted");
    assert!(types(listed).count() > 15);
}
