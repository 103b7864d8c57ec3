//! A schema as it is walked: nodes that name each other by number, so that definitions may be shared and cyclic.

use serde_json::Value;

use super::format::Format;
use super::rules::Rules;
use crate::formats::pattern::Pattern;

/// The number of a node.
pub(super) type Id = u32;

/// All nodes of a schema.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) dialect: Dialect,
    /// The schema as it was written, but for descriptions, if it has rules: their types are read from it.
    pub(super) source: Option<Value>,
}

impl Graph {
    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }
}

/// Whose schema it is, which decides what the API server does with objects of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Dialect {
    /// A custom resource: everything is as the schema says.
    #[default]
    Custom,
    /// Kubernetes' own: decoded into Go types. Objects without properties are open, texts of a format are those that
    /// Go reads, defaults are markers of empty values, and list types only guide merges.
    BuiltIn,
}

/// A type of JSON, by the names of JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A map.
    Object,
    /// A list.
    Array,
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// Nothing.
    Null,
}

impl Type {
    /// Its name in a schema.
    pub fn name(self) -> &'static str {
        match self {
            Type::Object => "object",
            Type::Array => "array",
            Type::String => "string",
            Type::Integer => "integer",
            Type::Number => "number",
            Type::Boolean => "boolean",
            Type::Null => "null",
        }
    }

    pub(super) fn named(name: &str) -> Option<Type> {
        [Type::Object, Type::Array, Type::String, Type::Integer, Type::Number, Type::Boolean, Type::Null]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) types: Vec<Type>,
    pub(super) int_or_string: bool,
    pub(super) nullable: bool,
    pub(super) preserve: bool,
    pub(super) embedded: bool,
    pub(super) format: Option<Format>,
    /// Sorted by name.
    pub(super) properties: Vec<Property>,
    pub(super) additional: Additional,
    pub(super) items: Option<Id>,
    pub(super) list: List,
    pub(super) required: Vec<String>,
    pub(super) default: Option<Value>,
    pub(super) choices: Vec<Value>,
    pub(super) bounds: Option<Box<Bounds>>,
    pub(super) junctors: Option<Box<Junctors>>,
    pub(super) about: Option<Box<About>>,
    pub(super) rules: Option<Box<Rules>>,
    pub(super) below: Below,
}

impl Node {
    pub(super) fn property(&self, name: &str) -> Option<Id> {
        let at = self.properties.binary_search_by(|property| property.name.as_str().cmp(name)).ok()?;
        Some(self.properties[at].node)
    }

    /// The schema of a field, whether it is named or not.
    pub(super) fn field(&self, name: &str) -> Option<Id> {
        self.property(name).or(match self.additional {
            Additional::Schema(id) => Some(id),
            _ => None,
        })
    }

    pub(super) fn is(&self, kind: Type) -> bool {
        self.types.contains(&kind)
    }

    /// Whether a null stands for "not there".
    pub(super) fn refuses_null(&self) -> bool {
        !self.nullable
    }
}

#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) node: Id,
    /// Its place in the text of the schema.
    pub(super) rank: u32,
}

/// What the schema says of keys that it doesn't name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Additional {
    #[default]
    Unsaid,
    Forbidden,
    Any,
    Schema(Id),
}

/// How the elements of a list are told apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum List {
    #[default]
    Atomic,
    Set,
    Map(Vec<String>),
}

#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) exclusive_minimum: bool,
    pub(super) exclusive_maximum: bool,
    pub(super) multiple_of: Option<f64>,
    pub(super) min_length: Option<i64>,
    pub(super) max_length: Option<i64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) min_items: Option<i64>,
    pub(super) max_items: Option<i64>,
    pub(super) min_properties: Option<i64>,
    pub(super) max_properties: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Junctors {
    pub(super) all: Vec<Id>,
    pub(super) any: Vec<Id>,
    pub(super) one: Vec<Id>,
    pub(super) not: Option<Id>,
}

/// What is said to people.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) example: Option<Value>,
}

/// What there is in a node or anywhere below it: walks leave out what they don't need.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Below {
    pub(super) defaults: bool,
    pub(super) lists: bool,
    pub(super) embedded: bool,
    pub(super) rules: bool,
    /// Rules, also those of parts of an `allOf`.
    pub(super) all_rules: bool,
}

impl Below {
    pub(super) fn or(self, other: Below) -> Below {
        Below {
            defaults: self.defaults || other.defaults,
            lists: self.lists || other.lists,
            embedded: self.embedded || other.embedded,
            rules: self.rules || other.rules,
            all_rules: self.all_rules || other.all_rules,
        }
    }
}
