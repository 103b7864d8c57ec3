//! The parts of kinds that are built in, against the whole definitions of their tools.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use idp_run::schemas::{Found, Schemas};
use serde_json::Value;

/// What is built in of the tools around Kubernetes, against their whole CRDs where those are at hand.
#[test]
fn parts_that_are_built_in_agree_with_the_whole() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas/platform-crds.json.zst");
    let output = Command::new("zstd").arg("-dc").arg(&file).output();
    let Some(output) = output.ok().filter(|output| file.is_file() && output.status.success()) else {
        println!("skipped: there is no {}, or no zstd to unpack it", file.display());
        return;
    };
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schemas = Schemas::embedded(Schemas::newest()).unwrap();
    let (mut compared, mut apart) = (0, Vec::new());
    for definition in schemas.definitions() {
        for version in &definition.versions {
            let name = format!("{}/{}_{}.json", definition.group, definition.kind.to_lowercase(), version.name);
            let Some(whole) = whole.get(&name) else {
                println!("skipped: {name} is not there");
                continue;
            };
            let Found::Known(_) = schemas.find(&definition.api_version(&version.name), &definition.kind) else {
                panic!("{name}")
            };
            compared += 1;
            compare(&definition.kind, &version.schema, whole, &mut apart);
        }
    }
    // Newer than the definitions that it is compared with: argo-cd 3.6 has it.
    apart
        .retain(|line| !(line.starts_with("ApplicationSet.spec.generators[]") && line.ends_with(": oci is not there")));
    println!("{compared} kinds compared");
    assert!(apart.is_empty(), "{}", apart.join("\n"));
    assert!(compared > 25);
}

/// Our part may say less, and nothing else: no other types, no fields that aren't there, none missing where it is closed.
fn compare(path: &str, part: &Value, whole: &Value, apart: &mut Vec<String>) {
    let open = |schema: &Value| schema["x-kubernetes-preserve-unknown-fields"] == true;
    let kind = &part["type"];
    if kind.is_null() {
        return;
    }
    if *kind != whole["type"] {
        apart.push(format!("{path}: {kind} here, {} there", whole["type"]));
        return;
    }
    let set = |schema: &Value, key: &str| -> BTreeSet<String> {
        schema[key].as_array().into_iter().flatten().map(ToString::to_string).collect()
    };
    for key in ["enum", "pattern", "format"] {
        if !part[key].is_null() && (part[key] != whole[key] && set(part, key) != set(whole, key)) {
            apart.push(format!("{path}: {key} {} here, {} there", part[key], whole[key]));
        }
    }
    if part["items"].is_object() {
        compare(&format!("{path}[]"), &part["items"], &whole["items"], apart);
    }
    if part["additionalProperties"].is_object() {
        compare(&format!("{path}.*"), &part["additionalProperties"], &whole["additionalProperties"], apart);
        return;
    }
    // What an API server adds to every object isn't said everywhere.
    let is_root = |key: &str| !path.contains('.') && ["apiVersion", "kind", "metadata", "status"].contains(&key);
    let (ours, theirs) = (part["properties"].as_object(), whole["properties"].as_object());
    for (key, schema) in ours.into_iter().flatten().filter(|(key, _)| !is_root(key)) {
        match theirs.and_then(|theirs| theirs.get(key)) {
            Some(there) => compare(&format!("{path}.{key}"), schema, there, apart),
            None if open(whole) => {}
            None => apart.push(format!("{path}: {key} is not there")),
        }
    }
    let missing = set(part, "required").difference(&set(whole, "required")).cloned().collect::<Vec<_>>();
    if !missing.is_empty() {
        apart.push(format!("{path}: {missing:?} is required here alone"));
    }
    if !open(part) && kind == "object" {
        // Some files of the catalog list a keyword among the fields.
        let fields = theirs.into_iter().flatten().filter(|(key, schema)| schema.is_object() && !is_root(key));
        let lacks = fields.filter(|(key, _)| ours.is_none_or(|ours| !ours.contains_key(*key)));
        apart.extend(lacks.map(|(key, _)| format!("{path}: {key} is missing here")));
    }
}
