//! Schedules of Scheduler, and their groups.

use aws_sdk_scheduler::primitives::DateTime;
use aws_sdk_scheduler::types;

use super::{Clients, Provisioned, built, done};
use crate::stack::{Schedule, ScheduleGroup};

/// Whose rights a schedule has: AWS asks for a role, and none is simulated.
const ROLE: &str = "arn:aws:iam::123456789012:role/rehearsal";

impl Clients<'_> {
    pub async fn schedule_group(&self, group: &ScheduleGroup) -> Provisioned {
        done(&group.logical_id, self.scheduler.create_schedule_group().name(&group.name).send().await)
    }

    pub async fn schedule(&self, schedule: &Schedule) -> Provisioned {
        let id = &schedule.logical_id;
        let off = types::FlexibleTimeWindow::builder().mode(types::FlexibleTimeWindowMode::Off).build();
        let state = if schedule.enabled { types::ScheduleState::Enabled } else { types::ScheduleState::Disabled };
        let create = self
            .scheduler
            .create_schedule()
            .name(&schedule.name)
            .set_group_name(schedule.group.clone())
            .schedule_expression(&schedule.expression)
            .set_schedule_expression_timezone(schedule.time_zone.clone())
            .set_start_date(schedule.start.map(DateTime::from_secs))
            .set_end_date(schedule.end.map(DateTime::from_secs))
            .flexible_time_window(built(id, off)?)
            .target(built(id, target(schedule))?)
            .state(state);
        done(id, create.send().await)
    }
}

fn target(schedule: &Schedule) -> Result<types::Target, aws_smithy_types::error::operation::BuildError> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let policy = types::RetryPolicy::builder()
        .set_maximum_retry_attempts(schedule.maximum_retry_attempts.map(number))
        .set_maximum_event_age_in_seconds(schedule.maximum_event_age.map(number));
    let has_policy = schedule.maximum_retry_attempts.is_some() || schedule.maximum_event_age.is_some();
    let dead_letters = schedule.dead_letter_arn.as_ref().map(|arn| types::DeadLetterConfig::builder().arn(arn).build());
    let group = schedule.message_group_id.as_ref();
    let event = schedule.event.as_ref().map(|(source, detail_type)| {
        types::EventBridgeParameters::builder().source(source).detail_type(detail_type).build()
    });
    types::Target::builder()
        .arn(&schedule.target_arn)
        .role_arn(ROLE)
        .set_input(schedule.input.clone())
        .set_retry_policy(has_policy.then(|| policy.build()))
        .set_dead_letter_config(dead_letters)
        .set_sqs_parameters(group.map(|id| types::SqsParameters::builder().message_group_id(id).build()))
        .set_event_bridge_parameters(event.transpose()?)
        .build()
}
