//! What a schema says of a field, for those who show or ask for it: forms, claims, hints.

use serde_json::Value;

use super::Schema;
use super::format::Kind;
use super::node::{Additional, Id, List, Node, Type};
use crate::formats::yaml::Step;

/// The bounds of a value; those that aren't said are None.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits<'a> {
    /// The least number.
    pub minimum: Option<f64>,
    /// Whether the least number is itself too small.
    pub exclusive_minimum: bool,
    /// The greatest number.
    pub maximum: Option<f64>,
    /// Whether the greatest number is itself too large.
    pub exclusive_maximum: bool,
    /// What a number must be a multiple of.
    pub multiple_of: Option<f64>,
    /// The fewest signs of a text.
    pub min_length: Option<i64>,
    /// The most signs of a text.
    pub max_length: Option<i64>,
    /// What must be somewhere in a text, in Go's syntax.
    pub pattern: Option<&'a str>,
    /// The fewest elements of a list.
    pub min_items: Option<i64>,
    /// The most elements of a list.
    pub max_items: Option<i64>,
    /// The fewest keys of a map.
    pub min_properties: Option<i64>,
    /// The most keys of a map.
    pub max_properties: Option<i64>,
}

impl Schema {
    fn data(&self) -> &Node {
        self.graph.node(self.id)
    }

    fn part(&self, id: Id) -> Schema {
        Schema { graph: self.graph.clone(), id, is_root: false }
    }

    /// The schema of a part of the object, if the schema says anything of it.
    pub fn node(&self, path: &[Step]) -> Option<Schema> {
        let down = |id, step: &Step| match step {
            Step::Key(key) => self.graph.node(id).field(key),
            Step::Index(_) => self.graph.node(id).items,
        };
        let id = path.iter().try_fold(self.id, down)?;
        Some(Schema { graph: self.graph.clone(), id, is_root: self.is_root && path.is_empty() })
    }

    /// The type, if there is one. A field that is a whole number or a text has none.
    pub fn kind(&self) -> Option<Type> {
        match self.data().types.as_slice() {
            [kind] => Some(*kind),
            _ => None,
        }
    }

    /// Whether it is a whole number or a text, as ports and sizes are.
    pub fn is_int_or_string(&self) -> bool {
        self.data().int_or_string
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.kind() == Some(Type::Array)
    }

    /// The named fields, in the order of the schema.
    pub fn properties(&self) -> Vec<(&str, Schema)> {
        let mut properties: Vec<_> = self.data().properties.iter().collect();
        properties.sort_by_key(|property| property.rank);
        properties.into_iter().map(|property| (property.name.as_str(), self.part(property.node))).collect()
    }

    /// The schema of keys that have no schema of their own, if there is one.
    pub fn additional(&self) -> Option<Schema> {
        match self.data().additional {
            Additional::Schema(id) => Some(self.part(id)),
            _ => None,
        }
    }

    /// The schema of the elements of a list.
    pub fn items(&self) -> Option<Schema> {
        self.data().items.map(|id| self.part(id))
    }

    /// The keys by which elements of a list are told apart; none if it isn't a list map.
    pub fn list_keys(&self) -> &[String] {
        match &self.data().list {
            List::Map(keys) => keys,
            _ => &[],
        }
    }

    /// Whether unknown fields are kept.
    pub fn keeps_unknown(&self) -> bool {
        self.data().preserve
    }

    /// Whether it may be null.
    pub fn is_nullable(&self) -> bool {
        self.data().nullable
    }

    /// The fields that must be there.
    pub fn required(&self) -> &[String] {
        &self.data().required
    }

    /// The values of which it must be one; none if it may be any.
    pub fn choices(&self) -> &[Value] {
        &self.data().choices
    }

    /// Its default.
    pub fn default_value(&self) -> Option<&Value> {
        self.data().default.as_ref()
    }

    /// Its format, if the API server checks it.
    pub fn format(&self) -> Option<&str> {
        self.data().format.as_ref().map(|format| format.name.as_str())
    }

    /// Whether its format is one of texts.
    pub fn is_text_format(&self) -> bool {
        self.data().format.as_ref().is_some_and(|format| matches!(format.kind, Kind::Text(_)))
    }

    /// Its bounds.
    pub fn bounds(&self) -> Limits<'_> {
        let Some(bounds) = &self.data().bounds else { return Limits::default() };
        Limits {
            minimum: bounds.minimum,
            exclusive_minimum: bounds.exclusive_minimum,
            maximum: bounds.maximum,
            exclusive_maximum: bounds.exclusive_maximum,
            multiple_of: bounds.multiple_of,
            min_length: bounds.min_length,
            max_length: bounds.max_length,
            pattern: bounds.pattern.as_ref().map(|pattern| pattern.text.as_str()),
            min_items: bounds.min_items,
            max_items: bounds.max_items,
            min_properties: bounds.min_properties,
            max_properties: bounds.max_properties,
        }
    }

    /// Its title.
    pub fn title(&self) -> Option<&str> {
        self.data().about.as_ref()?.title.as_deref()
    }

    /// What it is for.
    pub fn description(&self) -> Option<&str> {
        self.data().about.as_ref()?.description.as_deref()
    }

    /// An example of a value.
    pub fn example(&self) -> Option<&Value> {
        self.data().about.as_ref()?.example.as_ref()
    }
}
