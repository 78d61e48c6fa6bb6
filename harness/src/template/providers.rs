//! Functions that only configure: what custom resources name as their `ServiceToken`, as CDK's do. CloudFormation invokes
//! them on deployment, so that they have nothing to do in a replay. Each is listed, unless something else names it too.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html>

use std::collections::BTreeSet;

use super::declare::{Resource, references};
use super::report::Report;
use super::sections::Entry;

/// The property of a custom resource that names the function.
const TOKEN: &str = "ServiceToken";

/// Takes such functions out of the resources that are simulated. `others` are those that are not, or are nested stacks.
pub fn take_out(resources: &mut Vec<Resource>, others: &[&Resource], report: &mut Report) {
    let tokens: BTreeSet<String> =
        resources.iter().chain(others.iter().copied()).flat_map(|resource| reached(resource, true)).collect();
    let mut found = tokens;
    // What a function that only configures names, such as the one behind CDK's provider framework, may be one too.
    while let Some(at) = resources.iter().position(|one| is_provider(one, &found, resources, others)) {
        let provider = resources.remove(at);
        found.extend(reached(&provider, false));
        report.left_out(&provider.logical_id, provider.type_name);
    }
}

fn is_provider(one: &Resource, found: &BTreeSet<String>, resources: &[Resource], others: &[&Resource]) -> bool {
    let is_function = matches!(one.type_name.as_str(), "AWS::Lambda::Function" | "AWS::Serverless::Function");
    let has_events = one.properties.iter().any(|(key, _)| key.text() == Some("Events"));
    let is_named = || {
        let rest = resources.iter().chain(others.iter().copied()).filter(|other| other.logical_id != one.logical_id);
        rest.into_iter().any(|other| reached(other, false).contains(&one.logical_id))
    };
    is_function && !has_events && found.contains(&one.logical_id) && !is_named()
}

/// The logical ids that a resource names: by its token, or by anything else.
fn reached(resource: &Resource, by_token: bool) -> BTreeSet<String> {
    let properties = resource.properties.iter().filter(|(key, _)| (key.text() == Some(TOKEN)) == by_token);
    references(&properties.cloned().collect::<Vec<Entry>>())
}
