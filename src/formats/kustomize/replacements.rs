//! Replacements: a value of one object is put into others.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::split;
use super::generators::{go_json, sorted};
use super::resource::{Id, Resource};
use super::selector::{Selector, Target, pattern_of};
use super::text;

/// Where a value comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Source {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
    field_path: String,
    options: Option<Options>,
}

/// Which part of a text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    delimiter: String,
    index: i64,
    encoding: String,
    create: bool,
}

/// Where a value goes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct To {
    select: Option<Target>,
    reject: Vec<Target>,
    field_paths: Vec<String>,
    options: Option<Options>,
}

/// An entry of `replacements`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct ReplacementField {
    pub(super) path: Option<String>,
    source: Option<Source>,
    source_value: Option<String>,
    targets: Option<Vec<To>>,
}

impl ReplacementField {
    /// Whether it says something itself.
    pub(super) fn is_inline(&self) -> bool {
        self.source.is_some() || self.source_value.is_some() || self.targets.is_some()
    }
}

/// Reads a file of replacements: one, or a list of them.
///
/// # Errors
/// What is neither.
pub(super) fn read(document: &Value) -> Result<Vec<ReplacementField>, String> {
    let list = match document {
        Value::Array(list) => list.clone(),
        other => vec![other.clone()],
    };
    list.into_iter().map(|one| serde_json::from_value(one).map_err(|error| error.to_string())).collect()
}

/// Makes a replacement.
///
/// # Errors
/// If there is no source or more than one, or a target lacks the field.
pub(super) fn replace(resources: &mut [Resource], replacement: &ReplacementField) -> Result<(), String> {
    let (value, targets) = match (&replacement.source, &replacement.source_value, &replacement.targets) {
        (Some(_), Some(_), _) => return Err("`source` and `sourceValue` exclude each other".to_string()),
        (Some(source), None, Some(targets)) => (found(resources, source)?, targets),
        (None, Some(text), Some(targets)) => (text::plain(text), targets),
        _ => return Err("a replacement has a `source` and `targets`".to_string()),
    };
    for target in targets {
        let select = target.select.as_ref().ok_or("a target says which objects it is for: `select`")?;
        let select = Selector::new(select)?;
        let reject = target.reject.iter().map(Selector::new).collect::<Result<Vec<_>, _>>()?;
        let default = ["metadata.name".to_string()];
        let paths = if target.field_paths.is_empty() { &default[..] } else { &target.field_paths };
        if target.options.as_ref().is_some_and(|options| !options.encoding.is_empty()) {
            return Err("`encoding` of the options is not supported".to_string());
        }
        for resource in resources.iter_mut() {
            let ids: Vec<Id> = std::iter::once(resource.id()).chain(resource.previous_ids()).collect();
            let by_id = |selector: &Selector| ids.iter().any(|id| selector.fits_id(id));
            let rejected = |selector: &Selector| {
                selector.has_metadata() && selector.fits_metadata(resource) || selector.has_id() && by_id(selector)
            };
            if !select.fits_metadata(resource) || !by_id(&select) || reject.iter().any(rejected) {
                continue;
            }
            for path in paths {
                put(&mut resource.value, path, &value, target.options.as_ref())
                    .map_err(|why| format!("{}: {why}", ids[0].words()))?;
            }
        }
    }
    Ok(())
}

fn found(resources: &[Resource], source: &Source) -> Result<Value, String> {
    let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
    let place = if source.namespace.is_empty() { "" } else { &source.namespace };
    let is_it = |id: &Id| {
        fits(&source.name, &id.name)
            && fits(place, &id.place)
            && fits(&source.group, &id.group)
            && fits(&source.version, &id.version)
            && fits(&source.kind, &id.kind)
    };
    let mut found =
        resources.iter().filter(|resource| is_it(&resource.id()) || resource.previous_ids().any(|id| is_it(&id)));
    let words = format!("{} {}", source.kind, source.name);
    let object = match (found.next(), found.next()) {
        (Some(object), None) => object,
        (Some(_), Some(_)) => return Err(format!("several objects are the source {}", words.trim())),
        _ => return Err(format!("there is no source {}", words.trim())),
    };
    let path = if source.field_path.is_empty() { "metadata.name" } else { &source.field_path };
    let value = steps(path).iter().try_fold(&object.value, |value, step| look(value, step));
    let is_empty =
        |value: &&Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty) || text::is_empty_map(value);
    let value = value.filter(|value| !is_empty(value)).ok_or_else(|| format!("the source {words} has no {path}"))?;
    let Some(options) = source.options.as_ref().filter(|options| !options.delimiter.is_empty()) else {
        return Ok(value.clone());
    };
    if value.is_object() || value.is_array() {
        return Err("only a text can be taken apart by a `delimiter`".to_string());
    }
    let text = text::of(value);
    let part = usize::try_from(options.index).ok().and_then(|at| text.split(&options.delimiter).nth(at));
    let part = part.ok_or_else(|| format!("`{text}` has no part {}", options.index))?;
    Ok(if value.is_string() { part.into() } else { text::plain(part) })
}

/// One step to a value that is there.
fn look<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    if let (Value::Array(list), Ok(at)) = (value, step.parse::<usize>()) {
        return list.get(at);
    }
    match value {
        Value::Array(list) if step == "-" => list.last(),
        Value::Array(list) => {
            let (key, wanted) = condition(step)?;
            list.iter().find(|element| {
                let found = if key.is_empty() { Some(*element) } else { element.get(key) };
                found.is_some_and(|found| text::of(found) == wanted)
            })
        }
        other => other.get(step),
    }
}

/// `[name=api]` in its parts.
fn condition(step: &str) -> Option<(&str, &str)> {
    step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// The steps of a path: dots inside of brackets don't count.
fn steps(path: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut parts = split(path, '.').into_iter();
    while let Some(mut part) = parts.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for more in parts.by_ref() {
                part.push('.');
                part.push_str(&more);
                if more.ends_with(']') {
                    break;
                }
            }
            if !part.contains('=') {
                part = part.trim_matches(['[', ']']).to_string();
            }
        }
        out.push(part);
    }
    out
}

/// Puts a value at a path, wherever it leads.
fn put(target: &mut Value, path: &str, value: &Value, options: Option<&Options>) -> Result<(), String> {
    let steps = steps(path);
    let create = options.is_some_and(|options| options.create);
    let mut set = |field: &mut Value, is_new: bool| set(field, value, options, is_new);
    let changed = walk(target, &steps, create.then_some(value), false, &mut set)?;
    let missing = if create { "can't be made" } else { "isn't there; `create` in the options would make it" };
    if changed == 0 { Err(format!("{path} {missing}")) } else { Ok(()) }
}

/// Follows a path and counts the fields that were set.
fn walk(
    value: &mut Value,
    steps: &[String],
    create: Option<&Value>,
    is_new: bool,
    set: &mut dyn FnMut(&mut Value, bool) -> Result<(), String>,
) -> Result<usize, String> {
    let Some((step, rest)) = steps.split_first() else { return set(value, is_new).map(|()| 1) };
    if value.is_null() && create.is_none() {
        return Ok(0);
    }
    if let Ok(at) = step.parse::<usize>() {
        let list =
            value.as_array_mut().ok_or_else(|| format!("`{step}` is looked for in something that is no list"))?;
        let fresh = at == list.len() && create.is_some();
        if fresh {
            list.push(missing(rest, create));
        }
        let length = list.len();
        let element =
            list.get_mut(at).ok_or_else(|| format!("the list has {length} elements, and {at} is asked for"))?;
        return walk(element, rest, create, fresh, set);
    }
    if step.starts_with('[') && step.ends_with(']') {
        return by_condition(value, step, rest, create, set);
    }
    if step == "*" {
        let list = value.as_array_mut().ok_or("`*` is for lists")?;
        return list.iter_mut().try_fold(0, |sum, element| Ok(sum + walk(element, rest, create, false, set)?));
    }
    if let Value::String(text) = value {
        return inside(text, steps, create, set);
    }
    let Value::Object(map) = value else {
        return Err(format!("`{step}` is looked for in something that is no map"));
    };
    let fresh = !map.contains_key(step);
    match map.get_mut(step) {
        Some(field) => walk(field, rest, create, false, set),
        None if create.is_none() => Ok(0),
        None => walk(map.entry(step.clone()).or_insert_with(|| missing(rest, create)), rest, create, fresh, set),
    }
}

/// What is made for a field that the rest of a path leads through.
fn missing(rest: &[String], create: Option<&Value>) -> Value {
    match rest.first() {
        Some(next) if next.starts_with('[') && next.ends_with(']') || next.parse::<usize>().is_ok() => {
            Value::Array(Vec::new())
        }
        Some(_) => Value::Object(Map::new()),
        None => match create {
            Some(Value::Object(_)) => Value::Object(Map::new()),
            Some(Value::Array(_)) => Value::Array(Vec::new()),
            _ => Value::String(String::new()),
        },
    }
}

fn by_condition(
    value: &mut Value,
    step: &str,
    rest: &[String],
    create: Option<&Value>,
    set: &mut dyn FnMut(&mut Value, bool) -> Result<(), String>,
) -> Result<usize, String> {
    let (key, wanted) = condition(step).ok_or_else(|| format!("`{step}` must be [field=value]"))?;
    let pattern = pattern_of(wanted)?;
    let list = value.as_array_mut().ok_or_else(|| format!("`{step}` is looked for in something that is no list"))?;
    let mut changed = 0;
    for element in list.iter_mut() {
        let text = if key.is_empty() { Some(&*element) } else { element.get(key) }.map(quoted);
        if text.is_some_and(|text| pattern.is_match(&text)) {
            changed += walk(element, rest, create, false, set)?;
        }
    }
    if changed == 0 && create.is_some() {
        let mut element = text::plain(wanted);
        if !key.is_empty() {
            element = Value::Object([(key.to_string(), element)].into_iter().collect());
        }
        changed = walk(&mut element, rest, create, false, set)?;
        list.push(element);
    }
    Ok(changed)
}

/// A scalar as YAML writes it: a text that looks like something else has quotes.
fn quoted(value: &Value) -> String {
    match value {
        Value::String(word) if !text::plain(word).is_string() => format!("\"{word}\""),
        other => text::of(other),
    }
}

/// Follows a path into a text that is JSON.
fn inside(
    text: &mut String,
    steps: &[String],
    create: Option<&Value>,
    set: &mut dyn FnMut(&mut Value, bool) -> Result<(), String>,
) -> Result<usize, String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return Err("a path into a text is supported where the text is JSON alone".to_string());
    }
    let mut value: Value = serde_json::from_str(text).map_err(|error| format!("the text isn't JSON: {error}"))?;
    let changed = walk(&mut value, steps, create, false, set)?;
    if changed > 0 {
        let pretty = text.contains('\n') && text.contains("  ");
        let written = serde_json::to_string_pretty(&sorted(&value)).unwrap_or_default();
        *text = if pretty { written } else { go_json(&value) };
    }
    Ok(changed)
}

fn set(field: &mut Value, value: &Value, options: Option<&Options>, is_new: bool) -> Result<(), String> {
    let options = options.filter(|options| !options.delimiter.is_empty());
    let is_scalar = |value: &Value| !value.is_object() && !value.is_array();
    let mut value = value.clone();
    if let Some(options) = options {
        if !is_scalar(field) {
            return Err("only a text can be taken apart by a `delimiter`".to_string());
        }
        let old = text::of(field);
        let mut parts: Vec<String> = old.split(&options.delimiter).map(Into::into).collect();
        let new = text::of(&value);
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, new),
            Ok(at) if at >= parts.len() => parts.push(new),
            Ok(at) => parts[at] = new,
        }
        value = Value::String(parts.join(&options.delimiter));
    }
    if !is_scalar(field) {
        *field = value;
    } else if is_new {
        *field = text::plain(&text::of(&value));
    } else {
        *field = text::replace(field, &text::of(&value))?;
    }
    Ok(())
}
