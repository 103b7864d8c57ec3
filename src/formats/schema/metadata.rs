//! `metadata`, which has the same fields and rules in every object and in every resource that is embedded in one.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::How;
use super::check;
use super::names::{Names, wrong_key, wrong_kind, wrong_label, wrong_value};
use super::node::{Additional, Dialect, Graph, Id};
use super::parse;
use super::violation::{Reason, Trail, Violation};
use super::wording;

/// Bytes of all annotations together.
const MOST_ANNOTATED: usize = 256 * 1024;

/// The fields of metadata. It is only None if this constant isn't a schema, which a test rules out.
pub(super) fn schema() -> Option<&'static (Graph, Id)> {
    static SCHEMA: LazyLock<Option<(Graph, Id)>> = LazyLock::new(|| {
        let text = json!({ "type": "string" });
        let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        let (number, flag) = (json!({ "type": "integer", "format": "int64" }), json!({ "type": "boolean" }));
        let time = json!({ "type": "string", "format": "date-time" });
        let list =
            |properties: Value| json!({ "type": "array", "items": { "type": "object", "properties": properties } });
        let owners = list(json!({
            "apiVersion": text, "kind": text, "name": text, "uid": text, "controller": flag, "blockOwnerDeletion": flag,
        }));
        let managed = list(json!({
            "manager": text, "operation": text, "apiVersion": text, "time": time, "fieldsType": text,
            "fieldsV1": { "type": "object" }, "subresource": text,
        }));
        let all = json!({
            "type": "object",
            "properties": {
                "name": text, "generateName": text, "namespace": text, "selfLink": text, "uid": text, "resourceVersion": text,
                "generation": number, "creationTimestamp": time, "deletionTimestamp": time,
                "deletionGracePeriodSeconds": number, "labels": texts, "annotations": texts, "ownerReferences": owners,
                "finalizers": { "type": "array", "items": text }, "managedFields": managed,
            },
        });
        let (mut graph, root) = parse::parse(&all, Dialect::BuiltIn, &|_| None).ok()?;
        // Go takes null for the empty value of whatever it decodes.
        graph.nodes.iter_mut().for_each(|node| node.nullable = true);
        Some((graph, root))
    });
    SCHEMA.as_ref()
}

/// The rules of `metadata` of an object, and of its `apiVersion` and `kind`. An object in a file needs no namespace.
pub(super) fn of_object(object: &Value, names: Names, partial: bool) -> Vec<Violation> {
    let mut found = Vec::new();
    let Some(map) = object.as_object() else { return found };
    type_meta(map, partial, &Trail::ROOT, &mut found);
    let trail = Trail::ROOT.field("metadata");
    match map.get("metadata") {
        None | Some(Value::Null) if partial => {}
        None | Some(Value::Null) => found.push(trail.field("name").required("name or generateName is required")),
        Some(value) => {
            if fits(value, &trail, &mut found) {
                let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
                if text("name").is_empty() && text("generateName").is_empty() && !partial {
                    found.push(trail.field("name").required("name or generateName is required"));
                }
                rules(value, names, &trail, &mut found);
            }
        }
    }
    found
}

/// The rules of all resources that are embedded in an object.
pub(super) fn embedded(graph: &Graph, id: Id, value: &Value, partial: bool, trail: &Trail, found: &mut Vec<Violation>) {
    let node = graph.node(id);
    if !node.below.embedded {
        return;
    }
    match value {
        Value::Object(map) => {
            if node.embedded {
                type_meta(map, partial, trail, found);
                if let Some(value) = map.get("metadata") {
                    let trail = trail.field("metadata");
                    if fits(value, &trail, found) {
                        rules(value, Names::Segment, &trail, found);
                    }
                }
            }
            for (key, value) in map {
                match (node.property(key), node.additional) {
                    (Some(id), _) => embedded(graph, id, value, partial, &trail.field(key), found),
                    (None, Additional::Schema(id)) => embedded(graph, id, value, partial, &trail.key(key), found),
                    (None, _) => {}
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = node.items else { return };
            for (index, item) in list.iter().enumerate() {
                embedded(graph, items, item, partial, &trail.index(index), found);
            }
        }
        _ => {}
    }
}

/// Whether a field of metadata is as good as not there.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// Drops empty fields of metadata, of an object and of what is embedded in it: they aren't stored.
pub(super) fn drop_empty(graph: &Graph, id: Id, value: &mut Value, is_object: bool) {
    let node = graph.node(id);
    let object = is_object || node.embedded;
    if object && let Some(Value::Object(meta)) = value.get_mut("metadata") {
        meta.retain(|_, value| !is_empty(value));
    }
    if !node.below.embedded {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(id) = node.field(key) {
                    drop_empty(graph, id, value, false);
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = node.items else { return };
            list.iter_mut().for_each(|item| drop_empty(graph, items, item, false));
        }
        _ => {}
    }
}

/// Whether [`drop_empty`] would find something.
pub(super) fn has_empty(graph: &Graph, id: Id, value: &Value, is_object: bool) -> bool {
    let node = graph.node(id);
    let object = is_object || node.embedded;
    let of_object =
        object && value.get("metadata").and_then(Value::as_object).is_some_and(|meta| meta.values().any(is_empty));
    of_object
        || node.below.embedded
            && match value {
                Value::Object(map) => {
                    map.iter().any(|(key, value)| node.field(key).is_some_and(|id| has_empty(graph, id, value, false)))
                }
                Value::Array(list) => {
                    node.items.is_some_and(|items| list.iter().any(|item| has_empty(graph, items, item, false)))
                }
                _ => false,
            }
}

/// Whether the fields have their types.
fn fits(value: &Value, trail: &Trail, found: &mut Vec<Violation>) -> bool {
    let Some((graph, root)) = schema() else { return true };
    let wrong = check::check_at(graph, *root, value, trail, How::default());
    let fits = wrong.is_empty();
    found.extend(wrong);
    fits
}

pub(super) fn type_meta(map: &Map<String, Value>, partial: bool, trail: &Trail, found: &mut Vec<Violation>) {
    for key in ["apiVersion", "kind"] {
        let trail = trail.field(key);
        let text = match map.get(key) {
            None if partial => continue,
            None => {
                found.push(trail.required(""));
                continue;
            }
            Some(Value::String(text)) => text,
            Some(other) => {
                found.push(trail.invalid(other, "must be a string"));
                continue;
            }
        };
        let value = Value::from(text.as_str());
        if text.is_empty() {
            found.push(trail.invalid(&value, "must not be empty"));
        } else if key == "kind" {
            let wrong = wrong_kind(text);
            if !wrong.is_empty() {
                let detail = format!("may have mixed case, but should otherwise match: {}", wrong.join(","));
                found.push(trail.invalid(&value, &detail));
            }
        } else if text.matches('/').count() > 1 {
            found.push(trail.invalid(&value, &format!("unexpected GroupVersion string: {text}")));
        }
    }
}

/// The rules of metadata whose fields have their types.
fn rules(meta: &Value, names: Names, trail: &Trail, found: &mut Vec<Violation>) {
    let text = |name: &str| meta.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    for (field, is_prefix) in [("generateName", true), ("name", false)] {
        if let Some(name) = text(field) {
            let wrong = names.wrong(name, is_prefix);
            found.extend(wrong.iter().map(|detail| trail.field(field).invalid(&Value::from(name), detail)));
        }
    }
    if let Some(namespace) = text("namespace") {
        let wrong = wrong_label(namespace);
        found.extend(wrong.iter().map(|detail| trail.field("namespace").invalid(&Value::from(namespace), detail)));
    }
    if let Some(generation) = meta.get("generation").filter(|value| value.as_i64().is_some_and(|value| value < 0)) {
        found.push(trail.field("generation").invalid(generation, "must be greater than or equal to 0"));
    }
    labels(meta, trail, found);
    annotations(meta, trail, found);
    owners(meta, trail, found);
    finalizers(meta, trail, found);
}

/// Violations are of the map, as the API server has them, but their path leads to the entry.
fn labels(meta: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let trail = trail.field("labels");
    for (key, value) in entries(meta, "labels") {
        let of_entry = |violation: Violation| Violation { path: trail.key(key).steps(), ..violation };
        let wrong = wrong_key(key);
        found.extend(wrong.iter().map(|detail| of_entry(trail.invalid(&Value::from(key.as_str()), detail))));
        let wrong = wrong_value(value.as_str().unwrap_or_default());
        found.extend(wrong.iter().map(|detail| of_entry(trail.invalid(value, detail))));
    }
}

fn annotations(meta: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let trail = trail.field("annotations");
    let mut size = 0;
    for (key, value) in entries(meta, "annotations") {
        size += key.len() + value.as_str().map_or(0, str::len);
        for detail in wrong_key(&key.to_lowercase()) {
            let violation = trail.invalid(&Value::from(key.as_str()), &detail);
            found.push(Violation { path: trail.key(key).steps(), ..violation });
        }
    }
    if size > MOST_ANNOTATED {
        let limit = format!("Too long: may not be more than {MOST_ANNOTATED} bytes");
        found.push(trail.other(Reason::TooLong, limit));
    }
}

fn owners(meta: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let list = meta.get("ownerReferences").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let trail = trail.field("ownerReferences");
    let mut controller: Option<String> = None;
    for owner in list {
        let text = |name: &str| owner.get(name).and_then(Value::as_str).unwrap_or_default();
        let version = text("apiVersion").rsplit('/').next().unwrap_or_default();
        let fields =
            [("apiVersion", version, "version must not be empty"), ("kind", text("kind"), "must not be empty")];
        let more = [("name", text("name"), "must not be empty"), ("uid", text("uid"), "must not be empty")];
        for (field, value, detail) in fields.into_iter().chain(more) {
            if value.is_empty() {
                found.push(trail.field(field).invalid(&Value::from(text(field)), detail));
            }
        }
        if (text("apiVersion"), text("kind")) == ("v1", "Event") {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            found.push(trail.other(Reason::Invalid, format!("Invalid value: {}: {detail}", shown(owner))));
        }
        if owner.get("controller") == Some(&Value::Bool(true)) {
            let name = format!("{}/{}", text("kind"), text("name"));
            match &controller {
                None => controller = Some(name),
                Some(first) => {
                    let detail = "Only one reference can have Controller set to true. Found \"true\" in references for";
                    let all = list.iter().map(shown).collect::<Vec<_>>().join(",");
                    let body = format!("Invalid value: [{all}]: {detail} {first} and {name}");
                    found.push(trail.other(Reason::Invalid, body));
                }
            }
        }
    }
}

/// An owner as Go writes it: its fields in their order there, the first four even if they are empty.
fn shown(owner: &Value) -> String {
    let field = |name: &str, always: bool| match owner.get(name) {
        Some(value) if always || !value.is_null() => Some(format!("\"{name}\":{}", wording::json(value))),
        _ => always.then(|| format!("\"{name}\":\"\"")),
    };
    let texts = ["apiVersion", "kind", "name", "uid"].iter().filter_map(|name| field(name, true));
    let flags = ["controller", "blockOwnerDeletion"].iter().filter_map(|name| field(name, false));
    format!("{{{}}}", texts.chain(flags).collect::<Vec<_>>().join(","))
}

fn finalizers(meta: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let list = meta.get("finalizers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let trail = trail.field("finalizers");
    for (index, value) in list.iter().enumerate() {
        for detail in wrong_key(value.as_str().unwrap_or_default()) {
            found.push(Violation { path: trail.index(index).steps(), ..trail.invalid(value, &detail) });
        }
    }
    let has = |name: &str| list.iter().any(|value| value.as_str() == Some(name));
    if has("orphan") && has("foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        found.push(trail.invalid(&Value::Array(list.to_vec()), detail));
    }
}

fn entries<'a>(meta: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    meta.get(name).and_then(Value::as_object).into_iter().flatten()
}
