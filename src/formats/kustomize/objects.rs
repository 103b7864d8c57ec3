//! The objects of a file, as kustomize reads them: lists are taken apart, words such as `yes` are texts.

use std::sync::Arc;

use serde_json::Value;

use super::resource::{Origin, Resource};
use super::text;
use crate::error::{Error, Result};
use crate::formats::yaml::{self, Document, Step};

/// A text of a file.
pub(super) type Text<'t> = &'t str;

/// What marks an object that isn't part of the result.
pub(super) const LOCAL: &str = "config.kubernetes.io/local-config";

/// The documents of a file as values.
///
/// # Errors
/// What isn't YAML.
pub(super) fn values(file: &str, content: Text) -> Result<Vec<Value>> {
    let read = |document: Document| {
        let mut value = document.value.clone();
        Reader { document: &document, content, unsaid: Vec::new() }.read(&mut value, &mut Vec::new());
        value
    };
    Ok(yaml::parse(file, content)?.into_iter().map(read).collect())
}

/// The objects of a file.
///
/// # Errors
/// What isn't YAML, and objects without kind or name.
pub(super) fn resources(file: &str, content: Text) -> Result<Vec<Resource>> {
    let mut found = Vec::new();
    let name: Arc<str> = file.into();
    for document in yaml::parse(file, content)? {
        let mut value = document.value.clone();
        let mut reader = Reader { document: &document, content, unsaid: Vec::new() };
        reader.read(&mut value, &mut Vec::new());
        let mut unsaid = reader.unsaid;
        let wrong = |path: &[Step], why: &str| {
            Error::invalid("idp::kustomize::object", format!("{file}: {why}")).at(document.place(path))
        };
        let mut todo = vec![value];
        while let Some(mut value) = todo.pop() {
            if text::is_empty_map(&value) {
                continue;
            }
            if !value.is_object() {
                return Err(wrong(&[], "an object is a map with apiVersion, kind and metadata"));
            }
            let kind = text::of_field(&value, "kind");
            if kind.is_empty() {
                return Err(wrong(&[], "the object has no `kind`"));
            }
            if kind.ends_with("List") && value.get("items").is_some() {
                match value["items"].take() {
                    Value::Null => {}
                    Value::Array(items) => todo.extend(items.into_iter().rev()),
                    _ => return Err(wrong(&[Step::Key("items".into())], &format!("the items of a {kind} are a list"))),
                }
                continue;
            }
            let is_named = value.get("metadata").is_some_and(|metadata| !text::of_field(metadata, "name").is_empty());
            if !is_named && !kind.ends_with("List") {
                return Err(wrong(&[], &format!("the {kind} has no `metadata.name`")));
            }
            let origin = Origin { file: name.clone(), document: found.len() };
            let mut resource = Resource::new(value, origin);
            resource.unsaid = std::mem::take(&mut unsaid);
            found.push(resource);
        }
    }
    Ok(found)
}

/// Reads values again as YAML 1.2 has them, where kubectl's rules see something else.
struct Reader<'d> {
    document: &'d Document,
    content: Text<'d>,
    /// Fields that say nothing at all.
    unsaid: Vec<Vec<String>>,
}

impl Reader<'_> {
    fn read(&mut self, value: &mut Value, path: &mut Vec<Step>) {
        match value {
            Value::Bool(_) => {
                if let Some(word) = self.document.written(path).filter(|word| !text::is_bool(word)) {
                    *value = Value::String(word.to_string());
                }
            }
            // A day without quotes is a time.
            Value::String(word) if is_day(word) && self.document.written(path).is_some() => {
                word.push_str("T00:00:00Z");
            }
            Value::Null => {
                let names = path.iter().map(|step| match step {
                    Step::Key(name) => Some(name.to_string()),
                    Step::Index(_) => None,
                });
                if let Some(names) = names.collect::<Option<Vec<String>>>()
                    && self.document.written(path).is_none()
                {
                    self.unsaid.push(names);
                }
            }
            Value::Array(list) => {
                for (at, element) in list.iter_mut().enumerate() {
                    path.push(Step::Index(at));
                    self.read(element, path);
                    path.pop();
                }
            }
            Value::Object(map) => {
                let mut renamed = Vec::new();
                for (key, field) in map.iter_mut() {
                    let is_word = matches!(key.as_str(), "true" | "false");
                    let is_plain = matches!(field, Value::String(text) if !is_day(text)) || field.is_number();
                    if is_plain && !is_word {
                        continue;
                    }
                    path.push(Step::Key(key.as_str().into()));
                    if let Some(word) = is_word.then(|| self.key(path)).flatten() {
                        renamed.push((key.clone(), word));
                    }
                    self.read(field, path);
                    path.pop();
                }
                if !renamed.is_empty() {
                    let name = |key: String| {
                        renamed.iter().find(|(old, _)| *old == key).map_or(key.clone(), |(_, new)| new.clone())
                    };
                    *map = std::mem::take(map).into_iter().map(|(key, field)| (name(key), field)).collect();
                }
            }
            Value::String(_) | Value::Number(_) => {}
        }
    }

    /// The word that a key is written as, if it is another one.
    fn key(&self, path: &[Step]) -> Option<String> {
        let place = self.document.key_place(path);
        let line = self.content.lines().nth(place.line.checked_sub(1)?)?;
        let word: String =
            line.chars().skip(place.column.checked_sub(1)?).take_while(char::is_ascii_alphabetic).collect();
        (!word.is_empty() && !text::is_bool(&word)).then_some(word)
    }
}

/// Whether a text is a day: `2026-01-31`.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    bytes.len() == 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes.iter().enumerate().all(|(at, byte)| matches!(at, 4 | 7) || byte.is_ascii_digit())
        && number(5, 7).is_some_and(|month| (1..=12).contains(&month))
        && number(8, 10).is_some_and(|day| (1..=31).contains(&day))
}
