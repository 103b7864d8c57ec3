//! The line to GitHub: octocrab with a token or as an installation of an App. It retries nothing by itself, and follows
//! no redirect; `client` decides about both.

use std::collections::BTreeMap;

use http_body_util::BodyExt;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Request, Response};
use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};
use octocrab::secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::paths;
use crate::config;
use crate::error::{Error, Result};
use crate::report::Redactor;
use crate::world::secrets::Secrets;

/// The largest answer that is read.
const LARGEST: usize = 64 << 20;

/// What to look at when an App's token isn't issued, or not taken.
const WORKS: &str = "check that the App is installed, and not suspended";

/// What to do about a suspended App.
pub const UNSUSPEND: &str = "an owner of the organisation takes the App back into use: its settings, GitHub Apps";

/// The secrets that hold the token of a forge, in the order in which they are looked for.
pub const TOKENS: [&str; 2] = ["GITHUB_TOKEN", "GH_TOKEN"];

/// Who the runs act as.
#[derive(Clone)]
pub struct Account {
    /// The organisation or user.
    pub owner: String,
    /// The API's base: `https://api.github.com`, `https://HOST/api/v3`.
    pub api: String,
    /// The App, if runs act as one; a token otherwise.
    pub app: Option<config::App>,
    /// The secrets that hold a token, in the order in which they are looked for.
    pub tokens: &'static [&'static str],
    /// Where tokens and keys come from.
    pub secrets: Secrets,
    /// Hides tokens that GitHub issues.
    pub redactor: Redactor,
}

/// An open line.
pub struct Link {
    rest: Octocrab,
    /// GitHub Enterprise Server has GraphQL beside the REST API, not below it.
    graphql: Option<Octocrab>,
    /// The API's base.
    api: String,
    redactor: Redactor,
    key: Key,
    /// By what requests are signed.
    pub sign: Sign,
}

/// Where the token of a request comes from.
enum Key {
    /// It is always the same.
    Token(String),
    /// GitHub issues it for an hour.
    Issued(Box<Issuer>),
}

/// An installation of an App.
struct Issuer {
    /// Signs as the App itself.
    app: Octocrab,
    id: u64,
    installation: InstallationId,
    /// Signs as the installation, with the token that it was issued last. Held while one is issued, so that requests
    /// beside each other ask for it once.
    issued: Mutex<Option<(Octocrab, String)>>,
}

/// By what requests are signed, as far as that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// As an installation of an App.
    App {
        /// The App.
        id: u64,
        /// What its installation may.
        granted: Granted,
    },
    /// The token that a workflow's job is given.
    Job,
    /// A token with permissions of its own.
    FineGrained,
    /// A token with scopes.
    Token,
}

impl Sign {
    /// The kind of a token, by the prefix that GitHub gives it.
    fn of(token: &str) -> Sign {
        match token {
            _ if token.starts_with("ghs_") => Sign::Job,
            _ if token.starts_with("github_pat_") => Sign::FineGrained,
            _ => Sign::Token,
        }
    }
}

/// What an installation may: permission and `read`, `write` or `admin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// By the names of the API.
    pub permissions: BTreeMap<String, String>,
    /// `all` or `selected` repositories.
    pub selection: String,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
    #[serde(default)]
    repository_selection: String,
    #[serde(default)]
    suspended_at: Option<String>,
}

impl Link {
    /// Opens it: no request for a token, one for an App (which installation is the owner's).
    ///
    /// Errors: `idp::github::token`, `idp::github::app`, `idp::github::unreachable`.
    pub async fn open(account: &Account) -> Result<Link> {
        let (redactor, base) = (account.redactor.clone(), account.api.as_str());
        let rest = line(base)?;
        // GitHub Enterprise Server: `https://HOST/api/v3` and `https://HOST/api/graphql`.
        let graphql = base.trim_end_matches('/').strip_suffix("/v3").map(line).transpose()?;
        let api = account.api.clone();
        let Some(app) = &account.app else {
            let token = token(account)?;
            let sign = Sign::of(&token);
            return Ok(Link { rest, graphql, api, redactor, key: Key::Token(token), sign });
        };
        let key = key(account, app)?;
        let wrong_key = |error: octocrab::Error| {
            Error::denied(
                "idp::github::app",
                format!("the key of the GitHub App {} is no RSA key: {}", app.id, said(&error)),
            )
            .help("give the private key that the App's settings page generates, a PEM file")
        };
        let signed = Octocrab::builder().base_uri(base).map_err(|error| no_url(base, &error))?;
        let signed = signed.app_from_rsa_pem(AppId(app.id), key).map_err(wrong_key)?.build().map_err(unusable)?;
        let found = installation(&signed, account, app.id).await?;
        let (id, installation) = (app.id, InstallationId(found.id));
        let issuer = Issuer { app: signed, id, installation, issued: Mutex::default() };
        let granted = Granted { permissions: found.permissions, selection: found.repository_selection };
        let sign = Sign::App { id, granted };
        Ok(Link { rest, graphql, api, redactor, key: Key::Issued(Box::new(issuer)), sign })
    }

    /// One request and its whole answer. An installation's token that GitHub refuses before its hour is over is replaced
    /// once: what was refused was not carried out.
    ///
    /// Errors: `idp::github::unreachable`, retryable: whether GitHub carried it out isn't known; `idp::github::app`.
    pub async fn ask(&self, request: Request<String>) -> Result<Response<Vec<u8>>> {
        let issuer = match &self.key {
            Key::Token(token) => return self.send(request, token).await,
            Key::Issued(issuer) => issuer,
        };
        let token = self.issued(issuer, None).await?;
        let answer = self.send(request.clone(), &token).await?;
        if answer.status().as_u16() != 401 {
            return Ok(answer);
        }
        let answer = self.send(request, &self.issued(issuer, Some(&token)).await?).await?;
        if answer.status().as_u16() != 401 {
            return Ok(answer);
        }
        let message = format!("GitHub refuses the token that it just issued to the App {}", issuer.id);
        Err(Error::denied("idp::github::app", message).help(format!("{WORKS}, and this machine's clock")))
    }

    async fn send(&self, mut request: Request<String>, token: &str) -> Result<Response<Vec<u8>>> {
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|error| lost(&error.to_string()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        let line = match &self.graphql {
            Some(graphql) if request.uri().path() == "/graphql" => graphql,
            _ => &self.rest,
        };
        whole(line.execute(request).await, &self.api).await
    }

    /// The installation's token: for an hour the same, and another one from half a minute before. Not the one that was
    /// refused.
    async fn issued(&self, issuer: &Issuer, refused: Option<&str>) -> Result<String> {
        let mut issued = issuer.issued.lock().await;
        let (signed, last) = match issued.take() {
            Some((signed, last)) if Some(last.as_str()) != refused => (signed, Some(last)),
            _ => (issuer.app.installation(issuer.installation).map_err(unusable)?, None),
        };
        let token = signed.installation_token().await.map_err(|error| self.no_token(issuer, &error))?;
        let token = token.expose_secret().to_string();
        if last.as_deref() != Some(token.as_str()) {
            self.redactor.learn(&token);
        }
        *issued = Some((signed, token.clone()));
        Ok(token)
    }

    fn no_token(&self, issuer: &Issuer, error: &octocrab::Error) -> Error {
        match error {
            octocrab::Error::GitHub { source, .. } if !source.status_code.is_server_error() => {
                let message = format!("GitHub issues no token to the App {}: {}", issuer.id, source.message);
                let help = if source.message.to_lowercase().contains("suspended") { UNSUSPEND } else { WORKS };
                Error::denied("idp::github::app", message).help(help)
            }
            _ => unreachable(&self.api, error),
        }
    }
}

/// The installation of the App that is the owner's.
async fn installation(signed: &Octocrab, account: &Account, app: u64) -> Result<Installation> {
    let owner = paths::segment(&account.owner);
    for path in [format!("/orgs/{owner}/installation"), format!("/users/{owner}/installation")] {
        let request = Request::get(path).body(String::new()).map_err(|error| lost(&error.to_string()))?;
        let answer = whole(signed.execute(request).await, &account.api).await?;
        match answer.status().as_u16() {
            200 => {
                let found: Installation = serde_json::from_slice(answer.body())
                    .map_err(|error| Error::failed("idp::github::answer", format!("no installation: {error}")))?;
                if found.suspended_at.is_some() {
                    let message = format!("the GitHub App {app} is suspended for {}", account.owner);
                    return Err(Error::denied("idp::github::app", message).help(UNSUSPEND));
                }
                return Ok(found);
            }
            401 => {
                return Err(Error::denied(
                    "idp::github::app",
                    format!("GitHub doesn't know the App {app} by this key"),
                )
                .help("check `forge.app.id`, the key, and this machine's clock"));
            }
            404 => {}
            status @ 500.. => {
                return Err(lost(&format!("it answered {status} when asked for the App's installation")));
            }
            status => {
                return Err(Error::failed(
                    "idp::github::answer",
                    format!("GitHub answered {status} when asked for the installation of the App {app}"),
                ));
            }
        }
    }
    Err(Error::denied("idp::github::app", format!("the GitHub App {app} isn't installed for {}", account.owner))
        .help("install it from the App's settings page, for all repositories"))
}

/// An answer with its body.
async fn whole<B>(answer: octocrab::Result<Response<B>>, api: &str) -> Result<Response<Vec<u8>>>
where
    B: hyper::body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = answer.map_err(|error| unreachable(api, &error))?.into_parts();
    let body = http_body_util::Limited::new(body, LARGEST).collect().await;
    let body = body.map_err(|error| lost(&error.to_string()))?.to_bytes();
    Ok(Response::from_parts(head, body.to_vec()))
}

/// A line that signs nothing by itself.
fn line(base: &str) -> Result<Octocrab> {
    Octocrab::builder().base_uri(base).map_err(|error| no_url(base, &error))?.build().map_err(unusable)
}

fn no_url(base: &str, error: &octocrab::Error) -> Error {
    Error::invalid("idp::config", format!("`forge.api_url` `{base}` is no URL: {}", said(error)))
}

/// The token of a person or of a CI job.
fn token(account: &Account) -> Result<String> {
    for name in account.tokens {
        match account.secrets.value(name) {
            Ok(token) => {
                let token = token.trim();
                if token.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Ok(token.to_string());
                }
                return Err(Error::denied(
                    "idp::github::token",
                    format!("{name} holds no token: it has spaces or other characters in it"),
                )
                .help("set it to the token alone"));
            }
            Err(error) if error.code() == "idp::secret::missing" => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::denied("idp::github::token", "there is no token for GitHub").help(
        "set GITHUB_TOKEN to one (`gh auth token` prints yours), or name a GitHub App under `forge.app` in idp.yaml",
    ))
}

/// The App's private key, hidden from now on.
fn key(account: &Account, app: &config::App) -> Result<Vec<u8>> {
    match &app.key {
        config::AppKey::Secret(name) => Ok(account.secrets.value(name)?.into_bytes()),
        config::AppKey::File(path) => {
            let text = config::file::read_text(path).map_err(|error| {
                Error::denied("idp::github::app", format!("can't read the App's key {}: {error}", path.display()))
            })?;
            account.redactor.learn(&text);
            Ok(text.into_bytes())
        }
    }
}

/// What an error of octocrab's says at its root; what it says itself names its own source lines.
fn said(error: &octocrab::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = last.to_string();
    text.lines().next().unwrap_or_default().to_string()
}

fn unusable(error: octocrab::Error) -> Error {
    Error::failed("idp::github::unreachable", format!("can't make a client for GitHub: {}", said(&error)))
        .help("TLS needs the certificates of this system: install ca-certificates, or set SSL_CERT_FILE")
}

fn unreachable(api: &str, error: &octocrab::Error) -> Error {
    lost_at(&format!(" at {api}"), &said(error))
}

/// The error of a request whose answer didn't come, or not whole.
pub fn lost(what: &str) -> Error {
    lost_at("", what)
}

fn lost_at(place: &str, what: &str) -> Error {
    Error::failed("idp::github::unreachable", format!("GitHub{place} can't be reached: {what}"))
        .help("check `forge.api_url` and the network, then run the same command again: it goes on from here")
        .retryable()
}
