//! Pull requests end to end: found again, updated once, kept where a person decided otherwise.

use std::fs;

use crate::workspace::Workspace;

const PROPOSE: &str = r#"
let pull = repo("gitops").propose("Add dev", |t| t.write("dev.txt", "dev\n").write("extra.txt", "extra\n"), #{
    body: "Words.", labels: ["idp-run"], reviewers: ["platform"],
});
print(`${pull.state} ${pull.number}`);
"#;

const CREATED: &str = "create 1 update 0 delete 0 unchanged 0 applied";
const UPDATED: &str = "create 0 update 1 delete 0 unchanged 0 applied";
const UNCHANGED: &str = "create 0 update 0 delete 0 unchanged 1 applied";

/// What the pull request would bring: the paths that differ from its merge base.
fn brings(ws: &Workspace) -> String {
    let base = ws.git("gitops", &["merge-base", "main", "script"]);
    ws.git("gitops", &["diff", "--name-only", &base, "script"])
}

fn opened() -> Workspace {
    let ws = Workspace::new();
    let said = ws.script(PROPOSE);
    said.ends(0, CREATED);
    assert_eq!(said.prints(), "open 1");
    ws
}

#[test]
fn acts_of_people_are_streams_too() {
    let ws = opened();
    for args in [
        &["pr", "list", "gitops"][..],
        &["pr", "show", "gitops", "1"],
        &["pr", "approve", "gitops", "1", "--as", "ann"],
        &["pr", "merge", "gitops", "1", "--as", "ann"],
        &["runs", "list"],
        &["runs", "show", "script"],
    ] {
        let said = ws.idp(&[args, &["--output", "json"]].concat());
        said.ends(0, "create 0 update 0 delete 0 unchanged 0 applied");
        let types: Vec<String> = said.events().iter().map(|event| event["type"].as_str().unwrap().into()).collect();
        assert_eq!(types.len(), 3, "{said}");
        assert_eq!((types[0].as_str(), types[2].as_str()), ("version", "summary"), "{said}");
    }
}

fn approve_and_merge(ws: &Workspace) {
    assert_eq!(ws.idp(&["pr", "approve", "gitops", "1", "--as", "ann"]).code, 0);
    let said = ws.idp(&["pr", "merge", "gitops", "1", "--as", "ann"]);
    assert_eq!(said.code, 0, "{said}");
}

#[test]
fn an_open_one_is_found_again() {
    let ws = opened();
    let said = ws.script(PROPOSE);
    said.ends(0, UNCHANGED);
    assert_eq!(said.prints(), "open 1");
    assert_eq!(ws.git("gitops", &["rev-list", "--count", "main..script"]), "1");
    assert_eq!(brings(&ws), "dev.txt\nextra.txt");
    assert_eq!(ws.git("gitops", &["fsck", "--strict", "--no-dangling"]), "");
}

#[test]
fn a_merged_one_is_done() {
    let ws = opened();
    approve_and_merge(&ws);
    let said = ws.script(PROPOSE);
    said.ends(0, UNCHANGED);
    assert_eq!(said.prints(), "merged 1");
    // People own what was merged.
    ws.person("gitops", "main", |at| fs::write(at.join("dev.txt"), "edited\n").unwrap());
    ws.script(&PROPOSE.replace("\"dev\\n\"", "\"other\\n\"")).ends(0, UNCHANGED);
    assert_eq!(ws.file("gitops", "main", "dev.txt").unwrap(), "edited\n");
}

#[test]
fn one_that_a_person_merged_with_git_is_done() {
    let ws = opened();
    ws.person("gitops", "main", |at| {
        crate::workspace::git(at, &["merge", "-q", "--no-ff", "-m", "by hand", "origin/script"]);
    });
    let said = ws.script(PROPOSE);
    said.ends(0, UNCHANGED);
    assert_eq!(said.prints(), "merged 1");
}

#[test]
fn a_closed_one_is_a_persons_no() {
    let ws = opened();
    assert_eq!(ws.idp(&["pr", "close", "gitops", "1", "--as", "ann"]).code, 0);
    for text in [PROPOSE, &PROPOSE.replace("dev\\n", "other\\n")] {
        let said = ws.script(text);
        said.fails(1, "idp::pr::closed");
        assert!(said.stderr.contains("a person's no") && said.stderr.contains("reopen: true"), "{said}");
        ws.plan(text).fails(1, "idp::pr::closed");
    }
    let reopen = PROPOSE.replace("body:", "reopen: true, body:");
    let said = ws.script(&reopen);
    said.ends(0, UPDATED);
    assert_eq!(said.prints(), "open 1");
    ws.script(&reopen).ends(0, UNCHANGED);
}

#[test]
fn a_closed_one_whose_branch_is_gone_is_reopened() {
    let ws = opened();
    assert_eq!(ws.idp(&["pr", "close", "gitops", "1", "--delete-branch"]).code, 0);
    ws.script(PROPOSE).fails(1, "idp::pr::closed");
    let said = ws.script(&PROPOSE.replace("body:", "reopen: true, body:"));
    said.ends(0, UPDATED);
    assert_eq!(said.prints(), "open 1");
    assert_eq!(brings(&ws), "dev.txt\nextra.txt");
}

#[test]
fn a_moved_base_is_no_change() {
    let ws = opened();
    let head = ws.git("gitops", &["rev-parse", "script"]);
    ws.person("gitops", "main", |at| fs::write(at.join("README.md"), "# Moved\n").unwrap());
    ws.script(PROPOSE).ends(0, UNCHANGED);
    // Even one that brings some of it, as long as it merges.
    ws.person("gitops", "main", |at| fs::write(at.join("dev.txt"), "dev\n").unwrap());
    ws.script(PROPOSE).ends(0, UNCHANGED);
    assert_eq!(ws.git("gitops", &["rev-parse", "script"]), head);
}

#[test]
fn a_conflict_is_redone_as_one_commit_with_both_parents() {
    let ws = Workspace::new();
    let text = r#"repo("gitops").propose("Name the first", |t| {
        let text = t.read("list.txt");
        text.replace("one\n", "ONE\n");
        t.write("list.txt", text)
    });"#;
    ws.script(text).ends(0, CREATED);
    let (old, list) = (ws.git("gitops", &["rev-parse", "script"]), ws.file("gitops", "main", "list.txt").unwrap());
    ws.person("gitops", "main", |at| fs::write(at.join("list.txt"), list.replace("two", "2")).unwrap());
    let base = ws.git("gitops", &["rev-parse", "main"]);
    let planned = ws.plan(text);
    let said = ws.script(text);
    said.ends(0, UPDATED);
    assert_eq!(planned.changes(), said.changes());
    assert_eq!(ws.git("gitops", &["log", "-1", "--format=%P", "script"]), format!("{old} {base}"));
    assert!(ws.file("gitops", "script", "list.txt").unwrap().starts_with("ONE\n2\nthree\n"));
    ws.script(text).ends(0, UNCHANGED);
    let shown = ws.idp(&["pr", "show", "gitops", "1"]);
    assert!(shown.stdout.contains("Merges cleanly"), "{shown}");
}

#[test]
fn a_conflict_that_somebody_resolved_by_bringing_it_is_settled() {
    let ws = Workspace::new();
    let text = r#"repo("gitops").propose("Write", |t| t.write("list.txt", "ONE\n"));"#;
    ws.script(text).ends(0, CREATED);
    ws.person("gitops", "main", |at| fs::write(at.join("list.txt"), "TWO\n").unwrap());
    ws.script(text).ends(0, UPDATED);
    ws.script(text).ends(0, UNCHANGED);
    assert_eq!(ws.file("gitops", "script", "list.txt").unwrap(), "ONE\n");
}

#[test]
fn a_persons_commit_on_it_is_kept() {
    let ws = opened();
    ws.person("gitops", "script", |at| fs::write(at.join("dev.txt"), "by hand\n").unwrap());
    let head = ws.git("gitops", &["rev-parse", "script"]);
    for text in [PROPOSE, &PROPOSE.replace("dev\\n", "other\\n"), &PROPOSE.replace("Words.", "Others.")] {
        let said = ws.script(text);
        said.ends(0, UNCHANGED);
        let warnings = said.of_type("diagnostic");
        assert_eq!(warnings.len(), 1, "{said}");
        assert_eq!(warnings[0]["severity"], "warning");
        assert_eq!(ws.git("gitops", &["rev-parse", "script"]), head);
    }
}

#[test]
fn each_change_of_what_was_asked_is_one_update() {
    let ws = opened();
    let mut text = PROPOSE.to_string();
    for (from, to, field) in [
        ("Add dev", "Add the environment dev", "title"),
        ("Words.", "Better words.", "body"),
        ("[\"idp-run\"]", "[\"idp-run\", \"dev\"]", "labels"),
        ("[\"platform\"]", "[\"platform\", \"orders\"]", "reviewers"),
    ] {
        text = text.replace(from, to);
        let planned = ws.plan(&text);
        planned.ends(0, "create 0 update 1 delete 0 unchanged 0 planned");
        let said = ws.script(&text);
        said.ends(0, UPDATED);
        let fields = said.of_type("change")[0]["diff"]["fields"].clone();
        assert_eq!(fields.as_array().unwrap().len(), 1, "{said}");
        assert_eq!(fields[0][0], field);
        assert_eq!(fields, planned.of_type("change")[0]["diff"]["fields"]);
        ws.script(&text).ends(0, UNCHANGED);
    }
    // Labels that people add stay.
    text = text.replace("[\"idp-run\", \"dev\"]", "[\"idp-run\"]");
    ws.script(&text).ends(0, UNCHANGED);
    text = text.replace("dev\\n", "DEV\\n");
    ws.script(&text).ends(0, UPDATED);
    assert_eq!(ws.file("gitops", "script", "dev.txt").unwrap(), "DEV\n");
    ws.script(&text).ends(0, UNCHANGED);
}

#[test]
fn a_file_that_is_no_longer_written_leaves_it() {
    let ws = opened();
    let less = PROPOSE.replace(".write(\"extra.txt\", \"extra\\n\")", "");
    let said = ws.script(&less);
    said.ends(0, UPDATED);
    assert_eq!(brings(&ws), "dev.txt");
    let files = &said.of_type("change")[0]["diff"]["files"];
    assert_eq!((files[0]["path"].as_str(), files[0]["action"].as_str()), (Some("extra.txt"), Some("delete")));
    ws.script(&less).ends(0, UNCHANGED);
    // A file of the base that an earlier edit changed gets its contents back.
    let changed = PROPOSE.replace("extra.txt", "README.md");
    ws.script(&changed).ends(0, UPDATED);
    assert_eq!(brings(&ws), "README.md\ndev.txt");
    ws.script(&less).ends(0, UPDATED);
    assert_eq!(brings(&ws), "dev.txt");
    assert_eq!(ws.file("gitops", "script", "README.md").unwrap(), "# GitOps\n");
}

#[test]
fn nothing_to_propose_is_nothing() {
    let ws = Workspace::new();
    let text = "let pull = repo(\"gitops\").propose(\"Same\", |t| t.write(\"README.md\", \"# GitOps\\n\"));\n\
                print(`${pull.state} ${pull.number} ${pull.url}`);";
    let said = ws.script(text);
    said.ends(0, UNCHANGED);
    assert_eq!(said.prints().split(' ').next(), Some("none"));
    assert_eq!(ws.idp(&["pr", "list", "gitops"]).stdout, "acme/gitops has no pull requests.\n");
}

#[test]
fn an_edit_must_return_the_tree() {
    let ws = Workspace::new();
    let said = ws.script("repo(\"gitops\").propose(\"X\", |t| { let edited = t.write(\"a\", \"a\"); });");
    said.fails(1, "idp::script::argument");
    assert!(said.stderr.contains("must return the tree"), "{said}");
    let said = ws.script("repo(\"gitops\").propose(\"X\", 3);");
    said.fails(2, "idp::script::argument");
    assert!(said.stderr.contains("script.rhai:1:"), "{said}");
}

#[test]
fn proposals_of_one_run_are_told_apart_by_id() {
    let ws = Workspace::new();
    let text = "let gitops = repo(\"gitops\");\n\
                gitops.propose(\"A\", |t| t.write(\"a\", \"a\"));\n\
                gitops.propose(\"B\", |t| t.write(\"b\", \"b\"));";
    ws.script(text).fails(1, "idp::pr::twice");
    let said = ws.script(&text.replace("\"b\"));", "\"b\"), #{ id: \"b\" });"));
    said.ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
    assert_eq!(ws.git("gitops", &["branch", "--format=%(refname:short)"]), "main\nscript\nscript-b");
    // Each starts at the base, never at the other.
    assert_eq!(ws.git("gitops", &["diff", "--name-only", "main", "script-b"]), "b");
}

#[test]
fn a_branch_of_others_is_refused() {
    let ws = Workspace::new();
    ws.named("one", "repo(\"gitops\").propose(\"A\", |t| t.write(\"a\", \"a\"), #{ branch: \"mine\" });", &[])
        .ends(0, CREATED);
    ws.named("two", "repo(\"gitops\").propose(\"B\", |t| t.write(\"b\", \"b\"), #{ branch: \"mine\" });", &[])
        .fails(1, "idp::pr::foreign");
    ws.git("gitops", &["branch", "theirs", "main"]);
    ws.script("repo(\"gitops\").propose(\"C\", |t| t.write(\"c\", \"c\"), #{ branch: \"theirs\" });")
        .fails(1, "idp::pr::branch_taken");
    let said = ws.script("repo(\"gitops\").propose(\"D\", |t| t.write(\"d\", \"d\"), #{ base: \"nowhere\" });");
    said.fails(1, "idp::repo::branch");
}

#[test]
fn a_comment_is_said_once() {
    let ws = Workspace::new();
    let text = |words: &str| {
        format!(
            "let pull = repo(\"gitops\").propose(\"A\", |t| t.write(\"a\", \"a\"));\npull.comment(\"{words}\", #{{ once: \"hi\" }});"
        )
    };
    ws.script(&text("Hello")).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    ws.script(&text("Hello")).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    ws.script(&text("Hello again")).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    let shown = ws.idp(&["pr", "show", "gitops", "1"]).stdout;
    assert_eq!(shown.matches("Hello").count(), 1, "{shown}");
}

const WAIT: &str = r#"
let pull = step("Propose", || repo("gitops").propose("Add dev", |t| t.write("dev.txt", "dev\n")));
step("Wait for the review", || pull.wait());
step("Tell", || notify("ops", "merged", #{ once: "merged" }));
"#;

#[test]
fn a_run_that_waits_goes_on_after_the_merge() {
    let ws = Workspace::new();
    let planned = ws.plan(WAIT);
    planned.ends(0, "create 2 update 0 delete 0 unchanged 0 planned");
    assert_eq!(planned.of_type("waiting").len(), 1);
    assert_eq!(planned.of_type("waiting")[0]["for"], "pull request acme/gitops#(known after apply) to be merged");

    let said = ws.script(WAIT);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 waiting");
    assert_eq!(said.of_type("waiting")[0]["for"], "pull request acme/gitops#1 to be merged");
    assert!(!ws.path().join(".idp/ops.jsonl").exists());
    let listed = ws.idp(&["runs", "list"]);
    assert!(listed.stdout.contains("waiting for pull request acme/gitops#1 to be merged"), "{listed}");
    // Nobody merged it: it waits on.
    let said = ws.idp(&["runs", "resume", "--output", "json"]);
    said.ends(0, "create 0 update 0 delete 0 unchanged 1 waiting");

    approve_and_merge(&ws);
    let said = ws.idp(&["runs", "resume", "--output", "json"]);
    said.ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
    assert_eq!(said.changes(), ["create notification ops merged"]);
    let listed = ws.idp(&["runs", "list"]);
    assert!(!listed.stdout.contains("waiting") && listed.stdout.contains("applied"), "{listed}");
    assert_eq!(ws.idp(&["runs", "resume"]).stdout, "No run waits.\n");
    let shown = ws.idp(&["runs", "show", "script"]);
    assert_eq!(shown.stdout.matches("\nAttempt ").count(), 3, "{shown}");
}

#[test]
fn a_run_that_waits_for_what_a_person_closed_fails() {
    let ws = Workspace::new();
    ws.script(WAIT);
    assert_eq!(ws.idp(&["pr", "close", "gitops", "1"]).code, 0);
    ws.idp(&["runs", "resume", "--output", "json"]).fails(1, "idp::pr::closed");
}

#[test]
fn waiting_can_not_be_caught() {
    let ws = Workspace::new();
    let caught = WAIT.replace("pull.wait()", "{ try { pull.wait(); } catch (e) { print(\"caught\"); } }");
    let said = ws.script(&caught);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 waiting");
    assert_eq!(said.prints(), "");
}

#[test]
fn a_branch_of_somebody_else_is_refused_in_the_plan_too() {
    let ws = Workspace::new();
    ws.script("repo(\"gitops\").tree(\"main\"); notify(\"ops\", \"there\", #{ once: \"1\" });");
    ws.person("app", "main", |at| {
        crate::workspace::git(at, &["checkout", "-q", "-b", "script"]);
        std::fs::write(at.join("mine.md"), "mine\n").unwrap();
        crate::workspace::git(at, &["add", "-A"]);
        crate::workspace::git(at, &["commit", "-q", "-m", "mine"]);
        crate::workspace::git(at, &["push", "-q", "origin", "script"]);
        crate::workspace::git(at, &["checkout", "-q", "main"]);
    });
    let text = "repo(\"app\").propose(\"Docs\", |t| t.write(\"docs.md\", \"Docs\\n\"));";
    ws.plan(text).fails(1, "idp::pr::branch_taken");
    ws.script(text).fails(1, "idp::pr::branch_taken");
}

#[test]
fn a_killed_run_is_listed_as_interrupted() {
    let ws = Workspace::new();
    ws.write("script.rhai", "repo(\"api\").ensure(#{ description: \"API\" });");
    let mut command = ws.command(&["script.rhai"]);
    command.env("IDP_FAULT", "4");
    assert!(!command.status().unwrap().success());
    let runs = ws.idp(&["runs", "list"]);
    assert!(runs.stdout.contains("interrupted"), "{runs}");
    ws.script("repo(\"api\").ensure(#{ description: \"API\" });")
        .ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
}

#[test]
fn resumed_runs_obey_grants_as_others_do() {
    let ws = Workspace::new();
    ws.write("grants.yaml", "allow: [{ script: \"**\", change: notification, target: \"**\" }]\n");
    let text = "repo(\"api\").ensure(#{ description: \"API\" });";
    ws.write("script.rhai", text);
    let with_grants = |args: &[&str]| {
        let mut command = ws.command(args);
        command.env("IDP_GRANTS", ws.path().join("grants.yaml"));
        crate::workspace::said(command)
    };
    with_grants(&["script.rhai", "--output", "json"]).fails(4, "idp::permission");
    assert_eq!(with_grants(&["runs", "resume", "script"]).code, 4);
    assert!(!ws.bare("api").exists());
}

#[test]
fn a_protected_branch_is_no_branch_of_a_proposal() {
    let ws = Workspace::new();
    let text = "repo(\"gitops\").propose(\"x\", |t| t.write(\"x.md\", \"x\\n\"), #{ branch: \"main\" });";
    ws.plan(text).fails(2, "idp::pr::branch");
    ws.script(text).fails(2, "idp::pr::branch");
}

#[test]
fn open_pull_requests_of_all_repositories_are_listed() {
    let ws = Workspace::new();
    assert_eq!(ws.idp(&["pr", "list"]).stdout, "No repository has open pull requests.\n");
    let text = "for name in [\"gitops\", \"app\"] {\n    repo(name).propose(\"One\", |t| t.write(\"one.txt\", \"1\"));\n\
                repo(name).propose(\"Two\", |t| t.write(\"two.txt\", \"2\"), #{ id: \"two\" });\n}\n";
    ws.script(text).ends(0, "create 4 update 0 delete 0 unchanged 0 applied");
    assert_eq!(ws.idp(&["pr", "close", "app", "1", "--as", "jane"]).code, 0);
    let listed = |args: &[&str]| -> Vec<String> {
        let said = ws.idp(&[&["pr", "list", "--output", "json"], args].concat());
        let one = |pull: &serde_json::Value| format!("{}#{}", pull["repository"].as_str().unwrap(), pull["number"]);
        said.of_type("pull_request").iter().map(one).collect()
    };
    assert_eq!(listed(&[]), ["acme/app#2", "acme/gitops#1", "acme/gitops#2"]);
    assert_eq!(listed(&["--state", "closed"]), ["acme/app#1"]);
    assert_eq!(listed(&["app"]), ["acme/app#1", "acme/app#2"], "of one repository all");
}
