//! Literals: lists and maps of constants are made once, when a rule is compiled, and cost nothing later.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::common::ast::LiteralValue;

use super::kinds::Kind;
use super::tree::Node;
use super::value::{Map, Value};

/// A literal and its type.
pub(super) fn constant(literal: &LiteralValue) -> (Node, Kind) {
    let (value, kind) = match literal {
        LiteralValue::Boolean(value) => (Value::Bool(*value.inner()), Kind::Bool),
        LiteralValue::Bytes(value) => (Value::Bytes(Arc::from(value.inner())), Kind::Bytes),
        LiteralValue::Double(value) => (Value::Double(*value.inner()), Kind::Double),
        LiteralValue::Int(value) => (Value::Int(*value.inner()), Kind::Int),
        LiteralValue::Null => (Value::Null, Kind::Null),
        LiteralValue::String(value) => (Value::made(value.inner()), Kind::Text),
        LiteralValue::UInt(value) => (Value::Uint(*value.inner()), Kind::Uint),
    };
    (Node::Constant(value), kind)
}

/// A list of constants is one.
pub(super) fn list(items: Vec<(Node, bool)>) -> Node {
    if !items.iter().all(|(node, optional)| matches!(node, Node::Constant(_)) && !optional) {
        return Node::List(items);
    }
    let values = items.into_iter().filter_map(|(node, _)| match node {
        Node::Constant(value) => Some(value),
        _ => None,
    });
    Node::Constant(Value::list(values.collect()))
}

/// A map of constants is one, if its keys can be keys and none is there twice.
pub(super) fn map(entries: Vec<(Node, Node, bool)>) -> Node {
    let mut built = BTreeMap::new();
    for (key, value, optional) in &entries {
        let (Node::Constant(key), Node::Constant(value), false) = (key, value, optional) else {
            return Node::Map(entries);
        };
        let key = match key {
            Value::Double(_) => None,
            other => other.key(),
        };
        let Some(key) = key else { return Node::Map(entries) };
        if built.insert(key, value.clone()).is_some() {
            return Node::Map(entries);
        }
    }
    Node::Constant(Value::Map(Map::Made(Arc::new(built))))
}
