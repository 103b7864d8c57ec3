//! What the API server fills in: nulls that nobody allowed go, and what is missing gets its default.

use serde_json::{Map, Value};

use super::node::{Additional, Graph, Id, Node};

/// Drops nulls that stand for "not there" and have no default; those that have one get it later.
pub(super) fn drop_nulls(graph: &Graph, id: Option<Id>, value: &mut Value) {
    match value {
        Value::Object(map) => {
            let node = id.map(|id| graph.node(id));
            let drops = |key: &str, value: &Value| {
                value.is_null()
                    && node.and_then(|node| node.field(key)).is_some_and(|id| {
                        let field = graph.node(id);
                        field.refuses_null() && field.default.is_none()
                    })
            };
            if map.iter().any(|(key, value)| drops(key, value)) {
                map.retain(|key, value| !drops(key, value));
            }
            for (key, value) in map {
                drop_nulls(graph, node.and_then(|node| node.field(key)), value);
            }
        }
        Value::Array(list) => {
            let items = id.and_then(|id| graph.node(id).items);
            list.iter_mut().for_each(|item| drop_nulls(graph, items, item));
        }
        _ => {}
    }
}

/// Whether [`drop_nulls`] could find something. Cheaper than a copy.
pub(super) fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(has_null),
        Value::Array(list) => list.iter().any(has_null),
        _ => false,
    }
}

/// Fills in defaults, also those inside of defaults.
pub(super) fn fill(graph: &Graph, id: Id, value: &mut Value) {
    let node = graph.node(id);
    if !node.below.defaults {
        return;
    }
    match value {
        Value::Object(map) => fill_map(graph, node, map),
        Value::Array(list) => {
            let Some(items) = node.items else { return };
            let (element, default) = (graph.node(items), graph.node(items).default.as_ref());
            for item in list {
                if item.is_null() && element.refuses_null() {
                    *item = default.cloned().unwrap_or_default();
                }
                fill(graph, items, item);
            }
        }
        _ => {}
    }
}

fn fill_map(graph: &Graph, node: &Node, map: &mut Map<String, Value>) {
    for property in &node.properties {
        let field = graph.node(property.node);
        let Some(default) = &field.default else { continue };
        match map.get_mut(&property.name) {
            None => {
                map.insert(property.name.clone(), default.clone());
            }
            Some(value) if value.is_null() && field.refuses_null() => *value = default.clone(),
            Some(_) => {}
        }
    }
    for (key, value) in map {
        match (node.property(key), node.additional) {
            (Some(id), _) => fill(graph, id, value),
            (None, Additional::Schema(id)) => {
                let field = graph.node(id);
                if value.is_null() && field.refuses_null() {
                    *value = field.default.clone().unwrap_or_default();
                }
                fill(graph, id, value);
            }
            (None, _) => {}
        }
    }
}
