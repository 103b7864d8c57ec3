//! What GitHub says when it refuses, and what to do about it: status, message, the errors in it, the missing permission.

use std::fmt;

use hyper::header::HeaderMap;
use serde_json::Value;

use super::link::UNSUSPEND;
use crate::error::Error;

/// An answer with a status of 400 to 499.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Method and path.
    pub asked: String,
    /// The status.
    pub status: u16,
    /// GitHub's words, those of its `errors` behind its `message`.
    pub message: String,
    /// What the token would have to be allowed: `administration=write`, as GitHub says it.
    accepted: Option<String>,
    /// Where single sign-on is to be passed first.
    sign_on: bool,
}

/// Why a request didn't do what it should.
#[derive(Debug)]
pub enum Trouble {
    /// GitHub says no.
    Refused(Box<Refusal>),
    /// Anything else; retryable if GitHub may have carried it out nevertheless.
    Failed(Error),
}

/// The result of a request that may be refused for a reason that its caller knows.
pub type Tried<T> = std::result::Result<T, Trouble>;

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Failed(error)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Error {
        match trouble {
            Trouble::Refused(refusal) => refusal.error(),
            Trouble::Failed(error) => error,
        }
    }
}

impl Trouble {
    /// The refusal, if it is one with that status.
    pub fn refused(&self, status: u16) -> Option<&Refusal> {
        match self {
            Trouble::Refused(refusal) if refusal.status == status => Some(refusal),
            _ => None,
        }
    }

    /// Whether it is GitHub's answer for a repository that has no commit yet.
    ///
    /// After docs.github.com, "REST API endpoints for Git database": 409, `Git Repository is empty.`
    pub fn is_empty_repository(&self) -> bool {
        self.says(409, "repository is empty")
    }

    /// Whether it is a refusal with that status whose words hold this, whatever the case.
    pub fn says(&self, status: u16, words: &str) -> bool {
        self.refused(status).is_some_and(|refusal| refusal.says(words))
    }
}

impl Refusal {
    /// Reads an answer.
    pub fn read(asked: String, status: u16, headers: &HeaderMap, body: &Value) -> Refusal {
        let mut message = body.get("message").and_then(Value::as_str).unwrap_or("no reason given").to_string();
        for error in body.get("errors").and_then(Value::as_array).into_iter().flatten() {
            if let Some(text) = one(error).filter(|text| !message.contains(text.as_str())) {
                message.push_str(&format!("; {text}"));
            }
        }
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let accepted = header("x-accepted-github-permissions").or_else(|| {
            let (accepted, has) = (header("x-accepted-oauth-scopes")?, header("x-oauth-scopes")?);
            (!accepted.is_empty()).then(|| format!("one of the scopes {accepted} (it has {})", none_or(&has)))
        });
        Refusal { asked, status, message, accepted, sign_on: headers.contains_key("x-github-sso") }
    }

    /// Whether its words hold this, whatever the case.
    pub fn says(&self, words: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&words.to_ascii_lowercase())
    }

    /// The error that a person reads.
    pub fn error(&self) -> Error {
        match self.status {
            401 => Error::denied("idp::github::unauthorized", self.to_string())
                .help("the token is wrong, or has expired: set GITHUB_TOKEN to a valid one"),
            403 if self.says("installation has been suspended") => {
                Error::denied("idp::github::app", self.to_string()).help(UNSUSPEND)
            }
            403 if self.sign_on => Error::denied("idp::github::forbidden", self.to_string())
                .help("the organisation asks for single sign-on: authorise the token for it in its settings"),
            403 => Error::denied("idp::github::forbidden", self.to_string()).help(self.permission()),
            404 => Error::failed("idp::github::missing", self.to_string()).help(format!(
                "GitHub says so, too, of what the token may not see: check the name; {}",
                self.permission()
            )),
            _ => Error::failed("idp::github::refused", self.to_string())
                .help("mend what it names, then run the same command again: it goes on from here"),
        }
    }

    /// Which permission is missing: as GitHub says it, or by what was asked.
    fn permission(&self) -> String {
        match &self.accepted {
            Some(accepted) => format!("the token needs {accepted}"),
            None => format!("the token needs the permission {}", needed(&self.asked)),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitHub answered {} to {}: {}", self.status, self.asked, self.message)
    }
}

fn none_or(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// One of an answer's `errors`: a text, or an object with a `message`, or with `resource`, `field` and `code`.
fn one(error: &Value) -> Option<String> {
    if let Some(text) = error.as_str() {
        return Some(text.to_string());
    }
    let text = |key: &str| error.get(key).and_then(Value::as_str);
    if let Some(message) = text("message") {
        return Some(message.to_string());
    }
    let parts: Vec<&str> = [text("resource"), text("field"), text("code")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The permission of fine-grained tokens and Apps that a request needs, as the settings page names it.
///
/// After docs.github.com, "Permissions required for fine-grained personal access tokens".
fn needed(asked: &str) -> &'static str {
    let (method, path) = asked.split_once(' ').unwrap_or(("GET", asked));
    let writes = method != "GET";
    let parts: Vec<&str> = path.split(['/', '?']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["orgs", _, "repos", ..] | ["user", "repos", ..] if writes => "\"Administration: write\" for all repositories",
        ["orgs", _, "teams", ..] => "\"Members: read\" and \"Administration: write\"",
        ["repos", _, _, "branches", _, "protection", ..]
        | ["repos", _, _, "rulesets" | "rules", ..]
        | ["repos", _, _] => {
            if writes {
                "\"Administration: write\""
            } else {
                "\"Administration: read\""
            }
        }
        ["repos", _, _, "topics" | "generate" | "collaborators" | "teams", ..] if writes => "\"Administration: write\"",
        ["repos", _, _, "hooks", ..] if writes => "\"Webhooks: write\"",
        ["repos", _, _, "hooks", ..] => "\"Webhooks: read\"",
        ["repos", _, _, "pulls" | "issues" | "labels", ..] if writes => "\"Pull requests: write\"",
        ["repos", _, _, "pulls" | "issues" | "labels", ..] => "\"Pull requests: read\"",
        ["repos", _, _, "check-runs", ..] if writes => "\"Checks: write\" (of a GitHub App or the job's own token)",
        ["repos", _, _, "statuses", ..] if writes => "\"Commit statuses: write\"",
        ["repos", _, _, "git" | "merges" | "contents", ..] if writes => {
            "\"Contents: write\" (and \"Workflows: write\" for files below .github/workflows)"
        }
        _ => "\"Contents: read\"",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, asked: &str, headers: &[(&'static str, &str)], body: Value) -> Error {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Refusal::read(asked.into(), status, &headers, &body).error()
    }

    #[test]
    fn a_refusal_names_what_github_names() {
        let body = json!({"message": "Validation Failed", "errors": [{"resource": "PullRequest", "field": "head", "code": "invalid"}]});
        let error = refusal(422, "POST /repos/acme/a/pulls", &[], body);
        assert_eq!(
            error.message(),
            "GitHub answered 422 to POST /repos/acme/a/pulls: Validation Failed; PullRequest head invalid"
        );
        assert_eq!(error.code(), "idp::github::refused");
    }

    #[test]
    fn a_missing_permission_is_named() {
        let body = json!({"message": "Resource not accessible by integration"});
        let error = refusal(403, "POST /orgs/acme/repos", &[], body.clone());
        assert_eq!(
            error.help_text(),
            Some("the token needs the permission \"Administration: write\" for all repositories")
        );
        let said = [("x-accepted-github-permissions", "contents=write")];
        assert_eq!(refusal(403, "POST /x", &said, body.clone()).help_text(), Some("the token needs contents=write"));
        let scopes = [("x-accepted-oauth-scopes", "repo"), ("x-oauth-scopes", "")];
        let error = refusal(403, "POST /x", &scopes, body);
        assert_eq!(error.help_text(), Some("the token needs one of the scopes repo (it has none)"));
    }
}
