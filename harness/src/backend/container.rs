//! LocalStack in a container, started by testcontainers for one run.
//!
//! What always holds: the container is gone when this process is, however it ends, also while it starts.
//! Dropping the handle removes it at once; a helper process that waits for the end of this one removes it
//! otherwise, after a panic, a signal or Ctrl-C, where no destructor runs.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rehearsal_emulator::ids::unrepeatable;
use testcontainers::core::{ContainerPort, WaitFor};
use testcontainers::runners::SyncRunner;
use testcontainers::{Container as Running, ImageExt, TestcontainersError};
use testcontainers_modules::localstack::LocalStack;

use super::options::Unavailable;
use crate::words::error_chain;

/// The last Community release, which needs no token.
pub const DEFAULT_IMAGE: &str = "localstack/localstack:4.14.0";
/// LocalStack's own variable, which later images need.
const TOKEN: &str = "LOCALSTACK_AUTH_TOKEN";
/// The services that replays and the conformance cases use: starting fewer is faster.
const SERVICES: &str = "s3,sqs,sns,events,scheduler,dynamodb,dynamodbstreams,sts";
const PORT: u16 = 4566;
/// What the reaper is told where this process ends in order.
const ORDERLY: &str = "done";
/// How long it may take to start, on a machine that is busy with a build.
const START_LIMIT: Duration = Duration::from_secs(300);

/// A running LocalStack.
pub struct Container {
    pub url: String,
    // In this order: the reaper finds nothing to remove any more.
    _running: Running<LocalStack>,
    _reaper: Option<Reaper>,
}

/// A shell that waits for the end of this process, by the end of its input, and then removes the container.
struct Reaper(Child);

impl Container {
    /// Starts LocalStack and waits until it answers.
    pub fn start(image: Option<&str>, tell: &dyn Fn(&str)) -> Result<Self, Unavailable> {
        let image = image.unwrap_or(DEFAULT_IMAGE);
        let (name, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"));
        tell(&format!("starting {image}"));
        let container = format!("rehearsal-localstack-{}", unrepeatable(10));
        let reaper = Reaper::of(&container);
        let mut request = LocalStack::default()
            .with_name(name)
            .with_tag(tag)
            .with_container_name(container)
            .with_env_var("SERVICES", SERVICES)
            .with_env_var("EAGER_SERVICE_LOADING", "1")
            .with_mapped_port(0, ContainerPort::Tcp(PORT))
            .with_startup_timeout(START_LIMIT)
            .with_label("org.rehearsal.process", std::process::id().to_string())
            .with_ready_conditions(vec![WaitFor::message_on_stdout("Ready.")]);
        // Passed through, and never shown: the request is not printed anywhere.
        if let Ok(token) = std::env::var(TOKEN) {
            request = request.with_env_var(TOKEN, token);
        }
        let running = request.start().map_err(|error| unavailable(image, &error))?;
        let url = address(&running).map_err(|error| unavailable(image, &error))?;
        tell(&format!("{image} answers at {url}"));
        Ok(Self { url, _running: running, _reaper: reaper })
    }
}

fn address(running: &Running<LocalStack>) -> Result<String, TestcontainersError> {
    let host = running.get_host()?.to_string().replace("localhost", "127.0.0.1");
    Ok(format!("http://{host}:{}", running.get_host_port_ipv4(PORT)?))
}

impl Reaper {
    /// For the container of a name, which need not be there yet. It is in a group of its own, so that Ctrl-C does
    /// not reach it. After a sudden end it looks twice: the engine may just have been asked to make the container.
    #[cfg(unix)]
    fn of(container: &str) -> Option<Self> {
        use std::os::unix::process::CommandExt;
        let remove = format!("docker rm --force --volumes {container}");
        let script = format!("read -r word; {remove}; [ \"$word\" = {ORDERLY} ] || {{ sleep 2; {remove}; }}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok().map(Self)
    }

    #[cfg(not(unix))]
    fn of(_: &str) -> Option<Self> {
        None
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            // One that is gone already needs no word.
            let _ = writeln!(input, "{ORDERLY}");
        }
        let _ = self.0.wait();
    }
}

fn unavailable(image: &str, error: &TestcontainersError) -> Unavailable {
    let text = error_chain(error);
    let engine = match std::env::var("DOCKER_HOST") {
        Ok(host) => format!("DOCKER_HOST={host}"),
        Err(_) => "the default sockets (DOCKER_HOST is not set)".to_owned(),
    };
    if is_no_engine(&text) {
        Unavailable::new(
            format!("no Docker engine answers at {engine}: {text}"),
            "start Docker, or choose another backend: --backend embedded needs none",
        )
    } else {
        Unavailable::new(
            format!("{image} could not be started at {engine}: {text}"),
            format!("try `docker run --rm {image}`; another image can be named by --localstack-image"),
        )
    }
}

fn is_no_engine(text: &str) -> bool {
    let signs = [
        "error trying to connect",
        "Error in the hyper legacy client",
        "Connection refused",
        "No such file",
        "Socket not found",
        "client error (Connect)",
    ];
    signs.iter().any(|sign| text.contains(sign))
}
