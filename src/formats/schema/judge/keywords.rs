//! Keywords that go together or don't, lists and their keys, and rules in CEL that don't compile.
//! As k8s.io/apiextensions-apiserver v0.36, pkg/apis/apiextensions/validation/validation.go.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::violation::{Reason, Trail, Violation};
use super::super::wording;
use super::words::Words;
use crate::formats::cel::{self, Fault, Rule, Type};

/// What is wrong with a schema, and below it. Rules are looked at only where the rest is right.
#[derive(Default)]
pub(super) struct Found {
    pub(super) schema: Vec<Violation>,
    pub(super) rules: Vec<Violation>,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.schema.extend(other.schema);
        self.rules.extend(other.rules);
    }
}

/// What is around a schema.
#[derive(Clone)]
struct Around {
    /// Why there may be no default.
    no_default: Option<String>,
    in_metadata: bool,
    /// The nearest to the root within which old and new values can't be told to be the same one.
    no_old: Option<String>,
    /// Whether rules are compiled.
    rules: bool,
    is_root: bool,
}

/// The faults of a whole schema; its rules are compiled if it is known to be structural.
pub(super) fn faults(schema: Words, rules: bool, trail: &Trail) -> Found {
    node(schema, trail, &Around { no_default: None, in_metadata: false, no_old: None, rules, is_root: true })
}

fn node(schema: Words, trail: &Trail, around: &Around) -> Found {
    let mut found = Found::default();
    of_itself(schema, trail, around, &mut found.schema);
    below(schema, trail, around, &mut found);
    of_lists(schema, trail, &mut found.schema);
    rules(schema, trail, around, &mut found);
    found
}

fn of_itself(schema: Words, trail: &Trail, around: &Around, found: &mut Vec<Violation>) {
    const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
    let kind = schema.text("type");
    if !kind.is_empty() && !TYPES.contains(&kind) {
        found.push(trail.field("type").not_supported(&kind.into(), &TYPES));
    }
    if let (Some(_), Some(why)) = (schema.get("default"), &around.no_default) {
        found.push(trail.field("default").forbidden(&format!("must not be set {why}")));
    }
    for word in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
        let said = match schema.get(word) {
            Some(Value::String(text)) => word == "$ref" || !text.is_empty(),
            Some(Value::Object(map)) => !map.is_empty() || matches!(word, "additionalItems" | "dependencies"),
            other => other.is_some(),
        };
        if said {
            found.push(trail.field(word).forbidden(&format!("{word} is not supported")));
        }
    }
    if kind == "null" {
        found.push(trail.field("type").forbidden("type cannot be set to null, use nullable as an alternative"));
    }
    if schema.get("items").and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
        found.push(trail.field("items").forbidden("items must be a schema object and not an array"));
    }
    if around.in_metadata && schema.flag("x-kubernetes-embedded-resource") {
        found.push(trail.field("x-kubernetes-embedded-resource").forbidden("must not be used inside of resource meta"));
    }
    if schema.flag("uniqueItems") {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        found.push(trail.field("uniqueItems").forbidden(detail));
    }
    let additional = schema.get("additionalProperties");
    if schema.named("properties").next().is_some() && additional.is_some_and(|value| *value != Value::Bool(true)) {
        let detail = "additionalProperties and properties are mutual exclusive";
        found.push(trail.field("additionalProperties").forbidden(detail));
    }
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        let at = trail.field("x-kubernetes-preserve-unknown-fields");
        found.push(at.invalid(&Value::Bool(false), "must be true or undefined"));
    }
}

fn below(schema: Words, trail: &Trail, around: &Around, found: &mut Found) {
    let is_root = around.is_root;
    let around = &Around { is_root: false, ..around.clone() };
    let here = || Some(around.no_old.clone().unwrap_or_else(|| trail.bracketed()));
    if let Some(values) = schema.schema("additionalProperties") {
        let mut around = around.clone();
        if around.in_metadata {
            around.no_default = Some("inside additionalProperties applying to object metadata".into());
        }
        found.add(node(values, &trail.field("additionalProperties"), &around));
    }
    for (name, property) in schema.named("properties") {
        let mut around = around.clone();
        let of_object = matches!(name, "metadata" | "kind" | "apiVersion");
        if of_object && (is_root || schema.flag("x-kubernetes-embedded-resource")) {
            around.in_metadata = true;
            if is_root {
                around.no_default = Some(format!("in top-level {name}"));
            }
        }
        found.add(node(property, &trail.field("properties").key(name), &around));
    }
    let without_rules = Around { rules: false, ..around.clone() };
    if let Some(part) = schema.schema("not") {
        found.add(node(part, &trail.field("not"), &without_rules));
    }
    for word in ["allOf", "oneOf", "anyOf"] {
        for (at, part) in schema.schemas(word) {
            found.add(node(part, &trail.field(word).index(at), &without_rules));
        }
    }
    if let Some(items) = schema.schema("items") {
        let correlated = schema.text("x-kubernetes-list-type") == "map";
        let no_old = if correlated { around.no_old.clone() } else { here() };
        found.add(node(items, &trail.field("items"), &Around { no_old, ..around.clone() }));
    }
}

fn of_lists(schema: Words, trail: &Trail, found: &mut Vec<Violation>) {
    let kind = schema.text("type");
    let of_type = |word: &str, wanted: &str, found: &mut Vec<Violation>| {
        if schema.get(word).is_some() && kind != wanted {
            let at = trail.field("type");
            let detail = format!("must be {wanted} if {word} is specified");
            found.push(if kind.is_empty() { at.required(&detail) } else { at.invalid(&kind.into(), &detail) });
        }
    };
    let choice = |word: &str, choices: &[&str], found: &mut Vec<Violation>| {
        if let Some(value) = schema.get(word).filter(|value| !choices.contains(&value.as_str().unwrap_or_default())) {
            found.push(trail.field(word).not_supported(value, choices));
        }
    };
    of_type("x-kubernetes-map-type", "object", found);
    choice("x-kubernetes-map-type", &["atomic", "granular"], found);
    of_type("x-kubernetes-list-type", "array", found);
    let items = schema.schema("items");
    let list = schema.get("x-kubernetes-list-type").and_then(Value::as_str);
    if let (Some("set"), "array", Some(items)) = (list, kind, items) {
        let at = trail.field("items");
        let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
        let inner = items.get("x-kubernetes-list-type").unwrap_or(&Value::Null);
        match items.text("type") {
            "array" if !inner.is_null() && inner != "atomic" => {
                found.push(at.field("x-kubernetes-list-type").invalid(inner, detail));
            }
            "object" if items.text("x-kubernetes-map-type") != "atomic" => {
                found.push(at.field("x-kubernetes-map-type").invalid(inner, detail));
            }
            _ => {}
        }
    }
    choice("x-kubernetes-list-type", &["atomic", "set", "map"], found);
    let keys = schema.texts("x-kubernetes-list-map-keys");
    if !keys.is_empty() && list != Some("map") {
        let (at, detail) =
            (trail.field("x-kubernetes-list-type"), "must be map if x-kubernetes-list-map-keys is non-empty");
        found.push(list.map_or_else(|| at.required(detail), |list| at.invalid(&list.into(), detail)));
    }
    if list == Some("map") {
        of_map(schema, &keys, trail, found);
    }
    if let (Some(list @ ("set" | "map")), Some(items)) = (list, items) {
        of_elements(list, items, &keys, &trail.field("items"), found);
    }
}

/// A list whose elements are told apart by their keys.
fn of_map(schema: Words, keys: &[&str], trail: &Trail, found: &mut Vec<Violation>) {
    let at_keys = trail.field("x-kubernetes-list-map-keys");
    if keys.is_empty() {
        found.push(at_keys.required("must not be empty if x-kubernetes-list-type is map"));
    }
    let at = trail.field("items");
    let Some(items) = schema.schema("items") else {
        if schema.get("items").is_none() {
            found.push(at.required("must have a schema if x-kubernetes-list-type is map"));
        }
        return;
    };
    if items.text("type") != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        found.push(at.field("type").invalid(&items.text("type").into(), detail));
        return;
    }
    for (index, key) in keys.iter().enumerate() {
        match items.property(key) {
            Some(property) if matches!(property.text("type"), "array" | "object") => {
                let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                let value = Value::from(items.text("type"));
                found.push(at.field("properties").key(key).field("type").invalid(&value, detail));
            }
            Some(_) => {}
            None => found.push(at_keys.invalid(&json!(keys), "entries must all be names of item properties")),
        }
        if keys[..index].contains(key) {
            found.push(at_keys.invalid(&json!(keys), "must not contain duplicate entries"));
        }
    }
}

/// Elements that are told apart are there, and so are the keys by which they are.
fn of_elements(list: &str, items: Words, keys: &[&str], at: &Trail, found: &mut Vec<Violation>) {
    if items.flag("nullable") {
        found
            .push(at.field("nullable").forbidden(&format!("cannot be nullable when x-kubernetes-list-type is {list}")));
    }
    let required = items.texts("required");
    for key in keys.iter().filter(|_| list == "map") {
        let Some(property) = items.property(key) else { continue };
        let at = at.field("properties");
        let at = at.key(key);
        if !required.contains(key) && property.get("default").is_none() {
            found.push(at.field("default").required(
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
            ));
        }
        if property.flag("nullable") {
            let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            found.push(at.field("nullable").forbidden(detail));
        }
    }
}

fn rules(schema: Words, trail: &Trail, around: &Around, found: &mut Found) {
    let at = trail.field("x-kubernetes-validations");
    let entries = schema.list("x-kubernetes-validations");
    for (index, entry) in entries.iter().enumerate() {
        entry_of(Words(entry), schema, &at.index(index), &mut found.schema);
    }
    if entries.is_empty() || !found.schema.is_empty() || !around.rules {
        return;
    }
    let on = Arc::new(if around.is_root { Type::of_root(schema.0) } else { Type::of_schema(schema.0) });
    for (index, entry) in entries.iter().enumerate() {
        let at = at.index(index);
        let words = Words(entry);
        let shown = shown(words);
        let invalid = |word: &str, fault: &Fault| {
            at.field(word).other(Reason::Invalid, wording::body(Reason::Invalid, &shown, &fault.to_string()))
        };
        let rule = Rule::compile(entry, &on);
        let uses_old = rule.as_ref().is_ok_and(Rule::is_transition);
        match &rule {
            Err(fault) => found.rules.push(invalid("rule", fault)),
            Ok(rule) => found.rules.extend(rule.message_fault().map(|fault| invalid("messageExpression", fault))),
        }
        if let (true, Some(within)) = (uses_old, &around.no_old) {
            let detail = format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {within}");
            found.rules.push(at.field("rule").invalid(&words.text("rule").into(), &detail));
        } else if let (false, Some(optional)) = (uses_old, words.get("optionalOldSelf")) {
            let detail = "may not be set if oldSelf is not used in rule";
            found.rules.push(at.field("optionalOldSelf").invalid(optional, detail));
        }
    }
}

/// A rule as the API server prints it.
fn shown(rule: Words) -> Value {
    json!({
        "Rule": rule.text("rule"),
        "Message": rule.text("message"),
        "MessageExpression": rule.text("messageExpression"),
        "Reason": rule.get("reason"),
        "FieldPath": rule.text("fieldPath"),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    })
}

/// An entry, but for what its expressions say.
fn entry_of(entry: Words, schema: Words, at: &Trail, found: &mut Vec<Violation>) {
    let breaks = |text: &str| text.contains(['\n', '\r']);
    let (rule, message) = (entry.text("rule").trim(), entry.text("message").trim());
    let said = |word: &str| !entry.text(word).is_empty();
    let value = |word: &str| Value::from(entry.text(word));
    if rule.is_empty() {
        found.push(at.field("rule").required("rule is not specified"));
    } else if said("message") && message.is_empty() {
        found.push(at.field("message").invalid(&value("message"), "must be non-empty if specified"));
    } else if breaks(message) {
        found.push(at.field("message").invalid(&value("message"), "must not contain line breaks"));
    } else if breaks(rule) && message.is_empty() {
        found.push(at.field("message").required("message must be specified if rule contains line breaks"));
    }
    if said("messageExpression") && entry.text("messageExpression").trim().is_empty() {
        found.push(at.field("messageExpression").required("messageExpression must be non-empty if specified"));
    }
    const REASONS: [&str; 4] =
        ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
    if let Some(reason) = entry.get("reason").filter(|reason| !REASONS.contains(&reason.as_str().unwrap_or_default())) {
        found.push(at.field("reason").not_supported(reason, &REASONS));
    }
    let path = entry.text("fieldPath");
    let at = at.field("fieldPath");
    if said("fieldPath") && path.trim().is_empty() {
        found.push(at.invalid(&path.into(), "must be non-empty if specified"));
    }
    if breaks(path) {
        found.push(at.invalid(&path.into(), "must not contain line breaks"));
    }
    if said("fieldPath") && cel::field_path(path, schema.0).is_err() {
        found.push(at.invalid(&path.into(), "must be a valid path"));
    }
}
