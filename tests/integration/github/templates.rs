//! Repositories that are made from a template on GitHub.

use serde_json::json;

use super::stage::Stage;
use crate::support::github::{Fault, Request};

const SCRIPT: &str = r##"
let app = repo("app").ensure(#{ description: "App", visibility: "internal", topics: ["java"], template: "java-template" });
app.commit("main", "feat: name", |t| t.write("README.md", t.read("README.md") + "App\n"));
"##;

fn stage() -> Option<Stage> {
    let stage = Stage::acme()?;
    stage.github.repository("java-template", json!({ "is_template": true, "visibility": "internal" }));
    stage.github.push(
        "java-template",
        "main",
        "files",
        &[("README.md", "# Java\n"), ("src/Main.java", "class Main {}\n")],
    );
    stage.workspace.write("app.rhai", SCRIPT);
    Some(stage)
}

fn text(stage: &Stage, path: &str) -> String {
    use base64::Engine as _;
    let file = stage.github.read(&format!("/repos/acme/app/contents/{path}?ref=main"));
    let packed: String = file["content"].as_str().unwrap().split_whitespace().collect();
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(packed).unwrap()).unwrap()
}

#[test]
fn it_begins_with_the_files_of_the_template() {
    let Some(stage) = stage() else { return };
    let plan = stage.idp(&["app.rhai", "--plan", "--output", "json"]);
    assert_eq!(plan.counts(), [2, 0, 0], "{plan}");
    assert!(plan.stdout.contains("acme/java-template") && plan.stdout.contains("+App"), "{plan}");
    let first = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!(first.counts(), [2, 0, 0], "{first}");
    assert_eq!(
        (text(&stage, "README.md").as_str(), text(&stage, "src/Main.java").as_str()),
        ("# Java\nApp\n", "class Main {}\n")
    );
    let made = stage.github.read("/repos/acme/app");
    assert_eq!((&made["visibility"], &made["description"]), (&json!("internal"), &json!("App")));
    stage.github.proxy.taken();
    let again = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!((again.counts(), stage.github.proxy.counts().writes), ([0, 0, 0], 0), "{:?}", stage.asked());
    stage.github.proxy.assert_valid();
}

#[test]
fn the_commit_of_a_template_with_a_readme_alone_is_one() {
    let Some(stage) = stage() else { return };
    stage.github.repository("bare", json!({ "is_template": true }));
    let script = r#"
let app = repo("app").ensure(#{ description: "App", template: "bare" });
print(app.tree("main").has("README.md"));
"#;
    stage.workspace.write("app.rhai", script);
    let said = stage.idp(&["app.rhai"]).succeeds("a template");
    assert!(said.stdout.contains("true"), "{said}");
    let said = stage.idp(&["app.rhai"]).succeeds("again");
    assert!(said.stdout.contains("true"), "{said}");
}

#[test]
fn what_is_no_template_is_refused_before_anything() {
    let Some(stage) = stage() else { return };
    for (name, why) in [("nowhere", "there is no such repository"), ("orders-stock", "it isn't a template repository")]
    {
        let script = format!("repo(\"app\").ensure(#{{ description: \"App\", template: \"{name}\" }});");
        stage.workspace.write("app.rhai", &script);
        stage.github.proxy.taken();
        let said = stage.idp(&["app.rhai"]);
        assert!(said.status.code() == Some(1) && said.stderr.contains("idp::repo::template"), "{said}");
        assert!(said.stderr.contains(why) && stage.github.proxy.counts().writes == 0, "{said}");
    }
}

#[test]
fn a_lost_answer_and_a_kill_leave_one_repository() {
    let Some(stage) = stage() else { return };
    let generates = |request: &Request| request.method == "POST" && request.path().ends_with("/generate");
    stage.github.proxy.fault_on(1, 1, generates, Fault::KillAfter);
    let killed = stage.github.run(&mut stage.command(&["app.rhai", "--output", "json"]));
    assert_eq!(killed.status.code(), None, "{killed}");
    stage.github.proxy.forgive();
    stage.github.proxy.taken();
    let said = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!(said.counts(), [2, 0, 0], "{said}");
    assert!(!stage.asked().iter().any(|line| line.contains("/generate")), "it was made by the first one");
    assert_eq!(text(&stage, "README.md"), "# Java\nApp\n");
    stage.github.proxy.assert_valid();
}
