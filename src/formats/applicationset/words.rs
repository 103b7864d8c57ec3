//! Errors of Go's libraries, in their words.

use serde_json::Value as Json;

/// What Go calls a value of JSON.
fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// `encoding/json`, for a value of the wrong sort.
pub fn unmarshal(value: &Json, wanted: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {wanted}", kind(value))
}

/// `sigs.k8s.io/yaml`, for a value of the wrong sort.
pub fn unmarshal_yaml(value: &Json, wanted: &str) -> String {
    format!("error unmarshaling JSON: while decoding JSON: {}", unmarshal(value, wanted))
}

/// The maps of a list, as a text of YAML is read into one.
///
/// # Errors
/// For what is no list of maps.
pub fn maps(value: &Json) -> Result<Vec<&Json>, String> {
    match value {
        Json::Null => Ok(Vec::new()),
        Json::Array(items) => match items.iter().find(|item| !item.is_object() && !item.is_null()) {
            Some(wrong) => Err(unmarshal_yaml(wrong, "map[string]interface {}")),
            None => Ok(items.iter().collect()),
        },
        other => Err(unmarshal_yaml(other, "[]map[string]interface {}")),
    }
}

/// `encoding/json`, for a text that isn't JSON.
pub fn syntax(text: &str, error: &serde_json::Error) -> String {
    match text.trim_start().chars().next() {
        _ if error.is_eof() => "unexpected end of JSON input".to_owned(),
        Some(c) if !matches!(c, '{' | '[' | '"' | '-' | 't' | 'f' | 'n' | '0'..='9') => {
            format!("invalid character '{c}' looking for beginning of value")
        }
        _ => error.to_string(),
    }
}

/// A value as Go writes it: fields by name.
pub fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(fields.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
