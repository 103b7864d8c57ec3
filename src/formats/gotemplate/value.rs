//! Go's values as templates meet them: the types that print, compare or are refused differently are kept apart.
//! Called by every other file of this room.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::sprig::dates::Time;
use super::sprig::semver::Version;

/// A value of Go.
#[derive(Debug, Clone)]
pub enum Value {
    /// An interface that holds nothing.
    Nil,
    Bool(bool),
    Int(i64),
    Int64(i64),
    Uint64(u64),
    /// A byte of a string.
    Byte(u8),
    Float(f64),
    Str(Rc<str>),
    List(List),
    Map(Map),
    Time(Time),
    Version(Rc<Version>),
}

/// What the elements of a list or a map are declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elem {
    Any,
    Str,
    Int,
    /// Lists of anything.
    Lists,
}

/// A slice. Functions copy it rather than change it.
#[derive(Debug, Clone)]
pub struct List(Rc<ListData>);

#[derive(Debug)]
struct ListData {
    elem: Elem,
    is_nil: bool,
    items: Vec<Value>,
}

/// A map from strings, which is one and the same wherever it is known: `set` changes it for all.
#[derive(Debug, Clone)]
pub struct Map(Rc<MapData>);

#[derive(Debug)]
struct MapData {
    elem: Elem,
    is_nil: bool,
    entries: RefCell<Entries>,
}

pub type Entries = BTreeMap<Rc<str>, Value>;

/// How numbers of JSON are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbers {
    /// As `json.Unmarshal` into an empty interface takes them: all are `float64`.
    #[default]
    Floats,
    /// Whole numbers are `int`.
    Typed,
}

/// A value as a `reflect.Value` knows it: whether it is there, and whether it was declared as an interface.
#[derive(Debug, Clone)]
pub enum Slot {
    /// The zero `reflect.Value`: what a missing key gives.
    Invalid,
    Plain(Value),
    /// An element of a list or map of interfaces, which is the one that may hold `Nil`.
    Boxed(Value),
}

impl List {
    pub fn new(elem: Elem, items: Vec<Value>) -> Self {
        List(Rc::new(ListData { elem, is_nil: false, items }))
    }

    pub fn any(items: Vec<Value>) -> Self {
        Self::new(Elem::Any, items)
    }

    pub fn strings(items: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self::new(Elem::Str, items.into_iter().map(|item| Value::str(item.as_ref())).collect())
    }

    pub fn nil(elem: Elem) -> Self {
        List(Rc::new(ListData { elem, is_nil: true, items: Vec::new() }))
    }

    pub fn items(&self) -> &[Value] {
        &self.0.items
    }

    pub fn elem(&self) -> Elem {
        self.0.elem
    }

    pub fn is_nil(&self) -> bool {
        self.0.is_nil
    }

    /// An element as reflection hands it out.
    pub fn slot(&self, index: usize) -> Slot {
        self.0.items.get(index).map_or(Slot::Invalid, |item| wrapped(self.0.elem, item.clone()))
    }
}

impl Map {
    pub fn new(elem: Elem, entries: Entries) -> Self {
        Map(Rc::new(MapData { elem, is_nil: false, entries: RefCell::new(entries) }))
    }

    pub fn any(entries: Entries) -> Self {
        Self::new(Elem::Any, entries)
    }

    pub fn nil() -> Self {
        Map(Rc::new(MapData { elem: Elem::Any, is_nil: true, entries: RefCell::default() }))
    }

    pub fn elem(&self) -> Elem {
        self.0.elem
    }

    pub fn is_nil(&self) -> bool {
        self.0.is_nil
    }

    pub fn len(&self) -> usize {
        self.entries().len()
    }

    pub fn get(&self, key: &str) -> Option<Value> {
        self.entries().get(key).cloned()
    }

    pub fn slot(&self, key: &str) -> Slot {
        self.get(key).map_or(Slot::Invalid, |value| wrapped(self.0.elem, value))
    }

    pub fn entries(&self) -> Ref<'_, Entries> {
        self.0.entries.borrow()
    }

    /// The entries by themselves, to go through while the map may change.
    pub fn snapshot(&self) -> Vec<(Rc<str>, Value)> {
        self.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub fn insert(&self, key: Rc<str>, value: Value) {
        // Nobody keeps a borrow over a call.
        if let Ok(mut entries) = self.0.entries.try_borrow_mut() {
            entries.insert(key, value);
        }
    }

    pub fn remove(&self, key: &str) {
        if let Ok(mut entries) = self.0.entries.try_borrow_mut() {
            entries.remove(key);
        }
    }

    /// What tells it from others.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl List {
    /// What tells it from others.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

/// Deep values are taken apart in a loop: recursion would end at the end of the stack.
fn dismantle(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(List(shared)) => {
                if let Ok(mut data) = Rc::try_unwrap(shared) {
                    pending.append(&mut data.items);
                }
            }
            Value::Map(Map(shared)) => {
                if let Ok(data) = Rc::try_unwrap(shared) {
                    pending.extend(data.entries.take().into_values());
                }
            }
            _ => {}
        }
    }
}

impl Drop for ListData {
    fn drop(&mut self) {
        if self.items.iter().any(Value::is_collection) {
            dismantle(std::mem::take(&mut self.items));
        }
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        if self.entries.get_mut().values().any(Value::is_collection) {
            dismantle(self.entries.take().into_values().collect());
        }
    }
}

fn wrapped(elem: Elem, value: Value) -> Slot {
    if elem == Elem::Any { Slot::Boxed(value) } else { Slot::Plain(value) }
}

impl Value {
    pub fn str(text: &str) -> Self {
        Value::Str(Rc::from(text))
    }

    pub fn int(number: usize) -> Self {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub fn list(items: Vec<Value>) -> Self {
        Value::List(List::any(items))
    }

    fn is_collection(&self) -> bool {
        matches!(self, Value::List(_) | Value::Map(_))
    }

    /// The name of the type, as `%T` prints it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Uint64(_) => "uint64",
            Value::Byte(_) => "uint8",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::List(list) => match list.elem() {
                Elem::Any => "[]interface {}",
                Elem::Str => "[]string",
                Elem::Int => "[]int",
                Elem::Lists => "[][]interface {}",
            },
            Value::Map(map) if map.elem() == Elem::Str => "map[string]string",
            Value::Map(_) => "map[string]interface {}",
            Value::Time(_) => "time.Time",
            Value::Version(_) => "*semver.Version",
        }
    }

    /// The name of the kind, as reflection has it.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Value::Nil => "invalid",
            Value::List(_) => "slice",
            Value::Map(_) => "map",
            Value::Time(_) => "struct",
            Value::Version(_) => "ptr",
            other => other.type_name(),
        }
    }

    /// Whether it counts as true for `if`.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(value) | Value::Int64(value) => *value != 0,
            Value::Uint64(value) => *value != 0,
            Value::Byte(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(list) => !list.items().is_empty(),
            Value::Map(map) => map.len() > 0,
            Value::Time(_) | Value::Version(_) => true,
        }
    }

    /// A value of JSON.
    pub fn from_json(json: &Json, numbers: Numbers) -> Self {
        match json {
            Json::Null => Value::Nil,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(whole) if numbers == Numbers::Typed => Value::Int(whole),
                _ => Value::Float(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Value::str(text),
            Json::Array(items) => Value::list(items.iter().map(|item| Self::from_json(item, numbers)).collect()),
            Json::Object(map) => Value::Map(Map::any(
                map.iter().map(|(key, value)| (Rc::from(key.as_str()), Self::from_json(value, numbers))).collect(),
            )),
        }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(Rc::from(text))
    }
}

impl Slot {
    /// What a function's result is to a pipeline: an interface is opened.
    pub fn plain(value: Value) -> Self {
        match value {
            Value::Nil => Slot::Invalid,
            value => Slot::Plain(value),
        }
    }

    /// Opens an interface.
    pub fn dig(self) -> Self {
        match self {
            Slot::Boxed(value) => Self::plain(value),
            other => other,
        }
    }

    /// The value for a parameter that is an interface.
    pub fn into_value(self) -> Value {
        match self {
            Slot::Invalid => Value::Nil,
            Slot::Plain(value) | Slot::Boxed(value) => value,
        }
    }

    pub fn value(&self) -> &Value {
        match self {
            Slot::Invalid => &Value::Nil,
            Slot::Plain(value) | Slot::Boxed(value) => value,
        }
    }

    /// The declared type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Slot::Boxed(_) => "interface {}",
            other => other.value().type_name(),
        }
    }
}
