//! What handlers log with `tracing`, kept with the invocation that it belongs to.
//!
//! Handlers log as they do on Lambda; during a replay a subscriber of the replay's own thread takes the
//! events, so that the timeline of a failed scenario shows them and the terminal stays quiet.

use std::fmt::Write as _;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::trace::{EventId, Recorder, What};

/// The span of one invocation.
pub fn invocation_span(event: EventId) -> tracing::Span {
    tracing::info_span!(target: TARGET, "invocation", event)
}

/// Takes what is logged on this thread within invocations, until the guard is dropped.
pub fn capture(recorder: Recorder) -> DefaultGuard {
    tracing::subscriber::set_default(Registry::default().with(Capture { recorder }))
}

const TARGET: &str = "rehearsal::invocation";

struct Capture {
    recorder: Recorder,
}

/// The invocation that a span stands for.
struct Invocation(EventId);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    /// The SDK's own spans and events would be thousands, and cost as much as its calls.
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        let target = metadata.target();
        target == TARGET || (*metadata.level() <= Level::INFO && !target.starts_with("aws_"))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() == TARGET {
            let mut line = Line::default();
            attributes.record(&mut line);
            if let (Some(span), Some(event)) = (context.span(id), line.event) {
                span.extensions_mut().insert(Invocation(event));
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let within = |span: tracing_subscriber::registry::SpanRef<'_, S>| {
            span.extensions().get::<Invocation>().map(|invocation| invocation.0)
        };
        let Some(cause) = context.event_scope(event).and_then(|mut scope| scope.find_map(within)) else { return };
        let mut line = Line::default();
        event.record(&mut line);
        let level = event.metadata().level().to_string();
        self.recorder.record(Some(cause), What::Log { level, message: line.message + &line.fields });
    }
}

/// An event's message and fields as one line of text.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
    event: Option<EventId>,
}

impl Visit for Line {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "event" {
            self.event = EventId::try_from(value).ok();
        }
        self.record_debug(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
