//! Ensured repositories, commits, protection, objects and messages: what a second run finds and what it leaves alone.

use std::fs;

use crate::workspace::Workspace;

const SERVICE: &str = r#"
let api = repo("api");
api.ensure(#{ description: "API", visibility: "internal", topics: ["java"] });
api.commit("main", "feat: first", tree().write("README.md", "One\n").write("run.sh", "echo hi\n"));
api.protect("main", #{ reviews: 1 });
notify("ops", "api is there", #{ once: "created" });
cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "api" } }));
"#;

#[test]
fn a_second_run_finds_everything() {
    let ws = Workspace::new();
    let first = ws.script(SERVICE);
    first.ends(0, "create 5 update 0 delete 0 unchanged 0 applied");
    assert_eq!(
        first.changes(),
        [
            "create repository acme/api",
            "create commit acme/api main",
            "create protection acme/api main",
            "create notification ops created",
            "create manifest dev Namespace api",
        ]
    );
    ws.script(SERVICE).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    assert_eq!(ws.read(".idp/ops.jsonl").lines().count(), 1, "the message went out once");
}

#[test]
fn only_what_is_given_is_compared() {
    let ws = Workspace::new();
    ws.script(SERVICE).ends(0, "create 5 update 0 delete 0 unchanged 0 applied");
    let more =
        SERVICE.replace("[\"java\"]", "[\"spring\"], description: \"The API\"").replace("description: \"API\", ", "");
    let said = ws.script(&more);
    said.ends(0, "create 0 update 1 delete 0 unchanged 4 applied");
    let diff = &said.of_type("change")[0]["diff"]["fields"];
    assert_eq!(diff[0], serde_json::json!(["description", "API", "The API"]));
    assert_eq!(diff[1], serde_json::json!(["topics", "java", "java, spring"]), "topics that were there stay");
    // Less is asked for: nothing changes back.
    ws.script("repo(\"api\").ensure(#{ description: \"The API\" });")
        .ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
}

#[test]
fn what_another_run_made_is_refused() {
    let ws = Workspace::new();
    let make = "repo(\"api\").ensure(#{ description: \"API\" });";
    ws.named("one", make, &[]).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let said = ws.named("two", make, &[]);
    said.fails(1, "idp::repo::foreign");
    assert!(said.stderr.contains("acme/api was made by another run"), "{said}");
    assert!(said.stderr.contains("two.rhai:1:"), "{said}");
    // In the plan, too.
    ws.named("two", make, &["--plan"]).fails(1, "idp::repo::foreign");
    let object =
        "cluster(\"dev\").apply(manifest(#{ apiVersion: \"v1\", kind: \"Namespace\", metadata: #{ name: \"api\" } }));";
    ws.named("one", object, &[]).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    ws.named("two", object, &[]).fails(1, "idp::manifest::foreign");
}

#[test]
fn what_nobody_made_needs_adoption() {
    let ws = Workspace::new();
    let said = ws.script("repo(\"gitops\").ensure(#{ description: \"Mine\" });");
    said.fails(1, "idp::repo::unmarked");
    assert!(said.stderr.contains("adopt: true"), "{said}");
    let adopt = "repo(\"gitops\").ensure(#{ description: \"Mine\", adopt: true });";
    ws.script(adopt).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    ws.script(adopt).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    // It has an owner now.
    ws.named("other", adopt, &[]).fails(1, "idp::repo::foreign");

    ws.write(".idp/clusters/dev/by-hand.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: api # ours\n");
    let apply =
        "cluster(\"dev\").apply(manifest(#{ apiVersion: \"v1\", kind: \"Namespace\", metadata: #{ name: \"api\" } })";
    ws.script(&format!("{apply});")).fails(1, "idp::manifest::unmarked");
    ws.script(&format!("{apply}, #{{ adopt: true }});")).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    ws.script(&format!("{apply});")).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
}

#[test]
fn what_runs_share_is_made_once() {
    let ws = Workspace::new();
    let text = |service: &str| {
        format!(
            r#"
let gitops = repo("payments-gitops", #{{ shared: "payments" }});
gitops.ensure(#{{ description: "Payments" }});
gitops.commit("main", "feat: start", tree().write("README.md", "by {service}\n"));
gitops.protect("main", #{{ reviews: 1 }});
"#
        )
    };
    ws.named("one", &text("one"), &[]).ends(0, "create 3 update 0 delete 0 unchanged 0 applied");
    ws.named("two", &text("two"), &[]).ends(0, "create 0 update 0 delete 0 unchanged 3 applied");
    assert_eq!(ws.file("payments-gitops", "main", "README.md").unwrap(), "by one\n");
    // Another project, and a run that forgets to share, are strangers.
    let other = text("x").replace("\"payments\" }", "\"orders\" }");
    ws.named("three", &other, &[]).fails(1, "idp::repo::foreign");
    ws.named("one", "repo(\"payments-gitops\").ensure(#{});", &[]).fails(1, "idp::repo::foreign");
}

const COMMIT: &str = r#"
let api = repo("api").ensure(#{ description: "API" });
api.commit("main", "feat: first", tree().write("README.md", "One\n"));
"#;

#[test]
fn a_commit_is_delivered_once_and_then_peoples() {
    let ws = Workspace::new();
    ws.script(COMMIT).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    ws.person("api", "main", |at| fs::write(at.join("README.md"), "Edited\n").unwrap());
    ws.script(COMMIT).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    // Another text of the script is no new request either.
    ws.script(&COMMIT.replace("One", "Two")).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    assert_eq!(ws.file("api", "main", "README.md").unwrap(), "Edited\n");
    // Nor is a file that a person deleted.
    ws.person("api", "main", |at| fs::remove_file(at.join("README.md")).unwrap());
    ws.script(COMMIT).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    assert_eq!(ws.file("api", "main", "README.md"), None);
}

#[test]
fn a_lost_marker_is_restored_uncounted() {
    let ws = Workspace::new();
    ws.script(COMMIT).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    ws.person("api", "main", |at| fs::write(at.join("README.md"), "Edited\n").unwrap());
    let markers = || ws.git("api", &["for-each-ref", "refs/idp-run/"]);
    let before = markers();
    assert_eq!(before.lines().count(), 1);
    let name = before.split_whitespace().last().unwrap().to_string();
    ws.git("api", &["update-ref", "-d", &name]);
    let said = ws.script(COMMIT);
    said.ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    assert_eq!(said.changes(), Vec::<String>::new());
    assert_eq!(markers(), before, "the marker is at the commit that carried the request out");
    assert_eq!(ws.file("api", "main", "README.md").unwrap(), "Edited\n");
}

#[test]
fn a_deleted_journal_changes_nothing() {
    let ws = Workspace::new();
    ws.script(SERVICE).ends(0, "create 5 update 0 delete 0 unchanged 0 applied");
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.lock"] {
        let _ = fs::remove_file(ws.path().join(".idp").join(name));
    }
    ws.script(SERVICE).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    assert_eq!(ws.read(".idp/ops.jsonl").lines().count(), 1);
}

#[test]
fn each_commit_of_a_run_has_an_id() {
    let ws = Workspace::new();
    let twice = format!("{COMMIT}api.commit(\"main\", \"docs: more\", |t| t.write(\"MORE.md\", \"More\\n\"));");
    let said = ws.script(&twice);
    // The first commit was made: 2 would promise an untouched world.
    said.fails(1, "idp::repo::twice");
    assert!(said.stderr.contains("#{ id: ... }"), "{said}");
    assert!(said.stderr.contains("script.rhai:4:"), "{said}");
    let ids = twice.replace("More\\n\"))", "More\\n\"), #{ id: \"more\" })");
    let said = ws.script(&ids);
    said.ends(0, "create 1 update 0 delete 0 unchanged 2 applied");
    assert_eq!(said.changes(), ["create commit acme/api main (more)"]);
    assert_eq!(ws.git("api", &["log", "--format=%s", "main"]), "docs: more\nfeat: first");
    ws.script(&ids).ends(0, "create 0 update 0 delete 0 unchanged 3 applied");
    // The same id twice in one run, on other branches, is the same mistake.
    let same = ids.replace("\"main\", \"docs", "\"next\", \"docs").replace("id: \"more\"", "id: \"main\"");
    ws.script(&same).fails(2, "idp::repo::twice");
}

#[test]
fn a_commit_to_a_protected_branch_is_refused_before_anything() {
    let ws = Workspace::new();
    let text = "repo(\"gitops\").commit(\"main\", \"x\", |t| t.write(\"a\", \"a\"));";
    let said = ws.plan(text);
    said.fails(1, "idp::forge::protected");
    assert!(said.stderr.contains("propose"), "{said}");
    ws.script(text).fails(1, "idp::forge::protected");
    assert_eq!(ws.git("gitops", &["rev-list", "--count", "main"]), "1");
}

#[test]
fn an_edit_is_made_on_what_is_there() {
    let ws = Workspace::new();
    ws.script("print(repo(\"app\").exists());").ends(0, "create 0 update 0 delete 0 unchanged 0 applied");
    let text =
        r#"repo("app").commit("main", "docs: name", |t| t.write("README.md", t.read("README.md") + "Named\n"));"#;
    ws.script(text).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    assert_eq!(ws.file("app", "main", "README.md").unwrap(), "# App\nNamed\n");
    // Nothing to commit is no commit, and is remembered.
    let text = r##"repo("app").commit("main", "x", |t| t.write("README.md", "# App\nNamed\n"), #{ id: "same" });"##;
    ws.script(text).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    ws.person("app", "main", |at| fs::write(at.join("README.md"), "Edited\n").unwrap());
    ws.script(text).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    assert_eq!(ws.git("app", &["rev-list", "--count", "main"]), "3");
}

#[test]
fn a_message_goes_out_once_for_its_cause() {
    let ws = Workspace::new();
    let text = r#"
notify("ops", "created", #{ once: "created", channel: "deploys" });
notify("ops", "created", #{ once: "created" });
notify("ops", "updated", #{ once: "updated" });
"#;
    let said = ws.script(text);
    said.ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    ws.script(text).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    assert_eq!(ws.read(".idp/ops.jsonl").lines().count(), 2);
    // Another run has causes of its own.
    ws.named("other", text, &[]).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    let said = ws.script("notify(\"ops\", \"hello\");");
    said.fails(2, "idp::script::option");
    assert!(said.stderr.contains("once"), "{said}");
    let said = ws.script("notify(\"opps\", \"hello\", #{ once: \"x\" });");
    said.fails(2, "idp::world::unknown");
    assert!(said.stderr.contains("did you mean `ops`?"), "{said}");
}

#[test]
fn an_applied_object_keeps_what_others_set() {
    let ws = Workspace::new();
    let text = |replicas: u32| {
        format!(
            r#"cluster("dev").apply(manifest(#{{ apiVersion: "apps/v1", kind: "Deployment",
                metadata: #{{ name: "api", namespace: "pay" }}, spec: #{{ replicas: {replicas},
                selector: #{{ matchLabels: #{{ app: "api" }} }}, template: #{{ metadata: #{{ labels: #{{ app: "api" }} }},
                spec: #{{ containers: [#{{ name: "api", image: "api" }}] }} }} }} }}));"#
        )
    };
    ws.script(&text(1)).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let path = ".idp/clusters/dev/pay/Deployment.apps/api.yaml";
    ws.write(path, &ws.read(path).replacen("spec:\n", "spec:\n  paused: true\n", 1));
    ws.script(&text(1)).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    ws.script(&text(3)).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    let now = ws.read(path);
    assert!(now.contains("paused: true") && now.contains("replicas: 3"), "{now}");
}

#[test]
fn a_file_never_takes_the_place_of_a_folder_unseen() {
    let ws = Workspace::new();
    ws.write("seeds/app/docs/a.md", "A\n").write("seeds/app/docs/b.md", "B\n");
    for edit in [
        "t.write(\"docs\", \"x\")",
        "t.write(\"README.md/x\", \"x\")",
        "t.write(\"x\", \"x\").write(\"x/y\", \"y\")",
        "t.remove(\"docs/a.md\").write(\"docs\", \"x\")",
    ] {
        let text = format!("repo(\"app\").commit(\"main\", \"x\", |t| {edit});");
        let said = ws.plan(&text);
        said.fails(1, "idp::tree::overlap");
        assert!(said.stderr.contains("a file and a folder at once"), "{said}");
        ws.script(&text).fails(1, "idp::tree::overlap");
    }
    let edit = "t.remove(\"docs/a.md\").remove(\"docs/b.md\").write(\"docs\", \"x\").remove(\"README.md\").write(\"README.md/x\", \"y\")";
    let text = format!("repo(\"app\").commit(\"main\", \"x\", |t| {edit});");
    assert_eq!(ws.plan(&text).code, 0);
    ws.script(&text).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    assert_eq!(ws.git("app", &["ls-tree", "-r", "--name-only", "main"]), "README.md/x\ndocs");
}

#[test]
fn a_status_is_what_a_protected_branch_asks_for() {
    let ws = Workspace::new();
    let text = r#"
let app = repo("app");
app.protect("main", #{ checks: ["lint"] });
app.propose("Edit", |t| t.write("a.md", "A\n"), #{ branch: "edit" });
"#;
    ws.script(text).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    let merge = || ws.idp(&["pr", "merge", "app", "1", "--as", "ann"]);
    let said = merge();
    assert!(said.code == 1 && said.stderr.contains("needs the check `lint`"), "{said}");
    let status =
        |state: &str| format!("repo(\"app\").status(\"edit\", \"lint\", \"{state}\", #{{ description: \"x\" }});");
    let said = ws.plan(&status("failure"));
    assert_eq!((said.code, said.changes()), (0, vec!["create commit_status acme/app edit lint".to_string()]), "{said}");
    ws.script(&status("failure")).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let said = merge();
    assert!(said.code == 1 && said.stderr.contains("the check `lint` (it says failure)"), "{said}");
    ws.script(&status("success")).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    ws.script(&status("success")).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    let said = merge();
    assert_eq!(said.code, 0, "{said}");
    ws.script(&status("green")).fails(2, "idp::repo::status");
    ws.script(&format!(
        "repo(\"app\").status(\"main\", \"lint\", \"success\", #{{ description: \"{}\" }});",
        "x".repeat(141)
    ))
    .fails(2, "idp::repo::status");
    ws.script("repo(\"app\").status(\"nowhere\", \"lint\", \"success\");").fails(1, "idp::repo::branch");
}

#[test]
fn a_template_gives_the_first_files_and_nothing_later() {
    let ws = Workspace::new();
    let text = r#"
let copy = repo("copy").ensure(#{ description: "Copy", template: "app" });
copy.commit("main", "docs: more", |t| t.write("README.md", t.read("README.md") + "More\n"));
"#;
    let plan = ws.plan(text);
    assert_eq!(plan.changes(), ["create repository acme/copy", "create commit acme/copy main"], "{plan}");
    ws.script(text).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    assert_eq!(ws.file("copy", "main", "README.md").unwrap(), "# App\nMore\n");
    assert_eq!(ws.git("copy", &["log", "--format=%s", "main"]), "docs: more\nInitial commit");
    // Of one that is there the template changes nothing, and needn't be there.
    let other = text.replace("template: \"app\"", "template: \"nowhere\"");
    ws.script(&other).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    let missing = other.replace("copy\"", "other\"");
    ws.plan(&missing).fails(1, "idp::repo::template");
    ws.script(&missing).fails(1, "idp::repo::template");
    assert!(!ws.path().join(".idp/forge/acme/other.git").exists());
}
