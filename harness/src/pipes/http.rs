//! API destinations of pipes: as the target, and as the enrichment, whose answer goes on.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html>

use rehearsal_emulator::ToDestination;
use serde_json::Value;

use super::input;
use crate::invoke::Invoked;
use crate::shared::Shared;
use crate::stack::PipeStep;
use crate::trace::EventId;

use super::Pipe;

impl Pipe {
    /// Asks the enrichment with each event, one after the other, and collects the answers.
    pub(super) async fn ask_each(
        &self,
        shared: &Shared,
        step: &PipeStep,
        given: &[Value],
        events: &[Value],
        cause: EventId,
    ) -> Result<Vec<Value>, Invoked> {
        let mut answers = Vec::new();
        for (given, event) in given.iter().zip(events) {
            let answer = ask(shared, step, given, event, cause).await;
            answers.extend(super::enriched(&answer.map_err(|message| self.failed(cause, message))?));
        }
        Ok(answers)
    }
}

/// Sends what was made of an event to an API destination, and gives the body of the answer.
///
/// # Errors
/// Why the endpoint has not taken it.
pub(super) async fn ask(
    shared: &Shared,
    step: &PipeStep,
    given: &Value,
    event: &Value,
    cause: EventId,
) -> Result<String, String> {
    let part = |index: usize| step.arn.split(':').nth(index).unwrap_or_default().to_owned();
    // The request is told to follow from an id, as those of services are.
    let origin = shared.ids.uuid();
    shared.recorder.produced(origin.clone(), cause);
    let to = ToDestination {
        account: part(4),
        region: part(3),
        name: step.api_destination().unwrap_or_default().to_owned(),
        payload: super::target::text(given),
        event: input::with_data(event),
        path: step.http.path.clone(),
        headers: step.http.headers.clone(),
        query: step.http.query.clone(),
        origin: Some(origin),
    };
    let body = shared.backend.ask_destination(to).await?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}
