//! The HTTP client of a remote backend: what is signed for AWS goes to the endpoint, what is meant for the
//! template's APIs to the harness's own API Gateway, and anything else is refused, as on the embedded backend.
//!
//! Every answer passes [`Transit`], which learns from it what is on its way to a queue, and what comes out of a queue
//! waits for the [`CallsUnderWay`] that it may follow from.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use rehearsal_emulator::protocol::{Reply, Request, UnknownRequest, identify};
use rehearsal_emulator::{HostHandler, HostRequest, Refused, Sender, collect_response, into_sdk, request_into_sdk};

use super::transit::Transit;
use super::under_way::CallsUnderWay;

/// An SDK HTTP client over plain HTTP or TLS, as the endpoint wants it.
pub fn network(endpoint_url: Option<&str>) -> SharedHttpClient {
    use aws_smithy_http_client::{Builder, tls};
    if endpoint_url.is_some_and(|url| url.starts_with("http://")) {
        // Without TLS there are no certificates to load, which costs more than a whole small replay.
        return Builder::new().build_http();
    }
    Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
}

/// The network of one replay.
#[derive(Clone)]
pub struct Network {
    pub aws: SharedHttpClient,
    pub hosts: HostHandler,
    pub transit: Transit,
    pub calls: CallsUnderWay,
}

impl HttpClient for Network {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let aws = self.aws.http_connector(settings, components);
        SharedHttpConnector::new(Connector { aws, network: self.clone() })
    }
}

#[derive(Clone)]
struct Connector {
    aws: SharedHttpConnector,
    network: Network,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move {
            let request = rehearsal_emulator::collect(request).await?;
            into_sdk(connector.answer(&request).await?)
        })
    }
}

impl Connector {
    async fn answer(&self, request: &Request) -> Result<http::Response<Bytes>, ConnectorError> {
        match identify(request) {
            // Lambda is the harness; another service that the emulator does not know may well be there.
            Err(unknown) => match ((self.network.hosts)(asked(request)), unknown) {
                (Some(answer), _) => answer.await.map(Reply::into_http).map_err(|Refused(reason)| refused(reason)),
                (None, UnknownRequest::Service(_)) => self.pass_on(request).await,
                (None, _) => Err(refused(format!("nothing answers for the host `{}`", request.host()))),
            },
            Ok(identity) => {
                let under_way = self.network.calls.begin(&identity);
                let response = self.pass_on(request).await?;
                self.network.transit.observe(&identity, request, &response);
                drop(under_way);
                if identity.operation == "ReceiveMessage" {
                    self.network.calls.earlier().await;
                }
                Ok(response)
            }
        }
    }

    async fn pass_on(&self, request: &Request) -> Result<http::Response<Bytes>, ConnectorError> {
        collect_response(self.aws.call(request_into_sdk(request)?).await?).await
    }
}

fn asked(request: &Request) -> HostRequest {
    HostRequest { request: request.clone(), sender: Sender::Client }
}

fn refused(reason: String) -> ConnectorError {
    ConnectorError::io(std::io::Error::new(std::io::ErrorKind::ConnectionRefused, reason).into())
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("backend::client::Network")
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("backend::client::Connector")
    }
}
