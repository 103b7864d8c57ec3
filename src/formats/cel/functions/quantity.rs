//! Quantities: `quantity`, and the comparisons that versions share with them.
//! As k8s.io/apiserver v0.36, pkg/cel/library/quantity.go.

use std::cmp::Ordering;

use super::super::tree::Native;
use super::super::value::{Outcome, Trouble, Value, error, no_overload};
use crate::formats::quantity::Quantity;

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "quantity" => |args| match args {
            [Value::Text(text)] => Quantity::parse(text).map(|q| Value::Quantity(q.into())).map_err(error),
            _ => Err(no_overload()),
        },
        "isQuantity" => |args| match args {
            [Value::Text(text)] => Ok(Value::Bool(Quantity::parse(text).is_ok())),
            _ => Err(no_overload()),
        },
        "sign" => |args| match args {
            [Value::Quantity(quantity)] => Ok(Value::Int(quantity.compare(&Quantity::from(0)) as i64)),
            _ => Err(no_overload()),
        },
        "isInteger" => |args| match args {
            [Value::Quantity(quantity)] => Ok(Value::Bool(quantity.integer().is_some())),
            _ => Err(no_overload()),
        },
        "asInteger" => |args| match args {
            [Value::Quantity(quantity)] => {
                quantity.integer().map(Value::Int).ok_or_else(|| error("cannot convert value to integer"))
            }
            _ => Err(no_overload()),
        },
        "asApproximateFloat" => |args| match args {
            [Value::Quantity(quantity)] => Ok(Value::Double(quantity.float())),
            _ => Err(no_overload()),
        },
        "add" => |args| sum(args, Quantity::plus),
        "sub" => |args| sum(args, Quantity::minus),
        "isGreaterThan" => |args| Ok(Value::Bool(compared(args)?.is_gt())),
        "isLessThan" => |args| Ok(Value::Bool(compared(args)?.is_lt())),
        "compareTo" => |args| Ok(Value::Int(compared(args)? as i64)),
        _ => return None,
    })
}

fn sum<'a>(args: &[Value<'a>], by: fn(&Quantity, &Quantity) -> Quantity) -> Outcome<'a> {
    let sum = match args {
        [Value::Quantity(a), Value::Quantity(b)] => by(a, b),
        [Value::Quantity(a), Value::Int(b)] => by(a, &Quantity::from(*b)),
        _ => return Err(no_overload()),
    };
    Ok(Value::Quantity(sum.into()))
}

fn compared(args: &[Value]) -> Result<Ordering, Trouble> {
    match args {
        [Value::Quantity(a), Value::Quantity(b)] => Ok(a.compare(b)),
        [Value::Version(a), Value::Version(b)] => Ok(a.compare(b)),
        _ => Err(no_overload()),
    }
}
