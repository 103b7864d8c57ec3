//! Promote and rollback on GitHub: what came to a branch is asked for, and told as the merge that brought it.

use super::stage::Stage;

const PROMOTE: [&str; 6] = ["promote", "project=orders", "service=stock", "to=prod", "--output", "json"];
const ROLLBACK: [&str; 6] = ["rollback", "project=orders", "service=stock", "env=prod", "--output", "json"];

#[test]
fn a_version_goes_to_production_and_back() {
    let Some(stage) = Stage::acme() else { return };
    assert_eq!(stage.idp(&PROMOTE).succeeds("promoted").counts(), [1, 0, 0]);
    stage.is_done(&PROMOTE, "again");
    stage.alice(&["pr", "approve", "orders-gitops", "1"]).succeeds("approved");
    stage.idp(&["pr", "merge", "orders-gitops", "1"]).succeeds("merged");
    stage.idp(&PROMOTE).succeeds("nothing to do");
    stage.workspace.write("read.rhai", "for each in repo(\"orders-gitops\").history(\"k8s/prod/stock\") { print(`${each.title} | ${each.at != ()}`); }");
    let said = stage.idp(&["read.rhai"]).succeeds("read");
    let first = said.stdout.lines().next().unwrap_or_default();
    assert!(first.starts_with("Merge pull request #1") && first.ends_with("| true"), "{said}");
    assert_eq!(stage.idp(&ROLLBACK).succeeds("rolled back").counts(), [1, 0, 0]);
    stage.is_done(&ROLLBACK, "again");
    let table = stage.idp(&["versions", "project=orders"]).succeeds("a table");
    assert!(table.stdout.contains("orders/stock"), "{table}");
    stage.github.proxy.assert_valid();
}
