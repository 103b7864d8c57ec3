//! Saved plans: what the file holds, when it is applied, when it is refused, and that a refusal touches nothing.

use std::fs;

use serde_json::Value;

use crate::workspace::{Said, Workspace};

const SCRIPT: &str = r##"//! A path
import "lib/words" as words;

fn params() { #{ service: param("string", "Service name").identity(), size: param("float", "Size").or_else(0.1) } }

fn run(p) {
    let api = repo(p.service).ensure(#{ description: words::about(p.service) });
    api.commit("main", "feat: first", template("tiny", #{ name: p.service }));
    api.protect("main", #{ reviews: 1 });
    let pull = repo("gitops").propose(`Add ${p.service}`, |t| {
        t.write("list.txt", t.read("list.txt") + p.service + "\n").write(`${p.service}.txt`, "new\n")
    });
    api.propose("Say where", |t| t.write("where.md", `Deployed by ${pull.url}, number ${pull.number}.` + "\n"));
    pull.comment(`See ${api.url} and ${pull.url}`);
    cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: p.service } }));
    notify("ops", `${p.service} is proposed in ${pull.url}`, #{ once: "proposed" });
    output("Pull request", pull.url);
}
"##;

const CHANGES: usize = 8;

/// A workspace with the script, and a plan of it.
fn planned() -> Workspace {
    let ws = Workspace::new();
    ws.write("scripts/path.rhai", SCRIPT);
    ws.write("lib/words.rhai", "fn about(name) { `The ${name}` }\n");
    ws.write("templates/tiny/template.yaml", "values: { name: { description: Name, required: true } }\n");
    ws.write("templates/tiny/skeleton/README.md", "# ${{ values.name }}\n");
    let said = plan(&ws, "plan.json");
    said.ends(0, &format!("create {CHANGES} update 0 delete 0 unchanged 0 planned"));
    assert!(!ws.has_state(), "a plan leaves its file and nothing else");
    ws
}

fn plan(ws: &Workspace, out: &str) -> Said {
    ws.idp(&["path", "service=api", "--plan", "--out", out, "--output", "json"])
}

fn apply(ws: &Workspace) -> Said {
    ws.idp(&["apply", "plan.json", "--output", "json"])
}

/// Refused with this error, and nothing in the world is new.
#[track_caller]
fn refused(ws: &Workspace, code: i32, error: &str) -> Said {
    let before = forge(ws);
    let said = apply(ws);
    said.fails(code, error);
    assert_eq!(forge(ws), before, "{said}");
    said
}

/// All refs of all repositories, and the files of the forge, the cluster and the contact.
fn forge(ws: &Workspace) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut todo = ["forge", "clusters", "ops.jsonl"].map(|name| ws.path().join(".idp").join(name)).to_vec();
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() {
            found.push((path.display().to_string(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_plan_is_applied_as_it_was_shown_and_once() {
    let ws = planned();
    let shown = plan(&ws, "again.json");
    let said = apply(&ws);
    said.ends(0, &format!("create {CHANGES} update 0 delete 0 unchanged 0 applied"));
    let listed = |events: Vec<Value>| -> Vec<String> {
        // The marker of a comment derives from its text, and that from a number that the plan didn't know.
        let target = |event: &Value| event["target"].as_str().unwrap().split(" path-api ").next().unwrap().to_string();
        events.iter().map(|event| format!("{} {} {}", event["action"], event["kind"], target(event))).collect()
    };
    assert_eq!(listed(shown.of_type("change")), listed(said.of_type("change")));
    assert_eq!(said.of_type("plan")[0]["changes"], CHANGES);
    assert_eq!(said.of_type("output")[0]["value"], "https://git.acme.example/acme/gitops/pull/1");
    let where_ = ws.file("api", "path-api", "where.md").unwrap();
    assert_eq!(where_, "Deployed by https://git.acme.example/acme/gitops/pull/1, number 1.\n");
    let digest = said.of_type("plan")[0]["digest"].as_str().unwrap().to_string();
    assert!(ws.idp(&["runs", "show", "path"]).stdout.contains(&format!("plan {}", &digest[..12])));
    // All of it is done.
    apply(&ws).ends(0, &format!("create 0 update 0 delete 0 unchanged {CHANGES} applied"));
    // A run without the plan is the same run.
    ws.idp(&["path", "service=api", "--output", "json"])
        .ends(0, &format!("create 0 update 0 delete 0 unchanged {CHANGES} applied"));
}

#[test]
fn a_plan_can_be_looked_at_again_without_touching_anything() {
    let ws = planned();
    let said = ws.idp(&["apply", "plan.json", "--plan", "--detailed-exitcode", "--output", "json"]);
    said.ends(5, &format!("create {CHANGES} update 0 delete 0 unchanged 0 planned"));
    assert!(!ws.has_state());
    assert_eq!(said.of_type("change"), plan(&ws, "again.json").of_type("change"));
}

#[test]
fn the_file_is_for_its_owner_and_says_what_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let ws = planned();
    let mode = fs::metadata(ws.path().join("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let value: Value = serde_json::from_str(&ws.read("plan.json")).unwrap();
    assert_eq!(value["format"], 1);
    assert_eq!(value["run"]["key"], "path service=api");
    assert_eq!(value["params"], serde_json::json!({ "service": "api", "size": 0.1 }));
    let sources: Vec<&String> = value["sources"].as_object().unwrap().keys().collect();
    let expected = [
        "idp.yaml",
        "lib/words.rhai",
        "scripts/path.rhai",
        "templates/tiny/skeleton/README.md",
        "templates/tiny/template.yaml",
    ];
    assert_eq!(sources, expected);
    assert_eq!(value["changes"].as_array().unwrap().len(), CHANGES);
    let text = ws.read("plan.json");
    assert!(!text.contains("plan:1") && !text.contains("seed:1"), "ids that the plan invented");
    // Nothing is left beside it.
    let left: Vec<_> = fs::read_dir(ws.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("plan.json.")), "{left:?}");
}

#[test]
fn secrets_are_names_in_a_plan_too() {
    let ws = Workspace::new();
    ws.write(
        "scripts/quiet.rhai",
        "repo(\"api\").ensure(#{ description: \"API\" });\noutput(\"Token\", `${secret(\"TOKEN\")}`);\n",
    );
    let mut command = ws.command(&["quiet", "--plan", "--out", "plan.json", "--output", "json"]);
    command.env("TOKEN", "hunter2-and-more").env("IDP_SECRET_TOKEN", "hunter2-and-more");
    let said = crate::workspace::said(command);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    assert!(!ws.read("plan.json").contains("hunter2"), "{}", ws.read("plan.json"));
}

#[test]
fn files_that_a_plan_was_made_of_must_be_as_they_were() {
    for (path, text, named) in [
        ("scripts/path.rhai", SCRIPT.replace("feat: first", "feat: other"), "scripts/path.rhai"),
        ("lib/words.rhai", "fn about(name) { `A ${name}` }\n".to_string(), "lib/words.rhai"),
        ("templates/tiny/skeleton/README.md", "# Other\n".to_string(), "templates/tiny/skeleton/README.md"),
        ("templates/tiny/skeleton/more.md", "More\n".to_string(), "templates/tiny/skeleton/more.md (new)"),
        ("idp.yaml", format!("{}values: {{ a: b }}\n", crate::workspace::IDP_YAML), "idp.yaml"),
    ] {
        let ws = planned();
        ws.write(path, &text);
        let said = refused(&ws, 1, "idp::plan::sources");
        assert!(said.stderr.contains(named), "{path}: {said}");
    }
    let ws = planned();
    fs::remove_file(ws.path().join("lib/words.rhai")).unwrap();
    assert!(refused(&ws, 1, "idp::plan::sources").stderr.contains("lib/words.rhai (gone)"));
}

#[test]
fn what_is_no_plan_is_refused() {
    let ws = planned();
    let text = ws.read("plan.json");
    for (broken, error) in [
        (text[..text.len() / 2].to_string(), "idp::plan::file"),
        ("[]".to_string(), "idp::plan::file"),
        ("not JSON".to_string(), "idp::plan::file"),
        (text.replace("\"service\": \"api\"", "\"service\": \"web\""), "idp::plan::edited"),
        (text.replace("The api", "The API"), "idp::plan::edited"),
        (text.replacen("\"changes\"", "\"chances\"", 1), "idp::plan::file"),
        (text.replace("\"format\": 1", "\"format\": 2"), "idp::plan::version"),
    ] {
        assert_ne!(broken, text, "{error}");
        ws.write("plan.json", &broken);
        refused(&ws, 2, error);
    }
    fs::remove_file(ws.path().join("plan.json")).unwrap();
    refused(&ws, 2, "idp::plan::file");
    // Only its layout may change.
    let value: Value = serde_json::from_str(&text).unwrap();
    ws.write("plan.json", &value.to_string());
    apply(&ws).ends(0, &format!("create {CHANGES} update 0 delete 0 unchanged 0 applied"));
}

/// Makes the world, so that people can move it.
fn with_world(ws: &Workspace) {
    let other = "repo(\"other\").ensure(#{ description: \"Other\" });";
    ws.named("other", other, &[]).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
}

#[test]
fn a_file_that_moved_is_named_with_its_difference() {
    let ws = planned();
    with_world(&ws);
    ws.person("gitops", "main", |at| fs::write(at.join("list.txt"), "zero\none\n").unwrap());
    let said = refused(&ws, 1, "idp::plan::moved");
    let moved = said.of_type("moved");
    assert_eq!(moved.len(), 1, "{said}");
    assert_eq!(moved[0]["target"], "acme/gitops path-api");
    assert_eq!(moved[0]["why"], "changed since: list.txt");
    assert!(moved[0]["diff"]["files"][0]["text"].as_str().unwrap().contains("+zero"), "{said}");
    // A plan of now is applied.
    plan(&ws, "plan.json").ends(0, &format!("create {CHANGES} update 0 delete 0 unchanged 0 planned"));
    apply(&ws).ends(0, &format!("create {CHANGES} update 0 delete 0 unchanged 0 applied"));
}

#[test]
fn what_a_plan_doesn_t_touch_may_move() {
    let ws = planned();
    with_world(&ws);
    ws.person("gitops", "main", |at| fs::write(at.join("beside.txt"), "beside\n").unwrap());
    apply(&ws).ends(0, &format!("create {CHANGES} update 0 delete 0 unchanged 0 applied"));
    assert!(ws.file("gitops", "path-api", "beside.txt").is_some(), "it starts at the head of now");
}

#[test]
fn what_others_made_in_the_meantime_is_theirs() {
    let ws = planned();
    ws.named("other", "repo(\"api\").ensure(#{ description: \"Mine\" });", &[]);
    let said = refused(&ws, 1, "idp::plan::moved");
    let failure = said.of_type("diagnostic").pop().unwrap();
    assert!(failure["message"].as_str().unwrap().contains("acme/api"), "{said}");
    assert_eq!(failure["related"][0]["code"], "idp::repo::foreign", "{said}");
}

#[test]
fn a_pull_request_that_was_closed_in_the_meantime_stays_closed() {
    let ws = planned();
    apply(&ws);
    ws.write("scripts/path.rhai", &SCRIPT.replace("\"new\\n\"", "\"newer\\n\""));
    plan(&ws, "plan.json").ends(0, &format!("create 0 update 1 delete 0 unchanged {} planned", CHANGES - 1));
    assert_eq!(ws.idp(&["pr", "close", "gitops", "1", "--as", "jane"]).code, 0);
    let said = refused(&ws, 1, "idp::plan::moved");
    assert_eq!(said.of_type("diagnostic").pop().unwrap()["related"][0]["code"], "idp::pr::closed", "{said}");
    // A person's commit on it: the run would leave it alone, and that isn't what the plan says.
    let ws = planned();
    apply(&ws);
    ws.write("scripts/path.rhai", &SCRIPT.replace("\"new\\n\"", "\"newer\\n\""));
    plan(&ws, "plan.json");
    ws.person("gitops", "path-api", |at| fs::write(at.join("mine.txt"), "mine\n").unwrap());
    let said = apply(&ws);
    said.ends(0, &format!("create 0 update 0 delete 0 unchanged {CHANGES} applied"));
    assert!(
        said.stderr.contains("commits of other people") || said.stdout.contains("commits of other people"),
        "{said}"
    );
}

#[test]
fn a_plan_that_was_half_made_is_made_to_its_end() {
    let ws = planned();
    let mut command = ws.command(&["apply", "plan.json", "--output", "json"]);
    command.env("IDP_FAULT", "22");
    let killed = crate::workspace::said(command);
    assert_eq!(killed.code, -1, "{killed}");
    let said = apply(&ws);
    assert_eq!(said.code, 0, "{said}");
    let done = |name: &str| said.of_type("summary")[0][name].as_u64().unwrap();
    assert!(done("create") > 0 && done("unchanged") > 0, "{said}");
    assert_eq!(done("create") + done("unchanged"), CHANGES as u64);
}

#[test]
fn what_follows_a_wait_is_made_once_it_passes() {
    let ws = Workspace::new();
    let text = "let pull = repo(\"gitops\").propose(\"X\", |t| t.write(\"x.md\", \"x\\n\"));\npull.wait();\n\
                repo(\"api\").ensure(#{ description: \"API\" });\n";
    let said = ws.named("path", text, &["--plan", "--out", "plan.json"]);
    said.ends(0, "create 2 update 0 delete 0 unchanged 0 planned");
    let value: Value = serde_json::from_str(&ws.read("plan.json")).unwrap();
    assert_eq!(value["waits"][0]["after"], 1);
    apply(&ws).ends(0, "create 1 update 0 delete 0 unchanged 0 waiting");
    apply(&ws).ends(0, "create 0 update 0 delete 0 unchanged 1 waiting");
    assert_eq!(ws.idp(&["pr", "merge", "gitops", "1", "--admin", "--as", "jane"]).code, 0);
    apply(&ws).ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
}

#[test]
fn a_plan_needs_the_grants_that_its_run_needs() {
    let ws = planned();
    ws.write("grants.yaml", "allow:\n- { script: '**', change: repository, target: '**' }\n");
    let said = ws.idp(&["apply", "plan.json", "--grants", "grants.yaml", "--output", "json"]);
    said.fails(4, "idp::permission");
    assert!(!ws.path().join(".idp/forge").exists(), "{said}");
}

#[test]
fn the_place_of_a_plan_is_checked_before_any_work() {
    let ws = planned();
    let settings = std::fs::read(ws.path().join("idp.yaml")).unwrap();
    for out in ["missing/plan.json", "scripts", "idp.yaml"] {
        let said = plan(&ws, out);
        said.fails(2, "idp::plan::out");
    }
    assert_eq!(std::fs::read(ws.path().join("idp.yaml")).unwrap(), settings, "only plans are replaced");
    std::fs::write(ws.path().join("twice.json"), "").unwrap();
    for _ in 0..2 {
        assert_eq!(plan(&ws, "twice.json").code, 0);
    }
    let said = ws.idp(&["path", "service=api", "--out", "x.json"]);
    assert_eq!(said.code, 2, "--out needs --plan: {said}");
    // A plan that fails isn't saved.
    let said = ws.named(
        "path",
        "repo(\"gitops\").commit(\"main\", \"x\", tree().write(\"a\", \"a\"));",
        &["--plan", "--out", "no.json"],
    );
    said.fails(1, "idp::forge::protected");
    assert!(!ws.path().join("no.json").exists());
}

#[test]
fn a_plan_works_from_any_folder_of_its_workspace() {
    let ws = Workspace::new();
    ws.write("paths/mine.rhai", "repo(\"api\").ensure(#{ description: \"API\" });\n");
    ws.idp(&["paths/mine.rhai", "--plan", "--out", "plan.json", "--output", "json"])
        .ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    let mut command = ws.command(&["apply", "../plan.json", "--output", "json"]);
    command.current_dir(ws.path().join("seeds"));
    crate::workspace::said(command).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
}

#[test]
fn people_are_told_what_is_applied_and_what_moved() {
    let ws = planned();
    with_world(&ws);
    ws.person("gitops", "main", |at| fs::write(at.join("list.txt"), "zero\none\n").unwrap());
    let said = ws.idp(&["apply", "plan.json"]);
    assert_eq!(said.code, 1);
    let created = said.stderr.split("made ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let stderr = said.stderr.replace(created, "2026-11-21T12:00:00Z").replace(env!("CARGO_PKG_VERSION"), "0.0.0");
    insta::assert_snapshot!(stderr, @r"
    Plan of path service=api, made 2026-11-21T12:00:00Z by idp-run 0.0.0 (8 changes)
    ! pull request acme/gitops path-api: changed since: list.txt
        ~ list.txt (+1 -6)
          @@ -1,8 +1,3 @@
          +zero
           one
          -two
          -three
          -four
          -five
          -six
          -seven
           api

    idp::plan::moved

      x the world moved since the plan was made: pull request acme/gitops path-api
      help: nothing was changed; plan again: `idp-run path ... --plan --out FILE`
    ");
    insta::assert_snapshot!(said.stdout, @"Stopped before any change.");
}
