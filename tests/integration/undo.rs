//! Undo: what a run created is taken back, and nothing else; again changes nothing; a rerun makes it anew.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use crate::workspace::{Said, Workspace};

const SCRIPT: &str = r##"
let api = step("Repository", || {
    let api = repo("api").ensure(#{ description: "API" });
    api.commit("main", "feat: first", tree().write("README.md", "# API\n"));
    api.protect("main", #{ reviews: 1 });
    api
});
step("Proposals", || {
    let gitops = repo("gitops");
    gitops.propose("Add api", |t| t.write("list.txt", t.read("list.txt") + "api\n").write("api.txt", "api\n"));
    gitops.propose("Add docs", |t| t.write("docs/api.md", "# API\n"), #{ id: "docs" });
    api.propose("Second thoughts", |t| t.write("README.md", "# The API\n"));
});
repo("app").commit("main", "feat: mention the API", |t| t.write("API.md", "api\n"));
cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "api" } }));
notify("ops", "done", #{ once: "done" });
"##;

/// A workspace in which the script was applied.
fn applied() -> Workspace {
    let ws = Workspace::new();
    ws.script(SCRIPT).ends(0, "create 9 update 0 delete 0 unchanged 0 applied");
    ws
}

fn undo(ws: &Workspace, more: &[&str]) -> Said {
    ws.idp(&[&["runs", "undo", "script", "--output", "json"], more].concat())
}

fn merge(ws: &Workspace, repo: &str, number: &str, how: &[&str]) {
    let said = ws.idp(&[&["pr", "merge", repo, number, "--admin", "--as", "jane"], how].concat());
    assert_eq!(said.code, 0, "{said}");
}

/// `kind target` of what stays.
fn stays(said: &Said) -> Vec<String> {
    said.of_type("stays")
        .iter()
        .map(|event| format!("{} {}", event["kind"], event["target"]).replace('"', ""))
        .collect()
}

fn state(ws: &Workspace, repo: &str) -> Vec<String> {
    let said = ws.idp(&["pr", "list", repo, "--output", "json"]);
    let one = |pull: &Value| {
        let text = |name: &str| pull[name].as_str().unwrap().to_string();
        format!("{} {} {}", pull["number"], text("state"), text("title"))
    };
    said.of_type("pull_request").iter().map(one).collect()
}

#[test]
fn what_a_run_created_is_taken_back() {
    let ws = applied();
    let planned = undo(&ws, &["--plan"]);
    let before = ws.git("gitops", &["for-each-ref"]);
    let said = undo(&ws, &[]);
    assert_eq!(said.code, 0, "{said}");
    assert_ne!(before, ws.git("gitops", &["for-each-ref"]));
    assert_eq!(planned.of_type("change"), said.of_type("change"), "a plan lists what the undo does");
    assert_eq!(planned.of_type("stays"), said.of_type("stays"));
    assert_eq!(
        said.changes(),
        [
            "create comment acme/api script undone",
            "update pull_request acme/api#1",
            "delete branch acme/api script",
            "create pull_request acme/app COMMIT",
            "create comment acme/gitops script undone",
            "update pull_request acme/gitops#1",
            "create comment acme/gitops script-docs undone",
            "update pull_request acme/gitops#2",
            "delete branch acme/gitops script",
            "delete branch acme/gitops script-docs",
            "update repository acme/api",
        ]
        .map(|text| text.replace("COMMIT", said.changes()[3].rsplit(' ').next().unwrap())),
    );
    assert_eq!(stays(&said), ["manifest dev Namespace api", "notification ops done"]);
    assert_eq!(state(&ws, "gitops"), ["1 closed Add api", "2 closed Add docs"]);
    assert_eq!(ws.git("gitops", &["for-each-ref", "--format=%(refname)", "refs/heads"]), "refs/heads/main");
    assert!(ws.read(".idp/clusters/dev/_cluster/Namespace/api.yaml").contains("api"), "objects stay");
    // The archived repository takes nothing.
    let said_ = ws.named("other", "repo(\"api\").propose(\"X\", |t| t.write(\"x\", \"x\"));", &[]);
    said_.fails(1, "idp::forge::archived");
    // Once is enough.
    let again = undo(&ws, &[]);
    assert_eq!(again.changes(), [""; 0], "{again}");
    assert_eq!(again.code, 0);
    assert!(ws.idp(&["runs", "show", "script"]).stdout.contains("Undone"));
    ws.git("gitops", &["fsck", "--strict"]);
}

#[test]
fn what_was_merged_gets_a_revert_that_keeps_what_came_since() {
    for how in [&[][..], &["--squash"], &["--rebase"]] {
        let ws = applied();
        merge(&ws, "gitops", "1", how);
        ws.person("gitops", "main", |at| {
            fs::write(at.join("list.txt"), "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\napi\n").unwrap();
        });
        let said = undo(&ws, &[]);
        assert_eq!(said.code, 0, "{how:?} {said}");
        assert_eq!(
            state(&ws, "gitops"),
            ["1 merged Add api", "2 closed Add docs", "3 open Revert \"Add api\""],
            "{said}"
        );
        let head = "undo-script-1";
        assert_eq!(ws.file("gitops", head, "list.txt").unwrap(), "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\n");
        assert_eq!(ws.file("gitops", head, "api.txt"), None);
        assert_eq!(undo(&ws, &[]).changes(), [""; 0]);
        merge(&ws, "gitops", "3", &[]);
        assert_eq!(undo(&ws, &[]).changes(), [""; 0]);
    }
}

#[test]
fn so_does_what_a_person_merged_with_plain_git() {
    for fast_forward in [true, false] {
        let ws = applied();
        let clone = tempfile::TempDir::new().unwrap();
        let bare = ws.bare("gitops");
        let at = clone.path();
        crate::workspace::git(at, &["clone", "-q", bare.to_str().unwrap(), "."]);
        if !fast_forward {
            fs::write(at.join("mine.txt"), "mine\n").unwrap();
            crate::workspace::git(at, &["add", "-A"]);
            crate::workspace::git(at, &["commit", "-q", "-m", "mine"]);
        }
        crate::workspace::git(at, &["merge", "-q", "--no-edit", "origin/script"]);
        crate::workspace::git(at, &["push", "-q", "origin", "main"]);
        let said = undo(&ws, &[]);
        assert_eq!(said.code, 0, "{said}");
        assert_eq!(state(&ws, "gitops")[2], "3 open Revert \"Add api\"", "{said}");
        assert_eq!(ws.file("gitops", "undo-script-1", "api.txt"), None);
        assert_eq!(ws.file("gitops", "undo-script-1", "mine.txt").is_some(), !fast_forward);
    }
}

#[test]
fn a_conflict_is_named_and_all_else_is_done() {
    let ws = applied();
    merge(&ws, "gitops", "1", &[]);
    ws.person("gitops", "main", |at| fs::write(at.join("api.txt"), "mine now\n").unwrap());
    let planned = undo(&ws, &["--plan"]);
    planned.fails(1, "idp::undo::conflict");
    let said = undo(&ws, &[]);
    said.fails(1, "idp::undo::conflict");
    assert_eq!(planned.of_type("change"), said.of_type("change"), "the whole list is shown");
    let conflicts = said.of_type("conflict");
    assert_eq!(planned.of_type("conflict"), conflicts);
    assert_eq!(conflicts[0]["target"], "acme/gitops#1");
    let head = ws.git("gitops", &["rev-parse", "--short=8", "main"]);
    assert_eq!(conflicts[0]["why"], format!("api.txt changed since by {head} of Ann"));
    assert!(said.stderr.contains("api.txt") && said.stderr.contains("take it back by hand"), "{said}");
    assert_eq!(state(&ws, "gitops"), ["1 merged Add api", "2 closed Add docs"]);
    assert!(said.changes().contains(&"update repository acme/api".to_string()));
}

/// A later pull request of the run itself, in the same places: its revert comes first.
#[test]
fn what_the_run_changed_later_is_not_called_another_s() {
    let ws = Workspace::new();
    let propose = |text: &str, id: &str| {
        format!(
            "repo(\"gitops\").propose(\"Add {id}\", |t| t.write(\"api.txt\", \"{text}\\n\"), #{{ id: \"{id}\" }});\n"
        )
    };
    let first = propose("one", "first");
    ws.script(&first).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    merge(&ws, "gitops", "1", &["--squash"]);
    ws.script(&format!("{first}{}", propose("two", "second")))
        .ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
    merge(&ws, "gitops", "2", &["--squash"]);
    let said = undo(&ws, &[]);
    said.fails(1, "idp::undo::conflict");
    assert_eq!(said.of_type("conflict")[0]["why"], "api.txt changed since by #2 of this run", "{said}");
    assert!(said.stderr.contains("have the reverts of what the run changed later"), "{said}");
    merge(&ws, "gitops", "3", &[]);
    assert_eq!(undo(&ws, &[]).code, 0);
    assert_eq!(state(&ws, "gitops")[3], "4 open Revert \"Add first\"");
    assert_eq!(ws.file("gitops", "undo-script-first-1", "api.txt"), None);
}

#[test]
fn what_others_touched_stays() {
    let ws = applied();
    ws.person("gitops", "script", |at| fs::write(at.join("mine.txt"), "mine\n").unwrap());
    let said = undo(&ws, &[]);
    assert_eq!(said.code, 0, "{said}");
    assert!(stays(&said).contains(&"branch acme/gitops script".to_string()), "{said}");
    assert!(ws.file("gitops", "script", "mine.txt").is_some());
    assert_eq!(state(&ws, "gitops")[0], "1 closed Add api");
}

#[test]
fn repositories_are_deleted_only_if_asked_and_untouched() {
    let ws = applied();
    let said = undo(&ws, &["--delete"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.changes().contains(&"delete repository acme/api".to_string()), "{said}");
    assert!(!ws.bare("api").exists());
    assert_eq!(undo(&ws, &["--delete"]).changes(), [""; 0]);
    for touch in ["commit", "tag", "branch", "notes", "ref", "symbolic", "link", "bytes", "review"] {
        let ws = applied();
        match touch {
            "commit" => ws.person("api", "script", |at| fs::write(at.join("mine.txt"), "mine\n").unwrap()),
            "tag" => drop(ws.git("api", &["tag", "v1", "main"])),
            "branch" => drop(ws.git("api", &["branch", "mine", "main"])),
            "notes" => drop(ws.git("api", &["notes", "add", "-m", "mine", "main"])),
            // The run's own commit, but a name that somebody gave it; packed, as git keeps refs in the long run.
            "ref" => {
                ws.git("api", &["update-ref", "refs/people/work", "main"]);
                ws.git("api", &["pack-refs", "--all"]);
            }
            "symbolic" => drop(ws.git("api", &["symbolic-ref", "refs/heads/mine", "refs/heads/main"])),
            "link" => std::os::unix::fs::symlink("main", ws.bare("api").join("refs/heads/mine")).unwrap(),
            "bytes" => {
                let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
                fs::copy(ws.bare("api").join("refs/heads/main"), ws.bare("api").join("refs/heads").join(name)).unwrap();
            }
            _ => assert_eq!(ws.idp(&["pr", "approve", "api", "1", "--as", "jane"]).code, 0),
        }
        let said = undo(&ws, &["--delete"]);
        assert_eq!(said.code, 0, "{touch}: {said}");
        assert!(said.changes().contains(&"update repository acme/api".to_string()), "{touch}: {said}");
        assert!(stays(&said).contains(&"repository acme/api".to_string()), "{touch}: {said}");
        assert!(ws.bare("api").exists());
        let why = said.of_type("stays").iter().map(|event| event["why"].to_string()).collect::<String>();
        match touch {
            "notes" => assert!(why.contains("others touched it: the ref refs/notes/commits"), "{why}"),
            "ref" => assert!(why.contains("others touched it: the ref refs/people/work"), "{why}"),
            "symbolic" => {
                assert!(why.contains("the branch mine, which is not a commit: ref: refs/heads/main"), "{why}")
            }
            "link" => assert!(why.contains("the branch mine, which is not a commit: a link"), "{why}"),
            "bytes" => assert!(why.contains("the branch caf"), "{why}"),
            _ => {}
        }
    }
    // What was archived can be deleted later.
    let ws = applied();
    undo(&ws, &[]);
    assert_eq!(undo(&ws, &["--delete"]).changes(), ["delete repository acme/api"]);
}

#[test]
fn what_others_made_and_what_is_shared_stays() {
    let ws = Workspace::new();
    let text = "repo(\"app\").ensure(#{ topics: [\"mine\"], adopt: true });\n\
                repo(\"both\", #{ shared: \"shop\" }).ensure(#{ description: \"Both\" }).protect(\"main\", #{ reviews: 1 });\n\
                repo(\"app\").protect(\"main\", #{ reviews: 2 });\n\
                repo(\"app\").grant(\"shop\", \"write\").webhook(\"https://ci.acme.example/hook\", #{});\n";
    ws.script(text).ends(0, "create 5 update 1 delete 0 unchanged 0 applied");
    let said = undo(&ws, &["--delete"]);
    said.ends(0, "create 0 update 0 delete 0 unchanged 0 applied");
    assert_eq!(
        stays(&said),
        [
            "access acme/app shop",
            "protection acme/app main",
            "protection acme/both main",
            "repository acme/app",
            "repository acme/both",
            "webhook acme/app https://ci.acme.example/hook",
        ]
    );
    // Without the journal, the world still says that it was taken over.
    ws.forget_journal();
    let said = undo(&ws, &["--delete"]);
    said.fails(2, "idp::runs::unknown");
}

#[test]
fn without_a_journal_the_markers_tell() {
    let ws = applied();
    let with = undo(&ws, &["--plan"]);
    ws.forget_journal();
    let without = undo(&ws, &["--plan"]);
    assert_eq!(with.changes(), without.changes());
    assert_eq!(stays(&without), [""; 0], "what left no marker is known to the journal alone");
    assert_eq!(undo(&ws, &[]).changes(), with.changes());
}

#[test]
fn a_rerun_after_an_undo_makes_it_anew() {
    let ws = applied();
    merge(&ws, "gitops", "1", &[]);
    undo(&ws, &[]);
    merge(&ws, "gitops", "3", &[]);
    let said = ws.script(SCRIPT);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(
        said.changes(),
        [
            "update repository acme/api",
            "create pull_request acme/gitops script",
            "create pull_request acme/gitops script-docs",
            "create pull_request acme/api script",
        ]
    );
    assert_eq!(state(&ws, "gitops")[2..], ["3 merged Revert \"Add api\"", "4 open Add api", "5 open Add docs"]);
    ws.script(SCRIPT).ends(0, "create 0 update 0 delete 0 unchanged 9 applied");
    // And can be undone again.
    let said = undo(&ws, &[]);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(state(&ws, "gitops")[3..], ["4 closed Add api", "5 closed Add docs"]);
    assert_eq!(undo(&ws, &[]).changes(), [""; 0]);
}

#[test]
fn a_person_s_no_stays_one() {
    let ws = applied();
    assert_eq!(ws.idp(&["pr", "close", "gitops", "1", "--as", "jane"]).code, 0);
    undo(&ws, &[]);
    ws.script(SCRIPT).fails(1, "idp::pr::closed");
}

#[test]
fn an_undo_is_a_run_that_needs_grants_and_can_t_be_undone() {
    let ws = applied();
    ws.write("grants.yaml", "allow:\n- { script: undo, change: comment, target: '**' }\n");
    undo(&ws, &["--grants", "grants.yaml"]).fails(4, "idp::permission");
    assert_eq!(undo(&ws, &[]).code, 0);
    let runs = ws.idp(&["runs", "list"]).stdout;
    assert!(runs.contains("undo script"), "{runs}");
    let said = ws.idp(&["runs", "undo", "undo script", "--output", "json"]);
    said.fails(2, "idp::undo::undo");
    let said = ws.idp(&["runs", "undo", "nothing", "--output", "json"]);
    said.fails(2, "idp::runs::unknown");
    let fresh = Workspace::new();
    undo(&fresh, &[]).fails(2, "idp::runs::unknown");
    assert!(!fresh.has_state());
}
