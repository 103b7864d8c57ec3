//! What an author has beside running scripts: `init`, `new`, `doctor`, `explain`, `reference`, `man`, completions.

use std::fs;
use std::process::Command;

use crate::workspace::{BINARY, Said, Workspace, said};

/// A workspace as `init` makes it.
fn fresh() -> Workspace {
    let ws = Workspace::empty();
    let made = ws.idp(&["init", "--owner", "globex"]);
    assert_eq!(made.code, 0, "{made}");
    ws
}

#[test]
fn a_fresh_workspace_keeps_its_word() {
    let ws = fresh();
    let doctor = ws.idp(&["doctor"]);
    assert_eq!(doctor.code, 0, "{doctor}");
    assert!(doctor.stdout.contains("0 would fail, 0 to look at."), "{doctor}");
    let check = ws.idp(&["check", "--strict"]);
    assert_eq!(check.code, 0, "{check}");
    let tests = ws.idp(&["test"]);
    assert_eq!(tests.code, 0, "{tests}");
    assert!(tests.stdout.contains("3 passed"), "{tests}");
    assert!(!ws.has_state(), "neither looking nor testing makes a world");
    let run = ["onboard-team", "--params", "requests/team-payments.yaml", "--output", "json"];
    ws.idp(&[&run[..], &["--plan"]].concat()).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    ws.idp(&run).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    ws.idp(&run).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    let after = ws.idp(&["doctor", "--output", "json"]);
    assert_eq!(after.code, 0, "{after}");
    assert!(after.of_type("check").iter().all(|check| check["state"] == "ok"), "{after}");
    // The world isn't committed, CI files keep their own expressions.
    assert!(ws.read(".gitignore").contains(".idp/"));
    assert!(ws.read(".github/workflows/platform.yaml").contains("IDP_RUN_URL: ${{ vars.IDP_RUN_URL }}"));
}

#[test]
fn init_leaves_alone_what_is_there() {
    let ws = Workspace::empty();
    ws.write("README.md", "mine\n").write("deep/down/keep.txt", "kept\n");
    std::os::unix::fs::symlink("nowhere", ws.path().join("idp.yaml")).unwrap();
    let made = ws.idp(&["init"]);
    assert_eq!(made.code, 0, "{made}");
    assert!(made.stdout.contains("= README.md  (was there: left as it is)"), "{made}");
    assert!(made.stdout.contains("= idp.yaml"), "{made}");
    assert_eq!(ws.read("README.md"), "mine\n");
    assert!(fs::symlink_metadata(ws.path().join("nowhere")).is_err(), "a link that leads nowhere isn't followed");
    let again = ws.idp(&["init", "--output", "json"]);
    assert!(again.of_type("file").iter().all(|file| file["written"] == false), "{again}");
    // A new folder, and a file in its place.
    assert_eq!(ws.idp(&["init", "new/one"]).code, 0);
    assert!(ws.path().join("new/one/idp.yaml").is_file());
    refused(&ws.idp(&["init", "README.md"]), "idp::init");
    refused(&ws.idp(&["init", "other", "--owner", "a/b"]), "idp::init");
    assert!(!ws.path().join("other").exists());
}

#[track_caller]
fn refused(said: &Said, code: &str) {
    assert_eq!(said.code, 2, "{said}");
    assert!(said.stderr.starts_with(code), "{said}");
}

#[test]
fn a_new_golden_path_is_tested_and_runs() {
    let ws = fresh();
    let made = ws.idp(&["new", "golden-path", "add-topic"]);
    assert_eq!(made.code, 0, "{made}");
    let check = ws.idp(&["check", "--strict"]);
    assert_eq!(check.code, 0, "{check}");
    let tests = ws.idp(&["test", "scripts/golden-paths/add-topic.test.rhai"]);
    assert!(tests.code == 0 && tests.stdout.contains("2 passed"), "{tests}");
    let run = ["add-topic", "name=clicks", "about=Clicks of visitors", "--output", "json"];
    ws.idp(&[&run[..], &["--plan"]].concat()).ends(0, "create 2 update 0 delete 0 unchanged 0 planned");
    ws.idp(&run).ends(0, "create 2 update 0 delete 0 unchanged 0 applied");
    ws.idp(&run).ends(0, "create 0 update 0 delete 0 unchanged 2 applied");
    let listed = ws.idp(&["list"]);
    assert!(listed.stdout.contains("add-topic") && listed.stdout.contains("Add topic"), "{listed}");
}

#[test]
fn a_new_policy_is_tested_and_asked() {
    let ws = fresh();
    let made = ws.idp(&["new", "policy", "shop-rules"]);
    assert_eq!(made.code, 0, "{made}");
    let check = ws.idp(&["check", "--strict"]);
    assert_eq!(check.code, 0, "{check}");
    let tests = ws.idp(&["test", "scripts/policies", "--coverage", "--coverage-min", "100"]);
    assert!(tests.code == 0 && tests.stdout.contains("3 passed"), "{tests}");
    assert!(tests.stdout.contains("2 of 2  2 of 2  2 of 2  1 of 1"), "every rule is seen in every way: {tests}");
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 1 } # one\n";
    ws.write("k8s/web.yaml", web);
    let audit = ws.idp(&["audit", "k8s", "--with", "shop-rules", "--fail-on", "medium"]);
    assert!(audit.code == 3 && audit.stdout.contains("web has 1 of 2 replicas"), "{audit}");
    let fixed = ws.idp(&["audit", "k8s", "--with", "shop-rules", "--fail-on", "medium", "--fix"]);
    assert_eq!(fixed.code, 0, "{fixed}");
    assert_eq!(ws.read("k8s/web.yaml"), web.replace("replicas: 1", "replicas: 2"));
}

#[test]
fn a_new_script_takes_no_name_that_is_used() {
    let ws = fresh();
    let before = ws.idp(&["list"]).stdout;
    for (name, code) in [
        ("onboard-team", "idp::new::taken"),
        ("create-service", "idp::new::taken"),
        ("list", "idp::new::name"),
        ("help", "idp::new::name"),
        ("Bad", "idp::new::name"),
        ("../up", "idp::new::name"),
        ("a-", "idp::new::name"),
    ] {
        refused(&ws.idp(&["new", "golden-path", name]), code);
    }
    // A test without its script is somebody's, too.
    ws.write("scripts/golden-paths/lonely.test.rhai", "// mine\n");
    refused(&ws.idp(&["new", "golden-path", "lonely"]), "idp::new::taken");
    assert!(!ws.path().join("scripts/golden-paths/lonely.rhai").exists());
    refused(&ws.idp(&["new", "policy", "workload"]), "idp::new::taken");
    refused(&ws.idp(&["new", "policy", "schema"]), "idp::new::taken");
    refused(&ws.idp(&["new", "policy", "waiver"]), "idp::new::taken");
    refused(&ws.idp(&["new", "scorecard", "x"]), "idp::new::kind");
    assert_eq!(ws.idp(&["list"]).stdout, before);
}

#[test]
fn doctor_says_where_values_come_from() {
    let ws = fresh();
    let mut command = ws.command(&["doctor", "--all", "--output", "json"]);
    command.env("IDP_WORKSPACE", ws.path()).env("IDP_PARAM_TOKEN", "hush");
    let said = said(command);
    let origin = |key: &str| {
        let settings = said.of_type("setting");
        let found = settings.iter().find(|setting| setting["key"] == key);
        found.map(|setting| setting["origin"].as_str().unwrap().to_string()).unwrap_or_default()
    };
    let line = ws.read("idp.yaml").lines().position(|line| line.starts_with("limits:")).unwrap() + 1;
    assert_eq!(origin("limits.time"), format!("idp.yaml:{line}"), "{said}");
    assert_eq!(origin("naming"), "default", "{said}");
    assert_eq!(origin("workspace"), "environment IDP_WORKSPACE", "{said}");
    assert_eq!(origin("IDP_PARAM_TOKEN"), "environment", "{said}");
    assert!(!said.stdout.contains("hush"), "{said}");
    let flag = ws.idp(&["-w", ".", "doctor", "--output", "json"]);
    assert!(flag.stdout.contains("flag --workspace"), "{flag}");
}

#[test]
fn doctor_names_all_that_would_fail() {
    let ws = fresh();
    ws.write("scripts/golden-paths/broken.rhai", "//! Broken\nlet x = ;\n");
    ws.write("scripts/golden-paths/lost.rhai", "//! Lost\nimport \"lib/none\" as none;\nfn params() { #{} }\n");
    ws.write("scripts/list.rhai", "//! A command's name\n");
    ws.write("templates/half/skeleton/a.txt", "a");
    std::os::unix::fs::symlink("/etc/hosts", ws.path().join("seeds/platform-gitops/hosts")).unwrap();
    ws.write(".idp/journal.sqlite", "this is no journal");
    let mut command = ws.command(&["doctor", "--output", "json"]);
    command.env("IDP_GRANTS", "none.yaml");
    let said = said(command);
    assert_eq!(said.code, 2, "{said}");
    let state = |what: &str| {
        let checks = said.of_type("check");
        let found = checks.iter().find(|check| check["what"] == what).unwrap_or_else(|| panic!("{what}\n{said}"));
        format!("{} {}", found["state"].as_str().unwrap(), found["code"].as_str().unwrap_or_default())
    };
    assert_eq!(state("script broken"), "failed idp::script::syntax");
    assert_eq!(state("script lost"), "failed idp::script::import");
    assert_eq!(state("script list").trim(), "warning");
    assert_eq!(state("template half").trim(), "warning");
    assert_eq!(state("seed platform-gitops"), "failed idp::seed");
    assert_eq!(state("journal"), "failed idp::journal");
    assert_eq!(state("grants"), "failed idp::grants");
    // A file that can't be read at all is the one thing that is said.
    ws.write("idp.yaml", "limits: { tyme: 2m }\n");
    let said = ws.idp(&["doctor"]);
    assert_eq!(said.code, 2, "{said}");
    assert!(said.stdout.contains("idp.yaml:1:11") && said.stdout.contains("did you mean `time`?"), "{said}");
}

#[test]
fn doctor_works_where_there_is_no_workspace() {
    let ws = Workspace::empty();
    let said = ws.idp(&["doctor"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.stdout.contains("idp-run init"), "{said}");
    assert!(!ws.has_state());
}

#[test]
fn explain_knows_functions_settings_scripts_and_codes() {
    let ws = fresh();
    ws.write("lib/words.rhai", "//! Words\n\n/// A greeting.\nfn hello(name) { `Hello, ${name}` }\n");
    for (name, expected) in [
        ("repo.commit", "repo.commit(branch: text, message: text, edit: Tree | function, options?: map) -> Repo"),
        ("Repo.commit", "tells several commits of one run to a repository apart"),
        ("commit", "idp::repo::twice"),
        ("repo", "Repositories: their settings"),
        ("key.namespace", "key.namespace: text"),
        ("std/gitops::services", "import \"std/gitops\" as gitops;"),
        ("gitops::services", "The services that an ApplicationSet lists"),
        ("std/naming", "std/naming::java_package"),
        ("lib/words::hello", "A greeting."),
        ("assert_eq", "In test files alone"),
        ("sort", "A function of the language."),
        ("limits.time", "how long an attempt may take"),
        ("clusters.cluster-dev.folder", "clusters.NAME.folder"),
        ("IDP_GRANTS", "the file of grants"),
        ("onboard-team", "Proposes what a new team needs"),
        ("idp::repo::twice", "Cure:"),
        ("unknown-option", "a rule of check; an error"),
        ("idp::check::unknown_option", "Mended:"),
        ("repo::twice", "A script that ends in it:"),
    ] {
        let said = ws.idp(&["explain", name]);
        assert!(said.code == 0 && said.stdout.contains(expected), "{name}: {expected}\n{said}");
    }
    let near = ws.idp(&["explain", "repo.comit"]);
    refused(&near, "idp::explain::unknown");
    assert!(near.stderr.contains("did you mean `repo.commit`?"), "{near}");
    let topics = ws.idp(&["explain"]);
    for word in ["repo.propose", "std/gitops", "onboard-team", "limits.memory", "idp::pr::closed"] {
        assert!(topics.stdout.contains(word), "{word}\n{topics}");
    }
    let data = ws.idp(&["explain", "repo.ensure", "--output", "json"]);
    let found = &data.of_type("explanation")[0];
    assert_eq!(found["function"]["usages"][0]["options"][0]["key"], "description", "{data}");
}

#[test]
fn the_reference_is_written_and_checked() {
    let ws = Workspace::empty();
    let stale = ws.idp(&["reference", "--check", "out"]);
    assert_eq!(stale.code, 3, "{stale}");
    assert!(stale.stderr.contains("idp::reference::drift"), "{stale}");
    assert_eq!(ws.idp(&["reference", "out"]).code, 0);
    assert_eq!(ws.idp(&["reference", "--check", "out"]).code, 0);
    let page = ws.read("out/repo.md");
    ws.write("out/repo.md", &page.replace("commit", "comit")).write("out/gone.md", "# Of yesterday\n");
    let drift = ws.idp(&["reference", "--check", "out"]);
    assert!(drift.code == 3 && drift.stderr.contains("gone.md, repo.md"), "{drift}");
    assert_eq!(ws.idp(&["reference", "out"]).code, 0);
    assert_eq!(ws.read("out/repo.md"), page);
    assert!(!ws.path().join("out/gone.md").exists());
}

#[test]
fn manual_pages_are_printed_and_written() {
    let ws = Workspace::empty();
    let page = ws.idp(&["man"]);
    assert!(page.code == 0 && page.stdout.contains(".TH idp-run 1"), "{page}");
    let page = ws.idp(&["man", "runs", "show"]);
    assert!(
        page.stdout.contains(".TH idp\\-run\\-runs\\-show 1") || page.stdout.contains(".TH idp-run-runs-show 1"),
        "{page}"
    );
    refused(&ws.idp(&["man", "nothing"]), "idp::usage");
    assert_eq!(ws.idp(&["man", "--dir", "pages"]).code, 0);
    assert!(ws.path().join("pages/idp-run-doctor.1").is_file());
    assert!(!ws.path().join("pages/idp-run-complete-words.1").exists(), "hidden commands have no page");
}

/// The words that may come next, each without its meaning.
fn next(ws: &Workspace, words: &[&str]) -> Vec<String> {
    let said = ws.idp(&[&["complete-words", "--"], words].concat());
    assert_eq!(said.code, 0, "{said}");
    said.stdout.lines().map(|line| line.split('\t').next().unwrap().to_string()).collect()
}

#[test]
fn completions_know_scripts_parameters_repositories_and_runs() {
    let ws = fresh();
    assert_eq!(next(&ws, &["onb"]), ["onboard-team"]);
    assert!(next(&ws, &[""]).contains(&"doctor".to_string()));
    assert_eq!(next(&ws, &["run", "onb"]), ["onboard-team"]);
    assert_eq!(next(&ws, &["onboard-team", ""]), ["team=", "about=", "channel="]);
    assert_eq!(next(&ws, &["onboard-team", "team=x", "-v", "a"]), ["about="]);
    assert_eq!(next(&ws, &["create-service", "database="]), ["database=true", "database=false"]);
    assert_eq!(next(&ws, &["create-service", "template=java"]), ["template=java-spring-boot"]);
    assert_eq!(next(&ws, &["onboard-team", "--pl"]), ["--plan"]);
    assert_eq!(next(&ws, &["list", "--output", "j"]), ["json", "junit"]);
    assert_eq!(next(&ws, &["new", "golden"]), ["golden-path"]);
    assert_eq!(next(&ws, &["pr", "list", "plat"]), ["platform-gitops"]);
    assert_eq!(next(&ws, &["explain", "repo.comm"]), ["repo.commit"]);
    assert_eq!(next(&ws, &["onboard-team", "--params", ""]), [""], "an empty word stands for files");
    assert_eq!(next(&ws, &["nonsense", "x"]), Vec::<String>::new());
    assert!(!ws.has_state(), "looking makes no world");
    let applied = ws.idp(&["onboard-team", "--params", "requests/team-payments.yaml"]);
    assert_eq!(applied.code, 0, "{applied}");
    let runs = next(&ws, &["runs", "show", ""]);
    assert!(runs.len() == 1 && runs[0].len() == 16, "{runs:?}");
    // From elsewhere, in the workspace that a flag names.
    let elsewhere = Workspace::empty();
    assert_eq!(next(&elsewhere, &["-w", ws.path().to_str().unwrap(), "onb"]), ["onboard-team"]);
}

/// Once the type is given, its fields, their choices, and where it runs; of a claim that is there what can be unset.
#[test]
fn completions_know_the_fields_of_a_kind() {
    let ws = Workspace::acme();
    let fields = |words: &[&str]| {
        let found = next(&ws, &[words, &["type=Database", ""]].concat());
        found.into_iter().skip_while(|word| word != "reopen=").skip(1).collect::<Vec<_>>()
    };
    assert_eq!(fields(&["create-resource"]), ["provider=", "engine=", "size=", "version="]);
    assert_eq!(next(&ws, &["create-resource", "type=db", "prov"]), ["provider="]);
    assert_eq!(next(&ws, &["create-resource", "type=db", "provider="]), ["provider=aws", "provider=gcp"]);
    assert_eq!(next(&ws, &["create-resource", "type=nope", "na"]), ["name="]);
    let there = ["update-resource", "project=orders", "env=prod", "type=postgresql", "name=checkout"];
    assert_eq!(next(&ws, &[&there[..], &["stor"]].concat()), ["storageGB="]);
    assert_eq!(next(&ws, &[&there[..4], &["stor"]].concat()), Vec::<String>::new());
    assert!(!ws.has_state(), "looking makes no world");
    let said = ws.idp(&["explain", "mongdb"]);
    assert!(said.code == 2 && said.stderr.contains("did you mean `mongodb`?"), "{said}");
}

#[test]
fn bash_completes_words() {
    let ws = fresh();
    let bin = ws.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(BINARY, bin.join("idp-run")).unwrap();
    let ask = |line: &str| {
        let script = format!(
            "source <(idp-run completions bash); COMP_WORDBREAKS=$' \\t\\n\"><=;|&(:'; COMP_LINE='{line}'; \
             COMP_POINT=${{#COMP_LINE}}; _idp_run; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &script]).current_dir(ws.path());
        bash.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
        bash.env_remove("IDP_WORKSPACE");
        said(bash).stdout
    };
    assert_eq!(ask("idp-run onb"), "onboard-team\n");
    assert_eq!(ask("idp-run onboard-team te"), "team=\n");
    // Readline has taken `database=` already.
    assert_eq!(ask("idp-run create-service database=t"), "true\n");
    assert_eq!(ask("idp-run onboard-team --params requests/"), "requests/team-payments.yaml\n");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = ws.idp(&["completions", shell]);
        assert!(script.code == 0 && script.stdout.contains("idp-run"), "{script}");
    }
}

#[test]
fn doctor_says_which_secrets_are_missing_and_how_to_give_them() {
    let ws = Workspace::new();
    let yaml = format!(
        "{}secrets: {{ TOKEN: {{ env: MY_TOKEN }}, KEY: {{ file: keys/key.txt }} }}\n\
         http: {{ crm: {{ url: https://crm.acme.example, headers: {{ X-Key: {{ secret: OTHER }} }} }} }}\n",
        crate::workspace::IDP_YAML
    );
    ws.write("idp.yaml", &yaml);
    let told = |said: &Said, name: &str| {
        let what = format!("secret {name}");
        let found = said.of_type("check").into_iter().find(|check| check["what"] == what);
        let found = found.unwrap_or_else(|| panic!("{what}: {said}"));
        format!("{} {} {} {}", found["state"], found["code"], found["message"], found["help"]).replace('"', "")
    };
    let bare = ws.idp(&["doctor", "--output", "json"]);
    assert_ne!(bare.code, 0, "{bare}");
    let missing = told(&bare, "TOKEN");
    assert!(missing.starts_with("failed idp::secret::missing"), "{missing}");
    assert!(missing.contains("set the environment variable MY_TOKEN"), "{missing}");
    assert!(told(&bare, "KEY").contains("keys/key.txt"), "{bare}");
    assert!(told(&bare, "OTHER").contains("set the environment variable OTHER"), "{bare}");
    ws.write("keys/key.txt", "a-very-secret-key\n");
    let mut command = ws.command(&["doctor", "--output", "json"]);
    command.env("MY_TOKEN", "a-very-secret-token").env("OTHER", "short");
    let said = said(command);
    assert!(told(&said, "TOKEN").starts_with("ok null there, in the environment variable MY_TOKEN"), "{said}");
    assert!(told(&said, "KEY").starts_with("ok null there, in the file"), "{said}");
    assert!(told(&said, "OTHER").starts_with("failed idp::secret::short"), "{said}");
    assert!(!said.stdout.contains("a-very-secret") && !said.stderr.contains("a-very-secret"), "{said}");
}

#[test]
fn what_is_built_in_is_copied_with_what_it_uses() {
    let ws = fresh();
    let said = ws.idp(&["eject", "create-service"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.stdout.lines().next().unwrap().ends_with("scripts/golden-paths/create-service.rhai"), "{said}");
    for used in
        ["gitops-service", "java-spring-boot", "go-gin", "idp-run eject TEMPLATE", "std/golden_path", "std/skeletons"]
    {
        assert!(said.stdout.contains(used), "{used}: {said}");
    }
    let said = ws.idp(&["eject", "create-resource", "--output", "json"]);
    assert_eq!(said.of_type("file")[0]["templates"], serde_json::json!([]), "{said}");
    // A skeleton, by its short name: all of it, with what may be executed.
    let said = ws.idp(&["eject", "express"]);
    assert!(said.code == 0 && said.stdout.contains("templates/nodejs-express"), "{said}");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["template.yaml", "skeleton/Dockerfile", "skeleton/.github/workflows/ci.yaml"] {
        let file = format!("templates/nodejs-express/{file}");
        assert_eq!(fs::read(root.join(&file)).unwrap(), fs::read(ws.path().join(&file)).unwrap(), "{file}");
    }
    assert!(fs::read_dir(ws.path().join("templates")).unwrap().count() == 1, "nothing is left beside it");
    refused(&ws.idp(&["eject", "nodejs-express"]), "idp::eject");
    refused(&ws.idp(&["eject", "express"]), "idp::eject");
    refused(&ws.idp(&["eject", "create-service"]), "idp::eject");
    // It is the workspace's own from then on.
    let listed = ws.idp(&["list", "--templates"]).stdout;
    let from = |name: &str| {
        listed.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().last().unwrap().to_string()
    };
    assert_eq!((from("nodejs-express"), from("go-gin")), ("workspace".into(), "embedded".into()), "{listed}");
    // A module, which has a name of its own then.
    let said = ws.idp(&["eject", "std/naming"]);
    assert!(said.code == 0 && said.stdout.contains("import \"lib/naming\""), "{said}");
    ws.write("scripts/use.rhai", "//! Use\nimport \"lib/naming\" as naming;\nprint(naming::upper_snake(\"a-b\"));\n");
    assert_eq!(ws.idp(&["use"]).stdout, "A_B\n");
    refused(&ws.idp(&["eject", "std/naming"]), "idp::eject");
    refused(&ws.idp(&["eject", "std/namng"]), "idp::script::import");
    let said = ws.idp(&["eject", "go-gim"]);
    assert!(said.code == 2 && said.stderr.contains("go-gin"), "{said}");
    assert_eq!(ws.idp(&["doctor"]).code, 0);
    // Nothing is written through a link that leads out of the workspace.
    let out = Workspace::empty();
    fs::remove_dir_all(ws.path().join("templates")).unwrap();
    std::os::unix::fs::symlink(out.path(), ws.path().join("templates")).unwrap();
    refused(&ws.idp(&["eject", "go-gin"]), "idp::eject");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}
