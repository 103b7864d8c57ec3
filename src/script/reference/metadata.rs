//! From what the engine knows of its functions, and the words above them, to entries of the reference.

use rhai::{Engine, ScriptFnMetadata};
use serde_json::Value;

use super::entry::{Entry, Kind, OptionRow, Parameter, Usage};
use crate::primitives;
use crate::primitives::options::CallOptions;

/// Whose functions an engine has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engines {
    /// Those of one primitive.
    OnlyOurs,
    /// Those of Rhai's packages.
    Packages,
}

/// The functions of an engine, those of one name together.
pub fn entries(engine: &Engine, engines: Engines) -> Vec<Entry> {
    let json = engine.gen_fn_metadata_to_json(engines == Engines::Packages).unwrap_or_default();
    let data: Value = serde_json::from_str(&json).unwrap_or_default();
    let mut entries: Vec<Entry> = Vec::new();
    for function in data["functions"].as_array().into_iter().flatten() {
        let name = function["name"].as_str().unwrap_or_default();
        // `to_debug` is the same as `to_string`; setters and indexers of packages aren't called by name.
        let hidden = name == "to_debug" || name.starts_with("set$") || name.starts_with("index$");
        let operator = !name.starts_with("get$") && !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if name.is_empty() || hidden || (operator && engines == Engines::Packages) {
            continue;
        }
        add(&mut entries, of_function(name, function));
    }
    for entry in &mut entries {
        join_options(&mut entry.usages);
        entry.errors.sort();
        entry.errors.dedup();
    }
    entries.sort_by(|a, b| (a.on.is_some(), a.kind, &a.on, &a.name).cmp(&(b.on.is_some(), b.kind, &b.on, &b.name)));
    entries
}

fn add(entries: &mut Vec<Entry>, entry: Entry) {
    match entries.iter_mut().find(|there| there.title == entry.title && there.kind == entry.kind) {
        Some(there) => {
            there.usages.extend(entry.usages);
            there.usages.sort_by(|a, b| {
                (a.parameters.len(), a.signature.as_str()).cmp(&(b.parameters.len(), b.signature.as_str()))
            });
            there.errors.extend(entry.errors);
        }
        None => entries.push(entry),
    }
}

/// An overload that only adds `options` is the same call with an argument that may be left out.
fn join_options(usages: &mut Vec<Usage>) {
    let mut at = 0;
    while at < usages.len() {
        let longer = usages.iter().position(|other| {
            other.parameters.len() == usages[at].parameters.len() + 1
                && other.parameters[..usages[at].parameters.len()] == usages[at].parameters[..]
                && other.parameters.last().is_some_and(|last| last.name == "options")
        });
        let Some(longer) = longer else {
            at += 1;
            continue;
        };
        let mut with = usages.remove(longer);
        let at_now = if longer < at { at - 1 } else { at };
        let plain = &mut usages[at_now];
        if let Some(last) = with.parameters.last_mut() {
            last.optional = true;
        }
        plain.signature = with.signature.replace("options: map", "options?: map");
        plain.parameters = with.parameters;
        plain.options = with.options;
        plain.open = with.open;
        plain.about = format!("{}\n\n{}", plain.about, with.about);
        plain.examples.extend(with.examples);
    }
}

fn of_function(name: &str, function: &Value) -> Entry {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let parameters: Vec<(String, String)> = function["params"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| (text(&parameter["name"]), text(&parameter["type"])))
        .filter(|(_, kind)| kind != "NativeCallContext")
        .collect();
    let comments: Vec<String> = function["docComments"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let (about, examples, errors) = parts(&comments.join("\n"));
    let property = name.strip_prefix("get$");
    let operator = property.is_none() && !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let name = property.unwrap_or(name);
    // Builders take what they are called on as a value.
    let builder = function["namespace"] == "global" && !operator;
    let called_on = |kind: &str| kind.starts_with("&mut ") || (builder && plain(kind).starts_with(char::is_uppercase));
    let receiver = parameters.first().filter(|(_, kind)| called_on(kind)).cloned();
    let on = receiver.as_ref().map(|(_, kind)| plain(kind));
    let inside = if receiver.is_some() { &parameters[1..] } else { &parameters[..] };
    let inside: Vec<Parameter> = inside
        .iter()
        .map(|(name, kind)| Parameter { name: name.clone(), takes: takes(name, kind), optional: false })
        .collect();
    let returns = plain(function["returnType"].as_str().unwrap_or_default());
    let (kind, title) = match &receiver {
        _ if operator => (Kind::Operator, name.to_string()),
        Some((receiver, _)) if property.is_some() => (Kind::Property, format!("{receiver}.{name}")),
        Some((receiver, _)) => (Kind::Method, format!("{receiver}.{name}")),
        None => (Kind::Function, name.to_string()),
    };
    let signature = match kind {
        Kind::Property => format!("{title}: {returns}"),
        Kind::Operator => {
            let sides: Vec<&str> =
                on.iter().map(String::as_str).chain(inside.iter().map(|side| side.takes.as_str())).collect();
            format!("{} -> {returns}", sides.join(&format!(" {name} ")))
        }
        _ => signature(&title, &inside, &returns),
    };
    let call = options(name, on.as_deref().unwrap_or_default(), inside.len());
    let mut errors = errors;
    if call.is_some() {
        errors.push("idp::script::option".into());
    }
    let rows = call.map(|call| call.known).unwrap_or_default().iter().map(|option| OptionRow {
        key: option.key.into(),
        takes: option.takes.words().into(),
        default: option.default.into(),
        about: option.about.into(),
    });
    let usage = Usage {
        signature,
        parameters: inside,
        returns,
        about,
        options: rows.collect(),
        open: call.is_some_and(|call| call.open),
        examples,
    };
    Entry { name: name.to_string(), title, kind, on, usages: vec![usage], errors }
}

/// The declared options of a call.
fn options(function: &str, on: &str, arguments: usize) -> Option<&'static CallOptions> {
    let all = primitives::options().chain(super::super::harness::options());
    all.into_iter().find(|call| call.function == function && call.on == on && call.arguments == arguments)
}

/// A function of a script that others import.
pub fn of_script(module: &str, function: &ScriptFnMetadata<'_>) -> Entry {
    let (about, examples, errors) = parts(&function.comments.join("\n"));
    let parameters: Vec<Parameter> = function
        .params
        .iter()
        .map(|name| Parameter { name: (*name).to_string(), takes: String::new(), optional: false })
        .collect();
    let names: Vec<&str> = function.params.to_vec();
    let short = module.rsplit('/').next().unwrap_or(module);
    let usage = Usage {
        signature: format!("{short}::{}({})", function.name, names.join(", ")),
        parameters,
        returns: String::new(),
        about,
        options: Vec::new(),
        open: false,
        examples,
    };
    let title = format!("{module}::{}", function.name);
    Entry { name: function.name.to_string(), title, kind: Kind::Function, on: None, usages: vec![usage], errors }
}

fn signature(title: &str, parameters: &[Parameter], returns: &str) -> String {
    let inside: Vec<String> =
        parameters.iter().map(|parameter| format!("{}: {}", parameter.name, parameter.takes)).collect();
    match returns {
        "()" => format!("{title}({})", inside.join(", ")),
        _ => format!("{title}({}) -> {returns}", inside.join(", ")),
    }
}

/// The words of a documentation, its examples, and the codes of its line `Errors: ...`.
fn parts(doc: &str) -> (String, Vec<String>, Vec<String>) {
    let (words, examples) = words(doc);
    let mut about = Vec::new();
    let mut errors = Vec::new();
    for paragraph in words.split("\n\n") {
        match paragraph.strip_prefix("Errors: ") {
            Some(codes) => errors.extend(codes.split('`').skip(1).step_by(2).map(str::to_owned)),
            None => about.push(paragraph),
        }
    }
    (about.join("\n\n"), examples, errors)
}

/// A doc comment without its marks: paragraphs on one line each, and the scripts in it.
pub fn words(doc: &str) -> (String, Vec<String>) {
    let line = |line: &str| {
        let line = line.trim_start();
        let line = ["///", "//!", "/**", "*/"].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).to_string()
    };
    let text: Vec<String> = doc.lines().map(line).collect();
    let mut words = String::new();
    let mut examples = Vec::new();
    let mut example: Option<String> = None;
    for line in text {
        match (&mut example, line.trim_start().starts_with("```")) {
            (None, true) => example = Some(String::new()),
            (Some(_), true) => examples.extend(example.take()),
            (Some(example), false) => {
                example.push_str(&line);
                example.push('\n');
            }
            (None, false) => {
                words.push_str(&line);
                words.push('\n');
            }
        }
    }
    let paragraphs = words.trim().split("\n\n").map(|paragraph| {
        // Lists and headings keep their lines; running text is one line.
        match paragraph.lines().any(|line| line.starts_with(['-', '*', '#', '|'])) {
            true => paragraph.to_string(),
            false => paragraph.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    });
    let kept: Vec<String> = paragraphs.filter(|text| !text.is_empty() && text != "# Example").collect();
    (kept.join("\n\n"), examples)
}

fn takes(name: &str, kind: &str) -> String {
    match (name, plain(kind).as_str()) {
        ("edit", "any") => "Tree | function".into(),
        (_, plain) => plain.into(),
    }
}

/// The type that scripts know for one of Rust.
fn plain(kind: &str) -> String {
    let kind = kind.trim().trim_start_matches("&mut ").trim_start_matches('&');
    let kind = kind.strip_prefix("RhaiResultOf<").and_then(|inner| inner.strip_suffix('>')).unwrap_or(kind);
    let kind = kind.strip_prefix("Result<").and_then(|inner| inner.split(',').next()).unwrap_or(kind);
    match kind.rsplit("::").next().unwrap_or(kind).trim() {
        "str" | "string" | "String" | "ImmutableString" => "text".into(),
        "i64" | "INT" | "int" => "int".into(),
        "f64" | "FLOAT" | "float" => "float".into(),
        "Array" | "array" => "list".into(),
        "Map" | "map" => "map".into(),
        "FnPtr" | "Fn" => "function".into(),
        "Dynamic" | "" | "?" => "any".into(),
        other => other.into(),
    }
}
