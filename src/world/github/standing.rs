//! How runs stand with GitHub: as whom they act, what they may, whether the owner is there. For `doctor`: a few requests,
//! however many repositories there are.

use std::collections::BTreeMap;

use hyper::header::HeaderMap;
use serde_json::Value;

use super::GitHubForge;
use super::link::{Granted, Sign};
use crate::error::Result;

/// What runs need on GitHub: the permission of Apps and fine-grained tokens as the API writes it, the scope of classic
/// tokens, and what for. After docs.github.com, "Permissions required for GitHub Apps" and "Scopes for OAuth apps".
const NEEDS: [(&str, &str, &str, &str); 5] = [
    ("administration", "write", "repo", "repositories, their settings and protection"),
    ("contents", "write", "repo", "commits, branches and merges"),
    ("pull_requests", "write", "repo", "pull requests, their labels, reviewers and comments"),
    ("workflows", "write", "workflow", "files below .github/workflows"),
    ("members", "read", "read:org", "teams as reviewers"),
];

/// Scopes that hold others.
const WIDER: [(&str, &[&str]); 1] = [("read:org", &["write:org", "admin:org"])];

/// How runs stand with GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// As whom they act, in words.
    pub acts_as: String,
    /// What the owner is, in words.
    pub owner: String,
    /// The version of the API, and of GitHub Enterprise Server where it is one.
    pub version: String,
    /// How many requests of this hour are left, and of how many; nothing where there is no limit.
    pub left: Option<(u64, u64)>,
    /// Permissions that are missing, each with what for.
    pub missing: Vec<String>,
    /// What can't be told, and deserves a look.
    pub untold: Option<(String, String)>,
}

impl GitHubForge {
    /// How runs stand. Asks for the limits, which costs nothing of them, and for the owner; as an App for its installation.
    ///
    /// Errors: those of a token or an App that GitHub doesn't take, `idp::github::owner`, `idp::github::unreachable`.
    pub async fn standing(&self) -> Result<Standing> {
        let (headers, limits) = self.client.look("/rate_limit").await?;
        let organisation = self.is_organisation(&self.owner).await?;
        let sign = self.client.sign().await?;
        let (missing, untold) = may(sign, &headers);
        let number = |name: &str| limits.as_ref()?.pointer(&format!("/resources/core/{name}")).and_then(Value::as_u64);
        Ok(Standing {
            acts_as: acts_as(sign, &headers),
            owner: format!("{} {}", if organisation { "the organisation" } else { "the user" }, self.owner),
            version: version(&headers),
            left: number("remaining").zip(number("limit")),
            missing,
            untold,
        })
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn version(headers: &HeaderMap) -> String {
    let api = header(headers, "x-github-api-version-selected").unwrap_or(super::client::VERSION);
    match header(headers, "x-github-enterprise-version") {
        Some(server) => format!("API {api}, GitHub Enterprise Server {server}"),
        None => format!("API {api}"),
    }
}

fn acts_as(sign: &Sign, headers: &HeaderMap) -> String {
    match sign {
        Sign::App { id, granted } => {
            let some = if granted.selection == "selected" { "selected repositories" } else { "all repositories" };
            format!("the GitHub App {id}, installed for {some}")
        }
        Sign::Job => "a workflow's own token".into(),
        Sign::FineGrained => "a fine-grained token".into(),
        Sign::Token => match header(headers, "x-oauth-scopes") {
            Some("") => "a token without scopes".into(),
            Some(scopes) => format!("a token with the scopes {scopes}"),
            None => "a token".into(),
        },
    }
}

/// What is missing, and what can't be told.
fn may(sign: &Sign, headers: &HeaderMap) -> (Vec<String>, Option<(String, String)>) {
    let told = |what: &str, help: &str| Some((what.to_string(), help.to_string()));
    match sign {
        Sign::App { granted, .. } => {
            let selected = match granted.selection.as_str() {
                "selected" => told(
                    "the App is installed for selected repositories",
                    "it doesn't see those that runs make: install it for all repositories",
                ),
                _ => None,
            };
            (missing_permissions(granted), selected)
        }
        Sign::Token => match header(headers, "x-oauth-scopes") {
            Some(scopes) => (missing_scopes(scopes), None),
            None => (Vec::new(), told("what the token may do can't be told", "a change that it may not make says so")),
        },
        Sign::FineGrained => {
            let help =
                "GitHub doesn't tell what a fine-grained token may do: compare its settings page with docs/github.md";
            (Vec::new(), told("what the token may do can't be told", help))
        }
        Sign::Job => {
            let help = "it can't make repositories nor see others: give GITHUB_TOKEN a GitHub App's token";
            (Vec::new(), told("a workflow's own token ends at its repository", help))
        }
    }
}

fn missing_permissions(granted: &Granted) -> Vec<String> {
    let rank = |access: &str| ["read", "write", "admin"].iter().position(|one| *one == access).map_or(0, |at| at + 1);
    let has = |name: &str| granted.permissions.get(name).map_or(0, |access| rank(access));
    let missing = NEEDS.iter().filter(|(name, access, ..)| has(name) < rank(access));
    missing.map(|(name, access, _, what)| format!("\"{}: {access}\" for {what}", page_name(name))).collect()
}

/// A permission as the settings page names it.
fn page_name(name: &str) -> String {
    let text = name.replace('_', " ");
    let (first, rest) = text.split_at(text.len().min(1));
    first.to_uppercase() + rest
}

fn missing_scopes(scopes: &str) -> Vec<String> {
    let has: Vec<&str> = scopes.split(',').map(str::trim).collect();
    let wider: BTreeMap<&str, &[&str]> = BTreeMap::from(WIDER);
    let covered = |scope: &str| {
        has.contains(&scope) || wider.get(scope).is_some_and(|wider| wider.iter().any(|one| has.contains(one)))
    };
    let mut missing: Vec<(&str, Vec<&str>)> = Vec::new();
    for (_, _, scope, what) in NEEDS.iter().filter(|(_, _, scope, _)| !covered(scope)) {
        match missing.iter_mut().find(|(name, _)| name == scope) {
            Some((_, all)) => all.push(what),
            None => missing.push((scope, vec![what])),
        }
    }
    missing.into_iter().map(|(scope, what)| format!("the scope {scope} for {}", what.join("; "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(permissions: &[(&str, &str)], selection: &str) -> Sign {
        let permissions = permissions.iter().map(|(name, access)| (name.to_string(), access.to_string())).collect();
        Sign::App { id: 7, granted: Granted { permissions, selection: selection.into() } }
    }

    #[test]
    fn an_apps_missing_permissions_are_named_as_its_page_names_them() {
        let most = [("administration", "write"), ("contents", "read"), ("workflows", "write"), ("members", "write")];
        let (missing, untold) = may(&granted(&most, "selected"), &HeaderMap::new());
        assert_eq!(
            missing,
            [
                "\"Contents: write\" for commits, branches and merges",
                "\"Pull requests: write\" for pull requests, their labels, reviewers and comments",
            ]
        );
        assert!(untold.unwrap().0.contains("selected"));
    }

    #[test]
    fn a_classic_tokens_missing_scopes_are_named() {
        assert_eq!(missing_scopes("repo, workflow, admin:org"), [""; 0]);
        assert_eq!(missing_scopes("repo, workflow"), ["the scope read:org for teams as reviewers"]);
        assert!(missing_scopes("").first().is_some_and(|first| first.starts_with("the scope repo for repositories")));
        assert_eq!(may(&Sign::FineGrained, &HeaderMap::new()).0, [""; 0]);
    }
}
