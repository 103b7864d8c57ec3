//! A manifest: one object of Kubernetes as data, or a view of a part of it: the shared object, and a path in it. Cloning
//! is cheap; setting makes a new object that remembers its edits.

pub mod api;
mod elements;
mod path;
pub mod pod;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rhai::{Dynamic, ImmutableString, Module, Shared};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::formats::yaml::{self, Step};
use crate::primitives::value;
use crate::report::Edit;
use path::{Segment, Trail};

/// How much of a text scripts see, in bytes. No API server stores an object of more than 1.5 MiB, and what puts two texts
/// together must not go past what a script's text may be.
const LONGEST_TEXT: usize = 512 << 10;

/// A value as data of a script's own.
pub fn data(value: &Value) -> Dynamic {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            let end = (0..=LONGEST_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
            text[..end].into()
        }
        other => value::from_json(other),
    }
}

/// What is nowhere.
static NOTHING: Value = Value::Null;

/// An object, or a part of one. The part needn't be there: then it is a place where something could be.
#[derive(Debug, Clone)]
pub struct Manifest {
    root: Arc<Root>,
    trail: Trail,
    /// Whether it is the pod template of a controller, seen as a pod.
    template: bool,
}

/// A whole object.
#[derive(Debug)]
struct Root {
    value: Value,
    /// Which of the objects of an audit.
    number: usize,
    /// What was changed since it was read, in order.
    edits: Vec<Edit>,
}

impl PartialEq for Manifest {
    fn eq(&self, other: &Manifest) -> bool {
        self.value() == other.value()
    }
}

impl Manifest {
    /// The object of a JSON value.
    pub fn of(value: Value) -> Manifest {
        Manifest::numbered(value, 0)
    }

    /// The object of a JSON value, with a number by which it is known again.
    pub fn numbered(value: Value, number: usize) -> Manifest {
        Manifest::rooted(Root { value, number, edits: Vec::new() })
    }

    fn rooted(root: Root) -> Manifest {
        Manifest { root: Arc::new(root), trail: Trail::default(), template: false }
    }

    /// The first document of a text. `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Manifest> {
        match yaml::parse(file, text)?.into_iter().next() {
            Some(document) => Ok(Manifest::of(document.value)),
            None => Err(Error::failed("idp::manifest::empty", format!("{file} holds no document"))),
        }
    }

    /// What is there, or null.
    pub fn value(&self) -> &Value {
        self.found().unwrap_or(&NOTHING)
    }

    /// What is there, if anything is.
    fn found(&self) -> Option<&Value> {
        self.trail.find(&self.root.value)
    }

    /// The object that this is a part of.
    pub fn whole(&self) -> Manifest {
        Manifest { root: self.root.clone(), trail: Trail::default(), template: false }
    }

    /// The number of the object.
    pub fn number(&self) -> usize {
        self.root.number
    }

    /// The way from the object to here.
    pub fn path(&self) -> Vec<Step> {
        self.trail.steps()
    }

    /// What was changed since the object was read.
    pub fn edits(&self) -> &[Edit] {
        &self.root.edits
    }

    /// Whether this stands for an object: a whole one, or a pod template seen as a pod.
    pub fn is_object(&self) -> bool {
        self.template || self.trail.is_empty()
    }

    /// Whether this is the pod template of a controller, seen as a pod.
    pub fn is_template(&self) -> bool {
        self.template
    }

    /// A value by its path from here.
    pub fn get(&self, path: &[Step]) -> Option<&Value> {
        yaml::get(self.found()?, path)
    }

    /// A place by its path from here, whether there is something or not.
    ///
    /// # Errors
    /// `idp::yaml::path`, `idp::manifest::path` for one that is too long.
    pub fn at(&self, path: &str) -> Result<Manifest> {
        self.below(&yaml::parse_path(path)?)
    }

    fn below(&self, steps: &[Step]) -> Result<Manifest> {
        let mut trail = self.trail.clone();
        for step in steps {
            trail = trail.then(step.into());
        }
        if trail.len() > yaml::MAX_DEPTH {
            return Err(no_place(steps));
        }
        Ok(Manifest { root: self.root.clone(), trail, template: false })
    }

    fn child(&self, segment: Segment) -> Manifest {
        Manifest { root: self.root.clone(), trail: self.trail.then(segment), template: false }
    }

    /// A field of a map; nothing if there is no such field.
    pub fn field(&self, name: &ImmutableString) -> Dynamic {
        match self.found().and_then(|here| here.as_object()?.get(name.as_str())) {
            Some(value) => self.seen(value, || Segment::Key(name.clone())),
            None if self.template && name == "apiVersion" => self.api_version().into(),
            None if self.template && name == "kind" => self.kind().into(),
            None => Dynamic::UNIT,
        }
    }

    /// An element of a list; from its end for negative numbers. Nothing if there is no such element.
    pub fn element(&self, index: i64) -> Dynamic {
        let Some(list) = self.found().and_then(Value::as_array) else { return Dynamic::UNIT };
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let index = usize::try_from(if index < 0 { length + index } else { index }).unwrap_or(usize::MAX);
        list.get(index).map_or(Dynamic::UNIT, |value| self.seen(value, || Segment::Index(index)))
    }

    /// A value below as scripts see it: maps and lists are views.
    fn seen(&self, value: &Value, segment: impl FnOnce() -> Segment) -> Dynamic {
        match value {
            Value::Object(_) | Value::Array(_) => Dynamic::from(self.child(segment())),
            plain => data(plain),
        }
    }

    /// The text of a field of `metadata`; what stands for an object that has none takes that of the whole.
    pub fn of_metadata(&self, field: &str) -> Option<&str> {
        let own = || self.value()["metadata"][field].as_str();
        let of_whole = || self.root.value["metadata"][field].as_str();
        own().or_else(|| self.template.then(of_whole).flatten())
    }

    /// Its kind: that of a pod template is `Pod`.
    pub fn kind(&self) -> &str {
        if self.template { "Pod" } else { self.value()["kind"].as_str().unwrap_or_default() }
    }

    /// Its version: that of a pod template is `v1`.
    pub fn api_version(&self) -> &str {
        if self.template { "v1" } else { self.value()["apiVersion"].as_str().unwrap_or_default() }
    }

    /// The same with a value set at a place of this object; maps on the way are made, and an index one past the end of a
    /// list adds to it.
    ///
    /// # Errors
    /// `idp::manifest::path` where there is no place for it.
    pub fn set_at(&self, place: &Manifest, value: Value) -> Result<Manifest> {
        let path = place.path();
        let mut object = self.root.value.clone();
        let mut at = &mut object;
        for step in &path {
            if let (Step::Key(_), true) = (step, at.is_null()) {
                *at = Value::Object(serde_json::Map::new());
            }
            at = match (step, at) {
                (Step::Key(key), Value::Object(map)) => map.entry(key.clone()).or_insert(Value::Null),
                (Step::Index(index), Value::Array(list)) => {
                    if *index == list.len() {
                        list.push(Value::Null);
                    }
                    list.get_mut(*index).ok_or_else(|| no_place(&path))?
                }
                _ => return Err(no_place(&path)),
            };
        }
        if *at == value {
            return Ok(self.clone());
        }
        *at = value.clone();
        Ok(self.edited(object, Edit { path: yaml::Path(&path).to_string(), to: Some(value) }))
    }

    /// The same without what is at a place of this object; as it is if nothing is there.
    ///
    /// # Errors
    /// `idp::manifest::path` for the object itself.
    pub fn remove_at(&self, place: &Manifest) -> Result<Manifest> {
        let path = place.path();
        let Some((last, above)) = path.split_last() else { return Err(no_place(&path)) };
        if yaml::get(&self.root.value, &path).is_none() {
            return Ok(self.clone());
        }
        let mut object = self.root.value.clone();
        match (yaml::get_mut(&mut object, above), last) {
            (Some(Value::Object(map)), Step::Key(key)) => drop(map.shift_remove(key)),
            (Some(Value::Array(list)), Step::Index(index)) => drop(list.remove(*index)),
            _ => return Err(no_place(&path)),
        }
        Ok(self.edited(object, Edit { path: yaml::Path(&path).to_string(), to: None }))
    }

    fn edited(&self, value: Value, edit: Edit) -> Manifest {
        let mut edits = self.root.edits.clone();
        edits.push(edit);
        let root = Root { value, number: self.root.number, edits };
        Manifest { root: Arc::new(root), ..self.clone() }
    }

    /// A place that an argument names: a path from here, or a view of the same object.
    ///
    /// # Errors
    /// `idp::yaml::path`, `idp::manifest::path` for anything else.
    pub fn place_of(&self, place: &Dynamic) -> Result<Manifest> {
        if let Some(view) = place.read_lock::<Manifest>() {
            return Ok(Manifest { root: self.root.clone(), ..view.clone() });
        }
        match place.as_immutable_string_ref() {
            Ok(path) => self.at(&path),
            Err(_) => {
                let is = value::type_of(place);
                let error = Error::failed("idp::manifest::path", format!("a place is needed here, and this is {is}"));
                Err(error.help("write a path, \"spec.replicas\", or a view of a map or list"))
            }
        }
    }

    /// Its labels or annotations as texts.
    pub fn text_in(&self, map: &str, key: &str) -> Option<&str> {
        self.value()["metadata"][map][key].as_str()
    }
}

fn no_place(path: &[Step]) -> Error {
    let shown: String = yaml::Path(path).to_string().chars().take(200).collect();
    Error::failed("idp::manifest::path", format!("the manifest has no place for {shown}"))
}

/// What scripts may call, with `for x in view`.
pub fn module() -> Shared<Module> {
    let mut module = rhai::exported_module!(api::api);
    elements::register(&mut module);
    module.into()
}
