//! A GitHub Enterprise Server: the same below `/api/v3`, GraphQL beside it. The proxy refuses what is asked elsewhere.

use serde_json::json;

use super::stage::{RESOURCE, SERVICE, Stage};
use crate::support::github::emulator::APP_KEY;

#[test]
fn golden_paths_make_the_same_on_github_enterprise() {
    let Some(stage) = Stage::enterprise() else { return };
    let said = stage.idp(&SERVICE).succeeds("a service");
    assert_eq!(said.counts(), [8, 0, 0], "{said}");
    assert_eq!(stage.github.proxy.counts().graphql, 3, "the catalog, definitions, a folder: {:#?}", stage.asked());
    // Where people look is the host alone.
    let page = format!("{}/acme/payments-api", stage.github.proxy.url());
    assert!(said.stdout.contains(&page) && !said.stdout.contains("/api/v3"), "{said}");
    let about = stage.github.read("/repos/acme/payments-api/contents/catalog-info.yaml?ref=main");
    assert_eq!(about["type"], "file");
    stage.is_done(&SERVICE, "on GitHub Enterprise");
    assert_eq!(stage.idp(&RESOURCE).succeeds("a resource").counts(), [1, 0, 0]);
    stage.is_done(&RESOURCE, "on GitHub Enterprise");
    stage.idp(&["doctor"]).succeeds("doctor");
    stage.github.proxy.assert_valid();
}

#[test]
fn an_app_acts_on_github_enterprise() {
    let Some(stage) = Stage::enterprise() else { return };
    stage.as_app(APP_KEY);
    let said = stage.without_token(&SERVICE).succeeds("as an App");
    assert_eq!(said.counts(), [8, 0, 0], "{said}");
    let asked = stage.github.proxy.taken();
    let signs: Vec<&str> = asked
        .iter()
        .filter(|exchange| exchange.request.is_graphql())
        .map(|exchange| exchange.request.header("authorization").unwrap_or("unsigned"))
        .collect();
    let others = asked.iter().find(|exchange| exchange.request.path() == "/repos/acme/platform-gitops").unwrap();
    assert_eq!(signs, [others.request.header("authorization").unwrap(); 3], "the catalog, definitions, a folder");
}

/// Lists go on where the `Link` of the answer says, which is below the same base.
#[test]
fn further_pages_are_found_on_github_enterprise() {
    let Some(stage) = Stage::enterprise() else { return };
    for number in 0..101 {
        let label = json!({ "name": format!("label-{number:03}"), "color": "d73a4a" });
        stage.github.made("POST", "/repos/acme/orders-stock/labels", label);
    }
    stage.workspace.write(
        "label.rhai",
        "repo(\"orders-stock\").ensure(#{ adopt: true, labels: #{ \"label-100\": \"d73a4a\" } });\n",
    );
    stage.idp(&["label.rhai"]).succeeds("labels");
    let asked = stage.asked();
    let lists: Vec<&String> = asked.iter().filter(|line| line.starts_with("GET") && line.contains("/labels")).collect();
    assert!(lists.len() > 1 && lists[1].contains("page=2"), "{lists:?}");
    assert!(!asked.iter().any(|line| line.starts_with("POST") && line.contains("/labels")), "{asked:?}");
}

#[test]
fn a_mutation_goes_to_graphql_on_github_enterprise() {
    let Some(stage) = Stage::enterprise() else { return };
    stage.idp(&RESOURCE).succeeds("proposed");
    stage.github.made("PATCH", "/repos/acme/orders-gitops", json!({ "allow_auto_merge": true }));
    let said = stage.idp(&["pr", "merge", "orders-gitops", "1", "--auto"]).succeeds("merge --auto");
    assert!(said.stdout.contains("GitHub merges it once"), "{said}");
    stage.alice(&["pr", "approve", "orders-gitops", "1"]).succeeds("approve");
    assert_eq!(stage.github.read("/repos/acme/orders-gitops/pulls/1")["merged"], true);
}
