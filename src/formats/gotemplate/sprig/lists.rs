//! Lists: all of them make new ones.

use super::super::functions::{Call, Done, Function, NIL_POINTER, Type};
use super::super::limits::Fault;
use super::super::value::{Elem, List, Value};
use super::deep_equal;
use super::math::to_int;

use Type::{Any, Int};

pub static FUNCTIONS: &[Function] = &[
    Function::variadic("tuple", &[], Any, |call| Ok(Value::list(call.values(0)))),
    Function::variadic("list", &[], Any, |call| Ok(Value::list(call.values(0)))),
    Function::new("append", &[Any, Any], push),
    Function::new("push", &[Any, Any], push),
    Function::new("mustAppend", &[Any, Any], push),
    Function::new("mustPush", &[Any, Any], push),
    Function::new("prepend", &[Any, Any], prepend),
    Function::new("mustPrepend", &[Any, Any], prepend),
    Function::new("first", &[Any], first),
    Function::new("mustFirst", &[Any], first),
    Function::new("rest", &[Any], rest),
    Function::new("mustRest", &[Any], rest),
    Function::new("last", &[Any], last),
    Function::new("mustLast", &[Any], last),
    Function::new("initial", &[Any], initial),
    Function::new("mustInitial", &[Any], initial),
    Function::new("reverse", &[Any], reverse),
    Function::new("mustReverse", &[Any], reverse),
    Function::new("compact", &[Any], compact),
    Function::new("mustCompact", &[Any], compact),
    Function::new("uniq", &[Any], uniq),
    Function::new("mustUniq", &[Any], uniq),
    Function::variadic("without", &[Any], Any, without),
    Function::variadic("mustWithout", &[Any], Any, without),
    Function::new("has", &[Any, Any], has),
    Function::new("mustHas", &[Any, Any], has),
    Function::variadic("slice", &[Any], Any, slice),
    Function::variadic("mustSlice", &[Any], Any, slice),
    Function::variadic("concat", &[], Any, concat),
    Function::new("chunk", &[Int, Any], chunk),
    Function::new("mustChunk", &[Int, Any], chunk),
];

/// What a value takes, about, in bytes.
const COST: usize = 32;

/// The list of an argument, or an error that says what can't be done with it.
fn list(call: &mut Call<'_>, position: usize, what: &str) -> Result<List, Fault> {
    let list = match call.any(position) {
        Value::List(list) => list.clone(),
        Value::Nil => return Err(NIL_POINTER.into()),
        other => return Err(format!("{what} {}", other.kind_name()).into()),
    };
    call.budget.step(list.items().len() / 16)?;
    call.budget.room(list.items().len().saturating_mul(COST))?;
    Ok(list)
}

fn push(call: &mut Call<'_>) -> Done {
    let mut items = list(call, 0, "Cannot push on type")?.items().to_vec();
    items.push(call.any(1).clone());
    Ok(Value::list(items))
}

fn prepend(call: &mut Call<'_>) -> Done {
    let list = list(call, 0, "Cannot prepend on type")?;
    let first = std::iter::once(call.any(1).clone());
    Ok(Value::list(first.chain(list.items().iter().cloned()).collect()))
}

fn first(call: &mut Call<'_>) -> Done {
    Ok(list(call, 0, "Cannot find first on type")?.items().first().cloned().unwrap_or(Value::Nil))
}

fn last(call: &mut Call<'_>) -> Done {
    Ok(list(call, 0, "Cannot find last on type")?.items().last().cloned().unwrap_or(Value::Nil))
}

fn any_or_nil(items: Option<&[Value]>) -> Value {
    items.map_or_else(|| Value::List(List::nil(Elem::Any)), |items| Value::list(items.to_vec()))
}

fn rest(call: &mut Call<'_>) -> Done {
    let list = list(call, 0, "Cannot find rest on type")?;
    Ok(any_or_nil(list.items().split_first().map(|(_, rest)| rest)))
}

fn initial(call: &mut Call<'_>) -> Done {
    let list = list(call, 0, "Cannot find initial on type")?;
    Ok(any_or_nil(list.items().split_last().map(|(_, initial)| initial)))
}

fn reverse(call: &mut Call<'_>) -> Done {
    Ok(Value::list(list(call, 0, "Cannot find reverse on type")?.items().iter().rev().cloned().collect()))
}

fn compact(call: &mut Call<'_>) -> Done {
    let list = list(call, 0, "Cannot compact on type")?;
    let items = list.items().iter().filter(|item| !super::defaults::is_empty(item));
    Ok(Value::list(items.cloned().collect()))
}

fn contains(items: &[Value], value: &Value, call: &mut Call<'_>) -> Result<bool, Fault> {
    for item in items {
        if deep_equal(value, item, call.budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(call: &mut Call<'_>) -> Done {
    let mut items: Vec<Value> = Vec::new();
    for item in list(call, 0, "Cannot find uniq on type")?.items() {
        if !contains(&items, item, call)? {
            items.push(item.clone());
        }
    }
    Ok(Value::list(items))
}

fn without(call: &mut Call<'_>) -> Done {
    let omitted = call.values(1);
    let mut items = Vec::new();
    for item in list(call, 0, "Cannot find without on type")?.items() {
        if !contains(&omitted, item, call)? {
            items.push(item.clone());
        }
    }
    Ok(Value::list(items))
}

fn has(call: &mut Call<'_>) -> Done {
    if let Value::Nil = call.any(1) {
        return Ok(Value::Bool(false));
    }
    let list = list(call, 1, "Cannot find has on type")?;
    let needle = call.any(0).clone();
    contains(list.items(), &needle, call).map(Value::Bool)
}

fn slice(call: &mut Call<'_>) -> Done {
    let list = list(call, 0, "list should be type of slice or array but")?;
    let length = list.items().len();
    if length == 0 {
        return Ok(Value::Nil);
    }
    let bound = |position: usize, default: usize| {
        if call.count() > position { usize::try_from(to_int(call.any(position))).ok() } else { Some(default) }
    };
    let part = bound(1, 0).zip(bound(2, length)).and_then(|(start, end)| list.items().get(start..end));
    let items = part.ok_or("reflect.Value.Slice: slice index out of bounds")?;
    Ok(Value::List(List::new(list.elem(), items.to_vec())))
}

fn concat(call: &mut Call<'_>) -> Done {
    let mut items = Vec::new();
    for position in 0..call.count() {
        let next = match call.any(position) {
            Value::List(_) => list(call, position, "")?,
            Value::Nil => return Err(NIL_POINTER.into()),
            other => return Err(format!("Cannot concat type {} as list", other.kind_name()).into()),
        };
        items.extend_from_slice(next.items());
    }
    Ok(if items.is_empty() { Value::List(List::nil(Elem::Any)) } else { Value::list(items) })
}

fn chunk(call: &mut Call<'_>) -> Done {
    let list = list(call, 1, "Cannot chunk type")?;
    let (size, length) = (call.int(0), list.items().len());
    // Go calculates with floats how many there are: for a negative size, none but for lists of one.
    let Some(size) = usize::try_from(size).ok().filter(|size| *size > 0) else {
        let count =
            if size == 0 || length == 0 { -1 } else { 1 + ((length as f64 - 1.0) / size as f64).floor() as i64 };
        return match count {
            0 => Ok(Value::List(List::new(Elem::Lists, Vec::new()))),
            1 if length == 1 && size != -1 => {
                Ok(Value::List(List::new(Elem::Lists, vec![Value::list(list.items().to_vec())])))
            }
            _ => Err("runtime error: makeslice: len out of range".into()),
        };
    };
    let chunks = list.items().chunks(size).map(|chunk| Value::list(chunk.to_vec()));
    Ok(Value::List(List::new(Elem::Lists, chunks.collect())))
}
