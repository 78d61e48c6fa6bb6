//! Plays a scenario's steps. Each stimulus is sent once, never retried, and recorded as the cause of what
//! follows from it.

mod archive;
mod describe;
mod function;
mod given;
mod http;
mod kinesis;
mod messages;
mod redrive;
mod s3;

use std::collections::BTreeMap;
use std::rc::Rc;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use bytes::Bytes;
use serde_json::Value;

use crate::diagnostic::Span;
use crate::driver::Driver;
use crate::outcome::Failure;
use crate::scenario::{Action, CaptureName, Captured, Content, Pointer, Scenario};
use crate::settle::{self, Settled};
use crate::shared::Shared;
use crate::trace::{EventId, What};
use describe::describe;

/// Plays the steps of one scenario.
pub struct Player<'s> {
    pub scenario: &'s Scenario,
    pub shared: Rc<Shared>,
    pub captured: Captured,
}

/// A step that did not do what it should.
struct Failed {
    message: String,
    details: Vec<String>,
}

type Done = Result<(), Failed>;

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self { message, details: Vec::new() }
    }
}

impl<'s> Player<'s> {
    /// A player at the first step.
    pub fn new(scenario: &'s Scenario, shared: Rc<Shared>) -> Self {
        Self { scenario, shared, captured: Captured::new() }
    }

    /// A failure that points at a place of the scenario.
    pub fn failure(&self, span: Span, message: String) -> Failure {
        Failure::at(&self.scenario.source, span, message)
    }

    /// Plays all steps, up to the first that fails.
    pub async fn steps(&mut self, driver: &Driver) -> Result<(), Box<Failure>> {
        for (index, step) in self.scenario.steps.iter().enumerate() {
            let played = match step.action.substituted(&self.captured) {
                Ok(action) => self.step(driver, index + 1, &action).await,
                Err(unknown) => Err(Failed::from(unknown.to_string())),
            };
            if let Err(failed) = played {
                let message = format!("step {} ({}): {}", index + 1, step.action.name(), failed.message);
                let mut failure = self.failure(step.span.clone(), message);
                failure.details = failed.details;
                return Err(Box::new(failure));
            }
        }
        Ok(())
    }

    async fn step(&mut self, driver: &Driver, number: usize, action: &Action) -> Done {
        let stimulus = self.shared.recorder.record(None, What::Stimulus { step: number, action: describe(action) });
        let config = self.stimulus_config(stimulus);
        match action {
            Action::S3Put(step) => self.put_object(&config, step, action.content()).await,
            Action::S3Copy(step) => self.copy_object(&config, step).await,
            Action::S3Delete(step) => self.delete_object(&config, step).await,
            Action::EventsPut(step) => self.put_event(&config, step).await,
            Action::EventsReplay(step) => self.replay_events(&config, step).await,
            Action::SqsSend(step) => self.send_message(&config, step, action.content()).await,
            Action::KinesisPut(step) => self.put_record(&config, step, action.content()).await,
            Action::SqsRedrive(step) => self.redrive(&config, step).await,
            Action::SnsPublish(step) => self.publish(&config, step, action.content()).await,
            Action::Http(step) => self.http(step, action.content(), stimulus).await,
            Action::Invoke(step) => self.invoke(step, stimulus).await,
            Action::Fail(step) => self.plan_failures(step),
            Action::Advance(by) => {
                settle::advance(driver, *by).await;
                Ok(())
            }
            Action::Settle(step) => {
                let settled = settle::settle(driver, step.within.unwrap_or(settle::DEFAULT_LIMIT)).await;
                self.shared.recorder.record(Some(stimulus), What::Settled { state: settled.to_string() });
                if settled.is_at_rest() { Ok(()) } else { Err(Failed::from(not_at_rest(&settled))) }
            }
        }
    }

    /// Stimuli are never retried: a fault must show, not be hidden by the step's own client.
    fn stimulus_config(&self, stimulus: EventId) -> SdkConfig {
        let config = self.shared.service_config_for(stimulus);
        config.to_builder().retry_config(RetryConfig::disabled()).build()
    }

    /// The failure of a replay that did not come to rest.
    pub fn unsettled(&self, settled: &Settled) -> Option<Failure> {
        let last = self.scenario.steps.last().map_or(0..0, |step| step.span.clone());
        (!settled.is_at_rest()).then(|| self.failure(last, format!("after the last step: {}", not_at_rest(settled))))
    }

    fn capture(&mut self, captures: &BTreeMap<CaptureName, Pointer>, answer: &Value) -> Done {
        for (name, pointer) in captures {
            let found = pointer.find(answer).cloned();
            let found = found.ok_or_else(|| {
                format!("nothing to capture as `{}` at {} of {answer}", name.as_str(), pointer.as_str())
            })?;
            self.captured.insert(name.as_str().to_owned(), found);
        }
        Ok(())
    }

    fn named<'r, T>(&self, all: &'r [T], name: &str, id: impl Fn(&T) -> &String) -> Result<&'r T, Failed> {
        all.iter().find(|one| id(one) == name).ok_or_else(|| Failed::from(format!("the template has no {name}")))
    }

    fn bytes(&self, content: Option<Content<'_>>) -> Result<Bytes, Failed> {
        Ok(match content {
            None => Bytes::new(),
            Some(Content::Text(text)) => Bytes::from(text.to_owned()),
            Some(Content::Json(value)) => Bytes::from(value.to_string()),
            Some(Content::File(file)) => {
                let path = self.scenario.path(&file.value);
                std::fs::read(&path).map(Bytes::from).map_err(|error| format!("{}: {error}", path.display()))?
            }
        })
    }

    fn text(&self, content: Option<Content<'_>>) -> Result<String, Failed> {
        let bytes = self.bytes(content)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Failed::from("the content is not UTF-8 text".to_owned()))
    }
}

fn sent<T, E>(result: Result<T, E>) -> Done
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    result.map(drop).map_err(|error| Failed::from(told(&error)))
}

/// What AWS answered in its own words; of a call that got no answer, why.
fn told<E: std::error::Error + ProvideErrorMetadata + 'static>(error: &E) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => causes(error),
    }
}

/// An error and what caused it, each in its own words and once.
fn causes(error: &dyn std::error::Error) -> String {
    let mut all: Vec<String> = Vec::new();
    let chain = std::iter::successors(Some(error), |error| error.source());
    for words in chain.map(ToString::to_string) {
        if !all.iter().any(|earlier| earlier.contains(&words)) {
            all.push(words);
        }
    }
    all.join(": ")
}

fn not_at_rest(settled: &Settled) -> String {
    format!("the workflow did not come to rest: {settled}")
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::operation::copy_object::CopyObjectError;
    use aws_smithy_types::error::ErrorMetadata;

    use super::{causes, told};

    #[test]
    fn what_aws_answers_is_told_in_its_own_words() {
        let metadata = ErrorMetadata::builder().code("NoSuchKey").message("The specified key does not exist.").build();
        assert_eq!(told(&CopyObjectError::generic(metadata)), "NoSuchKey: The specified key does not exist.");
    }

    #[test]
    fn each_cause_of_an_error_is_told_once() {
        let inner = std::io::Error::other("nothing answers");
        let outer = std::io::Error::other(std::io::Error::other(inner));
        assert_eq!(causes(&outer), "nothing answers");
    }
}
