//! LocalStack in a container, started by testcontainers for one run.
//!
//! What always holds: the container is gone when this process is, however it ends. Dropping the handle
//! removes it at once; a helper process that waits for the end of this one removes it otherwise, after a
//! panic, a signal or Ctrl-C, where no destructor runs.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
/// The services that a replay uses: starting fewer is faster.
const SERVICES: &str = "s3,sqs,sns,events,dynamodb,dynamodbstreams,sts";
const PORT: u16 = 4566;
/// How long it may take to start, on a machine that is busy with a build.
const START_LIMIT: Duration = Duration::from_secs(300);

/// A running LocalStack.
pub struct Container {
    pub url: String,
    running: Option<Running<LocalStack>>,
    reaper: Option<Child>,
}

impl Container {
    /// Starts LocalStack and waits until it answers.
    pub fn start(image: Option<&str>, tell: &dyn Fn(&str)) -> Result<Self, Unavailable> {
        let image = image.unwrap_or(DEFAULT_IMAGE);
        let (name, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"));
        tell(&format!("starting {image}"));
        let mut request = LocalStack::default()
            .with_name(name)
            .with_tag(tag)
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
        let reaper = reap(running.id());
        let url = address(&running).map_err(|error| unavailable(image, &error))?;
        tell(&format!("{image} answers at {url}"));
        Ok(Self { url, running: Some(running), reaper })
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(mut reaper) = self.reaper.take() {
            // Its end of the pipe closes, and it finds nothing to remove.
            drop(reaper.stdin.take());
            let _ = reaper.wait();
        }
    }
}

fn address(running: &Running<LocalStack>) -> Result<String, TestcontainersError> {
    let host = running.get_host()?.to_string().replace("localhost", "127.0.0.1");
    Ok(format!("http://{host}:{}", running.get_host_port_ipv4(PORT)?))
}

/// A shell that waits for the end of this process, by the end of its input, and then removes the container.
/// It is in a group of its own, so that Ctrl-C does not reach it.
#[cfg(unix)]
fn reap(container: &str) -> Option<Child> {
    use std::os::unix::process::CommandExt;
    let script = format!("read -r _; docker rm --force --volumes {container}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

#[cfg(not(unix))]
fn reap(_: &str) -> Option<Child> {
    None
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
