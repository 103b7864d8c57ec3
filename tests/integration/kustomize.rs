//! Kustomizations of tests/fixtures/kustomize, built as kustomize builds them: its own results lie beside them, and where
//! `kustomize` or `kubectl` is at hand, it is asked again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use idp_run::error::Result;
use idp_run::formats::kustomize::{Files, Object, build};
use idp_run::formats::yaml;
use serde_json::Value;

/// What other versions than 5.8 do in another way.
const NEW: [&str; 4] = ["generators-merge", "images", "labels", "replacement-json"];

/// A folder of files.
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>> {
        let path = self.0.join(path);
        Ok(path.is_file().then(|| fs::read(path).unwrap().into()))
    }
}

/// All cases: their folders, and the folder inside that is built.
fn cases() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kustomize");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut cases: Vec<_> = folders
        .map(|folder| {
            let entry = fs::read_to_string(folder.join("build")).unwrap_or_else(|_| ".".into());
            (folder, entry.trim().to_string())
        })
        .collect();
    cases.sort();
    assert!(cases.len() > 40, "only {} cases", cases.len());
    cases
}

/// With the keys of all maps in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

fn lines(objects: impl IntoIterator<Item = Value>) -> String {
    objects.into_iter().map(|object| format!("{}\n", sorted(&object))).collect()
}

fn of_text(text: &str) -> String {
    lines(yaml::parse("expected.yaml", text).unwrap().into_iter().map(|document| document.value))
}

fn of_build(built: Result<Vec<Object>>) -> std::result::Result<String, String> {
    match built {
        Ok(objects) => Ok(lines(objects.into_iter().map(|object| object.value))),
        Err(error) => {
            assert!(error.code().starts_with("idp::kustomize::") || error.code().starts_with("idp::yaml::"));
            let place = error.place().map(|place| format!("{}:{}", place.file, place.line)).unwrap_or_default();
            Err(format!("{place}: {}\n", error.message()))
        }
    }
}

#[test]
fn builds_are_what_kustomize_makes_of_them() {
    for (folder, entry) in cases() {
        let name = folder.display();
        match of_build(build(&entry, &Folder(folder.clone()))) {
            Ok(built) => {
                let expected =
                    fs::read_to_string(folder.join("expected.yaml")).unwrap_or_else(|_| panic!("{name} is built"));
                assert_eq!(built, of_text(&expected), "{name}");
            }
            Err(why) => {
                let expected =
                    fs::read_to_string(folder.join("refused.txt")).unwrap_or_else(|_| panic!("{name}: {why}"));
                assert_eq!(why, expected, "{name}");
            }
        }
    }
}

#[test]
fn kustomize_itself_agrees() {
    let runs = |program: &str| Command::new(program).arg("version").output().is_ok();
    let command: &[&str] = if runs("kustomize") {
        &["kustomize", "build"]
    } else if runs("kubectl") {
        &["kubectl", "kustomize"]
    } else {
        println!("skipped: kustomize::kustomize_itself_agrees: there is neither kustomize nor kubectl on the PATH");
        return;
    };
    for (folder, entry) in cases() {
        if NEW.iter().any(|name| folder.ends_with(name)) {
            continue;
        }
        let output = Command::new(command[0]).args(&command[1..]).arg(&entry).current_dir(&folder).output().unwrap();
        let theirs = output.status.success().then(|| of_text(&String::from_utf8(output.stdout).unwrap()));
        let ours = of_build(build(&entry, &Folder(folder.clone()))).ok();
        assert_eq!(ours, theirs, "{}", folder.display());
    }
}

/// What is refused by its name, whatever kustomize would do.
#[test]
fn what_is_not_supported_is_said() {
    let said = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kustomization.yaml"), text).unwrap();
        let error = build("", &Folder(folder.path().to_path_buf())).unwrap_err();
        assert_eq!(error.code(), "idp::kustomize::unsupported");
        assert!(error.help_text().is_some());
        error.message().to_string()
    };
    for field in ["helmCharts", "generators", "transformers", "validators", "vars", "crds", "buildMetadata"] {
        assert_eq!(said(&format!("{field}: [x]\n")), format!("`{field}` of kustomization.yaml is not supported"));
    }
    for url in ["https://github.com/a/b//c?ref=v1", "github.com/a/b", "git@github.com:a/b.git"] {
        assert!(said(&format!("resources: ['{url}']\n")).starts_with(url));
        assert!(said(&format!("components: ['{url}']\n")).starts_with(url));
    }
}
