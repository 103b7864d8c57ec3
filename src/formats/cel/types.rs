//! What a schema says of the values that rules see: the API server's SchemaDeclType, as far as types go.
//! As k8s.io/apiserver v0.36, pkg/cel/common/{schemas,valuesunstructured}.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::names;

/// The type of a value as its schema tells it. Rules are compiled on it and read values through it.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    pub(super) shape: Shape,
    pub(super) nullable: bool,
    /// Expressions may name it: what a schema leaves open isn't theirs to look into.
    pub(super) exposed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    IntOrString,
    /// Kept without a schema; such values can only be compared, as a part of others.
    Preserved,
    /// No type at all, or one that isn't known: an error once it is met.
    Unknown(String),
    Bool,
    Int,
    Double,
    Text,
    Bytes,
    Date,
    DateTime,
    Duration,
    List(Arc<Type>, Order),
    /// An array without items.
    Shapeless,
    Map(Arc<Type>),
    /// By the fields' own names. `fixed` is false where a schema names no properties.
    Object {
        fields: BTreeMap<String, Arc<Type>>,
        fixed: bool,
    },
}

/// How a list compares and adds: `x-kubernetes-list-type`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Order {
    Atomic,
    Set,
    /// By the values of these keys.
    Map(Vec<String>),
}

/// Deeper schemas are cut off: what is below can't be named.
const DEEPEST: usize = 200;

impl Type {
    /// The type that a node of `openAPIV3Schema` describes.
    pub fn of_schema(schema: &Json) -> Type {
        of(schema, flag(schema, "x-kubernetes-embedded-resource"), 0)
    }

    /// The type of a whole resource: `apiVersion`, `kind`, `metadata.name` and `metadata.generateName` are always there.
    pub fn of_root(schema: &Json) -> Type {
        of(schema, true, 0)
    }

    pub(super) fn field(&self, name: &str) -> Option<&Arc<Type>> {
        match &self.shape {
            Shape::Object { fields, .. } => fields.get(name),
            Shape::Map(values) => Some(values),
            _ => None,
        }
    }
}

fn flag(schema: &Json, name: &str) -> bool {
    schema.get(name).and_then(Json::as_bool).unwrap_or_default()
}

fn text<'a>(schema: &'a Json, name: &str) -> &'a str {
    schema.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn of(schema: &Json, resource: bool, depth: usize) -> Type {
    let nullable = flag(schema, "nullable");
    if depth > DEEPEST {
        return Type { shape: Shape::Preserved, nullable, exposed: false };
    }
    if flag(schema, "x-kubernetes-int-or-string") {
        return Type { shape: Shape::IntOrString, nullable, exposed: true };
    }
    let (shape, exposed) = match text(schema, "type") {
        "object" => object(schema, resource, depth),
        "array" => match schema.get("items").filter(|items| items.is_object()) {
            None => (Shape::Shapeless, false),
            Some(items) => {
                let items = of(items, flag(items, "x-kubernetes-embedded-resource"), depth + 1);
                let exposed = items.exposed;
                (Shape::List(Arc::new(items), order(schema)), exposed)
            }
        },
        "string" => {
            let shape = match text(schema, "format") {
                "byte" => Shape::Bytes,
                "duration" => Shape::Duration,
                "date" => Shape::Date,
                "date-time" => Shape::DateTime,
                _ => Shape::Text,
            };
            (shape, true)
        }
        "boolean" => (Shape::Bool, true),
        "number" => (Shape::Double, true),
        "integer" => (Shape::Int, true),
        _ if flag(schema, "x-kubernetes-preserve-unknown-fields") => (Shape::Preserved, false),
        other => (Shape::Unknown(other.to_owned()), false),
    };
    Type { shape, nullable, exposed }
}

fn object(schema: &Json, resource: bool, depth: usize) -> (Shape, bool) {
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        let values = of(values, flag(values, "x-kubernetes-embedded-resource"), depth + 1);
        let exposed = values.exposed;
        return (Shape::Map(Arc::new(values)), exposed);
    }
    let properties = schema.get("properties").and_then(Json::as_object);
    let mut fields: BTreeMap<String, Arc<Type>> = properties
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let embedded = flag(property, "x-kubernetes-embedded-resource");
            (name.clone(), Arc::new(of(property, embedded, depth + 1)))
        })
        .collect();
    if resource {
        let text = || Arc::new(Type { shape: Shape::Text, nullable: false, exposed: true });
        let names = ["name", "generateName"].map(|name| (name.to_owned(), text()));
        let metadata = Shape::Object { fields: names.into(), fixed: true };
        let complete = |fields: &BTreeMap<String, Arc<Type>>| {
            let known = |name: &str| fields.get(name).is_some_and(|field| field.shape == Shape::Text);
            let metadata = fields.get("metadata").is_some_and(|metadata| {
                ["name", "generateName"]
                    .iter()
                    .all(|name| metadata.field(name).is_some_and(|field| field.shape == Shape::Text))
            });
            known("kind") && known("apiVersion") && metadata
        };
        if !complete(&fields) {
            fields.insert("apiVersion".into(), text());
            fields.insert("kind".into(), text());
            fields.insert("metadata".into(), Arc::new(Type { shape: metadata, nullable: false, exposed: true }));
        }
    }
    let fixed = resource || properties.is_some();
    (Shape::Object { fields, fixed }, true)
}

fn order(schema: &Json) -> Order {
    match text(schema, "x-kubernetes-list-type") {
        "set" => Order::Set,
        "map" => {
            let keys = schema.get("x-kubernetes-list-map-keys").and_then(Json::as_array).into_iter().flatten();
            // As upstream has it: the escaped name is what the key is looked up by.
            let keys = keys.filter_map(Json::as_str);
            Order::Map(keys.map(|key| names::escape(key).map_or_else(|| key.to_owned(), |k| k.into_owned())).collect())
        }
        _ => Order::Atomic,
    }
}
