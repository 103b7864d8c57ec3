//! Values of scripts as JSON and back. Depth is capped; secrets and handles are refused.

use rhai::{Array, Dynamic, Map};
use serde_json::{Number, Value};

use super::later::LaterValue;
use super::secret::Secret;
use crate::error::{Error, Result, with_article};

/// How deep values may nest: what renders or compares them recurses.
pub const DEEPEST: usize = 64;

/// How large a value may be as data, in bytes. A script may hold one text many times, and each of them is written.
pub const LARGEST: usize = 16 << 20;

/// What an element costs beside its text.
const ELEMENT: usize = 16;

/// A script's value as JSON.
///
/// Errors: values that are no data (handles, functions, secrets), too deep, too large, or not finite.
pub fn to_json(value: &Dynamic) -> Result<Value> {
    convert(value, 0, &mut { LARGEST })
}

/// The error for a value that nests deeper than [`DEEPEST`].
pub fn too_deep() -> Error {
    Error::failed("idp::script::depth", format!("the value nests deeper than {DEEPEST} levels"))
        .help("look for a list or map that is put into itself again and again")
}

fn take(left: &mut usize, bytes: usize) -> Result<()> {
    *left = left.checked_sub(bytes.saturating_add(ELEMENT)).ok_or_else(|| {
        Error::failed("idp::script::size", format!("the value is larger than {} MiB as data", LARGEST >> 20))
            .help("hand it over in parts")
    })?;
    Ok(())
}

fn convert(value: &Dynamic, depth: usize, left: &mut usize) -> Result<Value> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    take(left, 0)?;
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(number) = value.as_int() {
        return Ok(Value::Number(number.into()));
    }
    if let Ok(number) = value.as_float() {
        let number = Number::from_f64(number);
        return number
            .map(Value::Number)
            .ok_or_else(|| Error::failed("idp::script::number", "the number is not finite"));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        take(left, text.len())?;
        return Ok(Value::String(text.to_string()));
    }
    if let Ok(list) = value.as_array_ref() {
        return list.iter().map(|item| convert(item, depth + 1, left)).collect::<Result<_>>().map(Value::Array);
    }
    if let Ok(map) = value.as_map_ref() {
        let entry = |(key, item): (&rhai::Identifier, &Dynamic)| {
            take(left, key.len())?;
            Ok((key.to_string(), convert(item, depth + 1, left)?))
        };
        return map.iter().map(entry).collect::<Result<_>>().map(Value::Object);
    }
    if let Some(later) = value.read_lock::<LaterValue>() {
        return Ok(Value::String(later.to_string()));
    }
    if let Some(manifest) = value.read_lock::<super::manifest::Manifest>() {
        weigh(manifest.value(), left)?;
        return Ok(manifest.value().clone());
    }
    if let Ok(letter) = value.as_char() {
        return Ok(Value::String(letter.to_string()));
    }
    if value.is::<Secret>() {
        return Err(Error::failed("idp::secret::data", "a secret can't be part of data that is written or shown")
            .help("hand the secret itself to the function that needs it; only the door reads its value"));
    }
    Err(Error::failed("idp::script::data", format!("{} is not data", type_of(value))))
}

fn weigh(value: &Value, left: &mut usize) -> Result<()> {
    match value {
        Value::String(text) => take(left, text.len()),
        Value::Array(list) => list.iter().try_for_each(|item| weigh(item, left)),
        Value::Object(map) => map.iter().try_for_each(|(name, item)| {
            take(left, name.len())?;
            weigh(item, left)
        }),
        _ => take(left, 0),
    }
}

/// JSON of unknown origin as a script's value. Errors: too deep.
pub fn from_json_within(value: &Value) -> Result<Dynamic> {
    if deeper(value, DEEPEST) {
        return Err(too_deep());
    }
    Ok(from_json(value))
}

fn deeper(value: &Value, than: usize) -> bool {
    match value {
        Value::Array(list) => than == 0 || list.iter().any(|item| deeper(item, than - 1)),
        Value::Object(map) => than == 0 || map.values().any(|item| deeper(item, than - 1)),
        _ => false,
    }
}

/// JSON as a script's value.
pub fn from_json(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(text) => text.into(),
        Value::Array(list) => list.iter().map(from_json).collect::<Array>().into(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.as_str().into(), from_json(value))).collect::<Map>().into()
        }
    }
}

/// What people call the type of a value.
pub fn type_of(value: &Dynamic) -> String {
    let name = value.type_name();
    match name {
        "()" => "missing".into(),
        "i64" => "a whole number".into(),
        "f64" => "a number".into(),
        "bool" => "true or false".into(),
        "char" => "a character".into(),
        "string" => "a text".into(),
        "array" => "a list".into(),
        "map" => "a map".into(),
        "Fn" => "a function".into(),
        other => with_article(other.rsplit("::").next().unwrap_or(other)),
    }
}
