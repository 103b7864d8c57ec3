//! `idp-run pr` on GitHub: the token says who acts, GitHub says what may be merged.

use serde_json::json;

use super::stage::Stage;
use crate::support::Said;
use crate::support::github::ALICE;

fn proposed(stage: &Stage) {
    let script = "repo(\"platform-gitops\").propose(\"Say hello\", |tree| tree.write(\"hello.md\", \"Hello\\n\"));\n";
    stage.workspace.write("hello.rhai", script);
    stage.idp(&["hello.rhai"]).succeeds("propose");
    stage.github.made("PATCH", "/repos/acme/platform-gitops", json!({ "allow_auto_merge": true }));
}

fn alice(stage: &Stage, args: &[&str]) -> Said {
    Said::of(stage.command(args).env("GITHUB_TOKEN", ALICE))
}

#[test]
fn a_pull_request_is_approved_and_merged_by_whom_the_token_names() {
    let Some(stage) = Stage::acme() else { return };
    proposed(&stage);
    let said = stage.idp(&["pr", "approve", "platform-gitops", "1", "--as", "alice"]);
    assert!(said.stderr.contains("--as is for the embedded forge alone"), "{said}");
    assert_eq!(said.status.code(), Some(2), "{said}");
    let said = stage.idp(&["pr", "approve", "platform-gitops", "1"]);
    assert!(said.stderr.contains("idp::pr::own"), "{said}");
    let said = stage.idp(&["pr", "merge", "platform-gitops", "1"]);
    assert!(said.stderr.contains("idp::pr::rules"), "{said}");
    alice(&stage, &["pr", "approve", "platform-gitops", "1"]).succeeds("approve");
    let said = stage.idp(&["pr", "show", "platform-gitops", "1"]).succeeds("show");
    assert!(said.stdout.contains("Approved by: alice") && said.stdout.contains("+Hello"), "{said}");
    stage.idp(&["pr", "merge", "platform-gitops", "1", "--squash", "--delete-branch"]).succeeds("merge");
    let said = stage.idp(&["pr", "show", "platform-gitops", "1"]).succeeds("show");
    assert!(said.stdout.contains("(squash)"), "{said}");
    stage.idp(&["hello.rhai", "--output", "json"]).counts().iter().for_each(|count| assert_eq!(*count, 0));
    stage.github.proxy.assert_valid();
}

#[test]
fn what_lacks_a_review_is_merged_by_the_host_once_it_has_it() {
    let Some(stage) = Stage::acme() else { return };
    proposed(&stage);
    let said = stage.idp(&["pr", "merge", "platform-gitops", "1", "--auto"]).succeeds("merge --auto");
    assert!(said.stdout.contains("GitHub merges it once"), "{said}");
    let state = |stage: &Stage| stage.github.read("/repos/acme/platform-gitops/pulls/1")["merged"].clone();
    assert_eq!(state(&stage), false);
    alice(&stage, &["pr", "approve", "platform-gitops", "1"]).succeeds("approve");
    assert_eq!(state(&stage), true);
    stage.github.proxy.assert_valid();
}
