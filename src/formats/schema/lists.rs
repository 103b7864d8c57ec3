//! Lists that are sets or maps: what may not be there twice.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::node::{Additional, Graph, Id, List};
use super::violation::{Reason, Trail, Violation};
use super::wording;

/// All duplicates of an object.
pub(super) fn duplicates(graph: &Graph, id: Id, value: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let node = graph.node(id);
    if !node.below.lists {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Additional::Schema(id) = node.additional {
                    duplicates(graph, id, value, &trail.key(key), found);
                }
                if let Some(id) = node.property(key) {
                    duplicates(graph, id, value, &trail.field(key), found);
                }
            }
        }
        Value::Array(list) => {
            match &node.list {
                List::Atomic => {}
                List::Set => {
                    let members: Vec<&Value> = list.iter().collect();
                    for index in repeated(&members) {
                        found.push(duplicate(&trail.index(index), &list[index]));
                    }
                }
                List::Map(keys) => in_list_map(list, keys, trail, found),
            }
            if let Some(items) = node.items {
                for (index, item) in list.iter().enumerate() {
                    duplicates(graph, items, item, &trail.index(index), found);
                }
            }
        }
        _ => {}
    }
}

fn in_list_map(list: &[Value], keys: &[String], trail: &Trail, found: &mut Vec<Violation>) {
    if let Some(index) = list.iter().position(|item| !item.is_object() && !item.is_null()) {
        found.push(trail.index(index).invalid(&list[index], "must be an object for an array of list-type map"));
        return;
    }
    if list.len() < 2 {
        return;
    }
    let key = |item: &Value| -> Value {
        let present = |key: &String| Some((key.clone(), item.as_object()?.get(key)?.clone()));
        Value::Object(keys.iter().filter_map(present).collect::<Map<_, _>>())
    };
    let all: Vec<Value> = list.iter().map(key).collect();
    for index in repeated(&all.iter().collect::<Vec<_>>()) {
        found.push(duplicate(&trail.index(index), &all[index]));
    }
}

fn duplicate(trail: &Trail, value: &Value) -> Violation {
    trail.other(Reason::Duplicate, wording::body(Reason::Duplicate, value, ""))
}

/// Where a value is for the second time. Later ones aren't told again.
fn repeated(values: &[&Value]) -> Vec<usize> {
    let mut seen: HashMap<String, u32> = HashMap::with_capacity(values.len());
    let mut found = Vec::new();
    for (index, value) in values.iter().enumerate() {
        // 1 and 1.0 are two scalars, though they are the same inside of maps and lists.
        let kind = if value.is_f64() { "float " } else { "" };
        let times = seen.entry(format!("{kind}{}", wording::json(value))).or_default();
        *times += 1;
        if *times == 2 {
            found.push(index);
        }
    }
    found
}
