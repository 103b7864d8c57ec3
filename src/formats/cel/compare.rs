//! Which values are equal, and which comes first.
//! As github.com/google/cel-go v0.26, common/types, and k8s.io/apiserver v0.36, pkg/cel/common/valuesunstructured.go.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::types::Order;
use super::value::{Key, List, Map, Outcome, Value, no_overload};

/// `a == b`. Values of different types differ, but numbers are compared as numbers.
pub(super) fn equal(a: &Value, b: &Value) -> Outcome<'static, bool> {
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => **a == **b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::List(a), Value::List(b)) => return lists(a, b),
        (Value::List(a), _) if a.is_typed() => return Err(no_overload()),
        (Value::Map(a), Value::Map(b)) => return maps(a, b),
        (Value::Map(Map::Json { .. }), _) => return Err(no_overload()),
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => return equal(a, b),
            (None, None) => true,
            _ => false,
        },
        (Value::Address(a), Value::Address(b)) => a == b,
        (Value::Network(a), Value::Network(b)) => a == b,
        (Value::Url(a), Value::Url(b)) => a == b,
        (Value::Quantity(a), Value::Quantity(b)) => a.compare(b).is_eq(),
        (Value::Version(a), Value::Version(b)) => a.compare(b).is_eq(),
        (Value::Format(a), Value::Format(b)) => std::ptr::eq(*a, *b),
        (Value::Address(_) | Value::Network(_) | Value::Url(_) | Value::Quantity(_) | Value::Version(_), _)
        | (Value::Format(_), _) => return Err(no_overload()),
        (Value::Preserved(a), Value::Preserved(b)) => same(a, b),
        (a, b) => numbers(a, b).is_some_and(Ordering::is_eq),
    })
}

/// Equality of what no schema describes: numbers by their value.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.is_f64() == b.is_f64() && a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn lists(a: &List, b: &List) -> Outcome<'static, bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    match a.order() {
        Some(Order::Set) => {
            let own = a.items()?;
            for item in b.items()? {
                if !contains(&own, &item)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        Some(Order::Map(keys)) => {
            let own = a.items()?;
            for item in b.items()? {
                let Some(position) = position(&own, &item, keys)? else { return Ok(false) };
                if !equal(&own[position], &item)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        _ => {}
    }
    for index in 0..a.len() {
        if let (Some(a), Some(b)) = (a.get(index), b.get(index))
            && !equal(&a?, &b?)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether one of them equals the value.
pub(super) fn contains(items: &[Value], value: &Value) -> Outcome<'static, bool> {
    let mut trouble = None;
    for item in items {
        match equal(item, value) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(found) => trouble = trouble.or(Some(found)),
        }
    }
    trouble.map_or(Ok(false), Err)
}

/// Which of a list's elements has the same values under the list's map keys.
fn position(items: &[Value], wanted: &Value, keys: &[String]) -> Outcome<'static, Option<usize>> {
    let Value::Map(wanted) = wanted else { return Ok(None) };
    for (index, item) in items.iter().enumerate() {
        let Value::Map(item) = item else { continue };
        let mut all = true;
        for key in keys {
            all = match (item.field(key), wanted.field(key)) {
                (Some(a), Some(b)) => equal(&a?, &b?)?,
                (None, None) => true,
                _ => false,
            };
            if !all {
                break;
            }
        }
        if all {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// `a + b`, by the kind of list that `a` is: appended, united, or merged by its map keys.
pub(super) fn concatenated<'a>(a: &List<'a>, b: &List<'a>) -> Outcome<'a, Vec<Value<'a>>> {
    let mut items = a.items()?;
    match a.order() {
        Some(Order::Set) => {
            for item in b.items()? {
                if !contains(&items, &item)? {
                    items.push(item);
                }
            }
        }
        Some(Order::Map(keys)) => {
            for item in b.items()? {
                match position(&items, &item, keys)? {
                    Some(index) => items[index] = item,
                    None => items.push(item),
                }
            }
        }
        _ => items.extend(b.items()?),
    }
    Ok(items)
}

fn maps(a: &Map, b: &Map) -> Outcome<'static, bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    match a {
        Map::Made(entries) => {
            for (key, value) in entries.iter() {
                let found = match (b, key) {
                    (Map::Made(others), key) => others.get(key).cloned().map(Ok),
                    (other, Key::Text(name)) => other.field(name),
                    (_, _) => None,
                };
                let Some(other) = found else { return Ok(false) };
                if !equal(value, &other?)? {
                    return Ok(false);
                }
            }
        }
        Map::Json { entries, of } => {
            for (name, json) in entries.iter() {
                if of.field(name).is_some() {
                    // Upstream looks up the field's own name here, as if that were the escaped one.
                    let pair = match (a.field(name), b.field(name)) {
                        (None, None) => continue,
                        (Some(own), Some(other)) => (own?, other?),
                        _ => return Ok(false),
                    };
                    if !equal(&pair.0, &pair.1)? {
                        return Ok(false);
                    }
                    continue;
                }
                // A field without a schema: only another object of the kind can have it, too.
                let Map::Json { entries: others, .. } = b else { return Err(no_overload()) };
                if others.get(name).is_some_and(|other| !same(json, other)) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Numbers of any two types in their order; `None` if one is no number or none at all.
pub(super) fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Double(b)) => against(i128::from(*a), *b),
        (Value::Uint(a), Value::Double(b)) => against(i128::from(*a), *b),
        (Value::Double(a), Value::Int(b)) => against(i128::from(*b), *a).map(Ordering::reverse),
        (Value::Double(a), Value::Uint(b)) => against(i128::from(*b), *a).map(Ordering::reverse),
        _ => None,
    }
}

fn against(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double >= 1e30 {
        return Some(Ordering::Less);
    }
    if double <= -1e30 {
        return Some(Ordering::Greater);
    }
    let floor = double.floor();
    Some(whole.cmp(&(floor as i128)).then(if double > floor { Ordering::Less } else { Ordering::Equal }))
}

/// The order of two values that have one; `None` for NaN.
pub(super) fn order(a: &Value, b: &Value) -> Outcome<'static, Option<Ordering>> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some((**a).cmp(&**b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Int(_) | Value::Uint(_) | Value::Double(_), Value::Int(_) | Value::Uint(_) | Value::Double(_)) => {
            numbers(a, b)
        }
        _ => return Err(no_overload()),
    })
}
