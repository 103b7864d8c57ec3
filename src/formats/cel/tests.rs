//! Rules that hold and rules that don't, and what expressions come to at the API server (tests/cel/README.md). What its
//! validations come to is compared in tests/integration/cel.rs.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;

fn checked(schema: Json, rule: &str, this: Json) -> Result<(), String> {
    let on = Arc::new(Type::of_schema(&schema));
    let rule = Rule::compile(&json!({"rule": rule}), &on).map_err(|fault| fault.to_string())?;
    rule.check(&this, None, &mut Budget::new()).map_err(|broken| broken.to_string())
}

#[test]
fn a_rule_holds_or_says_why_not() {
    let schema = json!({"type": "object", "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}}});
    assert_eq!(checked(schema.clone(), "self.min <= self.max", json!({"min": 1, "max": 2})), Ok(()));
    assert_eq!(
        checked(schema.clone(), "self.min <= self.max", json!({"min": 3, "max": 2})),
        Err("Invalid value: failed rule: self.min <= self.max".into())
    );
    assert_eq!(
        checked(schema.clone(), "self.min <= self.max", json!({"max": 2})),
        Err("Invalid value: \"object\": no such key: min evaluating rule: self.min <= self.max".into())
    );
    assert_eq!(
        checked(schema, "self.mni <= self.max", json!({})),
        Err("compilation failed: ERROR: <input>:1:5: undefined field 'mni'\n | self.mni <= self.max\n | ....^".into())
    );
}

/// One file of tests/cel, a JSON value a line.
fn records(packed: &[u8]) -> Vec<Json> {
    let bytes = miniz_oxide::inflate::decompress_to_vec(&packed[10..packed.len() - 8]).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// They end in an error, on the way to which other things are counted.
const OTHER_COSTS: [&str; 3] =
    ["[].flatten(dyn('1'))", "'tacocat'.charAt(30) == ''", "\"tacocat\".substring(4, 3) == \"\""];

#[test]
fn expressions_come_to_what_they_come_to_at_the_api_server() {
    let records = records(include_bytes!("../../../tests/cel/expressions.jsonl.gz"));
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for record in &records {
        let source = record["expression"].as_str().unwrap();
        if record["refused"].as_str().is_some_and(|words| words.contains("authorizer")) {
            continue;
        }
        all += 1;
        let (outcome, cost) = evaluated(source);
        let same = match &outcome {
            Err(fault) => record["refused"].is_string().then_some(()).ok_or(format!("refused: {fault}")),
            Ok(Err(trouble)) => record["error"].is_string().then_some(()).ok_or(format!("error: {trouble}")),
            Ok(Ok((kind, value))) => {
                let same =
                    record["type"] == json!(kind) && (record["value"].is_null() || alike(&record["value"], value));
                same.then_some(()).ok_or(format!("{kind} {value}"))
            }
        };
        match same {
            Ok(()) => right += 1,
            Err(here) => wrong.push(format!("{source}\n   there {}\n   here  {here}", record)),
        }
        if record["cost"].is_null() || record["cost"].as_u64() == Some(cost) {
            continue;
        }
        if !OTHER_COSTS.contains(&source) {
            wrong.push(format!("{source} costs there {}, here {cost}", record["cost"]));
        }
    }
    assert!(wrong.is_empty(), "{right} of {all} expressions are right\n{}", wrong.join("\n"));
    assert!(right > 1300);
}

/// Numbers as numbers: JSON of the other side has doubles alone.
fn alike(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        (a, b) => a == b,
    }
}

type Evaluated = Result<Result<(String, Json), String>, String>;

fn evaluated(source: &str) -> (Evaluated, u64) {
    let checked = parse::parse(source).and_then(|(tree, info)| check::check(source, (&tree, &info), &[]));
    let expression = match checked {
        Ok(expression) => expression,
        Err(fault) => return (Err(fault.message), 0),
    };
    let mut evaluation = eval::Evaluation::new(expression.places, Vec::new(), 10_000_000);
    let outcome = evaluation.value(&expression.node).map_err(|trouble| format!("{trouble:?}"));
    let outcome = outcome.map(|value| (value.type_name().to_owned(), plain(&value)));
    (Ok(outcome), evaluation.cost())
}

fn plain(value: &value::Value) -> Json {
    use value::Value::*;
    match value {
        Null => Json::Null,
        Bool(b) => json!(b),
        // As protobuf's JSON has them: beyond what a double holds they are texts.
        Int(n) if n.unsigned_abs() > 1 << 53 => json!(n.to_string()),
        Int(n) => json!(n),
        Uint(n) if *n > 1 << 53 => json!(n.to_string()),
        Uint(n) => json!(n),
        Double(n) => json!(n),
        Text(text) => json!(&**text),
        Bytes(bytes) => {
            use base64::Engine;
            json!(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        Timestamp(at) => json!(at.to_string()),
        Duration(n) => json!(functions::time::seconds_text(*n)),
        List(list) => list.items().unwrap().iter().map(plain).collect(),
        Map(map) => {
            let entries = map.keys().into_iter().map(|key| {
                let value = map.find(&key).unwrap().unwrap();
                let name = match plain(&key) {
                    Json::String(name) => name,
                    other => other.to_string(),
                };
                (name, plain(&value))
            });
            Json::Object(entries.collect())
        }
        Type(name) => json!(name),
        Optional(Some(value)) => plain(value),
        Optional(None) => Json::Null,
        other => json!(eval::shown(other)),
    }
}
