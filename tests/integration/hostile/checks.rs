//! What must hold for any bytes: a function for each thing that reads what others wrote. The fuzz targets of `fuzz/`
//! include this file; `corpus.rs` runs the same functions over the corpus and over its mutations.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use idp_run::config::Limits;
use idp_run::formats::gotemplate::{Data, Limits as Bounds, Numbers, Options, Template};
use idp_run::formats::skeleton::{SourceFile, render};
use idp_run::formats::yaml::{self, Edit, Step};
use idp_run::library::{Library, Script, header};
use idp_run::primitives::key::Key;
use idp_run::report::{Event, Sink};
use idp_run::script::{Ended, Fence, Host, Progress};
use idp_run::world::forge::{RepoId, check_path};
use serde_json::{Value, json};

/// A target: its name, which is its folder in the corpus, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 6] = [
    ("yaml_read", yaml_read),
    ("yaml_edit", yaml_edit),
    ("template", template),
    ("key", key),
    ("script", script),
    ("go_template", go_template),
];

/// What is read can be written, and is read as the same; every value has a place within the text.
pub fn yaml_read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(documents) = yaml::parse("fuzz.yaml", text) else { return };
    let lines = text.split('\n').count() + text.matches('\r').count();
    for document in &documents {
        places(document, &document.value, &mut Vec::new(), lines);
        let written = yaml::render(&document.value);
        let again = yaml::parse("written.yaml", &written);
        let again: Vec<Value> = again
            .unwrap_or_else(|error| panic!("{error}\n{written}"))
            .into_iter()
            .map(|document| document.value)
            .collect();
        if !document.value.is_null() {
            assert_eq!(again, std::slice::from_ref(&document.value), "{written}");
        }
    }
}

fn places(document: &yaml::Document, value: &Value, path: &mut Vec<Step>, lines: usize) {
    let place = document.place(path);
    assert!((1..=lines).contains(&place.line), "{place} of {lines} lines");
    let children: Vec<(Step, &Value)> = match value {
        Value::Array(list) => list.iter().enumerate().map(|(at, item)| (Step::Index(at), item)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (Step::Key(key.clone()), item)).collect(),
        _ => return,
    };
    // A bomb of aliases is bounded; its places would take long all the same.
    for (step, child) in children.into_iter().take(50) {
        path.push(step);
        if path.len() < 8 {
            places(document, child, path, lines);
        }
        path.pop();
    }
}

/// An edit is exact or refused: `path NUL value NUL text`, with each of the four edits.
pub fn yaml_edit(data: &[u8]) {
    let Ok(all) = std::str::from_utf8(data) else { return };
    let mut parts = all.splitn(3, '\0');
    let (Some(path), Some(value), Some(text)) = (parts.next(), parts.next(), parts.next()) else { return };
    let Ok(path) = yaml::parse_path(path) else { return };
    let value: Value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    let Ok(before) = yaml::parse("fuzz.yaml", text) else { return };
    let Some(before) = before.into_iter().next().map(|document| document.value) else { return };
    let edits = [
        Edit::Set { path: path.clone(), value: value.clone() },
        Edit::Add { path: path.clone(), key: "added".into(), value: value.clone() },
        Edit::Append { path: path.clone(), value: value.clone() },
        Edit::Remove { path: path.clone() },
    ];
    for edit in edits {
        let Ok(after) = yaml::edit("fuzz.yaml", text, 0, &edit) else { continue };
        let after = yaml::parse("after.yaml", &after).unwrap_or_else(|error| panic!("{error}\n{after}"));
        let after = after.into_iter().next().map(|document| document.value).unwrap_or_default();
        match edit {
            Edit::Set { .. } => assert!(yaml::get(&after, &path).is_some_and(|there| same(there, &value)), "{after}"),
            Edit::Append { .. } => {
                let last = yaml::get(&after, &path).and_then(Value::as_array).and_then(|list| list.last());
                assert!(last.is_some_and(|there| same(there, &value)), "{after}");
            }
            Edit::Add { .. } => {
                let added = yaml::get(&after, &path).and_then(|map| map.get("added"));
                assert!(added.is_some_and(|there| same(there, &value)), "{after}");
            }
            Edit::Remove { .. } => assert_ne!(after, before),
        }
    }
}

/// Equal but for the sign of a zero, which YAML's whole numbers don't have.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// Rendering ends, stays within its bounds, and gives paths that may be written.
pub fn template(data: &[u8]) {
    let (name, text) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => (String::from_utf8_lossy(&data[..at]).into_owned(), &data[at + 1..]),
        None => ("a.txt".to_string(), data),
    };
    // What multiplies texts is bounded by the fence of a script's thread, which isn't here.
    if text.contains(&b'*') || text.contains(&b'~') || name.contains(['*', '~']) {
        return;
    }
    let values = json!({ "name": "payments", "list": [1, "two", { "three": 3 }], "flag": true, "text": "a: b # c\n" });
    let files = [SourceFile { path: name, executable: false, bytes: Cow::Owned(text.to_vec()) }];
    let Ok(rendered) = render("fuzz", &files, &values) else { return };
    for file in rendered {
        assert!(file.bytes.len() <= idp_run::formats::skeleton::FILE_LIMIT.max(text.len()));
        inside(&file.path);
    }
}

/// Names that are accepted are what they say: inside, not Git's own, and the same when they are read back.
pub fn key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if check_path(text).is_ok() {
        inside(text);
    }
    if let Ok(repo) = RepoId::parse(text, "acme") {
        assert_eq!(RepoId::parse(&repo.to_string(), "other").unwrap(), repo);
        inside(&repo.to_string());
    }
    if let Ok(path) = yaml::parse_path(text) {
        let mut value = json!({ "a": [{ "b": 1 }] });
        let _ = (yaml::get(&value, &path).is_some(), yaml::get_mut(&mut value, &path).is_some());
    }
    if let Ok(key) = Key::parse(text) {
        assert_eq!(Key::parse(&key.to_string()).unwrap().to_string(), key.to_string());
        for name in [key.namespace(), key.application(), key.component(), key.repository(), key.infra_namespace()] {
            assert!(name.len() <= 63 && !name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
        inside(&key.folder());
    }
}

/// A path that somebody may write to, told without the rule that let it pass.
fn inside(path: &str) {
    assert!(!path.is_empty() && !path.starts_with('/') && !path.contains(['\0', '\n', '\\']), "{path:?}");
    for part in path.split('/') {
        let plain = part.to_lowercase();
        assert!(!matches!(plain.as_str(), "" | "." | ".." | ".git" | "git~1"), "{path:?}");
    }
}

struct Nothing;

impl Sink for Nothing {
    fn emit(&self, _: Event) {}
}

/// Loading a script ends: its header, its compiling, and what its `params()` declares.
pub fn script(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let limits = Limits { time: Duration::from_millis(100), memory: 32 << 20 };
    let _ = header(text);
    let script = Script { name: "fuzz".into(), shown: "fuzz.rhai".into(), folder: None, text: text.into() };
    let progress = Progress::new(limits.memory);
    let watched = progress.clone();
    let load = move || {
        let library = Library::new(Path::new("/nowhere"));
        let Ok(host) = Host::compile(script, &library, Arc::new(Nothing), watched) else { return };
        let _ = host.declared().map_err(|error| idp_run::script::diagnose(&host, *error));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ended = runtime.block_on(async { Fence::start(limits, &progress, load).unwrap().ended().await });
    assert!(matches!(ended, Ended::Itself { .. }), "{ended:?}");
}

/// Whatever is a template is rendered or refused, within bounds.
pub fn go_template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(template) = Template::parse("fuzz", text, &Options::default()) else { return };
    let values = json!({ "list": ["a", 1, null, { "b": [] }], "map": { "a": "x", "b": { "c": 2.5 } }, "text": "é x\ny", "no": null });
    let bounds = Bounds { steps: 100_000, memory: 1 << 20, output: 1 << 20, ..Bounds::default() };
    if let Ok(rendered) = template.render(&Data::new(&values, Numbers::Typed), &bounds) {
        assert!(rendered.len() <= 1 << 20, "{} bytes", rendered.len());
    }
}
