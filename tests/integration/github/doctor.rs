//! `doctor` on GitHub asks little and says much; verbs that need no world never ask.

use super::stage::{Stage, point};
use crate::support::github::emulator::{APP, APP_KEY};
use crate::support::{Said, Workspace};

#[test]
fn a_token_and_its_scopes_are_told_in_a_few_requests() {
    let Some(stage) = Stage::acme() else { return };
    stage.github.proxy.layer(|request, below| {
        let answer = below(request).with("x-github-api-version-selected", "2022-11-28");
        answer.with("x-oauth-scopes", "repo, admin:org")
    });
    let said = stage.idp(&["doctor"]).succeeds("doctor");
    assert!(said.stdout.contains("the organisation acme is there; API 2022-11-28"), "{said}");
    assert!(said.stdout.contains("a token with the scopes repo, admin:org; "), "{said}");
    assert!(said.stdout.contains("missing: the scope workflow for files below .github/workflows"), "{said}");
    assert!(!said.stdout.contains("read:org"), "{said}");
    let asked = stage.asked();
    assert!(asked.len() <= 3, "{asked:?}");
    stage.github.proxy.assert_valid();
}

#[test]
fn an_apps_permissions_are_compared() {
    let Some(stage) = Stage::acme() else { return };
    let config = stage.workspace.path().join("idp.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let app = format!("wait: 2s, app: {{ id: {APP}, key_file: app.pem }}");
    std::fs::write(&config, text.replace("wait: 2s", &app)).unwrap();
    stage.workspace.write("app.pem", APP_KEY);
    let said = Said::of(stage.command(&["doctor"]).env_remove("GITHUB_TOKEN")).succeeds("doctor");
    assert!(
        said.stdout.contains(&format!("runs act as the GitHub App {APP}, installed for all repositories")),
        "{said}"
    );
    assert!(said.stdout.contains("missing: \"Workflows: write\""), "{said}");
    assert!(!said.stdout.contains("\"Contents: write\""), "{said}");
}

/// Nobody listens at that port, and there is no token: whoever asked would fail.
#[test]
fn verbs_that_need_no_world_never_ask() {
    let workspace = Workspace::acme();
    point(&workspace, "http://127.0.0.1:1");
    workspace.write(
        "hello.test.rhai",
        "fn test_it_is_there() { run_script(\"create-service\", #{ project: \"payments\", service: \"api\", owner: \"team-payments\", description: \"Takes payments\" }); }\n",
    );
    workspace.write("hello.rhai", "print(\"hello\");\n");
    for args in [
        &["list"][..],
        &["explain", "repo.commit"],
        &["check", "hello.rhai"],
        &["test", "hello.test.rhai"],
        &["completions", "bash"],
        &["complete-words", "--", "pr", "list", ""],
        &["create-service", "--help"],
        &["./hello.rhai"],
        &["runs", "list"],
        &["reference", "out"],
    ] {
        let began = std::time::Instant::now();
        let said = workspace.idp(args);
        assert!(said.status.success(), "{args:?}: {said}");
        assert!(!format!("{said}").contains("idp::github"), "{args:?}: {said} after {:?}", began.elapsed());
    }
    let said = workspace.idp(&["pr", "list"]);
    assert!(said.stderr.contains("idp::github::token"), "{said}");
}
