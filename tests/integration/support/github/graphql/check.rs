//! Checks a query against the schema of GitHub's GraphQL (see tests/github/make-description.mjs).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::{Argument, Field, Operation, Selection, read};
use crate::support::github::description::graphql_types;

static TYPES: LazyLock<Types> = LazyLock::new(|| serde_json::from_value(graphql_types().clone()).unwrap());

#[derive(Deserialize)]
struct Types {
    objects: BTreeMap<String, Object>,
    /// Fields of input objects, or values of enums.
    inputs: BTreeMap<String, Value>,
    /// Scalars and enums.
    leaves: Vec<String>,
}

#[derive(Deserialize)]
struct Object {
    /// The type, and the types of the arguments if there are any.
    fields: BTreeMap<String, Vec<Value>>,
    kind: String,
    possible: Vec<String>,
}

/// The operation of a request's body, or what the schema forbids.
pub fn check(body: &Value) -> Result<Operation, String> {
    let operation = read(body["query"].as_str().unwrap_or_default())?;
    let root = if operation.mutation { "Mutation" } else { "Query" };
    for (name, kind) in &operation.variables {
        if body["variables"][name].is_null() && kind.ends_with('!') {
            return Err(format!("the variable ${name} of type {kind} isn't given"));
        }
        fits(&body["variables"][name], kind).map_err(|fault| format!("the variable ${name}: {fault}"))?;
    }
    let given = body["variables"].as_object().into_iter().flatten();
    for (name, _) in given {
        if !operation.variables.iter().any(|(known, _)| known == name) {
            return Err(format!("the variable ${name} isn't declared"));
        }
    }
    selections(&operation, root, &operation.selections)?;
    Ok(operation)
}

fn selections(operation: &Operation, kind: &str, all: &[Selection]) -> Result<(), String> {
    let Some(object) = TYPES.objects.get(kind) else {
        return Err(format!("the type {kind} isn't in the kept part of the schema: add it to make-description.mjs"));
    };
    for selection in all {
        match selection {
            Selection::On(on, inner) => {
                let may = on == kind
                    || object.possible.contains(on)
                    || TYPES.objects.get(on).is_some_and(|one| one.possible.iter().any(|one| one == kind));
                if !may {
                    return Err(format!("a {kind} is never a {on}"));
                }
                selections(operation, on, inner)?;
            }
            Selection::Field(one) if one.name == "__typename" => {}
            Selection::Field(one) => field(operation, kind, object, one)?,
        }
    }
    Ok(())
}

fn field(operation: &Operation, kind: &str, object: &Object, field: &Field) -> Result<(), String> {
    let Some(described) = object.fields.get(&field.name) else {
        return Err(format!("Field '{}' doesn't exist on type '{kind}' ({})", field.name, object.kind));
    };
    let at = format!("{kind}.{}", field.name);
    let result = described[0].as_str().unwrap_or_default();
    let empty = serde_json::Map::new();
    let arguments = described.get(1).and_then(Value::as_object).unwrap_or(&empty);
    for (name, given) in &field.arguments {
        let Some(wanted) = arguments.get(name).and_then(Value::as_str) else {
            return Err(format!("{at} has no argument {name}"));
        };
        argument(operation, given, wanted).map_err(|fault| format!("{at}({name}): {fault}"))?;
    }
    let given = |name: &str| field.arguments.iter().any(|(known, _)| known == name);
    let missing =
        arguments.iter().find(|(name, kind)| kind.as_str().is_some_and(|kind| kind.ends_with('!')) && !given(name));
    if let Some((name, _)) = missing {
        return Err(format!("{at} needs the argument {name}"));
    }
    if bare(result).ends_with("Connection") && arguments.contains_key("first") && !given("first") && !given("last") {
        return Err(format!(
            "You must provide a `first` or `last` value to properly paginate the `{}` connection",
            field.name
        ));
    }
    match (TYPES.leaves.iter().any(|leaf| leaf == bare(result)), field.selections.is_empty()) {
        (true, false) => Err(format!("{at} is a {result}: it has no fields")),
        (false, true) => Err(format!("{at} is a {result}: it says no fields")),
        (true, true) => Ok(()),
        (false, false) => selections(operation, bare(result), &field.selections),
    }
}

/// A type's name without the signs of lists and of what must be there.
fn bare(kind: &str) -> &str {
    kind.trim_matches(['[', ']', '!'])
}

fn argument(operation: &Operation, given: &Argument, wanted: &str) -> Result<(), String> {
    match given {
        Argument::Variable(name) => {
            let declared = operation.variables.iter().find(|(known, _)| known == name);
            let Some((_, kind)) = declared else { return Err(format!("${name} isn't declared")) };
            let same = kind == wanted || kind.strip_suffix('!') == Some(wanted);
            if same { Ok(()) } else { Err(format!("${name} is a {kind}, {wanted} is expected")) }
        }
        Argument::Map(map) => {
            let fields = TYPES.inputs.get(bare(wanted)).and_then(Value::as_object);
            let Some(fields) = fields else { return Err(format!("it is an object, {wanted} is expected")) };
            for (name, value) in map {
                let kind =
                    fields.get(name).and_then(Value::as_str).ok_or(format!("{} has no field {name}", bare(wanted)))?;
                argument(operation, value, kind).map_err(|fault| format!("{name}: {fault}"))?;
            }
            let missing = fields.iter().find(|(name, kind)| {
                kind.as_str().is_some_and(|kind| kind.ends_with('!')) && !map.iter().any(|(known, _)| known == *name)
            });
            missing.map_or(Ok(()), |(name, _)| Err(format!("{} needs the field {name}", bare(wanted))))
        }
        Argument::List(list) => {
            let inner = wanted.trim_end_matches('!').trim_start_matches('[').trim_end_matches(']');
            list.iter().try_for_each(|one| argument(operation, one, inner))
        }
        Argument::Plain(Value::String(text)) if TYPES.inputs.get(bare(wanted)).is_some_and(Value::is_array) => {
            Err(format!("\"{text}\" is a text, {wanted} is expected"))
        }
        other => fits(&other.value(&Value::Null), wanted),
    }
}

/// Whether a value can be of a type.
fn fits(value: &Value, kind: &str) -> Result<(), String> {
    let wrong = || Err(format!("{value} is no {kind}"));
    if value.is_null() {
        return if kind.ends_with('!') { wrong() } else { Ok(()) };
    }
    let kind = kind.trim_end_matches('!');
    if let Some(inner) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        return value.as_array().map_or_else(wrong, |list| list.iter().try_for_each(|one| fits(one, inner)));
    }
    match (kind, TYPES.inputs.get(kind)) {
        (_, Some(Value::Array(values))) => {
            if values.contains(value) {
                Ok(())
            } else {
                wrong()
            }
        }
        (_, Some(Value::Object(fields))) => {
            let Some(map) = value.as_object() else { return wrong() };
            for (name, one) in map {
                let kind = fields.get(name).and_then(Value::as_str).ok_or(format!("{kind} has no field {name}"))?;
                fits(one, kind).map_err(|fault| format!("{name}: {fault}"))?;
            }
            Ok(())
        }
        ("Int", _) => {
            if value.is_i64() {
                Ok(())
            } else {
                wrong()
            }
        }
        ("Boolean", _) => {
            if value.is_boolean() {
                Ok(())
            } else {
                wrong()
            }
        }
        ("Float", _) => {
            if value.is_number() {
                Ok(())
            } else {
                wrong()
            }
        }
        _ => {
            if value.is_string() {
                Ok(())
            } else {
                wrong()
            }
        }
    }
}
