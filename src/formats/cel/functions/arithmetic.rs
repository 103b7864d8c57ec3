//! Operators: `+ - * / %`, the orders, `in`, `!`, and sizes.
//! As github.com/google/cel-go v0.26, common/types and common/stdlib.

use std::cmp::Ordering;

use super::super::compare;
use super::super::eval::like;
use super::super::tree::Native;
use super::super::value::{Outcome, Value, error, no_overload};
use super::time;

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "_+_" => add,
        "_-_" => subtract,
        "_*_" => multiply,
        "_/_" => divide,
        "_%_" => remainder,
        "-_" => negate,
        "!_" => not,
        "_<_" => |args| ordered(args, Ordering::is_lt),
        "_<=_" => |args| ordered(args, Ordering::is_le),
        "_>_" => |args| ordered(args, Ordering::is_gt),
        "_>=_" => |args| ordered(args, Ordering::is_ge),
        "@in" | "_in_" => contains,
        "size" => size,
        "cel.@mapInsert" => |_| Err(no_overload()),
        _ => return None,
    })
}

fn overflow() -> super::super::value::Trouble {
    error("integer overflow")
}

fn unsigned_overflow() -> super::super::value::Trouble {
    error("unsigned integer overflow")
}

fn add<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_add(*b).ok_or_else(overflow)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a.checked_add(*b).ok_or_else(unsigned_overflow)?),
        [Value::Double(a), Value::Double(b)] => Value::Double(a + b),
        [Value::Text(a), Value::Text(b)] => Value::made([&**a, &**b].concat()),
        [Value::Bytes(a), Value::Bytes(b)] => Value::Bytes([&**a, &**b].concat().into()),
        [Value::List(a), Value::List(b)] => like(a, compare::concatenated(a, b)?),
        [Value::Duration(a), Value::Duration(b)] => Value::Duration(a.checked_add(*b).ok_or_else(time::overflow)?),
        [Value::Timestamp(at), Value::Duration(by)] | [Value::Duration(by), Value::Timestamp(at)] => {
            Value::Timestamp(at.later(i128::from(*by))?)
        }
        _ => return Err(no_overload()),
    })
}

fn subtract<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_sub(*b).ok_or_else(overflow)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a.checked_sub(*b).ok_or_else(unsigned_overflow)?),
        [Value::Double(a), Value::Double(b)] => Value::Double(a - b),
        [Value::Duration(a), Value::Duration(b)] => Value::Duration(a.checked_sub(*b).ok_or_else(time::overflow)?),
        [Value::Timestamp(at), Value::Duration(by)] => Value::Timestamp(at.later(-i128::from(*by))?),
        [Value::Timestamp(a), Value::Timestamp(b)] => Value::Duration(a.since(b)?),
        _ => return Err(no_overload()),
    })
}

fn multiply<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_mul(*b).ok_or_else(overflow)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a.checked_mul(*b).ok_or_else(unsigned_overflow)?),
        [Value::Double(a), Value::Double(b)] => Value::Double(a * b),
        _ => return Err(no_overload()),
    })
}

fn divide<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => return Err(error("division by zero")),
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_div(*b).ok_or_else(overflow)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a / b),
        [Value::Double(a), Value::Double(b)] => Value::Double(a / b),
        _ => return Err(no_overload()),
    })
}

fn remainder<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => return Err(error("modulus by zero")),
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_rem(*b).ok_or_else(overflow)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a % b),
        _ => return Err(no_overload()),
    })
}

fn negate<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(match args {
        [Value::Int(a)] => Value::Int(a.checked_neg().ok_or_else(overflow)?),
        [Value::Double(a)] => Value::Double(-a),
        _ => return Err(no_overload()),
    })
}

fn not<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bool(value)] => Ok(Value::Bool(!value)),
        _ => Err(no_overload()),
    }
}

fn ordered<'a>(args: &[Value<'a>], is: fn(Ordering) -> bool) -> Outcome<'a> {
    match args {
        [a, b] => {
            let order = compare::order(a, b)?.ok_or_else(|| error("NaN values cannot be ordered"))?;
            Ok(Value::Bool(is(order)))
        }
        _ => Err(no_overload()),
    }
}

fn contains<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [value, Value::List(list)] => Ok(Value::Bool(compare::contains(&list.items()?, value)?)),
        [key, Value::Map(map)] => match map.find(key) {
            Some(Ok(_)) => Ok(Value::Bool(true)),
            Some(Err(trouble)) => Err(trouble),
            None => Ok(Value::Bool(false)),
        },
        _ => Err(no_overload()),
    }
}

fn size<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [value @ (Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_))] => {
            Ok(Value::Int(value.size() as i64))
        }
        _ => Err(no_overload()),
    }
}
