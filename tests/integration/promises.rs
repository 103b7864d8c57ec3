//! Small promises of the documentation that no other file keeps: names that stay, patience, bare folders, resumed runs.

use crate::workspace::Workspace;

#[test]
fn unique_names_stay_and_differ_between_runs() {
    let ws = Workspace::new();
    let text = "print(unique(\"db\")); print(unique(\"queue\"));";
    let once = ws.named("one", text, &[]).prints();
    assert_eq!(once, ws.named("one", text, &[]).prints());
    assert_ne!(once, ws.named("two", text, &[]).prints());
    let names: Vec<&str> = once.lines().collect();
    assert!(names[0] != names[1] && names.iter().all(|name| name.len() == 5), "{once}");
}

#[test]
fn a_script_without_a_workspace_has_an_empty_world_beside_it() {
    let ws = Workspace::empty();
    let text = "let r = repo(\"api\"); print(r.exists()); r.ensure(#{ description: \"API\" });";
    let said = ws.named("lone", text, &[]);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    assert_eq!(said.prints(), "false");
    assert!(ws.path().join(".idp/forge/local/api.git").is_dir());
}

#[test]
fn a_resumed_run_is_the_run_that_it_was() {
    let ws = Workspace::new();
    let text = "fn params() { #{ service: param(\"string\", \"S\").identity() } }\n\
                fn run(p) { print(p.service); wait_for(\"someone\", || false); }";
    ws.named("path", text, &["service=web"]).ends(0, "create 0 update 0 delete 0 unchanged 0 waiting");
    let mut command = ws.command(&["runs", "resume", "path", "--output", "json"]);
    command.env("IDP_PARAM_SERVICE", "api");
    let said = crate::workspace::said(command);
    assert!(said.stdout.contains("\"text\":\"web\""), "{said}");
}

#[test]
fn patience_looks_again_before_it_gives_up() {
    let ws = Workspace::new();
    let text = "repo(\"gitops\").propose(\"x\", |t| t.write(\"x.md\", \"x\\n\")).wait(#{ patience: 1 });";
    ws.script(text).ends(0, "create 1 update 0 delete 0 unchanged 0 waiting");
}

#[test]
fn a_lost_marker_is_restored_under_the_grant_that_made_the_commit() {
    let ws = Workspace::new();
    ws.write("grants.yaml", "allow:\n- { script: '**', change: repository, target: acme/api }\n- { script: '**', change: commit, target: 'acme/api/main/**' }\n");
    let text = "repo(\"api\").ensure(#{ description: \"API\" }).commit(\"main\", \"feat: x\", tree().write(\"a.md\", \"a\\n\"));";
    let args = ["--grants", "grants.yaml"];
    ws.named("script", text, &args).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    let marker = ws.git("api", &["for-each-ref", "--format=%(refname)", "refs/idp-run"]);
    ws.git("api", &["update-ref", "-d", &marker]);
    ws.named("script", text, &args).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    assert_eq!(ws.git("api", &["for-each-ref", "--format=%(refname)", "refs/idp-run"]), marker);
}
