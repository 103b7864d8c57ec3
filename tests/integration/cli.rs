//! The command line's contract: what is on stdout, and exit codes, whatever goes wrong.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::workspace::{IDP_YAML, Said, Workspace, said};

const HELLO: &str = "//! Say hello\n//!\n//! To whoever reads it.\n\nfn params() { #{ name: param(\"string\", \"Whom\") } }\nfn run(p) { print(`Hello, ${p.name}`); output(\"Name\", p.name); }\n";

/// The shape of every stream of events.
#[track_caller]
fn is_a_stream(said: &Said) {
    let events = said.events();
    assert_eq!(events[0], serde_json::json!({ "type": "version", "format": 1, "idp_run": env!("CARGO_PKG_VERSION") }));
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types.iter().filter(|kind| **kind == "summary").count(), 1, "{said}");
    assert_eq!(types.last(), Some(&"summary"), "{said}");
    let last = events.last().unwrap();
    for name in ["create", "update", "delete", "unchanged"] {
        assert!(last[name].is_u64(), "{said}");
    }
    assert!(last["status"].is_string());
}

#[test]
fn every_exit_of_a_run_is_a_whole_stream() {
    let ws = Workspace::new();
    ws.write("hello.rhai", HELLO);
    ws.write("bad.yaml", "name: [\n").write("list.yaml", "- name\n").write("syntax.rhai", "let = 3;");
    ws.write("throws.rhai", "throw \"no\";").write("nothing.rhai", "");
    for (args, code) in [
        (&["hello.rhai", "name=Ann"][..], 0),
        (&["run", "hello.rhai", "name=Ann"], 0),
        (&["hello.rhai", "name=Ann", "--plan", "--detailed-exitcode"], 0),
        (&["nothing.rhai"], 0),
        (&["hello.rhai"], 2),
        (&["hello.rhai", "nmae=Ann"], 2),
        (&["hello.rhai", "name"], 2),
        (&["hello.rhai", "--params", "bad.yaml"], 2),
        (&["hello.rhai", "--params", "list.yaml"], 2),
        (&["hello.rhai", "--params", "gone.yaml"], 2),
        (&["hello.rhai", "--nonsense"], 2),
        (&["hello.rhai", "--detailed-exitcode"], 2),
        (&["hello.rhai", "name=Ann", "--plan", "--yes"], 2),
        (&["hello.rhai", "name=Ann", "--grants", "gone.yaml"], 2),
        (&["syntax.rhai"], 2),
        (&["throws.rhai"], 1),
        (&["helo"], 2),
        (&["gone.rhai"], 2),
        (&["--nonsense"], 2),
        (&["run"], 2),
        (&["--workspace", "nowhere", "hello.rhai"], 2),
        (&["pr", "show", "gitops", "7"], 1),
        (&["pr", "list", "gitop"], 1),
        (&["runs", "show", "nothing"], 2),
        (&["runs", "list"], 0),
        (&["runs", "resume"], 0),
        (&["pr", "list", "gitops"], 0),
        (&["list"], 0),
    ] {
        let said = ws.idp(&[args, &["--output", "json"]].concat());
        assert_eq!(said.code, code, "{args:?}\n{said}");
        is_a_stream(&said);
        let said = ws.idp(&[&["--output=json"], args].concat());
        assert_eq!(said.code, code, "{args:?}\n{said}");
        is_a_stream(&said);
    }
}

#[test]
fn mistakes_in_idp_yaml_have_a_place() {
    for (text, place, words, help) in [
        ("forge: { knd: local }\n", "idp.yaml:1:10", "unknown key `forge.knd`", "did you mean `kind`?"),
        ("cluster: {}\n", "idp.yaml:1:1", "unknown key `cluster`", "did you mean `clusters`?"),
        ("forge: { kind: gitea }\n", "idp.yaml:1:16", "`forge.kind` `gitea` is not known", "known: local, github"),
        ("forge: { kind: github }\n", "idp.yaml:1:8", "`forge` needs `owner`", ""),
        ("forge: { kind: github, owner: a/b }\n", "idp.yaml:1:31", "can't be an organisation", ""),
        (
            "forge: { kind: github, owner: a, api_url: http://ghe.acme.example/api/v3 }\n",
            "idp.yaml:1:43",
            "would send tokens in plain text",
            "https://",
        ),
        ("forge: { kind: github, owner: a, app: { id: 1 } }\n", "idp.yaml:1:39", "needs `key_file`", ""),
        ("limits:\n  time: soon\n", "idp.yaml:2:9", "`limits.time` must be a time such as 90s, 10m, 1h or 2d", ""),
        ("limits: { memory: 1GB }\n", "idp.yaml:1:19", "`limits.memory` must be a size from 16MiB to 4GiB", ""),
        (
            "environments: { dev: { cluster: dvv } }\nclusters: { dev: { kind: snapshot, folder: x } }\n",
            "idp.yaml:1:33",
            "`environments.dev.cluster` names a cluster `dvv`",
            "did you mean `dev`?",
        ),
        ("seeds: { a: { folder: gone } }\n", "idp.yaml:1:23", "`seeds.a.folder` is not a folder", ""),
        ("clusters: { a: { kind: snapshot, folder: ../x } }\n", "idp.yaml:1:42", "leaves the workspace", "absolute"),
        (
            "permissions: { allow: [{ script: \"*\", change: \"*\" }] }\n",
            "idp.yaml:1:24",
            "`permissions.allow[0]` needs `target`",
            "",
        ),
        ("manifests: [\"[\"]\n", "idp.yaml:1:13", "`manifests[0]` is not a glob", ""),
        ("forge: [\n", "idp.yaml:1:8", "never closed", "close the bracket"),
        ("forge: {}\nforge: {}\n", "idp.yaml:2:1", "forge", ""),
        ("[]\n", "idp.yaml:1:1", "must be a map", ""),
        (
            "environments: { my-dev: { cluster: dev } }\n",
            "idp.yaml:1:25",
            "can't be the name of an environment",
            "no hyphen",
        ),
    ] {
        let ws = Workspace::new();
        ws.write("idp.yaml", text).write("hello.rhai", HELLO);
        let said = ws.idp(&["hello.rhai", "name=Ann", "--output", "json"]);
        assert_eq!(said.code, 2, "{text}{said}");
        is_a_stream(&said);
        let error = &said.of_type("diagnostic")[0];
        let at = &error["place"];
        let file = at["file"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        assert_eq!(format!("{file}:{}:{}", at["line"], at["column"]), place, "{text}{said}");
        assert!(error["message"].as_str().unwrap().contains(words), "{text}{said}");
        assert!(error["help"].as_str().unwrap_or_default().contains(help), "{text}{said}");
        assert!(said.stderr.contains(place), "{text}{said}");
        assert!(!ws.has_state());
    }
}

#[test]
fn people_see_a_mistake_in_idp_yaml() {
    let ws = Workspace::new();
    ws.write("idp.yaml", &IDP_YAML.replace("contacts", "contact")).write("hello.rhai", HELLO);
    let said = ws.idp(&["hello.rhai", "name=Ann"]);
    insta::assert_snapshot!(said.stderr, @r#"
    idp::config

      x unknown key `contact`
      `-> idp.yaml:3:1
      help: did you mean `contacts`?
    "#);
}

#[test]
fn what_a_script_says_is_on_stdout() {
    let ws = Workspace::new();
    ws.write("hello.rhai", HELLO);
    let said = ws.idp(&["hello.rhai", "name=Ann"]);
    insta::assert_snapshot!(said, @r#"
    exit 0
    --- stdout
    Hello, Ann

    Name   Ann
    --- stderr
    "#);
    let said = ws.idp(&["hello.rhai", "--help"]);
    insta::assert_snapshot!(said, @r#"
    exit 0
    --- stdout
    Say hello

    To whoever reads it.

    Usage: idp-run hello.rhai [NAME=VALUE]... [--plan] [OPTIONS]

    Parameters:
      name  Whom  [required]

    Values come from NAME=VALUE, --params FILE (YAML or JSON), IDP_PARAM_<NAME>, or are asked for on a terminal.

    Options:
      --plan                Show every change, make none
      --detailed-exitcode   With --plan: exit with 5 if there are changes
      --param NAME=VALUE    A parameter; the same as NAME=VALUE
      --params FILE         Parameters from a YAML or JSON file
      --grants FILE         What the run may change outside the embedded world
      -w, --workspace DIR   The folder with idp.yaml
      --output human|json   What stdout gets
      -v, --verbose         Whole diffs, unchanged objects
    --- stderr
    "#);
}

#[test]
fn a_wrong_name_comes_with_the_right_one() {
    let ws = Workspace::new();
    ws.write("scripts/golden-paths/make-tea.rhai", HELLO);
    let said = ws.idp(&["make-tae"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("did you mean `make-tea`?"), "{said}");
    let said = ws.idp(&["make-tea", "nmae=Ann"]);
    assert!(said.stderr.contains("did you mean `name`?"), "{said}");
    assert_eq!(ws.idp(&["make-tea", "name=Ann"]).code, 0);
    assert!(ws.idp(&["list"]).stdout.contains("make-tea"), "a script of the workspace is listed");
}

#[test]
fn the_workspace_is_found_from_below() {
    let ws = Workspace::new();
    ws.write("deep/down/hello.rhai", HELLO).write("deep/down/p.yaml", "name: File\n");
    let mut command = ws.command(&["hello.rhai", "--params", "p.yaml"]);
    command.current_dir(ws.path().join("deep/down"));
    let said = said(command);
    assert_eq!((said.code, said.stdout.lines().next()), (0, Some("Hello, File")), "{said}");
}

#[test]
fn ctrl_c_stops_between_changes() {
    let ws = Workspace::new();
    // Changes one after the other for far longer than the test waits.
    let text = "for n in 0..2000 { repo(`r${n}`).ensure(#{ description: \"x\" }); }";
    ws.write("many.rhai", text);
    let began = Instant::now();
    let mut child =
        ws.command(&["many.rhai", "--output", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut made = 0;
    while made < 3 {
        made += usize::from(lines.next().unwrap().contains("\"change\""));
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let events: Vec<Value> = lines.map(|line| serde_json::from_str(&line).unwrap()).collect();
    let stderr = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    assert!(began.elapsed() < Duration::from_secs(20));
    let summary = events.last().unwrap();
    assert_eq!((summary["type"].as_str(), summary["status"].as_str()), (Some("summary"), Some("cancelled")));
    let done = summary["create"].as_u64().unwrap();
    assert!((3..2000).contains(&done), "{summary}");
    assert!(stderr.contains("run the same command again"), "{stderr}");
    // What was begun was finished, and a rerun goes on from there.
    let there = std::fs::read_dir(ws.path().join(".idp/forge/acme")).unwrap();
    let there = there.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('r')).count();
    assert_eq!(there as u64, done);
    let rest = done + 2;
    let said = ws.named("many", &text.replace("2000", &rest.to_string()), &[]);
    said.ends(0, &format!("create 2 update 0 delete 0 unchanged {done} applied"));
}

#[test]
fn permissions_of_idp_yaml_only_narrow() {
    let ws = Workspace::new();
    let grant = |change: &str, target: &str| {
        let line =
            format!("permissions: {{ allow: [{{ script: \"**\", change: {change}, target: \"{target}\" }}] }}\n");
        ws.write("idp.yaml", &format!("{IDP_YAML}{line}"));
    };
    let text = "let r = repo(\"api\").ensure(#{ description: \"x\" }); r.commit(\"main\", \"m\", tree().write(\"secret/a\", \"a\"));";
    grant("repository", "acme/*");
    for said in [ws.plan(text), ws.script(text)] {
        said.fails(4, "idp::permission");
        assert!(said.stderr.contains("may not create commit acme/api main"), "{said}");
        assert!(said.stderr.contains("idp.yaml"), "{said}");
    }
    assert_eq!(ws.git("api", &["for-each-ref"]), "", "what was granted was made, the rest was not");
    grant("\"*\"", "acme/api{,/**}");
    ws.script(text).ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
    ws.script("repo(\"other\").ensure(#{});").fails(4, "idp::permission");
    // A file of grants narrows the embedded world, too.
    ws.write("idp.yaml", IDP_YAML)
        .write("grants.yaml", "allow: [{ script: nothing, change: \"*\", target: \"**\" }]\n");
    let other = "repo(\"other\").ensure(#{});";
    let said = ws.named("script", other, &["--grants", "grants.yaml"]);
    said.fails(4, "idp::permission");
    assert!(said.stderr.contains("no grant allows it") && said.stderr.contains("--grants"), "{said}");
    // A script is known by its place in the workspace, not by how it is called.
    ws.write("grants.yaml", "allow: [{ script: \"scripts/*\", change: \"*\", target: \"**\" }]\n");
    ws.write("evil.rhai", other).write("scripts/good.rhai", other);
    let run = |script: &str| ws.idp(&[script, "--plan", "--grants", "grants.yaml"]).code;
    assert_eq!(run("scripts/../evil.rhai"), 4);
    assert_eq!((run("scripts/good.rhai"), run("./scripts/good.rhai"), run("good")), (0, 0, 0));
}

#[test]
fn a_run_that_goes_on_has_no_more_rights() {
    let ws = Workspace::new();
    ws.write("grants.yaml", "allow: [{ script: \"**\", change: pull_request, target: \"**\" }]\n");
    let text = "repo(\"gitops\").propose(\"X\", |t| t.write(\"x\", \"x\")).wait(); repo(\"new\").ensure(#{});";
    let said = ws.named("script", text, &["--grants", "grants.yaml"]);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 waiting");
    assert_eq!(ws.idp(&["pr", "merge", "gitops", "1", "--admin"]).code, 0);
    let resume = ["runs", "resume", "--output", "json"];
    let mut command = ws.command(&resume);
    command.env("IDP_GRANTS", "grants.yaml");
    crate::workspace::said(command).fails(4, "idp::permission");
    ws.idp(&["runs", "resume", "script", "--grants", "grants.yaml", "--output", "json"]).fails(4, "idp::permission");
    ws.idp(&["runs", "resume", "script", "--output", "json"]).ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
}

#[test]
fn broken_manifests_are_refused_in_the_plan() {
    let ws = Workspace::new();
    ws.write("idp.yaml", &format!("{IDP_YAML}manifests: [\"gitops/k8s/**/*.yaml\"]\n"));
    for (path, text, place, words) in [
        ("a.yaml", "a: [", "acme/gitops:a.yaml:1:4", "never closed"),
        (
            "a.yaml",
            "kind: Service\\napiVersion: v1\\nmetadata: {}\\n",
            "acme/gitops:a.yaml:1:1",
            "the Service has no metadata.name",
        ),
        (
            "a.yml",
            "a: 1\\n---\\nkind: Service\\nmetadata: { name: a }\\n",
            "acme/gitops:a.yml:3:1",
            "the Service has no apiVersion",
        ),
        ("k8s/dev/a.yaml", "replicas: 1\\n", "acme/gitops:k8s/dev/a.yaml:1:1", "must be a Kubernetes object"),
        ("a.yaml", "a: &x [*x]\\n", "acme/gitops:a.yaml:1:", ""),
    ] {
        let text = format!("repo(\"gitops\").propose(\"X\", |t| t.write(\"{path}\", \"{text}\"));");
        for said in [ws.plan(&text), ws.script(&text)] {
            said.fails(1, "idp::review::refused");
            assert_eq!(said.changes(), Vec::<String>::new());
            let message = said.of_type("diagnostic")[0]["message"].as_str().unwrap().to_string();
            assert!(said.stderr.contains(place) && message.contains(words), "{place} {words}\n{said}");
            assert!(said.stderr.contains("script.rhai:1:"), "{said}");
        }
    }
    assert_eq!(ws.idp(&["pr", "list", "gitops"]).stdout, "acme/gitops has no pull requests.\n");
    // Other YAML is nobody's business, and kustomize's own files have no name.
    let text = r#"repo("gitops").propose("X", |t| t.write("values.yaml", "a: 1\n")
        .write("k8s/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"));"#;
    ws.script(text).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
}
