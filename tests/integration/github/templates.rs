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

/// The commit with the template's files is GitHub's own, in the name of whoever the token is: that alone is no reason to keep
/// a repository. What a person put into it is one.
#[test]
fn an_undo_deletes_what_nobody_but_the_run_put_into_it() {
    let undo = ["runs", "undo", "app", "--delete"];
    let Some(stage) = stage() else { return };
    stage.idp(&["app.rhai"]).succeeds("made");
    stage.workspace.forget_journal();
    let said = stage.idp(&undo).succeeds("undo");
    assert!(said.stdout.contains("1 deleted"), "{said}");
    assert_eq!(stage.github.proxy.ask("GET", "/repos/acme/app", json!(null)).status, 404, "{said}");
    stage.idp(&["app.rhai", "--output", "json"]).succeeds("made again");
    stage.idp(&undo).succeeds("undone again");

    type Touch = fn(&Stage);
    let touches: [(&str, Touch); 3] = [
        ("a commit of Robot", |stage| drop(stage.github.push("app", "main", "mine", &[("mine.md", "Mine\n")]))),
        // The same words as the run's, and another commit.
        ("a commit of Robot", |stage| {
            let head = stage.github.head("app", "main");
            let commit = stage.github.read(&format!("/repos/acme/app/git/commits/{head}"));
            let message = commit["message"].as_str().unwrap();
            stage.github.push("app", "main", message, &[("mine.md", "Mine\n")]);
        }),
        // The template has other files now: whether those were its own isn't known.
        ("a commit of Robot", |stage| {
            drop(stage.github.push("java-template", "main", "more", &[("more.md", "More\n")]));
        }),
    ];
    for (why, touch) in touches {
        let Some(stage) = self::stage() else { return };
        stage.idp(&["app.rhai"]).succeeds("made");
        touch(&stage);
        let said = stage.idp(&undo).succeeds("undo");
        assert!(said.stderr.contains("not deleted") && said.stderr.contains(why), "{said}");
        assert_eq!(stage.github.read("/repos/acme/app")["archived"], true, "{said}");
    }
}

#[test]
fn an_undo_deletes_a_repository_without_a_template_too() {
    let Some(stage) = Stage::acme() else { return };
    let script = "let app = repo(\"app\").ensure(#{ description: \"App\" });\n\
                  app.commit(\"main\", \"feat: files\", tree().write(\"a.md\", \"A\\n\"));\n";
    stage.workspace.write("app.rhai", script);
    stage.idp(&["app.rhai"]).succeeds("made");
    let said = stage.idp(&["runs", "undo", "app", "--delete"]).succeeds("undo");
    assert!(said.stdout.contains("1 deleted"), "{said}");
    assert_eq!(stage.github.proxy.ask("GET", "/repos/acme/app", json!(null)).status, 404, "{said}");
    stage.github.proxy.assert_valid();
}
