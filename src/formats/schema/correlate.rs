//! Which part of the object before belongs to a part of the object now. Fields belong by name, elements of list maps by
//! their keys, all others not at all. What is wrong but hasn't changed is let pass, as the API server does.

use serde_json::Value;

use super::node::{Graph, Id, List};

/// The part of the old object that belongs to a value, and the schema that says how its parts are found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Old<'a> {
    pub(super) value: &'a Value,
    pub(super) structure: Id,
}

impl<'a> Old<'a> {
    pub(super) fn field(self, graph: &Graph, name: &str) -> Option<Old<'a>> {
        let value = self.value.as_object()?.get(name)?;
        Some(Old { value, structure: graph.node(self.structure).field(name)? })
    }

    /// The element that has the keys of one of the new elements.
    pub(super) fn element(self, graph: &Graph, new: &Value) -> Option<Old<'a>> {
        let node = graph.node(self.structure);
        let List::Map(keys) = &node.list else { return None };
        let key = |element: &'a Value| -> Option<Vec<&'a Value>> { key_of(element, keys) };
        let wanted = key_of(new, keys)?;
        let value = self.value.as_array()?.iter().find(|element| key(element).is_some_and(|key| key == wanted))?;
        Some(Old { value, structure: node.items? })
    }

    /// Whether a value is what it was. Elements of list maps may have changed their places.
    pub(super) fn is_same(self, graph: &Graph, new: &Value) -> bool {
        match (self.value, new) {
            (Value::Object(old), Value::Object(now)) => {
                old.len() == now.len()
                    && now
                        .iter()
                        .all(|(key, value)| self.field(graph, key).is_some_and(|old| old.is_same(graph, value)))
            }
            (Value::Array(old), Value::Array(now)) => {
                let map = matches!(graph.node(self.structure).list, List::Map(_));
                old.len() == now.len()
                    && match map {
                        true => now
                            .iter()
                            .all(|value| self.element(graph, value).is_some_and(|old| old.is_same(graph, value))),
                        false => old == now,
                    }
            }
            (old, now) => old == now,
        }
    }
}

/// The values of the keys, if all are there and scalars.
fn key_of<'v>(element: &'v Value, keys: &[String]) -> Option<Vec<&'v Value>> {
    let map = element.as_object()?;
    let scalar = |value: &&Value| !matches!(value, Value::Null | Value::Array(_) | Value::Object(_));
    if keys.is_empty() {
        return None;
    }
    keys.iter().map(|key| map.get(key).filter(scalar)).collect()
}
