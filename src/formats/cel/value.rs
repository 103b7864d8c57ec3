//! Values while a rule is evaluated. What comes from the object is looked at where it lies, through its schema.
//! As k8s.io/apiserver v0.36, pkg/cel/common/valuesunstructured.go.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Map as JsonMap, Value as Json};

use super::functions::{address::Network, format::Format, time, time::Moment, url::Url, version::Version};
use super::names;
use super::types::{Order, Shape, Type};
use crate::formats::quantity::Quantity;

/// Why an evaluation gave no value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trouble {
    /// An error value: `||`, `&&` and their like may swallow it.
    Error(Cow<'static, str>),
    /// More than an expression may cost, or more than fits into memory. Nothing swallows this.
    Exceeded,
}

pub(super) type Outcome<'a, T = Value<'a>> = Result<T, Trouble>;

/// An error with words made for it.
pub(super) fn error(message: impl Into<Cow<'static, str>>) -> Trouble {
    Trouble::Error(message.into())
}

/// The error of a function that has no such arguments.
pub(super) fn no_overload() -> Trouble {
    error("no such overload")
}

/// A value of CEL.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Text<'a>),
    Bytes(Arc<[u8]>),
    Timestamp(Moment),
    /// In nanoseconds, as Go counts.
    Duration(i64),
    List(List<'a>),
    Map(Map<'a>),
    Optional(Option<Arc<Value<'a>>>),
    /// A type by its name.
    Type(Cow<'a, str>),
    Address(std::net::IpAddr),
    Network(Network),
    Url(Arc<Url>),
    Quantity(Arc<Quantity>),
    Version(Arc<Version>),
    Format(&'static Format),
    /// What a schema keeps without describing it.
    Preserved(&'a Json),
}

/// A string of the object or the rule, or one that was made.
#[derive(Debug, Clone)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Made(Arc<str>),
}

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Made(text) => text,
        }
    }
}

/// A list of the object, or one that was made.
#[derive(Debug, Clone)]
pub(super) enum List<'a> {
    Json { items: &'a [Json], of: &'a Type, order: &'a Order },
    Made(Arc<Made<'a>>),
}

/// A list that was made. After an addition to a set or a map it still is one.
#[derive(Debug, Clone)]
pub(super) struct Made<'a> {
    pub(super) items: Vec<Value<'a>>,
    pub(super) order: Option<&'a Order>,
    /// It came of a list of the object, and answers as such.
    pub(super) typed: bool,
}

/// A map or object, or a map that was made.
#[derive(Debug, Clone)]
pub(super) enum Map<'a> {
    Json { entries: &'a JsonMap<String, Json>, of: &'a Type },
    Made(Arc<BTreeMap<Key<'a>, Value<'a>>>),
}

/// The key of a map. Numbers that are equal are one key, whatever their types.
#[derive(Debug, Clone)]
pub(super) enum Key<'a> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Text(Text<'a>),
}

impl Key<'_> {
    fn number(&self) -> Option<i128> {
        match self {
            Key::Int(n) => Some(i128::from(*n)),
            Key::Uint(n) => Some(i128::from(*n)),
            _ => None,
        }
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        use std::cmp::Ordering::*;
        match (self, other) {
            (Key::Bool(a), Key::Bool(b)) => a.cmp(b),
            (Key::Text(a), Key::Text(b)) => (**a).cmp(&**b),
            (a, b) => match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.cmp(&b),
                (Some(_), None) if matches!(b, Key::Text(_)) => Less,
                (None, Some(_)) if matches!(a, Key::Text(_)) => Greater,
                (Some(_), None) => Greater,
                (None, Some(_)) => Less,
                (None, None) if matches!(a, Key::Bool(_)) => Less,
                (None, None) => Greater,
            },
        }
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}

impl<'a> Value<'a> {
    /// A string that was made.
    pub(super) fn made(text: impl Into<Arc<str>>) -> Value<'a> {
        Value::Text(Text::Made(text.into()))
    }

    /// A list that was made.
    pub(super) fn list(items: Vec<Value<'a>>) -> Value<'a> {
        Value::List(List::made(items))
    }

    /// An optional value that is there.
    pub(super) fn some(value: Value<'a>) -> Value<'a> {
        Value::Optional(Some(Arc::new(value)))
    }

    /// A value of the object, as its schema has it.
    pub(super) fn of(json: &'a Json, of: &'a Type) -> Outcome<'a> {
        if json.is_null() {
            return match of.nullable {
                true => Ok(Value::Null),
                false => Err(error("invalid data, got null for schema with nullable=false")),
            };
        }
        let wrong = |wanted: &str| error(format!("invalid data, expected {wanted}, got {}", go_type(json)));
        let text = || json.as_str().ok_or_else(|| wrong("string"));
        Ok(match &of.shape {
            Shape::IntOrString => match json {
                Json::String(text) => Value::Text(Text::Borrowed(text)),
                other => Value::Int(other.as_i64().ok_or_else(|| {
                    error("invalid data, expected XIntOrString value to be either a string or integer")
                })?),
            },
            Shape::Bool => Value::Bool(json.as_bool().ok_or_else(|| wrong("bool"))?),
            Shape::Int => Value::Int(json.as_i64().ok_or_else(|| wrong("int"))?),
            Shape::Double => Value::Double(json.as_f64().ok_or_else(|| wrong("float"))?),
            Shape::Text => Value::Text(Text::Borrowed(text()?)),
            Shape::Bytes => Value::Bytes(time::base64(text()?)?),
            Shape::Date => Value::Timestamp(time::date(text()?)?),
            Shape::DateTime => Value::Timestamp(time::date_time(text()?)?),
            Shape::Duration => Value::Duration(time::lenient_duration(text()?)?),
            Shape::List(items, order) => match json {
                Json::Array(found) => Value::List(List::Json { items: found, of: items, order }),
                _ => return Err(error("invalid data, expected an array for the provided schema with type=array")),
            },
            Shape::Map(_) | Shape::Object { .. } => match json {
                Json::Object(entries) => Value::Map(Map::Json { entries, of }),
                _ => return Err(error("invalid data, expected a map for the provided schema with type=object")),
            },
            Shape::Shapeless => return Err(error("invalid array type, expected Items with a non-empty Schema")),
            Shape::Preserved => Value::Preserved(json),
            Shape::Unknown(name) => {
                return Err(error(format!(
                    "invalid type, expected object, array, number, integer, boolean or string, or no type with \
                     x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got {name}"
                )));
            }
        })
    }

    /// The name of the value's type, as `type()` has it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::Text(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::Timestamp(_) => "google.protobuf.Timestamp",
            Value::Duration(_) => "google.protobuf.Duration",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Optional(_) => "optional_type",
            Value::Type(_) => "type",
            Value::Address(_) => "net.IP",
            Value::Network(_) => "net.CIDR",
            Value::Url(_) => "kubernetes.URL",
            Value::Quantity(_) => "kubernetes.Quantity",
            Value::Version(_) => "kubernetes.Semver",
            Value::Format(_) => "kubernetes.NamedFormat",
            Value::Preserved(_) => "unknown",
        }
    }

    /// The size by which costs are counted; one for what has none.
    pub(super) fn size(&self) -> u64 {
        match self {
            Value::Text(text) => text.chars().count() as u64,
            Value::Bytes(bytes) => bytes.len() as u64,
            Value::List(list) => list.len() as u64,
            Value::Map(map) => map.len() as u64,
            Value::Address(address) => {
                if address.is_ipv4() {
                    4
                } else {
                    16
                }
            }
            Value::Network(network) => network.bytes(),
            _ => 1,
        }
    }

    /// As the key of a map.
    pub(super) fn key(&self) -> Option<Key<'a>> {
        match self {
            Value::Bool(b) => Some(Key::Bool(*b)),
            Value::Int(n) => Some(Key::Int(*n)),
            Value::Uint(n) => Some(Key::Uint(*n)),
            Value::Text(text) => Some(Key::Text(text.clone())),
            // A whole number finds the key that is equal.
            Value::Double(n) if n.fract() == 0.0 && n.abs() < 9.3e18 => Some(Key::Int(*n as i64)),
            _ => None,
        }
    }
}

/// Go's name for what a decoded document holds.
fn go_type(json: &Json) -> &'static str {
    match json {
        Json::Null => "<nil>",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float64",
        Json::Number(_) => "int64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

impl<'a> From<&Key<'a>> for Value<'a> {
    fn from(key: &Key<'a>) -> Self {
        match key {
            Key::Bool(b) => Value::Bool(*b),
            Key::Int(n) => Value::Int(*n),
            Key::Uint(n) => Value::Uint(*n),
            Key::Text(text) => Value::Text(text.clone()),
        }
    }
}

impl<'a> List<'a> {
    /// A list that was made of these.
    pub(super) fn made(items: Vec<Value<'a>>) -> List<'a> {
        List::Made(Arc::new(Made { items, order: None, typed: false }))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            List::Json { items, .. } => items.len(),
            List::Made(made) => made.items.len(),
        }
    }

    /// The element at an index; `None` past the end.
    pub(super) fn get(&self, index: usize) -> Option<Outcome<'a>> {
        match self {
            List::Json { items, of, .. } => items.get(index).map(|item| Value::of(item, of)),
            List::Made(made) => made.items.get(index).cloned().map(Ok),
        }
    }

    /// All elements; the first that is no value of its schema ends them.
    pub(super) fn items(&self) -> Outcome<'a, Vec<Value<'a>>> {
        match self {
            List::Json { items, of, .. } => items.iter().map(|item| Value::of(item, of)).collect(),
            List::Made(made) => Ok(made.items.clone()),
        }
    }

    pub(super) fn order(&self) -> Option<&'a Order> {
        match self {
            List::Json { order, .. } => Some(order),
            List::Made(made) => made.order,
        }
    }

    /// It came of the object.
    pub(super) fn is_typed(&self) -> bool {
        match self {
            List::Json { .. } => true,
            List::Made(made) => made.typed,
        }
    }
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Map::Json { entries, .. } => entries.len(),
            Map::Made(entries) => entries.len(),
        }
    }

    /// The value under a key that is a string; `None` where there is none.
    pub(super) fn field(&self, name: &str) -> Option<Outcome<'a>> {
        match self {
            Map::Made(entries) => entries.get(&Key::Text(Text::Borrowed(name))).cloned().map(Ok),
            Map::Json { entries, of } => {
                let fixed = matches!(of.shape, Shape::Object { fixed: true, .. });
                let name = if fixed { names::unescape(name)? } else { Cow::Borrowed(name) };
                let json = entries.get(name.as_ref())?;
                // A field that is null and may be is as good as absent; an entry of a map isn't.
                if fixed && json.is_null() {
                    return None;
                }
                Some(Value::of(json, of.field(&name)?))
            }
        }
    }

    /// The value under any key; an error for what can't be one.
    pub(super) fn find(&self, key: &Value<'a>) -> Option<Outcome<'a>> {
        match (self, key) {
            (_, Value::Text(name)) => self.field(name),
            (Map::Json { .. }, _) => Some(Err(no_overload())),
            (Map::Made(entries), key) => match key.key() {
                Some(key) => entries.get(&key).cloned().map(Ok),
                None => None,
            },
        }
    }

    /// The keys that expressions may know.
    pub(super) fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Map::Made(entries) => entries.keys().map(Value::from).collect(),
            Map::Json { entries, of } => {
                let fixed = matches!(of.shape, Shape::Object { fixed: true, .. });
                let known = entries.keys().filter(|name| of.field(name).is_some());
                known
                    .map(|name| match fixed.then(|| names::escape(name)).flatten() {
                        Some(Cow::Owned(escaped)) => Value::made(escaped),
                        _ => Value::Text(Text::Borrowed(name)),
                    })
                    .collect()
            }
        }
    }
}
