//! A small client of the API server of the tests: one connection, whole answers. Used by `api_server` and its tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::ApiServer;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// What the server does with fields that the schema doesn't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Drops them.
    Ignore,
    /// Refuses them.
    Strict,
}

/// An answer of the server.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What the server found wrong, one text a cause as `field: message`, in order; without causes the message of the whole.
    pub fn causes(&self) -> Vec<String> {
        if self.is_good() {
            return Vec::new();
        }
        let causes = self.body["details"]["causes"].as_array().into_iter().flatten();
        let text = |cause: &Value, name: &str| cause[name].as_str().unwrap_or_default().to_owned();
        let mut found: Vec<String> =
            causes.map(|cause| format!("{}: {}", text(cause, "field"), text(cause, "message"))).collect();
        if found.is_empty() {
            found.push(text(&self.body, "message"));
        }
        // The server lists them in the order of a Go map: another one each time.
        found.sort();
        found
    }
}

/// One connection to the server, with the runtime that drives it.
pub struct Client {
    runtime: Runtime,
    config: Arc<ClientConfig>,
    address: SocketAddr,
    token: &'static str,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub(super) fn of(server: &ApiServer) -> Client {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&server.authority) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Client { runtime, config, address: server.address, token: server.token, sender: None }
    }

    /// Sends a request; nothing if the connection failed.
    pub fn try_send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let host = self.address.to_string();
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", host)
            .header("authorization", format!("Bearer {}", self.token));
        if body.is_some() {
            let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", kind);
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(Full::new(bytes)).unwrap();
        let (sender, config, address) = (&mut self.sender, self.config.clone(), self.address);
        self.runtime.block_on(async {
            if sender.as_ref().is_none_or(SendRequest::is_closed) {
                *sender = connect(address, config).await;
            }
            let open = sender.as_mut()?;
            open.ready().await.ok()?;
            let answer = open.send_request(request).await.ok()?;
            let status = answer.status().as_u16();
            let bytes = answer.into_body().collect().await.ok()?.to_bytes();
            Some(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
        })
    }

    /// Sends a request that must be answered.
    #[track_caller]
    pub fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        // The server closes connections that nobody used for a while.
        let first = self.try_send(method, path, body);
        first.or_else(|| self.try_send(method, path, body)).unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// Makes a definition (CustomResourceDefinition), whose objects can be made a moment later.
    ///
    /// # Errors
    /// What the server finds wrong with it.
    pub fn try_define(&mut self, definition: &Value) -> Result<(), Vec<String>> {
        let answer = self.send("POST", DEFINITIONS, Some(definition));
        if answer.is_good() { Ok(()) } else { Err(answer.causes()) }
    }

    /// Waits until objects of each version of a definition can be made.
    #[track_caller]
    pub fn wait_for(&mut self, definition: &Value) {
        let until = Instant::now() + Duration::from_secs(60);
        let spec = &definition["spec"];
        for version in spec["versions"].as_array().into_iter().flatten().filter(|version| version["served"] == true) {
            let (group, version) = (spec["group"].as_str().unwrap(), version["name"].as_str().unwrap());
            let path = format!("/apis/{group}/{version}/{}", spec["names"]["plural"].as_str().unwrap());
            while self.get(&path).status != 200 {
                assert!(Instant::now() < until, "{path} isn't served");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Makes definitions that the server must take, and waits for them.
    #[track_caller]
    pub fn define(&mut self, definitions: &[Value]) {
        for definition in definitions {
            let made = self.try_define(definition);
            assert!(made.is_ok(), "{}: {made:#?}", definition["metadata"]["name"]);
        }
        definitions.iter().for_each(|definition| self.wait_for(definition));
    }

    /// Takes a definition away again: the server's work at each further one grows with what it has.
    pub fn remove(&mut self, definition: &Value) {
        let name = definition["metadata"]["name"].as_str().unwrap();
        self.send("DELETE", &format!("{DEFINITIONS}/{name}"), None);
    }

    /// What the server says to the creation of an object, which it doesn't make; `at` is where its kind is served, such as
    /// `/apis/example.com/v1/namespaces/default/things`.
    #[track_caller]
    pub fn would_create(&mut self, at: &str, object: &Value, strictness: Strictness) -> Answer {
        self.send("POST", &format!("{at}?dryRun=All&fieldValidation={strictness:?}"), Some(object))
    }

    /// The same for a change of an object that is there.
    #[track_caller]
    pub fn would_update(&mut self, at: &str, object: &Value, strictness: Strictness) -> Answer {
        let name = object["metadata"]["name"].as_str().unwrap();
        self.send("PUT", &format!("{at}/{name}?dryRun=All&fieldValidation={strictness:?}"), Some(object))
    }
}

async fn connect(address: SocketAddr, config: Arc<ClientConfig>) -> Option<SendRequest<Full<Bytes>>> {
    let stream = tokio::net::TcpStream::connect(address).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let name = ServerName::IpAddress(address.ip().into());
    let stream = TlsConnector::from(config).connect(name, stream).await.ok()?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    Some(sender)
}
