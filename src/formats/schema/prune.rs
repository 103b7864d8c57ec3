//! Fields that the schema doesn't have: the API server drops them, or names them where it is asked to be strict.

use serde_json::Value;

use super::metadata;
use super::node::{Additional, Dialect, Graph, Id, Node, Property};
use super::violation::{Trail, Violation};
use crate::error::nearest;
use crate::formats::yaml::{Path, Step, get_mut};

/// The fields that every object has, whatever its schema says.
const OF_EVERY_OBJECT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// All unknown fields, in the order of the object.
pub(super) fn unknown(graph: &Graph, id: Id, value: &Value, is_object: bool) -> Vec<Violation> {
    let mut found = Vec::new();
    walk(graph, id, value, is_object, &mut |trail, key, lacking| {
        let near = lacking.and_then(|(lacking, node)| {
            let of_object = std::ptr::eq(lacking, graph);
            near_name(node, key).or_else(|| elsewhere(graph, id, &trail.steps(), key).filter(|_| of_object))
        });
        found.push(trail.unknown(near.as_deref()));
    });
    found
}

/// Removes them and tells where they were.
pub(super) fn prune(graph: &Graph, id: Id, value: &mut Value, is_object: bool) -> Vec<Vec<Step>> {
    let mut found: Vec<Vec<Step>> = Vec::new();
    walk(graph, id, value, is_object, &mut |trail, _, _| found.push(trail.steps()));
    for path in &found {
        if let Some((Step::Key(key), up)) = path.split_last()
            && let Some(Value::Object(map)) = get_mut(value, up)
        {
            // The places of other keys stay, since the object may be written back.
            map.shift_remove(key);
        }
    }
    found
}

/// Whether there are any.
pub(super) fn has_unknown(graph: &Graph, id: Id, value: &Value, is_object: bool) -> bool {
    let mut found = false;
    walk(graph, id, value, is_object, &mut |_, _, _| found = true);
    found
}

/// What is told of an unknown field: where it is, its key, and the schema that lacks it.
type Found<'f> = &'f mut dyn FnMut(&Trail, &str, Option<(&Graph, &Node)>);

fn walk(graph: &Graph, id: Id, value: &Value, is_object: bool, found: Found) {
    Walk { graph, found }.visit(Some(id), value, is_object, false, &Trail::ROOT);
}

struct Walk<'g, 'f> {
    graph: &'g Graph,
    found: Found<'f>,
}

impl Walk<'_, '_> {
    /// `is_object` adds the fields of every object; `open` is below a node that keeps what it doesn't know.
    fn visit(&mut self, id: Option<Id>, value: &Value, is_object: bool, open: bool, trail: &Trail) {
        let graph = self.graph;
        let node = id.map(|id| graph.node(id));
        let built_in = graph.dialect == Dialect::BuiltIn;
        // Without a schema nothing is open, but what keeps unknown fields hands that on to elements of lists.
        let open = node.is_some_and(|node| open || node.preserve);
        match value {
            Value::Object(map) => {
                let object = is_object || node.is_some_and(|node| node.embedded);
                for (key, value) in map {
                    if object && OF_EVERY_OBJECT.contains(&key.as_str()) {
                        if key == "metadata" {
                            self.metadata(value, &trail.field(key));
                        }
                        continue;
                    }
                    let (below, is_known) = match node {
                        None => (None, false),
                        Some(node) => match (node.property(key), node.additional) {
                            (Some(id), _) => (Some(id), true),
                            (None, Additional::Schema(id)) => (Some(id), true),
                            (None, Additional::Any) if built_in => continue,
                            (None, Additional::Any | Additional::Forbidden) => (None, true),
                            (None, Additional::Unsaid) => (None, false),
                        },
                    };
                    match is_known {
                        true => self.visit(below, value, false, false, &trail.field(key)),
                        false if open => {}
                        false => (self.found)(&trail.field(key), key, node.map(|node| (graph, node))),
                    }
                }
            }
            Value::Array(list) => {
                let items = node.and_then(|node| node.items);
                // Elements of a list without a schema are kept where the list is open.
                if items.is_none() && (open || built_in) {
                    return;
                }
                for (index, item) in list.iter().enumerate() {
                    self.visit(items, item, false, open, &trail.index(index));
                }
            }
            _ => {}
        }
    }

    /// Metadata has a schema of its own.
    fn metadata(&mut self, value: &Value, trail: &Trail) {
        if let Some((graph, root)) = metadata::schema() {
            let mut inner = Walk { graph, found: &mut *self.found };
            inner.visit(Some(*root), value, false, false, trail);
        }
    }
}

/// The nearest name in the same map.
fn near_name(node: &Node, key: &str) -> Option<String> {
    let names = || node.properties.iter().map(|property| property.name.as_str());
    let near = names().find(|name| name.eq_ignore_ascii_case(key)).or_else(|| nearest(key, names()))?;
    Some(near.to_string())
}

/// The path of a field of exactly this name, where the indentation slipped: in a map below, or in one around.
fn elsewhere(graph: &Graph, root: Id, steps: &[Step], key: &str) -> Option<String> {
    let (_, around) = steps.split_last()?;
    let node = |steps: &[Step]| {
        let down = |id, step: &Step| match step {
            Step::Key(key) => graph.node(id).field(key),
            Step::Index(_) => graph.node(id).items,
        };
        steps.iter().try_fold(root, down).map(|id| graph.node(id))
    };
    let path = |around: &[Step], names: &[&str]| {
        let names = names.iter().map(|name| Step::from(*name));
        Path(&around.iter().cloned().chain(names).collect::<Vec<_>>()).to_string()
    };
    let has = |property: &&Property| graph.node(property.node).property(key).is_some();
    if let Some(below) = node(around)?.properties.iter().find(has) {
        return Some(path(around, &[&below.name, key]));
    }
    let outer = (0..around.len()).rev().map(|length| &around[..length]);
    let outer = outer.into_iter().find(|around| node(around).is_some_and(|node| node.property(key).is_some()))?;
    Some(path(outer, &[key]))
}
