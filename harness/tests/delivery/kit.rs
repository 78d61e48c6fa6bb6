//! A rig for one replay: resources of a template, functions that note what they get, steps of a scenario.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use lambda_runtime::{Context, Error, LambdaEvent};
use rehearsal::backend::Place;
use rehearsal::diagnostic::Diagnostics;
use rehearsal::outcome::{NotRun, Outcome};
use rehearsal::run::{DEFAULT_SEED, Settings, run};
use rehearsal::trace::{Ended, Environment, Event, EventId, What};
use rehearsal::{App, Apps, Variables};
use serde_json::{Value, json};

/// What a function of the rig returns.
pub type Answer = Result<Value, Error>;

/// The state of a function, made at a cold start.
pub struct State {
    pub config: SdkConfig,
    pub variables: Variables,
    /// How many events this execution environment has been given, the present one included.
    pub served: Cell<u32>,
}

/// An event that a function was given.
#[derive(Clone, Debug)]
pub struct Seen {
    pub function: String,
    pub event: Value,
    pub context: Context,
    /// [`State::served`].
    pub served: u32,
}

/// Resources, functions and expectations of one replay.
#[derive(Default)]
pub struct Rig {
    resources: String,
    given: String,
    expect: String,
    app: App,
    unbound: bool,
    files: Vec<(&'static str, Vec<u8>)>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Rig {
    /// A rig over the `Resources` of a template, whose lines are indented by two spaces at least.
    pub fn new(resources: &str) -> Self {
        Self { resources: resources.to_owned(), ..Self::default() }
    }

    /// Binds a function that notes each event and then runs `handler`.
    pub fn function<H>(mut self, name: &'static str, handler: H) -> Self
    where
        H: AsyncFn(&State, LambdaEvent<Value>) -> Answer + Send + Sync + 'static,
    {
        let seen = Arc::clone(&self.seen);
        let noting = async move |state: &State, event: LambdaEvent<Value>| -> Answer {
            state.served.set(state.served.get() + 1);
            let (function, context) = (name.to_owned(), event.context.clone());
            let noted = Seen { function, event: event.payload.clone(), context, served: state.served.get() };
            seen.lock().expect("noting does not panic").push(noted);
            handler(state, event).await
        };
        self.app = self.app.function(name, new_state, noting);
        self
    }

    /// Binds a function that succeeds.
    pub fn ok(self, name: &'static str) -> Self {
        self.function(name, async |_: &State, _: LambdaEvent<Value>| Ok(Value::Null))
    }

    /// Binds a function that always fails with `no luck`.
    pub fn fails(self, name: &'static str) -> Self {
        self.function(name, async |_: &State, _: LambdaEvent<Value>| Err("no luck".into()))
    }

    /// Binds a function that answers an event at once.
    pub fn answers(self, name: &'static str, answer: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> Self {
        self.function(name, async move |_: &State, event: LambdaEvent<Value>| answer(&event.payload))
    }

    /// Binds a function as a project does, without noting anything.
    pub fn bind(mut self, bind: impl FnOnce(App) -> App) -> Self {
        self.app = bind(self.app);
        self
    }

    /// Leaves the app without a template.
    pub fn unbound(mut self) -> Self {
        self.unbound = true;
        self
    }

    /// Adds a line to the scenario's expectations.
    pub fn expect(mut self, line: &str) -> Self {
        self.expect += &format!("  {line}\n");
        self
    }

    /// Adds a line to what the scenario starts with.
    pub fn given(mut self, line: &str) -> Self {
        self.given += &format!("  {line}\n");
        self
    }

    /// Puts a file beside the scenario.
    pub fn file(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, content.into()));
        self
    }

    /// Plays steps, each written in one line, and settles.
    pub fn play(self, steps: &[&str]) -> Played {
        let (result, seen) = self.embedded(steps);
        let outcome = result.unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)));
        Played { outcome, seen }
    }

    /// Plays steps at a place where time is real.
    pub fn play_at(self, place: &Place, steps: &[&str]) -> Played {
        let (result, seen) = self.result(steps, Some(place));
        Played { outcome: result.unwrap_or_else(|not_run| panic!("{not_run:?}")), seen }
    }

    /// Why steps are not played at a place.
    pub fn not_run_at(self, place: &Place, steps: &[&str]) -> NotRun {
        self.result(steps, Some(place)).0.expect_err("it is played")
    }

    /// The messages about files or bindings that are wrong.
    pub fn refused(self, steps: &[&str]) -> String {
        let (result, seen) = self.embedded(steps);
        assert!(seen.is_empty(), "something ran");
        result.map(|_| ()).expect_err("nothing is wrong").render(false)
    }

    fn embedded(self, steps: &[&str]) -> (Result<Outcome, Diagnostics>, Vec<Seen>) {
        let (result, seen) = self.result(steps, None);
        let result = result.map_err(|not_run| match not_run {
            NotRun::Invalid(diagnostics) => diagnostics,
            other => panic!("{other:?}"),
        });
        (result, seen)
    }

    fn result(self, steps: &[&str], place: Option<&Place>) -> (Result<Outcome, NotRun>, Vec<Seen>) {
        let directory = directory();
        let write = |name: &str, content: &[u8]| fs::write(directory.join(name), content).expect("a file is written");
        let template = format!(
            "Transform: AWS::Serverless-2016-10-31\nGlobals: {{ Function: {{ Runtime: provided.al2023, Handler: bootstrap, CodeUri: . }} }}\nResources:\n{}\n",
            self.resources
        );
        write("template.yaml", template.as_bytes());
        let steps: String = steps.iter().map(|step| format!("  - {step}\n")).collect();
        let section =
            |name: &str, lines: &str| if lines.is_empty() { String::new() } else { format!("{name}:\n{lines}") };
        let (given, expect) = (section("given", &self.given), section("expect", &self.expect));
        let scenario = format!("version: 1\nname: A rule\ntemplate: template.yaml\n{given}steps:\n{steps}{expect}");
        write("rule.yaml", scenario.as_bytes());
        self.files.iter().for_each(|(name, content)| write(name, content));
        let apps = Apps::new(&directory).app(if self.unbound { "other.yaml" } else { "template.yaml" }, self.app);
        let settings = Settings { place, ..Settings::embedded(DEFAULT_SEED) };
        let result = run(&directory.join("rule.yaml"), &apps, settings).result;
        let seen = self.seen.lock().expect("noting does not panic").clone();
        (result, seen)
    }
}

fn new_state(config: &SdkConfig, variables: &Variables) -> Result<State, Error> {
    Ok(State { config: config.clone(), variables: variables.clone(), served: Cell::new(0) })
}

/// A folder of the test's own.
fn directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let test = std::thread::current().name().unwrap_or("main").replace("::", "-");
    let name = format!("delivery/{test}-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&directory).expect("the target's folder can be written");
    directory
}

/// A replay that is over, and what its functions were given.
pub struct Played {
    pub outcome: Outcome,
    pub seen: Vec<Seen>,
}

/// An invocation of the trace.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub id: EventId,
    /// Since the start of the replay.
    pub at: Duration,
    pub request_id: String,
    pub attempt: u32,
    pub environment: Environment,
    pub duration: Duration,
    pub result: Ended,
}

impl Played {
    /// Fails the test unless all was as the scenario expects.
    pub fn passed(self) -> Self {
        assert_eq!(self.failures(), Vec::<String>::new(), "{}", rehearsal::trace::to_json_lines(&self.outcome.trace));
        self
    }

    /// What was not as expected, with the details.
    pub fn failures(&self) -> Vec<String> {
        let text = |failure: &rehearsal::outcome::Failure| {
            [vec![failure.diagnostic.message.clone()], failure.details.clone()].concat().join("\n")
        };
        self.outcome.failures.iter().map(text).collect()
    }

    /// The events that a function was given, oldest first.
    pub fn events(&self, function: &str) -> Vec<&Value> {
        self.seen.iter().filter(|seen| seen.function == function).map(|seen| &seen.event).collect()
    }

    /// The one event that a function was given.
    pub fn event(&self, function: &str) -> &Value {
        match self.events(function)[..] {
            [event] => event,
            ref other => panic!("{function} was given {} events", other.len()),
        }
    }

    /// The bodies of the messages of each batch that a function was given.
    pub fn batches(&self, function: &str) -> Vec<Vec<&str>> {
        self.events(function).into_iter().map(|event| records(event).iter().map(body).collect()).collect()
    }

    /// A function's invocations, those that the scenario made fail included.
    pub fn invocations(&self, name: &str) -> Vec<Invocation> {
        self.outcome.trace.iter().filter_map(|event| self.invocation(event, name)).collect()
    }

    fn invocation(&self, event: &Event, name: &str) -> Option<Invocation> {
        let What::Invocation { function, request_id, attempt, environment, duration, result } = &event.what else {
            return None;
        };
        (function == name).then(|| Invocation {
            id: event.id,
            at: self.since_start(event),
            request_id: request_id.clone(),
            attempt: *attempt,
            environment: *environment,
            duration: duration.expect("it is over").unsigned_abs(),
            result: result.clone().expect("it is over"),
        })
    }

    /// When a function's invocations began, since the start of the replay.
    pub fn times(&self, function: &str) -> Vec<Duration> {
        self.invocations(function).iter().map(|invocation| invocation.at).collect()
    }

    /// How a function's invocations ended, each in a word.
    pub fn results(&self, function: &str) -> Vec<&'static str> {
        let word = |invocation: &Invocation| match invocation.result {
            Ended::Success => "success",
            Ended::Error(_) => "error",
            Ended::Timeout(_) => "timeout",
            Ended::Crash(_) => "crash",
            Ended::Throttled => "throttled",
        };
        self.invocations(function).iter().map(word).collect()
    }

    /// The environments that served a function's invocations.
    pub fn environments(&self, function: &str) -> Vec<Environment> {
        self.invocations(function).iter().map(|invocation| invocation.environment).collect()
    }

    /// When something happened, since the start of the replay.
    pub fn since_start(&self, event: &Event) -> Duration {
        let start = self.outcome.trace.first().expect("a trace is not empty").at;
        event.at.duration_since(start).unsigned_abs()
    }
}

/// The records of an event.
pub fn records(event: &Value) -> &[Value] {
    event["Records"].as_array().expect("the event has records")
}

fn body(record: &Value) -> &str {
    record["body"].as_str().expect("a body is a text")
}

/// Durations of so many seconds.
pub fn seconds<const N: usize>(seconds: [u64; N]) -> [Duration; N] {
    seconds.map(Duration::from_secs)
}

/// The response of an API's function.
pub fn response(status: u16, body: &str) -> Value {
    json!({ "statusCode": status, "body": body })
}

/// What an HTTP request was answered with.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A handler's own HTTP request to an origin, through the client that its configuration holds.
pub async fn request(config: &SdkConfig, origin: &str, request: http::Request<SdkBody>) -> Result<Reply, Error> {
    let operation = Operation::builder()
        .service_name("a service")
        .operation_name("a request")
        .http_client(config.http_client().ok_or("there is no client")?)
        .endpoint_url(origin)
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::disabled())
        .serializer(|request: http::Request<SdkBody>| Ok(HttpRequest::try_from(request)?))
        .deserializer::<_, std::convert::Infallible>(|response| Ok(reply(response)))
        .build();
    let answered = operation.invoke(request).await;
    answered.map_err(|error| DisplayErrorContext(error).to_string().into())
}

fn reply(response: &HttpResponse) -> Reply {
    let headers = response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let body = response.body().bytes().unwrap_or_default().to_vec();
    Reply { status: response.status().as_u16(), headers: headers.collect(), body }
}

/// The paths of all members of a JSON value, sorted: `Records[].s3.object.key`. Members of `free` objects,
/// whose keys are data, are left out.
pub fn paths(value: &Value, free: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    collect_paths(value, "", free, &mut all);
    all.sort();
    all.dedup();
    all
}

fn collect_paths(value: &Value, at: &str, free: &[&str], all: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !free.contains(&at) => {
            for (name, value) in fields {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                all.push(path.clone());
                collect_paths(value, &path, free, all);
            }
        }
        Value::Array(members) => members.iter().for_each(|member| collect_paths(member, &format!("{at}[]"), free, all)),
        _ => {}
    }
}
