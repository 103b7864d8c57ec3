//! A form as JSON Schema, draft 7: the fields below `spec` with their bounds, without what only Kubernetes reads.

use serde_json::{Map, Value, json};

use super::Form;
use super::fields::{is_hidden, is_open, ordered};

/// The schema of what a person fills in.
pub fn json_schema(form: &Form) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
    schema.insert("title".into(), form.title.clone().into());
    if !form.description.is_empty() {
        schema.insert("description".into(), form.description.clone().into());
    }
    if let Value::Object(spec) = clean(&form.spec) {
        schema.extend(spec.into_iter().filter(|(key, _)| key != "title" && key != "description"));
    }
    Value::Object(schema)
}

/// Keys that mean the same in JSON Schema, in the order in which people read them.
const KEPT: [&str; 18] = [
    "title",
    "description",
    "type",
    "format",
    "default",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "example",
];

/// A schema of a CustomResourceDefinition as JSON Schema. Hidden fields are left out, also of `required`.
pub(super) fn clean(schema: &Value) -> Value {
    let Some(from) = schema.as_object() else { return schema.clone() };
    let mut to = Map::new();
    for key in KEPT {
        if let Some(value) = from.get(key) {
            to.insert(key.into(), value.clone());
        }
    }
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if from.get(exclusive).and_then(Value::as_bool) == Some(true)
            && let Some(value) = to.remove(bound)
        {
            to.insert(exclusive.into(), value);
        }
    }
    if from.get("x-kubernetes-int-or-string").and_then(Value::as_bool) == Some(true) {
        to.insert("type".into(), json!(["integer", "string"]));
    }
    if from.get("nullable").and_then(Value::as_bool) == Some(true) {
        allow_null(&mut to);
    }
    if let Some(items) = from.get("items") {
        to.insert("items".into(), clean(items));
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(list) = from.get(key).and_then(Value::as_array) {
            to.insert(key.into(), list.iter().map(clean).collect());
        }
    }
    if let Some(not) = from.get("not") {
        to.insert("not".into(), clean(not));
    }
    let fields: Vec<(&str, &Value)> = ordered(schema).into_iter().filter(|(_, field)| !is_hidden(field)).collect();
    if from.contains_key("properties") {
        let properties: Map<String, Value> =
            fields.iter().map(|(key, field)| ((*key).to_string(), clean(field))).collect();
        to.insert("properties".into(), Value::Object(properties));
    }
    match from.get("additionalProperties") {
        Some(values) => {
            to.insert("additionalProperties".into(), clean(values));
        }
        // The API server drops what a definition doesn't name; a form says so instead.
        None if from.get("type").and_then(Value::as_str) == Some("object") && !is_open(schema) => {
            to.insert("additionalProperties".into(), false.into());
        }
        None => {}
    }
    if let Some(required) = from.get("required").and_then(Value::as_array) {
        let hidden = |name: &Value| {
            let field = name.as_str().and_then(|name| schema.get("properties")?.get(name));
            field.is_some_and(is_hidden)
        };
        let shown: Vec<Value> = required.iter().filter(|name| !hidden(name)).cloned().collect();
        if !shown.is_empty() {
            to.insert("required".into(), shown.into());
        }
    }
    Value::Object(to)
}

fn allow_null(schema: &mut Map<String, Value>) {
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push("null".into()),
        Some(one) => *one = json!([one.take(), "null"]),
        None => {}
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum")
        && !words.contains(&Value::Null)
    {
        words.push(Value::Null);
    }
}
