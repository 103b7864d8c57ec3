//! Several runners that say the same under one pull request at once: each looks, finds nothing, and writes. Their requests
//! are held back until all of them are on their way, so that none sees the others' before it wrote.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::stage::{RESOURCE, Stage, point};
use crate::support::github::flight::Gathering;
use crate::support::github::{Request, TOKEN};
use crate::support::{Said, Workspace};

const RUNNERS: usize = 3;

/// Holds back what each of them does: the comments that they write, then the looks at what is there since.
fn hold(stage: &Stage) {
    let is =
        |request: &Request, method: &str| request.method == method && request.path().ends_with("/issues/1/comments");
    stage.github.proxy.gather(Gathering::new(RUNNERS, Duration::ZERO, move |request| is(request, "POST")));
    let looks = AtomicUsize::new(0);
    let again = move |request: &Request| is(request, "GET") && looks.fetch_add(1, Ordering::SeqCst) >= RUNNERS;
    stage.github.proxy.gather(Gathering::new(RUNNERS, Duration::ZERO, again));
}

/// Runs them all at once to their ends.
fn at_once(commands: Vec<Command>) {
    let children: Vec<_> = commands
        .into_iter()
        .map(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let said = Said { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) };
        let said = said.succeeds("one of several");
        assert!(!said.stderr.contains("warning") && !said.stderr.contains("idp::"), "{said}");
    }
}

/// What was written meanwhile, and what is left of it.
fn comments(stage: &Stage, repo: &str, text: &str) -> (usize, usize) {
    let asked = stage.github.proxy.taken();
    let wrote = |request: &Request| request.method == "POST" && request.path().ends_with("/comments");
    let all = stage.github.list(&format!("/repos/acme/{repo}/issues/1/comments"));
    let left = all.iter().filter(|comment| comment["body"].as_str().unwrap().contains(text));
    (asked.iter().filter(|exchange| wrote(&exchange.request)).count(), left.count())
}

#[test]
fn scripts_that_comment_at_once_leave_one_comment() {
    let Some(stage) = Stage::acme() else { return };
    let propose =
        "let pull = repo(\"orders-gitops\").propose(\"Say hello\", |tree| tree.write(\"hello.md\", \"Hello\\n\"));\n";
    stage.workspace.write("hello.rhai", propose);
    stage.idp(&["hello.rhai"]).succeeds("proposed");
    let talk = format!("{propose}pull.comment(\"Greetings.\", #{{ once: \"greeting\" }});\n");
    stage.workspace.write("hello.rhai", &talk);
    let workspaces: Vec<Workspace> = (0..RUNNERS).map(|_| Workspace::acme()).collect();
    hold(&stage);
    stage.github.proxy.taken();
    let commands = workspaces.iter().map(|workspace| {
        point(workspace, &stage.github.proxy.url());
        workspace.write("hello.rhai", &talk);
        let mut command = workspace.command(&["hello.rhai"]);
        command.env("GITHUB_TOKEN", TOKEN).env("IDP_GRANTS", workspace.path().join("grants.yaml"));
        command
    });
    at_once(commands.collect());
    assert_eq!(comments(&stage, "orders-gitops", "Greetings."), (RUNNERS, 1));
    stage.is_done(&["hello.rhai", "--output", "json"], "said");
}

#[test]
fn jobs_that_comment_at_once_leave_one_comment() {
    let Some(stage) = Stage::acme() else { return };
    stage.idp(&RESOURCE).succeeds("a pull request to comment on");
    let head = stage.github.read("/repos/acme/orders-gitops/pulls/1")["head"]["sha"].clone();
    let workspaces: Vec<Workspace> = (0..RUNNERS).map(|_| Workspace::acme()).collect();
    hold(&stage);
    stage.github.proxy.taken();
    let commands = workspaces.iter().map(|workspace| {
        let event = json!({ "pull_request": { "number": 1, "head": { "sha": head } } });
        workspace.write("event.json", &event.to_string());
        let plan = ["create-service", "--params", "payments-api.yaml", "--plan", "--comment"];
        let mut command = workspace.command(&plan);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", workspace.path());
        command.env("GITHUB_REPOSITORY", "acme/orders-gitops").env("GITHUB_SERVER_URL", "https://github.com");
        command.env("GITHUB_EVENT_PATH", workspace.path().join("event.json"));
        command.env("GITHUB_API_URL", stage.github.proxy.url()).env("IDP_CI_TOKEN", TOKEN);
        command
    });
    at_once(commands.collect());
    assert_eq!(comments(&stage, "orders-gitops", "idp-run"), (RUNNERS, 1));
}
