//! Webhooks of a repository: which URL is told of what happens there, and the change that makes or changes one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::change::joined;
use super::forge::RepoId;
use crate::config::HeaderText;
use crate::error::{Error, Result};
use crate::formats::url::Url;
use crate::report::Diff;

/// A webhook as it is, but for its URL, by which it is found, and its secret, which hosts don't tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// The events that it tells of: `push`, `pull_request` ...; `*` is all of them.
    pub events: BTreeSet<String>,
    /// `json` or `form`.
    pub content_type: String,
    /// Whether it tells of them, or rests.
    pub active: bool,
    /// Whether what it sends is signed with a secret.
    pub signed: bool,
}

impl Default for Hook {
    fn default() -> Self {
        Hook { events: BTreeSet::new(), content_type: "json".into(), active: true, signed: false }
    }
}

/// Makes a webhook, or changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The repository.
    pub repo: RepoId,
    /// The URL that is told.
    pub url: String,
    /// As it is.
    pub before: Option<Hook>,
    /// As it becomes.
    pub after: Hook,
    /// The secret that it gets, by its name; none if it keeps what it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<HeaderText>,
}

impl Webhook {
    /// Whether all that it would bring about is there. A secret that takes the place of another can't be seen, so that
    /// alone it never is.
    pub fn is_done(&self, now: Option<&Hook>) -> bool {
        now == Some(&self.after) && (self.secret.is_none() || self.before.as_ref() != Some(&self.after))
    }

    pub(super) fn diff(&self, diff: &mut Diff) {
        let before = self.before.as_ref();
        diff.field("events", before.and_then(|hook| joined(Some(&hook.events))), joined(Some(&self.after.events)));
        diff.field("content type", before.map(|hook| hook.content_type.clone()), Some(self.after.content_type.clone()));
        diff.field("active", before.map(|hook| hook.active.to_string()), Some(self.after.active.to_string()));
        if let Some(name) = self.secret.as_ref().and_then(HeaderText::secret) {
            let had = before.filter(|hook| hook.signed).map(|_| "***".to_string());
            diff.field("secret", had, Some(format!("*** (the secret {name})")));
        }
    }
}

/// Refuses what no host sends to.
///
/// Errors: `idp::repo::webhook`.
pub fn check_url(url: &str) -> Result<()> {
    let wrong = |why: &str| Error::invalid("idp::repo::webhook", format!("the URL of a webhook can't be used: {why}"));
    Url::parse(url).map_err(|why| wrong(&why).help("such as https://ci.acme.example/hook"))?;
    if url.contains('#') || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong("it holds a fragment or a space"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_alone_is_never_done() {
        let hook = Hook { signed: true, ..Hook::default() };
        let secret = HeaderText::Secret { secret: "HOOK".into(), prefix: String::new() };
        let mut change = Webhook {
            repo: RepoId::new("acme", "app").unwrap(),
            url: "https://ci.acme.example/hook".into(),
            before: None,
            after: hook.clone(),
            secret: Some(secret),
        };
        assert!(!change.is_done(None));
        assert!(change.is_done(Some(&hook)), "it was made, and the secret with it");
        change.before = Some(hook.clone());
        assert!(!change.is_done(Some(&hook)), "whether it has the new one isn't known");
    }

    #[test]
    fn urls_are_those_that_hosts_send_to() {
        check_url("https://ci.acme.example:8443/hook?project=a").unwrap();
        for bad in ["ci.acme.example", "ftp://x/", "https://user:pass@x/", "https://x/a#b", "https://x/a b"] {
            assert_eq!(check_url(bad).unwrap_err().code(), "idp::repo::webhook", "{bad}");
        }
    }
}
