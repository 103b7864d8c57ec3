//! JSON patches (RFC 6902), as evanphx/json-patch applies them for kustomize.

use serde::Deserialize;
use serde_json::Value;

/// One operation.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Operation {
    op: String,
    path: String,
    from: Option<String>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
}

fn present<'d, D: serde::Deserializer<'d>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Reads a patch.
///
/// # Errors
/// What isn't one.
pub(super) fn read(value: &Value) -> Result<Vec<Operation>, String> {
    let operations: Vec<Operation> = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    if operations.is_empty() {
        return Err("the patch has no operations".to_string());
    }
    Ok(operations)
}

/// Applies a patch.
///
/// # Errors
/// The operation that can't be made, and why.
pub(super) fn apply(value: &mut Value, operations: &[Operation]) -> Result<(), String> {
    for (at, operation) in operations.iter().enumerate() {
        one(value, operation)
            .map_err(|why| format!("operation {} ({} {}): {why}", at + 1, operation.op, operation.path))?;
    }
    Ok(())
}

fn one(value: &mut Value, operation: &Operation) -> Result<(), String> {
    let path = operation.path.as_str();
    let wanted = || operation.value.clone().ok_or_else(|| "it has no `value`".to_string());
    let from = || operation.from.as_deref().ok_or_else(|| "it has no `from`".to_string());
    match operation.op.as_str() {
        // An operation without a value adds null.
        "add" => add(value, path, operation.value.clone().unwrap_or(Value::Null)),
        "remove" => remove(value, path).map(drop),
        "replace" => {
            *find(value, path)? = operation.value.clone().unwrap_or(Value::Null);
            Ok(())
        }
        "move" => {
            let moved = remove(value, from()?)?;
            add(value, path, moved)
        }
        "copy" => {
            let copied = find(value, from()?)?.clone();
            add(value, path, copied)
        }
        "test" => {
            let wanted = wanted()?;
            let there = find(value, path).map(|found| found.clone()).unwrap_or(Value::Null);
            if same(&there, &wanted) { Ok(()) } else { Err(format!("there is {there}, not {wanted}")) }
        }
        other => Err(format!("`{other}` is none of add, remove, replace, move, copy, test")),
    }
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

/// The steps of a pointer.
fn steps(path: &str) -> Result<Vec<String>, String> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let rest = path.strip_prefix('/').ok_or("the path has no slash at its start")?;
    Ok(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

/// An index into a list; those below zero count from the end.
fn index(step: &str, length: usize) -> Result<usize, String> {
    let number: i64 = step.parse().map_err(|_| format!("`{step}` is no index of a list"))?;
    let at = if number < 0 { number + length as i64 } else { number };
    usize::try_from(at).ok().filter(|at| *at <= length).ok_or_else(|| format!("the list has no element {step}"))
}

fn below<'v>(value: &'v mut Value, step: &str) -> Result<&'v mut Value, String> {
    match value {
        Value::Object(map) => map.get_mut(step).ok_or_else(|| format!("there is no `{step}`")),
        Value::Array(list) => {
            let at = index(step, list.len())?;
            list.get_mut(at).ok_or_else(|| format!("the list has no element {step}"))
        }
        _ => Err(format!("`{step}` is looked for in a single value")),
    }
}

fn find<'v>(value: &'v mut Value, path: &str) -> Result<&'v mut Value, String> {
    steps(path)?.iter().try_fold(value, |value, step| below(value, step))
}

fn parent<'v>(value: &'v mut Value, path: &str) -> Result<(&'v mut Value, String), String> {
    let mut steps = steps(path)?;
    let last = steps.pop().ok_or("the path is empty")?;
    Ok((steps.iter().try_fold(value, |value, step| below(value, step))?, last))
}

fn add(value: &mut Value, path: &str, new: Value) -> Result<(), String> {
    if path.is_empty() {
        *value = new;
        return Ok(());
    }
    let (parent, last) = parent(value, path)?;
    match parent {
        Value::Object(map) => drop(map.insert(last, new)),
        Value::Array(list) if last == "-" => list.push(new),
        Value::Array(list) => {
            // From the end, the new element is the one that is counted.
            let length = if last.starts_with('-') { list.len() + 1 } else { list.len() };
            list.insert(index(&last, length)?.min(list.len()), new);
        }
        _ => return Err(format!("`{last}` can't be put into a single value")),
    }
    Ok(())
}

fn remove(value: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, last) = parent(value, path)?;
    match parent {
        Value::Object(map) => map.shift_remove(&last).ok_or_else(|| format!("there is no `{last}`")),
        Value::Array(list) => {
            let at = index(&last, list.len())?;
            if at < list.len() { Ok(list.remove(at)) } else { Err(format!("the list has no element {last}")) }
        }
        _ => Err(format!("there is no `{last}` in a single value")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_are_applied_in_order() {
        let mut value = json!({ "a": [1, 2], "b": { "c/d": 1 } });
        let patch = json!([
            { "op": "test", "path": "/a/0", "value": 1.0 },
            { "op": "add", "path": "/a/-", "value": 3 },
            { "op": "add", "path": "/a/0", "value": 0 },
            { "op": "remove", "path": "/a/-1" },
            { "op": "move", "from": "/b/c~1d", "path": "/e" },
            { "op": "copy", "from": "/e", "path": "/f" },
            { "op": "replace", "path": "/b", "value": null },
        ]);
        apply(&mut value, &read(&patch).unwrap()).unwrap();
        assert_eq!(value, json!({ "a": [0, 1, 2], "b": null, "e": 1, "f": 1 }));
        let failed = |patch: Value| apply(&mut json!({ "a": [1] }), &read(&patch).unwrap()).unwrap_err();
        assert_eq!(failed(json!([{ "op": "remove", "path": "/b" }])), "operation 1 (remove /b): there is no `b`");
        assert!(
            failed(json!([{ "op": "replace", "path": "/a/5", "value": 1 }])).ends_with("the list has no element 5")
        );
        assert!(failed(json!([{ "op": "test", "path": "/a/0", "value": 2 }])).ends_with("there is 1, not 2"));
        assert!(failed(json!([{ "op": "put", "path": "/a" }])).contains("none of add"));
    }
}
