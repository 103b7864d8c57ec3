//! Values as the texts that stand for them in YAML: kustomize compares and replaces those.

use serde_json::{Map, Value};

use crate::formats::yaml::scalar::{self, Plain};

/// The text of a scalar; nothing for maps, lists.
pub(super) fn of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_string(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => String::new(),
    }
}

/// The text of a field; nothing if there is none, or null.
pub(super) fn of_field(value: &Value, key: &str) -> String {
    value.get(key).filter(|value| !value.is_null()).map(of).unwrap_or_default()
}

/// What a text means where it is written without quotes.
pub(super) fn plain(text: &str) -> Value {
    // Words such as `yes` and `on` are texts to kustomize.
    match scalar::resolve(text) {
        Plain::Null if !text.is_empty() => Value::Null,
        Plain::Bool(value) if is_bool(text) => Value::Bool(value),
        Plain::Int(number) => number.into(),
        Plain::Uint(number) => number.into(),
        Plain::Float(number) => scalar::decimal(number).map_or_else(|| Value::String(text.into()), Value::Number),
        _ => Value::String(text.into()),
    }
}

/// Whether a word is true or false to YAML 1.2, too.
pub(super) fn is_bool(word: &str) -> bool {
    matches!(word, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

/// Whether a value is a map without fields.
pub(super) fn is_empty_map(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// A text with quotes around it as a value, kept in its type: a number stays a number if the text is one.
///
/// # Errors
/// If the text can't be of the type that was there.
pub(super) fn replace(old: &Value, text: &str) -> Result<Value, String> {
    let new = plain(text);
    let fits = match old {
        Value::Number(_) => new.is_number(),
        Value::Bool(_) => new.is_boolean(),
        _ => return Ok(Value::String(text.to_string())),
    };
    if fits {
        return Ok(new);
    }
    Err(format!("`{text}` can't take the place of {old}, which is no text"))
}

/// A field that is a map, made if it isn't there.
pub(super) fn map_at<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Map<String, Value>> {
    let field = value.as_object_mut()?.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if field.is_null() {
        *field = Value::Object(Map::new());
    }
    field.as_object_mut()
}
