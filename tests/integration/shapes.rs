//! The rules of shipped packs hold on objects of any shape: whatever stands where they look, none of them fails itself. The
//! objects are those of the packs' cases.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use idp_run::bridge::Trouble;
use idp_run::formats::yaml::{self, Step};
use idp_run::library::Library;
use idp_run::primitives::manifest::Manifest;
use idp_run::primitives::policy::{Candidate, Objects};
use idp_run::script::{Extras, Given, Pack, Progress, as_params};
use serde_json::{Value, json};

const MEMORY: usize = 256 << 20;

/// Parameters as the command line has them, and the objects of a run.
type Set = (Vec<(String, String)>, Vec<Value>);

#[test]
fn of_pod_security() {
    hold("pod-security", &["cases.yaml"]);
}

#[test]
fn of_workload() {
    hold("workload", &["pods.yaml", "controllers.yaml", "references.yaml"]);
}

#[test]
fn of_platform() {
    hold("platform", &["cases.yaml"]);
}

/// The objects of the cases of a file.
fn sets(path: &Path) -> Vec<Set> {
    let text = fs::read_to_string(path).unwrap();
    let set = |case: &str| {
        let (title, manifests) = case.split_once('\n').unwrap();
        let given = manifests.lines().filter_map(|line| line.strip_prefix("# with "));
        let given = title.split_once(" with ").map(|(_, given)| given).into_iter().chain(given);
        let pair = |param: &str| param.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let pairs = given.filter_map(pair).collect();
        (pairs, yaml::parse("case", manifests).unwrap().into_iter().map(|document| document.value).collect())
    };
    text.split("### ").skip(1).map(set).collect()
}

/// Replaces each node of each object in turn by values of every type, and asks all rules of the pack.
fn hold(pack: &'static str, files: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies").join(pack);
    let sets: Vec<Set> = files.iter().flat_map(|file| sets(&folder.join(file))).collect();
    // Scripts take more stack than the threads of tests have.
    let work = move || failures(pack, &sets);
    let (asked, failures) = std::thread::Builder::new().stack_size(64 << 20).spawn(work).unwrap().join().unwrap();
    assert!(asked > 500, "{asked} objects were tried");
    assert!(failures.is_empty(), "{}", failures.into_iter().collect::<Vec<_>>().join("\n"));
}

fn failures(pack: &str, sets: &[Set]) -> (usize, BTreeSet<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::new(root);
    let script = library.script(&format!("scripts/policies/{pack}.rhai"), root).unwrap();
    let pack = Pack::load(script, &library, Progress::new(MEMORY), Extras::default()).ok().unwrap();
    let seat = pack.seat(Progress::new(MEMORY)).ok().unwrap();
    let (mut tried, mut failures) = (BTreeSet::new(), BTreeSet::new());
    for (pairs, objects) in sets {
        let given = Given { pairs: pairs.clone(), ..Given::default() };
        let params = as_params(&pack.values(&given).unwrap());
        for (at, object) in objects.iter().enumerate() {
            for (path, value) in changes(object) {
                // The same change of another object of the kind asks the same.
                if !tried.insert(format!("{pairs:?} {} {} {value}", object["kind"], whatever_the_index(&path))) {
                    continue;
                }
                let mut changed = objects.clone();
                *yaml::get_mut(&mut changed[at], &path).unwrap() = value.clone();
                let all: Vec<Manifest> =
                    changed.into_iter().enumerate().map(|(number, value)| Manifest::numbered(value, number)).collect();
                let changed = all[at].clone();
                let candidate = Candidate { object: &changed, file: "a.yaml", environment: None };
                for (rule, facts) in pack.rules().iter().enumerate() {
                    let mut failed = |result: Result<(), Trouble>| {
                        if let Err(Trouble::Failed { error, frames }) = result {
                            let place = frames.first().map(|frame| frame.place.to_string());
                            failures.insert(format!(
                                "{} {value} at {}: {error} {place:?}",
                                facts.id,
                                yaml::Path(&path)
                            ));
                        }
                    };
                    if let Some(view) = facts.applies_to.view(&candidate) {
                        failed(seat.check(rule, view.clone(), &params).map(drop));
                    }
                    if facts.of_all && (value == 7 || value == json!({})) {
                        failed(seat.check_all(rule, Objects::new(all.clone()), &params).map(drop));
                    }
                }
            }
        }
    }
    (tried.len(), failures)
}

fn whatever_the_index(path: &[Step]) -> String {
    path.iter().map(|step| if let Step::Key(key) = step { key } else { "*" }).collect::<Vec<_>>().join("/")
}

/// Every node but those by which an object is known as one, and what is put there.
fn changes(object: &Value) -> Vec<(Vec<Step>, Value)> {
    let mut paths = Vec::new();
    walk(object, &mut Vec::new(), &mut paths);
    paths.retain(|path| *path != [Step::from("kind")] && *path != [Step::from("apiVersion")]);
    let values = [json!(7), json!("x"), json!([]), json!({}), Value::Null, json!(true), json!([[]]), json!({ "a": 7 })];
    paths.iter().flat_map(|path| values.iter().map(|value| (path.clone(), value.clone()))).collect()
}

fn walk(value: &Value, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    if !path.is_empty() {
        found.push(path.clone());
    }
    let children: Vec<(Step, &Value)> = match value {
        Value::Array(list) => list.iter().enumerate().map(|(at, item)| (Step::Index(at), item)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (Step::Key(key.clone()), item)).collect(),
        _ => return,
    };
    for (step, child) in children {
        path.push(step);
        walk(child, path, found);
        path.pop();
    }
}
