//! EventBridge pipes: from a queue or stream, through a filter and perhaps a function, to a target.

use super::{EventSourceMapping, HttpParameters, StreamMapping};

/// A pipe. What reads its source is a mapping, in which the pipe's ARN stands for a function's.
#[derive(Clone, Debug)]
pub struct Pipe {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    pub source: PipeSource,
    pub enrichment: Option<PipeStep>,
    pub target: PipeStep,
    pub delivery: PipeDelivery,
}

impl Pipe {
    /// The ARN of what it reads, as the template knows it.
    pub fn source_arn(&self) -> &str {
        match &self.source {
            PipeSource::Queue(mapping) => &mapping.queue_arn,
            PipeSource::Stream(mapping) => &mapping.stream_arn,
        }
    }
}

/// What a pipe reads.
#[derive(Clone, Debug)]
pub enum PipeSource {
    Queue(EventSourceMapping),
    Stream(StreamMapping),
}

/// What a pipe hands events to, and what it makes of each event before.
#[derive(Clone, Debug)]
pub struct PipeStep {
    pub arn: String,
    pub input_template: Option<String>,
    /// What is added to the request, where it is an API destination.
    pub http: HttpParameters,
}

impl PipeStep {
    /// The name of the API destination that it is, if it is one.
    pub fn api_destination(&self) -> Option<&str> {
        self.arn.split_once(":api-destination/")?.1.split('/').next()
    }
}

/// How a pipe's target gets the events.
#[derive(Clone, Debug)]
pub enum PipeDelivery {
    /// All of them in one invocation, whose result is waited for or not.
    Function { waits: bool },
    /// A message for each, in this group of a FIFO queue, with this deduplication id.
    Queue { group: Option<String>, deduplication: Option<String> },
    /// A message for each.
    Topic,
    /// An event for each; what is not given is made of the pipe's name and its source.
    Bus { source: Option<String>, detail_type: Option<String>, resources: Vec<String> },
    /// A record for each, under this key.
    Stream { partition_key: String },
    /// A request for each.
    ApiDestination,
}
