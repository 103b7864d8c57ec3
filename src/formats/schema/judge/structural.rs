//! Whether a schema is structural: types are said once and outside of alternatives, and alternatives name nothing else.
//! As k8s.io/apiextensions-apiserver v0.36, pkg/apiserver/schema/{validation,complete}.go.

use serde_json::Value;

use super::super::violation::{Reason, Trail, Violation};
use super::super::wording;
use super::words::Words;
use crate::formats::pattern::Pattern;

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Everything by which a schema isn't structural.
pub(super) fn faults(schema: Words, trail: &Trail) -> Vec<Violation> {
    let mut found = Vec::new();
    node(schema, Level::Root, trail, &mut found);
    complete(schema, Some(schema), (trail, trail), &mut found);
    found
}

fn node(schema: Words, level: Level, trail: &Trail, found: &mut Vec<Violation>) {
    let kind = schema.text("type");
    let embedded = schema.flag("x-kubernetes-embedded-resource");
    let open = schema.flag("x-kubernetes-preserve-unknown-fields");
    let int_or_string = schema.flag("x-kubernetes-int-or-string");
    if kind == "array" && schema.schema("items").is_none() {
        found.push(trail.field("items").required("must be specified"));
    }
    if let Some(items) = schema.schema("items") {
        node(items, Level::Item, &trail.field("items"), found);
    }
    for (name, property) in schema.named("properties") {
        node(property, Level::Field, &trail.field("properties").key(name), found);
    }
    let additional = trail.field("additionalProperties");
    if schema.get("additionalProperties").is_some() && level == Level::Root {
        found.push(additional.forbidden("must not be used at the root"));
    }
    if let Some(values) = schema.schema("additionalProperties") {
        node(values, Level::Field, &additional, found);
    }
    for (on, word) in [(open, "x-kubernetes-preserve-unknown-fields"), (embedded, "x-kubernetes-embedded-resource")] {
        if int_or_string && on {
            let detail = "must be false if x-kubernetes-int-or-string is true";
            found.push(trail.field(word).invalid(&Value::Bool(true), detail));
        }
    }
    values(schema, (is_int_or_string(schema), first_is_int_or_string(schema)), trail, found);
    of_type(schema, level, trail, found);
    of_metadata(schema, level, trail, found);
    let properties = schema.named("properties").next().is_some();
    if embedded && !open && !properties {
        let detail = "must not be empty if x-kubernetes-embedded-resource is true without \
                      x-kubernetes-preserve-unknown-fields";
        found.push(trail.field("properties").required(detail));
    }
}

fn of_type(schema: Words, level: Level, trail: &Trail, found: &mut Vec<Violation>) {
    let kind = schema.text("type");
    let at = trail.field("type");
    let free =
        ["x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"].iter().any(|word| schema.flag(word));
    let embedded = schema.flag("x-kubernetes-embedded-resource");
    if embedded && kind != "object" {
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        found.push(if kind.is_empty() { at.required(detail) } else { at.invalid(&kind.into(), detail) });
    } else if kind.is_empty() && !free {
        found.push(at.required(match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        }));
    }
    if embedded && schema.get("additionalProperties").is_some() {
        let detail = "must not be used if x-kubernetes-embedded-resource is set";
        found.push(trail.field("additionalProperties").forbidden(detail));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        found.push(at.invalid(&kind.into(), "must be object at the root"));
    }
}

/// What every object has, a schema may only say as it is.
fn of_metadata(schema: Words, level: Level, trail: &Trail, found: &mut Vec<Violation>) {
    let is_object = level == Level::Root || schema.flag("x-kubernetes-embedded-resource");
    let at = trail.field("properties");
    for (name, kind) in [("kind", "string"), ("apiVersion", "string"), ("metadata", "object")] {
        if let Some(property) = schema.property(name).filter(|property| is_object && property.text("type") != kind) {
            let value = Value::from(property.text("type"));
            found.push(at.key(name).field("type").invalid(&value, &format!("must be {kind}")));
        }
    }
    let Some(metadata) = schema.property("metadata").filter(|_| level == Level::Root) else { return };
    let known = |name: &str| matches!(name, "name" | "generateName");
    let only_names = metadata.named("properties").all(|(name, _)| known(name));
    if !only_names || metadata.said().any(|word| !matches!(word, "type" | "properties" | "default")) {
        let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        found.push(at.key("metadata").forbidden(detail));
    }
}

/// `anyOf: [{type: integer}, {type: string}]`, which may stand beside x-kubernetes-int-or-string.
fn is_int_or_string(schema: Words) -> bool {
    let types: Vec<&str> = schema.schemas("anyOf").map(|(_, part)| part.text("type")).collect();
    types == ["integer", "string"] && schema.schemas("anyOf").all(|(_, part)| part.said().eq(["type"]))
}

fn first_is_int_or_string(schema: Words) -> bool {
    schema.schemas("allOf").next().is_some_and(|(_, part)| is_int_or_string(part))
}

/// The keywords about values, among them the alternatives. Those that say int-or-string are left out.
fn values(schema: Words, (no_any, no_first): (bool, bool), trail: &Trail, found: &mut Vec<Violation>) {
    if !no_any {
        for (at, part) in schema.schemas("anyOf") {
            nested(part, false, &trail.field("anyOf").index(at), found);
        }
    }
    for (at, part) in schema.schemas("allOf") {
        nested(part, no_first && at == 0, &trail.field("allOf").index(at), found);
    }
    for (at, part) in schema.schemas("oneOf") {
        nested(part, false, &trail.field("oneOf").index(at), found);
    }
    if let Some(part) = schema.schema("not") {
        nested(part, false, &trail.field("not"), found);
    }
    let pattern = schema.text("pattern");
    if let Err(why) = Pattern::new(pattern) {
        let detail = format!("must be a valid regular expression, but isn't: error parsing regexp: {why}");
        found.push(trail.field("pattern").invalid(&pattern.into(), &detail));
    }
}

/// A schema that is a part of another one's alternatives.
fn nested(schema: Words, no_any: bool, trail: &Trail, found: &mut Vec<Violation>) {
    values(schema, (no_any, false), trail, found);
    if let Some(items) = schema.schema("items") {
        nested(items, false, &trail.field("items"), found);
    }
    for (name, property) in schema.named("properties") {
        nested(property, false, &trail.field("properties").key(name), found);
    }
    let said = |word: &str| match schema.get(word) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::String(text)) => !text.is_empty() || word.ends_with("-type") || word == "default",
        other => other.is_some(),
    };
    const NOT_HERE: [(&str, &str); 12] = [
        ("type", "must be empty to be structural"),
        ("additionalProperties", "must be undefined to be structural"),
        ("default", "must be undefined to be structural"),
        ("title", "must be empty to be structural"),
        ("description", "must be empty to be structural"),
        ("nullable", "must be false to be structural"),
        ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
        ("x-kubernetes-embedded-resource", "must be false to be structural"),
        ("x-kubernetes-int-or-string", "must be false to be structural"),
        ("x-kubernetes-list-map-keys", "must be empty to be structural"),
        ("x-kubernetes-list-type", "must be undefined to be structural"),
        ("x-kubernetes-map-type", "must be undefined to be structural"),
    ];
    for (word, detail) in NOT_HERE.into_iter().filter(|(word, _)| match *word {
        // A default that is false is one.
        "default" => schema.get(word).is_some(),
        word => said(word),
    }) {
        found.push(trail.field(word).forbidden(detail));
    }
    if said("x-kubernetes-validations") {
        found.push(trail.field("x-kubernetes-validations").forbidden("must be empty to be structural"));
    }
    if schema.property("metadata").is_some() {
        let detail = "must not be specified in a nested context";
        found.push(trail.field("properties").key("metadata").forbidden(detail));
    }
}

/// What alternatives name has to be there outside of them, too. The trails are those of the structure and of the part.
fn complete(part: Words, structure: Option<Words>, (at, of): (&Trail, &Trail), found: &mut Vec<Violation>) {
    for word in ["allOf", "anyOf", "oneOf"] {
        for (index, part) in part.schemas(word) {
            complete_part(part, structure, (at, &of.field(word).index(index)), found);
        }
    }
    if let Some(not) = part.schema("not") {
        complete_part(not, structure, (at, &of.field("not")), found);
    }
}

fn complete_part(part: Words, structure: Option<Words>, (at, of): (&Trail, &Trail), found: &mut Vec<Violation>) {
    let lacks = |at: &Trail, of: &Trail| at.required(&format!("because it is defined in {}", of.bracketed()));
    let Some(structure) = structure else {
        found.push(lacks(at, of));
        return;
    };
    complete(part, Some(structure), (at, of), found);
    if let Some(items) = part.schema("items") {
        complete_part(items, structure.schema("items"), (&at.field("items"), &of.field("items")), found);
    }
    for (name, property) in part.named("properties") {
        let (at, of) = (at.field("properties"), of.field("properties"));
        let (at, of) = (at.key(name), of.key(name));
        match structure.property(name) {
            Some(below) => complete_part(property, Some(below), (&at, &of), found),
            None => found.push(lacks(&at, &of)),
        }
    }
}

/// What a schema may not have at all, in the words in which it can't be made a structural one.
pub(super) fn unsupported(schema: Words) -> Option<&'static str> {
    const WORDS: [(&str, &str); 7] = [
        ("id", "OpenAPIV3Schema 'id' is not supported"),
        ("$schema", "OpenAPIV3Schema 'schema' is not supported"),
        ("$ref", "OpenAPIV3Schema '$ref' is not supported"),
        ("patternProperties", "OpenAPIV3Schema 'patternProperties' is not supported"),
        ("dependencies", "OpenAPIV3Schema 'dependencies' is not supported"),
        ("additionalItems", "OpenAPIV3Schema 'additionalItems' is not supported"),
        ("definitions", "OpenAPIV3Schema 'definitions' is not supported"),
    ];
    let said = |word: &str| match schema.get(word) {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Object(map)) => !map.is_empty() || word == "additionalItems",
        other => other.is_some(),
    };
    if let Some((_, why)) = WORDS.into_iter().find(|(word, _)| said(word)) {
        return Some(why);
    }
    if schema.get("items").is_some_and(|items| items.as_array().is_some_and(|list| !list.is_empty())) {
        return Some("OpenAPIV3Schema 'items' must be a schema, but is an array");
    }
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        return Some("internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined");
    }
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|word| schema.schemas(word).map(|(_, part)| part));
    let named = schema.named("properties").map(|(_, property)| property);
    let single = ["items", "additionalProperties", "not"].into_iter().filter_map(|word| schema.schema(word));
    parts.chain(named).chain(single).find_map(unsupported)
}

impl Trail<'_> {
    /// Something that must not be there.
    pub(in crate::formats) fn forbidden(&self, detail: &str) -> Violation {
        self.other(Reason::Forbidden, format!("Forbidden: {detail}"))
    }

    /// A value that is wrong and too long to be shown.
    pub(in crate::formats) fn plainly_invalid(&self, detail: &str) -> Violation {
        self.other(Reason::Invalid, format!("Invalid value: {detail}"))
    }

    /// A value that is there twice.
    pub(in crate::formats) fn duplicate(&self, value: &Value) -> Violation {
        self.other(Reason::Duplicate, wording::body(Reason::Duplicate, value, ""))
    }

    /// More than there may be.
    pub(in crate::formats) fn too_many(&self, value: &Value, detail: &str) -> Violation {
        self.other(Reason::TooMany, wording::body(Reason::TooMany, value, detail))
    }

    /// A value that is none of a list.
    pub(in crate::formats) fn not_supported(&self, value: &Value, choices: &[&str]) -> Violation {
        let choices: Vec<String> = choices.iter().map(|choice| format!("{choice:?}")).collect();
        let detail = format!("supported values: {}", choices.join(", "));
        self.other(Reason::NotSupported, wording::body(Reason::NotSupported, value, &detail))
    }
}
