//! Parameters that generators give, as values of Go: lists and maps of texts are kept apart from those of anything,
//! since templates and selectors tell them apart.

use std::rc::Rc;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::formats::gotemplate::value::{Elem, Entries, List, Map, Value};
use crate::formats::gotemplate::{self, Limits, Numbers};

/// One set of parameters, for one Application.
pub type Params = Entries;

/// A value of JSON as Go reads it into an interface.
pub fn from_json(json: &Json) -> Value {
    Value::from_json(json, Numbers::Floats)
}

/// The fields of an object as parameters; none for what is no object.
pub fn of_object(json: &Json) -> Params {
    json.as_object().into_iter().flatten().map(|(key, value)| (Rc::from(key.as_str()), from_json(value))).collect()
}

/// A map of anything.
pub fn map(entries: Params) -> Value {
    Value::Map(Map::any(entries))
}

/// A map of texts.
pub fn texts<K: AsRef<str>, V: AsRef<str>>(entries: impl IntoIterator<Item = (K, V)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (Rc::from(key.as_ref()), Value::str(value.as_ref())));
    Value::Map(Map::new(Elem::Str, entries.collect()))
}

/// A list of texts.
pub fn text_list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::List(List::strings(items))
}

/// A value as JSON; what JSON has no number for is null.
pub fn to_json(value: &Value) -> Json {
    serde_json::to_value(Shown(value)).unwrap_or_default()
}

/// Parameters as an object.
pub fn object(params: &Params) -> Json {
    Json::Object(params.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect())
}

/// Parameters as the text of an object.
pub fn written(params: &Params) -> String {
    serde_json::to_string(&Shown(&map(params.clone()))).unwrap_or_default()
}

/// Floats from which on not each whole number is one.
const LARGEST_WHOLE: f64 = 9e15;

/// A value that is written as JSON.
struct Shown<'v>(&'v Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Nil => out.serialize_unit(),
            Value::Bool(value) => out.serialize_bool(*value),
            Value::Int(number) | Value::Int64(number) => out.serialize_i64(*number),
            Value::Uint64(number) => out.serialize_u64(*number),
            Value::Byte(number) => out.serialize_u8(*number),
            // Whole ones have no fraction.
            #[allow(clippy::cast_possible_truncation)]
            Value::Float(number) if number.fract() == 0.0 && number.abs() < LARGEST_WHOLE => {
                out.serialize_i64(*number as i64)
            }
            Value::Float(number) => out.serialize_f64(*number),
            Value::Str(text) => out.serialize_str(text),
            Value::List(list) => out.collect_seq(list.items().iter().map(Shown)),
            Value::Map(map) => out.collect_map(map.entries().iter().map(|(key, value)| (&**key, Shown(value)))),
            Value::Time(time) => out.serialize_str(&time.rfc3339()),
            Value::Version(version) => out.serialize_str(&version.to_string()),
        }
    }
}

/// A value as `%v` prints it.
///
/// # Errors
/// For more text than there may be.
pub fn printed(value: &Value, limits: &Limits) -> Result<String, String> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        other => gotemplate::printed(other, limits).map_err(|error| error.message),
    }
}

/// Sets what the other has, maps inside of maps too.
pub fn override_with(under: &mut Params, over: &Params) {
    for (key, value) in over {
        let merged = match (under.get(key), value) {
            (Some(Value::Map(below)), Value::Map(above)) => merged_maps(below, above),
            _ => value.clone(),
        };
        under.insert(key.clone(), merged);
    }
}

fn merged_maps(below: &Map, above: &Map) -> Value {
    let mut entries = below.entries().clone();
    override_with(&mut entries, &above.entries());
    let elem = if below.elem() == above.elem() { below.elem() } else { Elem::Any };
    Value::Map(Map::new(elem, entries))
}

/// Names with dots for what is inside of maps and lists, and the values as texts. Lists of texts are one value.
///
/// # Errors
/// For more text than there may be.
pub fn flattened(params: &Params, limits: &Limits) -> Result<Vec<(String, String)>, String> {
    let mut flat = Vec::new();
    for (key, value) in params {
        flatten(&mut flat, key.to_string(), value, limits)?;
    }
    Ok(flat)
}

fn flatten(flat: &mut Vec<(String, String)>, name: String, value: &Value, limits: &Limits) -> Result<(), String> {
    match value {
        Value::Map(map) => {
            for (key, inner) in &*map.entries() {
                flatten(flat, format!("{name}.{key}"), inner, limits)?;
            }
        }
        Value::List(list) if list.elem() == Elem::Any => {
            for (at, inner) in list.items().iter().enumerate() {
                flatten(flat, format!("{name}.{at}"), inner, limits)?;
            }
        }
        other => flat.push((name, printed(other, limits)?)),
    }
    Ok(())
}
