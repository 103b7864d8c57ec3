//! The list of primitives: complete, in order, documented, and every example in the documentation runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use idp_run::primitives;
use serde_json::Value;

use crate::workspace::Workspace;

/// Files of the folder that are no primitives.
const HELPERS: [(&str, &str); 3] = [
    ("captured", "finds what closures change"),
    ("options", "reads the trailing maps of all functions"),
    ("value", "turns values into JSON and back"),
];

/// A function that scripts can call, with its documentation.
struct Function {
    primitive: &'static str,
    signature: String,
    doc: String,
}

fn functions() -> Vec<Function> {
    let mut found = Vec::new();
    for primitive in primitives::all() {
        let of = |(signature, doc)| Function { primitive: primitive.name, signature, doc };
        found.extend(documented(&primitive.module).into_iter().map(of));
    }
    found
}

/// The signatures and the documentation of a module's functions.
pub fn documented(module: &rhai::Shared<rhai::Module>) -> Vec<(String, String)> {
    let mut engine = rhai::Engine::new_raw();
    engine.register_global_module(module.clone());
    let metadata: Value = serde_json::from_str(&engine.gen_fn_metadata_to_json(false).unwrap()).unwrap();
    let mut found = Vec::new();
    for function in metadata["functions"].as_array().unwrap() {
        let lines = function["docComments"].as_array().cloned().unwrap_or_default();
        let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
        let lines = lines.join("\n");
        let doc: Vec<&str> = lines.lines().map(|line| line.trim_start().trim_start_matches("///")).collect();
        let doc = doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
        found.push((function["signature"].as_str().unwrap().to_string(), doc));
    }
    found
}

/// The ```rhai blocks of a documentation.
pub fn examples(doc: &str) -> Vec<String> {
    let blocks = doc.split("```rhai\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_string()).collect()
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
    let functions = functions();
    assert!(functions.len() > 60, "only {} functions were found", functions.len());
    let mut offences = String::new();
    for function in functions {
        let words = function.doc.split("```").next().unwrap_or_default().trim();
        if words.is_empty() {
            offences.push_str(&format!("{}: {} has no documentation\n", function.primitive, function.signature));
        } else if examples(&function.doc).is_empty() {
            offences.push_str(&format!("{}: {} has no ```rhai example\n", function.primitive, function.signature));
        }
    }
    assert!(offences.is_empty(), "{offences}");
}

#[test]
fn every_declaration_of_options_is_listed_and_documented() {
    let signatures: BTreeSet<String> = functions().into_iter().map(|function| function.signature).collect();
    let mut declared = BTreeSet::new();
    for call in primitives::options() {
        assert!(declared.insert((call.on, call.function)), "{} {} is listed twice", call.on, call.function);
        let parameters = call.arguments + usize::from(!call.on.is_empty());
        let fits = |signature: &&String| {
            let inside = signature.split_once('(').unwrap().1.rsplit_once(')').unwrap().0;
            let parameters_of = inside.split(", ").filter(|part| !part.is_empty()).count();
            signature.starts_with(&format!("{}(", call.function))
                && (call.on.is_empty() || inside.contains(&format!("&mut {}", call.on)))
                && parameters_of == parameters
        };
        let found: Vec<&String> = signatures.iter().filter(fits).collect();
        assert_eq!(found.len(), 1, "{} {} with {parameters} parameters: {found:?}", call.on, call.function);
        assert!(call.known.iter().all(|option| !option.about.is_empty()), "{} {}", call.on, call.function);
    }
    // What is read is declared, and what is declared is listed.
    let mut constants = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/primitives")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                constants += fs::read_to_string(&path).unwrap().matches(": CallOptions = CallOptions {").count();
            }
        }
    }
    assert_eq!(constants, declared.len(), "primitives::options() lists every `CallOptions`");
}

#[test]
fn every_example_runs() {
    let examples: BTreeSet<(String, &str)> = functions()
        .iter()
        .flat_map(|function| examples(&function.doc).into_iter().map(|text| (text, function.primitive)))
        .collect();
    assert!(examples.len() > 50, "only {} examples were found", examples.len());
    let acme = Workspace::acme();
    let todo: Vec<(usize, &(String, &str))> = examples.iter().enumerate().collect();
    let todo = Mutex::new(todo.into_iter());
    let offences = Mutex::new(String::new());
    let next = || todo.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((number, (text, primitive))) = next() {
                    let name = format!("example{number}.rhai");
                    acme.write(&name, text);
                    let said = acme.idp(&[&name, "--plan"]);
                    if said.code != 0 {
                        let line = format!("{primitive}:\n{text}{said}\n");
                        offences.lock().unwrap().push_str(&line);
                    }
                }
            });
        }
    });
    let offences = offences.into_inner().unwrap();
    assert!(offences.is_empty(), "{offences}");
    assert!(!acme.has_state(), "a plan leaves no file");
}
