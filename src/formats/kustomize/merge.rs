//! Strategic merge, as kyaml does it: maps by key, lists by the keys of the schema or else as a whole, `$patch` as it is
//! said. Elements of a patch come before those that were there.

use serde_json::{Map, Value};

use super::schema::{Schema, Schemas};
use super::text::{self, is_empty_map};

/// What a patch says of the value that it stands at.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The key of a directive.
const PATCH: &str = "$patch";

/// Merges a patch into an object; nothing is left if the patch deletes it.
///
/// # Errors
/// A map or list in the place of something else, and an unknown directive, in words that name the field.
pub(super) fn merge(object: Value, patch: &Value, schemas: &Schemas) -> Result<Option<Value>, String> {
    let mut patch = Side::Patch(patch.clone());
    let merged = Walk { schemas }.walk(Some(object), &mut patch, Schema::Unknown, &mut Vec::new())?;
    Ok(merged.map(|(value, _)| value))
}

/// What is merged into a value.
#[derive(Debug, Clone)]
enum Side {
    /// The patch has nothing here.
    Nothing,
    Patch(Value),
}

impl Side {
    fn value(&self) -> Option<&Value> {
        match self {
            Side::Nothing => None,
            Side::Patch(value) => Some(value),
        }
    }
}

/// Where a merged value came from: one that stayed in its place, or the patch's own.
#[derive(Debug, Clone, Copy, PartialEq)]
enum From {
    Object,
    Patch,
}

struct Walk<'s> {
    schemas: &'s Schemas,
}

impl<'s> Walk<'s> {
    /// The merged value, or nothing where it is to be taken away.
    fn walk(
        &self,
        object: Option<Value>,
        patch: &mut Side,
        schema: Schema<'s>,
        path: &mut Vec<String>,
    ) -> Result<Option<(Value, From)>, String> {
        let there = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(shape);
        let own = there(object.as_ref());
        let other = there(patch.value());
        if let (Some(own), Some(other)) = (own, other)
            && own != other
        {
            return Err(format!("{} is {}, and the patch has {}", named(path), own.words(), other.words()));
        }
        match own.or(other) {
            Some(Shape::Map) => self.maps(object, patch, schema, path),
            Some(Shape::List) => self.lists(object, patch, schema, path),
            Some(Shape::Scalar) => Ok(match (patch.value(), object) {
                // A null clears what is there.
                (Some(Value::Null), _) => None,
                (Some(value), _) => Some((value.clone(), From::Patch)),
                (None, object) => object.map(|value| (value, From::Object)),
            }),
            // A null that is written out stays where the patch doesn't speak of it.
            None => Ok(match patch {
                Side::Nothing => object.map(|value| (value, From::Object)),
                Side::Patch(_) => None,
            }),
        }
    }

    fn maps(
        &self,
        object: Option<Value>,
        patch: &mut Side,
        schema: Schema<'s>,
        path: &mut Vec<String>,
    ) -> Result<Option<(Value, From)>, String> {
        let schema = match schema {
            Schema::Unknown => self.kind_of(object.as_ref(), patch.value()),
            known => known,
        };
        let object = object.filter(|object| !object.is_null());
        let (mut own, from) = match (object, &mut *patch) {
            (Some(_), Side::Patch(Value::Null)) => return Ok(None),
            (Some(Value::Object(own)), Side::Nothing) => (own, From::Object),
            (object, Side::Patch(Value::Object(map))) => {
                let directive = directive_of_map(map, path);
                match (object, directive) {
                    (None, Ok(Directive::Delete)) | (Some(_), Ok(Directive::Delete)) => return Ok(None),
                    (Some(_), Err(error)) => return Err(error),
                    (Some(Value::Object(own)), Ok(Directive::Merge)) => (own, From::Object),
                    // What is new is merged with itself: that takes away its nulls and its directives.
                    _ => (map.clone(), From::Patch),
                }
            }
            (object, _) => return Ok(object.map(|value| (value, From::Object))),
        };
        let mut names: Vec<String> = own.keys().cloned().collect();
        if let Some(Value::Object(map)) = patch.value() {
            names.extend(map.keys().filter(|name| !own.contains_key(*name)).cloned());
        }
        names.sort_unstable();
        for name in names {
            let mut below = match patch {
                Side::Patch(Value::Object(map)) => map.get(&name).cloned().map_or(Side::Nothing, Side::Patch),
                _ => Side::Nothing,
            };
            let field = schema.field(&name);
            // Most of an object isn't spoken of by a patch, and can't change.
            if matches!(below, Side::Nothing) && !own.get(&name).is_some_and(|value| may_change(value, field)) {
                continue;
            }
            path.push(name.clone());
            let here = own.get_mut(&name).map(Value::take);
            let merged = self.walk(here, &mut below, field, path)?;
            path.pop();
            match merged {
                Some((value, From::Patch)) if value.is_null() => drop(own.shift_remove(&name)),
                Some((value, _)) => drop(own.insert(name, value)),
                None => drop(own.shift_remove(&name)),
            }
        }
        Ok(Some((Value::Object(own), from)))
    }

    /// The schema of an object by its own kind.
    fn kind_of(&self, object: Option<&Value>, patch: Option<&Value>) -> Schema<'s> {
        for value in [object, patch].into_iter().flatten() {
            let said = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            if let (Some(version), Some(kind)) = (said("apiVersion"), said("kind"))
                && let known @ Schema::Of(..) = self.schemas.of(version, kind)
            {
                return known;
            }
        }
        Schema::Unknown
    }

    fn lists(
        &self,
        object: Option<Value>,
        patch: &mut Side,
        schema: Schema<'s>,
        path: &mut Vec<String>,
    ) -> Result<Option<(Value, From)>, String> {
        let Some(keys) = schema.keys() else {
            return Ok(match patch.value() {
                Some(Value::Null) => None,
                Some(value) => Some((value.clone(), From::Patch)),
                None => object.map(|value| (value, From::Object)),
            });
        };
        let object = object.filter(|object| !object.is_null());
        let (own, from) = match (object, &mut *patch) {
            (Some(_), Side::Patch(Value::Null)) => return Ok(None),
            (Some(Value::Array(own)), Side::Patch(Value::Array(list))) => match directive_of_list(list, path)? {
                Directive::Delete => return Ok(None),
                Directive::Replace => (list.clone(), From::Patch),
                Directive::Merge => (own, From::Object),
            },
            (None, Side::Patch(Value::Array(list))) => (list.clone(), From::Patch),
            (Some(Value::Array(own)), _) => (own, From::Object),
            (object, _) => return Ok(object.map(|value| (value, From::Object))),
        };
        let list = match patch.value() {
            Some(Value::Array(list)) => list.as_slice(),
            _ => &[],
        };
        let merged = match keys {
            [] => texts(own, list),
            keys => self.elements((own, from), list, keys, schema.element(), path)?,
        };
        Ok(Some((Value::Array(merged), from)))
    }

    /// Merges lists by keys: first the elements of the patch, then those that only the object has.
    fn elements(
        &self,
        (mut own, whose): (Vec<Value>, From),
        patch: &[Value],
        keys: &[String],
        schema: Schema<'s>,
        path: &mut Vec<String>,
    ) -> Result<Vec<Value>, String> {
        let mut all: Vec<Vec<String>> = Vec::new();
        for element in patch.iter().chain(&own) {
            let values: Vec<String> = keys.iter().map(|key| text::of_field(element, key)).collect();
            if !all.contains(&values) {
                all.push(values);
            }
        }
        if keys.len() > 1 {
            complete(&mut all);
        }
        let mut merged: Vec<Value> = Vec::new();
        let mut used: Vec<String> = keys.to_vec();
        for values in &all {
            let (own_keys, own_values) = said(&all, values, keys);
            let (find_keys, find_values) = said(std::slice::from_ref(&own_values), &own_values, &own_keys);
            let here = own.iter().position(|element| matches(element, &find_keys, &find_values));
            let mut other = match patch.iter().find(|element| matches(element, &find_keys, &find_values)) {
                Some(element) => Side::Patch(element.clone()),
                None => Side::Nothing,
            };
            let object = here.map(|at| own[at].clone());
            path.push(format!("[{}]", find_values.join(",")));
            let value = self.walk(object, &mut other, schema, path)?;
            path.pop();
            used.clone_from(&own_keys);
            let value = value.filter(|(value, _)| !value.is_null() && !is_empty_map(value));
            let Some((mut value, from)) = value else {
                own = set(own, None, &own_keys, &own_values);
                continue;
            };
            if let Value::Object(map) = &mut value {
                for (key, said) in own_keys.iter().zip(&own_values) {
                    if !map.contains_key(key) && !said.is_empty() {
                        map.insert(key.clone(), text::plain(said));
                    }
                }
            }
            // An element that the patch replaces comes back below, as kyaml has it: only maps and lists are replaced.
            if let Some(at) = here.filter(|_| from == From::Object || whose == From::Patch) {
                own[at] = value.clone();
            }
            merged = set(merged, Some(value), &own_keys, &own_values);
        }
        if all.is_empty() {
            return Ok(own);
        }
        Ok(append(merged, own, &used))
    }
}

/// Whether merging nothing into a value may change it: explicit nulls stay, and lists are put in order by their keys.
fn may_change(value: &Value, schema: Schema) -> bool {
    match (value, schema) {
        (Value::Object(map), Schema::Of(..)) => map.iter().any(|(name, value)| may_change(value, schema.field(name))),
        (Value::Object(map), Schema::Unknown) => {
            map.contains_key("kind") && map.contains_key("apiVersion")
                || map.values().any(|value| may_change(value, Schema::Unknown))
        }
        (Value::Array(_), schema) => schema.keys().is_some(),
        _ => false,
    }
}

/// Values of keys that say the same, where one of them leaves out a part.
fn complete(all: &mut [Vec<String>]) {
    for one in 0..all.len() {
        for other in 0..all.len() {
            let pairs = || all[one].iter().zip(&all[other]);
            let common = pairs().any(|(a, b)| a == b);
            if common && pairs().all(|(a, b)| a == b || a.is_empty() || b.is_empty()) {
                let whole: Vec<String> = pairs().map(|(a, b)| if a.is_empty() { b } else { a }.clone()).collect();
                all[one].clone_from(&whole);
                all[other] = whole;
            }
        }
    }
}

/// Those keys that anybody gives a value, with the values; all of them if nobody does.
fn said(all: &[Vec<String>], values: &[String], keys: &[String]) -> (Vec<String>, Vec<String>) {
    let is_said = |at: usize| all.iter().any(|values| values.get(at).is_some_and(|value| !value.is_empty()));
    let kept: Vec<usize> = (0..keys.len()).filter(|at| is_said(*at)).collect();
    if kept.is_empty() {
        return (keys.to_vec(), values.to_vec());
    }
    let value = |at: &usize| values.get(*at).cloned().unwrap_or_default();
    (kept.iter().map(|at| keys[*at].clone()).collect(), kept.iter().map(value).collect())
}

fn matches(element: &Value, keys: &[String], values: &[String]) -> bool {
    let Value::Object(map) = element else { return false };
    keys.iter().zip(values).all(|(key, value)| map.get(key).is_some_and(|found| text::of(found) == *value))
}

/// Puts an element into a list: in the place of those with the same keys, or at the end; without an element it takes
/// those away. An empty value stands for any.
fn set(list: Vec<Value>, element: Option<Value>, keys: &[String], values: &[String]) -> Vec<Value> {
    let mut found = false;
    let mut out = Vec::with_capacity(list.len() + 1);
    for old in list {
        if old.is_null() || is_empty_map(&old) {
            continue;
        }
        let Value::Object(map) = &old else {
            out.push(old);
            continue;
        };
        let same = |(key, value): (&String, &String)| {
            map.get(key).is_some_and(|found| value.is_empty() || text::of(found) == *value)
        };
        if !values.is_empty() && keys.iter().zip(values).all(same) {
            found = true;
            out.extend(element.clone());
        } else if !values.is_empty() {
            out.push(old);
        }
    }
    out.extend(element.filter(|_| !found));
    out
}

/// The elements that the object has beside those that were merged.
fn append(mut merged: Vec<Value>, own: Vec<Value>, keys: &[String]) -> Vec<Value> {
    for element in own {
        let mut values = Vec::new();
        for key in keys {
            match element.get(key) {
                Some(value) => values.push(text::of(value)),
                None => merged.push(element.clone()),
            }
        }
        if keys.len() > 1 {
            merged = set(merged, None, keys, &values);
        }
        merged = set(merged, Some(element), keys, &values);
    }
    merged
}

/// Merges lists of texts.
fn texts(own: Vec<Value>, patch: &[Value]) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for value in patch.iter().cloned().chain(own) {
        if !merged.iter().any(|there| text::of(there) == text::of(&value)) {
            merged.push(value);
        }
    }
    merged
}

fn directive_of_map(map: &mut Map<String, Value>, path: &[String]) -> Result<Directive, String> {
    let Some(said) = map.get(PATCH) else { return Ok(Directive::Merge) };
    let directive = directive(&text::of(said), path)?;
    map.shift_remove(PATCH);
    Ok(directive)
}

fn directive_of_list(list: &mut Vec<Value>, path: &[String]) -> Result<Directive, String> {
    let at = list.iter().position(|element| element.get(PATCH).is_some());
    let Some(at) = at.filter(|at| list[*at].as_object().is_some_and(|map| map.len() == 1)) else {
        return Ok(Directive::Merge);
    };
    let directive = directive(&text::of_field(&list[at], PATCH), path)?;
    list.remove(at);
    Ok(directive)
}

fn directive(text: &str, path: &[String]) -> Result<Directive, String> {
    match text {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => Err(format!("{} has `$patch: {other}`, which is none of merge, replace, delete", named(path))),
    }
}

fn named(path: &[String]) -> String {
    if path.is_empty() { "the object".to_string() } else { path.join(".") }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Map,
    List,
    Scalar,
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Shape::Map => "a map",
            Shape::List => "a list",
            Shape::Scalar => "a single value",
        }
    }
}

fn shape(value: &Value) -> Shape {
    match value {
        Value::Object(_) => Shape::Map,
        Value::Array(_) => Shape::List,
        _ => Shape::Scalar,
    }
}
