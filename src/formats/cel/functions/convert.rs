//! Conversions: `int()`, `uint()`, `double()`, `string()`, `bytes()`, `bool()`, `type()`, `dyn()`.
//! As github.com/google/cel-go v0.26, common/types.

use std::borrow::Cow;

use super::super::tree::Native;
use super::super::value::{Outcome, Trouble, Value, error, no_overload};
use super::print;

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "int" => int,
        "uint" => uint,
        "double" => double,
        "string" => string,
        "bytes" => bytes,
        "bool" => boolean,
        "type" => |args| match args {
            [value] => Ok(Value::Type(Cow::Borrowed(value.type_name()))),
            _ => Err(no_overload()),
        },
        "dyn" => |args| args.first().cloned().ok_or_else(no_overload),
        _ => return None,
    })
}

/// Text that can't become that type.
fn unreadable(to: &str) -> Trouble {
    error(format!("type conversion error from 'string' to '{to}'"))
}

fn int<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Int(match args {
        [Value::Int(n)] => *n,
        [Value::Uint(n)] => i64::try_from(*n).map_err(|_| error("integer overflow"))?,
        // As the border cases can't be told apart as a double, they don't count.
        [Value::Double(n)]
            if n.is_finite() && *n > -9_223_372_036_854_775_808.0 && *n < 9_223_372_036_854_775_807.0 =>
        {
            *n as i64
        }
        [Value::Double(_)] => return Err(error("integer overflow")),
        [Value::Text(text)] => parsed_int(text).ok_or_else(|| unreadable("int"))?,
        [Value::Timestamp(at)] => at.seconds(),
        [Value::Duration(nanoseconds)] => *nanoseconds,
        _ => return Err(no_overload()),
    }))
}

/// As Go's strconv has it: a sign and digits.
fn parsed_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn uint<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let overflow = || error("unsigned integer overflow");
    Ok(Value::Uint(match args {
        [Value::Uint(n)] => *n,
        [Value::Int(n)] => u64::try_from(*n).map_err(|_| overflow())?,
        [Value::Double(n)] if n.is_finite() && *n >= 0.0 && *n < 18_446_744_073_709_551_615.0 => *n as u64,
        [Value::Double(_)] => return Err(overflow()),
        [Value::Text(text)] if !text.starts_with('+') => text.parse().map_err(|_| unreadable("uint"))?,
        [Value::Text(_)] => return Err(unreadable("uint")),
        _ => return Err(no_overload()),
    }))
}

fn double<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Double(match args {
        [Value::Double(n)] => *n,
        [Value::Int(n)] => *n as f64,
        [Value::Uint(n)] => *n as f64,
        [Value::Text(text)] => {
            let number: f64 = text.parse().map_err(|_| unreadable("double"))?;
            // What is too large is an error unless it says that it is infinite.
            if number.is_infinite() && text.bytes().any(|b| b.is_ascii_digit()) {
                return Err(unreadable("double"));
            }
            number
        }
        _ => return Err(no_overload()),
    }))
}

fn boolean<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(match args {
        [Value::Bool(value)] => *value,
        [Value::Text(text)] => match &**text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => true,
            "0" | "f" | "F" | "FALSE" | "false" | "False" => false,
            _ => return Err(unreadable("bool")),
        },
        _ => return Err(no_overload()),
    }))
}

fn bytes<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bytes(bytes)] => Ok(Value::Bytes(bytes.clone())),
        [Value::Text(text)] => Ok(Value::Bytes(text.as_bytes().into())),
        _ => Err(no_overload()),
    }
}

fn string<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Text(text)] => Ok(Value::Text(text.clone())),
        [value] => Ok(Value::made(print::string(value)?)),
        _ => Err(no_overload()),
    }
}
