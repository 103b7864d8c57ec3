//! The short way in which kinds/platform/*.yaml are written, and the schemas that it stands for. A map is an object; a
//! key that ends with `!` is required; `"*"` are keys that can't be listed; `"...": any` leaves the object open.

use serde_json::{Map, Value, json};

/// The key of an object's other keys.
const OTHERS: &str = "*";
/// The key that leaves an object open.
const OPEN: &str = "...";

/// apimachinery's resource.Quantity, as CRDs write it.
const QUANTITY: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

/// The schema of a text in short; an error is what is wrong, with the way to it.
pub fn expand(short: &Value) -> Result<Value, String> {
    match short {
        Value::String(word) => scalar(word),
        Value::Array(items) => match items.as_slice() {
            [item] => Ok(json!({ "type": "array", "items": expand(item).map_err(|why| format!("[]{why}"))? })),
            _ => Err(" must be a list of one schema".into()),
        },
        Value::Object(fields) => object(fields),
        other => Err(format!(" is no schema: {other}")),
    }
}

fn scalar(words: &str) -> Result<Value, String> {
    let mut parts = words.split(' ');
    Ok(match parts.next().unwrap_or_default() {
        "string" => json!({ "type": "string" }),
        "integer" => json!({ "type": "integer" }),
        "int32" => json!({ "type": "integer", "format": "int32" }),
        "int64" => json!({ "type": "integer", "format": "int64" }),
        "number" => json!({ "type": "number" }),
        "boolean" => json!({ "type": "boolean" }),
        "date-time" => json!({ "type": "string", "format": "date-time" }),
        "int-or-string" => json!({ "x-kubernetes-int-or-string": true }),
        "quantity" => json!({ "x-kubernetes-int-or-string": true, "pattern": QUANTITY }),
        "enum" => json!({ "type": "string", "enum": parts.collect::<Vec<_>>() }),
        "pattern" => json!({ "type": "string", "pattern": parts.collect::<Vec<_>>().join(" ") }),
        "object" => json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true }),
        "any" => json!({ "x-kubernetes-preserve-unknown-fields": true }),
        // An object of Kubernetes inside of another one.
        "resource" => json!({
            "type": "object",
            "x-kubernetes-embedded-resource": true,
            "x-kubernetes-preserve-unknown-fields": true,
        }),
        other => return Err(format!(" is no schema: `{other}`")),
    })
}

fn object(fields: &Map<String, Value>) -> Result<Value, String> {
    let mut made = json!({ "type": "object" });
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (key, short) in fields {
        let name = key.strip_suffix('!').unwrap_or(key);
        if name == OPEN {
            made["x-kubernetes-preserve-unknown-fields"] = true.into();
            continue;
        }
        let schema = expand(short).map_err(|why| format!(".{name}{why}"))?;
        if name == OTHERS {
            made["additionalProperties"] = schema;
            continue;
        }
        if name.len() < key.len() {
            required.push(name);
        }
        properties.insert(name.to_string(), schema);
    }
    if !properties.is_empty() {
        made["properties"] = properties.into();
    }
    if !required.is_empty() {
        made["required"] = json!(required);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stands_for_a_schema() {
        let short = json!({
            "name!": "string",
            "policy": "enum Owner Merge",
            "labels": { "*": "string" },
            "ports": [{ "port!": "int-or-string" }],
            "template": { "...": "any" },
        });
        assert_eq!(
            expand(&short).unwrap(),
            json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string" },
                    "policy": { "type": "string", "enum": ["Owner", "Merge"] },
                    "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                    "ports": { "type": "array", "items": {
                        "type": "object",
                        "properties": { "port": { "x-kubernetes-int-or-string": true } },
                        "required": ["port"],
                    } },
                    "template": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                },
                "required": ["name"],
            })
        );
        assert_eq!(expand(&json!({ "a": [{ "b": "text" }] })).unwrap_err(), ".a[].b is no schema: `text`");
    }
}
