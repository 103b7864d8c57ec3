//! Requests to one declared service, over hyper and rustls: a connection each, to an address that was looked at.
//! Each hop of a redirect is checked like the first one. No proxy, no cookie, no compression, no other host.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::address::{Resolver, SystemResolver, checked};
use super::{Method, Request, Response, Service};
use crate::config::{HeaderText, HttpService};
use crate::error::{Error, Result};
use crate::formats::url::Url;
use crate::world::secrets::Secrets;

/// Redirects that one read follows.
const REDIRECTS: usize = 5;

/// Requests that one run makes to one service, redirects and repetitions included.
const REQUESTS: u32 = 1000;

/// How often a service that is busy is asked, and the longest pause that it may ask for.
const BUSY_TRIES: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Headers that say how a message travels, or where to: the client's own to set.
const OURS: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The client of one service.
pub struct Client {
    name: String,
    service: HttpService,
    secrets: Secrets,
    resolver: Arc<dyn Resolver>,
    tls: OnceLock<TlsConnector>,
    made: AtomicU32,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Client {
    /// The client of that service.
    pub fn new(name: &str, service: HttpService, secrets: Secrets) -> Client {
        Client::resolving(name, service, secrets, Arc::new(SystemResolver))
    }

    /// The same with another way to find addresses.
    fn resolving(name: &str, service: HttpService, secrets: Secrets, resolver: Arc<dyn Resolver>) -> Client {
        let name = name.to_string();
        Client { name, service, secrets, resolver, tls: OnceLock::new(), made: AtomicU32::new(0) }
    }

    /// A request to its last answer: a service that is busy is asked again, if it says when.
    async fn exchange(&self, request: &Request) -> Result<Response> {
        let mut tries = 1;
        loop {
            let limit = self.service.timeout;
            let answer = tokio::time::timeout(limit, self.follow(request)).await;
            let answer = answer.unwrap_or_else(|_| {
                let message = format!("the service `{}` took longer than {} s", self.name, limit.as_secs());
                Err(self.failed(request, "idp::http::time", message))
            })?;
            match pause(&answer) {
                Some(pause) if tries < BUSY_TRIES => tokio::time::sleep(pause).await,
                _ => return Ok(answer),
            }
            tries += 1;
        }
    }

    async fn follow(&self, request: &Request) -> Result<Response> {
        let base = &self.service.url;
        let mut at = Url { target: request.target(&base.target)?, ..base.clone() };
        for _ in 0..=REDIRECTS {
            let answer = self.one(request, &at).await?;
            let location = answer.headers.get("location");
            let Some(location) = location.filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308)) else {
                return Ok(answer);
            };
            if request.method != Method::Get {
                let message =
                    format!("the service `{}` redirects a {}, which is not followed", self.name, request.method);
                return Err(
                    Error::failed("idp::http::redirect", message).help("name the URL that it has now in idp.yaml")
                );
            }
            at = self.redirected(&at, location)?;
        }
        let message = format!("the service `{}` redirects more than {REDIRECTS} times", self.name);
        Err(Error::failed("idp::http::redirect", message))
    }

    /// Where a redirect leads to, if that is still the service.
    fn redirected(&self, from: &Url, location: &str) -> Result<Url> {
        let refuse = |why: &str| {
            let shown: String = location.chars().take(200).collect();
            let message = format!("the service `{}` redirects to {}, {why}", self.name, shown.escape_debug());
            Error::denied("idp::http::redirect", message)
        };
        let to = from.join(location).map_err(|wrong| refuse(&format!("which is no URL of a service: {wrong}")))?;
        let base = &self.service.url;
        if to.same_origin(base) {
            return Ok(to);
        }
        if !to.secure {
            return Err(refuse("which is not https"));
        }
        if to.host != base.host && !self.service.hosts.contains(&to.host) {
            let help = format!("if that is meant, add the host to http.{}.hosts in idp.yaml", self.name);
            return Err(refuse("another host").help(help));
        }
        if to.port != 443 {
            return Err(refuse("another port"));
        }
        Ok(to)
    }

    /// One request to one URL.
    async fn one(&self, request: &Request, at: &Url) -> Result<Response> {
        if self.made.fetch_add(1, Ordering::SeqCst) >= REQUESTS {
            let message = format!("the run made more than {REQUESTS} requests to the service `{}`", self.name);
            return Err(Error::failed("idp::http::count", message).help("ask for more at once, or less often"));
        }
        let message = self.message(request, at)?;
        let addresses = checked(&*self.resolver, &self.name, &at.host, at.port, self.service.allow_private).await?;
        let stream = self.connect(at, &addresses).await?;
        let broken = |error: hyper::Error| {
            self.failed(request, "idp::http::broken", format!("the service `{}` broke off: {error}", self.name))
        };
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(64 << 10)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        // The connection lives as long as this answer: whoever stops waiting closes it.
        let mut connection = pin!(connection);
        let answer = async {
            let answer = sender.send_request(message).await.map_err(broken)?;
            self.read(answer, &broken).await
        };
        let mut answer = pin!(answer);
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                _ = &mut connection, if open => open = false,
            }
        }
    }

    /// What goes out: credentials only to the origin that they are for.
    fn message(&self, request: &Request, at: &Url) -> Result<hyper::Request<Full<Bytes>>> {
        let method = match request.method {
            Method::Get => hyper::Method::GET,
            Method::Post => hyper::Method::POST,
            Method::Put => hyper::Method::PUT,
            Method::Patch => hyper::Method::PATCH,
            Method::Delete => hyper::Method::DELETE,
        };
        let payload = request.payload();
        let mut headers = hyper::HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
        if let Some((_, kind)) = &payload {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if at.same_origin(&self.service.url) {
            for (name, text) in self.service.headers.iter().chain(&request.headers) {
                headers.insert(header_name(name)?, self.header_value(name, text)?);
            }
        }
        headers.insert(header::HOST, value("host", &at.authority())?);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("idp-run/", env!("CARGO_PKG_VERSION"))));
        if let Some(once) = &request.once {
            headers.insert(HeaderName::from_static("idempotency-key"), value("Idempotency-Key", &once.key)?);
        }
        let body = payload.map(|(text, _)| Bytes::from(text)).unwrap_or_default();
        let mut message = hyper::Request::new(Full::new(body));
        *message.method_mut() = method;
        *message.uri_mut() = at
            .target
            .parse()
            .map_err(|_| Error::invalid("idp::http::path", format!("`{}` is not a path of a service", request.path)))?;
        *message.headers_mut() = headers;
        Ok(message)
    }

    fn header_value(&self, name: &str, text: &HeaderText) -> Result<HeaderValue> {
        match text {
            HeaderText::Text(text) => value(name, text),
            HeaderText::Secret { secret, prefix } => {
                let mut value = value(name, &format!("{prefix}{}", self.secrets.value(secret)?))?;
                value.set_sensitive(true);
                Ok(value)
            }
        }
    }

    /// A connection to one of the addresses, and to no other: the name isn't asked for a second time.
    async fn connect(&self, at: &Url, addresses: &[SocketAddr]) -> Result<Box<dyn Stream>> {
        let unreachable = |error: std::io::Error| {
            let message = format!("can't reach {} of the service `{}`: {error}", at.authority(), self.name);
            // Nothing was sent yet.
            Error::failed("idp::http::connect", message).retryable()
        };
        let mut last = None;
        let mut found = None;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    found = Some(stream);
                    break;
                }
                Err(error) => last = Some(error),
            }
        }
        let Some(stream) = found else {
            return Err(unreachable(last.unwrap_or_else(|| std::io::ErrorKind::AddrNotAvailable.into())));
        };
        let _ = stream.set_nodelay(true);
        if !at.secure {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(at.host.clone())
            .map_err(|_| Error::invalid("idp::http::connect", format!("{} can't have a certificate", at.host)))?;
        let stream = self.tls()?.connect(name, stream).await;
        Ok(Box::new(stream.map_err(unreachable)?))
    }

    /// Made with the first request that needs it: the system's certificates take milliseconds to read.
    fn tls(&self) -> Result<TlsConnector> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            return Err(Error::failed("idp::http::certificates", "this system has no certificates of authorities")
                .help("install them (ca-certificates), or name a file of them in SSL_CERT_FILE"));
        }
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(self.tls.get_or_init(|| TlsConnector::from(Arc::new(config))).clone())
    }

    async fn read(
        &self,
        answer: hyper::Response<Incoming>,
        broken: &(dyn Fn(hyper::Error) -> Error + Sync),
    ) -> Result<Response> {
        let (head, mut body) = answer.into_parts();
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers
                .entry(name.as_str().to_string())
                .and_modify(|all| {
                    all.push_str(", ");
                    all.push_str(&value);
                })
                .or_insert(value);
        }
        let most = self.service.max_bytes;
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
            if bytes.len() + data.len() > most {
                let message = format!("the answer of the service `{}` has more than {most} bytes", self.name);
                let help = format!("ask for less, or raise http.{}.max_bytes in idp.yaml", self.name);
                return Err(Error::failed("idp::http::large", message).help(help));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Response { status: head.status.as_u16(), headers, bytes: bytes.into() })
    }

    /// An error after which it isn't known what the service did: only what may be done twice is worth a second try.
    fn failed(&self, request: &Request, code: &'static str, message: String) -> Error {
        let error = Error::failed(code, message);
        if self.may_repeat(request) { error.retryable() } else { error }
    }

    fn may_repeat(&self, request: &Request) -> bool {
        request.method.is_idempotent() || (request.once.is_some() && self.service.deduplicates)
    }
}

#[async_trait]
impl Service for Client {
    fn deduplicates(&self) -> bool {
        self.service.deduplicates
    }

    async fn get(&self, request: &Request) -> Result<Response> {
        self.exchange(request).await
    }

    async fn send(&self, request: &Request) -> Result<Option<Response>> {
        let answer = self.exchange(request).await?;
        if answer.status < 400 {
            return Ok(Some(answer));
        }
        let (status, name) = (answer.status, &self.name);
        let text = String::from_utf8_lossy(&answer.bytes);
        let first: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
        let said = if first.is_empty() { String::new() } else { format!(": {first}") };
        let message = format!("the service `{name}` answered {} {} with {status}{said}", request.method, request.path);
        let error = match status {
            401 | 403 => Error::denied("idp::http::status", message)
                .help(format!("look at http.{name}.headers in idp.yaml, and at the secrets that they name")),
            _ => Error::failed("idp::http::status", message),
        };
        // It says itself that it did nothing.
        let refused = status == 429;
        Err(if refused || (status >= 500 && self.may_repeat(request)) { error.retryable() } else { error })
    }
}

/// How long a busy service asks to be left alone, if not for too long.
fn pause(answer: &Response) -> Option<Duration> {
    if !matches!(answer.status, 429 | 503) {
        return None;
    }
    let seconds = answer.headers.get("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|pause| *pause <= LONGEST_PAUSE)
}

/// The name of a header that scripts and `idp.yaml` may give.
pub(super) fn header_name(name: &str) -> Result<HeaderName> {
    let wrong = |why: &str| Error::invalid("idp::http::header", format!("`{}` {why}", name.escape_debug()));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("can't be the name of a header"))?;
    if OURS.contains(&parsed.as_str()) {
        return Err(wrong("is a header that idp-run sets itself"));
    }
    Ok(parsed)
}

/// The value of a header. A line break in it would begin another header.
fn value(name: &str, text: &str) -> Result<HeaderValue> {
    let message = || format!("the header `{name}` can't hold this text: only visible characters and spaces");
    HeaderValue::from_str(text).map_err(|_| Error::invalid("idp::http::header", message()))
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
