//! The Lambda service of one replay: everything that delivers, put together over a provisioned stack.

mod hosts;

use std::rc::Rc;

use tokio::sync::mpsc;

use crate::mapping::{Consumer, DataStream, SqsMapping, StreamMapping, StreamSource, TableStream};
use crate::pipes::Pipe;
use crate::push;
use crate::shared::Shared;
use crate::stack::{self, EventSourceMapping, PipeSource};
pub use hosts::{Asking, host_handler};

/// The parts of the driver at work. They stop when this is dropped.
pub struct Driver {
    pub shared: Rc<Shared>,
    pub mappings: Vec<Rc<SqsMapping>>,
    pub streams: Vec<Rc<StreamMapping>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Driver {
    /// Starts delivering: from streams, what is written from now on, and where a mapping says so what was before.
    /// Must be called within a `LocalSet`.
    pub async fn start(shared: Rc<Shared>, hosts: mpsc::UnboundedReceiver<Asking>) -> Self {
        let (mappings, streams) = (mappings(&shared), streams(&shared));
        for stream in &streams {
            stream.prepare().await;
        }
        let backend = Rc::clone(&shared.backend);
        let mut tasks = vec![
            tokio::task::spawn_local(async move { backend.drive().await }),
            tokio::task::spawn_local(push::accept(Rc::clone(&shared), shared.backend.function_events())),
            tokio::task::spawn_local(hosts::serve(Rc::clone(&shared), hosts)),
            tokio::task::spawn_local(watch_mail(Rc::clone(&shared))),
        ];
        tasks.extend(mappings.iter().map(|mapping| tokio::task::spawn_local(Rc::clone(mapping).run())));
        tasks.extend(streams.iter().map(|stream| tokio::task::spawn_local(Rc::clone(stream).run())));
        Self { shared, mappings, streams, tasks }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Records each mail when it arrives. Never returns before the backend ends.
async fn watch_mail(shared: Rc<Shared>) {
    let mut changes = shared.backend.changes();
    while changes.changed().await.is_ok() {
        shared.collect_mail();
    }
}

/// The mappings of queues, to functions and to pipes.
fn mappings(shared: &Rc<Shared>) -> Vec<Rc<SqsMapping>> {
    let stack = &shared.stack;
    let of_pipe = |pipe: &stack::Pipe| match &pipe.source {
        PipeSource::Queue(mapping) => Some(mapping.clone()),
        PipeSource::Stream(_) => None,
    };
    let all = stack.event_source_mappings.iter().cloned().chain(stack.pipes.iter().filter_map(of_pipe));
    let mapping = |settings: EventSourceMapping| {
        let queue = stack.queues.iter().find(|queue| queue.arn == settings.queue_arn)?.clone();
        let consumer = consumer(shared, &settings.function_arn)?;
        Some(Rc::new(SqsMapping::new(settings, queue, consumer, Rc::clone(shared))))
    };
    all.filter_map(mapping).collect()
}

/// The mappings of streams, to functions and to pipes.
fn streams(shared: &Rc<Shared>) -> Vec<Rc<StreamMapping>> {
    let stack = &shared.stack;
    let of_pipe = |pipe: &stack::Pipe| match &pipe.source {
        PipeSource::Stream(mapping) => Some(mapping.clone()),
        PipeSource::Queue(_) => None,
    };
    let all = stack.stream_mappings.iter().cloned().chain(stack.pipes.iter().filter_map(of_pipe));
    let mapping = |settings: stack::StreamMapping| {
        let consumer = consumer(shared, &settings.function_arn)?;
        let source = source(shared, &settings.stream_arn, consumer.logical_id())?;
        Some(Rc::new(StreamMapping::new(settings, source, consumer, Rc::clone(shared))))
    };
    all.filter_map(mapping).collect()
}

/// The function or pipe with an ARN.
fn consumer(shared: &Rc<Shared>, arn: &str) -> Option<Rc<dyn Consumer>> {
    if let Some(pipe) = shared.stack.pipes.iter().find(|pipe| pipe.arn == arn) {
        return Some(Rc::new(Pipe::new(pipe.clone())));
    }
    let function = Rc::clone(shared.lambda.function(arn)?);
    Some(function)
}

/// The stream with an ARN, of a table or of Kinesis, as it is read for somebody.
fn source(shared: &Rc<Shared>, arn: &str, reader: &str) -> Option<Box<dyn StreamSource>> {
    let stack = &shared.stack;
    if let Some(table) = stack.tables.iter().find(|table| table.stream_arn.as_deref() == Some(arn)) {
        let client = aws_sdk_dynamodbstreams::Client::new(&shared.service_config());
        return Some(Box::new(TableStream::new(table.clone(), Rc::clone(shared), client)));
    }
    let stream = stack.streams.iter().find(|stream| stream.arn == arn)?;
    Some(Box::new(DataStream::new(stream.clone(), reader, Rc::clone(shared))))
}
