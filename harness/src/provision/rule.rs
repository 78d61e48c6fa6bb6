//! Event buses, and rules with their targets.

use aws_sdk_eventbridge::types::{self, DeadLetterConfig, RetryPolicy, RuleState, Target};

use super::destination::{Arns, real};
use super::{Clients, ProvisionError, Provisioned, Tag, built, done, refused};
use crate::stack::{EventBus, HttpParameters, Rule, RuleTarget};

impl Clients<'_> {
    pub async fn bus(&self, bus: &EventBus) -> Provisioned {
        let create = self.eventbridge.create_event_bus().name(&bus.name);
        done(&bus.logical_id, create.set_tags(self.event_tags(&bus.logical_id)?).send().await)
    }

    pub async fn rule(&self, rule: &Rule, arns: &Arns) -> Provisioned {
        let state = if rule.enabled { RuleState::Enabled } else { RuleState::Disabled };
        let put = self
            .eventbridge
            .put_rule()
            .name(&rule.name)
            .event_bus_name(&rule.bus)
            .set_event_pattern(rule.event_pattern.as_ref().map(ToString::to_string))
            .set_schedule_expression(rule.schedule.clone())
            .set_tags(self.event_tags(&rule.logical_id)?)
            .state(state);
        done(&rule.logical_id, put.send().await)?;
        if rule.targets.is_empty() {
            return Ok(());
        }
        let targets =
            rule.targets.iter().map(|one| built(&rule.logical_id, target(one, arns))).collect::<Result<Vec<_>, _>>()?;
        let put = self.eventbridge.put_targets().rule(&rule.name).event_bus_name(&rule.bus).set_targets(Some(targets));
        let put = put.send().await.map_err(|error| refused(&rule.logical_id, &error))?;
        match put.failed_entries().first() {
            Some(entry) => Err(ProvisionError {
                logical_id: rule.logical_id.clone(),
                message: entry.error_message().unwrap_or("a target was refused").to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn event_tags(&self, logical_id: &str) -> Result<Option<Vec<types::Tag>>, ProvisionError> {
        let tag = |(key, value): &Tag<'_>| types::Tag::builder().key(*key).value(*value).build();
        self.tag.map(|each| built(logical_id, tag(each)).map(|tag| vec![tag])).transpose()
    }
}

fn target(target: &RuleTarget, arns: &Arns) -> Result<Target, aws_smithy_types::error::operation::BuildError> {
    let has_policy = target.maximum_retry_attempts.is_some() || target.maximum_event_age.is_some();
    let age = target.maximum_event_age.map(|age| i32::try_from(age.as_secs()).unwrap_or(i32::MAX));
    let attempts = target.maximum_retry_attempts.map(|attempts| i32::try_from(attempts).unwrap_or(i32::MAX));
    let policy = RetryPolicy::builder().set_maximum_event_age_in_seconds(age).set_maximum_retry_attempts(attempts);
    let dead_letters = target.dead_letter_arn.as_ref().map(|arn| DeadLetterConfig::builder().arn(arn).build());
    let transformer = target.input_transformer.as_ref().map(|transformer| {
        let paths = transformer.paths.clone().into_iter().collect();
        let built = types::InputTransformer::builder().set_input_paths_map(Some(paths));
        built.input_template(&transformer.template).build()
    });
    let group = target.message_group_id.as_ref();
    let group = group.map(|id| types::SqsParameters::builder().message_group_id(id).build());
    Target::builder()
        .id(&target.id)
        .arn(real(arns, &target.arn))
        .set_input(target.input.clone())
        .set_input_path(target.input_path.clone())
        .set_input_transformer(transformer.transpose()?)
        .set_sqs_parameters(group)
        .set_http_parameters(target.http.as_ref().map(http))
        .set_dead_letter_config(dead_letters)
        .set_retry_policy(has_policy.then(|| policy.build()))
        .build()
}

fn http(parameters: &HttpParameters) -> types::HttpParameters {
    types::HttpParameters::builder()
        .set_path_parameter_values(Some(parameters.path.clone()))
        .set_header_parameters(Some(parameters.headers.clone().into_iter().collect()))
        .set_query_string_parameters(Some(parameters.query.clone().into_iter().collect()))
        .build()
}
