//! One entity of a catalog: its reference, its fields with their places, and what it refers to.

use std::sync::Arc;

use serde_json::Value;

use super::relations::{self, RelationField};
use crate::error::Place;
use crate::formats::catalog::{DEFAULT_NAMESPACE, EntityRef};
use crate::formats::yaml::{Document, Step};

/// An entity, and where it is declared. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Entity {
    reference: EntityRef,
    key: String,
    document: Arc<Document>,
}

/// What an entity refers to in one of its fields.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The field.
    pub(super) field: &'static RelationField,
    /// The whole reference, in lowercase.
    pub key: String,
    /// The same in its parts, as they are written.
    pub target: EntityRef,
    /// The text's path in the entity.
    pub path: Vec<Step>,
}

impl Reference {
    /// The relation that it says.
    pub fn relation(&self) -> super::Relation {
        self.field.relation
    }

    /// Whether its field may name an entity of that kind.
    pub fn is_allowed(&self) -> bool {
        let kind = self.target.kind.to_lowercase();
        self.field.allowed.is_empty() || self.field.allowed.contains(&kind.as_str())
    }
}

impl Entity {
    /// The entity of a document; none where its kind or name can't be read.
    pub(super) fn of(document: Arc<Document>) -> Option<Entity> {
        let value = &document.value;
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let reference = EntityRef {
            kind: text("/kind")?.to_owned(),
            namespace: text("/metadata/namespace").unwrap_or(DEFAULT_NAMESPACE).to_owned(),
            name: text("/metadata/name")?.to_owned(),
        };
        Some(Entity { key: reference.to_string(), reference, document })
    }

    /// Its reference in lowercase, by which entities are compared: `component:default/orders-checkout`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its kind, namespace and name as they are written.
    pub fn reference(&self) -> &EntityRef {
        &self.reference
    }

    /// The whole of it.
    pub fn value(&self) -> &Value {
        &self.document.value
    }

    /// The file that declares it.
    pub fn file(&self) -> &str {
        self.document.file()
    }

    /// Where the value at a path is written; of a path that isn't there, the nearest around it.
    pub fn place(&self, path: &[Step]) -> Place {
        self.document.place(path)
    }

    /// The text at a JSON pointer, such as `/spec/lifecycle`, if there is one.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.value().pointer(pointer)?.as_str()
    }

    /// An annotation with where it is written.
    pub fn annotation(&self, name: &str) -> Option<(&str, Place)> {
        let value = self.value().get("metadata")?.get("annotations")?.get(name)?.as_str()?;
        Some((value, self.place(&["metadata".into(), "annotations".into(), name.into()])))
    }

    /// What its fields refer to, whether that is there or not.
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        let kind = self.reference.kind.as_str();
        for field in relations::of_kind(kind) {
            let Some(value) = self.value().get("spec").and_then(|spec| spec.get(field.name)) else { continue };
            let path = || vec![Step::from("spec"), Step::from(field.name)];
            let texts: Vec<(&str, Vec<Step>)> = match value {
                Value::String(text) => vec![(text, path())],
                // What `$text` and its like stand for isn't known here.
                Value::Array(list) => {
                    let at = |index: usize| path().into_iter().chain([Step::Index(index)]).collect();
                    list.iter().enumerate().filter_map(|(index, item)| Some((item.as_str()?, at(index)))).collect()
                }
                _ => Vec::new(),
            };
            for (text, path) in texts {
                if let Ok(target) = EntityRef::parse(text, field.default_kind(kind), &self.reference.namespace) {
                    found.push(Reference { field, key: target.to_string(), target, path });
                }
            }
        }
        found
    }
}
