//! Which Rust function stands behind which function of a template.
//!
//! An [`App`] is code only: it holds no state of a replay, so that many replays can share it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use aws_types::SdkConfig;
use futures_util::future::LocalBoxFuture;
use lambda_runtime::{Context, Error, LambdaEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::stack::in_its_template;

/// A function's environment variables.
pub type Variables = BTreeMap<String, String>;

/// The functions of one template, by logical id.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use aws_types::SdkConfig;
/// # use lambda_runtime::{Error, LambdaEvent};
/// struct State;
///
/// impl State {
///     fn new(_config: &SdkConfig, _variables: &BTreeMap<String, String>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
///
/// async fn handler(_state: &State, event: LambdaEvent<String>) -> Result<String, Error> {
///     Ok(format!("Hello, {}!", event.payload))
/// }
///
/// let app = rehearsal::App::new().function("Greet", State::new, handler);
/// ```
#[derive(Clone, Default)]
pub struct App {
    functions: BTreeMap<String, Arc<dyn Code>>,
}

impl App {
    /// An app without functions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds a function: its logical id in the template, what builds its state at a cold start, and its
    /// handler.
    pub fn function<S, E, R, N, H, NewError, HandlerError>(mut self, logical_id: &str, new: N, handler: H) -> Self
    where
        S: 'static,
        E: DeserializeOwned + 'static,
        R: Serialize + 'static,
        NewError: Into<Error> + 'static,
        HandlerError: Into<Error> + 'static,
        N: Fn(&SdkConfig, &Variables) -> Result<S, NewError> + Send + Sync + 'static,
        H: AsyncFn(&S, LambdaEvent<E>) -> Result<R, HandlerError> + Send + Sync + 'static,
    {
        let handler = Arc::new(handler);
        let start = move |config: &SdkConfig, variables: &Variables| -> Result<Box<dyn Instance>, Error> {
            let state = new(config, variables).map_err(Into::into)?;
            Ok(Box::new(Bound { state, handler: Arc::clone(&handler), types: std::marker::PhantomData }))
        };
        self.functions.insert(logical_id.to_owned(), Arc::new(start));
        self
    }

    /// The app of several templates: all of their functions; nothing where there is no app at all.
    pub(crate) fn of_all<'a>(apps: impl Iterator<Item = &'a App>) -> Option<Cow<'a, App>> {
        apps.map(Cow::Borrowed).reduce(|mut all, app| {
            all.to_mut().functions.extend(app.functions.iter().map(|(name, code)| (name.clone(), Arc::clone(code))));
            all
        })
    }

    /// The logical ids of the functions that are bound.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// The code of a function. Those of a template that several stacks are made of have one code.
    pub(crate) fn code(&self, logical_id: &str) -> Option<Arc<dyn Code>> {
        self.functions.get(logical_id).or_else(|| self.functions.get(in_its_template(logical_id))).cloned()
    }
}

/// A function's code: starts execution environments.
pub(crate) trait Code: Send + Sync {
    /// The init phase of a cold start.
    fn start(&self, config: &SdkConfig, variables: &Variables) -> Result<Box<dyn Instance>, Error>;
}

impl<F> Code for F
where
    F: Fn(&SdkConfig, &Variables) -> Result<Box<dyn Instance>, Error> + Send + Sync,
{
    fn start(&self, config: &SdkConfig, variables: &Variables) -> Result<Box<dyn Instance>, Error> {
        self(config, variables)
    }
}

/// A function in an execution environment: its state, built at the cold start.
pub(crate) trait Instance {
    /// Runs the handler on a payload and returns its response as JSON.
    fn invoke<'a>(&'a self, payload: &'a str, context: Context) -> LocalBoxFuture<'a, Result<String, Failure>>;
}

/// A handler's error, and the name of its type, which the runtime reports as the error's type.
pub(crate) struct Failure {
    pub error: Error,
    pub error_type: &'static str,
}

impl Failure {
    fn new<E: Into<Error>>(error: E) -> Self {
        Self { error: error.into(), error_type: std::any::type_name::<E>() }
    }
}

struct Bound<S, H, Types> {
    state: S,
    handler: Arc<H>,
    types: std::marker::PhantomData<fn() -> Types>,
}

impl<S, E, R, HandlerError, H> Instance for Bound<S, H, (E, R, HandlerError)>
where
    E: DeserializeOwned,
    R: Serialize,
    HandlerError: Into<Error>,
    H: AsyncFn(&S, LambdaEvent<E>) -> Result<R, HandlerError>,
{
    fn invoke<'a>(&'a self, payload: &'a str, context: Context) -> LocalBoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move {
            let payload: E = serde_json::from_str(payload)
                .map_err(|error| format!("the payload does not fit {}: {error}", std::any::type_name::<E>()))
                .map_err(Failure::new)?;
            let response = (self.handler)(&self.state, LambdaEvent::new(payload, context)).await;
            serde_json::to_string(&response.map_err(Failure::new)?).map_err(Failure::new)
        })
    }
}
