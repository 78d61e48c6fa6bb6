//! HTTP clients for the floor: one that keeps the emulator's answer, and one that gives it again.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use rehearsal_emulator::{collect_response, into_sdk};

/// Passes requests on and keeps the last answer.
#[derive(Clone, Debug)]
pub struct Recording {
    inner: SharedHttpClient,
    last: Arc<Mutex<Option<http::Response<Bytes>>>>,
}

impl Recording {
    pub fn over(inner: SharedHttpClient) -> Self {
        Self { inner, last: Arc::default() }
    }

    pub fn taken(&self) -> http::Response<Bytes> {
        self.last.lock().expect("one thread").take().expect("there was a call")
    }
}

impl HttpClient for Recording {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let (inner, last) = (self.inner.http_connector(settings, parts), Arc::clone(&self.last));
        SharedHttpConnector::new(RecordingConnector { inner, last })
    }
}

#[derive(Debug)]
struct RecordingConnector {
    inner: SharedHttpConnector,
    last: Arc<Mutex<Option<http::Response<Bytes>>>>,
}

impl HttpConnector for RecordingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, last) = (self.inner.call(request), Arc::clone(&self.last));
        HttpConnectorFuture::new(async move {
            let response = collect_response(answer.await?).await?;
            *last.lock().expect("one thread") = Some(response.clone());
            into_sdk(response)
        })
    }
}

/// Gives every request the same answer.
#[derive(Clone, Debug)]
pub struct Canned(pub http::Response<Bytes>);

impl HttpClient for Canned {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(into_sdk(self.0.clone()))
    }
}
