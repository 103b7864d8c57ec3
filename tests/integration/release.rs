//! What the repository gives to CI: its workflows and its action keep GitHub's form and the house's care, and the
//! action's own steps install what a release holds and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use idp_run::formats::yaml;
use regex::Regex;
use serde_json::{Map, Value, json};

use crate::documentation::blocks;
use crate::workspace::{BINARY, Said, Workspace, git, said};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> Value {
    let text = fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    yaml::parse(path, &text).unwrap().remove(0).value
}

fn workflows() -> Vec<String> {
    let folder = Path::new(ROOT).join(".github/workflows");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = names.map(|name| format!(".github/workflows/{name}")).collect();
    found.sort();
    found
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// What expressions of a text name in a context: `inputs.x` in `${{ inputs.x }}`.
fn named(text: &str, context: &str) -> BTreeSet<String> {
    let expression = Regex::new(r"\$\{\{(.*?)\}\}").unwrap();
    let name = Regex::new(&format!(r"\b{context}\.([A-Za-z0-9_-]+)")).unwrap();
    let inner = expression.captures_iter(text).map(|found| found[1].to_string()).collect::<Vec<_>>();
    inner
        .iter()
        .flat_map(|inner| name.captures_iter(inner).map(|found| found[1].to_string()).collect::<Vec<_>>())
        .collect()
}

/// Steps that run what others wrote name the very commit of it; scripts hold no expression, whose text would be code.
fn check_steps(file: &str, steps: &[Value], composite: bool) {
    let ids: BTreeSet<&str> = steps.iter().filter_map(|step| step["id"].as_str()).collect();
    for step in steps {
        let what = format!("{file}: {step}");
        match (step["uses"].as_str(), step["run"].as_str()) {
            (Some(uses), None) => {
                let pin = uses.split_once('@').map_or("", |(_, pin)| pin);
                assert!(pin.len() == 40 && pin.bytes().all(|b| b.is_ascii_hexdigit()), "{what}: not a commit");
            }
            (None, Some(run)) => {
                assert!(!run.contains("${{"), "{what}: an expression in a script");
                assert_eq!(composite, step["shell"].is_string(), "{what}: shell");
                let mut syntax = Command::new("bash");
                syntax.args(["-n", "-c", run]);
                assert_eq!(said(syntax).code, 0, "{what}");
            }
            _ => panic!("{what}: either uses or run"),
        }
        for id in named(&step.to_string(), "steps") {
            assert!(ids.contains(id.as_str()), "{what}: there is no step {id}");
        }
    }
}

#[test]
fn workflows_are_whole_and_ask_for_no_more_than_they_need() {
    let files = workflows();
    assert_eq!(files, [".github/workflows/ci.yml", ".github/workflows/release.yml"]);
    for file in files {
        let workflow = read(&file);
        assert_eq!(workflow["permissions"], json!({ "contents": "read" }), "{file}");
        // `on` is a boolean to readers of YAML 1.1, and a key to all.
        assert!(workflow.get("true").or(workflow.get("on")).is_some_and(Value::is_object), "{file}: {workflow}");
        let jobs = map(&workflow["jobs"]);
        for (name, job) in &jobs {
            assert!(job["runs-on"].is_string() && job["timeout-minutes"].is_u64(), "{file}: {name}");
            for other in job["needs"]
                .as_str()
                .into_iter()
                .map(str::to_owned)
                .chain(list(&job["needs"]).iter().map(|n| n.to_string()))
            {
                assert!(jobs.contains_key(&other), "{file}: {name} needs {other}");
            }
            let keys: Vec<Map<String, Value>> = list(&job["strategy"]["matrix"]["include"]).iter().map(map).collect();
            for used in named(&job.to_string(), "matrix") {
                assert!(!keys.is_empty() && keys.iter().all(|keys| keys.contains_key(&used)), "{file}: matrix.{used}");
            }
            check_steps(&file, &list(&job["steps"]), false);
        }
    }
}

#[test]
fn the_action_is_whole() {
    let action = read("action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    let steps = list(&action["runs"]["steps"]);
    check_steps("action.yml", &steps, true);
    let inputs: BTreeSet<String> = map(&action["inputs"]).keys().cloned().collect();
    assert_eq!(named(&action["runs"].to_string(), "inputs"), inputs, "inputs that are used, and that there are");
    for (name, input) in map(&action["inputs"]) {
        assert!(input["description"].is_string() && input.get("default").is_some(), "{name}: {input}");
    }
    let ids: BTreeSet<&str> = steps.iter().filter_map(|step| step["id"].as_str()).collect();
    for (name, output) in map(&action["outputs"]) {
        let named = named(output["value"].as_str().unwrap(), "steps");
        assert!(named.len() == 1 && named.iter().all(|id| ids.contains(id.as_str())), "{name}: {output}");
    }
}

/// Workflows that people copy: what they hand to the action is what it takes.
#[test]
fn examples_of_the_action_are_true() {
    let inputs = map(&read("action.yml")["inputs"]);
    let outputs = map(&read("action.yml")["outputs"]);
    let page = fs::read_to_string(Path::new(ROOT).join("docs/ci.md")).unwrap();
    let mut used = 0;
    for block in
        blocks(&page).iter().filter(|block| block.file.as_deref().is_some_and(|file| file.starts_with(".github")))
    {
        let workflow = yaml::parse("ci.md", &block.text).unwrap().remove(0).value;
        for (_, job) in map(&workflow["jobs"]) {
            for step in list(&job["steps"]) {
                let named = named(&step.to_string(), "steps.service.outputs");
                assert!(named.iter().all(|name| outputs.contains_key(name)), "{step}");
                if step["uses"].as_str().is_some_and(|uses| uses.starts_with("acme/idp-run@")) {
                    used += 1;
                    assert!(map(&step["with"]).keys().all(|name| inputs.contains_key(name)), "{step}");
                }
            }
        }
    }
    assert_eq!(used, 2);
    // The table of inputs names all of them.
    for name in inputs.keys() {
        assert!(page.contains(&format!("`{name}`")), "docs/ci.md doesn't name the input {name}");
    }
}

/// The workflow that `init` writes installs a release's archive, if it is the one that its variables name.
#[test]
fn the_first_workflow_of_a_workspace_installs_a_release() {
    let ws = Workspace::empty();
    assert_eq!(ws.idp(&["init"]).code, 0);
    let workflow = yaml::parse("platform.yaml", &ws.read(".github/workflows/platform.yaml")).unwrap().remove(0).value;
    let steps = list(&workflow["jobs"]["scripts"]["steps"]);
    let install = steps.iter().find(|step| step["name"] == "Install idp-run").unwrap();
    releases(&ws, "1.2.3");
    let sums = ws.read("releases/v1.2.3/SHA256SUMS");
    let (sum, name) = sums.trim().split_once("  ").unwrap();
    for (sum, code) in [(sum.to_string(), 0), ("0".repeat(64), 1)] {
        let mut command = Command::new("bash");
        command.args(["-e", "-c", install["run"].as_str().unwrap()]).env_clear().current_dir(ws.path());
        command.env("PATH", std::env::var("PATH").unwrap()).env("HOME", ws.path()).env("RUNNER_TEMP", ws.path());
        command.env("GITHUB_PATH", ws.path().join("path")).env("IDP_RUN_SHA256", sum);
        command.env("IDP_RUN_URL", format!("{}/v1.2.3/{name}", mirror(&ws)));
        let said = said(command);
        assert_eq!(said.code, code, "{said}");
        let binary = ws.path().join(".local/bin/idp-run");
        assert_eq!(binary.exists(), code == 0);
        let _ = fs::remove_file(binary);
    }
    // Its plans run as they are.
    let plan = steps.iter().find(|step| step["name"] == "Plan").unwrap();
    let mut command = Command::new("bash");
    let bin = ws.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(BINARY, bin.join("idp-run")).unwrap();
    command.args(["-e", "-c", plan["run"].as_str().unwrap()]).env_clear().current_dir(ws.path());
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())).env("HOME", ws.path());
    let said = said(command);
    assert!(said.code == 0 && said.stdout.contains("Plan: 1 to create"), "{said}");
}

/// The targets that the action installs are those that the release builds.
#[test]
fn the_action_installs_what_the_release_builds() {
    let text = fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let target = Regex::new(r"target=([a-z0-9_-]+)").unwrap();
    let installed: BTreeSet<String> = target.captures_iter(&text).map(|found| found[1].to_string()).collect();
    let matrix = list(&read(".github/workflows/release.yml")["jobs"]["build"]["strategy"]["matrix"]["include"]);
    let built: BTreeSet<String> = matrix.iter().map(|one| one["target"].as_str().unwrap().to_string()).collect();
    assert_eq!(installed, built);
    assert_eq!(built.len(), 4);
}

/// A folder of releases as GitHub has them, with a binary packed by the release's own script.
fn releases(ws: &Workspace, version: &str) {
    let built = ws.path().join("built/x86_64-unknown-linux-musl/release");
    fs::create_dir_all(&built).unwrap();
    ws.write("built/x86_64-unknown-linux-musl/release/idp-run", &format!("#!/bin/sh\nexec '{BINARY}' \"$@\"\n"));
    fs::set_permissions(built.join("idp-run"), fs::Permissions::from_mode(0o755)).unwrap();
    let folder = ws.path().join(format!("releases/v{version}"));
    let mut pack = Command::new(Path::new(ROOT).join(".ci/pack"));
    pack.args(["x86_64-unknown-linux-musl", version]).arg(&folder).current_dir(ROOT);
    pack.env("CARGO_TARGET_DIR", ws.path().join("built"));
    assert_eq!(said(pack).code, 0);
    let mut sums = Command::new("bash");
    sums.args(["-c", "sha256sum -- *.tar.gz > SHA256SUMS"]).current_dir(&folder);
    assert_eq!(said(sums).code, 0);
}

/// Runs a step of the action as the runner does, with these inputs.
fn step(ws: &Workspace, id: &str, inputs: &[(&str, &str)]) -> Said {
    let action = read("action.yml");
    let step = list(&action["runs"]["steps"]).into_iter().find(|step| step["id"] == id).unwrap();
    ws.write("step.sh", step["run"].as_str().unwrap());
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "step.sh"]).current_dir(ws.path());
    command.env_clear().env("PATH", std::env::var("PATH").unwrap()).env("HOME", ws.path()).stdin(Stdio::null());
    let at = |name: &str| ws.path().join(name);
    fs::create_dir_all(at("temp")).unwrap();
    command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64").env("RUNNER_TEMP", at("temp"));
    command.env("RUNNER_TOOL_CACHE", at("cache")).env("GITHUB_PATH", at("path")).env("GITHUB_OUTPUT", at("output"));
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", at("summary.md"));
    let value = |name: &str| {
        let given = inputs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        let default = || action["inputs"][name]["default"].as_str().unwrap().to_string();
        given.unwrap_or_else(default).replace("${{ github.token }}", "t0ken")
    };
    for (name, expression) in map(&step["env"]) {
        let expression = expression.as_str().unwrap();
        let value = match named(expression, "inputs").first() {
            Some(input) => value(input),
            None => expression
                .replace("${{ github.server_url }}", &format!("file://{}/server", ws.path().display()))
                .replace("${{ github.api_url }}", &format!("file://{}/api", ws.path().display()))
                .replace("${{ steps.install.outputs.path }}", &at("cache/idp-run/1.2.3/x64").display().to_string()),
        };
        command.env(name, value);
    }
    for (name, value) in inputs.iter().filter(|(name, _)| name.starts_with("RUNNER_")) {
        command.env(name, value);
    }
    said(command)
}

fn mirror(ws: &Workspace) -> String {
    format!("file://{}/releases", ws.path().display())
}

#[test]
fn the_action_installs_a_release_once() {
    let ws = Workspace::empty();
    releases(&ws, "1.2.3");
    let said = step(&ws, "install", &[("version", "v1.2.3"), ("base-url", &mirror(&ws))]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.stdout.ends_with(&format!("idp-run {}\n", env!("CARGO_PKG_VERSION"))), "{said}");
    let folder = ws.path().join("cache/idp-run/1.2.3/x64").display().to_string();
    assert_eq!(ws.read("path"), format!("{folder}\n"));
    assert_eq!(ws.read("output"), format!("version=1.2.3\npath={folder}\n"));
    assert_eq!(fs::read_dir(ws.path().join("temp")).unwrap().count(), 0, "what was downloaded is gone");
    // It is in the cache now: nothing is asked for.
    fs::remove_dir_all(ws.path().join("releases")).unwrap();
    let said = step(&ws, "install", &[("version", "1.2.3"), ("base-url", &mirror(&ws))]);
    assert_eq!(said.code, 0, "{said}");
    // A cache that a kill left half is not believed.
    fs::remove_file(ws.path().join("cache/idp-run/1.2.3/x64.complete")).unwrap();
    let said = step(&ws, "install", &[("version", "1.2.3"), ("base-url", &mirror(&ws))]);
    assert!(said.code == 1 && said.stdout.contains("there is no version 1.2.3"), "{said}");
}

#[test]
fn the_action_asks_github_which_release_is_the_newest() {
    let ws = Workspace::empty();
    releases(&ws, "1.2.3");
    ws.write(
        "api/repos/acme/idp-run/releases/latest",
        "{\n  \"url\": \"x\",\n  \"tag_name\": \"v1.2.3\",\n  \"name\": \"n\"\n}\n",
    );
    let said = step(&ws, "install", &[("repository", "acme/none")]);
    assert!(
        said.code == 1 && said.stdout.contains("::error title=idp-run::there is no release in acme/none"),
        "{said}"
    );
    let there = ws.path().join("server/acme/idp-run/releases");
    fs::create_dir_all(&there).unwrap();
    fs::rename(ws.path().join("releases"), there.join("download")).unwrap();
    let said = step(&ws, "install", &[("repository", "acme/idp-run")]);
    assert!(said.code == 0 && ws.read("output").starts_with("version=1.2.3\n"), "{said}");
    let said =
        step(&ws, "install", &[("repository", "acme/idp-run"), ("version", "latest"), ("base-url", &mirror(&ws))]);
    assert!(said.code == 1 && said.stdout.contains("a mirror has no latest version"), "{said}");
}

#[test]
fn the_action_refuses_what_the_checksums_dont_say() {
    let name = "releases/v1.2.3/idp-run-1.2.3-x86_64-unknown-linux-musl.tar.gz";
    type Spoil = fn(&Workspace, &str);
    let spoil: [(&str, Spoil); 3] = [
        ("is not what SHA256SUMS says", |ws, name| {
            let mut bytes = fs::read(ws.path().join(name)).unwrap();
            bytes.push(0);
            fs::write(ws.path().join(name), bytes).unwrap();
        }),
        ("has no line for", |ws, _| {
            ws.write("releases/v1.2.3/SHA256SUMS", &format!("{}  other.tar.gz\n", "0".repeat(64)));
        }),
        ("there is no idp-run-1.2.3-x86_64-unknown-linux-musl.tar.gz", |ws, name| {
            fs::remove_file(ws.path().join(name)).unwrap();
        }),
    ];
    for (why, spoil) in spoil {
        let ws = Workspace::empty();
        releases(&ws, "1.2.3");
        spoil(&ws, name);
        let said = step(&ws, "install", &[("version", "1.2.3"), ("base-url", &mirror(&ws))]);
        assert!(said.code == 1 && said.stdout.contains("::error title=idp-run::"), "{why}: {said}");
        assert!(said.stdout.contains(why), "{why}: {said}");
        assert!(!ws.path().join("cache").exists() && !ws.path().join("path").exists(), "{why}");
    }
    let ws = Workspace::empty();
    for (inputs, why) in [
        ([("version", "../../x"), ("RUNNER_OS", "Linux")], "this is no version: ../../x"),
        ([("version", "1.2.3; id"), ("RUNNER_OS", "Linux")], "this is no version"),
        ([("version", "1.2.3"), ("RUNNER_OS", "Windows")], "there is no binary for Windows on X64"),
    ] {
        let said = step(&ws, "install", &[&inputs[..], &[("base-url", "file:///nowhere")]].concat());
        assert!(said.code == 1 && said.stdout.contains(why), "{said}");
    }
}

#[test]
fn the_action_runs_a_script_with_its_parameters() {
    let ws = Workspace::new();
    releases(&ws, "1.2.3");
    step(&ws, "install", &[("version", "1.2.3"), ("base-url", &mirror(&ws))]);
    ws.write(
        "make.rhai",
        "//! Make\nfn params() { #{ name: param(\"string\", \"N\"), about: param(\"string\", \"A\") } }\n\
         fn run(p) { repo(p.name).ensure(#{ description: p.about }); }\n",
    );
    let inputs = [("script", "./make.rhai"), ("params", "name=api\nabout=a $(id) \"x\" 'y'\n"), ("args", "--quiet")];
    let planned = step(&ws, "run", &inputs);
    assert!(planned.code == 0 && planned.stdout.contains("Plan: 1 to create"), "{planned}");
    assert!(!ws.has_state() && ws.read("output").contains("changes<<"), "a plan is the default");
    assert!(step(&ws, "run", &[&inputs[..], &[("plan", "False")]].concat()).stdout.contains("Plan:"));
    let made = step(&ws, "run", &[&inputs[..], &[("plan", "false")]].concat());
    assert!(made.code == 0 && made.stdout.contains("Done: 1 created"), "{made}");
    let settings = fs::read_to_string(ws.bare("api").join("idp/repository.json")).unwrap();
    assert!(settings.contains(r#"a $(id) \"x\" 'y'"#), "{settings}");
    let failed = step(&ws, "run", &[("script", "./make.rhai")]);
    assert_eq!(failed.code, 2, "the exit code is that of the run: {failed}");
    assert_eq!(git(&ws.bare("api"), &["rev-parse", "--is-bare-repository"]), "true");
}
