//! The embedded AWS on a port, under real time: for the AWS CLI, any SDK, Terraform. With an app, the resources of its
//! template are there from the start, and what they deliver to functions reaches the bound handlers.
//!
//! What always holds: every request is answered, by the emulator or by an error that names what is not simulated, and
//! each is told in one line.

mod app;
mod front;

pub use app::{Provisioned, Served};
pub use front::Front;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use bytes::Bytes;
use rehearsal_emulator::Clock;
use rehearsal_emulator::clock::Stopwatch;
use rehearsal_emulator::protocol::Request;
use tokio::net::TcpListener;

/// The account of clients whose access key names none, as LocalStack has it.
/// <https://docs.localstack.cloud/aws/capabilities/config/credentials/>
pub const DEFAULT_ACCOUNT: &str = "000000000000";
/// LocalStack's port.
pub const DEFAULT_PORT: u16 = 4566;

/// How long requests that are under way at the end may go on.
const GRACE: Duration = Duration::from_secs(1);

/// Takes a line about something that happened.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    /// What it listens on, with the port that the system chose where none was asked for.
    pub address: SocketAddr,
}

impl Server {
    /// Listens on an address; a port of 0 is any that is free.
    ///
    /// # Errors
    /// The system's, such as that something else listens there.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Answers requests until `end` returns. Those that are under way then have a moment left, so that a long poll does
    /// not hold up the end.
    ///
    /// # Errors
    /// The system's.
    pub async fn run(
        self,
        front: Front,
        clock: Clock,
        tell: Tell,
        end: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let router = Router::new().fallback(answer).with_state(Arc::new(At { front, clock, tell }));
        let (ending, ended) = tokio::sync::oneshot::channel();
        let end = async move {
            end.await;
            // Nobody listens where all has been answered already.
            let _ = ending.send(());
        };
        let moment = async move {
            if ended.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = axum::serve(self.listener, router).with_graceful_shutdown(end) => served,
            () = moment => Ok(()),
        }
    }
}

struct At {
    front: Front,
    clock: Clock,
    tell: Tell,
}

async fn answer(State(at): State<Arc<At>>, request: axum::extract::Request) -> http::Response<Body> {
    let watch = Stopwatch::start();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return http::Response::builder().status(400).body(Body::from("the request ended early")).expect("valid");
    };
    let request = Request { method: parts.method, uri: parts.uri, headers: parts.headers, body };
    let answered = at.front.answer(request).await;
    let status = answered.response.status().as_u16();
    let time = at.clock.now().strftime("%H:%M:%S");
    (at.tell)(&format!("{time} {status} {} {:.1?}", answered.what, watch.elapsed()));
    answered.response.map(|body: Bytes| Body::from(body))
}
