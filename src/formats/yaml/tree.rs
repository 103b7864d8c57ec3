//! Where everything stands: the nodes of a document in the order of the text, with byte spans, beside its value.
//! The loader fills it; `Document::place` and the editor look things up in it.

use std::sync::Arc;

use super::path::Step;
use super::scalar;
use crate::error::Place;

/// A text with its name, and the starts of its lines.
#[derive(Debug, PartialEq)]
pub struct Source {
    pub file: String,
    pub text: Box<str>,
    lines: Vec<u32>,
}

impl Source {
    pub fn new(file: &str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at as u32 + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Source { file: file.to_owned(), text: text.into(), lines }
    }

    /// The 1-based line of a byte.
    pub fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start as usize <= at)
    }

    /// Line and column (in characters, the byte order mark not counted) of a byte.
    pub fn place(&self, at: usize) -> Place {
        let line = self.line(at);
        let start = self.lines[line - 1] as usize;
        let before = self.text.get(start..at.min(self.text.len())).unwrap_or_default();
        Place::at(&*self.file, line, before.trim_start_matches('\u{feff}').chars().count() + 1)
    }
}

/// What stands at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Single,
    Double,
    /// `|` or `>`; the span is the content without the header.
    Block,
    /// Null that is not written at all; the span is empty.
    Nothing,
    Alias,
    /// The key `<<`.
    Merge,
    List,
    Map,
    FlowList,
    FlowMap,
}

impl Kind {
    pub fn is_map(self) -> bool {
        matches!(self, Kind::Map | Kind::FlowMap)
    }

    pub fn is_list(self) -> bool {
        matches!(self, Kind::List | Kind::FlowList)
    }

    pub fn is_flow(self) -> bool {
        matches!(self, Kind::FlowList | Kind::FlowMap)
    }
}

/// A node: children follow their parent, in a map as key, value, key, value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    pub start: u32,
    /// Exclusive. A block collection ends with its last child.
    pub end: u32,
    /// Where anchor and tag begin; `start` if there are none.
    pub lead: u32,
    /// Index of the next node that is not inside this one.
    pub next: u32,
    pub kind: Kind,
    /// Whether it has an anchor.
    pub anchored: bool,
}

/// The nodes of one document; 0 is its root.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
    /// Alias node to anchored node, in order of the former.
    aliases: Vec<(u32, u32)>,
    /// Keys that are not read as they are written (`on`, escapes, tags, aliases), in order of the node.
    odd_keys: Vec<(u32, Box<str>)>,
}

/// What a path led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub node: u32,
    /// The key, where it was reached through a map.
    pub key: Option<u32>,
    /// How many steps could be made.
    pub steps: usize,
    /// The first node on the way that was an alias or came through a merge key.
    pub borrowed: Option<u32>,
}

impl Tree {
    pub fn push(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    pub fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    pub fn link(&mut self, alias: u32, target: u32) {
        self.aliases.push((alias, target));
    }

    pub fn name_key(&mut self, key: u32, name: &str) {
        self.odd_keys.push((key, name.into()));
    }

    /// Children of a node: of a map alternately keys and values.
    pub fn children(&self, parent: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.node(parent).next;
        let mut at = parent + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = at;
                at = self.node(child).next;
                child
            })
        })
    }

    /// Keys with their values, merge keys among them.
    pub fn entries(&self, map: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut children = self.children(map);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// A key as it is read.
    pub fn key_name<'s>(&'s self, source: &'s Source, index: u32) -> &'s str {
        match self.odd_keys.binary_search_by_key(&index, |(node, _)| *node) {
            Ok(at) => &self.odd_keys[at].1,
            Err(_) => self.written(source, index),
        }
    }

    fn written<'s>(&self, source: &'s Source, index: u32) -> &'s str {
        let node = self.node(index);
        let quote = usize::from(matches!(node.kind, Kind::Single | Kind::Double));
        source.text.get(node.start as usize + quote..node.end as usize - quote).unwrap_or_default()
    }

    /// Whether the text of a key node is also its name, so that no copy is kept.
    pub fn reads_as_written(&self, source: &Source, index: u32, name: &str) -> bool {
        match self.node(index).kind {
            Kind::Plain => scalar::resolve(name) == scalar::Plain::Str && self.written(source, index) == name,
            Kind::Single | Kind::Double => self.written(source, index) == name,
            _ => false,
        }
    }

    /// The node that an alias stands for, or the node itself.
    pub fn resolved(&self, index: u32) -> u32 {
        match self.aliases.binary_search_by_key(&index, |(alias, _)| *alias) {
            Ok(at) => self.aliases[at].1,
            Err(_) => index,
        }
    }

    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// Whether aliases or anchors stand inside a node.
    pub fn has_links(&self, index: u32) -> bool {
        let inside = &self.nodes[index as usize..self.node(index).next as usize];
        inside.iter().any(|node| node.anchored || node.kind == Kind::Alias)
    }

    /// The collection around a node.
    pub fn parent(&self, index: u32) -> Option<u32> {
        (0..index).rev().find(|at| self.node(*at).next > index)
    }

    /// Follows a path as far as it goes.
    pub fn find(&self, source: &Source, path: &[Step]) -> Found {
        let mut found = Found { node: 0, key: None, steps: 0, borrowed: None };
        for step in path {
            let here = self.resolved(found.node);
            if here != found.node {
                found.borrowed.get_or_insert(found.node);
            }
            let (key, node, merged) = match step {
                Step::Key(name) => match self.entry(source, here, name, &mut Vec::new()) {
                    Some((key, value, merge)) => (Some(key), value, merge),
                    None => return found,
                },
                Step::Index(index) if self.node(here).kind.is_list() => match self.children(here).nth(*index) {
                    Some(child) => (None, child, None),
                    None => return found,
                },
                Step::Index(_) => return found,
            };
            if let Some(merge) = merged {
                found.borrowed.get_or_insert(merge);
            }
            found = Found { node, key, steps: found.steps + 1, borrowed: found.borrowed };
        }
        found
    }

    /// Key and value nodes of a name in a map, and the merge key through which it came, if it did.
    /// `seen` keeps maps that many merge keys share from being searched once a way.
    fn entry(&self, source: &Source, map: u32, name: &str, seen: &mut Vec<u32>) -> Option<(u32, u32, Option<u32>)> {
        if !self.node(map).kind.is_map() || seen.contains(&map) {
            return None;
        }
        if let Some((key, value)) = self.own_entry(source, map, name) {
            return Some((key, value, None));
        }
        seen.push(map);
        self.entries(map).filter(|(key, _)| self.node(*key).kind == Kind::Merge).find_map(|(merge, value)| {
            let value = self.resolved(value);
            let in_list = self.node(value).kind.is_list().then(|| self.children(value).map(|item| self.resolved(item)));
            let mut maps = in_list.into_iter().flatten().chain(std::iter::once(value));
            maps.find_map(|map| self.entry(source, map, name, seen)).map(|(key, node, _)| (key, node, Some(merge)))
        })
    }

    /// Key and value nodes of a name that a map has itself, not through a merge key.
    pub fn own_entry(&self, source: &Source, map: u32, name: &str) -> Option<(u32, u32)> {
        self.entries(map).find(|(key, _)| self.node(*key).kind != Kind::Merge && self.key_name(source, *key) == name)
    }
}

/// What several documents of one text share.
pub type Shared = Arc<Source>;
