//! YAML as kubectl reads it, with the place of every value, and lossless edits. The rules are those of
//! sigs.k8s.io/yaml over go-yaml v2 (YAML 1.1 words, JSON values); callers are all rooms that meet manifests.

mod edit;
#[cfg(test)]
mod edit_tests;
mod fault;
mod load;
mod path;
mod render;
pub(in crate::formats) mod scalar;
mod splice;
#[cfg(test)]
mod tests;
mod tree;

use serde_json::Value;

use crate::error::{Error, Place, Result};
pub use edit::{Edit, edit, edit_all, edit_parsed};
pub use path::{Path, Step, get, get_mut, parse_path};
pub use render::render;
use tree::{Found, Shared, Tree};

/// Collections inside collections, aliases written out; Kubernetes objects stay far below it.
pub const MAX_DEPTH: usize = 100;
/// Bytes of one text.
pub const MAX_BYTES: usize = 16 << 20;
/// Keys and values of one text, a collection counted as three: twice the 1,000 Deployments of a large repository.
/// Together with `MAX_BYTES` it keeps a text from taking more than about 64 MB.
pub const MAX_NODES: usize = 600_000;
/// What anchors and aliases may copy, in the measure of nodes.
pub const MAX_ALIASED: usize = 16 << 20;
/// What a value takes beside its text, about, in bytes.
const NODE_COST: usize = 128;

/// One document of a file: its value, and where each part of it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The value as JSON, keys in the order of the text (merged ones last). It may be changed: places are found by path.
    pub value: Value,
    source: Shared,
    tree: Tree,
}

/// Reads a text of any number of documents; those that are empty or null are left out, as kubectl leaves them out.
///
/// Beyond kubectl: keys of one map may not repeat, explicit keys win over merged ones wherever `<<` stands
/// (go-yaml v2 lets the later win), and `!!binary` must be text.
///
/// # Errors
/// `idp::yaml::syntax`, `::duplicate_key`, `::key`, `::scalar`, `::merge`, `::alias`, and for what exceeds the bounds
/// above `::too_large` and `::too_deep`; all but an oversized text with a place.
pub fn parse(file: &str, text: &str) -> Result<Vec<Document>> {
    load::load(file, text)
}

/// Reads a text as [`parse`] does, each document for itself: those that can be read, and what is wrong with the others.
/// Places are those of the whole text.
pub fn parse_each(file: &str, text: &str) -> (Vec<Document>, Vec<Error>) {
    load::load_each(file, text)
}

impl Document {
    /// Where the value at a path is written; where the path ends early, the nearest value around it.
    /// A value that came through an alias or a merge key is where its anchor is.
    pub fn place(&self, path: &[Step]) -> Place {
        let found = self.find(path);
        self.source.place(self.tree.node(found.node).start as usize)
    }

    /// Where to look for the value at a path: at the value, or where it isn't there, at the key of what it would be in.
    pub fn place_to_look(&self, path: &[Step]) -> Place {
        let found = self.find(path);
        match found.key.filter(|_| found.steps < path.len()) {
            Some(key) => self.source.place(self.tree.node(key).start as usize),
            None => self.source.place(self.tree.node(found.node).start as usize),
        }
    }

    /// The last line of the value at a path.
    pub fn last_line(&self, path: &[Step]) -> usize {
        let node = self.tree.node(self.find(path).node);
        // A block text ends with its line break.
        let last = self.source.text.get(..node.end as usize).map_or(node.end as usize, |text| text.trim_end().len());
        self.source.line(last.saturating_sub(1).max(node.start as usize))
    }

    /// Where the key of the value at a path is written; for list elements and the root the value itself.
    pub fn key_place(&self, path: &[Step]) -> Place {
        let found = self.find(path);
        self.source.place(self.tree.node(found.key.unwrap_or(found.node)).start as usize)
    }

    /// How a scalar without quotes at a path is written: `on`, `0644`, `1.10`, which the value doesn't tell any more.
    pub fn written(&self, path: &[Step]) -> Option<&str> {
        let found = self.find(path);
        let node = self.tree.node(found.node);
        let is_plain = found.steps == path.len() && node.kind == tree::Kind::Plain;
        self.source.text.get(node.start as usize..node.end as usize).filter(|_| is_plain)
    }

    /// The file as it was named to [`parse`].
    pub fn file(&self) -> &str {
        &self.source.file
    }

    fn find(&self, path: &[Step]) -> Found {
        let found = self.tree.find(&self.source, path);
        Found { node: self.tree.resolved(found.node), ..found }
    }
}
