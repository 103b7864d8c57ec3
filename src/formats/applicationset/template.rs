//! The template of Applications: the set's, with what a generator overrides, parsed once and filled for each set of
//! parameters.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::shape::{self, Field, Type};
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
    Map(Vec<Entry>),
    /// What is one text to the controller, and is told so.
    Free(Box<Node>),
}

#[derive(Debug)]
struct Entry {
    key: Rc<Text>,
    value: Node,
    /// Whether it isn't there if the text is empty.
    omits_empty: bool,
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
    ///
    /// # Errors
    /// For a field of the wrong sort.
    pub fn new(template: &Json, sync_policy: &Json, dialect: &Dialect) -> Result<Self, String> {
        let mut metadata = Map::new();
        for field in ["name", "namespace", "labels", "annotations", "finalizers"] {
            if let Some(value) = template["metadata"].get(field) {
                metadata.insert(field.to_owned(), value.clone());
            }
        }
        let written = shape::conformed(&json!({ "metadata": metadata, "spec": template["spec"] }))?;
        let preserves = sync_policy["preserveResourcesOnDeletion"] == true;
        Ok(Blueprint { root: Node::new(&written, shape::application(), dialect), written, preserves })
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
    /// A value of a type with fields, or of anything.
    fn new(value: &Json, of: Option<&'static Type>, dialect: &Dialect) -> Self {
        match value {
            Json::String(text) if text.contains("{{") => Node::Text(dialect.text(text)),
            Json::Array(items) => {
                let nodes: Vec<Node> = items.iter().map(|item| Node::new(item, of, dialect)).collect();
                if nodes.iter().all(Node::is_fixed) {
                    Node::Fixed(Json::Array(fixed(nodes)))
                } else {
                    Node::List(nodes)
                }
            }
            Json::Object(fields) => {
                let mut entries = Vec::with_capacity(fields.len());
                // Fields that are null are fields that aren't there.
                for (key, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                    let field = of.and_then(|of| of.field(key));
                    let mut node = Node::new(value, field.and_then(Field::inner), dialect);
                    if field.is_some_and(Field::is_free) && !node.is_fixed() {
                        node = Node::Free(Box::new(node));
                    }
                    let omits_empty = field.is_some_and(Field::omits_empty_text);
                    entries.push(Entry { key: dialect.text(key), value: node, omits_empty });
                }
                Node::of_entries(entries)
            }
            other => Node::Fixed(other.clone()),
        }
    }

    fn of_entries(entries: Vec<Entry>) -> Self {
        let is_fixed = |entry: &Entry| matches!(*entry.key, Text::Fixed(_)) && entry.value.is_fixed();
        if !entries.iter().all(is_fixed) {
            return Node::Map(entries);
        }
        let fields = entries.into_iter().filter_map(|entry| match (&*entry.key, entry.value) {
            (Text::Fixed(key), Node::Fixed(value)) => Some((key.clone(), value)),
            _ => None,
        });
        Node::Fixed(Json::Object(fields.collect()))
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
                for entry in nodes {
                    let value = entry.value.filled(bound, dialect)?;
                    let key = dialect.render(&entry.key, bound)?;
                    if !entry.omits_empty || value != "" {
                        fields.insert(key, value);
                    }
                }
                Json::Object(fields)
            }
            Node::Free(node) => node.filled(bound, dialect).map_err(|message| format!("{FREE}: {message}"))?,
        })
    }
}

/// What the controller says before an error in a value that is one text to it.
pub const FREE: &str = "failed to deeply replace JSON field contents";

fn fixed(nodes: Vec<Node>) -> Vec<Json> {
    nodes.into_iter().filter_map(|node| if let Node::Fixed(value) = node { Some(value) } else { None }).collect()
}
