//! The fields of a form: the leaves of a schema below `spec`, each with a name of its own, in the order that the
//! definition asks for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// true or false.
    Flag,
    /// A list of texts.
    Texts,
    /// A whole number or a text, as `50%` is one: `x-kubernetes-int-or-string`.
    NumberOrText,
    /// Whatever else: written as JSON.
    Data,
}

/// A leaf of a schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name as a parameter: the last key, with those before it where two would be alike.
    pub name: String,
    /// The keys below `spec`.
    pub path: Vec<String>,
    /// What it holds.
    pub shape: Shape,
    /// A few words about it: the schema's description or title, or its name.
    pub about: String,
    /// Whether it has to be given.
    pub required: bool,
    /// What holds unless it is given. A field of a group that may be left out has none: nothing holds there by itself.
    pub default: Option<Value>,
    /// What holds unless it is given, once something else of its group is.
    pub hint: Option<Value>,
    /// For each group above it, whether that is there only if something of it is given.
    pub optional: Vec<bool>,
    /// The only values.
    pub choices: Vec<Value>,
    /// The least and the greatest number, or length, as far as there are bounds.
    pub range: (Option<f64>, Option<f64>),
    /// What a text must match.
    pub pattern: Option<String>,
    /// Whether forms show it only on demand.
    pub advanced: bool,
}

/// How deep forms look; what is below is written as JSON.
const DEEPEST: usize = 8;

/// The fields of the schema of `spec`.
pub(super) fn of(spec: &Value) -> Result<Vec<Field>> {
    let mut found = Vec::new();
    let at = At { path: Vec::new(), required: true, advanced: false, optional: Vec::new() };
    walk(spec, &at, &mut found)?;
    name(&mut found);
    Ok(found)
}

struct At {
    path: Vec<String>,
    /// Whether everything above has to be there.
    required: bool,
    advanced: bool,
    /// For each group, whether it may be left out.
    optional: Vec<bool>,
}

fn walk(schema: &Value, at: &At, found: &mut Vec<Field>) -> Result<()> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, field) in ordered(schema) {
        let path: Vec<String> = at.path.iter().cloned().chain([key.to_string()]).collect();
        let needed = at.required && required.contains(&key) && field.get("default").is_none();
        if is_hidden(field) {
            if needed {
                return Err(refuse_hidden(&path));
            }
            continue;
        }
        let required = needed || stands(at, field);
        let advanced = at.advanced || flag(field, "x-ui-advanced");
        if is_group(field) && path.len() < DEEPEST {
            let optional = at.optional.iter().copied().chain([!required]).collect();
            walk(field, &At { path, required, advanced, optional }, found)?;
        } else {
            let mut made = leaf(field, path, needed, advanced && !needed);
            if !at.required {
                made.hint = made.default.take();
            }
            found.push(Field { optional: at.optional.clone(), ..made });
        }
    }
    Ok(())
}

/// Whether what is below a group has to be given although the group hasn't: it is made by its default.
fn stands(at: &At, field: &Value) -> bool {
    at.required && field.get("default").is_some_and(Value::is_object)
}

/// The properties of a schema in the order of the form: those with `x-ui-order` first, by it, then the others by name;
/// where none has it, as the definition lists them.
pub(super) fn ordered(schema: &Value) -> Vec<(&str, &Value)> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let mut fields: Vec<(&str, &Value)> = properties.iter().map(|(key, field)| (key.as_str(), field)).collect();
    let order = |field: &Value| field.get("x-ui-order").and_then(Value::as_f64);
    if fields.iter().any(|(_, field)| order(field).is_some()) {
        fields.sort_by(|(a, one), (b, other)| match (order(one), order(other)) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => a.cmp(b),
        });
    }
    fields
}

/// Whether forms leave a field out.
pub(super) fn is_hidden(field: &Value) -> bool {
    flag(field, "x-ui-hidden")
}

/// Whether forms show a field only on demand.
pub(super) fn is_advanced(field: &Value) -> bool {
    flag(field, "x-ui-advanced")
}

fn flag(field: &Value, name: &str) -> bool {
    field.get(name).and_then(Value::as_bool) == Some(true)
}

fn refuse_hidden(path: &[String]) -> Error {
    let message = format!("spec.{} has to be given, has no default, and is hidden", path.join("."));
    Error::invalid("idp::form::hidden", message)
        .help("give the field a default, or take away its x-ui-hidden or its place in `required`")
}

/// Whether a field is a map of known fields, shown one by one.
fn is_group(field: &Value) -> bool {
    let some = field.get("properties").and_then(Value::as_object).is_some_and(|map| !map.is_empty());
    some && !is_open(field) && field.get("additionalProperties").is_none()
}

pub(super) fn is_open(field: &Value) -> bool {
    flag(field, "x-kubernetes-preserve-unknown-fields")
}

fn leaf(field: &Value, path: Vec<String>, required: bool, advanced: bool) -> Field {
    let kind = |schema: &Value| schema.get("type").and_then(Value::as_str).map(str::to_string);
    let shape = match kind(field).as_deref() {
        Some("string") => Shape::Text,
        Some("integer") => Shape::Whole,
        Some("number") => Shape::Number,
        Some("boolean") => Shape::Flag,
        Some("array") if field.get("items").and_then(kind).as_deref() == Some("string") => Shape::Texts,
        _ if flag(field, "x-kubernetes-int-or-string") => Shape::NumberOrText,
        _ => Shape::Data,
    };
    let words = |name: &str| {
        field.get(name).and_then(Value::as_str).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let about =
        words("description").or_else(|| words("title")).unwrap_or_else(|| path.last().cloned().unwrap_or_default());
    let (least, greatest) = bounds(field, shape);
    let choices = match shape {
        Shape::Texts => field.pointer("/items/enum"),
        _ => field.get("enum"),
    };
    Field {
        name: String::new(),
        shape,
        about,
        required,
        default: field.get("default").filter(|value| !value.is_null()).cloned(),
        hint: None,
        optional: Vec::new(),
        choices: choices.and_then(Value::as_array).cloned().unwrap_or_default(),
        range: (least, greatest),
        pattern: field.get("pattern").and_then(Value::as_str).filter(|_| shape == Shape::Text).map(str::to_string),
        advanced,
        path,
    }
}

/// The bounds of a number, or of the length of a text or list. Exclusive bounds of whole numbers move by one.
fn bounds(field: &Value, shape: Shape) -> (Option<f64>, Option<f64>) {
    let number = |name: &str| field.get(name).and_then(Value::as_f64);
    match shape {
        Shape::Whole | Shape::Number => {
            let step = if shape == Shape::Whole { 1.0 } else { 0.0 };
            let least =
                number("minimum").map(|least| if flag(field, "exclusiveMinimum") { least + step } else { least });
            let most = number("maximum").map(|most| if flag(field, "exclusiveMaximum") { most - step } else { most });
            (least, most)
        }
        Shape::Text => (number("minLength"), number("maxLength")),
        Shape::Texts => (number("minItems"), number("maxItems")),
        Shape::Flag | Shape::NumberOrText | Shape::Data => (None, None),
    }
}

/// Gives every field a name: its last key; where two would be alike, as many keys before it as it takes.
fn name(fields: &mut [Field]) {
    let shown = |path: &[String], keys: usize| {
        let mut parts = path[path.len().saturating_sub(keys)..].iter();
        let first = parts.next().cloned().unwrap_or_default();
        parts.fold(first, |name, part| {
            let mut letters = part.chars();
            let head: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            format!("{name}{head}{}", letters.as_str())
        })
    };
    let mut keys = vec![1; fields.len()];
    loop {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, field) in fields.iter().enumerate() {
            by_name.entry(shown(&field.path, keys[at])).or_default().push(at);
        }
        let alike: Vec<usize> = by_name.into_values().filter(|all| all.len() > 1).flatten().collect();
        let longer: Vec<usize> = alike.into_iter().filter(|at| keys[*at] < fields[*at].path.len()).collect();
        if longer.is_empty() {
            break;
        }
        for at in longer {
            keys[at] += 1;
        }
    }
    for (at, field) in fields.iter_mut().enumerate() {
        field.name = shown(&field.path, keys[at]);
    }
}
