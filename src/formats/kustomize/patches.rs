//! Patches: which objects they are for, and how they are applied.

use serde_json::Value;

use super::json_patch::{self, Operation};
use super::merge::merge;
use super::resource::{Origin, Resource};
use super::schema::Schemas;
use super::selector::{Selector, Target};
use super::spec::PatchOptions;
use super::text;

/// A patch that has been read.
#[derive(Debug)]
pub(super) enum Read {
    /// Parts of objects.
    Merge(Vec<Value>),
    /// Operations.
    Json(Vec<Operation>),
}

/// Tells the documents of a patch.
///
/// # Errors
/// What is neither.
pub(super) fn read(documents: Vec<Value>) -> Result<Read, String> {
    if let Some(list @ Value::Array(_)) = documents.first() {
        return json_patch::read(list).map(Read::Json);
    }
    for document in &documents {
        if !document.is_object() || text::of_field(document, "kind").is_empty() {
            return Err("it has no `kind`: a patch is a part of an object, or a list of operations".to_string());
        }
        if document.get("metadata").is_none_or(|metadata| text::of_field(metadata, "name").is_empty()) {
            return Err("it has no `metadata.name`, which a patch needs even where `target` selects others".to_string());
        }
    }
    if documents.is_empty() {
        return Err("it is empty".to_string());
    }
    Ok(Read::Merge(documents))
}

/// Applies parts of objects: to those that `target` selects, or to the one that a part names.
///
/// # Errors
/// If there is no such object, or the patch doesn't fit.
pub(super) fn apply_merge(
    resources: &mut Vec<Resource>,
    patches: &[Value],
    target: Option<&Target>,
    options: PatchOptions,
    schemas: &Schemas,
) -> Result<(), String> {
    if let Some(target) = target {
        let [patch] = patches else {
            return Err("several patches in one entry can't have a `target`".to_string());
        };
        let selector = Selector::new(target)?;
        for resource in resources.iter_mut().filter(|resource| selector.selects(resource)) {
            apply_one(resource, patch, options, schemas)?;
        }
    } else {
        for patch in patches {
            let at = named(resources, patch)?;
            apply_one(&mut resources[at], patch, options, schemas)?;
        }
    }
    resources.retain(|resource| !resource.value.is_null() && !text::is_empty_map(&resource.value));
    Ok(())
}

/// The one resource that a patch names.
fn named(resources: &[Resource], patch: &Value) -> Result<usize, String> {
    // No more than its name is of interest.
    let id = Resource::new(patch.clone(), Origin { file: "".into(), document: 0 }).first_id();
    let mut found = (0..resources.len()).filter(|at| resources[*at].is_or_was(&id));
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(_)) => Err(format!("several objects are or were {}", id.words())),
        _ => {
            let close = resources.iter().map(Resource::id).find(|own| own.name == id.name && own.kind == id.kind);
            let hint = close.map(|own| {
                let version = |id: &super::resource::Id| match id.group.as_str() {
                    "" => id.version.clone(),
                    group => format!("{group}/{}", id.version),
                };
                format!("; there is {} of {}", own.words(), version(&own))
            });
            Err(format!("there is no {}{}", id.words(), hint.unwrap_or_default()))
        }
    }
}

fn apply_one(resource: &mut Resource, patch: &Value, options: PatchOptions, schemas: &Schemas) -> Result<(), String> {
    let (name, namespace, kind) = (resource.name(), resource.namespace(), resource.kind().to_string());
    if options.allow_name_change || options.allow_kind_change {
        resource.keep_name();
    }
    resource.drop_unsaid();
    let mut patch = patch.clone();
    // A patch for several objects is one of each of them.
    patch["apiVersion"] = resource.api_version().into();
    let words =
        || if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {name} in {namespace}") };
    let Some(merged) = merge(resource.value.take(), &patch, schemas).map_err(|why| format!("{}: {why}", words()))?
    else {
        return Ok(());
    };
    resource.value = merged;
    if !options.allow_kind_change {
        resource.value["kind"] = kind.into();
    }
    if !options.allow_name_change {
        resource.set_metadata("name", name);
    }
    resource.set_metadata("namespace", namespace);
    Ok(())
}

/// Applies operations to what `target` selects. `keeps_names` is how the newer field does it.
///
/// # Errors
/// If an operation can't be made.
pub(super) fn apply_json(
    resources: &mut [Resource],
    operations: &[Operation],
    target: &Target,
    keeps_names: bool,
) -> Result<(), String> {
    let selector = Selector::new(target)?;
    for resource in resources.iter_mut().filter(|resource| selector.selects(resource)) {
        let words = resource.id().words();
        if keeps_names {
            resource.keep_name();
        }
        if resource.noted
            && let Some(metadata) = text::map_at(&mut resource.value, "metadata")
        {
            // kustomize's own notes are there, so that a patch may add an annotation to none.
            metadata.entry("annotations").or_insert_with(|| Value::Object(serde_json::Map::new()));
        }
        resource.unsaid.clear();
        json_patch::apply(&mut resource.value, operations).map_err(|why| format!("{words}: {why}"))?;
    }
    Ok(())
}
