//! A function, as it is invoked by one of its ARNs. Those of all ARNs share what the function has: planned
//! failures, concurrency, and the execution environments of each version.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use super::concurrency::{Account, Load, Slot, TooLittleLeft};
use super::error::ThrottleReason;
use crate::app::{Code, Instance};
use crate::call::Caller;
use crate::stack;

/// A function, as it is invoked by one of its ARNs.
pub struct Function {
    /// With the configuration of asynchronous invocation that holds for this ARN.
    pub settings: stack::Function,
    /// The ARN, which may have a qualifier.
    pub arn: String,
    /// The version that runs: `$LATEST` or a number.
    pub version: String,
    pub(super) code: Arc<dyn Code>,
    state: Rc<State>,
}

/// What all ARNs of a function share.
struct State {
    /// By version.
    idle: RefCell<BTreeMap<String, Vec<ExecutionEnvironment>>>,
    planned: RefCell<VecDeque<PlannedFailure>>,
    account: Rc<Account>,
    load: Rc<Load>,
}

pub(super) struct ExecutionEnvironment {
    pub instance: Box<dyn Instance>,
    pub caller: Caller,
    pub log_stream: String,
}

/// What a `fail` step asks of a function's next attempt. The handler does not run in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFailure {
    pub kind: FailureKind,
    pub message: String,
}

/// How an attempt fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    Error,
    Throttle,
    Timeout,
    Crash,
}

/// All functions by all their ARNs.
pub(super) fn by_arn(
    functions: impl IntoIterator<Item = (stack::Function, Arc<dyn Code>)>,
) -> BTreeMap<String, Rc<Function>> {
    let account = Rc::new(Account::default());
    let mut all = BTreeMap::new();
    for (settings, code) in functions {
        let (account, load) = (Rc::clone(&account), account.add(settings.reserved_concurrency));
        let state = Rc::new(State { idle: RefCell::default(), planned: RefCell::default(), account, load });
        for (arn, version, event_invoke) in settings.arns() {
            let settings = stack::Function { event_invoke: event_invoke.clone(), ..settings.clone() };
            let (version, code, state) = (version.to_owned(), Arc::clone(&code), Rc::clone(&state));
            all.insert(arn.clone(), Rc::new(Function { settings, arn, version, code, state }));
        }
    }
    all
}

impl Function {
    /// Makes the next `times` attempts fail.
    pub fn plan_failures(&self, failure: &PlannedFailure, times: u32) {
        self.state.planned.borrow_mut().extend((0..times).map(|_| failure.clone()));
    }

    /// How many planned failures have not happened.
    pub fn planned_failures(&self) -> usize {
        self.state.planned.borrow().len()
    }

    /// The ARN that it is invoked by, with a qualifier in any case.
    pub fn qualified_arn(&self) -> String {
        if self.arn == self.settings.arn { format!("{}:{}", self.arn, self.version) } else { self.arn.clone() }
    }

    /// Whether it reserves no concurrency at all, so that it never runs.
    pub fn is_switched_off(&self) -> bool {
        self.reserved_concurrency() == Some(0)
    }

    /// How many invocations it has reserved for itself, by the template or since.
    pub fn reserved_concurrency(&self) -> Option<u32> {
        self.state.load.reserved()
    }

    /// Changes how many invocations it has reserved for itself.
    ///
    /// # Errors
    /// Too little would be left for all other functions.
    pub fn reserve_concurrency(&self, reserved: Option<u32>) -> Result<(), TooLittleLeft> {
        self.state.account.reserve(&self.state.load, reserved)
    }

    /// Lets an invocation begin, and tells how it is to fail, if it is.
    pub(super) fn admit(&self) -> Result<(Slot, Option<PlannedFailure>), ThrottleReason> {
        let mut planned = self.state.planned.borrow_mut();
        if planned.pop_front_if(|planned| planned.kind == FailureKind::Throttle).is_some() {
            return Err(ThrottleReason::Account);
        }
        Ok((self.state.account.enter(&self.state.load)?, planned.pop_front()))
    }

    /// An idle execution environment of this version, which is idle no longer.
    pub(super) fn take_idle(&self) -> Option<ExecutionEnvironment> {
        self.state.idle.borrow_mut().get_mut(&self.version)?.pop()
    }

    /// Keeps an execution environment for a later invocation.
    pub(super) fn keep_idle(&self, environment: ExecutionEnvironment) {
        self.state.idle.borrow_mut().entry(self.version.clone()).or_default().push(environment);
    }
}
