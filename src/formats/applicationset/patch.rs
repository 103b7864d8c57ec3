//! `templatePatch`: a strategic merge patch of an Application. Its type knows no lists that are merged but the
//! finalizers and owners of its metadata: all others are replaced.

use serde_json::{Map, Value as Json};

use super::shape;
use crate::formats::gotemplate::{self, Limits};

/// An Application with a patch, which is YAML or JSON, on it. Its project stays.
///
/// # Errors
/// For a patch that is none, in the controller's words.
pub fn apply(application: &Json, patch: &str, limits: &Limits) -> Result<Json, String> {
    let is_json = patch.trim_start().starts_with('{');
    let converted = if is_json {
        let wrong = |error| format!("invalid templatePatch {patch:?}: {}", super::words::syntax(patch, &error));
        serde_json::from_str(patch).map_err(wrong)?
    } else {
        gotemplate::yaml_value(patch, limits).map_err(|error| {
            format!(
                "error while converting template to json {patch:?}: error converting YAML to JSON: {}",
                error.message
            )
        })?
    };
    let sorted = || Json::String(super::words::sorted(&converted).to_string());
    let told = || if is_json { Json::String(patch.to_owned()) } else { sorted() };
    let fields = match &converted {
        Json::Object(fields) => fields,
        // An empty patch changes nothing.
        Json::Null => return Ok(application.clone()),
        other => {
            let why = super::words::unmarshal(other, "v1alpha1.Application");
            return Err(format!("invalid templatePatch {}: {why}", told()));
        }
    };
    shape::conformed(&converted).map_err(|message| format!("invalid templatePatch {}: {message}", told()))?;
    let mut patched = merge(application, fields, &mut Vec::new())
        .map_err(|message| format!("error while applying templatePatch template to json {}: {message}", told()))?;
    if !patched["spec"].is_object() {
        patched["spec"] = Json::Object(Map::new());
    }
    let project = &application["spec"]["project"];
    patched["spec"]["project"] = if project.is_null() { Json::from("") } else { project.clone() };
    let mut conformed = shape::conformed(&patched)
        .map_err(|message| format!("error while unmarhsalling patched application: {message}"))?;
    // An Application on its own has a head.
    for key in ["kind", "apiVersion"] {
        if let (Some(value), Json::Object(fields)) = (patched.get(key), &mut conformed) {
            fields.insert(key.to_owned(), value.clone());
        }
    }
    Ok(conformed)
}

/// What a list's elements are told apart by, where lists are merged: nothing for plain values.
fn merge_key(path: &[String]) -> Option<Option<&'static str>> {
    match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["metadata", "finalizers"] => Some(None),
        ["metadata", "ownerReferences"] => Some(Some("uid")),
        _ => None,
    }
}

fn merge(original: &Json, patch: &Map<String, Json>, path: &mut Vec<String>) -> Result<Json, String> {
    let mut fields = original.as_object().cloned().unwrap_or_default();
    match patch.get("$patch").map(|directive| directive.as_str().unwrap_or_default()) {
        Some("replace") => {
            let mut own = patch.clone();
            own.remove("$patch");
            return Ok(Json::Object(own));
        }
        Some("delete") => return Ok(Json::Object(Map::new())),
        Some(other) => return Err(format!("unknown patch type: {other} in map: {}", Json::Object(patch.clone()))),
        None => {}
    }
    if let Some(Json::Array(kept)) = patch.get("$retainKeys") {
        fields.retain(|key, _| kept.iter().any(|kept| kept == key.as_str()));
    }
    for (key, value) in patch {
        if key == "$patch" || key == "$retainKeys" || key.starts_with("$setElementOrder/") {
            continue;
        }
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Json::Array(items)), Json::Array(gone)) = (fields.get_mut(list), value) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if value.is_null() {
            fields.shift_remove(key);
            continue;
        }
        path.push(key.clone());
        let merged = match (fields.get(key), value) {
            (Some(original @ Json::Object(_)), Json::Object(patch)) => {
                whole(path)?;
                merge(original, patch, path)?
            }
            (Some(Json::Array(original)), Json::Array(patch)) => {
                whole(path)?;
                lists(original, patch, path)?
            }
            (_, value) => match without_directives(value) {
                Some(value) => value,
                None => {
                    path.pop();
                    fields.shift_remove(key);
                    continue;
                }
            },
        };
        path.pop();
        fields.insert(key.clone(), merged);
    }
    Ok(Json::Object(fields))
}

/// What is taken as it is where there was nothing of its sort: maps with a directive and nulls are left out.
fn without_directives(value: &Json) -> Option<Json> {
    Some(match value {
        Json::Object(fields) if fields.contains_key("$patch") => return None,
        Json::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            Json::Object(fields.filter_map(|(key, value)| Some((key.clone(), without_directives(value)?))).collect())
        }
        Json::Array(items) => Json::Array(items.iter().filter_map(without_directives).collect()),
        other => other.clone(),
    })
}

/// What is inside of free values has no type that would say how it is merged.
fn whole(path: &[String]) -> Result<(), String> {
    match path {
        [.., before, key] if before == "valuesObject" => {
            Err(format!("unable to find api field in struct RawExtension for the json field {key:?}"))
        }
        _ => Ok(()),
    }
}

fn lists(original: &[Json], patch: &[Json], path: &[String]) -> Result<Json, String> {
    let replaced = |item: &Json| item["$patch"] == "replace";
    let Some(key) = merge_key(path).filter(|_| !patch.iter().any(replaced)) else {
        let items = patch.iter().filter(|item| !replaced(item));
        return Ok(Json::Array(items.cloned().collect()));
    };
    let mut items = original.to_vec();
    let same = |a: &Json, b: &Json| key.map_or_else(|| a == b, |key| a[key] == b[key]);
    for item in patch {
        let Some(key) = key else {
            if !items.contains(item) {
                items.push(item.clone());
            }
            continue;
        };
        let own = &item[key];
        let at = items.iter().position(|there| there[key] == *own);
        match (at, item.as_object()) {
            (Some(at), Some(fields)) if fields.get("$patch").is_none_or(|directive| directive != "delete") => {
                items[at] = merge(&items[at], fields, &mut Vec::new())?;
            }
            (Some(at), _) => {
                items.remove(at);
            }
            (None, _) if item["$patch"] == "delete" => {}
            (None, _) => items.push(item.clone()),
        }
    }
    Ok(Json::Array(in_order(items, original, patch, same)))
}

/// Merged items in their order: the patch's as in the patch, before others but for those that stood before them.
fn in_order(items: Vec<Json>, original: &[Json], patch: &[Json], same: impl Fn(&Json, &Json) -> bool) -> Vec<Json> {
    let place = |list: &[Json], item: &Json| list.iter().position(|there| same(there, item));
    let (mut patched, others): (Vec<Json>, Vec<Json>) =
        items.into_iter().partition(|item| place(patch, item).is_some());
    patched.sort_by_key(|item| place(patch, item));
    let mut merged = Vec::with_capacity(patched.len() + others.len());
    let mut others = others.into_iter().peekable();
    for item in patched {
        let stood = place(original, &item);
        while let Some(other) = others.next_if(|other| stood.is_some_and(|stood| place(original, other) < Some(stood)))
        {
            merged.push(other);
        }
        merged.push(item);
    }
    merged.extend(others);
    merged
}
