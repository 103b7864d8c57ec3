//! The line to GitHub: octocrab with a token or as an installation of an App. It retries nothing by itself, and follows
//! no redirect; `client` decides about both.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http_body_util::BodyExt;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Request, Response};
use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};
use octocrab::secrecy::ExposeSecret;
use serde::Deserialize;

use super::paths;
use crate::config;
use crate::error::{Error, Result};
use crate::report::Redactor;
use crate::world::secrets::Secrets;

/// The largest answer that is read.
const LARGEST: usize = 64 << 20;

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
    crab: Octocrab,
    /// GitHub Enterprise Server has GraphQL beside the REST API, not below it.
    graphql: Option<Graphql>,
    /// The API's base.
    api: String,
    redactor: Redactor,
    /// The installation's token as it was last seen; none for a token of a person.
    issued: Option<Mutex<String>>,
    /// By what requests are signed.
    pub sign: Sign,
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

/// The line to GraphQL where it has another base.
struct Graphql {
    crab: Octocrab,
    /// The token of a person; that of an installation changes.
    token: Option<String>,
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
        let (redactor, base, api) = (account.redactor.clone(), account.api.as_str(), account.api.clone());
        let builder = Octocrab::builder().base_uri(base).map_err(|error| {
            Error::invalid("idp::config", format!("`forge.api_url` `{base}` is no URL: {}", said(&error)))
        })?;
        let Some(app) = &account.app else {
            let token = token(account)?;
            let sign = Sign::of(&token);
            let crab = builder.personal_token(token.as_str()).build().map_err(unusable)?;
            let graphql = graphql(base, Some(token))?;
            return Ok(Link { crab, graphql, api, redactor, issued: None, sign });
        };
        let key = key(account, app)?;
        let wrong_key = |error: octocrab::Error| {
            Error::denied(
                "idp::github::app",
                format!("the key of the GitHub App {} is no RSA key: {}", app.id, said(&error)),
            )
            .help("give the private key that the App's settings page generates, a PEM file")
        };
        let crab = builder.app_from_rsa_pem(AppId(app.id), key).map_err(wrong_key)?.build().map_err(unusable)?;
        let link = Link { crab, graphql: graphql(base, None)?, api, redactor, issued: None, sign: Sign::Token };
        let found = link.installation(account, app.id).await?;
        let crab = link.crab.installation(InstallationId(found.id)).map_err(unusable)?;
        let granted = Granted { permissions: found.permissions, selection: found.repository_selection };
        let sign = Sign::App { id: app.id, granted };
        Ok(Link { crab, issued: Some(Mutex::default()), sign, ..link })
    }

    /// The installation of the App that is the owner's.
    async fn installation(&self, account: &Account, app: u64) -> Result<Installation> {
        let owner = paths::segment(&account.owner);
        for path in [format!("/orgs/{owner}/installation"), format!("/users/{owner}/installation")] {
            let request = Request::get(path).body(String::new()).map_err(|error| lost(&error.to_string()))?;
            let answer = self.ask(request).await?;
            match answer.status().as_u16() {
                200 => {
                    let found: Installation = serde_json::from_slice(answer.body())
                        .map_err(|error| Error::failed("idp::github::answer", format!("no installation: {error}")))?;
                    if found.suspended_at.is_some() {
                        let message = format!("the GitHub App {app} is suspended for {}", account.owner);
                        let help = "an owner of the organisation takes it back into use in its settings";
                        return Err(Error::denied("idp::github::app", message).help(help));
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

    /// One request and its whole answer.
    ///
    /// Errors: `idp::github::unreachable`, retryable: whether GitHub carried it out isn't known.
    pub async fn ask(&self, request: Request<String>) -> Result<Response<Vec<u8>>> {
        if let Some(issued) = &self.issued {
            // Issued for an hour, and replaced when fewer than 30 seconds are left.
            let token = self.crab.installation_token().await.map_err(|error| self.no_token(error))?;
            let token = token.expose_secret();
            let mut last = issued.lock().unwrap_or_else(PoisonError::into_inner);
            if *last != token {
                self.redactor.learn(token);
                *last = token.to_string();
            }
        }
        let answer = match &self.graphql {
            Some(graphql) if request.uri().path() == "/graphql" => {
                let mut request = request;
                let token = match (&graphql.token, &self.issued) {
                    (Some(token), _) => token.clone(),
                    (None, Some(issued)) => issued.lock().unwrap_or_else(PoisonError::into_inner).clone(),
                    (None, None) => String::new(),
                };
                let value = HeaderValue::from_str(&format!("Bearer {token}"));
                let mut value = value.map_err(|error| lost(&error.to_string()))?;
                value.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, value);
                graphql.crab.execute(request).await
            }
            _ => self.crab.execute(request).await,
        };
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        let (head, body) = answer.into_parts();
        let body = http_body_util::Limited::new(body, LARGEST).collect().await;
        let body = body.map_err(|error| lost(&error.to_string()))?.to_bytes();
        Ok(Response::from_parts(head, body.to_vec()))
    }

    fn unreachable(&self, error: &octocrab::Error) -> Error {
        lost_at(&format!(" at {}", self.api), &said(error))
    }

    fn no_token(&self, error: octocrab::Error) -> Error {
        match &error {
            octocrab::Error::GitHub { source, .. } => {
                Error::denied("idp::github::app", format!("GitHub issues no token to the App: {}", source.message))
                    .help("check that the App is installed, and not suspended")
            }
            _ => self.unreachable(&error),
        }
    }
}

/// The line to GraphQL of a GitHub Enterprise Server; none where it is below the same base.
fn graphql(base: &str, token: Option<String>) -> Result<Option<Graphql>> {
    let Some(api) = base.trim_end_matches('/').strip_suffix("/v3") else { return Ok(None) };
    let builder = Octocrab::builder().base_uri(api).map_err(|error| lost(&said(&error)))?;
    Ok(Some(Graphql { crab: builder.build().map_err(unusable)?, token }))
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

/// The error of a request whose answer didn't come, or not whole.
pub fn lost(what: &str) -> Error {
    lost_at("", what)
}

fn lost_at(place: &str, what: &str) -> Error {
    Error::failed("idp::github::unreachable", format!("GitHub{place} can't be reached: {what}"))
        .help("check `forge.api_url` and the network, then run the same command again: it goes on from here")
        .retryable()
}
