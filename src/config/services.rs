//! The sections `http` and `secrets` of `idp.yaml`: services that scripts reach by name, and where secrets come from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Config;
use super::fields::Field;
use super::idp_yaml::{duration, path};
use crate::error::Result;
use crate::formats::url::Url;

/// The longest that a service may take for an answer.
const SLOWEST: Duration = Duration::from_secs(300);

/// The largest answer that may be asked for.
const LARGEST: u64 = 16 << 20;

/// An HTTP service.
#[derive(Debug, Clone)]
pub struct HttpService {
    /// What all paths are below of.
    pub url: Url,
    /// Sent with each request, to this origin alone.
    pub headers: BTreeMap<String, HeaderText>,
    /// For a whole answer.
    pub timeout: Duration,
    /// Bytes of an answer.
    pub max_bytes: usize,
    /// Whether it may be in a private network, or on this machine.
    pub allow_private: bool,
    /// Other hosts that it may redirect to.
    pub hosts: Vec<String>,
    /// Whether it makes one of several requests with the same `Idempotency-Key`.
    pub deduplicates: bool,
}

/// The text of a header: written down, or a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HeaderText {
    /// As it is.
    Text(String),
    /// A secret, behind a text such as `Bearer `.
    Secret {
        /// The secret's name.
        secret: String,
        /// What stands before it.
        prefix: String,
    },
}

impl HeaderText {
    /// The name of the secret, if it is one.
    pub fn secret(&self) -> Option<&str> {
        match self {
            HeaderText::Text(_) => None,
            HeaderText::Secret { secret, .. } => Some(secret),
        }
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
}

pub(super) fn http(field: &Field<'_>) -> Result<BTreeMap<String, HttpService>> {
    field.entries()?.into_iter().map(|(name, field)| Ok((name, service(&field)?))).collect()
}

fn service(field: &Field<'_>) -> Result<HttpService> {
    field.only(&["url", "headers", "timeout", "max_bytes", "allow_private", "hosts", "deduplicates"])?;
    let flag = |key: &str| field.get(key).map(|field| field.flag()).transpose().map(Option::unwrap_or_default);
    let allow_private = flag("allow_private")?;
    let at = field.need("url")?;
    let url = Url::parse(&at.text()?).map_err(|wrong| at.error(format!("can't be used: {wrong}")))?;
    if url.target.contains('?') {
        return Err(at.error("has a query; give it with each request"));
    }
    if !url.secure && !allow_private {
        return Err(at
            .error("is not https")
            .help("plain http is for services in a private network: allow_private: true"));
    }
    let mut headers = BTreeMap::new();
    for (name, field) in field.get("headers").map(|field| field.entries()).transpose()?.unwrap_or_default() {
        headers.insert(name, header(&field)?);
    }
    let mut timeout = Duration::from_secs(30);
    if let Some(field) = field.get("timeout") {
        timeout = duration(&field)?;
        if timeout > SLOWEST {
            return Err(field.error("is longer than 5m"));
        }
    }
    let mut max_bytes = 1 << 20;
    if let Some(field) = field.get("max_bytes") {
        let count = field.count()?;
        if !(1..=LARGEST).contains(&count) {
            return Err(field.error(format!("must be from 1 to {LARGEST}")));
        }
        max_bytes = count as usize;
    }
    let mut hosts = Vec::new();
    for field in field.get("hosts").map(|field| field.elements()).transpose()?.unwrap_or_default() {
        let host = field.text()?;
        // A name alone: port and scheme of a redirect are those of https.
        let wrong = |_| field.error("must be a list of host names");
        let parsed = Url::parse(&format!("https://{host}")).map_err(wrong)?;
        if parsed.host != host.to_ascii_lowercase() {
            return Err(field.error("must be a list of host names"));
        }
        hosts.push(parsed.host);
    }
    Ok(HttpService { url, headers, timeout, max_bytes, allow_private, hosts, deduplicates: flag("deduplicates")? })
}

fn header(field: &Field<'_>) -> Result<HeaderText> {
    if field.value().is_object() {
        field.only(&["secret", "prefix"])?;
        let secret = field.need("secret")?.text()?;
        return Ok(HeaderText::Secret { secret, prefix: field.text_of("prefix")?.unwrap_or_default() });
    }
    field.text().map(HeaderText::Text)
}

pub(super) fn secrets(field: &Field<'_>, config: &Config) -> Result<BTreeMap<String, SecretSource>> {
    let mut found = BTreeMap::new();
    for (name, field) in field.entries()? {
        field.only(&["env", "file"])?;
        let source = match (field.get("env"), field.get("file")) {
            (Some(variable), None) => SecretSource::Env(variable.text()?),
            (None, Some(file)) => SecretSource::File(path(config, &file)?),
            _ => return Err(field.error("needs one of `env` and `file`")),
        };
        found.insert(name, source);
    }
    Ok(found)
}
