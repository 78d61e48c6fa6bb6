//! A step in a few words.

use crate::scenario::{Action, S3Copy, Target};
use crate::words::duration;

/// The step in a few words, for the trace.
pub(super) fn describe(action: &Action) -> String {
    let name = action.name();
    match action {
        Action::S3Put(step) => format!("{name} {}/{}", step.bucket.value, step.key),
        Action::S3Copy(S3Copy { from, to }) => {
            format!("{name} {}/{} to {}/{}", from.bucket.value, from.key, to.bucket.value, to.key)
        }
        Action::S3Delete(step) => format!("{name} {}/{}", step.bucket.value, step.key),
        Action::Http(step) => match step.target() {
            Target::Api { api, path } | Target::Function { function: api, path } => {
                format!("{name} {} {} {path}", api.value, step.method.as_str())
            }
            // A signature is long, and says nothing.
            Target::Url(url) => {
                format!("{name} {} {}", step.method.as_str(), url.split('?').next().unwrap_or_default())
            }
        },
        Action::EventsPut(step) => {
            let bus = step.bus.as_ref().map_or("default", |bus| bus.value.as_str());
            format!("{name} {bus} {} {}", step.source, step.detail_type)
        }
        Action::EventsReplay(step) => format!("{name} {}", step.archive.value),
        Action::SqsRedrive(step) => format!("{name} {}", step.queue.value),
        Action::SqsSend(step) => format!("{name} {}", step.queue.value),
        Action::KinesisPut(step) => format!("{name} {} {}", step.stream.value, step.key),
        Action::SnsPublish(step) => format!("{name} {}", step.topic.value),
        Action::Invoke(step) => format!("{name} {}", step.function.value),
        Action::Fail(step) => {
            let with = format!("{:?}", step.with).to_lowercase();
            format!("{name} {} ×{} with {with}", step.function.value, step.times)
        }
        Action::Advance(by) => format!("{name} {}", duration(*by)),
        Action::Settle(step) => {
            step.within.map_or_else(|| name.to_owned(), |within| format!("{name} within {}", duration(within)))
        }
    }
}
