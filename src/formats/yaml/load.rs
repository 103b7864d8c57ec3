//! The loader: parser events into values and nodes in one pass, with duplicate keys, anchors, merge keys and budgets.
//! Called by `parse` and by the editor.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::tree::{Kind, Node, Shared, Source, Tree};
use super::{Document, MAX_ALIASED, MAX_BYTES, MAX_DEPTH, MAX_NODES, NODE_COST, fault, scalar};
use crate::error::{Error, Result};

/// Reads all documents of a text; those that are null are left out.
pub fn load(file: &str, text: &str) -> Result<Vec<Document>> {
    if text.len() > MAX_BYTES {
        let message = format!("{file} has {} MB of YAML, and the limit is {}", text.len() >> 20, MAX_BYTES >> 20);
        return Err(Error::invalid(TOO_LARGE, message).help("split it into several files"));
    }
    let source = Arc::new(Source::new(file, text));
    let mut loader = Loader::new(&source);
    loader.read(0..text.len())?;
    Ok(loader.documents)
}

/// Reads each document for itself: those that can be read, and what is wrong with the others, [`MOST_FAULTS`] at most.
pub fn load_each(file: &str, text: &str) -> (Vec<Document>, Vec<Error>) {
    let error = match load(file, text) {
        Ok(documents) => return (documents, Vec::new()),
        Err(error) => error,
    };
    let parts = parts(text);
    if text.len() > MAX_BYTES || parts.len() < 2 {
        return (Vec::new(), vec![error]);
    }
    let source = Arc::new(Source::new(file, text));
    let mut loader = Loader::new(&source);
    let (mut faults, mut others) = (Vec::new(), 0);
    for part in parts {
        let Err(error) = loader.read(part.clone()) else { continue };
        loader.drop_open();
        // What the text may hold is used up, for the rest of it, too.
        let is_all = error.code() == TOO_LARGE;
        if faults.len() < MOST_FAULTS || is_all {
            faults.push(error);
        } else {
            others += 1;
        }
        if is_all {
            break;
        }
    }
    if others > 0 {
        faults.push(Error::invalid("idp::yaml::syntax", format!("{others} more documents of {file} can't be read")));
    }
    if faults.is_empty() {
        faults.push(error);
    }
    (loader.documents, faults)
}

const TOO_LARGE: &str = "idp::yaml::too_large";
/// Of how many documents of a text it is told why they can't be read.
const MOST_FAULTS: usize = 100;

/// Where each document of a text is: a line that begins with `---` begins one, wherever it stands, and `...` ends it (YAML
/// 1.2.2, 9.1). Comments and directives belong to the document behind them.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut at, mut holds) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        let is_mark = |mark| {
            let rest: Option<&str> = line.strip_prefix(mark);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        };
        if is_mark("---") && holds {
            parts.push(start..at);
            start = at;
        }
        at += line.len();
        holds |= !line.trim().is_empty() && !line.starts_with(['#', '%']);
        if is_mark("...") {
            parts.push(start..at);
            (start, holds) = (at, false);
        }
    }
    parts.push(start..text.len());
    parts
}

/// A collection that is still open.
enum Open {
    List(Vec<Value>),
    Map {
        map: Map<String, Value>,
        key: Option<Key>,
        /// The node of `<<`, and the maps under it, nearest first.
        merge: Option<u32>,
        merged: Vec<Map<String, Value>>,
    },
}

struct Frame {
    node: u32,
    anchor: usize,
    open: Open,
    /// What a copy of the content would cost.
    cost: usize,
    height: usize,
    /// Where its last child ends; the parser names the next token instead, past blank lines and comments.
    end: u32,
}

/// The key that waits for its value.
enum Key {
    Name(String),
    Merge,
}

/// A finished node with an anchor.
struct Anchor {
    value: Value,
    node: u32,
    cost: usize,
    height: usize,
}

/// A finished value on its way into its parent.
struct Done {
    value: Value,
    node: u32,
    cost: usize,
    height: usize,
    alias: bool,
}

struct Loader<'s> {
    source: &'s Shared,
    /// Where the part begins that the parser has.
    base: usize,
    documents: Vec<Document>,
    tree: Tree,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchor>,
    root: Value,
    nodes: usize,
    copied: usize,
}

impl<'s> Loader<'s> {
    fn new(source: &'s Shared) -> Self {
        Loader {
            source,
            base: 0,
            documents: Vec::new(),
            tree: Tree::default(),
            frames: Vec::new(),
            anchors: HashMap::new(),
            root: Value::Null,
            nodes: 0,
            copied: 0,
        }
    }

    /// Reads a part of the text.
    fn read(&mut self, part: Range<usize>) -> Result<()> {
        let source = self.source;
        self.base = part.start;
        let mut options = Options::default();
        options.emit_anchor_events = true;
        options.set_emit_comments(false);
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        for event in Parser::new_from_str_with_options(&source.text[part.clone()], options) {
            let (event, span) = event.map_err(|error| fault::syntax(source, &part, &error))?;
            self.event(event, &span)?;
        }
        Ok(())
    }

    /// Forgets a document that is still open.
    fn drop_open(&mut self) {
        self.tree = Tree::default();
        self.root = Value::Null;
        self.frames.clear();
        self.anchors.clear();
    }

    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = scalar_kind(style, span);
                let node = self.push(kind, span)?;
                if kind == Kind::Nothing {
                    self.place_nothing(node);
                }
                let text = match kind {
                    Kind::Nothing => "",
                    Kind::Block if self.is_cut_off(span) => text.strip_suffix('\n').unwrap_or(&text),
                    _ => &*text,
                };
                let plain = matches!(kind, Kind::Plain | Kind::Nothing);
                let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
                self.scalar(node, text, plain, tag.as_deref(), anchor)
            }
            Event::SequenceStart(style, anchor, _) => {
                let kind = if style == StructureStyle::Flow { Kind::FlowList } else { Kind::List };
                self.open(kind, span, anchor, Open::List(Vec::new()))
            }
            Event::MappingStart(style, anchor, _) => {
                let kind = if style == StructureStyle::Flow { Kind::FlowMap } else { Kind::Map };
                self.open(kind, span, anchor, Open::Map { map: Map::new(), key: None, merge: None, merged: Vec::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Anchor(..) => {
                let lead = self.offset(span.start.byte_offset());
                if let Some(node) = self.tree.nodes.last_mut() {
                    node.lead = node.lead.min(lead);
                    node.anchored = true;
                }
                Ok(())
            }
            Event::Alias(target) => self.alias(target, span),
            Event::DocumentEnd => {
                self.anchors.clear();
                let (tree, value) = (std::mem::take(&mut self.tree), std::mem::take(&mut self.root));
                if !value.is_null() {
                    self.documents.push(Document { value, source: Arc::clone(self.source), tree });
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Where a byte of the part is in the text. Offsets fit because texts are bounded; the parser knows bytes whenever it
    /// reads from a `str`.
    fn offset(&self, byte: Option<usize>) -> u32 {
        (self.base + byte.unwrap_or(0)) as u32
    }

    /// Whether a block scalar ends with the file, in the middle of a line: then there is no line break to keep (YAML 1.2.2,
    /// 8.1.1.2), which the parser gives all the same.
    fn is_cut_off(&self, span: &Span) -> bool {
        let text: &str = &self.source.text;
        let last = text.rsplit(['\n', '\r']).next().unwrap_or_default();
        let rest = text.get(self.offset(span.end.byte_offset()) as usize..).unwrap_or_default();
        !last.trim().is_empty() && rest.trim().is_empty()
    }

    fn push(&mut self, kind: Kind, span: &Span) -> Result<u32> {
        self.nodes += if kind.is_map() || kind.is_list() { 3 } else { 1 };
        let start = self.offset(span.start.byte_offset());
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} keys and values in one file");
            let help = "split it into several files";
            return Err(self.error(TOO_LARGE, message, start).help(help));
        }
        let end = self.offset(span.end.byte_offset());
        let lead = span.tag_start().map_or(start, |tag| self.offset(tag.byte_offset()));
        let next = self.tree.nodes.len() as u32 + 1;
        Ok(self.tree.push(Node { start, end, lead, next, kind, anchored: false }))
    }

    fn error(&self, code: &'static str, message: impl Into<String>, at: u32) -> Error {
        Error::invalid(code, message).at(self.source.place(at as usize))
    }

    fn too_deep(&self, at: u32) -> Error {
        self.error("idp::yaml::too_deep", format!("nested deeper than {MAX_DEPTH} levels"), at)
    }

    /// Whether the next node is a key.
    fn awaits_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { open: Open::Map { key: None, .. }, .. }))
    }

    fn scalar(&mut self, node: u32, text: &str, plain: bool, tag: Option<&str>, anchor: usize) -> Result<()> {
        let at = self.tree.node(node).start;
        let cost = NODE_COST + text.len();
        if self.awaits_key() {
            if text == "<<"
                && (plain && tag.is_none() || tag.and_then(|tag| tag.strip_prefix(scalar::CORE)) == Some("merge"))
            {
                return self.merge_key(node);
            }
            let name = scalar::key(text, plain, tag).map_err(|why| self.error("idp::yaml::scalar", why, at))?;
            let Some(name) = name else {
                let message = format!("`{text}` can't be a key: JSON keys are text");
                return Err(self.error("idp::yaml::key", message, at).help("quote it"));
            };
            if anchor > 0 {
                self.keep(anchor, Anchor { value: Value::String(name.clone()), node, cost, height: 0 })?;
            }
            return self.name(node, name, cost);
        }
        let value = scalar::value(text, plain, tag).map_err(|why| self.error("idp::yaml::scalar", why, at))?;
        self.done(Done { value, node, cost, height: 0, alias: false }, anchor)
    }

    fn merge_key(&mut self, node: u32) -> Result<()> {
        self.tree.nodes[node as usize].kind = Kind::Merge;
        let Some(Frame { open: Open::Map { key, merge, .. }, .. }) = self.frames.last_mut() else { return Ok(()) };
        *key = Some(Key::Merge);
        match merge.replace(node) {
            Some(first) => Err(self.duplicate("<<", first, node).help("list the maps under one key: `<<: [*a, *b]`")),
            None => Ok(()),
        }
    }

    fn name(&mut self, node: u32, name: String, cost: usize) -> Result<()> {
        if !self.tree.reads_as_written(self.source, node, &name) {
            self.tree.name_key(node, &name);
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.cost += cost;
        let Open::Map { map, key, .. } = &mut frame.open else { return Ok(()) };
        if map.contains_key(&name) {
            let parent = frame.node;
            self.tree.nodes[parent as usize].next = node;
            let first = self.tree.own_entry(self.source, parent, &name).map_or(node, |(key, _)| key);
            return Err(self.duplicate(&name, first, node));
        }
        *key = Some(Key::Name(name));
        Ok(())
    }

    fn duplicate(&self, name: &str, first: u32, second: u32) -> Error {
        let [first, again] = [first, second].map(|node| self.source.line(self.tree.node(node).start as usize));
        let message = match first == again {
            true => format!("the key `{name}` is there twice, in line {first}"),
            false => format!("the key `{name}` is there twice, in lines {first} and {again}"),
        };
        self.error("idp::yaml::duplicate_key", message, self.tree.node(second).start)
            .help("remove one of the two, or rename it")
    }

    fn open(&mut self, kind: Kind, span: &Span, anchor: usize, open: Open) -> Result<()> {
        let node = self.push(kind, span)?;
        if kind == Kind::List {
            self.start_at_dash(node);
        }
        let at = self.tree.node(node).start;
        if self.awaits_key() {
            let error = self.error("idp::yaml::key", "a map or list can't be a key: JSON keys are text", at);
            return Err(error.help(fault::help_at(self.source, at as usize).unwrap_or("quote it if text is meant")));
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        self.frames.push(Frame { node, anchor, open, cost: NODE_COST, height: 0, end: at });
        Ok(())
    }

    /// The parser has a missing value before the colon of its key, or behind the comment of its dash.
    fn place_nothing(&mut self, node: u32) {
        let this = self.tree.nodes[node as usize];
        let start = this.start as usize;
        let text = &self.source.text;
        let at = match self.frames.last() {
            Some(Frame { open: Open::Map { key: Some(_), .. }, .. }) => {
                let rest = &text[start..];
                let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                if rest[blanks..].starts_with(':') { start + blanks + 1 } else { start }
            }
            Some(Frame { open: Open::List(_), .. }) => {
                let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
                let written = &text[line..start];
                written.find(" #").map_or(start, |comment| line + written[..comment].trim_end().len())
            }
            _ => start,
        } as u32;
        let lead = if this.lead == this.start { at } else { this.lead };
        self.tree.nodes[node as usize] = Node { start: at, end: at, lead, ..this };
    }

    /// The parser starts a list that is not indented under its key behind the first dash.
    fn start_at_dash(&mut self, node: u32) {
        let Some(Frame { open: Open::Map { .. }, .. }) = self.frames.last() else { return };
        let Some(key) = node.checked_sub(1).map(|key| self.tree.node(key).end as usize) else { return };
        let start = self.tree.node(node).start as usize;
        let between = self.source.text.get(key..start).unwrap_or_default();
        let mut at = key;
        for (number, line) in between.split_inclusive('\n').enumerate() {
            let blank = line.len() - line.trim_start().len();
            if number > 0 && line[blank..].starts_with('-') {
                self.tree.nodes[node as usize].start = (at + blank) as u32;
                self.tree.nodes[node as usize].lead = (at + blank) as u32;
                return;
            }
            at += line.len();
        }
    }

    fn close(&mut self, span: &Span) -> Result<()> {
        let next = self.tree.nodes.len() as u32;
        let Some(Frame { node, anchor, open, cost, height, end }) = self.frames.pop() else { return Ok(()) };
        let flow_end = self.offset(span.end.byte_offset());
        let this = &mut self.tree.nodes[node as usize];
        this.next = next;
        this.end = if this.kind.is_flow() { flow_end } else { end };
        let value = match open {
            Open::List(items) => Value::Array(items),
            Open::Map { mut map, merged, .. } => {
                for (name, value) in merged.into_iter().flatten() {
                    if let Entry::Vacant(free) = map.entry(name) {
                        free.insert(value);
                    }
                }
                Value::Object(map)
            }
        };
        self.done(Done { value, node, cost, height: height + 1, alias: false }, anchor)
    }

    fn alias(&mut self, target: usize, span: &Span) -> Result<()> {
        let node = self.push(Kind::Alias, span)?;
        let at = self.tree.node(node).start;
        let Some(anchor) = self.anchors.get(&target) else {
            let message = "this alias stands inside the value that it repeats";
            return Err(self.error("idp::yaml::alias", message, at));
        };
        let (cost, height, anchored) = (anchor.cost, anchor.height, anchor.node);
        self.spend(cost, at)?;
        let value = self.anchors.get(&target).map(|anchor| anchor.value.clone()).unwrap_or_default();
        self.tree.link(node, anchored);
        if self.awaits_key() {
            return match value {
                Value::String(name) => self.name(node, name, cost),
                _ => {
                    Err(self.error("idp::yaml::key", "this alias does not stand for text, and JSON keys are text", at))
                }
            };
        }
        if self.frames.len() + height > MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        self.done(Done { value, node, cost, height, alias: true }, 0)
    }

    /// Takes what a copy costs from the budget; this stops "billion laughs" before anything is copied.
    fn spend(&mut self, cost: usize, at: u32) -> Result<()> {
        self.copied = self.copied.saturating_add(cost);
        if self.copied <= MAX_ALIASED {
            return Ok(());
        }
        let message = format!("anchors and aliases repeat more than {} MB", MAX_ALIASED >> 20);
        Err(self.error(TOO_LARGE, message, at).help("write out what is repeated, or repeat smaller parts"))
    }

    fn keep(&mut self, id: usize, anchor: Anchor) -> Result<()> {
        self.spend(anchor.cost, self.tree.node(anchor.node).start)?;
        self.anchors.insert(id, anchor);
        Ok(())
    }

    fn done(&mut self, done: Done, anchor: usize) -> Result<()> {
        let Done { value, node, cost, height, alias } = done;
        if anchor > 0 {
            self.keep(anchor, Anchor { value: value.clone(), node, cost, height })?;
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = value;
            return Ok(());
        };
        frame.cost += cost;
        frame.height = frame.height.max(height);
        frame.end = self.tree.node(node).end;
        match &mut frame.open {
            Open::List(items) => items.push(value),
            Open::Map { map, key, merged, .. } => match key.take() {
                Some(Key::Name(name)) => {
                    map.insert(name, value);
                }
                Some(Key::Merge) => match maps(value, alias) {
                    Some(maps) => *merged = maps,
                    None => {
                        let message = "`<<` takes a map or a list of maps";
                        return Err(self.error("idp::yaml::merge", message, self.tree.node(node).start));
                    }
                },
                None => {}
            },
        }
        Ok(())
    }
}

/// What stands under a merge key; an alias must stand for a map itself, as upstream has it.
fn maps(value: Value, alias: bool) -> Option<Vec<Map<String, Value>>> {
    match value {
        Value::Object(map) => Some(vec![map]),
        Value::Array(items) if !alias => items
            .into_iter()
            .map(|item| match item {
                Value::Object(map) => Some(map),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn scalar_kind(style: ScalarStyle, span: &Span) -> Kind {
    match style {
        ScalarStyle::Plain if span.start.byte_offset() == span.end.byte_offset() => Kind::Nothing,
        ScalarStyle::Plain => Kind::Plain,
        ScalarStyle::SingleQuoted => Kind::Single,
        ScalarStyle::DoubleQuoted => Kind::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => Kind::Block,
    }
}
