//! What all parts of the driver share in one replay: the backend, the stack, Lambda itself, and the books.

mod switches;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use aws_types::SdkConfig;
use jiff::Timestamp;
use rehearsal_emulator::{Ids, Mail};
use serde_json::Value;

use crate::app::App;
use crate::backend::Backend;
use crate::call::{CallLayer, Caller};
use crate::gateway::Gateway;
use crate::invoke::Lambda;
use crate::pending::PendingWork;
use crate::stack::Stack;
use crate::stubs::Stubs;
use crate::trace::{EventId, Recorder, What};
pub use switches::{Switch, Switches};

/// What all parts of the driver share.
pub struct Shared {
    pub backend: Rc<dyn Backend>,
    pub stack: Stack,
    pub lambda: Lambda,
    pub ids: Ids,
    pub recorder: Recorder,
    pub pending: PendingWork,
    pub gateway: Gateway,
    /// Which mappings are enabled.
    pub switches: Switches,
    /// When the stack was made.
    pub made: Timestamp,
    /// Other systems.
    pub stubs: Stubs,
    /// What went wrong in the driver itself. A replay with a problem has failed.
    problems: RefCell<Vec<String>>,
    /// How many events for functions have been taken from the backend.
    taken: Cell<u64>,
    mails: RefCell<Vec<Mail>>,
}

impl Shared {
    /// The state of a replay over a provisioned stack, with the app's code behind its functions.
    pub fn new(backend: Rc<dyn Backend>, stack: Stack, app: &App, ids: Ids, recorder: Recorder) -> Rc<Self> {
        let bound =
            stack.functions.iter().filter_map(|function| Some((function.clone(), app.code(&function.logical_id)?)));
        let lambda = Lambda::new(bound, backend.config(), backend.clock(), ids.clone(), recorder.clone());
        let (pending, problems, taken) = (PendingWork::default(), RefCell::default(), Cell::new(0));
        let (gateway, stubs, mails) = (Gateway::default(), Stubs::default(), RefCell::default());
        let made = backend.clock().now();
        let switches = Switches::of(&stack, made);
        Rc::new(Self {
            backend,
            stack,
            lambda,
            ids,
            recorder,
            pending,
            gateway,
            switches,
            made,
            stubs,
            problems,
            taken,
            mails,
        })
    }

    /// How Lambda itself reaches AWS: not traced, for polling and deleting.
    pub fn service_config(&self) -> SdkConfig {
        self.backend.config()
    }

    /// A configuration whose calls are recorded as following from an event.
    pub fn service_config_for(&self, cause: EventId) -> SdkConfig {
        let config = self.backend.config();
        let http = config.http_client().expect("every backend has an HTTP client");
        let layer = CallLayer::new(http, self.recorder.clone(), Caller::of(cause));
        config.to_builder().http_client(layer).build()
    }

    /// The call that one of these ids comes from.
    pub fn producer_of(&self, ids: &[String]) -> Option<EventId> {
        ids.iter().find_map(|id| self.recorder.producer(id))
    }

    /// The call that a queue's message comes from: by its id or, where another service put it there, by its
    /// origin or the id of what it carries.
    pub fn producer_of_message(&self, id: &str, body: &str) -> Option<EventId> {
        let origin = || self.recorder.producer(&self.backend.origin_of(id)?);
        self.recorder.producer(id).or_else(origin).or_else(|| {
            let body: Value = serde_json::from_str(body).ok()?;
            let carried =
                ["/Records/0/responseElements/x-amz-request-id", "/MessageId", "/id", "/requestContext/requestId"];
            let mut carried = carried.iter().filter_map(|pointer| body.pointer(pointer)?.as_str());
            carried.find_map(|id| self.recorder.producer(id))
        })
    }

    /// The URL of a queue of the stack.
    pub fn queue_url(&self, arn: &str) -> Option<&str> {
        self.stack.queues.iter().find(|queue| queue.arn == arn).map(|queue| queue.url.as_str())
    }

    /// Notes something that must not happen in a sound replay, once.
    pub fn problem(&self, text: String) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&text) {
            problems.push(text);
        }
    }

    /// What has been noted.
    pub fn problems(&self) -> Vec<String> {
        self.problems.borrow().clone()
    }

    /// What asks the owners of addresses and HTTP endpoints to confirm the subscriptions of a stack that has just been
    /// provisioned. It is not part of what happens.
    pub fn requests_to_confirm(&self) -> Vec<String> {
        let mails = self.backend.take_mail().into_iter().map(|mail| mail.body);
        mails.chain(self.backend.take_posts()).collect()
    }

    /// Takes the mail that has arrived, and records it.
    pub fn collect_mail(&self) {
        for mail in self.backend.take_mail() {
            let cause = mail.origin.as_deref().and_then(|origin| self.recorder.producer(origin));
            let (from, to, subject) = (mail.from.clone(), mail.to.clone(), mail.subject.clone());
            self.recorder.record(cause, What::Mail { from, to, subject });
            self.mails.borrow_mut().push(mail);
        }
    }

    /// The mail that has arrived since everything was in place, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.borrow().clone()
    }

    /// Notes that an event for a function has been taken from the backend.
    pub fn took_event(&self) {
        self.taken.set(self.taken.get() + 1);
    }

    /// How many events have been taken.
    pub fn events_taken(&self) -> u64 {
        self.taken.get()
    }
}
