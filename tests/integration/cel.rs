//! Rules in CEL come to what they come to at the API server: the validations that its own tests make, as they were recorded
//! (tests/cel/README.md). Prints how many are the same, and names the others.

use std::sync::Arc;

use idp_run::formats::cel::{Budget, Rule, Type};
use serde_json::{Value as Json, json};

/// The records, a JSON value a line.
fn records(packed: &[u8]) -> Vec<Json> {
    let bytes = miniz_oxide::inflate::decompress_to_vec(&packed[10..packed.len() - 8]).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Validates as upstream's Validator walks: the rules of a node, then allOf, then what is inside.
struct Walk {
    errors: Vec<String>,
    budget: Budget,
}

impl Walk {
    /// The rules of a schema, which may be a part of allOf, on what the schema of the value says of its type.
    fn node(&mut self, (schema, node): (&Json, &Json), root: bool, (path, this, old): (&str, &Json, Option<&Json>)) {
        if this.is_null() {
            return;
        }
        let embedded = node["x-kubernetes-embedded-resource"] == json!(true);
        let on = if root || embedded { Type::of_root(node) } else { Type::of_schema(node) };
        self.rules((schema, node), &Arc::new(on), (path, this, old));
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.node((part, node), root, (path, this, old));
        }
        match this {
            Json::Array(items) => {
                let keys: Vec<&str> = node["x-kubernetes-list-map-keys"]
                    .as_array()
                    .map(|keys| keys.iter().filter_map(Json::as_str).collect())
                    .unwrap_or_default();
                for (index, item) in items.iter().enumerate() {
                    let olds = old.and_then(Json::as_array).filter(|_| !keys.is_empty());
                    let before =
                        olds.and_then(|olds| olds.iter().find(|o| keys.iter().all(|key| o[*key] == item[*key])));
                    self.node((&schema["items"], &node["items"]), false, (&format!("{path}[{index}]"), item, before));
                }
            }
            Json::Object(fields) => {
                for (name, field) in fields {
                    let before = old.and_then(|old| old.get(name));
                    if let (Some(schema), Some(node)) = (schema["properties"].get(name), node["properties"].get(name)) {
                        self.node((schema, node), false, (&format!("{path}.{name}"), field, before));
                    } else if schema["additionalProperties"].is_object() {
                        let at = format!("{path}[{name}]");
                        let values = (&schema["additionalProperties"], &node["additionalProperties"]);
                        self.node(values, false, (&at, field, before));
                    }
                }
            }
            _ => {}
        }
    }

    fn rules(
        &mut self,
        (schema, node): (&Json, &Json),
        on: &Arc<Type>,
        (path, this, old): (&str, &Json, Option<&Json>),
    ) {
        for entry in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            let outcome = match Rule::compile(entry, on) {
                Ok(rule) => rule.check(this, old, &mut self.budget).map_err(|broken| {
                    let fields = broken.field_path.join(".");
                    let path = if fields.is_empty() { path.to_owned() } else { format!("{path}.{fields}") };
                    format!("{path}: {broken}")
                }),
                Err(fault) => {
                    let kind = node["type"].as_str().unwrap_or_default();
                    Err(format!("{path}: Invalid value: {kind:?}: rule compile error: {fault}"))
                }
            };
            self.errors.extend(outcome.err());
        }
    }
}

/// What the words say, without what is only ours or only Go's: the caret below a compile error.
fn gist(message: &str) -> String {
    message.split("\n |").next().unwrap_or(message).to_owned()
}

#[test]
fn rules_come_to_what_they_come_to_at_the_api_server() {
    let records = records(include_bytes!("../cel/cases.jsonl.gz"));
    let (mut all, mut right, mut words, mut costs, mut wrong) = (0, 0, 0, 0, Vec::new());
    for (number, record) in records.iter().enumerate() {
        // The recorder's printer of schemas leaves out what is below additionalProperties within allOf.
        if !record["schema"].to_string().contains("x-kubernetes-validations") {
            continue;
        }
        // That test had a lower limit for one call.
        let low = json!("\"string 1\" + \"string 2\" + \"string 3\"");
        if record["schema"]["x-kubernetes-validations"][0]["messageExpression"] == low {
            continue;
        }
        all += 1;
        let mut walk = Walk { errors: Vec::new(), budget: Budget::of(record["budget"].as_u64().unwrap_or_default()) };
        let old = Some(&record["old"]).filter(|old| !old.is_null());
        walk.node(
            (&record["schema"], &record["schema"]),
            record["root"] == json!(true),
            ("root", &record["object"], old),
        );
        let mut expected: Vec<String> =
            record["errors"].as_array().unwrap().iter().map(|e| gist(e.as_str().unwrap())).collect();
        let mut found: Vec<String> = walk.errors.iter().map(|error| gist(error)).collect();
        expected.sort();
        found.sort();
        let rules = &record["schema"]["x-kubernetes-validations"];
        if expected.len() == found.len() {
            right += 1;
        } else {
            wrong.push(format!("{number} {rules}\n   there {expected:?}\n   here  {found:?}"));
        }
        if expected == found {
            words += 1;
        } else {
            println!("{number} {rules}: other words\n   there {expected:?}\n   here  {found:?}");
        }
        let (there, here) = (record["left"].as_u64().unwrap_or_default(), walk.budget.left());
        if there == here {
            costs += 1;
        } else {
            println!("{number} {rules}: left there {there}, here {here}");
        }
    }
    println!("cel: {right} of {all} verdicts, {words} of {all} in the same words, {costs} of {all} at the same cost");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all > 800 && words >= 830 && costs >= 837);
}
