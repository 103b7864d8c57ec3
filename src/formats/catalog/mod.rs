//! Entities of Backstage's software catalog: kinds, field rules and references, as `@backstage/catalog-model` 1.10 and
//! `@backstage/plugin-scaffolder-common` 2.3 check them. Callers: the builder of entities and the door's reviewer.

pub mod graph;
mod kinds;
mod reference;
mod rules;
mod shape;
#[cfg(test)]
mod tests;
mod url;

use serde_json::Value;

use super::yaml::{Path, Step};
use crate::error::nearest;
pub use kinds::{Kind, all, named};
pub use reference::{DEFAULT_NAMESPACE, EntityRef};
use shape::Walk;

/// One rule that an entity breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, whether it is there or missing.
    pub field: Vec<Step>,
    /// Whether it is the key that is wrong or missing, not its value.
    pub key: bool,
    /// What is wrong, without the field's name: `must be a text, and it is a list`.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Violation {
    /// The field as people write it: `spec.owner`, `metadata.annotations["a.b/c"]`.
    pub fn path(&self) -> String {
        Path(&self.field).to_string()
    }
}

/// Whether a repository's file is one that the catalog reads: `catalog-info.yaml`, or YAML below `catalog/`.
pub fn is_catalog_file(path: &str) -> bool {
    let yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    yaml && (path.starts_with("catalog/") || matches!(path, "catalog-info.yaml" | "catalog-info.yml"))
}

/// Whether a document of a catalog file is meant as an entity: its `apiVersion` is one of Backstage's, or its kind is.
pub fn is_entity(document: &Value) -> bool {
    let text = |field: &str| document.get(field).and_then(Value::as_str);
    let group = text("apiVersion").map(|version| version.split('/').next().unwrap_or_default());
    let ours = |group: &str| group == "backstage.io" || group.ends_with(".backstage.io");
    group.is_some_and(ours) || text("kind").is_some_and(|kind| named(kind).is_some())
}

/// How an entity is called in messages: ``the Component `orders-checkout` ``.
pub fn called(entity: &Value) -> String {
    let kind = entity.get("kind").and_then(Value::as_str).filter(|kind| !kind.is_empty()).unwrap_or("entity");
    match entity.pointer("/metadata/name").and_then(Value::as_str) {
        Some(name) if !name.is_empty() => format!("the {kind} `{name}`"),
        _ => format!("the {kind}"),
    }
}

/// All rules that an entity breaks, in the order of its fields; none if Backstage takes it.
///
/// Values that Backstage fills in before it looks (`{ $text: ./openapi.yaml }`) pass wherever what they become could.
/// Fields of `spec` that a kind doesn't know are allowed, as Backstage allows them.
pub fn check(entity: &Value) -> Vec<Violation> {
    let mut walk = Walk::default();
    let Value::Object(root) = entity else {
        walk.breaks("must be a map with apiVersion, kind, metadata and spec", "write one entity a document");
        return walk.found;
    };
    for key in root.keys().filter(|key| !shape::ROOT.contains(&key.as_str())) {
        let help = match nearest(key, shape::ROOT) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "an entity has apiVersion, kind, metadata and spec, and nothing beside them".to_string(),
        };
        walk.at(key.as_str(), |walk| walk.breaks_key("is no field of an entity", help));
    }
    walk.field(entity, &shape::API_VERSION);
    walk.field(entity, &shape::KIND);
    walk.field(entity, &shape::METADATA);
    let text = |field: &str| entity.get(field).and_then(Value::as_str).unwrap_or_default();
    match named(text("kind")) {
        Some(kind) => {
            if !kind.api_versions.contains(&text("apiVersion")) && rules::is_api_version(text("apiVersion")) {
                let versions = kind.api_versions.join(" or ");
                let what = format!("must be {versions} for the kind {}", kind.name);
                walk.at("apiVersion", |walk| walk.breaks(what, format!("write apiVersion: {}", kind.api_versions[0])));
            }
            walk.kind = kind.name;
            walk.field(entity, kind.spec_of(entity));
        }
        None => {
            let name = text("kind");
            // Other kinds are other people's, with rules of their own; under Backstage's own groups there are no others.
            let group = text("apiVersion").split('/').next().unwrap_or_default();
            let builtin = matches!(group, "backstage.io" | "scaffolder.backstage.io");
            let builtin = builtin && !kinds::UNCHECKED.contains(&name);
            if rules::is_kind(name) && builtin {
                let known = all().iter().map(|kind| kind.name);
                let near = all().iter().map(|kind| kind.name).find(|kind| kind.eq_ignore_ascii_case(name));
                let help = match near.or_else(|| nearest(name, known.clone())) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("the kinds are {}", known.collect::<Vec<_>>().join(", ")),
                };
                walk.at("kind", |walk| walk.breaks(format!("is {name}, which Backstage doesn't know"), help));
            }
            if entity.get("spec").is_some_and(|spec| !spec.is_object()) {
                walk.field(entity, &shape::SPEC);
            }
        }
    }
    walk.found
}
