//! The list of primitives: complete, in order, documented, and every example in the documentation runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use idp_run::error::codes;
use idp_run::library::Library;
use idp_run::primitives;
use idp_run::script::reference::{self, Chapter, Of};
use regex::Regex;

use crate::workspace::{Said, Workspace};

/// Files of the folder that are no primitives.
const HELPERS: [(&str, &str); 3] = [
    ("captured", "finds what closures change"),
    ("options", "reads the trailing maps of all functions"),
    ("value", "turns values into JSON and back"),
];

/// Everything that is built in, as the reference has it.
fn chapters() -> Vec<Chapter> {
    reference::all(&Library::new(Path::new(env!("CARGO_MANIFEST_DIR")))).unwrap()
}

/// The `"idp::..."` literals of a folder's sources, less those of tests.
fn codes_in(folder: &str) -> BTreeSet<String> {
    let literal = Regex::new(r#""(idp(?:::[a-z_]+)+)""#).unwrap();
    let mut found = BTreeSet::new();
    // Below the root: the tree itself may lie in a folder called tests.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut todo = vec![root.join(folder)];
    while let Some(path) = todo.pop() {
        let shown = path.strip_prefix(root).unwrap().display().to_string();
        if path.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if shown.ends_with(".rs") && !shown.ends_with("tests.rs") && !shown.contains("/tests/") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            found.extend(literal.captures_iter(code).map(|found| found[1].to_string()));
        }
    }
    found
}

/// Runs scripts in a copy of the example, several at a time, as plans; `wrong` says what is wrong with an outcome.
fn plan_all(scripts: &[(String, String)], wrong: impl Fn(&str, &Said) -> Option<String> + Sync) {
    let acme = Workspace::acme();
    let todo = Mutex::new(scripts.iter().enumerate());
    let offences = Mutex::new(String::new());
    let next = || todo.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((number, (about, text))) = next() {
                    let name = format!("example{number}.rhai");
                    acme.write(&name, text);
                    let said = acme.idp(&[&name, "--plan", "--output", "json"]);
                    if let Some(wrong) = wrong(about, &said) {
                        offences.lock().unwrap().push_str(&format!("{about}: {wrong}\n{text}{said}\n"));
                    }
                }
            });
        }
    });
    let offences = offences.into_inner().unwrap();
    assert!(offences.is_empty(), "{offences}");
    assert!(!acme.has_state(), "a plan leaves no file");
}

#[test]
fn every_folder_is_listed_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/primitives");
    let mut there: BTreeSet<String> = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        there.insert(name.trim_end_matches(".rs").to_string());
    }
    there.remove("mod");
    for (helper, why) in HELPERS {
        assert!(there.remove(helper), "{helper} ({why}) is gone: take it off this list, too");
    }
    let listed: Vec<&str> = primitives::all().iter().map(|primitive| primitive.name).collect();
    assert!(listed.is_sorted(), "primitives::all() is alphabetical: {listed:?}");
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(listed, there, "src/primitives/mod.rs lists every folder and file of src/primitives");
}

#[test]
fn every_function_is_documented_with_an_example() {
    let chapters = chapters();
    let mut offences = String::new();
    let mut number = 0;
    for chapter in &chapters {
        if chapter.about.len() < 20 || chapter.about == "What scripts see." {
            offences.push_str(&format!(
                "{}: nothing says what it is about (the doc comment of its module)\n",
                chapter.name
            ));
        }
        for entry in &chapter.entries {
            number += entry.usages.len();
            for usage in &entry.usages {
                if usage.about.is_empty() {
                    offences.push_str(&format!("{}: {} has no documentation\n", chapter.name, usage.signature));
                } else if usage.examples.is_empty() {
                    offences.push_str(&format!("{}: {} has no ```rhai example\n", chapter.name, usage.signature));
                }
            }
        }
    }
    assert!(number > 60, "only {number} functions were found");
    assert!(offences.is_empty(), "{offences}");
}

#[test]
fn every_example_runs() {
    let mut scripts = BTreeSet::new();
    // Those of test files run as tests, elsewhere.
    for chapter in chapters().into_iter().filter(|chapter| chapter.of != Of::Test) {
        for usage in chapter.entries.iter().flat_map(|entry| &entry.usages) {
            scripts.extend(usage.examples.iter().map(|text| (chapter.name.clone(), text.clone())));
        }
    }
    assert!(scripts.len() > 50, "only {} examples were found", scripts.len());
    let scripts: Vec<_> = scripts.into_iter().collect();
    plan_all(&scripts, |_, said| (said.code != 0).then(|| "the example fails".to_string()));
}

#[test]
fn every_error_code_is_explained() {
    let mut used = codes_in("src");
    // The families of the rules of `check` and of policies, which have their own words.
    used.retain(|code| !["idp::check", "idp::audit"].contains(&code.as_str()));
    let known: BTreeSet<String> = codes::all().iter().map(|meaning| meaning.code.to_string()).collect();
    let missing: Vec<_> = used.difference(&known).collect();
    assert!(missing.is_empty(), "docs/errors.md needs an entry for {missing:?}, with cause and cure");
    let stale: Vec<_> = known.difference(&used).collect();
    assert!(stale.is_empty(), "docs/errors.md has entries that nothing throws: {stale:?}");
}

#[test]
fn every_error_example_ends_in_its_code() {
    let examples =
        codes::all().iter().filter_map(|meaning| Some((meaning.code.to_string(), meaning.example?.to_string())));
    let scripts: Vec<_> = examples.collect();
    assert!(scripts.len() > 40, "only {} examples", scripts.len());
    plan_all(&scripts, |code, said| (said.error() != code).then(|| format!("it ended in `{}`", said.error())));
}

/// What a primitive throws is said by a function: its own, or that of another primitive that goes through it.
#[test]
fn every_error_of_a_primitive_is_documented() {
    // Any call may end in these: they are explained where they are met.
    let common = ["argument", "arguments", "depth", "no_run", "option"].map(|what| format!("idp::script::{what}"));
    let mut offences = String::new();
    let chapters = reference::primitives();
    let entries = chapters.iter().flat_map(|chapter| &chapter.entries);
    let said: BTreeSet<&str> = entries.flat_map(|entry| entry.errors.iter().map(String::as_str)).collect();
    for code in said.iter().filter(|code| codes::find(code).is_none()) {
        offences.push_str(&format!("the documentation names {code}, which isn't a code\n"));
    }
    for chapter in chapters.iter().filter(|chapter| chapter.of == Of::Primitive) {
        let folder = format!("src/primitives/{}", chapter.name);
        let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).is_dir();
        for code in codes_in(&if there { folder } else { format!("{folder}.rs") }) {
            if !said.contains(code.as_str()) && code != "idp::io" && !common.contains(&code) {
                offences.push_str(&format!("{}: no `Errors:` line of a function names {code}\n", chapter.name));
            }
        }
    }
    assert!(offences.is_empty(), "{offences}");
}

#[test]
fn the_reference_pages_are_up_to_date() {
    let files = reference::pages(&chapters());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let drift = reference::drift(&files, &folder).unwrap();
    assert!(drift.is_empty(), "`cargo run -- reference` writes {drift:?}");
}
