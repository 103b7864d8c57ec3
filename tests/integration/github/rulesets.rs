//! Protection by rulesets, for those who asked for it in idp.yaml.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::github::{Fault, Request};

fn stage() -> Option<Stage> {
    let stage = Stage::acme()?;
    let file = stage.workspace.path().join("idp.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace("kind: github,", "kind: github, protect_with: rulesets,")).unwrap();
    Some(stage)
}

fn rulesets(stage: &Stage, repo: &str) -> Vec<Value> {
    let all = stage.github.list(&format!("/repos/acme/{repo}/rulesets"));
    all.iter().map(|one| stage.github.read(&format!("/repos/acme/{repo}/rulesets/{}", one["id"]))).collect()
}

const SCRIPT: &str = r##"
let app = repo("app").ensure(#{ description: "App" });
app.commit("main", "feat: files", tree().write("README.md", "# App\n"));
app.protect("main", #{ reviews: 1, checks: ["lint"] });
"##;

#[test]
fn a_ruleset_is_made_once_and_added_to() {
    let Some(stage) = stage() else { return };
    stage.workspace.write("app.rhai", SCRIPT);
    // Its answer is lost: it is found again.
    let makes = |request: &Request| request.method == "POST" && request.path().ends_with("/rulesets");
    stage.github.proxy.fault_on(1, 1, makes, Fault::CutAfter);
    stage.idp(&["app.rhai", "--output", "json"]).succeeds("a ruleset");
    let made = rulesets(&stage, "app");
    assert_eq!((made.len(), &made[0]["name"]), (1, &json!("idp-run: main")));
    assert_eq!(made[0]["conditions"]["ref_name"]["include"], json!(["refs/heads/main"]));
    stage.github.proxy.taken();
    let again = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!((again.counts(), stage.github.proxy.counts().writes), ([0, 0, 0], 0), "{:?}", stage.asked());
    // What a person adds stays when a run asks for more.
    let mut rules = made[0]["rules"].as_array().unwrap().clone();
    rules.push(json!({ "type": "required_signatures" }));
    let at = format!("/repos/acme/app/rulesets/{}", made[0]["id"]);
    stage.github.made("PUT", &at, json!({ "rules": rules }));
    stage.workspace.write("app.rhai", &SCRIPT.replace("reviews: 1", "reviews: 2"));
    assert_eq!(stage.idp(&["app.rhai", "--output", "json"]).counts(), [0, 1, 0]);
    let now = rulesets(&stage, "app");
    assert_eq!((now.len(), now[0]["rules"].as_array().unwrap().len()), (1, 5));
    assert!(!stage.asked().iter().any(|line| line.starts_with("PUT") && line.contains("/protection")));
    stage.github.proxy.assert_valid();
}

#[test]
fn what_classic_protection_asks_for_goes_into_the_ruleset() {
    let Some(stage) = stage() else { return };
    stage.workspace.write("more.rhai", "repo(\"orders-stock\").protect(\"main\", #{ code_owners: true });");
    let said = stage.idp(&["more.rhai", "--output", "json"]);
    assert_eq!(said.counts(), [0, 1, 0], "{said}");
    let made = rulesets(&stage, "orders-stock");
    let reviews = made[0]["rules"].as_array().unwrap().iter().find(|rule| rule["type"] == "pull_request").unwrap();
    assert_eq!(
        (
            &reviews["parameters"]["required_approving_review_count"],
            &reviews["parameters"]["require_code_owner_review"]
        ),
        (&json!(1), &json!(true))
    );
    stage.github.proxy.assert_valid();
}

#[test]
fn what_it_is_protected_with_is_one_of_two() {
    let Some(stage) = stage() else { return };
    let file = stage.workspace.path().join("idp.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace("protect_with: rulesets", "protect_with: rules")).unwrap();
    let said = stage.idp(&["list"]);
    assert!(said.status.code() == Some(2) && said.stderr.contains("branch_protection, rulesets"), "{said}");
}
