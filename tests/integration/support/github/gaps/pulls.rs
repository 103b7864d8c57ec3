//! Pull requests: what GitHub refuses, heads that move with their branches, merges that keep what others did.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::merging::Repository;
use super::pages::{page, unchecked};
use super::{Below, Memory, ask, invalid};
use crate::support::github::http::{Answer, Request};

/// Fields that GitHub leaves out where it lists pull requests.
const NOT_LISTED: [&str; 12] = [
    "merged",
    "mergeable",
    "rebaseable",
    "mergeable_state",
    "merged_by",
    "comments",
    "review_comments",
    "maintainer_can_modify",
    "commits",
    "additions",
    "deletions",
    "changed_files",
];

pub fn answer(memory: &Memory, request: &Request, below: Below) -> Answer {
    let parts = request.parts();
    let ["repos", owner, repo, rest @ ..] = parts.as_slice() else { return below(request) };
    let name = format!("{owner}/{repo}");
    let repository = Repository { request, below, name: &name };
    let _held = request.writes().then(|| memory.writing.lock());
    let answer = answered(memory, &repository, rest);
    let decides = matches!(rest, ["pulls", _, "reviews"] | ["check-runs", ..] | ["statuses", _]);
    if request.writes() && decides && answer.status < 300 {
        merge_those_that_wait(memory, &repository);
    }
    answer
}

fn answered(memory: &Memory, repository: &Repository, rest: &[&str]) -> Answer {
    let (request, below) = (repository.request, repository.below);
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    match (request.method.as_str(), rest) {
        ("GET", ["pulls"]) => {
            let mut answer = below(request);
            if let Value::Array(mut list) = answer.value() {
                for pull in &mut list {
                    refresh(memory, repository, pull);
                    let Some(map) = pull.as_object_mut() else { continue };
                    NOT_LISTED.iter().for_each(|field| drop(map.shift_remove(*field)));
                }
                answer.set(&Value::from(list));
            }
            answer
        }
        ("POST", ["pulls"]) => open(memory, repository),
        ("GET" | "PATCH", ["pulls", _]) => {
            let mut answer = below(request);
            if answer.status == 200 {
                let mut pull = answer.value();
                refresh(memory, repository, &mut pull);
                answer.set(&pull);
            }
            answer
        }
        ("PUT", ["pulls", at, "merge"]) => merge(memory, repository, number(at), &request.json()),
        ("GET", ["pulls", at, what @ ("files" | "commits")]) => match current(memory, repository, number(at)) {
            Value::Null => Answer::error(404, "Not Found"),
            pull => {
                let (base, head) = (text(&pull["base"]["sha"]), text(&pull["head"]["sha"]));
                let compared = repository.get(&format!("/compare/{base}...{head}"));
                page(request, compared[*what].as_array().map_or(&[], Vec::as_slice))
            }
        },
        ("PUT", ["pulls", at, "update-branch"]) => update(memory, repository, number(at)),
        ("POST", ["pulls", _, "requested_reviewers"]) => match below(request) {
            answer if answer.status == 200 => Answer { status: 201, ..answer },
            answer => answer,
        },
        ("POST", ["pulls", at, "reviews"]) if judges_own(repository, at) => {
            let errors = json!(["Review Can not approve or request changes on your own pull request"]);
            Answer { checked: false, ..invalid("Unprocessable Entity", errors) }
        }
        ("POST", ["pulls", _, "reviews"]) => match below(request) {
            answer if answer.status == 201 => Answer { status: 200, ..answer },
            answer => answer,
        },
        ("GET", ["issues", at]) => match below(request) {
            answer if answer.status == 404 => issue(&current(memory, repository, number(at))),
            answer => answer,
        },
        ("GET", ["commits", sha, "pulls"]) => {
            let list = repository.get("/pulls?state=all&per_page=100");
            let mut list = list.as_array().cloned().unwrap_or_default();
            list.iter_mut().for_each(|pull| refresh(memory, repository, pull));
            list.retain(|pull| pull["head"]["sha"] == *sha || pull["merge_commit_sha"] == *sha);
            page(request, &list)
        }
        ("POST", ["merges"]) => merge_branches(repository),
        ("DELETE", ["git", "refs", "heads", branch @ ..]) => {
            let answer = below(request);
            if answer.status == 204 {
                close_those_of(repository, &branch.join("/"));
            }
            answer
        }
        _ => below(request),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Puts into a pull request what the emulator doesn't follow.
fn refresh(memory: &Memory, repository: &Repository, pull: &mut Value) {
    let number = pull["number"].as_u64().unwrap_or_default();
    if pull["state"] == "open" {
        let (head, base) = (text(&pull["head"]["ref"]).to_owned(), text(&pull["base"]["ref"]).to_owned());
        if let (Some(head), Some(base)) = (repository.head(&head), repository.head(&base)) {
            let mergeable = repository.merged(&base, &head).is_some();
            pull["mergeable"] = json!(mergeable);
            pull["mergeable_state"] = json!(if mergeable { "clean" } else { "dirty" });
            pull["base"]["sha"] = json!(base);
            pull["head"]["sha"] = json!(head);
        }
    }
    if let Some(Value::Object(known)) = memory.pulls.lock().get(&(repository.name.to_owned(), number)) {
        for (name, value) in known {
            match name.as_str() {
                "head" | "base" => pull[name]["sha"] = value.clone(),
                _ => pull[name] = value.clone(),
            }
        }
    }
}

/// A pull request as GitHub sees it now; null if it isn't there.
fn current(memory: &Memory, repository: &Repository, number: u64) -> Value {
    let mut pull = repository.get(&format!("/pulls/{number}"));
    if !pull.is_null() {
        refresh(memory, repository, &mut pull);
    }
    pull
}

/// Whether a review says more than a comment, and is by who opened the pull request.
fn judges_own(repository: &Repository, number: &str) -> bool {
    let event = &repository.request.json()["event"];
    let me = super::get(repository.request, repository.below, "/user");
    let author = &repository.get(&format!("/pulls/{number}"))["user"]["login"];
    (*event == "APPROVE" || *event == "REQUEST_CHANGES") && me["login"].is_string() && me["login"] == *author
}

fn open(memory: &Memory, repository: &Repository) -> Answer {
    let body = repository.request.json();
    let owner = repository.name.split('/').next().unwrap_or_default();
    let (head, base) = (text(&body["head"]), text(&body["base"]));
    let head = head.strip_prefix(&format!("{owner}:")).unwrap_or(head);
    let wrong = |field: &str| {
        invalid("Validation Failed", json!([{ "resource": "PullRequest", "field": field, "code": "invalid" }]))
    };
    let refused = |message: String| {
        invalid("Validation Failed", json!([{ "resource": "PullRequest", "code": "custom", "message": message }]))
    };
    let Some(base_sha) = repository.head(base) else { return wrong("base") };
    let Some(head_sha) = repository.head(head) else { return wrong("head") };
    if !memory.accepts_duplicates.load(Ordering::SeqCst) {
        let open = repository.get(&format!("/pulls?state=open&head={owner}:{head}&base={base}"));
        if open.as_array().is_some_and(|list| !list.is_empty()) {
            return refused(format!("A pull request already exists for {owner}:{head}."));
        }
        let compared = repository.get(&format!("/compare/{base_sha}...{head_sha}"));
        if compared["ahead_by"] == 0 {
            return refused(format!("No commits between {base} and {head}"));
        }
    }
    (repository.below)(repository.request)
}

/// The pull requests that were told to merge once they may.
fn merge_those_that_wait(memory: &Memory, repository: &Repository) {
    let waiting: Vec<(u64, Value)> = memory
        .pulls
        .lock()
        .iter()
        .filter(|((name, _), known)| {
            name == repository.name && known["auto_merge"].is_object() && known["merged"] != true
        })
        .map(|((_, number), known)| (*number, known["auto_merge"].clone()))
        .collect();
    for (number, options) in waiting {
        merge(memory, repository, number, &options);
    }
}

/// A pull request as GitHub sees it now; null if it isn't there.
pub fn current_of(memory: &Memory, request: &Request, below: Below, name: &str, number: u64) -> Value {
    current(memory, &Repository { request, below, name }, number)
}

/// Whether nothing that protection asks for is missing.
pub fn may_merge(memory: &Memory, request: &Request, below: Below, name: &str, pull: &Value) -> bool {
    let number = pull["number"].as_u64().unwrap_or_default();
    let (into, head) = (text(&pull["base"]["ref"]), text(&pull["head"]["sha"]));
    missing(memory, &Repository { request, below, name }, number, into, head).is_none()
}

/// Something that the emulator doesn't know of a pull request.
pub fn remember(memory: &Memory, name: &str, number: u64, field: &str, value: Value) {
    let mut all = memory.pulls.lock();
    all.entry((name.to_owned(), number)).or_insert_with(|| json!({}))[field] = value;
}

fn merge(memory: &Memory, repository: &Repository, number: u64, body: &Value) -> Answer {
    let pull = current(memory, repository, number);
    let settings = repository.get("");
    let method = body["merge_method"].as_str().unwrap_or("merge");
    let allowed = &settings[match method {
        "squash" => "allow_squash_merge",
        "rebase" => "allow_rebase_merge",
        _ => "allow_merge_commit",
    }];
    let (head, base) = (text(&pull["head"]["sha"]), text(&pull["base"]["sha"]));
    let (branch, into) = (text(&pull["head"]["ref"]), text(&pull["base"]["ref"]));
    match () {
        () if pull.is_null() => return Answer::error(404, "Not Found"),
        () if pull["state"] != "open" => return Answer::error(405, "Pull Request is not mergeable"),
        () if pull["draft"] == true => return Answer::error(405, "Pull Request is still a draft"),
        () if body["sha"].is_string() && body["sha"] != head => {
            return Answer::error(409, "Head branch was modified. Review and try the merge again.");
        }
        () if *allowed == false => {
            let method = if method == "merge" { "Merge commits" } else { method };
            return Answer::error(405, &format!("{method} are not allowed on this repository."));
        }
        () => {}
    }
    if let Some(message) = missing(memory, repository, number, into, head) {
        return Answer::error(405, &message);
    }
    let Some(tree) = repository.merged(base, head) else {
        return Answer::error(405, "Pull Request is not mergeable");
    };
    let owner = repository.name.split('/').next().unwrap_or_default();
    let title = match (body["commit_title"].as_str(), method) {
        (Some(title), _) => title.to_owned(),
        (None, "merge") => format!("Merge pull request #{number} from {owner}/{branch}"),
        (None, "rebase") => text(&repository.get(&format!("/git/commits/{head}"))["message"]).to_owned(),
        (None, _) => format!("{} (#{number})", text(&pull["title"])),
    };
    let message = match (body["commit_message"].as_str(), method) {
        (Some(""), _) => title,
        (Some(message), _) => format!("{title}\n\n{message}"),
        (None, "merge") => format!("{title}\n\n{}", text(&pull["title"])),
        (None, _) => title,
    };
    // A rebase is one commit here, with the words of the last: what is in the tree is the same.
    let parents: &[&str] = if method == "merge" { &[base, head] } else { &[base] };
    let Some(sha) = repository.commit(into, &message, &tree, parents) else {
        return Answer::error(409, "Base branch was modified. Review and try the merge again.");
    };
    let closed = ask(
        repository.request,
        repository.below,
        "PATCH",
        &format!("/repos/{}/pulls/{number}", repository.name),
        json!({ "state": "closed" }),
    )
    .value();
    let known = json!({ "merged": true, "merged_at": closed["closed_at"], "merge_commit_sha": sha, "head": head,
        "base": base, "mergeable": null, "mergeable_state": "unknown", "auto_merge": null,
        "merged_by": super::get(repository.request, repository.below, "/user") });
    memory.pulls.lock().insert((repository.name.to_owned(), number), known);
    if settings["delete_branch_on_merge"] == true {
        let target = format!("/repos/{}/git/refs/heads/{branch}", repository.name);
        ask(repository.request, repository.below, "DELETE", &target, Value::Null);
    }
    Answer::json(200, &json!({ "sha": sha, "merged": true, "message": "Pull Request successfully merged" }))
}

/// What protection asks for before a merge and isn't there.
fn missing(memory: &Memory, repository: &Repository, number: u64, into: &str, head: &str) -> Option<String> {
    let rules = repository.get(&format!("/branches/{into}/protection"));
    let needed = rules["required_pull_request_reviews"]["required_approving_review_count"].as_u64().unwrap_or(0);
    let reviews = repository.get(&format!("/pulls/{number}/reviews?per_page=100"));
    let mut verdicts = std::collections::BTreeMap::new();
    for review in reviews.as_array().into_iter().flatten() {
        if let "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED" = text(&review["state"]) {
            verdicts.insert(text(&review["user"]["login"]).to_owned(), text(&review["state"]).to_owned());
        }
    }
    let approvals = verdicts.values().filter(|state| *state == "APPROVED").count() as u64;
    if approvals < needed {
        return Some(format!("At least {needed} approving review is required by reviewers with write access."));
    }
    let runs = repository.get(&format!("/commits/{head}/check-runs?per_page=100"));
    let statuses = memory.statuses.lock();
    let statuses = statuses.get(&(repository.name.to_owned(), head.to_owned()));
    let good = |context: &str| {
        let run = runs["check_runs"].as_array().into_iter().flatten().find(|run| run["name"] == context);
        let status = statuses.and_then(|list| list.iter().rev().find(|status| status["context"] == context));
        run.is_some_and(|run| ["success", "neutral", "skipped"].contains(&text(&run["conclusion"])))
            || status.is_some_and(|status| status["state"] == "success")
    };
    let contexts = rules["required_status_checks"]["contexts"].as_array().into_iter().flatten();
    let failing = contexts.map(text).find(|context| !good(context))?;
    Some(format!("Required status check \"{failing}\" is expected."))
}

fn update(memory: &Memory, repository: &Repository, number: u64) -> Answer {
    let pull = current(memory, repository, number);
    let (head, base) = (text(&pull["head"]["sha"]), text(&pull["base"]["sha"]));
    let (branch, from) = (text(&pull["head"]["ref"]), text(&pull["base"]["ref"]));
    let expected = &repository.request.json()["expected_head_sha"];
    if pull.is_null() {
        return Answer::error(404, "Not Found");
    }
    if expected.is_string() && *expected != head {
        return invalid("expected head sha didn’t match current head ref.", json!([]));
    }
    if repository.get(&format!("/compare/{base}...{head}"))["behind_by"] == 0 {
        return invalid("There are no new commits on the base branch.", json!([]));
    }
    let Some(tree) = repository.merged(head, base) else {
        return invalid("merge conflict between base and head", json!([]));
    };
    let message = format!("Merge branch '{from}' into {branch}");
    repository.commit(branch, &message, &tree, &[head, base]);
    Answer::json(202, &json!({ "message": "Updating pull request branch.", "url": pull["url"] }))
}

fn merge_branches(repository: &Repository) -> Answer {
    let body = repository.request.json();
    let commit = |name: &Value| text(&repository.get(&format!("/commits/{}", text(name)))["sha"]).to_owned();
    let (base, head) = (commit(&body["base"]), commit(&body["head"]));
    if base.is_empty() || head.is_empty() {
        return Answer::error(404, if base.is_empty() { "Base does not exist" } else { "Head does not exist" });
    }
    if repository.get(&format!("/compare/{base}...{head}"))["ahead_by"] == 0 {
        return Answer::json(204, &Value::Null);
    }
    let Some(tree) = repository.merged(&base, &head) else { return Answer::error(409, "Merge conflict") };
    let message = body["commit_message"]
        .as_str()
        .map_or_else(|| format!("Merge {} into {}", text(&body["head"]), text(&body["base"])), str::to_owned);
    match repository.commit(text(&body["base"]), &message, &tree, &[&base, &head]) {
        Some(sha) => unchecked(201, &repository.get(&format!("/commits/{sha}"))),
        None => Answer::error(409, "Merge conflict"),
    }
}

/// A pull request without its branch is closed.
fn close_those_of(repository: &Repository, branch: &str) {
    let owner = repository.name.split('/').next().unwrap_or_default();
    let list = repository.get(&format!("/pulls?state=open&head={owner}:{branch}&per_page=100"));
    for pull in list.as_array().into_iter().flatten() {
        let target = format!("/repos/{}/pulls/{}", repository.name, pull["number"]);
        ask(repository.request, repository.below, "PATCH", &target, json!({ "state": "closed" }));
    }
}

/// A pull request as the issue that it is.
fn issue(pull: &Value) -> Answer {
    if pull.is_null() {
        return Answer::error(404, "Not Found");
    }
    let mut issue = serde_json::Map::new();
    let fields = [
        "id",
        "node_id",
        "number",
        "title",
        "body",
        "user",
        "state",
        "locked",
        "labels",
        "assignee",
        "assignees",
        "milestone",
        "comments",
        "created_at",
        "updated_at",
        "closed_at",
        "author_association",
        "html_url",
        "comments_url",
    ];
    for field in fields {
        issue.insert(field.into(), pull[field].clone());
    }
    issue.insert("url".into(), pull["issue_url"].clone());
    let part = json!({ "url": pull["url"], "html_url": pull["html_url"], "merged_at": pull["merged_at"] });
    issue.insert("pull_request".into(), part);
    unchecked(200, &Value::Object(issue))
}
