//! The AWS query protocol: a form in, XML out.

use std::collections::BTreeMap;

use super::{Reply, Request, xml};

/// The form's parameters by name, such as `Attributes.entry.1.key`.
pub type Form = BTreeMap<String, String>;

/// The request's form, from its body and its URL.
pub fn form(request: &Request) -> Form {
    let in_url = request.query().into_iter().filter(|(name, _)| !name.starts_with("X-Amz-"));
    in_url.chain(form_urlencoded::parse(&request.body).into_owned()).collect()
}

/// The operation that the form asks for.
pub fn action(request: &Request) -> Option<String> {
    form(request).remove("Action")
}

/// The members of a list, such as `member.1`, `member.2`: each with its own parameters, the prefix cut
/// off (the member's own value has the empty name).
pub fn members(form: &Form, prefix: &str) -> Vec<Form> {
    let mut members: BTreeMap<usize, Form> = BTreeMap::new();
    for (name, value) in form {
        let Some(rest) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let (index, field) = rest.split_once('.').unwrap_or((rest, ""));
        if let Ok(index) = index.parse() {
            members.entry(index).or_default().insert(field.to_owned(), value.clone());
        }
    }
    members.into_values().collect()
}

/// The entries of a map, such as `Attributes.entry.1.key` and `.value`.
pub fn entries(form: &Form, prefix: &str) -> BTreeMap<String, String> {
    members(form, prefix)
        .into_iter()
        .filter_map(|mut entry| Some((entry.remove("key")?, entry.remove("value").unwrap_or_default())))
        .collect()
}

/// An operation's answer: its result element (already XML) inside the protocol's envelope.
pub fn reply(operation: &str, result: &str, request_id: &str) -> Reply {
    let operation = xml::escape(operation);
    Reply::xml(format!(
        "<{operation}Response><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_maps_are_read_in_the_order_of_their_numbers() {
        let form: Form = [
            ("Attributes.entry.2.key", "b"),
            ("Attributes.entry.2.value", "2"),
            ("Attributes.entry.1.key", "a"),
            ("Attributes.entry.1.value", "1"),
            ("Names.member.10", "ten"),
            ("Names.member.9", "nine"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        assert_eq!(entries(&form, "Attributes.entry").into_iter().collect::<Vec<_>>().len(), 2);
        let names: Vec<_> = members(&form, "Names.member").into_iter().map(|member| member[""].clone()).collect();
        assert_eq!(names, ["nine", "ten"]);
    }
}
