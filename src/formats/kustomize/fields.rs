//! Fields by paths that pass through lists, as the tables of kustomize name them.

use serde_json::{Map, Value};

use super::resource::{Gvk, Resource};

/// Where a field is, in which kinds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FieldSpec {
    pub(super) gvk: Gvk,
    /// As it is written: `spec/template/spec/containers[]/image`.
    pub(super) path: String,
    pub(super) steps: Vec<String>,
    /// Whether the field is made where it is missing.
    pub(super) create: bool,
}

/// What is made for a missing field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Make {
    Nothing,
    Map,
    Scalar,
}

impl FieldSpec {
    pub(super) fn new(gvk: Gvk, path: &str, create: bool) -> FieldSpec {
        FieldSpec { gvk, steps: split(path, '/'), path: path.to_string(), create }
    }

    /// Whether it is for a resource of this kind.
    pub(super) fn is_for(&self, resource: &Resource) -> bool {
        let (group, version) = resource.group_version();
        self.gvk.selects(group, version, resource.kind())
    }

    /// Changes the field wherever it is in a resource, if it is one of its kind.
    ///
    /// # Errors
    /// What stands in the way of the path, with the path, and what `set` refuses.
    pub(super) fn apply(
        &self,
        resource: &mut Resource,
        make: Make,
        set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
    ) -> Result<(), String> {
        if !self.is_for(resource) {
            return Ok(());
        }
        self.change(&mut resource.value, make, set)
    }

    /// As [`FieldSpec::apply`], whatever the kind.
    pub(super) fn change(
        &self,
        value: &mut Value,
        make: Make,
        set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
    ) -> Result<(), String> {
        let make = if self.create { make } else { Make::Nothing };
        walk(value, &self.steps, make, set).map_err(|why| format!("at {}: {why}", self.path))
    }
}

fn walk(
    value: &mut Value,
    steps: &[String],
    make: Make,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else { return set(value) };
    match value {
        Value::Null => Ok(()),
        Value::Array(list) => list.iter_mut().try_for_each(|element| walk(element, steps, make, set)),
        Value::Object(map) => {
            let (name, is_list) = match step.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (step.as_str(), false),
            };
            let make_here = if is_list { Make::Nothing } else { make };
            let made = || match (make_here, rest.is_empty()) {
                (Make::Scalar, true) => Value::String(String::new()),
                _ => Value::Object(Map::new()),
            };
            match map.get_mut(name) {
                Some(field) => {
                    if field.is_null() && make_here != Make::Nothing {
                        *field = made();
                    }
                    walk(field, rest, make, set)
                }
                None if make_here == Make::Nothing => Ok(()),
                None => walk(map.entry(name).or_insert_with(made), rest, make, set),
            }
        }
        _ => Err(format!("`{step}` is looked for in a single value, not in a map or a list")),
    }
}

/// A path in its parts; a backslash takes the meaning from the sign behind it.
pub(super) fn split(path: &str, sign: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(sign).collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut out: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match out.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push(sign);
                last.push_str(part);
            }
            None => out.push(part.to_string()),
        }
    }
    out
}

/// Adds fields to a list of them, leaving out those that are there.
///
/// # Errors
/// Two that differ only in whether the field is made.
pub(super) fn add(to: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), String> {
    for spec in more {
        let there = |own: &&FieldSpec| {
            own.path == spec.path && spec.gvk.selects(&own.gvk.group, &own.gvk.version, &own.gvk.kind)
        };
        match to.iter().find(there) {
            Some(own) if own.create != spec.create => {
                return Err(format!("{} is in the list twice, once with `create`, once without", spec.path));
            }
            Some(_) => {}
            None => to.push(spec.clone()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_pass_through_lists_and_make_what_is_missing() {
        let mut value = json!({ "a": [{ "b": { "c": "x" } }, { "b": null }, {}] });
        let spec = FieldSpec::new(Gvk::default(), "a/b/c", true);
        spec.change(&mut value, Make::Scalar, &mut |field| {
            *field = json!(format!("{}!", field.as_str().unwrap()));
            Ok(())
        })
        .unwrap();
        assert_eq!(value, json!({ "a": [{ "b": { "c": "x!" } }, { "b": { "c": "!" } }, { "b": { "c": "!" } }] }));
        let error = spec.change(&mut json!({ "a": 1 }), Make::Scalar, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error, "at a/b/c: `b` is looked for in a single value, not in a map or a list");
        assert_eq!(split("a/b.c\\/d/e", '/'), ["a", "b.c/d", "e"]);
    }

    #[test]
    fn fields_are_added_once() {
        let deployment = Gvk { kind: "Deployment".into(), ..Gvk::default() };
        let mut list = vec![FieldSpec::new(deployment, "a", true)];
        add(&mut list, &[FieldSpec::new(Gvk::default(), "a", true), FieldSpec::new(Gvk::default(), "b", true)])
            .unwrap();
        assert_eq!(list.len(), 2);
        assert!(add(&mut list, &[FieldSpec::new(Gvk::default(), "b", false)]).is_err());
    }
}
