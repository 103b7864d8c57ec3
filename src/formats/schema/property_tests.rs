//! Laws that hold for all schemas and objects.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::formats::pattern;

/// Values of any shape with few names, so that they often meet the schema.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..12).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(2.0), Just(1e20)].prop_map(Value::from),
        prop_oneof![Just(""), Just("a"), Just("abc"), Just("2024-01-01"), Just("ü")].prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d]", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// A rule that a value of any type may have.
fn rule() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        Just(("minimum", json!(1))),
        Just(("maximum", json!(5.5))),
        Just(("multipleOf", json!(2))),
        Just(("maxLength", json!(2))),
        Just(("minLength", json!(1))),
        Just(("pattern", json!("^[a-z]*$"))),
        Just(("maxItems", json!(2))),
        Just(("minProperties", json!(1))),
        Just(("enum", json!(["a", 1, 2.0, null]))),
        Just(("nullable", json!(true))),
        Just(("required", json!(["a"]))),
        Just(("anyOf", json!([{ "required": ["a"] }, { "minimum": 3 }]))),
        Just(("not", json!({ "enum": ["abc"] }))),
    ]
}

fn with(mut schema: Value, rules: Vec<(&'static str, Value)>) -> Value {
    if let Value::Object(map) = &mut schema {
        map.extend(rules.into_iter().map(|(name, value)| (name.to_string(), value)));
    }
    schema
}

/// Structural schemas with defaults of the right type.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({ "type": "string" })),
        Just(json!({ "type": "string", "default": "a" })),
        Just(json!({ "type": "string", "format": "date" })),
        Just(json!({ "type": "integer", "default": 3 })),
        Just(json!({ "type": "number" })),
        Just(json!({ "type": "boolean", "default": false })),
        Just(json!({ "x-kubernetes-int-or-string": true })),
        Just(json!({ "x-kubernetes-preserve-unknown-fields": true })),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let rules = || prop::collection::vec(rule(), 0..2);
        prop_oneof![
            (prop::collection::vec(("[a-d]", inner.clone()), 0..4), rules(), any::<bool>()).prop_map(|(fields, rules, open)| {
                let properties: Map<String, Value> = fields.into_iter().collect();
                let mut schema = json!({ "type": "object", "properties": properties });
                if open {
                    schema["x-kubernetes-preserve-unknown-fields"] = json!(true);
                }
                with(schema, rules)
            }),
            (inner.clone(), rules()).prop_map(|(items, rules)| with(json!({ "type": "object", "additionalProperties": items }), rules)),
            (inner.clone(), rules(), prop_oneof![Just("atomic"), Just("set")]).prop_map(|(items, rules, kind)| {
                with(json!({ "type": "array", "items": items, "x-kubernetes-list-type": kind }), rules)
            }),
            inner.prop_map(|items| {
                let mut items = with(json!({ "type": "object", "properties": { "b": items } }), Vec::new());
                items["properties"]["a"] = json!({ "type": "string", "default": "a" });
                json!({ "type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"] })
            }),
        ]
    })
}

proptest! {
    #[test]
    fn settling_settles(schema in schema(), value in value(), old in value()) {
        let schema = Schema::parse(&schema).unwrap();
        let settled = schema.settled(&value).into_owned();
        prop_assert!(schema.unknown(&settled).is_empty());
        prop_assert_eq!(&*schema.settled(&settled), &settled);

        let mut pruned = value.clone();
        let dropped = schema.prune(&mut pruned);
        prop_assert_eq!(dropped.len(), schema.unknown(&value).len());
        prop_assert!(schema.prune(&mut pruned.clone()).is_empty());

        // What is right stays right, whatever it was before; what hasn't changed is right.
        let wrong = schema.validate(&settled, None, How::default());
        let after = schema.validate(&settled, Some(&schema.settled(&old)), How::default());
        prop_assert!(after.iter().all(|violation| wrong.contains(violation)) , "{after:?} {wrong:?}");
        for violation in &wrong {
            prop_assert!(!violation.to_string().is_empty());
        }
    }

    #[test]
    fn no_pattern_is_misread(pattern in "[a-c\\[\\]{}()^$.|*+?\\\\dwsbpLQE0-9,:&~-]{0,10}", text in "[a-c\\[\\]{}0-9,& -]{0,6}") {
        if let Ok(pattern) = pattern::Pattern::new(&pattern) {
            let _ = pattern.is_match(&text);
        }
    }
}
