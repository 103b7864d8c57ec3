//! What upstream's own tests say of selectors (k8s.io/apimachinery v0.36, pkg/apis/meta/v1/helpers_test.go and
//! pkg/labels/selector_test.go).

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn matches(selector: Value, labels: Value) -> bool {
    Selector::parse(&selector).unwrap_or_else(|error| panic!("{selector}: {error}")).matches(&labels)
}

fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
    json!({ "matchExpressions": [{ "key": key, "operator": operator, "values": values }] })
}

#[test]
fn null_selects_nothing_and_an_empty_map_everything() {
    assert!(!matches(Value::Null, json!({ "x": "y" })));
    assert!(matches(json!({}), json!({ "x": "y" })));
    assert!(matches(json!({}), Value::Null));
    assert!(matches(json!({ "matchLabels": {}, "matchExpressions": [] }), json!({})));
    assert!(Selector::parse(&json!({})).unwrap().is_everything());
    assert!(!Selector::parse(&Value::Null).unwrap().is_everything());
}

#[test]
fn every_label_must_be_there_with_its_value() {
    for selector in [json!({ "x": "y", "z": "w" }), json!({ "matchLabels": { "x": "y", "z": "w" } })] {
        assert!(matches(selector.clone(), json!({ "x": "y", "z": "w" })));
        assert!(matches(selector.clone(), json!({ "x": "y", "z": "w", "a": "b" })));
        assert!(!matches(selector.clone(), json!({ "x": "y" })));
        assert!(!matches(selector.clone(), json!({ "x": "z", "z": "w" })));
        assert!(!matches(selector, Value::Null));
    }
    assert!(matches(json!({ "matchLabels": "a" }), json!({ "matchLabels": "a" })), "a label of that name");
}

#[test]
fn expressions_are_what_upstream_makes_of_them() {
    let among = expression("x", "In", &["a", "b"]);
    assert!(matches(among.clone(), json!({ "x": "b" })));
    assert!(!matches(among.clone(), json!({ "x": "c" })));
    assert!(!matches(among, json!({})));
    let not_among = expression("x", "NotIn", &["a", "b"]);
    assert!(matches(not_among.clone(), json!({ "x": "c" })));
    assert!(matches(not_among.clone(), json!({})), "what isn't there is none of them");
    assert!(!matches(not_among, json!({ "x": "a" })));
    assert!(matches(expression("x", "Exists", &[]), json!({ "x": "" })));
    assert!(!matches(expression("x", "Exists", &[]), json!({ "y": "z" })));
    assert!(matches(expression("x", "DoesNotExist", &[]), json!({ "y": "z" })));
    assert!(!matches(expression("x", "DoesNotExist", &[]), json!({ "x": "z" })));
    let both = json!({ "matchLabels": { "foo": "bar" }, "matchExpressions": [{ "key": "baz", "operator": "In", "values": ["qux", "norf"] }] });
    assert!(matches(both.clone(), json!({ "foo": "bar", "baz": "norf" })));
    assert!(!matches(both, json!({ "baz": "norf" })));
}

#[test]
fn what_the_server_refuses_is_refused() {
    let bad = [
        expression("baz", "Exists", &["qux", "norf"]),
        expression("baz", "DoesNotExist", &["qux"]),
        expression("baz", "In", &[]),
        expression("baz", "NotIn", &[]),
        expression("baz", "Near", &["a"]),
        json!({ "matchExpressions": [{ "operator": "Exists" }] }),
        json!({ "matchExpressions": [{ "key": "a" }] }),
        json!({ "matchExpressions": [{ "key": "a", "operator": "In", "values": [1] }] }),
        json!({ "app": 1 }),
        json!("app"),
        json!(["app"]),
    ];
    for selector in bad {
        assert!(Selector::parse(&selector).is_err(), "{selector} was taken");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![Just("a"), Just("In"), Just("NotIn"), Just("Exists"), Just("x")].prop_map(Value::from);
    let leaf = prop_oneof![word, Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3).prop_map(Value::from)];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let keys = "matchLabels|matchExpressions|key|operator|values|a|x";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(selector in any_value(), labels in any_value()) {
        if let Ok(selector) = Selector::parse(&selector) {
            let _ = (selector.matches(&labels), selector.is_everything());
        }
    }
}
