//! What moves under a run on GitHub: branches that somebody pushes to between read and write, repositories that go by
//! another name now, lists of more than a thousand.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::stage::{RESOURCE, SERVICE, Stage};
use crate::support::github::{Answer, Fault, Request, failures, gaps::pages};

const NOTE: &str = r##"//! Leave a note
fn params() { #{ text: param("string", "Text"), propose: param("bool", "Propose it?").or_else(true).identity() } }
fn run(p) {
    let notes = repo("notes");
    if p.propose {
        notes.propose("A note", |t| t.write("NOTE.md", p.text + "\n"));
    } else {
        notes.commit("main", "docs: a note", |t| t.write("NOTE.md", p.text + "\n"));
    }
}
"##;

/// A workspace with the script, and an unprotected repository.
fn notes() -> Option<Stage> {
    let stage = Stage::acme()?;
    stage.github.repository("notes", json!({ "description": "Notes" }));
    stage.github.push("notes", "main", "Begin\n", &[("begin.md", "Begin\n")]);
    stage.workspace.write("scripts/note.rhai", NOTE);
    Some(stage)
}

/// Before the first request of ours that moves that branch, somebody else pushes a file to it.
fn pushed_meanwhile(stage: &Stage, branch: &'static str) {
    let (due, path) = (AtomicBool::new(true), format!("/repos/acme/notes/git/refs/heads/{branch}"));
    stage.github.proxy.layer(move |request, below| {
        if request.method == "PATCH" && request.path() == path && due.swap(false, Ordering::SeqCst) {
            let ask = |method: &str, target: &str, body: Value| {
                let mut inner = Request::new(method, &format!("/repos/acme/notes/git/{target}"), body);
                inner.headers.extend(request.headers.iter().filter(|(name, _)| name == "authorization").cloned());
                let answer = below(&inner);
                assert!(answer.status < 300, "{method} {target}: {}", answer.value());
                answer.value()
            };
            let head = ask("GET", &format!("ref/heads/{branch}"), Value::Null)["object"]["sha"].clone();
            let base = ask("GET", &format!("commits/{}", head.as_str().unwrap()), Value::Null)["tree"]["sha"].clone();
            let file = json!({ "path": "theirs.md", "mode": "100644", "type": "blob", "content": "Theirs\n" });
            let tree = ask("POST", "trees", json!({ "base_tree": base, "tree": [file] }));
            let commit = json!({ "message": "Theirs\n", "tree": tree["sha"], "parents": [head] });
            let commit = ask("POST", "commits", commit);
            ask("PATCH", &format!("refs/heads/{branch}"), json!({ "sha": commit["sha"], "force": false }));
        }
        below(request)
    });
}

fn files(stage: &Stage, branch: &str) -> Vec<String> {
    let tree = stage.github.read(&format!("/repos/acme/notes/git/trees/{}", stage.github.head("notes", branch)));
    tree["tree"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_commit_is_redone_on_what_somebody_pushed_meanwhile() {
    let Some(stage) = notes() else { return };
    pushed_meanwhile(&stage, "main");
    let args = ["note", "text=one", "propose=false", "--output", "json"];
    let said = stage.idp(&args).succeeds("pushed meanwhile");
    assert_eq!(said.counts(), [1, 0, 0], "{said}");
    let there = files(&stage, "main");
    assert!(["NOTE.md", "begin.md", "theirs.md"].iter().all(|name| there.iter().any(|path| path == name)), "{there:?}");
    stage.workspace.forget_journal();
    stage.is_done(&args, "after the push");
}

#[test]
fn a_pull_request_that_somebody_pushed_to_meanwhile_is_theirs() {
    let Some(stage) = notes() else { return };
    stage.idp(&["note", "text=one", "--output", "json"]).succeeds("proposed");
    let pulls = stage.github.list("/repos/acme/notes/pulls?state=all");
    let branch: &'static str = pulls[0]["head"]["ref"].as_str().unwrap().to_owned().leak();
    pushed_meanwhile(&stage, branch);
    let args = ["note", "text=two", "--output", "json"];
    let said = stage.idp(&args).succeeds("pushed meanwhile");
    assert!(said.stdout.contains("\"warning\""), "it says that it was kept: {said}");
    assert!(files(&stage, branch).iter().any(|path| path == "theirs.md"));
    assert_eq!(stage.github.list("/repos/acme/notes/pulls?state=all").len(), 1);
    stage.is_done(&args, "after the push");
}

#[test]
fn a_renamed_repository_is_named_and_nothing_is_written() {
    let Some(stage) = Stage::acme() else { return };
    let told = stage.github.made("PATCH", "/repos/acme/orders-gitops", json!({ "name": "orders-delivery" }));
    let (id, url) = (told["id"].as_u64().unwrap(), stage.github.proxy.url());
    stage.github.proxy.layer(move |request, below| {
        if request.path().starts_with("/repos/acme/orders-gitops") {
            return failures::moved(&url, id);
        }
        match request.path().strip_prefix(&format!("/repositories/{id}")) {
            Some(rest) => {
                let target = format!("/repos/acme/orders-delivery{rest}");
                below(&Request { target, ..request.clone() })
            }
            None => below(request),
        }
    });
    let said = stage.idp(&RESOURCE);
    assert_eq!(said.status.code(), Some(1), "{said}");
    assert!(said.stderr.contains("idp::github::renamed") && said.stderr.contains("orders-delivery"), "{said}");
    assert_eq!(stage.github.proxy.counts().writes, 0, "{:#?}", stage.asked());
    // Where the redirect leads isn't in the description.
    stage.github.proxy.violations();
}

#[test]
fn a_write_to_what_was_renamed_meanwhile_is_refused() {
    let Some(stage) = Stage::acme() else { return };
    stage.idp(&SERVICE).succeeds("undisturbed");
    let expected = stage.state();
    let Some(stage) = Stage::acme() else { return };
    let moved = Fault::Instead(failures::moved(&stage.github.proxy.url(), 7));
    stage.github.proxy.fault_on(
        1,
        1,
        |request| request.method == "POST" && request.path().ends_with("/git/trees"),
        moved,
    );
    let said = stage.idp(&SERVICE);
    assert_eq!(said.status.code(), Some(1), "{said}");
    assert!(said.stderr.contains("idp::github::renamed"), "{said}");
    stage.converges(&SERVICE, &expected, "renamed meanwhile");
}

#[test]
fn more_than_a_thousand_pull_requests_are_listed() {
    let Some(stage) = notes() else { return };
    stage.idp(&["note", "text=one", "--output", "json"]).succeeds("proposed");
    let one = stage.github.list("/repos/acme/notes/pulls?state=all").remove(0);
    let many: Vec<Value> = (1..=1_050)
        .map(|number| {
            let mut pull = one.clone();
            pull["number"] = json!(number);
            pull
        })
        .collect();
    stage.github.proxy.layer(move |request, below| -> Answer {
        let whole =
            request.method == "GET" && request.path() == "/repos/acme/notes/pulls" && request.query("head").is_none();
        if whole { pages::page(request, &many) } else { below(request) }
    });
    stage.github.proxy.taken();
    let said = stage.idp(&["pr", "list", "notes", "--output", "json"]).succeeds("a long list");
    let listed = said.stdout.lines().filter(|line| line.contains("\"pull_request\"")).count();
    assert_eq!(listed, 1_050);
    let asked = stage.asked();
    let pages = asked.iter().filter(|line| line.contains("/notes/pulls?")).count();
    assert_eq!(pages, 11, "{asked:#?}");
}
