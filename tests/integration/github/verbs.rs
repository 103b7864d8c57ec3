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

#[test]
fn what_lacks_a_check_alone_is_told_how_it_gets_it() {
    let Some(stage) = Stage::acme() else { return };
    let protection = json!({
        "required_status_checks": { "strict": false, "contexts": ["lint", "test"] }, "enforce_admins": null,
        "restrictions": null, "required_pull_request_reviews": { "required_approving_review_count": 1 },
    });
    stage.github.made("PUT", "/repos/acme/platform-gitops/branches/main/protection", protection);
    proposed(&stage);
    let merge = ["pr", "merge", "platform-gitops", "1"];
    let said = stage.idp(&merge);
    assert!(said.stderr.contains("idp::pr::rules") && !said.stderr.contains("--auto"), "{said}");
    alice(&stage, &["pr", "approve", "platform-gitops", "1"]).succeeds("approve");
    let said = stage.idp(&merge);
    assert!(said.stderr.contains("lint, test") && said.stderr.contains("--auto"), "{said}");
    let head = stage.github.read("/repos/acme/platform-gitops/pulls/1")["head"]["sha"].clone();
    let head = head.as_str().unwrap();
    let status = format!("repo(\"platform-gitops\").status(\"{head}\", \"lint\", \"success\");\n");
    stage.workspace.write("lint.rhai", &status);
    stage.idp(&["lint.rhai"]).succeeds("lint");
    let said = stage.idp(&merge);
    assert!(said.stderr.contains("asks for: test") && said.stderr.contains("repo.status"), "{said}");
    stage.github.made(
        "POST",
        "/repos/acme/platform-gitops/check-runs",
        json!({ "name": "test", "head_sha": head, "status": "completed", "conclusion": "success" }),
    );
    stage.idp(&merge).succeeds("all of it is there");
    stage.github.proxy.assert_valid();
}
