//! HTTP services that `idp.yaml` declares by name: the only network that scripts reach beside forge and clusters.
//! Reads are free within limits; what changes something is a `Change` and passes the door.

pub mod address;
mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use client::Client;

use super::secrets::Secrets;
use crate::config::HeaderText;
use crate::error::{Error, Result};
use crate::formats::url;
use crate::report::Diff;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something, or asks for something to be done.
    Post,
    /// Brings something to a state.
    Put,
    /// Changes a part.
    Patch,
    /// Takes something away.
    Delete,
}

impl Method {
    /// Whether a second one of the same does nothing more, by RFC 9110.
    pub fn is_idempotent(self) -> bool {
        matches!(self, Method::Get | Method::Put | Method::Delete)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        })
    }
}

/// A request to a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The service's name in `idp.yaml`.
    pub service: String,
    /// What it does.
    pub method: Method,
    /// Below the service's URL, not escaped.
    pub path: String,
    /// Not escaped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Beside those that `idp.yaml` gives.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, HeaderText>,
    /// A text goes out as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What makes it one request, however often it is sent: cause and key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
}

/// What makes several requests one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// The cause in the script's words.
    pub cause: String,
    /// `<hash of run key>/<hash of service and cause>`, sent as `Idempotency-Key`.
    pub key: String,
}

impl fmt::Display for Request {
    /// `pagerduty POST /incidents`, and the cause if it has one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.service, self.method, self.path)?;
        match &self.once {
            Some(once) => write!(f, " ({})", once.cause),
            None => Ok(()),
        }
    }
}

impl Request {
    /// Refuses what can't be sent: paths that leave the service, headers that aren't any or that are ours to set.
    pub fn check(&self) -> Result<()> {
        self.target("").map(drop)?;
        self.headers.keys().try_for_each(|name| client::header_name(name).map(drop))
    }

    /// Path and query below a path of the service's URL, escaped.
    pub fn target(&self, below: &str) -> Result<String> {
        let query = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let target = url::target(&self.path, query).map_err(|wrong| {
            Error::invalid("idp::http::path", format!("`{}` is not a path of a service: {wrong}", self.path))
        })?;
        Ok(format!("{}{target}", below.trim_end_matches('/')))
    }

    /// Names of the secrets that the script sends along.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.headers.values().filter_map(HeaderText::secret)
    }

    /// The body as it goes out, and its type.
    pub fn payload(&self) -> Option<(String, &'static str)> {
        match self.body.as_ref()? {
            Value::String(text) => Some((text.clone(), "text/plain; charset=utf-8")),
            data => Some((data.to_string(), "application/json")),
        }
    }

    /// What it sends, for people.
    pub fn diff(&self, diff: &mut Diff) {
        for (name, value) in &self.query {
            diff.field(&format!("?{name}"), None, Some(value.clone()));
        }
        for (name, text) in &self.headers {
            let shown = match text {
                HeaderText::Text(text) => text.clone(),
                HeaderText::Secret { secret, prefix } => format!("{prefix}*** (the secret {secret})"),
            };
            diff.field(name, None, Some(shown));
        }
        let body = self.body.as_ref().map(|body| match body {
            Value::String(text) => text.clone(),
            data => format!("{data:#}"),
        });
        diff.field("body", None, body);
    }
}

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// 200, 404 ...
    pub status: u16,
    /// By their names in lower case; several of one name are joined with commas.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub bytes: Arc<[u8]>,
}

/// A service.
#[async_trait]
pub trait Service: Send + Sync {
    /// Whether it makes one of several requests with the same key.
    fn deduplicates(&self) -> bool;
    /// Whether it is outside of this process, where changes need a grant.
    fn is_outside(&self) -> bool {
        true
    }
    /// Reads.
    async fn get(&self, request: &Request) -> Result<Response>;
    /// Sends what changes something; nothing comes back in a plan. Only the door calls this.
    async fn send(&self, request: &Request) -> Result<Option<Response>>;
}

/// A service that is read, and to which nothing is sent: what plans act on.
pub struct Held {
    inner: Arc<dyn Service>,
    secrets: Secrets,
    sent: Mutex<BTreeSet<String>>,
}

impl Held {
    /// Holds back what is sent to this one.
    pub fn over(inner: Arc<dyn Service>, secrets: Secrets) -> Held {
        Held { inner, secrets, sent: Mutex::default() }
    }
}

#[async_trait]
impl Service for Held {
    fn deduplicates(&self) -> bool {
        true
    }

    fn is_outside(&self) -> bool {
        self.inner.is_outside()
    }

    async fn get(&self, request: &Request) -> Result<Response> {
        self.inner.get(request).await
    }

    async fn send(&self, request: &Request) -> Result<Option<Response>> {
        request.check()?;
        // What an apply would stop at, a plan tells.
        if self.is_outside() {
            request.secrets().try_for_each(|name| self.secrets.value(name).map(drop))?;
        }
        if let Some(once) = &request.once {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(once.key.clone());
        }
        Ok(None)
    }
}
