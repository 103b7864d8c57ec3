//! Optional values.
//! As github.com/google/cel-go v0.26, cel/library.go.

use super::super::tree::Native;
use super::super::value::{List, Map, Outcome, Value, error, no_overload};

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "optional.of" => |args| match args {
            [value] => Ok(Value::some(value.clone())),
            _ => Err(no_overload()),
        },
        "optional.ofNonZeroValue" => |args| match args {
            [value] if is_zero(value) => Ok(Value::Optional(None)),
            [value] => Ok(Value::some(value.clone())),
            _ => Err(no_overload()),
        },
        "optional.none" => |_| Ok(Value::Optional(None)),
        "value" => |args| match args {
            [Value::Optional(Some(value))] => Ok((**value).clone()),
            [Value::Optional(None)] => Err(error("optional.none() dereference")),
            _ => Err(no_overload()),
        },
        "hasValue" => |args| match args {
            [Value::Optional(value)] => Ok(Value::Bool(value.is_some())),
            _ => Err(no_overload()),
        },
        "optional.unwrap" | "unwrapOpt" => unwrap,
        "first" => |args| edge(args, |_| 0),
        "last" => |args| edge(args, |list| list.len().saturating_sub(1)),
        _ => return None,
    })
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(n) => *n == 0,
        Value::Uint(n) => *n == 0,
        Value::Double(n) => *n == 0.0,
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Duration(n) => *n == 0,
        Value::Timestamp(at) => at.is_zero(),
        Value::List(List::Made(made)) => made.items.is_empty() && !made.typed,
        Value::Map(Map::Made(entries)) => entries.is_empty(),
        Value::Optional(value) => value.is_none(),
        _ => false,
    }
}

fn unwrap<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return Err(no_overload()) };
    let mut there = Vec::new();
    for item in list.items()? {
        match item {
            Value::Optional(Some(value)) => there.push((*value).clone()),
            Value::Optional(None) => {}
            other => return Err(error(format!("value {} is not optional", super::super::eval::shown(&other)))),
        }
    }
    Ok(Value::list(there))
}

fn edge<'a>(args: &[Value<'a>], at: fn(&List) -> usize) -> Outcome<'a> {
    let [Value::List(list)] = args else { return Err(no_overload()) };
    match list.get(at(list)) {
        Some(item) => Ok(Value::some(item?)),
        None => Ok(Value::Optional(None)),
    }
}
