//! Namespaces, prefixes and suffixes.

use std::collections::HashMap;

use serde_json::Value;

use super::fields::{FieldSpec, Make};
use super::resource::{Gvk, Resource};
use super::tables::Tables;
use super::text;

/// Puts all objects that live in a namespace into this one.
///
/// # Errors
/// What stands in the way, and two objects that would be one then.
pub(super) fn set_namespace(resources: &mut [Resource], namespace: &str, tables: &Tables) -> Result<(), String> {
    if namespace.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut() {
        resource.keep_name();
        if !resource.is_of_the_cluster() {
            resource.set_metadata("namespace", namespace.to_string());
        }
        let binds = matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding");
        if binds {
            for subject in resource.value.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
                let Some(map) = subject.as_object_mut() else { continue };
                if map.get("name").is_some_and(|name| text::of(name) == "default") {
                    map.insert("namespace".into(), namespace.into());
                }
            }
        }
        for spec in tables.list("namespace") {
            let is_own = spec.path == "metadata/namespace"
                || spec.path == "metadata/name" && resource.api_version() != "v1"
                || binds && spec.path == "subjects/namespace";
            if is_own {
                continue;
            }
            spec.apply(resource, Make::Scalar, &mut |field| scalar(field, |_| namespace.to_string()))
                .map_err(|why| format!("{}: {why}", resource.id().words()))?;
        }
    }
    let mut seen = HashMap::with_capacity(resources.len());
    for resource in resources.iter() {
        let id = resource.id();
        let words = id.words();
        if seen.insert((id.group, id.version, id.kind, id.name, id.place), ()).is_some() {
            return Err(format!("two objects are {words} then"));
        }
    }
    Ok(())
}

/// Kinds whose names stay.
fn stays(resource: &Resource) -> bool {
    let id = resource.first_id();
    matches!(id.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || id.kind == "APIService" && id.group == "apiregistration.k8s.io"
}

/// Puts a text before names.
///
/// # Errors
/// What stands in the way.
pub(super) fn add_prefix(resources: &mut [Resource], prefix: &str, tables: &Tables) -> Result<(), String> {
    rename(
        resources,
        tables.list("namePrefix"),
        prefix,
        |resource| &mut resource.prefixes,
        |name| format!("{prefix}{name}"),
    )
}

/// Puts a text behind names.
///
/// # Errors
/// What stands in the way.
pub(super) fn add_suffix(resources: &mut [Resource], suffix: &str, tables: &Tables) -> Result<(), String> {
    rename(
        resources,
        tables.list("nameSuffix"),
        suffix,
        |resource| &mut resource.suffixes,
        |name| format!("{name}{suffix}"),
    )
}

fn rename(
    resources: &mut [Resource],
    specs: &[FieldSpec],
    added: &str,
    list: impl Fn(&mut Resource) -> &mut Vec<String>,
    change: impl Fn(&str) -> String,
) -> Result<(), String> {
    if added.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut().filter(|resource| !stays(resource)) {
        let id = resource.first_id();
        for spec in specs.iter().filter(|spec| spec.gvk.selects(&id.group, &id.version, &id.kind)) {
            if spec.path == "metadata/name" {
                list(resource).push(added.to_string());
                resource.keep_name();
            }
            spec.apply(resource, Make::Scalar, &mut |field| scalar(field, &change))
                .map_err(|why| format!("{}: {why}", resource.id().words()))?;
        }
    }
    Ok(())
}

/// Changes a text.
fn scalar(field: &mut Value, change: impl Fn(&str) -> String) -> Result<(), String> {
    if field.is_object() || field.is_array() {
        return Err("there is no text".to_string());
    }
    *field = Value::String(change(&if field.is_null() { String::new() } else { text::of(field) }));
    Ok(())
}

/// Sets the number of replicas of what has this name, now or before.
///
/// # Errors
/// If nothing has it.
pub(super) fn set_replicas(resources: &mut [Resource], name: &str, count: i64, tables: &Tables) -> Result<(), String> {
    let mut found = false;
    for spec in tables.list("replicas") {
        let is_it = |resource: &Resource| {
            let fits = |id: &super::resource::Id| id.name == name && spec.gvk.selects(&id.group, &id.version, &id.kind);
            fits(&resource.id()) || resource.previous_ids().any(|id| fits(&id))
        };
        for resource in resources.iter_mut() {
            if !is_it(resource) {
                continue;
            }
            found = true;
            spec.apply(resource, Make::Scalar, &mut |field| {
                if field.is_object() || field.is_array() {
                    return Err("there is no number".to_string());
                }
                *field = count.into();
                Ok(())
            })
            .map_err(|why| format!("{}: {why}", resource.id().words()))?;
        }
    }
    if found { Ok(()) } else { Err(format!("nothing with replicas has the name {name}")) }
}

/// The kind of a reference, such as that of a role binding.
pub(super) fn role_of(resource: &Resource) -> Option<Gvk> {
    let role = resource.value.get("roleRef")?;
    let text = |key: &str| role.get(key).filter(|value| !value.is_null()).map(text::of);
    Some(Gvk { group: text("apiGroup")?, version: String::new(), kind: text("kind")? })
}
