//! What objects of Kubernetes name: the ConfigMaps and Secrets of pods, the Services of Ingresses, the roles of bindings.
//! From the API reference of Kubernetes v1.36 and of the Gateway API v1. `references` of manifests calls it.

mod fields;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::yaml::Step;
use fields::{Field, Names, OBJECTS, POD};

/// A place in an object that names another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The API group of what is named, without its version: `apps`, or nothing for the core.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The namespace that it is looked for in: the one that is written, or that of the object that names it, which may
    /// be empty; none for what belongs to no namespace.
    pub namespace: Option<String>,
    /// Whether it may be missing.
    pub optional: bool,
    /// Where the name stands, from the root of the object.
    pub path: Vec<Step>,
}

/// What an object names, its pod template among it, in the order of the fields that are known.
pub fn of(object: &Value) -> Vec<Reference> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let group = group_of(text("apiVersion"));
    let kind = text("kind");
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let known = OBJECTS.iter().filter(|known| known.kinds.contains(&kind) && known.groups.contains(&group));
    let mut found = Vec::new();
    for known in known {
        for field in known.fields {
            collect(object, field, namespace, &mut found);
        }
        for (steps, pod) in known.pod.iter().flat_map(|at| places(object, at)) {
            let below = found.len();
            found.extend(of_pod(pod, namespace));
            for reference in &mut found[below..] {
                reference.path.splice(0..0, steps.iter().cloned());
            }
        }
    }
    found
}

/// What a pod or the template of one names; paths are from its own root.
pub fn of_pod(pod: &Value, namespace: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for field in POD {
        collect(pod, field, namespace, &mut found);
    }
    // The old name of the field counts only where the new one isn't there.
    let account = |field: &str| pod.pointer(field).and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    if account("/spec/serviceAccountName") {
        found.retain(|reference| reference.path.last() != Some(&Step::from("serviceAccount")));
    }
    found
}

fn collect(object: &Value, field: &Field, namespace: &str, found: &mut Vec<Reference>) {
    for (mut path, holder) in places(object, field.at) {
        let text = |name: &str| holder.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(name) = text(field.name) else { continue };
        let (group, kind) = match field.names {
            Names::Always(group, kind) => (group, kind),
            Names::Said { group, kind } => {
                let written = text("group").or(text("apiGroup")).or(text("apiVersion").map(group_of));
                (written.unwrap_or(group), text("kind").unwrap_or(kind))
            }
            Names::If(group, kind) if text("kind") == Some(kind) => (group, kind),
            Names::If(..) => continue,
        };
        path.push(Step::from(field.name));
        found.push(Reference {
            group: group.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: (!fields::CLUSTER_WIDE.contains(&kind))
                .then(|| text("namespace").unwrap_or(namespace).to_owned()),
            optional: holder.get("optional").and_then(Value::as_bool).unwrap_or(false),
            path,
        });
    }
}

/// The group of an `apiVersion`.
fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// What stands at a place such as `spec.volumes[].secret`: every element of the lists on the way.
fn places<'a>(object: &'a Value, at: &str) -> Vec<(Vec<Step>, &'a Value)> {
    let mut found = vec![(Vec::new(), object)];
    for part in at.split('.').filter(|part| !part.is_empty()) {
        let (key, is_list) = part.strip_suffix("[]").map_or((part, false), |key| (key, true));
        found = found
            .into_iter()
            .filter_map(|(path, value)| Some((path, value.get(key)?)))
            .flat_map(|(path, value): (Vec<Step>, &Value)| {
                let path = [path, vec![Step::from(key)]].concat();
                let elements = if is_list { value.as_array().map(Vec::as_slice).unwrap_or_default() } else { &[] };
                let whole = (!is_list).then(|| (path.clone(), value));
                let elements = elements.iter().enumerate();
                whole
                    .into_iter()
                    .chain(elements.map(|(index, value)| ([path.as_slice(), &[Step::from(index)]].concat(), value)))
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    found
}
