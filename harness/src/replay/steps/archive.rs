//! The step `events.replay`.

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::ReplayDestination;
use aws_types::SdkConfig;
use jiff::SignedDuration;

use super::{Done, Player, sent};
use crate::scenario::EventsReplay;

impl Player<'_> {
    /// Starts a replay, which goes on as time passes.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html>
    pub(super) async fn replay_events(&self, config: &SdkConfig, step: &EventsReplay) -> Done {
        let stack = &self.shared.stack;
        let archive = self.named(&stack.archives, &step.archive.value, |archive| &archive.logical_id)?;
        let mut destination = ReplayDestination::builder().arn(&archive.source_arn);
        for rule in &step.rules {
            destination = destination.filter_arns(&self.named(&stack.rules, &rule.value, |rule| &rule.logical_id)?.arn);
        }
        let now = self.shared.backend.clock().now();
        let back = |last| now - SignedDuration::try_from(last).unwrap_or(SignedDuration::ZERO);
        let from = step.last.map_or(self.shared.made, back);
        let id = self.shared.ids.hex(8);
        let prefix = archive.source_arn.split(":event-bus/").next().unwrap_or_default();
        let start = aws_sdk_eventbridge::Client::new(config)
            .start_replay()
            .replay_name(format!("{}-{id}", archive.name))
            .event_source_arn(format!("{prefix}:archive/{}", archive.name))
            .event_start_time(DateTime::from_secs(from.as_second()))
            // Times are told to the second: that of what happened just now belongs to it.
            .event_end_time(DateTime::from_secs(now.as_second() + 1))
            .destination(destination.build().map_err(|error| error.to_string())?);
        sent(start.send().await)
    }
}
