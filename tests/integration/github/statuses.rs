//! Commit statuses on GitHub: set once for what they say, and asked for by protection.

use serde_json::json;

use super::stage::Stage;

const SCRIPT: &str = r##"
let app = repo("app").ensure(#{ description: "App" });
app.commit("main", "feat: files", tree().write("README.md", "# App\n"));
app.status("main", "lint", "success", #{ description: "No findings", url: "https://ci.acme.example/runs/7" });
"##;

#[test]
fn a_status_is_set_once_for_what_it_says() {
    let Some(stage) = Stage::acme() else { return };
    stage.workspace.write("app.rhai", SCRIPT);
    let plan = stage.idp(&["app.rhai", "--plan", "--output", "json"]);
    assert_eq!(plan.counts(), [3, 0, 0], "{plan}");
    let first = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!(first.counts(), [3, 0, 0], "{first}");
    let head = stage.github.head("app", "main");
    let told = || stage.github.read(&format!("/repos/acme/app/commits/{head}/statuses"));
    assert_eq!((told().as_array().unwrap().len(), &told()[0]["context"]), (1, &json!("lint")));
    assert_eq!(
        (&told()[0]["state"], &told()[0]["description"], &told()[0]["target_url"]),
        (&json!("success"), &json!("No findings"), &json!("https://ci.acme.example/runs/7"))
    );
    stage.github.proxy.taken();
    let again = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!((again.counts(), stage.github.proxy.counts().writes), ([0, 0, 0], 0), "{:?}", stage.asked());
    // Another verdict stands beside the first one, and counts. By the commit's id it is the same status.
    let worse = format!("repo(\"app\").status(\"{head}\", \"lint\", \"failure\");");
    stage.workspace.write("worse.rhai", &worse);
    assert_eq!(stage.idp(&["worse.rhai", "--output", "json"]).counts(), [0, 1, 0]);
    assert_eq!((told().as_array().unwrap().len(), &told()[0]["state"]), (2, &json!("failure")));
    stage.github.proxy.assert_valid();
}

#[test]
fn a_status_whose_answer_was_lost_is_not_set_twice() {
    use crate::support::github::{Fault, Request};
    let Some(stage) = Stage::acme() else { return };
    stage.workspace.write("ok.rhai", "repo(\"orders-stock\").status(\"main\", \"lint\", \"success\");");
    let is_status = |request: &Request| request.method == "POST" && request.path().contains("/statuses/");
    stage.github.proxy.fault_on(1, 1, is_status, Fault::CutAfter);
    let said = stage.idp(&["ok.rhai", "--output", "json"]).succeeds("a lost answer");
    let head = stage.github.head("orders-stock", "main");
    let told = stage.github.read(&format!("/repos/acme/orders-stock/commits/{head}/statuses"));
    assert_eq!(told.as_array().unwrap().len(), 1, "{said}");
    stage
        .workspace
        .write("none.rhai", &format!("repo(\"orders-stock\").status(\"{}\", \"lint\", \"success\");", "0".repeat(40)));
    let said = stage.idp(&["none.rhai", "--plan"]);
    assert!(said.status.code() == Some(1) && said.stderr.contains("has no commit"), "{said}");
    stage.github.proxy.assert_valid();
}
