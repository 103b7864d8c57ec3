//! Repositories: their lists, making them as an App and from templates, and what an empty one answers.

use serde_json::{Value, json};

use super::pages::{page, page_in, unchecked};
use super::{Below, Memory, ask, get, invalid};
use crate::support::github::TOKEN;
use crate::support::github::http::{Answer, Request};

pub fn answer(memory: &Memory, request: &Request, below: Below) -> Answer {
    let parts = request.parts();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["orgs", owner, "repos"]) => page(request, &of_owner(request, below, owner)),
        ("GET", ["installation", "repositories"]) => {
            page_in(request, "repositories", &of_owner(request, below, "acme"))
        }
        ("POST", ["orgs", _, "repos"] | ["user", "repos"]) => create(request, below, &request.target),
        ("POST", ["repos", owner, name, "generate"]) => generate(memory, request, below, &format!("{owner}/{name}")),
        ("DELETE", ["repos", owner, name]) => {
            memory.filled.lock().remove(&format!("{owner}/{name}"));
            memory.templates.lock().remove(&format!("{owner}/{name}"));
            below(&as_user(request))
        }
        ("GET" | "PATCH", ["repos", owner, name]) => {
            let inner = if request.method == "PATCH" { as_user(request) } else { request.clone() };
            let answer = below(&inner);
            let template = memory.templates.lock().get(&format!("{owner}/{name}")).cloned();
            match template {
                Some(template) if answer.status == 200 => {
                    let mut repo = answer.value();
                    repo["template_repository"] = template;
                    Answer { body: repo.to_string().into_bytes(), checked: false, ..answer }
                }
                _ => answer,
            }
        }
        ("PUT", ["repos", _, _, "topics"]) => below(&as_user(request)),
        (_, ["repos", owner, name, "git", ..]) => {
            let full = format!("{owner}/{name}");
            if empty(memory, request, below, &full) {
                return Answer::error(409, "Git Repository is empty.");
            }
            let answer = below(request);
            match (request.method.as_str(), answer.status) {
                ("PATCH" | "DELETE", 404) => invalid("Reference does not exist", json!([])),
                _ => answer,
            }
        }
        _ => below(request),
    }
}

/// Whether it is there and has no branch.
fn empty(memory: &Memory, request: &Request, below: Below, full: &str) -> bool {
    if memory.filled.lock().contains(full) {
        return false;
    }
    let branches = get(request, below, &format!("/repos/{full}/branches?per_page=1"));
    let empty = branches.as_array().is_some_and(Vec::is_empty);
    if branches.is_array() && !empty {
        memory.filled.lock().insert(full.to_owned());
    }
    empty
}

/// The emulator lets only users make and change repositories: an installation acts through one.
fn as_user(request: &Request) -> Request {
    let mut request = request.clone();
    for (name, value) in &mut request.headers {
        if name == "authorization" && value.contains("ghs_") {
            *value = format!("Bearer {TOKEN}");
        }
    }
    request
}

fn create(request: &Request, below: Below, target: &str) -> Answer {
    let mut request = as_user(request);
    request.target = target.to_owned();
    let mut body = request.json();
    let visibility = body["visibility"].as_str().map(str::to_owned);
    if let Some(visibility) = &visibility {
        body["private"] = json!(visibility != "public");
    }
    request.body = body.to_string().into_bytes();
    let made = below(&request);
    if made.status == 422 {
        let error = json!([{ "resource": "Repository", "code": "custom", "field": "name",
            "message": "name already exists on this account" }]);
        return invalid("Repository creation failed.", error);
    }
    let full = made.value()["full_name"].as_str().map(str::to_owned);
    match (visibility, full) {
        (Some(visibility), Some(full)) if visibility == "internal" => {
            let target = format!("/repos/{full}");
            let settled = ask(&request, below, "PATCH", &target, json!({ "visibility": visibility }));
            Answer { status: made.status, ..settled }
        }
        _ => made,
    }
}

/// Search is the one list of all that an organisation has.
pub fn of_owner(request: &Request, below: Below, owner: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for number in 1.. {
        let target = format!("/search/repositories?q=org:{owner}&per_page=100&page={number}");
        let found = get(&as_user(request), below, &target);
        let items = found["items"].as_array().cloned().unwrap_or_default();
        let last = items.len() < 100;
        all.extend(items);
        if last {
            break;
        }
    }
    all.sort_by_key(|repo| repo["id"].as_u64());
    all
}

/// A new repository with the files of a template's default branch, as one commit.
fn generate(memory: &Memory, request: &Request, below: Below, template: &str) -> Answer {
    let request = &as_user(request);
    let from = get(request, below, &format!("/repos/{template}"));
    if from.is_null() {
        return Answer::error(404, "Not Found");
    }
    if from["is_template"] != true {
        return invalid(&format!("{template} is not a template repository"), json!([]));
    }
    let mut body = request.json();
    let owner = body["owner"].as_str().unwrap_or("acme").to_owned();
    if let Some(map) = body.as_object_mut() {
        map.remove("owner");
        map.remove("include_all_branches");
    }
    let inner = Request { body: body.to_string().into_bytes(), method: "POST".into(), ..request.clone() };
    let made = create(&inner, below, &format!("/orgs/{owner}/repos"));
    if made.status != 201 {
        return made;
    }
    let mut repo = made.value();
    let (full, branch) =
        (repo["full_name"].as_str().unwrap_or_default(), from["default_branch"].as_str().unwrap_or("main"));
    let tree = get(request, below, &format!("/repos/{template}/git/trees/{branch}?recursive=1"));
    let entries = tree["tree"].as_array().cloned().unwrap_or_default();
    for file in entries.iter().filter(|entry| entry["type"] == "blob") {
        let sha = file["sha"].as_str().unwrap_or_default();
        let blob = get(request, below, &format!("/repos/{template}/git/blobs/{sha}"));
        let body = json!({ "content": blob["content"], "encoding": "base64" });
        ask(request, below, "POST", &format!("/repos/{full}/git/blobs"), body);
    }
    let files = super::merging::entries(&entries);
    let tree = ask(request, below, "POST", &format!("/repos/{full}/git/trees"), json!({ "tree": files })).value();
    let commit = json!({ "message": "Initial commit", "tree": tree["sha"], "parents": [] });
    let commit = ask(request, below, "POST", &format!("/repos/{full}/git/commits"), commit).value();
    let head = json!({ "ref": format!("refs/heads/{branch}"), "sha": commit["sha"] });
    ask(request, below, "POST", &format!("/repos/{full}/git/refs"), head);
    memory.templates.lock().insert(full.to_owned(), from.clone());
    repo["template_repository"] = from;
    unchecked(201, &repo)
}
