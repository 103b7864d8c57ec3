//! Lists: those of Kubernetes, those of CEL's extension, and sets.
//! As k8s.io/apiserver v0.36, pkg/cel/library/lists.go, and github.com/google/cel-go v0.26, ext/{lists,sets}.go.

use std::cmp::Ordering;

use super::super::compare;
use super::super::eval::MOST_ELEMENTS;
use super::super::tree::Native;
use super::super::value::{List, Outcome, Trouble, Value, error, no_overload};
use super::{arithmetic, texts};

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "isSorted" => is_sorted,
        "sum" => sum,
        "max" => |args| extreme(args, "max", Ordering::is_lt),
        "min" => |args| extreme(args, "min", Ordering::is_gt),
        // Texts have functions of the same names.
        "indexOf" => |args| match args {
            [Value::List(list), item] => index(list, item, false),
            _ => texts::index_of(args),
        },
        "lastIndexOf" => |args| match args {
            [Value::List(list), item] => index(list, item, true),
            _ => texts::last_index_of(args),
        },
        "slice" => slice,
        "flatten" => flatten,
        "distinct" => distinct,
        "reverse" => reverse,
        "lists.range" => range,
        "sort" => |args| match args {
            [Value::List(list)] => sorted(list, list),
            _ => Err(no_overload()),
        },
        "@sortByAssociatedKeys" => |args| match args {
            [Value::List(list), Value::List(keys)] => sorted(list, keys),
            _ => Err(no_overload()),
        },
        "sets.contains" => |args| match args {
            [Value::List(a), Value::List(b)] => Ok(Value::Bool(all_in(a, b)?)),
            _ => Err(no_overload()),
        },
        "sets.equivalent" => |args| match args {
            [Value::List(a), Value::List(b)] => Ok(Value::Bool(all_in(a, b)? && all_in(b, a)?)),
            _ => Err(no_overload()),
        },
        "sets.intersects" => |args| match args {
            [Value::List(a), Value::List(b)] => {
                let others = b.items()?;
                let one = a.items()?.iter().any(|item| compare::contains(&others, item) == Ok(true));
                Ok(Value::Bool(one))
            }
            _ => Err(no_overload()),
        },
        _ => return None,
    })
}

/// The sum of a list whose elements are known to be of that type: what nothing adds up to is one of it, too.
pub(super) fn sum_of(overloads: &[&str]) -> Native {
    fn of<'a>(args: &[Value<'a>], zero: Value<'a>) -> Outcome<'a> {
        match args {
            [Value::List(list)] if list.len() == 0 => Ok(zero),
            _ => sum(args),
        }
    }
    match overloads {
        ["list_uint_sum_uint"] => |args| of(args, Value::Uint(0)),
        ["list_double_sum_double"] => |args| of(args, Value::Double(0.0)),
        ["list_duration_sum_duration"] => |args| of(args, Value::Duration(0)),
        _ => |args| of(args, Value::Int(0)),
    }
}

fn is_sorted<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return Err(no_overload()) };
    for pair in list.items()?.windows(2) {
        if let [a, b] = pair
            && compare::order(a, b)?.is_some_and(Ordering::is_gt)
        {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return Err(no_overload()) };
    let mut items = list.items()?.into_iter();
    let Some(first) = items.next() else { return Ok(Value::Int(0)) };
    if !matches!(first, Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)) {
        return Err(no_overload());
    }
    let Some(plus) = arithmetic::find("_+_") else { return Err(no_overload()) };
    items.try_fold(first, |total, item| plus(&[total, item]))
}

fn extreme<'a>(args: &[Value<'a>], name: &str, replaces: fn(Ordering) -> bool) -> Outcome<'a> {
    let [Value::List(list)] = args else { return Err(no_overload()) };
    let mut best: Option<Value> = None;
    for item in list.items()? {
        best = match best {
            Some(best) if !compare::order(&best, &item)?.is_some_and(replaces) => Some(best),
            _ => Some(item),
        };
    }
    best.ok_or_else(|| error(format!("{name} called on empty list")))
}

fn index<'a>(list: &List<'a>, item: &Value<'a>, last: bool) -> Outcome<'a> {
    let items = list.items()?;
    let equal = |other: &Value| compare::equal(other, item) == Ok(true);
    let found = if last { items.iter().rposition(equal) } else { items.iter().position(equal) };
    Ok(Value::Int(found.map_or(-1, |index| index as i64)))
}

fn slice<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = args else { return Err(no_overload()) };
    let cannot = |why: String| error(format!("cannot slice({start}, {end}), {why}"));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return Err(cannot("negative indexes not supported".into()));
    };
    if from > to {
        return Err(cannot("start index must be less than or equal to end index".into()));
    }
    if list.len() < to {
        return Err(cannot(format!("list is length {}", list.len())));
    }
    Ok(Value::list(list.items()?.drain(from..to).collect()))
}

fn flatten<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (list, depth) = match args {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(depth)] => (list, *depth),
        _ => return Err(no_overload()),
    };
    if depth < 0 {
        return Err(error("level must be non-negative"));
    }
    let mut flat = Vec::new();
    flatten_into(list, depth, &mut flat)?;
    Ok(Value::list(flat))
}

fn flatten_into<'a>(list: &List<'a>, depth: i64, flat: &mut Vec<Value<'a>>) -> Result<(), Trouble> {
    for item in list.items()? {
        match item {
            Value::List(inner) if depth > 0 => flatten_into(&inner, depth - 1, flat)?,
            other => flat.push(other),
        }
        if flat.len() > MOST_ELEMENTS {
            return Err(Trouble::Exceeded);
        }
    }
    Ok(())
}

fn distinct<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return Err(no_overload()) };
    let mut seen: Vec<Value> = Vec::new();
    for item in list.items()? {
        if !seen.iter().any(|other| compare::equal(&item, other) == Ok(true)) {
            seen.push(item);
        }
    }
    Ok(Value::list(seen))
}

fn reverse<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::List(list)] => {
            let mut items = list.items()?;
            items.reverse();
            Ok(Value::list(items))
        }
        _ => Err(no_overload()),
    }
}

fn range<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Int(count)] = args else { return Err(no_overload()) };
    if *count > MOST_ELEMENTS as i64 {
        return Err(Trouble::Exceeded);
    }
    Ok(Value::list((0..*count).map(Value::Int).collect()))
}

/// The list in the order of its keys.
fn sorted<'a>(list: &List<'a>, keys: &List<'a>) -> Outcome<'a> {
    if list.len() != keys.len() {
        let message = "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got";
        return Err(error(format!("{message} {} and {} elements respectively", list.len(), keys.len())));
    }
    let mut pairs: Vec<(Value, Value)> = keys.items()?.into_iter().zip(list.items()?).collect();
    if let Some((first, _)) = pairs.first() {
        compare::order(first, first).map_err(|_| error("list elements must be comparable"))?;
        let kind = first.type_name();
        if pairs.iter().any(|(key, _)| key.type_name() != kind) {
            return Err(error("list elements must have the same type"));
        }
    }
    pairs.sort_by(|(a, _), (b, _)| compare::order(a, b).ok().flatten().unwrap_or(Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item).collect()))
}

fn all_in<'a>(list: &List<'a>, others: &List<'a>) -> Outcome<'a, bool> {
    let items = list.items()?;
    for item in others.items()? {
        if !compare::contains(&items, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}
