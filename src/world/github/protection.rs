//! Branch protection on GitHub, read and written whole: what a run doesn't know of stays as people set it.

use std::collections::BTreeSet;
use std::sync::Arc;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::GitHubForge;
use super::objects::branch_path;
use super::paths::{of, segment};
use crate::error::{Error, Result};
use crate::world::change::Change;
use crate::world::forge::{MOVED, Outcome, Protection, RepoId};

/// Settings that are told as `{ "enabled": true }` and set as `true`.
const SWITCHES: [&str; 8] = [
    "enforce_admins",
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
];

impl GitHubForge {
    fn protection_path(&self, repo: &RepoId, branch: &str) -> String {
        of(repo, &format!("branches/{}/protection", segment(branch)))
    }

    /// A branch's protection, if it has one.
    pub(super) async fn protection_of(&self, repo: &RepoId, branch: &str) -> Result<Option<Protection>> {
        // A classic protection counts as long as there is no ruleset in its place.
        if self.rulesets
            && let Some(ruled) = self.ruled(repo, branch).await?
        {
            return Ok(Some(ruled));
        }
        let told = self.told_protection(repo, branch).await?;
        Ok(told.map(|told| protection(&told)))
    }

    /// The protection as GitHub tells it. A branch that isn't there, or says itself that it has none, isn't asked for it.
    async fn told_protection(&self, repo: &RepoId, branch: &str) -> Result<Option<Arc<Value>>> {
        let path = self.protection_path(repo, branch);
        if let Some(page) = self.client.reads.known(&path).await {
            return Ok(page.body);
        }
        match self.client.get(&branch_path(repo, branch)).await? {
            None => return Ok(None),
            Some(told) if told.get("protected") == Some(&Value::Bool(false)) => return Ok(None),
            Some(_) => {}
        }
        self.client.get(&path).await
    }

    /// Sets a branch's protection.
    pub(super) async fn protect(&self, change: &Change) -> Result<Outcome> {
        let Change::ProtectBranch { repo, branch, before, after } = change else {
            return Err(Error::failed("idp::forge", "not a protection"));
        };
        let now = self.protection_of(repo, branch).await?;
        if now.as_ref() == Some(after) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        if now != *before {
            self.client.reads.refresh();
            return Err(Error::failed(
                MOVED,
                format!("the protection of {branch} of {repo} moved while it was edited"),
            )
            .help("run the same command again"));
        }
        if self.rulesets {
            return self.rule(repo, branch, after).await;
        }
        let path = self.protection_path(repo, branch);
        let told = self.told_protection(repo, branch).await?;
        let told = self.client.send(Method::PUT, &path, Some(wanted(told.as_deref(), after))).await?;
        // Some hosts tell less than they were given; what was set is known.
        if protection(&told) == *after {
            self.client.reads.put(&path, Some(told)).await;
        }
        Ok(Outcome::default())
    }
}

/// What scripts know of a protection.
fn protection(told: &Value) -> Protection {
    let reviews = told.get("required_pull_request_reviews");
    let checks = told.get("required_status_checks");
    let contexts = checks.and_then(|checks| checks.get("contexts")).and_then(Value::as_array).into_iter().flatten();
    let named = checks.and_then(|checks| checks.get("checks")).and_then(Value::as_array).into_iter().flatten();
    let named = named.filter_map(|check| check.get("context"));
    Protection {
        reviews: reviews
            .and_then(|reviews| reviews.get("required_approving_review_count"))
            .and_then(Value::as_u64)
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or_default(),
        checks: contexts.chain(named).filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>(),
        code_owners: reviews
            .and_then(|reviews| reviews.get("require_code_owner_reviews"))
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    }
}

/// The body that sets a protection, on top of what is there.
fn wanted(told: Option<&Value>, after: &Protection) -> Value {
    let nothing = Value::Null;
    let told = told.unwrap_or(&nothing);
    let mut body = Map::new();
    for name in SWITCHES {
        if let Some(enabled) = told.get(name).and_then(|switch| switch.get("enabled")) {
            body.insert(name.into(), enabled.clone());
        }
    }
    // These four must be given; null leaves them off.
    body.entry("enforce_admins").or_insert(Value::Null);
    body.insert("restrictions".into(), restrictions(told.get("restrictions")));
    let mut reviews = Map::new();
    if let Some(there) = told.get("required_pull_request_reviews") {
        for name in ["dismiss_stale_reviews", "require_last_push_approval"] {
            if let Some(value) = there.get(name) {
                reviews.insert(name.into(), value.clone());
            }
        }
        for name in ["dismissal_restrictions", "bypass_pull_request_allowances"] {
            if there.get(name).is_some() {
                reviews.insert(name.into(), restrictions(there.get(name)));
            }
        }
    }
    reviews.insert("required_approving_review_count".into(), json!(after.reviews));
    reviews.insert("require_code_owner_reviews".into(), json!(after.code_owners));
    body.insert("required_pull_request_reviews".into(), Value::Object(reviews));
    let there = told.get("required_status_checks");
    let strict = there.and_then(|checks| checks.get("strict")).and_then(Value::as_bool).unwrap_or_default();
    let checks = match after.checks.is_empty() {
        true => Value::Null,
        false => json!({ "strict": strict, "contexts": after.checks }),
    };
    body.insert("required_status_checks".into(), checks);
    Value::Object(body)
}

/// Who may do something, as it is set: by login and slug; null for everyone.
fn restrictions(told: Option<&Value>) -> Value {
    let Some(told) = told.filter(|told| told.is_object()) else { return Value::Null };
    let names = |list: &str, key: &str| -> Vec<Value> {
        let all = told.get(list).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|one| one.get(key).cloned()).collect()
    };
    json!({ "users": names("users", "login"), "teams": names("teams", "slug"), "apps": names("apps", "slug") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_set_stays() {
        let told = json!({
            "required_status_checks": { "strict": true, "contexts": ["build"], "checks": [{ "context": "lint", "app_id": 1 }] },
            "required_pull_request_reviews": { "required_approving_review_count": 2, "require_code_owner_reviews": true, "dismiss_stale_reviews": true },
            "restrictions": { "users": [{ "login": "ann" }], "teams": [{ "slug": "sre" }], "apps": [] },
            "enforce_admins": { "enabled": true },
            "allow_deletions": { "enabled": false },
        });
        let now = protection(&told);
        assert_eq!(
            now,
            Protection { reviews: 2, checks: ["build", "lint"].map(String::from).into(), code_owners: true }
        );
        let body = wanted(Some(&told), &Protection { reviews: 1, ..now });
        assert_eq!(
            body,
            json!({
                "enforce_admins": true,
                "allow_deletions": false,
                "restrictions": { "users": ["ann"], "teams": ["sre"], "apps": [] },
                "required_pull_request_reviews": {
                    "dismiss_stale_reviews": true, "required_approving_review_count": 1, "require_code_owner_reviews": true,
                },
                "required_status_checks": { "strict": true, "contexts": ["build", "lint"] },
            })
        );
    }

    #[test]
    fn a_new_protection_gives_all_that_must_be_given() {
        let body = wanted(None, &Protection { reviews: 1, ..Protection::default() });
        for key in ["enforce_admins", "restrictions", "required_status_checks"] {
            assert_eq!(body.get(key), Some(&Value::Null), "{key}");
        }
    }
}
