//! Cases of other systems that are kept beside the project, or in the folder that `IDP_CASES` names. Each file prints how
//! many of its cases are met, and names those that aren't and those that can't apply.

use std::path::PathBuf;

use idp_run::formats::gotemplate::{Data, Dialect, Limits, Numbers, Options, Template, application_set};
use serde_json::Value;

mod application_sets;
mod projects;

/// The text of a file of cases, and nothing if there is no such file.
fn text_of(name: &str) -> Option<String> {
    let folder = std::env::var_os("IDP_CASES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"), PathBuf::from);
    let file = folder.join(name);
    let text = std::fs::read_to_string(&file);
    if text.is_err() {
        println!("{name}: skipped, there is no {}", file.display());
    }
    text.ok()
}

/// The cases of a file with a line each, and nothing if there is no such file.
fn cases(name: &str) -> Option<Vec<Value>> {
    let text = text_of(name)?;
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Prints what became of the cases, and fails if one isn't met.
fn conclude(name: &str, met: usize, failed: &[String], apart: &[String]) {
    println!("{name}: {met} of {}", met + failed.len());
    for line in apart {
        println!("{name}: not applicable: {line}");
    }
    for line in failed {
        println!("{name}: failed: {line}");
    }
    assert!(failed.is_empty(), "{name}: {} failed", failed.len());
}

fn shown(number: usize, case: &Value) -> String {
    format!("line {} {} {}", number + 1, case["test"].as_str().unwrap_or_default(), case["tpl"])
}

#[test]
fn go_template() {
    let Some(cases) = cases("go_template.jsonl") else { return };
    let (mut met, mut failed) = (0, Vec::new());
    for (number, case) in cases.iter().enumerate() {
        let mut options = Options::default();
        for option in case["opts"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            options.set(option).unwrap();
        }
        // The values are those of a test in Go, where whole numbers are integers.
        let data = Data::new(&case["vars"], Numbers::Typed);
        let text = case["tpl"].as_str().unwrap_or_default();
        let result = application_set::render(text, &data, &options, &Limits::default());
        let fits = match (&result, case["error"].as_str()) {
            (Ok(text), None) => case["expect"] == text.as_str(),
            (Err(error), Some(expected)) => error.message == expected,
            _ => false,
        };
        if fits {
            met += 1;
        } else {
            failed.push(format!("{}: {result:?}", shown(number, case)));
        }
    }
    conclude("go_template", met, &failed, &[]);
}

/// Why a case of sprig can't apply.
fn apart(case: &Value) -> Option<&'static str> {
    let text = case["tpl"].as_str().unwrap_or_default();
    let names: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(name));
    if case["file"].as_str().is_some_and(|file| file.contains("windows")) {
        return Some("paths of Windows");
    }
    if has(&["now", "ago"]) || case["vars"].to_string().contains("$time") {
        return Some("it depends on the clock");
    }
    if has(&["env", "expandenv", "getHostByName"]) {
        return Some("it depends on the environment, which templates don't see");
    }
    if has(&["shuffle", "uuidv4", "bcrypt", "htpasswd"])
        || names.iter().any(|name| name.starts_with("rand") || name.starts_with("gen"))
    {
        return Some("it depends on chance");
    }
    if case["expect"].as_str().is_some_and(|expected| expected.contains("fixtureTO")) {
        return Some("the value is of a type of the test");
    }
    None
}

#[test]
fn sprig() {
    let Some(cases) = cases("sprig.jsonl") else { return };
    let (mut met, mut failed, mut aside) = (0, Vec::new(), Vec::new());
    let options = Options { dialect: Dialect::Sprig, ..Options::default() };
    for (number, case) in cases.iter().enumerate() {
        if let Some(reason) = apart(case) {
            aside.push(format!("{}: {reason}", shown(number, case)));
            continue;
        }
        let data = Data::new(&case["vars"], Numbers::Typed);
        let template = Template::parse("test", case["tpl"].as_str().unwrap_or_default(), &options);
        let result = template.and_then(|template| template.render(&data, &Limits::default()));
        // Tests whose name ends so look at the error alone, and their text is what the function gave beside it.
        let is_error = case["test"].as_str().is_some_and(|test| test.ends_with("Err"));
        let fits = match &result {
            Ok(text) => case["expect"] == text.as_str(),
            Err(_) => is_error,
        };
        if fits {
            met += 1;
        } else {
            failed.push(format!("{}: {result:?}", shown(number, case)));
        }
    }
    conclude("sprig", met, &failed, &aside);
}

/// What Go 1.26 with sprig 3.3 gave, or said, for templates that were made at random. The first line has the values.
#[test]
fn go_renders() {
    let mut lines = include_str!("go_renders.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let shared = lines.next().unwrap_or_default();
    let (mut met, mut failed) = (0, Vec::new());
    for (number, case) in lines.enumerate() {
        let mut options = Options::default();
        for option in case["opts"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            options.set(option).unwrap();
        }
        let own = case.get("vars");
        let data = match own {
            Some(values) => Data::new(values, Numbers::Floats),
            None => Data::new(&shared["vars"], Numbers::Typed),
        };
        let template = Template::parse("base", case["tpl"].as_str().unwrap_or_default(), &options);
        let result = template.and_then(|template| template.render(&data, &Limits::default()));
        let fits = match &result {
            Ok(text) => case["expect"] == text.as_str(),
            Err(error) => case["error"] == error.message.as_str(),
        };
        if fits {
            met += 1;
        } else {
            failed.push(format!("{}: {result:?}", shown(number + 1, &case)));
        }
    }
    conclude("go_renders", met, &failed, &[]);
}
