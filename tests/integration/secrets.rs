//! Secrets are read where they are needed, hidden in all that is said, and refused in all that is written.

use std::fs;

use serde_json::Value;

use crate::support::{Said, Workspace};

const VALUE: &str = "p4ss/w\"rd+of the api";

fn workspace(script: &str) -> Workspace {
    let idp = "secrets:\n  DECLARED: { env: SOME_VARIABLE }\n  FILED: { file: secrets/filed }\ncontacts:\n  team: { kind: file, path: team.jsonl }\nclusters:\n  dev: { kind: snapshot, folder: dev }\n";
    let script = format!("//! Say\n{script}");
    Workspace::of(&[("idp.yaml", idp), ("secrets/filed", "f1led-value\n"), ("scripts/say.rhai", &script)])
}

fn run(workspace: &Workspace, args: &[&str]) -> Said {
    let mut command = workspace.command(args);
    command.env("SOME_VARIABLE", VALUE).env("ITS_NAME", "n4med-in-the-script");
    Said::of(&mut command)
}

/// What an author might do with a value that came from somewhere else.
fn leaked() -> String {
    let text = serde_json::Value::from(VALUE).to_string();
    format!("let leaked = {text};\n")
}

#[test]
fn nothing_that_is_said_holds_a_secret() {
    let script = leaked()
        + r#"
print(`${leaked} f1led-value n4med-in-the-script`);
let named = secret("ITS_NAME");
print("n4med-in-the-script " + named.name + ` ${named}`);
debug(leaked);
output("Password", #{ text: leaked, list: [leaked] });
output("Base64", "cDRzcy93InJkK29mIHRoZSBhcGk= dXNlcjpuNG1lZC1pbi10aGUtc2NyaXB0");
step(`Use ${leaked}`, || fail("it is p4ss%2Fw%22rd%2Bof%20the%20api", leaked));
"#;
    let workspace = workspace(&script);
    for format in ["human", "json"] {
        let said = run(&workspace, &["say", "--output", format, "--verbose"]);
        assert_eq!(said.status.code(), Some(1), "{said}");
        for text in [&said.stdout, &said.stderr] {
            let values = [VALUE, "p4ss", "f1led-value", "cDRzcy", "W4tdGhlLXNjcm", "p4ss%2F"];
            assert!(values.iter().all(|value| !text.contains(value)), "{said}");
        }
        assert!(said.stdout.contains("*** *** n4med-in-the-script"), "before the script named it: {said}");
        assert!(said.stdout.contains("*** ITS_NAME ***"), "{said}");
    }
}

#[test]
fn nothing_that_is_recorded_holds_a_secret() {
    let script = leaked()
        + r#"
fn params() { #{ word: param("string", "A word") } }
fn run(p) {
    step(p.word, || repo("app").ensure(#{ description: "an app" }));
    fail("about " + p.word, "");
}
"#;
    let script = script.replace(&leaked(), "");
    let workspace = workspace(&script);
    let word = format!("word={VALUE}");
    run(&workspace, &["say", &word]);
    let mut found = 0;
    for entry in fs::read_dir(workspace.path().join(".idp")).unwrap().flatten() {
        let bytes = fs::read(entry.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        found += usize::from(text.contains("CREATE TABLE"));
        assert!(!text.contains("p4ss"), "{}", entry.path().display());
    }
    assert!(found > 0, "the journal was looked at");
    let shown = run(&workspace, &["runs", "show", "say"]).succeeds("show");
    assert!(shown.stdout.contains("***"), "{shown}");
}

#[test]
fn nothing_that_is_written_holds_a_secret() {
    for (what, act, field) in [
        (
            "a file",
            r#"repo("app").commit("main", "feat: x", tree().write("a/b.txt", "x\n" + leaked));"#,
            "acme-a/b.txt:2",
        ),
        ("a message", r#"repo("app").commit("main", "feat: " + leaked, tree().write("b.txt", "x"));"#, "`message`"),
        ("a description", r#"repo("other").ensure(#{ description: leaked });"#, "`settings.description`"),
        ("a title", r#"repo("app").propose("Add " + leaked, |t| t.write("c.txt", "x"), #{ branch: "c" });"#, "`title`"),
        (
            "a body",
            r#"repo("app").propose("Add", |t| t.write("c.txt", "x"), #{ branch: "c", body: leaked });"#,
            "`body`",
        ),
        (
            "base64",
            r#"repo("app").commit("main", "feat: x", tree().write("a.yaml", "a: cDRzcy93InJkK29mIHRoZSBhcGk=\n"));"#,
            "a.yaml:1",
        ),
        (
            "a manifest",
            r#"cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "Secret", metadata: #{ name: "s" }, stringData: #{ p: leaked } }));"#,
            "`after.stringData.p`",
        ),
        ("a notification", r#"notify("team", "the word is " + leaked, #{ once: "x" });"#, "`message.text`"),
    ] {
        let script = format!(
            "{}repo(\"app\").ensure(#{{}}).commit(\"main\", \"a\", tree().write(\"README.md\", \"a\"), #{{ id: \"a\" }});\n{act}\n",
            leaked()
        );
        for mode in [&["say", "--plan"][..], &["say"]] {
            let workspace = workspace(&script);
            let said = run(&workspace, mode);
            assert_eq!(said.status.code(), Some(1), "{what}: {said}");
            assert!(said.stderr.contains("idp::review::refused"), "{what}: {said}");
            let field = field.trim_start_matches("acme-");
            assert!(said.stderr.contains(field), "{what}: {field} in {said}");
            assert!(!said.stderr.contains("p4ss") && !said.stdout.contains("p4ss"), "{what}: {said}");
        }
    }
}

#[test]
fn a_secret_that_is_taken_out_may_go() {
    let workspace = workspace(
        "repo(\"app\").ensure(#{}).commit(\"main\", \"a\", tree().write(\"a.txt\", \"p4ss/w\\\"rd+of the api\"));",
    );
    // Nothing is known to be a secret yet.
    Said::of(&mut workspace.command(&["say"])).succeeds("written before");
    workspace.write("scripts/say.rhai", "//! Say\nrepo(\"app\").propose(\"Out with it\", |t| t.remove(\"a.txt\"));");
    let said = run(&workspace, &["say", "--output", "json"]).succeeds("taken out");
    assert_eq!(said.counts()[0], 1, "{said}");
    let change: Value = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["type"] == "change")
        .unwrap();
    assert!(change["diff"]["files"][0]["text"].as_str().unwrap().contains("-***"), "{said}");
}

#[test]
fn names_that_are_none_are_refused() {
    for name in ["", "../etc/passwd", "a b", ".hidden"] {
        let text = format!("secret({});", Value::from(name));
        let said = run(&workspace(&text), &["say", "--output", "json"]);
        assert!(said.stdout.contains("idp::secret::name"), "{name}: {said}");
        assert_eq!(said.status.code(), Some(2));
    }
}

#[test]
fn a_saved_plan_holds_no_secret() {
    let script = "fn params() { #{ word: param(\"string\", \"A word\") } }\n\
                  fn run(p) { repo(\"app\").ensure(#{}); output(\"Word\", \"f1led-value\"); }\n";
    let workspace = workspace(script);
    let plan = workspace.path().join("plan.json");
    run(&workspace, &["say", "word=hello", "--plan", "--out", "plan.json"]).succeeds("saved");
    let text = fs::read_to_string(&plan).unwrap();
    assert!(text.contains("***") && !text.contains("f1led-value"), "{text}");
    fs::remove_file(&plan).unwrap();
    let said = run(&workspace, &["say", "word=f1led-value", "--plan", "--out", "plan.json"]);
    assert!(said.stderr.contains("idp::plan::secret"), "{said}");
    assert!(!plan.exists());
}
