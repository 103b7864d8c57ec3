//! Protection as a ruleset of the repository, `idp-run: BRANCH`, for those who asked for it in idp.yaml: what a run
//! doesn't know of stays as people set it.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::GitHubForge;
use super::paths::of;
use crate::error::{Error, Result};
use crate::world::forge::{MOVED, Outcome, Protection, RepoId};

/// Where a repository's own rulesets are listed.
pub(super) fn list_path(repo: &RepoId) -> String {
    of(repo, "rulesets?includes_parents=false")
}

fn name_of(branch: &str) -> String {
    format!("idp-run: {branch}")
}

impl GitHubForge {
    /// The ruleset of a branch that runs made, whole.
    async fn ruleset(&self, repo: &RepoId, branch: &str) -> Result<Option<Value>> {
        let name = name_of(branch);
        let all = self.client.all(&list_path(repo), None).await?;
        let Some(id) = all.iter().find(|one| one.get("name") == Some(&json!(name))).and_then(|one| one.get("id"))
        else {
            return Ok(None);
        };
        let found = self.client.get(&of(repo, &format!("rulesets/{id}"))).await?;
        Ok(found.map(|found| (*found).clone()))
    }

    /// What that ruleset asks for, if it is in force.
    pub(super) async fn ruled(&self, repo: &RepoId, branch: &str) -> Result<Option<Protection>> {
        let found = self.ruleset(repo, branch).await?;
        Ok(found.filter(|found| found.get("enforcement") == Some(&json!("active"))).map(|found| protection(&found)))
    }

    /// Makes the ruleset of a branch, or changes it.
    pub(super) async fn rule(&self, repo: &RepoId, branch: &str, after: &Protection) -> Result<Outcome> {
        let found = self.ruleset(repo, branch).await?;
        let rules = rules(found.as_ref(), after);
        if let Some(id) = found.as_ref().and_then(|found| found.get("id")) {
            let body = json!({ "enforcement": "active", "rules": rules });
            self.client.send(Method::PUT, &of(repo, &format!("rulesets/{id}")), Some(body)).await?;
            return Ok(Outcome::default());
        }
        let body = json!({
            "name": name_of(branch), "target": "branch", "enforcement": "active", "rules": rules,
            "conditions": { "ref_name": { "include": [format!("refs/heads/{branch}")], "exclude": [] } },
        });
        match self.client.send(Method::POST, &of(repo, "rulesets"), Some(body)).await {
            Ok(_) => Ok(Outcome::default()),
            // Another run was faster: the caller looks again.
            Err(trouble) if trouble.says(422, "unique") => {
                Err(Error::failed(MOVED, format!("the rules of {branch} of {repo} moved while they were edited"))
                    .help("run the same command again"))
            }
            Err(trouble) => Err(trouble.into()),
        }
    }
}

fn of_kind<'a>(ruleset: &'a Value, kind: &str) -> Option<&'a Value> {
    let all = ruleset.get("rules").and_then(Value::as_array)?;
    all.iter().find(|rule| rule.get("type").and_then(Value::as_str) == Some(kind))
}

/// What scripts know of a ruleset.
fn protection(ruleset: &Value) -> Protection {
    let parameter = |kind: &str, name: &str| of_kind(ruleset, kind)?.get("parameters")?.get(name);
    let checks = parameter("required_status_checks", "required_status_checks").and_then(Value::as_array);
    Protection {
        reviews: parameter("pull_request", "required_approving_review_count")
            .and_then(Value::as_u64)
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or_default(),
        checks: checks
            .into_iter()
            .flatten()
            .filter_map(|check| check.get("context")?.as_str().map(str::to_owned))
            .collect::<BTreeSet<_>>(),
        code_owners: parameter("pull_request", "require_code_owner_review")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    }
}

/// The rules that bring a protection about, on top of those that are there: no deletion, no forced push, changes by pull
/// request alone, as classic protection has it.
fn rules(there: Option<&Value>, after: &Protection) -> Vec<Value> {
    let parameters = |kind: &str| -> Map<String, Value> {
        let found = there.and_then(|there| of_kind(there, kind)).and_then(|rule| rule.get("parameters"));
        found.and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let all = there.and_then(|there| there.get("rules")).and_then(Value::as_array);
    let ours = ["deletion", "non_fast_forward", "pull_request", "required_status_checks"];
    let is_ours = |rule: &&Value| rule.get("type").and_then(Value::as_str).is_some_and(|kind| ours.contains(&kind));
    let mut rules: Vec<Value> = all.into_iter().flatten().filter(|rule| !is_ours(rule)).cloned().collect();
    rules.extend([json!({ "type": "deletion" }), json!({ "type": "non_fast_forward" })]);
    let mut reviews = parameters("pull_request");
    // These must all be given.
    for name in ["dismiss_stale_reviews_on_push", "require_last_push_approval", "required_review_thread_resolution"] {
        reviews.entry(name).or_insert(Value::Bool(false));
    }
    reviews.insert("required_approving_review_count".into(), json!(after.reviews));
    reviews.insert("require_code_owner_review".into(), json!(after.code_owners));
    rules.push(json!({ "type": "pull_request", "parameters": reviews }));
    if !after.checks.is_empty() {
        let mut checks = parameters("required_status_checks");
        checks.entry("strict_required_status_checks_policy").or_insert(Value::Bool(false));
        // Those that are there may name the App that they must come from.
        let known = checks.get("required_status_checks").and_then(Value::as_array).cloned().unwrap_or_default();
        let context = |check: &Value| check.get("context").and_then(Value::as_str).map(str::to_owned);
        let mut wanted: Vec<Value> = known
            .iter()
            .filter(|check| context(check).is_some_and(|name| after.checks.contains(&name)))
            .cloned()
            .collect();
        let missing =
            after.checks.iter().filter(|name| !known.iter().any(|check| context(check).as_ref() == Some(*name)));
        wanted.extend(missing.map(|name| json!({ "context": name })));
        checks.insert("required_status_checks".into(), Value::Array(wanted));
        rules.push(json!({ "type": "required_status_checks", "parameters": checks }));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_people_set_stays() {
        let one = Protection { reviews: 2, checks: ["lint".to_string()].into(), code_owners: true };
        let made = json!({ "rules": rules(None, &one) });
        assert_eq!(protection(&made), one);
        let mut edited = made["rules"].as_array().unwrap().clone();
        edited[2]["parameters"]["allowed_merge_methods"] = json!(["squash"]);
        edited[3]["parameters"]["required_status_checks"][0]["integration_id"] = json!(7);
        edited.push(json!({ "type": "required_signatures" }));
        let two = Protection { reviews: 1, checks: ["lint", "test"].map(String::from).into(), code_owners: true };
        let now = json!({ "rules": rules(Some(&json!({ "rules": edited })), &two) });
        assert_eq!(protection(&now), two);
        let kinds: Vec<&str> =
            now["rules"].as_array().unwrap().iter().map(|rule| rule["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            ["required_signatures", "deletion", "non_fast_forward", "pull_request", "required_status_checks"]
        );
        assert_eq!(now["rules"][3]["parameters"]["allowed_merge_methods"], json!(["squash"]));
        assert_eq!(
            now["rules"][4]["parameters"]["required_status_checks"],
            json!([{ "context": "lint", "integration_id": 7 }, { "context": "test" }])
        );
    }
}
