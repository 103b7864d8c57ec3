//! Edits that leave every byte around them as it is. Each result is read again and compared with the value that the
//! edit means, so that what can't be made exactly is refused. Where the bytes change is `splice`'s business.

use std::collections::HashMap;

use serde_json::Value;

use super::path::{Path, Step, get, get_mut};
use super::scalar::decimal;
use super::splice;
use super::tree::{Found, Kind};
use super::{Document, parse};
use crate::error::{Error, Result};

/// One change of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Replaces what is at the path, or adds it where only the last key is missing.
    Set {
        /// Where.
        path: Vec<Step>,
        /// What shall be there.
        value: Value,
    },
    /// Adds a key to the map at the path, and refuses if it is there.
    Add {
        /// The map.
        path: Vec<Step>,
        /// The new key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// Adds an element at the end of the list at the path.
    Append {
        /// The list.
        path: Vec<Step>,
        /// The new element.
        value: Value,
    },
    /// Takes away what is at the path, with its key or dash and the comment behind it.
    Remove {
        /// Where.
        path: Vec<Step>,
    },
}

/// Makes one edit in a text. `document` counts the documents that [`parse`] gives.
///
/// # Errors
/// What [`parse`] refuses, and `idp::yaml::edit` where the place is not there, belongs to an alias or a merge key, or
/// the edit can't be made exactly; the text is as it was then.
pub fn edit(file: &str, text: &str, document: usize, edit: &Edit) -> Result<String> {
    edit_all(file, text, document, std::slice::from_ref(edit))
}

/// Makes edits one after the other, each on the result of the one before; all or none.
///
/// # Errors
/// As [`edit`].
pub fn edit_all(file: &str, text: &str, document: usize, edits: &[Edit]) -> Result<String> {
    let mut text = text.to_owned();
    let mut documents = parse(file, &text)?;
    for edit in edits {
        if let Some((next, read)) = one(&documents, document, edit)? {
            (text, documents) = (next, read);
        }
    }
    Ok(text)
}

/// An edit of documents that have been read; gives the new text of the whole file.
///
/// # Errors
/// As [`edit`].
pub fn edit_parsed(documents: &[Document], document: usize, edit: &Edit) -> Result<String> {
    match one(documents, document, edit)? {
        Some((text, _)) => Ok(text),
        None => Ok(documents.first().map(|document| document.source.text.to_string()).unwrap_or_default()),
    }
}

/// The new text with what it holds, or nothing if all is as wanted already.
fn one(documents: &[Document], index: usize, edit: &Edit) -> Result<Option<(String, Vec<Document>)>> {
    let Some(document) = documents.get(index) else {
        let message = format!("there is no document {index}: the file has {}", documents.len());
        return Err(Error::invalid("idp::yaml::edit", message));
    };
    let Some(target) = Target::find(document, edit)? else { return Ok(None) };
    let expected = expected(document, &target)?;
    let mut why = None;
    for text in splice::candidates(document, &target) {
        let read = match parse(&document.source.file, &text) {
            Ok(read) => read,
            Err(error) => {
                why.get_or_insert(error.message().to_owned());
                continue;
            }
        };
        let others = |(at, (new, old)): (usize, (&Document, &Document))| at == index || new.value == old.value;
        let same = read.len() == documents.len() && read.iter().zip(documents).enumerate().all(others);
        if same && read.get(index).is_some_and(|read| read.value == expected) {
            return Ok(Some((text, read)));
        }
    }
    let reason = why.unwrap_or_else(|| "the text would then mean something else".to_owned());
    Err(target.refuse(document, &format!("can't be edited exactly: {reason}")).help("edit it by hand"))
}

/// What an edit comes down to, on nodes that are there.
pub enum Action<'e> {
    Replace(&'e Value),
    Insert(&'e str, &'e Value),
    Append(&'e Value),
    Remove,
}

/// An action with its node: the value to replace or remove, or the collection that grows.
pub struct Target<'e> {
    pub node: u32,
    pub action: Action<'e>,
    path: &'e [Step],
}

impl<'e> Target<'e> {
    /// `None` if the value is there already.
    fn find(document: &Document, edit: &'e Edit) -> Result<Option<Self>> {
        let (path, action) = match edit {
            Edit::Set { path, value } => (path.as_slice(), Action::Replace(value)),
            Edit::Add { path, key, value } => (path.as_slice(), Action::Insert(key, value)),
            Edit::Append { path, value } => (path.as_slice(), Action::Append(value)),
            Edit::Remove { path } => (path.as_slice(), Action::Remove),
        };
        let found = document.tree.find(&document.source, path);
        let mut target = Target { node: found.node, action, path };
        if let Some(last) = path.last().filter(|_| found.steps + 1 == path.len()) {
            // Only the last step is missing: a Set becomes an Insert.
            if let (Action::Replace(value), Step::Key(key)) = (&target.action, last) {
                target = Target { node: found.node, action: Action::Insert(key, value), path: &path[..found.steps] };
            }
        }
        target.check(document, found)?;
        match target.action {
            Action::Replace(value) if get(&document.value, path) == Some(value) => Ok(None),
            _ => Ok(Some(target)),
        }
    }

    fn check(&self, document: &Document, found: Found) -> Result<()> {
        if found.steps < self.path.len() {
            let there = Path(&self.path[..found.steps]).to_string();
            let at = if there.is_empty() { "the document".to_owned() } else { format!("`{there}`") };
            let missing = Path(&self.path[found.steps..=found.steps]).to_string();
            return Err(self.refuse(document, &format!("is not there: {at} has no {missing}")));
        }
        // An alias may be replaced, but what it stands for belongs to the anchor.
        let inside = !matches!(self.action, Action::Replace(_) | Action::Remove);
        let alias = inside && document.tree.node(found.node).kind == Kind::Alias;
        if let Some(through) = found.borrowed.or(alias.then_some(found.node)) {
            let merge = document.tree.node(through).kind == Kind::Merge;
            let by = if merge { "through the merge key" } else { "through the alias" };
            let line = document.source.line(document.tree.node(through).start as usize);
            let anchor = document.place(self.path).line;
            let message = format!("comes {by} in line {line}, and an edit there would change other places");
            return Err(self.refuse(document, &message).help(format!("edit it at its anchor, in line {anchor}")));
        }
        let kind = document.tree.node(found.node).kind;
        match self.action {
            Action::Insert(key, _) if !kind.is_map() => {
                Err(self.refuse(document, &format!("is not a map, so that it can't get the key `{key}`")))
            }
            Action::Insert(key, _) if get(&document.value, self.path).is_some_and(|map| map.get(key).is_some()) => {
                Err(self.refuse(document, &format!("has the key `{key}` already")).help("set it instead"))
            }
            Action::Append(_) if !kind.is_list() => Err(self.refuse(document, "is not a list")),
            Action::Remove if self.path.is_empty() => Err(self.refuse(document, "can't be removed as a whole")),
            _ => Ok(()),
        }
    }

    fn refuse(&self, document: &Document, why: &str) -> Error {
        let place = document.place(self.path);
        let path = Path(self.path).to_string();
        let what = if path.is_empty() { "the document".to_owned() } else { format!("`{path}`") };
        Error::invalid("idp::yaml::edit", format!("{what} in line {} {why}", place.line)).at(place)
    }

    fn apply(&self, value: &mut Value) {
        match (&self.action, value) {
            (Action::Replace(new), value) => *value = normal(new),
            (Action::Insert(key, new), Value::Object(map)) => drop(map.insert((*key).to_owned(), normal(new))),
            (Action::Append(new), Value::Array(items)) => items.push(normal(new)),
            _ => {}
        }
    }
}

/// A value as it reads back: whole floats are integers.
fn normal(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().and_then(decimal).map_or_else(|| value.clone(), Value::Number)
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), normal(value))).collect(),
        _ => value.clone(),
    }
}

/// The value after the edit, aliases and merge keys following their anchors.
fn expected(document: &Document, target: &Target<'_>) -> Result<Value> {
    if document.tree.has_aliases() {
        let mut again = Again { document, target, originals: HashMap::new() };
        let value = again.value(0, &document.value);
        return value.ok_or_else(|| target.refuse(document, "stands among merge keys that can't be followed"));
    }
    let mut value = document.value.clone();
    if let Action::Remove = target.action {
        remove(&mut value, target.path);
    } else if let Some(place) = get_mut(&mut value, target.path) {
        target.apply(place);
    }
    Ok(value)
}

fn remove(value: &mut Value, path: &[Step]) {
    let Some((last, parents)) = path.split_last() else { return };
    match (get_mut(value, parents), last) {
        (Some(Value::Object(map)), Step::Key(key)) => drop(map.shift_remove(key)),
        (Some(Value::Array(items)), Step::Index(index)) if *index < items.len() => drop(items.remove(*index)),
        _ => {}
    }
}

/// Puts a value together again from its nodes with the edit in its place, so that aliases repeat what is new.
struct Again<'a> {
    document: &'a Document,
    target: &'a Target<'a>,
    originals: HashMap<u32, &'a Value>,
}

impl<'a> Again<'a> {
    /// `original` is what the node stood for before; `None` where that can't be told.
    fn value(&mut self, node: u32, original: &'a Value) -> Option<Value> {
        let document = self.document;
        let tree = &document.tree;
        let real = tree.resolved(node);
        if real != node && self.is_target(node) {
            return self.finish(node, Value::Null);
        }
        if tree.node(real).anchored {
            self.originals.entry(real).or_insert(original);
        }
        if let (true, Action::Replace(new)) = (self.is_target(real), &self.target.action) {
            return Some(normal(new));
        }
        let value = match (tree.node(real).kind.is_map(), original) {
            (true, Value::Object(_)) => self.map(real, original)?,
            (false, Value::Array(items)) if tree.node(real).kind.is_list() => {
                let mut values = Vec::with_capacity(items.len());
                for (child, item) in tree.children(real).zip(items) {
                    let value = self.value(child, item)?;
                    if !self.removes(child) {
                        values.push(value);
                    }
                }
                Value::Array(values)
            }
            _ => original.clone(),
        };
        self.finish(real, value)
    }

    fn is_target(&self, node: u32) -> bool {
        node == self.target.node
    }

    fn removes(&self, node: u32) -> bool {
        self.is_target(node) && matches!(self.target.action, Action::Remove)
    }

    fn finish(&self, node: u32, mut value: Value) -> Option<Value> {
        if self.is_target(node) {
            self.target.apply(&mut value);
        }
        Some(value)
    }

    fn map(&mut self, node: u32, original: &'a Value) -> Option<Value> {
        let document = self.document;
        let tree = &document.tree;
        let mut map = serde_json::Map::new();
        let mut removed = None;
        for (key, child) in tree.entries(node).filter(|(key, _)| tree.node(*key).kind != Kind::Merge) {
            let name = tree.key_name(&document.source, key);
            let value = self.value(child, original.get(name)?)?;
            if self.removes(child) {
                removed = Some(name.to_owned());
            }
            map.insert(name.to_owned(), value);
        }
        for (_, merged) in tree.entries(node).filter(|(key, _)| tree.node(*key).kind == Kind::Merge) {
            let list = tree.node(merged).kind.is_list();
            let maps: Vec<u32> = if list { tree.children(merged).collect() } else { vec![merged] };
            for from in maps {
                let real = tree.resolved(from);
                // A map written under the merge key itself has no value of its own to go by.
                let value = match self.originals.get(&real).copied() {
                    Some(before) => self.value(real, before)?,
                    None if tree.node(real).anchored => return None,
                    None => self.inline(real, original)?,
                };
                for (name, value) in value.as_object()? {
                    map.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        if let Some(name) = removed {
            map.shift_remove(&name);
        }
        Some(Value::Object(map))
    }

    fn inline(&self, node: u32, original: &Value) -> Option<Value> {
        let tree = &self.document.tree;
        let edited = (node..tree.node(node).next).contains(&self.target.node);
        let nested = tree.entries(node).any(|(key, _)| tree.node(key).kind == Kind::Merge);
        if edited || nested || tree.has_links(node) {
            return None;
        }
        let names = tree.entries(node).map(|(key, _)| tree.key_name(&self.document.source, key));
        Some(Value::Object(
            names.map(|name| Some((name.to_owned(), original.get(name)?.clone()))).collect::<Option<_>>()?,
        ))
    }
}
