//! The functions of text/template itself: comparing, indexing, printing, escaping.

use std::cmp::Ordering;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::functions::{Call, Done, Function, Type};
use super::limits::Fault;
use super::printf::Printer;
use super::strconv::is_print;
use super::value::{Elem, List, Slot, Value};

use Type::{Any, Reflect, Str};

/// These two are evaluated where their arguments are, and stop at the one that decides.
pub static AND: &Function = &FUNCTIONS[0];
/// See [`AND`].
pub static OR: &Function = &FUNCTIONS[1];

pub static FUNCTIONS: &[Function] = &[
    Function::variadic("and", &[Reflect], Reflect, |_| Ok(Value::Nil)),
    Function::variadic("or", &[Reflect], Reflect, |_| Ok(Value::Nil)),
    Function::variadic("call", &[Reflect], Reflect, call),
    Function::variadic("html", &[], Any, |call| Ok(html(&joined(call)?).into())),
    Function::variadic("index", &[Reflect], Reflect, index),
    Function::variadic("slice", &[Reflect], Reflect, slice),
    Function::variadic("js", &[], Any, |call| Ok(js(&joined(call)?).into())),
    Function::new("len", &[Reflect], length),
    Function::new("not", &[Reflect], |call| Ok(Value::Bool(!call.any(0).is_true()))),
    Function::variadic("print", &[], Any, |call| Printer::print(&call.values(0), call.budget).map(Value::from)),
    Function::variadic("printf", &[Str], Any, |call| {
        Printer::printf(&call.str(0), &call.values(1), call.budget).map(Value::from)
    }),
    Function::variadic("println", &[], Any, |call| Printer::println(&call.values(0), call.budget).map(Value::from)),
    Function::variadic("urlquery", &[], Any, |call| Ok(url_query(&joined(call)?).into())),
    Function::variadic("eq", &[Reflect], Reflect, equal),
    Function::new("ge", &[Reflect, Reflect], |call| Ok(Value::Bool(!less(call.any(0), call.any(1))?))),
    Function::new("gt", &[Reflect, Reflect], |call| Ok(Value::Bool(!less_or_equal(call)?))),
    Function::new("le", &[Reflect, Reflect], |call| Ok(Value::Bool(less_or_equal(call)?))),
    Function::new("lt", &[Reflect, Reflect], |call| Ok(Value::Bool(less(call.any(0), call.any(1))?))),
    Function::new("ne", &[Reflect, Reflect], |call| match equal(call)? {
        Value::Bool(truth) => Ok(Value::Bool(!truth)),
        other => Ok(other),
    }),
];

/// What a map gives for a key that it doesn't have.
pub fn zero_element(elem: Elem) -> Slot {
    match elem {
        Elem::Str => Slot::Plain(Value::str("")),
        Elem::Int => Slot::Plain(Value::Int(0)),
        _ => Slot::Boxed(Value::Nil),
    }
}

/// Values of templates are no functions.
fn call(call: &mut Call<'_>) -> Done {
    match call.any(0) {
        Value::Nil => Err("call of nil".into()),
        other => Err(format!("non-function {} of type {}", call.callee, other.type_name()).into()),
    }
}

/// All arguments as `print` has them.
fn joined(call: &mut Call<'_>) -> Result<String, Fault> {
    let mut values = call.values(0);
    // A single value that isn't there is told as it is told by an action.
    for value in &mut values {
        if let Value::Nil = value {
            *value = Value::str("<no value>");
        }
    }
    let text = Printer::print(&values, call.budget)?;
    call.budget.room(text.len().saturating_mul(6))?;
    Ok(text)
}

fn index_argument(index: &Value, cap: usize) -> Result<usize, Fault> {
    let number = match index {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Uint64(number) => i64::from_le_bytes(number.to_le_bytes()),
        Value::Byte(number) => i64::from(*number),
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name()).into()),
    };
    usize::try_from(number)
        .ok()
        .filter(|index| *index <= cap)
        .ok_or_else(|| format!("index out of range: {number}").into())
}

fn index(call: &mut Call<'_>) -> Done {
    let mut item = match call.any(0) {
        Value::Nil => return Err("index of untyped nil".into()),
        item => item.clone(),
    };
    for position in 1..call.count() {
        let by = call.any(position);
        item = match &item {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::List(list) => {
                let index = index_argument(by, list.items().len())?;
                let item = list.items().get(index).cloned();
                item.ok_or("reflect: slice index out of range")?
            }
            Value::Str(text) => {
                let index = index_argument(by, text.len())?;
                text.as_bytes().get(index).map(|byte| Value::Byte(*byte)).ok_or("reflect: string index out of range")?
            }
            Value::Map(map) => match by {
                Value::Nil => return Err("value is nil; should be of type string".into()),
                Value::Str(key) => map.get(key).unwrap_or_else(|| zero_element(map.elem()).into_value()),
                other => return Err(format!("value has type {}; should be string", other.type_name()).into()),
            },
            other => return Err(format!("can't index item of type {}", other.type_name()).into()),
        };
    }
    Ok(item)
}

fn slice(call: &mut Call<'_>) -> Done {
    let count = call.count() - 1;
    let (item, length) = match call.any(0) {
        Value::Nil => return Err("slice of untyped nil".into()),
        _ if count > 3 => return Err(format!("too many slice indexes: {count}").into()),
        Value::Str(_) if count == 3 => return Err("cannot 3-index slice a string".into()),
        item @ Value::Str(text) => (item, text.len()),
        item @ Value::List(list) => (item, list.items().len()),
        other => return Err(format!("can't slice item of type {}", other.type_name()).into()),
    };
    let mut bounds = [0, length, length];
    for (position, bound) in bounds.iter_mut().enumerate().take(count) {
        *bound = index_argument(call.any(position + 1), length)?;
    }
    if bounds[0] > bounds[1] {
        return Err(format!("invalid slice index: {} > {}", bounds[0], bounds[1]).into());
    }
    if bounds[1] > bounds[2] {
        return Err(format!("invalid slice index: {} > {}", bounds[1], bounds[2]).into());
    }
    Ok(match item {
        Value::List(list) => Value::List(List::new(list.elem(), list.items()[bounds[0]..bounds[1]].to_vec())),
        Value::Str(text) => super::strconv::from_bytes(&text.as_bytes()[bounds[0]..bounds[1]]).into(),
        _ => Value::Nil,
    })
}

fn length(call: &mut Call<'_>) -> Done {
    match call.slot(0) {
        Slot::Invalid => Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Slot::Boxed(Value::Nil) => Err("len of nil pointer".into()),
        slot => match slot.value() {
            Value::Str(text) => Ok(Value::int(text.len())),
            Value::List(list) => Ok(Value::int(list.items().len())),
            Value::Map(map) => Ok(Value::int(map.len())),
            // A pointer is followed first.
            Value::Version(_) => Err("len of type semver.Version".into()),
            other => Err(format!("len of type {}", other.type_name()).into()),
        },
    }
}

#[derive(PartialEq)]
enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    Str,
}

fn basic(value: &Value) -> Option<Basic> {
    match value {
        Value::Bool(_) => Some(Basic::Bool),
        Value::Int(_) | Value::Int64(_) => Some(Basic::Int),
        Value::Uint64(_) | Value::Byte(_) => Some(Basic::Uint),
        Value::Float(_) => Some(Basic::Float),
        Value::Str(_) => Some(Basic::Str),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) | Value::Int64(number) => Some(i128::from(*number)),
        Value::Uint64(number) => Some(i128::from(*number)),
        Value::Byte(number) => Some(i128::from(*number)),
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> Fault {
    format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name()).into()
}

fn equal(call: &mut Call<'_>) -> Done {
    if call.count() < 2 {
        return Err("missing argument for comparison".into());
    }
    let first = call.any(0).clone();
    for position in 1..call.count() {
        if is_equal(&first, call.any(position))? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn is_equal(a: &Value, b: &Value) -> Result<bool, Fault> {
    let (kind, other) = (basic(a), basic(b));
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return Ok(a == b);
    }
    if kind != other {
        let both = !matches!(a, Value::Nil) && !matches!(b, Value::Nil);
        return if both { Err(incompatible(a, b)) } else { Ok(false) };
    }
    let is_nil = |value: &Value| match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (Value::Str(a), Value::Str(b)) => Ok(a == b),
        (a, b) if is_nil(a) || is_nil(b) => {
            if a.kind_name() != b.kind_name() && !matches!(a, Value::Nil) && !matches!(b, Value::Nil) {
                return Err(not_comparable(a, b));
            }
            Ok(is_nil(a) && is_nil(b))
        }
        (a, b) if a.kind_name() != b.kind_name() => Err(not_comparable(a, b)),
        (Value::Time(a), Value::Time(b)) => Ok(a == b),
        (Value::Version(a), Value::Version(b)) => Ok(std::rc::Rc::ptr_eq(a, b)),
        (_, b) => Err(format!("non-comparable type {}: {}", reflected("%s", b), b.type_name()).into()),
    }
}

fn not_comparable(a: &Value, b: &Value) -> Fault {
    let (shown, other) = (reflected("%s", a), reflected("%v", b));
    format!("non-comparable types {shown}: {}, {}: {other}", a.type_name(), b.type_name()).into()
}

/// What a verb shows of a collection, at least of a small one.
fn reflected(format: &str, value: &Value) -> String {
    let mut budget = super::limits::Budget::new(&super::limits::Limits { memory: 1 << 16, ..Default::default() });
    Printer::printf(format, std::slice::from_ref(value), &mut budget).unwrap_or_else(|_| "...".to_owned())
}

fn less(a: &Value, b: &Value) -> Result<bool, Fault> {
    const WRONG: &str = "invalid type for comparison";
    let (Some(kind), Some(other)) = (basic(a), basic(b)) else { return Err(WRONG.into()) };
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return Ok(a < b);
    }
    if kind != other {
        return Err(incompatible(a, b));
    }
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        (Value::Str(a), Value::Str(b)) => Ok(a.cmp(b) == Ordering::Less),
        _ => Err(WRONG.into()),
    }
}

fn less_or_equal(call: &Call<'_>) -> Result<bool, Fault> {
    Ok(less(call.any(0), call.any(1))? || is_equal(call.any(0), call.any(1))?)
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' => out.push_str("\\u003C"),
            '>' => out.push_str("\\u003E"),
            '&' => out.push_str("\\u0026"),
            '=' => out.push_str("\\u003D"),
            c if c < ' ' || !c.is_ascii() && !is_print(c) => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// `url.QueryEscape`
fn url_query(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(text, KEPT).to_string().replace("%20", "+")
}
