//! Config maps and secrets that are made, and the hashes in their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::resource::{Behavior, Origin, Resource};
use super::spec::{Generator, GeneratorOptions};
use super::text;
use crate::formats::digest::digest;

/// The length of a line of base64.
const LINE: usize = 70;

/// What gives the content of a file.
type Read<'r, E> = &'r mut dyn FnMut(&str) -> Result<Arc<[u8]>, E>;

/// Makes an object of `kind`, ConfigMap or Secret. `read` gives a file that is named.
///
/// # Errors
/// What in the generator is wrong, and what `read` refuses.
pub(super) fn make<E>(
    kind: &str,
    generator: &Generator,
    global: Option<&GeneratorOptions>,
    origin: Origin,
    read: Read<E>,
) -> Result<Result<Resource, String>, E> {
    let pairs = match pairs(generator, read)? {
        Ok(pairs) => pairs,
        Err(why) => return Ok(Err(why)),
    };
    Ok(object(kind, generator, global, origin, pairs))
}

fn object(
    kind: &str,
    generator: &Generator,
    global: Option<&GeneratorOptions>,
    origin: Origin,
    pairs: Vec<(String, Vec<u8>)>,
) -> Result<Resource, String> {
    if generator.name.is_empty() {
        return Err(format!("a {kind} must have a name"));
    }
    let mut object = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": generator.name } });
    if !generator.namespace.is_empty() {
        object["metadata"]["namespace"] = generator.namespace.clone().into();
    }
    let mut data: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (key, value) in pairs {
        if data.insert(key.clone(), value).is_some() {
            return Err(format!("the {kind} {} has the key `{key}` twice", generator.name));
        }
    }
    if kind == "Secret" {
        let wanted = if generator.kind.is_empty() { "Opaque" } else { &generator.kind };
        object["type"] = wanted.into();
        object["data"] =
            data.iter().map(|(key, value)| (key.clone(), base64(value).into())).collect::<Map<_, _>>().into();
    } else {
        if !generator.kind.is_empty() {
            return Err("a ConfigMap has no `type`".to_string());
        }
        for (key, value) in &data {
            let (field, value) = match std::str::from_utf8(value) {
                Ok(text) => ("data", text.to_string()),
                Err(_) => ("binaryData", base64(value)),
            };
            if let Some(map) = text::map_at(&mut object, field) {
                map.insert(key.clone(), value.into());
            }
        }
    }
    let options = options(generator.options.clone(), global);
    for (field, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        if !pairs.is_empty() {
            object["metadata"][field] = json!(pairs);
        }
    }
    if options.immutable {
        object["immutable"] = true.into();
    }
    let mut resource = Resource::new(object, origin);
    resource.behavior = match generator.behavior.as_str() {
        "merge" => Behavior::Merge,
        "replace" => Behavior::Replace,
        "create" | "" => Behavior::Create,
        other => return Err(format!("the behavior `{other}` is none of create, merge, replace")),
    };
    resource.wants_hash = !options.disable_name_suffix_hash;
    resource.noted = true;
    Ok(resource)
}

/// A generator's own options before those of the kustomization.
fn options(own: Option<GeneratorOptions>, global: Option<&GeneratorOptions>) -> GeneratorOptions {
    let mut options = own.unwrap_or_default();
    if let Some(global) = global {
        for (to, from) in [(&mut options.labels, &global.labels), (&mut options.annotations, &global.annotations)] {
            for (key, value) in from {
                to.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        options.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        options.immutable |= global.immutable;
    }
    options
}

type Pairs = Vec<(String, Vec<u8>)>;

fn pairs<E>(generator: &Generator, read: Read<E>) -> Result<Result<Pairs, String>, E> {
    let mut pairs = Vec::new();
    let one = Some(&generator.env).filter(|path| !path.is_empty());
    for path in generator.envs.iter().chain(one) {
        let content = read(path)?;
        let Ok(text) = std::str::from_utf8(&content) else {
            return Ok(Err(format!("{path} isn't text")));
        };
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                if !key.is_empty() {
                    pairs.push((key.to_string(), value.as_bytes().to_vec()));
                }
            }
        }
    }
    for literal in &generator.literals {
        match literal.split_once('=') {
            Some((key, value)) if !key.is_empty() => pairs.push((key.to_string(), unquoted(value).as_bytes().to_vec())),
            _ => return Ok(Err(format!("the literal `{literal}` must be key=value"))),
        }
    }
    for file in &generator.files {
        let (key, path) = match file.split_once('=') {
            None => (file.rsplit('/').next().unwrap_or(file), file.as_str()),
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => (key, path),
            Some(_) => return Ok(Err(format!("the file `{file}` must be a path, or key=path"))),
        };
        pairs.push((key.to_string(), read(path)?.to_vec()));
    }
    Ok(Ok(pairs))
}

/// Without the quotes around it, if there are the same on both sides.
fn unquoted(text: &str) -> &str {
    let inner = |sign: char| (text.len() > 1).then(|| text.strip_prefix(sign)?.strip_suffix(sign)).flatten();
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Base64 in lines, as kustomize writes it.
fn base64(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    for line in text.as_bytes().chunks(LINE) {
        lines.extend(line.iter().map(|byte| char::from(*byte)));
        lines.push('\n');
    }
    lines
}

/// Merges what is made into what is there, or puts it in its place.
///
/// # Errors
/// If there is nothing, or too much, or it isn't to be merged.
pub(super) fn absorb(resources: &mut Vec<Resource>, mut new: Resource) -> Result<(), String> {
    let id = new.id();
    let found: Vec<usize> = (0..resources.len()).filter(|at| resources[*at].is_or_was(&id)).collect();
    match (found.as_slice(), new.behavior) {
        ([], Behavior::Create) => resources.push(new),
        ([], _) => return Err(format!("there is no {} to merge with or replace", id.words())),
        ([_], Behavior::Create) => {
            return Err(format!("{} is there already: its behavior must be merge or replace", id.words()));
        }
        ([at], behavior) => {
            let old = &resources[*at];
            if behavior == Behavior::Merge {
                let secret = normalized(old);
                let data = secret.as_ref().or_else(|| old.value.get("data"));
                merge_maps(&mut new.value, "data", data);
                merge_maps(&mut new.value, "binaryData", old.value.get("binaryData"));
                new.origin = old.origin.clone();
            }
            for key in ["labels", "annotations"] {
                let mut merged: Map<String, Value> =
                    old.metadata_map(key).map(|(key, value)| (key.to_string(), value.into())).collect();
                merged.extend(new.metadata_map(key).map(|(key, value)| (key.to_string(), Value::String(value))));
                if !merged.is_empty() {
                    new.value["metadata"][key] = merged.into();
                }
            }
            new.wants_hash &= old.wants_hash;
            new.set_metadata("name", old.name());
            new.set_metadata("namespace", old.namespace());
            new.behavior = old.behavior;
            new.previous.clone_from(&old.previous);
            new.prefixes.clone_from(&old.prefixes);
            new.suffixes.clone_from(&old.suffixes);
            resources[*at] = new;
        }
        _ => return Err(format!("several objects are or were {}", id.words())),
    }
    Ok(())
}

/// The data of a secret with its `stringData`, encoded.
fn normalized(secret: &Resource) -> Option<Value> {
    let texts = secret.value.get("stringData")?.as_object().filter(|_| secret.kind() == "Secret")?;
    let mut data = secret.value.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    data.extend(texts.iter().map(|(key, value)| (key.clone(), base64(text::of(value).as_bytes()).into())));
    Some(Value::Object(data))
}

fn merge_maps(new: &mut Value, key: &str, old: Option<&Value>) {
    let mut merged: BTreeMap<String, Value> = BTreeMap::new();
    for map in [old, new.get(key)].into_iter().flatten().filter_map(Value::as_object) {
        merged.extend(map.iter().map(|(key, value)| (key.clone(), text::of(value).into())));
    }
    let Some(object) = new.as_object_mut() else { return };
    if merged.is_empty() {
        object.shift_remove(key);
    } else {
        object.insert(key.into(), Value::Object(merged.into_iter().collect()));
    }
}

/// The hash that stands behind the name of an object. kustomize looks for the name in a field `metadata/name`, finds
/// none, and so hashes an empty one.
pub(super) fn hash(resource: &Resource) -> String {
    let value = &resource.value;
    // Keys in the order of the alphabet, as Go writes maps.
    let field = |key: &str| match value.get(key) {
        None => "\"\"".to_string(),
        Some(value @ (Value::Object(_) | Value::Array(_))) => go_json(value),
        Some(value) => go_json(&Value::String(text::of(value))),
    };
    let is_map = |key: &str| value.get(key).is_some_and(Value::is_object);
    let encoded = match resource.kind() {
        "ConfigMap" => {
            let binary =
                if is_map("binaryData") { format!("\"binaryData\":{},", field("binaryData")) } else { String::new() };
            format!("{{{binary}\"data\":{},\"kind\":\"ConfigMap\",\"name\":\"\"}}", field("data"))
        }
        _ => {
            let texts =
                if is_map("stringData") { format!("\"stringData\":{},", field("stringData")) } else { String::new() };
            let (data, kind) = (field("data"), field("type"));
            format!("{{\"data\":{data},\"kind\":\"Secret\",\"name\":\"\",{texts}\"type\":{kind}}}")
        }
    };
    let hex = digest(encoded.as_bytes());
    let letter = |sign: char| match sign {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    hex.chars().take(10).map(letter).collect()
}

/// JSON as Go writes it: keys in order, signs of HTML and line separators escaped.
pub(super) fn go_json(value: &Value) -> String {
    let sorted = sorted(value);
    let text = sorted.to_string();
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

/// A value with the keys of all maps in order.
pub(super) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_unstable_by_key(|entry| entry.0);
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
