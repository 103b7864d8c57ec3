//! The functions of sprig v3 (Masterminds/sprig), in files by what they are about. What they panic with in Go are
//! errors here, in the same words.

mod aes;
mod case;
mod crypto;
pub mod dates;
mod defaults;
mod dicts;
mod encoding;
mod layout;
mod left_out;
mod lists;
mod math;
mod paths;
mod patterns;
pub mod semver;
mod strings;
mod urls;

use super::functions::Function;
use super::limits::{Budget, Fault};
use super::printf::Printer;
use super::value::{Elem, Map, Value};

pub use encoding::{Style, json};

/// The lists of all files.
pub static FUNCTIONS: &[&[Function]] = &[
    strings::FUNCTIONS,
    case::FUNCTIONS,
    lists::FUNCTIONS,
    dicts::FUNCTIONS,
    defaults::FUNCTIONS,
    math::FUNCTIONS,
    encoding::FUNCTIONS,
    crypto::FUNCTIONS,
    aes::FUNCTIONS,
    dates::FUNCTIONS,
    semver::FUNCTIONS,
    paths::FUNCTIONS,
    patterns::FUNCTIONS,
    urls::FUNCTIONS,
    left_out::FUNCTIONS,
];

/// The methods of a value.
pub fn methods(value: &Value) -> &'static [Function] {
    match value {
        Value::Version(_) => semver::METHODS,
        Value::Time(_) => dates::METHODS,
        _ => &[],
    }
}

/// A value as text: strings as they are, all else as `%v`.
fn text(value: &Value, budget: &mut Budget) -> Result<String, Fault> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        other => Printer::print(std::slice::from_ref(other), budget),
    }
}

/// `reflect.DeepEqual`
fn deep_equal(a: &Value, b: &Value, budget: &mut Budget) -> Result<bool, Fault> {
    budget.step(1)?;
    Ok(match (a, b) {
        (Value::List(a), Value::List(b)) => {
            if a.elem() != b.elem() || a.is_nil() != b.is_nil() || a.items().len() != b.items().len() {
                return Ok(false);
            }
            for (a, b) in a.items().iter().zip(b.items()) {
                if !deep_equal(a, b, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.elem() != b.elem() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            for ((key, a), (other, b)) in a.snapshot().iter().zip(b.snapshot().iter()) {
                if key != other || !deep_equal(a, b, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => a == b,
        (Value::Uint64(a), Value::Uint64(b)) => a == b,
        (Value::Byte(a), Value::Byte(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Time(a), Value::Time(b)) => a == b,
        (Value::Version(a), Value::Version(b)) => a == b,
        _ => false,
    })
}

/// How deep collections are inside each other; more than the bounds allow is an error.
fn check_depth(value: &Value, depth: usize, budget: &mut Budget) -> Result<(), Fault> {
    budget.step(1)?;
    budget.check_depth(depth)?;
    match value {
        Value::List(list) => list.items().iter().try_for_each(|item| check_depth(item, depth + 1, budget)),
        Value::Map(map) => map.snapshot().iter().try_for_each(|(_, item)| check_depth(item, depth + 1, budget)),
        _ => Ok(()),
    }
}

/// Whether a map can be reached from a value. Maps in themselves would have no end.
fn reaches(value: &Value, map: &Map, budget: &mut Budget) -> Result<bool, Fault> {
    let mut pending = vec![value.clone()];
    let mut seen = std::collections::HashSet::new();
    while let Some(value) = pending.pop() {
        budget.step(1)?;
        match value {
            Value::Map(inner) if inner.address() == map.address() => return Ok(true),
            Value::Map(inner) if inner.elem() == Elem::Any && seen.insert(inner.address()) => {
                pending.extend(inner.entries().values().cloned());
            }
            Value::List(inner) if matches!(inner.elem(), Elem::Any | Elem::Lists) && seen.insert(inner.address()) => {
                pending.extend(inner.items().iter().cloned());
            }
            _ => {}
        }
    }
    Ok(false)
}
