//! Roles of teams and webhooks, on the emulator as on the embedded forge: made, found again, never lowered or doubled.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::github::{Answer, Fault, Request, TOKEN};
use crate::support::{Said, Workspace};

const SECRET: &str = "a-hook-secret-of-some-length";
/// Nobody listens there: what the emulator sends is lost.
const HOOK: &str = "http://127.0.0.1:9/hook";

fn script(stage: &Stage, text: &str) -> Said {
    run(stage, text, &[])
}

fn run(stage: &Stage, text: &str, more: &[&str]) -> Said {
    stage.workspace.write("settings.rhai", text);
    let mut command = stage.command(&[&["settings.rhai", "--output", "json"], more].concat());
    Said::of(command.env("HOOK_SECRET", SECRET))
}

/// The same on the embedded forge.
fn embedded(workspace: &Workspace, text: &str) -> Said {
    workspace.write("settings.rhai", text);
    Said::of(workspace.command(&["settings.rhai", "--output", "json"]).env("HOOK_SECRET", SECRET))
}

/// What was changed and what was found, without the version before and the summary behind.
fn told(said: &Said) -> Vec<Value> {
    let lines = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| ["change", "unchanged"].contains(&line["type"].as_str().unwrap())).collect()
}

/// The requests that wrote since the last look.
fn writes(stage: &Stage) -> Vec<String> {
    let taken = stage.github.proxy.taken();
    taken.iter().filter(|exchange| exchange.request.writes()).map(ToString::to_string).collect()
}

fn role(stage: &Stage, team: &str, repo: &str) -> Value {
    let mut request = Request::get(&format!("/orgs/acme/teams/{team}/repos/acme/{repo}"));
    request.headers.push(("authorization".into(), format!("Bearer {TOKEN}")));
    request.headers.push(("accept".into(), "application/vnd.github.v3.repository+json".into()));
    let address = stage.github.proxy.url().trim_start_matches("http://").to_owned();
    request.send(address.parse().unwrap(), &address).unwrap().value()["role_name"].clone()
}

fn hooks(stage: &Stage) -> Vec<Value> {
    stage.github.list("/repos/acme/returns/hooks")
}

#[test]
fn a_team_gets_a_role_and_keeps_a_higher_one() {
    let Some(stage) = Stage::acme() else { return };
    let ours = Workspace::acme();
    let both = |text: &str, counts: [u64; 3]| {
        let (there, here) = (script(&stage, text), embedded(&ours, text));
        assert_eq!(there.counts(), counts, "{there}");
        assert_eq!(told(&there), told(&here), "GitHub:\n{there}\nembedded:\n{here}");
    };
    let text = "repo(\"returns\").ensure(#{ description: \"Returns\" }).grant(\"team-orders\", \"maintain\").grant(\"platform-team\", \"read\");";
    both(text, [3, 0, 0]);
    assert_eq!(
        [role(&stage, "team-orders", "returns"), role(&stage, "platform-team", "returns")],
        [json!("maintain"), json!("read")]
    );
    let put = |line: &String| line.starts_with("PUT /orgs/acme/teams/team-orders/repos/acme/returns ");
    assert_eq!(writes(&stage).iter().filter(|line| put(line)).count(), 1);
    both(text, [0, 0, 0]);
    assert_eq!(writes(&stage), [""; 0], "a rerun writes nothing");
    // Less than it may is no change, unless the script says so.
    both("repo(\"returns\").grant(\"team-orders\", \"write\");", [0, 0, 0]);
    assert_eq!(writes(&stage), [""; 0]);
    both("repo(\"returns\").grant(\"team-orders\", \"write\", #{ lower: true });", [0, 1, 0]);
    both("repo(\"returns\").grant(\"team-orders\", \"admin\");", [0, 1, 0]);
    assert_eq!(role(&stage, "team-orders", "returns"), "admin");
    stage.github.proxy.assert_valid();
}

#[test]
fn a_team_that_is_not_there_is_named_in_the_plan() {
    let Some(stage) = Stage::acme() else { return };
    let text = "repo(\"returns\").ensure(#{ description: \"Returns\" }).grant(\"team-order\", \"write\");";
    for more in [&["--plan"][..], &[]] {
        let said = run(&stage, text, more);
        assert_eq!(said.status.code(), Some(1), "{said}");
        assert!(
            said.stdout.contains("idp::repo::team") && said.stdout.contains("acme has no team team-order"),
            "{said}"
        );
    }
}

#[test]
fn a_grant_whose_answer_is_lost_is_made_once() {
    let Some(stage) = Stage::acme() else { return };
    let is_put = |request: &Request| request.method == "PUT" && request.path().contains("/teams/");
    stage.github.proxy.fault_on(1, 1, is_put, Fault::Afterwards(Answer::error(502, "Bad gateway")));
    let text = "repo(\"orders-stock\").grant(\"team-orders\", \"write\");";
    script(&stage, text).succeeds("the answer was lost");
    assert_eq!(writes(&stage).len(), 1, "it looked before it wrote again");
    assert_eq!(role(&stage, "team-orders", "orders-stock"), "write");
}

#[test]
fn a_webhook_is_made_once_with_its_secret_and_changed_in_place() {
    let Some(stage) = Stage::acme() else { return };
    let ours = Workspace::acme();
    let both = |text: &str, counts: [u64; 3]| {
        let (there, here) = (script(&stage, text), embedded(&ours, text));
        assert_eq!(there.counts(), counts, "{there}");
        assert_eq!(told(&there), told(&here), "GitHub:\n{there}\nembedded:\n{here}");
        assert!(!there.to_string().contains(SECRET), "{there}");
    };
    let webhook = |options: &str| format!("repo(\"returns\").webhook(\"{HOOK}\", #{{ {options} }});");
    let ensure = "repo(\"returns\").ensure(#{ description: \"Returns\" });\n";
    let text = format!("{ensure}{}", webhook("events: [\"push\"], secret: secret(\"HOOK_SECRET\")"));
    both(&text, [2, 0, 0]);
    let sent = |method: &str| {
        let taken = stage.github.proxy.taken();
        let hooks = |path: &str| path.starts_with("/repos/acme/returns/hooks");
        let one = taken.iter().find(|one| one.request.method == method && hooks(one.request.path()));
        one.map(|one| one.request.json()).unwrap_or_default()
    };
    assert_eq!(
        sent("POST"),
        json!({ "name": "web", "active": true, "events": ["push"], "config": {
            "url": HOOK, "content_type": "json", "insecure_ssl": "0", "secret": SECRET,
        } })
    );
    both(&text, [0, 0, 0]);
    assert_eq!(writes(&stage), [""; 0], "a rerun writes nothing");
    // Events are added, and what isn't given is not sent: GitHub would forget the secret.
    both(&webhook("events: [\"pull_request\"]"), [0, 1, 0]);
    assert_eq!(sent("PATCH"), json!({ "active": true, "events": ["pull_request", "push"] }));
    assert_eq!(hooks(&stage)[0]["config"]["secret"], "********");
    // Nobody can see whether it has the new secret: each run that says so gives it.
    for _ in 0..2 {
        both(&webhook("secret: secret(\"HOOK_SECRET\"), renew_secret: true"), [0, 1, 0]);
        assert_eq!(sent("PATCH")["config"]["secret"], SECRET);
    }
    let said = script(&stage, &webhook("content_type: \"form\""));
    assert!(said.stdout.contains("idp::repo::webhook"), "{said}");
    both(&webhook("content_type: \"form\", secret: secret(\"HOOK_SECRET\")"), [0, 1, 0]);
    let all = hooks(&stage);
    assert_eq!((all.len(), &all[0]["config"]["content_type"]), (1, &json!("form")));
    stage.github.proxy.assert_valid();
}

#[test]
fn a_webhook_whose_answer_is_lost_is_made_once() {
    let Some(stage) = Stage::acme() else { return };
    script(&stage, "repo(\"returns\").ensure(#{ description: \"Returns\" });").succeeds("made");
    let is_post = |request: &Request| request.method == "POST" && request.path().ends_with("/hooks");
    stage.github.proxy.fault_on(1, 1, is_post, Fault::Afterwards(Answer::error(502, "Bad gateway")));
    let text = format!("repo(\"returns\").webhook(\"{HOOK}\", #{{ secret: secret(\"HOOK_SECRET\") }});");
    script(&stage, &text).succeeds("the answer was lost");
    assert_eq!(hooks(&stage).len(), 1);
    stage.github.proxy.taken();
    script(&stage, &text).succeeds("again");
    assert_eq!(writes(&stage), [""; 0]);
}

#[test]
fn a_secret_that_is_missing_stops_the_plan() {
    let Some(stage) = Stage::acme() else { return };
    let text = format!("repo(\"orders-stock\").webhook(\"{HOOK}\", #{{ secret: secret(\"NO_SUCH_SECRET\") }});");
    for more in [&["--plan"][..], &[]] {
        let said = run(&stage, &text, more);
        assert!(!said.status.success() && said.stdout.contains("idp::secret::missing"), "{said}");
    }
    assert_eq!(writes(&stage), [""; 0]);
}
