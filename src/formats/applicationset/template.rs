//! The template of Applications: the set's, with what a generator overrides, parsed once and filled for each set of
//! parameters.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::text::{Bound, Dialect, Text};

/// Fields that are whole: they are one text to the controller.
const WHOLE: [&str; 1] = ["valuesObject"];

/// The finalizer that deletes an Application's resources with it.
pub const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// A template, parsed.
#[derive(Debug)]
pub struct Blueprint {
    root: Node,
    /// As it is written, for sets of parameters that are empty.
    written: Json,
    preserves: bool,
}

#[derive(Debug)]
enum Node {
    Fixed(Json),
    Text(Rc<Text>),
    List(Vec<Node>),
    Map(Vec<(Rc<Text>, Node)>),
}

/// A generator's template, with what it leaves out taken from the set's.
pub fn merged(own: &Json, base: &Json) -> Json {
    match own {
        Json::Null => base.clone(),
        own => {
            let mut merged = own.clone();
            fill(&mut merged, base);
            merged
        }
    }
}

fn fill(own: &mut Json, base: &Json) {
    if let (Json::Object(own), Json::Object(base)) = (&mut *own, base) {
        for (key, value) in base {
            match own.get_mut(key) {
                Some(field) if !WHOLE.contains(&key.as_str()) => fill(field, value),
                Some(field) if !is_empty(field) => {}
                _ => {
                    own.insert(key.clone(), value.clone());
                }
            }
        }
    } else if is_empty(own) && !is_empty(base) {
        *own = base.clone();
    }
}

/// Whether it is the zero value of its type.
fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(value) => !value,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
    }
}

impl Blueprint {
    /// A template of an ApplicationSet with a sync policy.
    pub fn new(template: &Json, sync_policy: &Json, dialect: &Dialect) -> Self {
        let mut metadata = Map::new();
        for field in ["name", "namespace", "labels", "annotations", "finalizers"] {
            if let Some(value) = template["metadata"].get(field).filter(|value| !value.is_null()) {
                metadata.insert(field.to_owned(), value.clone());
            }
        }
        let spec = if template["spec"].is_object() { template["spec"].clone() } else { json!({}) };
        let written = json!({ "metadata": metadata, "spec": spec });
        let preserves = sync_policy["preserveResourcesOnDeletion"] == true;
        Blueprint { root: Node::new(&written, dialect), written, preserves }
    }

    /// An Application, without its head.
    ///
    /// # Errors
    /// For a text that can't be rendered, in the controller's words.
    pub fn filled(&self, bound: &Bound<'_>, dialect: &Dialect) -> Result<Json, String> {
        // Without parameters nothing is put in, not even the finalizer.
        if bound.is_empty() {
            return Ok(self.written.clone());
        }
        let mut application = self.root.filled(bound, dialect)?;
        let has_finalizers = application["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        if !self.preserves && !has_finalizers {
            application["metadata"]["finalizers"] = json!([FINALIZER]);
        }
        Ok(application)
    }
}

impl Node {
    fn new(value: &Json, dialect: &Dialect) -> Self {
        match value {
            Json::String(text) if text.contains("{{") => Node::Text(dialect.text(text)),
            Json::Array(items) => {
                let nodes: Vec<Node> = items.iter().map(|item| Node::new(item, dialect)).collect();
                if nodes.iter().all(Node::is_fixed) { Node::Fixed(value.clone()) } else { Node::List(nodes) }
            }
            Json::Object(fields) => {
                let fields = fields.iter().filter(|(_, value)| !value.is_null());
                let nodes: Vec<_> = fields.map(|(key, value)| (dialect.text(key), Node::new(value, dialect))).collect();
                let is_fixed = nodes.iter().all(|(key, node)| matches!(**key, Text::Fixed(_)) && node.is_fixed());
                if is_fixed { Node::Fixed(without_nulls(value)) } else { Node::Map(nodes) }
            }
            other => Node::Fixed(other.clone()),
        }
    }

    fn is_fixed(&self) -> bool {
        matches!(self, Node::Fixed(_))
    }

    fn filled(&self, bound: &Bound<'_>, dialect: &Dialect) -> Result<Json, String> {
        Ok(match self {
            Node::Fixed(value) => value.clone(),
            Node::Text(text) => Json::String(dialect.render(text, bound)?),
            Node::List(nodes) => {
                Json::Array(nodes.iter().map(|node| node.filled(bound, dialect)).collect::<Result<_, _>>()?)
            }
            Node::Map(nodes) => {
                let mut fields = Map::with_capacity(nodes.len());
                for (key, node) in nodes {
                    let value = node.filled(bound, dialect)?;
                    fields.insert(dialect.render(key, bound)?, value);
                }
                Json::Object(fields)
            }
        })
    }
}

/// Fields that are null are fields that aren't there.
fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            Json::Object(fields.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
