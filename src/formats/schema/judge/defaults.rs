//! Whether defaults are values that their own schemas take.
//! As k8s.io/apiextensions-apiserver v0.36, pkg/apiserver/schema/defaulting/validation.go.

use serde_json::{Value, json};

use super::super::node::{Dialect, Graph, Id};
use super::super::violation::{Trail, Violation};
use super::super::{How, check, metadata, parse, prune, rules};
use super::words::Words;
use crate::formats::yaml::Step;

const INT_OR_STRING: &str = "x-kubernetes-int-or-string";

/// The embedded resource that is around a schema, and the way from there to it.
#[derive(Clone)]
struct Embedded<'a> {
    schema: Words<'a>,
    way: Vec<Step>,
    in_metadata: bool,
}

/// The faults of all defaults of a schema.
pub(super) fn faults(schema: Words, trail: &Trail) -> Vec<Violation> {
    let mut found = Vec::new();
    node(schema, true, None, trail, &mut found);
    found
}

fn node<'a>(schema: Words<'a>, is_root: bool, around: Option<Embedded<'a>>, trail: &Trail, found: &mut Vec<Violation>) {
    let embedded = schema.flag("x-kubernetes-embedded-resource");
    let around = match embedded {
        true => Some(Embedded { schema, way: Vec::new(), in_metadata: false }),
        false => around,
    };
    if let Some(default) = schema.get("default") {
        match &around {
            Some(around) if around.in_metadata => of_metadata(schema, around, default, trail, found),
            _ => of_value(schema, default, is_root, trail, found),
        }
    }
    // Those below additionalProperties are never filled in by themselves.
    let down = |step: Step, of_object: bool| {
        around.clone().map(|around| Embedded {
            way: around.way.into_iter().chain([step]).collect(),
            in_metadata: around.in_metadata || of_object,
            ..around
        })
    };
    if let Some(items) = schema.schema("items") {
        node(items, false, down(Step::Index(0), false), &trail.field("items"), found);
    }
    for (name, property) in schema.named("properties") {
        let of_object = matches!(name, "metadata" | "apiVersion" | "kind");
        // What every object has, has no defaults; that is told elsewhere.
        if !(is_root && of_object) {
            let around = down(Step::from(name), embedded && of_object);
            node(property, false, around, &trail.field("properties").key(name), found);
        }
    }
}

fn read(schema: Words, trail: &Trail, found: &mut Vec<Violation>) -> Option<(Graph, Id)> {
    // What a default of an integer or a text is, isn't looked at.
    match parse::parse(&without_int_or_string(schema.0), Dialect::Custom, &|_| None) {
        Ok(read) => Some(read),
        Err(error) => {
            found.push(trail.invalid(&Value::from(""), error.message()));
            None
        }
    }
}

fn without_int_or_string(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let kept = map.iter().filter(|(word, value)| !(*word == INT_OR_STRING && value.is_boolean()));
            Value::Object(kept.map(|(word, value)| (word.clone(), without_int_or_string(value))).collect())
        }
        Value::Array(list) => list.iter().map(without_int_or_string).collect(),
        other => other.clone(),
    }
}

fn of_value(schema: Words, default: &Value, is_root: bool, trail: &Trail, found: &mut Vec<Violation>) {
    let Some((graph, id)) = read(schema, trail, found) else { return };
    let at = trail.field("default");
    if prune::has_unknown(&graph, id, default, is_root || graph.node(id).embedded) {
        found.push(at.invalid(default, "must not have unknown fields"));
    }
    let mut wrong = Vec::new();
    if let Some(object) = default.as_object().filter(|_| is_root) {
        metadata::type_meta(object, false, &at, &mut wrong);
    }
    metadata::embedded(&graph, id, default, false, &at, &mut wrong);
    if wrong.is_empty() {
        wrong = by_schema(&graph, id, default, is_root, &at);
    }
    found.extend(wrong);
}

/// A default within the metadata of an embedded resource: all of the metadata has to be right with it.
fn of_metadata(schema: Words, around: &Embedded, default: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let at = trail.field("default");
    let mut object = around.way.iter().rev().fold(default.clone(), |inner, step| match step {
        Step::Key(key) => json!({ key.as_str(): inner }),
        Step::Index(_) => json!([inner]),
    });
    for (key, value) in [("kind", "Validation"), ("apiVersion", "validation/v1")] {
        if object.get(key).is_none() {
            object[key] = value.into();
        }
    }
    let Some((graph, id)) = read(around.schema, trail, found) else { return };
    let mut wrong = Vec::new();
    metadata::embedded(&graph, id, &object, false, &Trail::ROOT, &mut wrong);
    if let Some(wrong) = wrong.first() {
        found.push(at.invalid(default, &format!("must result in valid metadata: {wrong}")));
        return;
    }
    let Some((graph, id)) = read(schema, trail, found) else { return };
    found.extend(by_schema(&graph, id, default, false, &at));
}

/// What the schema says of its default, and if that is nothing, what its rules say: as if it had always been there, and
/// as if it were new.
fn by_schema(graph: &Graph, id: Id, default: &Value, is_root: bool, at: &Trail) -> Vec<Violation> {
    let mut wrong = check::check(graph, id, default, None, How { partial: false, rules: true });
    for old in [Some(default), None] {
        if wrong.is_empty() {
            rules::check(graph, id, default, old, is_root, &mut wrong);
        }
    }
    wrong.into_iter().map(|violation| violation.below(at)).collect()
}

impl Violation {
    /// The same, of a value that is itself a part of something.
    fn below(mut self, at: &Trail) -> Violation {
        let base = at.bracketed();
        self.field = match self.field.as_str() {
            "<nil>" | "" => base,
            inner if inner.starts_with('[') => format!("{base}{inner}"),
            inner => format!("{base}.{inner}"),
        };
        self.path.splice(0..0, at.steps());
        self
    }
}
