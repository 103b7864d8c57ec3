//! Smaller things that GitHub remembers and the emulator doesn't: commit statuses, rulesets, what teams may do, webhooks once and
//! their secrets.

use serde_json::{Value, json};

use super::pages::{page, unchecked};
use super::{Below, Memory, get, invalid};
use crate::support::github::http::{Answer, Request};

const TIME: &str = "2026-01-01T00:00:00Z";

pub fn answer(memory: &Memory, request: &Request, below: Below) -> Answer {
    let parts = request.parts();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["repos", owner, repo, "statuses", sha]) => {
            set_status(memory, request, below, &format!("{owner}/{repo}"), sha)
        }
        ("GET", ["repos", owner, repo, "commits", at @ .., what @ ("status" | "statuses")]) => {
            statuses(memory, request, below, &format!("{owner}/{repo}"), &at.join("/"), *what == "statuses")
        }
        (_, ["repos", owner, repo, "rulesets", id @ ..]) => {
            rulesets(memory, request, &format!("{owner}/{repo}"), id.first().copied())
        }
        ("GET", ["repos", _, _, "codeowners", "errors"]) => Answer::json(200, &json!({ "errors": [] })),
        ("POST", ["repos", owner, repo, "hooks"]) => {
            let hooks = get(request, below, &format!("/repos/{owner}/{repo}/hooks?per_page=100"));
            let url = &request.json()["config"]["url"];
            if hooks.as_array().into_iter().flatten().any(|hook| hook["config"]["url"] == *url) {
                let error = json!([{ "resource": "Hook", "code": "custom",
                    "message": "Hook already exists on this repository" }]);
                return invalid("Validation Failed", error);
            }
            webhook(memory, request, below, &format!("{owner}/{repo}"))
        }
        (_, ["repos", owner, repo, "hooks"] | ["repos", owner, repo, "hooks", _]) => {
            webhook(memory, request, below, &format!("{owner}/{repo}"))
        }
        ("POST", ["repos", _, _, "labels"]) => match below(request) {
            answer if answer.status == 422 => invalid(
                "Validation Failed",
                json!([{ "resource": "Label", "code": "already_exists", "field": "name" }]),
            ),
            answer => answer,
        },
        (_, ["repos", owner, repo, "branches", branch @ .., "protection"]) => {
            protection(request, below, &format!("/repos/{owner}/{repo}/branches/{}", branch.join("/")))
        }
        ("POST", ["repos", owner, repo, "git", "trees"]) => {
            without_empty_folders(request, below, &format!("/repos/{owner}/{repo}/git/trees"))
        }
        (method, ["orgs", org, "teams", team, "repos", owner, repo]) => {
            let key = ((*org).to_owned(), (*team).to_owned(), format!("{owner}/{repo}"));
            if method == "GET" {
                return match memory.teams.lock().get(&key) {
                    Some(permission) => team_repository(request, below, &key.2, permission),
                    None => Answer::error(404, "Not Found"),
                };
            }
            let answer = below(request);
            if answer.status == 204 {
                let permission = request.json()["permission"].as_str().unwrap_or("push").to_owned();
                match method {
                    "PUT" => drop(memory.teams.lock().insert(key, permission)),
                    _ => drop(memory.teams.lock().remove(&key)),
                }
            }
            answer
        }
        _ => below(request),
    }
}

/// A tree whose last file of a folder was deleted doesn't have that folder: Git knows no empty ones.
fn without_empty_folders(request: &Request, below: Below, trees: &str) -> Answer {
    const EMPTY: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let answer = below(request);
    let asked = request.json();
    let deletes = asked["tree"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|entry| entry["sha"].is_null() && entry["content"].is_null());
    let Some(made) = answer.value()["sha"].as_str().filter(|_| deletes && answer.status == 201).map(str::to_owned)
    else {
        return answer;
    };
    let whole = get(request, below, &format!("{trees}/{made}?recursive=1"));
    let entries = whole["tree"].as_array().cloned().unwrap_or_default();
    if made == EMPTY || !entries.iter().any(|entry| entry["sha"] == EMPTY) {
        return answer;
    }
    let files: Vec<Value> = entries
        .iter()
        .filter(|entry| entry["type"] != "tree")
        .map(
            |entry| json!({ "path": entry["path"], "mode": entry["mode"], "type": entry["type"], "sha": entry["sha"] }),
        )
        .collect();
    super::ask(request, below, "POST", trees, json!({ "tree": files }))
}

/// A webhook is shown with stars in place of its secret, and loses it with a `config` that doesn't give it again.
fn webhook(memory: &Memory, request: &Request, below: Below, repo: &str) -> Answer {
    let mut inner = request.clone();
    let mut body = request.json();
    let config = body.get_mut("config").and_then(Value::as_object_mut);
    let given = config.map(|config| !config.entry("secret").or_insert(Value::Null).is_null());
    if request.method == "PATCH" && given.is_some() {
        inner.body = body.to_string().into_bytes();
    }
    let mut answer = below(&inner);
    let mut told = answer.value();
    if answer.status >= 300 || !(told.is_array() || told.is_object()) {
        return answer;
    }
    let mut secrets = memory.secrets.lock();
    if let (Some(given), Some(id)) = (given, told["id"].as_u64()) {
        let key = (repo.to_owned(), id);
        if given {
            secrets.insert(key);
        } else {
            secrets.remove(&key);
        }
    }
    let mut show = |hook: &mut Value| {
        if hook["id"].as_u64().is_some_and(|id| secrets.contains(&(repo.to_owned(), id))) {
            hook["config"]["secret"] = json!("********");
        }
    };
    match told.as_array_mut() {
        Some(hooks) => hooks.iter_mut().for_each(&mut show),
        None => show(&mut told),
    }
    answer.set(&told);
    answer
}

/// Protection says which of the two isn't there, and takes checks by their newer name.
fn protection(request: &Request, below: Below, branch: &str) -> Answer {
    let mut inner = request.clone();
    let mut body = request.json();
    let checks = body["required_status_checks"]["checks"].as_array().cloned().unwrap_or_default();
    if !checks.is_empty() {
        let contexts = body["required_status_checks"]["contexts"].as_array().cloned().unwrap_or_default();
        let named = checks.into_iter().map(|check| check["context"].clone());
        let all: Vec<Value> = named.filter(|name| !contexts.contains(name)).collect();
        body["required_status_checks"]["contexts"] = [contexts, all].concat().into();
        inner.body = body.to_string().into_bytes();
    }
    let there = || !get(request, below, branch).is_null();
    let bare = request.method == "DELETE" && get(request, below, &format!("{branch}/protection")).is_null();
    match below(&inner) {
        answer if answer.status == 404 || bare => {
            Answer::error(404, if there() { "Branch not protected" } else { "Branch not found" })
        }
        answer => answer,
    }
}

/// With the media type that asks for it, the repository and what the team may do; else only that it is there.
fn team_repository(request: &Request, below: Below, full: &str, permission: &str) -> Answer {
    if !request.header("accept").is_some_and(|accept| accept.contains("repository")) {
        return Answer::json(204, &Value::Null);
    }
    let mut repo = get(request, below, &format!("/repos/{full}"));
    let levels = ["pull", "triage", "push", "maintain", "admin"];
    let level = levels.iter().position(|one| *one == permission).unwrap_or(0);
    repo["permissions"] =
        levels.iter().enumerate().map(|(at, name)| ((*name).to_owned(), json!(at <= level))).collect();
    repo["role_name"] = json!(match permission {
        "push" => "write",
        "pull" => "read",
        other => other,
    });
    unchecked(200, &repo)
}

fn set_status(memory: &Memory, request: &Request, below: Below, repo: &str, sha: &str) -> Answer {
    let commit = get(request, below, &format!("/repos/{repo}/git/commits/{sha}"));
    if commit.is_null() {
        let message = format!("No commit found for SHA: {sha}");
        return invalid(&message, json!([]));
    }
    let body = request.json();
    let mut all = memory.statuses.lock();
    let number = all.values().map(Vec::len).sum::<usize>() + 1;
    let url = format!("https://api.github.com/repos/{repo}/statuses/{sha}");
    let status = json!({
        "url": url, "avatar_url": null, "id": number, "node_id": format!("status{number}"), "state": body["state"],
        "description": body["description"], "target_url": body["target_url"],
        "context": body["context"].as_str().unwrap_or("default"), "created_at": TIME, "updated_at": TIME,
        "creator": get(request, below, "/user"),
    });
    all.entry((repo.to_owned(), sha.to_owned())).or_default().push(status.clone());
    unchecked(201, &status)
}

fn statuses(memory: &Memory, request: &Request, below: Below, repo: &str, at: &str, every: bool) -> Answer {
    let commit = get(request, below, &format!("/repos/{repo}/commits/{at}"));
    let Some(sha) = commit["sha"].as_str() else { return Answer::error(404, "Not Found") };
    let mut list = memory.statuses.lock().get(&(repo.to_owned(), sha.to_owned())).cloned().unwrap_or_default();
    list.reverse();
    if every {
        return page(request, &list);
    }
    let mut seen = Vec::new();
    list.retain(|status| {
        let new = !seen.contains(&status["context"]);
        seen.push(status["context"].clone());
        new
    });
    let any = |state: &str| list.iter().any(|status| status["state"] == state);
    let state = match () {
        () if any("failure") || any("error") => "failure",
        () if list.is_empty() || any("pending") => "pending",
        () => "success",
    };
    let repository = get(request, below, &format!("/repos/{repo}"));
    unchecked(
        200,
        &json!({ "state": state, "statuses": list, "sha": sha, "total_count": list.len(), "repository": repository,
            "commit_url": commit["url"], "url": format!("{}/status", commit["url"].as_str().unwrap_or_default()) }),
    )
}

fn rulesets(memory: &Memory, request: &Request, repo: &str, id: Option<&str>) -> Answer {
    let mut all = memory.rulesets.lock();
    let next = all.values().flatten().filter_map(|one| one["id"].as_u64()).max().unwrap_or(0) + 1;
    let list = all.entry(repo.to_owned()).or_default();
    let position = id.map(|id| list.iter().position(|one| one["id"].as_u64() == id.parse().ok()));
    let of = |id: u64| {
        let mut ruleset = request.json();
        ruleset["id"] = json!(id);
        ruleset["source"] = json!(repo);
        ruleset["source_type"] = json!("Repository");
        ruleset
    };
    match (request.method.as_str(), position) {
        ("GET", None) => {
            let short = |one: &Value| {
                let mut one = one.clone();
                one.as_object_mut().map(|map| map.shift_remove("rules"));
                one
            };
            page(request, &list.iter().map(short).collect::<Vec<Value>>())
        }
        ("POST", None) if list.iter().any(|one| one["name"] == request.json()["name"]) => {
            // Texts, where the description says objects.
            Answer { checked: false, ..invalid("Validation Failed", json!(["Name must be unique"])) }
        }
        ("POST", None) => {
            list.push(of(next));
            Answer::json(201, &of(next))
        }
        ("GET", Some(Some(at))) => Answer::json(200, &list[at]),
        ("PUT", Some(Some(at))) => {
            let id = list[at]["id"].as_u64().unwrap_or_default();
            let mut ruleset = list[at].clone();
            if let (Some(map), Value::Object(given)) = (ruleset.as_object_mut(), of(id)) {
                map.extend(given);
            }
            list[at] = ruleset.clone();
            Answer::json(200, &ruleset)
        }
        ("DELETE", Some(Some(at))) => {
            list.remove(at);
            Answer::json(204, &Value::Null)
        }
        _ => Answer::error(404, "Not Found"),
    }
}
