//! Maps. `set`, `unset` and the merges change the map that they are given; merging has the rules of dario.cat/mergo.
//! Keys and values come in the order of the keys, where Go has none.

use std::rc::Rc;

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::{Budget, Fault};
use super::super::value::{Entries, List, Map, Value};
use super::{check_depth, reaches, text};

use Type::{Any, Str};

pub static FUNCTIONS: &[Function] = &[
    Function::variadic("dict", &[], Any, dict),
    Function::new("get", &[Type::Map, Str], |call| Ok(call.map(0).get(&call.str(1)).unwrap_or_else(|| Value::str("")))),
    Function::new("set", &[Type::Map, Str, Any], set),
    Function::new("unset", &[Type::Map, Str], |call| {
        call.map(0).remove(&call.str(1));
        Ok(call.any(0).clone())
    }),
    Function::new("hasKey", &[Type::Map, Str], |call| Ok(Value::Bool(call.map(0).get(&call.str(1)).is_some()))),
    Function::variadic("pluck", &[Str], Type::Map, |call| {
        let key = call.str(0);
        Ok(Value::list((1..call.count()).filter_map(|position| call.map(position).get(&key)).collect()))
    }),
    Function::variadic("keys", &[], Type::Map, |call| {
        let maps = (0..call.count()).map(|position| call.map(position));
        Ok(Value::List(List::strings(maps.flat_map(|map| map.snapshot().into_iter().map(|(key, _)| key)))))
    }),
    Function::variadic("pick", &[Type::Map], Str, |call| Ok(kept(call, true))),
    Function::variadic("omit", &[Type::Map], Str, |call| Ok(kept(call, false))),
    Function::variadic("merge", &[Type::Map], Type::Map, |call| merge_all(call, false)),
    Function::variadic("mustMerge", &[Type::Map], Type::Map, |call| merge_all(call, false)),
    Function::variadic("mergeOverwrite", &[Type::Map], Type::Map, |call| merge_all(call, true)),
    Function::variadic("mustMergeOverwrite", &[Type::Map], Type::Map, |call| merge_all(call, true)),
    Function::new("values", &[Type::Map], |call| {
        Ok(Value::list(call.map(0).snapshot().into_iter().map(|(_, value)| value).collect()))
    }),
    Function::new("deepCopy", &[Any], deep_copy),
    Function::new("mustDeepCopy", &[Any], deep_copy),
    Function::variadic("dig", &[], Any, dig),
];

fn dict(call: &mut Call<'_>) -> Done {
    let mut entries = Entries::new();
    for pair in call.values(0).chunks(2) {
        let Some(key) = pair.first() else { break };
        let key = text(key, call.budget)?;
        call.budget.room(key.len())?;
        entries.insert(key.into(), pair.get(1).cloned().unwrap_or_else(|| Value::str("")));
    }
    Ok(Value::Map(Map::any(entries)))
}

fn insert(map: &Map, key: Rc<str>, value: Value, budget: &mut Budget) -> Result<(), Fault> {
    if reaches(&value, map, budget)? {
        return Err("a map can't hold itself".into());
    }
    budget.room(key.len().saturating_add(64))?;
    map.insert(key, value);
    Ok(())
}

fn set(call: &mut Call<'_>) -> Done {
    let map = call.map(0);
    if map.is_nil() {
        return Err("assignment to entry in nil map".into());
    }
    insert(&map, call.str(1), call.any(2).clone(), call.budget)?;
    Ok(Value::Map(map))
}

/// The entries whose keys are named, or the others.
fn kept(call: &Call<'_>, named: bool) -> Value {
    let names: std::collections::HashSet<Rc<str>> = (1..call.count()).map(|position| call.str(position)).collect();
    let entries = call.map(0).snapshot();
    Value::Map(Map::any(entries.into_iter().filter(|(key, _)| names.contains(key) == named).collect()))
}

fn merge_all(call: &mut Call<'_>, overwrite: bool) -> Done {
    let mut target = call.map(0);
    for position in 1..call.count() {
        let source = call.map(position);
        if target.is_nil() && !source.is_nil() {
            target = Map::any(Entries::new());
        }
        merge(&target, &source, overwrite, 0, call.budget)?;
    }
    Ok(Value::Map(target))
}

fn merge(target: &Map, source: &Map, overwrite: bool, depth: usize, budget: &mut Budget) -> Result<(), Fault> {
    budget.check_depth(depth)?;
    for (key, value) in source.snapshot() {
        budget.step(1)?;
        let old = target.get(&key);
        let old_is_set = old.as_ref().is_some_and(|old| match old {
            Value::Time(_) | Value::Version(_) => true,
            old => old.is_true(),
        });
        match (&value, &old) {
            (Value::Nil, _) => {
                if overwrite {
                    insert(target, key, Value::Nil, budget)?;
                }
                continue;
            }
            (Value::Map(source), Some(Value::Map(target))) => {
                if !target.is_nil() {
                    merge(target, source, overwrite, depth + 1, budget)?;
                }
                if old_is_set || target.len() > 0 && !overwrite {
                    continue;
                }
            }
            _ => {}
        }
        if overwrite || !old_is_set {
            insert(target, key, value, budget)?;
        }
    }
    Ok(())
}

fn deep_copy(call: &mut Call<'_>) -> Done {
    let value = call.any(0).clone();
    if let Value::Nil = value {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    check_depth(&value, 0, call.budget)?;
    copied(&value, call.budget)
}

fn copied(value: &Value, budget: &mut Budget) -> Done {
    budget.room(48)?;
    Ok(match value {
        Value::List(list) if !list.is_nil() => {
            let items: Result<Vec<Value>, Fault> = list.items().iter().map(|item| copied(item, budget)).collect();
            Value::List(List::new(list.elem(), items?))
        }
        Value::Map(map) if !map.is_nil() => {
            let mut entries = Entries::new();
            for (key, value) in map.snapshot() {
                entries.insert(key, copied(&value, budget)?);
            }
            Value::Map(Map::new(map.elem(), entries))
        }
        other => other.clone(),
    })
}

fn dig(call: &mut Call<'_>) -> Done {
    if call.count() < 3 {
        return Err("dig needs at least three arguments".into());
    }
    let last = call.count() - 1;
    let mut map = asserted(call.any(last))?;
    for position in 0..last - 1 {
        if !matches!(call.any(position), Value::Str(_)) {
            return Err(conversion(call.any(position), "string"));
        }
    }
    for position in 0..last - 1 {
        let Some(found) = map.get(&call.str(position)) else { break };
        if position == last - 2 {
            return Ok(found);
        }
        map = asserted(&found)?;
    }
    Ok(call.any(last - 1).clone())
}

fn asserted(value: &Value) -> Result<Map, Fault> {
    match value {
        Value::Map(map) if value.type_name() == Type::Map.name() => Ok(map.clone()),
        other => Err(conversion(other, Type::Map.name())),
    }
}

fn conversion(value: &Value, wanted: &str) -> Fault {
    let is = if let Value::Nil = value { "nil" } else { value.type_name() };
    format!("interface conversion: interface {{}} is {is}, not {wanted}").into()
}
