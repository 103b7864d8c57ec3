//! Structural schemas as the API server has them: what it fills in, drops and refuses, in its own words. The rules are
//! those of apiextensions-apiserver, apimachinery and kube-openapi as of Kubernetes 1.36; callers have objects at hand.

mod check;
mod correlate;
mod default;
mod email;
mod field;
mod format;
mod judge;
mod lists;
mod metadata;
mod names;
mod node;
mod number;
mod parse;
#[cfg(test)]
mod property_tests;
mod prune;
mod rules;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod uri;
mod violation;
mod wording;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::error::Result;
use crate::formats::yaml::Step;
pub use field::Limits;
pub(in crate::formats) use judge::faults;
pub use names::Names;
pub use node::Type;
use node::{Dialect, Graph, Id};
pub(in crate::formats) use violation::Trail;
pub use violation::{Reason, Violation};

/// A schema, or a part of one. A clone costs nothing.
#[derive(Debug, Clone)]
pub struct Schema {
    graph: Arc<Graph>,
    id: Id,
    /// Whether it is the schema of whole objects, which have `apiVersion`, `kind` and `metadata` without saying so.
    is_root: bool,
}

/// How strict a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct How {
    /// The object is a part of one, as patches are: nothing is missing in it.
    pub partial: bool,
    /// Rules in CEL are checked, too.
    pub rules: bool,
}

impl Schema {
    /// Reads the `openAPIV3Schema` of a version of a CRD.
    ///
    /// # Errors
    /// `idp::schema::invalid` for what isn't a schema or what a CRD may not have, `idp::schema::pattern` for a pattern
    /// that Go doesn't read. Both name the place in the schema.
    pub fn parse(json: &Value) -> Result<Schema> {
        Self::read(json, Dialect::Custom, &|_| None)
    }

    /// Reads a definition of Kubernetes itself. References are looked up by what stands in `$ref`; they may be cyclic.
    ///
    /// Such objects aren't kept as they are written but decoded into types of Go, so that some keywords mean less:
    /// objects without properties are open, list types are no rules, formats are those that the types read, and defaults
    /// are left out.
    ///
    /// # Errors
    /// As [`Schema::parse`], also for a reference that isn't there.
    pub fn parse_with<'a>(json: &'a Value, resolve: &'a dyn Fn(&str) -> Option<&'a Value>) -> Result<Schema> {
        Self::read(json, Dialect::BuiltIn, resolve)
    }

    fn read(json: &Value, dialect: Dialect, resolve: parse::Resolve) -> Result<Schema> {
        let (graph, id) = parse::parse(json, dialect, resolve)?;
        Ok(Schema { graph: Arc::new(graph), id, is_root: true })
    }

    /// Everything that the API server would say of an object that is created, or updated if there is an old one: fields
    /// that it doesn't know, wrong metadata, and what the schema refuses after defaults are filled in.
    pub fn review(&self, object: &Value, old: Option<&Value>, names: Names, how: How) -> Vec<Violation> {
        let mut found = self.unknown(object);
        if how.partial {
            // `$patch` and its like say what a strategic merge is to do.
            found.retain(|violation| !matches!(violation.path.last(), Some(Step::Key(key)) if key.starts_with('$')));
        }
        found.extend(metadata::of_object(object, names, how.partial));
        let old = old.map(|old| self.settled(old));
        let mut said = self.validate(&self.settled(object), old.as_deref(), how);
        // Kubernetes' own kinds have metadata in their schemas, too.
        said.retain(|violation| !found.contains(violation));
        found.extend(said);
        found
    }

    /// Whether it has rules about what a value was before.
    pub fn compares(&self) -> bool {
        self.graph.nodes.iter().filter_map(|node| node.rules.as_ref()).any(|rules| rules.compare())
    }

    /// The object as it would be stored: without unknown fields and nulls, with defaults. Borrowed if that changes nothing.
    pub fn settled<'a>(&self, object: &'a Value) -> Cow<'a, Value> {
        let same = !self.graph.node(self.id).below.defaults
            && !default::has_null(object)
            && !metadata::has_empty(&self.graph, self.id, object, self.is_root)
            && !prune::has_unknown(&self.graph, self.id, object, self.is_root);
        if same {
            return Cow::Borrowed(object);
        }
        let mut object = object.clone();
        self.prune(&mut object);
        self.default(&mut object);
        Cow::Owned(object)
    }

    /// Fills in defaults, after dropping nulls that no field may have.
    pub fn default(&self, object: &mut Value) {
        default::drop_nulls(&self.graph, Some(self.id), object);
        default::fill(&self.graph, self.id, object);
    }

    /// Drops the fields that the schema doesn't have, and says where they were. What is empty in metadata goes, too, but
    /// isn't told.
    pub fn prune(&self, object: &mut Value) -> Vec<Vec<Step>> {
        let dropped = prune::prune(&self.graph, self.id, object, self.is_root);
        metadata::drop_empty(&self.graph, self.id, object, self.is_root);
        dropped
    }

    /// The fields that the schema doesn't have, with the nearest name that it has.
    pub fn unknown(&self, object: &Value) -> Vec<Violation> {
        prune::unknown(&self.graph, self.id, object, self.is_root)
    }

    /// What the schema refuses. The object should be [`Schema::settled`], as it is when the API server gets so far. With
    /// an old object, what is wrong but hasn't changed is let pass.
    pub fn validate(&self, object: &Value, old: Option<&Value>, how: How) -> Vec<Violation> {
        let mut found = check::check(&self.graph, self.id, object, old, how);
        let trail = violation::Trail::ROOT;
        metadata::embedded(&self.graph, self.id, object, how.partial, &trail, &mut found);
        let mut before = Vec::new();
        if let Some(old) = old {
            lists::duplicates(&self.graph, self.id, old, &trail, &mut before);
        }
        if before.is_empty() {
            lists::duplicates(&self.graph, self.id, object, &trail, &mut found);
        }
        // Rules look at values that the schema takes: the API server checks them only then, too.
        if how.rules && !how.partial && self.is_root && !found.iter().any(|violation| violation.reason.blocks_rules()) {
            rules::check(&self.graph, self.id, object, old, true, &mut found);
        }
        found
    }
}

/// What is wrong with a name of labels between dots.
pub(in crate::formats) fn wrong_subdomain(name: &str) -> Vec<String> {
    names::wrong_subdomain(name, "bytes")
}

/// What is wrong with `apiVersion`, `kind` and `metadata` of an object, whatever its schema is.
pub fn metadata(object: &Value, names: Names, how: How) -> Vec<Violation> {
    metadata::of_object(object, names, how.partial)
}
