//! The steps `invoke` and `fail`.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::{Done, Failed, Player};
use crate::invoke::{FailureKind, PlannedFailure, Request};
use crate::matching::mismatches;
use crate::outcome::Failure;
use crate::scenario::{Action, Fail, FailWith, Invoke, InvokeExpect};
use crate::trace::EventId;

impl Player<'_> {
    pub(super) async fn invoke(&mut self, step: &Invoke, stimulus: EventId) -> Done {
        let function = self.shared.lambda.by_logical_id(&step.function.value).map(Rc::clone);
        let function = function.ok_or_else(|| format!("the template has no function {}", step.function.value))?;
        let payload = step.payload.clone().unwrap_or_else(|| serde_json::json!({})).to_string();
        let request_id = self.shared.ids.uuid();
        let request = Request { payload: &payload, request_id, attempt: 1, cause: stimulus };
        let invoked = self.shared.lambda.invoke(&function, request).await;
        let result = invoked.result.map(|response| serde_json::from_str::<Value>(&response).unwrap_or_default());
        let wrong = match (&step.expect, &result) {
            (Some(InvokeExpect::Payload(matcher)), Ok(payload)) => mismatches(matcher, payload.clone()),
            (Some(InvokeExpect::Error(matcher)), Err(error)) if matcher.value().is_object() => {
                mismatches(matcher, error.payload())
            }
            (Some(InvokeExpect::Error(matcher)), Err(error)) => mismatches(matcher, error.message().into()),
            (Some(InvokeExpect::Error(_)), Ok(payload)) => vec![format!("the function succeeded with {payload}")],
            (None | Some(InvokeExpect::Payload(_)), Err(error)) => {
                vec![format!("the function failed: {}", error.message())]
            }
            (None, Ok(_)) => Vec::new(),
        };
        if !wrong.is_empty() {
            return Err(Failed { message: "the result is not as expected".to_owned(), details: wrong });
        }
        self.capture(&step.capture, &result.unwrap_or_else(|error| error.payload()))
    }

    pub(super) fn plan_failures(&self, step: &Fail) -> Done {
        let function = self.shared.lambda.by_logical_id(&step.function.value);
        let function = function.ok_or_else(|| format!("the template has no function {}", step.function.value))?;
        let kind = match step.with {
            FailWith::Error => FailureKind::Error,
            FailWith::Throttle => FailureKind::Throttle,
            FailWith::Timeout => FailureKind::Timeout,
            FailWith::Crash => FailureKind::Crash,
        };
        let message = step.message.clone().unwrap_or_else(|| "the scenario makes this attempt fail".to_owned());
        function.plan_failures(&PlannedFailure { kind, message }, step.times.get());
        Ok(())
    }

    /// A failure for each `fail` step whose attempts did not all happen: it tested nothing.
    pub fn unused_failures(&self) -> Vec<Failure> {
        let mut unused: BTreeMap<&str, usize> = BTreeMap::new();
        let mut failures = Vec::new();
        for step in self.scenario.steps.iter().rev() {
            let Action::Fail(fail) = &step.action else { continue };
            let name = fail.function.value.as_str();
            let left = unused.entry(name).or_insert_with(|| {
                self.shared.lambda.by_logical_id(name).map_or(0, |function| function.planned_failures())
            });
            let of_this = (*left).min(fail.times.get() as usize);
            *left -= of_this;
            if of_this > 0 {
                let message =
                    format!("{of_this} of {} attempts of {name} that were to fail did not happen", fail.times);
                failures.push(self.failure(step.span.clone(), message));
            }
        }
        failures
    }
}
