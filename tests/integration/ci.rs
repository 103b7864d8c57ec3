//! A run in GitHub Actions: what its log, its files and its pull request get, and that others get nothing of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::github::description::description;
use crate::support::github::{ALICE, Fault, GitHub, TOKEN};
use crate::support::server::Server;
use crate::workspace::{Said, Workspace, said};

const SCRIPT: &str = "//! Propose\nfn params() { #{ team: param(\"string\", \"T\").identity(), text: param(\"string\", \"X\").or_else(\"one\") } }\n\
    fn run(p) {\n  step(\"Propose\", || {\n    let pull = repo(\"gitops\").propose(\"Page\", |t| t.write(`${p.team}.md`, p.text + \"\\n\"));\n    \
    output(\"Pull request\", pull.url);\n  });\n  print(\"::set-output name=status::x\");\n}\n";

const BOT: &str = "github-actions[bot]";

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn workspace() -> Workspace {
    let ws = Workspace::new();
    ws.write("propose.rhai", SCRIPT);
    ws.write("event.json", &json!({ "pull_request": { "number": 7, "head": { "sha": SHA } } }).to_string());
    ws
}

/// The binary in a job of GitHub Actions for pull request 7.
fn job(ws: &Workspace, args: &[&str]) -> Command {
    let mut command = ws.command(args);
    let at = |name: &str| ws.path().join(name).display().to_string();
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", at(""));
    command.env("GITHUB_STEP_SUMMARY", at("summary.md")).env("GITHUB_OUTPUT", at("outputs"));
    command.env("GITHUB_REPOSITORY", "acme/platform").env("GITHUB_EVENT_PATH", at("event.json"));
    command.env("GITHUB_SHA", "f".repeat(40)).env("GITHUB_RUN_ID", "11").env("GITHUB_RUN_ATTEMPT", "1");
    command.env("GITHUB_SERVER_URL", "https://github.com");
    command
}

/// Outputs of the step as the runner reads them.
fn outputs(ws: &Workspace) -> Vec<(String, String)> {
    let text = ws.read("outputs");
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some((name, fence)) = lines.next().and_then(|line| line.split_once("<<")) {
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        found.push((name.to_string(), value.join("\n")));
    }
    found
}

fn value(outputs: &[(String, String)], name: &str) -> String {
    // Of several runs in a step the last counts.
    outputs.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn a_plan_is_in_the_summary_and_its_numbers_are_outputs() {
    let ws = workspace();
    let inside = said(job(&ws, &["./propose.rhai", "team=a", "--plan", "--detailed-exitcode"]));
    assert_eq!(inside.code, 5, "{inside}");
    let outside = ws.idp(&["./propose.rhai", "team=a", "--plan"]);
    // The result is the same text; what the runner would take for a command isn't one any more.
    assert_eq!(inside.stdout.replace("\\u{3a}:set", "::set"), outside.stdout);
    assert!(inside.stdout.contains("\n\\u{3a}:set-output"), "{inside}");
    assert_eq!(inside.stderr, "", "{inside}");
    let summary = ws.read("summary.md");
    assert!(
        summary.starts_with("### Plan of <code>propose team&#61;a</code>")
            || summary.starts_with("### Plan of <code>propose team=a</code>"),
        "{summary}"
    );
    assert!(summary.contains("**Plan&#58;** 1 to create, 0 to change, 0 to delete."), "{summary}");
    assert!(summary.contains("<details><summary><code>+</code> pull request"), "{summary}");
    assert!(summary.contains("+++ b/a.md\n@@ -0,0 +1 @@\n+one\n"), "{summary}");
    let outputs = outputs(&ws);
    for (name, is) in [
        ("run-key", "propose team=a"),
        ("status", "planned"),
        ("exit-code", "5"),
        ("changes", "1"),
        ("created", "1"),
        ("changed", "0"),
        ("pull-request", "(known after apply)"),
        ("outputs", "{\"Pull request\":\"(known after apply)\"}"),
    ] {
        assert_eq!(value(&outputs, name), is, "{name}: {outputs:?}");
    }
}

#[test]
fn an_apply_is_grouped_and_a_second_run_of_the_step_is_added() {
    let ws = workspace();
    let first = said(job(&ws, &["./propose.rhai", "team=a"]));
    assert_eq!(first.code, 0, "{first}");
    assert!(first.stderr.starts_with("::group::Propose\n") && first.stderr.contains("\n::endgroup::\n"), "{first}");
    let second = said(job(&ws, &["./propose.rhai", "team=b"]));
    assert_eq!(second.code, 0, "{second}");
    let summary = ws.read("summary.md");
    assert_eq!(summary.matches("**Done&#58;** 1 created, 0 changed, 0 deleted.").count(), 2, "{summary}");
    let outputs = outputs(&ws);
    assert!(value(&outputs, "pull-request").starts_with("https://git.acme.example/acme/gitops/pull/"), "{outputs:?}");
}

#[test]
fn an_undo_is_told_like_a_run() {
    let ws = workspace();
    said(job(&ws, &["./propose.rhai", "team=a"]));
    fs::remove_file(ws.path().join("summary.md")).unwrap();
    let undone = said(job(&ws, &["runs", "undo", "propose team=a"]));
    assert_eq!(undone.code, 0, "{undone}");
    let summary = ws.read("summary.md");
    assert!(summary.starts_with("### Run of <code>undo propose team=a</code>"), "{summary}");
    assert!(summary.contains("<summary><code>~</code> pull request <code>acme/gitops&#35;1</code>"), "{summary}");
    assert_eq!(value(&outputs(&ws), "run-key"), "undo propose team=a");
}

#[test]
fn nothing_of_it_is_said_outside_of_a_job() {
    let ws = workspace();
    for value in [None, Some("false")] {
        let mut command = job(&ws, &["./propose.rhai", "team=a", "--plan"]);
        command.env_remove("GITHUB_ACTIONS");
        if let Some(value) = value {
            command.env("GITHUB_ACTIONS", value);
        }
        let said = said(command);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{said}");
        assert!(said.stdout.contains("\n::set-output"), "{said}");
        assert!(!ws.path().join("summary.md").exists() && !ws.path().join("outputs").exists());
    }
    let said = ws.idp(&["./propose.rhai", "team=a", "--plan", "--comment", "--output", "json"]);
    said.fails(2, "idp::ci::job");
    assert!(!ws.has_state());
}

#[test]
fn secrets_are_masked_before_anything_else_and_hidden_in_the_files() {
    let ws = workspace();
    ws.write("idp.yaml", &format!("{}secrets: {{ DEPLOY_KEY: {{ file: key }} }}\n", crate::workspace::IDP_YAML));
    ws.write("key", "first-l1ne-of%\nsecond-l1ne-of\n").write(
        "leak.rhai",
        "print(\"n4med-value\"); step(\"first-l1ne-of%\", || { output(\"Key\", \"second-l1ne-of\"); let n = secret(\"NAMED\"); debug(\"x\"); \
         fail(\"n4med-value first-l1ne-of% second-l1ne-of\", \"no\"); });\n",
    );
    for format in ["human", "json"] {
        let mut command = job(&ws, &["./leak.rhai", "--output", format]);
        command.env("NAMED", "n4med-value");
        let said = said(command);
        assert_eq!(said.code, 1, "{said}");
        assert!(said.stderr.starts_with("::add-mask::first-l1ne-of%25\n::add-mask::second-l1ne-of\n"), "{said}");
        let rest = said.stderr.lines().filter(|line| !line.starts_with("::add-mask::")).collect::<String>();
        // stdout had it before the script named it; what is written at the end is clean all the same.
        let printed = said.stdout.replacen("n4med-value", "", 1);
        for text in [&rest, &printed, &ws.read("summary.md"), &ws.read("outputs")] {
            let secrets = ["first-l1ne-of", "second-l1ne-of", "n4med"];
            assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}\n{said}");
        }
        assert!(said.stderr.contains("::add-mask::n4med-value\n"), "{said}");
        assert!(said.stderr.contains("::error file=leak.rhai,line=1,"), "{said}");
    }
    // In a file nobody would take them for commands.
    let mut command = job(&ws, &["./leak.rhai"]);
    let file = fs::File::create(ws.path().join("log")).unwrap();
    command.env("NAMED", "n4med-value").stderr(file);
    command.status().unwrap();
    assert!(!ws.read("log").contains("l1ne"), "{}", ws.read("log"));
}

#[test]
fn a_summary_stays_within_what_github_takes() {
    let ws = workspace();
    ws.write("summary.md", &"x".repeat((1 << 20) - 300));
    said(job(&ws, &["./propose.rhai", "team=a", "--plan"]));
    let text = ws.read("summary.md");
    assert!(text.len() <= 1 << 20 && text.ends_with("\n> A further run is left out: GitHub shows 1 MiB of a step.\n"));
    ws.write("summary.md", &"x".repeat((1 << 20) - 10));
    said(job(&ws, &["./propose.rhai", "team=a", "--plan"]));
    assert_eq!(ws.read("summary.md").len(), (1 << 20) - 10);
    let mut command = job(&ws, &["./propose.rhai", "team=a", "--plan"]);
    command.env("GITHUB_STEP_SUMMARY", ws.path().join("no/such/file"));
    let said = said(command);
    assert!(said.code == 0 && said.stderr.contains("::warning::can't open"), "{said}");
}

#[test]
fn mistakes_and_verdicts_are_annotated() {
    let ws = workspace();
    ws.write("bad.rhai", "//! Bad\nlet x = nope();\n");
    ws.write("bad.test.rhai", "fn test_it() { assert_eq(1, 2); }\n");
    let check = said(job(&ws, &["check", "bad.rhai"]));
    assert!(check.code == 3 && check.stderr.contains("::error file=bad.rhai,line=2,col=9,"), "{check}");
    let test = said(job(&ws, &["test", "bad.test.rhai"]));
    assert!(test.code == 3 && test.stderr.contains("::error file=bad.test.rhai,line=1,"), "{test}");
    let github = said(job(&ws, &["check", "bad.rhai", "--output", "github"]));
    assert!(github.stdout.contains("\n::error file=bad.rhai,line=2") && github.stderr.is_empty(), "{github}");
    let unknown = said(job(&ws, &["nosuch"]));
    assert!(unknown.code == 2 && unknown.stderr.contains("::error title=idp%3A%3Ascript%3A%3Aunknown::"), "{unknown}");
    let parameter = said(job(&ws, &["./propose.rhai"]));
    assert!(parameter.code == 2 && value(&outputs(&ws), "exit-code") == "2", "{parameter}");
}

#[test]
fn every_exit_code_is_told_without_a_terminal() {
    let ws = workspace();
    ws.write("no.yaml", "allow: []\n").write("throws.rhai", "throw \"no\";").write("syntax.rhai", "let = 3;");
    ws.write("waits.rhai", "wait_for(\"someone\", || false);").write("bad.rhai", "//! Bad\nlet x = nope();\n");
    ws.write("makes.rhai", "repo(\"api\").ensure(#{ description: \"API\" });");
    for (args, code) in [
        (&["./propose.rhai", "team=a", "--plan"][..], 0),
        (&["./waits.rhai"], 0),
        (&["./throws.rhai"], 1),
        (&["./syntax.rhai"], 2),
        (&["./propose.rhai"], 2),
        (&["./makes.rhai", "--grants", "no.yaml"], 4),
        (&["./makes.rhai", "--plan", "--detailed-exitcode"], 5),
        (&["./makes.rhai"], 0),
        (&["./makes.rhai", "--plan", "--detailed-exitcode"], 0),
    ] {
        let _ = fs::remove_file(ws.path().join("outputs"));
        let said = said(job(&ws, args));
        assert_eq!(said.code, code, "{args:?}: {said}");
        assert_eq!(value(&outputs(&ws), "exit-code"), code.to_string(), "{args:?}: {said}");
    }
    for (args, code) in
        [(&["check", "bad.rhai"][..], 3), (&["nosuch"], 2), (&["--nonsense"], 2), (&["test", "bad.rhai"], 2)]
    {
        let said = said(job(&ws, args));
        assert_eq!(said.code, code, "{args:?}: {said}");
    }
}

#[test]
fn a_job_that_is_cancelled_says_so() {
    let ws = workspace();
    ws.write("long.rhai", "print(\"on\"); let n = 0; while true { n += 1; }");
    let mut command = job(&ws, &["./long.rhai", "--comment", "--check-run"]);
    command.env("GITHUB_API_URL", "http://127.0.0.1:9").env("GITHUB_TOKEN", "t0ken-of-the-job");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let outputs = outputs(&ws);
    assert_eq!((value(&outputs, "status"), value(&outputs, "exit-code")), ("cancelled".into(), "130".into()));
    assert!(ws.read("summary.md").contains("**Cancelled** before any change"), "{}", ws.read("summary.md"));
}

/// A user as answers have it.
fn user(login: &str, kind: &str) -> Value {
    let mut user =
        json!({ "login": login, "type": kind, "id": 1, "node_id": "U", "gravatar_id": "", "site_admin": false });
    for name in
        ["avatar", "events", "followers", "following", "gists", "html", "organizations", "received_events", "repos"]
    {
        user[format!("{name}_url")] = json!("https://github.com/x");
    }
    for name in ["starred_url", "subscriptions_url", "url"] {
        user[name] = json!("https://github.com/x");
    }
    user
}

/// A check run as answers have it, of what was asked for.
fn check(id: u64, asked: &Value, annotations: usize) -> Value {
    let at = "2026-01-01T00:00:00Z";
    json!({
        "id": id, "node_id": "C", "head_sha": asked["head_sha"], "external_id": asked["external_id"], "name": asked["name"],
        "url": "https://github.com/x", "html_url": null, "details_url": null, "status": asked["status"],
        "conclusion": asked["conclusion"], "started_at": at, "completed_at": at, "check_suite": { "id": 5 }, "app": null,
        "pull_requests": [],
        "output": {
            "title": asked["output"]["title"], "summary": asked["output"]["summary"], "text": null,
            "annotations_count": annotations, "annotations_url": "https://github.com/x",
        },
    })
}

/// Comments of pull request 7 and check runs, as GitHub keeps them.
#[derive(Default)]
struct Hosted {
    comments: Vec<Value>,
    checks: Vec<Value>,
    next: u64,
    /// Answers so many requests that write with 502, after they were made.
    lose: usize,
    /// Answers requests that write with this.
    refuse: Option<u16>,
    /// Written by somebody else between the look and the write.
    rival: Option<Value>,
}

impl Hosted {
    fn comment(&mut self, body: &str, user: Value) -> Value {
        self.next += 1;
        let at = "2026-01-01T00:00:00Z";
        json!({
            "id": self.next, "node_id": "I", "body": body, "user": user, "created_at": at, "updated_at": at,
            "url": "https://github.com/x", "html_url": "https://github.com/x", "issue_url": "https://github.com/x",
            "author_association": "NONE",
        })
    }

    /// Answers a request that GitHub's description allows with what it promises.
    fn answer(&mut self, request: &str) -> (u16, String) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let operation =
            description().request(method, target, body.as_bytes()).unwrap_or_else(|wrong| panic!("{wrong}"));
        let (status, answer) = self.made(request);
        if let Err(wrong) = description().answer(operation, status, answer.as_bytes()) {
            panic!("{wrong}: {answer}");
        }
        (status, answer)
    }

    fn made(&mut self, request: &str) -> (u16, String) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let path = target.split('?').next().unwrap();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        assert!(head.to_lowercase().contains("authorization: bearer t0ken-of-the-job"), "{head}");
        let text = |value: &Value| value["body"].as_str().unwrap().to_string();
        if method != "GET"
            && let Some(status) = self.refuse
        {
            return (status, json!({ "message": "Resource not accessible by integration" }).to_string());
        }
        let (status, answer) = match (method, path) {
            ("GET", "/user") => (403, json!({ "message": "Resource not accessible by integration" })),
            ("GET", "/repos/acme/platform/issues/7/comments") => (200, Value::from(self.comments.clone())),
            ("POST", "/repos/acme/platform/issues/7/comments") => {
                if let Some(rival) = self.rival.take() {
                    self.comments.push(rival);
                }
                let made = self.comment(&text(&body), user(BOT, "Bot"));
                self.comments.push(made.clone());
                (201, made)
            }
            ("PATCH", path) if path.starts_with("/repos/acme/platform/issues/comments/") => {
                let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
                let there = self.comments.iter_mut().find(|one| one["id"] == id).unwrap();
                there["body"] = body["body"].clone();
                (200, there.clone())
            }
            ("DELETE", path) if path.starts_with("/repos/acme/platform/issues/comments/") => {
                let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
                self.comments.retain(|one| one["id"] != id);
                (204, Value::Null)
            }
            ("GET", path) if path == format!("/repos/acme/platform/commits/{SHA}/check-runs") => {
                (200, json!({ "total_count": self.checks.len(), "check_runs": self.checks }))
            }
            ("POST", "/repos/acme/platform/check-runs") => {
                self.next += 1;
                let made = check(self.next, &body, body["output"]["annotations"].as_array().unwrap().len());
                self.checks.push(made.clone());
                (201, made)
            }
            ("PATCH", path) if path.starts_with("/repos/acme/platform/check-runs/") => {
                let there = self.checks.last_mut().unwrap();
                let count = there["output"]["annotations_count"].as_u64().unwrap();
                let more = body["output"]["annotations"].as_array().unwrap().len() as u64;
                there["output"]["annotations_count"] = json!(count + more);
                (200, there.clone())
            }
            other => panic!("{other:?}"),
        };
        if method != "GET" && self.lose > 0 {
            self.lose -= 1;
            return (502, json!({ "message": "Server Error" }).to_string());
        }
        (status, if answer.is_null() { String::new() } else { answer.to_string() })
    }
}

struct Host {
    state: Arc<Mutex<Hosted>>,
    server: Server,
}

impl Host {
    fn new() -> Host {
        let state = Arc::new(Mutex::new(Hosted { next: 100, ..Hosted::default() }));
        let shared = state.clone();
        Host { state, server: Server::new(move |request| shared.lock().unwrap().answer(request)) }
    }

    fn run(&self, ws: &Workspace, args: &[&str]) -> Said {
        let mut command = job(ws, &[&["./propose.rhai", "team=a", "--plan"], args].concat());
        command.env("GITHUB_API_URL", format!("http://127.0.0.1:{}", self.server.port));
        command.env("GITHUB_TOKEN", "t0ken-of-the-forge").env("IDP_CI_TOKEN", "t0ken-of-the-job");
        said(command)
    }

    fn bodies(&self) -> Vec<String> {
        self.state.lock().unwrap().comments.iter().map(|one| one["body"].as_str().unwrap().to_string()).collect()
    }
}

#[test]
fn a_pull_request_has_one_comment_that_is_kept_up_to_date() {
    let (ws, host) = (workspace(), Host::new());
    {
        let mut state = host.state.lock().unwrap();
        for at in 0..30 {
            let talk = state.comment(&format!("talk {at}"), user("ann", "User"));
            state.comments.push(talk);
        }
    }
    let said = host.run(&ws, &["--comment"]);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (0, "::add-mask::t0ken-of-the-job\n::add-mask::t0ken-of-the-forge\n"),
        "{said}"
    );
    let bodies = host.bodies();
    assert_eq!(bodies.len(), 31);
    let first = &bodies[30];
    assert!(first.starts_with("<!-- idp-run plan ") && first.contains("+one\n") && first.contains(SHA), "{first}");
    assert!(first.contains("https&#58;//github.com/acme/platform/actions/runs/11"), "{first}");
    // The same text is not written again, another one is.
    let before = host.server.sent().len();
    host.run(&ws, &["--comment"]);
    assert!(host.server.sent()[before..].iter().all(|sent| sent.starts_with("GET ")));
    host.run(&ws, &["--comment", "text=two"]);
    let bodies = host.bodies();
    assert!(bodies.len() == 31 && bodies[30].contains("+two\n"), "{}", bodies[30]);
}

#[test]
fn comments_of_others_are_left_alone_and_twins_give_way() {
    let (ws, host) = (workspace(), Host::new());
    host.run(&ws, &["--comment"]);
    let marker = host.bodies()[0].lines().next().unwrap().to_string();
    {
        let mut state = host.state.lock().unwrap();
        state.comments.clear();
        let planted = state.comment(&format!("{marker}\nNo changes."), user("eve", "User"));
        state.comments.push(planted);
        state.rival = Some(state.comment(&format!("{marker}\nOld."), user(BOT, "Bot")));
    }
    let said = host.run(&ws, &["--comment"]);
    assert_eq!(said.code, 0, "{said}");
    let bodies = host.bodies();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert!(bodies[0].ends_with("\nNo changes.") && bodies[1].contains("+one\n"), "{bodies:?}");
}

#[test]
fn what_github_lost_the_answer_of_is_not_said_twice() {
    let (ws, host) = (workspace(), Host::new());
    host.state.lock().unwrap().lose = 1;
    let said = host.run(&ws, &["--comment"]);
    assert_eq!((said.code, host.bodies().len()), (0, 1), "{said}");
    host.state.lock().unwrap().lose = 1;
    let said = host.run(&ws, &["--check-run"]);
    assert_eq!((said.code, host.state.lock().unwrap().checks.len()), (0, 1), "{said}");
}

#[test]
fn a_check_run_says_the_verdict_at_the_head() {
    let (ws, host) = (workspace(), Host::new());
    host.run(&ws, &["--check-run", "--detailed-exitcode"]);
    ws.write("propose.rhai", &SCRIPT.replace("output(", "fail("));
    host.run(&ws, &["--check-run"]);
    let state = host.state.lock().unwrap();
    // The same job and run: one check run, which the second says anew.
    assert_eq!(state.checks.len(), 1);
    let check = &state.checks[0];
    assert_eq!(
        (&check["name"], &check["head_sha"], &check["status"], &check["conclusion"]),
        (&json!("idp-run propose team=a"), &json!(SHA), &json!("completed"), &json!("neutral"))
    );
    assert_eq!(check["output"]["title"], "Plan: 1 to create, 0 to change, 0 to delete.");
    assert_eq!(check["output"]["annotations_count"], 1);
    let last = host.server.sent().into_iter().rfind(|sent| sent.starts_with("PATCH")).unwrap();
    let body: Value = serde_json::from_str(last.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["conclusion"], "failure");
    assert_eq!(body["output"]["annotations"][0]["path"], "propose.rhai", "{body}");
}

#[test]
fn what_github_refuses_is_a_warning_that_names_the_permission() {
    let (ws, host) = (workspace(), Host::new());
    host.state.lock().unwrap().refuse = Some(403);
    let said = host.run(&ws, &["--comment"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.stderr.contains("::warning::the run can't be shown on GitHub"), "{said}");
    assert!(said.stderr.contains("pull-requests: write"), "{said}");
    let said = host.run(&ws, &["--check-run"]);
    assert!(said.code == 0 && said.stderr.contains("checks: write"), "{said}");
    ws.write("event.json", "{}");
    let said = host.run(&ws, &["--comment"]);
    assert!(said.code == 0 && said.stderr.contains("runs for no pull request"), "{said}");
    ws.write("event.json", "{");
    let said = host.run(&ws, &["--comment"]);
    assert!(said.code == 2 && said.stderr.contains("event.json can't be read"), "{said}");
    let mut command = job(&ws, &["./propose.rhai", "team=a", "--plan", "--comment"]);
    ws.write("event.json", &json!({ "pull_request": { "number": 7 } }).to_string());
    command.env("GITHUB_API_URL", "http://127.0.0.1:9").env("GITHUB_TOKEN", "");
    let said = crate::workspace::said(command);
    assert!(said.code == 0 && said.stderr.contains("there is no token in IDP_CI_TOKEN or GITHUB_TOKEN"), "{said}");
}

/// Comment and check run at the emulator of GitHub, killed before and after each request, then said to the end.
#[test]
fn a_job_that_is_killed_at_any_request_doubles_nothing() {
    let Some(github) = GitHub::start() else { return };
    github.repository("platform", json!({ "description": "x" }));
    let head = github.head("platform", "main");
    github.made("POST", "/repos/acme/platform/git/refs", json!({ "ref": "refs/heads/change", "sha": head }));
    let mut number = 0;
    let mut kills = 0;
    for after in [false, true] {
        for nth in 1.. {
            // Each time another pull request, with another commit at its head.
            let sha = github.push("platform", "change", "c", &[("c.txt", &format!("{after} {nth}\n"))]);
            if number == 0 {
                let pull = json!({ "title": "Change", "head": "change", "base": "main" });
                number = github.made("POST", "/repos/acme/platform/pulls", pull)["number"].as_u64().unwrap();
            }
            for comment in github.list(&format!("/repos/acme/platform/issues/{number}/comments")) {
                github.proxy.ask(
                    "DELETE",
                    &format!("/repos/acme/platform/issues/comments/{}", comment["id"]),
                    Value::Null,
                );
            }
            let ws = workspace();
            let event = json!({ "pull_request": { "number": number, "head": { "sha": sha } } });
            ws.write("event.json", &event.to_string());
            let mut command = job(&ws, &["./propose.rhai", "team=a", "--plan", "--comment", "--check-run"]);
            command.env("GITHUB_API_URL", github.proxy.url()).env("GITHUB_TOKEN", TOKEN);
            github.proxy.fault(nth, if after { Fault::KillAfter } else { Fault::KillBefore });
            let killed = github.run(&mut command).status.signal() == Some(9);
            github.proxy.forgive();
            let said = github.run(&mut command);
            assert!(said.status.success() && !said.stderr.contains("::warning::"), "{said}");
            let comments = github.list(&format!("/repos/acme/platform/issues/{number}/comments"));
            assert_eq!(comments.len(), 1, "killed {after} at {nth}: {comments:?}");
            assert!(comments[0]["body"].as_str().unwrap().contains("+one\n"), "{comments:?}");
            let checks = github.read(&format!("/repos/acme/platform/commits/{sha}/check-runs?filter=all"));
            assert_eq!(checks["check_runs"].as_array().unwrap().len(), 1, "killed {after} at {nth}: {checks}");
            kills += usize::from(killed);
            if !killed {
                break;
            }
        }
    }
    github.proxy.assert_valid();
    assert!(kills >= 10, "only {kills} requests were killed at");
}

/// A run that plans on GitHub and says so on GitHub, each with a token of its own.
#[test]
fn forge_and_comment_are_one_github_and_two_tokens() {
    let Some(github) = GitHub::acme() else { return };
    github.push("platform-gitops", "main", "c", &[("c.txt", "c\n")]);
    let ws = workspace();
    let forge = format!("forge: {{ kind: github, owner: acme, api_url: \"{}\" }}\n", github.proxy.url());
    ws.write("idp.yaml", &forge)
        .write("propose.rhai", &SCRIPT.replace("repo(\"gitops\")", "repo(\"platform-gitops\")"));
    ws.write("event.json", &json!({ "issue": { "number": 1, "pull_request": {} } }).to_string());
    github.made("POST", "/repos/acme/orders-stock/issues", json!({ "title": "Stands for a pull request" }));
    ws.write("grants.yaml", "allow: [{ script: '**', change: '**', target: '**' }]\n");
    let mut command = job(&ws, &["./propose.rhai", "team=a", "--plan", "--comment", "--grants", "grants.yaml"]);
    command.env("GITHUB_REPOSITORY", "acme/orders-stock").env("GITHUB_API_URL", github.proxy.url());
    command.env("GITHUB_TOKEN", TOKEN).env("IDP_CI_TOKEN", ALICE);
    let said = github.run(&mut command);
    assert!(said.status.success() && !said.stderr.contains("::warning::"), "{said}");
    let comments = github.list("/repos/acme/orders-stock/issues/1/comments");
    assert_eq!((comments.len(), &comments[0]["user"]["login"]), (1, &json!("alice")), "{comments:?}");
    assert!(comments[0]["body"].as_str().unwrap().contains("acme/platform-gitops propose-a"), "{comments:?}");
    github.proxy.assert_valid();
}
